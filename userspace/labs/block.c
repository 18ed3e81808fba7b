// SPDX-License-Identifier: GPL-2.0
/* The block of memory of the labs A1 to A4, and what all of them do with it. */
#include "block.h"
#include "memory.h"

/* malloc's notes, before the block and behind it. */
#define HEAD	16

struct block block_alloc(struct lab_run *r, struct actor *a)
{
	struct block b = { .pages = r->size, .offset = HEAD };
	__u64 addr = lab_call(r, a, mem_alloc,
			      ARGS(b.pages * r->status->page_size),
			      "allocate the block");

	b.page = lab_region(r, NULL, addr, b.pages);
	lab_put(r, b.page, 1, BLOCK_FIRST);
	block_fill(r, a, &b, 'm');
	return b;
}

void block_fill(struct lab_run *r, struct actor *a, const struct block *b,
		char rest)
{
	__u64 bytes = b->pages * r->status->page_size - 2 * HEAD;
	__u64 addr = lab_addr(r, b->page) + b->offset;

	lab_call(r, a, mem_fill, ARGS(addr, bytes, rest), "fill the block");
	lab_call(r, a, mem_hello, ARGS(addr), "write hello");
}

static __u64 last_offset(const struct lab_run *r)
{
	return r->status->page_size - HEAD - 1;
}

void block_expect_last(struct lab_run *r, struct actor *a,
		       const struct block *b, char letter)
{
	char text[2] = { letter };

	lab_expect_text(r, a, b->page + b->pages - 1, last_offset(r), text);
}

/* A tool that shows RSS counts a shared page once for each of its sharers. */
static void check_memory(struct lab_run *r, const struct actor *parent,
			 const struct actor *child, __u64 block_bytes)
{
	const struct actor *both[] = { parent, child };
	__u64 rss = 0, pss = 0;
	char text[64];
	int i;

	for (i = 0; i < 2 && !lab_stopped(r); i++) {
		__u64 own_rss = lab_smaps(r, both[i], "Rss");
		__u64 own_pss = lab_smaps(r, both[i], "Pss");

		lab_note(r, "%-7s RSS %8llu KiB, PSS %8llu KiB", both[i]->name,
			 own_rss >> 10, own_pss >> 10);
		snprintf(text, sizeof(text), "the %s's RSS has the whole block",
			 both[i]->name);
		lab_check(r, own_rss >= block_bytes, text, "it is smaller");
		rss += own_rss;
		pss += own_pss;
	}
	lab_check(r, rss - pss >= block_bytes,
		  "both RSS together count the block twice, both PSS once",
		  "they differ by less than the block");
}

struct actor *block_fork(struct lab_run *r, struct actor *parent,
			 const struct block *b)
{
	struct actor *child;

	lab_show_at(r, b->page, b->offset);
	lab_look(r);
	lab_expect(r, parent, ALL, &expect_own,
		   "every page is the parent's own");

	lab_step(r, "fork",
		 "The child has the block at the same addresses and reads the same bytes.");
	child = lab_fork(r, parent, "child");
	lab_look(r);
	lab_expect_frames(r, parent, child, ALL, true,
			  "every page: one frame for both");
	lab_expect(r, parent, ALL, &expect_shared,
		   "every page: mapcount 2, write-protected");
	lab_expect_number(r, lab_frames(r), b->pages,
			  "frames behind the block");
	lab_expect_text(r, child, b->page, b->offset, "hellomm");
	check_memory(r, parent, child, b->pages * r->status->page_size);

	lab_step(r, "The child overwrites 5 bytes",
		 "\"world\" over \"hello\". The address stays what it was, as the page table behind it does not: the copy has another frame.");
	lab_poke(r, child, b->page, b->offset, "world", 5, COWI_NEXT_COPY);
	lab_look(r);
	lab_expect_moved(r, child, ALL, 1);
	lab_expect_moved(r, parent, ALL, 0);
	lab_expect(r, parent, IN(BLOCK_REST), &expect_shared,
		   "all other pages: still mapcount 2");
	lab_expect(r, child, IN(BLOCK_FIRST), &expect_own,
		   "the child owns the copy");
	lab_expect_number(r, lab_frames(r), b->pages + 1,
			  "frames behind the block");
	lab_expect_text(r, child, b->page, b->offset, "worldmm");
	lab_expect_text(r, parent, b->page, b->offset, "hellomm");
	return child;
}
