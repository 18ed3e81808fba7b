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
	static const char *const names[NR_COPY_FACTS][2] = {
		[COPY_NOT_ANON] = { "copied_not_anon", "not_anon" },
		[COPY_SHARED] = { "copied_shared", "shared" },
		[COPY_LAST] = { "copied_last", "last" },
		[COPY_UNSURE] = { "copied_unsure", "unsure" },
		[COPY_AGAIN] = { "copied_again", "again" },
		[COPY_BESIDE] = { "copied_beside", "beside" },
	};
	size_t i;

	for (i = 0; i < NR_COPY_FACTS; i++) {
		columns[i].name = names[i][0];
		columns[i].heading = names[i][1];
		columns[i].type = CELL_COUNT;
	}
}

void trace_fill_facts(struct cell *cells, const __u64 *fact)
{
	size_t i;

	for (i = 0; i < NR_COPY_FACTS; i++)
		cells[i].number = fact[i];
}
