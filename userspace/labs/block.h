/* SPDX-License-Identifier: GPL-2.0 */
/* The block of memory of the labs A1 to A4, and what all of them do with it. */
#ifndef LABS_BLOCK_H
#define LABS_BLOCK_H

#include "lab.h"

/**
 * struct block - "hello", and behind it the letter m up to the last byte
 * @page: its first page
 * @pages: how many
 * @offset: of the first byte in the first page: malloc's own notes come before
 */
struct block {
	__u64 page;
	__u64 pages;
	__u64 offset;
};

/* Sets of its pages. */
enum { BLOCK_REST, BLOCK_FIRST };

/** block_alloc - let an actor malloc() a block and fill it */
struct block block_alloc(struct lab_run *r, struct actor *a);

/** block_fill - fill it: "hello" and then the letter @rest */
void block_fill(struct lab_run *r, struct actor *a, const struct block *b,
		char rest);

/** block_expect_last - check the last byte that an actor reads */
void block_expect_last(struct lab_run *r, struct actor *a,
		       const struct block *b, char letter);

/** block_fork - steps: the parent forks, the child writes "world" */
struct actor *block_fork(struct lab_run *r, struct actor *parent,
			 const struct block *b);

#endif /* LABS_BLOCK_H */
