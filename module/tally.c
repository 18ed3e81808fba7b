// SPDX-License-Identifier: GPL-2.0
/*
 * Entries -> totals, and the totals as text.
 */
#include <linux/bitfield.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "cow.h"

/* As smaps computes its Pss (PSS_SHIFT in fs/proc/task_mmu.c). */
#define COW_PSS_SHIFT	12

static u64 *kind_total(struct cow_tally *t, u8 kind)
{
	static const size_t totals[COWI_NR_KINDS] = {
#define COW_X(id, name, total, ...) \
		[id] = offsetof(struct cow_tally, total),
		COWINSPECT_KINDS(COW_X, COW_X)
#undef COW_X
	};

	return (u64 *)((char *)t + totals[kind]);
}

static u64 *mapcount_bin(struct cow_tally *t, u32 mapcount)
{
	if (mapcount <= 1)
		return &t->map_1;
	if (mapcount == 2)
		return &t->map_2;
	if (mapcount == 3)
		return &t->map_3;
	if (mapcount < 8)
		return &t->map_4;
	if (mapcount < 16)
		return &t->map_8;
	if (mapcount < 32)
		return &t->map_16;
	if (mapcount < 64)
		return &t->map_32;
	return &t->map_64;
}

static u64 *outcome_total(struct cow_tally *t, u8 outcome)
{
	switch (outcome) {
	case COWI_NEXT_NOFAULT:
		return &t->next_nofault;
	case COWI_NEXT_MARK:
		return &t->next_mark;
	case COWI_NEXT_REUSE:
		return &t->next_reuse;
	case COWI_NEXT_COPY:
		return &t->next_copy;
	case COWI_NEXT_ZEROFILL:
		return &t->next_zerofill;
	case COWI_NEXT_SHARED:
		return &t->next_shared;
	case COWI_NEXT_USERFAULTFD:
		return &t->next_userfaultfd;
	case COWI_NEXT_SWAPIN:
		return &t->next_swapin;
	case COWI_NEXT_REFUSED:
		return &t->next_refused;
	default:
		return &t->next_unknown;
	}
}

/* @n pages with a struct page. */
static void add_counts(struct cow_tally *t, const struct cowinspect_page *page,
		       u64 n)
{
	u32 mapcount = page->mapcount;
	u32 refcount = page->refcount;
	bool first = !(t->mapped_once + t->mapped_more);

	if (first || mapcount < t->map_min)
		t->map_min = mapcount;
	if (first || refcount < t->ref_min)
		t->ref_min = refcount;
	t->map_max = max_t(u64, t->map_max, mapcount);
	t->ref_max = max_t(u64, t->ref_max, refcount);
	t->map_sum += n * mapcount;
	t->ref_sum += n * refcount;
	*mapcount_bin(t, mapcount) += n;
	if (mapcount > 1)
		t->mapped_more += n;
	else
		t->mapped_once += n;
	t->pss_fixed += n * div_u64((u64)PAGE_SIZE << COW_PSS_SHIFT,
				    max_t(u32, mapcount, 1));
}

/* Mapcounts of the first page that an entry with such maps in the chunk. */
static const u32 *mixed_from(const struct cow_raw *raw,
			     const struct cow_walk *walk)
{
	if (raw->addr < walk->start)
		return walk->mixed + ((walk->start - raw->addr) >> PAGE_SHIFT);
	return walk->mixed;
}

/* The same, where each page has a mapcount of its own. */
static void add_mixed_counts(struct cow_tally *t,
			     const struct cowinspect_page *page,
			     const u32 *mapcounts, u64 n)
{
	struct cowinspect_page one = *page;
	u64 i, run;

	for (i = 0; i < n; i += run) {
		one.mapcount = mapcounts[i];
		for (run = 1; i + run < n; run++) {
			if (mapcounts[i + run] != one.mapcount)
				break;
		}
		add_counts(t, &one, run);
	}
}

static void add_mapping(struct cow_tally *t, const struct cowinspect_page *page,
			const struct cow_raw *raw, u64 n)
{
	if (page->flags & COWI_F_HUGETLB)
		t->hugetlb += n;
	else if (raw->attr & COW_A_PMD)
		t->pmd_mapped += n;
	else if (raw->attr & COW_A_PUD)
		t->pud_mapped += n;
	else if (page->flags & COWI_F_LARGE)
		t->large += n;
}

static void add_present(struct cow_tally *t, const struct cowinspect_page *page,
			const struct cow_raw *raw,
			const struct cow_walk *walk, u64 n)
{
	u64 flags = page->flags;

	t->present += n;
	add_mapping(t, page, raw, n);
	if (raw->attr & COW_A_AVERAGE)
		add_mixed_counts(t, page, mixed_from(raw, walk), n);
	else if (raw->attr & COW_A_PAGE)
		add_counts(t, page, n);
	if (flags & COWI_F_EXCLUSIVE)
		t->exclusive += n;
	else if (page->kind == COWI_KIND_ANON || page->kind == COWI_KIND_KSM)
		t->maybe_shared += n;
	if (flags & COWI_F_WRITE)
		t->writable += n;
	else if (flags & COWI_F_VMA_WRITE && !(flags & COWI_F_VMA_SHARED))
		t->cow_pending += n;
	if (flags & (COWI_F_DIRTY | COWI_F_PAGE_DIRTY))
		t->dirty += n;
	if (flags & COWI_F_YOUNG)
		t->young += n;
	if (flags & COWI_F_SOFT_DIRTY)
		t->soft_dirty += n;
	if (flags & COWI_F_SWAPCACHE)
		t->swapcache += n;
	if (flags & COWI_F_MAYBE_PINNED)
		t->pinned += n;
}

/*
 * Add @n pages, all of entries like @raw of the walk's chunk, of which @page is the
 * record.
 */
static void add_entries(struct cow_tally *t, const struct cowinspect_page *page,
			const struct cow_raw *raw,
			const struct cow_walk *walk, u64 n)
{
	*kind_total(t, page->kind) += n;
	if (page->flags & COWI_F_PRESENT)
		add_present(t, page, raw, walk, n);
	else if (page->kind != COWI_KIND_SWAP)
		t->nonpresent += n;
	if (page->flags & COWI_F_UFFD_WP)
		t->uffd_wp += n;

	*outcome_total(t, page->outcome) += n;
	if (page->confidence == COWI_CONF_SURE)
		t->next_sure += n;
	else if (page->confidence == COWI_CONF_LIKELY)
		t->next_likely += n;
}

/**
 * cow_tally_chunk - add the walk's current chunk to totals
 * @tally: the totals
 * @walk: the walk, which is for totals
 */
void cow_tally_chunk(struct cow_tally *tally, const struct cow_walk *walk)
{
	const struct cow_alike *alike = walk->alike, *end = alike + walk->nr;
	struct cowinspect_page page;

	tally->pages += (walk->addr - walk->start) >> PAGE_SHIFT;
	for (; alike < end; alike++) {
		cow_decode(&alike->raw, &walk->vma, &page);
		cow_predict(&alike->raw, &page);
		add_entries(tally, &page, &alike->raw, walk, alike->n);
	}
}

/**
 * cow_tally_finish - compute what follows from the sums
 * @tally: the totals; only to be printed after this
 */
void cow_tally_finish(struct cow_tally *tally)
{
	u64 counted = tally->mapped_once + tally->mapped_more;

	tally->absent = tally->pages - tally->present - tally->swapped -
			tally->nonpresent;
	tally->pss = tally->pss_fixed >> COW_PSS_SHIFT;
	if (counted) {
		tally->map_mean = div64_u64(tally->map_sum * 100, counted);
		tally->ref_mean = div64_u64(tally->ref_sum * 100, counted);
	}
}

static const struct {
	const char *column;
	size_t line_size;
	bool is_mean;
	size_t offset;
} totals[] = {
#define COW_X(field, unit, meaning)					\
	{ " " #field, sizeof(#field ": 0\n") - 1, unit[0] == 'm',	\
	  offsetof(struct cow_tally, field) },
	COWINSPECT_TOTALS(COW_X)
#undef COW_X
};

/* What would be printed if all were 0. */
#define COW_X(field, unit, meaning)	#field ": 0\n"
static const char zero_lines[] = COWINSPECT_TOTALS(COW_X);
#undef COW_X
#define COW_X(field, unit, meaning)	" 0"
static const char zero_columns[] = COWINSPECT_TOTALS(COW_X);
#undef COW_X

static u64 total_of(const struct cow_tally *tally, int i)
{
	return *(const u64 *)((const char *)tally + totals[i].offset);
}

static void print_total(struct seq_file *m, u64 value, bool is_mean)
{
	u64 hundredths = value % 100;

	if (!is_mean) {
		seq_put_decimal_ull(m, "", value);
		return;
	}
	seq_put_decimal_ull(m, "", value / 100);
	seq_put_decimal_ull(m, hundredths < 10 ? ".0" : ".", hundredths);
}

/*
 * Print what would be if all were 0 in pieces, with a number in place of each 0 that is
 * none: most are, so that is most of what can be saved.
 */
static void print_totals(struct seq_file *m, const struct cow_tally *tally,
			 const char *zeros, bool lines)
{
	const char *end = zeros, *zero;
	u64 value;
	int i;

	for (i = 0; i < ARRAY_SIZE(totals); i++) {
		end += lines ? totals[i].line_size : strlen(" 0");
		value = total_of(tally, i);
		if (!value && !totals[i].is_mean)
			continue;
		zero = end - (lines ? strlen("0\n") : strlen("0"));
		seq_write(m, zeros, zero - zeros);
		print_total(m, value, totals[i].is_mean);
		zeros = zero + 1;
	}
	seq_write(m, zeros, end - zeros);
}

/**
 * cow_tally_print_lines - print totals as "name: value" lines
 * @m: where to
 * @tally: the finished totals
 */
void cow_tally_print_lines(struct seq_file *m, const struct cow_tally *tally)
{
	print_totals(m, tally, zero_lines, true);
}

/**
 * cow_tally_print_header - print the column names, each with a space before it
 * @m: where to
 */
void cow_tally_print_header(struct seq_file *m)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(totals); i++)
		seq_puts(m, totals[i].column);
}

/**
 * cow_tally_print_row - print totals as columns, each with a space before it
 * @m: where to
 * @tally: the finished totals
 */
void cow_tally_print_row(struct seq_file *m, const struct cow_tally *tally)
{
	print_totals(m, tally, zero_columns, false);
}
