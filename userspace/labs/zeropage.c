// SPDX-License-Identifier: GPL-2.0
/* E2: reading memory that was never written, and then writing to it. */
#include <sys/mman.h>

#include "labs.h"
#include "memory.h"

enum { REST, WRITTEN };

static void run(struct lab_run *r)
{
	struct actor *one, *child, *stranger;
	__u64 page, chosen;

	lab_step(r, "Memory is mapped, and nobody touches it",
		 "Two processes that have nothing to do with each other, at one address.");
	one = lab_actor(r, "one");
	page = lab_map(r, one, NULL, r->size);
	lab_choose(r, page, r->size, &chosen, 1);
	stranger = lab_actor(r, "stranger");
	lab_call(r, stranger, mem_map, ARGS(r->size * r->status->page_size,
					    MAP_FIXED_NOREPLACE, lab_addr(r, page)),
		 "map memory");
	lab_look(r);
	lab_expect(r, one, ALL, &expect_absent, "there is no entry");

	lab_step(r, "Both read every page",
		 "What was never written reads as zeros, and one frame of zeros is enough for everybody.");
	lab_touch(r, one, page, r->size);
	lab_touch(r, stranger, page, r->size);
	lab_look(r);
	lab_expect(r, one, ALL, &expect_zero, "every page: the zero page");
	lab_expect_frames(r, one, stranger, ALL, true,
			  "the same frame in both processes, without any fork");
	lab_expect_number(r, lab_frames(r), 1, "frames behind all of it");

	lab_step(r, "A fork, and the child writes to a page",
		 "The zero page is not copied: a fresh page of zeros is the same, and cheaper.");
	lab_put(r, chosen, 1, WRITTEN);
	child = lab_fork(r, one, "child");
	lab_touch(r, child, page, r->size);
	lab_write(r, child, chosen, "c", COWI_NEXT_ZEROFILL);
	lab_look(r);
	lab_expect(r, child, IN(WRITTEN), &expect_own,
		   "the child's page: its own");
	lab_expect(r, one, ALL, &expect_zero, "its parent: as before");
	lab_expect_number(r, lab_frames(r), 2, "frames behind all of it");
}

const struct lab zeropage_lab = {
	.name = "zeropage",
	.id = "E2",
	.question = "What is read where nobody has written, and what does a write copy?",
	.help =
		"Two unrelated processes read fresh memory. Then one of them\n"
		"forks, and the child writes to a page.",
	.answer =
		"All reads saw one frame, the zero page, shared by processes\n"
		"that never forked from one another. The write copied nothing:\n"
		"the kernel took a fresh frame and cleared it. It counts as a\n"
		"page fault like a copy, which is why counting faults misleads.",
	.alike =
		"A page that was filled with zeros reads the same, but it is\n"
		"anonymous memory with a frame of its own, and is copied after\n"
		"a fork (lab fork).",
	.key = "n",
	.pages = 4,
	.min_pages = 2,
	.run = run,
};
