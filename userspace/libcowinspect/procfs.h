/* SPDX-License-Identifier: GPL-2.0 */
/* What /proc says of a process. */
#ifndef COWI_PROCFS_H
#define COWI_PROCFS_H

#include <stdio.h>

#include "libcowinspect.h"

/* In @flags of struct cowi_procstat, as in include/linux/sched.h. */
#define COWI_PF_KTHREAD		0x00200000

/**
 * struct cowi_procstat - some of /proc/PID/stat
 * @comm: command name
 * @state: R, S, D, Z, ...
 * @parent: its parent's id
 * @flags: COWI_PF_KTHREAD and others
 * @threads: how many it has, a zombie that leads others included
 * @start: when it began, in clock ticks since boot
 */
struct cowi_procstat {
	char comm[16];
	char state;
	pid_t parent;
	unsigned int flags;
	long threads;
	__u64 start;
};

/**
 * cowi_procstat - read it
 * @pid: process
 * @st: filled in
 *
 * Return: 0, or a negative error: there is no such process.
 */
int cowi_procstat(pid_t pid, struct cowi_procstat *st);

/** cowi_is_own_procfs - whether /proc is of our pid namespace */
bool cowi_is_own_procfs(void);

/**
 * cowi_is_anon_mapping - whether a mapping is of anonymous memory
 * @name: as in /proc/PID/maps
 * @perms: "rw-p" and the like
 */
bool cowi_is_anon_mapping(const char *name, const char *perms);

/**
 * cowi_maps_parse - what a file like /proc/PID/maps lists
 * @file: open
 * @vmas: filled in, without totals; to be given to cowi_vmas_free(), also after
 *	an error. @kind is "anon", or "file" for all else.
 *
 * Return: 0, -EINVAL for what is not such a file, -ENOMEM, or -errno.
 */
int cowi_maps_parse(FILE *file, struct cowi_vmas *vmas);

/**
 * cowi_maps_read - the VMAs of a process
 * @pid: its id
 * @vmas: as above
 *
 * Return: as above, and -ENOENT for a process that is gone.
 */
int cowi_maps_read(pid_t pid, struct cowi_vmas *vmas);

#endif /* COWI_PROCFS_H */
