// SPDX-License-Identifier: GPL-2.0
/*
 * What the kernel itself has counted, and how much of that was not seen.
 *
 * A hook can go blind without a word: probes can be switched off (hook.c), a
 * full shadow stack or a recursion guard makes the kernel skip handlers. But
 * mm_account_fault() counts each fault in min_flt or maj_flt of the thread that
 * does it, whoever looks on. So, for an attached process, these grow by
 *
 *	accounted + elsewhere + unsettled + what was not seen
 *
 * where unsettled are faults in progress that the kernel has counted already.
 * A fault that was in progress when the process was attached was not seen.
 */
#include <linux/atomic.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>

#include "cow.h"

/* A process that faults all the time may change all the time. */
#define ATTEMPTS	100

/* What the kernel had counted before, of a process whose threads end all the time. */
#define NOT_KNOWN	S64_MAX

/*
 * What getrusage() says, of all threads. One that is released has its faults added
 * to those of the dead, and is taken off the list of threads after that, both
 * with @stats_lock held for writing (__exit_signal()): then all is read again. Not
 * by read_seqbegin(), which may sleep with PREEMPT_RT. Returns false if it changed
 * each time, or if there is no process any more.
 */
static bool counted_by_kernel(struct pid *pid, u64 *sum)
{
	struct task_struct *leader, *thread;
	const struct signal_struct *signal;
	const unsigned int *sequence;
	bool stable = false;
	unsigned int seq;
	u64 n = 0;
	int i;

	rcu_read_lock();
	leader = pid_task(pid, PIDTYPE_TGID);
	for (i = 0; leader && i < ATTEMPTS && !stable; i++) {
		signal = leader->signal;
		sequence = &signal->stats_lock.seqcount.seqcount.sequence;
		seq = READ_ONCE(*sequence);
		/* As read_seqcount_begin() does, */
		smp_rmb();
		/* which is why these need no lock. */
		n = data_race(signal->min_flt) + data_race(signal->maj_flt);
		for_each_thread(leader, thread)
			n += cow_faults_of(thread);
		/* As read_seqcount_retry() does. */
		smp_rmb();
		stable = !(seq & 1) && READ_ONCE(*sequence) == seq;
	}
	rcu_read_unlock();
	*sum = n;
	return stable;
}

static u64 total(const struct cow_watch *watch, enum cow_counter what)
{
	u64 sum = 0;
	int vma;

	for (vma = 0; vma < COWI_NR_VMAS; vma++)
		sum += atomic64_read(&watch->counter[what][vma]);
	return sum;
}

/* How many of the faults that the kernel counts have been seen. */
static u64 seen(const struct cow_target *target)
{
	u64 unsettled = cow_faults_unsettled(target);

	/* Not before: what is settled meanwhile is better seen twice than not. */
	smp_rmb();
	return unsettled + total(&target->watch, COW_C_accounted) +
	       total(&target->watch, COW_C_elsewhere);
}

/*
 * By how much the kernel has counted more than was seen. If the process does not
 * stand still for that: by how much at least. Returns false if it has ended.
 */
static bool counted_ahead(const struct cow_target *target, int attempts,
			  s64 *ahead)
{
	u64 before, after = 0, counted = 0;

	do {
		before = seen(target);
		/* What the kernel says is read between two looks at ours. */
		smp_rmb();
		if (!counted_by_kernel(target->pid, &counted))
			return false;
		/* What it had counted by then was seen by now, or never will be. */
		smp_rmb();
		after = seen(target);
	} while (before != after && --attempts);
	*ahead = counted - after;
	return true;
}

/**
 * cow_account_begin - note what the kernel has counted before
 * @target: a process that is observed from now on
 */
void cow_account_begin(struct cow_target *target)
{
	s64 ahead;

	if (!counted_ahead(target, ATTEMPTS, &ahead))
		ahead = NOT_KNOWN;
	WRITE_ONCE(target->watch.counted_before, ahead);
}

/**
 * cow_account_note - note what was not seen so far
 * @target: an observed process
 *
 * May be called in a probe. What was known to be missing stays known.
 */
void cow_account_note(struct cow_target *target)
{
	atomic64_t *unaccounted = &target->watch.unaccounted;
	s64 before = READ_ONCE(target->watch.counted_before);
	s64 ahead, known = atomic64_read(unaccounted);

	if (before == NOT_KNOWN) {
		cow_account_begin(target);
		return;
	}
	if (!counted_ahead(target, 1, &ahead))
		return;
	ahead -= before;
	while (ahead > known &&
	       !atomic64_try_cmpxchg(unaccounted, &known, ahead))
		;
}
