// SPDX-License-Identifier: GPL-2.0
/* What a trace says of groups of processes, and of forks. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tables.h"

/* ---- which rows ---- */

/**
 * struct row - a row of one of these tables
 * @pid: of the only process that it is of, or 0
 * @group: what it is of
 */
struct row {
	pid_t pid;
	const struct proc_group *group;
};

typedef int write_row(struct table *table, const struct row *row);
typedef bool is_wanted(const struct proc_group *group);

static bool is_any(const struct proc_group *group)
{
	(void)group;
	return true;
}

static bool has_forks(const struct proc_group *group)
{
	return group->parents;
}

/* For people, those that are many are one row behind the others. */
static int group_rows(const struct report *r, struct table *table,
		      is_wanted *wanted, write_row *write)
{
	const struct groups *g = &r->t->groups;
	struct proc_group more = { 0 };
	size_t i, nr = 0;
	int err = 0;

	for (i = 0; i < g->nr && !err; i++) {
		struct row row = { .group = &g->group[i] };

		if (!wanted(row.group))
			continue;
		if (nr++ < TABLE_MANY || r->style.form == TABLE_JSON)
			err = write(table, &row);
		else
			err = group_merge(&more, row.group);
	}
	if (!err && more.procs) {
		snprintf(more.comm, sizeof(more.comm), "(%zu more)",
			 nr - TABLE_MANY);
		err = write(table, &(struct row){ .group = &more });
	}
	group_release(&more);
	return err;
}

/* One for each process that forked, and one for those that are not known any more. */
static int parent_rows(const struct report *r, struct table *table,
		       write_row *write)
{
	size_t i;
	int err = 0;

	for (i = 0; i < r->t->nr_procs && !err; i++) {
		const struct tally_proc *p = r->t->proc[i]->tally;
		struct proc_group alone = { .procs = 1, .parents = 1,
					    .parent = p->parent,
					    .forks = p->forks };
		struct row row = { .group = &alone };

		if (!p->forks.nr)
			continue;
		memcpy(alone.comm, p->comm, sizeof(alone.comm));
		row.pid = p->pid;
		err = write(table, &row);
	}
	if (!err && has_forks(&r->t->forgotten))
		err = write(table, &(struct row){ .group = &r->t->forgotten });
	return err;
}

static void fill_number(struct cell *cell, __u64 number, bool known)
{
	cell->number = number;
	cell->absent = !known;
}

static const char *command_of(const struct proc_group *group)
{
	return group->rest ? "(others)" : group->comm;
}

/* ---- groups ---- */

enum {
	GROUP_COMMAND,
	GROUP_PARENT,
	GROUP_PROCS,
	GROUP_SUMS,
	/* Of each sum: itself, what a process has in the mean, and at most. */
	GROUP_NR = GROUP_SUMS + 3 * NR_GROUP_SUMS
};

#define SUM(i)	(GROUP_SUMS + 3 * (i))

/* What is left out first where there is no room has the highest number. */
static const struct column group_columns[GROUP_NR] = {
	[GROUP_COMMAND] = { .name = "command", .type = CELL_TEXT },
	[GROUP_PARENT] = { .name = "parent", .type = CELL_COUNT, .drop = 2 },
	[GROUP_PROCS] = { .name = "processes", .type = CELL_COUNT },
	[SUM(GROUP_FAULTS)] = { .name = "observed", .heading = "faults",
				.type = CELL_COUNT },
	[SUM(GROUP_FAULTS) + 1] = { .name = "observed_mean", .heading = "mean",
				    .type = CELL_MEAN, .drop = 6 },
	[SUM(GROUP_FAULTS) + 2] = { .name = "observed_most", .heading = "most",
				    .type = CELL_COUNT, .drop = 5 },
	[SUM(GROUP_COPIES)] = { .name = "copied", .type = CELL_COUNT },
	[SUM(GROUP_COPIES) + 1] = { .name = "copied_mean", .heading = "mean",
				    .type = CELL_MEAN, .drop = 4 },
	[SUM(GROUP_COPIES) + 2] = { .name = "copied_most", .heading = "most",
				    .type = CELL_COUNT, .drop = 3 },
	[SUM(GROUP_BYTES)] = { .name = "copied_bytes", .heading = "bytes",
			       .type = CELL_BYTES },
	[SUM(GROUP_BYTES) + 1] = { .name = "copied_bytes_mean",
				   .heading = "mean", .type = CELL_BYTES },
	[SUM(GROUP_BYTES) + 2] = { .name = "copied_bytes_most",
				   .heading = "most", .type = CELL_BYTES },
	[SUM(GROUP_NS)] = { .name = "ns", .heading = "in_all",
			    .type = CELL_TIME, .drop = 1 },
	[SUM(GROUP_NS) + 1] = { .name = "ns_mean", .heading = "mean",
				.type = CELL_TIME, .drop = 8 },
	[SUM(GROUP_NS) + 2] = { .name = "ns_most", .heading = "most",
				.type = CELL_TIME, .drop = 7 },
};

static void choose_all(const struct report *r, struct columns *c)
{
	size_t i;

	(void)r;
	for (i = 0; i < c->nr_all; i++)
		trace_table_show(c, i);
}

static int group_row(struct table *table, const struct row *row)
{
	const struct proc_group *g = row->group;
	struct cell cells[GROUP_NR] = { 0 };
	size_t i;

	cells[GROUP_COMMAND].text = command_of(g);
	fill_number(&cells[GROUP_PARENT], g->parent, g->parent);
	cells[GROUP_PROCS].number = g->procs;
	for (i = 0; i < NR_GROUP_SUMS; i++) {
		bool hundredths = group_columns[SUM(i) + 1].type == CELL_MEAN;

		cells[SUM(i)].number = g->sum[i];
		cells[SUM(i) + 1].number = g->sum[i] * (hundredths ? 100 : 1) /
					   g->procs;
		cells[SUM(i) + 2].number = g->most[i];
	}
	return table_row(table, cells);
}

static int total_row(const struct report *r, struct table *table)
{
	struct proc_group total = { .comm = "total" };
	size_t i;
	int err = 0;

	for (i = 0; i < r->t->groups.nr && !err; i++)
		err = group_merge(&total, &r->t->groups.group[i]);
	if (!err)
		err = group_row(table, &(struct row){ .group = &total });
	group_release(&total);
	return err;
}

int trace_report_groups(const struct report *r)
{
	struct columns columns;
	struct table *table;
	int err = 0;

	table = trace_table_begin(r, &columns, group_columns, GROUP_NR,
				  "groups", choose_all);
	if (table)
		err = group_rows(r, table, is_any, group_row);
	if (table && !err && r->style.form == TABLE_HUMAN)
		err = total_row(r, table);
	return trace_table_end(table, &columns, err);
}

/* ---- forks ---- */

enum {
	FORK_PID,
	FORK_PARENTS,
	FORK_COMMAND,
	FORK_FORKS,
	FORK_NS,
	FORK_MEAN,
	FORK_LONGEST,
	FORK_TABLES,
	FORK_ANON,
	FORK_FILE,
	FORK_SHMEM,
	FORK_SWAP,
	FORK_PINNED,
	FORK_NR
};

static const struct column fork_columns[FORK_NR] = {
	[FORK_PID] = { .name = "pid", .type = CELL_COUNT },
	[FORK_PARENTS] = { .name = "parents", .type = CELL_COUNT },
	[FORK_COMMAND] = { .name = "command", .type = CELL_TEXT },
	[FORK_FORKS] = { .name = "forks", .type = CELL_COUNT },
	[FORK_NS] = { .name = "ns", .heading = "in_all", .type = CELL_TIME,
		      .drop = 3 },
	[FORK_MEAN] = { .name = "mean_ns", .heading = "mean",
			.type = CELL_TIME, .drop = 2 },
	[FORK_LONGEST] = { .name = "longest_ns", .heading = "longest",
			   .type = CELL_TIME },
	[FORK_TABLES] = { .name = "tables_bytes", .heading = "tables",
			  .type = CELL_BYTES },
	[FORK_ANON] = { .name = "anon", .type = CELL_PAGES },
	[FORK_FILE] = { .name = "file", .type = CELL_PAGES, .drop = 5 },
	[FORK_SHMEM] = { .name = "shmem", .type = CELL_PAGES, .drop = 6 },
	[FORK_SWAP] = { .name = "swap", .type = CELL_PAGES, .drop = 4 },
	[FORK_PINNED] = { .name = "copied_at_once", .heading = "pinned",
			  .type = CELL_PAGES, .drop = 1 },
};

enum {
	AFTER_PID,
	AFTER_COMMAND,
	AFTER_WHO,
	AFTER_COPIED,
	AFTER_BYTES,
	AFTER_FACTS,
	AFTER_NS = AFTER_FACTS + NR_COPY_FACTS,
	AFTER_P99,
	AFTER_LONGEST,
	AFTER_NR
};

static struct column after_columns[AFTER_NR] = {
	[AFTER_PID] = { .name = "pid", .type = CELL_COUNT },
	[AFTER_COMMAND] = { .name = "command", .type = CELL_TEXT },
	[AFTER_WHO] = { .name = "who", .type = CELL_TEXT },
	[AFTER_COPIED] = { .name = "copied", .type = CELL_COUNT },
	[AFTER_BYTES] = { .name = "copied_bytes", .heading = "bytes",
			  .type = CELL_BYTES },
	[AFTER_NS] = { .name = "copy_ns", .heading = "copying",
		       .type = CELL_TIME, .drop = 1 },
	[AFTER_P99] = { .name = "p99_ns", .heading = "p99", .type = CELL_TIME,
			.drop = 2 },
	[AFTER_LONGEST] = { .name = "longest_ns", .heading = "longest",
			    .type = CELL_TIME },
};

/* Who forked, of which one is of no use but where some are forgotten. */
static void choose_fork(const struct report *r, struct columns *c)
{
	size_t i;

	if (!r->grouped)
		trace_table_show(c, FORK_PID);
	if (r->grouped || has_forks(&r->t->forgotten))
		trace_table_show(c, FORK_PARENTS);
	for (i = FORK_COMMAND; i < FORK_NR; i++)
		trace_table_show(c, i);
}

static void choose_after(const struct report *r, struct columns *c)
{
	size_t i;

	for (i = r->grouped ? AFTER_COMMAND : AFTER_PID; i < AFTER_NR; i++)
		trace_table_show(c, i);
}

static int fork_row(struct table *table, const struct row *row)
{
	const struct forks *f = &row->group->forks;
	struct cell cells[FORK_NR] = { 0 };

	fill_number(&cells[FORK_PID], row->pid, row->pid);
	cells[FORK_PARENTS].number = row->group->parents;
	cells[FORK_COMMAND].text = command_of(row->group);
	cells[FORK_FORKS].number = f->nr;
	fill_number(&cells[FORK_NS], f->ns, f->timed);
	fill_number(&cells[FORK_MEAN], f->timed ? f->ns / f->timed : 0,
		    f->timed);
	fill_number(&cells[FORK_LONGEST], f->longest, f->timed);
	cells[FORK_TABLES].number = f->tables;
	cells[FORK_ANON].number = f->anon;
	cells[FORK_FILE].number = f->file;
	cells[FORK_SHMEM].number = f->shmem;
	cells[FORK_SWAP].number = f->swap;
	cells[FORK_PINNED].number = f->copied;
	return table_row(table, cells);
}

static int side_row(struct table *table, const struct row *row,
		    enum fork_side side)
{
	const struct forks_after *after = &row->group->forks.after[side];
	struct cell cells[AFTER_NR] = { 0 };
	__u64 copied = after->cost.nr;

	fill_number(&cells[AFTER_PID], row->pid, row->pid);
	cells[AFTER_COMMAND].text = command_of(row->group);
	cells[AFTER_WHO].text = side == FORK_BY_PARENT ? "parent" : "children";
	cells[AFTER_COPIED].number = copied;
	cells[AFTER_BYTES].number = after->bytes;
	trace_fill_facts(&cells[AFTER_FACTS], after->fact);
	cells[AFTER_NS].number = after->cost.sum;
	fill_number(&cells[AFTER_P99], hist_percentile(&after->cost, 99),
		    copied);
	fill_number(&cells[AFTER_LONGEST], after->cost.most, copied);
	return table_row(table, cells);
}

static int after_rows(struct table *table, const struct row *row)
{
	int err = side_row(table, row, FORK_BY_PARENT);

	return err ? err : side_row(table, row, FORK_BY_CHILD);
}

static int report_each(const struct report *r, const struct column *all,
		       size_t nr, const char *key,
		       choose_columns choose, write_row *write)
{
	struct columns columns;
	struct table *table;
	int err = 0;

	table = trace_table_begin(r, &columns, all, nr, key, choose);
	if (table)
		err = r->grouped ? group_rows(r, table, has_forks, write) :
				   parent_rows(r, table, write);
	return trace_table_end(table, &columns, err);
}

static bool forked(const struct report *r)
{
	size_t i;

	for (i = 0; i < r->t->groups.nr; i++) {
		if (has_forks(&r->t->groups.group[i]))
			return true;
	}
	return false;
}

int trace_report_forks(const struct report *r)
{
	bool human = r->style.form == TABLE_HUMAN;
	int err;

	if (human && !forked(r))
		return 0;
	if (human)
		fputs("\nForks, and what the children were given:\n",
		      r->style.out);
	err = report_each(r, fork_columns, FORK_NR, "forks", choose_fork,
			  fork_row);
	if (err)
		return err;
	if (human)
		fputs("\nCopies after them, until the next fork, exec or exit:\n",
		      r->style.out);
	trace_name_facts(&after_columns[AFTER_FACTS]);
	return report_each(r, after_columns, AFTER_NR, "after_forks",
			   choose_after, after_rows);
}
