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

/* Records with a piece of stack are that many times larger, or nearly. */
#define STACK_ROOM	8

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

/* What events are opened for. */
enum purpose {
	FOR_FAULTS,
	FOR_STACKS,
	FOR_FORKS,
};

/* All faults have a stack: no other event is needed for those that have none. */
static bool all_have_stacks(const struct cowi_stream *s)
{
	__u32 outcomes = s->outcomes ? s->outcomes : UINT32_MAX;

	return s->stacks && !(outcomes & ~s->stack_outcomes);
}

static void ask_for_stacks(const struct cowi_stream *s, enum purpose purpose,
			   struct perf_event_attr *attr)
{
	bool wanted = purpose == FOR_STACKS ||
		      (purpose == FOR_FAULTS && all_have_stacks(s));

	switch (s->stacks) {
	case COWI_STACKS_FP:
		/* With neither of the two, a chain is empty. */
		attr->sample_type |= PERF_SAMPLE_CALLCHAIN;
		attr->exclude_callchain_kernel = 1;
		attr->exclude_callchain_user = !wanted;
		break;
	case COWI_STACKS_DWARF:
		if (!wanted)
			break;
		attr->sample_type |= PERF_SAMPLE_REGS_USER |
				     PERF_SAMPLE_STACK_USER;
		attr->sample_regs_user = COWI_REGS_MASK;
		attr->sample_stack_user = s->stack_bytes;
		break;
	default:
		break;
	}
}

/* Returns the event, or -1 with errno. */
static int open_event(const struct cowi_stream *s, enum purpose purpose,
		      int cpu, size_t ring_bytes)
{
	unsigned long flags = PERF_FLAG_FD_CLOEXEC;
	bool first = purpose == FOR_FAULTS;
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.config = purpose == FOR_FORKS ? s->fork_id : s->fault_id,
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

	ask_for_stacks(s, purpose, &attr);
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

/* Into the ring of a CPU. */
static int open_beside(struct cowi_stream *s, enum purpose purpose, int cpu,
		       int *fd)
{
	*fd = open_event(s, purpose, cpu, s->rings.ring[cpu].size);
	if (*fd < 0)
		return open_failed(s);
	return ioctl(*fd, PERF_EVENT_IOC_SET_OUTPUT, s->cpu[cpu].fault) ?
	       -errno : 0;
}

static int open_cpu(struct cowi_stream *s, int cpu)
{
	size_t page = sysconf(_SC_PAGESIZE);
	struct epoll_event readable = { .events = EPOLLIN };
	struct cowi_stream_cpu *c = &s->cpu[cpu];
	struct cowi_ring *ring = &s->rings.ring[cpu];
	int err = 0;

	ring->size = s->map_bytes - page;
	c->fault = open_event(s, FOR_FAULTS, cpu, ring->size);
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
	if (s->stacks && !all_have_stacks(s))
		err = open_beside(s, FOR_STACKS, cpu, &c->stack);
	if (!err && s->fork_id)
		err = open_beside(s, FOR_FORKS, cpu, &c->fork);
	return err;
}

/* A filter of an event, built from its beginning to its end. */
struct filter {
	char text[1024];
};

/* "(a==1||a==2)" of some numbers, or "(a!=1&&a!=2)". */
static void add_filter(struct filter *filter, const char *field, bool is,
		       const unsigned int *number, size_t nr)
{
	size_t size = sizeof(filter->text), used = strlen(filter->text), i;
	char *text = filter->text;

	if (!nr)
		return;
	used += snprintf(text + used, size - used, "%s(", used ? "&&" : "");
	for (i = 0; i < nr && used < size; i++)
		used += snprintf(text + used, size - used, "%s%s%s%u",
				 i ? is ? "||" : "&&" : "", field,
				 is ? "==" : "!=", number[i]);
	if (used < size)
		snprintf(text + used, size - used, ")");
}

static void add_pids(const struct cowi_stream *s, struct filter *filter,
		     const char *field, const pid_t *pid, size_t nr_pids)
{
	unsigned int number[FILTER_PIDS], i;

	if (!pid || !s->initial_ns || nr_pids > FILTER_PIDS)
		return;
	for (i = 0; i < nr_pids; i++)
		number[i] = pid[i];
	add_filter(filter, field, true, number, nr_pids);
}

/* Outcomes by their bits: these or none of them. */
static void add_outcomes(struct filter *filter, bool is, __u32 outcomes)
{
	unsigned int number[32], i, nr = 0;

	for (i = 0; i < 32; i++) {
		if (outcomes & 1U << i)
			number[nr++] = i;
	}
	add_filter(filter, "outcome", is, number, nr);
}

static int set_filter(int fd, const struct filter *filter)
{
	if (fd < 0 || !filter->text[0])
		return 0;
	return ioctl(fd, PERF_EVENT_IOC_SET_FILTER, filter->text) ? -errno : 0;
}

/*
 * So that the rings have what we want, and nothing else. Where the kernel refuses,
 * as for an id in our own pid namespace, more is read and left out; but no fault may
 * come with a stack and without.
 */
static int set_filters(const struct cowi_stream *s, const pid_t *pid,
		       size_t nr_pids)
{
	struct filter fault = { "" }, stack = { "" }, fork = { "" };
	bool apart = s->stacks && !all_have_stacks(s);
	size_t cpu;
	int err = 0;

	add_pids(s, &fault, "pid", pid, nr_pids);
	stack = fault;
	add_pids(s, &fork, "parent", pid, nr_pids);
	if (apart) {
		add_outcomes(&fault, false, s->stack_outcomes);
		add_outcomes(&stack, true, s->stack_outcomes);
	}
	add_outcomes(&fault, true, s->outcomes);
	for (cpu = 0; cpu < s->nr_cpus && !err; cpu++) {
		const struct cowi_stream_cpu *c = &s->cpu[cpu];

		err = set_filter(c->fault, &fault);
		if (!err)
			err = set_filter(c->stack, &stack);
		if (!apart)
			err = 0;
		set_filter(c->fork, &fork);
	}
	return err;
}

static void switch_all(const struct cowi_stream *s, unsigned long request)
{
	size_t i;

	for (i = 0; i < s->nr_cpus; i++) {
		if (s->cpu[i].fault >= 0)
			ioctl(s->cpu[i].fault, request, 0);
		if (s->cpu[i].stack >= 0)
			ioctl(s->cpu[i].stack, request, 0);
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

/* Less where there are many CPUs, or little memory. */
static size_t usual_ring_bytes(const struct cowi_stream *s, size_t page, long cpus)
{
	size_t room = s->stacks == COWI_STACKS_DWARF ? STACK_ROOM : 1;
	size_t size = RING_BYTES * room;

	while (size > RINGS_BYTES * room / cpus ||
	       (room > 1 && size > most_ring_bytes(page, cpus)))
		size /= 2;
	return size;
}

static int make_cpus(struct cowi_stream *s, size_t ring_bytes)
{
	size_t page = sysconf(_SC_PAGESIZE), size = page, i;
	long nr = sysconf(_SC_NPROCESSORS_CONF);

	if (nr < 1)
		return -EINVAL;
	if (!ring_bytes)
		ring_bytes = usual_ring_bytes(s, page, nr);
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
		s->cpu[i].stack = -1;
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
	err = set_filters(s, pid, nr_pids);
	if (!err)
		switch_all(s, PERF_EVENT_IOC_ENABLE);
	return err;
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
		add_counts(s->cpu[i].stack, events, lost);
		add_counts(s->cpu[i].fork, events, lost);
	}
}

void cowi_stream_deafen(struct cowi_stream *s)
{
	size_t i;

	for (i = 0; i < s->nr_cpus; i++) {
		if (s->rings.ring[i].page)
			munmap(s->rings.ring[i].page, s->map_bytes);
		if (s->cpu[i].stack >= 0)
			close(s->cpu[i].stack);
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
