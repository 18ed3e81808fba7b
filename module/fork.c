// SPDX-License-Identifier: GPL-2.0
/*
 * A fork: what it made for the child, and how long that took.
 *
 * A child is looked at before it runs for the first time, in the tracepoint
 * sched_process_fork, while nobody else can change its memory but by force
 * (process_vm_writev()). When the fork began is noted by a kprobe of kernel_clone(),
 * which all forks go through; it is there while somebody listens to cow_fork. Of an
 * attached process, pages that fork has copied are counted as well.
 */
#include <linux/hash.h>
#include <linux/hugetlb.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "cow.h"
#include "hook.h"
#include "trace.h"

/*
 * How long a handler may look for copies that a fork made, without preemption:
 * a step is a PTE, about a dozen instructions; so these are about 50,000.
 */
#define FORK_LOOK_STEPS		4096
/* A table, a huge page or a VMA takes about as long as so many PTEs. */
#define STEPS_PER_DESCENT	32

/* ---- pages that were copied at once ---- */

static bool is_own_and_writable(struct mm_struct *mm, const struct cow_vma *vma,
				unsigned long size, unsigned long addr)
{
	struct cowinspect_page page;
	struct cow_raw raw;
	unsigned long flags;
	pmd_t *pmd = NULL;

	local_irq_save(flags);
	cow_peek(mm, vma, size, addr, &pmd, &raw);
	local_irq_restore(flags);
	if (raw.attr == COW_A_NONE)
		return false;
	cow_decode(&raw, vma, &page);
	return page.flags & COWI_F_WRITE && page.kind == COWI_KIND_ANON;
}

/* Returns how many steps it took. */
static int copies_in_hugetlb(struct mm_struct *mm, struct vm_area_struct *vma,
			     int left, u64 *copies)
{
	unsigned long addr, size = huge_page_size(hstate_vma(vma));
	struct cow_vma note;
	int steps = 0;

	cow_note_vma(&note, vma);
	for (addr = vma->vm_start; addr < vma->vm_end && steps < left;
	     addr += size) {
		if (is_own_and_writable(mm, &note, size, addr))
			*copies += size >> PAGE_SHIFT;
		steps += STEPS_PER_DESCENT;
	}
	return steps;
}

static int copies_in_tables(struct mm_struct *mm, struct vm_area_struct *vma,
			    int left, u64 *copies)
{
	unsigned long addr, end;
	int steps = 0;

	for (addr = vma->vm_start; addr < vma->vm_end && steps < left;
	     addr = end) {
		end = min(pmd_addr_end(addr, vma->vm_end),
			  addr + ((left - steps) << PAGE_SHIFT));
		steps += STEPS_PER_DESCENT +
			 cow_peek_writable(mm, addr, end, copies);
	}
	return steps;
}

/*
 * Right after fork, all anonymous memory of the child is shared with the
 * parent, and so write-protected: an entry of a private mapping that lets
 * writes through maps a copy (copy_present_page()). A huge one does not: where
 * it is pinned it is split first (copy_huge_pmd()). Caller holds the mmap lock.
 * Returns false if there was more to look at than is allowed.
 */
static bool copies_in_mm(struct mm_struct *mm, u64 *copies)
{
	struct vm_area_struct *vma;
	int left = FORK_LOOK_STEPS;

	for (vma = find_vma(mm, 0); vma && left > 0;
	     vma = find_vma(mm, vma->vm_end)) {
		left -= STEPS_PER_DESCENT;
		if (!vma->anon_vma || !(vma->vm_flags & VM_WRITE) ||
		    vma->vm_flags & (VM_SHARED | VM_PFNMAP | VM_IO))
			continue;
		if (is_vm_hugetlb_page(vma))
			left -= copies_in_hugetlb(mm, vma, left, copies);
		else
			left -= copies_in_tables(mm, vma, left, copies);
	}
	return left > 0;
}

/*
 * How many pages fork has copied for @child, being pinned, in base pages. The child
 * does not run yet, and the current thread is its parent. Only where memory of the
 * parent has ever been pinned is there work to do. It cannot wait until something
 * may sleep: the child will run then, and make copies of its own. Returns false if
 * there may be more, since not all could be looked at.
 */
static bool fork_copies(struct task_struct *child, u64 *copies)
{
	struct mm_struct *mm = child->mm;
	bool all;

	*copies = 0;
	if (!cow_mm_has_pinned(current->mm))
		return true;
	if (!mmap_read_trylock(mm))
		return false;
	all = copies_in_mm(mm, copies);
	mmap_read_unlock(mm);
	return all;
}

/* ---- the tracepoint ---- */

#define FORK_HASH_BITS		8

/*
 * When the forks in progress began. Two whose threads hash alike overwrite each
 * other: then one has no time.
 */
static struct {
	const struct task_struct *task;
	u64 since;
} begun[1 << FORK_HASH_BITS];
static DEFINE_RAW_SPINLOCK(begun_lock);

/* Preemption is off. */
static int on_clone(struct kprobe *probe, struct pt_regs *regs)
{
	unsigned int i = hash_ptr(current, FORK_HASH_BITS);
	unsigned long flags;

	raw_spin_lock_irqsave(&begun_lock, flags);
	begun[i].task = current;
	begun[i].since = ktime_get_mono_fast_ns();
	raw_spin_unlock_irqrestore(&begun_lock, flags);
	return 0;
}

/* How long the fork of the current thread has taken until now, or 0. */
static u64 cost_of_fork(void)
{
	unsigned int i = hash_ptr(current, FORK_HASH_BITS);
	unsigned long flags;
	u64 cost = 0;

	raw_spin_lock_irqsave(&begun_lock, flags);
	if (begun[i].task == current) {
		cost = ktime_get_mono_fast_ns() - begun[i].since;
		begun[i].task = NULL;
	}
	raw_spin_unlock_irqrestore(&begun_lock, flags);
	return cost;
}

static void tell_fork(struct task_struct *parent, struct task_struct *child,
		      u64 cost, u64 copies)
{
	struct mm_struct *mm = child->mm;
	struct cow_fork fork = {
		.cost = cost,
		.parent = task_tgid_nr(parent),
		.child = task_tgid_nr(child),
		.tables = mm_pgtables_bytes(mm),
		.copied = copies,
		.anon = cow_mm_counter(mm, MM_ANONPAGES),
		.file = cow_mm_counter(mm, MM_FILEPAGES),
		.shmem = cow_mm_counter(mm, MM_SHMEMPAGES),
		.swap = cow_mm_counter(mm, MM_SWAPENTS),
	};

	trace_cow_fork(&fork);
}

static void count_copies(struct cow_target *target, u64 copies, bool all)
{
	if (!all)
		cow_count(target, COW_C_fork_unknown, COWI_VMA_SPECIAL, 1);
	cow_count(target, COW_C_fork_copied, COWI_VMA_ANON, copies);
}

static void on_fork(void *unused, struct task_struct *parent,
		    struct task_struct *child)
{
	bool told = trace_cow_fork_enabled(), all;
	u64 copies, cost = told ? cost_of_fork() : 0;
	struct cow_target *target;

	/* A thread, a child of vfork(), or one of the kernel's: nothing is copied. */
	if (!child->mm || child->mm == parent->mm)
		return;
	rcu_read_lock();
	target = cow_target_find(task_tgid(parent));
	if (target || told) {
		all = fork_copies(child, &copies);
		if (target)
			count_copies(target, copies, all);
		if (told)
			tell_fork(parent, child, cost, copies);
	}
	rcu_read_unlock();
}

/* ---- hooking ---- */

static struct cow_probe fork_probe = {
	.name = "sched_process_fork",
	.probe = on_fork,
};

static struct kprobe clone_probe;

/* Guards what follows. */
static DEFINE_MUTEX(fork_lock);
/* Who wants to know: those who listen, and one for attached processes. */
static unsigned int users;
static unsigned int listeners;

/* Caller holds fork_lock. */
static int add_user(void)
{
	int ret = users ? 0 : cow_probe_register(&fork_probe);

	users += !ret;
	return ret;
}

/* Caller holds fork_lock. */
static void drop_user(void)
{
	if (!--users)
		cow_probe_unregister(&fork_probe);
}

/* Without kprobes there is no time. */
static void begin_timing(void)
{
	/* What an earlier registration left in it is not wanted. */
	memset(&clone_probe, 0, sizeof(clone_probe));
	clone_probe.symbol_name = "kernel_clone";
	clone_probe.pre_handler = on_clone;
	if (register_kprobe(&clone_probe))
		clone_probe.pre_handler = NULL;
}

static void end_timing(void)
{
	if (clone_probe.pre_handler)
		unregister_kprobe(&clone_probe);
}

/**
 * cow_fork_listen - somebody begins to listen to the tracepoint
 *
 * Caller holds the kernel's event_mutex.
 *
 * Return: 0 or an error.
 */
int cow_fork_listen(void)
{
	int ret;

	mutex_lock(&fork_lock);
	ret = add_user();
	if (!ret && !listeners++)
		begin_timing();
	mutex_unlock(&fork_lock);
	return ret;
}

/**
 * cow_fork_unlisten - somebody does not listen any more
 *
 * Caller holds event_mutex.
 */
void cow_fork_unlisten(void)
{
	mutex_lock(&fork_lock);
	if (!--listeners)
		end_timing();
	drop_user();
	mutex_unlock(&fork_lock);
}

/**
 * cow_fork_attached - the first process is being attached
 *
 * Return: 0 or an error.
 */
int cow_fork_attached(void)
{
	int ret;

	mutex_lock(&fork_lock);
	ret = add_user();
	mutex_unlock(&fork_lock);
	return ret;
}

/**
 * cow_fork_detached - no process is attached any more
 */
void cow_fork_detached(void)
{
	mutex_lock(&fork_lock);
	drop_user();
	mutex_unlock(&fork_lock);
}
