// SPDX-License-Identifier: GPL-2.0
/*
 * F2: find the lie. First a program says of four pages what is true of three; then a
 * recording is shown in which one page is not as any right kernel would leave it. Which
 * one, and in which way, is made of the seed.
 */
#include "labs.h"
#include "memory.h"

#define CLAIMS	4
#define PAGES	6

enum { HONEST, LYING };

/* What the program has really done with the page that it lies about. */
enum program { SHARED_MAPPING, IN_A_PIPE, NEVER_FILLED, WRITTEN_TO, NR_PROGRAM };

/* What has been changed in the recording. */
enum kernel { WRONG_SIDE, COUNTED_TWICE, STILL_WRITABLE, NR_KERNEL };

/**
 * struct lie - by the seed
 * @claim: the page that the program lies about
 * @program: how
 * @written: the two pages that the child writes to
 * @page: the one that is falsified
 * @kernel: how
 */
struct lie {
	int claim;
	enum program program;
	__u64 written[2];
	__u64 page;
	enum kernel kernel;
};

static const struct {
	char answer;
	enum cowinspect_outcome outcome;
	const char *why;
} program_lies[NR_PROGRAM] = {
	[SHARED_MAPPING] = { 'n', COWI_NEXT_NOFAULT,
		"it is mapped twice, and both entries are writable: the mapping is shared" },
	[IN_A_PIPE] = { 'c', COWI_NEXT_COPY,
		"its refcount is 3 with a mapcount of 2: somebody else holds it" },
	[NEVER_FILLED] = { 'n', COWI_NEXT_ZEROFILL,
		"it has no counts: it is the zero page, so nobody has ever written to it" },
	[WRITTEN_TO] = { 'n', COWI_NEXT_NOFAULT,
		"there are two frames, each mapped once: the child has written to it already" },
};

static const char *const kernel_lies[NR_KERNEL] = {
	[WRONG_SIDE] =
		"the daughter has written, and it is the mother that is in another frame: a copy is the writer's",
	[COUNTED_TWICE] =
		"two frames, and both are said to be mapped twice: nobody is left who could map them again",
	[STILL_WRITABLE] =
		"both map the frame, and the daughter's entry is writable: her write would be seen by the mother",
};

static struct lie make(__u64 seed)
{
	__u64 random = seed, first;
	struct lie lie = {
		.claim = lab_random(&random) % CLAIMS,
		.program = lab_random(&random) % NR_PROGRAM,
		.kernel = lab_random(&random) % NR_KERNEL,
	};

	first = lab_random(&random) % PAGES;
	lie.written[0] = first;
	lie.written[1] = (first + 2) % PAGES;
	/* Of the pages that were not written to, the one between these. */
	lie.page = lie.kernel == STILL_WRITABLE ? (first + 1) % PAGES : first;
	return lie;
}

static void make_key(__u64 seed, char *key)
{
	struct lie lie = make(seed);

	key[0] = '1' + lie.claim;
	key[1] = 'c';
	key[2] = program_lies[lie.program].answer;
	key[3] = '0' + lie.page;
	key[4] = '\0';
}

static void make_claims(struct lab_run *r, const struct lie *lie,
			struct actor *parent)
{
	static const char *const names[CLAIMS] = { "one", "two", "three", "four" };
	__u64 bytes = r->status->page_size, page;
	int i;

	for (i = 0; i < CLAIMS; i++) {
		bool lies = i == lie->claim;
		actor_fn map = lies && lie->program == SHARED_MAPPING ?
			       mem_map_shared : mem_map;

		page = lab_region(r, names[i],
				  lab_call(r, parent, map, ARGS(bytes),
					   "map memory"), 1);
		if (lies && lie->program == NEVER_FILLED)
			lab_touch(r, parent, page, 1);
		else
			lab_fill(r, parent, page, 1, 'm');
		lab_put(r, page, 1, lies ? LYING : HONEST);
	}
}

static void show_claims(struct lab_run *r, const struct lie *lie)
{
	struct actor *parent, *child;
	__u64 page = lie->claim;
	char why[128];
	int i;

	lab_step(r, "A program says of four pages: private, filled, shared with my child only",
		 "It says: \"I have mapped each of these pages for myself, filled it, and forked once. Nobody but my child and me has any of them, and nobody has written since.\" Of one page that is not true.");
	parent = lab_actor(r, "parent");
	make_claims(r, lie, parent);
	child = lab_fork(r, parent, "child");
	for (i = 0; i < CLAIMS; i++)
		lab_touch(r, child, i, 1);
	if (lie->program == IN_A_PIPE)
		lab_call(r, parent, mem_into_pipe,
			 ARGS(lab_addr(r, page), r->status->page_size),
			 "put a page into a pipe");
	if (lie->program == WRITTEN_TO)
		lab_call(r, child, mem_write_byte,
			 ARGS(lab_addr(r, page), 'c'), "write");
	lab_look(r);
	lab_expect(r, parent, IN(HONEST), &expect_shared,
		   "three pages are as the program says");
	if (!lab_stopped(r))
		lab_check(r, !expect_page(&expect_shared,
					  lab_view(r, parent, page), r->status,
					  why, sizeof(why)),
			  "and one is not", "all are");
	lab_choice(r,
		   "Which page is the lie about: one (1), two (2), three (3) or four (4)?",
		   1, CLAIMS, page + 1,
		   program_lies[lie->program].why);

	lab_step(r, "The child writes to one that is as was said, and to the other",
		 "What is true of a page decides what a write does, and not what is said of it.");
	lab_write(r, child, (page + 1) % CLAIMS, "c", COWI_NEXT_COPY);
	lab_write(r, child, page, "c", program_lies[lie->program].outcome);
	/* Who would have told it before? */
	if (lie->program == IN_A_PIPE)
		lab_hold(r, parent, page, "pipe");
	lab_look(r);
	lab_note(r, "The lie was about page %llu of the four: %s.", page + 1,
		 program_lies[lie->program].why);
	lab_exit(r, child);
	lab_exit(r, parent);
}

/* Changes the snapshot, and only that; returns what it was. */
static void falsify(struct lab_run *r, const struct lie *lie,
		    struct page_view *parent, struct page_view *child)
{
	struct page_view was = *parent;

	if (lab_stopped(r))
		return;
	switch (lie->kernel) {
	case WRONG_SIDE:
		*parent = *child;
		*child = was;
		break;
	case COUNTED_TWICE:
		parent->rec.mapcount = 2;
		child->rec.mapcount = 2;
		break;
	default:
		child->rec.flags |= COWI_F_WRITE;
		child->rec.outcome = COWI_NEXT_NOFAULT;
		break;
	}
}

static void show_recording(struct lab_run *r, const struct lie *lie)
{
	struct page_view *views[2], was[2] = { 0 };
	struct actor *actor[2];
	__u64 page;
	int i;

	lab_step(r, "A mother fills six pages and forks",
		 "This is as it is.");
	lab_forget(r);
	actor[0] = lab_actor(r, "mother");
	page = lab_map(r, actor[0], NULL, PAGES);
	lab_fill(r, actor[0], page, PAGES, 'm');
	actor[1] = lab_fork(r, actor[0], "daughter");
	lab_look(r);
	lab_expect(r, actor[0], ALL, &expect_shared, "all pages: mapcount 2");

	lab_step(r, "A recording of what the daughter's writes did, FALSIFIED in one page",
		 "She wrote to two pages; the notes say which. In the table one page was changed afterwards: a kernel that did this would be broken.");
	for (i = 0; i < 2; i++) {
		lab_call(r, actor[1], mem_write_byte,
			 ARGS(lab_addr(r, lie->written[i]), 'c'), "write");
		lab_note(r, "the daughter has written to page %llu",
			 lie->written[i]);
	}
	lab_look(r);
	if (lab_stopped(r))
		return;
	for (i = 0; i < 2; i++) {
		views[i] = &r->view[actor[i] - r->cast.actor].page[lie->page];
		was[i] = *views[i];
	}
	falsify(r, lie, views[0], views[1]);
	lab_choice(r, "In which page does the recording lie?", 0, PAGES - 1,
		   lie->page, kernel_lies[lie->kernel]);

	lab_step(r, "The recording as it was",
		 "Only here the expectations of this lab hold.");
	*views[0] = was[0];
	*views[1] = was[1];
	lab_look(r);
	lab_note(r, "The lie was in page %llu: %s.", lie->page,
		 kernel_lies[lie->kernel]);
	for (i = 0; i < 2; i++)
		lab_put(r, lie->written[i], 1, LYING);
	lab_expect(r, actor[1], IN(LYING), &expect_own,
		   "what the daughter wrote to: her own");
	lab_expect(r, actor[0], IN(LYING), &expect_left,
		   "the mother has the old frames, and is alone with them");
	lab_expect(r, actor[1], IN(HONEST), &expect_shared,
		   "all others: still shared");
}

static void run(struct lab_run *r)
{
	struct lie lie = make(r->options.seed);

	show_claims(r, &lie);
	show_recording(r, &lie);
}

const struct lab lie_lab = {
	.name = "lie",
	.id = "F2",
	.question = "Find the lie: what do the page tables say that nobody told you?",
	.help =
		"A program says the same of four pages, and it is not true of\n"
		"one. Then a recording is shown that has been falsified in one\n"
		"page. Which, and how, is made of the seed: --seed NAME gives\n"
		"each name other lies. With --quiz you are asked.",
	.answer =
		"Evidence is what could have been otherwise. The kind of a page,\n"
		"its frame, its mapcount and refcount, and whether the entry is\n"
		"writable have to agree with each other, and with who has\n"
		"written; where they do not, somebody is wrong.",
	.alike =
		"Not all that is surprising is wrong: a page with mapcount 1\n"
		"that is copied, for one (lab lastsharer).",
	.make_key = make_key,
	.run = run,
};
