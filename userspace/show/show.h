/* SPDX-License-Identifier: GPL-2.0 */
/* The two tables of cowinspect show. */
#ifndef SHOW_SHOW_H
#define SHOW_SHOW_H

#include "table.h"
#include "targets.h"

/** show_vmas_columns - the columns of the table of VMAs */
struct columns show_vmas_columns(void);

/** show_pages_columns - the columns of the table of pages */
struct columns show_pages_columns(void);

/**
 * struct show - what is shown, and how
 * @style: of the table; in JSON, an array or nothing is open
 * @columns: of it
 * @range: only what lies in it, or for VMAs, what overlaps it
 * @several: each process has a heading
 * @all_rows: for people, also mappings of which nothing is present
 * @begun: one of them has been shown
 */
struct show {
	struct table_style style;
	struct columns columns;
	struct range range;
	bool several;
	bool all_rows;
	bool begun;
};

/** show_is_empty - whether nothing of a mapping is present, in swap, or else an entry */
bool show_is_empty(const struct cowi_vma *vma);

/**
 * show_begin - what stands before the table of a process
 * @s: to be given to show_end() behind it
 * @target: process
 *
 * To be called once the table is sure to come.
 */
void show_begin(struct show *s, const struct target *target);
void show_end(struct show *s);

/**
 * show_vmas - a line per VMA, totals below
 * @target: process
 * @arg: struct show
 *
 * Return: as for targets_each().
 */
int show_vmas(const struct target *target, void *arg);

/**
 * show_pages - a line per mapped entry, written as they are read
 * @target: process
 * @arg: struct show
 *
 * Return: as for targets_each().
 */
int show_pages(const struct target *target, void *arg);

/**
 * page_flags_text - the names of a record's flags
 * @flags: COWI_F_* bits
 * @buf: result, names separated by commas
 * @size: bytes of @buf
 */
void page_flags_text(__u64 flags, char *buf, size_t size);

#endif /* SHOW_SHOW_H */
