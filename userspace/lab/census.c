// SPDX-License-Identifier: GPL-2.0
/* All pages of a process, before and after. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "census.h"
#include "drain.h"
#include "procstat.h"

static int grow(struct census *c, size_t *room)
{
	struct cowinspect_page *grown;

	*room = *room ? *room * 2 : 4096;
	grown = reallocarray(c->page, *room, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	c->page = grown;
	return 0;
}

static int spread(struct census *c, size_t *room, __u64 page_size,
		  const struct cowinspect_page *rec)
{
	__u64 i, nr = 1ULL << rec->map_order;
	int err;

	for (i = 0; i < nr; i++) {
		err = c->nr == *room ? grow(c, room) : 0;
		if (err)
			return err;
		c->page[c->nr] = *rec;
		c->page[c->nr].addr += i * page_size;
		if (rec->pfn != COWINSPECT_NO_PFN)
			c->page[c->nr].pfn += i;
		c->nr++;
	}
	return 0;
}

static int read_all(struct cowi_target *t, struct census *c, __u64 page_size)
{
	struct cowinspect_page rec;
	struct cowi_pages *pages;
	size_t room = 0;
	int err;

	err = cowi_pages_open(t, 0, UINT64_MAX, &pages);
	if (err)
		return err;
	while ((err = cowi_pages_next(pages, &rec)) > 0) {
		err = spread(c, &room, page_size, &rec);
		if (err)
			break;
	}
	cowi_pages_close(pages);
	return err;
}

void census_take(struct lab_run *r, const struct actor *a, struct census *c)
{
	struct procstat st = { 0 };
	struct cowi_target *t;
	int err;

	memset(c, 0, sizeof(*c));
	if (lab_stopped(r))
		return;
	t = r->target[a - r->cast.actor];
	err = drain_lru_batches();
	if (!err)
		err = cowi_vmas(t, &c->vmas);
	if (!err)
		err = read_all(t, c, r->status->page_size);
	if (!err)
		err = procstat_read(a->pid, &st);
	if (!err)
		err = cowi_faults(t, &c->observed);
	c->faults = st.faults;
	lab_fail(r, err, "count all pages of an actor");
}

void census_free(struct census *c)
{
	cowi_vmas_free(&c->vmas);
	free(c->page);
	memset(c, 0, sizeof(*c));
}

static bool present(const struct cowinspect_page *p)
{
	return p && p->flags & COWI_F_PRESENT;
}

static void count_new(const struct cowinspect_page *now, struct changes *d)
{
	if (now->kind == COWI_KIND_ZERO)
		d->zero++;
	else if (now->kind == COWI_KIND_ANON)
		d->fresh++;
	else
		d->file++;
}

static void count(const struct cowinspect_page *was,
		  const struct cowinspect_page *now, struct changes *d)
{
	d->huge += present(was) && was->map_order;
	d->huge_left += present(now) && now->map_order;
	if (!present(now))
		return;
	if (!present(was))
		count_new(now, d);
	else if (was->pfn == now->pfn)
		d->reused += !(was->flags & COWI_F_WRITE) &&
			     now->flags & COWI_F_WRITE;
	else if (was->kind == COWI_KIND_ZERO)
		d->fresh++;
	else
		d->copied++;
}

/* The entry for the lowest address that either has not gone past. */
static const struct cowinspect_page *next(const struct census *c, size_t *i,
					  __u64 addr)
{
	if (*i < c->nr && c->page[*i].addr == addr)
		return &c->page[(*i)++];
	return NULL;
}

static size_t first_from(const struct census *c, __u64 start)
{
	size_t low = 0, high = c->nr;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (c->page[mid].addr < start)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static __u64 addr_at(const struct census *c, size_t i)
{
	return i < c->nr ? c->page[i].addr : UINT64_MAX;
}

struct changes census_compare(const struct census *before,
			      const struct census *after, __u64 start,
			      __u64 end)
{
	size_t i = first_from(before, start), k = first_from(after, start);
	struct changes d = { 0 };

	for (;;) {
		__u64 was = addr_at(before, i), now = addr_at(after, k);
		__u64 addr = was < now ? was : now;

		if (addr >= end)
			return d;
		count(next(before, &i, addr), next(after, &k, addr), &d);
	}
}

static bool any(const struct changes *d)
{
	return d->copied || d->reused || d->fresh || d->zero || d->file;
}

static void note_line(struct lab_run *r, const char *name,
		      const struct changes *d)
{
	const char *base = strrchr(name, '/');

	lab_note(r, "  %-20.20s %7llu %7llu %7llu %7llu %7llu",
		 *name ? base ? base + 1 : name : "(no name)", d->copied,
		 d->reused, d->fresh, d->zero, d->file);
}

static __u64 grown(const struct cowi_faults *was, const struct cowi_faults *is,
		   unsigned int vma, enum cowi_fault what)
{
	return is->by_vma[what][vma] - was->by_vma[what][vma];
}

/* What is seen of faults, in the columns of the changes. */
static struct changes observed(const struct cowi_faults *was,
			       const struct cowi_faults *is, unsigned int vma)
{
	return (struct changes){
		.copied = grown(was, is, vma, COWI_FAULT_copied) +
			  grown(was, is, vma, COWI_FAULT_swapin_copied),
		.reused = grown(was, is, vma, COWI_FAULT_reused) +
			  grown(was, is, vma, COWI_FAULT_swapin_reused),
		.fresh = grown(was, is, vma, COWI_FAULT_zerofilled),
		.zero = grown(was, is, vma, COWI_FAULT_zeropage),
		.file = grown(was, is, vma, COWI_FAULT_mapped) +
			grown(was, is, vma, COWI_FAULT_shared),
	};
}

static void add(struct changes *to, const struct changes *d)
{
	to->copied += d->copied;
	to->reused += d->reused;
	to->fresh += d->fresh;
	to->zero += d->zero;
	to->file += d->file;
	to->huge += d->huge;
	to->huge_left += d->huge_left;
}

static bool outside(const char *what, __u64 n, __u64 least, __u64 most,
		    char *why, size_t size)
{
	if (n >= least && n <= most)
		return false;
	snprintf(why, size, "%llu faults %s, for %llu to %llu pages", n, what,
		 least, most);
	return true;
}

bool census_disagreement(const struct changes *d, unsigned int vma,
			 const struct cowi_faults *was,
			 const struct cowi_faults *is, char *why, size_t size)
{
	struct changes seen = observed(was, is, vma);
	bool file = vma == COWI_VMA_FILE || vma == COWI_VMA_SHMEM;
	bool huge = d->huge || d->huge_left;
	__u64 copied = d->copied + (file ? d->fresh : 0);
	__u64 filled = file ? 0 : d->fresh;

	return outside("copied", seen.copied, copied, copied, why, size) ||
	       outside("reused", seen.reused, huge ? 0 : d->reused, d->reused,
		       why, size) ||
	       outside("zero-filled", seen.fresh, huge ? 0 : filled, filled,
		       why, size) ||
	       outside("mapped the zero page", seen.zero, huge ? 0 : d->zero,
		       d->zero + d->fresh, why, size) ||
	       outside("mapped pages of files", seen.file, d->file > 0,
		       d->file + d->fresh, why, size);
}

/* The changes in all VMAs of a kind. */
static struct changes changes_of_kind(const struct census *before,
				      const struct census *after,
				      unsigned int vma)
{
	struct changes all = { 0 }, d;
	size_t i;

	for (i = 0; i < after->vmas.nr; i++) {
		const struct cowi_vma *v = &after->vmas.vma[i];

		if (strcmp(v->kind, cowi_vma_name(vma)))
			continue;
		d = census_compare(before, after, v->start, v->end);
		add(&all, &d);
	}
	return all;
}

static void check_observed(struct lab_run *r, const struct actor *a,
			   const struct census *before,
			   const struct census *after)
{
	struct changes all = { 0 }, seen;
	char text[96], why[128] = "", what[96];
	bool bad = false;
	unsigned int vma;

	for (vma = 0; vma < COWI_NR_VMAS; vma++) {
		struct changes d = changes_of_kind(before, after, vma);

		seen = observed(&before->observed, &after->observed, vma);
		add(&all, &seen);
		if (!bad && census_disagreement(&d, vma, &before->observed,
						&after->observed, what,
						sizeof(what))) {
			bad = true;
			snprintf(why, sizeof(why), "%s memory: %s",
				 cowi_vma_name(vma), what);
		}
	}
	note_line(r, "faults observed", &all);
	snprintf(text, sizeof(text),
		 "the %s's faults, as observed one by one, are these changes",
		 a->name);
	lab_check(r, !bad, text, why);
}

static void check_faults(struct lab_run *r, const struct actor *a,
			 const struct census *before,
			 const struct census *after)
{
	__u64 faults = after->faults - before->faults;
	__u64 counted = after->observed.total[COWI_FAULT_accounted] -
			before->observed.total[COWI_FAULT_accounted];
	char text[96], why[64];

	snprintf(text, sizeof(text),
		 "page faults of the %s by the kernel's count, none missed: %llu",
		 a->name, faults);
	snprintf(why, sizeof(why), "%llu were observed", counted);
	lab_check(r, faults == counted, text, why);
}

static void note_changes(struct lab_run *r, const struct census *before,
			 const struct census *after)
{
	struct changes all = census_compare(before, after, 0, UINT64_MAX);
	size_t i, k;

	for (i = 0; i < after->vmas.nr; i = k) {
		const struct cowi_vma *v = &after->vmas.vma[i];
		struct changes d;

		/* A heap of several mappings is one heap to the reader. */
		for (k = i + 1; k < after->vmas.nr; k++) {
			if (strcmp(v->name, after->vmas.vma[k].name))
				break;
		}
		d = census_compare(before, after, v->start,
				   after->vmas.vma[k - 1].end);
		if (any(&d))
			note_line(r, v->name, &d);
	}
	note_line(r, "all", &all);
}

void census_note(struct lab_run *r, const struct actor *a,
		 const struct census *before, const struct census *after)
{
	if (lab_stopped(r))
		return;
	lab_note(r, "%-20s    copied  reused   fresh    zero    file",
		 a->name);
	note_changes(r, before, after);
	check_observed(r, a, before, after);
	check_faults(r, a, before, after);
}
