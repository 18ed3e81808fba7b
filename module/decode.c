// SPDX-License-Identifier: GPL-2.0
/*
 * A captured entry, in the kernel's words -> a record, in ours. Needs no lock:
 * everything is in the copy.
 */
#include <linux/atomic.h>
#include <linux/bitfield.h>
#include <linux/build_bug.h>
#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/smp.h>

#include "compat.h"
#include "cow.h"

/* COWI_F_YOUNG and COWI_F_DIRTY, as far as each CPU sets them, or one at least. */
static atomic64_t set_by_all = ATOMIC64_INIT(COWI_F_YOUNG | COWI_F_DIRTY);
static atomic64_t set_by_some = ATOMIC64_INIT(0);

static void look_at_cpu(void *unused)
{
	atomic64_and(cow_cpu_sets(), &set_by_all);
	atomic64_or(cow_cpu_may_set(), &set_by_some);
}

/**
 * cow_decode_init - find out what of an entry the CPUs set by themselves
 *
 * Asks those that are online. Sleeps.
 */
void cow_decode_init(void)
{
	on_each_cpu(look_at_cpu, NULL, 1);
}

/* What of a PTE's bits holds for the entry, whatever level it is at. */
static u64 pte_facts(pte_t pte)
{
	u64 flags = COWI_F_PRESENT;

	if (pte_write(pte))
		flags |= COWI_F_WRITE;
	if (pte_dirty(pte))
		flags |= COWI_F_DIRTY;
	if (pte_young(pte))
		flags |= COWI_F_YOUNG;
	if (pte_soft_dirty(pte))
		flags |= COWI_F_SOFT_DIRTY;
	if (cow_pte_uffd(pte))
		flags |= COWI_F_UFFD_WP;
	if (pte_protnone(pte))
		flags |= COWI_F_PROTNONE;
	return flags;
}

static u64 pmd_facts(pmd_t pmd)
{
	u64 flags = COWI_F_PRESENT;

	if (pmd_write(pmd))
		flags |= COWI_F_WRITE;
	if (pmd_dirty(pmd))
		flags |= COWI_F_DIRTY;
	if (pmd_young(pmd))
		flags |= COWI_F_YOUNG;
	if (pmd_soft_dirty(pmd))
		flags |= COWI_F_SOFT_DIRTY;
	if (cow_pmd_uffd(pmd))
		flags |= COWI_F_UFFD_WP;
	if (pmd_protnone(pmd))
		flags |= COWI_F_PROTNONE;
	return flags;
}

static bool raw_anon(const struct cow_raw *raw)
{
	return FIELD_GET(COW_A_MAPPING, raw->attr) & COW_MAPPING_ANON;
}

static bool raw_ksm(const struct cow_raw *raw)
{
	return FIELD_GET(COW_A_MAPPING, raw->attr) == COW_MAPPING_KSM;
}

/* A large folio has the mark on its pages, so that it was captured apart. */
static bool raw_exclusive(const struct cow_raw *raw)
{
	if (raw->attr & COW_A_FOLIO_ORDER)
		return raw->attr & COW_A_EXCLUSIVE;
	return raw->folio_flags & COW_FLAG_EXCLUSIVE;
}

/* @flag if the page's flag is set: both are constants, so that nothing branches. */
static __always_inline u64 fact(u64 flags, unsigned int bit, u64 flag)
{
	return (flags >> bit & 1) * flag;
}

static u64 folio_facts(const struct cow_raw *raw)
{
	u64 flags = raw->folio_flags;
	u64 facts = fact(flags, PG_lru, COWI_F_LRU) |
		    fact(flags, PG_locked, COWI_F_LOCKED) |
		    fact(flags, PG_dirty, COWI_F_PAGE_DIRTY) |
		    fact(flags, PG_referenced, COWI_F_REFERENCED) |
		    fact(flags, PG_writeback, COWI_F_WRITEBACK) |
		    fact(flags, PG_swapbacked, COWI_F_SWAPBACKED) |
		    fact(flags, PG_mlocked, COWI_F_MLOCKED);

	/* The swap cache's bit means something else without swapbacked. */
	if (flags & BIT(PG_swapbacked) && flags & BIT(PG_swapcache))
		facts |= COWI_F_SWAPCACHE;
	if (cow_is_device(flags))
		facts |= COWI_F_DEVICE;
	if (raw->attr & COW_A_FOLIO_ORDER)
		facts |= COWI_F_LARGE;
	/* As folio_maybe_dma_pinned() has it for small folios. */
	if (raw->attr & COW_A_PINNED ||
	    (!(raw->attr & COW_A_FOLIO_ORDER) &&
	     raw->refcount >= GUP_PIN_COUNTING_BIAS))
		facts |= COWI_F_MAYBE_PINNED;
	if (raw_anon(raw) && !raw_ksm(raw) && raw_exclusive(raw))
		facts |= COWI_F_EXCLUSIVE;
	return facts;
}

static enum cowinspect_kind page_kind(const struct cow_raw *raw)
{
	if (raw->attr & COW_A_ZERO)
		return COWI_KIND_ZERO;
	if (!(raw->attr & COW_A_PAGE))
		return COWI_KIND_PFN;
	if (raw_ksm(raw))
		return COWI_KIND_KSM;
	if (raw_anon(raw))
		return COWI_KIND_ANON;
	if (raw->attr & COW_A_NO_MAPPING)
		return COWI_KIND_KERNEL;
	/* Page cache that swaps is tmpfs: folio_is_file_lru() has it so. */
	if (!(raw->attr & COW_A_HUGETLB) &&
	    raw->folio_flags & BIT(PG_swapbacked))
		return COWI_KIND_SHMEM;
	return COWI_KIND_FILE;
}

static enum cowinspect_kind marker_kind(unsigned long marker)
{
	if (marker & PTE_MARKER_GUARD)
		return COWI_KIND_MARKER_GUARD;
	if (marker & PTE_MARKER_POISONED)
		return COWI_KIND_MARKER_POISON;
	if (marker & PTE_MARKER_UFFD_WP)
		return COWI_KIND_MARKER_UFFD_WP;
	return COWI_KIND_OTHER;
}

static enum cowinspect_kind leaf_kind(cow_leaf_t leaf)
{
	if (cow_leaf_is_swap(leaf))
		return COWI_KIND_SWAP;
	if (cow_leaf_is_migration(leaf))
		return COWI_KIND_MIGRATION;
	if (cow_leaf_is_hwpoison(leaf))
		return COWI_KIND_HWPOISON;
	if (cow_leaf_is_device_private(leaf))
		return COWI_KIND_DEVICE_PRIVATE;
	if (cow_leaf_is_device_exclusive(leaf))
		return COWI_KIND_DEVICE_EXCLUSIVE;
	if (cow_leaf_is_marker(leaf))
		return marker_kind(cow_leaf_to_marker(leaf));
	return COWI_KIND_OTHER;
}

static void decode_nonpresent(const struct cow_raw *raw,
			      struct cowinspect_page *page)
{
	page->pfn = COWINSPECT_NO_PFN;
	page->counts = COWI_COUNT_ABSENT;

	if (raw->attr & COW_A_PUD) {
		page->kind = COWI_KIND_OTHER;
	} else if (raw->attr & COW_A_PMD) {
		page->kind = leaf_kind(cow_leaf_from_pmd(raw->pmd));
		if (pmd_swp_soft_dirty(raw->pmd))
			page->flags |= COWI_F_SOFT_DIRTY;
		if (cow_pmd_swp_uffd(raw->pmd))
			page->flags |= COWI_F_UFFD_WP;
	} else {
		pte_t pte = raw->pte;
		cow_leaf_t leaf = cow_leaf_from_pte(pte);

		page->kind = leaf_kind(leaf);
		if (pte_swp_soft_dirty(pte))
			page->flags |= COWI_F_SOFT_DIRTY;
		if (cow_pte_swp_uffd(pte) ||
		    page->kind == COWI_KIND_MARKER_UFFD_WP)
			page->flags |= COWI_F_UFFD_WP;
		if (page->kind == COWI_KIND_SWAP) {
			page->swap_type = swp_type(leaf);
			page->pfn = swp_offset(leaf);
			if (cow_swp_exclusive(pte))
				page->flags |= COWI_F_EXCLUSIVE;
		}
	}
}

static bool raw_present(const struct cow_raw *raw)
{
	if (likely(!(raw->attr & (COW_A_PUD | COW_A_PMD))))
		return pte_present(raw->pte);
	return raw->attr & COW_A_PUD ? pud_present(raw->pud) :
				       pmd_present(raw->pmd);
}

static u64 entry_facts(const struct cow_raw *raw)
{
	if (likely(!(raw->attr & (COW_A_PUD | COW_A_PMD | COW_A_HUGETLB))))
		return pte_facts(raw->pte);
	if (raw->attr & COW_A_PUD)
		return COWI_F_PRESENT |
		       (pud_write(raw->pud) ? COWI_F_WRITE : 0);
	if (raw->attr & COW_A_PMD)
		return pmd_facts(raw->pmd);
	/*
	 * Writing to clear_refs leaves hugetlb entries alone, so that the bit
	 * means nothing there, and pagemap does not look at it
	 * (pagemap_hugetlb_range()); the VMA's mark stays.
	 */
	return pte_facts(raw->pte) & ~COWI_F_SOFT_DIRTY;
}

static void decode_present(const struct cow_raw *raw,
			   struct cowinspect_page *page)
{
	page->pfn = raw->pfn;
	page->flags |= entry_facts(raw);
	page->kind = page_kind(raw);
	if (!(raw->attr & COW_A_PAGE)) {
		page->counts = COWI_COUNT_ABSENT;
		return;
	}
	page->flags |= folio_facts(raw);
	/* Below zero the word is a page type, not a count. */
	page->mapcount = max(raw->mapcount, 0);
	page->refcount = raw->refcount;
	page->folio_order = FIELD_GET(COW_A_FOLIO_ORDER, raw->attr);
	page->folio_mapcount = page->folio_order ? raw->folio_mapcount :
						   page->mapcount;
	if (raw->attr & COW_A_AVERAGE)
		page->counts = COWI_COUNT_AVERAGE;
	else if (page->folio_order)
		page->counts = COW_PAGE_MAPCOUNT;
	else
		page->counts = COWI_COUNT_EXACT;
}

/* All that is not set of each entry. memset() is dearer: it is a string instruction. */
static void clear(struct cowinspect_page *page)
{
	/* A new member is set here or below: user space gets all there is. */
	BUILD_BUG_ON(sizeof(*page) != 48);
	page->mapcount = 0;
	page->refcount = 0;
	page->folio_mapcount = 0;
	page->swap_type = 0;
	page->folio_order = 0;
	page->outcome = 0;
	page->confidence = 0;
	page->reserved[0] = 0;
	page->reserved[1] = 0;
}

/**
 * cow_decode - make a record of a captured entry
 * @raw: the entry
 * @vma: the VMA it was found in
 * @page: the record to fill; there is no prediction in it
 */
void cow_decode(const struct cow_raw *raw, const struct cow_vma *vma,
		struct cowinspect_page *page)
{
	clear(page);
	page->addr = raw->addr;
	page->map_order = FIELD_GET(COW_A_MAP_ORDER, raw->attr);
	page->flags = vma->flags;
	if (raw->attr & COW_A_HUGETLB)
		page->flags |= COWI_F_HUGETLB;
	if (raw_present(raw))
		decode_present(raw, page);
	else
		decode_nonpresent(raw, page);
}

/**
 * cow_predict - what the next write to a captured entry does
 * @raw: the entry
 * @page: its record, which is completed
 */
void cow_predict(const struct cow_raw *raw, struct cowinspect_page *page)
{
	struct cow_extra extra = {
		.mm_shared = !!(raw->attr & COW_A_MM_SHARED),
		.set_by_all = atomic64_read(&set_by_all),
		.set_by_some = atomic64_read(&set_by_some),
	};

	cow_classify(page, &cow_kernel_rules, &extra);
}
