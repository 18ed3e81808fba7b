// SPDX-License-Identifier: GPL-2.0
/* What surrounds all that diff prints, and its runs of addresses. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "view.h"

enum {
	COL_PID,
	COL_ADDR,
	COL_SIZE,
	COL_WHAT,
	COL_MAPPING,
	COL_NAME,
	NR_COLUMNS
};

static const struct column all[NR_COLUMNS] = {
	[COL_PID] = { "pid", NULL, "process id", CELL_COUNT, 7, true, 0, false },
	[COL_ADDR] = { "addr", NULL, "first address, hexadecimal", CELL_HEX, 12,
		       true, 0, false },
	[COL_SIZE] = { "size", NULL, "how much, from there on", CELL_PAGES, 6,
		       true, 0, false },
	[COL_WHAT] = { "what", NULL,
		       "what became of it: a column of the other table",
		       CELL_TEXT, 8, true, 0, false },
	[COL_MAPPING] = { "mapping", NULL, "that it is in", CELL_TEXT, 20, true,
			  0, false },
	[COL_NAME] = { "name", NULL, "what the process calls itself", CELL_TEXT,
		       20, false, 0, false },
};

struct columns diff_pages_columns(void)
{
	return (struct columns){ .all = all, .nr_all = NR_COLUMNS };
}

static int add_run(const struct diff_run *run, void *arg)
{
	const struct cowi_recorded *who = diff_who(run->process);
	struct cell cells[NR_COLUMNS] = { 0 };
	struct view *r = arg;

	cells[COL_PID].number = who->pid;
	cells[COL_ADDR].number = run->start;
	cells[COL_SIZE].number = run->pages;
	cells[COL_WHAT].text = run->reused ? "reused" :
					     diff_fate[run->fate].name;
	cells[COL_MAPPING].text = run->name[0] ? run->name : "(anonymous)";
	cells[COL_NAME].text = who->title;
	return table_row(r->table, cells);
}

static int report_runs(struct view *r)
{
	int err, closed;

	r->output.style.stream = true;
	r->table = table_open(&r->output.style, &r->columns, "runs");
	if (!r->table)
		return -ENOMEM;
	r->diff.look = add_run;
	r->diff.arg = r;
	err = diff_compare(r->before, r->after, &r->diff);
	closed = table_close(r->table);
	return err ? err : closed;
}

static int report_lines(struct view *r)
{
	int err = diff_compare(r->before, r->after, &r->diff);

	return err ? err : diff_lines(r);
}

static void json_moment(struct json *j, const char *key,
			const struct cowi_snapshot *s)
{
	json_object(j, key);
	json_string(j, "taken", s->taken);
	json_number(j, "taken_ns", s->taken_ns);
	json_number(j, "read_ns", s->read_ns);
	json_number(j, "exited", s->exited);
	json_end_object(j);
}

static void say_moments(const struct cowi_snapshot *before,
			const struct cowi_snapshot *after)
{
	char between[24];
	__u64 ns = after->taken_ns - before->taken_ns;

	if (after->taken_ns < before->taken_ns) {
		printf("%s is after %s: what has become of it is told backwards.\n",
		       before->taken, after->taken);
		return;
	}
	time_text(ns, between, sizeof(between));
	printf("From %s to %s (%s).\n", before->taken, after->taken, between);
}

int diff_view(struct view *r)
{
	const struct cowi_snapshot *before = cowi_snapshot(r->before);
	const struct cowi_snapshot *after = cowi_snapshot(r->after);
	struct table_style *style = &r->output.style;
	int err;

	r->json = (struct json){ .out = stdout };
	style->page_size = cowi_status(r->before)->page_size;
	style->out = stdout;
	style->json = &r->json;
	if (style->form == TABLE_JSON) {
		json_document(&r->json, "cowinspect-diff");
		json_number(&r->json, "page_size", style->page_size);
		json_moment(&r->json, "before", before);
		json_moment(&r->json, "after", after);
	}
	err = r->pages ? report_runs(r) : report_lines(r);
	if (style->form == TABLE_JSON)
		json_end_object(&r->json);
	else if (style->form == TABLE_HUMAN && !err)
		say_moments(before, after);
	diff_release(&r->diff);
	return err;
}
