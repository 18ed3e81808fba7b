/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The parts of the module and how they meet. Data flows one way:
 *
 *	a read of a file (files.c)
 *	  -> target.c	whose address space
 *	  -> walk.c	its entries, as the kernel keeps them (all locking)
 *	  -> decode.c	the kernel's words -> facts in our vocabulary
 *	  -> classify.c	facts -> what the next write does (pure)
 *	  -> tally.c	facts -> totals, or straight to the reader as records
 */
#ifndef _COW_H
#define _COW_H

#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mm_types.h>
#include <linux/seq_file.h>
#include <linux/types.h>

#include "uapi/cowinspect.h"
#include "classify.h"
#include "compat.h"

#define COW_VERSION	"0.1.0"

/* ---- walk.c ---- */

/* Entries captured in one hold of the locks: what bounds the hold's length. */
#define COW_CHUNK_ENTRIES	512

/* struct cow_raw.attr */
#define COW_A_MAP_ORDER		0x000000ffU	/* entry maps 2^n base pages */
#define COW_A_FOLIO_ORDER	0x0000ff00U
#define COW_A_PMD		BIT(16)		/* val is a pmd (not hugetlb) */
#define COW_A_PUD		BIT(17)		/* val is a pud (not hugetlb) */
#define COW_A_HUGETLB		BIT(18)
#define COW_A_PAGE		BIT(19)		/* there is a struct page */
#define COW_A_ANON		BIT(20)
#define COW_A_KSM		BIT(21)
#define COW_A_EXCLUSIVE		BIT(22)
#define COW_A_PINNED		BIT(23)
#define COW_A_ZERO		BIT(24)		/* shared zero page */
#define COW_A_AVERAGE		BIT(25)		/* mapcount is an average */
#define COW_A_MM_SHARED		BIT(26)		/* folio maybe in several mms */
#define COW_A_NO_MAPPING	BIT(27)		/* neither anon nor page cache */

/**
 * struct cow_raw - one entry as the kernel keeps it
 * @addr: first virtual address that the entry maps
 * @val: the value of the PTE, PMD or PUD
 * @pfn: frame number, meaningful for a present entry
 * @folio_flags: the flags word of the folio
 * @mapcount: of the page
 * @refcount: of the folio
 * @folio_mapcount: of the folio
 * @attr: COW_A_* bits
 *
 * Everything that must be read under the page table lock is in here, so that
 * the rest of the work happens without it.
 */
struct cow_raw {
	u64 addr;
	u64 val;
	u64 pfn;
	u64 folio_flags;
	u32 mapcount;
	u32 refcount;
	u32 folio_mapcount;
	u32 attr;
};

enum cow_vma_kind {
	COW_VMA_ANON,
	COW_VMA_FILE,
	COW_VMA_SHMEM,
	COW_VMA_HUGETLB,
	COW_VMA_SPECIAL,
};

/**
 * struct cow_vma - what a chunk knows of its VMA
 * @start: first address
 * @end: first address behind it
 * @pgoff: offset in the file, in base pages
 * @vm_flags: the kernel's VM_* flags
 * @flags: COWI_F_* bits that hold for all its entries
 * @kind: what backs it
 */
struct cow_vma {
	unsigned long start;
	unsigned long end;
	unsigned long pgoff;
	unsigned long vm_flags;
	u64 flags;
	enum cow_vma_kind kind;
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
 * struct cow_walk - a walk over an address space, a chunk at a time
 * @mm: the address space (its mm_count is held, its mm_users is not)
 * @addr: where the next chunk starts
 * @end: where the walk ends
 * @max: most entries that the next chunk may have, up to COW_CHUNK_ENTRIES
 * @name: where to put the name of each new VMA, or NULL
 * @vma: the VMA of the current chunk
 * @new_vma: the current chunk is not of the same VMA as the chunk before
 * @gone: the walk ended because the address space has ended
 * @start: first address of the current chunk; it goes up to @addr
 * @nr: how many entries the current chunk has
 * @raw: the entries of the current chunk
 *
 * A chunk is a part of one VMA; it was captured in one hold of the mmap lock
 * and its entries of one page table in one hold of that table's lock.
 */
struct cow_walk {
	struct mm_struct *mm;
	unsigned long addr;
	unsigned long end;
	unsigned int max;
	struct cow_vma_name *name;
	struct cow_vma vma;
	bool new_vma;
	bool gone;
	unsigned long start;
	unsigned int nr;
	struct cow_raw raw[COW_CHUNK_ENTRIES];
};

struct cow_walk *cow_walk_alloc(struct mm_struct *mm);
void cow_walk_free(struct cow_walk *walk);
void cow_walk_from(struct cow_walk *walk, unsigned long addr);
int cow_walk_next(struct cow_walk *walk);
void cow_vma_name_put(struct cow_vma_name *name);
u64 cow_walk_hold_max(void);

/* ---- decode.c ---- */

void cow_decode(const struct cow_raw *raw, const struct cow_vma *vma,
		struct cowinspect_page *page);

/**
 * cow_raw_alike - whether two entries of a chunk decode alike
 * @a: an entry
 * @b: another
 *
 * Most neighbours do, which saves most of the decoding.
 *
 * Return: true only if the records differ in nothing but address and frame.
 */
static inline bool cow_raw_alike(const struct cow_raw *a,
				 const struct cow_raw *b)
{
	/* Without a page the frame's bits may say what the entry is. */
	u64 bits = a->attr & (COW_A_PAGE | COW_A_ZERO) ? COW_PTE_ATTRIBUTES : ~0ULL;

	return a->attr == b->attr &&
	       !((a->val ^ b->val) & bits) &&
	       !((a->folio_flags ^ b->folio_flags) & COW_FOLIO_FLAGS) &&
	       a->mapcount == b->mapcount && a->refcount == b->refcount &&
	       a->folio_mapcount == b->folio_mapcount;
}

/* ---- tally.c ---- */

/**
 * struct cow_tally - totals in the making
 * @map_sum: sum of all mapcounts
 * @ref_sum: sum of all refcounts
 * @pss_fixed: proportional set size, bytes shifted left by COW_PSS_SHIFT
 *
 * The other members are those of COWINSPECT_TOTALS.
 */
struct cow_tally {
#define COW_X(field, unit, meaning) u64 field;
	COWINSPECT_TOTALS(COW_X)
#undef COW_X
	u64 map_sum;
	u64 ref_sum;
	u64 pss_fixed;
};

void cow_tally_chunk(struct cow_tally *tally, const struct cow_walk *walk);
void cow_tally_finish(struct cow_tally *tally);
void cow_tally_print_lines(struct seq_file *m, const struct cow_tally *tally);
void cow_tally_print_header(struct seq_file *m);
void cow_tally_print_row(struct seq_file *m, const struct cow_tally *tally);

/* ---- target.c ---- */

/**
 * struct cow_target - a process under inspection
 * @list: in the list of attached targets
 * @ref: the list and every open file hold one
 * @pid: the process, whatever becomes of its number
 * @nr: the number under which it was attached
 * @dir: its directory
 * @detached: reads in progress must come to an end
 */
struct cow_target {
	struct list_head list;
	struct kref ref;
	struct pid *pid;
	unsigned int nr;
	struct dentry *dir;
	bool detached;
};

extern unsigned int cow_max_targets;

int cow_target_attach(unsigned int nr);
int cow_target_detach(unsigned int nr);
void cow_target_detach_all(void);
void cow_target_put(struct cow_target *target);
bool cow_target_alive(struct cow_target *target);
struct mm_struct *cow_target_grab_mm(struct cow_target *target);
int cow_target_print_all(struct seq_file *m);

/* ---- files.c ---- */

int cow_files_init(void);
void cow_files_exit(void);
struct dentry *cow_files_add(struct cow_target *target);

#endif /* _COW_H */
