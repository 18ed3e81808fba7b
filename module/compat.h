/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every difference between kernels that the module supports. The other files
 * are written for the newest kernel; this one gives older kernels the same
 * words. It goes by what the kernel has: COW_HAVE_..., the answers to
 * probes/questions.c, or what the preprocessor knows; by the version only where
 * nothing else tells, which is for rules. Each block names the upstream version
 * that made the difference, and how that is known: "read in X" means in the
 * source of Debian's package.
 */
#ifndef _COW_COMPAT_H
#define _COW_COMPAT_H

#include <linux/hugetlb.h>
#include <linux/ksm.h>
#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/pkeys.h>
#include <linux/swap.h>
#include <linux/swapops.h>
#include <linux/version.h>

#include "classify.h"
#include "cow_config.h"

#define COW_SINCE(major, minor)	\
	(LINUX_VERSION_CODE >= KERNEL_VERSION(major, minor, 0))

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 10, 0)
#error "cowinspect supports Linux 5.10 and later"
#endif

/* Page tables in high memory would have to be mapped before they are read. */
#ifndef CONFIG_64BIT
#error "cowinspect supports 64-bit kernels only"
#endif

/* Whose life begins and ends is told by tracepoints, and so are faults. */
#ifndef CONFIG_EVENT_TRACING
#error "cowinspect needs tracepoints and their events: CONFIG_FTRACE with any tracer"
#endif

/*
 * Kernels whose rules need not be those that their version stands for: that have parts
 * of later ones, which the witnesses of probes/questions.c give away (RHEL 9's 5.14 has
 * parts of 6.3 and 6.6, and not others); that are newer than what was tried; and 5.18,
 * which decides neither as 5.17 nor as 5.19 (53a05ad9f21d, 3bff7e3f1f16; not read).
 */
#if defined(COW_UNLIKE_ITS_VERSION)
#define COW_UNKNOWN	COW_UNLIKE_ITS_VERSION
#elif defined(RHEL_RELEASE_CODE)
#define COW_UNKNOWN	"RHEL kernels match no upstream version"
#elif COW_SINCE(7, 4)
#define COW_UNKNOWN	"this kernel is newer than 7.3, the last that was tried"
#elif COW_SINCE(5, 18) && !COW_SINCE(5, 19)
#define COW_UNKNOWN	"the rules of Linux 5.18 are its own"
#else
#define COW_UNKNOWN	""
#endif
#define COW_KNOWN	(sizeof(COW_UNKNOWN) == sizeof(""))

static_assert(COW_KNOWN || IS_ENABLED(COW_ALLOW_UNKNOWN),
	      "cowinspect does not support this kernel: " COW_UNKNOWN
	      " (docs/kernels.md; make COW_ALLOW_UNKNOWN=1 builds it all the same)");

/* The versions in tests/vm/kernels, each of which is booted by the tests. */
#define COW_KERNEL_IS(major, minor)					\
	((LINUX_VERSION_CODE) >> 8 == KERNEL_VERSION(major, minor, 0) >> 8)
#define COW_KERNEL_TESTED						\
	(COW_KNOWN && (COW_KERNEL_IS(5, 10) || COW_KERNEL_IS(6, 1) ||	\
		       COW_KERNEL_IS(6, 12) || COW_KERNEL_IS(7, 2) ||	\
		       COW_KERNEL_IS(7, 3)))

/*
 * With COW_FORCE_FALLBACKS (make COW_FORCE_FALLBACKS=1, for tests) the fallbacks
 * that compile on new kernels as well are used there: their tests then run on
 * both. It is COW_USE() that chooses those.
 */
#define COW_USE(name)	(COW_HAVE_##name && !IS_ENABLED(COW_FORCE_FALLBACKS))

/*
 * Folios came in 5.16. Before that the head page of a compound page stands for
 * it, with functions of other names.
 */
#if !COW_HAVE_FOLIO
struct folio {
	struct page page;
};

#define page_folio(p)			((struct folio *)compound_head(p))
#define folio_page(folio, n)		(&(folio)->page + (n))
#define folio_test_anon(folio)		PageAnon(&(folio)->page)
#define folio_test_ksm(folio)		PageKsm(&(folio)->page)
#define folio_ref_count(folio)		page_ref_count(&(folio)->page)
#define folio_order(folio)		compound_order(&(folio)->page)
#define folio_maybe_dma_pinned(folio)	page_maybe_dma_pinned(&(folio)->page)
#define cow_folio_mapping(folio)	READ_ONCE((folio)->page.mapping)
#else
#define cow_folio_mapping(folio)	READ_ONCE((folio)->mapping)
#endif

/*
 * The mapcount of a hugetlb page, which is always mapped as a whole: a plain word
 * in the folio's second struct page, by this name since 6.3 (not so in 6.1, so in
 * 6.12).
 */
#if COW_HAVE_ENTIRE_MAPCOUNT
#define cow_hugetlb_mapcount(folio)	\
	(atomic_read(&(folio)->_entire_mapcount) + 1)
#else
#define cow_hugetlb_mapcount(folio)	\
	(atomic_read(compound_mapcount_ptr(folio_page(folio, 0))) + 1)
#endif

/* The mark of an exclusive anonymous page: 5.19, commit 6c287605fd56. */
#if COW_HAVE_ANON_EXCLUSIVE
#define COW_FLAG_EXCLUSIVE		BIT(PG_anon_exclusive)
#define cow_anon_exclusive(page)	PageAnonExclusive(page)
#define cow_swp_exclusive(pte)		pte_swp_exclusive(pte)
#else
#define COW_FLAG_EXCLUSIVE		0UL
#define cow_anon_exclusive(page)	false
#define cow_swp_exclusive(pte)		false
#endif

/*
 * pfn_to_online_page() is exported from 5.14 on or thereabouts (not in 5.10, so
 * in 6.1, by their Module.symvers). It is only needed where frames are mapped
 * by number.
 */
#if COW_USE(PFN_TO_ONLINE_PAGE)
#define cow_pfn_has_page(pfn)		(!!pfn_to_online_page(pfn))
#else
#define cow_pfn_has_page(pfn)		pfn_valid(pfn)
#endif

/*
 * Non-present entries: leafops.h came in 6.19 (read there; not in 6.18, though
 * stable updates of older kernels define one or another name of it, which is
 * why these have names of their own). The kinds of PTE markers grew: uffd-wp in
 * 5.19, poison in 6.6 (called swapin error in 6.2), guard in 6.13.
 */
#if COW_HAVE_LEAFOPS
#include <linux/leafops.h>

#define cow_leaf_t			softleaf_t
#define cow_leaf_from_pte		softleaf_from_pte
#define cow_leaf_from_pmd		softleaf_from_pmd
#define cow_leaf_is_swap		softleaf_is_swap
#define cow_leaf_is_migration		softleaf_is_migration
#define cow_leaf_is_hwpoison		softleaf_is_hwpoison
#define cow_leaf_is_device_private	softleaf_is_device_private
#define cow_leaf_is_device_exclusive	softleaf_is_device_exclusive
#define cow_leaf_is_marker		softleaf_is_marker
#define cow_leaf_to_marker		softleaf_to_marker
#else
#define cow_leaf_t			swp_entry_t
#define cow_leaf_from_pte		pte_to_swp_entry
#define cow_leaf_from_pmd		pmd_to_swp_entry
#define cow_leaf_is_swap(leaf)		(!non_swap_entry(leaf))
#define cow_leaf_is_migration		is_migration_entry
#define cow_leaf_is_hwpoison		is_hwpoison_entry
#define cow_leaf_is_device_private	is_device_private_entry
#if COW_HAVE_DEVICE_EXCLUSIVE_ENTRY
#define cow_leaf_is_device_exclusive	is_device_exclusive_entry
#else
#define cow_leaf_is_device_exclusive(leaf)	false
#endif
#ifdef PTE_MARKER_MASK
#define cow_leaf_is_marker		is_pte_marker_entry
#define cow_leaf_to_marker		pte_marker_get
#else
#define cow_leaf_is_marker(leaf)	false
#define cow_leaf_to_marker(leaf)	0
#endif
#endif

#ifndef PTE_MARKER_UFFD_WP
#define PTE_MARKER_UFFD_WP	0
#endif
#ifndef PTE_MARKER_POISONED
#define PTE_MARKER_POISONED	0
#endif
#ifndef PTE_MARKER_GUARD
#define PTE_MARKER_GUARD	0
#endif

/* ptep_get_lockless() is from 5.11, by that name; ours is 64-bit. */
#if COW_USE(PTEP_GET_LOCKLESS)
#define cow_ptep_get_lockless(ptep)	ptep_get_lockless(ptep)
#else
#define cow_ptep_get_lockless(ptep)	READ_ONCE(*(ptep))
#endif

/* pmdp_get_lockless() is from 6.2 (not in 6.1, read there); ours is 64-bit. */
#if COW_USE(PMDP_GET_LOCKLESS)
#define cow_pmdp_get(pmdp)	pmdp_get_lockless(pmdp)
#else
#define cow_pmdp_get(pmdp)	READ_ONCE(*(pmdp))
#endif

/*
 * On riscv64 these are functions, which are not exported (read in 6.12); where there are
 * fewer levels, a table of those above it is passed on.
 */
#ifdef CONFIG_RISCV
static inline p4d_t *cow_p4d_offset(pgd_t *pgd, unsigned long addr)
{
	return pgtable_l5_enabled ? pgd_pgtable(READ_ONCE(*pgd)) + p4d_index(addr) :
				    (p4d_t *)pgd;
}

static inline pud_t *cow_pud_offset(p4d_t *p4d, unsigned long addr)
{
	return pgtable_l4_enabled ? p4d_pgtable(READ_ONCE(*p4d)) + pud_index(addr) :
				    (pud_t *)p4d;
}
#else
#define cow_p4d_offset(pgd, addr)	p4d_offset(pgd, addr)
#define cow_pud_offset(p4d, addr)	pud_offset(p4d, addr)
#endif

/*
 * Whether entries have soft-dirty bits: some CPUs for riscv64 have room for them, which
 * kernels that can use it ask the one at hand (read in 7.2).
 */
#ifdef pgtable_supports_soft_dirty
#define cow_has_soft_dirty()	pgtable_supports_soft_dirty()
#else
#define cow_has_soft_dirty()	IS_ENABLED(CONFIG_MEM_SOFT_DIRTY)
#endif

/* Device huge mappings were marked devmap until 6.17 (gone, read there). */
#if COW_HAVE_DEVMAP
#define cow_pmd_devmap(pmd)	pmd_devmap(pmd)
#define cow_pud_devmap(pud)	pud_devmap(pud)
#else
#define cow_pmd_devmap(pmd)	false
#define cow_pud_devmap(pud)	false
#endif

/* PFN mappings in huge entries are marked special from 6.12 on (read there). */
#if COW_HAVE_PMD_SPECIAL
#define cow_pmd_special(pmd)	pmd_special(pmd)
#else
#define cow_pmd_special(pmd)	false
#endif

/*
 * The flags word of a page that may be any of a folio's, and of a folio. Wrapped in a
 * struct from 6.18 (read there; not in 6.17).
 */
#if COW_HAVE_WRAPPED_PAGE_FLAGS
#define cow_page_flags(page)	READ_ONCE((page)->flags.f)
#else
#define cow_page_flags(page)	READ_ONCE((page)->flags)
#endif
#define cow_folio_flags(folio)	cow_page_flags(&(folio)->page)

/* vma_is_initial_heap() and _stack() are from 6.6. */
#if COW_USE(VMA_IS_INITIAL_HEAP)
#define cow_vma_is_heap(vma)	vma_is_initial_heap(vma)
#define cow_vma_is_stack(vma)	vma_is_initial_stack(vma)
#else
static inline bool cow_vma_is_heap(const struct vm_area_struct *vma)
{
	return vma->vm_start <= vma->vm_mm->brk &&
	       vma->vm_end >= vma->vm_mm->start_brk;
}

static inline bool cow_vma_is_stack(const struct vm_area_struct *vma)
{
	return vma->vm_start <= vma->vm_mm->start_stack &&
	       vma->vm_end >= vma->vm_mm->start_stack;
}
#endif

/* Anonymous VMAs have names from 5.17 on, if configured. */
static inline const char *cow_anon_name(struct vm_area_struct *vma)
{
#ifdef CONFIG_ANON_VMA_NAME
	if (!vma->vm_file && vma->anon_name)
		return vma->anon_name->name;
#endif
	return NULL;
}

/*
 * Mapcounts. Up to 6.9 the kernel has page_mapcount(), with an exported helper
 * for large folios; after that modules do what folio_precise_page_mapcount() in
 * fs/proc/internal.h does (read in 6.12 and 7.2). The total of a large folio is
 * kept since 6.10 (folio_large_mapcount(), read in 6.12); before that it was
 * computed by a loop over the pages.
 */
#if !COW_HAVE_FOLIO_LARGE_MAPCOUNT
#define COW_FOLIO_MAPCOUNT	COWI_COUNT_ABSENT

static inline int cow_page_mapcount(struct folio *folio, struct page *page)
{
	return page_mapcount(page);
}

static inline u32 cow_large_mapcount(struct folio *folio)
{
	return 0;
}

/*
 * Whether all pages of a folio that is mapped as a whole have one mapcount. An
 * anonymous folio that is mapped by PTEs as well carries a flag for that, until
 * 6.2 (read in 6.1); of other folios we do not know.
 */
static inline bool cow_folio_uniform(struct folio *folio)
{
#if COW_HAVE_DOUBLE_MAP
	if (folio_test_anon(folio))
		return !PageDoubleMap(folio_page(folio, 0));
#endif
	return false;
}
#else
#define COW_FOLIO_MAPCOUNT	COWI_COUNT_EXACT

#ifdef CONFIG_NO_PAGE_MAPCOUNT
/* As folio_average_page_mapcount() in fs/proc/internal.h has it (read in 7.2). */
static inline int cow_average_mapcount(struct folio *folio)
{
	int entire = folio_entire_mapcount(folio);
	int parts = folio_large_mapcount(folio) - entire;

	if (parts <= 0)
		return entire;
	parts += folio_nr_pages(folio) / 2;
	return max(entire + (parts >> folio_order(folio)), 1);
}
#endif

static inline int cow_page_mapcount(struct folio *folio, struct page *page)
{
	int mapcount = atomic_read(&page->_mapcount) + 1;

#ifdef CONFIG_NO_PAGE_MAPCOUNT
	if (folio_test_large(folio))
		return cow_average_mapcount(folio);
#endif

	/* Below zero the word is a page type. */
	if (mapcount < 0)
		mapcount = 0;
	if (folio_test_large(folio))
		mapcount += folio_entire_mapcount(folio);
	return mapcount;
}

static inline u32 cow_large_mapcount(struct folio *folio)
{
	return folio_large_mapcount(folio);
}

static inline bool cow_folio_uniform(struct folio *folio)
{
	return !IS_ENABLED(COW_FORCE_FALLBACKS) &&
	       folio_large_mapcount(folio) == folio_entire_mapcount(folio);
}
#endif

/*
 * CONFIG_NO_PAGE_MAPCOUNT (6.15) does away with the mapcount of the pages of a
 * large folio; what is left is an average.
 */
#ifdef CONFIG_NO_PAGE_MAPCOUNT
#define COW_PAGE_MAPCOUNT	COWI_COUNT_AVERAGE
#else
#define COW_PAGE_MAPCOUNT	COWI_COUNT_EXACT
#endif

/* A folio knows whether several mms may map it from 6.15 on (read in 7.2). */
#ifdef CONFIG_MM_ID
#define cow_folio_mm_shared(folio)	folio_maybe_mapped_shared(folio)
#else
#define cow_folio_mm_shared(folio)	false
#endif

/*
 * The attribute bits of a PTE: all but the frame number. Neighbours with the
 * same attributes mean the same, which is only used to save work: where an
 * architecture is not listed, no two entries are alike. arm64 has one mask for
 * the frame number in 6.1, and its parts in 6.12 and 7.2 (read there). User Mode
 * Linux, in which time is measured, has them in the low bits (read in 6.12).
 */
#if defined(COW_FORCE_FALLBACKS)
#define COW_PTE_ATTRIBUTES	(~0ULL)
#elif defined(CONFIG_X86)
#define COW_PTE_ATTRIBUTES	PTE_FLAGS_MASK
#elif defined(CONFIG_ARM64) && defined(PTE_ADDR_MASK)
#define COW_PTE_ATTRIBUTES	(~(u64)PTE_ADDR_MASK)
#elif defined(CONFIG_ARM64) && defined(PTE_ADDR_HIGH)
#define COW_PTE_ATTRIBUTES	(~(u64)(PTE_ADDR_LOW | PTE_ADDR_HIGH))
#elif defined(CONFIG_ARM64)
#define COW_PTE_ATTRIBUTES	(~(u64)PTE_ADDR_LOW)
#elif defined(CONFIG_UML)
#define COW_PTE_ATTRIBUTES	((u64)~PAGE_MASK)
#else
#define COW_PTE_ATTRIBUTES	(~0ULL)
#endif

/*
 * What the entry of the next frame has more, where it has nothing else: 0 where that is
 * not known, or where the next frame's struct page need not be the next one.
 */
#if (defined(CONFIG_SPARSEMEM_VMEMMAP) || defined(CONFIG_FLATMEM)) && \
	!defined(COW_FORCE_FALLBACKS) && \
	(defined(CONFIG_X86) || defined(CONFIG_ARM64) || defined(CONFIG_UML))
#define COW_PTE_STEP	((u64)PAGE_SIZE)
#else
#define COW_PTE_STEP	0ULL
#endif

/*
 * The low bits of folio->mapping were named PAGE_MAPPING_* until 6.17 (other names,
 * read there), with the same values.
 */
#ifdef FOLIO_MAPPING_ANON
#define COW_MAPPING_ANON	FOLIO_MAPPING_ANON
#define COW_MAPPING_KSM		FOLIO_MAPPING_KSM
#else
#define COW_MAPPING_ANON	PAGE_MAPPING_ANON
#define COW_MAPPING_KSM		PAGE_MAPPING_KSM
#endif

/* Without CONFIG_ZONE_DEVICE no folio is in that zone. */
#ifdef CONFIG_ZONE_DEVICE
#define cow_is_device(flags)	\
	((((flags) >> ZONES_PGSHIFT) & ZONES_MASK) == ZONE_DEVICE)
#else
#define cow_is_device(flags)	false
#endif

/* What of a folio's flags word we look at: not the last CPU and process. */
#define COW_FOLIO_FLAGS		((BIT(__NR_PAGEFLAGS) - 1) | \
				 (ZONES_MASK << ZONES_PGSHIFT))

/*
 * The copy-on-write rules in force, see classify.c. 6.15's are those of the mm ids of
 * large folios, which come with CONFIG_MM_ID; all before 5.19's know no exclusive
 * pages; between others only the version decides.
 */
#ifdef CONFIG_MM_ID
#define cow_kernel_rules	cow_rules_6_15
#elif !COW_HAVE_ANON_EXCLUSIVE
#define cow_kernel_rules	cow_rules_5_10
#elif COW_SINCE(6, 13)
#define cow_kernel_rules	cow_rules_6_13
#elif COW_SINCE(6, 7)
#define cow_kernel_rules	cow_rules_6_7
#else
#define cow_kernel_rules	cow_rules_5_19
#endif

#define COW_RULES_BY							\
	(!COW_KNOWN ? "guess" :						\
	 IS_ENABLED(CONFIG_MM_ID) || !COW_HAVE_ANON_EXCLUSIVE ? "probe" : "version")

/* What hook.c hooks functions with. A kernel may have nothing. */
#ifdef CONFIG_KRETPROBES
#include <linux/kprobes.h>

#define COW_HOOK_NAME			"kretprobe"
typedef struct kretprobe cow_probe_t;
/* get_kretprobe() is from 5.11 (not in 5.10, read there). */
#if COW_HAVE_GET_KRETPROBE
#define cow_call_probe(call)		get_kretprobe(call)
#else
#define cow_call_probe(call)		((call)->rp)
#endif
#else
#define COW_HOOK_NAME			"none"
typedef struct { } cow_probe_t;
#endif

/* sched_process_exit says more since 6.16 or before (in its BTF; read in 6.17). */
#if COW_HAVE_EXIT_TELLS_LAST
#define COW_DEFINE_EXIT_PROBE(name, function)				\
static void name(void *unused, struct task_struct *task, bool group_dead) \
{									\
	function(task);							\
}
#else
#define COW_DEFINE_EXIT_PROBE(name, function)				\
static void name(void *unused, struct task_struct *task)		\
{									\
	function(task);							\
}
#endif

/*
 * The process that owns an address space. Without CONFIG_MEMCG the kernel does
 * not keep that; then accesses by others are not observed. Under RCU.
 */
#ifdef CONFIG_MEMCG
#define COW_REMOTE		true
#else
#define COW_REMOTE		false
#endif

/* Caller holds rcu_read_lock, or has preemption off. */
static inline struct task_struct *cow_mm_owner(const struct mm_struct *mm)
{
#ifdef CONFIG_MEMCG
	return rcu_dereference_check(mm->owner, rcu_read_lock_any_held());
#else
	return mm == current->mm ? current : NULL;
#endif
}

/*
 * What a process has of a kind of pages, to the last one: the counters are per CPU
 * since 6.2 (read in 6.12), and what is usually read then is less exact.
 */
#if COW_HAVE_PERCPU_RSS
#define cow_mm_counter(mm, kind)	\
	percpu_counter_sum_positive(&(mm)->rss_stat[kind])
#else
#define cow_mm_counter(mm, kind)	get_mm_counter(mm, kind)
#endif

/*
 * Whether perf has events of a thread's own, tracepoints among them: a context for
 * each kind of event before 6.2 (read in 6.1), one for all since.
 */
static inline bool cow_has_perf_events(const struct task_struct *task)
{
#ifndef CONFIG_PERF_EVENTS
	return false;
#elif COW_HAVE_ONE_PERF_CONTEXT
	return READ_ONCE(task->perf_event_ctxp);
#else
	return READ_ONCE(task->perf_event_ctxp[perf_sw_context]);
#endif
}

/*
 * Whether memory of it has ever been pinned: a flag of its own in 5.10, from
 * 5.15 one of many (read in 6.1), which are wrapped from 6.18 on (read there).
 */
#if COW_HAVE_MM_FLAGS_TEST
#define cow_mm_has_pinned(mm)	mm_flags_test(MMF_HAS_PINNED, mm)
#elif defined(MMF_HAS_PINNED)
#define cow_mm_has_pinned(mm)	test_bit(MMF_HAS_PINNED, &(mm)->flags)
#else
#define cow_mm_has_pinned(mm)	atomic_read(&(mm)->has_pinned)
#endif

/*
 * Flags and results of faults: FAULT_FLAG_UNSHARE is from 5.19,
 * FAULT_FLAG_VMA_LOCK from 6.4, VM_FAULT_COMPLETED from 6.0.
 */
#if COW_HAVE_FAULT_UNSHARE
#define COW_FAULT_UNSHARE	FAULT_FLAG_UNSHARE
#else
#define COW_FAULT_UNSHARE	0
#endif
#if COW_HAVE_FAULT_VMA_LOCK
#define COW_FAULT_VMA_LOCK	FAULT_FLAG_VMA_LOCK
#else
#define COW_FAULT_VMA_LOCK	0
#endif
/*
 * Whether a fault that has only a VMA's lock gives up where an anon_vma has to be
 * made. From 6.12 on (read there) it tries for the mmap lock, and gives up only if
 * that is held or awaited by a writer.
 */
#define COW_ANON_VMA_WAITS	(!COW_SINCE(6, 12))
#if COW_HAVE_FAULT_COMPLETED
#define COW_FAULT_COMPLETED	VM_FAULT_COMPLETED
#else
#define COW_FAULT_COMPLETED	0
#endif

/*
 * userfaultfd's bit of an entry has a name of its own from 7.3 on, where it means
 * one of two protections, as the VMA says: from writes, or from any access (RWP).
 * Read in 7.3.4.
 */
#if COW_HAVE_PTE_UFFD
#define cow_pte_uffd(pte)	pte_uffd(pte)
#define cow_pmd_uffd(pmd)	pmd_uffd(pmd)
#define cow_pte_swp_uffd(pte)	pte_swp_uffd(pte)
#define cow_pmd_swp_uffd(pmd)	pmd_swp_uffd(pmd)
#define cow_uffd_rwp(vma)	userfaultfd_rwp(vma)
#define COW_UFFD_RWP_ASYNC	UFFD_FEATURE_RWP_ASYNC
#else
#define cow_pte_uffd(pte)	pte_uffd_wp(pte)
#define cow_pmd_uffd(pmd)	pmd_uffd_wp(pmd)
#define cow_pte_swp_uffd(pte)	pte_swp_uffd_wp(pte)
#define cow_pmd_swp_uffd(pmd)	pmd_swp_uffd_wp(pmd)
#define cow_uffd_rwp(vma)	false
#define COW_UFFD_RWP_ASYNC	0
#endif

/* userfaultfd for pages that are in the page cache: 5.13. */
#if COW_HAVE_UFFD_MINOR
#define cow_uffd_minor(vma)	userfaultfd_minor(vma)
#else
#define cow_uffd_minor(vma)	false
#endif

/*
 * Whether the kernel itself resolves the protection that userfaultfd has put on a
 * VMA. That is from 6.7; what holds the mode is in a header since 6.9
 * (867a43a34ff8).
 */
#if COW_HAVE_UFFD_FEATURES && defined(CONFIG_USERFAULTFD)
#define COW_KNOWS_UFFD_ASYNC	true
static inline bool cow_uffd_async(const struct vm_area_struct *vma, bool rwp)
{
	const struct userfaultfd_ctx *ctx = vma->vm_userfaultfd_ctx.ctx;

	return ctx && READ_ONCE(ctx->features) &
		      (rwp ? COW_UFFD_RWP_ASYNC : UFFD_FEATURE_WP_ASYNC);
}
#else
#define COW_KNOWS_UFFD_ASYNC	false
static inline bool cow_uffd_async(const struct vm_area_struct *vma, bool rwp)
{
	return false;
}
#endif

/* Shadow stacks: 6.6. */
#ifndef VM_SHADOW_STACK
#define VM_SHADOW_STACK	VM_NONE
#endif

/*
 * Which of an entry's bits the CPU at hand sets by itself, as COWI_F_* bits, and which
 * it may set. On arm64 that is optional for both (HA and HD in TCR_EL1; the names of
 * the bits changed), in the architecture and, for the sake of errata, per kind of CPU.
 * On riscv64 as well: with Svadu all do, as far as the kernel believes that they have
 * it, with Svade none, and where nobody says either, any may. The kernel knows those
 * since 6.13 (both in 7.2's asm/hwcap.h, neither in 6.12's), and passes over the first
 * if the second is there (riscv_ext_svadu_validate()).
 */
#ifdef CONFIG_RISCV
static inline u64 cow_cpu_sets(void)
{
#ifdef RISCV_ISA_EXT_SVADU
	if (riscv_has_extension_unlikely(RISCV_ISA_EXT_SVADU))
		return COWI_F_YOUNG | COWI_F_DIRTY;
#endif
	return 0;
}

static inline u64 cow_cpu_may_set(void)
{
#ifdef RISCV_ISA_EXT_SVADE
	if (riscv_has_extension_unlikely(RISCV_ISA_EXT_SVADE))
		return cow_cpu_sets();
#endif
	return COWI_F_YOUNG | COWI_F_DIRTY;
}
#else
static inline u64 cow_cpu_sets(void)
{
#ifdef CONFIG_ARM64
	u64 tcr = read_sysreg(tcr_el1);

	return (tcr & BIT(39) ? COWI_F_YOUNG : 0) |
	       (tcr & BIT(40) ? COWI_F_DIRTY : 0);
#else
	return COWI_F_YOUNG | COWI_F_DIRTY;
#endif
}

#define cow_cpu_may_set()	cow_cpu_sets()
#endif

#endif /* _COW_COMPAT_H */
