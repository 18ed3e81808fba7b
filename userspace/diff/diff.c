// SPDX-License-Identifier: GPL-2.0
/* Two snapshots -> what became of each page. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "diff.h"
#include "grow.h"
#include "memo.h"
#include "procfs.h"
#include "side.h"

const struct diff_fate_info diff_fate[DIFF_NR_FATES] = {
	[DIFF_KEPT] = { "kept", "the same frame at the same address",
			true, true },
	[DIFF_COPIED] = { "copied",
			  "was copy-on-write, has a frame of its own: written",
			  true, true },
	[DIFF_REPLACED] = { "replaced",
			    "another frame, though no write copies: migrated, merged, made huge, refilled",
			    true, true },
	[DIFF_AWAY] = { "away", "the frame is at another address now",
			true, false },
	[DIFF_MOVED] = { "moved", "the frame was at another address",
			 false, true },
	[DIFF_OUT] = { "out", "in swap now", true, false },
	[DIFF_IN] = { "in", "was in swap", false, true },
	[DIFF_FREED] = { "freed",
			 "not mapped any more: given back, dropped, exited",
			 true, false },
	[DIFF_NEW] = { "new", "was not mapped", false, true },
};

enum {
	BEFORE,
	AFTER,
};

/* ---- counts ---- */

__u64 diff_before(const struct diff_counts *c)
{
	__u64 n = 0;
	size_t i;

	for (i = 0; i < DIFF_NR_FATES; i++)
		n += diff_fate[i].before ? c->fate[i] : 0;
	return n;
}

__u64 diff_after(const struct diff_counts *c)
{
	__u64 n = 0;
	size_t i;

	for (i = 0; i < DIFF_NR_FATES; i++)
		n += diff_fate[i].after ? c->fate[i] : 0;
	return n;
}

bool diff_is_change(const struct diff_counts *c)
{
	return c->became_private || c->became_shared || c->reused ||
	       diff_before(c) != c->fate[DIFF_KEPT] ||
	       diff_after(c) != c->fate[DIFF_KEPT];
}

void diff_add(struct diff_counts *to, const struct diff_counts *c)
{
	size_t i;

	for (i = 0; i < DIFF_NR_FATES; i++)
		to->fate[i] += c->fate[i];
	to->became_private += c->became_private;
	to->became_shared += c->became_shared;
	to->reused += c->reused;
	to->about += c->about;
}

/* ---- one process ---- */

/**
 * struct comparing - while it lasts
 * @d: what is found out
 * @side: of the process
 * @page_size: in bytes
 * @exclusive: the kernel tells who owns a page
 * @process: index of it
 * @first_row: its rows are from there on
 * @gone: of either side, 1 for each frame that is not there on the other one
 * @all: 1 for each frame of anybody, before and afterwards
 * @nr_all: how many
 * @run: the last one, unless it has no pages
 */
struct comparing {
	struct diff *d;
	struct side side[2];
	__u64 page_size;
	bool exclusive;
	size_t process;
	size_t first_row;
	struct memo *gone[2];
	struct memo *all[2];
	__u64 nr_all[2];
	struct diff_run run;
};

static uint32_t mark(uint32_t old, __u64 n, void *arg)
{
	__u64 *nr = arg;

	if (!old)
		*nr += n;
	return 1;
}

/* Memory that has an owner: what cannot be counted belongs to nobody. */
static bool is_memory(const struct cowinspect_page *rec)
{
	return rec && rec->flags & COWI_F_PRESENT &&
	       rec->counts != COWI_COUNT_ABSENT &&
	       rec->pfn != COWINSPECT_NO_PFN;
}

static bool is_swapped(const struct cowinspect_page *rec)
{
	return rec && rec->kind == COWI_KIND_SWAP;
}

static __u64 frame_of(const struct stretch *st, int side)
{
	return st->rec[side]->pfn + st->skip[side];
}

static bool is_kept(const struct stretch *st)
{
	return is_memory(st->rec[BEFORE]) && is_memory(st->rec[AFTER]) &&
	       frame_of(st, BEFORE) == frame_of(st, AFTER);
}

/* Frames that are not where they were, and those that are there instead. */
static int collect(struct comparing *cmp, const struct stretch *st)
{
	__u64 unused = 0;
	int i, err = 0;

	for (i = 0; i < 2 && !err; i++) {
		if (!is_memory(st->rec[i]))
			continue;
		err = memo_update(cmp->all[i], frame_of(st, i), st->pages, mark,
				  &cmp->nr_all[i]);
		if (!err && !is_kept(st))
			err = memo_update(cmp->gone[i], frame_of(st, i),
					  st->pages, mark, &unused);
	}
	return err;
}

/* Only one who does not own the page would copy it, and gets an anonymous one. */
static bool is_copied(const struct comparing *cmp, const struct stretch *st)
{
	const struct cowinspect_page *from = st->rec[BEFORE];

	/* What a write copies is no larger: this was made huge by the kernel. */
	if (st->rec[AFTER]->kind != COWI_KIND_ANON ||
	    st->rec[AFTER]->map_order > from->map_order)
		return false;
	if (from->kind != COWI_KIND_ANON)
		return !(from->flags & COWI_F_VMA_SHARED);
	return cmp->exclusive ? !(from->flags & COWI_F_EXCLUSIVE) :
				from->mapcount > 1;
}

/* A write that needs no copy makes a page its own, or writable at least. */
static bool is_reused(const struct comparing *cmp, const struct stretch *st)
{
	__u64 flag = cmp->exclusive ? COWI_F_EXCLUSIVE : COWI_F_WRITE;
	const struct cowinspect_page *from = st->rec[BEFORE];
	const struct cowinspect_page *to = st->rec[AFTER];

	return to->kind == COWI_KIND_ANON &&
	       from->flags & to->flags & COWI_F_VMA_WRITE &&
	       !(from->flags & flag) && to->flags & flag;
}

static void count_kept(const struct comparing *cmp, const struct stretch *st,
		       struct diff_counts *c)
{
	bool was_shared = st->rec[BEFORE]->mapcount > 1;
	bool is_shared = st->rec[AFTER]->mapcount > 1;

	if (was_shared && !is_shared)
		c->became_private += st->pages;
	if (!was_shared && is_shared)
		c->became_shared += st->pages;
	if (was_shared != is_shared &&
	    (st->rec[BEFORE]->counts != COWI_COUNT_EXACT ||
	     st->rec[AFTER]->counts != COWI_COUNT_EXACT))
		c->about += st->pages;
	if (is_reused(cmp, st))
		c->reused += st->pages;
}

/* ---- rows ---- */

static struct diff_counts *row_of(struct comparing *cmp, const char *name)
{
	struct diff *d = cmp->d;
	struct diff_row *grown;
	size_t i;

	/* The last one is the likeliest; names of a process are few. */
	for (i = d->nr_rows; i > cmp->first_row; i--) {
		if (!strcmp(d->row[i - 1].name, name))
			return &d->row[i - 1].counts;
	}
	grown = grow(d->row, d->nr_rows, sizeof(*grown));
	if (!grown)
		return NULL;
	d->row = grown;
	grown[d->nr_rows] = (struct diff_row){
		.process = cmp->process,
		.name = strdup(name),
	};
	if (!grown[d->nr_rows].name)
		return NULL;
	return &d->row[d->nr_rows++].counts;
}

/* ---- runs ---- */

static int end_run(struct comparing *cmp)
{
	struct diff_run *run = &cmp->run;
	int ret = 0;

	if (run->pages)
		ret = cmp->d->look(run, cmp->d->arg);
	run->pages = 0;
	return ret;
}

static int add_run(struct comparing *cmp, const struct diff_run *more)
{
	struct diff_run *run = &cmp->run;
	int ret;

	if (!cmp->d->look)
		return 0;
	/* Names are of the lists of mappings, which stay as long as the process. */
	if (run->pages && run->fate == more->fate &&
	    run->reused == more->reused && !strcmp(run->name, more->name) &&
	    run->start + run->pages * cmp->page_size == more->start) {
		run->pages += more->pages;
		return 0;
	}
	ret = end_run(cmp);
	*run = *more;
	run->process = &cmp->d->process[cmp->process];
	return ret;
}

static int add_fate(struct comparing *cmp, const struct stretch *st,
		    enum diff_fate fate, const char *name)
{
	struct diff_counts *c = row_of(cmp, name);
	struct diff_run run = {
		.start = st->start,
		.pages = st->pages,
		.fate = fate,
		.name = name,
	};

	if (!c)
		return -ENOMEM;
	c->fate[fate] += st->pages;
	if (fate == DIFF_KEPT) {
		count_kept(cmp, st, c);
		run.reused = is_reused(cmp, st);
	}
	return fate != DIFF_KEPT || run.reused ? add_run(cmp, &run) : 0;
}

/* ---- what became of pages ---- */

/* Whether a frame of one side is elsewhere on the other one. */
static bool is_elsewhere(const struct comparing *cmp, const struct stretch *st,
			 int side)
{
	return memo_value(cmp->gone[!side], frame_of(st, side));
}

static int judge_before(struct comparing *cmp, const struct stretch *st,
			const char *name)
{
	enum diff_fate fate = DIFF_FREED;

	if (is_elsewhere(cmp, st, BEFORE))
		fate = DIFF_AWAY;
	else if (is_swapped(st->rec[AFTER]))
		fate = DIFF_OUT;
	return add_fate(cmp, st, fate, name);
}

static int judge_after(struct comparing *cmp, const struct stretch *st,
		       const char *name)
{
	enum diff_fate fate = DIFF_NEW;

	if (is_elsewhere(cmp, st, AFTER))
		fate = DIFF_MOVED;
	else if (is_swapped(st->rec[BEFORE]))
		fate = DIFF_IN;
	return add_fate(cmp, st, fate, name);
}

/* A page whose frame is not the same, or a stretch that is all on one side. */
static int judge_page(struct comparing *cmp, const struct stretch *st,
		      const char *before, const char *after)
{
	bool was = is_memory(st->rec[BEFORE]), is = is_memory(st->rec[AFTER]);
	int err = 0;

	if (was && is && !strcmp(before, after) &&
	    !is_elsewhere(cmp, st, BEFORE) && !is_elsewhere(cmp, st, AFTER))
		return add_fate(cmp, st, is_copied(cmp, st) ? DIFF_COPIED :
				DIFF_REPLACED, after);
	if (was)
		err = judge_before(cmp, st, before);
	if (is && !err)
		err = judge_after(cmp, st, after);
	return err;
}

static int judge(struct comparing *cmp, const struct stretch *st)
{
	const char *before = side_name(&cmp->side[BEFORE], st->start);
	const char *after = side_name(&cmp->side[AFTER], st->start);
	struct stretch page = *st;
	__u64 i;
	int err = 0;

	if (is_kept(st))
		return add_fate(cmp, st, DIFF_KEPT, after);
	page.pages = 1;
	for (i = 0; i < st->pages && !err; i++) {
		err = judge_page(cmp, &page, before, after);
		page.start += cmp->page_size;
		page.skip[BEFORE]++;
		page.skip[AFTER]++;
	}
	return err;
}

static int walk(struct comparing *cmp,
		int (*look)(struct comparing *cmp, const struct stretch *st))
{
	struct stretch st;
	__u64 done = 0;
	int i, err = 0;

	for (i = 0; i < 2 && !err; i++)
		err = side_rewind(&cmp->side[i]);
	while (!err && (err = sides_next(cmp->side, done, &st)) > 0) {
		err = look(cmp, &st);
		done = st.start + st.pages * cmp->page_size;
	}
	return err;
}

static int compare_process(struct comparing *cmp, struct cowi *c[2],
			   const struct diff_process *p)
{
	pid_t pid[2] = { p->before ? p->before->pid : 0,
			 p->after ? p->after->pid : 0 };
	int i, err = 0;

	cmp->first_row = cmp->d->nr_rows;
	memset(cmp->side, 0, sizeof(cmp->side));
	for (i = 0; i < 2; i++) {
		cmp->gone[i] = memo_new();
		if (!cmp->gone[i])
			err = -ENOMEM;
	}
	for (i = 0; i < 2 && !err; i++)
		err = side_open(&cmp->side[i], c[i], pid[i]);
	if (!err)
		err = walk(cmp, collect);
	if (!err)
		err = walk(cmp, judge);
	if (!err)
		err = end_run(cmp);
	for (i = 0; i < 2; i++) {
		side_close(&cmp->side[i]);
		memo_free(cmp->gone[i]);
	}
	return err;
}

/* ---- all of them ---- */

const struct cowi_recorded *diff_who(const struct diff_process *p)
{
	return p->after ? p->after : p->before;
}

static const struct cowi_recorded *find(const struct cowi_snapshot *s,
					const struct cowi_recorded *p)
{
	size_t i;

	for (i = 0; i < s->nr; i++) {
		if (s->process[i].pid == p->pid &&
		    s->process[i].start == p->start)
			return &s->process[i];
	}
	return NULL;
}

static int add_process(struct diff *d, const struct cowi_recorded *before,
		       const struct cowi_recorded *after)
{
	struct diff_process *grown = grow(d->process, d->nr_processes,
					  sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	d->process = grown;
	grown[d->nr_processes++] = (struct diff_process){
		.before = before,
		.after = after,
		.state = before && after ? DIFF_BOTH :
			 before ? DIFF_BEFORE : DIFF_AFTER,
	};
	return 0;
}

/* Processes that go on all the same were not asked for. */
static bool runs_on(const struct cowi_recorded *p)
{
	struct cowi_procstat st;

	return !cowi_procstat(p->pid, &st) && st.start == p->start &&
	       st.state != 'Z';
}

static int match(struct diff *d, const struct cowi_snapshot *before,
		 const struct cowi_snapshot *after)
{
	const struct cowi_recorded *p;
	int err = 0;
	size_t i;

	for (p = before->process; p < before->process + before->nr && !err;
	     p++) {
		if (find(after, p) || !d->is_live || !runs_on(p))
			err = add_process(d, p, find(after, p));
	}
	for (i = 0; i < after->nr && !err; i++) {
		if (!find(before, &after->process[i]))
			err = add_process(d, NULL, &after->process[i]);
	}
	return err;
}

const char *diff_why_not(struct cowi *before, struct cowi *after)
{
	const struct cowi_snapshot *a = cowi_snapshot(before);
	const struct cowi_snapshot *b = cowi_snapshot(after);

	if (cowi_status(before)->page_size != cowi_status(after)->page_size)
		return "they have pages of different sizes";
	if (strcmp(a->boot, b->boot))
		return "they are of two machines, or it was booted in between";
	if (a->has_ids != b->has_ids)
		return "one has ids and the other frame numbers (--frames)";
	if (a->has_ids && strcmp(a->key, b->key))
		return "their ids were made with different keys: frames cannot be followed";
	if (a->anonymous != b->anonymous)
		return "only one is anonymous: write the other anew with it";
	return NULL;
}

int diff_compare(struct cowi *before, struct cowi *after, struct diff *d)
{
	struct cowi *c[2] = { before, after };
	struct comparing cmp = {
		.d = d,
		.page_size = cowi_status(before)->page_size,
		.exclusive = cowi_status(before)->exclusive != COWI_COUNT_ABSENT,
		.all = { memo_new(), memo_new() },
	};
	int err = cmp.all[0] && cmp.all[1] ? 0 : -ENOMEM;

	if (!err)
		err = match(d, cowi_snapshot(before), cowi_snapshot(after));
	for (cmp.process = 0; cmp.process < d->nr_processes && !err;
	     cmp.process++)
		err = compare_process(&cmp, c, &d->process[cmp.process]);
	d->frames_before = cmp.nr_all[BEFORE];
	d->frames_after = cmp.nr_all[AFTER];
	memo_free(cmp.all[0]);
	memo_free(cmp.all[1]);
	return err;
}

void diff_release(struct diff *d)
{
	size_t i;

	for (i = 0; i < d->nr_rows; i++)
		free(d->row[i].name);
	free(d->row);
	free(d->process);
}
