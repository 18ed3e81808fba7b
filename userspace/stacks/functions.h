/* SPDX-License-Identifier: GPL-2.0 */
/* Costs by call path, seen from its functions, and the paths that cost most. */
#ifndef STACKS_FUNCTIONS_H
#define STACKS_FUNCTIONS_H

#include "calls.h"

/* What stands for CALLS_ROOT, where a function would. */
#define CALLS_NO_STACK	"(no stack)"

/**
 * struct function_cost - a function, wherever in it
 * @frame: of struct calls, the first one that is in it
 * @line: the one where most was done
 * @path: of those that it ends, the one where most was done; CALLS_ROOT for none
 * @self: of faults in itself
 * @total: of these and of those in what it called; of each path once, however
 *	often the function is in it
 */
struct function_cost {
	size_t frame;
	size_t line;
	size_t path;
	struct calls_cost self;
	struct calls_cost total;
};

/**
 * struct functions - all that were on a path
 * @nr: entries in @function
 * @function: most bytes first, then most faults, then by name
 */
struct functions {
	size_t nr;
	struct function_cost *function;
};

/**
 * functions_of - the functions of these paths
 * @c: the paths
 * @costs: of a process, or of several, merged
 * @f: filled in; ordered by @self; free with functions_release()
 *
 * Faults without a stack belong to none of them.
 *
 * Return: 0 or -ENOMEM.
 */
int functions_of(const struct calls *c, const struct calls_costs *costs,
		 struct functions *f);

/** functions_sort_total - order them by @total instead */
void functions_sort_total(const struct calls *c, struct functions *f);
void functions_release(struct functions *f);

/** calls_compare - for qsort(): more bytes first, then more faults */
int calls_compare(const struct calls_cost *a, const struct calls_cost *b);

/**
 * calls_same_function - whether two frames are in the same function
 * @a: frame
 * @b: frame
 */
bool calls_same_function(const struct calls_frame *a,
			 const struct calls_frame *b);

/**
 * calls_hottest - the paths that cost most bytes, then most faults
 * @costs: stay as they are
 *
 * Return: its @self in that order, to be freed; NULL without memory.
 */
struct calls_self *calls_hottest(const struct calls_costs *costs);

#endif /* STACKS_FUNCTIONS_H */
