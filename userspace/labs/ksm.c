// SPDX-License-Identifier: GPL-2.0
/* E7: pages of equal content are merged, and a write un-merges. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "labs.h"
#include "memory.h"

#define KSM_RUN		"/sys/kernel/mm/ksm/run"
#define WAIT_SECONDS	60

static int number_in(const char *path)
{
	FILE *f = fopen(path, "r");
	int n = -1;

	if (f && fscanf(f, "%d", &n) != 1)
		n = -1;
	if (f)
		fclose(f);
	return n;
}

static struct actor *merger(struct lab_run *r, const char *name, __u64 *addr)
{
	__u64 bytes = r->size * r->status->page_size;
	struct actor *a = lab_actor(r, name);

	*addr = lab_call(r, a, mem_map, ARGS(bytes, *addr ?
					     MAP_FIXED_NOREPLACE : 0, *addr),
			 "map memory");
	lab_call(r, a, mem_fill, ARGS(*addr, bytes, 'k'), "fill memory");
	lab_call(r, a, mem_advise, ARGS(*addr, bytes, MADV_MERGEABLE),
		 "offer memory to KSM");
	return a;
}

static bool merged(struct lab_run *r, const struct actor *a)
{
	struct page_view v;
	__u64 i;

	for (i = 0; i < r->pages && !lab_stopped(r); i++) {
		lab_look_at(r, a, i, &v);
		if (v.rec.kind != COWI_KIND_KSM)
			return false;
	}
	return true;
}

static bool wait_for_merge(struct lab_run *r, const struct actor *one,
			   const struct actor *two)
{
	const struct timespec moment = { .tv_nsec = 100 * 1000 * 1000 };
	int i;

	for (i = 0; i < WAIT_SECONDS * 10 && !lab_stopped(r); i++) {
		if (merged(r, one) && merged(r, two))
			return true;
		nanosleep(&moment, NULL);
	}
	return false;
}

static void acts(struct lab_run *r)
{
	static const struct page_expect ksm = {
		.check_kind = true,
		.kind = COWI_KIND_KSM,
		.write = EXPECT_NO,
		.check_outcome = true,
		.outcome = COWI_NEXT_COPY,
	};
	struct actor *one, *two;
	__u64 addr = 0, page;

	lab_step(r, "Two processes have pages of equal content",
		 "Neither is a child of the other, and each has filled its own pages. They offer them to KSM: madvise(MADV_MERGEABLE).");
	one = merger(r, "one", &addr);
	two = merger(r, "two", &addr);
	page = lab_region(r, NULL, addr, r->size);
	if (!wait_for_merge(r, one, two) && !lab_stopped(r)) {
		lab_skip(r,
			 "KSM has merged nothing in %d seconds: look at /sys/kernel/mm/ksm/pages_to_scan",
			 WAIT_SECONDS);
		return;
	}

	lab_step(r, "KSM has merged them", "All pages of both are one frame now.");
	lab_look(r);
	lab_expect(r, one, ALL, &ksm, "one: every page is KSM's");
	lab_expect(r, two, ALL, &ksm, "two: the same");
	lab_expect_number(r, lab_frames(r), 1, "frames behind all of it");

	lab_step(r, "One of them writes",
		 "It gets its own page back. That the content was equal is no business of the others.");
	lab_write(r, one, page, "o", COWI_NEXT_COPY);
	lab_look(r);
	lab_expect_moved(r, one, ALL, 1);
	lab_expect_moved(r, two, ALL, 0);
	lab_expect_text(r, one, page, 0, "ok");
	lab_expect_text(r, two, page, 0, "kk");
}

static void run(struct lab_run *r)
{
	int ksm_run = number_in(KSM_RUN);

	if (ksm_run < 0)
		lab_skip(r, "no KSM: this kernel is built without CONFIG_KSM");
	else if (ksm_run != 1)
		lab_skip(r, "KSM is off: echo 1 > %s", KSM_RUN);
	else
		acts(r);
}

const struct lab ksm_lab = {
	.name = "ksm",
	.id = "E7",
	.question = "Can pages be shared that were never inherited?",
	.help =
		"Two unrelated processes fill pages with the same bytes and\n"
		"offer them to KSM. When it has merged them, one writes.",
	.answer =
		"Yes: KSM finds pages of equal content and lets all of them be\n"
		"one write-protected frame, within a process and across. The\n"
		"next write copies it again. Copy-on-write does not need fork.",
	.alike =
		"After a fork pages with equal content are in one frame, too;\n"
		"these are not merged, as the kind of the page tells (lab\n"
		"fork).",
	.key = "c",
	.pages = 4,
	.min_pages = 2,
	.run = run,
};
