/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What forks cost, and what was copied after them. What follows a fork are the
 * copies of the parent and those of the child, each until its own next fork, exec
 * or exit. All forks of a process are added up, so this takes the same memory
 * however many there are.
 */
#ifndef TRACE_FORKS_H
#define TRACE_FORKS_H

#include "hist.h"
#include "libcowinspect_stream.h"

/**
 * enum copy_fact - what the stream tells of a copy besides its fault
 * @COPY_NOT_ANON: of a page of a file, of KSM, or of anything else that is no
 *	anonymous memory: no fork has to do with it
 * @COPY_SHARED: of a page that somebody else who was traced may have as well
 * @COPY_LAST: of a page that nobody else had any more: all who were given it had
 *	a page of their own, had called exec, or had exited
 * @COPY_UNSURE: of a page of which that is not known, since not all who may have
 *	been given it are traced
 * @COPY_AGAIN: of a page that the same process had copied before
 * @COPY_BESIDE: of a page next to one that the same process had copied before
 * @NR_COPY_FACTS: how many there are
 *
 * Of the first four, each copy is one; the others may be true as well.
 */
enum copy_fact {
	COPY_NOT_ANON,
	COPY_SHARED,
	COPY_LAST,
	COPY_UNSURE,
	COPY_AGAIN,
	COPY_BESIDE,
	NR_COPY_FACTS
};

/** enum fork_side - whose copies */
enum fork_side {
	FORK_BY_PARENT,
	FORK_BY_CHILD,
	NR_FORK_SIDES
};

/**
 * struct forks_after - copies of one side
 * @bytes: copied
 * @fact: how many are what, by enum copy_fact
 * @cost: the kernel's time at each of them
 */
struct forks_after {
	__u64 bytes;
	__u64 fact[NR_COPY_FACTS];
	struct hist cost;
};

/**
 * struct forks - forks of a process, or of several
 * @nr: how many
 * @timed: of these: it is known how long they took
 * @ns: that time, of all
 * @longest: of one
 * @tables: bytes of page tables that were made for children
 * @copied: base pages that were copied at once, being pinned
 * @anon: base pages that the children have been given, anonymous memory
 * @file: see @anon
 * @shmem: see @anon
 * @swap: see @anon
 * @after: what followed, by enum fork_side
 */
struct forks {
	__u64 nr;
	__u64 timed;
	__u64 ns;
	__u64 longest;
	__u64 tables;
	__u64 copied;
	__u64 anon;
	__u64 file;
	__u64 shmem;
	__u64 swap;
	struct forks_after after[NR_FORK_SIDES];
};

void forks_release(struct forks *f);

/** forks_add - one more; @e is of COWI_EVENT_FORK */
void forks_add(struct forks *f, const struct cowi_event *e);

/**
 * forks_copy - a copy that followed
 * @after: of the side that did it
 * @e: the fault
 * @facts: 1 << enum copy_fact
 *
 * Return: 0 or -ENOMEM.
 */
int forks_copy(struct forks_after *after, const struct cowi_event *e,
	       unsigned int facts);

/**
 * forks_merge - all of another process
 * @f: gets them
 * @other: stays as it is
 *
 * Return: 0 or -ENOMEM.
 */
int forks_merge(struct forks *f, const struct forks *other);

#endif /* TRACE_FORKS_H */
