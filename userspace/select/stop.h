/* SPDX-License-Identifier: GPL-2.0 */
/* Processes that stand still while they are looked at. */
#ifndef SELECT_STOP_H
#define SELECT_STOP_H

#include "choice.h"

/**
 * struct stopped - processes that were stopped
 * @nr: entries in @pidfd
 * @pidfd: those to be continued
 * @frozen: a cgroup is frozen
 * @freezer: of @frozen: its cgroup.freeze
 * @guard: a process that does so, however this one ends; 0 for none
 * @end: closed, it does
 */
struct stopped {
	size_t nr;
	int *pidfd;
	bool frozen;
	int freezer;
	pid_t guard;
	int end;
};

/**
 * stop_all - stop processes, and wait until they are
 * @s: filled in; to be given to stop_undo(), also after an error
 * @c: how they were chosen, if all of these are in @list, or NULL. A whole cgroup is
 *	frozen, where it is of version 2 and nobody of the next is in it
 * @list: who. Those that were stopped before stay as they are, and so do the first
 *	process and our own ancestors: the terminal is among these
 *
 * Return: 0 or -errno.
 */
int stop_all(struct stopped *s, const struct choice *c,
	     const struct chosen *list);

/** stop_undo - have them go on */
void stop_undo(struct stopped *s);

#endif /* SELECT_STOP_H */
