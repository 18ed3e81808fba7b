// SPDX-License-Identifier: GPL-2.0
/* How a lab run looks; as text here. */
#include <string.h>

#include "look.h"
#include "picture.h"
#include "report.h"
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
		return ok ? "\033[38;5;36mok\033[0m  " :
			    "\033[1;38;5;208mFAIL\033[0m";
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

/* How many processes, how many pages they have, how many frames there are. */
static void show_frames(const struct lab_run *r)
{
	__u64 page_size = r->status->page_size, sum = 0, k;
	size_t i, actors = 0;
	char size[24];

	for (i = 0; i < r->cast.nr; i++) {
		const struct snapshot *s = &r->view[i];

		actors += look_has(s);
		for (k = 0; k < s->nr; k++)
			sum += !!(s->page[k].rec.flags & COWI_F_PRESENT);
	}
	if (actors < 2)
		return;
	size_text(lab_frames(r) * page_size, size, sizeof(size));
	printf("%zu processes map %llu pages here, in %llu frame%s (%s)\n",
	       actors, sum, lab_frames(r), lab_frames(r) == 1 ? "" : "s",
	       size);
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
	wrap(stdout, r->text);
	fflush(stdout);
}

static void text_step(const struct lab_run *r)
{
	size_t i;

	putchar('\n');
	/* After an error there may be less than a whole snapshot. */
	if (r->looked && !r->err && r->pages) {
		/* Its letters would give the answers away. */
		if (!r->options.quiz)
			show_strips(r);
		report_table(r);
		show_frames(r);
		putchar('\n');
	}
	if (r->notes) {
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

static void text_end(const struct lab_run *r)
{
	if (r->skip[0]) {
		printf("\nSKIP: %s\n", r->skip);
		return;
	}
	if (r->err) {
		/* The message of the shell is enough after Ctrl-C. */
		fflush(stdout);
		if (!r->options.interrupted || !r->options.interrupted())
			fprintf(stderr, "cowinspect: lab %s: %s: %s\n",
				r->lab->name, r->what,
				cowi_strerror(r->err));
		return;
	}
	printf("\n%u checks held, %u failed.\n", r->passed, r->failed);
	if (r->failed)
		printf("No answer, then: see the lines marked FAIL.\n");
	else
		wrap(stdout, r->lab->answer);
	if (r->asked)
		printf("\nScore: %u of %u.\n", r->right, r->asked);
}

void report_begin(struct lab_run *r)
{
	if (r->options.json) {
		report_json_begin(r);
		return;
	}
	printf("%s (%s): %s\n\n", r->lab->name, r->lab->id, r->lab->question);
	wrap(stdout, r->lab->help);
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
}

void report_end(struct lab_run *r)
{
	if (r->options.json)
		report_json_end(r);
	else
		text_end(r);
}
