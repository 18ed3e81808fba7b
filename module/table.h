/* SPDX-License-Identifier: GPL-2.0 */
/* Looking at page tables: what walk.c, with locks, and peek.c, without, share. */
#ifndef _COW_TABLE_H
#define _COW_TABLE_H

#include <linux/mm.h>
#include <linux/pgtable.h>

#include "compat.h"
#include "cow.h"

/*
 * In VMAs that map frames by number, an entry that is not special should be a
 * private copy with a struct page; trust that only after a look.
 */
static inline bool cow_maps_pfns(const struct cow_vma *vma)
{
	return vma->vm_flags & (VM_PFNMAP | VM_IO | VM_MIXEDMAP);
}

/*
 * Of the huge zero page anonymous memory can have a special PMD and, since 6.18, a
 * hole of a DAX file (vmf_insert_folio_pmd(), read in 7.2); of nothing else.
 */
static inline bool cow_special_pmd_is_zero(const struct cow_vma *vma)
{
	return vma->kind == COWI_VMA_ANON || vma->dax;
}

/* Of an entry that is not none: it maps something, or is not present. */
static inline bool cow_pmd_is_leaf(pmd_t pmd)
{
	return !pmd_present(pmd) || pmd_trans_huge(pmd) ||
	       cow_pmd_devmap(pmd) || pmd_leaf(pmd);
}

static inline bool cow_pud_is_leaf(pud_t pud)
{
	return !pud_present(pud) || pud_trans_huge(pud) ||
	       cow_pud_devmap(pud) || pud_leaf(pud);
}

/* NULL if there is no table for it. The caller keeps tables from being freed. */
static inline pud_t *cow_find_pud(struct mm_struct *mm, unsigned long addr)
{
	pgd_t *pgd = pgd_offset(mm, addr);
	p4d_t *p4d;

	if (pgd_none(READ_ONCE(*pgd)) || pgd_bad(READ_ONCE(*pgd)))
		return NULL;
	p4d = cow_p4d_offset(pgd, addr);
	if (p4d_none(READ_ONCE(*p4d)) || p4d_bad(READ_ONCE(*p4d)))
		return NULL;
	return cow_pud_offset(p4d, addr);
}

#endif /* _COW_TABLE_H */
