/* SPDX-License-Identifier: GPL-2.0 */
/* What the kernel says of a process in /proc/PID/stat: see proc(5). */
#ifndef LAB_PROCSTAT_H
#define LAB_PROCSTAT_H

#include <linux/types.h>
#include <sys/types.h>

/**
 * struct procstat - of one process
 * @state: R, S, D, Z, ...
 * @faults: page faults so far, minor and major
 */
struct procstat {
	char state;
	__u64 faults;
};

/** procstat_read - look; returns 0 or -errno, -ENOENT if it is gone */
int procstat_read(pid_t pid, struct procstat *st);

#endif /* LAB_PROCSTAT_H */
