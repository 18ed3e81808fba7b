// SPDX-License-Identifier: GPL-2.0
/* E12: memory that fork does not hand on, or only wiped. */
#include <sys/mman.h>

#include "labs.h"
#include "memory.h"

enum { PLAIN, DONTFORK, WIPED };

static void give_advice(struct lab_run *r, struct actor *a, __u64 page,
			int advice)
{
	lab_call(r, a, mem_advise, ARGS(lab_addr(r, page),
					r->size * r->status->page_size, advice),
		 "advise the kernel");
}

static void run(struct lab_run *r)
{
	struct actor *parent, *child;
	__u64 plain, dontfork, wiped;

	lab_step(r, "Three regions: plain, MADV_DONTFORK, MADV_WIPEONFORK; then fork",
		 "The advice concerns children only.");
	parent = lab_actor(r, "parent");
	plain = lab_map(r, parent, "plain", r->size);
	dontfork = lab_map(r, parent, "dontfork", r->size);
	wiped = lab_map(r, parent, "wiped", r->size);
	lab_fill(r, parent, plain, r->size, 'm');
	lab_fill(r, parent, dontfork, r->size, 'm');
	lab_fill(r, parent, wiped, r->size, 'm');
	lab_put(r, dontfork, r->size, DONTFORK);
	lab_put(r, wiped, r->size, WIPED);
	give_advice(r, parent, dontfork, MADV_DONTFORK);
	give_advice(r, parent, wiped, MADV_WIPEONFORK);
	child = lab_fork(r, parent, "child");
	lab_look(r);
	lab_expect(r, parent, IN(PLAIN), &expect_shared, "plain: mapcount 2");
	lab_expect(r, parent, IN(DONTFORK) | IN(WIPED), &expect_own,
		   "the others: the parent's own, and still writable");
	lab_expect(r, child, IN(DONTFORK) | IN(WIPED), &expect_absent,
		   "the child has no entry for them");

	lab_step(r, "The child writes to each",
		 "Of the second it does not even have the mapping.");
	lab_write(r, child, plain, "c", COWI_NEXT_COPY);
	lab_write(r, child, dontfork, "c", COWI_NEXT_REFUSED);
	lab_expect_int(r, child, wiped, 0, 0, "four bytes of what was wiped");
	lab_write(r, child, wiped, "c", COWI_NEXT_ZEROFILL);
	lab_look(r);
	lab_expect_moved(r, parent, ALL, 0);
	lab_expect_text(r, parent, wiped, 0, "m");

	lab_step(r, "The child gives a shared page up: MADV_DONTNEED",
		 "It drops its entry; what it reads there next is zeros. The page itself stays with the parent.");
	lab_call(r, child, mem_advise, ARGS(lab_addr(r, plain + 1),
					    r->status->page_size,
					    MADV_DONTNEED),
		 "drop a page");
	lab_put(r, plain + 1, 1, DONTFORK);
	lab_look(r);
	lab_expect(r, child, IN(DONTFORK), &expect_absent,
		   "the child has no entry for it");
	lab_write(r, parent, plain + 1, "p", COWI_NEXT_REUSE);
	lab_write(r, child, plain + 1, "c", COWI_NEXT_ZEROFILL);
	lab_look(r);
	lab_expect_text(r, parent, plain + 1, 0, "pm");
}

const struct lab madvise_lab = {
	.name = "madvise",
	.id = "E12",
	.question = "Can a process keep memory out of copy-on-write?",
	.help =
		"A parent advises the kernel not to hand one region to children,\n"
		"and to hand another on wiped; then it forks. Later the child\n"
		"drops a page that it shares.",
	.answer =
		"Yes. MADV_DONTFORK leaves the child without the mapping: it\n"
		"gets a signal there. MADV_WIPEONFORK gives it the mapping\n"
		"without the pages. Both leave the parent's pages exclusive and\n"
		"writable. MADV_DONTNEED ends the sharing of a page by giving it\n"
		"up, without a copy on either side.",
	.alike =
		"Shared memory that is given up by MADV_DONTNEED has no entry\n"
		"either, but its content comes back (lab dontneed).",
	.key = "cnnrn",
	.pages = 2,
	.min_pages = 2,
	.run = run,
};
