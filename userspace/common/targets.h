/* SPDX-License-Identifier: GPL-2.0 */
/* The processes that a subcommand looks at. */
#ifndef COMMON_TARGETS_H
#define COMMON_TARGETS_H

#include "commands.h"

/**
 * struct target_names - which processes, by the command line
 * @nr: entries in @pid
 * @pid: their ids, each once
 * @follow: their descendants as well
 */
struct target_names {
	size_t nr;
	pid_t *pid;
	bool follow;
};

/**
 * struct target - a process to look at
 * @pid: its id
 * @parent: that of its parent, 0 if not known
 * @name: of its command, "" if not known: to be written with put_safe()
 * @t: it, while it is looked at
 */
struct target {
	pid_t pid;
	pid_t parent;
	char name[16];
	struct cowi_target *t;
};

/**
 * struct targets - all of them
 * @c: session
 * @nr_named: of @target, those of the command line: they come first
 * @nr: entries in @target
 * @target: in the order of the command line, then children behind parents
 */
struct targets {
	struct cowi *c;
	size_t nr_named;
	size_t nr;
	struct target *target;
};

/**
 * target_names_add - one more argument
 * @state: of argp; a wrong argument ends the program with a usage error
 * @arg: the argument
 * @names: it is added there
 */
void target_names_add(struct argp_state *state, const char *arg,
		      struct target_names *names);

/**
 * target_names_check - at the end of the arguments
 * @state: of argp; without any process the program ends with a usage error
 * @names: all of them
 */
void target_names_check(struct argp_state *state,
			const struct target_names *names);

/** target_names_several - whether one process is not all that was asked for */
bool target_names_several(const struct target_names *names);

/**
 * targets_open - connect and find out who they are, or say why not
 * @ts: filled in; to be given to targets_close()
 * @g: options
 * @names: which
 *
 * Return: EXIT_OK or EXIT_FAILED.
 */
int targets_open(struct targets *ts, const struct globals *g,
		 const struct target_names *names);
void targets_close(struct targets *ts);

/**
 * targets_each - look at one after the other
 * @ts: processes; no more than two are attached at a time, and only one if there
 *	is no room for more: a family may be larger than the module's max_targets
 * @look: returns 0, a negative error, or an enum cowinspect_exit after a message
 * @arg: for @look
 *
 * What goes wrong is said with the name and the id of the process, and does not
 * keep the others away. A descendant that has exited before its turn is left
 * out.
 *
 * Return: EXIT_OK or EXIT_FAILED.
 */
int targets_each(struct targets *ts,
		 int (*look)(const struct target *target, void *arg), void *arg);

/**
 * target_text - "redis-server (77)", or "process 77": for put_safe()
 * @target: process
 * @buf: result
 * @size: bytes of @buf
 *
 * Return: @buf.
 */
const char *target_text(const struct target *target, char *buf, size_t size);

/**
 * target_heading - what stands before the text of one of several processes
 * @target: process
 * @first: nothing stands before that
 */
void target_heading(const struct target *target, bool first);

/**
 * target_has_no - say that there is nothing to be shown
 * @target: process
 * @what: that it does not have
 * @range: where
 *
 * Return: EXIT_FAILED.
 */
int target_has_no(const struct target *target, const char *what,
		  const struct range *range);

/**
 * html_targets - write a page for a browser, or say why not
 * @path: file
 * @ts: processes to look at
 * @range: only what lies in it
 *
 * Return: EXIT_OK or EXIT_FAILED.
 */
int html_targets(const char *path, struct targets *ts,
		 const struct range *range);

#endif /* COMMON_TARGETS_H */
