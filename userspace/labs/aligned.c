// SPDX-License-Identifier: GPL-2.0
/* E18: alignment and huge pages. */
#include "huge.h"
#include "labs.h"
#include "memory.h"

enum { ALIGNED, SHIFTED, WRITTEN };

static const struct page_expect huge = { .huge = EXPECT_YES };
static const struct page_expect small = { .huge = EXPECT_NO };

static void write_to_both(struct lab_run *r, struct actor *parent,
			  __u64 aligned, __u64 shifted)
{
	struct actor *child;

	lab_step(r, "The parent forks, and the child writes a byte to each",
		 "The same bytes at the same places.");
	child = lab_fork(r, parent, "child");
	lab_put(r, aligned, 1, WRITTEN);
	lab_put(r, shifted, 1, WRITTEN);
	lab_write(r, child, aligned, "c", COWI_NEXT_COPY);
	lab_write(r, child, shifted, "c", COWI_NEXT_COPY);
	lab_look(r);
	lab_expect(r, parent, IN(ALIGNED), &huge,
		   "the parent still maps the aligned one by one entry");
	lab_expect_frames(r, parent, child, NOT_IN(WRITTEN), true,
			  "all pages but those: one frame for both");
}

/*
 * How many folios are behind pages that were all filled: as many faults did that. Each
 * is a page, unless folios of a size between were asked for, for all memory of this
 * kind: since 6.8, by hugepages-*kB/enabled.
 */
static __u64 folios_of(struct lab_run *r, struct actor *a, __u64 page,
		       __u64 pages)
{
	__u64 folios = 0, end = page + pages;

	if (lab_stopped(r))
		return 0;
	for (; page < end; page++) {
		const struct page_view *v = lab_view(r, a, page);

		folios += !(v->pfn & ((1ULL << v->rec.folio_order) - 1));
	}
	if (folios < pages)
		lab_note(r,
			 "Here a fault brings several pages where it can: /sys/kernel/mm/transparent_hugepage/hugepages-*/enabled.");
	return folios;
}

static void acts(struct lab_run *r, __u64 size)
{
	__u64 pages = size / r->status->page_size, start, aligned, shifted;
	__u64 faults[2];
	struct actor *parent;

	lab_step(r, "A process maps the size of a huge page, twice",
		 "For both it asks for huge pages, by MADV_HUGEPAGE. The first begins at a multiple of that size; the second a page later, so it has no such multiple with a whole huge page behind it.");
	parent = lab_actor(r, "parent");
	lab_call(r, parent, mem_want_thp, ARGS(0), "allow huge pages");
	start = lab_call(r, parent, huge_map, ARGS(size, 1, 0), "map memory");
	aligned = lab_region(r, "aligned", start, pages);
	start = lab_call(r, parent, huge_map,
			 ARGS(size, 1, r->status->page_size), "map memory");
	shifted = lab_region(r, "shifted", start, pages);
	lab_put(r, shifted, pages, SHIFTED);
	/* The code that fills has faults of its own the first time. */
	lab_call(r, parent, mem_fill,
		 ARGS(lab_call(r, parent, mem_map, ARGS(r->status->page_size),
			       "map memory"), r->status->page_size, 'm'),
		 "fill memory");
	faults[0] = lab_fill(r, parent, aligned, pages, 'm');
	faults[1] = lab_fill(r, parent, shifted, pages, 'm');
	lab_look(r);
	if (!lab_stopped(r) && !lab_view(r, parent, aligned)->rec.map_order) {
		huge_missing(r);
		return;
	}
	lab_expect(r, parent, IN(ALIGNED), &huge, "aligned: one huge entry");
	lab_expect(r, parent, IN(SHIFTED), &small, "shifted: small entries");
	lab_expect_number(r, faults[0], 1, "faults to fill the aligned one");
	lab_expect_number(r, faults[1], folios_of(r, parent, shifted, pages),
			  "faults to fill the shifted one");
	write_to_both(r, parent, aligned, shifted);
}

static void run(struct lab_run *r)
{
	huge_run(r, acts);
}

const struct lab aligned_lab = {
	.name = "aligned",
	.id = "E18",
	.question = "Two megabytes and a huge page: is that the same?",
	.help =
		"A process maps memory of the size of a huge page at an address\n"
		"that is a multiple of that size, and the same a page later. It\n"
		"fills both, forks, and the child writes to each.",
	.answer =
		"Only if they are aligned. A huge entry maps a whole huge page\n"
		"that begins at a multiple of its size, so the memory that\n"
		"begins a page later got small pages, each by a fault of its\n"
		"own, whatever madvise() had asked for. What a write copies\n"
		"after fork is a small page in both.",
	.alike =
		"A huge page that was split is mapped by small entries as well,\n"
		"but its pages stay neighbours in one large folio (lab thp).",
	.key = "cc",
	.run = run,
};
