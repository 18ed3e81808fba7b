// SPDX-License-Identifier: GPL-2.0
/*
 * Aligned lines with libsmartcols, as lsblk and findmnt make them. It holds all
 * rows, and looks at each several times, to find the widest cells. Millions of
 * pages cannot wait for that: they are a stream, with widths chosen beforehand.
 */
#include <errno.h>
#include <libsmartcols/libsmartcols.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "layout.h"
#include "safe.h"

/**
 * struct layout - a table of libsmartcols, or a stream
 * @nr: columns
 * @table: the table; NULL: it is a stream, which has what follows
 * @out: where to
 * @raw: no padding, and no blanks in cells
 * @limit: columns of the terminal; 0: no limit
 * @column: @nr of them, without their headings
 * @at: where the line has come to
 * @start: where the next column begins
 */
struct layout {
	size_t nr;
	struct libscols_table *table;
	FILE *out;
	bool raw;
	unsigned int limit;
	struct layout_column *column;
	unsigned int at;
	unsigned int start;
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
	l->table = scols_new_table();
	if (!l->table)
		goto fail;
	scols_table_set_stream(l->table, out);
	scols_table_enable_raw(l->table, raw);
	scols_table_enable_noheadings(l->table, !headings);
	/* It asks standard output whether it is a terminal, not @out. */
	if (!isatty(fileno(out)))
		scols_table_set_termforce(l->table, SCOLS_TERMFORCE_NEVER);
	for (i = 0; i < nr; i++) {
		if (add_column(l, &columns[i], i + 1 == nr))
			goto fail;
	}
	return l;
fail:
	layout_free(l);
	return NULL;
}

/* A cell that is wider than its column pushes what follows to the right. */
static void put_cell(struct layout *l, size_t i, const char *text)
{
	const struct layout_column *c = &l->column[i];
	unsigned int length = c->right ? strlen(text) : c->width;
	unsigned int room = UINT_MAX;

	for (; l->at + length < l->start + c->width; l->at++)
		putc(' ', l->out);
	if (i + 1 < l->nr) {
		l->at += put_safe_cell(l->out, text, l->raw, room) + 1;
		l->start += c->width + 1;
		putc(' ', l->out);
		return;
	}
	if (l->limit && !c->right)
		room = l->at < l->limit ? l->limit - l->at : 1;
	put_safe_cell(l->out, text, l->raw, room);
	putc('\n', l->out);
	l->at = 0;
	l->start = 0;
}

static void set_width(struct layout_column *to, const struct layout_column *c)
{
	size_t heading = strlen(c->heading);

	to->width = c->width > heading ? c->width : heading;
	to->right = c->right;
}

struct layout *layout_stream(FILE *out, bool raw, bool headings,
			     const struct layout_column *columns, size_t nr)
{
	struct layout *l = calloc(1, sizeof(*l));
	struct winsize ws;
	size_t i;

	if (!l)
		return NULL;
	l->nr = nr;
	l->out = out;
	l->raw = raw;
	l->column = calloc(nr, sizeof(*l->column));
	if (!l->column) {
		layout_free(l);
		return NULL;
	}
	if (!raw && !ioctl(fileno(out), TIOCGWINSZ, &ws))
		l->limit = ws.ws_col;
	for (i = 0; i < nr && !raw; i++)
		set_width(&l->column[i], &columns[i]);
	for (i = 0; i < nr && headings; i++)
		put_cell(l, i, columns[i].heading);
	return l;
}

int layout_row(struct layout *l, const char *const *text)
{
	struct libscols_line *line;
	size_t i;
	int err = 0;

	if (!l->table) {
		for (i = 0; i < l->nr; i++)
			put_cell(l, i, text[i]);
		return 0;
	}
	line = scols_table_new_line(l->table, NULL);
	if (!line)
		return -ENOMEM;
	for (i = 0; i < l->nr && !err; i++)
		err = scols_line_set_data(line, i, text[i]);
	return err;
}

int layout_print(struct layout *l)
{
	return l->table ? scols_print_table(l->table) : 0;
}

void layout_free(struct layout *l)
{
	if (!l)
		return;
	scols_unref_table(l->table);
	free(l->column);
	free(l);
}
