/* SPDX-License-Identifier: GPL-2.0 */
/* From registers and a piece of stack to addresses of code, with libdw. */
#ifndef STACKS_UNWIND_H
#define STACKS_UNWIND_H

#include "space.h"

/* Functions that call one another; of more, the outer ones are missing. */
#define UNWIND_MAX	256

/**
 * struct unwound - a stack
 * @nr: entries in @addr
 * @addr: in the code of each function, where it was or where it called: addresses to
 *	look up, innermost first
 * @end: why there are no more
 */
struct unwound {
	size_t nr;
	__u64 addr[UNWIND_MAX];
	enum stack_end end;
};

/**
 * unwind - unwind a stack; or take what the kernel has found by frame pointers
 * @space: what code there is, or NULL if that is not known
 * @stack: of a fault
 * @out: filled in
 */
void unwind(struct space *space, const struct cowi_stack *stack,
	    struct unwound *out);

#endif /* STACKS_UNWIND_H */
