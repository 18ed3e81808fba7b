/* SPDX-License-Identifier: GPL-2.0 */
/*
 * When the faults of a trace were: counts per slice of time. A trace has at most
 * TIMELINE_SLICES of them, however long it is and however many faults there are:
 * a slice gets longer as the trace does.
 */
#ifndef TRACE_TIMELINE_H
#define TRACE_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>

#include "libcowinspect_stream.h"

#define TIMELINE_SLICES		2048

/* A slice of the shortest traces has 2^12 nanoseconds. */
#define TIMELINE_SHIFT		12

/**
 * enum timeline_note - what a cell may count besides the outcomes of faults
 * @TIMELINE_LOST: records that are missing
 * @TIMELINE_EXEC: calls of exec
 * @TIMELINE_FORK: forks that copied pinned pages
 */
enum timeline_note {
	TIMELINE_LOST = COWI_NR_DID,
	TIMELINE_EXEC,
	TIMELINE_FORK,
};

/**
 * struct timeline_cell - what was alike in one slice
 * @slice: its number
 * @outcome: enum cowinspect_did, or enum timeline_note
 * @count: how often; for TIMELINE_LOST how many records
 * @bytes: copied, or filled with zeroes
 */
struct timeline_cell {
	__u32 slice;
	__u32 outcome;
	__u64 count;
	__u64 bytes;
};

/**
 * struct timeline_lane - the times of one process
 * @shift: a slice of @cell has 2^@shift nanoseconds
 * @nr: entries in @cell
 * @cell: by slice, then by outcome
 * @born: when its birth was told, since the trace began; 0 if it was not
 * @ended: the same of its end
 */
struct timeline_lane {
	unsigned int shift;
	size_t nr;
	struct timeline_cell *cell;
	__u64 born;
	__u64 ended;
};

/**
 * struct timeline - the time of a trace
 * @start: when it began, CLOCK_MONOTONIC in nanoseconds
 * @shift: a slice has 2^@shift nanoseconds
 * @last: the latest event so far, since @start
 * @lost: lost events, spread over the time in which they were lost
 */
struct timeline {
	__u64 start;
	unsigned int shift;
	__u64 last;
	struct timeline_lane lost;
};

/** timeline_init - begin; free with timeline_release() */
void timeline_init(struct timeline *t, __u64 start);
void timeline_release(struct timeline *t);
void timeline_lane_release(struct timeline_lane *lane);

/**
 * timeline_add - an event
 * @t: timeline
 * @lane: of its process; NULL for COWI_EVENT_LOST, which is no process's
 * @event: of any kind
 *
 * Return: 0 or -ENOMEM.
 */
int timeline_add(struct timeline *t, struct timeline_lane *lane,
		 const struct cowi_event *event);

/**
 * timeline_settle - have a lane's slices be as long as those of the timeline
 * @t: timeline
 * @lane: of a process, or its own @lost
 *
 * Return: 0 or -ENOMEM.
 */
int timeline_settle(const struct timeline *t, struct timeline_lane *lane);

/** timeline_slices - how many slices there are up to the time @end */
unsigned int timeline_slices(struct timeline *t, __u64 end);

#endif /* TRACE_TIMELINE_H */
