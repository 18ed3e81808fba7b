// SPDX-License-Identifier: GPL-2.0
/* What a fault did, over made-up entries: each row of the table of outcomes. */
#include "test.h"

#include "../../module/outcome.c"

#define PAGE	4096ULL

#define NONE	{ .kind = COWI_KIND_NONE, .pfn = COWINSPECT_NO_PFN }
#define KIND(kind_, flags_) { .kind = COWI_KIND_##kind_, .flags = (flags_), \
	.pfn = COWINSPECT_NO_PFN }
#define AT(kind_, pfn_, flags_) { .kind = COWI_KIND_##kind_, .pfn = (pfn_), \
	.flags = COWI_F_PRESENT | (flags_) }
#define HUGE(kind_, pfn_, flags_) { .kind = COWI_KIND_##kind_, .pfn = (pfn_), \
	.flags = COWI_F_PRESENT | (flags_), .map_order = 9 }
#define TORN	{ .kind = COWI_KIND_NONE, .torn = 1 }

#define W	COWI_F_WRITE
#define EXCL	COWI_F_EXCLUSIVE
#define WRITES	.write = 1, .vma_write = 1
#define READS	.vma_write = 1

struct row {
	const char *what;
	struct cow_case c;
	int did;
	int from;		/* for those that copy */
	int order;
	int split;
};

/* Protected by a userfaultfd from any access. */
#define RWP	(COWI_F_UFFD_WP | COWI_F_VMA_UFFD_RWP | COWI_F_PROTNONE)

static const struct row rows[] = {
	{ "error", { NONE, NONE, COW_RESULT_ERROR, WRITES }, .did = COWI_DID_REFUSED },
	{ "retry", { NONE, NONE, COW_RESULT_RETRY, WRITES }, .did = COWI_DID_RETRIED },
	{ "missing, userfaultfd",
	  { NONE, NONE, COW_RESULT_RETRY, WRITES, .uffd_missing = 1 },
	  .did = COWI_DID_USERFAULTFD },
	{ "marker, userfaultfd for what is missing",
	  { KIND(MARKER_UFFD_WP, 0), NONE, COW_RESULT_RETRY, WRITES,
	    .uffd_missing = 1 }, .did = COWI_DID_USERFAULTFD },
	{ "missing, userfaultfd, but the lock is the wrong one",
	  { NONE, NONE, COW_RESULT_RETRY, WRITES, .uffd_missing = 1,
	    .lock_only = 1 }, .did = COWI_DID_RETRIED },
	{ "present, userfaultfd for what is missing",
	  { AT(ANON, 1, 0), NONE, COW_RESULT_RETRY, WRITES,
	    .uffd_missing = 1 }, .did = COWI_DID_RETRIED },
	{ "write-protected by userfaultfd",
	  { AT(ANON, 1, COWI_F_UFFD_WP | COWI_F_VMA_UFFD_WP), NONE,
	    COW_RESULT_RETRY, WRITES }, .did = COWI_DID_USERFAULTFD },
	{ "write-protected by userfaultfd, read",
	  { AT(ANON, 1, COWI_F_UFFD_WP | COWI_F_VMA_UFFD_WP), NONE,
	    COW_RESULT_RETRY, READS }, .did = COWI_DID_RETRIED },
	{ "write-protected by userfaultfd, not registered",
	  { AT(ANON, 1, COWI_F_UFFD_WP), NONE, COW_RESULT_RETRY, WRITES },
	  .did = COWI_DID_RETRIED },
	{ "write-protected by userfaultfd, which the kernel resolves",
	  { AT(ANON, 1, COWI_F_UFFD_WP | COWI_F_VMA_UFFD_WP |
	    COWI_F_VMA_UFFD_ASYNC), NONE, COW_RESULT_RETRY, WRITES },
	  .did = COWI_DID_RETRIED },
	{ "registered, not write-protected",
	  { AT(ANON, 1, COWI_F_VMA_UFFD_WP), NONE, COW_RESULT_RETRY, WRITES },
	  .did = COWI_DID_RETRIED },
	{ "protected by userfaultfd from any access",
	  { AT(ANON, 1, RWP), NONE, COW_RESULT_RETRY, WRITES },
	  .did = COWI_DID_USERFAULTFD },
	{ "protected by userfaultfd from any access, read",
	  { AT(ANON, 1, RWP), NONE, COW_RESULT_RETRY, READS },
	  .did = COWI_DID_USERFAULTFD },
	{ "protected by userfaultfd from any access, which the kernel resolves",
	  { AT(ANON, 1, RWP | COWI_F_VMA_UFFD_ASYNC), NONE, COW_RESULT_RETRY,
	    WRITES }, .did = COWI_DID_RETRIED },
	{ "registered against any access, NUMA hint",
	  { AT(ANON, 1, RWP & ~COWI_F_UFFD_WP), NONE, COW_RESULT_RETRY, READS },
	  .did = COWI_DID_RETRIED },
	{ "registered against any access, and accessible",
	  { AT(ANON, 1, RWP & ~COWI_F_PROTNONE), NONE, COW_RESULT_RETRY, WRITES },
	  .did = COWI_DID_RETRIED },
	{ "NUMA hint, and a mark of a userfaultfd that is gone",
	  { AT(ANON, 1, RWP & ~COWI_F_VMA_UFFD_RWP), NONE, COW_RESULT_RETRY,
	    WRITES }, .did = COWI_DID_RETRIED },

	{ "shared, unlocked", { AT(SHMEM, 1, 0), NONE, COW_RESULT_UNLOCKED,
	  WRITES, .vma_shared = 1 }, .did = COWI_DID_SHARED },
	{ "shared, missing, unlocked", { NONE, NONE, COW_RESULT_UNLOCKED,
	  WRITES, .vma_shared = 1 }, .did = COWI_DID_MAPPED },
	{ "private, unlocked", { NONE, NONE, COW_RESULT_UNLOCKED, WRITES },
	  .did = COWI_DID_UNKNOWN },

	{ "first write", { NONE, AT(ANON, 2, W), COW_RESULT_DONE, WRITES },
	  .did = COWI_DID_ZEROFILLED },
	{ "first write, huge", { NONE, HUGE(ANON, 512, W), COW_RESULT_DONE,
	  WRITES }, .did = COWI_DID_ZEROFILLED, .order = 9 },
	{ "first read", { NONE, AT(ZERO, 3, 0), COW_RESULT_DONE, READS },
	  .did = COWI_DID_ZEROPAGE },
	{ "file, read", { NONE, AT(FILE, 4, 0), COW_RESULT_DONE,
	  COWI_VMA_FILE, READS }, .did = COWI_DID_MAPPED },
	{ "shared memory, written", { NONE, AT(SHMEM, 4, W), COW_RESULT_DONE,
	  COWI_VMA_SHMEM, WRITES, .vma_shared = 1 }, .did = COWI_DID_MAPPED },
	{ "device", { NONE, AT(PFN, 4, 0), COW_RESULT_DONE, COWI_VMA_SPECIAL,
	  READS }, .did = COWI_DID_MAPPED },
	{ "driver's page", { NONE, AT(KERNEL, 4, 0), COW_RESULT_DONE,
	  COWI_VMA_SPECIAL, READS }, .did = COWI_DID_MAPPED },
	{ "KSM out of nothing", { NONE, AT(KSM, 4, 0), COW_RESULT_DONE,
	  READS }, .did = COWI_DID_UNKNOWN },
	{ "file, written without being mapped", { NONE, AT(ANON, 4, W),
	  COW_RESULT_DONE, COWI_VMA_FILE, WRITES }, .did = COWI_DID_COPIED,
	  .from = COWI_KIND_FILE },
	{ "private shmem, written without being mapped", { NONE,
	  AT(ANON, 4, W), COW_RESULT_DONE, COWI_VMA_SHMEM, WRITES },
	  .did = COWI_DID_COPIED, .from = COWI_KIND_SHMEM },
	{ "hugetlb, first write", { NONE, HUGE(ANON, 512, W), COW_RESULT_DONE,
	  COWI_VMA_HUGETLB, WRITES }, .did = COWI_DID_ZEROFILLED, .order = 9 },
	{ "hugetlb, first write, file has pages", { NONE, HUGE(ANON, 512, W),
	  COW_RESULT_DONE, COWI_VMA_HUGETLB, WRITES, .cached = 1 },
	  .did = COWI_DID_UNKNOWN, .order = 9 },
	{ "marker, first write", { KIND(MARKER_UFFD_WP, 0), AT(ANON, 2, W),
	  COW_RESULT_DONE, WRITES }, .did = COWI_DID_ZEROFILLED },
	{ "guard gone, first write", { KIND(MARKER_GUARD, 0), AT(ANON, 2, W),
	  COW_RESULT_DONE, WRITES }, .did = COWI_DID_ZEROFILLED },
	{ "poison gone, first write", { KIND(MARKER_POISON, 0), AT(ANON, 2, W),
	  COW_RESULT_DONE, WRITES }, .did = COWI_DID_ZEROFILLED },

	{ "write to a shared page", { AT(ANON, 1, 0), AT(ANON, 2, W),
	  COW_RESULT_DONE, WRITES }, .did = COWI_DID_COPIED, .from = COWI_KIND_ANON },
	{ "write to KSM", { AT(KSM, 1, 0), AT(ANON, 2, W), COW_RESULT_DONE,
	  WRITES }, .did = COWI_DID_COPIED, .from = COWI_KIND_KSM },
	{ "write to a file's page", { AT(FILE, 1, 0), AT(ANON, 2, W),
	  COW_RESULT_DONE, COWI_VMA_FILE, WRITES }, .did = COWI_DID_COPIED,
	  .from = COWI_KIND_FILE },
	{ "a read that unshares", { AT(ANON, 1, 0), AT(ANON, 2, 0),
	  COW_RESULT_DONE, READS, .unshare = 1 }, .did = COWI_DID_COPIED,
	  .from = COWI_KIND_ANON },
	{ "write to the zero page", { AT(ZERO, 1, 0), AT(ANON, 2, W),
	  COW_RESULT_DONE, WRITES }, .did = COWI_DID_ZEROFILLED },
	{ "write to the huge zero page", { HUGE(ZERO, 512, 0), AT(ANON, 2, W),
	  COW_RESULT_DONE, WRITES }, .did = COWI_DID_ZEROFILLED, .split = 1 },
	{ "write to a shared huge page", { HUGE(ANON, 512, 0), AT(ANON, 2, W),
	  COW_RESULT_DONE, WRITES }, .did = COWI_DID_COPIED, .from = COWI_KIND_ANON,
	  .split = 1 },
	{ "write to a shared hugetlb page", { HUGE(ANON, 512, 0),
	  HUGE(ANON, 1024, W), COW_RESULT_DONE, COWI_VMA_HUGETLB, WRITES },
	  .did = COWI_DID_COPIED, .from = COWI_KIND_ANON, .order = 9 },
	{ "a read finds another page", { AT(ANON, 1, 0), AT(ANON, 2, W),
	  COW_RESULT_DONE, READS }, .did = COWI_DID_UNKNOWN },
	{ "shared memory got another page", { AT(SHMEM, 1, 0),
	  AT(SHMEM, 2, W), COW_RESULT_DONE, COWI_VMA_SHMEM, WRITES,
	  .vma_shared = 1 }, .did = COWI_DID_UNKNOWN },
	{ "moved by NUMA balancing", { AT(ANON, 1, W | COWI_F_PROTNONE),
	  AT(ANON, 2, W), COW_RESULT_DONE, READS }, .did = COWI_DID_NUMA },
	{ "inaccessible, then of another kind",
	  { AT(FILE, 1, COWI_F_PROTNONE), AT(ANON, 2, W), COW_RESULT_DONE,
	    READS }, .did = COWI_DID_UNKNOWN },

	{ "reuse", { AT(ANON, 1, 0), AT(ANON, 1, W), COW_RESULT_DONE,
	  WRITES }, .did = COWI_DID_REUSED },
	{ "reuse, huge", { HUGE(ANON, 512, 0), HUGE(ANON, 512, W),
	  COW_RESULT_DONE, WRITES }, .did = COWI_DID_REUSED, .order = 9 },
	{ "reuse after a split", { HUGE(ANON, 512, 0), AT(ANON, 512, W),
	  COW_RESULT_DONE, WRITES }, .did = COWI_DID_REUSED, .split = 1 },
	/* f4263b0 ("observer: a fault that only took away the mark of an asynchronous ...") */
	{ "mark of a userfaultfd taken away, and no more",
	  { AT(ANON, 1, COWI_F_UFFD_WP), AT(ANON, 1, 0), COW_RESULT_DONE,
	    WRITES }, .did = COWI_DID_MARKED },
	{ "mark of a userfaultfd stays",
	  { AT(ANON, 1, COWI_F_UFFD_WP), AT(ANON, 1, COWI_F_UFFD_WP),
	    COW_RESULT_DONE, WRITES }, .did = COWI_DID_SPURIOUS },
	{ "mark of a userfaultfd set meanwhile",
	  { AT(ANON, 1, 0), AT(ANON, 1, COWI_F_UFFD_WP), COW_RESULT_DONE,
	    WRITES }, .did = COWI_DID_SPURIOUS },
	/* c2d02b0 ("observer: before 6.0 a write to shared memory is done when it is ...") */
	{ "shared page made writable by the try before",
	  { AT(SHMEM, 1, W), AT(SHMEM, 1, W), COW_RESULT_DONE,
	    COWI_VMA_SHMEM, WRITES, .vma_shared = 1, .done_before = 1 },
	  .did = COWI_DID_SHARED },
	{ "shared page that had been writable",
	  { AT(SHMEM, 1, W), AT(SHMEM, 1, W), COW_RESULT_DONE,
	    COWI_VMA_SHMEM, WRITES, .vma_shared = 1 },
	  .did = COWI_DID_SPURIOUS },
	{ "shared page, tried before, read",
	  { AT(SHMEM, 1, W), AT(SHMEM, 1, W), COW_RESULT_DONE,
	    COWI_VMA_SHMEM, READS, .vma_shared = 1, .done_before = 1 },
	  .did = COWI_DID_SPURIOUS },
	{ "shared page, tried before, not writable",
	  { AT(SHMEM, 1, 0), AT(SHMEM, 1, 0), COW_RESULT_DONE,
	    COWI_VMA_SHMEM, WRITES, .vma_shared = 1, .done_before = 1 },
	  .did = COWI_DID_SPURIOUS },
	{ "private page, tried before",
	  { AT(ANON, 1, W), AT(ANON, 1, W), COW_RESULT_DONE, WRITES,
	    .done_before = 1 }, .did = COWI_DID_SPURIOUS },
	{ "shared page made writable", { AT(SHMEM, 1, 0), AT(SHMEM, 1, W),
	  COW_RESULT_DONE, COWI_VMA_SHMEM, WRITES, .vma_shared = 1 },
	  .did = COWI_DID_SHARED },
	{ "a debugger's write, page kept", { AT(ANON, 1, 0),
	  AT(ANON, 1, EXCL), COW_RESULT_DONE, .write = 1 }, .did = COWI_DID_REUSED },
	{ "a debugger's write, before 5.19", { AT(ANON, 1, 0),
	  AT(ANON, 1, COWI_F_DIRTY), COW_RESULT_DONE, .write = 1 },
	  .did = COWI_DID_REUSED },
	{ "dirty bit of shared memory", { AT(SHMEM, 1, 0),
	  AT(SHMEM, 1, COWI_F_DIRTY), COW_RESULT_DONE, COWI_VMA_SHMEM,
	  .write = 1, .vma_shared = 1 }, .did = COWI_DID_MARKED },
	{ "dirty bit", { AT(ANON, 1, W), AT(ANON, 1, W | COWI_F_DIRTY),
	  COW_RESULT_DONE, WRITES }, .did = COWI_DID_MARKED },
	{ "unshared, page kept", { AT(ANON, 1, 0), AT(ANON, 1, EXCL),
	  COW_RESULT_DONE, READS, .unshare = 1 }, .did = COWI_DID_REUSED },
	{ "unshared, nothing to do", { AT(ANON, 1, EXCL), AT(ANON, 1, EXCL),
	  COW_RESULT_DONE, READS, .unshare = 1 }, .did = COWI_DID_SPURIOUS },
	{ "NUMA hint", { AT(ANON, 1, COWI_F_PROTNONE), AT(ANON, 1, 0),
	  COW_RESULT_DONE, READS }, .did = COWI_DID_NUMA },
	{ "NUMA hint of a writable page, read",
	  { AT(ANON, 1, COWI_F_PROTNONE), AT(ANON, 1, W), COW_RESULT_DONE,
	    READS }, .did = COWI_DID_NUMA },
	{ "NUMA hint and reuse", { AT(ANON, 1, COWI_F_PROTNONE),
	  AT(ANON, 1, W), COW_RESULT_DONE, WRITES }, .did = COWI_DID_REUSED },
	{ "split, nothing else", { HUGE(FILE, 512, 0), AT(FILE, 512, 0),
	  COW_RESULT_DONE, READS }, .did = COWI_DID_SPLIT, .split = 1 },
	{ "accessed bit", { AT(FILE, 1, 0), AT(FILE, 1, COWI_F_YOUNG),
	  COW_RESULT_DONE, READS }, .did = COWI_DID_MARKED },
	{ "nothing changed", { AT(ANON, 1, W), AT(ANON, 1, W),
	  COW_RESULT_DONE, WRITES }, .did = COWI_DID_SPURIOUS },
	{ "a bit went away", { AT(ANON, 1, COWI_F_YOUNG), AT(ANON, 1, 0),
	  COW_RESULT_DONE, READS }, .did = COWI_DID_SPURIOUS },

	{ "swap-in by a read", { KIND(SWAP, 0), AT(ANON, 2, 0),
	  COW_RESULT_DONE, READS }, .did = COWI_DID_SWAPIN },
	{ "swap-in by a read, made writable", { KIND(SWAP, EXCL),
	  AT(ANON, 2, W), COW_RESULT_DONE, READS }, .did = COWI_DID_SWAPIN },
	{ "swap-in by a write, still protected", { KIND(SWAP, 0),
	  AT(ANON, 2, 0), COW_RESULT_DONE, WRITES }, .did = COWI_DID_SWAPIN },
	{ "swap-in, exclusive", { KIND(SWAP, EXCL), AT(ANON, 2, W),
	  COW_RESULT_DONE, WRITES }, .did = COWI_DID_SWAPIN_REUSED },
	{ "swap-in, last user", { KIND(SWAP, 0),
	  AT(ANON, 2, W | COWI_F_PAGE_DIRTY), COW_RESULT_DONE, WRITES },
	  .did = COWI_DID_SWAPIN_REUSED },
	{ "swap-in, others use it", { KIND(SWAP, 0), AT(ANON, 2, W),
	  COW_RESULT_DONE, WRITES, .marks = 1 },
	  .did = COWI_DID_SWAPIN_COPIED, .from = COWI_KIND_ANON },
	{ "swap-in, last user or a copy that is on the LRU",
	  { KIND(SWAP, 0), AT(ANON, 2, W | COWI_F_LRU), COW_RESULT_DONE,
	    WRITES, .marks = 1 }, .did = COWI_DID_SWAPIN },
	{ "swap-in, whoever uses it, before 5.19", { KIND(SWAP, 0),
	  AT(ANON, 2, W), COW_RESULT_DONE, WRITES }, .did = COWI_DID_SWAPIN },
	{ "swap-in of KSM", { KIND(SWAP, 0), AT(KSM, 2, 0), COW_RESULT_DONE,
	  READS }, .did = COWI_DID_SWAPIN },
	{ "back from a device", { KIND(DEVICE_PRIVATE, EXCL), AT(ANON, 2, W),
	  COW_RESULT_DONE, WRITES }, .did = COWI_DID_SWAPIN_REUSED },
	{ "swap-in of a file's page", { KIND(SWAP, 0), AT(FILE, 2, 0),
	  COW_RESULT_DONE, READS }, .did = COWI_DID_UNKNOWN },

	{ "still swapped", { KIND(SWAP, 0), KIND(SWAP, 0), COW_RESULT_DONE,
	  READS }, .did = COWI_DID_WAITED },
	{ "migration ended", { KIND(MIGRATION, 0), AT(ANON, 2, 0),
	  COW_RESULT_DONE, READS }, .did = COWI_DID_WAITED },
	{ "still migrating", { KIND(MIGRATION, 0), KIND(MIGRATION, 0),
	  COW_RESULT_DONE, READS }, .did = COWI_DID_WAITED },
	{ "mapped and gone again", { NONE, NONE, COW_RESULT_DONE, WRITES },
	  .did = COWI_DID_UNKNOWN },
	{ "taken away by others", { AT(ANON, 1, 0), NONE, COW_RESULT_DONE,
	  WRITES }, .did = COWI_DID_UNKNOWN },
	{ "changing at the beginning", { TORN, AT(ANON, 1, W),
	  COW_RESULT_DONE, WRITES }, .did = COWI_DID_UNKNOWN },
	{ "changing at the end", { NONE, TORN, COW_RESULT_DONE, WRITES },
	  .did = COWI_DID_UNKNOWN },
};

static void outcomes(void **state)
{
	int bad = 0;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];
		struct cow_did did = cow_outcome(&r->c);
		int copies = r->did == COWI_DID_COPIED ||
			     r->did == COWI_DID_SWAPIN_COPIED;
		int from = copies ? r->from : COWI_KIND_NONE;

		if (did.outcome == r->did && did.from == from &&
		    did.order == r->order && did.split == r->split)
			continue;
		bad++;
		print_message("# %s: outcome %d from %d order %d split %d\n",
			      r->what, did.outcome, did.from, did.order,
			      did.split);
	}
	assert_int_equal(0, bad);
}

static void pass(struct cow_entry *before, __u64 addr, const struct cow_case *by,
		 __u64 by_addr)
{
	cow_entry_pass(before, addr, by, by_addr, PAGE);
}

/* Two copies of one page: the second one finds it done. */
static void pass_same_page(void **state)
{
	const struct cow_case by = { AT(ANON, 1, 0), AT(ANON, 2, W),
				     COW_RESULT_DONE, WRITES };
	struct cow_case other = { AT(ANON, 1, COWI_F_YOUNG), AT(ANON, 2, W),
				  COW_RESULT_DONE, WRITES };
	struct cow_entry next = AT(ANON, 7, 0), newer = AT(ANON, 2, W);

	(void)state;
	pass(&other.before, 5 * PAGE + 100, &by, 5 * PAGE);
	assert_int_equal(COWI_DID_SPURIOUS, cow_outcome(&other).outcome);

	pass(&next, 6 * PAGE, &by, 5 * PAGE);
	assert_int_equal(7, next.pfn);
	/* One that began after the change has nothing taken from it. */
	pass(&newer, 5 * PAGE, &by, 5 * PAGE);
	assert_int_equal(2, newer.pfn);
	assert_true(newer.flags & W);
}

/* Two faults in the range of one huge page that was not there. */
static void pass_huge(void **state)
{
	const struct cow_case by = { NONE, HUGE(ANON, 1024 + 3, W),
				     COW_RESULT_DONE, WRITES };
	struct cow_entry in = NONE, out = NONE, below = NONE;

	(void)state;
	pass(&in, 512 * PAGE + 8 * PAGE, &by, 512 * PAGE + 3 * PAGE);
	assert_int_equal(1024 + 8, in.pfn);
	assert_int_equal(9, in.map_order);
	pass(&below, 512 * PAGE, &by, 512 * PAGE + 3 * PAGE);
	assert_int_equal(1024, below.pfn);
	pass(&out, 1024 * PAGE, &by, 512 * PAGE + 3 * PAGE);
	assert_int_equal(COWI_KIND_NONE, out.kind);
}

/* One of two faults on a huge page splits it: the other one did not. */
static void pass_split(void **state)
{
	const struct cow_case by = { HUGE(ANON, 512 + 3, 0), AT(ANON, 9, W),
				     COW_RESULT_DONE, WRITES };
	struct cow_case other = { HUGE(ANON, 512 + 4, 0), AT(ANON, 10, W),
				  COW_RESULT_DONE, WRITES };
	struct cow_entry outside = HUGE(ANON, 1024 + 3, 0);
	struct cow_did did;

	(void)state;
	pass(&other.before, 4 * PAGE, &by, 3 * PAGE);
	did = cow_outcome(&other);
	assert_int_equal(COWI_DID_COPIED, did.outcome);
	assert_int_equal(0, did.split);
	pass(&outside, 515 * PAGE, &by, 3 * PAGE);
	assert_int_equal(9, outside.map_order);
}

/* Faults that are not over, or cannot be trusted, take nothing. */
static void pass_nothing(void **state)
{
	struct cow_case by = { AT(ANON, 1, 0), AT(ANON, 2, W),
			       COW_RESULT_RETRY, WRITES };
	struct cow_entry before = AT(ANON, 1, 0), readable = AT(ANON, 1, W);
	struct cow_entry file = AT(FILE, 1, 0);
	const struct cow_entry gone = NONE;

	(void)state;
	pass(&before, 0, &by, 0);
	by.result = COW_RESULT_DONE;
	by.after.torn = 1;
	pass(&before, 0, &by, 0);
	by.after = gone;
	pass(&before, 0, &by, 0);
	assert_int_equal(1, before.pfn);
	assert_int_equal(COWI_KIND_ANON, before.kind);

	by.after = (struct cow_entry)AT(ANON, 2, W);
	pass(&readable, 0, &by, 0);
	assert_int_equal(1, readable.pfn);
	pass(&file, 0, &by, 0);
	assert_int_equal(1, file.pfn);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outcomes),
		cmocka_unit_test(pass_same_page),
		cmocka_unit_test(pass_huge),
		cmocka_unit_test(pass_split),
		cmocka_unit_test(pass_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
