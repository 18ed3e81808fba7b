/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How long something took, of which there may be any number: each power of two is
 * cut into 32 buckets, so a percentile is exact below 64 ns, and above by at most
 * 1/32 (3.2 %) more than the number that a sorted list of all would have. It is
 * never less, and never more than the longest.
 */
#ifndef TRACE_HIST_H
#define TRACE_HIST_H

#include <linux/types.h>

#define HIST_SHIFT	5
#define HIST_PER_POWER	32

/* 2^42 ns are 73 minutes; what takes longer is in the last bucket. */
#define HIST_POWERS	42
#define HIST_BUCKETS	((HIST_POWERS - HIST_SHIFT + 1) * HIST_PER_POWER)

/**
 * struct hist - times, in nanoseconds
 * @nr: how many
 * @sum: of all
 * @most: the longest
 * @bucket: how many in each, or NULL as long as there are none
 */
struct hist {
	__u64 nr;
	__u64 sum;
	__u64 most;
	__u64 *bucket;
};

void hist_release(struct hist *h);

/**
 * hist_add - one more
 * @h: zeroed at first; free with hist_release()
 * @ns: how long it took
 *
 * Return: 0 or -ENOMEM.
 */
int hist_add(struct hist *h, __u64 ns);

/**
 * hist_merge - all of another
 * @h: gets them
 * @other: stays as it is
 *
 * Return: 0 or -ENOMEM.
 */
int hist_merge(struct hist *h, const struct hist *other);

/**
 * hist_percentile - the time that so many do not exceed
 * @h: histogram
 * @percent: 1 to 100: of a sorted list the number at place @nr * @percent / 100,
 *	rounded up
 *
 * Return: at least that number, see above; 0 if there are none.
 */
__u64 hist_percentile(const struct hist *h, unsigned int percent);

#endif /* TRACE_HIST_H */
