/* SPDX-License-Identifier: GPL-2.0 */
/*
 * perf events of the module's tracepoints, and their rings, for who takes any error
 * for an answer; events.h has a listener that hears all.
 */
#ifndef COWINSPECT_TEST_PERF_H
#define COWINSPECT_TEST_PERF_H

#include <linux/perf_event.h>

#include "setup.h"

/* The text of a file that may come and go, or NULL; until it is asked for the next. */
static inline const char *text_of(const char *path)
{
	static char text[4096];
	int fd = open(path, O_RDONLY);
	ssize_t got;

	if (fd < 0)
		return NULL;
	got = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (got < 0)
		return NULL;
	text[got] = 0;
	return text;
}

/*
 * The number of "cow_fault" or "cow_fork", which is another one each time that the
 * module is loaded; 0 without the module.
 */
static inline long tracepoint_id(const char *event)
{
	char path[128];
	const char *text;

	snprintf(path, sizeof(path), TRACEPOINTS "%s/id", event);
	text = text_of(path);
	return text ? atol(text) : 0;
}

/* Of @pid, or of all (-1), on @cpu. Returns the event, or -1 with errno. */
static inline int open_perf(struct perf_event_attr *attr, pid_t pid, int cpu)
{
	attr->type = PERF_TYPE_TRACEPOINT;
	attr->size = sizeof(*attr);
	return syscall(SYS_perf_event_open, attr, pid, cpu, -1,
		       PERF_FLAG_FD_CLOEXEC);
}

/* ---- rings ---- */

/**
 * struct perf_ring - what an event has written
 * @control: where it has been read up to; the data begin a page behind that
 * @size: of the data, in bytes: a power of two
 */
struct perf_ring {
	struct perf_event_mmap_page *control;
	size_t size;
};

/* Returns false, with errno, if there is none to be had. */
static inline bool map_ring(struct perf_ring *ring, int fd, size_t size)
{
	void *at = mmap(NULL, PAGE + size, PROT_READ | PROT_WRITE, MAP_SHARED,
			fd, 0);

	*ring = (struct perf_ring){ at, size };
	return at != MAP_FAILED;
}

static inline void unmap_ring(struct perf_ring *ring)
{
	munmap(ring->control, PAGE + ring->size);
}

/* Out of a ring, in which a record may go on at the beginning. */
static inline void copy_record(void *record, const char *data, size_t size,
			       uint64_t at, size_t len)
{
	size_t first = size - at % size < len ? size - at % size : len;

	memcpy(record, data + at % size, first);
	memcpy((char *)record + first, data, len - first);
}

typedef void take_record(const struct perf_event_header *record, void *to);

/* Give the records that there are to @take: each a copy, in one piece. */
static inline void drain_ring(struct perf_ring *ring, take_record *take, void *to)
{
	static uint64_t record[(1 << 16) / sizeof(uint64_t)];
	struct perf_event_mmap_page *control = ring->control;
	const char *data = (const char *)control + PAGE;
	/* What was written before the head was moved is to be read behind it. */
	uint64_t head = __atomic_load_n(&control->data_head, __ATOMIC_ACQUIRE);
	uint64_t at = control->data_tail;
	size_t len;

	for (; at < head; at += len) {
		/* A record's size is one of eights: its header is in one piece. */
		len = ((const struct perf_event_header *)
		       (data + at % ring->size))->size;
		if (len < sizeof(struct perf_event_header))
			bail("a record of %zu bytes", len);
		copy_record(record, data, ring->size, at, len);
		take((const struct perf_event_header *)record, to);
	}
	/* And all is read before its room is given back. */
	__atomic_store_n(&control->data_tail, at, __ATOMIC_RELEASE);
}

#endif /* COWINSPECT_TEST_PERF_H */
