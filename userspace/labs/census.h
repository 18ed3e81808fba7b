/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A census: all pages of a process at one moment. Two of them tell what every
 * fault in between has done, VMA by VMA.
 */
#ifndef LABS_CENSUS_H
#define LABS_CENSUS_H

#include "lab.h"

/**
 * struct census - all of a process
 * @vmas: its mappings
 * @page: its entries, spread over base pages, ascending; @pfn in rec is of
 *	the very page
 * @nr: how many
 * @faults: that the process has taken so far
 */
struct census {
	struct cowi_vmas vmas;
	struct cowinspect_page *page;
	size_t nr;
	__u64 faults;
};

/**
 * struct changes - between two censuses, in base pages
 * @copied: another frame, with what was in the old one
 * @reused: the same frame, writable now
 * @fresh: a new anonymous page where there was none, or the zero page
 * @zero: the zero page where there was nothing
 * @file: a page of the page cache where there was nothing
 * @huge: mapped by huge entries before
 * @huge_left: mapped by huge entries after
 */
struct changes {
	__u64 copied;
	__u64 reused;
	__u64 fresh;
	__u64 zero;
	__u64 file;
	__u64 huge;
	__u64 huge_left;
};

/** census_take - count; free with census_free() */
void census_take(struct lab_run *r, const struct actor *a, struct census *c);
void census_free(struct census *c);

/** census_compare - what has changed from @start up to @end */
struct changes census_compare(const struct census *before,
			      const struct census *after, __u64 start,
			      __u64 end);

/** census_note - note all changes, VMA by VMA, and check them with the faults */
void census_note(struct lab_run *r, const struct actor *a,
		 const struct census *before, const struct census *after);

#endif /* LABS_CENSUS_H */
