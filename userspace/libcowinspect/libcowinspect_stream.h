/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The faults of a set of processes as they happen, from the tracepoints of the
 * module through perf_event_open(). Nothing is attached, and once the stream is
 * closed, or its owner has ended in whatever way, the kernel has nothing of it.
 *
 *	struct cowi_stream_options o = { .pid = &pid, .nr_pids = 1 };
 *	struct cowi_stream *s;
 *	struct cowi_event e;
 *	int err;
 *
 *	err = cowi_stream_open(&o, &s);
 *	while (!err && cowi_stream_running(s)) {
 *		err = cowi_stream_wait(s, 50);
 *		while (!err && (err = cowi_stream_next(s, &e)) > 0)
 *			err = 0, look_at(&e);
 *	}
 *
 * The kernel tells of mappings and processes in the same stream, so an event has
 * their names as they were at that moment, also of a process that lives for a
 * millisecond. Errors are as in libcowinspect.h.
 */
#ifndef LIBCOWINSPECT_STREAM_H
#define LIBCOWINSPECT_STREAM_H

#include "libcowinspect.h"

/**
 * enum cowi_stacks - how to have the stack of the code that made a fault
 * @COWI_STACKS_NONE: not at all
 * @COWI_STACKS_FP: return addresses, which the kernel finds by frame pointers: these
 *	end at the first function that has none, as those of Debian's libraries
 * @COWI_STACKS_DWARF: registers and a piece of the stack as it is, to be unwound
 */
enum cowi_stacks {
	COWI_STACKS_NONE,
	COWI_STACKS_FP,
	COWI_STACKS_DWARF,
};

/* Of a piece of stack: what there is by default, and what a record can have. */
#define COWI_STACK_BYTES	8192
#define COWI_STACK_BYTES_MAX	65528

/**
 * struct cowi_stream_options - what to listen to
 * @pid: processes, by their ids, in /proc of our pid namespace
 * @nr_pids: entries in @pid
 * @nr_gone: of @pid, so many at the end may have exited; all others must exist
 * @follow: the descendants of @pid and @name as well, those that exist already
 *	and those to come
 * @all: all processes but the caller
 * @cgroup: those in this cgroup: a directory, below /sys/fs/cgroup unless it is
 *	absolute; NULL for none
 * @name: those whose command name fits this extended regular expression, now or
 *	later; NULL for none
 * @outcomes: of faults: 1 << enum cowinspect_did, or 0 for all
 * @ring_bytes: memory for records, per CPU; made a power of two. 0 for 4 MiB, with
 *	COWI_STACKS_DWARF for 32 MiB, and less where there are many CPUs
 * @stacks: whether and how faults have a stack
 * @stack_outcomes: of faults that have one, as @outcomes; 0 for all
 * @stack_bytes: of a piece of stack, a multiple of 8 up to COWI_STACK_BYTES_MAX; 0
 *	for COWI_STACK_BYTES
 *
 * @all and @cgroup stand alone; @pid and @name add up.
 */
struct cowi_stream_options {
	const pid_t *pid;
	size_t nr_pids;
	size_t nr_gone;
	bool follow;
	bool all;
	const char *cgroup;
	const char *name;
	__u32 outcomes;
	size_t ring_bytes;
	enum cowi_stacks stacks;
	__u32 stack_outcomes;
	size_t stack_bytes;
};

/**
 * struct cowi_mapping - a mapping at the time of an event
 * @start: first address; 0 like @end if the kernel has not told where it is
 * @end: first address after it
 * @offset: of @start in the file, in bytes; 0 without one
 * @inode: number of the file, or 0
 * @perms: "rw-p" and the like
 * @name: path or [name], "" for none
 */
struct cowi_mapping {
	__u64 start;
	__u64 end;
	__u64 offset;
	__u64 inode;
	char perms[5];
	const char *name;
};

/* As many as DWARF numbers on any of our architectures, the last one of arm64: sp. */
#define COWI_NR_REGS	32

/**
 * struct cowi_stack - where the code was that made a fault, and whence it came there
 * @pid: its process: another one than the fault's if that was COWI_E_REMOTE
 * @tid: its thread
 * @comm: command name of @pid
 * @how: as in the options
 * @nr_ips: entries in @ip
 * @ip: of COWI_STACKS_FP: where it was, then return addresses, outermost last
 * @has_regs: @pc, @sp, @reg and @memory are set: not if it was a thread of the kernel,
 *	or a program of 32 bits
 * @is_32bit: it was such a program
 * @pc: of COWI_STACKS_DWARF: where it was
 * @sp: its stack pointer
 * @reg: its general registers, as DWARF numbers them
 * @nr_bytes: of @memory, which may be less than was asked for
 * @memory: the stack from @sp upwards
 */
struct cowi_stack {
	pid_t pid;
	pid_t tid;
	const char *comm;
	enum cowi_stacks how;
	size_t nr_ips;
	const __u64 *ip;
	bool has_regs;
	bool is_32bit;
	__u64 pc;
	__u64 sp;
	__u64 reg[COWI_NR_REGS];
	size_t nr_bytes;
	const void *memory;
};

/**
 * enum cowi_event_kind - what an event tells
 * @COWI_EVENT_FAULT: a fault
 * @COWI_EVENT_FORK: what a fork cost: the tracepoint cow_fork
 * @COWI_EVENT_BORN: @pid was born to @parent
 * @COWI_EVENT_EXEC: @pid called exec: it has no mappings known before
 * @COWI_EVENT_NAMED: @pid has another command name
 * @COWI_EVENT_EXIT: @pid has exited
 * @COWI_EVENT_LOST: @count records are missing hereabouts, of whatever kind
 */
enum cowi_event_kind {
	COWI_EVENT_FAULT,
	COWI_EVENT_FORK,
	COWI_EVENT_BORN,
	COWI_EVENT_EXEC,
	COWI_EVENT_NAMED,
	COWI_EVENT_EXIT,
	COWI_EVENT_LOST,
};

/**
 * struct cowi_event - one item of a stream
 * @kind: what it is; members that are of other kinds are 0
 * @time: CLOCK_MONOTONIC, in nanoseconds; of a fault, when it was over
 * @pid: the process, of a fault that whose memory it is
 * @tid: the thread that did it
 * @parent: of BORN
 * @comm: command name of @pid; "" if not known, as for LOST
 * @mapping: of FAULT: what @addr belongs to, or NULL if that is not known
 * @stack: of FAULT, if its outcome is one that has them; else NULL
 * @count: of LOST
 * @addr: the page, as an address in bytes
 * @bytes: what was copied, filled or mapped
 * @cost: of FAULT and FORK: how long the kernel worked at it, in nanoseconds
 * @flags: COWI_E_* bits
 * @outcome: enum cowinspect_did
 * @old_kind: enum cowinspect_kind of the entry before, or COWI_KIND_NONE
 * @new_kind: the same of the entry afterwards
 * @old_order: the entry before mapped 2^@old_order base pages
 * @new_order: the same of the entry afterwards
 * @vma: enum cowinspect_vma
 * @predicted: enum cowinspect_outcome
 * @confidence: enum cowinspect_confidence, of @predicted
 * @child: of FORK
 * @tables: of FORK: bytes of page tables that were made for the child
 * @copied: of FORK: base pages that were copied at once, since they were pinned
 * @anon: of FORK: base pages that the child has of this kind
 * @file: see @anon
 * @shmem: see @anon
 * @swap: see @anon
 *
 * @comm, @mapping and @stack are valid until the next call for this stream.
 */
struct cowi_event {
	enum cowi_event_kind kind;
	__u64 time;
	pid_t pid;
	pid_t tid;
	pid_t parent;
	const char *comm;
	const struct cowi_mapping *mapping;
	const struct cowi_stack *stack;
	__u64 count;
	__u64 addr;
	__u64 bytes;
	__u64 cost;
	__u32 flags;
	__u8 outcome;
	__u8 old_kind;
	__u8 new_kind;
	__u8 old_order;
	__u8 new_order;
	__u8 vma;
	__u8 predicted;
	__u8 confidence;
	pid_t child;
	__u64 tables;
	__u64 copied;
	__u64 anon;
	__u64 file;
	__u64 shmem;
	__u64 swap;
};

/**
 * struct cowi_stream_lost - what is missing in a stream
 * @faults: faults, exact once cowi_stream_stop() was called and all was read
 * @records: records of any kind, @faults included, as far as the kernel has told
 */
struct cowi_stream_lost {
	__u64 faults;
	__u64 records;
};

struct cowi_stream;

/**
 * cowi_stream_open - begin to listen
 * @o: to what
 * @out: set on success; to be given to cowi_stream_close()
 *
 * Faults from before the return of this are not in the stream, those after it
 * are, unless they are counted as lost. Each CPU that is online has a ring of its
 * own; what happens on one that comes later is not seen. Two files are open for
 * each of them, or three with stacks of some outcomes, however many processes and
 * threads there are.
 *
 * Return: 0; -COWI_ENOTRACEFS, -COWI_ENOTLOADED, -COWI_ENOTRACEPOINT,
 * -COWI_ENOPERF, -COWI_EPRIV, -COWI_ELOCKDOWN, -COWI_EFILES, -COWI_ENOPROC,
 * -COWI_EZOMBIE, -COWI_EKTHREAD, -COWI_ECGROUP, -COWI_EREGEX, -COWI_ERINGS,
 * -COWI_EFORMAT or -errno.
 */
int cowi_stream_open(const struct cowi_stream_options *o,
		     struct cowi_stream **out);

/**
 * cowi_stream_next - the next event, in the order of time
 * @s: stream
 * @e: filled in
 *
 * Never waits. Of what happened at nearly the same time on two CPUs, the order is
 * that of the kernel's clock; cause comes before effect.
 *
 * Return: 1; 0 if there is none now; -COWI_EFORMAT or -errno.
 */
int cowi_stream_next(struct cowi_stream *s, struct cowi_event *e);

/**
 * cowi_stream_mapping - what a process has mapped as of the last event
 * @s: stream
 * @pid: process of an event or of a stack
 * @i: which of them, by address
 *
 * Return: valid until the next call of cowi_stream_next(); NULL behind the last.
 */
const struct cowi_mapping *cowi_stream_mapping(const struct cowi_stream *s,
					       pid_t pid, size_t i);

/**
 * cowi_stream_code - a number for what code a process has mapped as of the last event
 * @s: stream
 * @pid: as above
 *
 * Processes that have the same files mapped at the same addresses have the same
 * number, as a child has that of its parent.
 *
 * Return: 0 if nothing is known of that process.
 */
__u64 cowi_stream_code(const struct cowi_stream *s, pid_t pid);

/**
 * cowi_stream_wait - sleep until there is much to read
 * @s: stream
 * @milliseconds: return after that in any case, when there may be a little
 *
 * Return: 0, also after a signal; -errno.
 */
int cowi_stream_wait(struct cowi_stream *s, int milliseconds);

/**
 * cowi_stream_running - how many of the processes have not exited
 * @s: stream, as far as it was read; with @all or @cgroup, of those that were seen
 */
size_t cowi_stream_running(const struct cowi_stream *s);

/**
 * cowi_stream_stop - listen no longer
 * @s: stream; what happened before is still to be read
 */
void cowi_stream_stop(struct cowi_stream *s);

/**
 * cowi_stream_lost - how much is missing
 * @s: stream
 * @lost: filled in
 */
void cowi_stream_lost(const struct cowi_stream *s,
		      struct cowi_stream_lost *lost);

/**
 * cowi_stream_close - done
 * @s: from cowi_stream_open(), or NULL
 */
void cowi_stream_close(struct cowi_stream *s);

#endif /* LIBCOWINSPECT_STREAM_H */
