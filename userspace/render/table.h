/* SPDX-License-Identifier: GPL-2.0 */
/* Rows of typed values, shown as an aligned table, as raw text or as JSON. */
#ifndef RENDER_TABLE_H
#define RENDER_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/types.h>
#include <stdio.h>
#include <sys/types.h>

#include "json.h"

/** enum cell_type - what a column holds, and so how it is written */
enum cell_type {
	CELL_TEXT,
	CELL_HEX,	/* an address; JSON: a string */
	CELL_FRAME,	/* a frame number: hexadecimal, but in JSON */
	CELL_COUNT,
	CELL_MEAN,	/* hundredths */
	CELL_PAGES,	/* base pages; human: as a size */
	CELL_BYTES,	/* human: as a size */
	CELL_BOOL,	/* human: yes or no */
	CELL_TIME,	/* nanoseconds; human: with a unit */
};

/**
 * struct column - one column that a table can show
 * @name: in --columns and JSON
 * @heading: in tables, where @name would be too wide; NULL for the same
 * @help: meaning, one line
 * @type: of its cells
 * @width: least width in a stream
 * @by_default: shown without --columns
 * @drop: left out where a terminal has no room for all default ones: those of the
 *	greatest number first, those of 0 never
 * @whole: a text that is not shortened, as others are for such a terminal
 */
struct column {
	const char *name;
	const char *heading;
	const char *help;
	enum cell_type type;
	unsigned int width;
	bool by_default;
	unsigned int drop;
	bool whole;
};

/**
 * struct cell - one value
 * @absent: this kernel cannot tell: "-", JSON null
 * @number: for the numeric types
 * @text: for CELL_TEXT
 * @note: for people only, before the value ("~" for about); NULL for none
 */
struct cell {
	bool absent;
	const char *note;
	__u64 number;
	const char *text;
};

/** enum table_form - how to write */
enum table_form {
	TABLE_HUMAN,
	TABLE_RAW,
	TABLE_JSON,
};

/**
 * struct table_style - how to write a table
 * @form: see there
 * @bytes: CELL_PAGES in bytes, as always in JSON, and no K and M
 * @noheadings: no headings
 * @hide_zero: for people, leave out columns with @drop that are 0 in all rows, and say so
 * @no_room: set if there was no room for columns, which is said otherwise; or NULL
 * @stream: many rows, or seldom ones: each is written at once, and the widths are
 *	those of the columns
 * @page_size: bytes of a base page
 * @out: for TABLE_HUMAN and TABLE_RAW
 * @json: for TABLE_JSON: an open object that gets the array
 */
struct table_style {
	enum table_form form;
	bool bytes;
	bool noheadings;
	bool hide_zero;
	bool *no_room;
	bool stream;
	__u64 page_size;
	FILE *out;
	struct json *json;
};

struct filter;

/**
 * struct columns - the columns that can be shown, and those that will be
 * @all: @nr_all of them
 * @nr_all: how many
 * @shown: indices into @all, @nr_shown of them
 * @nr_shown: how many
 * @asked: they were asked for by name: none is left out
 * @filter: what rows have to fit, see filter.h, or NULL: the caller asks it of those
 *	that are no totals
 */
struct columns {
	const struct column *all;
	size_t nr_all;
	size_t *shown;
	size_t nr_shown;
	bool asked;
	struct filter *filter;
};

/**
 * columns_select - choose columns as lsblk does by --output
 * @c: @all and @nr_all are set; @shown is allocated here
 * @list: "NAME,NAME", "+NAME" for the default ones and more, NULL for the
 *	default ones; names in any case
 * @everything: all columns, whatever @list says
 * @bad: set to the name that is no column
 * @bad_size: bytes of @bad
 *
 * Return: 0, -EINVAL for a name in @bad or an empty list, -ENOMEM.
 */
int columns_select(struct columns *c, const char *list, bool everything,
		   char *bad, size_t bad_size);

/**
 * column_find - by its name
 * @c: columns
 * @name: in any case
 * @len: bytes of @name
 *
 * Return: index in @all, or -1.
 */
ssize_t column_find(const struct columns *c, const char *name, size_t len);

/** columns_release - what was allocated for them */
void columns_release(struct columns *c);

/** columns_help - print names and meanings, one per line */
void columns_help(const struct columns *c, FILE *out);

struct table;

/**
 * table_open - begin a table
 * @style: how; copied
 * @columns: which; must stay as long as the table
 * @key: name of the array in JSON
 *
 * Return: NULL without memory.
 */
struct table *table_open(const struct table_style *style,
			 const struct columns *columns, const char *key);

/**
 * table_row - add a row
 * @t: table
 * @cells: one for each column of columns->all, in that order
 *
 * In JSON and in streams it is written at once, otherwise with table_close().
 *
 * Return: 0 or -ENOMEM.
 */
int table_row(struct table *t, const struct cell *cells);

/**
 * table_close - write what is left and free the table
 * @t: table, or NULL
 *
 * Return: 0 or -errno.
 */
int table_close(struct table *t);

/**
 * size_text - bytes for people: "512B", "4K", "1.5M"
 * @bytes: size
 * @buf: result
 * @size: bytes of @buf, at least 24
 */
void size_text(__u64 bytes, char *buf, size_t size);

/**
 * time_text - nanoseconds for people: "870ns", "4.2us", "1.5ms", "12s"
 * @ns: time
 * @buf: result
 * @size: bytes of @buf, at least 24
 */
void time_text(__u64 ns, char *buf, size_t size);

#endif /* RENDER_TABLE_H */
