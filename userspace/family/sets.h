/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sets of processes, each kept once as long as somebody refers to it. Processes are
 * numbers, and come in ascending order: a set becomes another one by those behind
 * its last one. NULL is the set of nobody.
 */
#ifndef FAMILY_SETS_H
#define FAMILY_SETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/types.h>

#define SET_BLOCK	64

/**
 * struct set - up to 64 numbers, and those before them
 * @before: lower numbers, or NULL
 * @block: they are from 64 * @block on
 * @bits: which of these
 * @members: how many, those before included
 * @users: who refers to it
 */
struct set {
	struct set *before;
	uint32_t block;
	__u64 bits;
	uint32_t members;
	size_t users;
};

/**
 * struct again - how often members have the same thing more than once
 * @before: of lower numbers, or NULL
 * @member: who
 * @times: how often beyond once
 * @total: the sum of @times, those before included
 * @users: who refers to it
 */
struct again {
	struct again *before;
	uint32_t member;
	uint32_t times;
	uint32_t total;
	size_t users;
};

/**
 * struct sets - all of them
 * @sets: tree of tsearch()
 * @agains: the same
 * @nr: how many of both there are
 */
struct sets {
	void *sets;
	void *agains;
	size_t nr;
};

/**
 * sets_with - a set and one more
 * @s: where they are kept
 * @set: without @member, and with nobody behind it
 * @member: number
 *
 * Return: the set, with one user more; NULL without memory.
 */
struct set *sets_with(struct sets *s, struct set *set, uint32_t member);

/**
 * sets_again - once more
 * @s: where they are kept
 * @again: with nobody behind @member, or NULL
 * @member: number
 *
 * Return: as sets_with().
 */
struct again *sets_again(struct sets *s, struct again *again, uint32_t member);

struct set *set_get(struct set *set);
struct again *again_get(struct again *again);
void sets_put(struct sets *s, struct set *set);
void sets_put_again(struct sets *s, struct again *again);

/** set_last - the greatest number; @set is not NULL */
uint32_t set_last(const struct set *set);

/** set_has - whether a number is in a set */
bool set_has(const struct set *set, uint32_t member);

/**
 * set_members - the numbers of a set, ascending
 * @set: set
 * @members: gets set->members of them
 */
void set_members(const struct set *set, uint32_t *members);

/** again_times - how often beyond once a member has it */
uint32_t again_times(const struct again *again, uint32_t member);

#endif /* FAMILY_SETS_H */
