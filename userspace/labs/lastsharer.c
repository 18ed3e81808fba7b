// SPDX-License-Identifier: GPL-2.0
/* E1: the last sharer reuses, unless somebody holds a reference. */
#include "labs.h"
#include "memory.h"

enum { REST, HELD };

static void run(struct lab_run *r)
{
	static const struct page_expect held = {
		.mapcount = 1,
		.refcount = 2,
		.exclusive = EXPECT_NO,
		.write = EXPECT_NO,
		.check_outcome = true,
		.outcome = COWI_NEXT_COPY,
	};
	struct actor *parent, *child;
	__u64 page, chosen[2];

	lab_step(r, "A parent fills its pages and forks",
		 "The child does nothing with them.");
	parent = lab_actor(r, "parent");
	page = lab_map(r, parent, NULL, r->size);
	lab_choose(r, page, r->size, chosen, 2);
	lab_fill(r, parent, page, r->size, 'm');
	child = lab_fork(r, parent, "child");
	lab_look(r);
	lab_expect(r, parent, ALL, &expect_shared, "all pages: mapcount 2");

	lab_step(r, "The child exits",
		 "The parent is the last sharer of every page. Its page table has not changed.");
	lab_exit(r, child);
	lab_look(r);
	lab_expect(r, parent, ALL, &expect_left,
		   "all pages: mapcount 1, not exclusive, write-protected");

	lab_step(r, "The parent writes to one page", "A fault, and no copy.");
	lab_write(r, parent, chosen[0], "p", COWI_NEXT_REUSE);
	lab_look(r);
	lab_expect_moved(r, parent, ALL, 0);

	lab_step(r, "Another page is put into a pipe",
		 "By vmsplice(2): the pipe holds a reference to the page. The mapcount stays 1.");
	lab_call(r, parent, mem_into_pipe,
		 ARGS(lab_addr(r, chosen[1]), r->status->page_size),
		 "put a page into a pipe");
	lab_hold(r, parent, chosen[1], "pipe");
	lab_put(r, chosen[1], 1, HELD);
	lab_look(r);
	lab_expect(r, parent, IN(HELD), &held,
		   "that page: mapcount 1, refcount 2");

	lab_step(r, "The parent writes to the page that is in the pipe",
		 "Mapped once, as the page before.");
	lab_write(r, parent, chosen[1], "p", COWI_NEXT_COPY);
	lab_look(r);
	lab_expect_moved(r, parent, ALL, 1);
}

const struct lab lastsharer_lab = {
	.name = "lastsharer",
	.id = "E1",
	.question = "Does a mapcount of 1 mean that a write does not copy?",
	.help =
		"A child exits and leaves its parent as the last to map each\n"
		"page. The parent writes to one of them, and then to one that a\n"
		"pipe holds too.",
	.answer =
		"No. The last sharer keeps a page only if nobody holds another\n"
		"reference to it. The page in the pipe was mapped once like the\n"
		"others and was copied nevertheless: the pipe must keep what was\n"
		"put in. The kernel asks for references, not for mappings.",
	.alike =
		"The page before looked the same by its mapcount, and was kept\n"
		"(step 3).",
	.key = "rc",
	.pages = 8,
	.min_pages = 2,
	.run = run,
};
