/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The prediction, free of kernel headers so that it is also compiled and tested
 * in user space with made-up entries.
 */
#ifndef _COW_CLASSIFY_H
#define _COW_CLASSIFY_H

#include "uapi/cowinspect.h"

/**
 * enum cow_large_rule - when a write reuses a page of a PTE-mapped large folio
 *	that is not marked exclusive
 * @COW_LARGE_LAST_REF: when the mapping holds the only reference on the folio
 * @COW_LARGE_NEVER: never
 * @COW_LARGE_ONE_MM: when more than one page is mapped, all references come
 *	from mappings and all mappings are in one mm
 */
enum cow_large_rule {
	COW_LARGE_LAST_REF,
	COW_LARGE_NEVER,
	COW_LARGE_ONE_MM,
};

/**
 * struct cow_rules - how a kernel decides about a write to a protected page
 * @name: the first kernel version that decides so
 * @exclusive: anonymous pages are marked exclusive, and a marked one is reused
 * @large: what happens to a part of a large folio
 * @swapcache_reuse: a reference from the swap cache alone does not force a copy
 * @huge_by_mapcount: for a huge PMD the mapcount decides, not the refcount
 * @huge_zero_whole: a write to the huge zero page allocates a whole huge page
 */
struct cow_rules {
	const char *name;
	unsigned char exclusive;
	unsigned char large;
	unsigned char swapcache_reuse;
	unsigned char huge_by_mapcount;
	unsigned char huge_zero_whole;
};

extern const struct cow_rules cow_rules_5_10;
extern const struct cow_rules cow_rules_5_19;
extern const struct cow_rules cow_rules_6_7;
extern const struct cow_rules cow_rules_6_13;
extern const struct cow_rules cow_rules_6_15;

/**
 * struct cow_extra - facts that a prediction needs and a record does not show
 * @mm_shared: the large folio may be mapped by more than one mm
 * @set_by_all: which of COWI_F_YOUNG and COWI_F_DIRTY every CPU sets by itself
 * @set_by_some: which of them some CPU does
 */
struct cow_extra {
	unsigned char mm_shared;
	__u64 set_by_all;
	__u64 set_by_some;
};

void cow_classify(struct cowinspect_page *page, const struct cow_rules *rules,
		  const struct cow_extra *extra);

#endif /* _COW_CLASSIFY_H */
