// SPDX-License-Identifier: GPL-2.0
/*
 * The prediction, over made-up entries: each row of the table of decisions, for
 * each generation of kernels where they differ.
 */
#include "test.h"

#include "../../module/classify.c"

/* Generations, as bits. */
#define G_5_10	1
#define G_5_19	2
#define G_6_7	4
#define G_6_13	8
#define G_6_15	16
#define G_ALL	31
#define G_MARKS	(G_ALL & ~G_5_10)	/* those that mark exclusive pages */

static const struct cow_rules * const generations[] = {
	&cow_rules_5_10, &cow_rules_5_19, &cow_rules_6_7, &cow_rules_6_13,
	&cow_rules_6_15,
};

/* Flags of the most common entries. */
#define OURS	(COWI_F_PRESENT | COWI_F_VMA_WRITE)
#define ON_LRU	(OURS | COWI_F_LRU)
#define PART	(ON_LRU | COWI_F_LARGE)

/* Protected by a userfaultfd whose faults the kernel resolves itself. */
#define ASYNC	(COWI_F_UFFD_WP | COWI_F_VMA_UFFD_WP | COWI_F_VMA_UFFD_ASYNC)

/* What CPUs set by themselves, where it is not all. */
#define DIRTY	COWI_F_DIRTY
#define YOUNG	COWI_F_YOUNG
#define MARKED	(COWI_F_DIRTY | COWI_F_YOUNG)

/* Protected by a userfaultfd from any access. */
#define RWP	(COWI_F_UFFD_WP | COWI_F_VMA_UFFD_RWP | COWI_F_PROTNONE)

struct row {
	const char *what;
	int generations;
	struct cowinspect_page page;
	int mm_shared;
	__u64 set_by_none;
	__u64 set_by_few;
	int outcome;
	int confidence;
	int split;
};

#define ANON(flags_, map, ref) \
	{ .kind = COWI_KIND_ANON, .flags = (flags_), .mapcount = (map), \
	  .refcount = (ref) }
#define LARGE(flags_, map, ref, folio_map) \
	{ .kind = COWI_KIND_ANON, .flags = (flags_), .mapcount = (map), \
	  .refcount = (ref), .folio_mapcount = (folio_map), .folio_order = 9 }
#define HUGE(flags_, map, ref, counts_) \
	{ .kind = COWI_KIND_ANON, .flags = (flags_), .mapcount = (map), \
	  .refcount = (ref), .folio_order = 9, .map_order = 9, \
	  .counts = (counts_) }
#define KIND(kind_, flags_) { .kind = COWI_KIND_##kind_, .flags = (flags_) }
#define NEXT(outcome_, confidence_) \
	.outcome = COWI_NEXT_##outcome_, .confidence = COWI_CONF_##confidence_

static const struct row rows[] = {
	{ "VMA not writable", G_ALL, ANON(COWI_F_PRESENT, 1, 1),
	  NEXT(REFUSED, SURE) },
	{ "VMA not writable, shared", G_ALL,
	  KIND(SHMEM, COWI_F_PRESENT | COWI_F_VMA_SHARED), NEXT(REFUSED, SURE) },
	{ "VMA not writable, swapped", G_ALL, KIND(SWAP, 0),
	  NEXT(REFUSED, SURE) },

	{ "swapped", G_ALL, KIND(SWAP, COWI_F_VMA_WRITE), NEXT(SWAPIN, SURE) },
	/* f6a6c60 ("a write to a swapped page that userfaultfd protects ends with ...") */
	{ "swapped, protected by userfaultfd", G_ALL,
	  KIND(SWAP, COWI_F_VMA_WRITE | COWI_F_UFFD_WP | COWI_F_VMA_UFFD_WP),
	  NEXT(USERFAULTFD, LIKELY) },
	{ "swapped, protected in a range no longer registered", G_ALL,
	  KIND(SWAP, COWI_F_VMA_WRITE | COWI_F_UFFD_WP), NEXT(SWAPIN, SURE) },
	{ "in device memory", G_ALL, KIND(DEVICE_PRIVATE, COWI_F_VMA_WRITE),
	  NEXT(SWAPIN, LIKELY) },
	{ "exclusive to a device", G_ALL,
	  KIND(DEVICE_EXCLUSIVE, COWI_F_VMA_WRITE), NEXT(UNKNOWN, NONE) },
	{ "migrating", G_ALL, KIND(MIGRATION, COWI_F_VMA_WRITE),
	  NEXT(UNKNOWN, NONE) },
	{ "memory error", G_ALL, KIND(HWPOISON, COWI_F_VMA_WRITE),
	  NEXT(REFUSED, SURE) },
	{ "poison marker", G_ALL, KIND(MARKER_POISON, COWI_F_VMA_WRITE),
	  NEXT(REFUSED, SURE) },
	{ "guard marker", G_ALL, KIND(MARKER_GUARD, COWI_F_VMA_WRITE),
	  NEXT(REFUSED, SURE) },
	{ "userfaultfd marker", G_ALL,
	  KIND(MARKER_UFFD_WP, COWI_F_VMA_WRITE | COWI_F_VMA_UFFD_WP),
	  NEXT(USERFAULTFD, LIKELY) },
	{ "userfaultfd marker, not registered", G_ALL,
	  KIND(MARKER_UFFD_WP, COWI_F_VMA_WRITE), NEXT(UNKNOWN, NONE) },
	{ "not present, of no known kind", G_ALL, KIND(OTHER, COWI_F_VMA_WRITE),
	  NEXT(UNKNOWN, NONE) },

	{ "writable", G_ALL, ANON(ON_LRU | COWI_F_WRITE, 1, 1),
	  NEXT(NOFAULT, SURE) },
	{ "writable, of a shared mapping", G_ALL,
	  KIND(SHMEM, ON_LRU | COWI_F_WRITE | COWI_F_VMA_SHARED),
	  NEXT(NOFAULT, SURE) },
	{ "writable and marked, and no CPU marks", G_ALL,
	  ANON(ON_LRU | COWI_F_WRITE | MARKED, 1, 1),
	  .set_by_none = MARKED, NEXT(NOFAULT, SURE) },
	{ "writable and clean, and no CPU sets the dirty bit", G_ALL,
	  ANON(ON_LRU | COWI_F_WRITE | YOUNG, 1, 1),
	  .set_by_none = DIRTY, NEXT(MARK, SURE) },
	{ "writable and old, and no CPU sets the accessed bit", G_ALL,
	  ANON(ON_LRU | COWI_F_WRITE | DIRTY, 1, 1),
	  .set_by_none = YOUNG, NEXT(MARK, LIKELY) },
	{ "writable and old, and CPUs set only the dirty bit", G_ALL,
	  ANON(ON_LRU | COWI_F_WRITE, 1, 1),
	  .set_by_none = YOUNG, NEXT(MARK, LIKELY) },
	{ "writable, old and clean, and no CPU marks", G_ALL,
	  ANON(ON_LRU | COWI_F_WRITE, 1, 1),
	  .set_by_none = MARKED, NEXT(MARK, SURE) },
	{ "writable and clean, and only some CPUs set the dirty bit", G_ALL,
	  ANON(ON_LRU | COWI_F_WRITE | YOUNG, 1, 1),
	  .set_by_few = DIRTY, NEXT(NOFAULT, LIKELY) },
	{ "writable and dirty, and only some CPUs set the dirty bit", G_ALL,
	  ANON(ON_LRU | COWI_F_WRITE | MARKED, 1, 1),
	  .set_by_few = DIRTY, NEXT(NOFAULT, SURE) },
	{ "clean, of a shared mapping, and no CPU marks", G_ALL,
	  KIND(SHMEM, ON_LRU | COWI_F_WRITE | COWI_F_VMA_SHARED),
	  .set_by_none = MARKED, NEXT(MARK, SURE) },
	{ "clean and write-protected, and no CPU marks", G_ALL,
	  ANON(ON_LRU, 1, 1), .set_by_none = MARKED, NEXT(REUSE, SURE) },
	{ "writable, behind a key", G_ALL,
	  ANON(ON_LRU | COWI_F_WRITE | COWI_F_VMA_KEYED, 1, 1),
	  NEXT(NOFAULT, LIKELY) },
	{ "KSM, behind a key", G_ALL, KIND(KSM, ON_LRU | COWI_F_VMA_KEYED),
	  NEXT(COPY, LIKELY) },
	{ "migrating, behind a key", G_ALL,
	  KIND(MIGRATION, COWI_F_VMA_WRITE | COWI_F_VMA_KEYED),
	  NEXT(UNKNOWN, NONE) },
	{ "guard marker, behind a key", G_ALL,
	  KIND(MARKER_GUARD, COWI_F_VMA_WRITE | COWI_F_VMA_KEYED),
	  NEXT(REFUSED, SURE) },
	{ "writable, of a shadow stack", G_ALL,
	  ANON(ON_LRU | COWI_F_WRITE | COWI_F_VMA_SHADOW_STACK, 1, 1),
	  NEXT(REFUSED, SURE) },
	{ "swapped, of a shadow stack", G_ALL,
	  KIND(SWAP, COWI_F_VMA_WRITE | COWI_F_VMA_SHADOW_STACK),
	  NEXT(REFUSED, SURE) },
	{ "protected, file in a shared mapping", G_ALL,
	  KIND(FILE, ON_LRU | COWI_F_VMA_SHARED), NEXT(SHARED, LIKELY) },
	{ "protected, shared memory", G_ALL,
	  KIND(SHMEM, ON_LRU | COWI_F_VMA_SHARED), NEXT(SHARED, SURE) },
	{ "protected, hugetlb file in a shared mapping", G_ALL,
	  KIND(FILE, OURS | COWI_F_HUGETLB | COWI_F_VMA_SHARED),
	  NEXT(SHARED, SURE) },
	{ "userfaultfd, from any access", G_ALL, ANON(ON_LRU | RWP, 1, 1),
	  NEXT(USERFAULTFD, LIKELY) },
	{ "userfaultfd, from any access, writable", G_ALL,
	  ANON(ON_LRU | RWP | COWI_F_WRITE, 1, 1), NEXT(USERFAULTFD, LIKELY) },
	{ "userfaultfd, from any access, resolved by the kernel", G_ALL,
	  ANON(ON_LRU | RWP | COWI_F_VMA_UFFD_ASYNC, 1, 1),
	  NEXT(REUSE, LIKELY) },
	{ "userfaultfd, from any access, resolved by the kernel, huge", G_ALL,
	  HUGE(PART | RWP | COWI_F_VMA_UFFD_ASYNC, 1, 1, COWI_COUNT_EXACT),
	  NEXT(REUSE, LIKELY) },
	{ "registered against any access, and not protected", G_ALL,
	  ANON(ON_LRU | COWI_F_VMA_UFFD_RWP, 1, 1), NEXT(REUSE, SURE) },
	{ "registered against any access, NUMA hint", G_ALL,
	  ANON(ON_LRU | COWI_F_VMA_UFFD_RWP | COWI_F_PROTNONE, 1, 1),
	  NEXT(REUSE, LIKELY) },
	{ "swapped, protected from any access", G_ALL,
	  KIND(SWAP, COWI_F_VMA_WRITE | COWI_F_UFFD_WP | COWI_F_VMA_UFFD_RWP),
	  NEXT(USERFAULTFD, LIKELY) },
	{ "swapped, registered against any access, and not protected", G_ALL,
	  KIND(SWAP, COWI_F_VMA_WRITE | COWI_F_VMA_UFFD_RWP),
	  NEXT(SWAPIN, SURE) },
	{ "userfaultfd", G_ALL,
	  ANON(ON_LRU | COWI_F_UFFD_WP | COWI_F_VMA_UFFD_WP, 1, 1),
	  NEXT(USERFAULTFD, LIKELY) },
	{ "userfaultfd, resolved by the kernel", G_ALL,
	  ANON(ON_LRU | ASYNC, 1, 1), NEXT(REUSE, SURE) },
	{ "userfaultfd, resolved by the kernel, shared", G_ALL,
	  ANON(ON_LRU | ASYNC, 2, 2), NEXT(COPY, SURE) },
	{ "userfaultfd, resolved by the kernel, huge, exclusive", G_MARKS,
	  HUGE(PART | ASYNC | COWI_F_EXCLUSIVE, 1, 1, COWI_COUNT_EXACT),
	  NEXT(REUSE, SURE), .split = 1 },
	{ "userfaultfd, resolved by the kernel, huge", G_ALL,
	  HUGE(PART | ASYNC, 1, 1, COWI_COUNT_EXACT), NEXT(UNKNOWN, NONE),
	  .split = 1 },
	{ "userfaultfd, resolved by the kernel, huge zero page", G_ALL,
	  { .kind = COWI_KIND_ZERO, .flags = OURS | ASYNC, .map_order = 9 },
	  NEXT(ZEROFILL, SURE), .split = 1 },
	{ "asynchronous userfaultfd, but not this page, huge", G_ALL,
	  HUGE(PART | (ASYNC & ~COWI_F_UFFD_WP), 1, 1, COWI_COUNT_EXACT),
	  NEXT(REUSE, SURE) },
	{ "userfaultfd, resolved by the kernel, swapped", G_ALL,
	  KIND(SWAP, COWI_F_VMA_WRITE | ASYNC), NEXT(SWAPIN, SURE) },
	{ "userfaultfd, resolved by the kernel, marker", G_ALL,
	  KIND(MARKER_UFFD_WP, COWI_F_VMA_WRITE | ASYNC),
	  NEXT(UNKNOWN, NONE) },
	{ "userfaultfd, resolved by the kernel, hugetlb", G_ALL,
	  HUGE(OURS | COWI_F_HUGETLB | ASYNC, 1, 1, COWI_COUNT_EXACT),
	  NEXT(REUSE, SURE) },
	{ "userfaultfd bit left over from a range", G_ALL,
	  ANON(ON_LRU | COWI_F_UFFD_WP, 2, 2), NEXT(COPY, SURE) },
	{ "NUMA hint on a shared page", G_ALL,
	  ANON(ON_LRU | COWI_F_PROTNONE, 2, 2), NEXT(COPY, LIKELY) },
	{ "NUMA hint on a writable entry", G_MARKS,
	  ANON(ON_LRU | COWI_F_PROTNONE | COWI_F_WRITE | COWI_F_EXCLUSIVE, 1, 1),
	  NEXT(REUSE, LIKELY) },

	{ "zero page", G_ALL, KIND(ZERO, OURS), NEXT(ZEROFILL, SURE) },
	{ "huge zero page, allocated whole", G_6_13 | G_6_15,
	  { .kind = COWI_KIND_ZERO, .flags = OURS, .map_order = 9 },
	  NEXT(ZEROFILL, SURE) },
	{ "huge zero page, split", G_5_10 | G_5_19 | G_6_7,
	  { .kind = COWI_KIND_ZERO, .flags = OURS, .map_order = 9 },
	  NEXT(ZEROFILL, SURE), .split = 1 },
	{ "file", G_ALL, KIND(FILE, ON_LRU), NEXT(COPY, SURE) },
	{ "tmpfs", G_ALL, KIND(SHMEM, ON_LRU), NEXT(COPY, SURE) },
	{ "huge page of tmpfs", G_ALL,
	  { .kind = COWI_KIND_SHMEM, .flags = ON_LRU, .map_order = 9 },
	  NEXT(COPY, SURE), .split = 1 },
	{ "KSM, even with one reference", G_ALL,
	  { .kind = COWI_KIND_KSM, .flags = ON_LRU, .mapcount = 1,
	    .refcount = 1 }, NEXT(COPY, SURE) },
	{ "no struct page", G_ALL, KIND(PFN, OURS), NEXT(COPY, LIKELY) },
	{ "put there by a driver", G_ALL, KIND(KERNEL, OURS),
	  NEXT(COPY, LIKELY) },

	{ "exclusive, whoever else has a reference", G_MARKS,
	  ANON(ON_LRU | COWI_F_EXCLUSIVE, 1, 7), NEXT(REUSE, SURE) },
	{ "one reference", G_ALL, ANON(ON_LRU, 1, 1), NEXT(REUSE, SURE) },
	{ "one reference, locked", G_ALL, ANON(ON_LRU | COWI_F_LOCKED, 1, 1),
	  NEXT(REUSE, LIKELY) },
	{ "mapped twice", G_ALL, ANON(ON_LRU, 2, 2), NEXT(COPY, SURE) },
	{ "one more reference", G_ALL, ANON(ON_LRU, 1, 2), NEXT(COPY, LIKELY) },
	{ "pinned", G_ALL, ANON(ON_LRU | COWI_F_MAYBE_PINNED, 1, 1025),
	  NEXT(COPY, SURE) },
	/* 1fadf2f ("classify: a page in an LRU batch is not predicted") */
	{ "in an LRU batch", G_MARKS, ANON(OURS, 1, 2), NEXT(UNKNOWN, NONE) },
	{ "in an LRU batch, not drained", G_5_10, ANON(OURS, 1, 2),
	  NEXT(COPY, LIKELY) },
	{ "in an LRU batch, and one more", G_ALL, ANON(OURS, 1, 3),
	  NEXT(COPY, LIKELY) },
	{ "in the swap cache, and swapped out elsewhere or not", G_MARKS,
	  ANON(ON_LRU | COWI_F_SWAPCACHE, 1, 2), NEXT(UNKNOWN, NONE) },
	{ "in the swap cache and in an LRU batch", G_MARKS,
	  ANON(OURS | COWI_F_SWAPCACHE, 1, 3), NEXT(UNKNOWN, NONE) },
	{ "in the swap cache, which keeps it", G_5_10,
	  ANON(ON_LRU | COWI_F_SWAPCACHE, 1, 2), NEXT(COPY, LIKELY) },
	{ "in the swap cache, being written", G_ALL,
	  ANON(ON_LRU | COWI_F_SWAPCACHE | COWI_F_WRITEBACK, 1, 2),
	  NEXT(COPY, LIKELY) },
	{ "in the swap cache, and one more", G_ALL,
	  ANON(ON_LRU | COWI_F_SWAPCACHE, 1, 3), NEXT(COPY, LIKELY) },

	{ "part of a large folio, exclusive", G_MARKS,
	  LARGE(PART | COWI_F_EXCLUSIVE, 1, 512, 512), NEXT(REUSE, SURE) },
	{ "part of a large folio, the last one", G_5_10 | G_5_19,
	  LARGE(PART, 1, 1, 1), NEXT(REUSE, SURE) },
	{ "part of a large folio, the last one", G_6_7 | G_6_13 | G_6_15,
	  LARGE(PART, 1, 1, 1), NEXT(COPY, SURE) },
	{ "part of a large folio, all mapped here", G_ALL & ~G_6_15,
	  LARGE(PART, 1, 512, 512), NEXT(COPY, SURE) },
	{ "part of a large folio, all mapped here", G_6_15,
	  LARGE(PART, 1, 512, 512), NEXT(REUSE, SURE) },
	{ "part of a large folio, one more reference", G_6_15,
	  LARGE(PART, 1, 513, 512), NEXT(COPY, LIKELY) },
	{ "part of a large folio, mapped by two mms", G_6_15,
	  LARGE(PART, 1, 512, 512), .mm_shared = 1, NEXT(COPY, SURE) },
	{ "part of a large folio in the swap cache", G_6_15,
	  LARGE(PART | COWI_F_SWAPCACHE, 1, 1024, 512), NEXT(UNKNOWN, NONE) },
	{ "part of a large folio, in an LRU batch", G_5_10 | G_5_19,
	  LARGE(OURS | COWI_F_LARGE, 1, 2, 1), NEXT(COPY, LIKELY) },

	{ "huge page, one reference", G_ALL,
	  HUGE(PART, 1, 1, COWI_COUNT_EXACT), NEXT(REUSE, SURE) },
	{ "huge page, exclusive", G_MARKS,
	  HUGE(PART | COWI_F_EXCLUSIVE, 1, 3, COWI_COUNT_EXACT),
	  NEXT(REUSE, SURE) },
	{ "huge page, mapped twice", G_ALL,
	  HUGE(PART, 2, 2, COWI_COUNT_EXACT), NEXT(COPY, SURE), .split = 1 },
	{ "huge page, mapped once, one more reference", G_MARKS,
	  HUGE(PART, 1, 2, COWI_COUNT_EXACT), NEXT(COPY, LIKELY), .split = 1 },
	{ "huge page, mapped once, one more reference", G_5_10,
	  HUGE(PART, 1, 2, COWI_COUNT_EXACT), NEXT(REUSE, SURE) },
	{ "huge page, a few pages mapped elsewhere", G_ALL,
	  HUGE(PART, 1, 5, COWI_COUNT_AVERAGE), NEXT(COPY, SURE), .split = 1 },
	{ "huge page in the swap cache", G_ALL,
	  HUGE(PART | COWI_F_SWAPCACHE, 1, 513, COWI_COUNT_EXACT),
	  NEXT(UNKNOWN, NONE) },

	/* 79fff9f ("classify: no prediction for hugetlb that a userfaultfd, gone ...") */
	{ "hugetlb, protected in a range not registered", G_ALL,
	  HUGE(OURS | COWI_F_HUGETLB | COWI_F_UFFD_WP, 1, 1, COWI_COUNT_EXACT),
	  NEXT(UNKNOWN, NONE) },
	{ "hugetlb, mapped once, whatever the references", G_ALL,
	  HUGE(OURS | COWI_F_HUGETLB, 1, 9, COWI_COUNT_EXACT),
	  NEXT(REUSE, SURE) },
	{ "hugetlb, mapped twice", G_ALL,
	  HUGE(OURS | COWI_F_HUGETLB, 2, 2, COWI_COUNT_EXACT),
	  NEXT(COPY, LIKELY) },
	{ "hugetlb file in a private mapping", G_ALL,
	  { .kind = COWI_KIND_FILE, .flags = OURS | COWI_F_HUGETLB,
	    .mapcount = 1, .refcount = 2, .map_order = 9 },
	  NEXT(COPY, LIKELY) },
};

static void check_row(const struct row *row, const struct cow_rules *rules)
{
	struct cow_extra extra = {
		.mm_shared = row->mm_shared,
		.set_by_all = MARKED & ~row->set_by_none & ~row->set_by_few,
		.set_by_some = MARKED & ~row->set_by_none,
	};
	struct cowinspect_page page = row->page, before;

	/* A mark of an earlier prediction must not stay. */
	page.flags |= COWI_F_SPLIT;
	before = page;
	cow_classify(&page, rules, &extra);
	if (page.outcome != row->outcome || page.confidence != row->confidence ||
	    !!(page.flags & COWI_F_SPLIT) != row->split)
		fail_msg("%s, by the rules of %s: outcome %d confidence %d split %d",
			 row->what, rules->name, page.outcome, page.confidence,
			 !!(page.flags & COWI_F_SPLIT));

	/* Nothing else of the record is touched. */
	page.outcome = before.outcome;
	page.confidence = before.confidence;
	page.flags |= COWI_F_SPLIT;
	assert_memory_equal(&page, &before, sizeof(page));
}

static void test_rows(void **state)
{
	size_t i, g;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		for (g = 0; g < ARRAY_SIZE(generations); g++) {
			if (rows[i].generations & 1 << g)
				check_row(&rows[i], generations[g]);
		}
	}
}

/* Every outcome that exists is expected somewhere above. */
static void test_coverage(void **state)
{
	int seen[COWI_NR_OUTCOMES] = { 0 }, kinds[COWI_NR_KINDS] = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		seen[rows[i].outcome] = 1;
		kinds[rows[i].page.kind] = 1;
	}
	for (i = 0; i < COWI_NR_OUTCOMES; i++)
		assert_true(seen[i] == (i != COWI_NEXT_NONE));
	for (i = 0; i < COWI_NR_KINDS; i++)
		assert_true(kinds[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_coverage),
	};

	return cmocka_run_group_tests_name("classify", tests, NULL, NULL);
}
