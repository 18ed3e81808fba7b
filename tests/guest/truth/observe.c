// SPDX-License-Identifier: GPL-2.0
/*
 * The observer against the same writes: the tracepoint must tell of each write
 * that faulted, with the outcome that pagemap shows, and with the kinds of page
 * that the records have. What the member faults in besides is passed over; but all
 * its faults are counted as the kernel counts them.
 */
#include "../events.h"
#include "../faults.h"
#include "truth.h"

uint64_t observed_writes;

/* Of all processes, and kept: to end one takes the kernel a grace period. */
static struct listener listener;
static struct events seen;
static pid_t observed;
static long long kernel_has, module_has;	/* faults of it, before */

/**
 * observe_begin - take part in what a member is about to do
 * @pid: the member, attached
 */
void observe_begin(pid_t pid)
{
	if (!listener.nr)
		listener = listen_to_faults((struct listening){
			.pid = -1, .ring = RING_SIZE,
		});
	else
		set_listening(&listener, true);
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
static bool is_answer(const struct event *e,
		      const struct attempt *a)
{
	return e->pid == (unsigned int)observed && e->flags & COWI_E_WRITE &&
	       e->addr / PAGE == a->addr / PAGE &&
	       e->outcome != COWI_DID_RETRIED &&
	       e->outcome != COWI_DID_SPLIT &&
	       (e->outcome != COWI_DID_MARKED ||
		what_happened(a) == COWI_NEXT_MARK);
}

/*
 * The frame is another one exactly where that is what the fault did; and what was
 * there before and is there now is what the records say, which others judge.
 */
static bool frames_agree(const struct event *e, const struct event *last,
			 const struct attempt *a)
{
	bool same = PAGEMAP_PFN(a->map_before) == PAGEMAP_PFN(a->map_after);
	bool copied = e->outcome == COWI_DID_COPIED ||
		      e->outcome == COWI_DID_ZEROFILLED;

	/* Where pagemap sees nothing there is nothing to compare with. */
	if (is_unseen(a->addr))
		return true;
	if (a->map_before & PAGEMAP_PRESENT &&
	    (copied == same || e->old_kind != a->before.kind))
		return false;
	/* Shared memory: the fault may end without the lock it needs to look. */
	return last->new_kind == a->after.kind ||
	       ((e->outcome == COWI_DID_SHARED || e->outcome == COWI_DID_MAPPED) &&
		e->new_kind == COWI_KIND_NONE);
}

/*
 * A page that is swapped in may be mapped protected first; then the write faults
 * once more, and it is that fault which settles the frame.
 */
static const struct event *last_of(const struct event *e, const struct attempt *a)
{
	const struct event *next = e + 1;

	if (e->outcome == COWI_DID_SWAPIN && next < seen.event + seen.nr &&
	    is_answer(next, a))
		return next;
	return e;
}

static void compare_event(const struct attempt *a, int happened,
			  const struct event *e)
{
	if (is_as_it_happened(happened, e->outcome) &&
	    frames_agree(e, last_of(e, a), a))
		return;
	differs("%" PRIx64 ": happened %d, event %d: kinds %d -> %d, pagemap %"
		PRIx64 " -> %" PRIx64 "; %s", a->addr, happened, e->outcome,
		e->old_kind, e->new_kind, a->map_before, a->map_after,
		record_text(&a->before));
}

/**
 * observe_check - compare what was observed with what the member has told
 */
void observe_check(void)
{
	int i, at = 0;

	set_listening(&listener, false);
	drain_events(&listener, &seen);
	if (listener.lost)
		bail("%lld events are lost", listener.lost);
	compare_counts();
	for (i = 0; i < shared->nr_attempts; i++) {
		const struct attempt *a = &shared->attempts[i];

		/* What ends in a signal may end before there is a fault. */
		if (!a->faults || a->sig || a->before.kind == COWI_NR_KINDS)
			continue;
		while (at < seen.nr && !is_answer(&seen.event[at], a))
			at++;
		if (at == seen.nr) {
			differs("%" PRIx64 ": no event of this write; %s",
				a->addr, record_text(&a->before));
			return;
		}
		compare_event(a, what_happened(a), &seen.event[at++]);
		observed_writes++;
	}
}
