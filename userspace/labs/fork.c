// SPDX-License-Identifier: GPL-2.0
/* Does fork really not copy? The first lab to run, and the one to imitate. */
#include "labs.h"

#define NR_WRITTEN	4

/* Sets: pages that nobody writes to are in 0. */
enum { REST, WRITTEN, TAKEN };

static void child_writes(struct lab_run *r, const struct actor *parent,
			 struct actor *child, const __u64 *page)
{
	int i;

	for (i = 0; i < NR_WRITTEN; i++) {
		lab_put(r, page[i], 1, WRITTEN);
		lab_write(r, child, page[i], "c", COWI_NEXT_COPY);
	}
	lab_look(r);
	lab_expect_frames(r, parent, child, IN(WRITTEN), false,
			  "written pages: two frames now");
	lab_expect(r, child, IN(WRITTEN), &expect_own,
		   "child, written pages: mapcount 1, refcount 1, exclusive, writable");
	lab_expect(r, parent, IN(WRITTEN), &expect_left,
		   "parent, the same pages: mapcount 1, refcount 1, yet still write-protected");
	lab_expect_frames(r, parent, child, IN(REST), true,
			  "all other pages: still one frame");
	lab_expect(r, parent, IN(REST), &expect_shared,
		   "all other pages: unchanged");
}

static void parent_writes(struct lab_run *r, struct actor *parent,
			  struct actor *child, const __u64 *page,
			  __u64 still_shared)
{
	lab_write(r, parent, page[0], "p", COWI_NEXT_REUSE);
	lab_write(r, parent, still_shared, "p", COWI_NEXT_COPY);
	lab_put(r, page[0], 1, TAKEN);
	lab_put(r, still_shared, 1, TAKEN);
	lab_look(r);
	lab_expect(r, parent, IN(TAKEN), &expect_own,
		   "parent, both pages: exclusive and writable now");
	lab_expect_frames(r, parent, child, IN(REST), true,
			  "pages that nobody wrote to: still one frame");
	lab_expect_text(r, parent, page[1], 0, "m");
	lab_expect_text(r, child, page[0], 0, "c");
	lab_expect_text(r, child, still_shared, 0, "m");
}

static void run(struct lab_run *r)
{
	/* Behind those of the child: one that the parent copies, one it keeps. */
	__u64 page[NR_WRITTEN + 2], first;
	struct actor *parent, *child;

	lab_step(r, "Right after fork, before any write",
		 "A parent fills its region and forks. Both map the region at the same addresses.");
	parent = lab_actor(r, "parent");
	first = lab_map(r, parent, NULL, r->size);
	lab_choose(r, first, r->size, page, NR_WRITTEN + 2);
	lab_fill(r, parent, first, r->size, 'm');
	child = lab_fork(r, parent, "child");
	lab_look(r);
	lab_expect_frames(r, parent, child, ALL, true,
			  "all pages: parent and child map the same frame");
	lab_expect(r, parent, ALL, &expect_shared,
		   "parent, all pages: mapcount 2, refcount 2, not exclusive, write-protected");
	lab_expect(r, child, ALL, &expect_shared, "child, all pages: the same");

	lab_step(r, "The child writes to four pages",
		 "Each write must give the child a frame of its own, and leave the parent the old one.");
	child_writes(r, parent, child, page);

	lab_step(r, "The parent writes to two pages",
		 "To one that the child has left, and to one that both still share.");
	parent_writes(r, parent, child, page, page[NR_WRITTEN]);

	lab_step(r, "The child exits",
		 "The parent is the last to map each frame, but its entries are still write-protected: nobody has told them.");
	lab_exit(r, child);
	lab_look(r);
	lab_expect(r, parent, IN(REST), &expect_left,
		   "pages that nobody wrote to: mapcount 1, still write-protected");

	lab_step(r, "The parent writes to a page that was shared until then",
		 "The fault finds that nobody else is left, and keeps the frame.");
	lab_write(r, parent, page[NR_WRITTEN + 1], "p", COWI_NEXT_REUSE);
	lab_look(r);
}

const struct lab fork_lab = {
	.name = "fork",
	.id = "A0",
	.question = "Does fork really not copy?",
	.help =
		"A process fills a region of private memory and forks. The\n"
		"child writes to some pages, then the parent, then the child\n"
		"exits. After each step the page tables of both are read, and\n"
		"what each write did is compared with what the module had\n"
		"predicted.",
	.answer =
		"fork copied page table entries, not pages: both processes\n"
		"mapped the same frames until somebody wrote. Each first write\n"
		"to a shared page copied that one page, for the writer only, at\n"
		"an unchanged address. Whoever was left as the last to map a\n"
		"frame kept it: its write reused the frame without copying.",
	.alike =
		"Memory that is meant to be shared: it is mapped twice as well,\n"
		"but its entries stay writable, and a write moves nothing (lab\n"
		"shared).",
	.key = "crcr",
	.pages = 16,
	.min_pages = 8,
	.run = run,
};
