/* SPDX-License-Identifier: GPL-2.0 */
/* Which processes: what the command line says, and who that is at this moment. */
#ifndef SELECT_CHOICE_H
#define SELECT_CHOICE_H

#include <argp.h>
#include <stdbool.h>
#include <sys/types.h>

struct cowi_target;

/**
 * struct choice - which processes, by the command line: all who fit any of it
 * @nr: entries in @pid
 * @pid: ids that were named, each once
 * @follow: the descendants of all of them as well
 * @all: all processes
 * @name: regular expression for command names, or NULL
 * @user: name or number of an effective user, or NULL
 * @cgroup: directory of a cgroup, or NULL; those below it count
 * @cgroup_of: a process, all of whose cgroup are meant, or 0
 */
struct choice {
	size_t nr;
	pid_t *pid;
	bool follow;
	bool all;
	const char *name;
	const char *user;
	const char *cgroup;
	pid_t cgroup_of;
};

/** choice_argp - parser of these options, but not of ids; its input is a choice */
extern const struct argp choice_argp;

/**
 * choice_add - one more id
 * @state: of argp; a wrong one ends the program with a usage error
 * @arg: the argument
 * @c: it is added there, unless it is there
 */
void choice_add(struct argp_state *state, const char *arg, struct choice *c);

/** choice_is_empty - whether nothing says which processes are meant */
bool choice_is_empty(const struct choice *c);

/** choice_is_cgroup - whether a cgroup is all that was asked for, with those below it */
bool choice_is_cgroup(const struct choice *c);

/** choice_several - whether one process is not all that was asked for */
bool choice_several(const struct choice *c);

/**
 * struct target - a process to look at
 * @pid: its id
 * @parent: that of its parent, 0 if not known
 * @name: of its command, "" if not known: to be written with put_safe()
 * @title: of a snapshot's, what it called itself; NULL for others
 * @t: it, while it is looked at
 */
struct target {
	pid_t pid;
	pid_t parent;
	char name[16];
	const char *title;
	struct cowi_target *t;
};

/**
 * struct chosen - who that is
 * @nr_named: of @target, those who were named: they come first
 * @nr: entries in @target
 * @target: those named in the order of the command line, whether they exist or
 *	not; others by id; then children behind parents. Others are neither
 *	kernel threads nor zombies nor this program
 */
struct chosen {
	size_t nr_named;
	size_t nr;
	struct target *target;
};

/**
 * chosen_add - one more
 * @list: it is added there
 * @target: process; copied
 *
 * Return: 0 or -ENOMEM.
 */
int chosen_add(struct chosen *list, const struct target *target);

/**
 * choice_find - look in /proc, or say why that cannot be
 * @c: who is wanted
 * @list: filled in; its @target is to be freed
 *
 * Return: EXIT_OK, EXIT_FAILED, or EXIT_USAGE: a word that means nothing.
 */
int choice_find(const struct choice *c, struct chosen *list);

/**
 * choice_find_among - the same among some who are known
 * @c: who is wanted; without @user, @cgroup and @cgroup_of
 * @all: who there is
 * @list: has those who were named; the others come behind them
 *
 * Return: as choice_find().
 */
int choice_find_among(const struct choice *c, const struct chosen *all,
		      struct chosen *list);

/**
 * choice_check - whether its words mean something, or say which one does not
 * @c: who is wanted
 *
 * Return: EXIT_OK, EXIT_FAILED, or EXIT_USAGE, as choice_find().
 */
int choice_check(const struct choice *c);

/**
 * choice_cgroup - the directory of the cgroup that is wanted
 * @c: has @cgroup or @cgroup_of
 * @path: set to it, to be freed
 *
 * Return: 0, -COWI_ECGROUP, -COWI_ENOPROC or -errno.
 */
int choice_cgroup(const struct choice *c, char **path);

#endif /* SELECT_CHOICE_H */
