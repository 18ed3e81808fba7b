// SPDX-License-Identifier: GPL-2.0
/* E8: swapped out and back. */
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>

#include "labs.h"
#include "memory.h"

#define PAGEOUT_TRIES	20

enum { REST, READ, WRITTEN };

/* /proc/swaps has a line of headings, and one for each area. */
static bool have_swap(void)
{
	FILE *f = fopen("/proc/swaps", "r");
	char line[256];
	int lines = 0;

	while (f && fgets(line, sizeof(line), f))
		lines++;
	if (f)
		fclose(f);
	return lines > 1;
}

static bool all_out(struct lab_run *r, const struct actor *a)
{
	struct page_view v;
	__u64 i;

	for (i = 0; i < r->pages && !lab_stopped(r); i++) {
		lab_look_at(r, a, i, &v);
		if (!v.mapped || v.rec.kind != COWI_KIND_SWAP)
			return false;
	}
	return true;
}

/* A page that somebody else holds for a moment stays: ask again. */
static bool page_out(struct lab_run *r, struct actor *a)
{
	const struct timespec moment = { .tv_nsec = 10 * 1000 * 1000 };
	int i;

	for (i = 0; i < PAGEOUT_TRIES && !lab_stopped(r); i++) {
		lab_call(r, a, mem_advise,
			 ARGS(lab_addr(r, 0), r->pages * r->status->page_size,
			      MADV_PAGEOUT), "page memory out");
		if (all_out(r, a))
			return true;
		nanosleep(&moment, NULL);
	}
	return false;
}

static void acts(struct lab_run *r)
{
	static const struct page_expect out = {
		.check_kind = true,
		.kind = COWI_KIND_SWAP,
		.check_outcome = true,
		.outcome = COWI_NEXT_SWAPIN,
	};
	static const struct page_expect back = {
		.mapcount = 1,
		.write = EXPECT_YES,
		.exclusive = EXPECT_YES,
	};
	struct actor *parent, *child;
	__u64 page, chosen[3];

	lab_step(r, "A parent's pages are swapped out",
		 "By madvise(MADV_PAGEOUT). The entries hold a place in the swap area instead of a frame.");
	parent = lab_actor(r, "parent");
	page = lab_map(r, parent, NULL, r->size);
	lab_choose(r, page, r->size, chosen, 3);
	lab_fill(r, parent, page, r->size, 'm');
	lab_look(r);
	if (!page_out(r, parent) && !lab_stopped(r)) {
		lab_skip(r, "no page went to swap: is it full, or used up by a limit?");
		return;
	}
	lab_look(r);
	lab_expect(r, parent, ALL, &out, "all pages: swapped out");
	lab_expect_number(r, lab_frames(r), 0, "frames behind them");

	lab_step(r, "The parent writes to one of them",
		 "It has to come back first. Nobody else has it: the page is the parent's own again.");
	lab_write(r, parent, chosen[0], "p", COWI_NEXT_SWAPIN);
	lab_put(r, chosen[0], 1, READ);
	lab_look(r);
	lab_expect(r, parent, IN(READ), &back,
		   "that page: mapcount 1, exclusive, writable");

	lab_step(r, "fork",
		 "Swap entries are copied like any other: both name the same places.");
	child = lab_fork(r, parent, "child");
	lab_look(r);
	lab_expect(r, child, IN(REST), &out, "the child's are swapped out, too");

	lab_step(r, "The child writes to a page that is swapped out for both",
		 "It comes back, and the parent's place in swap stays: the child has a frame of its own.");
	lab_write(r, child, chosen[1], "c", COWI_NEXT_SWAPIN);
	lab_put(r, chosen[1], 1, WRITTEN);
	lab_look(r);
	lab_expect(r, child, IN(WRITTEN), &back,
		   "the child's page: mapcount 1, exclusive, writable");
	lab_expect_text(r, child, chosen[1], 0, "cm");
	lab_expect_text(r, parent, chosen[1], 0, "mm");
	lab_look(r);
	lab_expect_frames(r, parent, child, IN(WRITTEN), false,
			  "two frames, once the parent has read its own");
}

static void run(struct lab_run *r)
{
	if (have_swap())
		acts(r);
	else
		lab_skip(r,
			 "no swap: a swap area is needed, such as one on zram: modprobe zram; echo 64M > /sys/block/zram0/disksize; mkswap /dev/zram0; swapon /dev/zram0");
}

const struct lab swap_lab = {
	.name = "swap",
	.id = "E8",
	.question = "What does copy-on-write do to a page that is swapped out?",
	.help =
		"A parent's pages are swapped out; it writes to one, forks, and\n"
		"the child writes to another.",
	.answer =
		"Being swapped out changes where a page is, not whose it is.\n"
		"Alone, the parent got its page back as its own, without a copy.\n"
		"After fork both entries named one place in swap, and the\n"
		"child's write left the parent what it had.",
	.alike =
		"A page that was never touched has no frame either, and its\n"
		"first write is no swap-in (lab untouched).",
	.key = "nn",
	.pages = 8,
	.min_pages = 4,
	.run = run,
};
