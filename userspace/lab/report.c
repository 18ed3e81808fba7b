// SPDX-License-Identifier: GPL-2.0
/* How a lab run looks; as text here. */
#include <string.h>

#include "colour.h"
#include "look.h"
#include "picture.h"
#include "report.h"
#include "safe.h"
#include "table.h"

#define LINE_WIDTH	64

static void wrap(FILE *out, const char *text)
{
	size_t column = 0;

	while (*text) {
		size_t len = strcspn(text, "\n ");

		if (column && column + len + 1 > 76) {
			fputc('\n', out);
			column = 0;
		}
		column += fprintf(out, "%s%.*s", column ? " " : "  ", (int)len,
				  text);
		text += len + (text[len] != '\0');
	}
	fputc('\n', out);
}

static const char *mark(const struct lab_run *r, bool ok)
{
	if (r->options.colour)
		return ok ? "\033[38;5;" COLOUR_GOOD "mok\033[0m  " :
			    "\033[1;38;5;" COLOUR_BAD "mFAIL\033[0m";
	return ok ? "ok  " : "FAIL";
}

static void show_strip(const struct snapshot *s, const struct lab_region *g,
		       struct picture *picture, unsigned int indent)
{
	struct strip strip;
	size_t k;

	if (strip_init(&strip, g->start, g->start + g->pages * s->page_size,
		       s->page_size, LINE_WIDTH))
		return;
	for (k = 0; k < g->pages && g->first + k < s->nr; k++) {
		const struct page_view *v = &s->page[g->first + k];
		struct cowinspect_page rec = v->rec;

		/* Huge entries were spread over the pages before. */
		rec.addr = g->start + k * s->page_size;
		rec.map_order = 0;
		if (v->mapped)
			strip_add(&strip, &rec);
	}
	picture_strip(picture, &strip, LINE_WIDTH, indent);
	strip_release(&strip);
}

static void show_strips(const struct lab_run *r)
{
	struct picture picture = { .out = stdout,
				   .colour = r->options.colour };
	size_t i, k;

	for (k = 0; k < r->nr_regions; k++) {
		for (i = 0; i < r->cast.nr; i++) {
			if (!look_has(&r->view[i]))
				continue;
			printf("  %-11s ", r->cast.actor[i].name);
			if (r->nr_regions > 1)
				printf("%-10s ", r->region[k].name);
			show_strip(&r->view[i], &r->region[k], &picture, 0);
		}
	}
	picture_legend(&picture);
	putchar('\n');
}

static void show_words(const struct lab_run *r)
{
	char text[SUMMARY_MAX];

	words_summary(r, text, sizeof(text));
	printf("%s\n", text);
	words_totals(r, text, sizeof(text));
	if (text[0])
		printf("%s\n", text);
	putchar('\n');
}

static void show_notes(const char *notes)
{
	size_t len;

	for (; notes && *notes; notes += len + 1) {
		len = strcspn(notes, "\n");
		printf("  %.*s\n", (int)len, notes);
	}
}

static void text_step_begin(const struct lab_run *r)
{
	printf("\n%u. %s\n", r->step, r->title);
	/* The text tells what a step shows: not before the question. */
	if (!r->options.quiz)
		wrap(stdout, r->text);
	fflush(stdout);
}

static void text_step(const struct lab_run *r)
{
	size_t i;

	if (r->options.quiz && !r->shown)
		wrap(stdout, r->text);
	putchar('\n');
	if (words_looked(r) && !r->shown) {
		/* Its letters would give the answers away. */
		if (!r->options.quiz)
			show_strips(r);
		report_table(r);
	}
	/* How a run broke off is said at its end. */
	if (!r->err)
		show_words(r);
	if (r->notes && !r->shown) {
		show_notes(r->notes);
		putchar('\n');
	}
	for (i = 0; i < r->nr_checks; i++) {
		printf("  %s %s\n", mark(r, r->checks[i].ok),
		       r->checks[i].text);
		if (!r->checks[i].ok)
			printf("       %s\n", r->checks[i].why);
	}
}

void report_evidence(struct lab_run *r)
{
	wrap(stdout, r->text);
	putchar('\n');
	report_table(r);
	if (r->notes)
		show_notes(r->notes);
	r->shown = true;
}

static void text_end(const struct lab_run *r)
{
	char verdict[sizeof(r->skip) + 16];

	if (r->err && !r->skip[0]) {
		/* The message of the shell is enough after Ctrl-C. */
		fflush(stdout);
		if (!r->options.interrupted || !r->options.interrupted())
			fprintf(stderr, "cowinspect: lab %s: %s: %s\n",
				r->lab->name, r->what,
				cowi_strerror(r->err));
		return;
	}
	words_verdict(r, verdict, sizeof(verdict));
	printf("\n%s\n", verdict);
	if (r->skip[0])
		return;
	wrap(stdout, words_answer(r));
	if (words_alike(r)[0]) {
		printf("\nWhat else could look like this?\n");
		wrap(stdout, words_alike(r));
	}
	if (r->options.quiz && r->questions)
		printf("\nScore: %u of %u%s.\n", r->right, r->questions,
		       r->given_up ? "; the input ended before all were answered" :
		       "");
}

void report_begin(struct lab_run *r)
{
	if (r->options.evidence)
		evidence_begin(r);
	if (r->options.json) {
		report_json_begin(r);
		return;
	}
	printf("%s (%s): %s\n\n", r->lab->name, r->lab->id, r->lab->question);
	wrap(stdout, r->lab->help);
	if (!r->options.seed_text)
		return;
	printf("  Seed: %llu, of \"", r->options.seed);
	put_safe(stdout, r->options.seed_text);
	puts("\"");
}

void report_step_begin(struct lab_run *r)
{
	if (!r->options.json)
		text_step_begin(r);
}

void report_step(struct lab_run *r)
{
	if (r->options.json)
		report_json_step(r);
	else
		text_step(r);
	if (r->options.html)
		report_html_step(r);
	if (r->options.evidence)
		evidence_step(r);
}

void report_end(struct lab_run *r)
{
	if (r->options.json)
		report_json_end(r);
	else
		text_end(r);
	if (r->options.html)
		report_html_end(r);
	if (r->options.evidence)
		evidence_end(r);
}
