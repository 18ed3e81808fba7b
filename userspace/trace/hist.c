// SPDX-License-Identifier: GPL-2.0
/* How long something took, of which there may be any number. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hist.h"

void hist_release(struct hist *h)
{
	free(h->bucket);
	memset(h, 0, sizeof(*h));
}

static unsigned int bucket_of(__u64 ns)
{
	unsigned int power;

	if (ns < HIST_PER_POWER)
		return ns;
	power = 63 - __builtin_clzll(ns);
	if (power >= HIST_POWERS)
		return HIST_BUCKETS - 1;
	return ((power - HIST_SHIFT + 1) << HIST_SHIFT) +
	       ((ns >> (power - HIST_SHIFT)) & (HIST_PER_POWER - 1));
}

/* The longest time that a bucket holds, but for the last one. */
static __u64 bucket_end(unsigned int i)
{
	unsigned int shift;

	if (i < HIST_PER_POWER)
		return i;
	shift = (i >> HIST_SHIFT) - 1;
	return ((HIST_PER_POWER + (i & (HIST_PER_POWER - 1)) + 1ull) << shift) - 1;
}

static int make_buckets(struct hist *h)
{
	if (!h->bucket)
		h->bucket = calloc(HIST_BUCKETS, sizeof(*h->bucket));
	return h->bucket ? 0 : -ENOMEM;
}

int hist_add(struct hist *h, __u64 ns)
{
	if (make_buckets(h))
		return -ENOMEM;
	h->bucket[bucket_of(ns)]++;
	h->nr++;
	h->sum += ns;
	if (ns > h->most)
		h->most = ns;
	return 0;
}

int hist_merge(struct hist *h, const struct hist *other)
{
	unsigned int i;

	if (!other->nr)
		return 0;
	if (make_buckets(h))
		return -ENOMEM;
	for (i = 0; i < HIST_BUCKETS; i++)
		h->bucket[i] += other->bucket[i];
	h->nr += other->nr;
	h->sum += other->sum;
	if (other->most > h->most)
		h->most = other->most;
	return 0;
}

__u64 hist_percentile(const struct hist *h, unsigned int percent)
{
	__u64 place = (h->nr * percent + 99) / 100, seen = 0;
	unsigned int i;

	for (i = 0; h->nr && i < HIST_BUCKETS - 1; i++) {
		seen += h->bucket[i];
		if (seen >= place)
			return bucket_end(i) < h->most ? bucket_end(i) : h->most;
	}
	return h->most;
}
