/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The truth test: address spaces built at random from a seed, each number of
 * the module against the kernel's own, each prediction against the write.
 *
 *	truth.c		options, the loop over seeds, the report
 *	machine.c	what must be set up first, and what this kernel lacks
 *	layout.c	the driver: a seed -> a family of processes
 *	member.c	a process of the family, which does as it is told
 *	regions.c	what memory is made of
 *	oracle.c	records against pagemap, kpagecount, kpageflags, PAGEMAP_SCAN
 *	totals.c	vmas and summary against smaps and smaps_rollup
 *	predict.c	predictions against writes
 *	observe.c	the observer's events against the same writes
 *	steady.c	a hundred inspections against none
 *
 * The driver is the only one who decides and the only one who draws random
 * numbers; the members wait for its orders. While the driver compares, nobody
 * else runs, so that every number must agree exactly.
 */
#ifndef TRUTH_H
#define TRUTH_H

#include <sys/types.h>

#include "../setup.h"

#define PAGEMAP_UFFD_WP	(1ULL << 57)

#define MAX_MEMBERS	6
#define MAX_REGIONS	8
#define MAX_RECORDS	(1 << 16)
#define MAX_ATTEMPTS	8192

/* Each region has a slot of address space; the second half is to move into. */
#define ARENA		0x100000000000UL
#define SLOT		(128UL << 20)

/*
 * What layouts are made of. X(id, text): an ingredient counts as present in a
 * layout where it was seen in a record or, if no record can show it, where the
 * call that brings it about succeeded.
 */
#define INGREDIENTS(X) \
	X(ANON, "private anonymous memory") \
	X(SHARED_ANON, "shared anonymous memory") \
	X(MEMFD_PRIVATE, "memfd, mapped private") \
	X(MEMFD_SHARED, "memfd, mapped shared") \
	X(TMPFS_PRIVATE, "file on tmpfs, mapped private") \
	X(TMPFS_SHARED, "file on tmpfs, mapped shared") \
	X(EXT4_PRIVATE, "file on ext4, mapped private") \
	X(EXT4_SHARED, "file on ext4, mapped shared") \
	X(READONLY, "written, then read-only") \
	X(NO_ACCESS, "written, then PROT_NONE") \
	X(STACK, "stack grown by deep calls") \
	X(BRK, "heap grown by brk") \
	X(HUGE_ANON, "anonymous huge page, mapped by a PMD") \
	X(HUGE_SHMEM, "shmem huge page, mapped by a PMD") \
	X(HUGE_PART, "huge page, mapped page by page") \
	X(HUGE_MIXED, "huge page mapped both ways at once") \
	X(PARTLY_UNMAPPED, "huge page, partly unmapped") \
	X(MTHP, "anonymous folio larger than a page, and smaller than a PMD maps") \
	X(COLLAPSED, "MADV_COLLAPSE") \
	X(HUGETLB_PRIVATE, "hugetlb, mapped private") \
	X(HUGETLB_SHARED, "hugetlb, mapped shared") \
	X(HUGETLB_PTES, "hugetlb of a group of PTEs") \
	X(HUGETLB_PMDS, "hugetlb of a group of PMDs") \
	X(KSM, "merged by KSM") \
	X(ZERO, "zero page") \
	X(HUGE_ZERO, "huge zero page") \
	X(SWAPPED, "swapped out") \
	X(SWAP_SHARED, "swapped out, then shared by fork") \
	X(SWAPPED_IN, "swapped in again by a read") \
	X(MIGRATED, "moved to the other node") \
	X(MLOCKED, "mlocked") \
	X(PINNED, "pinned (io_uring fixed buffers)") \
	X(REFERENCED, "referenced by a pipe (vmsplice)") \
	X(SOFT_DIRTY_CLEARED, "soft-dirty cleared") \
	X(UFFD_WP, "write-protected by userfaultfd") \
	X(UFFD_ASYNC, "write-protected by userfaultfd, asynchronously") \
	X(UFFD_RWP, "protected from any access by userfaultfd") \
	X(GUARD, "guard region") \
	X(LAZY_FREE, "MADV_FREE") \
	X(MOVED, "moved by mremap") \
	X(DEVICE_SHARED, "device memory, mapped shared") \
	X(DEVICE_PRIVATE, "device memory, mapped private") \
	X(VVAR, "vvar: data that the kernel shows") \
	X(VDSO, "vdso: code that the kernel shows") \
	X(SECRETMEM, "memfd_secret") \
	X(WIPED, "MADV_WIPEONFORK") \
	X(NOT_FORKED, "MADV_DONTFORK") \
	X(GENERATION_0, "no fork") \
	X(GENERATION_1, "one generation of children") \
	X(GENERATION_2, "two generations") \
	X(GENERATION_3, "three generations") \
	X(GENERATION_4, "four generations") \
	X(PARENT_GONE, "a parent that exited before its child")

enum ingredient {
#define X(id, text) ING_##id,
	INGREDIENTS(X)
#undef X
	NR_INGREDIENTS
};

extern const char * const ingredient_texts[NR_INGREDIENTS];

/* ---- what members are told ---- */

enum op {
	OP_MAKE,	/* the region, as its maker has it */
	OP_READ, OP_WRITE,
	OP_WRITE_SAME,	/* the same contents in each page, for KSM */
	OP_DONTNEED, OP_FREE, OP_PAGEOUT, OP_POPULATE, OP_COLLAPSE,
	OP_PROT_READ, OP_PROT_WRITE, OP_PROT_NONE,
	OP_UNMAP, OP_MOVE, OP_LOCK, OP_UNLOCK, OP_MIGRATE, OP_MERGE,
	OP_PIN, OP_SPLICE,
	OP_PROTECT_UFFD, OP_PROTECT_ASYNC, OP_PROTECT_RWP,
	OP_GUARD, OP_WIPE, OP_NOFORK,
	OP_DEEP,	/* calls, to grow the stack */
	OP_SYNC,
	OP_FORK, OP_EXIT,
	OP_TRY,		/* the writes of predict.c */
	NR_OPS
};

/**
 * struct region - a part of the address space
 * @maker: which of regions.c
 * @addr: where
 * @pages: how long, in base pages
 */
struct region {
	int maker;
	char *addr;
	unsigned int pages;
};

/**
 * struct order - what one member does next
 * @op: enum op
 * @region: what to
 * @first: from which page of it on
 * @pages: how many
 * @arg: of OP_FORK the new member, of OP_MIGRATE the node, of OP_MAKE random
 */
struct order {
	int op;
	struct region region;
	unsigned int first;
	unsigned int pages;
	uint64_t arg;
};

/**
 * struct attempt - one write, as told by the one who made it
 * @before: the module's record just before it
 * @after: just after
 * @addr: where it was written
 * @map_before: pagemap's entry just before
 * @map_after: just after
 * @frame_flags: kpageflags of the frame before
 * @faults: how many the write took
 * @sig: the signal it brought, or 0
 */
struct attempt {
	struct cowinspect_page before, after;
	uint64_t addr, map_before, map_after, frame_flags;
	int faults;
	int sig;
};

struct member {
	pid_t pid;			/* 0: no such member (any more) */
	int generation;
	int parent;
	uint32_t told;			/* orders given; by get_word(), set_word() */
	uint32_t done;			/* orders carried out; the same */
	struct order order;
	int result;			/* of the last order: 0 or an errno */
};

/* What driver and members tell one another, in an order that both see. */
static inline uint32_t get_word(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

static inline void set_word(uint32_t *word, uint32_t value)
{
	__atomic_store_n(word, value, __ATOMIC_SEQ_CST);
}

/* Shared by the driver and all members; nobody has a page of its own here. */
struct shared {
	struct member members[MAX_MEMBERS];
	bool seen[NR_INGREDIENTS];	/* in this layout */
	int nr_attempts;
	int attempt;			/* the one in progress */
	struct attempt attempts[MAX_ATTEMPTS];
};

extern struct shared *shared;

/* ---- machine.c ---- */

struct machine {
	const char *missing[NR_INGREDIENTS];	/* why there can be none here */
	int device;				/* /dev/mem, or -1 */
	off_t device_at;
	unsigned long hugetlb_ptes;	/* bytes of one that groups of PTEs map */
	unsigned long hugetlb_pmds;	/* the same with PMDs */
	bool ksm_flag_wrong;		/* kpageflags call all anon pages KSM */
	bool has_exclusive;
	bool each_page_once;		/* pagemap's bit 56, in huge mappings */
	bool smaps_sees_frames;		/* in VMAs that map them by number */
	bool smaps_misses_no_access;	/* huge pages under PROT_NONE */
	uint64_t vvar, vdso;		/* their first addresses */
	bool has_scan, has_scan_guard;
};

extern struct machine machine;

void machine_setup(void);
void machine_merge_pages(void);

/* ---- layout.c ---- */

extern int nr_layouts_failed;

uint32_t draw(uint32_t below);
void layout_run(uint64_t seed);
int order_member(int m, const struct order *order);

/* ---- member.c, regions.c ---- */

void member_run(int m);
int region_make(const struct region *region, uint64_t random);
void region_choose(struct region *region);
bool region_is_hugetlb(const struct region *region);
bool touch(char *at, bool write, int *sig);
void member_try_writes(void);

/* ---- oracle.c, totals.c, predict.c, observe.c, steady.c ---- */

/**
 * struct view - what module and kernel say of a member
 * @pid: of which
 * @nr: how many records there are
 * @records: the records of its whole address space
 * @counts: of each record, where its pages begin in @page_counts
 * @page_counts: kpagecount of each page of each record with a struct page
 */
struct view {
	pid_t pid;
	int nr;
	struct cowinspect_page *records;
	uint32_t *counts;
	uint32_t *page_counts;
};

extern struct view view;

/* Numbers compared so far, and those that differed without a good reason. */
extern uint64_t compared_entries, compared_pages, compared_totals;
extern uint64_t observed_writes;	/* that faulted, and were observed */
extern uint64_t steady_checks;		/* members inspected a hundred times */

void *not_inherited(size_t size);
void views_alloc(void);
void view_member(pid_t pid);
bool is_unseen(uint64_t addr);
bool is_share_count_wrong(const struct cowinspect_page *r);
void check_entries(void);
void check_totals(void);
void check_predictions(void);
void report_predictions(void);
int what_happened(const struct attempt *a);
void observe_begin(pid_t pid);
void observe_check(void);
void check_steady(void);

__attribute__((format(printf, 1, 2)))
void differs(const char *format, ...);

const char *record_text(const struct cowinspect_page *r);
uint64_t differences_so_far(void);
void differences_forget(uint64_t mark);

static inline unsigned long pages_of(const struct cowinspect_page *r)
{
	return 1UL << r->map_order;
}

/* Whether the kernel counts mappings of this entry's pages. */
static inline bool is_counted(const struct cowinspect_page *r)
{
	return r->flags & COWI_F_PRESENT && r->kind != COWI_KIND_PFN &&
	       r->kind != COWI_KIND_ZERO;
}

#endif /* TRUTH_H */
