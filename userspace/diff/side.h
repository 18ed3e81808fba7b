/* SPDX-License-Identifier: GPL-2.0 */
/* The records of a process in one of the two snapshots, by address. */
#ifndef DIFF_SIDE_H
#define DIFF_SIDE_H

#include "libcowinspect.h"

/**
 * struct side - one of the two
 * @t: the process; NULL if it was not there
 * @page_size: in bytes
 * @vmas: its mappings
 * @at: the one that was looked at last
 * @pages: its records
 * @rec: the next one, unless @more is 0
 * @more: as of cowi_pages_next()
 */
struct side {
	struct cowi_target *t;
	__u64 page_size;
	struct cowi_vmas vmas;
	size_t at;
	struct cowi_pages *pages;
	struct cowinspect_page rec;
	int more;
};

/**
 * side_open - begin
 * @s: filled in; to be given to side_close(), also after an error
 * @c: session
 * @pid: the process; 0 if it was not there
 *
 * Return: 0 or a negative error.
 */
int side_open(struct side *s, struct cowi *c, pid_t pid);
void side_close(struct side *s);

/** side_rewind - from the first record on again; returns 0 or a negative error */
int side_rewind(struct side *s);

/**
 * side_name - the name of the mapping that an address is in
 * @s: side
 * @addr: not below what was asked for before
 *
 * Return: "" for none.
 */
const char *side_name(struct side *s, __u64 addr);

/**
 * struct stretch - addresses of which each side has one record, or none
 * @start: first address
 * @pages: how many
 * @rec: those of @nr; NULL for none
 * @skip: pages of the record that come before @start
 */
struct stretch {
	__u64 start;
	__u64 pages;
	const struct cowinspect_page *rec[2];
	__u64 skip[2];
};

/**
 * sides_next - the next stretch of two sides
 * @s: two of them
 * @done: first address behind the last stretch; 0 to begin
 * @st: filled in
 *
 * Return: 1, 0 if there is none, or a negative error.
 */
int sides_next(struct side s[2], __u64 done, struct stretch *st);

#endif /* DIFF_SIDE_H */
