// SPDX-License-Identifier: GPL-2.0
/* The runner: what a lab's run function calls, and what surrounds it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "drain.h"
#include "lab.h"
#include "report.h"

/* A page may be off the LRU for a moment for other reasons too. */
#define DRAIN_TRIES	20

static bool stopped(struct lab_run *r)
{
	if (!r->err && r->options.interrupted && r->options.interrupted()) {
		r->err = -EINTR;
		r->what = "interrupted";
	}
	return r->err;
}

static void failed(struct lab_run *r, int err, const char *what)
{
	if (err && !r->err) {
		r->err = err;
		r->what = what;
	}
}

/* Steps. */

static void wait_for_enter(struct lab_run *r)
{
	char c;

	if (!r->options.step || r->options.json || stopped(r))
		return;
	printf("  -- Enter to go on --");
	fflush(stdout);
	while (read(STDIN_FILENO, &c, 1) == 1 && c != '\n' && !stopped(r))
		;
	putchar('\n');
}

static void end_step(struct lab_run *r)
{
	if (!r->step)
		return;
	report_step(r);
	r->nr_checks = 0;
	r->nr_writes = 0;
	r->looked = false;
}

void lab_step(struct lab_run *r, const char *title, const char *text)
{
	if (stopped(r))
		return;
	end_step(r);
	if (r->step)
		wait_for_enter(r);
	r->step++;
	r->title = title;
	r->text = text;
}

/* Actors. */

static size_t actor_index(const struct lab_run *r, const struct actor *a)
{
	return a - r->cast.actor;
}

static void attach_actor(struct lab_run *r, const struct actor *a)
{
	size_t i = actor_index(r, a);

	failed(r, cowi_target_open(r->session, a->pid, &r->target[i]),
	       "attach an actor");
}

struct actor *lab_start(struct lab_run *r, const char *name)
{
	__u64 bytes = r->pages * r->status->page_size;
	struct actor *a = NULL;

	if (stopped(r))
		return NULL;
	failed(r, actor_start(&r->cast, name, &a), "start an actor");
	if (!r->err)
		failed(r, actor_map(a, bytes, &r->start), "map the region");
	if (!r->err)
		failed(r, actor_fill(a, r->start, bytes, 'm'),
		       "fill the region");
	if (!r->err)
		attach_actor(r, a);
	return a;
}

struct actor *lab_fork(struct lab_run *r, struct actor *parent,
		       const char *name)
{
	struct actor *a = NULL;

	if (stopped(r))
		return NULL;
	failed(r, actor_fork(&r->cast, parent, name, &a), "fork an actor");
	if (!r->err)
		attach_actor(r, a);
	return a;
}

void lab_exit(struct lab_run *r, struct actor *a)
{
	size_t i;

	if (stopped(r))
		return;
	i = actor_index(r, a);
	failed(r, actor_exit(a), "let an actor exit");
	cowi_target_close(r->target[i]);
	r->target[i] = NULL;
	free(r->view[i].page);
	memset(&r->view[i], 0, sizeof(r->view[i]));
}

/* splitmix64: small, and good enough to choose pages. */
static __u64 next_random(struct lab_run *r)
{
	__u64 z = r->random += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

void lab_choose(struct lab_run *r, __u64 *page, size_t nr)
{
	__u64 i;
	size_t have = 0;

	for (i = 0; i < r->pages && have < nr; i++) {
		__u64 left = r->pages - i, wanted = nr - have;

		/* Each set of pages is as likely as any other. */
		if (!r->options.seed || next_random(r) % left < wanted)
			page[have++] = i;
	}
}

/* Looking. */

/* Anonymous pages that wait in a batch have a reference more. */
static bool settled(const struct snapshot *s)
{
	size_t i;

	for (i = 0; i < s->nr; i++) {
		const struct cowinspect_page *rec = &s->page[i].rec;

		if (s->page[i].mapped && rec->kind == COWI_KIND_ANON &&
		    rec->flags & COWI_F_PRESENT && !(rec->flags & COWI_F_LRU))
			return false;
	}
	return true;
}

static int read_snapshot(struct cowi_target *t, struct snapshot *s)
{
	struct cowinspect_page rec;
	struct cowi_pages *pages;
	int err;

	memset(s->page, 0, s->nr * sizeof(*s->page));
	err = cowi_pages_open(t, s->start, s->start + s->nr * s->page_size,
			      &pages);
	if (err)
		return err;
	while ((err = cowi_pages_next(pages, &rec)) > 0)
		snapshot_add(s, &rec);
	cowi_pages_close(pages);
	return err;
}

static int settle_and_read(struct cowi_target *t, struct snapshot *s)
{
	const struct timespec moment = { .tv_nsec = 10 * 1000 * 1000 };
	int tries, err;

	for (tries = 0; tries < DRAIN_TRIES; tries++) {
		err = drain_lru_batches();
		if (!err)
			err = read_snapshot(t, s);
		if (err || settled(s))
			return err;
		nanosleep(&moment, NULL);
	}
	/* Whoever holds the pages: the checks will tell what they see. */
	return 0;
}

static void look_at(struct lab_run *r, size_t i)
{
	struct snapshot *s = &r->view[i];

	if (!s->page) {
		s->page = calloc(r->pages, sizeof(*s->page));
		s->nr = r->pages;
		s->start = r->start;
		s->page_size = r->status->page_size;
	}
	if (!s->page)
		failed(r, -ENOMEM, "take a snapshot");
	else
		failed(r, settle_and_read(r->target[i], s), "take a snapshot");
}

void lab_look(struct lab_run *r)
{
	size_t i;

	for (i = 0; i < r->cast.nr && !stopped(r); i++) {
		if (r->target[i])
			look_at(r, i);
	}
	r->looked = true;
}

const struct page_view *lab_view(struct lab_run *r, const struct actor *a,
				 __u64 page)
{
	static const struct page_view nothing;
	const struct snapshot *s = &r->view[actor_index(r, a)];

	return page < s->nr ? &s->page[page] : &nothing;
}

/* Checks. */

void lab_check(struct lab_run *r, bool ok, const char *text, const char *why)
{
	struct lab_check *c;

	if (stopped(r))
		return;
	if (r->nr_checks == MAX_CHECKS) {
		failed(r, -ENOSPC, "note a check: too many in one step");
		return;
	}
	c = &r->checks[r->nr_checks++];
	c->ok = ok;
	snprintf(c->text, sizeof(c->text), "%s", text);
	snprintf(c->why, sizeof(c->why), "%s", ok ? "" : why);
	if (ok)
		r->passed++;
	else
		r->failed++;
}

void lab_expect(struct lab_run *r, const struct actor *a, const bool *which,
		const struct page_expect *e, const char *text)
{
	char why[128], line[160] = "";
	__u64 i;

	if (stopped(r))
		return;
	for (i = 0; i < r->pages && !line[0]; i++) {
		if (which[i] && !expect_page(e, lab_view(r, a, i), r->status,
					     why, sizeof(why)))
			snprintf(line, sizeof(line), "page %llu of %s: %s",
				 i, a->name, why);
	}
	lab_check(r, !line[0], text, line);
}

void lab_expect_frames(struct lab_run *r, const struct actor *a,
		       const struct actor *b, const bool *which, bool same,
		       const char *text)
{
	char line[160] = "";
	__u64 i;

	if (stopped(r))
		return;
	for (i = 0; i < r->pages && !line[0]; i++) {
		const struct page_view *va = lab_view(r, a, i);
		const struct page_view *vb = lab_view(r, b, i);

		if (which[i] && same_frame(va, vb) != same)
			snprintf(line, sizeof(line),
				 "page %llu: frames %llx and %llx",
				 i, va->pfn, vb->pfn);
	}
	lab_check(r, !line[0], text, line);
}

void lab_expect_byte(struct lab_run *r, struct actor *a, __u64 page,
		     unsigned char value)
{
	char text[96], why[64];
	struct access access;

	if (stopped(r))
		return;
	failed(r, actor_read(a, r->start + page * r->status->page_size,
			     &access), "let an actor read");
	snprintf(text, sizeof(text), "the %s reads '%c' in page %llu",
		 a->name, value, page);
	snprintf(why, sizeof(why), "it reads '%c'", access.value);
	lab_check(r, access.value == value, text, why);
}

/* Writes. */

/* Look at one page only: cheap, however large the region is. */
static void look_at_page(struct lab_run *r, const struct actor *a,
			 __u64 page, struct page_view *v)
{
	struct snapshot s = {
		.start = r->start + page * r->status->page_size,
		.page_size = r->status->page_size,
		.nr = 1,
		.page = v,
	};

	failed(r, settle_and_read(r->target[actor_index(r, a)], &s),
	       "look at a page");
}

static void check_write(struct lab_run *r, const struct lab_write *w,
			enum cowinspect_outcome expected, bool held)
{
	char text[160], why[160];

	snprintf(text, sizeof(text),
		 "the %s writes to page %llu: predicted %s (%s), happened %s",
		 w->actor->name, w->page, cowi_outcome_name(w->predicted),
		 cowi_confidence_name(w->confidence),
		 happened_name(w->happened));
	snprintf(why, sizeof(why), "%s; the lab expects %s, faults taken: %llu",
		 held ? "as predicted" : "not as predicted",
		 cowi_outcome_name(expected), w->faults);
	lab_check(r, held && w->predicted == expected, text, why);
}

void lab_write(struct lab_run *r, struct actor *a, __u64 page,
	       unsigned char value, enum cowinspect_outcome expected)
{
	struct page_view before, after;
	struct access access;
	struct lab_write *w;

	if (stopped(r))
		return;
	if (r->nr_writes == MAX_WRITES) {
		failed(r, -ENOSPC, "note a write: too many in one step");
		return;
	}
	look_at_page(r, a, page, &before);
	if (!r->err)
		failed(r, actor_write(a, r->start +
				      page * r->status->page_size, value,
				      &access), "let an actor write");
	if (!r->err)
		look_at_page(r, a, page, &after);
	if (r->err)
		return;
	w = &r->writes[r->nr_writes++];
	w->actor = a;
	w->page = page;
	w->predicted = predicted(&before);
	w->confidence = before.mapped ? before.rec.confidence : COWI_CONF_SURE;
	w->happened = observe_write(&before, &after, access.faults,
				    access.refused);
	w->faults = access.faults;
	w->pfn_before = before.mapped ? before.pfn : COWINSPECT_NO_PFN;
	w->pfn_after = after.mapped ? after.pfn : COWINSPECT_NO_PFN;
	check_write(r, w, expected, prediction_held(&before, w->happened));
}

/* Around a run. */

static void look_for_obstacles(struct lab_run *r)
{
	if (drain_lru_batches())
		snprintf(r->skip, sizeof(r->skip),
			 "migrate_pages(2), in kernels with CONFIG_NUMA: LRU batches cannot be drained");
	else if (r->status->max_targets - r->status->nr_targets < 2)
		snprintf(r->skip, sizeof(r->skip),
			 "room for two more targets: cowinspect status lists those attached");
}

static void clean_up(struct lab_run *r)
{
	size_t i;

	for (i = 0; i < MAX_ACTORS; i++) {
		cowi_target_close(r->target[i]);
		free(r->view[i].page);
	}
	cast_end(&r->cast);
}

enum lab_result lab_run(const struct lab *lab, struct cowi *session,
			const struct lab_options *options)
{
	struct lab_run *r = calloc(1, sizeof(*r));
	enum lab_result result = LAB_HELD;
	__u64 page_size;

	if (!r)
		return LAB_FAILED;
	r->lab = lab;
	r->options = *options;
	r->session = session;
	r->status = cowi_status(session);
	r->random = options->seed;
	r->json.out = stdout;
	page_size = r->status->page_size;
	r->pages = options->bytes ? options->bytes / page_size : lab->pages;
	look_for_obstacles(r);
	if (r->skip[0]) {
		report_skip(r);
		free(r);
		return LAB_SKIPPED;
	}
	report_begin(r);
	failed(r, cast_init(&r->cast), "prepare for actors");
	if (!stopped(r))
		lab->run(r);
	end_step(r);
	report_end(r);
	if (r->err || r->failed)
		result = LAB_FAILED;
	clean_up(r);
	free(r);
	return result;
}
