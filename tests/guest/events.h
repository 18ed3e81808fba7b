/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tracepoints, heard by perf. A reader of the tests' own, so that a mistake of
 * libcowinspect's cannot hide one here.
 */
#ifndef COWINSPECT_TEST_EVENTS_H
#define COWINSPECT_TEST_EVENTS_H

#include "perf.h"

#define CPUS		8

/* Room for 40,000 faults on each CPU, which no test makes before it drains them. */
#define RING_SIZE	(4UL << 20)

/**
 * struct listening - what is listened to
 * @event: the tracepoint
 * @pid: a process with its threads and descendants to come, or -1: all there are
 * @filter: the kernel's, of the event's fields; or NULL
 * @ring: how many bytes are kept for each CPU: a power of two, of pages
 * @chains: also where user space was, and who had called that
 */
struct listening {
	const char *event;
	pid_t pid;
	const char *filter;
	size_t ring;
	bool chains;
};

/**
 * struct listener - perf events, one for each CPU
 * @nr: how many CPUs there are
 * @fd: the events
 * @ring: their rings
 * @chains: samples have chains of callers
 * @lost: samples that found no room; the kernel says so right before the next one
 *	that finds some
 */
struct listener {
	int nr;
	int fd[CPUS];
	struct perf_ring ring[CPUS];
	bool chains;
	long long lost;
};

/**
 * struct sample - one of perf's
 * @time: CLOCK_MONOTONIC, in nanoseconds
 * @pid: the process that did it
 * @tid: its thread
 * @raw: the fields of the tracepoint, where struct field has them
 */
struct sample {
	uint64_t time;
	uint32_t pid, tid;
	const char *raw;
};

static inline int open_to_listen(const struct listening *to, int cpu)
{
	struct perf_event_attr attr = {
		.config = tracepoint_id(to->event),
		.sample_period = 1,
		.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_RAW |
			       (to->chains ? PERF_SAMPLE_CALLCHAIN : 0),
		.exclude_callchain_kernel = 1,
		.inherit = to->pid >= 0,
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
	};
	int fd = open_perf(&attr, to->pid, cpu);

	if (fd < 0)
		bail("perf_event_open: %s", strerror(errno));
	if (to->filter && ioctl(fd, PERF_EVENT_IOC_SET_FILTER, to->filter))
		bail("filter %s: %s", to->filter, strerror(errno));
	return fd;
}

static inline struct listener listen_to(const struct listening *to)
{
	struct listener l = {
		.nr = sysconf(_SC_NPROCESSORS_ONLN),
		.chains = to->chains,
	};
	int i;

	if (l.nr > CPUS)
		bail("%d CPUs", l.nr);
	for (i = 0; i < l.nr; i++) {
		l.fd[i] = open_to_listen(to, i);
		if (!map_ring(&l.ring[i], l.fd[i], to->ring))
			bail("no ring: %s", strerror(errno));
	}
	return l;
}

/* For a while: the rings stay as they are. */
static inline void set_listening(const struct listener *l, bool on)
{
	int i;

	for (i = 0; i < l->nr; i++) {
		if (ioctl(l->fd[i], on ? PERF_EVENT_IOC_ENABLE :
					 PERF_EVENT_IOC_DISABLE, 0))
			bail("cannot switch an event");
	}
}

static inline void stop_listening(struct listener *l)
{
	int i;

	for (i = 0; i < l->nr; i++) {
		unmap_ring(&l->ring[i]);
		close(l->fd[i]);
	}
	l->nr = 0;
}

/* What perf has counted, be it in a ring or not. */
static inline long long perf_count(const struct listener *l)
{
	long long value, sum = 0;
	int i;

	for (i = 0; i < l->nr; i++) {
		if (read(l->fd[i], &value, sizeof(value)) != sizeof(value))
			bail("cannot read a count");
		sum += value;
	}
	return sum;
}

/* ---- records ---- */

typedef void take_sample(const struct sample *s, void *to);

/* A record whose parts are there according to sample_type. */
static inline struct sample sample_of(const struct listener *l,
				      const uint64_t *record)
{
	const uint32_t *ids = (const uint32_t *)(record + 1);
	struct sample s = { .pid = ids[0], .tid = ids[1], .time = record[2] };

	record += 3;
	if (l->chains)
		record += 1 + *record;
	s.raw = (const char *)record + sizeof(uint32_t);	/* behind its size */
	return s;
}

struct taking {
	struct listener *l;
	take_sample *take;
	void *to;
};

static inline void take_if_sample(const struct perf_event_header *record,
				  void *taking)
{
	const uint64_t *words = (const uint64_t *)record;
	const struct taking *t = taking;
	struct sample s;

	if (record->type == PERF_RECORD_LOST)
		t->l->lost += words[2];
	if (record->type != PERF_RECORD_SAMPLE)
		return;
	s = sample_of(t->l, words);
	t->take(&s, t->to);
}

/* Give what there is to @take, CPU by CPU. */
static inline void drain(struct listener *l, take_sample *take, void *to)
{
	struct taking taking = { l, take, to };
	int i;

	for (i = 0; i < l->nr; i++)
		drain_ring(&l->ring[i], take_if_sample, &taking);
}

/* ---- fields ---- */

/* A member of a structure of ours, and where the kernel has it in a sample. */
struct field {
	const char *name;
	size_t to, size;
	int at;
};

#define FIELD(type, name) \
	{ #name, offsetof(type, name), sizeof(((type *)NULL)->name), 0 }

/* Whether they are there, in this order, and nothing else is. */
static inline bool find_fields(const char *event, struct field *f)
{
	char path[128], wanted[64], *text, *at, *last;
	size_t size;
	bool all;

	snprintf(path, sizeof(path), TRACEPOINTS "%s/format", event);
	text = slurp(path);
	/* After those that all events have: on PREEMPT_RT more than elsewhere. */
	for (last = strstr(text, "\n\n"); f->name; f++) {
		snprintf(wanted, sizeof(wanted), " %s;", f->name);
		at = strstr(text, wanted);
		if (!at || at != strchr(strstr(last, "field:"), ';') -
			   strlen(f->name) - 1 ||
		    sscanf(at + strlen(wanted), " offset:%d; size:%zu;", &f->at,
			   &size) != 2 || size != f->size) {
			diag("%s: %s is not as it should be", event, f->name);
			return false;
		}
		last = at;
	}
	all = !strstr(last, "field:");
	free(text);
	return all;
}

static inline void take_fields(const struct field *f, const char *raw, void *to)
{
	for (; f->name; f++)
		memcpy((char *)to + f->to, raw + f->at, f->size);
}

/* ---- faults ---- */

/**
 * struct event - a fault; what is not of perf is as struct sample has it
 */
struct event {
	__u64 time, addr, bytes, cost;
	__u32 pid, tid, flags;
	__u8 outcome, old_kind, new_kind, old_order, new_order, vma;
	__u8 predicted, confidence;
};

static struct field fault_fields[] = {
	FIELD(struct event, addr),
	FIELD(struct event, bytes),
	FIELD(struct event, cost),
	FIELD(struct event, pid),
	FIELD(struct event, flags),
	FIELD(struct event, outcome),
	FIELD(struct event, old_kind),
	FIELD(struct event, new_kind),
	FIELD(struct event, old_order),
	FIELD(struct event, new_order),
	FIELD(struct event, vma),
	FIELD(struct event, predicted),
	FIELD(struct event, confidence),
	{ 0 }
};

#define EVENTS_MAX	(1 << 18)

/* Faults, as they were heard; all zero in the beginning. */
struct events {
	int nr;
	struct event *event;
};

/* No child gets that memory: a test may compare all that a child has. */
static inline void make_room(struct events *e)
{
	size_t size = EVENTS_MAX * sizeof(*e->event);

	if (e->event)
		return;
	e->event = mmap(NULL, size, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (e->event == MAP_FAILED || madvise(e->event, size, MADV_DONTFORK))
		bail("no memory");
}

static inline void take_event(const struct sample *s, void *events)
{
	struct events *e = events;
	struct event *event = &e->event[e->nr];

	if (e->nr++ == EVENTS_MAX)
		bail("too many faults");
	take_fields(fault_fields, s->raw, event);
	event->time = s->time;
	event->tid = s->tid;
}

static inline int compare_times(const void *a, const void *b)
{
	uint64_t first = ((const struct event *)a)->time;
	uint64_t second = ((const struct event *)b)->time;

	return (first > second) - (first < second);
}

/* Take what there is, in the order in which it happened. Returns how many. */
static inline int drain_events(struct listener *l, struct events *e)
{
	make_room(e);
	e->nr = 0;
	drain(l, take_event, e);
	qsort(e->event, e->nr, sizeof(*e->event), compare_times);
	return e->nr;
}

/* As @to says, but for the tracepoint: it is that of faults. */
static inline struct listener listen_to_faults(struct listening to)
{
	to.event = "cow_fault";
	mount_tracefs();
	if (!find_fields(to.event, fault_fields))
		bail("the tracepoint is another one");
	return listen_to(&to);
}

/* Those in the memory of a process, whoever makes them, with as much room as that. */
static inline struct listener open_events_in(pid_t pid, size_t ring)
{
	char filter[32];

	snprintf(filter, sizeof(filter), "pid == %d", pid);
	return listen_to_faults((struct listening){
		.pid = -1, .filter = filter, .ring = ring,
	});
}

static inline struct listener open_events(pid_t pid)
{
	return open_events_in(pid, RING_SIZE);
}

/* The last event of a page, or NULL. */
static inline const struct event *event_of(const struct events *e,
					   const void *where)
{
	unsigned long addr = (unsigned long)where & ~(PAGE - 1);
	int i;

	for (i = e->nr - 1; i >= 0; i--) {
		if ((e->event[i].addr & ~(PAGE - 1)) == addr)
			return &e->event[i];
	}
	return NULL;
}

/* ---- forks ---- */

struct forked {
	__u32 parent, child;
	__u64 cost, tables, copied, anon, file, shmem, swap;
};

static struct field fork_fields[] = {
	FIELD(struct forked, parent),
	FIELD(struct forked, child),
	FIELD(struct forked, cost),
	FIELD(struct forked, tables),
	FIELD(struct forked, copied),
	FIELD(struct forked, anon),
	FIELD(struct forked, file),
	FIELD(struct forked, shmem),
	FIELD(struct forked, swap),
	{ 0 }
};

#define FORKS_MAX	16

static struct forked forks[FORKS_MAX];
static int nr_forks;

static inline void take_fork(const struct sample *s, void *unused)
{
	(void)unused;
	if (nr_forks == FORKS_MAX)
		bail("too many forks");
	take_fields(fork_fields, s->raw, &forks[nr_forks++]);
}

static inline struct listener listen_to_forks(pid_t pid)
{
	return listen_to(&(struct listening){
		.event = "cow_fork", .pid = pid, .ring = RING_SIZE,
	});
}

static inline void hear_forks(struct listener *l)
{
	nr_forks = 0;
	drain(l, take_fork, NULL);
}

#endif /* COWINSPECT_TEST_EVENTS_H */
