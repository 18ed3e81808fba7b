// SPDX-License-Identifier: GPL-2.0
/*
 * Frames are kept in groups of 64, found by hash. A group has one number for all
 * of them, as those of a huge page do, or a leaf with a number for each. Groups are
 * as small as that because a leaf costs the same for one frame as for 64.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "grow.h"
#include "memo.h"

#define GROUP_SHIFT	6
#define GROUP		(1u << GROUP_SHIFT)

/* Leaves are never given back one by one, so they come many at a time. */
#define BLOCK_SHIFT	12
#define BLOCK		(1u << BLOCK_SHIFT)

/* In the value of a group: the rest of it is the number of a leaf. */
#define IS_LEAF		0x80000000u

/**
 * struct group - 64 frames
 * @key: the first one, divided by 64
 * @value: what all of them have, or IS_LEAF and where their leaf is; 0: no group
 */
struct group {
	__u64 key;
	uint32_t value;
} __attribute__((packed, aligned(4)));

/**
 * struct leaf - the numbers of a group
 * @number: by the last bits of their frames
 */
struct leaf {
	uint32_t number[GROUP];
};

/**
 * struct memo - all groups
 * @group: hash table by @key
 * @room: places in it, a power of two
 * @nr: how many are taken, 3 of 4 at most
 * @block: where leaves are, BLOCK of them in each
 * @nr_leaves: how many there are
 */
struct memo {
	struct group *group;
	size_t room;
	size_t nr;
	struct leaf **block;
	uint32_t nr_leaves;
};

struct memo *memo_new(void)
{
	struct memo *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->room = 256;
	m->group = calloc(m->room, sizeof(*m->group));
	if (m->group)
		return m;
	free(m);
	return NULL;
}

void memo_free(struct memo *m)
{
	uint32_t i;

	if (!m)
		return;
	for (i = 0; i < m->nr_leaves; i += BLOCK)
		free(m->block[i >> BLOCK_SHIFT]);
	free(m->block);
	free(m->group);
	free(m);
}

/* Where a group is, or the free place where it belongs. */
static struct group *place(struct group *group, size_t room, __u64 key)
{
	/* Multiplicative hashing: 2^64 by the golden ratio, upper bits. */
	size_t i = (key * 0x9e3779b97f4a7c15ull) >> 32;

	for (i &= room - 1; group[i].value; i = (i + 1) & (room - 1)) {
		if (group[i].key == key)
			break;
	}
	return &group[i];
}

static int make_room(struct memo *m)
{
	size_t room = m->room * 2, i;
	struct group *group;

	if (m->nr < m->room / 4 * 3)
		return 0;
	group = calloc(room, sizeof(*group));
	if (!group)
		return -ENOMEM;
	for (i = 0; i < m->room; i++) {
		if (m->group[i].value)
			*place(group, room, m->group[i].key) = m->group[i];
	}
	free(m->group);
	m->group = group;
	m->room = room;
	return 0;
}

static uint32_t *leaf_of(const struct memo *m, uint32_t value)
{
	uint32_t i = value & ~IS_LEAF;

	return m->block[i >> BLOCK_SHIFT][i & (BLOCK - 1)].number;
}

static int add_block(struct memo *m)
{
	size_t nr = m->nr_leaves >> BLOCK_SHIFT;
	struct leaf **grown = grow(m->block, nr, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	m->block = grown;
	grown[nr] = calloc(BLOCK, sizeof(**grown));
	return grown[nr] ? 0 : -ENOMEM;
}

/* Give each frame of a group a number of its own: the one that all have now. */
static int split(struct memo *m, struct group *g)
{
	uint32_t *numbers, i;

	if (!(m->nr_leaves & (BLOCK - 1)) && add_block(m))
		return -ENOMEM;
	numbers = leaf_of(m, m->nr_leaves);
	for (i = 0; i < GROUP && g->value; i++)
		numbers[i] = g->value;
	g->value = IS_LEAF | m->nr_leaves++;
	return 0;
}

static int update_leaf(uint32_t *numbers, size_t nr,
		       uint32_t (*next)(uint32_t old, __u64 n, void *arg),
		       void *arg)
{
	size_t run, i;

	for (; nr; numbers += run, nr -= run) {
		uint32_t old = numbers[0], value;

		for (run = 1; run < nr && numbers[run] == old; run++)
			;
		value = next(old, run, arg);
		if (!value)
			return -ENOMEM;
		for (i = 0; i < run; i++)
			numbers[i] = value;
	}
	return 0;
}

/* @nr frames from @pfn on, which are all of one group. */
static int update_group(struct memo *m, __u64 pfn, size_t nr,
			uint32_t (*next)(uint32_t old, __u64 n, void *arg),
			void *arg)
{
	struct group *g;
	uint32_t value;
	bool is_new;

	if (make_room(m))
		return -ENOMEM;
	g = place(m->group, m->room, pfn >> GROUP_SHIFT);
	is_new = !g->value;
	if (nr == GROUP && !(g->value & IS_LEAF)) {
		value = next(g->value, GROUP, arg);
		if (!value)
			return -ENOMEM;
		g->value = value;
	} else if (!(g->value & IS_LEAF) && split(m, g)) {
		return -ENOMEM;
	}
	g->key = pfn >> GROUP_SHIFT;
	m->nr += is_new;
	if (!(g->value & IS_LEAF))
		return 0;
	return update_leaf(leaf_of(m, g->value) + (pfn & (GROUP - 1)), nr, next,
			   arg);
}

int memo_update(struct memo *m, __u64 pfn, __u64 nr,
		uint32_t (*next)(uint32_t old, __u64 n, void *arg), void *arg)
{
	size_t n;
	int err = 0;

	for (; nr && !err; pfn += n, nr -= n) {
		n = GROUP - (pfn & (GROUP - 1));
		if (n > nr)
			n = nr;
		err = update_group(m, pfn, n, next, arg);
	}
	return err;
}

uint32_t memo_value(const struct memo *m, __u64 pfn)
{
	const struct group *g = place(m->group, m->room, pfn >> GROUP_SHIFT);

	return g->value & IS_LEAF ? leaf_of(m, g->value)[pfn & (GROUP - 1)] :
				    g->value;
}

static int by_key(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	return x->key < y->key ? -1 : x->key > y->key;
}

static int each_of_group(const struct memo *m, const struct group *g,
			 int (*look)(__u64 pfn, __u64 n, uint32_t value,
				     void *arg), void *arg)
{
	__u64 pfn = g->key << GROUP_SHIFT;
	const uint32_t *numbers;
	size_t i, run;
	int ret = 0;

	if (!(g->value & IS_LEAF))
		return look(pfn, GROUP, g->value, arg);
	numbers = leaf_of(m, g->value);
	for (i = 0; i < GROUP && !ret; i += run) {
		for (run = 1; i + run < GROUP; run++) {
			if (numbers[i + run] != numbers[i])
				break;
		}
		if (numbers[i])
			ret = look(pfn + i, run, numbers[i], arg);
	}
	return ret;
}

int memo_each(const struct memo *m,
	      int (*look)(__u64 pfn, __u64 n, uint32_t value, void *arg),
	      void *arg)
{
	struct group *sorted = calloc(m->nr + 1, sizeof(*sorted));
	size_t nr = 0, i;
	int ret = 0;

	if (!sorted)
		return -ENOMEM;
	for (i = 0; i < m->room; i++) {
		if (m->group[i].value)
			sorted[nr++] = m->group[i];
	}
	qsort(sorted, nr, sizeof(*sorted), by_key);
	for (i = 0; i < nr && !ret; i++)
		ret = each_of_group(m, &sorted[i], look, arg);
	free(sorted);
	return ret;
}
