// SPDX-License-Identifier: GPL-2.0
/*
 * Makes races likely, for torture, or certain; for throwaway machines only.
 *
 * Where emulated CPUs take turns, hardly anything ever comes between two
 * instructions, such as a look at an entry and the taking of its lock. QEMU ends a
 * CPU's turn at "pause" (helper_pause() of its target/i386); so the turn is given
 * away before every so many of the spin locks that cowinspect takes.
 *
 * This is to be loaded before cowinspect, and finds where it calls what locks each
 * time that it is: more calls would be better, but each that is probed costs a
 * hundredth of a second there. What a call looks like it knows of x86-64 only.
 *
 * Threads of one process can be made to end slowly: what one has counted has gone to
 * those of the dead already, and it is still on the list of threads
 * (__exit_signal(), which calls detach_pid() between the two). Others may look on for
 * so long; no lock keeps them from that.
 */
#include <linux/kprobes.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/spinlock.h>
#ifdef CONFIG_PREEMPT_RT
#include <linux/rtmutex.h>
#endif

#define MAX_CALLS	64
#define CALL		0xe8	/* and how far it is from the next instruction */
#define CALL_LENGTH	5

static const unsigned long locks[] = {
	(unsigned long)_raw_spin_lock,
	(unsigned long)_raw_spin_lock_irq,
	(unsigned long)_raw_spin_lock_irqsave,
#ifdef CONFIG_PREEMPT_RT
	(unsigned long)rt_spin_lock,
#endif
};

static unsigned int every;
module_param(every, uint, 0644);
MODULE_PARM_DESC(every, "of so many locks one gives the turn away; 0: none");

static unsigned int calls;
module_param(calls, uint, 0444);
MODULE_PARM_DESC(calls, "in how many places cowinspect locks");

static unsigned int given;
module_param(given, uint, 0444);
MODULE_PARM_DESC(given, "how many turns were given away");

/* Long enough to read a file of cowinspect's several times, short for who waits. */
#define SLOW_NS		200000

static int slow_process;
module_param(slow_process, int, 0644);
MODULE_PARM_DESC(slow_process, "the process whose threads end slowly; 0: none");

static unsigned int slow_ends;
module_param(slow_ends, uint, 0444);
MODULE_PARM_DESC(slow_ends, "how many threads have ended slowly");

static struct kprobe probes[MAX_CALLS];
static struct kprobe *list[MAX_CALLS];
static atomic_t locked;
static atomic_t turns;

static int give_turn(struct kprobe *probe, struct pt_regs *regs)
{
	unsigned int so_many = READ_ONCE(every);

	if (!so_many || (unsigned int)atomic_inc_return(&locked) % so_many)
		return 0;
	WRITE_ONCE(given, atomic_inc_return(&turns));
	cpu_relax();
	return 0;
}

NOKPROBE_SYMBOL(give_turn);

static bool is_lock(unsigned long at)
{
	unsigned long target;
	unsigned int i;
	s32 distance;

	if (*(u8 *)at != CALL)
		return false;
	memcpy(&distance, (void *)(at + 1), sizeof(distance));
	target = at + CALL_LENGTH + distance;
	for (i = 0; i < ARRAY_SIZE(locks); i++) {
		if (target == locks[i])
			return true;
	}
	return false;
}

static void probe_call(unsigned long at)
{
	struct kprobe *probe = &probes[calls];

	*probe = (struct kprobe) {
		.addr = (kprobe_opcode_t *)at,
		.pre_handler = give_turn,
	};
	list[calls] = probe;
	if (!register_kprobe(probe))
		calls++;
}

static void probe_calls(struct module *mod)
{
	unsigned long at = (unsigned long)mod->exit & PAGE_MASK;

	while (within_module_core(at - PAGE_SIZE, mod))
		at -= PAGE_SIZE;
	for (; within_module_core(at + CALL_LENGTH, mod) && calls < MAX_CALLS; at++) {
		if (is_lock(at))
			probe_call(at);
	}
}

static void forget_calls(void)
{
	unregister_kprobes(list, calls);
	calls = 0;
}

static int on_module(struct notifier_block *block, unsigned long state,
		     void *data)
{
	struct module *mod = data;

	if (strcmp(mod->name, "cowinspect"))
		return NOTIFY_OK;
	if (state == MODULE_STATE_LIVE)
		probe_calls(mod);
	else if (state == MODULE_STATE_GOING)
		forget_calls();
	return NOTIFY_OK;
}

static struct notifier_block notifier = { .notifier_call = on_module };

/* Threads that end by themselves; one at a time, as the list of tasks is locked. */
static int end_slowly(struct kprobe *probe, struct pt_regs *regs)
{
	u64 until;

	if (current->tgid != READ_ONCE(slow_process) ||
	    thread_group_leader(current) || !(current->flags & PF_EXITING))
		return 0;
	until = ktime_get_mono_fast_ns() + SLOW_NS;
	do
		cpu_relax();
	while (ktime_get_mono_fast_ns() < until);
	WRITE_ONCE(slow_ends, slow_ends + 1);
	return 0;
}

NOKPROBE_SYMBOL(end_slowly);

static struct kprobe detach_probe = {
	.symbol_name = "detach_pid",
	.pre_handler = end_slowly,
};

static int __init yields_init(void)
{
	int ret = register_kprobe(&detach_probe);

	if (ret)
		return ret;
	ret = register_module_notifier(&notifier);
	if (ret)
		unregister_kprobe(&detach_probe);
	return ret;
}

static void __exit yields_exit(void)
{
	unregister_module_notifier(&notifier);
	forget_calls();
	unregister_kprobe(&detach_probe);
}

module_init(yields_init);
module_exit(yields_exit);
MODULE_DESCRIPTION("Lets other CPUs come between what cowinspect does");
MODULE_LICENSE("GPL");
