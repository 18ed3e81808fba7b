/* SPDX-License-Identifier: GPL-2.0 */
/* The options that say how tables look; a child parser for argp. */
#ifndef COMMON_OUTPUT_H
#define COMMON_OUTPUT_H

#include <argp.h>

#include "table.h"

/**
 * struct output - those options
 * @style: for table_open(); the caller sets page_size, out and json
 * @list: --columns, or NULL
 * @filter: --filter, or NULL
 * @everything: --all-columns
 * @all_rows: for people, also rows and columns that have nothing but 0
 * @list_columns: --list-columns
 */
struct output {
	struct table_style style;
	const char *list;
	const char *filter;
	bool everything;
	bool all_rows;
	bool list_columns;
};

/** output_argp - parser of the options; its input is a struct output */
extern const struct argp output_argp;

/**
 * output_select - choose columns and rows, or say which name is wrong
 * @o: options; the style is told what to leave out
 * @c: see columns_select(); to be given to columns_release(), also after an error
 *
 * Return: 0, or an enum cowinspect_exit after a message.
 */
int output_select(struct output *o, struct columns *c);

#endif /* COMMON_OUTPUT_H */
