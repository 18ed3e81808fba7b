// SPDX-License-Identifier: GPL-2.0
/* What the tables of a report share. */
#include <errno.h>
#include <stdlib.h>

#include "tables.h"

static void show_all(struct columns *c)
{
	size_t i;

	for (i = 0; i < c->nr_all; i++)
		trace_table_show(c, i);
}

struct table *trace_table_begin(const struct report *r, struct columns *c,
				const struct column *all, size_t nr,
				const char *key, choose_columns choose)
{
	*c = (struct columns){ .all = all, .nr_all = nr };
	c->shown = calloc(nr, sizeof(*c->shown));
	if (!c->shown)
		return NULL;
	if (r->style.form == TABLE_JSON)
		show_all(c);
	else
		choose(r, c);
	return table_open(&r->style, c, key);
}

int trace_table_end(struct table *table, struct columns *c, int err)
{
	int closed = table ? table_close(table) : -ENOMEM;

	free(c->shown);
	return err ? err : closed;
}

void trace_name_facts(struct column *columns)
{
	static const struct column facts[NR_COPY_FACTS] = {
		[COPY_NOT_ANON] = { "copied_not_anon", "not_anon", .drop = 4 },
		[COPY_SHARED] = { "copied_shared", "shared", .drop = 3 },
		[COPY_LAST] = { "copied_last", "last", .drop = 5 },
		[COPY_UNSURE] = { "copied_unsure", "unsure", .drop = 6 },
		[COPY_AGAIN] = { "copied_again", "again", .drop = 7 },
		[COPY_BESIDE] = { "copied_beside", "beside", .drop = 8 },
	};
	size_t i;

	for (i = 0; i < NR_COPY_FACTS; i++) {
		columns[i] = facts[i];
		columns[i].type = CELL_COUNT;
	}
}

void trace_fill_facts(struct cell *cells, const __u64 *fact)
{
	size_t i;

	for (i = 0; i < NR_COPY_FACTS; i++)
		cells[i].number = fact[i];
}
