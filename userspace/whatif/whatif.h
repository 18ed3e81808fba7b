/* SPDX-License-Identifier: GPL-2.0 */
/* cowinspect whatif: what its parts need of one another. */
#ifndef WHATIF_WHATIF_H
#define WHATIF_WHATIF_H

#include "fork.h"

/**
 * struct fork_time - what forks have cost on this machine
 * @forks: how many were observed; 0 if nothing is known
 * @own: they were of the process itself
 * @per_entry: nanoseconds for an entry, in hundredths
 * @entries: that the fork had by which @per_entry is known
 * @base: nanoseconds for a fork of nothing; of own forks it is in @per_entry
 */
struct fork_time {
	unsigned int forks;
	bool own;
	__u64 per_entry;
	__u64 entries;
	__u64 base;
};

/**
 * struct written - what writes would have copied after a fork
 * @measured: it was asked for
 * @elapsed: how long they were watched, in nanoseconds
 * @pages: base pages that were written, each once
 * @huge: huge pages that were: some of their base pages would be copied
 * @huge_pages: base pages of these
 * @lost: events that are missing
 * @unarmed: faults were not observed at the end
 */
struct written {
	bool measured;
	__u64 elapsed;
	__u64 pages;
	__u64 huge;
	__u64 huge_pages;
	__u64 lost;
	bool unarmed;
};

/**
 * calibrate - fork a process of our own, of two sizes, and see what that costs
 * @time: filled in
 *
 * Return: 0 or a negative error.
 */
int calibrate(struct fork_time *time);

/* Pages of the smaller and of the greater process that is forked, and how often each. */
#define CALIBRATE_SMALL	1024
#define CALIBRATE_LARGE	9216
#define CALIBRATE_FORKS	7

/**
 * watch_writes - clear soft-dirty bits, and listen to what writes do then
 * @c: session
 * @s: a scan of the process, of this moment
 * @pid: it
 * @seconds: how long
 * @w: filled in
 * @time: set if it forks meanwhile
 *
 * Clearing write-protects all its pages, so that the first write to each is a fault
 * and heard of.
 *
 * Return: 0 or a negative error.
 */
int watch_writes(struct cowi *c, const struct fork_scan *s, pid_t pid,
		 double seconds, struct written *w, struct fork_time *time);

#endif /* WHATIF_WHATIF_H */
