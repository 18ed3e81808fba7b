// SPDX-License-Identifier: GPL-2.0
/* Does fork really not copy? The first lab to run, and the one to imitate. */
#include <errno.h>
#include <stdlib.h>

#include "lab.h"

#define NR_WRITTEN	4

/* Which pages a check is about. */
struct sets {
	bool *all;
	bool *written;	/* by the child */
	bool *others;	/* not written by anybody, to the end but one */
};

static bool sets_init(struct sets *s, __u64 pages)
{
	s->all = calloc(pages, sizeof(bool));
	s->written = calloc(pages, sizeof(bool));
	s->others = calloc(pages, sizeof(bool));
	return s->all && s->written && s->others;
}

static void sets_release(struct sets *s)
{
	free(s->all);
	free(s->written);
	free(s->others);
}

static const struct page_expect shared = {
	.mapcount = 2,
	.refcount = 2,
	.exclusive = EXPECT_NO,
	.write = EXPECT_NO,
	.check_outcome = true,
	.outcome = COWI_NEXT_COPY,
};

static const struct page_expect own = {
	.mapcount = 1,
	.refcount = 1,
	.exclusive = EXPECT_YES,
	.write = EXPECT_YES,
	.check_outcome = true,
	.outcome = COWI_NEXT_NOFAULT,
};

/* What the last sharer is left with: alone, but not told so yet. */
static const struct page_expect left_over = {
	.mapcount = 1,
	.refcount = 1,
	.exclusive = EXPECT_NO,
	.write = EXPECT_NO,
	.check_outcome = true,
	.outcome = COWI_NEXT_REUSE,
};

static void before_any_write(struct lab_run *r, const struct actor *parent,
			     const struct actor *child, const struct sets *s)
{
	lab_look(r);
	lab_expect_frames(r, parent, child, s->all, true,
			  "all pages: parent and child map the same frame");
	lab_expect(r, parent, s->all, &shared,
		   "parent, all pages: mapcount 2, refcount 2, not exclusive, write-protected, the next write copies");
	lab_expect(r, child, s->all, &shared,
		   "child, all pages: the same");
}

static void child_writes(struct lab_run *r, const struct actor *parent,
			 struct actor *child, const struct sets *s,
			 const __u64 *page)
{
	size_t i;

	for (i = 0; i < NR_WRITTEN; i++)
		lab_write(r, child, page[i], 'c', COWI_NEXT_COPY);
	lab_look(r);
	lab_expect_frames(r, parent, child, s->written, false,
			  "written pages: two frames now");
	lab_expect(r, child, s->written, &own,
		   "child, written pages: mapcount 1, refcount 1, exclusive, writable");
	lab_expect(r, parent, s->written, &left_over,
		   "parent, the same pages: mapcount 1, refcount 1, yet still write-protected: the next write reuses");
	lab_expect_frames(r, parent, child, s->others, true,
			  "all other pages: still one frame");
	lab_expect(r, parent, s->others, &shared,
		   "all other pages: unchanged");
}

static void parent_writes(struct lab_run *r, struct actor *parent,
			  struct actor *child, struct sets *s,
			  const __u64 *page, __u64 still_shared)
{
	bool *one = calloc(r->pages, sizeof(bool));

	if (!one) {
		r->err = -ENOMEM;
		r->what = "check a page";
		return;
	}
	lab_write(r, parent, page[0], 'p', COWI_NEXT_REUSE);
	lab_write(r, parent, still_shared, 'p', COWI_NEXT_COPY);
	s->others[still_shared] = false;
	lab_look(r);
	one[page[0]] = true;
	one[still_shared] = true;
	lab_expect(r, parent, one, &own,
		   "parent, both pages: exclusive and writable now");
	lab_expect_frames(r, parent, child, s->others, true,
			  "pages that nobody wrote to: still one frame");
	lab_expect_byte(r, parent, page[1], 'm');
	lab_expect_byte(r, child, page[0], 'c');
	lab_expect_byte(r, child, still_shared, 'm');
	free(one);
}

static void child_exits(struct lab_run *r, struct actor *parent,
			struct actor *child, const struct sets *s)
{
	lab_exit(r, child);
	lab_look(r);
	lab_expect(r, parent, s->others, &left_over,
		   "pages that nobody wrote to: mapcount 1, still write-protected: the next write reuses");
}

static void acts(struct lab_run *r, struct sets *s)
{
	/* The last of the chosen pages is the one the parent has copied. */
	__u64 page[NR_WRITTEN + 2], i;
	struct actor *parent, *child;

	lab_choose(r, page, NR_WRITTEN + 2);
	for (i = 0; i < r->pages; i++) {
		s->all[i] = true;
		s->others[i] = true;
	}
	for (i = 0; i < NR_WRITTEN; i++) {
		s->written[page[i]] = true;
		s->others[page[i]] = false;
	}
	lab_step(r, "Right after fork, before any write",
		 "A parent fills its region and forks. Both map the region at the same addresses.");
	parent = lab_start(r, "parent");
	child = lab_fork(r, parent, "child");
	before_any_write(r, parent, child, s);

	lab_step(r, "The child writes to four pages",
		 "Each write must give the child a frame of its own, and leave the parent the old one.");
	child_writes(r, parent, child, s, page);

	lab_step(r, "The parent writes to two pages",
		 "To one that the child has left, and to one that both still share.");
	parent_writes(r, parent, child, s, page, page[NR_WRITTEN]);

	lab_step(r, "The child exits",
		 "The parent is the last to map each frame, but its entries are still write-protected: nobody has told them.");
	child_exits(r, parent, child, s);

	lab_step(r, "The parent writes to a page that was shared until then",
		 "The fault finds that nobody else is left, and keeps the frame.");
	lab_write(r, parent, page[NR_WRITTEN + 1], 'p', COWI_NEXT_REUSE);
	lab_look(r);
}

static void run(struct lab_run *r)
{
	struct sets s;

	if (sets_init(&s, r->pages)) {
		acts(r, &s);
	} else {
		r->err = -ENOMEM;
		r->what = "begin";
	}
	sets_release(&s);
}

const struct lab fork_lab = {
	.name = "fork",
	.ids = "A1 C5 E1",
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
	.pages = 16,
	.min_pages = 8,
	.run = run,
};
