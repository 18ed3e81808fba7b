// SPDX-License-Identifier: GPL-2.0
/* How many stacks a trace has, and why some are cut off or missing. */
#include "tables.h"

enum {
	END_WHY,
	END_FAULTS,
	END_NR
};

static const struct column end_columns[END_NR] = {
	[END_WHY] = { .name = "why", .type = CELL_TEXT },
	[END_FAULTS] = { .name = "faults", .type = CELL_COUNT },
};

static void choose_ends(const struct report *r, struct columns *c)
{
	(void)r;
	trace_table_show(c, END_FAULTS);
	trace_table_show(c, END_WHY);
}

static int end_row(struct table *table, const char *why, __u64 faults)
{
	struct cell cells[END_NR] = {
		[END_WHY] = { .text = why },
		[END_FAULTS] = { .number = faults },
	};

	return table_row(table, cells);
}

/* Each fault that is to have a stack is counted once, with it or without. */
static void check_sum(const struct report *r)
{
	const struct trace *t = r->t;
	__u64 faults = 0, counted = 0;
	size_t i, did;

	/* Of others, outcomes are not known one by one. */
	if (t->forgotten.procs)
		return;
	for (i = 0; i < t->nr_procs; i++) {
		const struct tally_proc *p = t->proc[i]->tally;

		for (did = 0; did < COWI_NR_DID; did++) {
			if (t->options->stream.stack_outcomes & 1U << did)
				faults += p->counts.did[did];
		}
		for (did = 0; did < p->stacks.costs.nr; did++)
			counted += p->stacks.costs.self[did].cost.faults;
	}
	if (counted != faults)
		fprintf(r->style.out,
			"These are %llu faults, but %llu were counted: this is a defect, please report it.\n",
			counted, faults);
}

int trace_report_stack_ends(const struct report *r)
{
	const __u64 *faults = r->t->stacks.faults;
	struct columns columns;
	struct table *table;
	unsigned int i;
	int err = 0;

	if (r->style.form != TABLE_JSON)
		fputs("\nStacks of faults, and why some are cut off or missing:\n",
		      r->style.out);
	table = trace_table_begin(r, &columns, end_columns, END_NR,
				  "stack_ends", choose_ends);
	for (i = 0; table && i < NR_STACK_ENDS && !err; i++) {
		const char *why = stack_end_text(i);

		if (faults[i] || i == STACK_WHOLE)
			err = end_row(table, why ? why : "whole", faults[i]);
	}
	err = trace_table_end(table, &columns, err);
	if (!err && r->style.form != TABLE_JSON)
		check_sum(r);
	return err;
}
