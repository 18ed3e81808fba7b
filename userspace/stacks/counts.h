/* SPDX-License-Identifier: GPL-2.0 */
/* What a process did, by call path; and in each of its mappings. */
#ifndef STACKS_COUNTS_H
#define STACKS_COUNTS_H

#include "calls.h"

/**
 * struct stack_data - a page that is of a file which has code as well
 * @addr: its first address
 * @text: what is in it
 */
struct stack_data {
	__u64 addr;
	char *text;
};

/**
 * struct stack_counts - of a process
 * @costs: of all of it
 * @nr_vmas: entries in @vma
 * @vma: of each mapping, by its number
 * @waiting: stacks that are not in it yet
 * @nr_data: entries in @data
 * @data: pages, by address
 */
struct stack_counts {
	struct calls_costs costs;
	size_t nr_vmas;
	struct calls_costs *vma;
	size_t waiting;
	size_t nr_data;
	struct stack_data *data;
};

/**
 * stack_counts_add - faults that came from there
 * @c: zeroed at first; free with stack_counts_release()
 * @path: of struct calls
 * @vma: number of the mapping
 * @cost: added
 *
 * Return: 0 or -ENOMEM.
 */
int stack_counts_add(struct stack_counts *c, size_t path, size_t vma,
		     const struct calls_cost *cost);

/**
 * stack_counts_data - what is in a page, or NULL if that is not known
 * @c: of the process
 * @addr: its first address
 */
const char *stack_counts_data(const struct stack_counts *c, __u64 addr);

/**
 * stack_counts_add_data - that is what is in it, unless it is known already
 * @c: of the process
 * @addr: its first address
 * @text: copied
 *
 * Return: 0 or -ENOMEM.
 */
int stack_counts_add_data(struct stack_counts *c, __u64 addr, const char *text);
void stack_counts_release(struct stack_counts *c);

#endif /* STACKS_COUNTS_H */
