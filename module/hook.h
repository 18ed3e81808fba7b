/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Hooks in the kernel: at a tracepoint; and at the beginning and the end of a function:
 * a kretprobe, or where the kernel has none, nothing.
 *
 * A call may begin under one registration and end under a later one. kretprobes keep
 * with the call which registration it is of, and drop its end once that is gone (read
 * in 5.10.262, 6.1.192, 6.12.117 and 7.2.13).
 *
 * Where a kretprobe is on ftrace, disarming it takes memory (ftrace_set_filter_ip()).
 * If there is none, unregister_kretprobe() has no error to return: it warns, frees
 * what belongs to calls, and leaves the probe in the kernel's table, counted as gone,
 * so that another try could disarm everybody's (__disarm_kprobe_ftrace(); read in
 * 6.1.192, 6.12.117 and 7.3.4). We do nothing about it: such small allocations, which
 * may wait, hardly fail but where faults are injected.
 *
 * Why not fprobes, from 6.14 on, where they are made of the function graph tracer's
 * shadow stack (read in 7.2.13 and 7.3.4):
 *
 * - fprobe_return() calls the handler of whatever is registered when the call ends at
 *   the address of the struct fprobe that was when it began.
 *
 * - function_graph_enter_regs() marks each call as one of the tracer with number 0 as
 *   well. What held a fault open while that number went to the fprobes, with one
 *   registration in 16, ended in a WARN_ON_ONCE() of fprobe_return(): a panic where
 *   the machine panics at warnings, and any process can hold a fault open.
 *
 * - A shadow stack that is full is counted nowhere that a module can see.
 *
 * - Where setting one fails for want of memory, register_ftrace_graph() of 7.3.4
 *   leaves FTRACE_OPS_FL_GRAPH and its probe of sched_switch behind, and whoever sets
 *   an fprobe after that, be it us or not, gets EBUSY until the machine is booted anew.
 *
 * All the same, what an @entry leaves for @ret is no pointer, and is proved to be still
 * valid each time: nothing of ours is trusted to a foreign stack.
 */
#ifndef _COW_HOOK_H
#define _COW_HOOK_H

#include <linux/types.h>

struct tracepoint;

#include "compat.h"

/**
 * struct cow_hook - a hook
 * @symbol: the function
 * @entry: called when the function begins, with its first four arguments. It
 *	may leave something in *@handle; if it returns false, the end of this call
 *	is of no interest
 * @ret: called when it returns, with that and the return value
 * @probe: the kernel's part
 * @canary: another one, on a function of ours: see cow_hook_armed()
 *
 * Both may be called with preemption or interrupts off.
 */
struct cow_hook {
	const char *symbol;
	bool (*entry)(unsigned long *handle, unsigned long arg0,
		      unsigned long arg1, unsigned long arg2,
		      unsigned long arg3);
	void (*ret)(unsigned long handle, unsigned long value);
	cow_probe_t probe;
	cow_probe_t canary;
};

/**
 * struct cow_probe - a function of ours at a tracepoint of the kernel's
 * @name: the tracepoint
 * @probe: the function
 * @tp: the tracepoint, once found: they are not exported, the list of them is
 */
struct cow_probe {
	const char *name;
	void *probe;
	struct tracepoint *tp;
};

int cow_probe_register(struct cow_probe *probe);
void cow_probe_unregister(struct cow_probe *probe);
int cow_hook_register(struct cow_hook *hook, unsigned int max_active);
void cow_hook_unregister(struct cow_hook *hook);
unsigned long cow_hook_missed(const struct cow_hook *hook);
bool cow_hook_armed(void);

#endif /* _COW_HOOK_H */
