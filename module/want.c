// SPDX-License-Identifier: GPL-2.0
/*
 * Who wants page faults to be observed, and the hook that is set for them: attached
 * processes, perf, tracefs. It is set with the first and gone with the last, so that
 * nothing is hooked while no process is attached and nobody listens. What happens at
 * each fault is in observe.c.
 */
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/seq_file.h>

#include "cow.h"
#include "hook.h"

static struct cow_hook fault_hook = {
	.symbol = "handle_mm_fault",
	.entry = cow_observe_begin,
	.ret = cow_observe_end,
};

/*
 * Guards cow_reasons and what follows. Taken where the list of targets is changed, and
 * in the kernel's event_mutex, which its own kprobes are set with as well.
 */
static DEFINE_MUTEX(hook_lock);
/* Not yet or no more: the module is being loaded or unloaded. */
static bool is_open;
static bool is_hooked;

/* Why nothing could be hooked when that was last tried, or 0. */
static int hook_error;

/* Caller holds hook_lock. */
static int set_hook(void)
{
	int ret;

	if (is_hooked || !is_open)
		return 0;
	ret = cow_observe_start();
	if (ret > 0)
		ret = cow_hook_register(&fault_hook, ret);
	if (ret)
		cow_observe_stop();
	is_hooked = !ret;
	WRITE_ONCE(hook_error, ret);
	return ret;
}

/* Caller holds hook_lock. When it returns, no handler runs, and none will. */
static void clear_hook(void)
{
	if (!is_hooked)
		return;
	cow_hook_unregister(&fault_hook);
	cow_observe_stop();
	is_hooked = false;
}

static bool is_wanted(void)
{
	int i;

	for (i = 0; i < COW_NR_REASONS && !cow_reasons[i]; i++)
		;
	return i < COW_NR_REASONS;
}

/* Caller holds hook_lock. */
static void add_reason(enum cow_reason why)
{
	/* Paired in observe.c. */
	smp_store_release(&cow_reasons[why], cow_reasons[why] + 1);
}

/* For one reason less. When it returns, no handler goes by it any more. */
static void unwant(enum cow_reason why)
{
	mutex_lock(&hook_lock);
	WRITE_ONCE(cow_reasons[why], cow_reasons[why] - 1);
	if (is_wanted())
		synchronize_rcu();
	else
		clear_hook();
	mutex_unlock(&hook_lock);
}

/**
 * cow_want_listen - somebody begins to listen to the tracepoint
 * @call: the tracepoint's event
 * @perf: it is perf, or a BPF program; else tracefs
 *
 * The hook is set when this returns, so that no fault of what begins afterwards is
 * missed. Caller holds the kernel's event_mutex, and may sleep.
 *
 * Return: 0 or an error.
 */
int cow_want_listen(struct trace_event_call *call, bool perf)
{
	int ret;

	cow_fault_call = call;
	mutex_lock(&hook_lock);
	ret = set_hook();
	if (!ret)
		add_reason(perf ? COW_FOR_PERF : COW_FOR_TRACEFS);
	mutex_unlock(&hook_lock);
	return ret;
}

/**
 * cow_want_unlisten - somebody does not listen any more
 * @perf: as with cow_want_listen()
 *
 * When it returns, no handler looks at perf's lists of the event any more, if it
 * was perf. Caller holds event_mutex.
 */
void cow_want_unlisten(bool perf)
{
	unwant(perf ? COW_FOR_PERF : COW_FOR_TRACEFS);
}

/**
 * cow_want_attached - the first process is being attached
 *
 * If nothing can be hooked, all but faults works, and it is tried again when
 * somebody listens.
 */
void cow_want_attached(void)
{
	mutex_lock(&hook_lock);
	set_hook();
	add_reason(COW_FOR_TARGETS);
	mutex_unlock(&hook_lock);
}

/**
 * cow_want_detached - no process is attached any more
 */
void cow_want_detached(void)
{
	unwant(COW_FOR_TARGETS);
}

/**
 * cow_want_open - observe from now on, if perf or tracefs have asked for it already
 */
void cow_want_open(void)
{
	mutex_lock(&hook_lock);
	is_open = true;
	if (is_wanted())
		set_hook();
	mutex_unlock(&hook_lock);
}

/**
 * cow_want_close - do not observe any more, whoever listens
 *
 * For unload. tracefs goes on listening until the kernel takes the event away.
 */
void cow_want_close(void)
{
	mutex_lock(&hook_lock);
	is_open = false;
	clear_hook();
	mutex_unlock(&hook_lock);
}

/**
 * cow_want_error - whether attached processes are observed
 *
 * Return: 0, or why nothing could be hooked.
 */
int cow_want_error(void)
{
	return READ_ONCE(hook_error);
}

/**
 * cow_want_missed - how many faults, of any process, were not seen
 *
 * Return: those of which the hook says so, since it was set.
 */
unsigned long cow_want_missed(void)
{
	return cow_hook_missed(&fault_hook);
}

/**
 * cow_want_print - print what the observer can do, as "name: value"
 * @m: where to
 */
void cow_want_print(struct seq_file *m)
{
	seq_printf(m, "observer: %s\n", COW_HOOK_NAME);
	seq_printf(m, "observer_remote: %s\n", COW_REMOTE ? "exact" : "absent");
	seq_printf(m, "observer_armed: %s\n", cow_hook_armed() ? "yes" : "no");
	seq_printf(m, "observer_missed: %lu\n", cow_want_missed() +
		   cow_observe_unheard());
	seq_printf(m, "observer_for: targets %u, perf %u, tracefs %u\n",
		   READ_ONCE(cow_reasons[COW_FOR_TARGETS]),
		   READ_ONCE(cow_reasons[COW_FOR_PERF]),
		   READ_ONCE(cow_reasons[COW_FOR_TRACEFS]));
	seq_printf(m, "max_inflight: %u\n", READ_ONCE(cow_max_inflight));
}
