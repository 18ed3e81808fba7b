// SPDX-License-Identifier: GPL-2.0
/*
 * What would the next write to an entry do?
 *
 * Pure: no locks, no allocation, no kernel headers. The rules restate, per
 * kernel generation, what these functions decide (read in Linux 5.10.262,
 * 6.1.192, 6.12.117 and 7.2.13): do_wp_page() and wp_can_reuse_anon_folio() in
 * mm/memory.c, do_huge_pmd_wp_page() in mm/huge_memory.c, hugetlb_wp() in
 * mm/hugetlb.c. The mapcount decides nothing there, except for hugetlb; it is
 * used here only to tell references that stay from references that pass.
 */
#include "classify.h"

/*
 * What changed, and when. AnonExclusive, and the reuse of pages in the swap
 * cache: 5.19. Parts of large folios are never reused from 6.7 on (not so in
 * 6.1, so in 6.12). A write to the huge zero page allocates a huge page from
 * 6.13 on (not so in 6.12, so in 7.2). Parts of large folios are reused when
 * one mm has all mappings from 6.15 on (so in 7.2).
 */
const struct cow_rules cow_rules_5_10 = {
	.name = "5.10",
	.large = COW_LARGE_LAST_REF,
	.huge_by_mapcount = 1,
};

const struct cow_rules cow_rules_5_19 = {
	.name = "5.19",
	.large = COW_LARGE_LAST_REF,
	.exclusive = 1,
	.swapcache_reuse = 1,
};

const struct cow_rules cow_rules_6_7 = {
	.name = "6.7",
	.large = COW_LARGE_NEVER,
	.exclusive = 1,
	.swapcache_reuse = 1,
};

const struct cow_rules cow_rules_6_13 = {
	.name = "6.13",
	.large = COW_LARGE_NEVER,
	.exclusive = 1,
	.swapcache_reuse = 1,
	.huge_zero_whole = 1,
};

const struct cow_rules cow_rules_6_15 = {
	.name = "6.15",
	.large = COW_LARGE_ONE_MM,
	.exclusive = 1,
	.swapcache_reuse = 1,
	.huge_zero_whole = 1,
};

struct verdict {
	enum cowinspect_outcome outcome;
	enum cowinspect_confidence confidence;
	__u64 flags;
};

#define VERDICT(outcome_, confidence_) ((struct verdict) {		\
	.outcome = COWI_NEXT_##outcome_,				\
	.confidence = COWI_CONF_##confidence_,				\
})

static int is_async(const struct cowinspect_page *page)
{
	return !!(page->flags & COWI_F_VMA_UFFD_ASYNC);
}

/*
 * A handler is asked. In asynchronous mode the kernel only takes the mark away.
 * What is protected from any access (RWP) comes back from swap as it went, and the
 * write, which comes again, has the handler asked (do_swap_page() in 7.3.4; done for
 * pages of one's own and for shared ones).
 */
static int is_uffd_protected(const struct cowinspect_page *page)
{
	if (!(page->flags & COWI_F_UFFD_WP) || is_async(page))
		return 0;
	return page->flags & COWI_F_VMA_UFFD_WP ||
	       (page->flags & COWI_F_VMA_UFFD_RWP &&
		(page->flags & COWI_F_PROTNONE ||
		 !(page->flags & COWI_F_PRESENT)));
}

static struct verdict next_of_nonpresent(const struct cowinspect_page *page)
{
	switch (page->kind) {
	case COWI_KIND_SWAP:
		/* Brought in still protected, do_swap_page() has do_wp_page() ask. */
		if (is_uffd_protected(page))
			return VERDICT(USERFAULTFD, LIKELY);
		return VERDICT(SWAPIN, SURE);
	case COWI_KIND_DEVICE_PRIVATE:
		/* The driver migrates it back, by means we do not know. */
		return VERDICT(SWAPIN, LIKELY);
	case COWI_KIND_HWPOISON:
	case COWI_KIND_MARKER_POISON:
	case COWI_KIND_MARKER_GUARD:
		return VERDICT(REFUSED, SURE);
	case COWI_KIND_MARKER_UFFD_WP:
		/*
		 * Without a handler it depends on the VMA what is mapped here.
		 */
		if (page->flags & COWI_F_VMA_UFFD_WP && !is_async(page))
			return VERDICT(USERFAULTFD, LIKELY);
		return VERDICT(UNKNOWN, NONE);
	default:
		/* A migration ends first; then the page may look different. */
		return VERDICT(UNKNOWN, NONE);
	}
}

/*
 * hugetlb_wp() goes by the mapcount on purpose: a copy forced by a passing
 * reference could exhaust the pool. If the pool has no page for the copy, the
 * write ends in SIGBUS or takes the page from a child: only likely. Protection by
 * a userfaultfd that is no more (a fork takes it along, in 6.1) makes hugetlb_wp()
 * give up, for the fault to come again, without end.
 */
static struct verdict next_of_hugetlb(const struct cowinspect_page *page)
{
	if (page->flags & COWI_F_UFFD_WP && !is_async(page))
		return VERDICT(UNKNOWN, NONE);
	/* An exclusive one has mapcount 1: VM_BUG_ON_PAGE() in hugetlb_wp(). */
	if (page->kind == COWI_KIND_ANON && page->mapcount == 1)
		return VERDICT(REUSE, SURE);
	return VERDICT(COPY, LIKELY);
}

/*
 * A huge PMD is reused as a whole if nobody else has a reference, else it is
 * split, and then the rule for a part of a large folio applies: the folio has
 * other references, so that a page of it is copied under each rule. Old kernels
 * go by the mapcount (reuse_swap_page()), gone in 5.18 or before.
 */
static struct verdict next_of_huge_anon(const struct cowinspect_page *page,
					const struct cow_rules *rules)
{
	__u64 swapcache = page->flags & COWI_F_SWAPCACHE ?
			  1ULL << page->folio_order : 0;
	/* An average stands for pages of which one is mapped elsewhere too. */
	int mapped_once = page->mapcount == 1 &&
			  page->counts == COWI_COUNT_EXACT;
	struct verdict copy = VERDICT(COPY, LIKELY);

	if (rules->huge_by_mapcount && mapped_once)
		return swapcache ? VERDICT(UNKNOWN, NONE) :
				   VERDICT(REUSE, SURE);
	if (page->refcount == 1)
		return VERDICT(REUSE, SURE);
	/* As for small pages: who else has it swapped out? */
	if (page->refcount == 1 + swapcache)
		return VERDICT(UNKNOWN, NONE);
	if (!mapped_once)
		copy.confidence = COWI_CONF_SURE;
	copy.flags = COWI_F_SPLIT;
	return copy;
}

static struct verdict next_of_large_part(const struct cowinspect_page *page,
					 const struct cow_rules *rules,
					 const struct cow_extra *extra)
{
	switch (rules->large) {
	case COW_LARGE_LAST_REF:
		if (page->refcount == 1)
			return VERDICT(REUSE, SURE);
		/* Off the LRU, one reference may be that of a passing batch. */
		if (page->flags & COWI_F_LRU || page->mapcount > 1)
			return VERDICT(COPY, SURE);
		return VERDICT(COPY, LIKELY);
	case COW_LARGE_ONE_MM:
		if (extra->mm_shared || page->folio_mapcount <= 1)
			return VERDICT(COPY, SURE);
		if (page->refcount == page->folio_mapcount)
			return VERDICT(REUSE, SURE);
		if (page->flags & COWI_F_SWAPCACHE)
			return VERDICT(UNKNOWN, NONE);
		return VERDICT(COPY, LIKELY);
	default:
		return VERDICT(COPY, SURE);
	}
}

static struct verdict next_of_small_anon(const struct cowinspect_page *page,
					 const struct cow_rules *rules)
{
	__u32 others = page->refcount - 1;

	if (page->mapcount > 1)
		return VERDICT(COPY, SURE);
	if (page->flags & COWI_F_MAYBE_PINNED)
		return VERDICT(COPY, SURE);
	/* do_wp_page() gives up on a page that somebody else has locked. */
	if (!others)
		return page->flags & COWI_F_LOCKED ? VERDICT(REUSE, LIKELY) :
						     VERDICT(REUSE, SURE);
	if (!rules->swapcache_reuse)
		return VERDICT(COPY, LIKELY);

	/* The swap cache may give its reference back, unless still writing. */
	if (page->flags & COWI_F_SWAPCACHE) {
		if (page->flags & COWI_F_WRITEBACK)
			return VERDICT(COPY, LIKELY);
		others--;
	}
	/* Not yet on the LRU: it sits in a CPU's batch, which has a reference. */
	if (!(page->flags & COWI_F_LRU) && others)
		others--;
	if (others)
		return VERDICT(COPY, LIKELY);
	/*
	 * The page is reused if these references go away, and the entry does not
	 * tell. do_wp_page() drains the batch of its own CPU only. And the swap
	 * cache keeps the page while another process has it swapped out
	 * (folio_free_swap()): it came back by a swap entry that was not
	 * exclusive, so one may.
	 */
	return VERDICT(UNKNOWN, NONE);
}

/*
 * wp_huge_pmd() splits an anonymous mapping that is protected in asynchronous
 * mode, without a look at the page; an exclusive page is so in all its parts.
 * Otherwise the rule for a part applies, with counts that the record of the whole
 * does not have.
 */
static int is_split_first(const struct cowinspect_page *page)
{
	return page->map_order && page->flags & COWI_F_UFFD_WP &&
	       page->flags & COWI_F_VMA_UFFD_WP && is_async(page);
}

static struct verdict next_of_split_anon(const struct cowinspect_page *page)
{
	struct verdict v = VERDICT(UNKNOWN, NONE);

	if (page->flags & COWI_F_EXCLUSIVE)
		v = VERDICT(REUSE, SURE);
	v.flags = COWI_F_SPLIT;
	return v;
}

static struct verdict next_of_anon(const struct cowinspect_page *page,
				   const struct cow_rules *rules,
				   const struct cow_extra *extra)
{
	if (is_split_first(page))
		return next_of_split_anon(page);
	if (rules->exclusive && page->flags & COWI_F_EXCLUSIVE)
		return VERDICT(REUSE, SURE);
	if (page->map_order)
		return next_of_huge_anon(page, rules);
	if (page->folio_order)
		return next_of_large_part(page, rules, extra);
	return next_of_small_anon(page, rules);
}

/* A write-protected entry of a writable private VMA: copy-on-write proper. */
static struct verdict next_of_protected(const struct cowinspect_page *page,
					const struct cow_rules *rules,
					const struct cow_extra *extra)
{
	struct verdict v;

	if (page->flags & COWI_F_HUGETLB)
		return next_of_hugetlb(page);

	switch (page->kind) {
	case COWI_KIND_ANON:
		return next_of_anon(page, rules, extra);
	case COWI_KIND_KSM:
		return VERDICT(COPY, SURE);
	case COWI_KIND_ZERO:
		v = VERDICT(ZEROFILL, SURE);
		if (page->map_order &&
		    (!rules->huge_zero_whole || is_split_first(page)))
			v.flags = COWI_F_SPLIT;
		return v;
	case COWI_KIND_FILE:
	case COWI_KIND_SHMEM:
		v = VERDICT(COPY, SURE);
		if (page->map_order)
			v.flags = COWI_F_SPLIT;
		return v;
	default:
		/* Copied through the mapping, if the memory can be read. */
		return VERDICT(COPY, LIKELY);
	}
}

/*
 * A write goes through, but where the CPU does not mark the entry by itself it
 * faults for that: ptep_set_access_flags() and its like. Only likely of an old
 * entry: a translation from before it was made old may be in use still, as nobody
 * need flush it (clear_refs does not).
 */
static struct verdict next_of_writable(const struct cowinspect_page *page,
				       const struct cow_extra *extra)
{
	const __u64 unmarked = (COWI_F_YOUNG | COWI_F_DIRTY) & ~page->flags;

	if (unmarked & ~extra->set_by_some & COWI_F_DIRTY)
		return VERDICT(MARK, SURE);
	if (unmarked & ~extra->set_by_some)
		return VERDICT(MARK, LIKELY);
	if (unmarked & ~extra->set_by_all)
		return VERDICT(NOFAULT, LIKELY);
	return VERDICT(NOFAULT, SURE);
}

/*
 * The file system is asked before a page of a file becomes writable, and may have
 * no room for it: SIGBUS (page_mkwrite). Of shared memory nobody is asked.
 */
static struct verdict next_of_shared(const struct cowinspect_page *page)
{
	if (page->kind == COWI_KIND_SHMEM || page->flags & COWI_F_HUGETLB)
		return VERDICT(SHARED, SURE);
	return VERDICT(SHARED, LIKELY);
}

static struct verdict next_of_present(const struct cowinspect_page *page,
				      const struct cow_rules *rules,
				      const struct cow_extra *extra)
{
	struct verdict v;

	/* Only likely: asynchronous mode (6.7) does not always show (6.9). */
	if (is_uffd_protected(page))
		return VERDICT(USERFAULTFD, LIKELY);
	if (page->flags & COWI_F_WRITE && !(page->flags & COWI_F_PROTNONE))
		return next_of_writable(page, extra);
	if (page->flags & COWI_F_VMA_SHARED)
		v = next_of_shared(page);
	else
		v = next_of_protected(page, rules, extra);
	/* A NUMA hint comes first, and may move the page to another node. */
	if (page->flags & COWI_F_PROTNONE && v.confidence == COWI_CONF_SURE)
		v.confidence = COWI_CONF_LIKELY;
	return v;
}

/**
 * cow_classify - predict what the next write to an entry does
 * @page: the entry; @outcome, @confidence and COWI_F_SPLIT are set from the
 *	rest of it
 * @rules: how the kernel at hand decides
 * @extra: facts that the record does not show
 */
void cow_classify(struct cowinspect_page *page, const struct cow_rules *rules,
		  const struct cow_extra *extra)
{
	struct verdict v;

	if (!(page->flags & COWI_F_VMA_WRITE) ||
	    page->flags & COWI_F_VMA_SHADOW_STACK)
		v = VERDICT(REFUSED, SURE);
	else if (!(page->flags & COWI_F_PRESENT))
		v = next_of_nonpresent(page);
	else
		v = next_of_present(page, rules, extra);
	/* Whether a key is open to the thread, or its pointer has the tag: unseen. */
	if (page->flags & COWI_F_VMA_KEYED && v.confidence == COWI_CONF_SURE &&
	    v.outcome != COWI_NEXT_REFUSED)
		v.confidence = COWI_CONF_LIKELY;

	page->outcome = v.outcome;
	page->confidence = v.confidence;
	page->flags &= ~COWI_F_SPLIT;
	page->flags |= v.flags;
}
