/* SPDX-License-Identifier: GPL-2.0 */
/* The 1000 blocks of the labs D1 and D2, and who touches them. */
#ifndef LABS_BLOCKS_H
#define LABS_BLOCKS_H

#include "census.h"
#include "lab.h"

#define BLOCK_BYTES	102400
#define BLOCK_TOUCHED	10240
/* 1000 of them, in base pages of 4 KiB. */
#define BLOCKS_PAGES	25000

/**
 * struct blocks - where they are in all actors
 * @nr: how many
 * @start: address of the first
 * @end: behind the last
 * @page: the page of the first block that is touched
 */
struct blocks {
	__u64 nr;
	__u64 start;
	__u64 end;
	__u64 page;
};

/* What to do with blocks after they are allocated. */
enum { BLOCKS_LEAVE, BLOCKS_FILL, BLOCKS_FILL_HUGE };

/** blocks_alloc - let an actor allocate; looks at the first two of them */
struct blocks blocks_alloc(struct lab_run *r, struct actor *a, int how);

/* For @expected below: the first touch is no question. */
#define BLOCKS_UNASKED	COWI_NR_OUTCOMES

/**
 * blocks_watch - let an actor touch the same byte of each block
 * @r: run
 * @a: who
 * @b: the blocks
 * @write: or read
 * @expected: enum cowinspect_outcome of the first touch, or BLOCKS_UNASKED
 *
 * Notes where the actor took faults. Return: what has changed in the blocks.
 */
struct changes blocks_watch(struct lab_run *r, struct actor *a,
			    const struct blocks *b, bool write, int expected);

#endif /* LABS_BLOCKS_H */
