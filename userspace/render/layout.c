// SPDX-License-Identifier: GPL-2.0
/*
 * Aligned lines. libsmartcols, which lsblk has for this, looks at each character
 * several times: of millions of pages, that took longer than all else.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "layout.h"
#include "safe.h"

/**
 * struct cell - a text of a row that waits
 * @at: where it begins in the layout's text
 * @bytes: of it
 * @columns: that it takes
 */
struct cell {
	size_t at;
	size_t bytes;
	unsigned int columns;
};

/**
 * struct layout - a table
 * @out: where to
 * @raw: no padding, and no blanks in cells
 * @headings: the first row that waits is that of the headings
 * @limit: columns of the terminal; 0: no limit
 * @nr: columns
 * @width: of each, as far as is known: never less than it was
 * @right: of each, whether its texts go to the right
 * @nr_cells: cells that wait, @nr for a row
 * @room: cells that fit
 * @cell: of rows that wait
 * @used: bytes of @text
 * @size: bytes that fit
 * @text: of all cells
 */
struct layout {
	FILE *out;
	bool raw;
	bool headings;
	unsigned int limit;
	size_t nr;
	unsigned int *width;
	bool *right;
	size_t nr_cells;
	size_t room;
	struct cell *cell;
	size_t used;
	size_t size;
	char *text;
};

static unsigned int terminal_width(FILE *out)
{
	struct winsize ws;

	return ioctl(fileno(out), TIOCGWINSZ, &ws) ? 0 : ws.ws_col;
}

struct layout *layout_new(FILE *out, bool raw, bool headings,
			  const struct layout_column *columns, size_t nr)
{
	struct layout *l = calloc(1, sizeof(*l));
	const char **heading = calloc(nr, sizeof(*heading));
	size_t i;
	int err = -ENOMEM;

	if (!l || !heading)
		goto out;
	l->out = out;
	l->raw = raw;
	l->nr = nr;
	l->limit = raw ? 0 : terminal_width(out);
	l->width = calloc(nr, sizeof(*l->width));
	l->right = calloc(nr, sizeof(*l->right));
	if (!l->width || !l->right)
		goto out;
	for (i = 0; i < nr; i++) {
		l->width[i] = columns[i].width;
		l->right[i] = columns[i].right;
		heading[i] = columns[i].heading;
	}
	l->headings = headings;
	err = headings ? layout_row(l, heading) : 0;
out:
	free(heading);
	if (err) {
		layout_free(l);
		l = NULL;
	}
	return l;
}

/* Room for a row with @bytes of text; doubling, so that rows stay cheap. */
static int grow(struct layout *l, size_t bytes)
{
	if (l->nr_cells + l->nr > l->room) {
		size_t room = (l->room + l->nr) * 2;
		struct cell *grown;

		grown = reallocarray(l->cell, room, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		l->cell = grown;
		l->room = room;
	}
	if (l->used + bytes > l->size) {
		size_t size = (l->size + bytes) * 2;
		char *grown = realloc(l->text, size);

		if (!grown)
			return -ENOMEM;
		l->text = grown;
		l->size = size;
	}
	return 0;
}

static void add_cell(struct layout *l, size_t i, const char *text)
{
	struct cell *cell = &l->cell[l->nr_cells++];

	*cell = (struct cell){ .at = l->used };
	while (*text) {
		char *to = l->text + l->used;

		/* A blank would be the end of the cell. */
		if (l->raw && (*text == ' ' || *text == '\t'))
			l->used += safe_escape(&text, to, &cell->columns);
		else
			l->used += safe_step(&text, to, &cell->columns);
	}
	cell->bytes = l->used - cell->at;
	if (cell->columns > l->width[i])
		l->width[i] = cell->columns;
}

int layout_row(struct layout *l, const char *const *text)
{
	size_t bytes = 0, i;
	int err;

	for (i = 0; i < l->nr; i++)
		bytes += strlen(text[i]) * SAFE_GROWTH;
	err = grow(l, bytes);
	for (i = 0; i < l->nr && !err; i++)
		add_cell(l, i, text[i]);
	return err;
}

static void put_blanks(FILE *out, unsigned int nr)
{
	static const char blanks[] = "                ";
	const unsigned int most = sizeof(blanks) - 1;

	for (; nr > most; nr -= most)
		fwrite(blanks, 1, most, out);
	fwrite(blanks, 1, nr, out);
}

/* How many bytes of a cell fit into so many columns. */
static size_t fitting(const char *text, size_t bytes, unsigned int columns)
{
	mbstate_t state = { 0 };
	size_t used = 0;
	wchar_t wide;

	while (used < bytes) {
		size_t length = mbrtowc(&wide, text + used, bytes - used,
					&state);
		unsigned int width = wcwidth(wide) > 0 ? wcwidth(wide) : 0;

		if (width > columns)
			break;
		columns -= width;
		used += length;
	}
	return used;
}

/* The last column is the name: it may lose its end on a terminal. */
static void put_last(struct layout *l, const struct cell *cell,
		     unsigned int at)
{
	unsigned int left = l->limit > at ? l->limit - at : 1;
	const char *text = l->text + cell->at;
	size_t bytes = cell->bytes;

	if (l->limit && cell->columns > left)
		bytes = fitting(text, bytes, left);
	fwrite(text, 1, bytes, l->out);
	putc('\n', l->out);
}

static void put_row(struct layout *l, const struct cell *cell)
{
	unsigned int at = 0, pad;
	size_t i;

	for (i = 0; i < l->nr; i++, cell++) {
		pad = l->raw ? 0 : l->width[i] - cell->columns;
		if (l->right[i])
			put_blanks(l->out, pad);
		if (i + 1 == l->nr) {
			put_last(l, cell, at);
			return;
		}
		fwrite(l->text + cell->at, 1, cell->bytes, l->out);
		put_blanks(l->out, l->right[i] ? 1 : pad + 1);
		at += l->width[i] + 1;
	}
}

int layout_flush(struct layout *l)
{
	size_t i;

	/* Headings alone are no table. */
	if (l->headings && l->nr_cells == l->nr)
		return 0;
	for (i = 0; i < l->nr_cells; i += l->nr)
		put_row(l, &l->cell[i]);
	l->headings = false;
	l->nr_cells = 0;
	l->used = 0;
	return 0;
}

void layout_free(struct layout *l)
{
	if (!l)
		return;
	free(l->width);
	free(l->right);
	free(l->cell);
	free(l->text);
	free(l);
}
