// SPDX-License-Identifier: GPL-2.0
/* A3: the parent frees the block and exits before the child is done. */
#include "block.h"
#include "labs.h"
#include "memory.h"

static void run(struct lab_run *r)
{
	struct actor *parent, *child;
	struct block b;

	lab_step(r, "The parent fills a block", "As in lab heap.");
	parent = lab_actor(r, "parent");
	b = block_alloc(r, parent);
	child = block_fork(r, parent, &b);

	lab_step(r, "The parent calls free()",
		 "Its mapping is gone at once. The frames that the child maps too cannot go: only their mapcount falls.");
	lab_call(r, parent, mem_free, ARGS(lab_addr(r, b.page)),
		 "let the parent free the block");
	lab_look(r);
	lab_expect(r, parent, ALL, &expect_absent,
		   "the parent maps none of it");
	lab_expect(r, child, IN(BLOCK_REST), &expect_left,
		   "the child's pages: mapcount 1, and yet write-protected");
	lab_expect_moved(r, child, ALL, 0);

	lab_step(r, "The parent exits", "Nothing is left of it.");
	lab_exit(r, parent);
	lab_look(r);
	lab_expect_text(r, child, b.page, b.offset, "worldmm");
	block_expect_last(r, child, &b, 'm');
	lab_expect_number(r, lab_frames(r), b.pages,
			  "frames behind the block");

	lab_step(r, "The child writes to a page that was shared",
		 "There is nobody left to copy it for.");
	lab_write(r, child, b.page + 1, "c", COWI_NEXT_REUSE);
	lab_write(r, child, b.page + 1, "C", COWI_NEXT_NOFAULT);
	lab_look(r);
	lab_expect_moved(r, child, ALL, 0);
}

const struct lab freefirst_lab = {
	.name = "freefirst",
	.id = "A3",
	.question = "What is left to the child if the parent frees the memory first?",
	.help =
		"As lab heap; then the parent calls free() and exits while the\n"
		"child goes on with the block.",
	.answer =
		"free() takes the parent's page table entries away, not the\n"
		"frames: each lives as long as somebody maps it. The child's\n"
		"entries stay write-protected, as nobody tells it that it is\n"
		"alone now; its next write finds out and reuses the page.",
	.alike =
		"A page that a pipe or a device holds has mapcount 1, too, and\n"
		"its next write copies: the refcount tells them apart (lab\n"
		"lastsharer).",
	.key = "crn",
	.pages = 64,
	.min_pages = 34,
	.run = run,
};
