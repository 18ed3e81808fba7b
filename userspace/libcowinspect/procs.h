/* SPDX-License-Identifier: GPL-2.0 */
/* The processes of a stream and their mappings, as they are at its records. */
#ifndef COWI_PROCS_H
#define COWI_PROCS_H

#include "libcowinspect_stream.h"

#define COWI_PROC_BUCKETS	1024

/* So many processes that have exited are kept: their last faults may follow. */
#define COWI_PROC_DEAD		1024

struct cowi_maps;

/**
 * struct cowi_proc - a process
 * @next: in the same bucket
 * @pid: its id
 * @global_pid: the same in the initial pid namespace, or 0 if that is not known
 * @comm: command name
 * @maps: its mappings; a child shares those of its parent
 * @running: has not exited, as far as is known
 * @dead: among those that are kept
 * @leaderless: the thread that led it has exited; others may go on
 * @stranger: its id was used again, for a process that is not listened to
 * @ending: it is not known whether it has exited: /proc is to be asked again
 * @looked: when its mappings were read from /proc, in nanoseconds
 */
struct cowi_proc {
	struct cowi_proc *next;
	pid_t pid;
	pid_t global_pid;
	char comm[16];
	struct cowi_maps *maps;
	bool running;
	bool dead;
	bool leaderless;
	bool stranger;
	bool ending;
	__u64 looked;
};

/**
 * struct cowi_procs - all of them
 * @bucket: by id
 * @running: how many have not exited
 * @dead: those that have, in a circle
 * @next_dead: where the next one of them goes
 */
struct cowi_procs {
	struct cowi_proc *bucket[COWI_PROC_BUCKETS];
	size_t running;
	struct cowi_proc *dead[COWI_PROC_DEAD];
	size_t next_dead;
};

/** cowi_procs_find - the process that has, or had, this id; or NULL */
struct cowi_proc *cowi_procs_find(const struct cowi_procs *p, pid_t pid);

/** cowi_procs_find_global - as above, by its id in the initial namespace */
struct cowi_proc *cowi_procs_find_global(const struct cowi_procs *p, pid_t pid);

/**
 * cowi_procs_add - a process that begins
 * @p: processes; one that had the same id is forgotten
 * @pid: its id
 * @parent: has the same mappings and name; or NULL
 *
 * Return: NULL without memory.
 */
struct cowi_proc *cowi_procs_add(struct cowi_procs *p, pid_t pid,
				 const struct cowi_proc *parent);

/** cowi_procs_end - it has exited */
void cowi_procs_end(struct cowi_procs *p, struct cowi_proc *proc);

/** cowi_procs_release - free all */
void cowi_procs_release(struct cowi_procs *p);

/**
 * cowi_proc_map - there is a mapping now, in place of what was there
 * @proc: process
 * @mapping: it; copied
 *
 * Return: 0 or -ENOMEM.
 */
int cowi_proc_map(struct cowi_proc *proc, const struct cowi_mapping *mapping);

/** cowi_proc_unmap_all - it has another address space */
void cowi_proc_unmap_all(struct cowi_proc *proc);

/** cowi_proc_mapping - what is mapped at an address, or NULL */
const struct cowi_mapping *cowi_proc_mapping(const struct cowi_proc *proc,
					     __u64 addr);

/** cowi_proc_mapping_at - the mapping at a place in the order of addresses, or NULL */
const struct cowi_mapping *cowi_proc_mapping_at(const struct cowi_proc *proc,
						size_t i);

/** cowi_proc_code - a number for what files are mapped to be executed, and where */
__u64 cowi_proc_code(const struct cowi_proc *proc);

/** cowi_proc_top - the end of its last mapping, or 0 */
__u64 cowi_proc_top(const struct cowi_proc *proc);

#endif /* COWI_PROCS_H */
