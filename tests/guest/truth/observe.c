// SPDX-License-Identifier: GPL-2.0
/*
 * The observer against the same writes: the events stream of the member must
 * tell of each write that faulted, with the outcome that pagemap shows, and with
 * pagemap's frames. What the member faults in besides is passed over; but all its
 * faults are counted as the kernel counts them.
 */
#include "../faults.h"
#include "truth.h"

#define MAX_EVENTS	(1 << 14)

uint64_t observed_writes;

static int fd = -1;
static pid_t observed;
static long long kernel_has, module_has;	/* faults of it, before */
static struct cowinspect_event *events;
static int nr_events;

/**
 * observe_begin - take part in what a member is about to do
 * @pid: the member, attached
 */
void observe_begin(pid_t pid)
{
	fd = open_events(pid);
	observed = pid;
	kernel_has = proc_faults(pid);
	module_has = fault_count(pid, "accounted");
}

static void compare_counts(void)
{
	long long kernel = proc_faults(observed) - kernel_has;
	long long module = fault_count(observed, "accounted") - module_has;
	long long lost = fault_count(observed, "lost");

	if (kernel != module || lost)
		differs("%lld faults are accounted, the kernel has %lld; %lld lost",
			module, kernel, lost);
}

static void read_events(void)
{
	size_t size = MAX_EVENTS * sizeof(*events);
	ssize_t got;

	if (!events)
		events = not_inherited(size);
	nr_events = 0;
	while (nr_events < MAX_EVENTS) {
		got = read(fd, events + nr_events,
			   (MAX_EVENTS - nr_events) * sizeof(*events));
		if (got <= 0)
			break;
		nr_events += got / sizeof(*events);
	}
	close(fd);
}

static bool is_as_it_happened(int happened, int did)
{
	switch (happened) {
	case COWI_NEXT_REUSE:
		return did == COWI_DID_REUSED;
	case COWI_NEXT_COPY:
		return did == COWI_DID_COPIED;
	case COWI_NEXT_ZEROFILL:
		return did == COWI_DID_ZEROFILLED;
	case COWI_NEXT_SHARED:
		return did == COWI_DID_SHARED;
	case COWI_NEXT_MARK:
		return did == COWI_DID_MARKED;
	case COWI_NEXT_SWAPIN:
		return did == COWI_DID_SWAPIN ||
		       did == COWI_DID_SWAPIN_COPIED ||
		       did == COWI_DID_SWAPIN_REUSED;
	case COWI_NEXT_UNKNOWN:
		return did == COWI_DID_ZEROFILLED || did == COWI_DID_COPIED ||
		       did == COWI_DID_MAPPED;
	default:
		return false;
	}
}

/*
 * Some faults only prepare what the next one does: they give up half way, set the
 * accessed bit through which a copy of device memory is read, or split a huge
 * mapping.
 */
static bool is_answer(const struct cowinspect_event *e,
		      const struct attempt *a)
{
	return e->count == 1 && e->flags & COWI_E_WRITE &&
	       e->addr / PAGE == a->addr / PAGE &&
	       e->outcome != COWI_DID_RETRIED &&
	       e->outcome != COWI_DID_SPLIT &&
	       (e->outcome != COWI_DID_MARKED ||
		what_happened(a) == COWI_NEXT_MARK);
}

static bool frames_agree(const struct cowinspect_event *e,
			 const struct cowinspect_event *last,
			 const struct attempt *a)
{
	/* Where pagemap sees nothing there is nothing to compare with. */
	if (is_unseen(a->addr))
		return true;
	if (a->map_before & PAGEMAP_PRESENT &&
	    e->old_pfn != PAGEMAP_PFN(a->map_before))
		return false;
	/* Shared memory: the fault may end without the lock it needs to look. */
	return last->new_pfn == PAGEMAP_PFN(a->map_after) ||
	       ((e->outcome == COWI_DID_SHARED || e->outcome == COWI_DID_MAPPED) &&
		e->new_pfn == COWINSPECT_NO_PFN);
}

/*
 * A page that is swapped in may be mapped protected first; then the write faults
 * once more, and it is that fault which settles the frame.
 */
static const struct cowinspect_event *last_of(const struct cowinspect_event *e,
					      const struct attempt *a)
{
	const struct cowinspect_event *next = e + 1;

	if (e->outcome == COWI_DID_SWAPIN && next < events + nr_events &&
	    is_answer(next, a) && next->old_pfn == e->new_pfn)
		return next;
	return e;
}

static void compare_event(const struct attempt *a, int happened,
			  const struct cowinspect_event *e)
{
	if (is_as_it_happened(happened, e->outcome) &&
	    frames_agree(e, last_of(e, a), a))
		return;
	differs("%" PRIx64 ": happened %d, event %d: frames %llx -> %llx, pagemap %"
		PRIx64 " -> %" PRIx64 "; %s", a->addr, happened, e->outcome,
		e->old_pfn, e->new_pfn, a->map_before, a->map_after,
		record_text(&a->before));
}

/**
 * observe_check - compare what was observed with what the member has told
 */
void observe_check(void)
{
	int i, at = 0;

	read_events();
	compare_counts();
	for (i = 0; i < shared->nr_attempts; i++) {
		const struct attempt *a = &shared->attempts[i];

		/* What ends in a signal may end before there is a fault. */
		if (!a->faults || a->sig || a->before.kind == COWI_NR_KINDS)
			continue;
		while (at < nr_events && !is_answer(&events[at], a))
			at++;
		if (at == nr_events) {
			differs("%" PRIx64 ": no event of this write; %s",
				a->addr, record_text(&a->before));
			return;
		}
		compare_event(a, what_happened(a), &events[at++]);
		observed_writes++;
	}
}
