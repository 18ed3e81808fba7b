// SPDX-License-Identifier: GPL-2.0
/* Lines of processes and mappings, and what they add up to. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array_size.h"
#include "view.h"

enum {
	COL_PID,
	COL_STATE,
	COL_BEFORE,
	COL_PRIVATE,
	COL_SHARED,
	COL_REUSED,
	COL_FATES,
	COL_AFTER = COL_FATES + DIFF_NR_FATES,
	COL_MAPPING,
	COL_NAME,
	NR_COLUMNS
};

static struct column all[NR_COLUMNS] = {
	[COL_PID] = { .name = "pid", .type = CELL_COUNT, .help = "process id" },
	[COL_STATE] = { .name = "state",
			.help = "in both snapshots, or only in the one before or after" },
	[COL_BEFORE] = { .name = "before", .type = CELL_PAGES,
			 .by_default = true,
			 .help = "kept + copied + replaced + away + out + freed" },
	[COL_PRIVATE] = { .name = "private", .type = CELL_PAGES,
			  .by_default = true, .drop = 5,
			  .help = "of kept: others had it, nobody else has it now" },
	[COL_SHARED] = { .name = "shared", .type = CELL_PAGES,
			 .help = "of kept: nobody else had it, others have it now" },
	[COL_REUSED] = { .name = "reused", .type = CELL_PAGES,
			 .by_default = true, .drop = 4,
			 .help = "of kept: written, which needed no copy" },
	[COL_AFTER] = { .name = "after", .type = CELL_PAGES, .by_default = true,
			.help = "kept + copied + replaced + moved + in + new" },
	[COL_MAPPING] = { .name = "mapping", .help = "all mappings of that name" },
	[COL_NAME] = { .name = "name", .help = "what the process calls itself" },
};

/* What is shown without being asked for, and what goes first without room. */
static const struct {
	enum diff_fate fate;
	unsigned int drop;
} defaults[] = {
	{ DIFF_COPIED, 0 },
	{ DIFF_REPLACED, 3 },
	{ DIFF_NEW, 1 },
	{ DIFF_FREED, 2 },
};

struct columns diff_columns(unsigned int keys)
{
	size_t i;

	for (i = 0; i < DIFF_NR_FATES; i++)
		all[COL_FATES + i] = (struct column){
			.name = diff_fate[i].name,
			.help = diff_fate[i].meaning,
			.type = CELL_PAGES,
		};
	for (i = 0; i < ARRAY_SIZE(defaults); i++) {
		all[COL_FATES + defaults[i].fate].by_default = true;
		all[COL_FATES + defaults[i].fate].drop = defaults[i].drop;
	}
	all[COL_PID].by_default = keys & DIFF_BY_PROCESS;
	all[COL_MAPPING].by_default = keys & DIFF_BY_MAPPING;
	all[COL_NAME].by_default = !(keys & DIFF_BY_MAPPING);
	return (struct columns){ .all = all, .nr_all = NR_COLUMNS };
}

/* ---- lines ---- */

#define NAME_MAX_SHOWN	300

/**
 * struct line - pages that are alike
 * @row: one of them
 * @counts: all of them
 */
struct line {
	const struct diff_row *row;
	struct diff_counts counts;
};

static __u64 changed(const struct diff_counts *c)
{
	return diff_before(c) + diff_after(c) - 2 * c->fate[DIFF_KEPT] +
	       c->became_private + c->reused;
}

static int by_change(const void *a, const void *b)
{
	__u64 x = changed(&((const struct line *)a)->counts);
	__u64 y = changed(&((const struct line *)b)->counts);

	return x < y ? 1 : x > y ? -1 : 0;
}

static int by_mapping(const void *a, const void *b)
{
	return strcmp(((const struct line *)a)->row->name,
		      ((const struct line *)b)->row->name);
}

static bool is_alike(unsigned int keys, const struct diff_row *a,
		     const struct diff_row *b)
{
	return (!(keys & DIFF_BY_PROCESS) || a->process == b->process) &&
	       (!(keys & DIFF_BY_MAPPING) || !strcmp(a->name, b->name));
}

/* Rows of a process stand together; those of a mapping are brought together. */
static size_t make_lines(const struct view *r, struct line *lines)
{
	const struct diff *d = &r->diff;
	size_t i, n = 0;

	for (i = 0; i < d->nr_rows; i++)
		lines[i] = (struct line){ &d->row[i], d->row[i].counts };
	if (!(r->keys & DIFF_BY_PROCESS) && d->nr_rows)
		qsort(lines, d->nr_rows, sizeof(*lines), by_mapping);
	for (i = 0; i < d->nr_rows; i++) {
		if (n && is_alike(r->keys, lines[n - 1].row, lines[i].row))
			diff_add(&lines[n - 1].counts, &lines[i].counts);
		else
			lines[n++] = lines[i];
	}
	if (r->keys & DIFF_BY_MAPPING && n)
		qsort(lines, n, sizeof(*lines), by_change);
	return n;
}

/* ---- cells ---- */

static const char *const state_names[] = {
	[DIFF_BOTH] = "both",
	[DIFF_BEFORE] = "before",
	[DIFF_AFTER] = "after",
};

static void fill_counts(struct cell *cells, const struct diff_counts *c)
{
	const char *note = c->about ? "~" : NULL;
	size_t i;

	cells[COL_BEFORE].number = diff_before(c);
	cells[COL_AFTER].number = diff_after(c);
	cells[COL_PRIVATE] = (struct cell){ .number = c->became_private,
					    .note = note };
	cells[COL_SHARED] = (struct cell){ .number = c->became_shared,
					   .note = note };
	cells[COL_REUSED].number = c->reused;
	for (i = 0; i < DIFF_NR_FATES; i++)
		cells[COL_FATES + i].number = c->fate[i];
}

/* For people, a process that is not in both snapshots says so. */
static void name_process(const struct view *r, const struct diff_process *p,
			 char *buf, size_t size)
{
	bool marked = r->output.style.form == TABLE_HUMAN &&
		      p->state != DIFF_BOTH;

	snprintf(buf, size, "%s%s%s", marked ? "only " : "",
		 marked ? state_names[p->state] : "", marked ? ": " : "");
	strncat(buf, diff_who(p)->title, size - strlen(buf) - 1);
}

static void fill(const struct view *r, const struct line *line,
		 struct cell *cells, char *buf, size_t size)
{
	const struct diff_process *p = &r->diff.process[line->row->process];
	const char *name = line->row->name;

	fill_counts(cells, &line->counts);
	cells[COL_STATE].text = "";
	cells[COL_MAPPING].text = "";
	cells[COL_NAME].text = "";
	cells[COL_PID].absent = !(r->keys & DIFF_BY_PROCESS);
	if (r->keys & DIFF_BY_PROCESS) {
		cells[COL_PID].number = diff_who(p)->pid;
		cells[COL_STATE].text = state_names[p->state];
		name_process(r, p, buf, size);
		cells[COL_NAME].text = buf;
	}
	if (r->keys & DIFF_BY_MAPPING)
		cells[COL_MAPPING].text = name[0] ? name : "(anonymous)";
}

static int add_total(const struct view *r, struct table *table,
		     const struct diff_counts *sum)
{
	unsigned int last = r->columns.shown[r->columns.nr_shown - 1];
	struct cell cells[NR_COLUMNS] = { 0 };
	char word[40];

	fill_counts(cells, sum);
	cells[COL_PID].absent = true;
	cells[COL_STATE].text = "";
	cells[COL_MAPPING].text = "";
	cells[COL_NAME].text = "";
	snprintf(word, sizeof(word), "total of %zu process%s",
		 r->diff.nr_processes, r->diff.nr_processes == 1 ? "" : "es");
	if (all[last].type == CELL_TEXT)
		cells[last].text = word;
	return table_row(table, cells);
}

/* ---- below the table ---- */

static bool is_shown(const struct view *r, size_t column)
{
	size_t i;

	for (i = 0; i < r->columns.nr_shown; i++) {
		if (r->columns.shown[i] == column)
			return true;
	}
	return false;
}

static void say_sizes(const struct view *r, const struct diff_counts *sum)
{
	__u64 page = r->output.style.page_size;
	const char *before = "Not in the columns: ";
	char size[24], after[24];
	size_t i;

	for (i = 0; i < DIFF_NR_FATES; i++) {
		if (i == DIFF_KEPT || !sum->fate[i] ||
		    is_shown(r, COL_FATES + i))
			continue;
		size_text(sum->fate[i] * page, size, sizeof(size));
		printf("%s%s %s", before, size, diff_fate[i].name);
		before = ", ";
	}
	if (before[0] == ',')
		puts("; --columns chooses columns.");
	size_text(r->diff.frames_before * page, size, sizeof(size));
	size_text(r->diff.frames_after * page, after, sizeof(after));
	printf("Each page frame once: %s before, %s after.\n", size, after);
}

static void json_totals(struct view *r, const struct diff_counts *sum)
{
	__u64 page = r->output.style.page_size;
	struct json *j = &r->json;
	size_t i;

	json_object(j, "totals");
	json_number(j, "before", diff_before(sum) * page);
	json_number(j, "after", diff_after(sum) * page);
	for (i = 0; i < DIFF_NR_FATES; i++)
		json_number(j, diff_fate[i].name, sum->fate[i] * page);
	json_number(j, "private", sum->became_private * page);
	json_number(j, "shared", sum->became_shared * page);
	json_number(j, "reused", sum->reused * page);
	json_number(j, "frames_before", r->diff.frames_before * page);
	json_number(j, "frames_after", r->diff.frames_after * page);
	json_end_object(j);
}

static void json_processes(struct view *r)
{
	size_t i;

	json_array(&r->json, "processes");
	for (i = 0; i < r->diff.nr_processes; i++) {
		const struct diff_process *p = &r->diff.process[i];

		json_object(&r->json, NULL);
		json_number(&r->json, "pid", diff_who(p)->pid);
		json_nonzero(&r->json, "parent", diff_who(p)->parent);
		json_string(&r->json, "command", diff_who(p)->comm);
		json_string(&r->json, "name", diff_who(p)->title);
		json_string(&r->json, "state", state_names[p->state]);
		json_end_object(&r->json);
	}
	json_end_array(&r->json);
}

static int write_lines(struct view *r, const struct line *lines, size_t nr)
{
	bool human = r->output.style.form == TABLE_HUMAN;
	struct table *table = table_open(&r->output.style, &r->columns,
					 "changes");
	struct diff_counts sum = { 0 };
	size_t i, unchanged = 0;
	int err = 0, closed;

	if (!table)
		return -ENOMEM;
	for (i = 0; i < nr && !err; i++) {
		struct cell cells[NR_COLUMNS] = { 0 };
		char buf[NAME_MAX_SHOWN];

		diff_add(&sum, &lines[i].counts);
		if (human && !r->output.all_rows && !diff_is_change(&lines[i].counts)) {
			unchanged++;
			continue;
		}
		fill(r, &lines[i], cells, buf, sizeof(buf));
		err = table_row(table, cells);
	}
	if (human && !err)
		err = add_total(r, table, &sum);
	closed = table_close(table);
	if (human && unchanged)
		printf("%zu without a change: --all-rows shows them.\n",
		       unchanged);
	if (human)
		say_sizes(r, &sum);
	if (r->output.style.form == TABLE_JSON) {
		json_processes(r);
		json_totals(r, &sum);
	}
	return err ? err : closed;
}

int diff_lines(struct view *r)
{
	struct line *lines = calloc(r->diff.nr_rows + 1, sizeof(*lines));
	int err;

	if (!lines)
		return -ENOMEM;
	err = write_lines(r, lines, make_lines(r, lines));
	free(lines);
	return err;
}
