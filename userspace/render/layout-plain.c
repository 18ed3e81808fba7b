// SPDX-License-Identifier: GPL-2.0
/* Aligned lines without any library: for static programs in small machines. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "layout.h"

/**
 * struct layout - rows waiting to be printed
 * @out: where to
 * @raw: single spaces, blanks in cells escaped
 * @headings: still to be printed
 * @nr: columns
 * @columns: of them; @width grows with what is added
 * @rows: filled rows of @cells
 * @room: rows that fit into @cells
 * @cells: @nr texts for each row
 */
struct layout {
	FILE *out;
	bool raw;
	bool headings;
	size_t nr;
	struct layout_column *columns;
	size_t rows;
	size_t room;
	char **cells;
};

struct layout *layout_new(FILE *out, bool raw, bool headings,
			  const struct layout_column *columns, size_t nr)
{
	struct layout *l = calloc(1, sizeof(*l));
	size_t i;

	if (!l)
		return NULL;
	l->out = out;
	l->raw = raw;
	l->headings = headings;
	l->nr = nr;
	l->columns = calloc(nr, sizeof(*columns));
	if (!l->columns) {
		free(l);
		return NULL;
	}
	memcpy(l->columns, columns, nr * sizeof(*columns));
	for (i = 0; i < nr && headings; i++) {
		size_t len = strlen(columns[i].heading);

		if (len > columns[i].width)
			l->columns[i].width = len;
	}
	return l;
}

static int make_room(struct layout *l)
{
	size_t room = l->room ? l->room * 2 : 64;
	char **grown;

	if (l->rows < l->room)
		return 0;
	grown = reallocarray(l->cells, room * l->nr, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	l->cells = grown;
	l->room = room;
	return 0;
}

int layout_row(struct layout *l, const char *const *text)
{
	size_t i;
	int err = make_room(l);

	if (err)
		return err;
	for (i = 0; i < l->nr; i++) {
		const char *s = text[i] ? text[i] : "";
		char *copy = strdup(s);

		if (!copy) {
			while (i--)
				free(l->cells[l->rows * l->nr + i]);
			return -ENOMEM;
		}
		l->cells[l->rows * l->nr + i] = copy;
		if (strlen(s) > l->columns[i].width)
			l->columns[i].width = strlen(s);
	}
	l->rows++;
	return 0;
}

static void put_raw(FILE *out, const char *s)
{
	for (; *s; s++) {
		if (isspace((unsigned char)*s) || *s == '\\')
			fprintf(out, "\\x%02x", (unsigned char)*s);
		else
			fputc(*s, out);
	}
}

static void put_cell(struct layout *l, size_t i, const char *s)
{
	int width = l->columns[i].width;

	if (i)
		fputc(' ', l->out);
	if (l->raw)
		put_raw(l->out, s);
	else if (l->columns[i].right)
		fprintf(l->out, "%*s", width, s);
	else if (i + 1 < l->nr)
		fprintf(l->out, "%-*s", width, s);
	else
		fputs(s, l->out);
}

int layout_flush(struct layout *l)
{
	size_t row, i;

	for (i = 0; i < l->nr && l->headings && l->rows; i++)
		put_cell(l, i, l->columns[i].heading);
	if (l->headings && l->rows) {
		fputc('\n', l->out);
		l->headings = false;
	}
	for (row = 0; row < l->rows; row++) {
		for (i = 0; i < l->nr; i++) {
			put_cell(l, i, l->cells[row * l->nr + i]);
			free(l->cells[row * l->nr + i]);
		}
		fputc('\n', l->out);
	}
	l->rows = 0;
	return ferror(l->out) ? -EIO : 0;
}

void layout_free(struct layout *l)
{
	size_t i;

	if (!l)
		return;
	for (i = 0; i < l->rows * l->nr; i++)
		free(l->cells[i]);
	free(l->cells);
	free(l->columns);
	free(l);
}
