// SPDX-License-Identifier: GPL-2.0
/* E6: pages of hugetlb are copied whole. */
#include <stdio.h>
#include <sys/mman.h>

#include "labs.h"
#include "memory.h"

/* One that will be copied, and one that will be kept. */
#define NR_HUGE		2

enum { COPIED, KEPT };

/* A line of /proc/meminfo. */
static __u64 read_meminfo(const char *format)
{
	FILE *f = fopen("/proc/meminfo", "r");
	unsigned long long value = 0;
	char line[128];

	while (f && fgets(line, sizeof(line), f))
		sscanf(line, format, &value);
	if (f)
		fclose(f);
	return value;
}

static void run(struct lab_run *r)
{
	__u64 size = read_meminfo("Hugepagesize: %llu") << 10, page, per_huge;
	struct actor *parent, *child;

	if (!size) {
		lab_skip(r, "no hugetlb: this kernel is built without CONFIG_HUGETLBFS");
		return;
	}
	if (read_meminfo("HugePages_Free: %llu") < NR_HUGE + 1) {
		lab_skip(r,
			 "no free hugetlb pages, and the lab needs %d: echo 4 > /proc/sys/vm/nr_hugepages",
			 NR_HUGE + 1);
		return;
	}
	per_huge = size / r->status->page_size;
	lab_step(r, "A parent fills two pages of hugetlb and forks",
		 "They come from a pool that somebody has set aside (nr_hugepages), and are never split.");
	parent = lab_actor(r, "parent");
	page = lab_region(r, NULL,
			  lab_call(r, parent, mem_map,
				   ARGS(NR_HUGE * size, MAP_HUGETLB),
				   "map hugetlb memory"), NR_HUGE * per_huge);
	lab_put(r, page + per_huge, per_huge, KEPT);
	lab_fill(r, parent, page, NR_HUGE * per_huge, 'm');
	child = lab_fork(r, parent, "child");
	lab_look(r);
	lab_expect_frames(r, parent, child, ALL, true, "the same frames");

	lab_step(r, "The child writes one byte to the first",
		 "What is never split can only be copied whole.");
	lab_write(r, child, page, "c", COWI_NEXT_COPY);
	lab_look(r);
	lab_expect_moved(r, child, IN(COPIED), per_huge);
	lab_expect_moved(r, child, IN(KEPT), 0);
	lab_expect_moved(r, parent, ALL, 0);

	lab_step(r, "The parent writes to the first as well",
		 "It is the last to map that one.");
	lab_write(r, parent, page, "p", COWI_NEXT_REUSE);
	lab_look(r);
	lab_expect_moved(r, parent, ALL, 0);

	lab_step(r, "The child exits, and the parent writes to the second",
		 "Here the kernel does go by the mapcount, on purpose: a copy too many could empty the pool.");
	lab_exit(r, child);
	lab_write(r, parent, page + per_huge, "p", COWI_NEXT_REUSE);
	lab_look(r);
	lab_expect_moved(r, parent, ALL, 0);
}

const struct lab hugetlb_lab = {
	.name = "hugetlb",
	.id = "E6",
	.question = "And a write to a shared page of hugetlb?",
	.help =
		"As lab thp, with memory mapped by MAP_HUGETLB. It needs three\n"
		"free huge pages in the pool.",
	.answer =
		"One byte written copied the whole huge page, 512 frames where\n"
		"it has 2 MiB, since hugetlb pages are never split. If the\n"
		"pool is empty at that moment the write cannot be done at all,\n"
		"which is why servers that use them avoid fork.",
	.alike =
		"A transparent huge page is as large, and one write copies a\n"
		"small page of it (lab thp).",
	.key = "crr",
	.run = run,
};
