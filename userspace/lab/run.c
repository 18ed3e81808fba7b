// SPDX-License-Identifier: GPL-2.0
/* The runner: steps, actors and their memory, and what surrounds a run. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "drain.h"
#include "held.h"
#include "lab.h"
#include "look.h"
#include "memory.h"
#include "quiz.h"
#include "report.h"

const struct lab *lab_find(const char *name)
{
	const struct lab *const *l;

	for (l = all_labs; *l; l++) {
		if (!strcmp((*l)->name, name) || !strcasecmp((*l)->id, name))
			break;
	}
	return *l;
}

bool lab_stopped(struct lab_run *r)
{
	if (!r->err && r->options.interrupted && r->options.interrupted())
		lab_fail(r, -EINTR, "interrupted");
	return r->err;
}

void lab_fail(struct lab_run *r, int err, const char *what)
{
	if (err && !r->err) {
		r->err = err;
		r->what = what;
	}
}

void lab_skip(struct lab_run *r, const char *format, ...)
{
	va_list args;

	if (r->err)
		return;
	va_start(args, format);
	vsnprintf(r->skip, sizeof(r->skip), format, args);
	va_end(args);
	lab_fail(r, -ECANCELED, "skipped");
}

/* Steps. */

static void wait_for_enter(struct lab_run *r)
{
	char line[8];

	if (!r->options.step || r->options.json || lab_stopped(r))
		return;
	printf("  -- Enter to go on --");
	fflush(stdout);
	quiz_read_line(line, sizeof(line));
	putchar('\n');
}

static void end_step(struct lab_run *r)
{
	if (!r->step)
		return;
	report_step(r);
	r->nr_checks = 0;
	r->nr_writes = 0;
	r->nr_picks = 0;
	r->looked = false;
	r->shown = false;
	free(r->notes);
	r->notes = NULL;
}

void lab_step(struct lab_run *r, const char *title, const char *text)
{
	if (lab_stopped(r))
		return;
	end_step(r);
	if (r->step)
		wait_for_enter(r);
	r->step++;
	r->title = title;
	r->text = text;
	report_step_begin(r);
}

/* Actors. */

static struct actor *take(struct lab_run *r, int err, const char *what,
			  struct actor *a)
{
	lab_fail(r, err, what);
	if (r->err)
		return NULL;
	lab_fail(r, cowi_target_open(r->session, a->pid,
				     &r->target[a - r->cast.actor]),
		 "attach an actor");
	return a;
}

struct actor *lab_actor(struct lab_run *r, const char *name)
{
	struct actor *a = NULL;
	int err;

	if (lab_stopped(r))
		return NULL;
	err = actor_start(&r->cast, name, &a);
	return take(r, err, "start an actor", a);
}

struct actor *lab_fork(struct lab_run *r, struct actor *parent,
		       const char *name)
{
	struct actor *a = NULL;
	int err;

	if (lab_stopped(r))
		return NULL;
	err = actor_fork(&r->cast, parent, name, &a);
	return take(r, err, "fork an actor", a);
}

struct actor *lab_vfork(struct lab_run *r, struct actor *parent,
			const char *name)
{
	struct actor *a = NULL;
	int err;

	if (lab_stopped(r))
		return NULL;
	err = actor_vfork(&r->cast, parent, name, &a);
	return take(r, err, "vfork an actor", a);
}

void lab_exit(struct lab_run *r, struct actor *a)
{
	size_t i;

	if (lab_stopped(r))
		return;
	i = a - r->cast.actor;
	held_end(r, a);
	lab_fail(r, actor_exit(&r->cast, a), "let an actor exit");
	cowi_target_close(r->target[i]);
	r->target[i] = NULL;
}

__u64 lab_end(struct lab_run *r, struct actor *a)
{
	struct access access = { 0 };

	if (!lab_stopped(r))
		lab_fail(r, actor_end(a, &access), "wait for an actor");
	return access.result;
}

__u64 lab_call(struct lab_run *r, struct actor *a, actor_fn fn,
	       const __u64 *arg, const char *what)
{
	struct access access = { 0 };

	if (!lab_stopped(r))
		lab_fail(r, actor_call(a, fn, arg, &access), what);
	return access.result;
}

/* Memory. */

__u64 lab_region(struct lab_run *r, const char *name, __u64 start,
		 __u64 pages)
{
	struct lab_region *new = &r->region[r->nr_regions];
	unsigned char *grown;
	__u32 *offset;

	if (lab_stopped(r))
		return 0;
	if (r->nr_regions == MAX_REGIONS) {
		lab_fail(r, -ENOSPC, "look at one more region");
		return 0;
	}
	grown = realloc(r->set, r->pages + pages);
	if (grown)
		r->set = grown;
	offset = realloc(r->offset, (r->pages + pages) * sizeof(*offset));
	if (offset)
		r->offset = offset;
	if (!grown || !offset) {
		lab_fail(r, -ENOMEM, "look at a region");
		return 0;
	}
	memset(grown + r->pages, 0, pages);
	memset(offset + r->pages, 0xff, pages * sizeof(*offset));
	new->name = name;
	new->start = start;
	new->first = r->pages;
	new->pages = pages;
	r->nr_regions++;
	r->pages += pages;
	return new->first;
}

void lab_forget(struct lab_run *r)
{
	look_free(r);
	held_end(r, NULL);
	r->nr_regions = 0;
	r->pages = 0;
}

__u64 lab_map(struct lab_run *r, struct actor *a, const char *name,
	      __u64 pages)
{
	__u64 addr;

	addr = lab_call(r, a, mem_map, ARGS(pages * r->status->page_size),
			"map memory");
	return lab_region(r, name, addr, pages);
}

__u64 lab_fill(struct lab_run *r, struct actor *a, __u64 page, __u64 pages,
	       char value)
{
	struct access access = { 0 };

	if (!lab_stopped(r))
		lab_fail(r, actor_call(a, mem_fill,
				       ARGS(lab_addr(r, page),
					    pages * r->status->page_size,
					    value), &access), "fill memory");
	return access.faults;
}

const struct lab_region *lab_region_of(const struct lab_run *r, __u64 page)
{
	size_t i = r->nr_regions;

	while (i > 1 && r->region[i - 1].first > page)
		i--;
	return &r->region[i ? i - 1 : 0];
}

__u64 lab_addr(const struct lab_run *r, __u64 page)
{
	const struct lab_region *g = lab_region_of(r, page);

	return g->start + (page - g->first) * r->status->page_size;
}

void lab_put(struct lab_run *r, __u64 page, __u64 pages, unsigned int set)
{
	if (!lab_stopped(r) && page + pages <= r->pages)
		memset(r->set + page, set, pages);
}

void lab_show_at(struct lab_run *r, __u64 page, __u64 offset)
{
	if (!lab_stopped(r) && page < r->pages)
		r->offset[page] = offset;
}

void lab_choose(struct lab_run *r, __u64 first, __u64 pages, __u64 *page,
		size_t nr)
{
	__u64 i;
	size_t have = 0;

	for (i = 0; i < pages && have < nr; i++) {
		__u64 left = pages - i, wanted = nr - have;

		/* Each set of pages is as likely as any other. */
		if (!r->options.seed || lab_random(&r->random) % left < wanted)
			page[have++] = first + i;
	}
}

/* Around a run. */

static void look_for_obstacles(struct lab_run *r)
{
	if (drain_lru_batches())
		lab_skip(r,
			 "no migrate_pages(2): this kernel is built without CONFIG_NUMA, so LRU batches cannot be drained and references not be counted");
	else if (r->status->max_targets - r->status->nr_targets < MAX_TARGETS)
		lab_skip(r, "no room for %d more targets: 'cowinspect status' lists those attached",
			 MAX_TARGETS);
}

/* The teacher's key must be that of the experiment. */
static void check_key(struct lab_run *r)
{
	char key[MAX_QUESTIONS + 1];

	lab_key(r->lab, r->options.seed, key);
	if (!r->err && strcmp(r->key, key)) {
		fprintf(stderr,
			"cowinspect: lab %s: the answers are '%s', its key says '%s'\n",
			r->lab->name, r->key, key);
		r->failed++;
	}
}

static void clean_up(struct lab_run *r)
{
	size_t i;

	for (i = 0; i < MAX_ACTORS; i++)
		cowi_target_close(r->target[i]);
	look_free(r);
	free(r->set);
	free(r->offset);
	free(r->notes);
	cast_end(&r->cast);
}

static enum lab_result result_of(const struct lab_run *r)
{
	if (r->skip[0])
		return LAB_SKIPPED;
	return r->err || r->failed || r->given_up ? LAB_FAILED : LAB_HELD;
}

static __u64 size_in_pages(const struct lab *lab, __u64 bytes, __u64 page_size)
{
	if (bytes)
		return bytes / page_size;
	if (lab->bytes_stay)
		return (lab->pages * 4096 + page_size - 1) / page_size;
	return lab->pages;
}

enum lab_result lab_run(const struct lab *lab, struct cowi *session,
			const struct lab_options *options)
{
	struct lab_run *r = calloc(1, sizeof(*r));
	enum lab_result result;

	if (!r)
		return LAB_FAILED;
	r->lab = lab;
	r->options = *options;
	r->session = session;
	r->status = cowi_status(session);
	r->random = options->seed;
	r->json.out = stdout;
	r->evidence.out = options->evidence;
	r->size = size_in_pages(lab, options->bytes, r->status->page_size);
	report_begin(r);
	look_for_obstacles(r);
	lab_fail(r, cast_init(&r->cast), "prepare for actors");
	if (!lab_stopped(r))
		lab->run(r);
	end_step(r);
	check_key(r);
	report_end(r);
	result = result_of(r);
	clean_up(r);
	free(r);
	return result;
}
