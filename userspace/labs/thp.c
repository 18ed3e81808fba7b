// SPDX-License-Identifier: GPL-2.0
/* E5: transparent huge pages: what does one write copy? */
#include "huge.h"
#include "labs.h"
#include "memory.h"

/* Two huge pages: one that will be split, and one that will be kept whole. */
#define NR_HUGE		2

enum { SPLIT, WHOLE };

static const struct page_expect huge_shared = {
	.huge = EXPECT_YES,
	.mapcount = 2,
	.exclusive = EXPECT_NO,
	.write = EXPECT_NO,
	.check_outcome = true,
	.outcome = COWI_NEXT_COPY,
};

static const struct page_expect huge = { .huge = EXPECT_YES };
static const struct page_expect small = { .huge = EXPECT_NO };

static bool all_huge(const struct lab_run *r, const struct actor *a)
{
	__u64 i;

	for (i = 0; i < r->pages; i++) {
		if (!lab_view(r, a, i)->rec.map_order)
			return false;
	}
	return true;
}

static void first_scene(struct lab_run *r, struct actor *parent,
			struct actor *child, __u64 page, __u64 per_huge)
{
	lab_step(r, "The child writes one byte to the first huge page",
		 "The child's mapping of it is split into small entries, and then the rule for small pages holds: one small page is copied.");
	lab_write(r, child, page, "c", COWI_NEXT_COPY);
	lab_look(r);
	lab_expect_moved(r, child, ALL, 1);
	lab_expect(r, child, IN(SPLIT), &small,
		   "the child maps the first one by small entries now");
	lab_expect(r, parent, IN(SPLIT), &huge,
		   "the parent still maps it by one huge entry");
	lab_expect(r, child, IN(WHOLE), &huge_shared,
		   "the second huge page: as it was");
	lab_expect_number(r, lab_frames(r), NR_HUGE * per_huge + 1,
			  "frames behind all of it");
}

static void second_scene(struct lab_run *r, struct actor *parent,
			 struct actor *child, __u64 page, __u64 per_huge)
{
	lab_step(r, "The child exits, and the parent writes to both",
		 "Nobody else is left: the huge pages are kept whole.");
	lab_exit(r, child);
	lab_write(r, parent, page, "p", COWI_NEXT_REUSE);
	lab_write(r, parent, page + per_huge, "p", COWI_NEXT_REUSE);
	lab_look(r);
	lab_expect(r, parent, ALL, &huge, "both are mapped huge");
	lab_expect_moved(r, parent, ALL, 0);
}

static void acts(struct lab_run *r, __u64 size)
{
	__u64 per_huge = size / r->status->page_size, page;
	struct actor *parent, *child;

	lab_step(r, "A parent fills two huge pages and forks",
		 "One entry maps a huge page. fork copies the entries, here as always.");
	parent = lab_actor(r, "parent");
	lab_call(r, parent, mem_want_thp, ARGS(0), "allow huge pages");
	page = lab_region(r, NULL, lab_call(r, parent, huge_map,
					    ARGS(size, NR_HUGE, 0), "map memory"),
			  NR_HUGE * per_huge);
	lab_put(r, page + per_huge, per_huge, WHOLE);
	lab_fill(r, parent, page, NR_HUGE * per_huge, 'm');
	child = lab_fork(r, parent, "child");
	lab_look(r);
	if (!lab_stopped(r) && !all_huge(r, parent)) {
		huge_missing(r);
		return;
	}
	lab_expect(r, parent, ALL, &huge_shared,
		   "both: one huge entry, mapcount 2, write-protected");
	lab_expect_frames(r, parent, child, ALL, true, "the same frames");
	first_scene(r, parent, child, page, per_huge);
	second_scene(r, parent, child, page, per_huge);
}

static void run(struct lab_run *r)
{
	huge_run(r, acts);
}

const struct lab thp_lab = {
	.name = "thp",
	.id = "E5",
	.question = "Does a write to a shared huge page copy all of it?",
	.help =
		"A parent fills two transparent huge pages and forks. The child\n"
		"writes one byte to the first; then it exits and the parent\n"
		"writes to both.",
	.answer =
		"No, since Linux 5.8: the writer's mapping is split into small\n"
		"entries, and one small page is copied; before, all of it was. The\n"
		"parent's mapping stayed huge. A huge page that is nobody\n"
		"else's is kept whole.",
	.alike =
		"Memory of the same size that begins elsewhere never had a huge\n"
		"page: the same small copy, and nothing to split (lab aligned).",
	.key = "crr",
	.run = run,
};
