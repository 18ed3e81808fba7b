// SPDX-License-Identifier: GPL-2.0
/* What a fork would have to do now. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fork.h"
#include "grow.h"

/* Entries of a table, as a power of two, where a base page has 4096 bytes. */
#define TABLE_SHIFT	9
#define PAGE_SHIFT	12

int fork_scan_begin(struct fork_scan *s)
{
	s->sums = calloc(s->nr_vmas + 1, sizeof(*s->sums));
	return s->sums ? 0 : -ENOMEM;
}

void fork_scan_release(struct fork_scan *s)
{
	free(s->vma);
	free(s->sums);
	free(s->region);
	free(s->run);
	memset(s, 0, sizeof(*s));
}

/* ---- records ---- */

static int add_region(struct fork_scan *s, const struct cowinspect_page *rec)
{
	bool table = rec->map_order < TABLE_SHIFT;
	__u64 number = rec->addr >> (PAGE_SHIFT + TABLE_SHIFT);
	struct fork_region *grown;

	if (s->nr_regions && s->region[s->nr_regions - 1].number == number) {
		s->region[s->nr_regions - 1].table |= table;
		return 0;
	}
	grown = grow(s->region, s->nr_regions, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	s->region = grown;
	s->region[s->nr_regions++] = (struct fork_region){ number, table };
	return 0;
}

static int add_run(struct fork_scan *s, const struct cowinspect_page *rec)
{
	struct fork_run *last = s->nr_runs ? &s->run[s->nr_runs - 1] : NULL;
	__u64 pages = 1ull << rec->map_order;
	struct fork_run *grown;

	s->pages_in_runs += pages;
	if (last && !last->huge && !rec->map_order &&
	    last->start + last->pages * s->page_size == rec->addr) {
		last->pages++;
		return 0;
	}
	grown = grow(s->run, s->nr_runs, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	s->run = grown;
	s->run[s->nr_runs++] = (struct fork_run){
		.start = rec->addr, .pages = pages,
		.first = s->pages_in_runs - pages, .huge = rec->map_order,
	};
	return 0;
}

static bool is_anon(const struct cowinspect_page *rec)
{
	return rec->flags & COWI_F_PRESENT &&
	       (rec->kind == COWI_KIND_ANON || rec->kind == COWI_KIND_KSM);
}

/*
 * What a fault has put there had an anon_vma first: anonymous pages, also in swap, and
 * the huge zero page, but not the small one. So had guards (madvise_guard_install()), or
 * they are copied for their own sake.
 */
static bool shows_anon_vma(const struct cowinspect_page *rec)
{
	return is_anon(rec) || rec->kind == COWI_KIND_SWAP ||
	       rec->kind == COWI_KIND_MARKER_GUARD ||
	       (rec->kind == COWI_KIND_ZERO && rec->map_order);
}

/* hugetlb is in none of the kernel's counters. */
static void add_kind(struct fork_sums *sums, const struct fork_vma *vma,
		     const struct cowinspect_page *rec)
{
	__u64 pages = 1ull << rec->map_order;

	if (vma->hugetlb)
		return;
	if (is_anon(rec))
		sums->anon += pages;
	else if (rec->kind == COWI_KIND_SWAP)
		sums->swap += pages;
	/* Huge ones are left to faults (copy_huge_pmd()). */
	else if (rec->map_order)
		return;
	else if (rec->kind == COWI_KIND_SHMEM)
		sums->shmem++;
	else if (rec->kind == COWI_KIND_FILE || rec->kind == COWI_KIND_KERNEL)
		sums->file++;
}

/* Now, a write would do without a copy, and it may be written to. */
static bool is_then_copied(const struct cowinspect_page *rec)
{
	return is_anon(rec) && rec->flags & COWI_F_VMA_WRITE &&
	       rec->outcome != COWI_NEXT_COPY;
}

static int add_to_vma(struct fork_scan *s, size_t i,
		      const struct cowinspect_page *rec)
{
	struct fork_sums *sums = &s->sums[i];
	struct fork_vma *vma = &s->vma[i];
	__u64 pages = 1ull << rec->map_order;

	sums->entries++;
	sums->huge += rec->map_order > 0;
	vma->had_anon |= !vma->shared && shows_anon_vma(rec);
	add_kind(sums, vma, rec);
	if (vma->shared || vma->dontfork || vma->wiped || !is_then_copied(rec))
		return 0;
	if (rec->flags & COWI_F_MAYBE_PINNED) {
		sums->pinned += pages;
		return 0;
	}
	sums->then += pages;
	return add_run(s, rec);
}

int fork_scan_add(struct fork_scan *s, const struct cowinspect_page *rec)
{
	int err = add_region(s, rec);

	while (s->at < s->nr_vmas && s->vma[s->at].end <= rec->addr)
		s->at++;
	/* One that is in no mapping came after these were listed. */
	if (err || s->at == s->nr_vmas || s->vma[s->at].start > rec->addr)
		return err;
	return add_to_vma(s, s->at, rec);
}

/* ---- page tables ---- */

/* vma_needs_copy(), and dup_mmap() before it. */
static bool is_copied(const struct fork_scan *s, const struct fork_vma *vma)
{
	if (vma->dontfork || vma->wiped)
		return false;
	return vma->special || vma->had_anon ||
	       (vma->hugetlb && s->hugetlb_always);
}

/* Whether the child gets a PTE table for a region of this mapping. */
static bool has_pte_table(const struct fork_vma *vma,
			  const struct fork_region *region)
{
	if (vma->hugetlb)
		return false;
	/* One is kept behind a huge page, for the day when it is split. */
	return region->table || vma->anonymous;
}

/*
 * Tables of one level that have something of the parent in a mapping that is copied,
 * each once: the child gets one of its own for each.
 */
static __u64 count_tables(const struct fork_scan *s, int level)
{
	const unsigned int in_regions = level * TABLE_SHIFT;
	const unsigned int shift = PAGE_SHIFT + TABLE_SHIFT + in_regions;
	__u64 counted = 0, next = 0;
	size_t i, k = 0, at;

	for (i = 0; i < s->nr_vmas; i++) {
		const struct fork_vma *vma = &s->vma[i];

		if (!is_copied(s, vma))
			continue;
		/* Mappings ascend; so do tables, which several may be in. */
		if (next < vma->start >> shift)
			next = vma->start >> shift;
		while (k < s->nr_regions && s->region[k].number >> in_regions < next)
			k++;
		for (at = k; at < s->nr_regions; at++) {
			__u64 number = s->region[at].number >> in_regions;

			if (number > (vma->end - 1) >> shift)
				break;
			if (number < next ||
			    (!level && !has_pte_table(vma, &s->region[at])))
				continue;
			next = number + 1;
			counted++;
		}
	}
	return counted;
}

static void add_sums(struct fork_sums *to, const struct fork_sums *part)
{
	to->entries += part->entries;
	to->huge += part->huge;
	to->anon += part->anon;
	to->file += part->file;
	to->shmem += part->shmem;
	to->swap += part->swap;
	to->pinned += part->pinned;
	to->then += part->then;
}

void fork_scan_cost(const struct fork_scan *s, struct fork_cost *cost)
{
	int level;
	size_t i;

	memset(cost, 0, sizeof(*cost));
	for (i = 0; i < s->nr_vmas; i++) {
		const struct fork_sums *sums = &s->sums[i];

		if (is_copied(s, &s->vma[i]))
			add_sums(&cost->sums, sums);
		else if (s->vma[i].dontfork || s->vma[i].wiped)
			cost->left_out += sums->anon + sums->file + sums->shmem;
	}
	cost->tables_known = s->page_size == 1 << PAGE_SHIFT;
	for (level = 0; level < 3 && cost->tables_known; level++)
		cost->tables[level] = count_tables(s, level);
}

const struct fork_run *fork_scan_run(const struct fork_scan *s, __u64 addr)
{
	size_t low = 0, high = s->nr_runs;

	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct fork_run *run = &s->run[middle];

		if (addr < run->start)
			high = middle;
		else if (addr >= run->start + run->pages * s->page_size)
			low = middle + 1;
		else
			return run;
	}
	return NULL;
}
