// SPDX-License-Identifier: GPL-2.0
/*
 * <pid>/events: each open has a ring, which probes fill and reads empty.
 *
 * A probe may run with interrupts off, so rings are guarded by a raw spinlock,
 * which is held for a few records' time, and readers are woken by irq_work: the
 * lock of a wait queue sleeps on PREEMPT_RT.
 *
 * A ring that is full takes nothing more; what it would have taken is counted,
 * and the next record that finds room is preceded by one that says how many are
 * missing there. So at most one place of the ring is spent on each gap.
 *
 * Whoever detaches a target sets @detached and then wakes the readers: debugfs
 * does not wait for them (see files.c).
 *
 * What could not be copied to a reader is kept for the next read, so that no
 * record is lost to a bad buffer.
 */
#include <linux/atomic.h>
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/irq_work.h>
#include <linux/list.h>
#include <linux/mm_types.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include "cow.h"

/* Records taken from a ring in one hold of its lock. */
#define BATCH		16
#define RING_MIN	64U
#define RING_MAX	1048576U

/*
 * 2.3 MiB for each open file. On an emulated machine with few CPUs, a reader may
 * wait for a turn while 10000 faults and more happen.
 */
unsigned int cow_event_ring = 32768;

/* In MiB: enough for a reader of each of max_targets processes. */
unsigned int cow_max_event_memory = 640;

/* Bytes in rings. */
static atomic64_t memory = ATOMIC64_INIT(0);

/**
 * struct cow_reader - an open events file
 * @list: in the target's readers
 * @target: referenced
 * @mm: its address space at open, mm_count held
 * @family: also gets what descendants do, and goes on after exec
 * @over: the address space has ended
 * @wake: wakes those who wait
 * @waiters: those who wait for a record
 * @reading: one read at a time
 * @batch: records on their way to the reader
 * @taken: how many of them there are
 * @given: how many of these have been copied to the reader
 * @lost: faults that found no room since the last record that did
 * @lost_notes: notes that found none
 * @head: how many records were put into the ring
 * @tail: how many were taken out of it
 * @size: how many it has room for
 * @ring: the records
 */
struct cow_reader {
	struct list_head list;
	struct cow_target *target;
	struct mm_struct *mm;
	bool family;
	bool over;
	struct irq_work wake;
	wait_queue_head_t waiters;
	struct mutex reading;	/* one read at a time */
	struct cowinspect_event batch[BATCH];
	unsigned int taken;
	unsigned int given;
	u64 lost;
	u64 lost_notes;
	unsigned int head;
	unsigned int tail;
	unsigned int size;
	struct cowinspect_event *ring;
};

/* ---- in probes ---- */

/**
 * cow_events_note - a record that is not of a fault
 * @target: of whom
 * @what: which; what else there is to say, the caller fills in
 *
 * Return: the record.
 */
struct cowinspect_event cow_events_note(const struct cow_target *target,
					enum cowinspect_did what)
{
	return (struct cowinspect_event) {
		.time = ktime_get_mono_fast_ns(),
		.old_pfn = COWINSPECT_NO_PFN,
		.new_pfn = COWINSPECT_NO_PFN,
		.pid = target->nr,
		.outcome = what,
		.old_kind = COWI_KIND_NONE,
		.new_kind = COWI_KIND_NONE,
		.predicted = COWI_NEXT_NONE,
	};
}

static void wake_reader(struct irq_work *work)
{
	struct cow_reader *r = container_of(work, struct cow_reader, wake);

	wake_up_interruptible_poll(&r->waiters, EPOLLIN | EPOLLRDNORM);
}

static void push(struct cow_reader *r, const struct cowinspect_event *event)
{
	r->ring[r->head % r->size] = *event;
	WRITE_ONCE(r->head, r->head + 1);
}

static bool has_lost(const struct cow_reader *r)
{
	return r->lost || r->lost_notes;
}

/* What stands for the records that are missing. */
static struct cowinspect_event tell_lost(struct cow_reader *r)
{
	struct cowinspect_event event = cow_events_note(r->target,
							COWI_DID_LOST);

	event.cost = r->lost_notes;
	event.count = r->lost;
	r->lost = 0;
	r->lost_notes = 0;
	return event;
}

/* Caller holds the lock. */
static void put_event(struct cow_reader *r,
		      const struct cowinspect_event *event)
{
	unsigned int room = r->size - (r->head - READ_ONCE(r->tail));

	if (room < (has_lost(r) ? 2 : 1)) {
		r->lost += event->count;
		r->lost_notes += !event->count;
		return;
	}
	if (has_lost(r)) {
		struct cowinspect_event lost = tell_lost(r);

		push(r, &lost);
	}
	push(r, event);
	if (wq_has_sleeper(&r->waiters))
		irq_work_queue(&r->wake);
}

/* Caller holds the lock. */
static void put_to_readers(struct cow_target *of, struct cow_target *target,
			   const struct mm_struct *mm,
			   const struct cowinspect_event *event)
{
	u64 since = cow_hold_begin();
	struct cow_reader *r;

	list_for_each_entry(r, &of->watch.readers, list) {
		if (r->family || (of == target && !r->over &&
				  (!mm || mm == r->mm)))
			put_event(r, event);
	}
	cow_hold_end(COW_LOCK_EVENTS, since);
}

/* To those who read @of; @target is itself or one of its family. */
static void put_to(struct cow_target *of, struct cow_target *target,
		   const struct mm_struct *mm,
		   const struct cowinspect_event *event)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&of->watch.lock, flags);
	if (!list_empty(&of->watch.readers))
		put_to_readers(of, target, mm, event);
	raw_spin_unlock_irqrestore(&of->watch.lock, flags);
}

/**
 * cow_events_put - hand a record to all who read along
 * @target: whose it is
 * @mm: the address space that it is of; NULL if it is of none
 * @event: the record
 *
 * May be called with interrupts off.
 */
void cow_events_put(struct cow_target *target, const struct mm_struct *mm,
		    const struct cowinspect_event *event)
{
	struct cow_target *root = target->watch.root;

	put_to(target, target, mm, event);
	if (root && root != target)
		put_to(root, target, mm, event);
}

/**
 * cow_events_wake - have all readers look whether theirs is at its end
 * @target: the target
 */
void cow_events_wake(struct cow_target *target)
{
	struct cow_reader *r;
	unsigned long flags;

	raw_spin_lock_irqsave(&target->watch.lock, flags);
	list_for_each_entry(r, &target->watch.readers, list)
		irq_work_queue(&r->wake);
	raw_spin_unlock_irqrestore(&target->watch.lock, flags);
}

/**
 * cow_events_exec - the address space has ended, the process has not
 * @target: the target
 */
void cow_events_exec(struct cow_target *target)
{
	struct cow_reader *r;
	unsigned long flags;

	raw_spin_lock_irqsave(&target->watch.lock, flags);
	list_for_each_entry(r, &target->watch.readers, list) {
		if (r->family)
			continue;
		WRITE_ONCE(r->over, true);
		irq_work_queue(&r->wake);
	}
	raw_spin_unlock_irqrestore(&target->watch.lock, flags);
}

/* ---- for readers ---- */

static bool has_events(const struct cow_reader *r)
{
	return READ_ONCE(r->head) != READ_ONCE(r->tail) ||
	       READ_ONCE(r->lost) || READ_ONCE(r->lost_notes) ||
	       READ_ONCE(r->taken) != READ_ONCE(r->given);
}

/* Nothing will be put into the ring any more. */
static bool is_over(struct cow_reader *r)
{
	struct cow_watch *watch = &r->target->watch;

	if (READ_ONCE(r->target->detached))
		return true;
	if (r->family)
		return !atomic_read(&watch->alive);
	return READ_ONCE(r->over) || test_bit(COW_LIFE_ENDED, &watch->life);
}

/* Returns 0 if there is something to read, or the end; or an error. */
static int wait_for_events(struct cow_reader *r, bool nonblock)
{
	if (has_events(r) || is_over(r))
		return 0;
	if (nonblock)
		return -EAGAIN;
	return wait_event_interruptible(r->waiters,
					has_events(r) || is_over(r));
}

/* Take up to @max records, @max <= BATCH, out of the ring into the batch. */
static void take(struct cow_reader *r, unsigned int max)
{
	struct cow_watch *watch = &r->target->watch;
	unsigned int n = 0;
	u64 since;

	raw_spin_lock_irq(&watch->lock);
	since = cow_hold_begin();
	while (n < max && r->tail != r->head)
		r->batch[n++] = r->ring[r->tail++ % r->size];
	/* What was lost last is said last. */
	if (r->tail == r->head && has_lost(r) && n < max)
		r->batch[n++] = tell_lost(r);
	WRITE_ONCE(r->given, 0);
	WRITE_ONCE(r->taken, n);
	cow_hold_end(COW_LOCK_EVENTS, since);
	raw_spin_unlock_irq(&watch->lock);
}

/* Caller holds @reading. */
static ssize_t read_events(struct cow_reader *r, char __user *ubuf, size_t room)
{
	size_t done = 0;
	unsigned int n;

	while (done < room) {
		if (r->given == r->taken)
			take(r, min_t(size_t, room - done, BATCH));
		n = min_t(size_t, room - done, r->taken - r->given);
		if (!n)
			break;
		if (copy_to_user(ubuf + done * sizeof(r->batch[0]),
				 &r->batch[r->given], n * sizeof(r->batch[0])))
			return done ? done * sizeof(r->batch[0]) : -EFAULT;
		WRITE_ONCE(r->given, r->given + n);
		done += n;
		cond_resched();
	}
	return done * sizeof(r->batch[0]);
}

static ssize_t events_read(struct file *file, char __user *ubuf, size_t count,
			   loff_t *ppos)
{
	struct cow_reader *r = file->private_data;
	size_t room = count / sizeof(r->batch[0]);
	ssize_t ret;

	if (READ_ONCE(r->target->detached))
		return -EIO;
	if (!room)
		return -EINVAL;
	room = min_t(size_t, room, MAX_RW_COUNT / sizeof(r->batch[0]));
	do {
		ret = wait_for_events(r, file->f_flags & O_NONBLOCK);
		if (ret)
			return ret;
		if (READ_ONCE(r->target->detached))
			return -EIO;
		if (mutex_lock_interruptible(&r->reading))
			return -ERESTARTSYS;
		ret = read_events(r, ubuf, room);
		mutex_unlock(&r->reading);
		/* Another reader may have been faster: nothing is no end. */
	} while (!ret && !is_over(r));
	return ret;
}

static __poll_t events_poll(struct file *file, poll_table *wait)
{
	struct cow_reader *r = file->private_data;

	poll_wait(file, &r->waiters, wait);
	if (has_events(r))
		return EPOLLIN | EPOLLRDNORM;
	return is_over(r) ? EPOLLIN | EPOLLRDNORM | EPOLLHUP : 0;
}

static u64 memory_limit(void)
{
	return (u64)READ_ONCE(cow_max_event_memory) << 20;
}

static u64 ring_bytes(const struct cow_reader *r)
{
	return (u64)r->size * sizeof(r->ring[0]);
}

/* Returns 0 or an error; then nothing is taken. */
static int alloc_ring(struct cow_reader *r)
{
	r->size = clamp(READ_ONCE(cow_event_ring), RING_MIN, RING_MAX);
	if (atomic64_add_return(ring_bytes(r), &memory) > memory_limit()) {
		atomic64_sub(ring_bytes(r), &memory);
		return -ENOSPC;
	}
	/* How large it is, its user chose: no reason for a trace in the log. */
	r->ring = kvmalloc_array(r->size, sizeof(r->ring[0]),
				 GFP_KERNEL | __GFP_NOWARN);
	if (!r->ring) {
		atomic64_sub(ring_bytes(r), &memory);
		return -ENOMEM;
	}
	return 0;
}

static void free_reader(struct cow_reader *r)
{
	kvfree(r->ring);
	atomic64_sub(ring_bytes(r), &memory);
	kfree(r);
}

/* Returns an error pointer on failure. */
static struct cow_reader *alloc_reader(struct cow_target *target)
{
	struct cow_reader *r = kzalloc(sizeof(*r), GFP_KERNEL);
	int ret;

	if (!r)
		return ERR_PTR(-ENOMEM);
	ret = alloc_ring(r);
	if (ret) {
		kfree(r);
		return ERR_PTR(ret);
	}
	r->target = target;
	mutex_init(&r->reading);
	init_waitqueue_head(&r->waiters);
	init_irq_work(&r->wake, wake_reader);
	return r;
}

static int events_open(struct inode *inode, struct file *file)
{
	struct cow_target *target = inode->i_private;
	struct cow_watch *watch = &target->watch;
	struct cow_reader *r;
	int ret = cow_check_opener();

	if (!ret)
		ret = cow_faults_error();
	if (ret)
		return ret;
	r = alloc_reader(target);
	if (IS_ERR(r))
		return PTR_ERR(r);
	r->mm = cow_target_grab_mm(target);
	if (!r->mm) {
		free_reader(r);
		return -ESRCH;
	}
	cow_target_get(target);
	file->private_data = r;
	raw_spin_lock_irq(&watch->lock);
	r->family = watch->root == target;
	list_add_tail(&r->list, &watch->readers);
	raw_spin_unlock_irq(&watch->lock);
	return stream_open(inode, file);
}

static int events_release(struct inode *inode, struct file *file)
{
	struct cow_reader *r = file->private_data;
	struct cow_watch *watch = &r->target->watch;

	raw_spin_lock_irq(&watch->lock);
	list_del(&r->list);
	raw_spin_unlock_irq(&watch->lock);
	irq_work_sync(&r->wake);
	mmdrop(r->mm);
	cow_target_put(r->target);
	free_reader(r);
	return 0;
}

/**
 * cow_events_print_status - print what rings take, as "name: value"
 * @m: where to
 */
void cow_events_print_status(struct seq_file *m)
{
	seq_printf(m, "event_memory: %llu\n", (u64)atomic64_read(&memory));
	seq_printf(m, "max_event_memory: %llu\n", memory_limit());
}

const struct file_operations cow_events_fops = {
	.owner = THIS_MODULE,
	.open = events_open,
	.read = events_read,
	.poll = events_poll,
	.release = events_release,
};
