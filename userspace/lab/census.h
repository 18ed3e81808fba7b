/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A census: all pages of a process at one moment. Two of them tell what every
 * fault in between has done, VMA by VMA.
 */
#ifndef LAB_CENSUS_H
#define LAB_CENSUS_H

#include "lab.h"

/**
 * struct census - all of a process
 * @vmas: its mappings
 * @page: its entries, spread over base pages, ascending; @pfn in rec is of
 *	the very page
 * @nr: how many
 * @faults: that the process has taken so far
 * @observed: what they did, by the module's counters
 */
struct census {
	struct cowi_vmas vmas;
	struct cowinspect_page *page;
	size_t nr;
	__u64 faults;
	struct cowi_faults observed;
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

/**
 * census_note - note all changes, VMA by VMA, and what faults were observed
 * @r: run
 * @a: whose
 * @before: a census
 * @after: a later one
 *
 * Checks that changes and faults agree, for each kind of VMA: each page that was
 * written to had one fault that copied, reused or filled it. See
 * census_disagreement() for what is not the same.
 */
void census_note(struct lab_run *r, const struct actor *a,
		 const struct census *before, const struct census *after);

/**
 * census_disagreement - what the observed faults and the changes contradict
 * @d: changes in VMAs of a kind
 * @vma: enum cowinspect_vma: which kind
 * @was: the counters before
 * @is: the counters after
 * @why: set to the first contradiction
 * @size: bytes of @why
 *
 * Faults and pages are one to one, but for these:
 *
 * - In a mapping of a file, a write to a page without an entry is a copy for the
 *   observer, who knows of the page cache; the changes have a fresh page.
 * - A read maps the zero page, and a write to it later takes it away again: no
 *   change shows the read. Nor that of a page of a file.
 * - A read of a file maps several pages with one fault (fault-around).
 * - A fault in huge memory may fill or reuse many pages at once.
 *
 * Return: whether there is one.
 */
bool census_disagreement(const struct changes *d, unsigned int vma,
			 const struct cowi_faults *was,
			 const struct cowi_faults *is, char *why, size_t size);

#endif /* LAB_CENSUS_H */
