// SPDX-License-Identifier: GPL-2.0
/* Who holds frames without mapping them: a pipe, a pin, a cache. */
#include <errno.h>

#include "held.h"
#include "picture.h"

void lab_hold(struct lab_run *r, struct actor *a, __u64 page, const char *by)
{
	struct page_view v;

	if (lab_stopped(r))
		return;
	if (r->nr_held == MAX_HELD) {
		lab_fail(r, -ENOSPC, "say who holds one more frame");
		return;
	}
	lab_look_at(r, a, page, &v);
	if (!lab_stopped(r) && v.mapped)
		r->held[r->nr_held++] = (struct lab_held){
			.by = by, .owner = a, .page = page, .pfn = v.pfn,
		};
}

void held_end(struct lab_run *r, const struct actor *a)
{
	size_t i, left = 0;

	for (i = 0; i < r->nr_held; i++) {
		if (a && r->held[i].owner != a)
			r->held[left++] = r->held[i];
	}
	r->nr_held = left;
}

/* What an actor has there, if somebody else holds it by what its record says. */
static const struct page_view *view_held(const struct lab_run *r, size_t actor,
					 __u64 page)
{
	const struct snapshot *s = &r->view[actor];

	if (page >= s->nr || !s->page[page].mapped ||
	    !picture_holder(&s->page[page].rec))
		return NULL;
	return &s->page[page];
}

/* A frame that several actors map is held once. */
static bool has_been(const struct lab_run *r, size_t actor, __u64 page)
{
	__u64 pfn = r->view[actor].page[page].pfn;
	size_t i;

	for (i = 0; i < actor; i++) {
		const struct page_view *v = view_held(r, i, page);

		if (v && v->pfn == pfn)
			return true;
	}
	return false;
}

bool held_at(const struct lab_run *r, __u64 page, unsigned int n,
	     struct lab_held *h)
{
	size_t i;

	for (i = 0; i < r->nr_held; i++) {
		if (r->held[i].page == page && !n--) {
			*h = r->held[i];
			return true;
		}
	}
	for (i = 0; i < r->cast.nr; i++) {
		const struct page_view *v = view_held(r, i, page);

		if (v && !has_been(r, i, page) && !n--) {
			*h = (struct lab_held){
				.by = picture_holder(&v->rec),
				.page = page, .pfn = v->pfn,
			};
			return true;
		}
	}
	return false;
}

bool held_is_mapped(const struct lab_run *r, const struct lab_held *h)
{
	size_t i;

	for (i = 0; i < r->cast.nr; i++) {
		const struct snapshot *s = &r->view[i];

		if (h->page < s->nr && s->page[h->page].mapped &&
		    s->page[h->page].pfn == h->pfn)
			return true;
	}
	return false;
}
