// SPDX-License-Identifier: GPL-2.0
/* C5: reading shares, writing splits. */
#include "labs.h"

enum { REST, WRITTEN };

static void run(struct lab_run *r)
{
	struct actor *parent, *child;
	__u64 page, chosen;

	lab_step(r, "A parent fills its pages and forks", "Nobody has touched them since.");
	parent = lab_actor(r, "parent");
	page = lab_map(r, parent, NULL, r->size);
	lab_choose(r, page, r->size, &chosen, 1);
	lab_put(r, chosen, 1, WRITTEN);
	lab_fill(r, parent, page, r->size, 'm');
	child = lab_fork(r, parent, "child");
	lab_look(r);
	lab_expect_frames(r, parent, child, ALL, true, "one frame for both");

	lab_step(r, "Both read every page",
		 "The entries are there: the kernel has nothing to do but to mark them as accessed, where the CPU does not.");
	lab_expect_reads(r, child, page, r->size);
	lab_expect_reads(r, parent, page, r->size);
	lab_look(r);
	lab_expect_moved(r, child, ALL, 0);
	lab_expect_moved(r, parent, ALL, 0);
	lab_expect(r, child, ALL, &expect_shared, "all pages: as they were");

	lab_step(r, "The child writes one byte",
		 "The first write copies one page and maps the copy, for the writer only.");
	lab_write(r, child, chosen, "c", COWI_NEXT_COPY);
	lab_look(r);
	lab_expect_moved(r, child, ALL, 1);
	lab_expect_moved(r, parent, ALL, 0);
	lab_expect(r, parent, IN(REST), &expect_shared,
		   "all other pages: as they were");

	lab_step(r, "The child writes there again",
		 "Its entry is writable now.");
	lab_write(r, child, chosen, "d", COWI_NEXT_NOFAULT);
	lab_look(r);
	lab_expect_moved(r, child, ALL, 0);
}

const struct lab readwrite_lab = {
	.name = "readwrite",
	.id = "C5",
	.question = "After fork: what does a read cost, and what a write?",
	.help =
		"After a fork both processes read every page; then the child\n"
		"writes one byte, twice.",
	.answer =
		"Reading changed no frame, and took no fault but to mark an entry\n"
		"as accessed, where the CPU does not do that itself. The first\n"
		"write to a page took one fault, which copied that page for the\n"
		"writer and nobody else. The next write to it was free.",
	.alike =
		"A read may be a fault, too, and map something: where nothing\n"
		"is there yet, it maps the zero page (lab zeropage).",
	.key = "cn",
	.pages = 16,
	.min_pages = 2,
	.run = run,
};
