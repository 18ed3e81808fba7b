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

/**
 * blocks_touch - let an actor touch the same byte of each block but the first
 * @r: run
 * @a: who
 * @write: or read
 */
void blocks_touch(struct lab_run *r, struct actor *a, bool write);

/** blocks_touch_first - a function of an actor: the first one, write or read */
int blocks_touch_first(const __u64 *arg, __u64 *result);

#endif /* LABS_BLOCKS_H */
