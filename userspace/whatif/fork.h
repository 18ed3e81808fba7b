/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a fork would have to do now, by the records of all pages and what is known of
 * mappings. The rules are those of copy_page_range() in mm/memory.c (5.10 to 7.2) and of
 * dup_mmap() in kernel/fork.c, mm/mmap.c. Nothing here reads anything.
 */
#ifndef WHATIF_FORK_H
#define WHATIF_FORK_H

#include "libcowinspect.h"

/**
 * struct fork_vma - a mapping, as far as fork looks at it
 * @start: first address
 * @end: first address after it
 * @shared: MAP_SHARED
 * @dontfork: the child does not get it (MADV_DONTFORK)
 * @wiped: the child gets it empty (MADV_WIPEONFORK)
 * @special: VM_PFNMAP or VM_MIXEDMAP: copied in any case
 * @hugetlb: of hugetlb
 * @anonymous: without a file
 * @had_anon: it has anonymous memory, by its records: else fork copies nothing of it, as
 *	faults can put the same there
 */
struct fork_vma {
	__u64 start;
	__u64 end;
	bool shared;
	bool dontfork;
	bool wiped;
	bool special;
	bool hugetlb;
	bool anonymous;
	bool had_anon;
};

/**
 * struct fork_run - pages one after the other that a write copies after a fork, and
 *	does not now
 * @start: first address
 * @pages: base pages
 * @first: of them all, the number of the first
 * @huge: mapped by one entry
 */
struct fork_run {
	__u64 start;
	__u64 pages;
	__u64 first;
	bool huge;
};

/**
 * struct fork_region - as much as one PTE table maps, with something in it
 * @number: address by its size
 * @table: there is such a table; else a huge page
 */
struct fork_region {
	__u64 number;
	bool table;
};

/**
 * struct fork_sums - of a mapping, or of all that fork copies
 * @entries: present, in swap, or others that are not empty
 * @huge: of these: huge ones
 * @anon: base pages, as cow_fork has them; @file, @shmem, @swap as well
 * @file: see @anon
 * @shmem: see @anon
 * @swap: see @anon
 * @pinned: base pages of @anon that are copied at once
 * @then: base pages that a write copies afterwards and would not now
 */
struct fork_sums {
	__u64 entries;
	__u64 huge;
	__u64 anon;
	__u64 file;
	__u64 shmem;
	__u64 swap;
	__u64 pinned;
	__u64 then;
};

/**
 * struct fork_cost - what it would have to do
 * @tables_known: @tables is set: only where base pages have 4096 bytes, and four levels
 * @tables: PTE tables, PMD tables, PUD tables that are made for the child
 * @sums: what is copied
 * @left_out: present base pages that the child does not get, being DONTFORK or WIPEONFORK
 */
struct fork_cost {
	bool tables_known;
	__u64 tables[3];
	struct fork_sums sums;
	__u64 left_out;
};

/**
 * struct fork_scan - a process that is being looked at
 * @page_size: of base pages
 * @hugetlb_always: mappings of hugetlb are copied whatever is in them (before 6.0)
 * @nr_vmas: entries in @vma
 * @vma: all of them, ascending
 * @sums: of each
 * @at: the one that was looked at last
 * @nr_regions: entries in @region
 * @region: ascending
 * @nr_runs: entries in @run
 * @run: ascending
 * @pages_in_runs: base pages in all of them
 */
struct fork_scan {
	__u64 page_size;
	bool hugetlb_always;
	size_t nr_vmas;
	struct fork_vma *vma;
	struct fork_sums *sums;
	size_t at;
	size_t nr_regions;
	struct fork_region *region;
	size_t nr_runs;
	struct fork_run *run;
	__u64 pages_in_runs;
};

/**
 * fork_scan_begin - begin
 * @s: zero but for @page_size, @hugetlb_always, @nr_vmas and @vma, which it owns from
 *	now; to be given to fork_scan_release()
 *
 * Return: 0 or -ENOMEM.
 */
int fork_scan_begin(struct fork_scan *s);

/**
 * fork_scan_add - one more record
 * @s: scan
 * @rec: ascending
 *
 * Return: 0 or -ENOMEM.
 */
int fork_scan_add(struct fork_scan *s, const struct cowinspect_page *rec);

/**
 * fork_scan_cost - after the last one
 * @s: scan
 * @cost: filled in
 */
void fork_scan_cost(const struct fork_scan *s, struct fork_cost *cost);
void fork_scan_release(struct fork_scan *s);

/**
 * fork_scan_run - the run that an address is in
 * @s: scan
 * @addr: address
 *
 * Return: NULL if a write there copies now as well, or nothing was there.
 */
const struct fork_run *fork_scan_run(const struct fork_scan *s, __u64 addr);

#endif /* WHATIF_FORK_H */
