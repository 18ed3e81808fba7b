// SPDX-License-Identifier: GPL-2.0
/*
 * A process under inspection: reference, directory, lifetime.
 *
 * The list of targets is changed and read under targets_lock. Opening a file in
 * a target's directory must not take that lock: detach holds it while debugfs
 * waits for opens to end. Nor may it be held while user memory is touched, whose
 * faults may take for ever.
 *
 * A child of a process that is followed becomes a target in a probe, where
 * nothing can sleep. So its directory is made by a work item. As references are
 * dropped in probes as well, a target is freed by a work item, too.
 */
#include <linux/atomic.h>
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "cow.h"

static DEFINE_MUTEX(targets_lock);
static LIST_HEAD(targets);
static unsigned int nr_targets;
/* When targets_lock was taken. */
static u64 locked_since;
/* All that are in memory, be they attached or not. */
static atomic_t nr_held = ATOMIC_INIT(0);

unsigned int cow_max_targets = 256;

static void lock_targets(void)
{
	mutex_lock(&targets_lock);
	locked_since = cow_hold_begin();
}

/* Returns 0 or -ERESTARTSYS. */
static int lock_targets_interruptible(void)
{
	if (mutex_lock_interruptible(&targets_lock))
		return -ERESTARTSYS;
	locked_since = cow_hold_begin();
	return 0;
}

static void unlock_targets(void)
{
	cow_hold_end(COW_LOCK_TARGETS, locked_since);
	mutex_unlock(&targets_lock);
}

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

static bool process_alive(struct pid *pid)
{
	bool alive;

	rcu_read_lock();
	alive = thread_with_mm(pid);
	rcu_read_unlock();
	return alive;
}

/**
 * cow_target_alive - whether the target still runs
 * @target: the target
 *
 * Return: false once it has exited, be it a zombie or gone.
 */
bool cow_target_alive(struct cow_target *target)
{
	return process_alive(target->pid);
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

static struct workqueue_struct *workqueue;

static void free_target(struct work_struct *work)
{
	struct cow_target *target = container_of(to_rcu_work(work),
						 struct cow_target, free);

	put_pid(target->pid);
	cow_watch_release(target);
	cow_target_free(target);
}

static void release_target(struct kref *ref)
{
	struct cow_target *target = container_of(ref, struct cow_target, ref);

	queue_rcu_work(workqueue, &target->free);
}

/**
 * cow_target_alloc - a target without a process
 *
 * Return: the target, for cow_target_free() until it has a process, or NULL.
 */
struct cow_target *cow_target_alloc(void)
{
	struct cow_target *target = kzalloc(sizeof(*target), GFP_KERNEL);

	if (!target)
		return NULL;
	atomic_inc(&nr_held);
	kref_init(&target->ref);
	INIT_RCU_WORK(&target->free, free_target);
	raw_spin_lock_init(&target->watch.lock);
	INIT_LIST_HEAD(&target->watch.readers);
	return target;
}

/**
 * cow_target_free - give back what cow_target_alloc() gave
 * @target: the target, which nobody knows, or NULL
 */
void cow_target_free(struct cow_target *target)
{
	if (!target)
		return;
	kfree(target);
	atomic_dec(&nr_held);
}

/**
 * cow_target_get - take another reference
 * @target: the target, on which there is one that stays as long
 */
void cow_target_get(struct cow_target *target)
{
	kref_get(&target->ref);
}

/**
 * cow_target_tryget - take a reference on a target that was found under RCU
 * @target: the target
 *
 * Return: false if it is being freed.
 */
bool cow_target_tryget(struct cow_target *target)
{
	return kref_get_unless_zero(&target->ref);
}

/**
 * cow_target_put - drop a reference
 * @target: the target, which may be gone afterwards
 *
 * May be called in a probe.
 */
void cow_target_put(struct cow_target *target)
{
	kref_put(&target->ref, release_target);
}

/* Caller holds targets_lock. */
static struct cow_target *find_target(unsigned int nr)
{
	struct cow_target *target;

	list_for_each_entry(target, &targets, list) {
		if (target->nr == nr)
			return target;
	}
	return NULL;
}

/* Caller holds targets_lock. The first and the last one switch the hook. */
static void add_to_list(struct cow_target *target)
{
	list_add_tail(&target->list, &targets);
	nr_targets++;
}

/* Caller holds targets_lock. Waits for opens of the files to end. */
static void remove_target(struct cow_target *target)
{
	WRITE_ONCE(target->detached, true);
	cow_watch_end(target);
	cow_events_wake(target);
	debugfs_remove(target->dir);
	list_del(&target->list);
	if (!--nr_targets)
		cow_faults_unhook();
	cow_target_put(target);
}

/* ---- children that are followed ---- */

/* Born in probes, and not in the list of targets yet. */
static LIST_HEAD(born);
static DEFINE_RAW_SPINLOCK(born_lock);

static struct cow_target *next_born(void)
{
	struct cow_target *target;

	raw_spin_lock_irq(&born_lock);
	target = list_first_entry_or_null(&born, struct cow_target, list);
	if (target)
		list_del(&target->list);
	raw_spin_unlock_irq(&born_lock);
	return target;
}

/* Caller holds targets_lock. Returns 0 or an error. */
static int adopt(struct cow_target *target)
{
	struct cow_target *known = find_target(target->nr);

	/* The process that had the number before has exited. */
	if (known && cow_watch_is_current(target))
		remove_target(known);
	/* Only now: that may have been the last one, with which all is unhooked. */
	if (!cow_watch_is_current(target))
		return -ESTALE;
	if (nr_targets >= READ_ONCE(cow_max_targets))
		return -ENOSPC;
	target->dir = cow_files_add(target);
	if (IS_ERR(target->dir))
		return PTR_ERR(target->dir);
	add_to_list(target);
	return 0;
}

/*
 * Caller holds targets_lock. Each list of targets that others see has those
 * that were born before.
 */
static void adopt_born(void)
{
	struct cow_target *target;

	while ((target = next_born())) {
		if (!adopt(target))
			continue;
		cow_watch_lost_child(target);
		WRITE_ONCE(target->detached, true);
		cow_watch_end(target);
		cow_target_put(target);
	}
	cow_watch_refill();
}

static void adopt_work(struct work_struct *work)
{
	lock_targets();
	adopt_born();
	unlock_targets();
}

static DECLARE_WORK(born_work, adopt_work);

/**
 * cow_target_born - have a directory made for a child
 * @target: the child, already observed; this takes over the reference
 *
 * May be called in a probe.
 */
void cow_target_born(struct cow_target *target)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&born_lock, flags);
	list_add_tail(&target->list, &born);
	raw_spin_unlock_irqrestore(&born_lock, flags);
	queue_work(workqueue, &born_work);
}

/* ---- attach, detach ---- */

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

/* Caller holds targets_lock. Takes over the reference on @pid if it succeeds. */
static struct cow_target *add_target(struct pid *pid, unsigned int nr)
{
	struct cow_target *target = cow_target_alloc();
	struct dentry *dir;

	if (!target)
		return ERR_PTR(-ENOMEM);
	target->pid = pid;
	target->nr = nr;

	dir = cow_files_add(target);
	if (IS_ERR(dir)) {
		cow_target_free(target);
		return ERR_CAST(dir);
	}
	target->dir = dir;
	if (!nr_targets)
		cow_faults_hook();
	cow_watch_begin(target);
	add_to_list(target);
	return target;
}

/* Caller holds targets_lock. Takes over the reference on @pid if it succeeds. */
static struct cow_target *attach_locked(struct pid *pid, unsigned int nr)
{
	struct cow_target *known;

	adopt_born();
	known = find_target(nr);
	if (known) {
		if (known->pid == pid) {
			put_pid(pid);
			return known;
		}
		if (cow_target_alive(known))
			return ERR_PTR(-EEXIST);
		remove_target(known);
	}
	if (nr_targets >= READ_ONCE(cow_max_targets))
		return ERR_PTR(-ENOSPC);
	return add_target(pid, nr);
}

/**
 * cow_target_attach - put a process under inspection
 * @nr: its id in the pid namespace of the caller
 * @follow: from now on, its children are attached at birth, and theirs
 *
 * Return: 0, also if it was attached before; -EINVAL for a kernel thread or a
 * thread that does not stand for its process, -ESRCH, -EEXIST, -ENOSPC,
 * -ENOMEM, -ERESTARTSYS as the ABI document says.
 */
int cow_target_attach(unsigned int nr, bool follow)
{
	struct cow_target *target;
	struct pid *pid;
	int ret;

	/* Beyond INT_MAX there are no ids. */
	if (nr > INT_MAX)
		return -ESRCH;
	pid = find_get_pid(nr);
	if (!pid)
		return -ESRCH;
	ret = check_process(pid);
	if (!ret)
		ret = lock_targets_interruptible();
	if (!ret) {
		target = attach_locked(pid, nr);
		ret = PTR_ERR_OR_ZERO(target);
		if (!ret && follow)
			cow_watch_follow(target);
		unlock_targets();
	}
	if (ret)
		put_pid(pid);
	return ret;
}

/**
 * cow_target_detach - end the inspection of a process
 * @nr: the id under which it was attached
 *
 * Return: 0, -ESRCH if there is no such target, -ERESTARTSYS.
 */
int cow_target_detach(unsigned int nr)
{
	struct cow_target *target;
	int ret = lock_targets_interruptible();

	if (ret)
		return ret;
	adopt_born();
	target = find_target(nr);
	if (target)
		remove_target(target);
	else
		ret = -ESRCH;
	unlock_targets();
	return ret;
}

/* Caller holds targets_lock. */
static void remove_all(void)
{
	struct cow_target *target, *next;

	list_for_each_entry_safe(target, next, &targets, list)
		remove_target(target);
	/* Nothing is hooked now, so none is born any more. */
	adopt_born();
}

/**
 * cow_target_detach_every - end all inspections
 *
 * Return: 0, also if there are none; -ERESTARTSYS.
 */
int cow_target_detach_every(void)
{
	int ret = lock_targets_interruptible();

	if (ret)
		return ret;
	remove_all();
	unlock_targets();
	return 0;
}

/**
 * cow_target_detach_all - end all inspections, whatever comes
 *
 * For unload: the files attach and detach are gone.
 */
void cow_target_detach_all(void)
{
	lock_targets();
	remove_all();
	unlock_targets();
}

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
 * For unload, after cow_target_detach_all().
 */
void cow_target_exit(void)
{
	int i;

	flush_work(&born_work);
	/* A target that is freed may drop the last reference on its root. */
	for (i = 0; i < 2; i++) {
		rcu_barrier();
		flush_workqueue(workqueue);
	}
	destroy_workqueue(workqueue);
	/* Memory that nobody would ever free is worth a word in the log. */
	WARN_ON(atomic_read(&nr_held));
}

/**
 * cow_target_print_all - print the limits and each target as "name: value"
 * @m: where to
 *
 * Return: 0 or -ERESTARTSYS.
 */
int cow_target_print_all(struct seq_file *m)
{
	struct cow_target *target;
	int ret = lock_targets_interruptible();

	if (ret)
		return ret;
	adopt_born();
	seq_printf(m, "max_targets: %u\n", READ_ONCE(cow_max_targets));
	seq_printf(m, "targets: %u\n", nr_targets);
	seq_printf(m, "targets_held: %d\n", atomic_read(&nr_held));
	list_for_each_entry(target, &targets, list)
		seq_printf(m, "target: %u %s\n", target->nr,
			   cow_target_alive(target) ? "running" : "exited");
	unlock_targets();
	return 0;
}
