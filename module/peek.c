// SPDX-License-Identifier: GPL-2.0
/*
 * One entry of an address space, read where no lock can be taken: in a probe at
 * the beginning or the end of a page fault.
 *
 * walk.c takes the lock of the entry's table. A probe must not: its handler may
 * run with preemption or interrupts off (the breakpoint of a kprobe, ftrace),
 * where on PREEMPT_RT the lock would sleep. So this does as the kernel's own
 * lockless walk does, that of get_user_pages_fast() (mm/gup.c, the comment
 * above gup_fast()): with interrupts off, a table that is found cannot be freed,
 * since whoever unlinks one waits for an interrupt to be taken by every CPU
 * (tlb_remove_table_sync_one()) or for RCU, which interrupts that are off hold
 * up as well. The fault that is probed holds the lock of the address space or
 * of the VMA, which keeps everything above the PTE tables anyway.
 *
 * What a page says of itself is read without a reference on it. A struct page
 * stays where it is when its page is freed, so that this is safe, but what it
 * says may be of the page's next life. So the entry is read again afterwards:
 * if it is unchanged, the page was mapped all the time. Only plain words of it
 * are read, not by the kernel's accessors, some of which want a reference.
 */
#include <linux/bitfield.h>
#include <linux/hugetlb.h>
#include <linux/irqflags.h>
#include <linux/mm.h>
#include <linux/pgtable.h>

#include "compat.h"
#include "cow.h"
#include "table.h"

/* An entry that changes each time it is looked at is given up. */
#define ATTEMPTS	4

static __always_inline void peek_page(struct cow_raw *raw, u32 attr,
				      unsigned long pfn)
{
	struct page *page = pfn_to_page(pfn);
	struct folio *folio = page_folio(page);
	unsigned long mapping = (unsigned long)cow_folio_mapping(folio);

	raw->pfn = pfn;
	raw->folio_mapcount = 0;
	attr |= COW_A_PAGE | FIELD_PREP(COW_A_MAPPING, mapping & 3);
	if (!mapping)
		attr |= COW_A_NO_MAPPING;
	raw->folio_flags = cow_folio_flags(folio);
	raw->refcount = atomic_read(&folio_page(folio, 0)->_refcount);
	if (attr & COW_A_HUGETLB)
		raw->mapcount = cow_hugetlb_mapcount(folio);
	else
		raw->mapcount = atomic_read(&page->_mapcount) + 1;
	if (raw->folio_flags & BIT(PG_head)) {
		/* Its order is not needed; that it is large is. */
		attr |= FIELD_PREP(COW_A_FOLIO_ORDER, 1);
		if (mapping & COW_MAPPING_ANON &&
		    cow_page_flags(page) & COW_FLAG_EXCLUSIVE)
			attr |= COW_A_EXCLUSIVE;
	}
	raw->attr = attr;
	/* Only then is the entry read again. */
	smp_rmb();
}

/* All that is read of an entry without a page. */
static void peek_nothing(struct cow_raw *raw, u32 attr, unsigned long pfn)
{
	raw->pfn = pfn;
	raw->attr = attr;
}

static void peek_pte(struct cow_raw *raw, const struct cow_vma *vma, pte_t pte)
{
	unsigned long pfn = pte_pfn(pte);

	raw->pte = pte;
	if (!pte_present(pte))
		peek_nothing(raw, 0, 0);
	else if (pte_special(pte) || (cow_maps_pfns(vma) && !cow_pfn_has_page(pfn)))
		peek_nothing(raw, is_zero_pfn(pfn) ? COW_A_ZERO : 0, pfn);
	else
		peek_page(raw, 0, pfn);
}

static void peek_pmd(struct cow_raw *raw, const struct cow_vma *vma, pmd_t pmd)
{
	u32 attr = COW_A_PMD |
		   FIELD_PREP(COW_A_MAP_ORDER, PMD_SHIFT - PAGE_SHIFT);
	unsigned long pfn = pmd_pfn(pmd);

	raw->pmd = pmd;
	if (!pmd_present(pmd)) {
		peek_nothing(raw, attr, 0);
	} else if (cow_pmd_special(pmd) || cow_pmd_devmap(pmd) ||
		   (cow_maps_pfns(vma) && !cow_pfn_has_page(pfn))) {
		if (cow_special_pmd_is_zero(vma))
			attr |= COW_A_ZERO;
		peek_nothing(raw, attr, pfn);
	} else {
		peek_page(raw, attr, pfn);
		if (raw->attr & COW_A_NO_MAPPING)
			peek_nothing(raw, attr | COW_A_ZERO, pfn);
	}
}

static void peek_hugetlb(struct cow_raw *raw, pte_t pte, unsigned long size)
{
	u32 attr = COW_A_HUGETLB |
		   FIELD_PREP(COW_A_MAP_ORDER, ilog2(size) - PAGE_SHIFT);
	unsigned long pfn = pte_pfn(pte) & ~((size >> PAGE_SHIFT) - 1);

	raw->pte = pte;
	if (pte_present(pte))
		peek_page(raw, attr, pfn);
	else
		peek_nothing(raw, attr, 0);
}

static bool peek_hugetlb_at(struct cow_raw *raw, struct mm_struct *mm,
			    unsigned long size, unsigned long addr)
{
	pte_t *entry = cow_hugetlb_entry(mm, addr & ~(size - 1), size);
	pte_t pte;

	if (!entry)
		return true;
	pte = READ_ONCE(*entry);
	if (pte_none(pte))
		return true;
	peek_hugetlb(raw, pte, size);
	return pte_val(READ_ONCE(*entry)) == pte_val(pte);
}

static bool peek_table_at(struct cow_raw *raw, const struct cow_vma *vma,
			  pmd_t pmd, unsigned long addr)
{
	pte_t *entry = pte_offset_kernel(&pmd, addr);
	pte_t pte = cow_ptep_get_lockless(entry);

	if (pte_none(pte))
		return true;
	peek_pte(raw, vma, pte);
	return pte_same(cow_ptep_get_lockless(entry), pte);
}

static bool peek_pmd_at(struct cow_raw *raw, const struct cow_vma *vma,
			pmd_t *entry, unsigned long addr)
{
	pmd_t pmd = cow_pmdp_get(entry);

	/* What is not bad is a table; of PUDs that is not so on riscv (read in 6.1 to 7.3). */
	if (likely(!pmd_bad(pmd))) {
		if (!peek_table_at(raw, vma, pmd, addr))
			return false;
	} else if (!pmd_none(pmd) && cow_pmd_is_leaf(pmd)) {
		peek_pmd(raw, vma, pmd);
	}
	return pmd_same(cow_pmdp_get(entry), pmd);
}

/* Huge PUDs other than hugetlb map devices: no page worth reading. */
static void peek_pud(struct cow_raw *raw, pud_t pud)
{
	raw->pud = pud;
	peek_nothing(raw, COW_A_PUD | FIELD_PREP(COW_A_MAP_ORDER,
						 PUD_SHIFT - PAGE_SHIFT),
		     pud_present(pud) ? pud_pfn(pud) : 0);
}

/* The PMD for an address, or NULL, as there is none or for what peek_pud() took. */
static pmd_t *find_pmd(struct cow_raw *raw, struct mm_struct *mm,
		       unsigned long addr)
{
	pud_t *pud = cow_find_pud(mm, addr), val;

	if (!pud)
		return NULL;
	val = READ_ONCE(*pud);
	if (pud_none(val))
		return NULL;
	if (cow_pud_is_leaf(val)) {
		peek_pud(raw, val);
		return NULL;
	}
	return pud_bad(val) ? NULL : pmd_offset(pud, addr);
}

static bool peek_once(struct cow_raw *raw, struct mm_struct *mm,
		      const struct cow_vma *vma, unsigned long size,
		      unsigned long addr, pmd_t **pmd)
{
	if (size)
		return peek_hugetlb_at(raw, mm, size, addr);
	if (!*pmd)
		*pmd = find_pmd(raw, mm, addr);
	return !*pmd || peek_pmd_at(raw, vma, *pmd, addr);
}

/**
 * cow_peek - what maps an address
 * @mm: the address space, of which the caller is in a page fault; interrupts are off
 * @vma: what is known of the VMA
 * @size: the size of its pages, if it is of hugetlb, else 0
 * @addr: the address
 * @pmd: NULL, or the PMD that an earlier call found during the same fault, whose
 *	locks have kept it since. Set
 * @raw: filled in; COW_A_NONE if there is no entry. Counts of a large folio, and
 *	its order, are not looked at
 *
 * Return: false if the entry kept changing, so that @raw says nothing.
 */
bool cow_peek(struct mm_struct *mm, const struct cow_vma *vma,
	      unsigned long size, unsigned long addr, pmd_t **pmd,
	      struct cow_raw *raw)
{
	int left = ATTEMPTS;

	do {
		raw->attr = COW_A_NONE;
		if (unlikely(!peek_once(raw, mm, vma, size, addr, pmd)))
			continue;
		if (raw->attr != COW_A_NONE)
			raw->addr = addr & ~((PAGE_SIZE <<
					      FIELD_GET(COW_A_MAP_ORDER, raw->attr)) - 1);
		return true;
	} while (--left);
	raw->attr = COW_A_NONE;
	return false;
}

static pte_t *find_table(struct mm_struct *mm, unsigned long addr)
{
	pud_t *pud = cow_find_pud(mm, addr), val;
	pmd_t pmd;

	if (!pud)
		return NULL;
	val = READ_ONCE(*pud);
	if (pud_none(val) || cow_pud_is_leaf(val) || pud_bad(val))
		return NULL;
	pmd = cow_pmdp_get(pmd_offset(pud, addr));
	if (pmd_none(pmd) || cow_pmd_is_leaf(pmd) || pmd_bad(pmd))
		return NULL;
	return pte_offset_kernel(&pmd, addr);
}

/**
 * cow_peek_writable - how many PTEs of a stretch let writes through
 * @mm: the address space, locked
 * @addr: where the stretch begins
 * @end: where it ends; all of it is in one page table
 * @writable: is added to
 *
 * Return: how many entries were looked at: none if there is no table.
 */
unsigned int cow_peek_writable(struct mm_struct *mm, unsigned long addr,
			       unsigned long end, u64 *writable)
{
	unsigned int nr = (end - addr) >> PAGE_SHIFT, i;
	unsigned long flags;
	pte_t *table, pte;

	local_irq_save(flags);
	table = find_table(mm, addr);
	for (i = 0; table && i < nr; i++) {
		pte = cow_ptep_get_lockless(table + i);
		*writable += pte_present(pte) && pte_write(pte);
	}
	local_irq_restore(flags);
	return i;
}
