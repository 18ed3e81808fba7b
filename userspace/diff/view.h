/* SPDX-License-Identifier: GPL-2.0 */
/* What cowinspect diff prints. */
#ifndef DIFF_VIEW_H
#define DIFF_VIEW_H

#include "diff.h"
#include "output.h"

/** enum diff_key - what makes a line */
enum diff_key {
	DIFF_BY_PROCESS = 1,
	DIFF_BY_MAPPING = 2,
};

/**
 * struct view - what is shown, and how
 * @before: session
 * @after: session
 * @diff: what has changed
 * @keys: enum diff_key, added
 * @pages: runs of addresses, not lines by @keys
 * @output: options
 * @columns: of the table
 * @json: for JSON
 * @table: that runs go to
 */
struct view {
	struct cowi *before;
	struct cowi *after;
	struct diff diff;
	unsigned int keys;
	bool pages;
	struct output output;
	struct columns columns;
	struct json json;
	struct table *table;
};

/** diff_columns - those of lines by such keys, enum diff_key */
struct columns diff_columns(unsigned int keys);

/** diff_pages_columns - those of runs */
struct columns diff_pages_columns(void);

/**
 * diff_view - find out what has changed, and print it
 * @r: what and how
 *
 * Return: 0 or a negative error.
 */
int diff_view(struct view *r);

/**
 * diff_lines - a line for each process, or mapping, or both
 * @r: what and how; compared
 *
 * Return: 0 or a negative error.
 */
int diff_lines(struct view *r);

#endif /* DIFF_VIEW_H */
