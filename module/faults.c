// SPDX-License-Identifier: GPL-2.0
/*
 * The observer: what does each page fault of an attached process do?
 *
 * handle_mm_fault() is hooked, through which every fault passes: those of user
 * space, those that the kernel has when it copies to or from user space, and
 * those that get_user_pages() makes, for ptrace, /proc/PID/mem, pins and so on.
 * It is exported, so it is a symbol in each kernel. The entry is read when it
 * begins and when it returns (peek.c), and outcome.c judges.
 *
 * Whose fault is it? That of the process that owns the address space, mm->owner,
 * which has the exec of a process right from its first page (the new address
 * space is owned by the one who calls exec before it uses it), and the vfork()
 * child as what it is, a guest in its parent's memory. So one look-up says
 * whether a fault is observed at all.
 *
 * Why this is safe:
 *
 * - Handlers do not sleep and take raw spinlocks only: they may run with
 *   preemption or interrupts off. They allocate nothing; what they need is
 *   preallocated, and where that is used up they count what they lose.
 *
 * - At its beginning and, unless it returns VM_FAULT_RETRY or VM_FAULT_COMPLETED,
 *   at its end, a fault holds the lock of its address space or VMA. The VMA is
 *   only looked at when it begins, which is the same for all results.
 *
 * - What is known of a fault between its beginning and its end is in a slot of
 *   our own, which holds a reference on the target: faults may take long, and
 *   detaching must not wait for them. Once the hook is gone, all slots are
 *   emptied. The end of a fault may be seen all the same, when something is
 *   hooked again (hook.h). So the kernel keeps no pointer for us but a handle,
 *   which names a slot and one use of it: ends of faults that are no longer known
 *   go unnoticed.
 *
 * - Targets are found under RCU. References may be dropped in handlers: target.c
 *   frees from a workqueue.
 *
 * A fault of an attached process in the memory of another one is none of its own,
 * but the kernel counts it for the process (mm_account_fault()): so it is followed
 * to its end as well, to be counted.
 *
 * Who listens to the tracepoint (trace.c) hears of faults of any process; those of
 * one that is not attached go the same way, with nothing to be counted. Most have
 * nobody who listens, while somebody does to another process: that is found first.
 *
 * Nothing is hooked while no process is attached and nobody listens.
 */
#include <linux/bitops.h>
#include <linux/fs.h>
#include <linux/hash.h>
#include <linux/hugetlb.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pid_namespace.h>
#include <linux/random.h>
#include <linux/rculist.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timekeeping.h>
#include <linux/trace_events.h>
#include <linux/tracepoint.h>
#include <linux/userfaultfd_k.h>

#include "compat.h"
#include "cow.h"
#include "hook.h"
#include "trace.h"

#define TARGET_HASH_BITS	8
#define FAULT_HASH_BITS		8
#define INFLIGHT_MIN		64U
#define INFLIGHT_MAX		65536U

/* Children that may be born before the work that refills has run. */
#define SPARES			128

unsigned int cow_max_inflight = 1024;

static struct hlist_head targets[1 << TARGET_HASH_BITS];
/* Guards changes of the hash, which handlers make when a child is born. */
static DEFINE_RAW_SPINLOCK(targets_lock);

/**
 * struct cow_fault - a fault in progress
 * @node: in the hash by address space and place, or of the free ones
 * @handle: what on_fault_end() is given to find this use of the slot; 0 while it
 *	is free, or being ended
 * @target: whose memory it is in, referenced, or NULL
 * @payer: the process that does it and has it counted by the kernel, referenced
 *	unless it is @target, or NULL
 * @pid: the process whose memory it is in, in the initial pid namespace, or 0
 * @listened: somebody listens
 * @tid: the thread, in the initial pid namespace
 * @paid: what the kernel had counted for the thread when the fault began
 * @mm: the address space
 * @vma: what is known of the VMA
 * @addr: the address
 * @size: page size, if the VMA is of hugetlb, else 0
 * @since: when it began
 * @flags: COWI_E_*
 * @predicted: for the record
 * @confidence: for the record
 * @c: what outcome.c gets to know
 */
struct cow_fault {
	struct hlist_node node;
	unsigned long handle;
	struct cow_target *target;
	struct cow_target *payer;
	pid_t pid;
	bool listened;
	pid_t tid;
	unsigned long paid;
	struct mm_struct *mm;
	struct cow_vma vma;
	unsigned long addr;
	unsigned long size;
	u64 since;
	u32 flags;
	u8 predicted;
	u8 confidence;
	struct cow_case c;
};

/**
 * struct fault_chain - faults in progress
 * @lock: guards the list, and @c of its members
 * @list: all those in a PMD's range of an address space are in one
 */
struct fault_chain {
	raw_spinlock_t lock;
	struct hlist_head list;
};

static struct fault_chain inflight[1 << FAULT_HASH_BITS];

/* A handle is the number of a use, above that of the slot. */
#define SLOT_BITS		16

static struct cow_fault *slots;
static unsigned int nr_slots;
static struct hlist_head free_slots;
/* How many times a slot was used, from a number on that no other load had. */
static unsigned long uses;
/* Guards @free_slots and @uses. */
static DEFINE_RAW_SPINLOCK(free_lock);

/* ---- who wants to know ---- */

/**
 * enum cow_reason - why faults are observed
 * @COW_FOR_TARGETS: processes are attached
 * @COW_FOR_PERF: perf listens, BPF programs included
 * @COW_FOR_TRACEFS: tracefs listens, once for each of its instances that does
 * @COW_NR_REASONS: how many there are; not a reason
 */
enum cow_reason {
	COW_FOR_TARGETS,
	COW_FOR_PERF,
	COW_FOR_TRACEFS,
	COW_NR_REASONS
};

static unsigned int reasons[COW_NR_REASONS];

/* Of the tracepoint. */
static struct trace_event_call *fault_call;

/* Faults that were listened to when all slots were in use. */
static atomic_long_t unheard;

/*
 * perf keeps a list of the events that are active on this CPU now, those of a thread
 * only while it runs; preemption is off. The list is there as long as perf listens.
 */
static bool perf_listens(void)
{
#ifdef CONFIG_PERF_EVENTS
	return bpf_prog_array_valid(fault_call) ||
	       !hlist_empty(this_cpu_ptr(fault_call->perf_events));
#else
	return false;
#endif
}

/*
 * @owner has the memory. perf looks at its events, too, if the fault is another
 * process' (trace.h): it writes no samples then, but it counts.
 */
static bool is_listened_to(const struct task_struct *owner, bool remote)
{
	if (READ_ONCE(reasons[COW_FOR_TRACEFS]))
		return true;
	/* Paired in want(): by then perf has its lists. */
	if (!smp_load_acquire(&reasons[COW_FOR_PERF]))
		return false;
	return perf_listens() ||
	       (remote && owner && cow_has_perf_events(owner));
}

/* ---- whose fault ---- */

static struct hlist_head *target_chain(const struct pid *pid)
{
	return &targets[hash_ptr(pid, TARGET_HASH_BITS)];
}

/* Caller holds rcu_read_lock. */
static struct cow_target *find_target(const struct pid *pid)
{
	struct cow_target *target;

	hlist_for_each_entry_rcu(target, target_chain(pid), watch.node) {
		if (target->pid == pid)
			return target;
	}
	return NULL;
}

/* The same, with a reference. */
static struct cow_target *get_target(const struct pid *pid)
{
	struct cow_target *target = find_target(pid);

	return target && cow_target_tryget(target) ? target : NULL;
}

static bool on_fault(unsigned long *handle, unsigned long vma,
		     unsigned long addr, unsigned long flags,
		     unsigned long regs);
static void on_fault_end(unsigned long handle, unsigned long ret);

static struct cow_hook fault_hook = {
	.symbol = "handle_mm_fault",
	.entry = on_fault,
	.ret = on_fault_end,
};

static void count(struct cow_target *target, enum cow_counter what,
		  unsigned int vma, u64 n)
{
	atomic64_add(n, &target->watch.counter[what][vma]);
}

/* ---- slots ---- */

static struct fault_chain *chain_of(const struct cow_fault *f)
{
	return &inflight[hash_long((unsigned long)f->mm ^
				   (f->addr >> PMD_SHIFT), FAULT_HASH_BITS)];
}

static struct cow_fault *get_slot(void)
{
	struct cow_fault *f = NULL;
	unsigned long flags;

	raw_spin_lock_irqsave(&free_lock, flags);
	if (!hlist_empty(&free_slots)) {
		f = hlist_entry(free_slots.first, struct cow_fault, node);
		hlist_del(&f->node);
		WRITE_ONCE(f->handle, ++uses << SLOT_BITS | (f - slots));
	}
	raw_spin_unlock_irqrestore(&free_lock, flags);
	return f;
}

/* Returns the slot, whose fault is to be ended now, or NULL if it is not in use. */
static struct cow_fault *claim_slot(unsigned long handle)
{
	unsigned long nr = handle & (BIT(SLOT_BITS) - 1);

	if (!handle || nr >= nr_slots ||
	    cmpxchg(&slots[nr].handle, handle, 0) != handle)
		return NULL;
	return &slots[nr];
}

static void put_targets(struct cow_target *target, struct cow_target *payer)
{
	if (payer && payer != target)
		cow_target_put(payer);
	if (target)
		cow_target_put(target);
}

static void put_slot(struct cow_fault *f)
{
	unsigned long flags;

	put_targets(f->target, f->payer);
	f->target = NULL;
	f->payer = NULL;
	raw_spin_lock_irqsave(&free_lock, flags);
	hlist_add_head(&f->node, &free_slots);
	raw_spin_unlock_irqrestore(&free_lock, flags);
}

static int alloc_slots(void)
{
	unsigned int i;

	BUILD_BUG_ON(BIT(SLOT_BITS) < INFLIGHT_MAX);
	nr_slots = clamp(READ_ONCE(cow_max_inflight), INFLIGHT_MIN,
			 INFLIGHT_MAX);
	slots = kvcalloc(nr_slots, sizeof(*slots), GFP_KERNEL);
	if (!slots)
		return -ENOMEM;
	for (i = 0; i < nr_slots; i++)
		hlist_add_head(&slots[i].node, &free_slots);
	return 0;
}

/* No handler runs. What the slots still hold nobody else will put. */
static void free_all_slots(void)
{
	unsigned int i;

	for (i = 0; i < nr_slots; i++)
		put_targets(slots[i].target, slots[i].payer);
	for (i = 0; i < ARRAY_SIZE(inflight); i++)
		INIT_HLIST_HEAD(&inflight[i].list);
	INIT_HLIST_HEAD(&free_slots);
	kvfree(slots);
	slots = NULL;
	nr_slots = 0;
}

/* ---- the beginning of a fault ---- */

static void note_entry(struct cow_entry *to, unsigned long addr, bool whole,
		       const struct cowinspect_page *page)
{
	to->pfn = page->pfn;
	if (page->flags & COWI_F_PRESENT)
		to->pfn += (addr - page->addr) >> PAGE_SHIFT;
	to->flags = page->flags;
	to->kind = page->kind;
	to->map_order = page->map_order;
	to->torn = !whole;
}

static void look(struct cow_fault *f, struct cow_entry *to,
		 struct cowinspect_page *page)
{
	bool whole = cow_peek(f->mm, &f->vma, f->size, f->addr, page);

	note_entry(to, f->addr, whole, page);
}

static u32 access_flags(unsigned int flags, bool gup)
{
	u32 to = 0;

	if (flags & FAULT_FLAG_WRITE)
		to |= COWI_E_WRITE;
	if (flags & FAULT_FLAG_INSTRUCTION)
		to |= COWI_E_EXEC;
	if (flags & FAULT_FLAG_USER)
		to |= COWI_E_USER;
	if (flags & FAULT_FLAG_TRIED)
		to |= COWI_E_TRIED;
	if (flags & COW_FAULT_UNSHARE)
		to |= COWI_E_UNSHARE;
	if (gup)
		to |= COWI_E_GUP;
	return to;
}

/* What depends on more of a large folio than its mark is not predicted here. */
static bool can_predict(const struct cow_fault *f,
			const struct cowinspect_page *page)
{
	if (!(f->flags & COWI_E_WRITE) || page->kind == COWI_KIND_NONE)
		return false;
	return page->outcome == COWI_NEXT_NOFAULT || page->kind != COWI_KIND_ANON ||
	       !(page->flags & COWI_F_LARGE) ||
	       page->flags & (COWI_F_HUGETLB | COWI_F_EXCLUSIVE);
}

static void note_vma(struct cow_fault *f, struct vm_area_struct *vma,
		     unsigned int flags)
{
	struct cow_case *c = &f->c;

	cow_note_vma(&f->vma, vma);
	c->vma = (u8)f->vma.kind;
	c->vma_shared = !!(f->vma.flags & COWI_F_VMA_SHARED);
	c->vma_write = !!(f->vma.flags & COWI_F_VMA_WRITE);
	c->uffd_missing = userfaultfd_missing(vma) || cow_uffd_minor(vma);
	/* vmf_anon_prepare() wants the mmap lock to make an anon_vma. */
	c->lock_only = COW_ANON_VMA_WAITS && flags & COW_FAULT_VMA_LOCK &&
		       c->write && !c->vma_shared &&
		       c->vma != COWI_VMA_HUGETLB && !vma->anon_vma;
	f->size = 0;
	if (is_vm_hugetlb_page(vma)) {
		f->size = huge_page_size(hstate_vma(vma));
		c->cached = READ_ONCE(vma->vm_file->f_mapping->nrpages) != 0;
	}
}

/* Whether what it does is judged: else it is only counted, elsewhere. */
static bool is_judged(const struct cow_fault *f)
{
	return f->target || f->listened;
}

static void note_access(struct cow_fault *f, struct vm_area_struct *vma,
			unsigned int flags, bool gup)
{
	memset(&f->c, 0, sizeof(f->c));
	f->c.write = !!(flags & FAULT_FLAG_WRITE);
	f->c.unshare = !!(flags & COW_FAULT_UNSHARE);
	f->c.marks = cow_kernel_rules.exclusive;
	f->c.done_before = !COW_FAULT_COMPLETED && flags & FAULT_FLAG_TRIED;
	note_vma(f, vma, flags);

	f->flags |= access_flags(flags, gup);
	if (f->c.vma_shared)
		f->flags |= COWI_E_SHARED;
}

static void note_prediction(struct cow_fault *f,
			    const struct cowinspect_page *page)
{
	bool known = can_predict(f, page);

	f->predicted = known ? page->outcome : COWI_NEXT_NONE;
	f->confidence = known ? page->confidence : COWI_CONF_NONE;
}

/*
 * The entry is read under the lock under which the end of another fault passes
 * what it did to those in progress: this one either sees that, or gets it.
 */
static void begin_fault(struct cow_fault *f)
{
	struct fault_chain *chain = chain_of(f);
	struct cowinspect_page page;
	unsigned long flags;
	u64 since;

	raw_spin_lock_irqsave(&chain->lock, flags);
	since = cow_hold_begin();
	if (is_judged(f))
		look(f, &f->c.before, &page);
	hlist_add_head(&f->node, &chain->list);
	cow_hold_end(COW_LOCK_FAULTS, since);
	raw_spin_unlock_irqrestore(&chain->lock, flags);
	if (is_judged(f))
		note_prediction(f, &page);
}

/* A slot with those that a fault concerns, or NULL. */
static struct cow_fault *get_slot_for(struct mm_struct *mm)
{
	struct cow_target *target = NULL, *payer = NULL;
	struct pid *doer = task_tgid(current);
	struct cow_fault *f = NULL;
	struct task_struct *owner;
	bool remote, listened;

	rcu_read_lock();
	owner = cow_mm_owner(mm);
	remote = owner ? task_tgid(owner) != doer : mm != current->mm;
	listened = is_listened_to(owner, remote);
	if (READ_ONCE(reasons[COW_FOR_TARGETS])) {
		if (owner)
			target = get_target(task_tgid(owner));
		payer = target && !remote ? target : get_target(doer);
	}
	if (target || payer || listened)
		f = get_slot();
	if (f) {
		f->target = target;
		f->payer = payer;
		f->pid = owner ? task_tgid_nr(owner) : 0;
		f->listened = listened;
		f->flags = remote ? COWI_E_REMOTE : 0;
	} else {
		if (target)
			count(target, COW_C_lost, COWI_VMA_SPECIAL, 1);
		if (listened)
			atomic_long_inc(&unheard);
		put_targets(target, payer);
	}
	rcu_read_unlock();
	return f;
}

/* Returns NULL if the fault is not observed. */
static struct cow_fault *fault_begins(struct vm_area_struct *vma,
				      unsigned long addr, unsigned int flags,
				      bool gup)
{
	struct cow_fault *f = get_slot_for(vma->vm_mm);

	if (!f)
		return NULL;
	f->tid = task_pid_nr(current);
	f->paid = cow_faults_of(current);
	f->since = ktime_get_mono_fast_ns();
	f->mm = vma->vm_mm;
	f->addr = addr;
	note_access(f, vma, flags, gup);
	begin_fault(f);
	return f;
}

/* ---- the end of a fault ---- */

static enum cow_result result_of(vm_fault_t ret)
{
	if (ret & VM_FAULT_ERROR)
		return COW_RESULT_ERROR;
	if (ret & VM_FAULT_RETRY)
		return COW_RESULT_RETRY;
	if (ret & COW_FAULT_COMPLETED)
		return COW_RESULT_UNLOCKED;
	return COW_RESULT_DONE;
}

static enum cow_counter outcome_counter(unsigned int outcome)
{
	static const u8 counters[COWI_NR_FAULT_DID] = {
		[COWI_DID_COPIED] = COW_C_copied,
		[COWI_DID_REUSED] = COW_C_reused,
		[COWI_DID_ZEROFILLED] = COW_C_zerofilled,
		[COWI_DID_ZEROPAGE] = COW_C_zeropage,
		[COWI_DID_MAPPED] = COW_C_mapped,
		[COWI_DID_SHARED] = COW_C_shared,
		[COWI_DID_SWAPIN] = COW_C_swapin,
		[COWI_DID_SWAPIN_COPIED] = COW_C_swapin_copied,
		[COWI_DID_SWAPIN_REUSED] = COW_C_swapin_reused,
		[COWI_DID_SPLIT] = COW_C_split,
		[COWI_DID_USERFAULTFD] = COW_C_userfaultfd,
		[COWI_DID_RETRIED] = COW_C_retried,
		[COWI_DID_REFUSED] = COW_C_refused,
		[COWI_DID_NUMA] = COW_C_numa,
		[COWI_DID_MARKED] = COW_C_marked,
		[COWI_DID_WAITED] = COW_C_waited,
		[COWI_DID_SPURIOUS] = COW_C_spurious,
		[COWI_DID_UNKNOWN] = COW_C_unknown,
	};

	return counters[outcome];
}

static enum cow_counter copied_counter(const struct cow_case *c,
				       const struct cow_did *did)
{
	if (c->before.flags & COWI_F_PRESENT && c->before.map_order)
		return COW_C_copied_huge;
	switch (did->from) {
	case COWI_KIND_ANON:
		return COW_C_copied_anon;
	case COWI_KIND_KSM:
		return COW_C_copied_ksm;
	case COWI_KIND_FILE:
		return COW_C_copied_file;
	case COWI_KIND_SHMEM:
		return COW_C_copied_shmem;
	default:
		return COW_C_copied_other;
	}
}

static void count_copy(struct cow_fault *f, const struct cow_did *did)
{
	const struct cow_case *c = &f->c;

	if (did->outcome == COWI_DID_COPIED)
		count(f->target, copied_counter(c, did), c->vma, 1);
	else if (did->outcome != COWI_DID_SWAPIN_COPIED)
		return;
	count(f->target, COW_C_copied_bytes, c->vma, PAGE_SIZE << did->order);
	if (f->flags & COWI_E_REMOTE)
		count(f->target, COW_C_remote_copied, c->vma, 1);
}

/* As mm_account_fault() does: for the process that does it. */
static void count_paid(struct cow_fault *f)
{
	if (!f->payer || f->c.result == COW_RESULT_RETRY ||
	    f->c.result == COW_RESULT_ERROR)
		return;
	if (f->payer != f->target) {
		count(f->payer, COW_C_elsewhere, f->c.vma, 1);
		return;
	}
	count(f->target, COW_C_accounted, f->c.vma, 1);
	if (f->flags & COWI_E_MAJOR)
		count(f->target, COW_C_major, f->c.vma, 1);
}

static void count_fault(struct cow_fault *f, const struct cow_did *did)
{
	const struct cow_case *c = &f->c;

	count(f->target, COW_C_observed, c->vma, 1);
	count(f->target, outcome_counter(did->outcome), c->vma, 1);
	count_copy(f, did);
	if (did->split)
		count(f->target, COW_C_splits, c->vma, 1);
	if (f->flags & COWI_E_REMOTE)
		count(f->target, COW_C_remote, c->vma, 1);
}

static struct cowinspect_event event_of(const struct cow_fault *f,
					const struct cow_did *did)
{
	const struct cow_case *c = &f->c;
	u64 now = ktime_get_mono_fast_ns();
	struct cowinspect_event event = {
		.time = now,
		.addr = f->addr,
		.old_pfn = c->before.flags & COWI_F_PRESENT ? c->before.pfn :
							      COWINSPECT_NO_PFN,
		.new_pfn = c->after.flags & COWI_F_PRESENT ? c->after.pfn :
							     COWINSPECT_NO_PFN,
		.cost = now - f->since,
		.count = 1,
		.flags = f->flags,
		.outcome = did->outcome,
		.old_kind = c->before.kind,
		.new_kind = c->after.kind,
		.order = did->order,
		.vma = c->vma,
		.predicted = f->predicted,
		.confidence = f->confidence,
		.old_order = c->before.map_order,
	};

	/* What was copied may not have been mapped. */
	if (did->from != COWI_KIND_NONE)
		event.old_kind = did->from;
	return event;
}

static void tell_readers(struct cow_fault *f, struct cowinspect_event *event)
{
	event->pid = f->target->nr;
	event->tid = task_pid_nr_ns(current, f->target->watch.ns);
	cow_events_put(f->target, f->mm, event);
}

/* How much is mapped that was not: nothing where the fault was given up. */
static u64 bytes_of(const struct cow_fault *f, const struct cow_did *did)
{
	const struct cow_case *c = &f->c;

	return c->after.flags & COWI_F_PRESENT ||
	       c->result == COW_RESULT_UNLOCKED ? PAGE_SIZE << did->order : 0;
}

static void tell_listeners(struct cow_fault *f, const struct cow_did *did,
			   const struct cowinspect_event *event)
{
	struct task_struct *owner = NULL;
	unsigned long flags;

	/* As trace.h says. */
	local_irq_save(flags);
	rcu_read_lock();
	if (f->flags & COWI_E_REMOTE)
		owner = cow_mm_owner(f->mm);
	trace_cow_fault(event, f->pid, bytes_of(f, did), owner ?: current);
	rcu_read_unlock();
	local_irq_restore(flags);
}

static void end_fault(struct cow_fault *f)
{
	struct fault_chain *chain = chain_of(f);
	struct cowinspect_page page;
	struct cow_fault *other;
	unsigned long flags;
	u64 since;

	f->c.after.kind = COWI_KIND_NONE;
	f->c.after.pfn = COWINSPECT_NO_PFN;
	raw_spin_lock_irqsave(&chain->lock, flags);
	since = cow_hold_begin();
	/* Both at once: see cow_faults_unsettled(). */
	count_paid(f);
	hlist_del(&f->node);
	if (is_judged(f) && f->c.result == COW_RESULT_DONE)
		look(f, &f->c.after, &page);
	hlist_for_each_entry(other, &chain->list, node) {
		if (is_judged(f) && other->mm == f->mm)
			cow_entry_pass(&other->c.before, other->addr, &f->c,
				       f->addr, PAGE_SIZE);
	}
	cow_hold_end(COW_LOCK_FAULTS, since);
	raw_spin_unlock_irqrestore(&chain->lock, flags);
}

static void judge_fault(struct cow_fault *f)
{
	struct cow_did did = cow_outcome(&f->c);
	struct cowinspect_event event;

	if (did.split)
		f->flags |= COWI_E_SPLIT;
	event = event_of(f, &did);
	if (f->listened)
		tell_listeners(f, &did, &event);
	if (f->target && !READ_ONCE(f->target->detached)) {
		count_fault(f, &did);
		tell_readers(f, &event);
	}
}

static void fault_ends(struct cow_fault *f, vm_fault_t ret)
{
	f->c.result = result_of(ret);
	if (f->c.result < COW_RESULT_RETRY &&
	    (ret & VM_FAULT_MAJOR || f->flags & COWI_E_TRIED))
		f->flags |= COWI_E_MAJOR;
	end_fault(f);
	if (is_judged(f))
		judge_fault(f);
	put_slot(f);
}

/* What the kernel has counted for the thread of a fault since it began. RCU. */
static unsigned long paid_since(const struct cow_fault *f)
{
	struct task_struct *task = pid_task(find_pid_ns(f->tid, &init_pid_ns),
					    PIDTYPE_PID);

	if (!task || task_tgid(task) != f->payer->pid)
		return 0;
	return cow_faults_of(task) - f->paid;
}

/**
 * cow_faults_unsettled - how many faults the kernel has counted and we have not yet
 * @payer: the process for which they are counted
 *
 * A thread has one fault at a time. If the kernel has counted more for it since
 * one began, that is over, though its end was not seen.
 *
 * Return: of the faults in progress, those that the kernel has counted.
 */
u64 cow_faults_unsettled(const struct cow_target *payer)
{
	struct cow_fault *f;
	unsigned long flags;
	u64 n = 0;
	int i;

	rcu_read_lock();
	for (i = 0; i < ARRAY_SIZE(inflight); i++) {
		raw_spin_lock_irqsave(&inflight[i].lock, flags);
		hlist_for_each_entry(f, &inflight[i].list, node)
			n += f->payer == payer && paid_since(f) == 1;
		raw_spin_unlock_irqrestore(&inflight[i].lock, flags);
	}
	rcu_read_unlock();
	return n;
}

/* ---- births, exec and exit ---- */

/* How often the life of processes was hooked or unhooked; constant while that is. */
static unsigned int hooked;

/* Whether a process is followed, so that spares are needed. */
static bool following;

/* Targets for children, since a handler cannot allocate. */
static LIST_HEAD(spares);
static unsigned int nr_spares;
static DEFINE_RAW_SPINLOCK(spares_lock);

static struct cow_target *get_spare(void)
{
	struct cow_target *target;
	unsigned long flags;

	raw_spin_lock_irqsave(&spares_lock, flags);
	target = list_first_entry_or_null(&spares, struct cow_target, list);
	if (target) {
		list_del(&target->list);
		nr_spares--;
	}
	raw_spin_unlock_irqrestore(&spares_lock, flags);
	return target;
}

/**
 * cow_watch_refill - have enough targets in reserve for children
 *
 * Sleeps. Without memory there are fewer. The caller keeps others from doing
 * the same.
 */
void cow_watch_refill(void)
{
	struct cow_target *target;

	if (!following)
		return;
	while (READ_ONCE(nr_spares) < SPARES) {
		target = cow_target_alloc();
		if (!target)
			return;
		raw_spin_lock_irq(&spares_lock);
		list_add(&target->list, &spares);
		nr_spares++;
		raw_spin_unlock_irq(&spares_lock);
	}
}

static void free_spares(void)
{
	struct cow_target *target;

	while ((target = get_spare()))
		cow_target_free(target);
}

static void add_to_hash(struct cow_target *target)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&targets_lock, flags);
	hlist_add_head_rcu(&target->watch.node, target_chain(target->pid));
	raw_spin_unlock_irqrestore(&targets_lock, flags);
}

/* Something that is not a fault. */
static void tell_note(struct cow_target *target, enum cowinspect_did what,
		      u32 tid, u64 cost)
{
	struct cowinspect_event event = cow_events_note(target, what);

	event.tid = tid;
	event.cost = cost;
	cow_events_put(target, NULL, &event);
}

/* The child does not run yet. */
static void attach_child(struct cow_target *parent, struct task_struct *child)
{
	struct pid_namespace *ns = parent->watch.ns;
	struct cow_target *root = parent->watch.root;
	struct cow_target *target;

	/* It is being detached, all of the family being gone already. */
	if (!cow_target_tryget(root))
		return;
	target = get_spare();
	if (!target) {
		count(parent, COW_C_fork_lost, COWI_VMA_SPECIAL, 1);
		cow_target_put(root);
		return;
	}
	atomic_inc(&root->watch.alive);
	target->watch.root = root;
	target->watch.follow = true;
	target->watch.hooked = hooked;
	target->pid = get_pid(task_tgid(child));
	target->nr = pid_nr_ns(target->pid, ns);
	target->watch.ns = get_pid_ns(ns);
	target->watch.missed = cow_hook_missed(&fault_hook);
	add_to_hash(target);
	/* Who is told of it has to find it, so it is born before. */
	cow_target_get(target);
	cow_target_born(target);
	tell_note(target, COWI_DID_CHILD, task_pid_nr_ns(current, ns), 0);
	cow_target_put(target);
}

static void count_fork_copies(struct cow_target *parent,
			      struct task_struct *child)
{
	u64 copies;

	if (!cow_fork_copies(child, &copies))
		count(parent, COW_C_fork_unknown, COWI_VMA_SPECIAL, 1);
	if (!copies)
		return;
	count(parent, COW_C_fork_copied, COWI_VMA_ANON, copies);
	tell_note(parent, COWI_DID_FORK_COPIED,
		  task_tgid_nr_ns(child, parent->watch.ns), copies);
}

static void on_fork(void *unused, struct task_struct *parent,
		    struct task_struct *child)
{
	struct cow_target *target;

	if (same_thread_group(parent, child))
		return;
	rcu_read_lock();
	target = find_target(task_tgid(parent));
	if (target) {
		count_fork_copies(target, child);
		/* Paired in cow_watch_follow(): then it has a root. */
		if (smp_load_acquire(&target->watch.follow))
			attach_child(target, child);
	}
	rcu_read_unlock();
}

static void on_exec(void *unused, struct task_struct *task, pid_t old_pid,
		    struct linux_binprm *bprm)
{
	struct cow_target *target;

	rcu_read_lock();
	target = find_target(task_tgid(task));
	if (target) {
		tell_note(target, COWI_DID_EXEC,
			  task_pid_nr_ns(task, target->watch.ns), 0);
		cow_events_exec(target);
	}
	rcu_read_unlock();
}

static void end_life(struct cow_target *target)
{
	struct cow_target *root = target->watch.root;

	if (test_and_set_bit(COW_LIFE_ENDED, &target->watch.life))
		return;
	if (root && atomic_dec_and_test(&root->watch.alive))
		cow_events_wake(root);
	cow_events_wake(target);
}

static void task_exits(struct task_struct *task)
{
	struct cow_target *target;

	/* It has given its memory up; wait for the last thread to. */
	if (atomic_read(&task->signal->live))
		return;
	rcu_read_lock();
	target = find_target(task_tgid(task));
	/* The last threads may come here together. A stream ends with the note. */
	if (target &&
	    !test_and_set_bit(COW_LIFE_EXIT_TOLD, &target->watch.life)) {
		tell_note(target, COWI_DID_EXIT,
			  task_pid_nr_ns(task, target->watch.ns), 0);
		cow_account_note(target);
		end_life(target);
	}
	rcu_read_unlock();
}

COW_DEFINE_EXIT_PROBE(on_exit, task_exits)

/**
 * struct life_event - a tracepoint of the life of a process
 * @name: its name: tracepoints are not exported, the list of them is
 * @probe: our function
 * @tp: the tracepoint, once found
 */
struct life_event {
	const char *name;
	void *probe;
	struct tracepoint *tp;
};

static struct life_event life[] = {
	{ .name = "sched_process_fork", .probe = on_fork },
	{ .name = "sched_process_exec", .probe = on_exec },
	{ .name = "sched_process_exit", .probe = on_exit },
};

static void find_life_event(struct tracepoint *tp, void *unused)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(life); i++) {
		if (!strcmp(tp->name, life[i].name))
			life[i].tp = tp;
	}
}

static void unhook_life(int nr)
{
	while (nr--)
		tracepoint_probe_unregister(life[nr].tp, life[nr].probe, NULL);
	tracepoint_synchronize_unregister();
}

static int hook_life(void)
{
	int i, ret;

	for (i = 0; i < ARRAY_SIZE(life); i++) {
		ret = life[i].tp ? tracepoint_probe_register(life[i].tp,
							     life[i].probe,
							     NULL) : -ENOENT;
		if (ret) {
			unhook_life(i);
			return ret;
		}
	}
	return 0;
}

/* ---- hooking ---- */

static bool on_fault(unsigned long *handle, unsigned long vma,
		     unsigned long addr, unsigned long flags,
		     unsigned long regs)
{
	struct cow_fault *f = fault_begins((struct vm_area_struct *)vma, addr,
					   flags, !regs);

	if (f)
		*handle = READ_ONCE(f->handle);
	return f;
}

static void on_fault_end(unsigned long handle, unsigned long ret)
{
	struct cow_fault *f = claim_slot(handle);

	if (f)
		fault_ends(f, (__force vm_fault_t)ret);
}

/*
 * Guards @reasons and what follows. Taken where the list of targets is changed, and
 * in the kernel's event_mutex, which its own kprobes are set with as well.
 */
static DEFINE_MUTEX(hook_lock);
/* Not yet or no more: the module is being loaded or unloaded. */
static bool is_open;
static bool is_hooked;

/* Why nothing is hooked although a process is attached, or 0. */
static int hook_error;

/* Caller holds hook_lock. */
static int set_hook(void)
{
	int ret;

	if (is_hooked || !is_open)
		return 0;
	ret = alloc_slots();
	if (!ret)
		ret = cow_hook_register(&fault_hook, nr_slots);
	if (ret)
		free_all_slots();
	is_hooked = !ret;
	return ret;
}

/* Caller holds hook_lock. When it returns, no handler runs, and none will. */
static void clear_hook(void)
{
	if (!is_hooked)
		return;
	cow_hook_unregister(&fault_hook);
	free_all_slots();
	atomic_long_set(&unheard, 0);
	is_hooked = false;
}

static bool is_wanted(void)
{
	int i;

	for (i = 0; i < COW_NR_REASONS && !reasons[i]; i++)
		;
	return i < COW_NR_REASONS;
}

/* Observe for one more reason. Returns 0 or an error; then it does not count. */
static int want(enum cow_reason why)
{
	int ret;

	mutex_lock(&hook_lock);
	ret = set_hook();
	if (!ret) {
		/* Paired in is_listened_to(). */
		smp_store_release(&reasons[why], reasons[why] + 1);
	}
	mutex_unlock(&hook_lock);
	return ret;
}

/* For one reason less. When it returns, no handler goes by it any more. */
static void unwant(enum cow_reason why)
{
	mutex_lock(&hook_lock);
	WRITE_ONCE(reasons[why], reasons[why] - 1);
	if (is_wanted())
		synchronize_rcu();
	else
		clear_hook();
	mutex_unlock(&hook_lock);
}

/**
 * cow_faults_listen - somebody begins to listen to the tracepoint
 * @call: the tracepoint's event
 * @perf: it is perf, or a BPF program; else tracefs
 *
 * The hook is set when this returns, so that no fault of what begins afterwards is
 * missed. Caller holds the kernel's event_mutex, and may sleep.
 *
 * Return: 0 or an error.
 */
int cow_faults_listen(struct trace_event_call *call, bool perf)
{
	fault_call = call;
	return want(perf ? COW_FOR_PERF : COW_FOR_TRACEFS);
}

/**
 * cow_faults_unlisten - somebody does not listen any more
 * @perf: as with cow_faults_listen()
 *
 * When it returns, no handler looks at perf's lists of the event any more, if it
 * was perf. Caller holds event_mutex.
 */
void cow_faults_unlisten(bool perf)
{
	unwant(perf ? COW_FOR_PERF : COW_FOR_TRACEFS);
}

/**
 * cow_faults_hook - begin to observe: the first process is being attached
 *
 * Without a hook, all but faults and events works.
 */
void cow_faults_hook(void)
{
	int ret = want(COW_FOR_TARGETS);

	hooked++;
	if (!ret) {
		ret = hook_life();
		if (ret)
			unwant(COW_FOR_TARGETS);
	}
	WRITE_ONCE(hook_error, ret);
}

/**
 * cow_faults_unhook - no process is attached any more
 *
 * When it returns, no child is born as a target, and none will be.
 */
void cow_faults_unhook(void)
{
	if (!hook_error) {
		unhook_life(ARRAY_SIZE(life));
		unwant(COW_FOR_TARGETS);
	}
	/* Not before: a child that is born until then is not observed any more. */
	hooked++;
	following = false;
	free_spares();
}

/**
 * cow_faults_open - observe from now on, if perf or tracefs have asked for it already
 */
void cow_faults_open(void)
{
	mutex_lock(&hook_lock);
	is_open = true;
	if (is_wanted())
		WRITE_ONCE(hook_error, set_hook());
	mutex_unlock(&hook_lock);
}

/**
 * cow_faults_close - do not observe any more, whoever listens
 *
 * For unload. tracefs goes on listening until the kernel takes the event away.
 */
void cow_faults_close(void)
{
	mutex_lock(&hook_lock);
	is_open = false;
	clear_hook();
	mutex_unlock(&hook_lock);
}

/**
 * cow_faults_error - whether attached processes are observed
 *
 * Return: 0, or -EOPNOTSUPP if nothing could be hooked.
 */
int cow_faults_error(void)
{
	return READ_ONCE(hook_error) ? -EOPNOTSUPP : 0;
}

/**
 * cow_watch_begin - observe a process
 * @target: the process, complete; its namespace is that of the caller
 */
void cow_watch_begin(struct cow_target *target)
{
	target->watch.ns = get_pid_ns(task_active_pid_ns(current));
	target->watch.missed = cow_hook_missed(&fault_hook);
	atomic_set(&target->watch.alive, 1);
	add_to_hash(target);
	cow_account_begin(target);
	/* It may have exited before its exit would have been seen. */
	if (!cow_target_alive(target))
		end_life(target);
}

/**
 * cow_watch_follow - from now on attach the children of a process as well
 * @target: the process, observed; the caller keeps others from doing the same
 */
void cow_watch_follow(struct cow_target *target)
{
	struct cow_watch *watch = &target->watch;

	if (watch->follow)
		return;
	following = true;
	cow_watch_refill();
	raw_spin_lock_irq(&watch->lock);
	watch->root = target;
	raw_spin_unlock_irq(&watch->lock);
	/* Whoever sees this has to see the root: paired in on_fork(). */
	smp_store_release(&watch->follow, true);
}

/**
 * cow_watch_is_current - whether a child was observed from its birth on
 * @target: the child
 *
 * Return: false if nothing was hooked in between.
 */
bool cow_watch_is_current(const struct cow_target *target)
{
	return target->watch.hooked == hooked;
}

/**
 * cow_watch_lost_child - count a child that cannot be a target
 * @target: the child
 */
void cow_watch_lost_child(struct cow_target *target)
{
	count(target->watch.root, COW_C_fork_lost, COWI_VMA_SPECIAL, 1);
}

/**
 * cow_watch_end - observe it no longer
 * @target: the process, for which @detached is set
 */
void cow_watch_end(struct cow_target *target)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&targets_lock, flags);
	hlist_del_init_rcu(&target->watch.node);
	raw_spin_unlock_irqrestore(&targets_lock, flags);
	end_life(target);
}

/**
 * cow_watch_release - drop what a target has for the observer
 * @target: the target, which is about to be freed
 */
void cow_watch_release(struct cow_target *target)
{
	struct cow_target *root = target->watch.root;

	put_pid_ns(target->watch.ns);
	if (root && root != target)
		cow_target_put(root);
}

/* ---- <pid>/faults, status ---- */

static void show_counter(struct seq_file *m, const struct cow_watch *watch,
			 enum cow_counter what, const char *name)
{
	u64 value[COWI_NR_VMAS], total = 0;
	int vma;

	for (vma = 0; vma < COWI_NR_VMAS; vma++) {
		value[vma] = atomic64_read(&watch->counter[what][vma]);
		total += value[vma];
	}
	/* What the hook has missed may have been of any process. */
	if (what == COW_C_lost)
		total = max_t(u64, atomic64_read(&watch->unaccounted), total +
			      cow_hook_missed(&fault_hook) - watch->missed);
	seq_printf(m, "%s: %llu", name, total);
	for (vma = 0; vma < COWI_NR_VMAS; vma++)
		seq_printf(m, " %llu", value[vma]);
	seq_putc(m, '\n');
}

static int faults_show(struct seq_file *m, void *unused)
{
	static const struct {
		const char *name;
	} counters[COW_NR_COUNTERS] = {
#define COW_X(name, unit, meaning)	{ #name },
		COWINSPECT_FAULTS(COW_X)
#undef COW_X
	};
	struct cow_target *target = m->private;
	int i;

	if (READ_ONCE(target->detached))
		return -EIO;
	cow_account_note(target);
	seq_puts(m, "counters: total anon file shmem hugetlb special\n");
	for (i = 0; i < COW_NR_COUNTERS; i++)
		show_counter(m, &target->watch, i, counters[i].name);
	return 0;
}

/* seq_file may have text left from before the target was detached. */
static ssize_t faults_read(struct file *file, char __user *ubuf, size_t count,
			   loff_t *ppos)
{
	const struct seq_file *m = file->private_data;
	const struct cow_target *target = m->private;

	if (READ_ONCE(target->detached))
		return -EIO;
	return seq_read(file, ubuf, count, ppos);
}

static int faults_open(struct inode *inode, struct file *file)
{
	struct cow_target *target = inode->i_private;
	int ret = cow_check_opener();

	if (!ret)
		ret = cow_faults_error();
	if (!ret)
		ret = single_open(file, faults_show, target);
	if (!ret)
		cow_target_get(target);
	return ret;
}

static int faults_release(struct inode *inode, struct file *file)
{
	struct seq_file *m = file->private_data;

	cow_target_put(m->private);
	return single_release(inode, file);
}

const struct file_operations cow_faults_fops = {
	.owner = THIS_MODULE,
	.open = faults_open,
	.read = faults_read,
	.llseek = seq_lseek,
	.release = faults_release,
};

/**
 * cow_faults_print_status - print what the observer can do, as "name: value"
 * @m: where to
 */
void cow_faults_print_status(struct seq_file *m)
{
	seq_printf(m, "event_size: %zu\n", sizeof(struct cowinspect_event));
	seq_printf(m, "observer: %s\n", COW_HOOK_NAME);
	seq_printf(m, "observer_remote: %s\n", COW_REMOTE ? "exact" : "absent");
	seq_printf(m, "observer_error: %d\n", READ_ONCE(hook_error));
	seq_printf(m, "observer_armed: %s\n", cow_hook_armed() ? "yes" : "no");
	seq_printf(m, "observer_missed: %lu\n", cow_hook_missed(&fault_hook) +
		   atomic_long_read(&unheard));
	seq_printf(m, "observer_for: targets %u, perf %u, tracefs %u\n",
		   READ_ONCE(reasons[COW_FOR_TARGETS]),
		   READ_ONCE(reasons[COW_FOR_PERF]),
		   READ_ONCE(reasons[COW_FOR_TRACEFS]));
	seq_printf(m, "max_inflight: %u\n", READ_ONCE(cow_max_inflight));
	seq_printf(m, "event_ring: %u\n", READ_ONCE(cow_event_ring));
}

/**
 * cow_faults_init - what is to be done once
 */
void cow_faults_init(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(inflight); i++)
		raw_spin_lock_init(&inflight[i].lock);
	uses = get_random_long();
	for_each_kernel_tracepoint(find_life_event, NULL);
}
