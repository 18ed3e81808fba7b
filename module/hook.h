/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A hook at the beginning and the end of a kernel function, made of what the
 * kernel at hand lets modules use: an fprobe, or else a kretprobe, or nothing.
 *
 * A call may begin under one registration and end under a later one. Whether its
 * end is seen then depends on the kernel:
 *
 * - kretprobes (read in 5.10.262 and 6.1.192) and fprobes up to 6.13 (rethook,
 *   read in 6.12.117) keep with the call which registration it is of, and drop
 *   its end once that is gone.
 *
 * - fprobes from 6.14 on (fgraph, read in 7.2.13 and 7.3.4) keep the address of
 *   the struct fprobe, and fprobe_return() calls the handler of whatever is
 *   registered at that address when the call ends: ours, registered anew, be it
 *   of the same module or of one that was loaded in its place.
 *
 *   Besides, where setting one fails for want of memory, register_ftrace_graph() of
 *   7.3.4 leaves FTRACE_OPS_FL_GRAPH and its probe of sched_switch behind, and
 *   whoever sets an fprobe after that, be it us or not, gets EBUSY until the machine
 *   is booted anew.
 *
 * So @ret may be given what an @entry left there long ago, and what an @entry
 * leaves must not be a pointer: it has to be proved each time to be still valid.
 */
#ifndef _COW_HOOK_H
#define _COW_HOOK_H

#include <linux/types.h>

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

int cow_hook_register(struct cow_hook *hook, unsigned int max_active);
void cow_hook_unregister(struct cow_hook *hook);
unsigned long cow_hook_missed(const struct cow_hook *hook);
bool cow_hook_armed(void);

#endif /* _COW_HOOK_H */
