/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who was given pages by whom: processes that forks have made of one another, and
 * of which none has called exec since. A page that one of them has got of its own
 * is at the same address as the one that the others have, unless mremap() has moved
 * it, which nothing tells of.
 */
#ifndef TRACE_KIN_H
#define TRACE_KIN_H

#include "tally.h"

/**
 * struct kin - relatives
 * @nr: entries in @member
 * @member: those that have not exited, in the order in which they were born
 * @complete: whoever may have their pages was traced
 */
struct kin {
	size_t nr;
	struct tally_proc **member;
	bool complete;
};

/**
 * kin_found - a process has no relatives, as far as we know
 * @p: the process; leaves those that it has
 * @complete: that is so, since it has called exec
 *
 * Return: 0 or -ENOMEM.
 */
int kin_found(struct tally_proc *p, bool complete);

/**
 * kin_join - a process was born
 * @p: the process; leaves those that it has
 * @parent: who made it
 *
 * Return: 0 or -ENOMEM.
 */
int kin_join(struct tally_proc *p, const struct tally_proc *parent);

/** kin_leave - a process has exited, or will have others */
void kin_leave(struct tally_proc *p);

/**
 * kin_facts - what is known of a copy
 * @t: tally; the copy is not counted yet
 * @p: the process
 * @e: the fault
 *
 * Return: 1 << enum copy_fact, together.
 */
unsigned int kin_facts(const struct tally *t, const struct tally_proc *p,
		       const struct cowi_event *e);

#endif /* TRACE_KIN_H */
