// SPDX-License-Identifier: GPL-2.0
/* Rows of a table that fit an expression: it is the library's, the values are ours. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libsmartcols/libsmartcols.h>

#include "filter.h"

#define NUMBER_MAX	24

#ifdef HAVE_SCOLS_FILTER
/**
 * struct filter - an expression
 * @columns: all that there are
 * @expression: of the library
 * @table: of one line, with the columns that @expression names
 * @line: that line
 * @nr: entries in @used
 * @used: index in @columns of each column of @table
 * @rows: that were asked about
 * @fitting: of these
 */
struct filter {
	const struct columns *columns;
	struct libscols_filter *expression;
	struct libscols_table *table;
	struct libscols_line *line;
	size_t nr;
	size_t *used;
	size_t rows;
	size_t fitting;
};

void filter_free(struct filter *f)
{
	if (!f)
		return;
	scols_unref_filter(f->expression);
	scols_unref_table(f->table);
	free(f->used);
	free(f);
}

static int data_type(enum cell_type type)
{
	switch (type) {
	case CELL_TEXT:
	case CELL_HEX:
	case CELL_FRAME:
		return SCOLS_DATA_STRING;
	case CELL_MEAN:
		return SCOLS_DATA_FLOAT;
	case CELL_BOOL:
		return SCOLS_DATA_BOOLEAN;
	default:
		return SCOLS_DATA_U64;
	}
}

/* The column of a name in the expression, which may have it more than once. */
static struct libscols_column *column_of(struct filter *f, const char *name)
{
	struct libscols_column *column;
	ssize_t i = column_find(f->columns, name, strlen(name));

	if (i < 0)
		return NULL;
	name = f->columns->all[i].name;
	column = scols_table_get_column_by_name(f->table, name);
	if (column)
		return column;
	column = scols_table_new_column(f->table, name, 0, 0);
	if (!column)
		return NULL;
	scols_column_set_data_type(column, data_type(f->columns->all[i].type));
	f->used[f->nr++] = i;
	return column;
}

static int assign_columns(struct filter *f, char *why, size_t size)
{
	struct libscols_iter *at = scols_new_iter(SCOLS_ITER_FORWARD);
	struct libscols_column *column;
	const char *name;
	int err = 0;

	if (!at)
		return -ENOMEM;
	while (!err && !scols_filter_next_holder(f->expression, at, &name, 0)) {
		column = column_of(f, name);
		if (column && !scols_filter_assign_column(f->expression, at,
							  name, column))
			continue;
		snprintf(why, size, "'%s' is no column: --list-columns shows them",
			 name);
		err = -EINVAL;
	}
	scols_free_iter(at);
	return err;
}

static int parse(struct filter *f, const char *text, char *why, size_t size)
{
	const char *said;

	if (!scols_filter_parse_string(f->expression, text))
		return assign_columns(f, why, size);
	said = scols_filter_get_errmsg(f->expression);
	snprintf(why, size, "%s: scols-filter(5) says what can be asked",
		 said ? said : "no expression");
	return -EINVAL;
}

int filter_new(const char *text, const struct columns *columns,
	       struct filter **out, char *why, size_t size)
{
	struct filter *f = calloc(1, sizeof(*f));
	int err = -ENOMEM;

	if (!f)
		return err;
	f->columns = columns;
	f->expression = scols_new_filter(NULL);
	f->table = scols_new_table();
	f->used = calloc(columns->nr_all, sizeof(*f->used));
	if (f->expression && f->table && f->used)
		err = parse(f, text, why, size);
	/* A line has room for the columns that there are. */
	if (!err) {
		f->line = scols_table_new_line(f->table, NULL);
		err = f->line ? 0 : -ENOMEM;
	}
	if (err)
		filter_free(f);
	else
		*out = f;
	return err;
}

static const char *value_of(const struct column *column, const struct cell *cell,
			    __u64 page_size, char *buf)
{
	if (cell->absent)
		return NULL;
	switch (column->type) {
	case CELL_TEXT:
		return cell->text ? cell->text : "";
	case CELL_HEX:
	case CELL_FRAME:
		snprintf(buf, NUMBER_MAX, "%llx", cell->number);
		break;
	case CELL_MEAN:
		snprintf(buf, NUMBER_MAX, "%llu.%02llu", cell->number / 100,
			 cell->number % 100);
		break;
	case CELL_BOOL:
		return cell->number ? "1" : "0";
	case CELL_PAGES:
		snprintf(buf, NUMBER_MAX, "%llu", cell->number * page_size);
		break;
	default:
		snprintf(buf, NUMBER_MAX, "%llu", cell->number);
	}
	return buf;
}

bool filter_fits(struct filter *f, const struct cell *cells, __u64 page_size)
{
	char buf[NUMBER_MAX];
	int fits = 0;
	size_t i;

	if (!f)
		return true;
	for (i = 0; i < f->nr; i++) {
		size_t at = f->used[i];

		scols_line_set_data(f->line, i,
				    value_of(&f->columns->all[at], &cells[at],
					     page_size, buf));
	}
	f->rows++;
	if (scols_line_apply_filter(f->line, f->expression, &fits))
		return false;
	f->fitting += !!fits;
	return fits;
}

void filter_tell(struct filter *f, FILE *out)
{
	if (!f)
		return;
	fprintf(out, "--filter: %zu of %zu lines.\n", f->fitting, f->rows);
	f->rows = 0;
	f->fitting = 0;
}
#else
int filter_new(const char *text, const struct columns *columns,
	       struct filter **out, char *why, size_t size)
{
	(void)text;
	(void)columns;
	(void)out;
	snprintf(why, size,
		 "built with libsmartcols %s, which has no expressions: build with 2.40 or later (Debian 13), or use --json and jq",
		 LIBSMARTCOLS_VERSION);
	return -EOPNOTSUPP;
}

void filter_free(struct filter *f)
{
	(void)f;
}

bool filter_fits(struct filter *f, const struct cell *cells, __u64 page_size)
{
	(void)f;
	(void)cells;
	(void)page_size;
	return true;
}

void filter_tell(struct filter *f, FILE *out)
{
	(void)f;
	(void)out;
}
#endif
