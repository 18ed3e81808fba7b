/* SPDX-License-Identifier: GPL-2.0 */
/* Rows of a table that fit an expression of libsmartcols: scols-filter(5). */
#ifndef RENDER_FILTER_H
#define RENDER_FILTER_H

#include "table.h"

struct filter;

/**
 * filter_new - make an expression ready
 * @text: it, with names of columns; sizes are bytes
 * @columns: all that there are
 * @out: set to it, to be given to filter_free()
 * @why: set to what is wrong with @text
 * @size: bytes of @why
 *
 * Return: 0; -EINVAL for what @why says; -EOPNOTSUPP, and @why, if libsmartcols was older than 2.40
 * when this was built; -ENOMEM.
 */
int filter_new(const char *text, const struct columns *columns,
	       struct filter **out, char *why, size_t size);
void filter_free(struct filter *f);

/**
 * filter_fits - whether a row is one of those that are wanted
 * @f: expression, or NULL: all are
 * @cells: one for each column of columns->all
 * @page_size: bytes of a base page
 *
 * What is absent fits nothing that is said of its value.
 *
 * Return: whether it is. It is counted for filter_tell().
 */
bool filter_fits(struct filter *f, const struct cell *cells, __u64 page_size);

/**
 * filter_tell - write how many rows fitted, since the last time
 * @f: expression, or NULL: nothing is written
 * @out: where to
 */
void filter_tell(struct filter *f, FILE *out);

#endif /* RENDER_FILTER_H */
