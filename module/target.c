// SPDX-License-Identifier: GPL-2.0
/*
 * A process under inspection: reference, lookup, lifetime, counters.
 *
 * Targets are found by their process under RCU, where faults are, and by their
 * number in a list, where files are made and removed. References are counted per
 * CPU while a target is attached: each fault takes one.
 *
 * References are dropped in probes as well, so a target is freed by a work item.
 */
#include <linux/atomic.h>
#include <linux/err.h>
#include <linux/hash.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/pid.h>
#include <linux/rculist.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "cow.h"

#define TARGET_HASH_BITS	8

static DEFINE_MUTEX(targets_lock);
/* When it was taken. */
static u64 locked_since;
static LIST_HEAD(targets);
/* The same by process; changed under targets_lock, read under RCU. */
static struct hlist_head by_pid[1 << TARGET_HASH_BITS];
static unsigned int nr_targets;
/* All that are in memory, be they attached or not. */
static atomic_t nr_held = ATOMIC_INIT(0);

static struct workqueue_struct *workqueue;

unsigned int cow_max_targets = 256;

/**
 * cow_targets_lock - keep the list of targets as it is
 *
 * Opening a file in a target's directory must not take this lock: who detaches
 * holds it while debugfs waits for opens to end. Nor may it be held while user
 * memory is touched, whose faults may take for ever.
 *
 * Return: 0 or -ERESTARTSYS.
 */
int cow_targets_lock(void)
{
	if (mutex_lock_interruptible(&targets_lock))
		return -ERESTARTSYS;
	locked_since = cow_hold_begin();
	return 0;
}

/**
 * cow_targets_lock_always - the same, whatever comes
 */
void cow_targets_lock_always(void)
{
	mutex_lock(&targets_lock);
	locked_since = cow_hold_begin();
}

/**
 * cow_targets_unlock - the list may change again
 */
void cow_targets_unlock(void)
{
	cow_hold_end(COW_LOCK_TARGETS, locked_since);
	mutex_unlock(&targets_lock);
}

/* ---- the process ---- */

/*
 * A process lives as long as one of its threads has memory: the thread that
 * bears the process' id may end before the others. Caller holds rcu_read_lock.
 */
static struct task_struct *thread_with_mm(struct pid *pid)
{
	struct task_struct *leader = pid_task(pid, PIDTYPE_TGID);
	struct task_struct *thread;

	if (!leader)
		return NULL;
	for_each_thread(leader, thread) {
		if (READ_ONCE(thread->mm))
			return thread;
	}
	return NULL;
}

/**
 * cow_target_alive - whether the target still runs
 * @target: the target
 *
 * Return: false once it has exited, be it a zombie or gone.
 */
bool cow_target_alive(struct cow_target *target)
{
	bool alive;

	rcu_read_lock();
	alive = thread_with_mm(target->pid);
	rcu_read_unlock();
	return alive;
}

/**
 * cow_target_grab_mm - the address space the target has at this moment
 * @target: the target
 *
 * Return: the mm, with a reference on mm_count that keeps the structure but
 * not the memory; NULL if the target has exited. Caller must mmdrop().
 */
struct mm_struct *cow_target_grab_mm(struct cow_target *target)
{
	struct task_struct *thread;
	struct mm_struct *mm;

	rcu_read_lock();
	thread = thread_with_mm(target->pid);
	if (thread)
		get_task_struct(thread);
	rcu_read_unlock();
	if (!thread)
		return NULL;

	mm = get_task_mm(thread);
	put_task_struct(thread);
	if (!mm)
		return NULL;
	mmgrab(mm);
	mmput(mm);
	return mm;
}

/* Whether a process can be a target. Returns 0 or an error. */
static int check_process(struct pid *pid)
{
	struct task_struct *task;
	int ret = 0;

	rcu_read_lock();
	task = pid_task(pid, PIDTYPE_TGID);
	if (!task)
		ret = pid_task(pid, PIDTYPE_PID) ? -EINVAL : -ESRCH;
	else if (task->flags & PF_KTHREAD)
		ret = -EINVAL;
	else if (!thread_with_mm(pid))
		ret = -ESRCH;
	rcu_read_unlock();
	return ret;
}

/* ---- lifetime ---- */

static void free_target(struct cow_target *target)
{
	percpu_ref_exit(&target->ref);
	free_percpu(target->counts);
	put_pid(target->pid);
	kfree(target);
	atomic_dec(&nr_held);
}

static void free_work(struct work_struct *work)
{
	free_target(container_of(to_rcu_work(work), struct cow_target, free));
}

static void release_target(struct percpu_ref *ref)
{
	struct cow_target *target = container_of(ref, struct cow_target, ref);

	queue_rcu_work(workqueue, &target->free);
}

/**
 * cow_target_create - make a target of a process
 * @nr: its id in the pid namespace of the caller
 *
 * Return: the target, which nobody knows yet, for cow_target_add() or
 * cow_target_discard(); -EINVAL for a kernel thread or a thread that does not
 * stand for its process, -ESRCH, -ENOMEM.
 */
struct cow_target *cow_target_create(unsigned int nr)
{
	/* Beyond INT_MAX there are no ids. */
	struct pid *pid = nr > INT_MAX ? NULL : find_get_pid(nr);
	/* Who attaches is told: no reason for a trace in the log. */
	const gfp_t gfp = GFP_KERNEL | __GFP_NOWARN;
	struct cow_target *target;
	int ret = pid ? check_process(pid) : -ESRCH;

	if (ret)
		goto put;
	ret = -ENOMEM;
	target = kzalloc(sizeof(*target), gfp);
	if (!target)
		goto put;
	target->counts = alloc_percpu_gfp(struct cow_counts, gfp);
	if (!target->counts)
		goto free;
	if (percpu_ref_init(&target->ref, release_target, 0, gfp))
		goto free_counts;
	target->pid = pid;
	target->nr = nr;
	target->counted_before = COW_NOT_KNOWN;
	INIT_RCU_WORK(&target->free, free_work);
	atomic_inc(&nr_held);
	return target;
free_counts:
	free_percpu(target->counts);
free:
	kfree(target);
put:
	put_pid(pid);
	return ERR_PTR(ret);
}

/**
 * cow_target_discard - give up a target that was not added
 * @target: the target
 */
void cow_target_discard(struct cow_target *target)
{
	free_target(target);
}

/**
 * cow_target_get - take another reference
 * @target: the target, on which there is one that stays as long
 */
void cow_target_get(struct cow_target *target)
{
	percpu_ref_get(&target->ref);
}

/**
 * cow_target_put - drop a reference
 * @target: the target, which may be gone afterwards
 *
 * May be called in a probe.
 */
void cow_target_put(struct cow_target *target)
{
	percpu_ref_put(&target->ref);
}

/* ---- the list ---- */

static struct hlist_head *chain_of(const struct pid *pid)
{
	return &by_pid[hash_ptr(pid, TARGET_HASH_BITS)];
}

/**
 * cow_target_find - the target that a process is
 * @pid: the process
 *
 * Caller holds rcu_read_lock.
 *
 * Return: the target, or NULL if it is not attached. It is there until RCU says
 * otherwise.
 */
struct cow_target *cow_target_find(const struct pid *pid)
{
	struct cow_target *target;

	hlist_for_each_entry_rcu(target, chain_of(pid), node) {
		if (target->pid == pid)
			return target;
	}
	return NULL;
}

/**
 * cow_target_find_get - the same, with a reference
 * @pid: the process
 *
 * Caller holds rcu_read_lock.
 *
 * Return: the target, or NULL if it is not attached, or being detached.
 */
struct cow_target *cow_target_find_get(const struct pid *pid)
{
	struct cow_target *target = cow_target_find(pid);

	return target && percpu_ref_tryget_live(&target->ref) ? target : NULL;
}

/**
 * cow_target_of_nr - the target with a directory of that name
 * @nr: the number
 *
 * Caller holds targets_lock.
 *
 * Return: the target or NULL.
 */
struct cow_target *cow_target_of_nr(unsigned int nr)
{
	struct cow_target *target;

	list_for_each_entry(target, &targets, list) {
		if (target->nr == nr)
			return target;
	}
	return NULL;
}

/**
 * cow_target_any - some target
 *
 * Caller holds targets_lock.
 *
 * Return: a target, or NULL if there is none.
 */
struct cow_target *cow_target_any(void)
{
	return list_first_entry_or_null(&targets, struct cow_target, list);
}

/**
 * cow_target_add - from now on it is found
 * @target: from cow_target_create()
 *
 * Caller holds targets_lock.
 */
void cow_target_add(struct cow_target *target)
{
	list_add_tail(&target->list, &targets);
	hlist_add_head_rcu(&target->node, chain_of(target->pid));
	nr_targets++;
}

/**
 * cow_target_remove - from now on it is not, and reads of its files end
 * @target: the target
 *
 * Caller holds targets_lock. The reference is still there, for cow_target_drop().
 */
void cow_target_remove(struct cow_target *target)
{
	WRITE_ONCE(target->detached, true);
	hlist_del_init_rcu(&target->node);
	list_del(&target->list);
	nr_targets--;
}

/**
 * cow_target_drop - drop the reference that it had while it was attached
 * @target: the target, which may be gone afterwards
 */
void cow_target_drop(struct cow_target *target)
{
	percpu_ref_kill(&target->ref);
}

/**
 * cow_targets_full - whether there is no room for another one
 *
 * Caller holds targets_lock.
 */
bool cow_targets_full(void)
{
	return nr_targets >= READ_ONCE(cow_max_targets);
}

/**
 * cow_targets_print - print the limits and each target as "name: value"
 * @m: where to
 *
 * Caller holds targets_lock.
 */
void cow_targets_print(struct seq_file *m)
{
	struct cow_target *target;

	seq_printf(m, "max_targets: %u\n", READ_ONCE(cow_max_targets));
	seq_printf(m, "targets: %u\n", nr_targets);
	seq_printf(m, "targets_held: %d\n", atomic_read(&nr_held));
	list_for_each_entry(target, &targets, list)
		seq_printf(m, "target: %u %s\n", target->nr,
			   cow_target_alive(target) ? "running" : "exited");
}

/* ---- load, unload ---- */

/**
 * cow_target_init - what targets need
 *
 * Return: 0 or -ENOMEM.
 */
int cow_target_init(void)
{
	workqueue = alloc_workqueue(KBUILD_MODNAME, WQ_UNBOUND, 0);
	return workqueue ? 0 : -ENOMEM;
}

/**
 * cow_target_exit - wait until all targets are freed
 *
 * For unload. None is attached.
 */
void cow_target_exit(void)
{
	/* References are no longer counted per CPU once RCU says so, */
	rcu_barrier();
	/* and who held the last one then has queued what comes after RCU again. */
	rcu_barrier();
	destroy_workqueue(workqueue);
	/* Memory that nobody would ever free is worth a word in the log. */
	WARN_ON(atomic_read(&nr_held));
}
