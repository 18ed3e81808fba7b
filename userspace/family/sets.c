// SPDX-License-Identifier: GPL-2.0
/*
 * Sets of processes. 64 numbers are one piece, so that one of hundreds has a few
 * pieces however its members are scattered, and one of one member has one.
 */
#include <search.h>
#include <stdlib.h>

#include "sets.h"

static int compare(uintptr_t a, uintptr_t b)
{
	return a < b ? -1 : a > b;
}

static int compare_sets(const void *a, const void *b)
{
	const struct set *x = a, *y = b;
	int order = compare(x->bits, y->bits);

	if (!order)
		order = compare(x->block, y->block);
	/* Each is there once, so its address is enough. */
	return order ? order : compare((uintptr_t)x->before,
				       (uintptr_t)y->before);
}

static int compare_agains(const void *a, const void *b)
{
	const struct again *x = a, *y = b;
	int order = compare(x->member, y->member);

	if (!order)
		order = compare(x->times, y->times);
	return order ? order : compare((uintptr_t)x->before,
				       (uintptr_t)y->before);
}

struct set *set_get(struct set *set)
{
	if (set)
		set->users++;
	return set;
}

struct again *again_get(struct again *again)
{
	if (again)
		again->users++;
	return again;
}

/*
 * Find what is like @key in a tree, or put a copy there. Returns the address of the
 * node, or NULL without memory; *@made says which.
 */
static void *find_or_add(void **tree, const void *key, size_t size,
			 int (*order)(const void *a, const void *b), bool *made)
{
	void **node = tfind(key, tree, order);
	void *copy;

	*made = false;
	if (node)
		return *node;
	copy = malloc(size);
	if (!copy)
		return NULL;
	__builtin_memcpy(copy, key, size);
	if (!tsearch(copy, tree, order)) {
		free(copy);
		return NULL;
	}
	*made = true;
	return copy;
}

struct set *sets_with(struct sets *s, struct set *set, uint32_t member)
{
	struct set key = {
		.before = set,
		.block = member / SET_BLOCK,
		.bits = 1ull << member % SET_BLOCK,
		.members = (set ? set->members : 0) + 1,
	}, *found;
	bool made;

	if (set && set->block == key.block) {
		key.before = set->before;
		key.bits |= set->bits;
	}
	found = find_or_add(&s->sets, &key, sizeof(key), compare_sets, &made);
	if (made) {
		set_get(key.before);
		s->nr++;
	}
	return set_get(found);
}

struct again *sets_again(struct sets *s, struct again *again, uint32_t member)
{
	struct again key = {
		.before = again,
		.member = member,
		.times = 1,
		.total = (again ? again->total : 0) + 1,
	}, *found;
	bool made;

	if (again && again->member == member) {
		key.before = again->before;
		key.times += again->times;
	}
	found = find_or_add(&s->agains, &key, sizeof(key), compare_agains,
			    &made);
	if (made) {
		again_get(key.before);
		s->nr++;
	}
	return again_get(found);
}

void sets_put(struct sets *s, struct set *set)
{
	struct set *before;

	for (; set && !--set->users; set = before) {
		before = set->before;
		tdelete(set, &s->sets, compare_sets);
		s->nr--;
		free(set);
	}
}

void sets_put_again(struct sets *s, struct again *again)
{
	struct again *before;

	for (; again && !--again->users; again = before) {
		before = again->before;
		tdelete(again, &s->agains, compare_agains);
		s->nr--;
		free(again);
	}
}

uint32_t set_last(const struct set *set)
{
	return set->block * SET_BLOCK + 63 - __builtin_clzll(set->bits);
}

bool set_has(const struct set *set, uint32_t member)
{
	while (set && set->block > member / SET_BLOCK)
		set = set->before;
	return set && set->block == member / SET_BLOCK &&
	       set->bits >> member % SET_BLOCK & 1;
}

void set_members(const struct set *set, uint32_t *members)
{
	for (; set; set = set->before) {
		size_t at = set->members;
		int bit;

		for (bit = SET_BLOCK - 1; bit >= 0; bit--) {
			if (set->bits >> bit & 1)
				members[--at] = set->block * SET_BLOCK + bit;
		}
	}
}

uint32_t again_times(const struct again *again, uint32_t member)
{
	while (again && again->member > member)
		again = again->before;
	return again && again->member == member ? again->times : 0;
}
