/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a trace has seen, added up: per process, per mapping, per page. Knows
 * events, not where they come from.
 */
#ifndef TRACE_TALLY_H
#define TRACE_TALLY_H

#include <stdbool.h>
#include <stddef.h>

#include "counts.h"
#include "forks.h"
#include "libcowinspect_stream.h"

/* Pages that are counted one by one; more are counted in their mapping only. */
#define TALLY_MAX_PAGES		1000000

/* Mappings of all processes, and of one; more are counted as one of each kind. */
#define TALLY_MAX_VMAS		100000
#define TALLY_MAX_VMAS_OF_ONE	4096

/**
 * struct tally_counts - faults
 * @did: by outcome
 * @copied_bytes: copied and swapin_copied together
 * @filled_bytes: fresh zeroed memory
 * @copy_ns: the kernel's time at those that copied
 * @ns: the kernel's time at all of them
 * @huge: copied, filled or mapped more than one base page at once
 * @splits: split a huge mapping, whatever else they did
 * @fact: how many of those that copied are what, by enum copy_fact
 */
struct tally_counts {
	__u64 did[COWI_NR_DID];
	__u64 copied_bytes;
	__u64 filled_bytes;
	__u64 copy_ns;
	__u64 ns;
	__u64 huge;
	__u64 splits;
	__u64 fact[NR_COPY_FACTS];
};

/**
 * struct tally_vma - a mapping that had faults
 * @start: first address that it had; 0 like @end if that is not known
 * @end: first address after it
 * @perms: "rwxp" and the like, "" if not known
 * @kind: enum cowinspect_vma
 * @name: path or [name], "" for none
 * @gone: the process has called exec since
 * @counts: of its faults
 */
struct tally_vma {
	__u64 start;
	__u64 end;
	char perms[8];
	unsigned int kind;
	char *name;
	bool gone;
	struct tally_counts counts;
};

/**
 * struct tally_page - a page, or a huge page
 * @addr: first address
 * @bytes: the most that one fault dealt with, at least a base page
 * @vma: index of its mapping
 * @faults: all of them
 * @copied: of these: copied, swapin_copied
 * @reused: of these: reused, swapin_reused
 * @zerofilled: of these
 * @own: when a fault last left a page that nobody else has
 * @last_copy: when a fault last copied
 */
struct tally_page {
	__u64 addr;
	__u64 bytes;
	size_t vma;
	__u64 faults;
	__u64 copied;
	__u64 reused;
	__u64 zerofilled;
	__u64 own;
	__u64 last_copy;
};

struct kin;

/**
 * struct tally_proc - a process
 * @pid: its id
 * @parent: whose child it is, of those that are traced; 0 if that is not known
 * @born: when it was born or last called exec; 0 if that was not seen
 * @kin: relatives, until it exits
 * @maker: of @kin, the one that forked it; NULL if that is no longer one
 * @depth: how many of @kin it descends from
 * @comm: its command name, as last seen
 * @like_parent: that is @parent's, and it has not called exec: it runs the same
 * @counts: of its faults
 * @forks: of its own
 * @fork_of: the process after whose fork it copies now: itself or its parent;
 *	NULL if there was none
 * @heirs: children of which @fork_of is this process
 * @execs: how often it called exec
 * @nr_vmas: entries in @vma
 * @vma: mappings, in no order
 * @last: of @vma, that of the last fault
 * @nr_pages: pages in the table
 * @room: places in @page, a power of two, or 0
 * @page: hash table; free places have no faults
 * @stacks: of its faults, by the numbers of @vma
 */
struct tally_proc {
	pid_t pid;
	pid_t parent;
	__u64 born;
	struct kin *kin;
	const struct tally_proc *maker;
	unsigned int depth;
	char comm[16];
	bool like_parent;
	struct tally_counts counts;
	struct forks forks;
	struct tally_proc *fork_of;
	size_t heirs;
	__u64 execs;
	size_t nr_vmas;
	struct tally_vma *vma;
	size_t last;
	size_t nr_pages;
	size_t room;
	struct tally_page *page;
	struct stack_counts stacks;
};

/**
 * struct tally - a trace
 * @page_size: base page, in bytes
 * @nr_procs: entries in @proc
 * @proc: the processes, in the order in which they were first seen; pointers
 *	to them, so that they stay where they are
 * @nr_vmas: mappings of all processes
 * @nr_pages: pages counted one by one, of all processes
 * @max_pages: how many may be
 * @uncounted_pages: faults of pages that found no room
 * @lost: faults of which the records are missing
 * @lost_notes: births and the like of which the records are missing
 */
struct tally {
	__u64 page_size;
	size_t nr_procs;
	struct tally_proc **proc;
	size_t nr_vmas;
	size_t nr_pages;
	size_t max_pages;
	__u64 uncounted_pages;
	__u64 lost;
	__u64 lost_notes;
};

/**
 * tally_init - begin
 * @t: tally; free with tally_release()
 * @page_size: base page, in bytes
 */
void tally_init(struct tally *t, __u64 page_size);
void tally_release(struct tally *t);

/**
 * tally_add - a process that has not been seen before
 * @t: tally
 * @pid: its id
 * @parent: NULL, or the process that forked it
 * @born: when; 0 without @parent
 *
 * Return: NULL without memory.
 */
struct tally_proc *tally_add(struct tally *t, pid_t pid,
			     const struct tally_proc *parent, __u64 born);

/**
 * tally_fault - count a fault
 * @t: tally
 * @p: the process
 * @event: the fault
 *
 * Return: 0 or -ENOMEM.
 */
int tally_fault(struct tally *t, struct tally_proc *p,
		const struct cowi_event *event);

/**
 * tally_fork - count a fork
 * @p: the process
 * @event: the fork
 */
void tally_fork(struct tally_proc *p, const struct cowi_event *event);

/**
 * tally_exec - the process has called exec, and has another address space
 * @p: the process
 * @time: when
 *
 * Return: 0 or -ENOMEM.
 */
int tally_exec(struct tally_proc *p, __u64 time);

/** tally_exit - the process has exited */
void tally_exit(struct tally_proc *p);

/**
 * tally_forget - free a process that has exited and has no @heirs
 * @t: tally
 * @i: its place in @t->proc; those behind it move up
 */
void tally_forget(struct tally *t, size_t i);

/** tally_page_find - the page at an address, or NULL if it had no fault */
const struct tally_page *tally_page_find(const struct tally_proc *p,
					 __u64 addr);

/** tally_faults - how many faults there are in @c */
__u64 tally_faults(const struct tally_counts *c);
/** tally_copied - of these: copied, also after having been swapped in */
__u64 tally_copied(const struct tally_counts *c);
/** tally_reused - of these: reused, likewise */
__u64 tally_reused(const struct tally_counts *c);

/**
 * tally_hot_vmas - the mappings that had faults, hottest first
 * @p: process
 * @hot: filled in with @p->nr_vmas pointers at most
 *
 * Hot is what is copied or reused most often, then what faults most often.
 *
 * Return: how many.
 */
size_t tally_hot_vmas(const struct tally_proc *p,
		      const struct tally_vma **hot);

/**
 * tally_hot_pages - the hottest pages, by the same rule
 * @p: process
 * @hot: filled in with @p->nr_pages pointers
 */
void tally_hot_pages(const struct tally_proc *p,
		     const struct tally_page **hot);

#endif /* TRACE_TALLY_H */
