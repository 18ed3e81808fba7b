/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What records of the module mean for an experiment. Pure: no processes, no
 * files, so it can be tested on made-up records.
 */
#ifndef LAB_OBSERVE_H
#define LAB_OBSERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcowinspect.h"

/** enum hole - what stands behind an address without an entry */
enum hole {
	HOLE_ANON,	/* private anonymous memory, not touched yet */
	HOLE_FILE,	/* a private mapping of a file or of shared memory */
	HOLE_SHARED,	/* a shared mapping */
	HOLE_NOTHING,	/* no mapping, or one that cannot be written */
};

/* So many bytes of a page are shown. */
#define SHOWN_BYTES	8

/**
 * struct page_view - one base page as an actor maps it
 * @mapped: there is an entry; otherwise only @hole has a meaning
 * @hole: what stands behind a page without an entry
 * @pfn: of this very page, also inside a huge mapping; COWINSPECT_NO_PFN
 *	where there is none
 * @rec: the entry
 * @nr_bytes: of @bytes; 0 if they are not known
 * @bytes: what is in it, at the offset that the lab names
 */
struct page_view {
	bool mapped;
	enum hole hole;
	__u64 pfn;
	struct cowinspect_page rec;
	unsigned char nr_bytes;
	unsigned char bytes[SHOWN_BYTES];
};

/**
 * struct snapshot - a range of an actor at one moment
 * @start: first address
 * @page_size: base page, in bytes
 * @nr: base pages
 * @page: @nr of them
 */
struct snapshot {
	__u64 start;
	__u64 page_size;
	size_t nr;
	struct page_view *page;
};

/** snapshot_add - spread an entry over the pages that it maps */
void snapshot_add(struct snapshot *s, const struct cowinspect_page *rec);

/**
 * change_text - what has become of a page
 * @before: the page in the look before
 * @after: the page now
 * @buf: result: "other frame", "mapcount 2 to 1", ...; "" if nothing has changed
 * @size: bytes of @buf
 *
 * It says what was seen, not why.
 */
void change_text(const struct page_view *before, const struct page_view *after,
		 char *buf, size_t size);

/** enum happened - what a write really did */
enum happened {
	HAPPENED_NOFAULT,
	HAPPENED_MARK,		/* same frame, a bit was set by a fault */
	HAPPENED_REUSE,		/* same frame, now writable */
	HAPPENED_COPY,		/* another frame instead of a page */
	HAPPENED_ZEROFILL,	/* a frame where there was none, or zero page */
	HAPPENED_SHARED,	/* same frame of a shared mapping, now writable */
	HAPPENED_SWAPIN,
	HAPPENED_REFUSED,
	HAPPENED_UNCLEAR,	/* nothing tells, or the facts contradict */
};

/** happened_name - "copy", "reuse", ... */
const char *happened_name(enum happened h);

/** happened_past - "copied", "reused", ...: what has been done to a page */
const char *happened_past(enum happened h);

/**
 * happened_after - what a write has done, after one more fault of it
 * @before: what its faults have done so far; HAPPENED_NOFAULT if it had none
 * @outcome: of the fault: enum cowinspect_did
 *
 * A fault that was given up, or split a huge mapping, comes again, and the next
 * one counts. What follows a swap-in, or sets a bit of what was just mapped,
 * belongs to what was done before.
 */
enum happened happened_after(enum happened before, unsigned int outcome);

/**
 * observe_write - what a write must have done, from the facts before and after
 * @before: the page before it
 * @after: the page after it
 * @faults: page faults that the writer took meanwhile
 * @refused: the write raised a signal
 */
enum happened observe_write(const struct page_view *before,
			    const struct page_view *after, __u64 faults,
			    bool refused);

/**
 * prediction_held - does the outcome predicted before agree with what happened
 * @before: the page before the write
 * @h: what happened
 */
bool prediction_held(const struct page_view *before, enum happened h);

/**
 * predicted - the outcome of the next write
 * @v: page
 *
 * Return: the module's word, and where there is no entry what follows from the
 * mapping.
 */
enum cowinspect_outcome predicted(const struct page_view *v);

/**
 * explain - why the next write does what it does, from the facts of the entry
 * @v: page
 * @buf: result
 * @size: bytes of @buf
 */
void explain(const struct page_view *v, char *buf, size_t size);

/** enum expect_bool - yes, no, or no expectation */
enum expect_bool {
	EXPECT_ANY,
	EXPECT_YES,
	EXPECT_NO,
};

/**
 * struct page_expect - what a page should look like
 * @absent: no entry; the rest is not looked at then
 * @check_kind: compare @kind
 * @kind: what the entry refers to
 * @huge: the entry maps more than one page
 * @mapcount: 0 for no expectation; dropped where it is not exact
 * @refcount: 0 for no expectation
 * @exclusive: dropped where the kernel does not have it
 * @write: hardware lets writes through
 * @check_outcome: compare @outcome
 * @outcome: predicted for the next write
 */
struct page_expect {
	bool absent;
	bool check_kind;
	enum cowinspect_kind kind;
	enum expect_bool huge;
	unsigned int mapcount;
	unsigned int refcount;
	enum expect_bool exclusive;
	enum expect_bool write;
	bool check_outcome;
	enum cowinspect_outcome outcome;
};

/**
 * expect_page - compare
 * @e: expectation
 * @v: page
 * @st: tells what this kernel has
 * @why: set to the first difference, e.g. "mapcount is 2, not 1"
 * @size: bytes of @why
 *
 * Return: true if all of it held.
 */
bool expect_page(const struct page_expect *e, const struct page_view *v,
		 const struct cowi_status *st, char *why, size_t size);

/** same_frame - both map the same page frame */
bool same_frame(const struct page_view *a, const struct page_view *b);

#endif /* LAB_OBSERVE_H */
