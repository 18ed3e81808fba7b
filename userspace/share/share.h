/* SPDX-License-Identifier: GPL-2.0 */
/* What cowinspect share prints of a family. */
#ifndef SHARE_SHARE_H
#define SHARE_SHARE_H

#include "array_size.h"
#include "output.h"
#include "read.h"

/** enum share_form - what is printed */
enum share_form {
	SHARE_GROUPS,
	SHARE_MATRIX,
	SHARE_PAGES,
};

/**
 * struct share - what is shown, and how
 * @r: the processes
 * @form: what
 * @keys: enum family_key, added
 * @top: no more lines than that; 0 for all
 * @output: options
 * @columns: of the table
 * @json: for JSON
 */
struct share {
	struct reading r;
	enum share_form form;
	unsigned int keys;
	__u64 top;
	struct output output;
	struct columns columns;
	struct json json;
};

/** share_columns - those of groups by such keys */
struct columns share_columns(unsigned int keys);

/** share_pages_columns - those of frames */
struct columns share_pages_columns(void);

/**
 * share_groups - a line for each group of frames
 * @s: what and how
 *
 * Return: 0 or a negative error, as the next ones do.
 */
int share_groups(struct share *s);

/** share_matrix - a line and a column for each process */
int share_matrix(struct share *s);

/** share_pages - a line for each run of frames of which the same is known */
int share_pages(struct share *s);

/**
 * share_who - the members of a set, for people: put_safe() is for those who write it
 * @r: the processes
 * @set: who
 * @buf: result: "all 9", "worker 3 (94) alone", "all but 94", or some of them
 * @size: bytes of @buf
 */
void share_who(const struct reading *r, const struct set *set, char *buf,
	       size_t size);

/**
 * share_begin - the beginning of the document, if it is JSON
 * @s: what and how
 */
void share_begin(struct share *s);

/**
 * share_end - its end, or what stands below a table
 * @s: what and how
 */
void share_end(struct share *s);

/** share_json_pids - the members of a set as an array "pids" */
int share_json_pids(struct share *s, const struct set *set);

#endif /* SHARE_SHARE_H */
