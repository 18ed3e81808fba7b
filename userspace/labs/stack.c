// SPDX-License-Identifier: GPL-2.0
/* A2: the same, with the block as a local variable. */
#include <alloca.h>
#include <string.h>

#include "block.h"
#include "labs.h"
#include "memory.h"

/*
 * Bytes: far below all that the actor does, where nobody has touched the stack, and
 * above the usual limit.
 */
#define DEPTH		(2 << 20)
#define BELOW_PAGES	2

enum { BELOW = BLOCK_FIRST + 1 };

/* Below it on the stack is what the actor does from now on: see actor_serve() */
static int keep_block(const __u64 *arg, __u64 *result)
{
	const __u64 bytes = arg[0], page_size = arg[1];
	char *p = alloca(bytes + page_size);

	(void)result;
	p += page_size - ((uintptr_t)p & (page_size - 1));
	memset(p, 'm', bytes);
	memcpy(p, "hello", 5);
	actor_serve((uintptr_t)p);
}

static __u64 stack_start(struct lab_run *r, const struct actor *a, __u64 addr)
{
	struct cowi_vma vma;

	return lab_vma(r, a, addr, &vma) ? 0 : vma.start;
}

static void note_stack(struct lab_run *r, const struct actor *a, __u64 addr)
{
	if (lab_stopped(r))
		return;
	lab_note(r, "stack of the %-7s begins at %llx", a->name,
		 stack_start(r, a, addr));
}

static void grow(struct lab_run *r, struct actor *parent, struct actor *child,
		 __u64 block)
{
	__u64 before, below;

	lab_step(r, "The child writes far below",
		 "The stack grows down, by a page fault: pages below the deepest one that was touched do not exist.");
	below = lab_region(r, "below", lab_addr(r, block) - DEPTH, BELOW_PAGES);
	lab_put(r, below, BELOW_PAGES, BELOW);
	before = stack_start(r, parent, lab_addr(r, block));
	lab_look(r);
	lab_expect(r, child, IN(BELOW), &expect_absent,
		   "no entry below, before the write");
	/* No prediction to check: outside of the mapping it is a refusal. */
	lab_call(r, child, mem_write_byte, ARGS(lab_addr(r, below), 'c'),
		 "let the child write");
	lab_look(r);
	note_stack(r, parent, lab_addr(r, block));
	note_stack(r, child, lab_addr(r, block));
	lab_check(r, stack_start(r, child, lab_addr(r, block)) ==
		  lab_addr(r, below), "the child's stack reaches down to it",
		  "it begins elsewhere");
	lab_check(r, before > lab_addr(r, below) &&
		  stack_start(r, parent, lab_addr(r, block)) == before,
		  "the parent's stack is as it was", "it begins elsewhere");
	lab_expect(r, parent, IN(BELOW), &expect_absent,
		   "and the parent has no entry there");
}

static void run(struct lab_run *r)
{
	struct block b = { .pages = r->size };
	__u64 page_size = r->status->page_size, addr;
	struct actor *parent, *child;

	lab_step(r, "The parent fills a local variable",
		 "\"hello\" at its start, the letter m in all the rest. A large one needs a limit to match (ulimit -s): this command raises its own.");
	parent = lab_actor(r, "parent");
	addr = lab_call(r, parent, keep_block,
			ARGS(b.pages * page_size, page_size),
			"put the block on the stack");
	b.page = lab_region(r, "block", addr, b.pages);
	lab_put(r, b.page, 1, BLOCK_FIRST);
	note_stack(r, parent, addr);

	child = block_fork(r, parent, &b);
	grow(r, parent, child, b.page);
}

const struct lab stack_lab = {
	.name = "stack",
	.id = "A2",
	.question = "Is the stack shared after fork as the heap is?",
	.help =
		"As lab heap, with the block as a local variable of the parent.\n"
		"Then the child writes to an address far below: that part of the\n"
		"stack does not exist yet.",
	.answer =
		"The stack is private memory like the heap: shared page by page\n"
		"after fork, copied page by page when written. Its own trait is\n"
		"that it grows down by faults: pages below the deepest touched\n"
		"one are neither shared nor copied, as they do not exist.",
	.alike =
		"Stack that has never been touched does not split: there is no\n"
		"page yet, and the first write gets a fresh one (lab\n"
		"untouched).",
	.key = "c",
	.pages = 64,
	.min_pages = 2,
	.stack = true,
	.run = run,
};
