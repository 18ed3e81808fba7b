/* SPDX-License-Identifier: GPL-2.0 */
/* Text cells to aligned lines; what a terminal might obey in them is shown. */
#ifndef RENDER_LAYOUT_H
#define RENDER_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct layout;

/**
 * struct layout_column - one column
 * @heading: above it
 * @right: numbers go to the right
 * @width: least width in characters if it is a stream; the heading fits anyway
 * @drop: left out on a terminal that is too narrow, unless it is a stream: those of
 *	the greatest number first, those of 0 never
 * @whole: not shortened there
 */
struct layout_column {
	const char *heading;
	bool right;
	unsigned int width;
	unsigned int drop;
	bool whole;
};

/**
 * layout_new - begin a table, as wide as what is in it
 * @out: where to
 * @raw: columns separated by single spaces, blanks in cells as \x20
 * @headings: print a line of headings first
 * @columns: @nr of them
 * @nr: how many
 *
 * Return: NULL without memory.
 */
struct layout *layout_new(FILE *out, bool raw, bool headings,
			  const struct layout_column *columns, size_t nr);

/**
 * layout_stream - begin a table of which each row is written at once
 * @out: where to
 * @raw: as for layout_new(), like all else
 * @headings: see @raw
 * @columns: see @raw
 * @nr: see @raw
 *
 * Return: NULL without memory.
 */
struct layout *layout_stream(FILE *out, bool raw, bool headings,
			     const struct layout_column *columns, size_t nr);

/**
 * layout_leave_out - which columns are left out, of those that may be (@drop)
 * @l: table, which is no stream; none of them is otherwise but where there is no room
 * @zero: all that have nothing but 0, and not only where there is no room
 * @no_room: set if there was no room for some, which is not said then; or NULL
 */
void layout_leave_out(struct layout *l, bool zero, bool *no_room);

/** layout_terminal - the columns of a terminal; 0: it is none, or does not know */
unsigned int layout_terminal(FILE *out);

/**
 * layout_row - add a row
 * @l: table
 * @text: one for each column; copied, not NULL
 *
 * Return: 0 or -ENOMEM.
 */
int layout_row(struct layout *l, const char *const *text);

/**
 * layout_print - print the rows, unless it is a stream; at the end, once
 * @l: table
 *
 * On a terminal, no line is wider than that if columns may be left out: first those
 * that have nothing but 0, while names would have to be shortened for them; then
 * others, while names would be shortened to less than 20 characters. What was left
 * out, layout_leave_out() included, is said on standard error.
 *
 * Return: 0 or -errno.
 */
int layout_print(struct layout *l);

/** layout_free - end a table; what was not printed is lost */
void layout_free(struct layout *l);

#endif /* RENDER_LAYOUT_H */
