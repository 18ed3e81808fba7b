// SPDX-License-Identifier: GPL-2.0
/*
 * Entries of a page table, under its lock -> what a chunk keeps of them.
 *
 * Most entries say the same as the one before, but for address and frame. A chunk
 * keeps what they say once, with how many say it (struct cow_alike); so they are
 * decoded and added up once as well. Where records are wanted, such entries have
 * to follow each other, and where each of them was is kept beside them; for totals
 * they are looked for in any order.
 *
 * What it costs is to wait for memory: an entry's struct page is in a cache line of
 * its own. So entries are read in batches, and the lines of a whole batch are asked
 * for before the first of them is looked at: they arrive together. Then it is each
 * instruction for an entry that counts; docs/performance.md has what this took. Where
 * frames follow each other, their struct pages are gone through as they lie.
 *
 * Longer than other files: what is like what is inlined into all that captures.
 */
#include <linux/bitfield.h>
#include <linux/mm.h>
#include <linux/prefetch.h>

#include "compat.h"
#include "cow.h"
#include "table.h"

/*
 * What reading all pages of a huge mapping one by one costs, in slots. It ends
 * the chunk, which thus has at most one such mapping, as its last entry.
 */
#define MIXED_HUGE_COST		COW_CHUNK_SLOTS
/* Capturing a huge entry takes a lock of its own. */
#define HUGE_COST		4
/* Empty slots come in droves, and are passed over in such. */
#define DROVE			16
/* In present entries, which it is compared with, not all bits are set. */
#define NO_BITS			(~0ULL)
/* How many struct pages ahead a run is, whose next ones the CPU asks for as well. */
#define AHEAD			24
/* How many of the last kinds of entries are compared with a new one. */
#define LAST_KINDS		4

/* ---- one entry ---- */

/* Of a large folio much is kept elsewhere. */
static u32 capture_large_folio(struct cow_raw *raw, struct folio *folio,
			       struct page *page)
{
	u32 attr = FIELD_PREP(COW_A_FOLIO_ORDER, folio_order(folio));

	raw->mapcount = cow_page_mapcount(folio, page);
	raw->folio_mapcount = cow_large_mapcount(folio);
	if (folio_maybe_dma_pinned(folio))
		attr |= COW_A_PINNED;
	if (cow_folio_mm_shared(folio))
		attr |= COW_A_MM_SHARED;
	if (folio_test_anon(folio) && !folio_test_ksm(folio) &&
	    cow_anon_exclusive(page))
		attr |= COW_A_EXCLUSIVE;
	return attr;
}

/*
 * The folio's facts. Caller holds the lock that keeps the page mapped. Returns its
 * mapping.
 */
static unsigned long capture_folio(struct cow_raw *raw, u32 attr,
				   struct folio *folio, struct page *page)
{
	unsigned long mapping = (unsigned long)cow_folio_mapping(folio);
	unsigned long flags = cow_folio_flags(folio);

	attr |= COW_A_PAGE | FIELD_PREP(COW_A_MAPPING, mapping & 3);
	if (unlikely(!mapping))
		attr |= COW_A_NO_MAPPING;
	raw->folio_flags = flags;
	raw->refcount = folio_ref_count(folio);

	if (likely(!(flags & BIT(PG_head)))) {
		raw->mapcount = atomic_read(&page->_mapcount) + 1;
		raw->more = attr;
		raw->attr = attr;
	} else {
		raw->attr = attr | capture_large_folio(raw, folio, page);
	}
	return mapping;
}

static void capture_no_folio(struct cow_raw *raw, u32 attr)
{
	raw->folio_flags = 0;
	raw->counts = 0;
	raw->more = 0;
	raw->attr = attr;
}

/* ---- what a chunk keeps ---- */

static void forget(struct cow_like *like)
{
	like->small = NO_BITS;
	like->large = NO_BITS;
}

/**
 * cow_chunk_begin - forget what was captured
 * @walk: the walk, whose next chunk begins
 */
void cow_chunk_begin(struct cow_walk *walk)
{
	walk->nr = 0;
	walk->entries = 0;
	walk->nr_likes = 0;
	forget(walk->likes);
	walk->last = walk->likes;
}

/**
 * cow_chunk_room - how many more entries the chunk is certain to have room for
 * @walk: the walk
 *
 * Return: none if it is full.
 */
unsigned int cow_chunk_room(const struct cow_walk *walk)
{
	return walk->totals ? COW_CHUNK_ENTRIES - walk->nr :
			      walk->max - walk->entries;
}

/* Their records differ in nothing but address and frame. */
static bool same_facts(const struct cow_raw *a, const struct cow_raw *b)
{
	/* Without a page the frame's bits may say what the entry is. */
	const u64 mask = a->attr & (COW_A_PAGE | COW_A_ZERO) ?
			 COW_PTE_ATTRIBUTES : ~0ULL;

	return !(((a->bits ^ b->bits) & mask) |
		 ((a->folio_flags ^ b->folio_flags) & COW_FOLIO_FLAGS) |
		 (a->counts ^ b->counts) | (a->more ^ b->more)) &&
	       !(a->attr & COW_A_AVERAGE);
}

/*
 * The captured entry @raw, which stands for @n pages or for one record, is in the
 * chunk. Returns who it is counted with.
 */
static struct cow_alike *keep(struct cow_walk *walk, const struct cow_raw *raw,
			      u64 n)
{
	int back = min_t(int, walk->nr, walk->totals ? LAST_KINDS : 1);
	struct cow_alike *end = walk->alike + walk->nr, *alike;

	for (alike = end - 1; alike >= end - back; alike--) {
		if (same_facts(&alike->raw, raw)) {
			alike->n += n;
			return alike;
		}
	}
	end->raw = *raw;
	end->n = n;
	walk->nr++;
	return end;
}

/* ---- PTEs ---- */

static bool none_of_drove(const pte_t *pte)
{
	union {
		pte_t pte;
		u64 bits;
	} any;
	const u64 *bits = (const u64 *)pte;

	BUILD_BUG_ON(sizeof(any.pte) != sizeof(any.bits));
	/*
	 * Not in a loop, which would take more than what it does. Others, CPUs
	 * among them, may only change bits of entries that are not none.
	 */
	any.bits = data_race(bits[0] | bits[1] | bits[2] | bits[3] |
			     bits[4] | bits[5] | bits[6] | bits[7] |
			     bits[8] | bits[9] | bits[10] | bits[11] |
			     bits[12] | bits[13] | bits[14] | bits[15]);
	return pte_none(any.pte);
}

/*
 * Read the entries from @pte on, which map what is from @addr to @end, and ask for
 * their pages. With @look, a frame may have none; with @place, put there where they
 * are. Returns behind the last of @seen.
 */
static __always_inline struct cow_seen *gather(struct cow_seen *seen,
					       pte_t *pte, unsigned long addr,
					       unsigned long end, bool look,
					       struct cow_place *place)
{
	pte_t *stop = pte + ((end - addr) >> PAGE_SHIFT), val;
	unsigned long pfn;

	for (; pte < stop; pte++, addr += PAGE_SIZE) {
		val = ptep_get(pte);
		if (likely(pte_present(val))) {
			pfn = pte_pfn(val);
			seen->page = pfn_to_page(pfn);
			if (unlikely(pte_special(val) ||
				     (look && !cow_pfn_has_page(pfn))))
				seen->page = NULL;
			else
				prefetch(seen->page);
		} else if (!pte_none(val)) {
			pfn = 0;
			seen->page = NULL;
		} else {
			if (stop - pte >= DROVE && none_of_drove(pte)) {
				pte += DROVE - 1;
				addr += (DROVE - 1) * PAGE_SIZE;
			}
			continue;
		}
		seen->pte = val;
		seen++;
		if (place) {
			place->addr = addr;
			place->pfn = pfn;
			place++;
		}
	}
	return seen;
}

/* In ways of their own, as it is done for each entry. Returns how many there are. */
static unsigned int fill_batch(struct cow_walk *walk, pte_t *pte,
			       unsigned long addr, unsigned long end)
{
	struct cow_place *place = walk->places + walk->entries;
	struct cow_seen *seen = walk->batch;

	if (unlikely(cow_maps_pfns(&walk->vma)))
		seen = gather(seen, pte, addr, end, true,
			      walk->totals ? NULL : place);
	else if (walk->totals)
		seen = gather(seen, pte, addr, end, false, NULL);
	else
		seen = gather(seen, pte, addr, end, false, place);
	return seen - walk->batch;
}

/* A page of a small folio: all that is captured of it is in these words. */
static __always_inline bool like_small(const struct cow_like *like,
				       struct page *page)
{
	struct folio *folio = page_folio(page);

	/* That of a large folio has PG_head, which @like->flags has not. */
	return !((u32)((atomic_read(&page->_mapcount) ^ like->mapcount) |
		       (folio_ref_count(folio) ^ like->refcount)) |
		 ((cow_folio_flags(folio) ^ like->flags) & COW_FOLIO_FLAGS) |
		 ((unsigned long)cow_folio_mapping(folio) ^ like->mapping));
}

/* Another page of the same large folio, whose facts were captured. */
static __always_inline bool like_part(const struct cow_like *like,
				      struct page *page)
{
	return page >= like->first && page < like->end &&
	       atomic_read(&page->_mapcount) == like->mapcount &&
	       !((cow_page_flags(page) ^ like->flags) & COW_FLAG_EXCLUSIVE);
}

/*
 * Whether an entry says what those that @like is of say. Attributes like those of an
 * entry that has a page are those of one that has: no likes are made where there
 * are others (capture_page()).
 */
static __always_inline bool is_like(const struct cow_like *like,
				    const struct cow_seen *seen, u64 mask)
{
	u64 bits = seen->bits & mask;

	if (likely(bits == like->small))
		return like_small(like, seen->page);
	return bits == like->large && like_part(like, seen->page);
}

static struct cow_like *find_like(struct cow_walk *walk,
				  const struct cow_seen *seen)
{
	const u64 mask = COW_PTE_ATTRIBUTES;
	int i, nr = min(walk->nr_likes, COW_NR_LIKES);

	for (i = 1; i <= nr; i++) {
		if (is_like(&walk->likes[i], seen, mask))
			return &walk->likes[i];
	}
	return NULL;
}

/* What comes next may be like this one; of several, the oldest is forgotten. */
static struct cow_like *next_like(struct cow_walk *walk)
{
	return &walk->likes[1 + walk->nr_likes++ % COW_NR_LIKES];
}

/* Capture an entry that is unlike the last ones. Returns what it is like. */
static struct cow_like *capture_page(struct cow_walk *walk,
				     const struct cow_seen *seen)
{
	struct cow_like *like = next_like(walk);
	struct page *page = seen->page;
	struct folio *folio = page_folio(page);
	int mapcount = atomic_read(&page->_mapcount);
	struct cow_raw raw = { .pte = seen->pte };

	like->mapping = capture_folio(&raw, 0, folio, page);
	like->flags = raw.folio_flags;
	like->refcount = raw.refcount;
	like->mapcount = raw.mapcount - 1;
	like->small = seen->bits & COW_PTE_ATTRIBUTES;
	like->large = NO_BITS;
	if (raw.folio_flags & BIT(PG_head)) {
		swap(like->small, like->large);
		like->flags = cow_page_flags(page);
		like->first = folio_page(folio, 0);
		like->end = like->first + (1UL << folio_order(folio));
		/* It may change meanwhile: then what was captured is not of it. */
		like->mapcount = mapcount;
		if (atomic_read(&page->_mapcount) != mapcount)
			like->large = NO_BITS;
	}
	/* There, only a look tells whether an entry has a page. */
	if (cow_maps_pfns(&walk->vma))
		forget(like);
	like->alike = keep(walk, &raw, 1);
	return like;
}

static struct cow_like *capture_no_page(struct cow_walk *walk,
					const struct cow_seen *seen)
{
	bool present = pte_present(seen->pte);
	unsigned long pfn = present ? pte_pfn(seen->pte) : 0;
	struct cow_raw raw = { .pte = seen->pte, .pfn = pfn };

	capture_no_folio(&raw, present && is_zero_pfn(pfn) ? COW_A_ZERO : 0);
	keep(walk, &raw, 1);
	return walk->likes;
}

static struct cow_like *capture_pte(struct cow_walk *walk,
				    const struct cow_seen *seen)
{
	struct cow_like *like = NULL;

	if (!seen->page)
		return capture_no_page(walk, seen);
	if (walk->totals)
		like = find_like(walk, seen);
	if (!like)
		return capture_page(walk, seen);
	like->alike->n++;
	return like;
}

static void capture_batch(struct cow_walk *walk, unsigned int nr)
{
	const struct cow_seen *seen = walk->batch, *end = seen + nr;
	const u64 mask = COW_PTE_ATTRIBUTES;
	struct cow_like *like = walk->last;
	u64 n = 0;

	for (; seen < end; seen++) {
		if (likely(is_like(like, seen, mask))) {
			n++;
			continue;
		}
		if (n)
			like->alike->n += n;
		n = 0;
		like = capture_pte(walk, seen);
	}
	if (n)
		like->alike->n += n;
	walk->last = like;
}

/* ---- runs of PTEs ---- */

/*
 * Whether @nr entries say the same of frames that follow each other, as most do where
 * memory was free when it was asked for. x86 has entries that allow no access with the
 * numbers of their frames inverted: those count down.
 */
static bool is_run(pte_t *pte, unsigned int nr)
{
	struct cow_seen next = { .pte = ptep_get(pte) }, last = next;
	unsigned long pfn = pte_pfn(next.pte);
	const pte_t *stop = pte + nr;

	last.bits += (nr - 1) * COW_PTE_STEP;
	if (!COW_PTE_STEP || !pte_same(ptep_get(pte + nr - 1), last.pte) ||
	    !pte_present(next.pte) || pte_special(next.pte))
		return false;
	next.bits += COW_PTE_STEP;
	if (pte_pfn(next.pte) != pfn + 1)
		return false;
	for (pte++; pte < stop && pte_same(ptep_get(pte), next.pte); pte++)
		next.bits += COW_PTE_STEP;
	return pte == stop;
}

/*
 * Which is the first page from @page to @end whose entry does not say what those that
 * @like is of say, or @end. @bits are what all these entries have in common.
 */
static struct page *first_unlike(const struct cow_like *like, u64 bits,
				 struct page *page, const struct page *end)
{
	if (likely(bits == like->small)) {
		while (page < end && like_small(like, page)) {
			prefetch(page + AHEAD);
			page++;
		}
	} else if (bits == like->large) {
		while (page < end && like_part(like, page))
			page++;
	}
	return page;
}

/*
 * The same for two at once, where neighbours take turns by chance: not to have to foresee
 * which comes next is worth comparing with both. Those that are like are counted.
 */
static struct page *first_unlike_both(const struct cow_like *like,
				      const struct cow_like *other, u64 bits,
				      struct page *page, const struct page *end)
{
	const struct page *from = page;
	bool is_like, is_other;
	unsigned int nr = 0;

	if (bits != like->small || bits != other->small) {
		page = first_unlike(like, bits, page, end);
		like->alike->n += page - from;
		return page;
	}
	for (; page < end; page++) {
		is_like = like_small(like, page);
		is_other = like_small(other, page);
		if (!(is_like | is_other))
			break;
		nr += is_like;
	}
	like->alike->n += nr;
	other->alike->n += page - from - nr;
	return page;
}

/* Capture @nr entries of the run that begins with @first. */
static void capture_run(struct cow_walk *walk, pte_t first, unsigned int nr)
{
	struct page *start = pfn_to_page(pte_pfn(first)), *end = start + nr;
	struct cow_seen seen = { .pte = first }, one;
	const u64 bits = seen.bits & COW_PTE_ATTRIBUTES;
	struct cow_like *like = walk->last, *other;
	struct page *page;

	page = first_unlike(like, bits, start, end);
	if (page > start)
		like->alike->n += page - start;
	while (page < end) {
		one.bits = seen.bits + (page - start) * COW_PTE_STEP;
		one.page = page++;
		other = like;
		like = capture_pte(walk, &one);
		page = first_unlike_both(like, other, bits, page, end);
	}
	walk->last = like;
}

/**
 * cow_capture_ptes - capture entries of a PTE table
 * @walk: the walk, whose chunk has room
 * @pte: the first entry
 * @addr: the address that it maps
 * @end: where to stop at the latest, in the same table
 *
 * Caller holds the table's lock.
 *
 * Return: where to go on: @end, or before it if the chunk is full.
 */
unsigned long cow_capture_ptes(struct cow_walk *walk, pte_t *pte,
			       unsigned long addr, unsigned long end)
{
	const bool runs = walk->totals && !cow_maps_pfns(&walk->vma);
	unsigned int room = cow_chunk_room(walk), slots, n;

	for (; addr < end && room; room = cow_chunk_room(walk)) {
		slots = min3(room, COW_BATCH,
			     (unsigned int)((end - addr) >> PAGE_SHIFT));
		if (runs && is_run(pte, slots)) {
			capture_run(walk, ptep_get(pte), slots);
		} else {
			n = fill_batch(walk, pte, addr, addr + slots * PAGE_SIZE);
			capture_batch(walk, n);
			if (!walk->totals)
				walk->entries += n;
		}
		pte += slots;
		addr += slots * PAGE_SIZE;
	}
	return addr;
}

/* ---- huge entries ---- */

/*
 * A folio that is mapped as a whole here may be mapped page by page elsewhere:
 * then its pages have different mapcounts. One record can only say the mean;
 * for the totals each is kept. Returns what that cost, in slots.
 */
static unsigned int capture_huge_mapcount(struct cow_walk *walk,
					  struct cow_raw *raw,
					  struct folio *folio,
					  struct page *page, unsigned long nr)
{
	s32 first = raw->mapcount;
	bool mixed = false;
	unsigned long i;
	u64 sum = 0;

	if (raw->attr & COW_A_HUGETLB || nr != PTRS_PER_PTE ||
	    cow_folio_uniform(folio))
		return HUGE_COST;

	for (i = 0; i < nr; i++) {
		s32 mapcount = cow_page_mapcount(folio, page + i);

		walk->mixed[i] = mapcount;
		sum += mapcount;
		mixed |= mapcount != first;
	}
	if (mixed) {
		raw->mapcount = max_t(s32, DIV_ROUND_CLOSEST_ULL(sum, nr), 1);
		raw->attr |= COW_A_AVERAGE;
	}
	return MIXED_HUGE_COST;
}

/* Returns what it cost, as do those that follow. */
static unsigned int capture_huge(struct cow_walk *walk, struct cow_raw *raw,
				 u32 attr, unsigned long pfn)
{
	struct page *page;
	struct folio *folio;

	raw->pfn = pfn;
	if (cow_maps_pfns(&walk->vma) && !cow_pfn_has_page(pfn)) {
		capture_no_folio(raw, attr);
		return HUGE_COST;
	}
	page = pfn_to_page(pfn);
	folio = page_folio(page);
	capture_folio(raw, attr, folio, page);
	return capture_huge_mapcount(walk, raw, folio, page,
				     1UL << FIELD_GET(COW_A_MAP_ORDER, attr));
}

/* The part of it from @addr to @next is in the chunk. */
static void keep_huge(struct cow_walk *walk, const struct cow_raw *raw,
		      unsigned long addr, unsigned long next)
{
	if (walk->totals) {
		keep(walk, raw, (next - addr) >> PAGE_SHIFT);
	} else {
		walk->places[walk->entries].addr = raw->addr;
		walk->places[walk->entries++].pfn = raw->pfn;
		keep(walk, raw, 1);
	}
	walk->last = walk->likes;
}

static unsigned int capture_pmd(struct cow_walk *walk, struct cow_raw *raw,
				pmd_t pmd)
{
	u32 attr = COW_A_PMD |
		   FIELD_PREP(COW_A_MAP_ORDER, PMD_SHIFT - PAGE_SHIFT);
	unsigned int cost;

	raw->pmd = pmd;
	if (!pmd_present(pmd)) {
		capture_no_folio(raw, attr);
		return HUGE_COST;
	}
	if (cow_pmd_special(pmd) || cow_pmd_devmap(pmd)) {
		raw->pfn = pmd_pfn(pmd);
		if (cow_special_pmd_is_zero(&walk->vma))
			attr |= COW_A_ZERO;
		capture_no_folio(raw, attr);
		return HUGE_COST;
	}
	cost = capture_huge(walk, raw, attr, pmd_pfn(pmd));
	/* huge_zero_page is not exported; no other THP is without a mapping. */
	if (raw->attr & COW_A_NO_MAPPING)
		capture_no_folio(raw, attr | COW_A_ZERO);
	return cost;
}

/**
 * cow_capture_pmd - capture a PMD that maps something, or is not present
 * @walk: the walk, whose chunk has room
 * @addr: the first address of it that is in the chunk
 * @next: where to go on behind it
 * @pmd: the entry
 *
 * Caller holds the lock of its table.
 *
 * Return: what that cost, in slots.
 */
unsigned int cow_capture_pmd(struct cow_walk *walk, unsigned long addr,
			     unsigned long next, pmd_t pmd)
{
	struct cow_raw raw = { .addr = addr & PMD_MASK };
	unsigned int cost = capture_pmd(walk, &raw, pmd);

	keep_huge(walk, &raw, addr, next);
	return cost;
}

/**
 * cow_capture_pud - the same for a PUD
 * @walk: the walk, whose chunk has room
 * @addr: the first address of it that is in the chunk
 * @next: where to go on behind it
 * @pud: the entry
 *
 * Caller holds the lock of its table.
 *
 * Return: what that cost, in slots.
 */
unsigned int cow_capture_pud(struct cow_walk *walk, unsigned long addr,
			     unsigned long next, pud_t pud)
{
	/* Huge PUDs other than hugetlb map devices: no page worth reading. */
	struct cow_raw raw = {
		.addr = addr & PUD_MASK,
		.pud = pud,
		.pfn = pud_present(pud) ? pud_pfn(pud) : 0,
	};

	capture_no_folio(&raw, COW_A_PUD | FIELD_PREP(COW_A_MAP_ORDER,
						      PUD_SHIFT - PAGE_SHIFT));
	keep_huge(walk, &raw, addr, next);
	return HUGE_COST;
}

/**
 * cow_capture_hugetlb - the same for an entry of hugetlb
 * @walk: the walk, whose chunk has room
 * @addr: the first address of it that is in the chunk
 * @next: where to go on behind it
 * @pte: the entry, which is not none
 * @order: it maps 2^@order base pages
 *
 * Caller holds the lock of its table.
 *
 * Return: what that cost, in slots.
 */
unsigned int cow_capture_hugetlb(struct cow_walk *walk, unsigned long addr,
				 unsigned long next, pte_t pte,
				 unsigned int order)
{
	u32 attr = COW_A_HUGETLB | FIELD_PREP(COW_A_MAP_ORDER, order);
	struct cow_raw raw = {
		.addr = addr & ~((PAGE_SIZE << order) - 1),
		.pte = pte,
	};
	unsigned int cost = HUGE_COST;

	/* An attribute bit may stand where the low bits of a frame would. */
	if (pte_present(pte))
		cost = capture_huge(walk, &raw, attr,
				    pte_pfn(pte) & ~((1UL << order) - 1));
	else
		capture_no_folio(&raw, attr);
	keep_huge(walk, &raw, addr, next);
	return cost;
}
