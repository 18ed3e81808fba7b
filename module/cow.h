/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The parts of the module and how they meet. Data flows one way:
 *
 *	a read of a file (files.c)
 *	  -> target.c	whose address space
 *	  -> walk.c	its page tables (all locking)
	  -> capture.c	their entries, as the kernel keeps them
 *	  -> decode.c	the kernel's words -> facts in our vocabulary
 *	  -> classify.c	facts -> what the next write does (pure)
 *	  -> tally.c	facts -> totals, or straight to the reader as records
 *
 *	a page fault (observe.c, by hook.c, while want.c has it hooked)
 *	  -> peek.c	the entry before and after, read without locks
 *	  -> decode.c	as above
 *	  -> outcome.c	both -> what the fault did (pure)
 *	  -> target.c	counted, if the process is attached
 *	  -> trace.h	told, if somebody listens
 *
 *	a read of a target's counters (files.c)
 *	  -> counters.c	and whether the kernel has counted faults that were not seen
 *	  -> observe.c	what is in progress
 *	  -> want.c	what the hook has missed
 *
 *	perf or tracefs begins to listen (trace.c)
 *	  -> want.c	sets the hook, as the first attached process does
 *	  -> fork.c	or sees to it that forks are told of
 *
 * Nothing calls back up. cow_ is the module's own, cowi_ and COWI_ are what it shares
 * with user space.
 */
#ifndef _COW_H
#define _COW_H

#include <linux/fs.h>
#include <linux/list.h>
#include <linux/mm_types.h>
#include <linux/percpu.h>
#include <linux/percpu-refcount.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "uapi/cowinspect.h"
#include "classify.h"
#include "compat.h"
#include "outcome.h"

#define COW_VERSION	"0.2.0"

struct trace_event_call;

/* ---- hold.c ---- */

/**
 * enum cow_lock - locks whose holds are measured
 * @COW_LOCK_MMAP: of the address space that a chunk is captured from
 * @COW_LOCK_TABLE: of a page table, while its entries are captured
 * @COW_LOCK_TARGETS: the list of targets, held while one comes or goes
 * @COW_NR_LOCKS: how many there are; not a lock
 */
enum cow_lock {
	COW_LOCK_MMAP,
	COW_LOCK_TABLE,
	COW_LOCK_TARGETS,
	COW_NR_LOCKS
};

u64 cow_hold_begin(void);
void cow_hold_end(enum cow_lock lock, u64 since);
u64 cow_hold_max(enum cow_lock lock);
void cow_hold_print(struct seq_file *m);

/* ---- walk.c, capture.c ---- */

/* Entries and empty slots looked at in one hold of the locks: what bounds it. */
#define COW_CHUNK_SLOTS		1024
/* Entries in a chunk of which each is kept, and kinds of them where they are counted. */
#define COW_CHUNK_ENTRIES	512
/* PTEs whose pages are asked for together. */
#define COW_BATCH		128U
/* Kinds of entries that new ones are compared with. */
#define COW_NR_LIKES		8U

/* struct cow_raw.attr */
#define COW_A_MAPPING		0x00000003U	/* low bits of folio->mapping */
#define COW_A_NO_MAPPING	BIT(2)		/* neither anon nor page cache */
#define COW_A_PAGE		BIT(3)		/* there is a struct page */
#define COW_A_ZERO		BIT(4)		/* shared zero page */
#define COW_A_AVERAGE		BIT(5)		/* mapcount is an average */
#define COW_A_EXCLUSIVE		BIT(6)		/* of a large folio's page */
#define COW_A_PINNED		BIT(7)		/* of a large folio */
#define COW_A_MM_SHARED		BIT(8)		/* large folio, maybe many mms */
#define COW_A_PMD		BIT(9)		/* the entry is a PMD, */
#define COW_A_PUD		BIT(10)		/* or a PUD, or else: */
#define COW_A_HUGETLB		BIT(11)
#define COW_A_MAP_ORDER		0x00ff0000U	/* entry maps 2^n base pages */
#define COW_A_FOLIO_ORDER	0xff000000U
#define COW_A_NONE		(~0U)		/* or all: there is no entry */

/**
 * struct cow_raw - one entry as the kernel keeps it
 * @addr: first virtual address that the entry maps
 * @pte: the entry, if it is a PTE or of hugetlb
 * @pmd: the entry, with COW_A_PMD
 * @pud: the entry, with COW_A_PUD
 * @bits: the entry, whatever it is
 * @pfn: frame number, meaningful for a present entry
 * @folio_flags: the flags word of the folio; see COW_FOLIO_FLAGS
 * @mapcount: of the page; negative if the word has another use
 * @refcount: of the folio
 * @counts: @mapcount and @refcount
 * @attr: COW_A_* bits
 * @folio_mapcount: of a large folio
 * @more: @attr and @folio_mapcount
 *
 * Everything that must be read under the page table lock is in here, so that
 * the rest of the work happens without it.
 */
struct cow_raw {
	u64 addr;
	union {
		pte_t pte;
		pmd_t pmd;
		pud_t pud;
		u64 bits;
	};
	u64 pfn;
	u64 folio_flags;
	union {
		struct {
			s32 mapcount;
			u32 refcount;
		};
		u64 counts;
	};
	union {
		struct {
			u32 attr;
			u32 folio_mapcount;
		};
		u64 more;
	};
};

/**
 * struct cow_vma - what a chunk knows of its VMA
 * @start: first address
 * @end: first address behind it
 * @pgoff: offset in the file, in base pages
 * @vm_flags: the kernel's VM_* flags
 * @flags: COWI_F_* bits that hold for all its entries
 * @kind: what backs it
 * @dax: the memory of a file itself is mapped (DAX)
 */
struct cow_vma {
	unsigned long start;
	unsigned long end;
	unsigned long pgoff;
	unsigned long vm_flags;
	u64 flags;
	enum cowinspect_vma kind;
	bool dax;
};

/**
 * struct cow_vma_name - what to call a VMA
 * @file: the file behind it, referenced, or NULL
 * @text: otherwise its name, maybe empty
 */
struct cow_vma_name {
	struct file *file;
	char text[96];
};

/**
 * struct cow_alike - entries that say the same, but for address and frame
 * @raw: the first of them; of PTEs without @raw.addr and @raw.pfn
 * @n: how many follow each other, or in a walk for totals, how many pages such
 *	entries map that are in the chunk
 */
struct cow_alike {
	struct cow_raw raw;
	u64 n;
};

/**
 * struct cow_place - where an entry was
 * @addr: first virtual address that the entry maps
 * @pfn: frame number, meaningful for a present entry
 */
struct cow_place {
	u64 addr;
	u64 pfn;
};

/**
 * struct cow_seen - a PTE on its way into a chunk
 * @pte: the entry, which is not none
 * @bits: the same
 * @page: its page, or NULL without one
 */
struct cow_seen {
	union {
		pte_t pte;
		u64 bits;
	};
	struct page *page;
};

/**
 * struct cow_like - what entries that are alike have in common, to compare by
 * @small: the attributes of their PTEs, if they map pages of small folios
 * @large: the same, if these are of one large folio
 * @flags: of the folio; of a large one, those of the page
 * @mapping: of the folio
 * @mapcount: the word in the page, which is one less
 * @refcount: of the folio
 * @first: first page of the large folio
 * @end: behind its last one
 * @alike: where they are counted
 */
struct cow_like {
	u64 small;
	u64 large;
	unsigned long flags;
	unsigned long mapping;
	int mapcount;
	int refcount;
	const struct page *first;
	const struct page *end;
	struct cow_alike *alike;
};

/**
 * struct cow_walk - a walk over an address space, a chunk at a time
 * @mm: the address space (its mm_count is held, its mm_users is not)
 * @totals: entries are counted, in any order, and not kept one by one
 * @addr: where the next chunk starts
 * @end: where the walk ends
 * @max: most entries that the next chunk may have, up to COW_CHUNK_ENTRIES; means
 *	nothing with @totals
 * @name: where to put the name of each new VMA, or NULL
 * @vma: the VMA of the current chunk
 * @new_vma: the current chunk is not of the same VMA as the chunk before
 * @gone: the walk ended because the address space has ended
 * @busy: the chunk ended early, since a lock that it needs was held
 * @start: first address of the current chunk; it goes up to @addr
 * @nr: how many kinds of entries the current chunk has
 * @alike: these
 * @entries: how many entries the current chunk has; none with @totals
 * @places: where these are, in order of address, as those of @alike together
 * @mixed: mapcounts of the pages of a huge mapping that differ; of the chunk's
 *	last entry, if that has COW_A_AVERAGE
 * @batch: PTEs whose pages have been asked for
 * @likes: what the next ones may be like; nothing is like the first
 * @nr_likes: how many there have been in the current chunk
 * @last: which of @likes the last one was like
 *
 * A chunk is a part of one VMA; it was captured in one hold of the mmap lock
 * and its entries of one page table in one hold of that table's lock.
 */
struct cow_walk {
	struct mm_struct *mm;
	bool totals;
	unsigned long addr;
	unsigned long end;
	unsigned int max;
	struct cow_vma_name *name;
	struct cow_vma vma;
	bool new_vma;
	bool gone;
	bool busy;
	unsigned long start;
	unsigned int nr;
	struct cow_alike alike[COW_CHUNK_ENTRIES];
	unsigned int entries;
	struct cow_place places[COW_CHUNK_ENTRIES];
	u32 mixed[PTRS_PER_PTE];
	struct cow_seen batch[COW_BATCH];
	struct cow_like likes[1 + COW_NR_LIKES];
	unsigned int nr_likes;
	struct cow_like *last;
};

struct cow_walk *cow_walk_alloc(struct mm_struct *mm, bool totals);
void cow_walk_free(struct cow_walk *walk);
void cow_walk_from(struct cow_walk *walk, unsigned long addr);
int cow_walk_next(struct cow_walk *walk);
void cow_vma_name_put(struct cow_vma_name *name);
void cow_note_vma(struct cow_vma *to, struct vm_area_struct *vma);
pte_t *cow_hugetlb_entry(struct mm_struct *mm, unsigned long addr,
			 unsigned long size);

void cow_chunk_begin(struct cow_walk *walk);
unsigned int cow_chunk_room(const struct cow_walk *walk);
unsigned long cow_capture_ptes(struct cow_walk *walk, pte_t *pte,
			       unsigned long addr, unsigned long end);
unsigned int cow_capture_pmd(struct cow_walk *walk, unsigned long addr,
			     unsigned long next, pmd_t pmd);
unsigned int cow_capture_pud(struct cow_walk *walk, unsigned long addr,
			     unsigned long next, pud_t pud);
unsigned int cow_capture_hugetlb(struct cow_walk *walk, unsigned long addr,
				 unsigned long next, pte_t pte,
				 unsigned int order);

/* ---- peek.c ---- */

bool cow_peek(struct mm_struct *mm, const struct cow_vma *vma,
	      unsigned long size, unsigned long addr, pmd_t **pmd,
	      struct cow_raw *raw);
unsigned int cow_peek_writable(struct mm_struct *mm, unsigned long addr,
			       unsigned long end, u64 *writable);

/* ---- decode.c ---- */

void cow_decode_init(void);
void cow_decode(const struct cow_raw *raw, const struct cow_vma *vma,
		struct cowinspect_page *page);
void cow_predict(const struct cow_raw *raw, struct cowinspect_page *page);

/* ---- tally.c ---- */

/*
 * Totals in the making: the members that COWINSPECT_TOTALS lists, and
 * @map_sum, @ref_sum: sums of all mapcounts and refcounts
 * @pss_fixed: proportional set size, bytes shifted left by COW_PSS_SHIFT
 */
struct cow_tally {
#define COW_X(field, unit, meaning) field,
	u64 COWINSPECT_TOTALS(COW_X)
#undef COW_X
	    map_sum, ref_sum;
	u64 pss_fixed;
};

void cow_tally_chunk(struct cow_tally *tally, const struct cow_walk *walk);
void cow_tally_finish(struct cow_tally *tally);
void cow_tally_print_lines(struct seq_file *m, const struct cow_tally *tally);
void cow_tally_print_header(struct seq_file *m);
void cow_tally_print_row(struct seq_file *m, const struct cow_tally *tally);

/* ---- target.c ---- */

/* Places in struct cow_counts.n: the members of COWINSPECT_FAULTS. */
enum cow_counter {
#define COW_X(name, unit, meaning) COW_C_##name,
	COWINSPECT_FAULTS(COW_X)
#undef COW_X
	COW_NR_COUNTERS
};

/**
 * struct cow_counts - what one CPU has counted for a target
 * @n: by counter and enum cowinspect_vma
 */
struct cow_counts {
	u64 n[COW_NR_COUNTERS][COWI_NR_VMAS];
};

/* In @counted_before: not known yet. */
#define COW_NOT_KNOWN	S64_MAX

/**
 * struct cow_target - a process under inspection
 * @list: in the list of attached targets
 * @node: in the hash by process, under RCU
 * @ref: being attached, every open file and every fault in progress hold one
 * @free: frees it, after a grace period of RCU, where sleeping is allowed
 * @pid: the process, whatever becomes of its number
 * @nr: the number under which it was attached
 * @dir: its directory
 * @detached: reads in progress must come to an end
 * @counts: per CPU; what <pid>/faults shows
 * @missed: what the hook had missed when the target was attached
 * @counted_before: what the kernel counted for it before; see counters.c
 * @unaccounted: what it has counted since and was not seen, as far as is known
 */
struct cow_target {
	struct list_head list;
	struct hlist_node node;
	struct percpu_ref ref;
	struct rcu_work free;
	struct pid *pid;
	unsigned int nr;
	struct dentry *dir;
	bool detached;
	struct cow_counts __percpu *counts;
	unsigned long missed;
	s64 counted_before;
	atomic64_t unaccounted;
};

extern unsigned int cow_max_targets;

int cow_target_init(void);
void cow_target_exit(void);
int cow_targets_lock(void);
void cow_targets_lock_always(void);
void cow_targets_unlock(void);
bool cow_targets_full(void);
void cow_targets_print(struct seq_file *m);
struct cow_target *cow_target_create(unsigned int nr);
void cow_target_discard(struct cow_target *target);
void cow_target_get(struct cow_target *target);
void cow_target_put(struct cow_target *target);
struct cow_target *cow_target_find(const struct pid *pid);
struct cow_target *cow_target_find_get(const struct pid *pid);
struct cow_target *cow_target_of_nr(unsigned int nr);
struct cow_target *cow_target_any(void);
void cow_target_add(struct cow_target *target);
void cow_target_remove(struct cow_target *target);
void cow_target_drop(struct cow_target *target);
bool cow_target_alive(struct cow_target *target);
struct mm_struct *cow_target_grab_mm(struct cow_target *target);

/* May be called in a probe. */
static inline void cow_count(struct cow_target *target, enum cow_counter what,
			     unsigned int vma, u64 n)
{
	this_cpu_add(target->counts->n[what][vma], n);
}

/* ---- observe.c ---- */

/**
 * struct cow_fault - what the tracepoint cow_fault says
 * @addr: the address; the kernel's own accesses give it rounded down to a page
 * @bytes: of the mapping that is there afterwards, or 0
 * @cost: nanoseconds
 * @pid: the process whose memory it is, in the initial pid namespace, or 0
 * @flags: COWI_E_* bits
 * @outcome: enum cowinspect_did
 * @old_kind: enum cowinspect_kind, or COWI_KIND_NONE
 * @new_kind: the same of the entry afterwards
 * @old_order: the entry before mapped 2^@old_order base pages
 * @new_order: the same of the entry afterwards
 * @vma: enum cowinspect_vma
 * @predicted: enum cowinspect_outcome, of a write right before
 * @confidence: enum cowinspect_confidence, of @predicted
 */
struct cow_fault {
	u64 addr;
	u64 bytes;
	u64 cost;
	u32 pid;
	u32 flags;
	u8 outcome;
	u8 old_kind;
	u8 new_kind;
	u8 old_order;
	u8 new_order;
	u8 vma;
	u8 predicted;
	u8 confidence;
};

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

/* How many want it for each; the tracepoint's event. Both are set by want.c. */
extern unsigned int cow_reasons[COW_NR_REASONS];
extern struct trace_event_call *cow_fault_call;
extern unsigned int cow_max_inflight;

void cow_observe_init(void);
int cow_observe_start(void);
void cow_observe_stop(void);
bool cow_observe_begin(unsigned long *handle, unsigned long vma,
		       unsigned long addr, unsigned long flags,
		       unsigned long regs);
void cow_observe_end(unsigned long handle, unsigned long ret);
u64 cow_observe_unsettled(const struct cow_target *payer);
unsigned long cow_observe_unheard(void);

/* What the kernel has counted for a thread. */
static inline unsigned long cow_faults_of(const struct task_struct *task)
{
	/* The thread counts for itself, without a lock: an older value will do. */
	return data_race(task->min_flt) + data_race(task->maj_flt);
}

/* ---- want.c ---- */

void cow_want_open(void);
void cow_want_close(void);
int cow_want_listen(struct trace_event_call *call, bool perf);
void cow_want_unlisten(bool perf);
void cow_want_attached(void);
void cow_want_detached(void);
int cow_want_error(void);
unsigned long cow_want_missed(void);
void cow_want_print(struct seq_file *m);

/* ---- counters.c ---- */

int cow_counters_attached(void);
void cow_counters_detached(void);
void cow_counters_begin(struct cow_target *target);
void cow_counters_print(struct seq_file *m, struct cow_target *target);

/* ---- fork.c ---- */

/**
 * struct cow_fork - what the tracepoint cow_fork says
 * @parent: the process, in the initial pid namespace
 * @child: its child
 * @cost: nanoseconds, or 0 if not known
 * @tables: page tables of the child, in bytes
 * @copied: pages copied, since they were pinned: so many at least
 * @anon: of the child, as the next three: base pages of anonymous memory
 * @file: of files
 * @shmem: of shared memory
 * @swap: swapped out
 */
struct cow_fork {
	u32 parent;
	u32 child;
	u64 cost;
	u64 tables;
	u64 copied;
	u64 anon;
	u64 file;
	u64 shmem;
	u64 swap;
};

int cow_fork_listen(void);
void cow_fork_unlisten(void);
int cow_fork_attached(void);
void cow_fork_detached(void);

/* ---- files.c ---- */

int cow_files_init(void);
void cow_files_exit(void);

#endif /* _COW_H */
