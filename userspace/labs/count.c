// SPDX-License-Identifier: GPL-2.0
/* D1: count the copies: 1000 blocks, a reader and a writer. */
#include <unistd.h>

#include "blocks.h"
#include "labs.h"
#include "memory.h"

static void small_pages(struct lab_run *r)
{
	struct actor *parent, *reader, *writer;
	struct changes d;
	struct blocks b;

	lab_step(r, "The parent fills the blocks and forks a reader and a writer",
		 "Each block has 102,400 bytes. The first two are shown. The reader and the writer will touch byte 10,240 of each block: another page each time.");
	parent = lab_actor(r, "parent");
	b = blocks_alloc(r, parent, BLOCKS_FILL);
	reader = lab_fork(r, parent, "reader");
	writer = lab_fork(r, parent, "writer");
	lab_look(r);
	lab_expect_frames(r, reader, writer, ALL, true,
			  "one frame for all three");

	lab_step(r, "The reader reads", "Nothing has to be copied.");
	d = blocks_watch(r, reader, &b, false, BLOCKS_UNASKED);
	lab_expect_number(r, d.copied, 0, "copies of the reader in the blocks");

	lab_step(r, "The writer writes",
		 "One copy for each block, no more: two of them are in sight. What else the process takes faults for meanwhile is listed by mapping.");
	d = blocks_watch(r, writer, &b, true, COWI_NEXT_COPY);
	lab_look(r);
	lab_expect_number(r, d.copied, b.nr,
			  "copies of the writer in the blocks");
	lab_expect_number(r, d.reused + d.fresh, 0,
			  "other outcomes there");
	lab_expect_moved(r, reader, ALL, 0);
	lab_exit(r, reader);
	lab_exit(r, writer);
	lab_exit(r, parent);
}

static void huge_pages(struct lab_run *r)
{
	struct actor *parent, *writer;
	struct changes d;
	struct blocks b;

	lab_step(r, "The same with transparent huge pages",
		 "A system that uses them gives other numbers to those who count calls of a kernel function: since Linux 5.8 a write to a shared huge page splits the mapping and copies a small page of it.");
	if (access("/sys/kernel/mm/transparent_hugepage", F_OK)) {
		lab_note(r, "left out: this kernel has no transparent huge pages");
		return;
	}
	lab_forget(r);
	parent = lab_actor(r, "parent");
	lab_call(r, parent, mem_want_thp, ARGS(0), "allow huge pages");
	b = blocks_alloc(r, parent, BLOCKS_FILL_HUGE);
	writer = lab_fork(r, parent, "writer");
	d = blocks_watch(r, writer, &b, true, BLOCKS_UNASKED);
	lab_look(r);
	lab_note(r, "mapped by huge entries: %llu pages before, %llu after",
		 d.huge, d.huge_left);
	if (!d.huge && !lab_stopped(r))
		lab_note(r, "the kernel gave no huge page this time");
	lab_expect_number(r, d.copied, b.nr,
			  "copies of the writer in the blocks, of a small page each");
}

static void run(struct lab_run *r)
{
	small_pages(r);
	huge_pages(r);
}

const struct lab count_lab = {
	.name = "count",
	.id = "D1",
	.question = "1000 blocks, one write to each: how many copies does it take?",
	.help =
		"A parent fills 1000 blocks of 102,400 bytes and forks twice.\n"
		"One child reads byte 10,240 of each block, the other writes it.\n"
		"The original counted calls of a kernel function from outside\n"
		"and saw 312 for the writer. Here every page of the process is\n"
		"compared, before and after, and every fault is observed.",
	.answer =
		"1000 writes to 1000 different pages made exactly 1000 copies,\n"
		"and reading made none. What more faults there are belongs to\n"
		"the program's own code and variables, and is listed. A count of\n"
		"312 cannot be right for small pages: a probe on one kernel\n"
		"function misses what goes another way, such as huge pages.",
	.alike =
		"As many faults, and no copy: 1000 writes to blocks that were\n"
		"never filled (lab untouched).",
	.key = "c",
	.pages = BLOCKS_PAGES,
	.bytes_stay = true,
	.min_pages = 50,
	.align = 25,
	.run = run,
};
