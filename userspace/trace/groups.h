/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Processes that are alike: of one command name. Children that run the program of
 * their parent, by its name, are told apart from it: they are grouped by parent, too.
 */
#ifndef TRACE_GROUPS_H
#define TRACE_GROUPS_H

#include "tally.h"

/* Groups to tell apart; whatever comes later is in one that has no name. */
#define GROUPS_MAX	1000

/** enum group_sum - what is added up of the processes of a group */
enum group_sum {
	GROUP_FAULTS,
	GROUP_COPIES,
	GROUP_BYTES,
	GROUP_NS,
	NR_GROUP_SUMS
};

/**
 * struct proc_group - some processes
 * @comm: their command name; "" in the one for all that found no room
 * @parent: whose children they are, all of them; or 0
 * @rest: found no room
 * @procs: how many
 * @sum: of all, by enum group_sum
 * @most: of one
 * @parents: how many of them forked
 * @forks: of all of them
 * @calls: what they did, by call path
 */
struct proc_group {
	char comm[16];
	pid_t parent;
	bool rest;
	__u64 procs;
	__u64 sum[NR_GROUP_SUMS];
	__u64 most[NR_GROUP_SUMS];
	__u64 parents;
	struct forks forks;
	struct calls_costs calls;
};

/**
 * struct groups - all of them
 * @nr: entries in @group
 * @group: in the order in which they were added; busiest first once sorted
 */
struct groups {
	size_t nr;
	struct proc_group *group;
};

void groups_release(struct groups *g);

/**
 * groups_add - one more process, with all that it will ever have
 * @g: zeroed at first; free with groups_release()
 * @p: may be freed afterwards
 *
 * Return: 0 or -ENOMEM.
 */
int groups_add(struct groups *g, const struct tally_proc *p);

/** group_add - one more process to a group, whatever its name; 0 or -ENOMEM */
int group_add(struct proc_group *into, const struct tally_proc *p);

/** groups_find - the group of a process that was added, unless it is in another */
const struct proc_group *groups_find(const struct groups *g,
				     const struct tally_proc *p);

/** groups_sort - what copied most bytes first, then what had most faults */
void groups_sort(struct groups *g);

/**
 * group_merge - add a group to another
 * @into: of other processes; free with group_release()
 * @group: stays as it is
 *
 * Return: 0 or -ENOMEM.
 */
int group_merge(struct proc_group *into, const struct proc_group *group);
void group_release(struct proc_group *group);

#endif /* TRACE_GROUPS_H */
