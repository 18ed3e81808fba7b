// SPDX-License-Identifier: GPL-2.0
/*
 * How long locks are held: for each lock the longest time, and how many holds
 * took how long, in powers of two.
 *
 * A hold costs two looks at a clock and a counter of this CPU's own, so that
 * what is measured stays as it is: a walk pays that once for a page table, not
 * for an entry.
 */
#include <linux/atomic.h>
#include <linux/log2.h>
#include <linux/percpu.h>
#include <linux/seq_file.h>
#include <linux/timekeeping.h>

#include "cow.h"

/* 2^36 ns are more than a minute; what is longer counts as that. */
#define BUCKETS	37

struct holds {
	u64 of[COW_NR_LOCKS][BUCKETS];
};

static DEFINE_PER_CPU(struct holds, holds);
static atomic64_t longest[COW_NR_LOCKS];

/**
 * cow_hold_begin - a lock has just been taken
 *
 * Return: for cow_hold_end(). May be called anywhere, as that may.
 */
u64 cow_hold_begin(void)
{
	return ktime_get_mono_fast_ns();
}

/**
 * cow_hold_end - it is about to be dropped
 * @lock: which one
 * @since: from cow_hold_begin()
 */
void cow_hold_end(enum cow_lock lock, u64 since)
{
	u64 ns = ktime_get_mono_fast_ns() - since;
	s64 max = atomic64_read(&longest[lock]);

	/* Seen from two CPUs, that clock may step back by a little. */
	if ((s64)ns < 0)
		ns = 0;
	this_cpu_inc(holds.of[lock][min(ilog2(ns | 1), BUCKETS - 1)]);
	while ((s64)ns > max &&
	       !atomic64_try_cmpxchg(&longest[lock], &max, ns))
		;
}

/**
 * cow_hold_max - the longest hold of a lock so far
 * @lock: which one
 *
 * Return: nanoseconds, since the module was loaded.
 */
u64 cow_hold_max(enum cow_lock lock)
{
	return atomic64_read(&longest[lock]);
}

static u64 holds_in(enum cow_lock lock, int bucket)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu(holds, cpu).of[lock][bucket]);
	return sum;
}

/**
 * cow_hold_print - print what is known of all locks, as "name: value"
 * @m: where to
 */
void cow_hold_print(struct seq_file *m)
{
	static const char *const names[COW_NR_LOCKS] = {
		[COW_LOCK_MMAP] = "mmap",
		[COW_LOCK_TABLE] = "table",
		[COW_LOCK_TARGETS] = "targets",
	};
	enum cow_lock lock;
	int bucket;
	u64 n;

	for (lock = 0; lock < COW_NR_LOCKS; lock++) {
		seq_printf(m, "hold_%s: %llu", names[lock], cow_hold_max(lock));
		for (bucket = 0; bucket < BUCKETS; bucket++) {
			n = holds_in(lock, bucket);
			if (n)
				seq_printf(m, " %d:%llu", bucket, n);
		}
		seq_putc(m, '\n');
	}
}
