/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of a stream share. */
#ifndef COWI_STREAM_H
#define COWI_STREAM_H

#include <regex.h>

#include "procs.h"
#include "rings.h"
#include "tracepoint.h"

/* Nanoseconds before the mappings of a process are read again. */
#define STREAM_LOOK_PAUSE	10000000

/* The fields of cow_fault, then those of cow_fork. */
enum {
	FAULT_ADDR,
	FAULT_BYTES,
	FAULT_COST,
	FAULT_PID,
	FAULT_FLAGS,
	FAULT_OUTCOME,
	FAULT_OLD_KIND,
	FAULT_NEW_KIND,
	FAULT_OLD_ORDER,
	FAULT_NEW_ORDER,
	FAULT_VMA,
	FAULT_PREDICTED,
	FAULT_CONFIDENCE,
	FAULT_NR
};

enum {
	FORK_PARENT,
	FORK_CHILD,
	FORK_COST,
	FORK_TABLES,
	FORK_COPIED,
	FORK_ANON,
	FORK_FILE,
	FORK_SHMEM,
	FORK_SWAP,
	FORK_NR
};

/**
 * struct cowi_stream_cpu - what is open for a CPU
 * @fault: event of the tracepoint cow_fault, which has the ring; -1 if the CPU is
 *	not online
 * @stack: event of the faults that have a stack, if others have none; -1 without
 * @fork: event of cow_fork; both go into the same ring
 */
struct cowi_stream_cpu {
	int fault;
	int stack;
	int fork;
};

/**
 * struct cowi_stream - a stream
 * @follow: children, too
 * @all: all processes
 * @cgroup: directory, or -1
 * @has_name: @name is set
 * @name: of processes to be listened to
 * @outcomes: as in the options
 * @stacks: the same
 * @stack_outcomes: the same, and no others than @outcomes
 * @stack_bytes: as in the options, of COWI_STACKS_DWARF
 * @stack: of the last event
 * @own_procfs: /proc is of our pid namespace
 * @initial_ns: that is the initial one
 * @nr_cpus: entries in @cpu
 * @cpu: what is open
 * @epoll: becomes readable as one of these does
 * @rings: their records; as many entries as @cpu
 * @map_bytes: of a ring, the kernel's first page included
 * @fault_id: number of the tracepoint cow_fault
 * @fork_id: number of cow_fork, or 0 without one
 * @fault: its fields
 * @fork: its fields
 * @procs: the processes that are listened to
 * @writers: others, who wrote to their memory; all are among those that have exited
 * @nr_pending: entries in @pending
 * @pending: processes of which it is not known whether they have exited
 * @next_pending: of these, the one to be looked at
 * @stopped: no more is written
 * @told: what is still missing at the end has been told
 * @checked: when all processes were looked at after a loss, in nanoseconds
 * @samples: how many were read
 * @lost: records that are known to be lost
 * @lost_faults: of these, faults and forks; 0 until the end
 */
struct cowi_stream {
	bool follow;
	bool all;
	int cgroup;
	bool has_name;
	regex_t name;
	__u32 outcomes;
	enum cowi_stacks stacks;
	__u32 stack_outcomes;
	size_t stack_bytes;
	struct cowi_stack stack;
	bool own_procfs;
	bool initial_ns;
	size_t nr_cpus;
	struct cowi_stream_cpu *cpu;
	int epoll;
	struct cowi_rings rings;
	size_t map_bytes;
	unsigned int fault_id;
	unsigned int fork_id;
	struct cowi_field fault[FAULT_NR];
	struct cowi_field fork[FORK_NR];
	struct cowi_procs procs;
	struct cowi_procs writers;
	size_t nr_pending;
	pid_t *pending;
	size_t next_pending;
	bool stopped;
	bool told;
	__u64 checked;
	__u64 samples;
	__u64 lost;
	__u64 lost_faults;
};

/**
 * cowi_stream_listen - open the events of all CPUs
 * @s: stream, of which the options are set
 * @pid: the only processes to be listened to, or NULL
 * @nr_pids: entries in @pid
 * @ring_bytes: as in the options
 *
 * Return: 0 or a negative error; cowi_stream_close() closes.
 */
int cowi_stream_listen(struct cowi_stream *s, const pid_t *pid, size_t nr_pids,
		       size_t ring_bytes);

/** cowi_stream_deafen - close them */
void cowi_stream_deafen(struct cowi_stream *s);

/**
 * cowi_stream_count - what the kernel has counted
 * @s: stream
 * @events: of the tracepoints, those that are lost included
 * @lost: records that did not fit, or 0 if the kernel (before 6.0) does not say
 */
void cowi_stream_count(const struct cowi_stream *s, __u64 *events, __u64 *lost);

/**
 * cowi_stream_adopt - listen to a process that exists
 * @s: stream
 * @pid: its id
 * @out: set to it
 *
 * Return: 0; -ESRCH if it does not; -ENOMEM.
 */
int cowi_stream_adopt(struct cowi_stream *s, pid_t pid, struct cowi_proc **out);

/**
 * cowi_stream_look - have the mappings of a process from /proc
 * @s: stream
 * @proc: process
 *
 * Return: 0, also if they cannot be read; -ENOMEM.
 */
int cowi_stream_look(struct cowi_stream *s, struct cowi_proc *proc);

/** cowi_stream_proc - a process that is known: listened to, or a writer; or NULL */
const struct cowi_proc *cowi_stream_proc(const struct cowi_stream *s, pid_t pid);

/**
 * cowi_stream_find_procs - adopt those that exist and are to be listened to
 * @s: stream; with @follow the descendants of those it has, with @has_name those
 *	whose name fits
 *
 * Return: 0, -ENOMEM or -errno.
 */
int cowi_stream_find_procs(struct cowi_stream *s);

/** cowi_stream_wants_name - whether processes with that name are listened to */
bool cowi_stream_wants_name(const struct cowi_stream *s, const char *comm);

/** cowi_stream_now - the clock of its records, in nanoseconds */
__u64 cowi_stream_now(void);

/**
 * cowi_stream_pending - whether a process has exited of which that is not known
 * @s: stream, all records of which were read
 * @e: filled in if one has
 *
 * Return: 1 if it has; 0 if there is no more to be said now.
 */
int cowi_stream_pending(struct cowi_stream *s, struct cowi_event *e);

/**
 * cowi_stream_take_stack - give a fault its stack, if its outcome is to have one
 * @s: stream
 * @sample: of it
 * @e: the fault; @stack is set
 *
 * Return: 0 or -ENOMEM.
 */
int cowi_stream_take_stack(struct cowi_stream *s,
			   const struct cowi_sample *sample,
			   struct cowi_event *e);

/**
 * cowi_stream_translate - a record as an event
 * @s: stream
 * @record: from cowi_rings_next()
 * @e: filled in
 *
 * Return: 1; 0 if the record is none for us; -ENOMEM.
 */
int cowi_stream_translate(struct cowi_stream *s,
			  const struct perf_event_header *record,
			  struct cowi_event *e);

#endif /* COWI_STREAM_H */
