// SPDX-License-Identifier: GPL-2.0
/* trace --events: a line for each fault. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array_size.h"
#include "trace.h"

enum {
	COL_SECONDS,
	COL_TIME,
	COL_PID,
	COL_TID,
	COL_OUTCOME,
	COL_ADDR,
	COL_COUNT,
	COL_SIZE,
	COL_OLD_KIND,
	COL_NEW_KIND,
	COL_COST,
	COL_PREDICTED,
	COL_CONFIDENCE,
	COL_FLAGS,
	COL_VMA,
	COL_NAME,
};

/* Widths hold all but the unusual: what is written cannot be widened. */
static const struct column all[] = {
	[COL_SECONDS] = { .name = "seconds", .type = CELL_TEXT, .width = 10 },
	[COL_TIME] = { .name = "time_ns", .type = CELL_TIME },
	[COL_PID] = { .name = "pid", .type = CELL_COUNT, .width = 6 },
	[COL_TID] = { .name = "tid", .type = CELL_COUNT, .width = 6 },
	[COL_OUTCOME] = { .name = "outcome", .type = CELL_TEXT, .width = 11 },
	[COL_ADDR] = { .name = "addr", .type = CELL_HEX, .width = 12 },
	[COL_COUNT] = { .name = "count", .type = CELL_COUNT },
	[COL_SIZE] = { .name = "size", .type = CELL_BYTES, .width = 4 },
	[COL_OLD_KIND] = { .name = "old_kind", .heading = "old",
			   .type = CELL_TEXT, .width = 5 },
	[COL_NEW_KIND] = { .name = "new_kind", .heading = "new",
			   .type = CELL_TEXT, .width = 5 },
	[COL_COST] = { .name = "cost_ns", .heading = "cost",
		       .type = CELL_TIME, .width = 6 },
	[COL_PREDICTED] = { .name = "predicted", .type = CELL_TEXT },
	[COL_CONFIDENCE] = { .name = "confidence", .type = CELL_TEXT },
	[COL_FLAGS] = { .name = "flags", .type = CELL_TEXT, .width = 10 },
	[COL_VMA] = { .name = "vma", .type = CELL_TEXT },
	[COL_NAME] = { .name = "name", .type = CELL_TEXT },
};

static size_t for_people[] = {
	COL_SECONDS, COL_PID, COL_TID, COL_OUTCOME, COL_ADDR, COL_SIZE,
	COL_OLD_KIND, COL_NEW_KIND, COL_COST, COL_FLAGS, COL_NAME,
};

/* All but the seconds. */
static size_t for_json[ARRAY_SIZE(all) - 1];

/**
 * struct trace_lines - the table
 * @columns: of it
 * @table: itself
 * @start: time 0 of it
 */
struct trace_lines {
	struct columns columns;
	struct table *table;
	__u64 start;
};

int trace_lines_open(struct trace *t)
{
	struct table_style style = { .out = t->out, .json = &t->json,
				     .stream = true };
	struct trace_lines *l = calloc(1, sizeof(*l));
	size_t i;

	if (!l)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(for_json); i++)
		for_json[i] = COL_TIME + i;
	style.form = t->options->json ? TABLE_JSON : TABLE_HUMAN;
	style.page_size = t->tally.page_size;
	l->columns.all = all;
	l->columns.nr_all = ARRAY_SIZE(all);
	l->columns.shown = t->options->json ? for_json : for_people;
	l->columns.nr_shown = t->options->json ? ARRAY_SIZE(for_json) :
						 ARRAY_SIZE(for_people);
	l->start = t->start;
	l->table = table_open(&style, &l->columns, "events");
	if (!l->table) {
		free(l);
		return -ENOMEM;
	}
	t->lines = l;
	return 0;
}

void trace_flags_text(const struct cowi_event *e, char *buf, size_t size)
{
	const char *name;
	size_t used = 0;
	unsigned int i;
	__u32 mask;

	buf[0] = '\0';
	for (i = 0; (name = cowi_event_flag_name(i, &mask)) && used < size; i++) {
		if (e->flags & mask)
			used += snprintf(buf + used, size - used, "%s%s",
					 used ? "," : "", name);
	}
}

static void fill_fault(struct cell *cells, const struct cowi_event *e)
{
	bool predicted = e->predicted != COWI_NEXT_NONE;

	cells[COL_ADDR].number = e->addr;
	cells[COL_SIZE].number = e->bytes;
	cells[COL_OLD_KIND].text = cowi_kind_name(e->old_kind);
	cells[COL_NEW_KIND].text = cowi_kind_name(e->new_kind);
	cells[COL_COST].number = e->cost;
	cells[COL_PREDICTED].text = cowi_outcome_name(e->predicted);
	cells[COL_PREDICTED].absent = !predicted;
	cells[COL_CONFIDENCE].text = cowi_confidence_name(e->confidence);
	cells[COL_CONFIDENCE].absent = !predicted;
	cells[COL_VMA].text = cowi_vma_name(e->vma);
	cells[COL_NAME].text = e->mapping ? e->mapping->name : NULL;
	cells[COL_NAME].absent = !e->mapping;
}

static void note_text(const struct cowi_event *e, char *text, size_t size)
{
	switch (e->kind) {
	case COWI_EVENT_LOST:
		snprintf(text, size, "%llu events are missing here", e->count);
		break;
	case COWI_EVENT_BORN:
		snprintf(text, size, "was born to %d", e->parent);
		break;
	case COWI_EVENT_EXEC:
		snprintf(text, size, "called exec");
		break;
	case COWI_EVENT_EXIT:
		snprintf(text, size, "has exited");
		break;
	case COWI_EVENT_FORK:
		snprintf(text, size, "fork of %d copied %llu pinned pages",
			 e->child, e->copied);
		break;
	default:
		text[0] = '\0';
	}
}

static void fill_note(struct cell *cells, const char *text)
{
	size_t i;

	for (i = COL_ADDR; i < ARRAY_SIZE(all); i++)
		cells[i].absent = i != COL_COUNT && i != COL_NAME;
	cells[COL_NAME].text = text;
}

int trace_lines_add(struct trace *t, const struct cowi_event *e)
{
	static const char *const words[] = {
		[COWI_EVENT_FORK] = "fork_copied",
		[COWI_EVENT_BORN] = "child",
		[COWI_EVENT_EXEC] = "exec",
		[COWI_EVENT_EXIT] = "exit",
		[COWI_EVENT_LOST] = "lost",
	};
	__u64 time = e->time > t->lines->start ? e->time - t->lines->start : 0;
	bool is_fault = e->kind == COWI_EVENT_FAULT;
	struct cell cells[ARRAY_SIZE(all)] = { 0 };
	char seconds[32], text[96];

	snprintf(seconds, sizeof(seconds), "%llu.%06llu", time / 1000000000,
		 time % 1000000000 / 1000);
	cells[COL_SECONDS].text = seconds;
	cells[COL_TIME].number = time;
	cells[COL_PID].number = e->pid;
	cells[COL_TID].number = e->tid;
	cells[COL_OUTCOME].text = is_fault ? cowi_did_name(e->outcome) :
					     words[e->kind];
	cells[COL_COUNT].number = is_fault ? 1 : e->count;
	if (is_fault) {
		trace_flags_text(e, text, sizeof(text));
		cells[COL_FLAGS].text = text;
		fill_fault(cells, e);
	} else {
		note_text(e, text, sizeof(text));
		fill_note(cells, text);
	}
	return table_row(t->lines->table, cells);
}

int trace_lines_flush(struct trace *t)
{
	return t->lines && fflush(t->out) ? -errno : 0;
}

int trace_lines_close(struct trace *t)
{
	int err;

	if (!t->lines)
		return 0;
	err = table_close(t->lines->table);
	free(t->lines);
	t->lines = NULL;
	return err;
}
