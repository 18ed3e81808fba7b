/* SPDX-License-Identifier: GPL-2.0 */
/* What time it is. */
#ifndef COMMON_CLOCK_H
#define COMMON_CLOCK_H

#include <time.h>

#include <linux/types.h>

/** clock_ns - nanoseconds by a clock that is certain to be there */
static inline __u64 clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

#endif /* COMMON_CLOCK_H */
