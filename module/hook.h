/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A hook at the beginning and the end of a kernel function, made of what the
 * kernel at hand lets modules use: an fprobe, or else a kretprobe.
 */
#ifndef _COW_HOOK_H
#define _COW_HOOK_H

#include <linux/types.h>

#include "compat.h"

/**
 * struct cow_hook - a hook
 * @symbol: the function
 * @entry: called when the function begins, with its first four arguments. It
 *	may leave something in *@slot; if it returns false, the end of this call
 *	is of no interest
 * @ret: called when it returns, with that and the return value
 * @probe: the kernel's part
 *
 * Both may be called with preemption or interrupts off.
 */
struct cow_hook {
	const char *symbol;
	bool (*entry)(void **slot, unsigned long arg0, unsigned long arg1,
		      unsigned long arg2, unsigned long arg3);
	void (*ret)(void *slot, unsigned long value);
	cow_probe_t probe;
};

int cow_hook_register(struct cow_hook *hook, unsigned int max_active);
void cow_hook_unregister(struct cow_hook *hook);
unsigned long cow_hook_missed(const struct cow_hook *hook);

#endif /* _COW_HOOK_H */
