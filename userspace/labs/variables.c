// SPDX-License-Identifier: GPL-2.0
/* B1: two variables of one stack page. */
#include <alloca.h>
#include <stddef.h>
#include <string.h>

#include "labs.h"

struct locals {
	char p;
	int number;
};

/* On a stack page of their own, so that nothing but the lab writes to it. */
static int keep_variables(const __u64 *arg, __u64 *result)
{
	const __u64 page_size = arg[0];
	char *page = alloca(2 * page_size);
	struct locals *l;

	(void)result;
	page += page_size - ((uintptr_t)page & (page_size - 1));
	memset(page, 0, page_size);
	l = (struct locals *)page;
	l->p = 'g';
	l->number = 11;
	actor_serve((uintptr_t)page);
}

static void run(struct lab_run *r)
{
	const __u64 number_at = offsetof(struct locals, number);
	const int number = 14;
	struct actor *parent, *child;
	__u64 page;

	lab_step(r, "p = 'g', number = 11; fork",
		 "Both variables are in one page of the stack.");
	parent = lab_actor(r, "parent");
	page = lab_region(r, NULL, lab_call(r, parent, keep_variables,
					    ARGS(r->status->page_size),
					    "set the variables"), 1);
	child = lab_fork(r, parent, "child");
	lab_look(r);
	lab_expect(r, parent, ALL, &expect_shared, "one page, mapcount 2");
	lab_expect_frames(r, parent, child, ALL, true, "one frame");

	lab_step(r, "The child sets p = 'c'", "It is the first to write.");
	lab_write(r, child, page, "c", COWI_NEXT_COPY);
	lab_look(r);
	lab_expect_moved(r, child, ALL, 1);
	lab_expect_moved(r, parent, ALL, 0);
	lab_expect_int(r, child, page, number_at, 11, "number");

	lab_step(r, "The parent sets number = 14",
		 "Another variable, but the same page, and the child has left it.");
	lab_poke(r, parent, page, number_at, &number, sizeof(number),
		 COWI_NEXT_REUSE);
	lab_look(r);
	lab_expect_moved(r, parent, ALL, 0);
	lab_expect_text(r, parent, page, 0, "g");
	lab_expect_int(r, parent, page, number_at, 14, "number");
	lab_expect_text(r, child, page, 0, "c");
	lab_expect_int(r, child, page, number_at, 11, "number");
}

const struct lab variables_lab = {
	.name = "variables",
	.id = "B1",
	.question = "Parent and child change different variables: who copies?",
	.help =
		"A parent sets p = 'g' and number = 11 and forks. The child sets\n"
		"p = 'c', the parent sets number = 14, and each prints both.",
	.answer =
		"The kernel knows pages, not variables. Both variables are in\n"
		"one page: the first writer copied all of it, the number too,\n"
		"and the second writer kept the page, although it wrote to a\n"
		"variable that the first one had never touched.",
	.alike =
		"Two variables in shared memory differ for nobody: there is one\n"
		"frame, and both see each write (lab shared).",
	.key = "cr",
	.run = run,
};
