// SPDX-License-Identifier: GPL-2.0
/* B2: text, data, bss, heap and stack: what splits, and by how much? */
#include <alloca.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "array_size.h"
#include "labs.h"

/* The largest page that a kernel for this architecture can have. */
#ifdef __aarch64__
#define PAGE_MAX	65536
#else
#define PAGE_MAX	4096
#endif

/*
 * Each has a page that will be written to, and one that will not. In rodata
 * neither can be. Where pages are smaller, the first two are meant.
 */
static const char in_rodata[2 * PAGE_MAX] __attribute__((aligned(PAGE_MAX))) = { 'r' };
static char in_data[2 * PAGE_MAX] __attribute__((aligned(PAGE_MAX))) = { 'd' };
static char in_bss[2 * PAGE_MAX] __attribute__((aligned(PAGE_MAX)));

enum { FIXED, WRITTEN, KEPT };

static const char *const names[] = {
	"text", "rodata", "data", "bss", "heap", "stack",
};

static unsigned long page_size(void)
{
	return sysconf(_SC_PAGESIZE);
}

static char *touch_both(char *page)
{
	page[0] = 's';
	page[page_size()] = 's';
	return page;
}

/* Small blocks of malloc() are in the segment that brk() moves: the heap. */
static int prepare_heap(const __u64 *arg, __u64 *result)
{
	char *p = aligned_alloc(page_size(), 2 * page_size());

	(void)arg;
	if (!p)
		return -ENOMEM;
	*result = (uintptr_t)touch_both(p);
	return 0;
}

static int prepare_program(const __u64 *arg, __u64 *result)
{
	(void)arg;
	(void)result;
	touch_both(in_data);
	touch_both(in_bss);
	return 0;
}

static int prepare_stack(const __u64 *arg, __u64 *result)
{
	const unsigned long page = page_size();
	char *p = alloca(3 * page);

	(void)arg;
	(void)result;
	p += page - ((uintptr_t)p & (page - 1));
	actor_serve((uintptr_t)touch_both(p));
}

/* Addresses are the same in actors: they are forked from this process. */
static void find_regions(struct lab_run *r, struct actor *parent)
{
	__u64 start[] = {
		(uintptr_t)prepare_program & ~(page_size() - 1),
		(uintptr_t)in_rodata, (uintptr_t)in_data, (uintptr_t)in_bss,
		lab_call(r, parent, prepare_heap, ARGS(0), "prepare the heap"),
		lab_call(r, parent, prepare_stack, ARGS(0),
			 "prepare the stack"),
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(start); i++) {
		__u64 first = lab_region(r, names[i], start[i], i < 1 ? 1 : 2);

		if (i < 2)
			continue;
		lab_put(r, first, 1, WRITTEN);
		lab_put(r, first + 1, 1, KEPT);
	}
}

/* Pages of files are not mapped in a child until it touches them. */
static void read_all(struct lab_run *r, struct actor *a)
{
	size_t i;

	for (i = 0; i < r->nr_regions; i++)
		lab_touch(r, a, r->region[i].first, r->region[i].pages);
}

static void run(struct lab_run *r)
{
	static const struct page_expect refused = {
		.write = EXPECT_NO,
		.check_outcome = true,
		.outcome = COWI_NEXT_REFUSED,
	};
	struct actor *parent, *child;
	size_t i;

	lab_step(r, "Two pages in each segment, then fork",
		 "One page will be written to, and one will not. Text and rodata cannot be written to at all.");
	parent = lab_actor(r, "parent");
	lab_call(r, parent, prepare_program, ARGS(0), "prepare the program");
	find_regions(r, parent);
	read_all(r, parent);
	child = lab_fork(r, parent, "child");
	read_all(r, child);
	lab_look(r);
	lab_expect_frames(r, parent, child, ALL, true,
			  "every page of every segment: one frame for both");
	lab_expect(r, parent, IN(FIXED), &refused,
		   "text and rodata: read-only");
	lab_expect(r, child, IN(WRITTEN) | IN(KEPT), &expect_shared,
		   "data, bss, heap, stack: mapcount 2");
	lab_note_vmas(r, child);

	lab_step(r, "The child writes to one page of each segment",
		 "Of data, bss, heap and stack; the page behind it is left alone.");
	for (i = 2; i < r->nr_regions; i++)
		lab_write(r, child, r->region[i].first, "c", COWI_NEXT_COPY);
	lab_look(r);
	lab_expect(r, child, IN(WRITTEN), &expect_own,
		   "the pages written to: the child's own");
	lab_expect_frames(r, parent, child, IN(KEPT), true,
			  "their neighbours: still one frame for both");
	lab_expect_frames(r, parent, child, IN(FIXED), true,
			  "text and rodata: still one frame for both");
	lab_expect_moved(r, child, ALL, 4);
	lab_expect_moved(r, parent, ALL, 0);
	lab_note_vmas(r, child);
}

const struct lab segments_lab = {
	.name = "segments",
	.id = "B2",
	.question = "Which segments split after fork, and do they split whole?",
	.help =
		"A child writes to one page in each of data, bss, heap and stack,\n"
		"and leaves text, rodata and the page behind alone.",
	.answer =
		"The claim says that segments split when they are written to.\n"
		"They do not: pages do. Of each segment one page was copied and\n"
		"its neighbour is still shared. Text and rodata stay shared\n"
		"because nobody can write to them, not because they are text.",
	.alike =
		"A page of text splits, too, if a debugger writes into it: that\n"
		"nobody may write is why it stays shared, not what it is (lab\n"
		"debugger).",
	.key = "cccc",
	.run = run,
};
