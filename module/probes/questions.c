// SPDX-License-Identifier: GPL-2.0
/*
 * What this kernel has, asked of its headers by its compiler: "ask" beside this file
 * compiles it once. A question whose body has an error is answered with 0, any other
 * with 1, as COW_HAVE_NAME in cow_config.h; an error anywhere else ends the build.
 * Names that the preprocessor knows are not asked for here: compat.h does that itself.
 *
 * A WITNESS came upstream with the version before its name, with the rules by which
 * pages are copied or close to them, and in nothing that anybody would port back alone.
 * A kernel that has it in an earlier version, or lacks it in a later one, follows rules
 * that its version does not tell. Mere helpers are ported back often, 6.12.117 has some
 * of 6.19's softleaf_*(): those are a QUESTION, and whatever is the answer is right.
 *
 * No macro that is there with errors in it: gcc finds those where the macro is defined.
 */
#include <linux/hugetlb.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/perf_event.h>
#include <linux/pgtable.h>
#include <linux/rmap.h>
#include <linux/sched.h>
#include <linux/swap.h>
#include <linux/swapops.h>
#include <linux/userfaultfd_k.h>
#include <trace/events/sched.h>
#if __has_include("linux/leafops.h")
#include <linux/leafops.h>
#endif

#define QUESTION(name, ...)		static void __maybe_unused cow_has_##name(__VA_ARGS__)
#define WITNESS(since, name, ...)	static void __maybe_unused cow_has_##name(__VA_ARGS__)

/* ---- controls: the first has to be answered with 1, the last with 0 ---- */

QUESTION(CONTROL_YES, struct page *page)
{
	page_ref_count(page);
}

/* ---- what goes with the rules ---- */

WITNESS(5.16, FOLIO, struct folio *folio)
{
	folio_test_anon(folio);
}

WITNESS(5.19, ANON_EXCLUSIVE, struct page *page, pte_t pte)
{
	PageAnonExclusive(page);
	pte_swp_exclusive(pte);
}

WITNESS(6.4, FAULT_VMA_LOCK, unsigned int flags)
{
	flags = FAULT_FLAG_VMA_LOCK;
}

/* Shadow stacks: RHEL 9's 5.14 has this one. */
WITNESS(6.6, PTE_MKWRITE_VMA, pte_t pte, struct vm_area_struct *vma)
{
	pte_mkwrite(pte, vma);
}

/* ca71fe1ad922, of the series after which parts of large folios are not reused */
WITNESS(6.7, FOLIO_MOVE_ANON_RMAP, struct folio *folio, struct vm_area_struct *vma)
{
	folio_move_anon_rmap(folio, vma);
}

WITNESS(6.10, FOLIO_LARGE_MAPCOUNT, const struct folio *folio)
{
	folio_large_mapcount(folio);
}

WITNESS(6.12, PMD_SPECIAL, pmd_t pmd)
{
	pmd_special(pmd);
}

/* Guard regions, which came with the version that a rule came with. */
WITNESS(6.13, MARKER_GUARD, unsigned long marker)
{
	marker = PTE_MARKER_GUARD;
}

WITNESS(6.15, MAYBE_MAPPED_SHARED, struct folio *folio)
{
	folio_maybe_mapped_shared(folio);
}

WITNESS(6.18, WRAPPED_PAGE_FLAGS, struct page *page, unsigned long flags)
{
	flags = page->flags.f;
}

WITNESS(7.3, PTE_UFFD, pte_t pte)
{
	pte_uffd(pte);
}

/* ---- what does not ---- */

QUESTION(ENTIRE_MAPCOUNT, struct folio *folio, atomic_t *mapcount)
{
	mapcount = &folio->_entire_mapcount;
}

QUESTION(DOUBLE_MAP, struct page *page)
{
	PageDoubleMap(page);
}

QUESTION(LEAFOPS, swp_entry_t entry)
{
	softleaf_is_swap(entry);
}

QUESTION(DEVICE_EXCLUSIVE_ENTRY, swp_entry_t entry)
{
	is_device_exclusive_entry(entry);
}

QUESTION(PTEP_GET_LOCKLESS, pte_t *ptep)
{
	ptep_get_lockless(ptep);
}

QUESTION(PMDP_GET_LOCKLESS, pmd_t *pmdp)
{
	pmdp_get_lockless(pmdp);
}

QUESTION(DEVMAP, pmd_t pmd, pud_t pud)
{
	pmd_devmap(pmd);
	pud_devmap(pud);
}

QUESTION(VMA_IS_INITIAL_HEAP, struct vm_area_struct *vma)
{
	vma_is_initial_heap(vma);
	vma_is_initial_stack(vma);
}

QUESTION(GET_KRETPROBE, struct kretprobe_instance *call)
{
	get_kretprobe(call);
}

QUESTION(EXIT_TELLS_LAST, void (*probe)(void *, struct task_struct *, bool))
{
	register_trace_sched_process_exit(probe, NULL);
}

QUESTION(PERCPU_RSS, struct mm_struct *mm, struct percpu_counter *counter)
{
	counter = &mm->rss_stat[0];
}

QUESTION(ONE_PERF_CONTEXT, struct task_struct *task, struct perf_event_context *context)
{
	context = task->perf_event_ctxp;
}

QUESTION(MM_FLAGS_TEST, struct mm_struct *mm)
{
	mm_flags_test(0, mm);
}

QUESTION(FAULT_UNSHARE, unsigned int flags)
{
	flags = FAULT_FLAG_UNSHARE;
}

QUESTION(FAULT_COMPLETED, unsigned int result)
{
	result = (__force unsigned int)VM_FAULT_COMPLETED;
}

QUESTION(UFFD_MINOR, struct vm_area_struct *vma)
{
	userfaultfd_minor(vma);
}

QUESTION(UFFD_FEATURES, struct userfaultfd_ctx *ctx, unsigned int features)
{
	features = ctx->features;
}

QUESTION(CONTROL_NO, struct page *page)
{
	page_has_nothing_of_this_name(page);
}
