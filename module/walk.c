// SPDX-License-Identifier: GPL-2.0
/*
 * Address space -> stream of entries. All locking of address spaces and page
 * tables is in this file.
 *
 * Why reading is safe, from the outside in:
 *
 * - mm_users is held during a chunk only, so that a target that exits is not
 *   kept in memory by a long read; between chunks mm_count keeps the mm_struct.
 *
 * - The mmap lock is held for reading while a chunk is captured. It keeps VMAs
 *   in place, and with them the tables above the PTE level: those are freed
 *   for ranges without a VMA only (free_pgtables()). It is dropped after at
 *   most COW_CHUNK_SLOTS entries or empty slots, contended or not.
 *
 * - A PTE table may be freed under the mmap lock held for reading: by
 *   khugepaged (collapse, retract_page_tables()), and by zapping with
 *   CONFIG_PT_RECLAIM. So do as pte_offset_map_lock() in mm/pgtable-generic.c,
 *   which is not exported: under RCU, which such a table outlives, sample the
 *   PMD, take the lock of the table it names, and look whether the PMD still
 *   says the same. From then on the table's lock keeps it.
 *
 * - A page that a present, not special entry maps cannot be freed while the
 *   lock of the entry's table is held: the mapping has a reference. No
 *   reference of ours is needed, and nobody can observe one.
 *
 * Nothing is faulted in, no bit of an entry is written.
 */
#include <linux/bitfield.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hugetlb.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/userfaultfd_k.h>

#include "compat.h"
#include "cow.h"
#include "table.h"

/* ---- one table ---- */

/**
 * struct budget - what is left of a chunk
 * @walk: where captured entries go
 * @left: how many entries and empty slots may still be looked at
 */
struct budget {
	struct cow_walk *walk;
	int left;
};

static bool room(const struct budget *b)
{
	return b->left > 0 && cow_chunk_room(b->walk);
}

/*
 * Capture entries of one PTE table from @addr on. Caller holds the mmap lock.
 * Returns where to go on; @addr itself if the table is gone or has been
 * replaced meanwhile.
 */
static unsigned long walk_pte_table(struct budget *b, pmd_t *pmd,
				    unsigned long addr, unsigned long end)
{
	unsigned long at = addr;
	spinlock_t *ptl;
	pmd_t pmdval;
	u64 since;

	end = min(end, addr + (unsigned long)b->left * PAGE_SIZE);

	rcu_read_lock();
	pmdval = cow_pmdp_get(pmd);
	if (pmd_none(pmdval) || !pmd_present(pmdval) ||
	    pmd_trans_huge(pmdval) || cow_pmd_devmap(pmdval) ||
	    pmd_leaf(pmdval) || pmd_bad(pmdval))
		goto changed;
	ptl = pte_lockptr(b->walk->mm, &pmdval);
	spin_lock(ptl);
	if (!pmd_same(pmdval, cow_pmdp_get(pmd))) {
		spin_unlock(ptl);
		goto changed;
	}

	since = cow_hold_begin();
	at = cow_capture_ptes(b->walk, pte_offset_kernel(&pmdval, addr), addr,
			      end);
	cow_hold_end(COW_LOCK_TABLE, since);
	spin_unlock(ptl);
	rcu_read_unlock();
	b->left -= (at - addr) >> PAGE_SHIFT;
	return at;

changed:
	rcu_read_unlock();
	/* A table that comes and goes must not keep us here for ever. */
	b->left--;
	return addr;
}

/*
 * Capture huge entries that follow each other in one table, which has one lock. Up
 * to @end, which may be behind it. Returns where to go on; @addr itself if what was
 * a huge entry is none any more.
 */
static unsigned long walk_huge_pmds(struct budget *b, pmd_t *pmd,
				    unsigned long addr, unsigned long end)
{
	spinlock_t *ptl = pmd_lock(b->walk->mm, pmd);
	u64 since = cow_hold_begin();
	unsigned long next;
	pmd_t val;

	end = pud_addr_end(addr, end);
	/* What changes must not keep us here for ever. */
	b->left--;
	for (; addr < end && room(b); addr = next, pmd++) {
		val = cow_pmdp_get(pmd);
		if (pmd_none(val) || !cow_pmd_is_leaf(val))
			break;
		next = pmd_addr_end(addr, end);
		b->left -= cow_capture_pmd(b->walk, addr, next, val);
	}
	cow_hold_end(COW_LOCK_TABLE, since);
	spin_unlock(ptl);
	return addr;
}

/* Up to @end, which may be behind the table that @pmd is in. */
static unsigned long walk_pmd(struct budget *b, pmd_t *pmd, unsigned long addr,
			      unsigned long end)
{
	unsigned long next = pmd_addr_end(addr, end);
	pmd_t val = cow_pmdp_get(pmd);

	if (pmd_none(val)) {
		b->left--;
		return next;
	}
	if (cow_pmd_is_leaf(val))
		return walk_huge_pmds(b, pmd, addr, end);
	if (pmd_bad(val)) {
		b->left--;
		return next;
	}
	return walk_pte_table(b, pmd, addr, next);
}

static unsigned long walk_pud(struct budget *b, pud_t *pud, unsigned long addr,
			      unsigned long end)
{
	unsigned long next = pud_addr_end(addr, end);
	pud_t val = READ_ONCE(*pud);
	spinlock_t *ptl;

	if (!pud_none(val) && cow_pud_is_leaf(val)) {
		ptl = pud_lock(b->walk->mm, pud);
		val = READ_ONCE(*pud);
		if (!pud_none(val) && cow_pud_is_leaf(val))
			b->left -= cow_capture_pud(b->walk, addr, next, val);
		else
			next = addr;
		spin_unlock(ptl);
		b->left--;
		return next;
	}
	if (pud_none(val) || pud_bad(val)) {
		b->left--;
		return next;
	}
	return walk_pmd(b, pmd_offset(pud, addr), addr, end);
}

/*
 * Go down from the top for one table's worth of entries: that costs little
 * beside them, and leaves no state to keep. Caller holds the mmap lock.
 */
static unsigned long walk_step(struct budget *b, unsigned long addr,
			       unsigned long end)
{
	pgd_t *pgd = pgd_offset(b->walk->mm, addr);
	p4d_t *p4d;

	if (pgd_none(READ_ONCE(*pgd)) || pgd_bad(READ_ONCE(*pgd))) {
		b->left--;
		return pgd_addr_end(addr, end);
	}
	p4d = cow_p4d_offset(pgd, addr);
	if (p4d_none(READ_ONCE(*p4d)) || p4d_bad(READ_ONCE(*p4d))) {
		b->left--;
		return p4d_addr_end(addr, end);
	}
	return walk_pud(b, cow_pud_offset(p4d, addr), addr, end);
}

/* ---- hugetlb ---- */

/**
 * cow_hugetlb_entry - the entry that maps a hugetlb page
 * @mm: the address space; the caller keeps its tables from being freed
 * @addr: where the page begins
 * @size: its size
 *
 * A PUD, a PMD, or the first of a group of PMDs or PTEs (arm64), depending on
 * the size alone. hugetlb_walk() is not exported.
 *
 * Return: the entry; NULL if there is no table for it.
 */
pte_t *cow_hugetlb_entry(struct mm_struct *mm, unsigned long addr,
			 unsigned long size)
{
	pud_t *pud = cow_find_pud(mm, addr);
	pmd_t *pmd;

	if (!pud || size >= PUD_SIZE)
		return (pte_t *)pud;
	if (!pud_present(READ_ONCE(*pud)) || pud_bad(READ_ONCE(*pud)))
		return NULL;
	pmd = pmd_offset(pud, addr);
	if (size >= PMD_SIZE)
		return (pte_t *)pmd;
	if (!pmd_present(READ_ONCE(*pmd)) || pmd_bad(READ_ONCE(*pmd)))
		return NULL;
	return pte_offset_kernel(pmd, addr);
}

static unsigned long walk_hugetlb_step(struct budget *b, struct hstate *h,
				       unsigned long addr, unsigned long end)
{
	unsigned long size = huge_page_size(h);
	unsigned long base = addr & ~(size - 1);
	pte_t *entry = cow_hugetlb_entry(b->walk->mm, base, size);
	spinlock_t *ptl;
	pte_t val;
	u64 since;

	if (!entry) {
		b->left--;
		return min(base + size, end);
	}
	ptl = huge_pte_lockptr(h, b->walk->mm, entry);
	spin_lock(ptl);
	since = cow_hold_begin();
	val = READ_ONCE(*entry);
	end = min(base + size, end);
	if (pte_none(val))
		b->left--;
	else
		b->left -= cow_capture_hugetlb(b->walk, addr, end, val,
					       huge_page_order(h));
	cow_hold_end(COW_LOCK_TABLE, since);
	spin_unlock(ptl);
	return end;
}

/*
 * Shared hugetlb mappings of several processes may share PMD tables; one that
 * stops sharing (huge_pmd_unshare()) holds i_mmap_rwsem for writing.
 */
static unsigned long walk_hugetlb(struct budget *b, struct vm_area_struct *vma,
				  unsigned long addr, unsigned long end)
{
	struct address_space *mapping = NULL;
	struct hstate *h = hstate_vma(vma);

	if (vma->vm_flags & VM_MAYSHARE && vma->vm_file)
		mapping = vma->vm_file->f_mapping;
	/* Who holds it may take long, and others may wait for the mmap lock. */
	if (mapping && !down_read_trylock(&mapping->i_mmap_rwsem)) {
		b->walk->busy = true;
		return addr;
	}
	while (addr < end && room(b))
		addr = walk_hugetlb_step(b, h, addr, end);
	if (mapping)
		up_read(&mapping->i_mmap_rwsem);
	return addr;
}

/* ---- one VMA ---- */

static enum cowinspect_vma vma_kind(struct vm_area_struct *vma)
{
	if (is_vm_hugetlb_page(vma))
		return COWI_VMA_HUGETLB;
	if (vma_is_anonymous(vma))
		return COWI_VMA_ANON;
	if (!vma->vm_file || vma->vm_flags & (VM_PFNMAP | VM_IO))
		return COWI_VMA_SPECIAL;
	/* shmem_mapping() is not for modules in 5.10. */
	if (file_inode(vma->vm_file)->i_sb->s_magic == TMPFS_MAGIC)
		return COWI_VMA_SHMEM;
	return COWI_VMA_FILE;
}

/**
 * cow_note_vma - what entries of a VMA have in common
 * @to: where to note it
 * @vma: the VMA, locked by the caller
 */
void cow_note_vma(struct cow_vma *to, struct vm_area_struct *vma)
{
	to->start = vma->vm_start;
	to->end = vma->vm_end;
	to->pgoff = vma->vm_pgoff;
	to->vm_flags = vma->vm_flags;
	to->kind = vma_kind(vma);
	to->flags = 0;
	if (vma->vm_flags & VM_WRITE)
		to->flags |= COWI_F_VMA_WRITE;
	if (vma->vm_flags & (VM_SHARED | VM_MAYSHARE))
		to->flags |= COWI_F_VMA_SHARED;
	to->dax = vma_is_dax(vma);
	if (userfaultfd_wp(vma))
		to->flags |= COWI_F_VMA_UFFD_WP;
	if (cow_uffd_rwp(vma))
		to->flags |= COWI_F_VMA_UFFD_RWP;
	if (to->flags & (COWI_F_VMA_UFFD_WP | COWI_F_VMA_UFFD_RWP) &&
	    cow_uffd_async(vma, to->flags & COWI_F_VMA_UFFD_RWP))
		to->flags |= COWI_F_VMA_UFFD_ASYNC;
	/* Keys are of a thread, and tags of a pointer: neither is looked at. */
	if (vma_pkey(vma) || vma->vm_flags & VM_MTE)
		to->flags |= COWI_F_VMA_KEYED;
	if (vma->vm_flags & VM_SHADOW_STACK)
		to->flags |= COWI_F_VMA_SHADOW_STACK;
	/* A new VMA is soft-dirty as a whole, also for /proc/PID/pagemap. */
	if (vma->vm_flags & VM_SOFTDIRTY)
		to->flags |= COWI_F_SOFT_DIRTY;
}

static bool same_vma(const struct cow_vma *a, const struct cow_vma *b)
{
	return a->start == b->start && a->end == b->end &&
	       a->pgoff == b->pgoff && a->vm_flags == b->vm_flags &&
	       a->flags == b->flags && a->kind == b->kind;
}

/**
 * cow_vma_name_put - drop what a name holds, and empty it
 * @name: the name
 */
void cow_vma_name_put(struct cow_vma_name *name)
{
	if (name->file)
		fput(name->file);
	name->file = NULL;
	name->text[0] = '\0';
}

/* What /proc/PID/maps would call it (get_vma_name() in fs/proc/task_mmu.c). */
static void note_name(struct cow_vma_name *name, struct vm_area_struct *vma)
{
	const char *text = NULL;

	name->text[0] = '\0';
	name->file = NULL;
	if (vma->vm_file) {
		name->file = get_file(vma->vm_file);
		return;
	}
	if (vma->vm_ops && vma->vm_ops->name)
		text = vma->vm_ops->name(vma);
	if (!text && cow_vma_is_heap(vma))
		text = "[heap]";
	else if (!text && cow_vma_is_stack(vma))
		text = "[stack]";
	if (text)
		strscpy(name->text, text, sizeof(name->text));
	else if (cow_anon_name(vma))
		snprintf(name->text, sizeof(name->text), "[anon:%s]",
			 cow_anon_name(vma));
}

/* Capture the next part of a VMA. Caller holds the mmap lock. */
static void walk_vma(struct cow_walk *walk, struct vm_area_struct *vma)
{
	struct budget b = { .walk = walk, .left = COW_CHUNK_SLOTS };
	unsigned long end = min(vma->vm_end, walk->end);
	unsigned long addr = max(vma->vm_start, walk->addr);
	struct cow_vma now;

	cow_note_vma(&now, vma);
	walk->new_vma = !same_vma(&now, &walk->vma);
	walk->vma = now;
	walk->start = addr;
	cow_chunk_begin(walk);

	if (is_vm_hugetlb_page(vma)) {
		addr = walk_hugetlb(&b, vma, addr, end);
	} else {
		while (addr < end && room(&b))
			addr = walk_step(&b, addr, end);
	}
	walk->addr = addr;
}

/* ---- the walk ---- */

/**
 * cow_walk_alloc - a walk over an address space
 * @mm: the address space; the caller keeps its mm_count for the walk's life
 * @totals: entries are only to be counted
 *
 * Return: the walk, standing at address 0, or NULL without memory.
 */
struct cow_walk *cow_walk_alloc(struct mm_struct *mm, bool totals)
{
	struct cow_walk *walk = kvzalloc(sizeof(*walk), GFP_KERNEL);

	if (!walk)
		return NULL;
	walk->mm = mm;
	walk->totals = totals;
	cow_walk_from(walk, 0);
	return walk;
}

/**
 * cow_walk_free - the opposite of cow_walk_alloc()
 * @walk: the walk
 */
void cow_walk_free(struct cow_walk *walk)
{
	kvfree(walk);
}

/**
 * cow_walk_from - begin anew
 * @walk: the walk
 * @addr: the first address to look at
 */
void cow_walk_from(struct cow_walk *walk, unsigned long addr)
{
	walk->addr = addr;
	walk->end = TASK_SIZE_MAX;
	walk->max = COW_CHUNK_ENTRIES;
	walk->gone = false;
	memset(&walk->vma, 0, sizeof(walk->vma));
}

/* Caller holds mm_users. */
static int walk_locked(struct cow_walk *walk)
{
	struct vm_area_struct *vma;
	struct file *stale = NULL;
	int ret = 0;
	u64 since;

	if (mmap_read_lock_killable(walk->mm))
		return -ERESTARTSYS;
	since = cow_hold_begin();

	vma = find_vma(walk->mm, walk->addr);
	if (vma && vma->vm_start < walk->end) {
		walk_vma(walk, vma);
		if (walk->name && walk->new_vma) {
			stale = walk->name->file;
			note_name(walk->name, vma);
		}
		ret = 1;
	}

	cow_hold_end(COW_LOCK_MMAP, since);
	mmap_read_unlock(walk->mm);
	if (stale)
		fput(stale);
	return ret;
}

/**
 * cow_walk_next - capture the next chunk
 * @walk: the walk
 *
 * A chunk may have no entries. Takes and drops the mmap lock and the locks of
 * page tables; sleeps; the caller holds nothing.
 *
 * Return: 1 for a chunk, 0 at the end (then @walk->gone tells whether there
 * was more to come), -ERESTARTSYS for a signal, or for work that the kernel has
 * left for a task on its way to user mode, as io_uring does: that is no business
 * of the reader, who gets EINTR for a signal it handles.
 */
int cow_walk_next(struct cow_walk *walk)
{
	int ret;

	if (signal_pending(current))
		return -ERESTARTSYS;
	cond_resched();

	if (!mmget_not_zero(walk->mm)) {
		walk->gone = true;
		return 0;
	}
	walk->busy = false;
	ret = walk_locked(walk);
	mmput(walk->mm);
	if (walk->busy)
		schedule_timeout_interruptible(1);
	return ret;
}
