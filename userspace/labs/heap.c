// SPDX-License-Identifier: GPL-2.0
/* A1: one large block, a fork, five bytes written. */
#include "block.h"
#include "labs.h"

static void run(struct lab_run *r)
{
	struct actor *parent;
	struct block b;

	lab_step(r, "The parent fills a block",
		 "\"hello\" at its start, the letter m in all the rest. malloc() of a block this large is a mapping of its own.");
	parent = lab_actor(r, "parent");
	b = block_alloc(r, parent);
	block_fork(r, parent, &b);

	lab_step(r, "The parent writes to its page as well",
		 "Nobody but the parent maps it any more: the frame is kept.");
	lab_poke(r, parent, b.page, b.offset, "HELLO", 5, COWI_NEXT_REUSE);
	lab_look(r);
	lab_expect_moved(r, parent, ALL, 0);
	lab_expect(r, parent, IN(BLOCK_FIRST), &expect_own,
		   "the page is the parent's own again");
}

const struct lab heap_lab = {
	.name = "heap",
	.id = "A1",
	.question = "Two processes print the same address and different bytes: how?",
	.help =
		"A parent fills a large block from malloc() and forks. The\n"
		"child overwrites the first five bytes. Both print address and\n"
		"content, before and after. The original had 9,999,999,999\n"
		"bytes: --size 10G does it too, if there is memory for it.",
	.answer =
		"An address is a number that each process looks up in a page\n"
		"table of its own. The write gave the child another frame for\n"
		"one page, at an unchanged address, and copied this page, not the\n"
		"block. The child's RSS was as large as the block at once because\n"
		"RSS counts shared pages in full: it says nothing about copying.",
	.alike =
		"Two programs that never had anything in common also read\n"
		"different bytes at one address. There no frame was shared\n"
		"before (lab address).",
	.key = "cr",
	.pages = 64,
	.min_pages = 34,
	.run = run,
};
