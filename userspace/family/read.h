/* SPDX-License-Identifier: GPL-2.0 */
/* The processes that were chosen, read once into a family. */
#ifndef FAMILY_READ_H
#define FAMILY_READ_H

#include "family.h"
#include "stop.h"
#include "json.h"
#include "targets.h"

#define READ_TITLE_MAX	256

/**
 * struct reading_names - who is read, by the command line
 * @names: who
 * @stop: they are stopped for that time
 */
struct reading_names {
	struct target_names names;
	bool stop;
};

/** reading_argp - its options, a child parser; its input is a struct reading_names */
extern const struct argp reading_argp;

/**
 * struct read_member - who a member of the family is
 * @target: it
 * @title: what it calls itself: to be written with put_safe()
 */
struct read_member {
	const struct target *target;
	char title[READ_TITLE_MAX];
};

/**
 * struct reading - a family that was read
 * @targets: from where
 * @family: it
 * @nr: members
 * @member: @nr of them, as in the family
 * @began: when the first one was begun, in nanoseconds
 * @ended: when the last one was done, by the same clock
 * @gone: how many exited before their turn, or while they were read
 */
struct reading {
	struct targets targets;
	struct family *family;
	size_t nr;
	struct read_member *member;
	__u64 began;
	__u64 ended;
	size_t gone;
};

/**
 * reading_each - targets_each(), of processes that stand still
 * @ts: processes
 * @names: how they were chosen, and whether they are stopped. They go on as soon as
 *	all were looked at: what is written to may be our terminal
 * @look: for targets_each(), like the next
 * @arg: for @look
 *
 * Return: as targets_each().
 */
int reading_each(struct targets *ts, const struct reading_names *names,
		 int (*look)(const struct target *target, void *arg), void *arg);

/**
 * reading_open - read all who were chosen, or say why not
 * @r: filled in; to be given to reading_close(), also after an error
 * @g: options
 * @names: who; of a copy of the module's files, all its processes may be meant
 *
 * Return: EXIT_OK, EXIT_FAILED (with some read, perhaps: @nr), EXIT_USAGE.
 */
int reading_open(struct reading *r, const struct globals *g,
		 const struct reading_names *names);
void reading_close(struct reading *r);

/**
 * reading_about - what has to be said of it, below a table, for people
 * @r: reading
 * @out: where to
 */
void reading_about(const struct reading *r, FILE *out);

/**
 * reading_json - what is at the beginning of each such document
 * @r: reading
 * @j: the document, which is begun here
 * @schema: what it is
 */
void reading_json(const struct reading *r, struct json *j, const char *schema);

#endif /* FAMILY_READ_H */
