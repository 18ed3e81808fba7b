// SPDX-License-Identifier: GPL-2.0
/*
 * A process under inspection: reference, directory, lifetime.
 *
 * The list of targets is changed and read under targets_lock. A file in a
 * target's directory must not take that lock in its operations: detach holds
 * it while debugfs waits for them to end.
 */
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "cow.h"

static DEFINE_MUTEX(targets_lock);
static LIST_HEAD(targets);
static unsigned int nr_targets;

unsigned int cow_max_targets = 256;

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

static void release_target(struct kref *ref)
{
	struct cow_target *target = container_of(ref, struct cow_target, ref);

	put_pid(target->pid);
	kfree(target);
}

/**
 * cow_target_put - drop a reference
 * @target: the target, which may be gone afterwards
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

/* Caller holds targets_lock. Waits for operations on the files to end. */
static void remove_target(struct cow_target *target)
{
	WRITE_ONCE(target->detached, true);
	debugfs_remove(target->dir);
	list_del(&target->list);
	nr_targets--;
	cow_target_put(target);
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

/* Caller holds targets_lock. Takes over the reference on @pid if it succeeds. */
static int add_target(struct pid *pid, unsigned int nr)
{
	struct cow_target *target;

	target = kzalloc(sizeof(*target), GFP_KERNEL);
	if (!target)
		return -ENOMEM;
	kref_init(&target->ref);
	target->pid = pid;
	target->nr = nr;

	target->dir = cow_files_add(target);
	if (IS_ERR(target->dir)) {
		int ret = PTR_ERR(target->dir);

		kfree(target);
		return ret;
	}
	list_add_tail(&target->list, &targets);
	nr_targets++;
	return 0;
}

/* Caller holds targets_lock. Takes over the reference on @pid if it succeeds. */
static int attach_locked(struct pid *pid, unsigned int nr)
{
	struct cow_target *known = find_target(nr);

	if (known) {
		if (known->pid == pid) {
			put_pid(pid);
			return 0;
		}
		if (cow_target_alive(known))
			return -EEXIST;
		remove_target(known);
	}
	if (nr_targets >= READ_ONCE(cow_max_targets))
		return -ENOSPC;
	return add_target(pid, nr);
}

/**
 * cow_target_attach - put a process under inspection
 * @nr: its id in the pid namespace of the caller
 *
 * Return: 0, also if it was attached before; -EINVAL for a kernel thread or a
 * thread that does not stand for its process, -ESRCH, -EEXIST, -ENOSPC,
 * -ENOMEM, -EINTR as the ABI document says.
 */
int cow_target_attach(unsigned int nr)
{
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
		ret = mutex_lock_interruptible(&targets_lock);
	if (!ret) {
		ret = attach_locked(pid, nr);
		mutex_unlock(&targets_lock);
	}
	if (ret)
		put_pid(pid);
	return ret;
}

/**
 * cow_target_detach - end the inspection of a process
 * @nr: the id under which it was attached
 *
 * Return: 0, -ESRCH if there is no such target, -EINTR.
 */
int cow_target_detach(unsigned int nr)
{
	struct cow_target *target;
	int ret;

	ret = mutex_lock_interruptible(&targets_lock);
	if (ret)
		return ret;
	target = find_target(nr);
	if (target)
		remove_target(target);
	else
		ret = -ESRCH;
	mutex_unlock(&targets_lock);
	return ret;
}

/**
 * cow_target_detach_all - end all inspections
 *
 * For unload: the files attach and detach are gone.
 */
void cow_target_detach_all(void)
{
	struct cow_target *target, *next;

	mutex_lock(&targets_lock);
	list_for_each_entry_safe(target, next, &targets, list)
		remove_target(target);
	mutex_unlock(&targets_lock);
}

/**
 * cow_target_print_all - print the limits and each target as "name: value"
 * @m: where to
 *
 * Return: 0 or -EINTR.
 */
int cow_target_print_all(struct seq_file *m)
{
	struct cow_target *target;
	int ret;

	ret = mutex_lock_interruptible(&targets_lock);
	if (ret)
		return ret;
	seq_printf(m, "max_targets: %u\n", READ_ONCE(cow_max_targets));
	seq_printf(m, "targets: %u\n", nr_targets);
	list_for_each_entry(target, &targets, list)
		seq_printf(m, "target: %u %s\n", target->nr,
			   cow_target_alive(target) ? "running" : "exited");
	mutex_unlock(&targets_lock);
	return 0;
}
