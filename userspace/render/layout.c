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

#include "grow.h"
#include "layout.h"
#include "safe.h"

/**
 * struct layout - a table of libsmartcols, or a stream
 * @nr: columns
 * @table: the table; NULL: it is a stream, which has what follows
 * @line: its rows: libsmartcols finds one by going through those before it
 * @rows: how many
 * @drop: of @nr columns: see struct layout_column
 * @whole: the same
 * @width: of @nr columns: what they take, until texts are shortened
 * @zero: see layout_leave_out()
 * @no_room: the same
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
	struct libscols_line **line;
	size_t rows;
	unsigned int *drop;
	bool *whole;
	size_t *width;
	bool zero;
	bool *no_room;
	FILE *out;
	bool raw;
	unsigned int limit;
	struct layout_column *column;
	unsigned int at;
	unsigned int start;
};

unsigned int layout_terminal(FILE *out)
{
	struct winsize ws;

	return ioctl(fileno(out), TIOCGWINSZ, &ws) ? 0 : ws.ws_col;
}

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
	l->drop = calloc(nr, sizeof(*l->drop));
	l->whole = calloc(nr, sizeof(*l->whole));
	l->width = calloc(nr, sizeof(*l->width));
	if (!l->table || !l->drop || !l->whole || !l->width)
		goto fail;
	scols_table_set_stream(l->table, out);
	scols_table_enable_raw(l->table, raw);
	scols_table_enable_noheadings(l->table, !headings);
	/* It asks standard output whether it is a terminal, not @out. */
	l->limit = raw ? 0 : layout_terminal(out);
	if (!l->limit)
		scols_table_set_termforce(l->table, SCOLS_TERMFORCE_NEVER);
	for (i = 0; i < nr; i++) {
		if (add_column(l, &columns[i], i + 1 == nr))
			goto fail;
		l->drop[i] = columns[i].drop;
		l->whole[i] = columns[i].whole;
	}
	return l;
fail:
	layout_free(l);
	return NULL;
}

void layout_leave_out(struct layout *l, bool zero, bool *no_room)
{
	l->zero = zero;
	l->no_room = no_room;
}

/* A cell that is wider than its column pushes what follows to the right. */
static void put_cell(struct layout *l, size_t i, const char *text)
{
	const struct layout_column *c = &l->column[i];
	unsigned int length = c->right ? strlen(text) : c->width;
	unsigned int room = UINT_MAX;

	for (; l->at + length < l->start + c->width; l->at++)
		putc_unlocked(' ', l->out);
	if (i + 1 < l->nr) {
		l->at += put_safe_cell(l->out, text, l->raw, room) + 1;
		l->start += c->width + 1;
		putc_unlocked(' ', l->out);
		return;
	}
	if (l->limit && !c->right)
		room = l->at < l->limit ? l->limit - l->at : 1;
	put_safe_cell(l->out, text, l->raw, room);
	putc_unlocked('\n', l->out);
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
	l->limit = raw ? 0 : layout_terminal(out);
	for (i = 0; i < nr && !raw; i++)
		set_width(&l->column[i], &columns[i]);
	for (i = 0; i < nr && headings; i++)
		put_cell(l, i, columns[i].heading);
	return l;
}

static struct libscols_line *add_line(struct layout *l)
{
	struct libscols_line **line = grow(l->line, l->rows, sizeof(*line));

	if (!line)
		return NULL;
	l->line = line;
	line[l->rows] = scols_table_new_line(l->table, NULL);
	return line[l->rows] ? line[l->rows++] : NULL;
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
	line = add_line(l);
	if (!line)
		return -ENOMEM;
	for (i = 0; i < l->nr && !err; i++)
		err = scols_line_set_data(line, i, text[i]);
	return err;
}

/* ---- as narrow as the terminal ---- */

#define NAME_LEAST	20

static const char *cell_at(struct layout *l, size_t row, size_t column)
{
	return scols_line_get_column_data(l->line[row],
					  scols_table_get_column(l->table,
								 column));
}

static size_t width_of(struct layout *l, size_t column)
{
	struct libscols_column *c = scols_table_get_column(l->table, column);
	const char *heading = scols_cell_get_data(scols_column_get_header(c));
	size_t i, most = 0;

	if (heading && !scols_table_is_noheadings(l->table))
		most = strlen(heading);
	for (i = 0; i < l->rows; i++) {
		const char *text = cell_at(l, i, column);
		size_t width = text ? safe_width(text) : 0;

		if (width > most)
			most = width;
	}
	return most;
}

static void shorten_column(struct layout *l, size_t column, size_t room)
{
	size_t i;

	for (i = 0; i < l->rows; i++) {
		const char *text = cell_at(l, i, column);
		char *made = text ? safe_shorten(text, room) : NULL;

		if (made)
			scols_line_refer_data(l->line[i], column, made);
	}
}

static bool is_hidden(struct layout *l, size_t column)
{
	return scols_column_is_hidden(scols_table_get_column(l->table, column));
}

/* The column that is left out next; @nr if there is none. */
static size_t drop_next(const struct layout *l)
{
	size_t i, next = l->nr;

	for (i = 0; i < l->nr; i++) {
		if (l->drop[i] && (next == l->nr || l->drop[i] > l->drop[next]))
			next = i;
	}
	return next;
}

static const char *leave_out(struct layout *l, size_t column)
{
	struct libscols_column *c = scols_table_get_column(l->table, column);

	scols_column_set_flags(c, scols_column_get_flags(c) | SCOLS_FL_HIDDEN);
	l->drop[column] = 0;
	return scols_cell_get_data(scols_column_get_header(c));
}

static void leave_out_without_room(struct layout *l, size_t column,
				   unsigned int *left_out)
{
	const char *heading = leave_out(l, column);

	if (l->no_room)
		*l->no_room = true;
	else
		fprintf(stderr, "%s%s", *left_out ? ", " : "No room for ",
			heading);
	++*left_out;
}

/* What is not known in any row is no 0. */
static bool has_nothing(struct layout *l, size_t column)
{
	size_t i;
	bool zero = false;

	for (i = 0; i < l->rows; i++) {
		const char *text = cell_at(l, i, column);

		if (text && strcmp(text, "0") && strcmp(text, "-"))
			return false;
		zero |= text && !strcmp(text, "0");
	}
	return zero;
}

/* What a column needs: a text may be shortened. */
static size_t least_of(const struct layout *l, size_t column)
{
	size_t width = l->width[column];

	return !l->whole[column] && width > NAME_LEAST ? NAME_LEAST : width;
}

/* Texts get what is left, those that stand first before the others. */
static void shorten_texts(struct layout *l, size_t spare)
{
	size_t least, more, i;

	for (i = 0; i < l->nr; i++) {
		if (l->whole[i] || is_hidden(l, i))
			continue;
		least = least_of(l, i);
		more = l->width[i] - least < spare ? l->width[i] - least : spare;
		shorten_column(l, i, least + more);
		spare -= more;
	}
}

/* All columns of nothing. */
static void leave_out_zero(struct layout *l)
{
	unsigned int left_out = 0;
	size_t i;

	for (i = 0; i < l->nr; i++) {
		if (l->drop[i] && has_nothing(l, i))
			fprintf(stderr, "%s%s", left_out++ ? ", " : "All 0: ",
				leave_out(l, i));
	}
	if (left_out)
		fputs(" (--all-rows shows them)\n", stderr);
}

/* The same, if names would have to be shortened for them. */
static void leave_out_empty(struct layout *l, unsigned int *left_out)
{
	size_t width = 0, i;

	for (i = 0; i < l->nr; i++)
		width += is_hidden(l, i) ? 0 : l->width[i] + !!i;
	for (i = 0; i < l->nr && width > l->limit; i++) {
		if (!l->drop[i] || !has_nothing(l, i))
			continue;
		width -= l->width[i] + 1;
		leave_out_without_room(l, i, left_out);
	}
}

/* Only tables of which columns may be left out: others are as they were asked for. */
static void fit(struct layout *l)
{
	unsigned int left_out = 0;
	size_t width = 0, next, i;

	if (l->zero)
		leave_out_zero(l);
	if (!l->limit || drop_next(l) == l->nr)
		return;
	for (i = 0; i < l->nr; i++)
		l->width[i] = width_of(l, i);
	leave_out_empty(l, &left_out);
	if (left_out && !l->no_room)
		fputs(" (all 0)", stderr);
	for (i = 0; i < l->nr; i++)
		width += is_hidden(l, i) ? 0 : least_of(l, i) + !!i;
	while (width > l->limit && (next = drop_next(l)) < l->nr) {
		width -= least_of(l, next) + 1;
		leave_out_without_room(l, next, &left_out);
	}
	if (left_out && !l->no_room)
		fputs(": --columns chooses columns\n", stderr);
	shorten_texts(l, width < l->limit ? l->limit - width : 0);
}

int layout_print(struct layout *l)
{
	if (!l->table)
		return 0;
	fit(l);
	return scols_print_table(l->table);
}

void layout_free(struct layout *l)
{
	if (!l)
		return;
	scols_unref_table(l->table);
	free(l->line);
	free(l->drop);
	free(l->whole);
	free(l->width);
	free(l->column);
	free(l);
}
