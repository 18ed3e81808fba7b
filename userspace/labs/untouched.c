// SPDX-License-Identifier: GPL-2.0
/* D2: the same with blocks that nobody has touched. */
#include "blocks.h"
#include "labs.h"

static void run(struct lab_run *r)
{
	struct actor *parent, *reader, *writer;
	struct changes d;
	struct blocks b;

	if (r->status->page_size > BLOCK_TOUCHED) {
		lab_skip(r,
			 "pages have %llu bytes: some of those that are touched have notes of malloc() as well",
			 r->status->page_size);
		return;
	}
	lab_step(r, "The parent allocates the blocks, writes nothing, and forks",
		 "malloc() reserves addresses. The pages that are there hold malloc's own notes, at the border of two blocks.");
	parent = lab_actor(r, "parent");
	b = blocks_alloc(r, parent, BLOCKS_LEAVE);
	reader = lab_fork(r, parent, "reader");
	writer = lab_fork(r, parent, "writer");
	lab_look(r);
	lab_put(r, b.page, 1, 1);
	lab_expect(r, parent, IN(1), &expect_absent,
		   "the page that will be touched does not exist");

	lab_step(r, "The reader reads byte 10,240 of each block",
		 "There is nothing to read yet: all such reads see one page of zeros, which the kernel keeps for this.");
	d = blocks_watch(r, reader, &b, false, BLOCKS_UNASKED);
	lab_look(r);
	lab_expect(r, reader, IN(1), &expect_zero, "it maps the zero page");
	lab_expect_number(r, d.zero, b.nr, "zero pages mapped");
	lab_expect_number(r, d.copied + d.fresh, 0, "frames taken");

	lab_step(r, "The writer writes it",
		 "The first touch allocates. There is nothing to copy.");
	d = blocks_watch(r, writer, &b, true, COWI_NEXT_ZEROFILL);
	lab_look(r);
	lab_expect(r, writer, IN(1), &expect_own, "it has a page of its own");
	lab_expect_number(r, d.fresh, b.nr, "fresh zeroed pages");
	lab_expect_number(r, d.copied, 0, "copies in the blocks");
}

const struct lab untouched_lab = {
	.name = "untouched",
	.id = "D2",
	.question = "The same without filling the blocks: why are there no copies?",
	.help =
		"As lab count, but the parent writes nothing into the blocks.",
	.answer =
		"malloc only reserves addresses, and the first touch allocates:\n"
		"reads mapped the one zero page, writes got fresh zeroed pages.\n"
		"There was no content, so nothing could be copied, whoever\n"
		"wrote first.",
	.alike =
		"As many faults, and as many copies: 1000 writes to blocks that\n"
		"were filled before the fork (lab count).",
	.key = "n",
	.pages = BLOCKS_PAGES,
	.bytes_stay = true,
	.min_pages = 50,
	.align = 25,
	.run = run,
};
