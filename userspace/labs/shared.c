// SPDX-License-Identifier: GPL-2.0
/* E4: MAP_SHARED is never copied. */
#include "labs.h"
#include "memory.h"

static void run(struct lab_run *r)
{
	struct actor *parent, *child;
	__u64 page, bytes = r->size * r->status->page_size;

	lab_step(r, "A parent maps shared memory, fills it and forks",
		 "fork does not even copy the page table entries of such memory: the child gets them by faults, here by reading.");
	parent = lab_actor(r, "parent");
	page = lab_region(r, NULL, lab_call(r, parent, mem_map_shared, ARGS(bytes),
					    "map shared memory"), r->size);
	lab_fill(r, parent, page, r->size, 'm');
	child = lab_fork(r, parent, "child");
	lab_touch(r, child, page, r->size);
	lab_look(r);
	lab_expect_frames(r, parent, child, ALL, true, "one frame for both");

	lab_step(r, "The child writes, then the parent",
		 "Everybody shall see such writes: that is what the mapping is for.");
	lab_write(r, child, page, "c", COWI_NEXT_NOFAULT);
	lab_write(r, parent, page + 1, "p", COWI_NEXT_NOFAULT);
	lab_look(r);
	lab_expect_moved(r, parent, ALL, 0);
	lab_expect_moved(r, child, ALL, 0);
	lab_expect_frames(r, parent, child, ALL, true,
			  "still one frame for both");
	lab_expect_text(r, parent, page, 0, "c");
	lab_expect_text(r, child, page + 1, 0, "p");
}

const struct lab shared_lab = {
	.name = "shared",
	.id = "E4",
	.question = "Is shared memory copied when somebody writes to it?",
	.help =
		"A parent fills memory that is mapped MAP_SHARED and forks; both\n"
		"write to it.",
	.answer =
		"Never. The mapcount is 2 here as it is after the fork of\n"
		"private memory, and yet both may write to the one frame. What\n"
		"makes a write copy is that the mapping is private, not that\n"
		"the page is mapped twice.",
	.alike =
		"After the fork of private memory the mapcount is 2 as well;\n"
		"there the entries are write-protected, and a write copies (lab\n"
		"fork).",
	.key = "nn",
	.pages = 4,
	.min_pages = 2,
	.run = run,
};
