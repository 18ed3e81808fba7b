// SPDX-License-Identifier: GPL-2.0
/* A lab run as a page for a browser. */
#include <string.h>

#include "html.h"
#include "look.h"
#include "quiz.h"
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
	const struct snapshot *s = &r->view[i];
	const struct lab_region *g = next_region(r, 0);

	html_table(h, i);
	for (; g; g = next_region(r, g->start)) {
		html_region(h, g->start, g->start + g->pages * s->page_size,
			    g->name ? g->name : "region", g->first);
		put_pages(h, s->page + g->first, g->pages);
	}
}

static void put_writes(struct html *h, const struct lab_run *r)
{
	size_t i;

	for (i = 0; i < r->nr_writes; i++) {
		const struct lab_write *w = &r->writes[i];
		const struct html_write write = {
			.process = w->actor - r->cast.actor,
			.addr = lab_addr(r, w->page),
			.question = w->number,
			.right = quiz_word(w->right),
			.why = w->why,
			.predicted = cowi_outcome_name(w->predicted),
			.happened = happened_name(w->happened),
			.inferred = w->inferred,
		};

		html_write(h, &write);
	}
}

static void put_choices(struct html *h, const struct lab_run *r)
{
	size_t i;

	for (i = 0; i < r->nr_picks; i++) {
		const struct lab_pick *p = &r->picks[i];
		const struct html_choice choice = {
			.question = p->number,
			.text = p->question,
			.first = p->first,
			.last = p->last,
			.right = p->right,
			.why = p->why,
		};

		html_choice(h, &choice);
	}
}

static void put_bytes(struct html *h, const struct lab_run *r, size_t i)
{
	const struct snapshot *s = &r->view[i];
	size_t k;

	for (k = 0; k < s->nr; k++) {
		const struct page_view *v = &s->page[k];

		if (v->nr_bytes)
			html_bytes(h, i, lab_addr(r, k) + look_offset(r, k),
				   v->bytes, v->nr_bytes);
	}
}

static void put_look(struct html *h, const struct lab_run *r)
{
	size_t i;

	for (i = 0; i < r->cast.nr; i++)
		put_bytes(h, r, i);
	/* What records tell is in them. */
	for (i = 0; i < r->nr_held; i++)
		html_held(h, r->held[i].by, lab_addr(r, r->held[i].page),
			  r->held[i].pfn);
	html_tables(h);
	for (i = 0; i < r->cast.nr; i++) {
		if (r->view[i].nr)
			put_table(h, r, i);
	}
}

void report_html_step(const struct lab_run *r)
{
	char summary[SUMMARY_MAX], totals[SUMMARY_MAX];
	struct html *h = r->options.html;
	size_t i;

	words_summary(r, summary, sizeof(summary));
	words_totals(r, totals, sizeof(totals));
	html_step(h, r->title, r->text);
	html_summary(h, summary, totals);
	put_notes(h, r->notes);
	put_checks(h, r);
	put_writes(h, r);
	put_choices(h, r);
	for (i = 0; i < r->cast.nr; i++) {
		const struct actor *a = &r->cast.actor[i];

		html_process(h, i, a->pid, a->parent, a->name);
		if (a->sock < 0)
			html_ended(h, i);
	}
	if (words_looked(r))
		put_look(h, r);
}

void report_html_end(const struct lab_run *r)
{
	char verdict[sizeof(r->skip) + 16];

	words_verdict(r, verdict, sizeof(verdict));
	html_conclusion(r->options.html, verdict, words_answer(r),
			words_alike(r));
}
