// SPDX-License-Identifier: GPL-2.0
/* A4: the parent frees, allocates as much again and fills it. */
#include "block.h"
#include "labs.h"
#include "memory.h"

static void run(struct lab_run *r)
{
	struct actor *parent, *child;
	__u64 addr, again;
	struct block b;

	lab_step(r, "The parent fills a block", "As in lab heap.");
	parent = lab_actor(r, "parent");
	b = block_alloc(r, parent);
	child = block_fork(r, parent, &b);

	lab_step(r, "The parent frees the block and allocates as much again",
		 "malloc() gives back what it had from the kernel, and asks anew.");
	addr = lab_addr(r, b.page);
	lab_call(r, parent, mem_free, ARGS(addr), "let the parent free");
	again = lab_call(r, parent, mem_alloc,
			 ARGS(b.pages * r->status->page_size),
			 "let the parent allocate again");
	lab_look(r);
	lab_note(r, "the block was at %llx, the new one is at %llx", addr,
		 again);
	lab_check(r, again == addr, "the parent gets the same address again",
		  "it gets another one");
	lab_expect_number(r, lab_frames(r), b.pages + 1,
			  "frames: the child's, and one where malloc() noted the new block");

	lab_step(r, "The parent fills the new block with x",
		 "Each page is touched for the first time: a fresh frame, nothing is copied.");
	lab_write(r, parent, b.page + 1, "x", COWI_NEXT_ZEROFILL);
	block_fill(r, parent, &b, 'x');
	lab_look(r);
	lab_expect_frames(r, parent, child, ALL, false,
			  "no page has one frame for both");
	lab_expect_number(r, lab_frames(r), 2 * b.pages,
			  "frames: twice the block");
	lab_expect_text(r, parent, b.page + 1, 0, "xx");
	lab_expect_text(r, child, b.page, b.offset, "worldmm");
	block_expect_last(r, parent, &b, 'x');
	block_expect_last(r, child, &b, 'm');
}

const struct lab refill_lab = {
	.name = "refill",
	.id = "A4",
	.question = "The parent frees, allocates and refills: why does the machine swap?",
	.help =
		"As lab heap; then the parent frees the block, allocates as much\n"
		"again, gets the same address, and fills it with the letter x.",
	.answer =
		"One address, two processes, two sets of frames: the child still\n"
		"has every frame of the old block, and the parent has a new one\n"
		"for each page. Freeing gave nothing back, so that refilling\n"
		"needed twice the block: with 13 GB twice, the original swapped.",
	.alike =
		"A block that was only reserved also takes no frames from the\n"
		"old one. There, reads see the zero page (lab untouched).",
	.key = "cn",
	.pages = 64,
	.min_pages = 34,
	.run = run,
};
