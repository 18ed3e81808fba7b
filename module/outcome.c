// SPDX-License-Identifier: GPL-2.0
/*
 * What did a fault do? Judged by the entry before and after, which were read
 * at the beginning and the end of handle_mm_fault(), and by what that returned.
 *
 * Pure: no locks, no allocation, no kernel headers. The rules restate what can
 * come of these functions (read in Linux 5.10.262, 6.1.192, 6.12.117 and
 * 7.2.13): handle_pte_fault() and what it calls in mm/memory.c, the fault
 * functions of mm/huge_memory.c, hugetlb_fault() in mm/hugetlb.c.
 */
#include "outcome.h"

static int present(const struct cow_entry *e)
{
	return !!(e->flags & COWI_F_PRESENT);
}

static int writable(const struct cow_entry *e)
{
	return !!(e->flags & COWI_F_WRITE);
}

static int is_marker(const struct cow_entry *e)
{
	return e->kind == COWI_KIND_MARKER_UFFD_WP ||
	       e->kind == COWI_KIND_MARKER_POISON ||
	       e->kind == COWI_KIND_MARKER_GUARD;
}

/* Nothing was mapped: there is no entry, or one that only marks the place. */
static int is_empty(const struct cow_entry *e)
{
	return e->kind == COWI_KIND_NONE || is_marker(e);
}

/*
 * handle_userfault() returns VM_FAULT_RETRY, as much else does; but it comes
 * before anything else that could, where a handler is registered. Except for an
 * anon_vma that has to be made, from 6.12 on, while somebody writes to the address
 * space: then the handler is told of one more time than it was asked.
 */
static int did_retry(const struct cow_case *c)
{
	const struct cow_entry *b = &c->before;

	if (c->lock_only)
		return COWI_DID_RETRIED;
	if (is_empty(b) && c->uffd_missing)
		return COWI_DID_USERFAULTFD;
	if (!(b->flags & COWI_F_UFFD_WP) || b->flags & COWI_F_VMA_UFFD_ASYNC)
		return COWI_DID_RETRIED;
	if (c->write && b->flags & COWI_F_VMA_UFFD_WP)
		return COWI_DID_USERFAULTFD;
	if (b->flags & COWI_F_VMA_UFFD_RWP && b->flags & COWI_F_PROTNONE)
		return COWI_DID_USERFAULTFD;
	return COWI_DID_RETRIED;
}

/*
 * The kernel drops the locks of a fault that is over when it has made a page of
 * a shared mapping dirty, to wait for writeback (fault_dirty_shared_page()).
 */
static int did_unlocked(const struct cow_case *c)
{
	if (!c->vma_shared)
		return COWI_DID_UNKNOWN;
	return present(&c->before) ? COWI_DID_SHARED : COWI_DID_MAPPED;
}

/* Something was mapped where nothing had been. */
static int did_fill(const struct cow_case *c)
{
	switch (c->after.kind) {
	case COWI_KIND_ZERO:
		return COWI_DID_ZEROPAGE;
	case COWI_KIND_ANON:
		if (c->vma == COWI_VMA_ANON)
			return COWI_DID_ZEROFILLED;
		/* A page of the file, if it has one here, else zeroes. */
		if (c->vma == COWI_VMA_HUGETLB)
			return c->cached ? COWI_DID_UNKNOWN :
					   COWI_DID_ZEROFILLED;
		return COWI_DID_COPIED;
	case COWI_KIND_FILE:
	case COWI_KIND_SHMEM:
	case COWI_KIND_KERNEL:
	case COWI_KIND_PFN:
		return COWI_DID_MAPPED;
	default:
		return COWI_DID_UNKNOWN;
	}
}

/*
 * do_swap_page() makes the page writable if it is marked exclusive, or if
 * freeing its place in the swap cache leaves no other reference: then the folio
 * is marked dirty (folio_free_swap(), try_to_free_swap()). Otherwise
 * do_wp_page() follows. Where pages are marked (5.19), that reuses none on which
 * an LRU batch has a reference, and where its copy is in such a batch, as is
 * usual, we can tell. A page that went past the swap cache is no more dirty than
 * a copy.
 */
static int did_swapin(const struct cow_case *c)
{
	if (c->after.kind != COWI_KIND_ANON && c->after.kind != COWI_KIND_KSM)
		return COWI_DID_UNKNOWN;
	if (!c->write || !writable(&c->after))
		return COWI_DID_SWAPIN;
	if (c->before.flags & COWI_F_EXCLUSIVE ||
	    c->after.flags & COWI_F_PAGE_DIRTY)
		return COWI_DID_SWAPIN_REUSED;
	if (c->marks && !(c->after.flags & COWI_F_LRU))
		return COWI_DID_SWAPIN_COPIED;
	return COWI_DID_SWAPIN;
}

/* Another frame is mapped than before. */
static int did_replace(const struct cow_case *c)
{
	if (c->after.kind == COWI_KIND_ANON && (c->write || c->unshare) &&
	    !c->vma_shared)
		return c->before.kind == COWI_KIND_ZERO ?
		       COWI_DID_ZEROFILLED : COWI_DID_COPIED;
	/* NUMA balancing moves pages. */
	if (c->before.flags & COWI_F_PROTNONE &&
	    c->before.kind == c->after.kind)
		return COWI_DID_NUMA;
	return COWI_DID_UNKNOWN;
}

/*
 * The page now belongs to this mapping. A debugger's write to a read-only VMA
 * leaves the entry read-only.
 */
static int became_own(const struct cow_case *c)
{
	__u64 gained = c->after.flags & ~c->before.flags;

	if (gained & COWI_F_WRITE)
		return 1;
	if (c->unshare)
		return !!(gained & COWI_F_EXCLUSIVE);
	return c->write && !c->vma_write && !c->vma_shared &&
	       gained & (COWI_F_EXCLUSIVE | COWI_F_DIRTY);
}

/* The frame is the same as before. */
static int did_keep(const struct cow_case *c)
{
	const struct cow_entry *b = &c->before, *a = &c->after;

	if (became_own(c) && !(b->flags & COWI_F_PROTNONE && !c->write))
		return c->vma_shared ? COWI_DID_SHARED : COWI_DID_REUSED;
	if (b->flags & ~a->flags & COWI_F_PROTNONE)
		return COWI_DID_NUMA;
	if (b->map_order > a->map_order)
		return COWI_DID_SPLIT;
	if (a->flags & ~b->flags & (COWI_F_YOUNG | COWI_F_DIRTY))
		return COWI_DID_MARKED;
	/*
	 * Of asynchronous userfaultfd. Where do_wp_page() has taken that away and
	 * then finds the entry changed, the write comes again (seen on arm64,
	 * where entries next to each other share their bits).
	 */
	if (b->flags & ~a->flags & COWI_F_UFFD_WP)
		return COWI_DID_MARKED;
	/*
	 * fault_dirty_shared_page() comes last. Before VM_FAULT_COMPLETED
	 * (d92725256b4f, Linux 6.0) it returned VM_FAULT_RETRY where it had
	 * waited for writeback without the lock.
	 */
	if (c->done_before && c->write && c->vma_shared && writable(b))
		return COWI_DID_SHARED;
	return COWI_DID_SPURIOUS;
}

static int did_done(const struct cow_case *c)
{
	const struct cow_entry *b = &c->before, *a = &c->after;

	if (b->torn || a->torn)
		return COWI_DID_UNKNOWN;
	if (!present(a)) {
		/* The end of a migration, or of another swap-in, is awaited. */
		if (b->kind != COWI_KIND_NONE && !present(b))
			return COWI_DID_WAITED;
		return COWI_DID_UNKNOWN;
	}
	if (present(b))
		return b->pfn == a->pfn ? did_keep(c) : did_replace(c);
	if (is_empty(b))
		return did_fill(c);
	if (b->kind == COWI_KIND_SWAP || b->kind == COWI_KIND_DEVICE_PRIVATE)
		return did_swapin(c);
	return COWI_DID_WAITED;
}

/* What was copied into a page that is of no file yet. */
static int copied_from(const struct cow_case *c)
{
	if (present(&c->before))
		return c->before.kind;
	if (c->before.kind == COWI_KIND_SWAP)
		return COWI_KIND_ANON;
	return c->vma == COWI_VMA_SHMEM ? COWI_KIND_SHMEM : COWI_KIND_FILE;
}

/**
 * cow_outcome - judge a fault
 * @c: what is known of it
 *
 * Return: the judgement.
 */
struct cow_did cow_outcome(const struct cow_case *c)
{
	struct cow_did did = { .from = COWI_KIND_NONE };

	switch (c->result) {
	case COW_RESULT_ERROR:
		did.outcome = COWI_DID_REFUSED;
		return did;
	case COW_RESULT_RETRY:
		did.outcome = did_retry(c);
		return did;
	case COW_RESULT_UNLOCKED:
		did.outcome = did_unlocked(c);
		return did;
	default:
		did.outcome = did_done(c);
	}
	did.order = c->after.map_order;
	did.split = present(&c->before) && c->after.kind != COWI_KIND_NONE &&
		    c->before.map_order > c->after.map_order;
	if (did.outcome == COWI_DID_COPIED ||
	    did.outcome == COWI_DID_SWAPIN_COPIED)
		did.from = copied_from(c);
	return did;
}

static int covers(__u64 addr, __u64 page, unsigned int order, __u64 page_size)
{
	__u64 size = page_size << order;

	return (addr & ~(size - 1)) == (page & ~(size - 1));
}

/* Whether two faults, @step pages apart, began with the same state. */
static int same_start(const struct cow_entry *a, const struct cow_entry *b,
		      __u64 step)
{
	const __u64 flags = COWI_F_PRESENT | COWI_F_WRITE | COWI_F_PROTNONE;

	if (a->kind != b->kind || a->map_order != b->map_order ||
	    (a->flags ^ b->flags) & flags)
		return 0;
	return a->pfn == COWINSPECT_NO_PFN || a->pfn == b->pfn + step;
}

/**
 * cow_entry_pass - what one fault did is not done by another one in progress
 * @before: the entry with which the other fault began
 * @addr: its address
 * @by: the fault that is over, in the same address space
 * @by_addr: its address
 * @page_size: the base page, in bytes
 *
 * Two threads may fault on a page at the same time. One does the work and the
 * other finds it done, but the entry has changed since either began. So whoever
 * ends first takes the change, and it is taken from the other, which is left
 * with what has changed since.
 */
void cow_entry_pass(struct cow_entry *before, __u64 addr,
		    const struct cow_case *by, __u64 by_addr, __u64 page_size)
{
	__u64 step = addr / page_size - by_addr / page_size;

	if (by->result != COW_RESULT_DONE || by->after.torn ||
	    !present(&by->after) || !same_start(before, &by->before, step))
		return;
	if (covers(addr, by_addr, by->after.map_order, page_size)) {
		*before = by->after;
		before->pfn += step;
	} else if (covers(addr, by_addr, by->before.map_order, page_size)) {
		/* It was split: the frame is the same, the entry is not. */
		before->map_order = by->after.map_order;
	}
}
