// SPDX-License-Identifier: GPL-2.0
/* E10: three generations share a page. */
#include "labs.h"

static void run(struct lab_run *r)
{
	struct page_expect shared = {
		.mapcount = 3,
		.refcount = 3,
		.exclusive = EXPECT_NO,
		.write = EXPECT_NO,
		.check_outcome = true,
		.outcome = COWI_NEXT_COPY,
	};
	struct actor *grandparent, *parent, *child;
	__u64 page;

	lab_step(r, "A grandparent forks a parent, which forks a child",
		 "Each fork copies the entries once more.");
	grandparent = lab_actor(r, "grandparent");
	page = lab_map(r, grandparent, NULL, r->size);
	lab_fill(r, grandparent, page, r->size, 'm');
	parent = lab_fork(r, grandparent, "parent");
	child = lab_fork(r, parent, "child");
	lab_look(r);
	lab_expect(r, grandparent, ALL, &shared, "grandparent: mapcount 3");
	lab_expect(r, child, ALL, &shared, "child: mapcount 3");
	lab_expect_number(r, lab_frames(r), r->size, "frames for all three");

	lab_step(r, "The grandparent writes", "It leaves; two are left.");
	lab_write(r, grandparent, page, "g", COWI_NEXT_COPY);
	lab_put(r, page, 1, 1);
	lab_look(r);
	lab_expect(r, parent, IN(1), &expect_shared,
		   "parent and child: mapcount 2");
	lab_expect_frames(r, parent, child, IN(1), true,
			  "parent and child: still one frame");

	lab_step(r, "The parent writes", "It leaves; one is left.");
	lab_write(r, parent, page, "p", COWI_NEXT_COPY);
	lab_look(r);
	lab_expect(r, child, IN(1), &expect_left,
		   "child: mapcount 1, still write-protected");

	lab_step(r, "The child writes", "The frame that the grandparent once filled is kept.");
	lab_write(r, child, page, "c", COWI_NEXT_REUSE);
	lab_look(r);
	lab_expect_moved(r, child, ALL, 0);
	lab_expect_text(r, grandparent, page, 0, "gm");
	lab_expect_text(r, parent, page, 0, "pm");
	lab_expect_text(r, child, page, 0, "cm");
	lab_expect_number(r, lab_frames(r), r->size + 2, "frames for all three");
}

const struct lab generations_lab = {
	.name = "generations",
	.id = "E10",
	.question = "Three generations share a page: who copies, and how often?",
	.help =
		"A grandparent, its child and its grandchild have a page in\n"
		"common. They write to it one after the other.",
	.answer =
		"Three sharers make two copies: each writer copies as long as\n"
		"somebody else is left, and the last one keeps the page. Who\n"
		"filled it, and who is whose parent, does not matter.",
	.alike =
		"A mapcount of 1 after all others have written is not the same\n"
		"as nobody else holding the page (lab lastsharer).",
	.key = "ccr",
	.pages = 2,
	.min_pages = 2,
	.run = run,
};
