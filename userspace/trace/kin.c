// SPDX-License-Identifier: GPL-2.0
/*
 * Who was given pages by whom, and so what a copy was good for. All is decided such
 * that somebody is said to have no longer a page only if an event shows it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "grow.h"
#include "kin.h"

/* Relatives to ask at most: most often the first one has the page still. */
#define ASK_MAX		128

/* ---- relatives ---- */

/* Returns the place of @p, which nobody has for a maker any more. */
static size_t let_go(struct kin *kin, const struct tally_proc *p)
{
	size_t i, at = 0;

	for (i = 0; i < kin->nr; i++) {
		if (kin->member[i] == p)
			at = i;
		if (kin->member[i]->maker == p)
			kin->member[i]->maker = NULL;
	}
	return at;
}

void kin_leave(struct tally_proc *p)
{
	struct kin *kin = p->kin;
	size_t i;

	if (!kin)
		return;
	i = let_go(kin, p);
	p->kin = NULL;
	p->maker = NULL;
	memmove(&kin->member[i], &kin->member[i + 1],
		(--kin->nr - i) * sizeof(*kin->member));
	if (!kin->nr) {
		free(kin->member);
		free(kin);
	}
}

static int add_member(struct kin *kin, struct tally_proc *p)
{
	struct tally_proc **grown = grow(kin->member, kin->nr, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	kin->member = grown;
	kin->member[kin->nr++] = p;
	p->kin = kin;
	return 0;
}

int kin_found(struct tally_proc *p, bool complete)
{
	struct kin *kin = calloc(1, sizeof(*kin));

	kin_leave(p);
	if (!kin || add_member(kin, p)) {
		free(kin);
		return -ENOMEM;
	}
	kin->complete = complete;
	p->depth = 0;
	return 0;
}

int kin_join(struct tally_proc *p, const struct tally_proc *parent)
{
	/* It has exited, or so it seemed. */
	if (!parent->kin)
		return kin_found(p, false);
	kin_leave(p);
	p->maker = parent;
	p->depth = parent->depth + 1;
	return add_member(parent->kin, p);
}

/* ---- who has a page ---- */

/*
 * When the process got a page of its own, since it was born or has called exec; 0
 * if it did not, as far as is known.
 */
static __u64 own_since(const struct tally_proc *p, __u64 addr)
{
	const struct tally_page *page = tally_page_find(p, addr);

	return page && page->own > p->born ? page->own : 0;
}

/* Whether all that @other was given at birth came after @p had its page. */
static bool got_newer(const struct tally_proc *other, const struct tally_proc *p,
		      __u64 addr)
{
	__u64 own;

	if (!other->maker || other->maker == p)
		return false;
	own = own_since(other->maker, addr);
	return own > p->born && own < other->born;
}

/* Whether @other may have the page that @p has had at @addr, since @since or 0. */
static bool may_have(const struct tally_proc *other, const struct tally_proc *p,
		     __u64 addr, __u64 since)
{
	__u64 own = own_since(other, addr);

	/* Was there already, and so not given what came later. */
	if (since > other->born)
		return false;
	if (!own)
		return !got_newer(other, p, addr);
	/* An ancestor may have passed on what was its own by then. */
	return other->depth < p->depth && own <= p->born;
}

/* COPY_SHARED, COPY_LAST or COPY_UNSURE */
static enum copy_fact who_has(const struct tally *t, const struct tally_proc *p,
			      __u64 addr)
{
	__u64 since = own_since(p, addr);
	const struct kin *kin = p->kin;
	size_t i;

	for (i = 0; kin && i < kin->nr && i < ASK_MAX; i++) {
		if (kin->member[i] != p &&
		    may_have(kin->member[i], p, addr, since))
			return COPY_SHARED;
	}
	/* A birth may be among the events that are missing. */
	if (!kin || !kin->complete || kin->nr > ASK_MAX || t->lost)
		return COPY_UNSURE;
	return COPY_LAST;
}

static bool is_anon(const struct cowi_event *e)
{
	return e->old_kind == COWI_KIND_ANON ||
	       e->outcome == COWI_DID_SWAPIN_COPIED;
}

/* Since it was born or has called exec. */
static bool has_copied(const struct tally_proc *p, __u64 addr)
{
	const struct tally_page *page = tally_page_find(p, addr);

	return page && page->last_copy > p->born;
}

unsigned int kin_facts(const struct tally *t, const struct tally_proc *p,
		       const struct cowi_event *e)
{
	__u64 addr = e->addr & ~(e->bytes - 1);
	unsigned int facts;

	facts = 1U << (is_anon(e) ? who_has(t, p, addr) : COPY_NOT_ANON);
	if (has_copied(p, addr))
		facts |= 1U << COPY_AGAIN;
	if (has_copied(p, addr - e->bytes) || has_copied(p, addr + e->bytes))
		facts |= 1U << COPY_BESIDE;
	return facts;
}
