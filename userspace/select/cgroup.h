/* SPDX-License-Identifier: GPL-2.0 */
/* Who is in a cgroup, of either version. */
#ifndef SELECT_CGROUP_H
#define SELECT_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/**
 * struct cgroup - those in it and in all below it
 * @nr: entries in @pid
 * @pid: ascending
 */
struct cgroup {
	size_t nr;
	pid_t *pid;
};

/**
 * cgroup_read - look who is in a cgroup
 * @path: its directory
 * @g: filled in; to be given to cgroup_release(), also after an error
 *
 * Return: 0, -COWI_ECGROUP or -errno.
 */
int cgroup_read(const char *path, struct cgroup *g);
void cgroup_release(struct cgroup *g);

/** cgroup_has - whether a process is among them */
bool cgroup_has(const struct cgroup *g, pid_t pid);

/**
 * cgroup_check_perf - whether perf can listen to it, or say what to do instead
 * @path: its directory
 * @name: what the user calls it
 *
 * Of version 1, only cgroups of the controller perf_event are known to perf.
 *
 * Return: EXIT_OK or EXIT_FAILED.
 */
int cgroup_check_perf(const char *path, const char *name);

#endif /* SELECT_CGROUP_H */
