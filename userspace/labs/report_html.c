// SPDX-License-Identifier: GPL-2.0
/* A lab run as a page for a browser. */
#include "html.h"
#include "report_html.h"

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

static void put_table(struct html *h, const struct lab_run *r, size_t i)
{
	const struct actor *a = &r->cast.actor[i];
	const struct snapshot *s = &r->view[i];

	html_process(h, i, a->pid, a->parent, a->name);
	html_table(h, i);
	html_vma(h, s->start, s->start + s->nr * s->page_size, "", "region");
	put_pages(h, s->page, s->nr);
}

void report_html_step(const struct lab_run *r)
{
	struct html *h = r->options.html;
	size_t i;

	html_step(h, r->title, r->text);
	put_checks(h, r);
	/* After an error there may be less than a whole snapshot. */
	for (i = 0; i < r->cast.nr && r->looked && !r->err; i++) {
		if (r->view[i].nr)
			put_table(h, r, i);
	}
}
