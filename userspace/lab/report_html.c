// SPDX-License-Identifier: GPL-2.0
/* A lab run as a page for a browser. */
#include <string.h>

#include "html.h"
#include "report.h"

static void put_checks(struct html *h, const struct lab_run *r)
{
	char text[sizeof(r->checks->text) + sizeof(r->checks->why) + 4];
	size_t i;

	for (i = 0; i < r->nr_checks; i++) {
		const struct lab_check *c = &r->checks[i];

		snprintf(text, sizeof(text), "%s%s%s", c->text,
			 c->ok ? "" : ": ", c->why);
		html_note(h, c->ok ? "ok" : "FAIL", text);
	}
}

/* Lines of what the lab has found out. */
static void put_notes(struct html *h, const char *notes)
{
	char line[512];
	size_t len;

	for (; notes && *notes; notes += len + (notes[len] == '\n')) {
		len = strcspn(notes, "\n");
		snprintf(line, sizeof(line), "%.*s", (int)len, notes);
		html_note(h, "", line);
	}
}

/* Each entry once, although a huge one was spread over its pages. */
static void put_pages(struct html *h, const struct page_view *page, size_t nr)
{
	const struct page_view *before = NULL;
	size_t i;

	for (i = 0; i < nr; i++) {
		if (!page[i].mapped)
			continue;
		if (!before || before->rec.addr != page[i].rec.addr)
			html_page(h, &page[i].rec);
		before = &page[i];
	}
}

/* The region with the least address above @start; NULL if there is none. */
static const struct lab_region *next_region(const struct lab_run *r, __u64 start)
{
	const struct lab_region *next = NULL;
	size_t i;

	for (i = 0; i < r->nr_regions; i++) {
		const struct lab_region *g = &r->region[i];

		if (g->start > start && (!next || g->start < next->start))
			next = g;
	}
	return next;
}

static void put_table(struct html *h, const struct lab_run *r, size_t i)
{
	const struct actor *a = &r->cast.actor[i];
	const struct snapshot *s = &r->view[i];
	const struct lab_region *g = next_region(r, 0);

	html_process(h, i, a->pid, a->parent, a->name);
	html_table(h, i);
	for (; g; g = next_region(r, g->start)) {
		html_vma(h, g->start, g->start + g->pages * s->page_size, "",
			 g->name ? g->name : "region");
		put_pages(h, s->page + g->first, g->pages);
	}
}

void report_html_step(const struct lab_run *r)
{
	struct html *h = r->options.html;
	size_t i;

	html_step(h, r->title, r->text);
	put_notes(h, r->notes);
	put_checks(h, r);
	/* After an error there may be less than a whole snapshot. */
	for (i = 0; i < r->cast.nr && r->looked && !r->err; i++) {
		if (r->view[i].nr)
			put_table(h, r, i);
	}
}
