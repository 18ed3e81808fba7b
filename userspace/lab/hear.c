// SPDX-License-Identifier: GPL-2.0
/*
 * Listening to the faults of actors. Only while one does something: what else
 * happens while a reader thinks about a question would fill the rings, and cost
 * all processes of the machine.
 */
#include <string.h>

#include "hear.h"
#include "libcowinspect_stream.h"

/* For a few faults, and whatever mappings others make meanwhile. */
#define RING_BYTES	(256 * 1024)

static void fails(struct hearing *h, int err)
{
	if (err < 0 && !h->why[0])
		snprintf(h->why, sizeof(h->why), "%s", cowi_strerror(err));
}

/* All: a child of vfork() faults in the memory of its parent. */
void hear_begin(struct lab_run *r, struct hearing *h)
{
	pid_t pid[MAX_ACTORS];
	struct cowi_stream_options options = {
		.pid = pid,
		.ring_bytes = RING_BYTES,
	};
	size_t i;

	memset(h, 0, sizeof(*h));
	for (i = 0; i < r->cast.nr; i++) {
		if (r->cast.actor[i].sock >= 0)
			pid[options.nr_pids++] = r->cast.actor[i].pid;
	}
	fails(h, cowi_status_refresh(r->session));
	h->missed = r->status->observer_missed;
	fails(h, cowi_stream_open(&options, &h->stream));
}

static void hear_all(struct lab_run *r, struct hearing *h, pid_t tid, __u64 addr)
{
	struct cowi_event e;
	int ret;

	h->happened = HAPPENED_NOFAULT;
	while ((ret = cowi_stream_next(h->stream, &e)) > 0) {
		if (e.kind == COWI_EVENT_FAULT && e.tid == tid &&
		    e.flags & COWI_E_WRITE &&
		    e.addr - addr < r->status->page_size)
			h->happened = happened_after(h->happened, e.outcome);
	}
	fails(h, ret);
}

/* That nothing was heard means something only if nothing can be missing. */
static void find_gaps(struct lab_run *r, struct hearing *h)
{
	struct cowi_stream_lost lost;
	__u64 missed;

	cowi_stream_lost(h->stream, &lost);
	fails(h, cowi_status_refresh(r->session));
	missed = r->status->observer_missed - h->missed + lost.faults;
	if (h->why[0])
		return;
	if (r->status->observer_armed != COWI_ANSWER_YES)
		snprintf(h->why, sizeof(h->why),
			 "the observer is not armed: see 'cowinspect status'");
	else if (missed)
		snprintf(h->why, sizeof(h->why), "%llu faults were missed",
			 missed);
}

void hear_end(struct lab_run *r, struct hearing *h, const struct actor *a,
	      __u64 addr)
{
	if (!h->stream)
		return;
	cowi_stream_stop(h->stream);
	hear_all(r, h, a->pid, addr);
	find_gaps(r, h);
	cowi_stream_close(h->stream);
}
