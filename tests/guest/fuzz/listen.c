// SPDX-License-Identifier: GPL-2.0
/* perf listens to the tracepoints: each fuzzer has one event at a time, or none. */
#include "../perf.h"
#include "fuzz.h"

static void begin(struct fuzzer *f)
{
	/* The process may have ended. */
	static const int allowed[] = { ESRCH, EINVAL, ENOMEM, 0 };
	pid_t pid = fuzz_targets[fuzz_below(f, FUZZ_TARGETS)];
	struct perf_event_attr attr = {
		.config = tracepoint_id(fuzz_chance(f, 3) ? "cow_fork" :
							    "cow_fault"),
		.sample_period = fuzz_below(f, 3),
		.sample_type = PERF_SAMPLE_RAW |
			       (fuzz_chance(f, 2) ? PERF_SAMPLE_CALLCHAIN : 0),
		.inherit = fuzz_chance(f, 2),
		.disabled = fuzz_chance(f, 4),
		.exclude_user = fuzz_chance(f, 8),
		.exclude_kernel = fuzz_chance(f, 8),
	};
	bool all = fuzz_chance(f, 2);

	f->event = open_perf(&attr, all ? -1 : pid, all ? 0 : -1);
	fuzz_result(f, f->event, allowed);
}

static void filter(struct fuzzer *f)
{
	/*
	 * It can have one only; and parentheses or quotes that do not match are
	 * -1 to -3 (process_preds() of kernel/trace/trace_events_filter.c).
	 */
	static const int allowed[] = { EINVAL, EEXIST, ENOMEM, EFAULT, EPERM,
				       ENOENT, ESRCH, 0 };
	static const char *const fields[] = {
		"outcome", "pid", "bytes", "addr", "flags", "parent", "nothing"
	};
	static const char *const relations[] = { "==", "!=", "<", ">=", "&", "" };
	char text[64];

	snprintf(text, sizeof(text), "%s %s %" PRIu64,
		 fields[fuzz_below(f, 7)], relations[fuzz_below(f, 6)],
		 fuzz_below(f, 1 << fuzz_below(f, 20)));
	fuzz_result(f, ioctl(f->event, PERF_EVENT_IOC_SET_FILTER,
			     fuzz_chance(f, 8) ? fuzz_bad_pointer(f, 64) : text),
		    allowed);
}

static void change(struct fuzzer *f)
{
	static const int allowed[] = { EINVAL, 0 };
	static const unsigned int commands[] = {
		PERF_EVENT_IOC_ENABLE, PERF_EVENT_IOC_DISABLE,
		PERF_EVENT_IOC_RESET, PERF_EVENT_IOC_REFRESH
	};

	fuzz_result(f, ioctl(f->event, commands[fuzz_below(f, 4)],
			     fuzz_below(f, 4)), allowed);
}

static void look(struct fuzzer *f)
{
	static const int allowed[] = { EFAULT, ENOSPC, 0 };
	uint64_t value;

	fuzz_result(f, read(f->event, fuzz_chance(f, 4) ?
			    fuzz_bad_pointer(f, 8) : &value, sizeof(value)),
		    allowed);
}

void fuzz_unlisten(struct fuzzer *f)
{
	if (f->event >= 0)
		close(f->event);
	f->event = -1;
}

void fuzz_listen(struct fuzzer *f)
{
	if (f->event < 0) {
		begin(f);
		return;
	}
	switch (fuzz_below(f, 8)) {
	case 0:
		fuzz_unlisten(f);
		break;
	case 1:
	case 2:
		filter(f);
		break;
	case 3:
	case 4:
		look(f);
		break;
	default:
		change(f);
	}
}
