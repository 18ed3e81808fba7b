// SPDX-License-Identifier: GPL-2.0
/* C4: fork returns twice, and the results differ: where are they? */
#include "labs.h"

static int store_result(const __u64 *arg, __u64 *result)
{
	(void)result;
	*(volatile int *)(uintptr_t)arg[0] = actor_fork_returned();
	return 0;
}

static int tell_result(const __u64 *arg, __u64 *result)
{
	(void)arg;
	*result = actor_fork_returned();
	return 0;
}

static void run(struct lab_run *r)
{
	struct actor *parent, *child;
	__u64 page;

	lab_step(r, "fork() has returned in both, and neither has stored the result",
		 "The results are in registers: that of the child was set to 0 in its saved registers before it first ran.");
	parent = lab_actor(r, "parent");
	page = lab_map(r, parent, NULL, 1);
	lab_fill(r, parent, page, 1, 0);
	child = lab_fork(r, parent, "child");
	lab_look(r);
	lab_expect(r, parent, ALL, &expect_shared,
		   "the page for the variable: mapcount 2");
	lab_expect_number(r, lab_call(r, child, tell_result, ARGS(0), "ask"),
			  0, "fork() gave the child");
	lab_check(r, child && lab_call(r, parent, tell_result, ARGS(0), "ask") ==
		  (__u64)child->pid, "fork() gave the parent the child's id",
		  "it gave another number");

	lab_step(r, "The parent stores its result: pid = fork()",
		 "The first of the two to store it.");
	lab_act(r, parent, page, store_result, ARGS(lab_addr(r, page)),
		COWI_NEXT_COPY);
	lab_look(r);
	lab_expect_frames(r, parent, child, ALL, false, "two frames now");
	lab_expect_int(r, child, page, 0, 0, "pid, which it has not set yet,");

	lab_step(r, "The child stores its result",
		 "The second: nobody shares the page with it any more.");
	lab_act(r, child, page, store_result, ARGS(lab_addr(r, page)),
		COWI_NEXT_REUSE);
	lab_look(r);
	lab_expect_int(r, child, page, 0, 0, "pid");
	lab_expect_int(r, parent, page, 0, child ? child->pid : 0, "pid");
}

const struct lab forkreturns_lab = {
	.name = "forkreturns",
	.id = "C4",
	.question = "How can one variable have two values after fork?",
	.help =
		"Both processes come out of fork() and store its result in the\n"
		"same variable, at the same address.",
	.answer =
		"fork returns in two processes, with the result in a register of\n"
		"each; memory has no part in that. The variable's page was\n"
		"shared until the first of them stored its result: that one got\n"
		"a copy, and the other kept the page for its own value.",
	.alike =
		"A variable of vfork()'s child has one value for both: there is\n"
		"one stack page, and no copy (lab vfork).",
	.key = "cr",
	.run = run,
};
