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
 * Nothing on the way of a fault is shared by all CPUs: slots and counters are per
 * CPU, so are references, and a lock is for 2 MiB of an address space.
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
 * A fault of an attached process in the memory of another one is none of its own,
 * but the kernel counts it for the process (mm_account_fault()): so it is followed
 * to its end as well, to be counted.
 *
 * Who listens to the tracepoint (trace.c) hears of faults of any process; those of
 * one that is not attached go the same way, with nothing to be counted. Most have
 * nobody who listens, while somebody does to another process: that is found first.
 *
 * It is hooked while somebody wants to know (want.c).
 *
 * Longer than other files: all of it is about one structure, which nobody else sees.
 */
#include <linux/bitops.h>
#include <linux/cache.h>
#include <linux/hash.h>
#include <linux/hugetlb.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timekeeping.h>
#include <linux/trace_events.h>
#include <linux/userfaultfd_k.h>

#include "compat.h"
#include "cow.h"
#include "trace.h"

#define FAULT_HASH_BITS		8
#define INFLIGHT_MIN		64U
#define INFLIGHT_MAX		65536U

unsigned int cow_max_inflight = 1024;

/**
 * struct fault - a fault in progress
 * @node: in the hash by address space and place, or of the free ones
 * @handle: what cow_observe_end() is given to find this use of the slot; 0 while it
 *	is free, or being ended
 * @use: how many times the slot was used, from a number on that no other load had
 * @target: whose memory it is in, referenced, or NULL
 * @payer: the process that does it and has it counted by the kernel, referenced
 *	unless it is @target, or NULL
 * @pid: if somebody listens, the process whose memory it is in, in the initial pid
 *	namespace, or 0
 * @chain: who else is in progress near it
 * @listened: somebody listens
 * @remote: it is a thread's of another process
 * @gup: get_user_pages() makes it
 * @major: it is counted as such
 * @access: FAULT_FLAG_*
 * @tid: the thread, in the initial pid namespace
 * @paid: what the kernel had counted for the thread when the fault began
 * @mm: the address space
 * @vma: what is known of the VMA
 * @addr: the address
 * @size: page size, if the VMA is of hugetlb, else 0
 * @pmd: where its PMD is, if that was there when it began
 * @since: when it began, if somebody listens
 * @predicted: what was predicted, if somebody listens
 * @confidence: and how sure that was
 * @c: what outcome.c gets to know
 * @raw: the entry as it was looked at last: here, as many kernels clear what is on
 *	the stack
 * @page: the same
 */
struct fault {
	struct hlist_node node;
	unsigned long handle;
	unsigned long use;
	struct cow_target *target;
	struct cow_target *payer;
	struct fault_chain *chain;
	pid_t pid;
	pid_t tid;
	unsigned int access;
	bool listened;
	bool remote;
	bool gup;
	bool major;
	unsigned long paid;
	struct mm_struct *mm;
	struct cow_vma vma;
	unsigned long addr;
	unsigned long size;
	pmd_t *pmd;
	u64 since;
	u8 predicted;
	u8 confidence;
	struct cow_case c;
	struct cow_raw raw;
	struct cowinspect_page page;
} ____cacheline_aligned_in_smp;

/**
 * struct fault_chain - faults in progress
 * @lock: guards the list, and @c of its members
 * @list: all those in a PMD's range of an address space are in one
 */
struct fault_chain {
	raw_spinlock_t lock;
	struct hlist_head list;
} ____cacheline_aligned_in_smp;

static struct fault_chain inflight[1 << FAULT_HASH_BITS];

/* A handle is the number of a use, above that of the slot. */
#define SLOT_BITS		16

static struct fault *slots;
static unsigned int nr_slots;

/**
 * struct slot_pool - free slots that this CPU takes first
 * @last: the one that was given back last, or NULL: taken by an atomic exchange
 * @lock: guards the list, from which others take as well when theirs is empty
 * @free: the other slots
 */
struct slot_pool {
	struct fault *last;
	raw_spinlock_t lock;
	struct hlist_head free;
};

static DEFINE_PER_CPU(struct slot_pool, pools);

/* ---- who listens ---- */

unsigned int cow_reasons[COW_NR_REASONS];
struct trace_event_call *cow_fault_call;

/* Faults that were listened to when all slots were in use. */
static atomic_long_t unheard;

/*
 * perf keeps a list of the events that are active on this CPU now, those of a thread
 * only while it runs; preemption is off. The list is there as long as perf listens.
 */
static bool perf_listens(void)
{
#ifdef CONFIG_PERF_EVENTS
	return bpf_prog_array_valid(cow_fault_call) ||
	       !hlist_empty(this_cpu_ptr(cow_fault_call->perf_events));
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
	if (READ_ONCE(cow_reasons[COW_FOR_TRACEFS]))
		return true;
	/* Paired in want.c: by then perf has its lists. */
	if (!smp_load_acquire(&cow_reasons[COW_FOR_PERF]))
		return false;
	return perf_listens() ||
	       (remote && owner && cow_has_perf_events(owner));
}

/* ---- slots ---- */

static struct fault_chain *chain_of(const struct mm_struct *mm,
				    unsigned long addr)
{
	return &inflight[hash_long((unsigned long)mm ^ (addr >> PMD_SHIFT),
				   FAULT_HASH_BITS)];
}

static struct fault *take_slot(struct slot_pool *pool)
{
	struct fault *f = READ_ONCE(pool->last) ? xchg(&pool->last, NULL) : NULL;
	unsigned long flags;

	if (f)
		return f;
	/* It may be another CPU's: do not disturb that for nothing. */
	if (hlist_empty(&pool->free))
		return NULL;
	raw_spin_lock_irqsave(&pool->lock, flags);
	if (!hlist_empty(&pool->free)) {
		f = hlist_entry(pool->free.first, struct fault, node);
		hlist_del(&f->node);
	}
	raw_spin_unlock_irqrestore(&pool->lock, flags);
	return f;
}

static struct fault *get_slot(void)
{
	struct fault *f = take_slot(raw_cpu_ptr(&pools));
	int cpu;

	if (!f) {
		for_each_possible_cpu(cpu) {
			f = take_slot(per_cpu_ptr(&pools, cpu));
			if (f)
				break;
		}
	}
	if (f)
		WRITE_ONCE(f->handle, ++f->use << SLOT_BITS | (f - slots));
	return f;
}

/* Returns the slot, whose fault is to be ended now, or NULL if it is not in use. */
static struct fault *claim_slot(unsigned long handle)
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

static void add_to_pool(struct slot_pool *pool, struct fault *f)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&pool->lock, flags);
	hlist_add_head(&f->node, &pool->free);
	raw_spin_unlock_irqrestore(&pool->lock, flags);
}

static void put_slot(struct fault *f)
{
	struct slot_pool *pool = raw_cpu_ptr(&pools);

	put_targets(f->target, f->payer);
	f->target = NULL;
	f->payer = NULL;
	f = xchg(&pool->last, f);
	if (f)
		add_to_pool(pool, f);
}

/**
 * cow_observe_start - before anything is hooked: what faults in progress need
 *
 * Return: how many there may be, or -ENOMEM.
 */
int cow_observe_start(void)
{
	unsigned long use = get_random_long();
	int cpu = -1;
	unsigned int i;

	BUILD_BUG_ON(BIT(SLOT_BITS) < INFLIGHT_MAX);
	nr_slots = clamp(READ_ONCE(cow_max_inflight), INFLIGHT_MIN,
			 INFLIGHT_MAX);
	slots = kvcalloc(nr_slots, sizeof(*slots), GFP_KERNEL);
	if (!slots)
		return -ENOMEM;
	for (i = 0; i < nr_slots; i++) {
		cpu = cpumask_next(cpu, cpu_possible_mask);
		if (cpu >= nr_cpu_ids)
			cpu = cpumask_first(cpu_possible_mask);
		slots[i].use = use;
		add_to_pool(per_cpu_ptr(&pools, cpu), &slots[i]);
	}
	return nr_slots;
}

/**
 * cow_observe_stop - when nothing is hooked any more: forget faults in progress
 *
 * No handler runs. What the slots still hold nobody else will put.
 */
void cow_observe_stop(void)
{
	unsigned int i;
	int cpu;

	for (i = 0; i < nr_slots; i++)
		put_targets(slots[i].target, slots[i].payer);
	for (i = 0; i < ARRAY_SIZE(inflight); i++)
		INIT_HLIST_HEAD(&inflight[i].list);
	for_each_possible_cpu(cpu) {
		per_cpu_ptr(&pools, cpu)->last = NULL;
		INIT_HLIST_HEAD(&per_cpu_ptr(&pools, cpu)->free);
	}
	kvfree(slots);
	slots = NULL;
	nr_slots = 0;
	atomic_long_set(&unheard, 0);
}

/* ---- the beginning of a fault ---- */

static void note_nothing(struct cow_entry *to)
{
	to->pfn = COWINSPECT_NO_PFN;
	to->flags = 0;
	to->kind = COWI_KIND_NONE;
	to->map_order = 0;
	to->torn = false;
}

static void note_entry(struct cow_entry *to, unsigned long addr,
		       const struct cowinspect_page *page)
{
	to->pfn = page->pfn;
	if (page->flags & COWI_F_PRESENT)
		to->pfn += (addr - page->addr) >> PAGE_SHIFT;
	to->flags = page->flags;
	to->kind = page->kind;
	to->map_order = page->map_order;
	to->torn = false;
}

/* Returns whether there is an entry. Caller holds the chain's lock. */
static bool look(struct fault *f, struct cow_entry *to)
{
	bool whole = cow_peek(f->mm, &f->vma, f->size, f->addr, &f->pmd, &f->raw);

	if (f->raw.attr == COW_A_NONE) {
		note_nothing(to);
		to->torn = !whole;
		return false;
	}
	cow_decode(&f->raw, &f->vma, &f->page);
	note_entry(to, f->addr, &f->page);
	return true;
}

/* What depends on more of a large folio than its mark is not predicted here. */
static bool can_predict(const struct cowinspect_page *page)
{
	return page->outcome == COWI_NEXT_NOFAULT || page->kind != COWI_KIND_ANON ||
	       !(page->flags & COWI_F_LARGE) ||
	       page->flags & (COWI_F_HUGETLB | COWI_F_EXCLUSIVE);
}

static void note_vma(struct fault *f, struct vm_area_struct *vma,
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
	c->cached = 0;
	f->size = 0;
	if (is_vm_hugetlb_page(vma)) {
		f->size = huge_page_size(hstate_vma(vma));
		c->cached = READ_ONCE(vma->vm_file->f_mapping->nrpages) != 0;
	}
}

/* Whether what it does is judged: else it is only counted, elsewhere. */
static bool is_judged(const struct fault *f)
{
	return f->target || f->listened;
}

static void note_access(struct fault *f, struct vm_area_struct *vma,
			unsigned int flags, bool gup)
{
	f->c.write = !!(flags & FAULT_FLAG_WRITE);
	f->c.unshare = !!(flags & COW_FAULT_UNSHARE);
	f->c.marks = cow_kernel_rules.exclusive;
	f->c.done_before = !COW_FAULT_COMPLETED && flags & FAULT_FLAG_TRIED;
	f->access = flags;
	f->gup = gup;
	note_vma(f, vma, flags);
}

/* @found: there is an entry. */
static void note_prediction(struct fault *f, bool found)
{
	f->predicted = COWI_NEXT_NONE;
	f->confidence = COWI_CONF_NONE;
	if (!found || !f->c.write)
		return;
	cow_predict(&f->raw, &f->page);
	if (!can_predict(&f->page))
		return;
	f->predicted = f->page.outcome;
	f->confidence = f->page.confidence;
}

/*
 * The entry is read under the lock under which the end of another fault passes
 * what it did to those in progress: this one either sees that, or gets it.
 */
static void begin_fault(struct fault *f)
{
	struct fault_chain *chain = chain_of(f->mm, f->addr);
	unsigned long flags;
	bool found = false;

	f->chain = chain;
	raw_spin_lock_irqsave(&chain->lock, flags);
	if (is_judged(f))
		found = look(f, &f->c.before);
	hlist_add_head(&f->node, &chain->list);
	raw_spin_unlock_irqrestore(&chain->lock, flags);
	if (f->listened)
		note_prediction(f, found);
}

/*
 * A slot with those that a fault concerns, or NULL. Where preemption is off, as here,
 * RCU's readers need say nothing.
 */
static struct fault *get_slot_for(struct mm_struct *mm)
{
	struct cow_target *target = NULL, *payer = NULL;
	struct pid *doer = task_tgid(current);
	struct fault *f = NULL;
	struct task_struct *owner;
	bool remote, listened;

	owner = cow_mm_owner(mm);
	remote = owner ? task_tgid(owner) != doer : mm != current->mm;
	listened = is_listened_to(owner, remote);
	if (READ_ONCE(cow_reasons[COW_FOR_TARGETS])) {
		if (owner)
			target = cow_target_find_get(task_tgid(owner));
		payer = owner && !remote ? target : cow_target_find_get(doer);
	}
	if (target || payer || listened)
		f = get_slot();
	if (f) {
		f->target = target;
		f->payer = payer;
		f->pid = owner && listened ? task_tgid_nr(owner) : 0;
		f->listened = listened;
		f->remote = remote;
	} else {
		if (target)
			cow_count(target, COW_C_lost, COWI_VMA_SPECIAL, 1);
		if (listened)
			atomic_long_inc(&unheard);
		put_targets(target, payer);
	}
	return f;
}

/* Returns NULL if the fault is not observed. */
static struct fault *fault_begins(struct vm_area_struct *vma,
				  unsigned long addr, unsigned int flags,
				  bool gup)
{
	struct fault *f = get_slot_for(vma->vm_mm);

	if (!f)
		return NULL;
	f->tid = task_pid_nr(current);
	f->paid = cow_faults_of(current);
	if (f->listened)
		f->since = ktime_get_mono_fast_ns();
	f->mm = vma->vm_mm;
	f->addr = addr;
	f->pmd = NULL;
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
	static const u8 counters[COWI_NR_DID] = {
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
	static const u8 counters[COWI_NR_KINDS] = {
#define COW_X(id, name, total, copied, ...) \
		[id] = COW_C_copied_##copied,
		COWINSPECT_KINDS(COW_X, COW_X)
#undef COW_X
	};

	if (c->before.flags & COWI_F_PRESENT && c->before.map_order)
		return COW_C_copied_huge;
	return did->from < COWI_NR_KINDS ? counters[did->from] :
					   COW_C_copied_other;
}

static void count_copy(struct fault *f, const struct cow_did *did)
{
	const struct cow_case *c = &f->c;

	if (did->outcome == COWI_DID_COPIED)
		cow_count(f->target, copied_counter(c, did), c->vma, 1);
	else if (did->outcome != COWI_DID_SWAPIN_COPIED)
		return;
	cow_count(f->target, COW_C_copied_bytes, c->vma, PAGE_SIZE << did->order);
	if (f->remote)
		cow_count(f->target, COW_C_remote_copied, c->vma, 1);
}

/* As mm_account_fault() does: for the process that does it. */
static void count_paid(struct fault *f)
{
	if (!f->payer || f->c.result == COW_RESULT_RETRY ||
	    f->c.result == COW_RESULT_ERROR)
		return;
	if (f->payer != f->target) {
		cow_count(f->payer, COW_C_elsewhere, f->c.vma, 1);
		return;
	}
	cow_count(f->target, COW_C_accounted, f->c.vma, 1);
	if (f->major)
		cow_count(f->target, COW_C_major, f->c.vma, 1);
}

static void count_fault(struct fault *f, const struct cow_did *did)
{
	const struct cow_case *c = &f->c;

	cow_count(f->target, COW_C_observed, c->vma, 1);
	cow_count(f->target, outcome_counter(did->outcome), c->vma, 1);
	count_copy(f, did);
	if (did->split)
		cow_count(f->target, COW_C_splits, c->vma, 1);
	if (f->remote)
		cow_count(f->target, COW_C_remote, c->vma, 1);
}

/* How much is mapped that was not: nothing where the fault was given up. */
static u64 bytes_of(const struct fault *f, const struct cow_did *did)
{
	const struct cow_case *c = &f->c;

	return c->after.flags & COWI_F_PRESENT ||
	       c->result == COW_RESULT_UNLOCKED ? PAGE_SIZE << did->order : 0;
}

/* COWI_E_* of a fault that is over. */
static u32 event_flags(const struct fault *f, const struct cow_did *did)
{
	u32 flags = 0;

	if (f->c.write)
		flags |= COWI_E_WRITE;
	if (f->access & FAULT_FLAG_INSTRUCTION)
		flags |= COWI_E_EXEC;
	if (f->access & FAULT_FLAG_USER)
		flags |= COWI_E_USER;
	if (f->remote)
		flags |= COWI_E_REMOTE;
	if (f->gup)
		flags |= COWI_E_GUP;
	if (f->major)
		flags |= COWI_E_MAJOR;
	if (f->access & FAULT_FLAG_TRIED)
		flags |= COWI_E_TRIED;
	if (f->c.vma_shared)
		flags |= COWI_E_SHARED;
	if (did->split)
		flags |= COWI_E_SPLIT;
	if (f->c.unshare)
		flags |= COWI_E_UNSHARE;
	return flags;
}

static void tell_listeners(struct fault *f, const struct cow_did *did)
{
	const struct cow_case *c = &f->c;
	struct task_struct *owner = NULL;
	const struct cow_fault told = {
		.addr = f->addr,
		.bytes = bytes_of(f, did),
		.cost = ktime_get_mono_fast_ns() - f->since,
		.pid = f->pid,
		.flags = event_flags(f, did),
		.outcome = did->outcome,
		/* What was copied may not have been mapped. */
		.old_kind = did->from != COWI_KIND_NONE ? did->from :
							  c->before.kind,
		.new_kind = c->after.kind,
		.old_order = c->before.map_order,
		.new_order = did->order,
		.vma = c->vma,
		.predicted = f->predicted,
		.confidence = f->confidence,
	};
	unsigned long flags;

	/* As trace.h says; RCU's readers need say nothing more. */
	local_irq_save(flags);
	if (f->remote)
		owner = cow_mm_owner(f->mm);
	trace_cow_fault(&told, owner ?: current);
	local_irq_restore(flags);
}

static void end_fault(struct fault *f)
{
	struct fault_chain *chain = f->chain;
	struct fault *other;
	unsigned long flags;

	raw_spin_lock_irqsave(&chain->lock, flags);
	/* Both at once: see cow_observe_unsettled(). */
	count_paid(f);
	hlist_del(&f->node);
	if (is_judged(f) && f->c.result == COW_RESULT_DONE)
		look(f, &f->c.after);
	else
		note_nothing(&f->c.after);
	hlist_for_each_entry(other, &chain->list, node) {
		if (is_judged(f) && other->mm == f->mm)
			cow_entry_pass(&other->c.before, other->addr, &f->c,
				       f->addr, PAGE_SIZE);
	}
	raw_spin_unlock_irqrestore(&chain->lock, flags);
}

static void judge_fault(struct fault *f)
{
	struct cow_did did = cow_outcome(&f->c);

	if (f->listened)
		tell_listeners(f, &did);
	if (f->target && !READ_ONCE(f->target->detached))
		count_fault(f, &did);
}

static void fault_ends(struct fault *f, vm_fault_t ret)
{
	f->c.result = result_of(ret);
	f->major = f->c.result < COW_RESULT_RETRY &&
		   (ret & VM_FAULT_MAJOR || f->access & FAULT_FLAG_TRIED);
	end_fault(f);
	if (is_judged(f))
		judge_fault(f);
	put_slot(f);
}

/**
 * cow_observe_begin - the hook's function at the beginning of handle_mm_fault()
 * @handle: set, for cow_observe_end()
 * @vma: its first argument, as the next three: struct vm_area_struct
 * @addr: the address
 * @flags: FAULT_FLAG_*
 * @regs: NULL, unless user space or the kernel itself had the fault
 *
 * Return: false if the fault is not observed.
 */
bool cow_observe_begin(unsigned long *handle, unsigned long vma,
		       unsigned long addr, unsigned long flags,
		       unsigned long regs)
{
	struct fault *f = fault_begins((struct vm_area_struct *)vma, addr,
				       flags, !regs);

	if (f)
		*handle = READ_ONCE(f->handle);
	return f;
}

/**
 * cow_observe_end - the hook's function at its end
 * @handle: from cow_observe_begin()
 * @ret: vm_fault_t
 */
void cow_observe_end(unsigned long handle, unsigned long ret)
{
	struct fault *f = claim_slot(handle);

	if (f)
		fault_ends(f, (__force vm_fault_t)ret);
}

/* What the kernel has counted for the thread of a fault since it began. RCU. */
static unsigned long paid_since(const struct fault *f)
{
	struct task_struct *task = pid_task(find_pid_ns(f->tid, &init_pid_ns),
					    PIDTYPE_PID);

	if (!task || task_tgid(task) != f->payer->pid)
		return 0;
	return cow_faults_of(task) - f->paid;
}

/**
 * cow_observe_unsettled - how many faults the kernel has counted and we have not yet
 * @payer: the process for which they are counted
 *
 * A thread has one fault at a time. If the kernel has counted more for it since
 * one began, that is over, though its end was not seen.
 *
 * Return: of the faults in progress, those that the kernel has counted.
 */
u64 cow_observe_unsettled(const struct cow_target *payer)
{
	struct fault *f;
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

/**
 * cow_observe_unheard - how many faults were listened to that nobody was told of
 *
 * Return: those that found all slots in use, since cow_observe_start().
 */
unsigned long cow_observe_unheard(void)
{
	return atomic_long_read(&unheard);
}

/**
 * cow_observe_init - what is to be done once
 */
void cow_observe_init(void)
{
	int i, cpu;

	for (i = 0; i < ARRAY_SIZE(inflight); i++)
		raw_spin_lock_init(&inflight[i].lock);
	for_each_possible_cpu(cpu)
		raw_spin_lock_init(&per_cpu_ptr(&pools, cpu)->lock);
}
