// SPDX-License-Identifier: GPL-2.0
/* top for a file or a program: a block of lines, or a JSON object, for each round. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "commands.h"
#include "table.h"
#include "top.h"

/* Milliseconds to wait for events, so that a round ends when it should. */
#define PATIENCE	100

enum {
	COL_PID,
	COL_PARENT,
	COL_PROCESSES,
	COL_COPIES,
	COL_COPIED,
	COL_ALL_COPIES,
	COL_ALL_COPIED,
	COL_OWN,
	COL_SHARED,
	COL_AGE,
	COL_EXITED,
	COL_COMMAND,
	COL_NAME,
	NR_COLUMNS
};

/* What is left out first where there is no room has the highest number. */
static struct column all[NR_COLUMNS] = {
	[COL_PID] = { .name = "pid", .type = CELL_COUNT, .by_default = true },
	[COL_PARENT] = { .name = "parent", .type = CELL_COUNT },
	[COL_PROCESSES] = { .name = "processes", .type = CELL_COUNT },
	[COL_COPIES] = { .name = "copies", .type = CELL_COUNT,
			 .by_default = true },
	[COL_COPIED] = { .name = "copied", .type = CELL_BYTES,
			 .by_default = true },
	[COL_ALL_COPIES] = { .name = "all_copies", .type = CELL_COUNT,
			     .by_default = true, .drop = 3 },
	[COL_ALL_COPIED] = { .name = "all_copied", .type = CELL_BYTES,
			     .by_default = true, .drop = 2 },
	[COL_OWN] = { .name = "own", .type = CELL_BYTES, .by_default = true },
	[COL_SHARED] = { .name = "shared", .type = CELL_BYTES,
			 .by_default = true, .drop = 1 },
	[COL_AGE] = { .name = "age_ns", .heading = "age", .type = CELL_TIME,
		      .by_default = true, .drop = 4 },
	[COL_EXITED] = { .name = "exited", .type = CELL_BOOL },
	[COL_COMMAND] = { .name = "command" },
	[COL_NAME] = { .name = "name", .by_default = true },
};

/* ---- a round ---- */

static void fill(struct cell *c, const struct top *t,
		 const struct model_item *item)
{
	bool is_process = item->by == MODEL_PROCESSES;
	const char *note = t->about ? "~" : NULL;

	c[COL_PID].number = item->pid;
	c[COL_PID].absent = !item->pid;
	c[COL_PARENT].number = item->parent;
	c[COL_PARENT].absent = !item->parent;
	c[COL_PROCESSES].number = item->running;
	c[COL_COPIES].number = item->round.copies;
	c[COL_COPIED].number = item->round.bytes;
	c[COL_ALL_COPIES].number = item->before.copies;
	c[COL_ALL_COPIED].number = item->before.bytes;
	c[COL_OWN] = (struct cell){
		.number = item->size.own, .absent = !item->size.known, .note = note
	};
	c[COL_SHARED] = (struct cell){
		.number = item->size.shared, .absent = !item->size.known,
		.note = note
	};
	c[COL_AGE].absent = !item->size.known;
	c[COL_AGE].number = t->round_began - item->size.read;
	c[COL_EXITED].number = is_process && item->exited;
	c[COL_COMMAND].text = item->comm;
	c[COL_NAME].text = model_name(item);
}

static int write_rows(struct top *t, struct table *table, size_t *left_out)
{
	struct model_item **items;
	size_t nr, i;
	int err;

	err = model_items(&t->model, t->by, "", t->sort, &items, &nr);
	for (i = 0; i < nr && !err; i++) {
		struct cell cells[NR_COLUMNS] = { 0 };

		if (!t->all_rows && !t->form_json && !items[i]->before.copies) {
			++*left_out;
			continue;
		}
		fill(cells, t, items[i]);
		err = table_row(table, cells);
	}
	free(items);
	return err;
}

static void json_head(const struct top *t, struct json *j)
{
	const struct model *m = &t->model;

	json_number(j, "page_size", m->page_size);
	json_number(j, "round", m->rounds);
	json_number(j, "since_ns", t->round_began - t->began);
	json_number(j, "elapsed_ns", m->elapsed);
}

static void json_tail(const struct top *t, struct json *j)
{
	const struct model *m = &t->model;

	json_object(j, "totals");
	json_number(j, "processes", m->total.running);
	json_number(j, "exited", m->exits);
	json_number(j, "copies", m->total.round.copies);
	json_number(j, "copied", m->total.round.bytes);
	json_number(j, "all_copies", m->total.before.copies);
	json_number(j, "all_copied", m->total.before.bytes);
	json_end_object(j);
	json_number(j, "lost", m->lost);
	json_bool(j, "observed", !t->unarmed);
	json_bool(j, "about", t->about);
	json_hundredths(j, "cpu_percent", t->cpu);
	json_hundredths(j, "reading_percent", t->reading);
	json_hundredths(j, "budget_percent", t->budget);
}

static void print_head(const struct top *t)
{
	const struct model *m = &t->model;
	char since[24], elapsed[24], copied[24];

	time_text(t->round_began - t->began, since, sizeof(since));
	time_text(m->elapsed, elapsed, sizeof(elapsed));
	size_text(m->total.round.bytes, copied, sizeof(copied));
	printf("%s: %llu copies (%s) in %s; %zu processes, %llu exited\n", since,
	       m->total.round.copies, copied, elapsed, m->total.running, m->exits);
}

static void print_tail(const struct top *t, size_t left_out)
{
	if (left_out)
		printf("%zu have copied nothing (--all-rows shows them)\n",
		       left_out);
	if (t->unarmed)
		puts("FAULTS ARE NOT OBSERVED: 'cowinspect status' says more");
	if (t->model.lost)
		printf("%llu EVENTS LOST: the numbers are too small\n",
		       t->model.lost);
	printf("This program used %u.%02u%% of a CPU, %u.%02u%% to read.\n\n",
	       t->cpu / 100, t->cpu % 100, t->reading / 100, t->reading % 100);
}

static int write_table(struct top *t, const struct columns *columns,
		       struct json *json, size_t *left_out)
{
	struct table_style style = {
		.form = t->form_json ? TABLE_JSON : TABLE_HUMAN,
		.page_size = t->model.page_size,
		.out = stdout,
		.json = json,
	};
	static const char *const keys[MODEL_NR_BY] = {
		"processes", "commands", "parents"
	};
	struct table *table = table_open(&style, columns, keys[t->by]);
	int err, closed;

	if (!table)
		return -ENOMEM;
	err = write_rows(t, table, left_out);
	closed = table_close(table);
	return err ? err : closed;
}

static int write_round(struct top *t, const struct columns *columns)
{
	struct json json = { .out = stdout };
	size_t left_out = 0;
	int err;

	if (t->form_json) {
		json_document(&json, "cowinspect-top");
		json_head(t, &json);
	} else {
		print_head(t);
	}
	err = write_table(t, columns, &json, &left_out);
	if (t->form_json) {
		json_tail(t, &json);
		json_end_object(&json);
	} else {
		print_tail(t, left_out);
	}
	/* Who reads a pipe wants it now. */
	return fflush(stdout) && !err ? -errno : err;
}

/* ---- all of them ---- */

static int wait_for_end(struct top *t)
{
	const struct top_source *s = t->source;
	int err = 0;

	while (!err && !top_is_due(t) && !interrupt_signal() &&
	       s->running(s->arg)) {
		err = s->wait(s->arg, PATIENCE);
		if (!err)
			err = top_step(t);
	}
	return err;
}

static bool is_last(const struct top *t)
{
	return interrupt_signal() || !t->source->running(t->source->arg) ||
	       (t->rounds && t->model.rounds + 1 >= t->rounds);
}

static int batch(struct top *t, const struct columns *columns)
{
	const struct top_source *s = t->source;
	bool last = false;
	int err = 0;

	while (!err && !last) {
		err = wait_for_end(t);
		last = is_last(t);
		if (last)
			s->stop(s->arg);
		if (!err)
			err = top_step(t);
		if (!err) {
			top_end_round(t);
			err = write_round(t, columns);
		}
	}
	return err;
}

int top_batch(struct top *t)
{
	struct columns columns = { .all = all, .nr_all = NR_COLUMNS };
	char bad[16];
	int err;

	if (t->by != MODEL_PROCESSES) {
		all[COL_PROCESSES].by_default = true;
		all[COL_PID].by_default = t->by == MODEL_PARENTS;
	}
	err = columns_select(&columns, NULL, t->form_json, bad, sizeof(bad));
	if (!err)
		err = batch(t, &columns);
	free(columns.shown);
	return err;
}
