// SPDX-License-Identifier: GPL-2.0
/*
 * Listeners with small rings, of a CPU or of a process and its children, with and
 * without callers: whatever is killed or goes away meanwhile, each sample has to be
 * plausible, counts never go back, and there are no more samples than were counted.
 */
#include <poll.h>
#include <time.h>

#include "../perf.h"
#include "torture.h"

#define NOT_FILTERED	255
#define MAX_ORDER	18	/* 1 GiB is the largest page */

/* What the kernel puts into a sample of cow_fault, after what all events have. */
struct fault_sample {
	__u64 addr, bytes, cost;
	__u32 pid, flags;
	__u8 outcome, old_kind, new_kind, old_order, new_order, vma;
	__u8 predicted, confidence;
};

/* Of cow_fork. */
struct fork_ids {
	__u32 parent, child;
};

/* On PREEMPT_RT there is a gap before it. */
struct fork_sample {
	__u64 cost, tables, copied, anon, file, shmem, swap;
};

/**
 * struct listener - an event, its ring, and what has come of it
 * @of_fork: it is cow_fork, else cow_fault
 * @attr: as it was opened
 * @at: where in the raw data its fields begin, for cow_fork those of 64 bits
 * @ids: where in the raw data of cow_fork parent and child are
 * @outcome: the last one that passes its filter, or NOT_FILTERED
 * @fd: the event
 * @ring: its ring
 * @samples: how many there were
 * @counted: what it has counted, as it was read last
 */
struct listener {
	bool of_fork;
	struct perf_event_attr attr;
	int at;
	int ids;
	unsigned int outcome;
	int fd;
	struct perf_ring ring;
	unsigned long long samples;
	unsigned long long counted;
};

/* As the kernel has it in a record, callers apart. */
struct sample {
	struct perf_event_header header;
	uint32_t pid, tid;
	uint64_t time;
};

/* ---- what a sample has to be ---- */

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static bool is_kind(unsigned int kind)
{
	return kind < COWI_NR_KINDS || kind == COWI_KIND_NONE;
}

#define OR(id, name)	(id) |
#define LAST(id, name)	(id)
#define ALL_FLAGS	(COWINSPECT_EVENT_FLAGS(OR, LAST))

static bool is_fault(const struct fault_sample *f)
{
	return f->outcome <= COWI_DID_UNKNOWN && f->vma < COWI_NR_VMAS &&
	       is_kind(f->old_kind) && is_kind(f->new_kind) &&
	       f->old_order <= MAX_ORDER && f->new_order <= MAX_ORDER &&
	       (!f->bytes || f->bytes == PAGE << f->new_order) &&
	       !(f->addr >> 57) && f->cost <= now_ns() &&
	       !(f->flags & ~ALL_FLAGS) && f->confidence <= COWI_CONF_SURE &&
	       (f->flags & COWI_E_WRITE ? f->predicted < COWI_NR_OUTCOMES :
		f->predicted == COWI_NEXT_NONE);
}

/* Its id is -1, or 0, of who is not to be found any more. */
static bool is_of(const struct fault_sample *f, const struct sample *s)
{
	return f->flags & COWI_E_REMOTE || !f->pid || f->pid == s->pid ||
	       !s->pid || s->pid == -1U;
}

/*
 * Before 5.13 (ef54c1a476ae) perf adds what a member of a family that exits has counted to the
 * family before it takes the member out, and for a moment counts that twice (read in Debian's
 * 5.10, kernel/events/core.c, perf_event_exit_event(): sync_child_event() without child_mutex).
 */
static bool may_count_twice(const struct listener *l)
{
	return l->attr.inherit && !kernel_since(5, 13);
}

static void check_fault(struct listener *l, const struct sample *s,
			const struct fault_sample *f)
{
	if (!is_fault(f))
		wrong("fault %llx: %u, %llu bytes, %llu ns, %x, vma %u, %u %u %u %u, next %u %u",
		      f->addr, f->outcome, f->bytes, f->cost, f->flags, f->vma,
		      f->old_kind, f->new_kind, f->old_order, f->new_order,
		      f->predicted, f->confidence);
	if (!is_of(f, s))
		wrong("fault at %llx of %u by %u, flags %x", f->addr, f->pid,
		      s->pid, f->flags);
	count(OP_SAMPLE_FAULT, true);
	if (l->outcome == NOT_FILTERED)
		return;
	if (!count(OP_SAMPLE_FILTERED, f->outcome <= l->outcome))
		wrong("outcome %u passes the filter up to %u: flags %x, %u, of %u by %u, %d",
		      f->outcome, l->outcome, f->flags, f->old_kind, f->pid,
		      s->pid, (int)l->attr.inherit);
}

static void check_fork(const struct sample *s, const struct fork_ids *ids,
		       const struct fork_sample *f)
{
	const uint64_t pages = 1ULL << 36;

	if (!ids->parent || !ids->child || ids->parent == ids->child ||
	    ids->parent != s->pid || !f->tables || f->tables % PAGE ||
	    f->cost > now_ns() || f->copied > pages || f->anon > pages ||
	    f->file > pages || f->shmem > pages || f->swap > pages)
		wrong("fork of %u by %u, %u: %llu ns, tables %llu, pages %llu %llu %llu %llu %llu",
		      ids->child, ids->parent, s->pid, f->cost, f->tables,
		      f->copied, f->anon, f->file, f->shmem, f->swap);
	count(OP_SAMPLE_FORK, true);
}

/*
 * Callers, as perf has them: after a mark, those in the kernel; after another one,
 * those in user space, which may be anything, as they are read from its stack.
 */
static void check_callers(const struct listener *l, const uint64_t *caller,
			  uint64_t n)
{
	uint64_t mark = 0, kernel = 0, user = 0, i;

	for (i = 0; i < n; i++) {
		if (caller[i] >= PERF_CONTEXT_MAX) {
			mark = caller[i];
			continue;
		}
		kernel += mark == PERF_CONTEXT_KERNEL;
		user += mark == PERF_CONTEXT_USER;
		if (!mark || (mark == PERF_CONTEXT_KERNEL && !(caller[i] >> 63)))
			wrong("caller %llu of %llu is %llx after %llx",
			      (unsigned long long)i, (unsigned long long)n,
			      (unsigned long long)caller[i],
			      (unsigned long long)mark);
	}
	if ((kernel && l->attr.exclude_callchain_kernel) ||
	    (user && l->attr.exclude_callchain_user))
		wrong("callers of the kernel or of user space that nobody asked for");
	count(OP_SAMPLE_CALLERS, kernel && user);
}

/* Callers, if asked for, and the raw data. */
static void check_sample(struct listener *l, const struct sample *s)
{
	const char *at = (const char *)(s + 1), *raw;
	const char *end = (const char *)s + s->header.size;
	uint64_t n;
	uint32_t size;

	l->samples++;
	if (l->attr.sample_type & PERF_SAMPLE_CALLCHAIN) {
		memcpy(&n, at, sizeof(n));
		at += sizeof(n);
		if (n > (uint64_t)(end - at) / sizeof(uint64_t)) {
			wrong("a sample of %u bytes has %llu callers",
			      s->header.size, (unsigned long long)n);
			return;
		}
		check_callers(l, (const uint64_t *)at, n);
		at += n * sizeof(uint64_t);
	}
	memcpy(&size, at, sizeof(size));
	raw = at + sizeof(size);
	if (raw + size != end ||
	    size < l->at + (l->of_fork ? sizeof(struct fork_sample) :
					 sizeof(struct fault_sample))) {
		wrong("a sample of %u bytes has %u of raw data, in which fields begin at %d",
		      s->header.size, size, l->at);
		return;
	}
	/* Raw data begin in the middle of eight bytes. */
	if (l->of_fork) {
		struct fork_sample forked;
		struct fork_ids ids;

		memcpy(&ids, raw + l->ids, sizeof(ids));
		memcpy(&forked, raw + l->at, sizeof(forked));
		check_fork(s, &ids, &forked);
	} else {
		struct fault_sample fault;

		memcpy(&fault, raw + l->at, sizeof(fault));
		check_fault(l, s, &fault);
	}
}

static void check_record(const struct perf_event_header *record, void *listener)
{
	switch (record->type) {
	case PERF_RECORD_SAMPLE:
		check_sample(listener, (const void *)record);
		break;
	case PERF_RECORD_LOST:
		count(OP_SAMPLE_LOST, true);
		break;
	case PERF_RECORD_THROTTLE:
	case PERF_RECORD_UNTHROTTLE:
		break;
	default:
		wrong("a record of type %u", record->type);
	}
}

/* ---- listening ---- */

static bool read_count(struct listener *l)
{
	unsigned long long now;

	if (read(l->fd, &now, sizeof(now)) != sizeof(now)) {
		wrong("count of a tracepoint: %s", strerror(errno));
		return false;
	}
	if ((now < l->counted && !may_count_twice(l)) || now < l->samples)
		wrong("a tracepoint was counted %llu times, then %llu, with %llu samples",
		      l->counted, now, l->samples);
	l->counted = now;
	return true;
}

/*
 * Before there is a ring, so that nothing else gets into it. Before it is enabled is not enough: a
 * fault in the memory of its process that another one makes is told of an event that is not enabled
 * as well (perf_tp_event(), read in 5.10; in 6.1 its counter knows, but nothing is written).
 */
static void set_filter(struct listener *l)
{
	unsigned int outcome = rnd(COWI_DID_UNKNOWN + 1);
	char text[32];

	/* Most outcomes are rare, those before others less so. */
	snprintf(text, sizeof(text), "outcome <= %u", outcome);
	if (ioctl(l->fd, PERF_EVENT_IOC_SET_FILTER, text))
		wrong("filter of a tracepoint: %s", strerror(errno));
	else
		l->outcome = outcome;
}

/* Where in a sample's raw data the field @first is; -1 without the module. */
static int tracepoint_offset(const char *event, const char *first)
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

static void choose_event(struct listener *l)
{
	const char *name = l->of_fork ? "cow_fork" : "cow_fault";

	l->attr = (struct perf_event_attr){
		.config = tracepoint_id(name),
		.disabled = 1,
		.sample_period = l->of_fork || rnd(4) ? 1 : 1 + rnd(5),
		.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME |
			       PERF_SAMPLE_RAW,
		.wakeup_events = rnd(3),
	};
	l->at = tracepoint_offset(name, l->of_fork ? "cost" : "addr");
	l->ids = l->of_fork ? tracepoint_offset(name, "parent") : 0;
	if (rnd(2)) {
		l->attr.sample_type |= PERF_SAMPLE_CALLCHAIN;
		l->attr.exclude_callchain_kernel = !rnd(4);
		l->attr.exclude_callchain_user = !rnd(4);
		l->attr.sample_max_stack = rnd(2) ? 0 : 1 + rnd(100);
	}
}

/* What is rare is seen to by one each, until it has been: nothing is left to chance. */
static bool wants_fork(void)
{
	return me == ROLE_SAMPLE_1 && !shared->done[OP_SAMPLE_FORK];
}

static bool wants_full_ring(void)
{
	return me == ROLE_SAMPLE_2 && !shared->done[OP_SAMPLE_LOST];
}

/* Returns false if that was refused, as may be. */
static bool open_listener(struct listener *l)
{
	bool full = wants_full_ring(), fork = wants_fork();
	bool of_fork = fork || (!full && rnd(2));
	/* Most of those there are do not fork. */
	bool family = !fork && !full && (of_fork ? !rnd(4) : rnd(2));

	*l = (struct listener){ .of_fork = of_fork, .outcome = NOT_FILTERED };
	choose_event(l);
	if (full)
		l->attr.sample_period = 1;
	if (!l->attr.config || l->at < 0 || l->ids < 0)
		return false;
	l->attr.inherit = family;
	/* The other CPU may be away. */
	l->fd = open_perf(&l->attr, family ? random_target() : -1,
			  fork || full ? 0 : rnd(2));
	if (l->fd < 0) {
		count(family ? OP_SAMPLE_FAMILY : OP_SAMPLE_CPU, false);
		if (!may_be_refused(errno))
			wrong("listener: %s", strerror(errno));
		return false;
	}
	if (!l->of_fork && !full && !rnd(4))
		set_filter(l);
	if (!map_ring(&l->ring, l->fd, full ? PAGE : PAGE << rnd(4))) {
		wrong("ring of a listener: %s", strerror(errno));
		close(l->fd);
		return false;
	}
	return count(family ? OP_SAMPLE_FAMILY : OP_SAMPLE_CPU,
		     !ioctl(l->fd, PERF_EVENT_IOC_ENABLE, 0));
}

static void listen_on(struct listener *l, unsigned int us)
{
	struct pollfd wait = { .fd = l->fd, .events = POLLIN };

	switch (rnd(4)) {
	case 0:
		poll(&wait, 1, us / 1000);
		break;
	case 1:
		ioctl(l->fd, PERF_EVENT_IOC_DISABLE, 0);
		ioctl(l->fd, PERF_EVENT_IOC_ENABLE, 0);
		break;
	default:
		usleep(us);
	}
	/* Otherwise it may run full. */
	if (rnd(2))
		drain_ring(&l->ring, check_record, l);
}

/* Some time, with so many looks at what has come, and so long between them at most. */
void sample(unsigned int looks, unsigned int us)
{
	struct listener l;

	if (!open_listener(&l))
		return;
	do
		listen_on(&l, rnd(us));
	while (read_count(&l) && looks--);
	drain_ring(&l.ring, check_record, &l);
	/* Either may be the first to go. */
	if (rnd(2)) {
		close(l.fd);
		unmap_ring(&l.ring);
	} else {
		unmap_ring(&l.ring);
		close(l.fd);
	}
}

void sample_on(void)
{
	/* There may be no fork for a second. */
	for (;;)
		sample(wants_fork() ? 200 : rnd(20), 20000);
}
