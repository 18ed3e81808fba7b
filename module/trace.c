// SPDX-License-Identifier: GPL-2.0
/*
 * The tracepoints, and who listens to them.
 *
 * perf and tracefs tell the class of an event when they begin and end to listen:
 * that is what the hook is set by. The kernel's macros have trace_event_reg() for
 * that; ours, which is called cow_faults_reg(), calls it. It cannot be set there
 * later: events may be listened to before the module's init function has run, and
 * until after its exit function has. Nor can the function of a tracepoint's own be
 * used (TRACE_EVENT_FN): it runs with a lock held that setting a hook may take
 * (tracepoints_mutex).
 */
#include <linux/percpu.h>
#include <linux/rculist.h>
#include <linux/trace_events.h>

#include "cow.h"

#define trace_event_reg cow_faults_reg
#define CREATE_TRACE_POINTS
#include "trace.h"
#undef trace_event_reg

/**
 * cow_trace_perf_listens - whether perf or a BPF program hears of a fault
 *
 * Of one that the current thread has now, on this CPU: perf keeps a list for each of
 * the events that are active there, those of a thread only while it runs. Preemption
 * is off, and perf listens to cow_fault, or that list may be gone.
 *
 * Return: false if nobody would.
 */
bool cow_trace_perf_listens(void)
{
#ifdef CONFIG_PERF_EVENTS
	return bpf_prog_array_valid(&event_cow_fault) ||
	       !hlist_empty(this_cpu_ptr(event_cow_fault.perf_events));
#else
	return false;
#endif
}
