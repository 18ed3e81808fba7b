// SPDX-License-Identifier: GPL-2.0
/*
 * The counters of a target, and what is missing in them.
 *
 * What is missing the kernel itself tells. A hook can go blind without a word:
 * probes can be switched off (hook.c), and where others probe as well, a recursion
 * guard makes the kernel skip handlers. But mm_account_fault() counts each fault in
 * min_flt or maj_flt of the thread that does it, whoever looks on. So, for an
 * attached process, these grow by
 *
 *	accounted + elsewhere + unsettled + what was not seen
 *
 * where unsettled are faults in progress that the kernel has counted already.
 * A fault that was in progress when the process was attached was not seen.
 */
#include <linux/atomic.h>
#include <linux/minmax.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>

#include "cow.h"
#include "hook.h"

/* A process that faults all the time may change all the time. */
#define ATTEMPTS	100

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

static u64 counted(const struct cow_target *target, enum cow_counter what,
		   int vma)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(target->counts, cpu)->n[what][vma]);
	return sum;
}

static u64 total(const struct cow_target *target, enum cow_counter what)
{
	u64 sum = 0;
	int vma;

	for (vma = 0; vma < COWI_NR_VMAS; vma++)
		sum += counted(target, what, vma);
	return sum;
}

/* How many of the faults that the kernel counts have been seen. */
static u64 seen(const struct cow_target *target)
{
	u64 unsettled = cow_observe_unsettled(target);

	/* Not before: what is settled meanwhile is better seen twice than not. */
	smp_rmb();
	return unsettled + total(target, COW_C_accounted) +
	       total(target, COW_C_elsewhere);
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

static void begin_account(struct cow_target *target)
{
	s64 ahead;

	if (!counted_ahead(target, ATTEMPTS, &ahead))
		ahead = COW_NOT_KNOWN;
	WRITE_ONCE(target->counted_before, ahead);
}

/* Note what was not seen so far. What was known to be missing stays known. */
static void note_account(struct cow_target *target)
{
	s64 before = READ_ONCE(target->counted_before);
	s64 ahead, known = atomic64_read(&target->unaccounted);

	/* It is just being attached, or its threads end all the time. */
	if (before == COW_NOT_KNOWN) {
		begin_account(target);
		return;
	}
	if (!counted_ahead(target, 1, &ahead))
		return;
	ahead -= before;
	while (ahead > known &&
	       !atomic64_try_cmpxchg(&target->unaccounted, &known, ahead))
		;
}

static void task_exits(struct task_struct *task)
{
	struct cow_target *target;

	/* It has given its memory up; wait for the last thread to. */
	if (atomic_read(&task->signal->live))
		return;
	rcu_read_lock();
	target = cow_target_find(task_tgid(task));
	if (target)
		note_account(target);
	rcu_read_unlock();
}

COW_DEFINE_EXIT_PROBE(on_exit, task_exits)

static struct cow_probe exit_probe = {
	.name = "sched_process_exit",
	.probe = on_exit,
};

/**
 * cow_counters_attached - the first process is being attached
 *
 * Return: 0 or an error.
 */
int cow_counters_attached(void)
{
	return cow_probe_register(&exit_probe);
}

/**
 * cow_counters_detached - no process is attached any more
 */
void cow_counters_detached(void)
{
	cow_probe_unregister(&exit_probe);
}

/**
 * cow_counters_begin - note what was missed and counted before
 * @target: a process that is observed from now on
 */
void cow_counters_begin(struct cow_target *target)
{
	target->missed = cow_want_missed();
	begin_account(target);
}

static void print_counter(struct seq_file *m, const struct cow_target *target,
			  enum cow_counter what, const char *name)
{
	u64 value[COWI_NR_VMAS], sum = 0;
	int vma;

	for (vma = 0; vma < COWI_NR_VMAS; vma++) {
		value[vma] = counted(target, what, vma);
		sum += value[vma];
	}
	/* What the hook has missed may have been of any process. */
	if (what == COW_C_lost)
		sum = max_t(u64, atomic64_read(&target->unaccounted),
			    sum + cow_want_missed() - target->missed);
	seq_printf(m, "%s: %llu", name, sum);
	for (vma = 0; vma < COWI_NR_VMAS; vma++)
		seq_printf(m, " %llu", value[vma]);
	seq_putc(m, '\n');
}

/**
 * cow_counters_print - print what <pid>/faults shows
 * @m: where to
 * @target: whose
 */
void cow_counters_print(struct seq_file *m, struct cow_target *target)
{
	static const struct {
		const char *name;
	} counters[COW_NR_COUNTERS] = {
#define COW_X(name, unit, meaning)	{ #name },
		COWINSPECT_FAULTS(COW_X)
#undef COW_X
	};
	int i;

	note_account(target);
	seq_puts(m, "counters: total anon file shmem hugetlb special\n");
	for (i = 0; i < COW_NR_COUNTERS; i++)
		print_counter(m, target, i, counters[i].name);
}
