/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a fault did, from the entry before and after. Free of kernel headers, so
 * that it is also compiled and tested in user space with made-up entries.
 */
#ifndef _COW_OUTCOME_H
#define _COW_OUTCOME_H

#include "uapi/cowinspect.h"

/**
 * struct cow_entry - what maps an address
 * @pfn: frame behind the address, COWINSPECT_NO_PFN if there is none
 * @flags: COWI_F_* bits
 * @kind: enum cowinspect_kind, or COWI_KIND_NONE
 * @map_order: the entry maps 2^@map_order base pages
 * @torn: it changed while it was looked at: the rest is not to be trusted
 */
struct cow_entry {
	__u64 pfn;
	__u64 flags;
	__u8 kind;
	__u8 map_order;
	__u8 torn;
};

/**
 * enum cow_result - what the kernel's fault handler returned
 * @COW_RESULT_DONE: the fault is over, and its locks are still held
 * @COW_RESULT_UNLOCKED: the fault is over, but its locks are not held any more,
 *	so that the entry afterwards could not be looked at
 * @COW_RESULT_RETRY: it has to be tried again
 * @COW_RESULT_ERROR: it failed
 */
enum cow_result {
	COW_RESULT_DONE,
	COW_RESULT_UNLOCKED,
	COW_RESULT_RETRY,
	COW_RESULT_ERROR,
};

/**
 * struct cow_case - a fault, to be judged
 * @before: the entry when it began
 * @after: the entry when it ended; only for COW_RESULT_DONE
 * @result: enum cow_result
 * @vma: enum cowinspect_vma
 * @write: it was a write
 * @unshare: it was a read that wants a page of its own
 * @vma_shared: the VMA is MAP_SHARED
 * @vma_write: the VMA is writable
 * @cached: the VMA is of hugetlb, and pages of its file are in the page cache
 * @uffd_missing: a userfaultfd handles faults without an entry
 * @marks: this kernel marks exclusive pages
 * @done_before: before Linux 6.0, a fault that was tried before, which may have
 *	done it all
 * @lock_only: it lacked what only a fault with the mmap lock can make, and held
 *	a VMA's lock: whatever else there was to do waits
 */
struct cow_case {
	struct cow_entry before;
	struct cow_entry after;
	__u8 result;
	__u8 vma;
	__u8 write;
	__u8 unshare;
	__u8 vma_shared;
	__u8 vma_write;
	__u8 cached;
	__u8 uffd_missing;
	__u8 marks;
	__u8 done_before;
	__u8 lock_only;
};

/**
 * struct cow_did - the judgement
 * @outcome: enum cowinspect_did
 * @from: enum cowinspect_kind of what was copied, for the outcomes that copy
 * @order: 2^@order base pages were copied, filled or mapped
 * @split: a huge mapping was split
 */
struct cow_did {
	__u8 outcome;
	__u8 from;
	__u8 order;
	__u8 split;
};

struct cow_did cow_outcome(const struct cow_case *c);
void cow_entry_pass(struct cow_entry *before, __u64 addr,
		    const struct cow_case *by, __u64 by_addr, __u64 page_size);

#endif /* _COW_OUTCOME_H */
