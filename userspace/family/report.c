// SPDX-License-Identifier: GPL-2.0
/* What is known of frames -> who has what, by process, by set and by pair. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

/* The next one after @at, which begins with 0; NULL at the end. */
static const struct family_frame *next_frame(const struct family *f,
					     uint32_t *at)
{
	while (++*at < f->nr_frames) {
		if (f->frame[*at])
			return f->frame[*at];
	}
	return NULL;
}

/* ---- processes ---- */

/* Which of the four that add up to all memory. */
static __u64 *part_of(const struct family_frame *frame, __u64 *own,
		      __u64 *within, __u64 *beyond, __u64 *objects)
{
	if (frame->flags & FAMILY_OBJECT)
		return objects;
	if (frame->outside)
		return beyond;
	return frame->set->members == 1 ? own : within;
}

static void add_to_member(struct family_member *m,
			  const struct family_frame *frame, __u64 n)
{
	__u64 *part = part_of(frame, &m->own, &m->within, &m->beyond,
			      &m->objects);

	*part += n;
	if (part == &m->own && frame->kind == COWI_KIND_ANON)
		m->own_anon += n;
	if (frame->flags & FAMILY_ABOUT)
		m->about = true;
}

static void add_to_members(struct family *f, const struct family_frame *frame)
{
	const struct set *piece;
	__u64 bits;
	uint32_t i;

	for (piece = frame->set; piece; piece = piece->before) {
		for (bits = piece->bits; bits; bits &= bits - 1) {
			i = piece->block * SET_BLOCK + __builtin_ctzll(bits);
			add_to_member(&f->member[i], frame, frame->frames *
				      (1 + again_times(frame->again, i)));
		}
	}
}

void family_finish(struct family *f)
{
	const struct family_frame *frame;
	uint32_t at = 0;
	size_t i;

	for (i = 0; i < f->nr; i++) {
		struct family_member *m = &f->member[i];

		m->own = 0;
		m->own_anon = 0;
		m->within = 0;
		m->beyond = 0;
		m->objects = 0;
		m->pss = m->pss_fixed >> PSS_SHIFT;
	}
	while ((frame = next_frame(f, &at))) {
		if (!(frame->flags & FAMILY_UNCOUNTED))
			add_to_members(f, frame);
	}
}

const struct family_member *family_members(const struct family *f, size_t *nr)
{
	*nr = f->nr;
	return f->member;
}

/* ---- all ---- */

void family_totals(const struct family *f, struct family_totals *t)
{
	const struct family_frame *frame;
	uint32_t at = 0;

	memset(t, 0, sizeof(*t));
	t->swapped = f->swapped;
	while ((frame = next_frame(f, &at))) {
		__u64 n = frame->frames;

		if (frame->flags & FAMILY_UNCOUNTED) {
			t->uncounted += n;
			continue;
		}
		t->frames += n;
		*part_of(frame, &t->own, &t->within, &t->beyond,
			 &t->objects) += n;
		if (frame->outside)
			t->outside += n;
		if (frame->flags & FAMILY_ABOUT)
			t->about += n;
		if (frame->flags & FAMILY_UNSTEADY)
			t->unsteady += n;
		if (frame->set->members > 1)
			t->shared += n;
	}
}

/* ---- groups ---- */

static void add_to_group(struct family_group *g,
			 const struct family_frame *frame)
{
	__u64 n = frame->frames;

	if (frame->flags & FAMILY_UNCOUNTED) {
		g->uncounted += n;
		return;
	}
	g->frames += n;
	if (frame->set->members == 1 && !frame->outside)
		g->alone += n;
	if (frame->outside)
		g->outside += n;
	if (frame->flags & FAMILY_ABOUT)
		g->about += n;
	if (frame->kind < COWI_NR_KINDS)
		g->by_kind[frame->kind] += n;
}

static int by_keys(const void *a, const void *b)
{
	const struct family_group *x = a, *y = b;

	if (x->set != y->set)
		return (uintptr_t)x->set < (uintptr_t)y->set ? -1 : 1;
	if (x->mapping != y->mapping)
		return x->mapping < y->mapping ? -1 : 1;
	return x->kind - y->kind;
}

/* More members first; of as many, those of lower numbers. */
static int by_members(const struct set *x, const struct set *y)
{
	int order;

	if (x == y || !x || !y)
		return 0;
	if (x->members != y->members)
		return x->members < y->members ? 1 : -1;
	order = by_members(x->before, y->before);
	if (order)
		return order;
	if (x->block != y->block)
		return x->block < y->block ? -1 : 1;
	return x->bits & -(x->bits ^ y->bits) & (x->bits ^ y->bits) ? -1 : 1;
}

/* The largest first; where they are alike, in an order that is the same each time. */
static int by_size(const void *a, const void *b)
{
	const struct family_group *x = a, *y = b;
	int order;

	if (x->frames != y->frames)
		return x->frames < y->frames ? 1 : -1;
	order = by_members(x->set, y->set);
	if (!order && x->mapping != y->mapping)
		order = x->mapping < y->mapping ? -1 : 1;
	return order ? order : x->kind - y->kind;
}

void family_group_add(struct family_group *to, const struct family_group *g)
{
	size_t i;

	to->frames += g->frames;
	to->alone += g->alone;
	to->outside += g->outside;
	to->about += g->about;
	to->uncounted += g->uncounted;
	for (i = 0; i < COWI_NR_KINDS; i++)
		to->by_kind[i] += g->by_kind[i];
}

/* Sorted by their keys: add up those that have the same ones. */
static size_t merge(struct family_group *g, size_t nr)
{
	size_t i, kept = 0;

	for (i = 1; i < nr; i++) {
		if (by_keys(&g[kept], &g[i]))
			g[++kept] = g[i];
		else
			family_group_add(&g[kept], &g[i]);
	}
	return nr ? kept + 1 : 0;
}

int family_groups(const struct family *f, unsigned int keys,
		  struct family_group **groups, size_t *nr)
{
	struct family_group *g = calloc((size_t)f->nr_frames + 1, sizeof(*g));
	const struct family_frame *frame;
	uint32_t at = 0;
	size_t n = 0;

	if (!g)
		return -ENOMEM;
	while ((frame = next_frame(f, &at))) {
		if (keys & FAMILY_BY_SET)
			g[n].set = frame->set;
		if (keys & FAMILY_BY_MAPPING)
			g[n].mapping = frame->mapping;
		if (keys & FAMILY_BY_KIND)
			g[n].kind = frame->kind;
		add_to_group(&g[n++], frame);
	}
	qsort(g, n, sizeof(*g), by_keys);
	n = merge(g, n);
	qsort(g, n, sizeof(*g), by_size);
	*groups = g;
	*nr = n;
	return 0;
}

/* ---- pairs ---- */

void family_common(const struct family *f, __u64 *common)
{
	const struct family_frame *frame;
	uint32_t at = 0;
	size_t a, b;

	memset(common, 0, f->nr * f->nr * sizeof(*common));
	while ((frame = next_frame(f, &at))) {
		if (frame->flags & FAMILY_UNCOUNTED)
			continue;
		for (a = 0; a < f->nr; a++) {
			if (!set_has(frame->set, a))
				continue;
			for (b = 0; b < f->nr; b++) {
				if (set_has(frame->set, b))
					common[a * f->nr + b] += frame->frames;
			}
		}
	}
}

/* ---- frames ---- */

struct looking {
	const struct family *f;
	int (*look)(__u64 pfn, __u64 n, const struct family_frame *frame,
		    void *arg);
	void *arg;
	__u64 pfn;
	__u64 n;
	uint32_t number;
};

static int tell(struct looking *l)
{
	return l->n ? l->look(l->pfn, l->n, l->f->frame[l->number], l->arg) : 0;
}

/* Runs end where groups of the memo do: put them together. */
static int look_on(__u64 pfn, __u64 n, uint32_t number, void *arg)
{
	struct looking *l = arg;
	int ret;

	if (number == l->number && pfn == l->pfn + l->n) {
		l->n += n;
		return 0;
	}
	ret = tell(l);
	l->pfn = pfn;
	l->n = n;
	l->number = number;
	return ret;
}

int family_each(const struct family *f,
		int (*look)(__u64 pfn, __u64 n, const struct family_frame *frame,
			    void *arg), void *arg)
{
	struct looking l = { .f = f, .look = look, .arg = arg };
	int ret = memo_each(f->memo, look_on, &l);

	return ret ? ret : tell(&l);
}
