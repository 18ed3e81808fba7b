/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * cowinspect: the binary and the textual vocabulary shared by the module and
 * user space. This file is used verbatim by both; nothing else is shared.
 *
 * <pid>/pages is a stream of struct cowinspect_page, in the byte order of the
 * machine. The file offset is a virtual address, as in /proc/PID/mem:
 *
 *	pread(fd, recs, sizeof(recs), addr)
 *
 * returns the records of the mapped entries at and after @addr, in ascending
 * address order. A huge mapping that covers @addr comes first, with its own
 * (lower) start address; so does one, wherever it comes, that was made while a
 * read stood in its middle, having told of smaller entries there. A read ends on
 * a record boundary, at most after the last mapped entry; then the offset stands
 * behind the last entry returned, so plain read() goes on where it left off. 0 is
 * end of file. A buffer smaller than one record is EINVAL.
 *
 * Versioning: "abi" and "record_size" stand in the status file. Within one
 * ABI number records only grow at the end, reserved fields get a meaning, and
 * keys and columns are added: readers step by record_size, ignore what they do
 * not know and find columns by name. Anything else is a new ABI number.
 */
#ifndef _UAPI_COWINSPECT_H
#define _UAPI_COWINSPECT_H

#include <linux/types.h>

#define COWINSPECT_ABI		2
#define COWINSPECT_NO_PFN	(~(__u64)0)

/**
 * struct cowinspect_page - one mapped entry: a PTE, or a huge PMD or PUD
 * @addr: first virtual address that the entry maps, in bytes
 * @pfn: page frame number of the first page mapped, in base pages; for a swap
 *	entry the offset in the swap area, in base pages; COWINSPECT_NO_PFN
 *	where the entry names no frame
 * @mapcount: how many page table entries map this page; the field @counts
 *	says whether that is exact. 0 without a struct page
 * @refcount: references held on the folio (the page alone, if it is not part
 *	of a large folio), mappings included. Always the exact value at the
 *	moment of reading; 0 without a struct page
 * @folio_mapcount: mappings of any page of the folio, whole-folio mappings
 *	counted once. Equals @mapcount for a small folio
 * @swap_type: for a swap entry the number of its swap area, otherwise 0
 * @flags: COWI_F_* bits
 * @kind: enum cowinspect_kind
 * @map_order: the entry maps 2^@map_order base pages
 * @folio_order: the folio has 2^@folio_order base pages; it starts at @pfn
 *	rounded down to a multiple of its size
 * @outcome: enum cowinspect_outcome: what a write by this task would do next
 * @confidence: enum cowinspect_confidence, of @outcome
 * @counts: enum cowinspect_counts, of @mapcount
 * @reserved: 0
 *
 * @mapcount, @refcount, @flags of one record were read together, under the
 * lock of the page table that holds the entry.
 */
struct cowinspect_page {
	__u64 addr;
	__u64 pfn;
	__u32 mapcount;
	__u32 refcount;
	__u32 folio_mapcount;
	__u32 swap_type;
	__u64 flags;
	__u8 kind;
	__u8 map_order;
	__u8 folio_order;
	__u8 outcome;
	__u8 confidence;
	__u8 counts;
	__u8 reserved[2];
};

/*
 * The kinds of what an entry refers to, in one table; all else is made of it. M(X,
 * id, name, total, copied, state, meaning): its number (COWI_KIND_ANON is 0); its name
 * wherever it is printed, the tracepoints included; the total that counts it; the
 * counter of faults, copied_..., that counts copies of it; how pictures show it where
 * nothing else of the entry decides (userspace/render/picture.h).
 */
#define COWINSPECT_PRESENT_KINDS(M, X) \
	M(X, COWI_KIND_ANON, "anon", anon, anon, OWN, \
	  "anonymous memory, not KSM") \
	M(X, COWI_KIND_KSM, "ksm", ksm, ksm, KSM, "merged by KSM") \
	M(X, COWI_KIND_FILE, "file", file, file, FILE, \
	  "page cache of a file, hugetlbfs included") \
	M(X, COWI_KIND_SHMEM, "shmem", shmem, shmem, FILE, \
	  "shared memory, tmpfs, memfd") \
	M(X, COWI_KIND_ZERO, "zero", zero, other, ZERO, \
	  "the shared zero page, small or huge") \
	M(X, COWI_KIND_PFN, "pfn", pfn, other, DEVICE, \
	  "no struct page (device memory, vvar)") \
	M(X, COWI_KIND_KERNEL, "kernel", kernel, other, DEVICE, \
	  "put there by the kernel or a driver (vdso)")
#define COWINSPECT_SWAPPED_KINDS(M, X) \
	M(X, COWI_KIND_SWAP, "swap", swapped, other, SWAP, "swapped out")
#define COWINSPECT_NONPRESENT_KINDS(M, X, LAST) \
	M(X, COWI_KIND_MIGRATION, "migration", migration, other, MARKER, \
	  "being migrated") \
	M(X, COWI_KIND_HWPOISON, "hwpoison", hwpoison, other, MARKER, \
	  "memory error") \
	M(X, COWI_KIND_DEVICE_PRIVATE, "device-private", device_private, \
	  other, MARKER, "in device memory") \
	M(X, COWI_KIND_DEVICE_EXCLUSIVE, "device-exclusive", device_exclusive, \
	  other, MARKER, "a device has it exclusively") \
	M(X, COWI_KIND_MARKER_UFFD_WP, "marker-uffd-wp", marker_uffd_wp, \
	  other, MARKER, "userfaultfd marker") \
	M(X, COWI_KIND_MARKER_POISON, "marker-poison", marker_poison, \
	  other, MARKER, "poison marker: SIGBUS") \
	M(X, COWI_KIND_MARKER_GUARD, "marker-guard", marker_guard, \
	  other, MARKER, "guard marker: SIGSEGV") \
	M(LAST, COWI_KIND_OTHER, "other", other, other, MARKER, \
	  "unknown to this module")

/* Of all: X(id, name, total, copied, state, meaning), LAST as with COWINSPECT_DID. */
#define COWINSPECT_KIND(X, ...)		X(__VA_ARGS__)
#define COWINSPECT_KINDS(X, LAST) \
	COWINSPECT_PRESENT_KINDS(COWINSPECT_KIND, X) \
	COWINSPECT_SWAPPED_KINDS(COWINSPECT_KIND, X) \
	COWINSPECT_NONPRESENT_KINDS(COWINSPECT_KIND, X, LAST)

#define COWINSPECT_KIND_ID(id, ...)	id,
enum cowinspect_kind {
	COWINSPECT_KINDS(COWINSPECT_KIND_ID, COWINSPECT_KIND_ID)
	COWI_NR_KINDS
};

/**
 * enum cowinspect_outcome - what the next write to the entry would do
 * @COWI_NEXT_NOFAULT: nothing: the entry is writable. A CPU that still has an
 *	older translation may fault once more, which changes nothing
 * @COWI_NEXT_REUSE: fault; the page is kept and made writable
 * @COWI_NEXT_COPY: fault; the page is copied, the copy mapped
 * @COWI_NEXT_ZEROFILL: fault; a fresh zeroed page is mapped, nothing is copied
 * @COWI_NEXT_SHARED: fault; a page of a shared mapping is made writable, for
 *	everyone: never a copy
 * @COWI_NEXT_USERFAULTFD: fault; a userfaultfd handler decides first
 * @COWI_NEXT_SWAPIN: fault; the page is brought back in first
 * @COWI_NEXT_REFUSED: SIGSEGV or SIGBUS
 * @COWI_NEXT_UNKNOWN: cannot be told from the entry
 * @COWI_NEXT_NONE: not an outcome: in the tracepoint, where nothing was predicted,
 *	since it was no write, there was no entry, or that depends on more of a
 *	large folio than is looked at there
 * @COWI_NEXT_MARK: fault; the entry is writable already, and its accessed or
 *	dirty bit is set: by the kernel, as no CPU here does so by itself (arm64)
 * @COWI_NR_OUTCOMES: how many there are; not an outcome
 */
enum cowinspect_outcome {
	COWI_NEXT_NOFAULT,
	COWI_NEXT_REUSE,
	COWI_NEXT_COPY,
	COWI_NEXT_ZEROFILL,
	COWI_NEXT_SHARED,
	COWI_NEXT_USERFAULTFD,
	COWI_NEXT_SWAPIN,
	COWI_NEXT_REFUSED,
	COWI_NEXT_UNKNOWN,
	COWI_NEXT_NONE,
	COWI_NEXT_MARK,
	COWI_NR_OUTCOMES
};

/**
 * enum cowinspect_confidence - how far to trust a predicted outcome
 * @COWI_CONF_NONE: no prediction (the outcome is COWI_NEXT_UNKNOWN)
 * @COWI_CONF_LIKELY: something short-lived or out of sight may change it
 * @COWI_CONF_SURE: holds unless the page's state changes before the write
 */
enum cowinspect_confidence {
	COWI_CONF_NONE,
	COWI_CONF_LIKELY,
	COWI_CONF_SURE,
};

/**
 * enum cowinspect_counts - what kind of number a quantity is on this kernel
 * @COWI_COUNT_EXACT: the kernel keeps exactly this
 * @COWI_COUNT_AVERAGE: an average over the pages of a large folio
 * @COWI_COUNT_ESTIMATE: a guess that the kernel itself works with
 * @COWI_COUNT_ABSENT: this kernel does not have the quantity; reads as 0
 */
enum cowinspect_counts {
	COWI_COUNT_EXACT,
	COWI_COUNT_AVERAGE,
	COWI_COUNT_ESTIMATE,
	COWI_COUNT_ABSENT,
};

/* The page table entry. */
#define COWI_F_PRESENT		(1ULL << 0)
#define COWI_F_WRITE		(1ULL << 1)	/* hardware lets writes through */
#define COWI_F_DIRTY		(1ULL << 2)
#define COWI_F_YOUNG		(1ULL << 3)	/* accessed */
#define COWI_F_SOFT_DIRTY	(1ULL << 4)	/* the entry or its VMA is */
#define COWI_F_UFFD_WP		(1ULL << 5)	/* protected by userfaultfd */
#define COWI_F_PROTNONE		(1ULL << 6)	/* present, but any access faults */
#define COWI_F_EXCLUSIVE	(1ULL << 7)	/* anon: this mapping owns the page */

/* The page or its folio. */
#define COWI_F_LARGE		(1ULL << 8)	/* part of a large folio */
#define COWI_F_HUGETLB		(1ULL << 9)
#define COWI_F_DEVICE		(1ULL << 10)	/* ZONE_DEVICE memory */
#define COWI_F_LRU		(1ULL << 11)
#define COWI_F_LOCKED		(1ULL << 12)
#define COWI_F_PAGE_DIRTY	(1ULL << 13)	/* the folio's own dirty flag */
#define COWI_F_REFERENCED	(1ULL << 14)	/* the folio's own flag */
#define COWI_F_WRITEBACK	(1ULL << 15)
#define COWI_F_SWAPCACHE	(1ULL << 16)
#define COWI_F_SWAPBACKED	(1ULL << 17)
#define COWI_F_MLOCKED		(1ULL << 18)
#define COWI_F_MAYBE_PINNED	(1ULL << 19)	/* FOLL_PIN; may be a false alarm */

/* The VMA, as far as it decides about writes. */
#define COWI_F_VMA_WRITE	(1ULL << 32)	/* writable now (PROT_WRITE) */
#define COWI_F_VMA_SHARED	(1ULL << 33)	/* MAP_SHARED: never copy-on-write */
#define COWI_F_VMA_UFFD_WP	(1ULL << 34)	/* registered for write protection */
#define COWI_F_VMA_UFFD_ASYNC	(1ULL << 35)	/* and the kernel resolves it (6.9) */
#define COWI_F_VMA_UFFD_RWP	(1ULL << 36)	/* registered for any access (7.3) */
#define COWI_F_VMA_KEYED	(1ULL << 37)	/* a key or tag may forbid a write */
#define COWI_F_VMA_SHADOW_STACK	(1ULL << 38)	/* ordinary writes are refused */

/* The prediction. */
#define COWI_F_SPLIT		(1ULL << 48)	/* the write splits a huge mapping */

/*
 * The totals, in the order in which summary prints them as "name: value" lines
 * and vmas as columns. X(name, unit, meaning); units: "pages" base pages of
 * page_size (see status), "bytes", "count" a plain number, "mean" a decimal
 * with two digits. The smallest and greatest of nothing is 0.
 *
 * present = anon + ksm + file + shmem + zero + pfn + kernel
 * pages = present + swapped + nonpresent + absent
 * present - zero - pfn = mapped_once + mapped_more = map_1 + ... + map_64
 * next_* add up to present + swapped + nonpresent, next_sure + next_likely +
 * next_unknown as well.
 */
#define COWINSPECT_PRESENT(X, id, name, total, copied, state, meaning) \
	X(total, "pages", "present: " meaning)
#define COWINSPECT_SWAPPED(X, id, name, total, copied, state, meaning) \
	X(total, "pages", meaning)
#define COWINSPECT_NONPRESENT(X, id, name, total, copied, state, meaning) \
	X(total, "pages", "non-present: " meaning)
#define COWINSPECT_TOTALS(X) \
	X(pages, "pages", "address range covered by the VMA") \
	X(present, "pages", "mapped by a present entry") \
	COWINSPECT_SWAPPED_KINDS(COWINSPECT_SWAPPED, X) \
	X(nonpresent, "pages", "other non-present entries: sum of the kinds below") \
	X(absent, "pages", "no entry: never touched, or dropped again") \
	COWINSPECT_PRESENT_KINDS(COWINSPECT_PRESENT, X) \
	X(mapped_once, "pages", "mapcount is at most 1: private by mapcount") \
	X(mapped_more, "pages", "mapcount is 2 or more: shared by mapcount") \
	X(exclusive, "pages", "anonymous and owned by this mapping alone") \
	X(maybe_shared, "pages", "anonymous, not marked as owned by this mapping") \
	X(writable, "pages", "present entries that hardware lets write") \
	X(cow_pending, "pages", "write-protected in a writable private VMA") \
	X(pss, "bytes", "each page over its mapcount, hugetlb included") \
	X(map_min, "count", "smallest mapcount") \
	X(map_mean, "mean", "mean mapcount") \
	X(map_max, "count", "greatest mapcount") \
	X(map_1, "pages", "mapcount at most 1") \
	X(map_2, "pages", "mapcount 2") \
	X(map_3, "pages", "mapcount 3") \
	X(map_4, "pages", "mapcount 4 to 7") \
	X(map_8, "pages", "mapcount 8 to 15") \
	X(map_16, "pages", "mapcount 16 to 31") \
	X(map_32, "pages", "mapcount 32 to 63") \
	X(map_64, "pages", "mapcount 64 and more") \
	X(ref_min, "count", "smallest refcount") \
	X(ref_mean, "mean", "mean refcount") \
	X(ref_max, "count", "greatest refcount") \
	X(pmd_mapped, "pages", "mapped by a huge PMD (THP)") \
	X(pud_mapped, "pages", "mapped by a huge PUD, other than hugetlb") \
	X(large, "pages", "of a large folio, mapped by base page entries") \
	X(hugetlb, "pages", "mapped by a hugetlb entry") \
	X(dirty, "pages", "entry or page is dirty") \
	X(young, "pages", "entry is young (accessed)") \
	X(soft_dirty, "pages", "present, entry or VMA is soft-dirty") \
	X(uffd_wp, "pages", "write-protected by userfaultfd, markers included") \
	X(swapcache, "pages", "present and in the swap cache") \
	X(pinned, "pages", "maybe pinned (FOLL_PIN)") \
	COWINSPECT_NONPRESENT_KINDS(COWINSPECT_NONPRESENT, X, X) \
	X(next_nofault, "pages", "next write: no fault") \
	X(next_mark, "pages", "next write: accessed or dirty bit set") \
	X(next_reuse, "pages", "next write: page is reused") \
	X(next_copy, "pages", "next write: page is copied") \
	X(next_zerofill, "pages", "next write: fresh zeroed page") \
	X(next_shared, "pages", "next write: shared page made writable") \
	X(next_userfaultfd, "pages", "next write: userfaultfd decides") \
	X(next_swapin, "pages", "next write: brought in first") \
	X(next_refused, "pages", "next write: signal") \
	X(next_unknown, "pages", "next write: cannot be told") \
	X(next_sure, "pages", "predictions that are sure") \
	X(next_likely, "pages", "predictions that are likely")

/*
 * What follows is of faults: of the tracepoint cow_fault, whose old_kind and new_kind
 * are this where there was no entry, or it could not be looked at; and of <pid>/faults.
 */
#define COWI_KIND_NONE		255

/**
 * enum cowinspect_did - what a fault did; each does exactly one of these
 * @COWI_DID_COPIED: a page was copied and the copy mapped; old_kind says from
 *	what, old_order whether from a huge mapping. Of a page of a file that
 *	was not mapped before, old_kind is COWI_KIND_FILE or COWI_KIND_SHMEM
 * @COWI_DID_REUSED: the page was kept and made writable
 * @COWI_DID_ZEROFILLED: a fresh zeroed page was mapped
 * @COWI_DID_ZEROPAGE: the shared zero page was mapped, for reading
 * @COWI_DID_MAPPED: a page that existed was mapped: of a file, of shared memory
 *	or of a device
 * @COWI_DID_SHARED: a page of a shared mapping was made writable; before Linux
 *	6.0 also mapped and made writable
 * @COWI_DID_SWAPIN: brought in from swap; not writable yet, or it cannot be told
 *	whether it was copied (before Linux 5.19; with others' part given up)
 * @COWI_DID_SWAPIN_COPIED: brought in and copied
 * @COWI_DID_SWAPIN_REUSED: brought in and made writable
 * @COWI_DID_SPLIT: a huge mapping was split, and nothing else
 * @COWI_DID_USERFAULTFD: handed to a userfaultfd, whose handler decides
 * @COWI_DID_RETRIED: given up half way (a lock, I/O); it comes again. Before
 *	Linux 6.0 also a write to shared memory that was done, but then had to
 *	wait for writeback: what comes again finds it done, and is
 *	COWI_DID_SHARED
 * @COWI_DID_REFUSED: SIGSEGV, SIGBUS or out of memory
 * @COWI_DID_NUMA: only NUMA balancing's protection was taken away
 * @COWI_DID_MARKED: only an accessed or dirty bit was set, or the mark of an
 *	asynchronous userfaultfd taken away
 * @COWI_DID_WAITED: waited for a migration or a device; it comes again
 * @COWI_DID_SPURIOUS: nothing: another thread's fault had done it already
 * @COWI_DID_UNKNOWN: the entry was changed by others meanwhile, or is of a kind
 *	that this module does not know
 * @COWI_NR_DID: how many there are; not an outcome
 */
enum cowinspect_did {
	COWI_DID_COPIED,
	COWI_DID_REUSED,
	COWI_DID_ZEROFILLED,
	COWI_DID_ZEROPAGE,
	COWI_DID_MAPPED,
	COWI_DID_SHARED,
	COWI_DID_SWAPIN,
	COWI_DID_SWAPIN_COPIED,
	COWI_DID_SWAPIN_REUSED,
	COWI_DID_SPLIT,
	COWI_DID_USERFAULTFD,
	COWI_DID_RETRIED,
	COWI_DID_REFUSED,
	COWI_DID_NUMA,
	COWI_DID_MARKED,
	COWI_DID_WAITED,
	COWI_DID_SPURIOUS,
	COWI_DID_UNKNOWN,
	COWI_NR_DID
};

/**
 * enum cowinspect_vma - what backs a VMA
 * @COWI_VMA_ANON: nothing: anonymous memory
 * @COWI_VMA_FILE: a file
 * @COWI_VMA_SHMEM: tmpfs, memfd, or shared anonymous memory
 * @COWI_VMA_HUGETLB: hugetlbfs
 * @COWI_VMA_SPECIAL: the kernel or a device
 * @COWI_NR_VMAS: how many there are; not a kind
 */
enum cowinspect_vma {
	COWI_VMA_ANON,
	COWI_VMA_FILE,
	COWI_VMA_SHMEM,
	COWI_VMA_HUGETLB,
	COWI_VMA_SPECIAL,
	COWI_NR_VMAS
};

#define COWI_E_WRITE		(1U << 0)	/* a write, else a read */
#define COWI_E_EXEC		(1U << 1)	/* an instruction was fetched */
#define COWI_E_USER		(1U << 2)	/* user space did it itself */
#define COWI_E_REMOTE		(1U << 3)	/* by a thread of another process */
#define COWI_E_GUP		(1U << 4)	/* get_user_pages(): ptrace, pins */
#define COWI_E_MAJOR		(1U << 5)	/* counted in maj_flt */
#define COWI_E_TRIED		(1U << 6)	/* not the first attempt */
#define COWI_E_SHARED		(1U << 7)	/* the VMA is MAP_SHARED */
#define COWI_E_SPLIT		(1U << 8)	/* a huge mapping was split */
#define COWI_E_UNSHARE		(1U << 9)	/* a read that wants its own page */

/*
 * The counters of <pid>/faults. After "counters: total" and the names of enum
 * cowinspect_vma, each line has the counter's name and as many numbers. X(name,
 * unit, meaning); units: "faults", "bytes", "pages".
 *
 * observed = copied + reused + zerofilled + zeropage + mapped + shared + swapin
 * + swapin_copied + swapin_reused + split + userfaultfd + retried + refused +
 * numa + marked + waited + spurious + unknown
 * copied = copied_anon + copied_ksm + copied_file + copied_shmem + copied_huge +
 * copied_other
 */
#define COWINSPECT_FAULTS(X) \
	X(observed, "faults", "sum of the outcomes from copied to unknown") \
	X(copied, "faults", "a page was copied") \
	X(reused, "faults", "the page was kept and made writable") \
	X(zerofilled, "faults", "a fresh zeroed page") \
	X(zeropage, "faults", "the shared zero page, for reading") \
	X(mapped, "faults", "an existing page of a file or of shared memory") \
	X(shared, "faults", "a page of a shared mapping made writable") \
	X(swapin, "faults", "brought in from swap, not writable or not known") \
	X(swapin_copied, "faults", "brought in from swap and copied") \
	X(swapin_reused, "faults", "brought in from swap and made writable") \
	X(split, "faults", "a huge mapping was split, and nothing else") \
	X(userfaultfd, "faults", "handed to a userfaultfd") \
	X(retried, "faults", "given up half way; it comes again") \
	X(refused, "faults", "signal, or out of memory") \
	X(numa, "faults", "NUMA balancing's protection taken away") \
	X(marked, "faults", "accessed or dirty bit set") \
	X(waited, "faults", "waited for a migration or a device") \
	X(spurious, "faults", "nothing was left to do") \
	X(unknown, "faults", "cannot be told: others changed the entry") \
	X(copied_anon, "faults", "copied: anonymous page, not KSM") \
	X(copied_ksm, "faults", "copied: page merged by KSM") \
	X(copied_file, "faults", "copied: page cache of a file") \
	X(copied_shmem, "faults", "copied: shared memory, tmpfs, memfd") \
	X(copied_huge, "faults", "copied: a huge mapping or a page of one") \
	X(copied_other, "faults", "copied: any other page") \
	X(copied_bytes, "bytes", "copied and swapin_copied together") \
	X(splits, "faults", "that split a huge mapping, whatever else they did") \
	X(remote, "faults", "by threads of other processes") \
	X(remote_copied, "faults", "of these: copied or swapin_copied") \
	X(accounted, "faults", "what minflt and majflt count, remote ones apart") \
	X(elsewhere, "faults", "what they count besides: in others' memory") \
	X(major, "faults", "of these: what majflt counts") \
	X(fork_copied, "pages", "pinned, so copied when this process forked") \
	X(fork_unknown, "forks", "of pinned memory too large to be looked through") \
	X(lost, "faults", "missing in the numbers above, see the ABI document")

/*
 * What these are called wherever they are printed, the tracepoints included:
 * X(id, name) for each, and LAST(id, name) for the last one, which no comma follows
 * in a list of initializers.
 */
#define COWINSPECT_OUTCOMES(X, LAST) \
	X(COWI_NEXT_NOFAULT, "nofault") \
	X(COWI_NEXT_REUSE, "reuse") \
	X(COWI_NEXT_COPY, "copy") \
	X(COWI_NEXT_ZEROFILL, "zerofill") \
	X(COWI_NEXT_SHARED, "shared") \
	X(COWI_NEXT_USERFAULTFD, "userfaultfd") \
	X(COWI_NEXT_SWAPIN, "swapin") \
	X(COWI_NEXT_REFUSED, "refused") \
	X(COWI_NEXT_UNKNOWN, "unknown") \
	X(COWI_NEXT_NONE, "none") \
	LAST(COWI_NEXT_MARK, "mark")

#define COWINSPECT_DID(X, LAST) \
	X(COWI_DID_COPIED, "copied") \
	X(COWI_DID_REUSED, "reused") \
	X(COWI_DID_ZEROFILLED, "zerofilled") \
	X(COWI_DID_ZEROPAGE, "zeropage") \
	X(COWI_DID_MAPPED, "mapped") \
	X(COWI_DID_SHARED, "shared") \
	X(COWI_DID_SWAPIN, "swapin") \
	X(COWI_DID_SWAPIN_COPIED, "swapin_copied") \
	X(COWI_DID_SWAPIN_REUSED, "swapin_reused") \
	X(COWI_DID_SPLIT, "split") \
	X(COWI_DID_USERFAULTFD, "userfaultfd") \
	X(COWI_DID_RETRIED, "retried") \
	X(COWI_DID_REFUSED, "refused") \
	X(COWI_DID_NUMA, "numa") \
	X(COWI_DID_MARKED, "marked") \
	X(COWI_DID_WAITED, "waited") \
	X(COWI_DID_SPURIOUS, "spurious") \
	LAST(COWI_DID_UNKNOWN, "unknown")

#define COWINSPECT_VMAS(X, LAST) \
	X(COWI_VMA_ANON, "anon") \
	X(COWI_VMA_FILE, "file") \
	X(COWI_VMA_SHMEM, "shmem") \
	X(COWI_VMA_HUGETLB, "hugetlb") \
	LAST(COWI_VMA_SPECIAL, "special")

#define COWINSPECT_CONFIDENCES(X, LAST) \
	X(COWI_CONF_NONE, "none") \
	X(COWI_CONF_LIKELY, "likely") \
	LAST(COWI_CONF_SURE, "sure")

#define COWINSPECT_EVENT_FLAGS(X, LAST) \
	X(COWI_E_WRITE, "write") \
	X(COWI_E_EXEC, "exec") \
	X(COWI_E_USER, "user") \
	X(COWI_E_REMOTE, "remote") \
	X(COWI_E_GUP, "gup") \
	X(COWI_E_MAJOR, "major") \
	X(COWI_E_TRIED, "tried") \
	X(COWI_E_SHARED, "shared") \
	X(COWI_E_SPLIT, "split") \
	LAST(COWI_E_UNSHARE, "unshare")

#endif /* _UAPI_COWINSPECT_H */
