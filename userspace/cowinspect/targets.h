/* SPDX-License-Identifier: GPL-2.0 */
/* The processes that a subcommand looks at. */
#ifndef COWINSPECT_TARGETS_H
#define COWINSPECT_TARGETS_H

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
 * @name: of its command, "" if not known
 * @t: it
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
 * @nr: entries in @target
 * @target: in the order of the command line, then children behind parents
 */
struct targets {
	struct cowi *c;
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
 * targets_open - connect and attach, or say why not
 * @ts: filled in; to be given to targets_close()
 * @g: options
 * @names: which
 *
 * A descendant that has exited meanwhile is left out.
 *
 * Return: EXIT_OK or EXIT_FAILED.
 */
int targets_open(struct targets *ts, const struct globals *g,
		 const struct target_names *names);
void targets_close(struct targets *ts);

/**
 * target_text - "redis-server (77)", or "process 77"
 * @target: process
 * @buf: result
 * @size: bytes of @buf
 *
 * Return: @buf.
 */
const char *target_text(const struct target *target, char *buf, size_t size);

/**
 * html_targets - write a page for a browser, or say why not
 * @path: file
 * @ts: processes to look at
 * @range: only what lies in it
 *
 * Return: EXIT_OK or EXIT_FAILED.
 */
int html_targets(const char *path, const struct targets *ts,
		 const struct range *range);

#endif /* COWINSPECT_TARGETS_H */
