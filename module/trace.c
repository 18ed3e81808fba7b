// SPDX-License-Identifier: GPL-2.0
/*
 * The tracepoints, and who listens to them.
 *
 * perf and tracefs tell the class of an event when they begin and when they end to
 * listen: what is hooked then is hooked before their enabling calls return. The
 * kernel's macros have trace_event_reg() for that; ours calls it. It cannot be
 * replaced later: events can be listened to before the module's init function has
 * run, and after its exit function has. Nor would the functions that a tracepoint
 * may have for that do (TRACE_EVENT_FN()): they are called with a lock held that
 * hooking may take (tracepoints_mutex).
 */
#include <linux/trace_events.h>

#include "cow.h"

static int listen_reg(struct trace_event_call *call, enum trace_reg type,
		      void *data);

#define trace_event_reg listen_reg
#define CREATE_TRACE_POINTS
#include "trace.h"
#undef trace_event_reg

static int begin(struct trace_event_call *call, bool perf)
{
	return call == &event_cow_fork ? cow_fork_listen() :
					 cow_want_listen(call, perf);
}

static void end(struct trace_event_call *call, bool perf)
{
	if (call == &event_cow_fork)
		cow_fork_unlisten();
	else
		cow_want_unlisten(perf);
}

/*
 * perf and tracefs begin and end with event_mutex held, and may sleep. All else is
 * none of our business, and may come with interrupts off.
 */
static int listen_reg(struct trace_event_call *call, enum trace_reg type,
		      void *data)
{
	bool perf = false;
	int ret;

	switch (type) {
#ifdef CONFIG_PERF_EVENTS
	case TRACE_REG_PERF_REGISTER:
		perf = true;
		fallthrough;
#endif
	case TRACE_REG_REGISTER:
		ret = begin(call, perf);
		if (ret)
			return ret;
		ret = trace_event_reg(call, type, data);
		if (ret)
			end(call, perf);
		return ret;
#ifdef CONFIG_PERF_EVENTS
	case TRACE_REG_PERF_UNREGISTER:
		perf = true;
		fallthrough;
#endif
	case TRACE_REG_UNREGISTER:
		ret = trace_event_reg(call, type, data);
		end(call, perf);
		return ret;
	default:
		return trace_event_reg(call, type, data);
	}
}
