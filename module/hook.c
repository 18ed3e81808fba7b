// SPDX-License-Identifier: GPL-2.0
/*
 * Hooks in the kernel; see hook.h.
 *
 * What belongs to each call in progress comes from a pool of fixed size; a call that
 * finds it empty is missed, and counted. A call that is of no interest gives its part
 * back at once.
 *
 * A probe that is registered may still be disarmed as all others are, without a
 * word: by /sys/kernel/debug/kprobes/enabled, and by kernel.ftrace_enabled where
 * kprobes are made of ftrace. No module can ask for that. So a function of our own
 * is hooked by the same means, and called: the canary.
 */
#include <linux/cpumask.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/rcupdate.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

#include "hook.h"

/* ---- at tracepoints ---- */

static void find_tracepoint(struct tracepoint *tp, void *probe)
{
	struct cow_probe *p = probe;

	if (!strcmp(tp->name, p->name))
		p->tp = tp;
}

/**
 * cow_probe_register - begin to call a function at a tracepoint
 * @probe: which; not registered yet
 *
 * Return: 0 or an error.
 */
int cow_probe_register(struct cow_probe *probe)
{
	if (!probe->tp)
		for_each_kernel_tracepoint(find_tracepoint, probe);
	if (!probe->tp)
		return -ENOENT;
	return tracepoint_probe_register(probe->tp, probe->probe, NULL);
}

/**
 * cow_probe_unregister - stop calling it
 * @probe: which; registered
 *
 * When it returns, it does not run.
 */
void cow_probe_unregister(struct cow_probe *probe)
{
	tracepoint_probe_unregister(probe->tp, probe->probe, NULL);
	tracepoint_synchronize_unregister();
}

/* ---- at functions ---- */

/* Its argument is set by the handler of its return. */
static noinline __noclone void call_canary(bool *sang)
{
	/* Neither left out nor made part of the caller. */
	asm volatile("" : : "r" (sang) : "memory");
}

#ifdef CONFIG_KRETPROBES

static int on_entry(struct kretprobe_instance *call, struct pt_regs *regs)
{
	struct cow_hook *hook = container_of(cow_call_probe(call),
					     struct cow_hook, probe);

	return !hook->entry((unsigned long *)call->data,
			    regs_get_kernel_argument(regs, 0),
			    regs_get_kernel_argument(regs, 1),
			    regs_get_kernel_argument(regs, 2),
			    regs_get_kernel_argument(regs, 3));
}

static int on_return(struct kretprobe_instance *call, struct pt_regs *regs)
{
	struct kretprobe *probe = cow_call_probe(call);
	struct cow_hook *hook = container_of(probe, struct cow_hook, probe);

	/* Without one it is being unregistered. */
	if (probe)
		hook->ret(*(unsigned long *)call->data,
			  regs_return_value(regs));
	return 0;
}

static int on_canary_entry(struct kretprobe_instance *call,
			   struct pt_regs *regs)
{
	*(bool **)call->data = (bool *)regs_get_kernel_argument(regs, 0);
	return 0;
}

/* The caller is in call_canary(), so that what it passed is there. */
static int on_canary_return(struct kretprobe_instance *call,
			    struct pt_regs *regs)
{
	**(bool **)call->data = true;
	return 0;
}

static void prepare(struct kretprobe *probe, unsigned int max_active)
{
	/* What an earlier registration left in it is not wanted. */
	memset(probe, 0, sizeof(*probe));
	probe->data_size = sizeof(unsigned long);
	probe->maxactive = max_active;
}

static int register_probe(struct cow_hook *hook, unsigned int max_active)
{
	int ret;

	prepare(&hook->probe, max_active);
	hook->probe.kp.symbol_name = hook->symbol;
	hook->probe.entry_handler = on_entry;
	hook->probe.handler = on_return;
	ret = register_kretprobe(&hook->probe);
	/*
	 * Where ftrace begins functions, and kprobes are not made of it, they are
	 * refused there (check_ftrace_location()): on riscv64, 6.12.
	 */
	return ret == -EINVAL ? -EOPNOTSUPP : ret;
}

static int register_canary(struct cow_hook *hook)
{
	prepare(&hook->canary, num_possible_cpus());
	hook->canary.kp.addr = (kprobe_opcode_t *)call_canary;
	hook->canary.entry_handler = on_canary_entry;
	hook->canary.handler = on_canary_return;
	return register_kretprobe(&hook->canary);
}

static void unregister_probe(cow_probe_t *probe)
{
	unregister_kretprobe(probe);
}

static unsigned long probe_missed(const struct cow_hook *hook)
{
	return READ_ONCE(hook->probe.nmissed) +
	       READ_ONCE(hook->probe.kp.nmissed);
}

#else

static int register_probe(struct cow_hook *hook, unsigned int max_active)
{
	return -EOPNOTSUPP;
}

static int register_canary(struct cow_hook *hook)
{
	return -EOPNOTSUPP;
}

static void unregister_probe(cow_probe_t *probe)
{
}

static unsigned long probe_missed(const struct cow_hook *hook)
{
	return 0;
}

#endif

static void end_probe(cow_probe_t *probe)
{
	unregister_probe(probe);
	/* Its functions run with preemption off. */
	synchronize_rcu();
}

/**
 * cow_hook_register - begin to call the hook's functions
 * @hook: the hook
 * @max_active: how many calls of interest may be in progress at once
 *
 * Return: 0 or an error.
 */
int cow_hook_register(struct cow_hook *hook, unsigned int max_active)
{
	/* On each CPU one may just be found to be of no interest. */
	int ret = register_probe(hook, max_active + 2 * num_possible_cpus());

	if (ret)
		return ret;
	ret = register_canary(hook);
	if (ret)
		end_probe(&hook->probe);
	return ret;
}

/**
 * cow_hook_unregister - stop calling them
 * @hook: the hook
 *
 * When it returns, none of its functions runs. The end of a call that is in
 * progress then will not be seen, or by a later registration: see hook.h.
 */
void cow_hook_unregister(struct cow_hook *hook)
{
	end_probe(&hook->canary);
	end_probe(&hook->probe);
}

/**
 * cow_hook_missed - how many calls were not seen, or their end was not
 * @hook: the hook
 *
 * Those of which the kernel says so; it does not say all.
 *
 * Return: a number, which begins anew when the hook is registered.
 */
unsigned long cow_hook_missed(const struct cow_hook *hook)
{
	return probe_missed(hook);
}

/**
 * cow_hook_armed - whether a hook that is registered takes effect at this moment
 *
 * Return: false also if none is registered.
 */
bool cow_hook_armed(void)
{
	bool sang = false;

	call_canary(&sang);
	return READ_ONCE(sang);
}
