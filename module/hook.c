// SPDX-License-Identifier: GPL-2.0
/*
 * A hook on a kernel function; see hook.h.
 *
 * Either probe has to keep what belongs to each call in progress. Up to 6.13
 * (fprobe) and always (kretprobe) that comes from a pool of fixed size; a call
 * that finds it empty is missed, and counted. A call that is of no interest
 * gives its part back at once.
 */
#include <linux/cpumask.h>
#include <linux/minmax.h>
#include <linux/rcupdate.h>
#include <linux/string.h>

#include "hook.h"

#ifdef COW_HOOK_FPROBE

static int on_entry(struct fprobe *probe, unsigned long ip,
		    unsigned long ret_ip, cow_probe_regs *regs, void *data)
{
	struct cow_hook *hook = container_of(probe, struct cow_hook, probe);

	return !hook->entry(data, cow_probe_arg(regs, 0),
			    cow_probe_arg(regs, 1), cow_probe_arg(regs, 2),
			    cow_probe_arg(regs, 3));
}

static void on_return(struct fprobe *probe, unsigned long ip,
		      unsigned long ret_ip, cow_probe_regs *regs, void *data)
{
	struct cow_hook *hook = container_of(probe, struct cow_hook, probe);

	hook->ret(*(void **)data, cow_probe_value(regs));
}

static int register_probe(struct cow_hook *hook, unsigned int max_active)
{
	hook->probe.entry_handler = on_entry;
	hook->probe.exit_handler = on_return;
	hook->probe.entry_data_size = sizeof(void *);
	cow_fprobe_set_max(&hook->probe, max_active);
	return register_fprobe_syms(&hook->probe, &hook->symbol, 1);
}

static void unregister_probe(struct cow_hook *hook)
{
	unregister_fprobe(&hook->probe);
}

static unsigned long probe_missed(const struct cow_hook *hook)
{
	return READ_ONCE(hook->probe.nmissed);
}

#else

static int on_entry(struct kretprobe_instance *call, struct pt_regs *regs)
{
	struct cow_hook *hook = container_of(cow_call_probe(call),
					     struct cow_hook, probe);

	return !hook->entry((void **)call->data,
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
		hook->ret(*(void **)call->data, regs_return_value(regs));
	return 0;
}

static int register_probe(struct cow_hook *hook, unsigned int max_active)
{
	hook->probe.kp.symbol_name = hook->symbol;
	hook->probe.entry_handler = on_entry;
	hook->probe.handler = on_return;
	hook->probe.data_size = sizeof(void *);
	hook->probe.maxactive = max_active;
	return register_kretprobe(&hook->probe);
}

static void unregister_probe(struct cow_hook *hook)
{
	unregister_kretprobe(&hook->probe);
}

static unsigned long probe_missed(const struct cow_hook *hook)
{
	return READ_ONCE(hook->probe.nmissed) +
	       READ_ONCE(hook->probe.kp.nmissed);
}

#endif

/**
 * cow_hook_register - begin to call the hook's functions
 * @hook: the hook
 * @max_active: how many calls of interest may be in progress at once
 *
 * Return: 0 or an error.
 */
int cow_hook_register(struct cow_hook *hook, unsigned int max_active)
{
	/* What an earlier registration left in it is not wanted. */
	memset(&hook->probe, 0, sizeof(hook->probe));
	/* On each CPU one may just be found to be of no interest. */
	return register_probe(hook, max_active + 2 * num_possible_cpus());
}

/**
 * cow_hook_unregister - stop calling them
 * @hook: the hook
 *
 * When it returns, none of its functions runs. The end of a call that is in
 * progress then will not be seen.
 */
void cow_hook_unregister(struct cow_hook *hook)
{
	unregister_probe(hook);
	/* The functions run with preemption off. */
	synchronize_rcu();
}

/**
 * cow_hook_missed - how many calls were not seen, or their end was not
 * @hook: the hook
 *
 * Return: a number, which begins anew when the hook is registered.
 */
unsigned long cow_hook_missed(const struct cow_hook *hook)
{
	return probe_missed(hook);
}
