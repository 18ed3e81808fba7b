/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Stacks of faults, from the stream to call paths. To unwind one takes many times as
 * long as to read it, so they wait in a queue: reading comes first.
 */
#ifndef STACKS_STACKS_H
#define STACKS_STACKS_H

#include "counts.h"
#include "perfmap.h"
#include "space.h"

/* Memory for stacks that wait, in bytes; of those that find no room, only that is known. */
#define STACKS_MAX_BYTES	(128UL << 20)

/* Processes of which functions made at run time are kept at the same time. */
#define STACKS_MADE		16

struct stacks_job;

/**
 * struct stacks_made - functions that a process has made at run time
 * @pid: process
 * @missed: when it had no file of them, CLOCK_MONOTONIC, or 0
 * @map: the file
 */
struct stacks_made {
	pid_t pid;
	__u64 missed;
	struct perfmap map;
};

/**
 * struct stacks - all that belongs to them
 * @debuginfod: see stacks_init()
 * @calls: the paths
 * @spaces: code
 * @first: the stack that waits for longest, or NULL
 * @last: the one that came last
 * @bytes: of those that wait
 * @max_bytes: how many there may be
 * @faults: by enum stack_end, of stacks that were unwound
 * @made: functions made at run time
 * @next_made: of @made, the next to be used again
 */
struct stacks {
	bool debuginfod;
	struct calls calls;
	struct spaces spaces;
	struct stacks_job *first;
	struct stacks_job *last;
	size_t bytes;
	size_t max_bytes;
	__u64 faults[NR_STACK_ENDS];
	struct stacks_made made[STACKS_MADE];
	size_t next_made;
};

/**
 * stacks_init - begin
 * @s: free with stacks_release()
 * @debuginfod: servers that DEBUGINFOD_URLS names may be asked for debug information
 *
 * Return: 0 or -ENOMEM.
 */
int stacks_init(struct stacks *s, bool debuginfod);
void stacks_release(struct stacks *s);

/**
 * stacks_add - the stack of a fault
 * @s: stacks
 * @stream: of the event
 * @e: the last event of @stream, which has a stack
 * @counts: of its process; must stay where it is while any are @waiting
 * @vma: number of its mapping
 * @bytes: what the fault dealt with
 *
 * Return: 0 or -ENOMEM.
 */
int stacks_add(struct stacks *s, const struct cowi_stream *stream,
	       const struct cowi_event *e, struct stack_counts *counts,
	       size_t vma, __u64 bytes);

/**
 * stacks_work - unwind and count the one that waits for longest
 * @s: stacks
 *
 * Return: 1; 0 if there was none; -ENOMEM.
 */
int stacks_work(struct stacks *s);

/** stack_end_text - why a stack has an end, in a few words; NULL for a whole one */
const char *stack_end_text(enum stack_end end);

#endif /* STACKS_STACKS_H */
