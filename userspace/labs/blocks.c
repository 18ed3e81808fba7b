// SPDX-License-Identifier: GPL-2.0
/* The 1000 blocks of the labs D1 and D2, and who touches them. */
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "blocks.h"
/* More than any base page. */
#define ALIGN	(64 * 1024)
/* With what malloc notes of it. */
#define CHUNK	(BLOCK_BYTES + 16)
/* Where malloc is another one, no two may be side by side. */
#define MAX_GAPS	16

/* The actor's. Before the blocks, so that no entry of it is near a block. */
static char **table;
static __u64 nr_blocks;

/*
 * The heap grows in small steps, and malloc writes its notes into each, so that
 * there is no room for a huge page when it is touched. Let it grow in one.
 */
static int grow_at_once(__u64 bytes)
{
	char *all, *p;
	int err;

	mallopt(M_MMAP_MAX, 0);
	mallopt(M_TRIM_THRESHOLD, 2 * bytes);
	all = malloc(bytes);
	if (!all)
		return -ENOMEM;
	p = all + ALIGN - (uintptr_t)all % ALIGN;
	err = madvise(p, bytes - 2 * ALIGN - bytes % ALIGN, MADV_HUGEPAGE);
	if (err)
		err = -errno;
	free(all);
	return err;
}

/*
 * The first two are shown. What malloc puts into a gap that the heap had has other data
 * behind it, and not the second one: it is left there.
 */
static int find_first(void)
{
	int gaps;

	table[1] = malloc(BLOCK_BYTES);
	for (gaps = 0; gaps < MAX_GAPS && table[1] != table[0] + CHUNK; gaps++) {
		table[0] = table[1];
		table[1] = malloc(BLOCK_BYTES);
	}
	return table[1] ? 0 : -ENOMEM;
}

/* number, and whether huge pages are wanted */
static int alloc(const __u64 *arg, __u64 *result)
{
	__u64 i;
	int err;

	nr_blocks = arg[0];
	table = calloc(nr_blocks, sizeof(*table));
	if (!table)
		return -ENOMEM;
	err = arg[1] ? grow_at_once(nr_blocks * CHUNK) : 0;
	table[0] = malloc(BLOCK_BYTES);
	if (!err)
		err = find_first();
	if (err)
		return err;
	for (i = 2; i < nr_blocks; i++) {
		table[i] = malloc(BLOCK_BYTES);
		if (!table[i])
			return -ENOMEM;
	}
	*result = (uintptr_t)table[0];
	return 0;
}

/* Which block. */
static int find_block(const __u64 *arg, __u64 *result)
{
	*result = (uintptr_t)table[arg[0]];
	return 0;
}

static int fill(const __u64 *arg, __u64 *result)
{
	__u64 i;

	(void)arg;
	(void)result;
	for (i = 0; i < nr_blocks; i++)
		memset(table[i], 'b', BLOCK_BYTES);
	return 0;
}

static void touch(char *block, bool write)
{
	volatile char *p = block + BLOCK_TOUCHED;

	if (write)
		*p = 'w';
	else
		(void)*p;
}

static int touch_first(const __u64 *arg, __u64 *result)
{
	(void)result;
	touch(table[0], arg[0]);
	return 0;
}

static int touch_rest(const __u64 *arg, __u64 *result)
{
	__u64 i;

	(void)result;
	for (i = 1; i < nr_blocks; i++)
		touch(table[i], arg[0]);
	return 0;
}

static __u64 round_down(const struct lab_run *r, __u64 addr)
{
	return addr & ~(r->status->page_size - 1);
}

/* Return: the page of a block that will be touched; page @first is at @start. */
static __u64 show_touched(struct lab_run *r, __u64 first, __u64 start,
			  __u64 block)
{
	__u64 at = block + BLOCK_TOUCHED - round_down(r, start);
	__u64 page = first + at / r->status->page_size;

	lab_show_at(r, page, at % r->status->page_size);
	return page;
}

struct blocks blocks_alloc(struct lab_run *r, struct actor *a, int how)
{
	struct blocks b = {
		.nr = r->size * r->status->page_size / BLOCK_BYTES,
	};
	__u64 first, pages = 2 * BLOCK_BYTES / r->status->page_size;

	b.start = lab_call(r, a, alloc, ARGS(b.nr, how == BLOCKS_FILL_HUGE),
			   "allocate the blocks");
	b.end = lab_call(r, a, find_block, ARGS(b.nr - 1),
			 "find the last block") + BLOCK_BYTES;
	if (how != BLOCKS_LEAVE)
		lab_call(r, a, fill, ARGS(0), "fill the blocks");
	first = lab_region(r, NULL,
			   round_down(r, b.start), pages);
	/* Its first page begins with what is before the block. */
	lab_show_at(r, first, b.start - round_down(r, b.start));
	b.page = show_touched(r, first, b.start, b.start);
	/* The other block that is in sight. */
	show_touched(r, first, b.start,
		     lab_call(r, a, find_block, ARGS(1),
			      "find the second block"));
	return b;
}

static void touch_all(struct lab_run *r, struct actor *a, const struct blocks *b,
		      bool write, int expected)
{
	if (expected == BLOCKS_UNASKED)
		lab_call(r, a, touch_first, ARGS(write),
			 "touch the first block");
	else
		lab_act(r, a, b->page, touch_first, ARGS(write), expected);
	lab_call(r, a, touch_rest, ARGS(write), "touch the blocks");
}

struct changes blocks_watch(struct lab_run *r, struct actor *a,
			    const struct blocks *b, bool write, int expected)
{
	struct census before, after;
	struct changes d = { 0 };

	census_take(r, a, &before);
	touch_all(r, a, b, write, expected);
	census_take(r, a, &after);
	if (!lab_stopped(r))
		d = census_compare(&before, &after, b->start, b->end);
	census_note(r, a, &before, &after);
	census_free(&before);
	census_free(&after);
	return d;
}
