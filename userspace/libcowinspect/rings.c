// SPDX-License-Identifier: GPL-2.0
/* Records out of perf's rings, in the order of time. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "rings.h"

const struct cowi_sample_id *
cowi_sample_id(const struct perf_event_header *record)
{
	return (const void *)((const char *)record + record->size -
			      sizeof(struct cowi_sample_id));
}

/* Returns where @size more bytes go, or NULL without memory. */
static char *more_memory(struct cowi_rings *r, size_t size)
{
	size_t room = r->room ? r->room : 65536;
	char *grown;

	while (room - r->used < size)
		room *= 2;
	if (room != r->room) {
		grown = realloc(r->memory, room);
		if (!grown)
			return NULL;
		r->memory = grown;
		r->room = room;
	}
	r->used += size;
	return r->memory + r->used - size;
}

static int more_queue(struct cowi_rings *r)
{
	size_t room = r->queue_room ? r->queue_room * 2 : 1024;
	struct cowi_queued *grown;

	if (r->nr_queued < r->queue_room)
		return 0;
	grown = reallocarray(r->queue, room, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	r->queue = grown;
	r->queue_room = room;
	return 0;
}

/* What is left of a record: all of it is in pieces of 8 bytes. */
struct rest {
	const __u64 *at;
	size_t nr;
};

/* The next @nr of them, or NULL. */
static const __u64 *cut(struct rest *rest, __u64 nr)
{
	const __u64 *at = rest->at;

	if (nr > rest->nr)
		return NULL;
	rest->at += nr;
	rest->nr -= nr;
	return at;
}

static int take_chain(struct rest *rest, struct cowi_sample *sample)
{
	const __u64 *nr = cut(rest, 1);

	sample->ip = nr ? cut(rest, *nr) : NULL;
	if (!sample->ip)
		return -COWI_EFORMAT;
	sample->nr_ips = *nr;
	return 0;
}

/* Behind its size, in 4 bytes. */
static int take_raw(struct rest *rest, struct cowi_sample *sample)
{
	const __u32 *size = (const void *)rest->at;

	if (!rest->nr ||
	    !cut(rest, (sizeof(*size) + (__u64)*size + 7) / 8))
		return -COWI_EFORMAT;
	sample->raw_size = *size;
	sample->raw = (const char *)(size + 1);
	return 0;
}

/* "abi, registers, size, stack, how much of that was there" */
static int take_stack(struct rest *rest, struct cowi_sample *sample)
{
	const __u64 *number = cut(rest, 1), *used;
	size_t nr = __builtin_popcountll(COWI_REGS_MASK);

	sample->abi = *number;
	if (sample->abi != PERF_SAMPLE_REGS_ABI_NONE) {
		sample->reg = cut(rest, nr);
		if (!sample->reg)
			return -COWI_EFORMAT;
	}
	number = cut(rest, 1);
	if (!number)
		return -COWI_EFORMAT;
	if (!*number)
		return 0;
	sample->memory = *number % 8 ? NULL : cut(rest, *number / 8);
	used = sample->memory ? cut(rest, 1) : NULL;
	if (!used || *used > *number)
		return -COWI_EFORMAT;
	sample->nr_bytes = *used;
	return 0;
}

int cowi_sample_take(const struct perf_event_header *record,
		     enum cowi_stacks stacks, struct cowi_sample *sample)
{
	struct rest rest = { .at = (const void *)(record + 1),
			     .nr = (record->size - sizeof(*record)) / 8 };
	int err = 0;

	memset(sample, 0, sizeof(*sample));
	sample->id = (const void *)cut(&rest, sizeof(*sample->id) / 8);
	if (!sample->id)
		return -COWI_EFORMAT;
	if (stacks == COWI_STACKS_FP)
		err = take_chain(&rest, sample);
	if (!err)
		err = take_raw(&rest, sample);
	if (!err && stacks == COWI_STACKS_DWARF && rest.nr)
		err = take_stack(&rest, sample);
	return err;
}

/* A record that is long enough for what each of its type has. */
static bool is_complete(const struct cowi_rings *r,
			const struct perf_event_header *record)
{
	struct cowi_sample sample;

	if (record->type != PERF_RECORD_SAMPLE)
		return record->size >= sizeof(*record) +
				       sizeof(struct cowi_sample_id);
	return !cowi_sample_take(record, r->stacks, &sample);
}

static __u64 time_of(const struct perf_event_header *record)
{
	const struct cowi_sample_id *id = (const void *)(record + 1);

	return record->type == PERF_RECORD_SAMPLE ?
	       id->time : cowi_sample_id(record)->time;
}

/* Both ends of the ring may have a part of it. */
static void copy_out(const struct cowi_ring *ring, __u64 at, char *to,
		     size_t size)
{
	size_t offset = at & (ring->size - 1), first = ring->size - offset;

	if (first > size)
		first = size;
	memcpy(to, ring->data + offset, first);
	memcpy(to + first, ring->data, size - first);
}

static int take_record(struct cowi_rings *r, struct cowi_ring *ring, __u64 at,
		       size_t size)
{
	struct perf_event_header *record;
	struct cowi_queued *queued;
	char *to;

	to = more_queue(r) ? NULL : more_memory(r, size);
	if (!to)
		return -ENOMEM;
	copy_out(ring, at, to, size);
	record = (void *)to;
	if (!is_complete(r, record))
		return -COWI_EFORMAT;
	queued = &r->queue[r->nr_queued++];
	queued->offset = to - r->memory;
	/* That clock may go back a little; the order of a ring is right. */
	if (time_of(record) > ring->last)
		ring->last = time_of(record);
	queued->time = ring->last;
	return 0;
}

static int take_ring(struct cowi_rings *r, struct cowi_ring *ring)
{
	__u64 at, head;
	int err = 0;

	if (!ring->page)
		return 0;
	head = __atomic_load_n(&ring->page->data_head, __ATOMIC_ACQUIRE);
	at = ring->page->data_tail;
	while (at != head && !err) {
		struct perf_event_header header;

		/* Records are aligned so that this is in one piece. */
		copy_out(ring, at, (char *)&header, sizeof(header));
		if (header.size < sizeof(header) || header.size % 8 ||
		    header.size > head - at)
			return -COWI_EFORMAT;
		err = take_record(r, ring, at, header.size);
		at += header.size;
	}
	__atomic_store_n(&ring->page->data_tail, at, __ATOMIC_RELEASE);
	return err;
}

/* Records of the same ring stay as they are: they were read in order. */
static int compare(const void *a, const void *b)
{
	const struct cowi_queued *x = a, *y = b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* What was not in order yet stays. */
static void drop_handed_out(struct cowi_rings *r)
{
	size_t i, first = r->used;

	memmove(r->queue, r->queue + r->next,
		(r->nr_queued - r->next) * sizeof(*r->queue));
	r->nr_queued -= r->next;
	r->next = 0;
	for (i = 0; i < r->nr_queued; i++) {
		if (r->queue[i].offset < first)
			first = r->queue[i].offset;
	}
	memmove(r->memory, r->memory + first, r->used - first);
	for (i = 0; i < r->nr_queued; i++)
		r->queue[i].offset -= first;
	r->used -= first;
}

static int refill(struct cowi_rings *r, __u64 now)
{
	size_t i;
	int err = 0;

	if (r->next)
		drop_handed_out(r);
	for (i = 0; i < r->nr && !err; i++)
		err = take_ring(r, &r->ring[i]);
	r->horizon = now;
	if (r->nr_queued)
		qsort(r->queue, r->nr_queued, sizeof(*r->queue), compare);
	return err;
}

int cowi_rings_next(struct cowi_rings *r, __u64 now,
		    const struct perf_event_header **record)
{
	int err;

	if (r->next == r->nr_queued || r->queue[r->next].time > r->horizon) {
		err = refill(r, now);
		if (err)
			return err;
		if (!r->nr_queued || r->queue[0].time > r->horizon)
			return 0;
	}
	*record = (const void *)(r->memory + r->queue[r->next++].offset);
	return 1;
}

void cowi_rings_release(struct cowi_rings *r)
{
	free(r->memory);
	free(r->queue);
	r->memory = NULL;
	r->queue = NULL;
}
