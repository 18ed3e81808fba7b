/* SPDX-License-Identifier: GPL-2.0 */
/* What the tables of a report share. */
#ifndef TRACE_TABLES_H
#define TRACE_TABLES_H

#include "trace.h"

/* Rows for people: of more processes than these, their groups are shown. */
#define TABLE_MANY	12

/**
 * struct report - a report being written
 * @t: the trace
 * @style: of its tables
 * @seen: outcomes to show
 * @no_room: columns were left out on a terminal that is too narrow
 * @split: a huge mapping was split
 * @grouped: groups are shown, not each process
 */
struct report {
	struct trace *t;
	struct table_style style;
	bool seen[COWI_NR_DID];
	bool no_room;
	bool split;
	bool grouped;
};

/* Calls trace_table_show() for the columns that people see. */
typedef void (*choose_columns)(const struct report *r, struct columns *c);

/** trace_table_show - have a column be shown */
static inline void trace_table_show(struct columns *c, size_t i)
{
	c->shown[c->nr_shown++] = i;
}

/**
 * trace_table_begin - a table; all its columns in JSON
 * @r: report
 * @c: filled in; for trace_table_end(), also if there is no table
 * @all: columns
 * @nr: how many
 * @key: name of the array in JSON
 * @choose: of them, for people
 *
 * Return: NULL without memory.
 */
struct table *trace_table_begin(const struct report *r, struct columns *c,
				const struct column *all, size_t nr,
				const char *key, choose_columns choose);

/**
 * trace_table_end - write it
 * @table: from trace_table_begin(), or NULL
 * @c: of it
 * @err: what has failed until then
 *
 * Return: @err, 0 or -errno.
 */
int trace_table_end(struct table *table, struct columns *c, int err);

/** trace_name_facts - names for NR_COPY_FACTS columns */
void trace_name_facts(struct column *columns);

/** trace_fill_facts - cells of such columns */
void trace_fill_facts(struct cell *cells, const __u64 *fact);

/* report.c */

/** trace_heading - what the next table of a process is of, for people */
void trace_heading(const struct report *r, const struct tally_proc *p,
		   const char *what, size_t shown, size_t nr);

/** trace_at_most - how many of @nr rows are shown */
size_t trace_at_most(const struct report *r, size_t nr);

/* report_stacks.c */

/**
 * trace_report_stacks - which code it was, of some processes
 * @r: report
 * @list: processes
 * @nr: how many
 *
 * Return: 0, -ENOMEM or -errno.
 */
int trace_report_stacks(const struct report *r, struct trace_proc **list,
			size_t nr);

/** trace_report_group_stacks - which code it was, of groups */
int trace_report_group_stacks(const struct report *r);

/* report_ends.c */

/** trace_report_stack_ends - how many stacks there are, and why some are not whole */
int trace_report_stack_ends(const struct report *r);

/* report_groups.c */

/** trace_report_groups - the groups; of many, the first for people */
int trace_report_groups(const struct report *r);

/** trace_report_forks - what forks cost, and the copies after them */
int trace_report_forks(const struct report *r);

#endif /* TRACE_TABLES_H */
