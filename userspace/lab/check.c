// SPDX-License-Identifier: GPL-2.0
/* Expectations: each becomes a line of the verdict. */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "lab.h"

const struct page_expect expect_shared = {
	.mapcount = 2,
	.refcount = 2,
	.exclusive = EXPECT_NO,
	.write = EXPECT_NO,
	.check_outcome = true,
	.outcome = COWI_NEXT_COPY,
};

const struct page_expect expect_own = {
	.mapcount = 1,
	.refcount = 1,
	.exclusive = EXPECT_YES,
	.write = EXPECT_YES,
	.check_outcome = true,
	.outcome = COWI_NEXT_NOFAULT,
};

const struct page_expect expect_left = {
	.mapcount = 1,
	.refcount = 1,
	.exclusive = EXPECT_NO,
	.write = EXPECT_NO,
	.check_outcome = true,
	.outcome = COWI_NEXT_REUSE,
};

const struct page_expect expect_absent = { .absent = true };

const struct page_expect expect_zero = {
	.check_kind = true,
	.kind = COWI_KIND_ZERO,
	.write = EXPECT_NO,
	.check_outcome = true,
	.outcome = COWI_NEXT_ZEROFILL,
};

void lab_check(struct lab_run *r, bool ok, const char *text, const char *why)
{
	struct lab_check *c;

	if (lab_stopped(r))
		return;
	if (r->nr_checks == MAX_CHECKS) {
		lab_fail(r, -ENOSPC, "note a check: too many in one step");
		return;
	}
	c = &r->checks[r->nr_checks++];
	c->ok = ok;
	snprintf(c->text, sizeof(c->text), "%s", text);
	snprintf(c->why, sizeof(c->why), "%s", ok ? "" : why);
	if (ok)
		r->passed++;
	else
		r->failed++;
}

void lab_expect_number(struct lab_run *r, __u64 got, __u64 want,
		       const char *format, ...)
{
	char text[128], line[160], why[64];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	snprintf(line, sizeof(line), "%s: %llu", text, want);
	snprintf(why, sizeof(why), "it is %llu", got);
	lab_check(r, got == want, line, why);
}

static bool meant(const struct lab_run *r, __u64 page, unsigned int sets)
{
	return sets & IN(r->set[page]);
}

/* An expectation about no page at all would hold whatever happens. */
static void verdict(struct lab_run *r, __u64 pages, const char *text,
		    const char *why)
{
	if (!pages)
		why = "no page was looked at";
	lab_check(r, !why[0], text, why);
}

void lab_expect(struct lab_run *r, const struct actor *a, unsigned int sets,
		const struct page_expect *e, const char *text)
{
	char why[128], line[160] = "";
	__u64 i, nr = 0;

	if (lab_stopped(r))
		return;
	for (i = 0; i < r->pages && !line[0]; i++) {
		if (!meant(r, i, sets))
			continue;
		nr++;
		if (!expect_page(e, lab_view(r, a, i), r->status, why,
				 sizeof(why)))
			snprintf(line, sizeof(line), "page %llu of %s: %s", i,
				 a->name, why);
	}
	verdict(r, nr, text, line);
}

void lab_expect_frames(struct lab_run *r, const struct actor *a,
		       const struct actor *b, unsigned int sets, bool same,
		       const char *text)
{
	char line[160] = "";
	__u64 i, nr = 0;

	if (lab_stopped(r))
		return;
	for (i = 0; i < r->pages && !line[0]; i++) {
		const struct page_view *va = lab_view(r, a, i);
		const struct page_view *vb = lab_view(r, b, i);

		if (!meant(r, i, sets))
			continue;
		nr++;
		if (same_frame(va, vb) != same)
			snprintf(line, sizeof(line),
				 "page %llu: frames %llx and %llx", i,
				 va->pfn, vb->pfn);
	}
	verdict(r, nr, text, line);
}

/* "pages" if all are meant; else "those of page 3", of pages 0-511, or of so many */
static void which_pages(const struct lab_run *r, unsigned int sets, char *buf,
			size_t size)
{
	__u64 i, first = 0, last = 0, nr = 0;

	for (i = 0; i < r->pages; i++) {
		if (!meant(r, i, sets))
			continue;
		if (!nr++)
			first = i;
		last = i;
	}
	if (nr == r->pages)
		snprintf(buf, size, "pages");
	else if (nr == 1)
		snprintf(buf, size, "those of page %llu", first);
	else if (nr == last - first + 1)
		snprintf(buf, size, "those of pages %llu-%llu", first, last);
	else
		snprintf(buf, size, "those of %llu pages", nr);
}

void lab_expect_moved(struct lab_run *r, const struct actor *a,
		      unsigned int sets, __u64 want)
{
	char which[64];
	const struct snapshot *was, *now;
	__u64 i, got = 0;

	if (lab_stopped(r))
		return;
	was = &r->was[a - r->cast.actor];
	now = &r->view[a - r->cast.actor];
	for (i = 0; i < was->nr && i < now->nr; i++)
		got += meant(r, i, sets) &&
		       !same_frame(&was->page[i], &now->page[i]);
	which_pages(r, sets, which, sizeof(which));
	lab_expect_number(r, got, want,
			  "%s, %s that are in another frame than before",
			  a->name, which);
}
