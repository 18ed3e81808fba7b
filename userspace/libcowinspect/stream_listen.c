// SPDX-License-Identifier: GPL-2.0
/*
 * Events and rings for all CPUs.
 *
 * Events per CPU, and not per process with inherit: those end at the exec of a
 * setuid program (perf_event_exit_task() in begin_new_exec()), and do not tell
 * what others do in the memory of a process. What is of other processes is left
 * out: by the kernel if the processes are known, else here.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"
#include "stream.h"

#define RING_BYTES	(4UL << 20)
#define RINGS_BYTES	(128UL << 20)

/* Reading is worth a wake-up once a ring is that full: one part of so many. */
#define WAKE_PART	4

/* More processes than these are told apart here. */
#define FILTER_PIDS	32

/* Headers older than Linux 6.0 do not have it. */
#ifndef PERF_FORMAT_LOST
#define PERF_FORMAT_LOST	16
#endif

static int open_failed(const struct cowi_stream *s)
{
	switch (errno) {
	case ENOENT:
		return s->cgroup >= 0 ? -COWI_ECGROUP : -COWI_ENOTRACEPOINT;
	case ENOSYS:
		return -COWI_ENOPERF;
	case EACCES:
	case EPERM:
		return cowi_refused();
	case EMFILE:
		return -COWI_EFILES;
	case EBADF:
	case EINVAL:
		return s->cgroup >= 0 ? -COWI_ECGROUP : -errno;
	default:
		return -errno;
	}
}

/* Returns the event, or -1 with errno. */
static int open_event(const struct cowi_stream *s, unsigned int id, int cpu,
		      size_t ring_bytes)
{
	unsigned long flags = PERF_FLAG_FD_CLOEXEC;
	bool first = id == s->fault_id;
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.config = id,
		.sample_period = 1,
		.sample_type = COWI_SAMPLE_TYPE,
		.read_format = PERF_FORMAT_LOST,
		.sample_id_all = 1,
		.disabled = 1,
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
		.watermark = 1,
		.wakeup_watermark = ring_bytes / WAKE_PART,
		/* The tracepoint with the ring tells of mappings and processes. */
		.mmap = first,
		.mmap2 = first,
		.mmap_data = first,
		.comm = first,
		.comm_exec = first,
		.task = first,
	};
	int pid = -1, fd;

	if (s->cgroup >= 0) {
		pid = s->cgroup;
		flags |= PERF_FLAG_PID_CGROUP;
	}
	fd = syscall(SYS_perf_event_open, &attr, pid, cpu, -1, flags);
	if (fd >= 0 || errno != EINVAL)
		return fd;
	attr.read_format = 0;
	return syscall(SYS_perf_event_open, &attr, pid, cpu, -1, flags);
}

static int open_cpu(struct cowi_stream *s, int cpu)
{
	size_t page = sysconf(_SC_PAGESIZE);
	struct epoll_event readable = { .events = EPOLLIN };
	struct cowi_stream_cpu *c = &s->cpu[cpu];
	struct cowi_ring *ring = &s->rings.ring[cpu];

	ring->size = s->map_bytes - page;
	c->fault = open_event(s, s->fault_id, cpu, ring->size);
	/* It is not online. */
	if (c->fault < 0 && errno == ENODEV)
		return 0;
	if (c->fault < 0)
		return open_failed(s);
	ring->page = mmap(NULL, s->map_bytes, PROT_READ | PROT_WRITE,
			  MAP_SHARED, c->fault, 0);
	if (ring->page == MAP_FAILED) {
		ring->page = NULL;
		return errno == EPERM || errno == ENOMEM ? -COWI_ERINGS : -errno;
	}
	ring->data = (const char *)ring->page + page;
	if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, c->fault, &readable))
		return -errno;
	if (!s->fork_id)
		return 0;
	c->fork = open_event(s, s->fork_id, cpu, ring->size);
	if (c->fork < 0)
		return open_failed(s);
	return ioctl(c->fork, PERF_EVENT_IOC_SET_OUTPUT, c->fault) ? -errno : 0;
}

/* "(a==1||a==2)" of some numbers, behind @text. */
static void add_filter(char *text, size_t size, const char *field,
		       const unsigned int *number, size_t nr)
{
	size_t used = strlen(text), i;

	used += snprintf(text + used, size - used, "%s(", used ? "&&" : "");
	for (i = 0; i < nr && used < size; i++)
		used += snprintf(text + used, size - used, "%s%s==%u",
				 i ? "||" : "", field, number[i]);
	if (used < size)
		snprintf(text + used, size - used, ")");
}

/*
 * So that the rings have what we want, and nothing else. Where the kernel refuses,
 * as for an id in our own pid namespace, more is read and left out.
 */
static void set_filters(const struct cowi_stream *s, const pid_t *pid,
			size_t nr_pids)
{
	char fault[1024] = "", fork[1024] = "";
	unsigned int number[FILTER_PIDS], i, nr = 0;
	size_t cpu;

	if (pid && s->initial_ns && nr_pids <= FILTER_PIDS) {
		for (i = 0; i < nr_pids; i++)
			number[i] = pid[i];
		add_filter(fault, sizeof(fault), "pid", number, nr_pids);
		add_filter(fork, sizeof(fork), "parent", number, nr_pids);
	}
	for (i = 0; i < FILTER_PIDS; i++) {
		if (s->outcomes & 1U << i)
			number[nr++] = i;
	}
	if (nr)
		add_filter(fault, sizeof(fault), "outcome", number, nr);
	for (cpu = 0; cpu < s->nr_cpus; cpu++) {
		if (s->cpu[cpu].fault >= 0 && fault[0])
			ioctl(s->cpu[cpu].fault, PERF_EVENT_IOC_SET_FILTER, fault);
		if (s->cpu[cpu].fork >= 0 && fork[0])
			ioctl(s->cpu[cpu].fork, PERF_EVENT_IOC_SET_FILTER, fork);
	}
}

static void switch_all(const struct cowi_stream *s, unsigned long request)
{
	size_t i;

	for (i = 0; i < s->nr_cpus; i++) {
		if (s->cpu[i].fault >= 0)
			ioctl(s->cpu[i].fault, request, 0);
		if (s->cpu[i].fork >= 0)
			ioctl(s->cpu[i].fork, request, 0);
	}
}

/*
 * For each CPU, as much as can be asked for: the kernel would end other processes
 * before it refuses memory for rings.
 */
static size_t most_ring_bytes(size_t page, long cpus)
{
	return sysconf(_SC_PHYS_PAGES) / 4 / cpus * page;
}

static int make_cpus(struct cowi_stream *s, size_t ring_bytes)
{
	size_t page = sysconf(_SC_PAGESIZE), size = page, i;
	long nr = sysconf(_SC_NPROCESSORS_CONF);

	if (nr < 1)
		return -EINVAL;
	if (!ring_bytes) {
		ring_bytes = RINGS_BYTES / nr;
		if (ring_bytes > RING_BYTES)
			ring_bytes = RING_BYTES;
	}
	if (ring_bytes > most_ring_bytes(page, nr))
		return -COWI_ERINGS;
	while (size < ring_bytes)
		size *= 2;
	s->map_bytes = size + page;
	s->cpu = calloc(nr, sizeof(*s->cpu));
	s->rings.ring = calloc(nr, sizeof(*s->rings.ring));
	if (!s->cpu || !s->rings.ring)
		return -ENOMEM;
	s->nr_cpus = nr;
	s->rings.nr = nr;
	for (i = 0; i < s->nr_cpus; i++) {
		s->cpu[i].fault = -1;
		s->cpu[i].fork = -1;
	}
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	return s->epoll < 0 ? -errno : 0;
}

/* /proc is to be looked at later on: a directory, and a file in it. */
static int check_spare_files(void)
{
	int fd[2], err = 0;

	fd[0] = open("/", O_PATH | O_CLOEXEC);
	fd[1] = open("/", O_PATH | O_CLOEXEC);
	if (fd[0] < 0 || fd[1] < 0)
		err = -errno;
	close(fd[0]);
	close(fd[1]);
	return err;
}

int cowi_stream_listen(struct cowi_stream *s, const pid_t *pid, size_t nr_pids,
		       size_t ring_bytes)
{
	size_t i;
	int err;

	err = make_cpus(s, ring_bytes);
	for (i = 0; i < s->nr_cpus && !err; i++)
		err = open_cpu(s, i);
	if (!err)
		err = check_spare_files();
	if (err)
		return err;
	set_filters(s, pid, nr_pids);
	switch_all(s, PERF_EVENT_IOC_ENABLE);
	return 0;
}

void cowi_stream_stop(struct cowi_stream *s)
{
	switch_all(s, PERF_EVENT_IOC_DISABLE);
	s->stopped = true;
}

/* What read() gives for our read_format: the second is 0 where it is unknown. */
static void add_counts(int fd, __u64 *events, __u64 *lost)
{
	__u64 count[2] = { 0 };

	if (fd < 0 || read(fd, count, sizeof(count)) < 0)
		return;
	*events += count[0];
	*lost += count[1];
}

void cowi_stream_count(const struct cowi_stream *s, __u64 *events, __u64 *lost)
{
	size_t i;

	*events = 0;
	*lost = 0;
	for (i = 0; i < s->nr_cpus; i++) {
		add_counts(s->cpu[i].fault, events, lost);
		add_counts(s->cpu[i].fork, events, lost);
	}
}

void cowi_stream_deafen(struct cowi_stream *s)
{
	size_t i;

	for (i = 0; i < s->nr_cpus; i++) {
		if (s->rings.ring[i].page)
			munmap(s->rings.ring[i].page, s->map_bytes);
		if (s->cpu[i].fork >= 0)
			close(s->cpu[i].fork);
		if (s->cpu[i].fault >= 0)
			close(s->cpu[i].fault);
	}
	if (s->epoll >= 0)
		close(s->epoll);
	free(s->cpu);
	free(s->rings.ring);
}

int cowi_stream_wait(struct cowi_stream *s, int milliseconds)
{
	struct epoll_event readable;

	if (epoll_wait(s->epoll, &readable, 1, milliseconds) < 0 &&
	    errno != EINTR)
		return -errno;
	return 0;
}
