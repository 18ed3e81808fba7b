// SPDX-License-Identifier: GPL-2.0
/* What a process did, by call path; and in each of its mappings. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "counts.h"
#include "grow.h"

static int make_room(struct stack_counts *c, size_t vma)
{
	while (c->nr_vmas <= vma) {
		struct calls_costs *grown = grow(c->vma, c->nr_vmas,
						 sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		c->vma = grown;
		memset(&grown[c->nr_vmas++], 0, sizeof(*grown));
	}
	return 0;
}

int stack_counts_add(struct stack_counts *c, size_t path, size_t vma,
		     const struct calls_cost *cost)
{
	int err = make_room(c, vma);

	if (!err)
		err = calls_count(&c->vma[vma], path, cost);
	return err ? err : calls_count(&c->costs, path, cost);
}

/* Index of the first one that is not below an address. */
static size_t first_from(const struct stack_counts *c, __u64 addr)
{
	size_t low = 0, high = c->nr_data, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (c->data[mid].addr < addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

const char *stack_counts_data(const struct stack_counts *c, __u64 addr)
{
	size_t i = first_from(c, addr);

	return i < c->nr_data && c->data[i].addr == addr ? c->data[i].text :
							   NULL;
}

int stack_counts_add_data(struct stack_counts *c, __u64 addr, const char *text)
{
	size_t i = first_from(c, addr);
	struct stack_data *grown;
	char *copy;

	if (i < c->nr_data && c->data[i].addr == addr)
		return 0;
	grown = grow(c->data, c->nr_data, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	c->data = grown;
	copy = strdup(text);
	if (!copy)
		return -ENOMEM;
	memmove(&grown[i + 1], &grown[i], (c->nr_data++ - i) * sizeof(*grown));
	grown[i] = (struct stack_data){ .addr = addr, .text = copy };
	return 0;
}

void stack_counts_release(struct stack_counts *c)
{
	while (c->nr_data)
		free(c->data[--c->nr_data].text);
	free(c->data);
	while (c->nr_vmas)
		calls_costs_release(&c->vma[--c->nr_vmas]);
	free(c->vma);
	calls_costs_release(&c->costs);
	memset(c, 0, sizeof(*c));
}
