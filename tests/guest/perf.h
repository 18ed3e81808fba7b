/* SPDX-License-Identifier: GPL-2.0 */
/* perf events of the module's tracepoints, and their rings. */
#ifndef COWINSPECT_TEST_PERF_H
#define COWINSPECT_TEST_PERF_H

#include <linux/perf_event.h>

#include "setup.h"

#define TRACEPOINTS	TRACING "events/cowinspect/"

/* What the kernel puts into a sample of cow_fault, after what all events have. */
struct fault_sample {
	__u64 addr, bytes, cost;
	__u32 pid, flags;
	__u8 outcome, old_kind, new_kind, old_order, new_order, vma;
	__u8 predicted, confidence;
};

/* Of cow_fork. */
struct fork_sample {
	__u32 parent, child;
	__u64 cost, tables, copied, anon, file, shmem, swap;
};

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

/* Where in a sample's raw data the field @first is; -1 without the module. */
static inline int tracepoint_offset(const char *event, const char *first)
{
	char path[128], wanted[64];
	const char *at;
	int offset;

	snprintf(path, sizeof(path), TRACEPOINTS "%s/format", event);
	snprintf(wanted, sizeof(wanted), " %s;", first);
	at = text_of(path);
	at = at ? strstr(at, wanted) : NULL;
	if (!at || sscanf(at + strlen(wanted), " offset:%d;", &offset) != 1)
		return -1;
	return offset;
}

/* Of @pid, or of all (-1), on @cpu. Returns the event, or -1 with errno. */
static inline int open_perf(struct perf_event_attr *attr, pid_t pid, int cpu)
{
	attr->type = PERF_TYPE_TRACEPOINT;
	attr->size = sizeof(*attr);
	return syscall(SYS_perf_event_open, attr, pid, cpu, -1,
		       PERF_FLAG_FD_CLOEXEC);
}

/**
 * struct ring - the ring of an event
 * @control: where it has been read up to; the data begin a page behind that
 * @size: of the data: a power of two
 */
struct ring {
	struct perf_event_mmap_page *control;
	size_t size;
};

/* Returns false, with errno, if there is none to be had. */
static inline bool map_ring(struct ring *ring, int fd, size_t size)
{
	void *at = mmap(NULL, 4096 + size, PROT_READ | PROT_WRITE, MAP_SHARED,
			fd, 0);

	*ring = (struct ring){ at, size };
	return at != MAP_FAILED;
}

static inline void unmap_ring(struct ring *ring)
{
	munmap(ring->control, 4096 + ring->size);
}

/* The records that there are, one after the other: each a copy, in one piece. */
static inline void drain_ring(struct ring *ring, void *arg,
			      void (*take)(void *arg,
					   const struct perf_event_header *record))
{
	static __thread char record[1 << 16] __attribute__((aligned(8)));
	const struct perf_event_header *header = (void *)record;
	const char *data = (char *)ring->control + 4096;
	uint64_t at = ring->control->data_tail, head, i;

	head = __atomic_load_n(&ring->control->data_head, __ATOMIC_ACQUIRE);
	while (at < head) {
		/* A record's size is one of eights: its header is in one piece. */
		memcpy(record, data + at % ring->size, sizeof(*header));
		for (i = 0; i < header->size; i++)
			record[i] = data[(at + i) % ring->size];
		take(arg, header);
		at += header->size;
	}
	__atomic_store_n(&ring->control->data_tail, at, __ATOMIC_RELEASE);
}

#endif /* COWINSPECT_TEST_PERF_H */
