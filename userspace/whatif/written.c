// SPDX-License-Identifier: GPL-2.0
/*
 * What writes would have copied after a fork. Without one, a write to a page that is
 * writable makes no fault, and nobody hears of it. Clearing soft-dirty bits takes the
 * right to write away (clear_soft_dirty() in fs/proc/task_mmu.c): then the first write
 * to each page is a fault, as it would be after a fork, which the tracepoint tells.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "commands.h"
#include "libcowinspect_stream.h"
#include "whatif.h"

static int clear_soft_dirty(pid_t pid)
{
	char path[40];
	int fd, err = 0;

	snprintf(path, sizeof(path), "/proc/%d/clear_refs", pid);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, "4", 1) != 1)
		err = -errno;
	close(fd);
	return err;
}

/* What keeps a page, or copies it, after it was write-protected. */
static bool is_write(const struct cowi_event *e)
{
	return e->flags & COWI_E_WRITE &&
	       (e->outcome == COWI_DID_REUSED ||
		e->outcome == COWI_DID_COPIED ||
		e->outcome == COWI_DID_SWAPIN_REUSED ||
		e->outcome == COWI_DID_SWAPIN_COPIED);
}

/* Each page counts once: @seen has a bit for each. */
static void take_fault(const struct fork_scan *s, const struct cowi_event *e,
		       unsigned char *seen, struct written *w)
{
	const struct fork_run *run = is_write(e) ? fork_scan_run(s, e->addr) : NULL;
	__u64 page;

	if (!run)
		return;
	page = run->first;
	if (!run->huge)
		page += (e->addr - run->start) / s->page_size;
	if (seen[page / 8] & 1 << page % 8)
		return;
	seen[page / 8] |= 1 << page % 8;
	if (run->huge) {
		w->huge++;
		w->huge_pages += run->pages;
	} else {
		w->pages++;
	}
}

/* By the greatest fork: what it costs besides entries is then the least part. */
static void take_fork(const struct cowi_event *e, struct fork_time *time)
{
	__u64 entries = e->anon + e->file + e->shmem + e->swap;

	if (!e->cost || !entries)
		return;
	if (!time->own)
		*time = (struct fork_time){ .own = true };
	time->forks++;
	if (entries < time->entries)
		return;
	time->entries = entries;
	time->per_entry = e->cost * 100 / entries;
}

static int take_all(struct cowi_stream *stream, const struct fork_scan *s,
		    pid_t pid, unsigned char *seen, struct written *w,
		    struct fork_time *time)
{
	struct cowi_event e;
	int ret;

	while ((ret = cowi_stream_next(stream, &e)) > 0) {
		if (e.kind == COWI_EVENT_LOST)
			w->lost += e.count;
		if (e.pid != pid)
			continue;
		if (e.kind == COWI_EVENT_FAULT)
			take_fault(s, &e, seen, w);
		else if (e.kind == COWI_EVENT_FORK)
			take_fork(&e, time);
	}
	return ret;
}

static int watch(struct cowi_stream *stream, const struct fork_scan *s,
		 pid_t pid, double seconds, unsigned char *seen,
		 struct written *w, struct fork_time *time)
{
	__u64 began = clock_ns(CLOCK_MONOTONIC), end = began + seconds * 1e9;
	int err = clear_soft_dirty(pid);

	while (!err && clock_ns(CLOCK_MONOTONIC) < end && cowi_stream_running(stream) &&
	       !interrupt_signal()) {
		err = cowi_stream_wait(stream, 50);
		if (!err)
			err = take_all(stream, s, pid, seen, w, time);
	}
	w->elapsed = clock_ns(CLOCK_MONOTONIC) - began;
	cowi_stream_stop(stream);
	return err ? err : take_all(stream, s, pid, seen, w, time);
}

int watch_writes(struct cowi *c, const struct fork_scan *s, pid_t pid,
		 double seconds, struct written *w, struct fork_time *time)
{
	struct cowi_stream_options o = { .pid = &pid, .nr_pids = 1 };
	struct cowi_stream_lost lost;
	struct cowi_stream *stream;
	unsigned char *seen;
	int err;

	*w = (struct written){ .measured = true };
	seen = calloc(s->pages_in_runs / 8 + 1, 1);
	if (!seen)
		return -ENOMEM;
	err = cowi_stream_open(&o, &stream);
	if (!err) {
		err = watch(stream, s, pid, seconds, seen, w, time);
		cowi_stream_lost(stream, &lost);
		w->lost = lost.records;
		/* Probes can be switched off without a word. */
		w->unarmed = !cowi_status_refresh(c) &&
			     cowi_status(c)->observer_armed == COWI_ANSWER_NO;
		cowi_stream_close(stream);
	}
	free(seen);
	return err;
}
