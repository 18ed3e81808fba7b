// SPDX-License-Identifier: GPL-2.0
/* What a trace says at its end. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array_size.h"
#include "safe.h"
#include "tables.h"

/*
 * ---- columns: those that stand in every table, then the table's own ----
 *
 * What is left out first where there is no room has the highest number: outcomes that
 * are not the usual ones before all others.
 */
#define DROP_OUTCOME	20

/* Outcomes that are shown even if there were none. */
static bool is_usual(unsigned int did)
{
	return did == COWI_DID_COPIED || did == COWI_DID_REUSED ||
	       did == COWI_DID_ZEROFILLED;
}

/* Outcomes that are shown: the usual ones and what has happened. */
static void note_seen(const struct trace *t, bool *seen)
{
	size_t i, did;

	for (did = 0; did < COWI_NR_DID; did++) {
		seen[did] = is_usual(did);
		for (i = 0; i < t->nr_procs; i++)
			seen[did] |= t->proc[i]->tally->counts.did[did] ||
				     t->proc[i]->faults.total[did + 1];
	}
}

/* The module's counters begin with the sum, and then have the outcomes. */
_Static_assert((int)COWI_FAULT_copied == COWI_DID_COPIED + 1 &&
	       (int)COWI_FAULT_unknown == COWI_DID_UNKNOWN + 1,
	       "counters and outcomes are in the same order");

enum {
	PROC_PID,
	PROC_PARENT,
	PROC_COMMAND,
	PROC_RUNNING,
	PROC_EXECS,
	PROC_FAULTS,
	PROC_FILLED = PROC_FAULTS + COWI_NR_FAULTS,
	PROC_HUGE,
	PROC_COPY_NS,
	PROC_NS,
	PROC_FACTS,
	PROC_NR = PROC_FACTS + NR_COPY_FACTS
};

static struct column proc_columns[PROC_NR] = {
	[PROC_PID] = { .name = "pid", .type = CELL_COUNT },
	[PROC_PARENT] = { .name = "parent", .type = CELL_COUNT, .drop = 3 },
	[PROC_COMMAND] = { .name = "command", .type = CELL_TEXT },
	[PROC_RUNNING] = { .name = "running", .type = CELL_BOOL },
	[PROC_EXECS] = { .name = "execs", .type = CELL_COUNT },
	[PROC_FILLED] = { .name = "filled_bytes", .type = CELL_BYTES },
	[PROC_HUGE] = { .name = "huge", .type = CELL_COUNT },
	[PROC_COPY_NS] = { .name = "copy_ns", .heading = "copying",
			   .type = CELL_TIME, .drop = 1 },
	[PROC_NS] = { .name = "ns", .heading = "in_all", .type = CELL_TIME,
		      .drop = 4 },
};

enum {
	VMA_PID,
	VMA_RANGE,
	VMA_PERMS,
	VMA_KIND,
	VMA_GONE,
	VMA_OBSERVED,
	VMA_DID,
	VMA_SPLITS = VMA_DID + COWI_NR_DID,
	VMA_HUGE,
	VMA_FILLED,
	VMA_BYTES,
	VMA_COPY_NS,
	VMA_NS,
	VMA_FACTS,
	VMA_NAME = VMA_FACTS + NR_COPY_FACTS,
	VMA_NR
};

static struct column vma_columns[VMA_NR] = {
	[VMA_PID] = { .name = "pid", .type = CELL_COUNT },
	[VMA_RANGE] = { .name = "range", .type = CELL_TEXT, .whole = true },
	[VMA_PERMS] = { .name = "perms", .type = CELL_TEXT, .drop = 3 },
	[VMA_KIND] = { .name = "kind", .type = CELL_TEXT },
	[VMA_GONE] = { .name = "gone", .type = CELL_BOOL },
	[VMA_OBSERVED] = { .name = "observed", .heading = "faults",
			   .type = CELL_COUNT },
	[VMA_SPLITS] = { .name = "splits", .type = CELL_COUNT, .drop = 6 },
	[VMA_HUGE] = { .name = "huge", .type = CELL_COUNT },
	[VMA_FILLED] = { .name = "filled_bytes", .type = CELL_BYTES },
	[VMA_BYTES] = { .name = "copied_bytes", .heading = "bytes",
			.type = CELL_BYTES },
	[VMA_COPY_NS] = { .name = "copy_ns", .heading = "copying",
			  .type = CELL_TIME, .drop = 4 },
	[VMA_NS] = { .name = "ns", .heading = "in_all", .type = CELL_TIME },
	[VMA_NAME] = { .name = "name", .type = CELL_TEXT },
};

enum {
	PAGE_PID,
	PAGE_ADDR,
	PAGE_BYTES,
	PAGE_OBSERVED,
	PAGE_COPIED,
	PAGE_REUSED,
	PAGE_ZEROFILLED,
	PAGE_OTHER,
	PAGE_NAME,
	PAGE_DATA,
	PAGE_NR
};

static const struct column page_columns[PAGE_NR] = {
	[PAGE_PID] = { .name = "pid", .type = CELL_COUNT },
	[PAGE_ADDR] = { .name = "addr", .type = CELL_HEX },
	[PAGE_BYTES] = { .name = "size", .type = CELL_BYTES },
	[PAGE_OBSERVED] = { .name = "observed", .heading = "faults",
			    .type = CELL_COUNT },
	[PAGE_COPIED] = { .name = "copied", .type = CELL_COUNT },
	[PAGE_REUSED] = { .name = "reused", .type = CELL_COUNT, .drop = 1 },
	[PAGE_ZEROFILLED] = { .name = "zerofilled", .type = CELL_COUNT,
			      .drop = 2 },
	[PAGE_OTHER] = { .name = "other", .type = CELL_COUNT, .drop = 3 },
	[PAGE_NAME] = { .name = "name", .type = CELL_TEXT },
	[PAGE_DATA] = { .name = "data", .type = CELL_TEXT },
};

/* Copies are what a trace is for. */
static unsigned int drop_outcome(unsigned int did)
{
	if (did == COWI_DID_COPIED)
		return 0;
	return did == COWI_DID_REUSED ? 2 : did == COWI_DID_ZEROFILLED ? 5 :
	       DROP_OUTCOME + did;
}

static void name_columns(void)
{
	size_t i;

	for (i = 0; i < COWI_NR_FAULTS; i++) {
		struct column *col = &proc_columns[PROC_FAULTS + i];

		col->name = cowi_fault_info[i].name;
		col->type = strcmp(cowi_fault_info[i].unit, "bytes") ?
			    CELL_COUNT : CELL_BYTES;
	}
	proc_columns[PROC_FAULTS + COWI_FAULT_observed].heading = "faults";
	proc_columns[PROC_FAULTS + COWI_FAULT_copied_bytes].heading = "bytes";
	for (i = 0; i < COWI_NR_DID; i++) {
		vma_columns[VMA_DID + i].name = cowi_did_name(i);
		vma_columns[VMA_DID + i].type = CELL_COUNT;
		vma_columns[VMA_DID + i].drop = drop_outcome(i);
		proc_columns[PROC_FAULTS + COWI_FAULT_copied + i].drop =
			drop_outcome(i);
	}
	proc_columns[PROC_FAULTS + COWI_FAULT_splits].drop = 6;
	trace_name_facts(&proc_columns[PROC_FACTS]);
	trace_name_facts(&vma_columns[VMA_FACTS]);
}

static void show_seen(const struct report *r, struct columns *c, size_t first)
{
	size_t i;

	for (i = 0; i < COWI_NR_DID; i++) {
		if (r->seen[i])
			trace_table_show(c, first + i);
	}
}

static void choose_proc(const struct report *r, struct columns *c)
{
	trace_table_show(c, PROC_PID);
	trace_table_show(c, PROC_PARENT);
	trace_table_show(c, PROC_COMMAND);
	trace_table_show(c, PROC_FAULTS + COWI_FAULT_observed);
	show_seen(r, c, PROC_FAULTS + COWI_FAULT_copied);
	if (r->split)
		trace_table_show(c, PROC_FAULTS + COWI_FAULT_splits);
	trace_table_show(c, PROC_FAULTS + COWI_FAULT_copied_bytes);
	trace_table_show(c, PROC_COPY_NS);
	trace_table_show(c, PROC_NS);
}

static void choose_vma(const struct report *r, struct columns *c)
{
	trace_table_show(c, VMA_RANGE);
	trace_table_show(c, VMA_PERMS);
	trace_table_show(c, VMA_OBSERVED);
	show_seen(r, c, VMA_DID);
	if (r->split)
		trace_table_show(c, VMA_SPLITS);
	trace_table_show(c, VMA_BYTES);
	trace_table_show(c, VMA_COPY_NS);
	trace_table_show(c, VMA_NAME);
}

static void choose_page(const struct report *r, struct columns *c)
{
	size_t i;

	(void)r;
	for (i = PAGE_ADDR; i <= PAGE_NAME; i++)
		trace_table_show(c, i);
}

/* ---- processes ---- */

static void fill_counters(struct cell *cells, const struct trace_proc *p)
{
	size_t i;

	for (i = 0; i < COWI_NR_FAULTS; i++) {
		cells[i].number = p->faults.total[i];
		cells[i].absent = !p->faults.known[i];
	}
}

static void fill_proc(struct cell *cells, const struct trace_proc *p)
{
	const struct tally_counts *c = &p->tally->counts;

	cells[PROC_PID].number = p->tally->pid;
	cells[PROC_PARENT].number = p->tally->parent;
	cells[PROC_PARENT].absent = !p->tally->parent;
	cells[PROC_COMMAND].text = p->tally->comm;
	cells[PROC_RUNNING].number = p->running;
	cells[PROC_EXECS].number = p->tally->execs;
	fill_counters(&cells[PROC_FAULTS], p);
	cells[PROC_FILLED].number = c->filled_bytes;
	cells[PROC_HUGE].number = c->huge;
	cells[PROC_COPY_NS].number = c->copy_ns;
	cells[PROC_NS].number = c->ns;
	trace_fill_facts(&cells[PROC_FACTS], c->fact);
}

static int total_row(struct table *table, const struct cell *sum)
{
	struct cell cells[PROC_NR];

	memcpy(cells, sum, sizeof(cells));
	cells[PROC_PID] = (struct cell){ .absent = true };
	cells[PROC_PARENT] = (struct cell){ .absent = true };
	cells[PROC_COMMAND] = (struct cell){ .text = "total" };
	return table_row(table, cells);
}

static int report_procs(const struct report *r)
{
	struct cell sum[PROC_NR] = { 0 };
	struct columns columns;
	struct table *table;
	size_t i, col;
	int err = 0;

	table = trace_table_begin(r, &columns, proc_columns, PROC_NR,
				  "processes", choose_proc);
	for (i = 0; table && i < r->t->nr_procs && !err; i++) {
		struct cell cells[PROC_NR] = { 0 };

		fill_proc(cells, r->t->proc[i]);
		for (col = PROC_FAULTS; col < PROC_NR; col++)
			sum[col].number += cells[col].number;
		err = table_row(table, cells);
	}
	if (table && !err && r->t->nr_procs > 1 && r->style.form == TABLE_HUMAN)
		err = total_row(table, sum);
	return trace_table_end(table, &columns, err);
}

/* ---- mappings and pages ---- */

const char *trace_vma_name(const struct tally_vma *vma, char *buf, size_t size)
{
	if (vma->end || vma->name[0])
		return vma->name;
	snprintf(buf, size, "(%s memory that the kernel did not tell of)",
		 cowi_vma_name(vma->kind));
	return buf;
}

static int vma_row(struct table *table, const struct tally_proc *p,
		   const struct tally_vma *vma)
{
	struct cell cells[VMA_NR] = { 0 };
	char range[40], name[80];
	size_t i;

	snprintf(range, sizeof(range), "%llx-%llx", vma->start, vma->end);
	cells[VMA_PID].number = p->pid;
	cells[VMA_RANGE].text = range;
	cells[VMA_RANGE].absent = !vma->end;
	cells[VMA_PERMS].text = vma->perms;
	cells[VMA_PERMS].absent = !vma->end;
	cells[VMA_KIND].text = cowi_vma_name(vma->kind);
	cells[VMA_GONE].number = vma->gone;
	cells[VMA_OBSERVED].number = tally_faults(&vma->counts);
	for (i = 0; i < COWI_NR_DID; i++)
		cells[VMA_DID + i].number = vma->counts.did[i];
	cells[VMA_SPLITS].number = vma->counts.splits;
	cells[VMA_HUGE].number = vma->counts.huge;
	cells[VMA_FILLED].number = vma->counts.filled_bytes;
	cells[VMA_BYTES].number = vma->counts.copied_bytes;
	cells[VMA_COPY_NS].number = vma->counts.copy_ns;
	cells[VMA_NS].number = vma->counts.ns;
	trace_fill_facts(&cells[VMA_FACTS], vma->counts.fact);
	cells[VMA_NAME].text = trace_vma_name(vma, name, sizeof(name));
	return table_row(table, cells);
}

/* For people, what is in a page says more than of which mapping it is. */
static int page_row(const struct report *r, struct table *table,
		    const struct tally_proc *p, const struct tally_page *page)
{
	const char *data = stack_counts_data(&p->stacks, page->addr);
	struct cell cells[PAGE_NR] = { 0 };
	char name[80];

	cells[PAGE_PID].number = p->pid;
	cells[PAGE_ADDR].number = page->addr;
	cells[PAGE_BYTES].number = page->bytes;
	cells[PAGE_OBSERVED].number = page->faults;
	cells[PAGE_COPIED].number = page->copied;
	cells[PAGE_REUSED].number = page->reused;
	cells[PAGE_ZEROFILLED].number = page->zerofilled;
	cells[PAGE_OTHER].number = page->faults - page->copied -
				   page->reused - page->zerofilled;
	cells[PAGE_NAME].text =
		trace_vma_name(&p->vma[page->vma], name, sizeof(name));
	if (data && r->style.form == TABLE_HUMAN)
		cells[PAGE_NAME].text = data;
	cells[PAGE_DATA].text = data;
	cells[PAGE_DATA].absent = !data;
	return table_row(table, cells);
}

size_t trace_at_most(const struct report *r, size_t nr)
{
	return nr < r->t->options->top ? nr : r->t->options->top;
}

void trace_heading(const struct report *r, const struct tally_proc *p,
		   const char *what, size_t shown, size_t nr)
{
	if (r->style.form == TABLE_JSON)
		return;
	fprintf(r->style.out, "\nProcess %d (", p->pid);
	put_safe(r->style.out, p->comm);
	if (r->grouped && groups_find(&r->t->groups, p)->procs > 1)
		fprintf(r->style.out, "), the hottest of %llu: ",
			groups_find(&r->t->groups, p)->procs);
	else
		fputs("): ", r->style.out);
	fprintf(r->style.out, "%s, hottest first", what);
	if (shown < nr)
		fprintf(r->style.out, " (%zu of %zu)", shown, nr);
	fputs(":\n", r->style.out);
}

/* All rows in JSON, where all processes' stand in one array. */
static int vma_rows(const struct report *r, struct table *table,
		    const struct tally_proc *p)
{
	const struct tally_vma **hot = calloc(p->nr_vmas + 1, sizeof(*hot));
	size_t nr, shown, i;
	int err = 0;

	if (!hot)
		return -ENOMEM;
	nr = tally_hot_vmas(p, hot);
	shown = r->style.form == TABLE_JSON ? nr : trace_at_most(r, nr);
	trace_heading(r, p, "mappings", shown, nr);
	for (i = 0; i < shown && !err; i++)
		err = vma_row(table, p, hot[i]);
	free(hot);
	return err;
}

/* For people, a page that had one fault is not worth a line. */
static size_t leave_hot(const struct tally_page **hot, size_t nr)
{
	size_t i, left = 0;

	for (i = 0; i < nr; i++) {
		if (hot[i]->faults > 1)
			hot[left++] = hot[i];
	}
	return left;
}

static int page_rows(const struct report *r, struct table *table,
		     const struct tally_proc *p)
{
	const struct tally_page **hot = calloc(p->nr_pages + 1, sizeof(*hot));
	size_t nr = p->nr_pages, shown, i;
	int err = 0;

	if (!hot)
		return -ENOMEM;
	tally_hot_pages(p, hot);
	if (r->style.form == TABLE_HUMAN)
		nr = leave_hot(hot, nr);
	shown = trace_at_most(r, nr);
	if (shown)
		trace_heading(r, p, "pages with more than one fault", shown, nr);
	for (i = 0; i < shown && !err; i++)
		err = page_row(r, table, p, hot[i]);
	free(hot);
	return err;
}

/* One table of each kind for @nr processes, @list of them. */
static int report_vmas(const struct report *r, struct trace_proc **list,
		       size_t nr)
{
	struct columns columns;
	struct table *table;
	size_t i;
	int err = 0;

	table = trace_table_begin(r, &columns, vma_columns, VMA_NR, "vmas",
				  choose_vma);
	for (i = 0; table && i < nr && !err; i++)
		err = vma_rows(r, table, list[i]->tally);
	return trace_table_end(table, &columns, err);
}

static int report_pages(const struct report *r, struct trace_proc **list,
			size_t nr)
{
	struct columns columns;
	struct table *table;
	size_t i;
	int err = 0;

	table = trace_table_begin(r, &columns, page_columns, PAGE_NR, "pages",
				  choose_page);
	for (i = 0; table && i < nr && !err; i++)
		err = page_rows(r, table, list[i]->tally);
	return trace_table_end(table, &columns, err);
}

/* ---- all of it ---- */

static __u64 cow(const struct tally_counts *c)
{
	return tally_copied(c) + tally_reused(c);
}

/* For qsort(): more copies and reuses first, then the older process. */
static int hotter(const void *a, const void *b)
{
	const struct tally_proc *x = (*(struct trace_proc *const *)a)->tally;
	const struct tally_proc *y = (*(struct trace_proc *const *)b)->tally;

	if (cow(&x->counts) != cow(&y->counts))
		return cow(&x->counts) < cow(&y->counts) ? 1 : -1;
	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

static struct trace_proc **by_heat(const struct trace *t)
{
	struct trace_proc **list = calloc(t->nr_procs, sizeof(*list));

	if (list && t->nr_procs) {
		memcpy(list, t->proc, t->nr_procs * sizeof(*list));
		qsort(list, t->nr_procs, sizeof(*list), hotter);
	}
	return list;
}

/*
 * Whose mappings and pages are shown: all that had faults, or the first of each
 * group. Makes them the first in @list, and returns how many they are.
 */
static size_t choose_hottest(const struct report *r, struct trace_proc **list)
{
	const struct groups *g = &r->t->groups;
	bool *done = calloc(g->nr + 1, sizeof(*done));
	size_t i, nr = 0;

	for (i = 0; done && i < r->t->nr_procs; i++) {
		const struct tally_proc *p = list[i]->tally;
		bool *seen = &done[groups_find(g, p) - g->group];

		if (!tally_faults(&p->counts) || (r->grouped && *seen))
			continue;
		*seen = true;
		list[nr++] = list[i];
	}
	free(done);
	return nr;
}

static int report_hottest(const struct report *r, struct trace_proc **list)
{
	size_t nr = choose_hottest(r, list), shown = trace_at_most(r, nr), i;
	int err = 0;

	for (i = 0; i < shown && !err; i++) {
		err = report_vmas(r, &list[i], 1);
		if (!err)
			err = report_pages(r, &list[i], 1);
		if (!err && !r->grouped)
			err = trace_report_stacks(r, &list[i], 1);
	}
	if (shown < nr)
		fprintf(r->style.out,
			"\nMappings of %zu of %zu %s are shown; --top shows more.\n",
			shown, nr, r->grouped ? "groups" : "processes");
	return err;
}

static int report_text(const struct report *r, struct trace_proc **list)
{
	size_t nr = trace_procs(r->t);
	char time[24];
	int err;

	time_text(r->t->end - r->t->start, time, sizeof(time));
	fprintf(r->style.out, "Traced %zu process%s for %s:\n", nr,
		nr == 1 ? "" : "es", time);
	err = r->grouped ? trace_report_groups(r) : report_procs(r);
	if (!err)
		err = trace_report_forks(r);
	if (!err)
		err = trace_report_group_stacks(r);
	if (!err)
		err = report_hottest(r, list);
	trace_explain(r->t);
	if (r->no_room)
		fputs("Columns for which there was no room: in a file (--output), and in --json.\n",
		      r->style.out);
	return err;
}

static int report_json(const struct report *r, struct trace_proc **list)
{
	struct trace *t = r->t;
	int err;

	err = report_procs(r);
	if (!err)
		err = trace_report_groups(r);
	if (!err)
		err = trace_report_forks(r);
	if (!err)
		err = report_vmas(r, list, t->nr_procs);
	if (!err)
		err = report_pages(r, list, t->nr_procs);
	if (!err)
		err = trace_report_stacks(r, list, t->nr_procs);
	if (!err)
		err = trace_report_group_stacks(r);
	json_number(&t->json, "duration_ns", t->end - t->start);
	json_number(&t->json, "lost_events", t->tally.lost);
	json_number(&t->json, "lost_notes", t->tally.lost_notes);
	json_number(&t->json, "uncounted_pages", t->tally.uncounted_pages);
	json_number(&t->json, "forgotten_processes", t->forgotten.procs);
	json_bool(&t->json, "unarmed", t->unarmed);
	json_number(&t->json, "missed", t->missed);
	json_end_object(&t->json);
	return err;
}

int trace_report(struct trace *t)
{
	struct report r = { .t = t };
	struct trace_proc **list = by_heat(t);
	size_t i;
	int err;

	if (!list)
		return -ENOMEM;
	name_columns();
	r.style.form = t->options->json ? TABLE_JSON : TABLE_HUMAN;
	r.style.page_size = t->tally.page_size;
	r.style.out = t->out;
	r.style.json = &t->json;
	r.style.no_room = &r.no_room;
	r.grouped = !t->options->json && !t->options->all_processes &&
		    trace_procs(t) > TABLE_MANY;
	note_seen(t, r.seen);
	for (i = 0; i < t->nr_procs; i++)
		r.split |= t->proc[i]->tally->counts.splits ||
			   t->proc[i]->faults.total[COWI_FAULT_splits];
	err = t->options->json ? report_json(&r, list) : report_text(&r, list);
	free(list);
	return err;
}
