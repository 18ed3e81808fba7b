// SPDX-License-Identifier: GPL-2.0
/* Aligned lines with libsmartcols, as lsblk and findmnt make them. */
#include <errno.h>
#include <libsmartcols/libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layout.h"

#define PADDED_MAX	48

/**
 * struct layout - a table of libsmartcols
 * @table: the table
 * @raw: no padding
 * @nr: columns
 * @column: of them; libsmartcols measures each flush anew, so texts are padded
 *	to @width for flushes to line up
 */
struct layout {
	struct libscols_table *table;
	bool raw;
	size_t nr;
	struct layout_column *column;
};

static int add_column(struct layout *l, const struct layout_column *c,
		      bool last)
{
	int flags = c->right ? SCOLS_FL_RIGHT : 0;

	/* The last column is the name: it may lose its end on a terminal. */
	if (last && !c->right)
		flags |= SCOLS_FL_TRUNC;
	if (!scols_table_new_column(l->table, c->heading, 0, flags))
		return -ENOMEM;
	return 0;
}

struct layout *layout_new(FILE *out, bool raw, bool headings,
			  const struct layout_column *columns, size_t nr)
{
	struct layout *l = calloc(1, sizeof(*l));
	size_t i;

	if (!l)
		return NULL;
	l->nr = nr;
	l->raw = raw;
	l->column = calloc(nr, sizeof(*columns));
	l->table = scols_new_table();
	if (!l->column || !l->table)
		goto fail;
	memcpy(l->column, columns, nr * sizeof(*columns));
	scols_table_set_stream(l->table, out);
	scols_table_enable_raw(l->table, raw);
	scols_table_enable_noheadings(l->table, !headings);
	for (i = 0; i < nr; i++) {
		if (add_column(l, &columns[i], i + 1 == nr))
			goto fail;
	}
	return l;
fail:
	layout_free(l);
	return NULL;
}

static int set_cell(const struct layout *l, struct libscols_line *line,
		    size_t i, const char *text)
{
	size_t width = l->column[i].width, length = text ? strlen(text) : 0;
	char padded[PADDED_MAX];

	if (l->raw || !text || length >= width || width >= PADDED_MAX)
		return scols_line_set_data(line, i, text);
	memset(padded, ' ', width);
	memcpy(padded + (l->column[i].right ? width - length : 0), text, length);
	padded[width] = '\0';
	return scols_line_set_data(line, i, padded);
}

int layout_row(struct layout *l, const char *const *text)
{
	struct libscols_line *line = scols_table_new_line(l->table, NULL);
	size_t i;
	int err;

	if (!line)
		return -ENOMEM;
	for (i = 0; i < l->nr; i++) {
		err = set_cell(l, line, i, text[i]);
		if (err)
			return err;
	}
	return 0;
}

int layout_flush(struct layout *l)
{
	int err = 0;

	if (!scols_table_is_empty(l->table))
		err = scols_print_table(l->table);
	scols_table_remove_lines(l->table);
	scols_table_enable_noheadings(l->table, true);
	return err;
}

void layout_free(struct layout *l)
{
	if (!l)
		return;
	scols_unref_table(l->table);
	free(l->column);
	free(l);
}
