/* SPDX-License-Identifier: GPL-2.0 */
/* The two tables of cowinspect show. */
#ifndef COWINSPECT_SHOW_H
#define COWINSPECT_SHOW_H

#include "commands.h"
#include "table.h"

/** show_vmas_columns - the columns of the table of VMAs */
struct columns show_vmas_columns(void);

/** show_pages_columns - the columns of the table of pages */
struct columns show_pages_columns(void);

/**
 * show_vmas - a line per VMA, totals below
 * @t: target
 * @style: how; in JSON, members are added to an object that is open
 * @columns: which
 * @range: only VMAs that overlap it
 *
 * Return: an enum cowinspect_exit, after a message if it failed.
 */
int show_vmas(struct cowi_target *t, const struct table_style *style,
	      const struct columns *columns, const struct range *range);

/**
 * show_pages - a line per mapped entry, written as they are read
 * @t: target
 * @style: how; in JSON, members are added to an object that is open
 * @columns: which
 * @range: only entries in it
 *
 * Return: an enum cowinspect_exit, after a message if it failed.
 */
int show_pages(struct cowi_target *t, const struct table_style *style,
	       const struct columns *columns, const struct range *range);

/**
 * page_flags_text - the names of a record's flags
 * @flags: COWI_F_* bits
 * @buf: result, names separated by commas
 * @size: bytes of @buf
 */
void page_flags_text(__u64 flags, char *buf, size_t size);

#endif /* COWINSPECT_SHOW_H */
