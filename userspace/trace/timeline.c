// SPDX-License-Identifier: GPL-2.0
/* When the faults of a trace were. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "grow.h"
#include "timeline.h"

void timeline_init(struct timeline *t, __u64 start)
{
	memset(t, 0, sizeof(*t));
	t->start = start;
	t->shift = TIMELINE_SHIFT;
}

void timeline_lane_release(struct timeline_lane *lane)
{
	free(lane->cell);
	memset(lane, 0, sizeof(*lane));
}

void timeline_release(struct timeline *t)
{
	timeline_lane_release(&t->lost);
}

/* Events come nearly in the order of time: the place is near the end. */
static size_t place_of(const struct timeline_lane *lane,
		       const struct timeline_cell *like)
{
	size_t i = lane->nr;

	while (i) {
		const struct timeline_cell *before = &lane->cell[i - 1];

		if (before->slice < like->slice ||
		    (before->slice == like->slice &&
		     before->outcome <= like->outcome))
			break;
		i--;
	}
	return i;
}

static int add_cell(struct timeline_lane *lane, const struct timeline_cell *new)
{
	size_t at = place_of(lane, new);
	struct timeline_cell *cell = at ? &lane->cell[at - 1] : NULL;
	struct timeline_cell *grown;

	if (!cell || cell->slice != new->slice ||
	    cell->outcome != new->outcome) {
		grown = grow(lane->cell, lane->nr, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		lane->cell = grown;
		cell = &lane->cell[at];
		memmove(cell + 1, cell, (lane->nr++ - at) * sizeof(*cell));
		*cell = *new;
		return 0;
	}
	cell->count += new->count;
	cell->bytes += new->bytes;
	return 0;
}

int timeline_settle(const struct timeline *t, struct timeline_lane *lane)
{
	struct timeline_lane longer = { .shift = t->shift, .born = lane->born,
					.ended = lane->ended };
	size_t i;

	if (lane->shift == t->shift)
		return 0;
	for (i = 0; i < lane->nr; i++) {
		struct timeline_cell cell = lane->cell[i];

		/* By up to 40 bits: more than its number has. */
		cell.slice = (__u64)cell.slice >> (t->shift - lane->shift);
		if (add_cell(&longer, &cell)) {
			timeline_lane_release(&longer);
			return -ENOMEM;
		}
	}
	free(lane->cell);
	*lane = longer;
	return 0;
}

/* The slice of a time; slices get longer until there are few enough. */
static __u32 slice_of(struct timeline *t, __u64 time)
{
	while (time >> t->shift >= TIMELINE_SLICES)
		t->shift++;
	return time >> t->shift;
}

/* A record of lost ones is made when there is room again. */
static int add_lost(struct timeline *t, __u64 left, __u64 time)
{
	__u32 end = slice_of(t, time), slice = slice_of(t, t->last);
	struct timeline_cell cell = { .outcome = TIMELINE_LOST };
	int err;

	err = timeline_settle(t, &t->lost);
	for (; slice <= end && !err; slice++) {
		cell.slice = slice;
		cell.count = left / (end - slice + 1);
		left -= cell.count;
		err = add_cell(&t->lost, &cell);
	}
	return err;
}

static void count_fault(struct timeline_cell *cell, const struct cowi_event *e)
{
	/* A newer module may know more outcomes than we do. */
	cell->outcome = e->outcome < COWI_NR_DID ? e->outcome :
						   COWI_DID_UNKNOWN;
	switch (e->outcome) {
	case COWI_DID_COPIED:
	case COWI_DID_SWAPIN_COPIED:
	case COWI_DID_ZEROFILLED:
		cell->bytes = e->bytes;
	}
}

static int add_to_lane(struct timeline *t, struct timeline_lane *lane,
		       const struct cowi_event *e, __u64 time)
{
	struct timeline_cell cell = { .count = 1, .slice = slice_of(t, time) };

	switch (e->kind) {
	case COWI_EVENT_FAULT:
		count_fault(&cell, e);
		break;
	case COWI_EVENT_EXEC:
		cell.outcome = TIMELINE_EXEC;
		break;
	case COWI_EVENT_FORK:
		if (!e->copied)
			return 0;
		cell.outcome = TIMELINE_FORK;
		break;
	case COWI_EVENT_BORN:
		lane->born = time;
		return 0;
	case COWI_EVENT_EXIT:
		lane->ended = time;
		return 0;
	default:
		return 0;
	}
	return timeline_settle(t, lane) ? -ENOMEM : add_cell(lane, &cell);
}

int timeline_add(struct timeline *t, struct timeline_lane *lane,
		 const struct cowi_event *e)
{
	__u64 time = e->time > t->start ? e->time - t->start : 0;
	int err = 0;

	if (e->kind == COWI_EVENT_LOST) {
		if (time < t->last)
			time = t->last;
		err = add_lost(t, e->count, time);
	} else if (lane) {
		err = add_to_lane(t, lane, e, time);
	}
	if (time > t->last)
		t->last = time;
	return err;
}

unsigned int timeline_slices(struct timeline *t, __u64 end)
{
	__u64 time = end > t->start ? end - t->start : 0;

	return slice_of(t, time > t->last ? time : t->last) + 1;
}
