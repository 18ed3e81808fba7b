// SPDX-License-Identifier: GPL-2.0
/* How a lab run looks. */
#include <stdlib.h>
#include <string.h>

#include "picture.h"
#include "report.h"
#include "report_html.h"
#include "table.h"

#define LINE_WIDTH	64
#define INDENT		12

/* Above this many pages, pages alike share a line of the table. */
#define MAX_SINGLE_PAGES	16

/* The table: these columns, with the actors' frames between them. */
enum {
	COL_PAGE,
	COL_ADDR,
	COL_FRAMES,
	COL_SAME = COL_FRAMES + MAX_ACTORS,
	COL_MAPCOUNT,
	COL_REFCOUNT,
	COL_EXCLUSIVE,
	COL_WRITE,
	COL_NEXT,
	COL_HAPPENED,
	NR_COLUMNS
};

#define FACT_TEXT_MAX	96

struct facts {
	char same[8];
	char text[NR_COLUMNS][FACT_TEXT_MAX];
};

/* Text. */

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

static void fact(const struct lab_run *r, const struct page_view *v, int col,
		 char *buf, size_t size)
{
	const struct cowinspect_page *rec = &v->rec;
	bool no_exclusive = r->status->exclusive == COWI_COUNT_ABSENT;

	if (!v->mapped && col != COL_NEXT) {
		snprintf(buf, size, "-");
		return;
	}
	switch (col) {
	case COL_MAPCOUNT:
		snprintf(buf, size, "%s%u",
			 rec->counts == COWI_COUNT_EXACT ? "" : "~",
			 rec->mapcount);
		break;
	case COL_REFCOUNT:
		snprintf(buf, size, "%u", rec->refcount);
		break;
	case COL_EXCLUSIVE:
		snprintf(buf, size, "%s", no_exclusive ? "-" :
			 rec->flags & COWI_F_EXCLUSIVE ? "yes" : "no");
		break;
	case COL_WRITE:
		snprintf(buf, size, "%s",
			 rec->flags & COWI_F_WRITE ? "yes" : "no");
		break;
	default:
		snprintf(buf, size, "%s%s", cowi_outcome_name(predicted(v)),
			 v->mapped && rec->confidence != COWI_CONF_SURE ?
			 "?" : "");
	}
}

/* One word if all actors agree, otherwise theirs in order: "1/2". */
static void join_facts(const struct lab_run *r, __u64 page, int col,
		       char *buf, size_t size)
{
	char first[32] = "", word[32];
	bool alike = true;
	size_t i, used = 0;

	for (i = 0; i < r->cast.nr; i++) {
		if (!r->view[i].nr)
			continue;
		fact(r, &r->view[i].page[page], col, word, sizeof(word));
		if (!used)
			snprintf(first, sizeof(first), "%s", word);
		alike &= !strcmp(first, word);
		used += snprintf(buf + used, size - used, "%s%s",
				 used ? "/" : "", word);
	}
	if (alike)
		snprintf(buf, size, "%s", first);
}

static void happened_text(const struct lab_run *r, __u64 page, char *buf,
			  size_t size)
{
	size_t i, used = 0;

	buf[0] = '\0';
	for (i = 0; i < r->nr_writes && used < size; i++) {
		const struct lab_write *w = &r->writes[i];

		if (w->page == page)
			used += snprintf(buf + used, size - used, "%s%s: %s",
					 used ? ", " : "", w->actor->name,
					 happened_name(w->happened));
	}
}

/* Whether all living actors map one frame; with one actor it has no meaning. */
static const char *same_text(const struct lab_run *r, __u64 page)
{
	const struct page_view *first = NULL;
	bool same = true;
	size_t i, nr = 0;

	for (i = 0; i < r->cast.nr; i++) {
		if (!r->view[i].nr)
			continue;
		if (first)
			same &= same_frame(first, &r->view[i].page[page]);
		else
			first = &r->view[i].page[page];
		nr++;
	}
	if (nr < 2)
		return "-";
	return same ? "yes" : "no";
}

static void page_facts(const struct lab_run *r, __u64 page,
		       struct facts *f)
{
	int col;

	memset(f, 0, sizeof(*f));
	snprintf(f->text[COL_SAME], FACT_TEXT_MAX, "%s", same_text(r, page));
	for (col = COL_MAPCOUNT; col <= COL_NEXT; col++)
		join_facts(r, page, col, f->text[col], FACT_TEXT_MAX);
	happened_text(r, page, f->text[COL_HAPPENED], FACT_TEXT_MAX);
}

static void add_row(const struct lab_run *r, struct table *t, __u64 first,
		    __u64 last, struct facts *f)
{
	struct cell cells[NR_COLUMNS] = { 0 };
	int col;
	size_t i;

	if (first == last)
		snprintf(f->text[COL_PAGE], FACT_TEXT_MAX, "%llu", first);
	else
		snprintf(f->text[COL_PAGE], FACT_TEXT_MAX,
			 "%llu-%llu", first, last);
	for (col = 0; col < NR_COLUMNS; col++)
		cells[col].text = f->text[col];
	cells[COL_ADDR].number = r->start + first * r->status->page_size;
	for (i = 0; i < r->cast.nr; i++) {
		const struct snapshot *s = &r->view[i];
		struct cell *cell = &cells[COL_FRAMES + i];

		cell->absent = !s->nr || !s->page[first].mapped ||
			       s->page[first].pfn == COWINSPECT_NO_PFN;
		if (!cell->absent)
			cell->number = s->page[first].pfn;
	}
	table_row(t, cells);
}

static void add_rows(const struct lab_run *r, struct table *t)
{
	bool group = r->pages > MAX_SINGLE_PAGES;
	struct facts *now = calloc(2, sizeof(*now));
	struct facts *run = now + 1;
	__u64 first = 0, i;

	if (!now)
		return;
	for (i = 0; i < r->pages; i++) {
		page_facts(r, i, now);
		if (i && !(group && !memcmp(now, run, sizeof(*now)))) {
			add_row(r, t, first, i - 1, run);
			first = i;
		}
		memcpy(run, now, sizeof(*now));
	}
	add_row(r, t, first, r->pages - 1, run);
	free(now);
}

static void show_table(const struct lab_run *r)
{
	struct column all[NR_COLUMNS] = {
		[COL_PAGE] = { .name = "page" },
		[COL_ADDR] = { .name = "addr", .type = CELL_HEX },
		[COL_SAME] = { .name = "same" },
		[COL_MAPCOUNT] = { .name = "mapcount" },
		[COL_REFCOUNT] = { .name = "refcount" },
		[COL_EXCLUSIVE] = { .name = "exclusive" },
		[COL_WRITE] = { .name = "writable" },
		[COL_NEXT] = { .name = "next-write" },
		[COL_HAPPENED] = { .name = "happened" },
	};
	struct table_style style = { .out = stdout };
	struct columns columns = { .all = all, .nr_all = NR_COLUMNS };
	size_t shown[NR_COLUMNS];
	struct table *t;
	size_t i;

	columns.shown = shown;
	for (i = 0; i < NR_COLUMNS; i++) {
		size_t actor = i - COL_FRAMES;
		bool frame = i >= COL_FRAMES && i < COL_SAME;

		if (frame && (actor >= r->cast.nr || !r->view[actor].nr))
			continue;
		if (frame) {
			all[i].name = r->cast.actor[actor].name;
			all[i].type = CELL_HEX;
		}
		if (i != COL_HAPPENED || r->nr_writes)
			shown[columns.nr_shown++] = i;
	}
	t = table_open(&style, &columns, NULL);
	if (t)
		add_rows(r, t);
	table_close(t);
}

static void show_strips(const struct lab_run *r)
{
	struct picture picture = { .out = stdout,
				   .colour = r->options.colour };
	size_t i, k;

	for (i = 0; i < r->cast.nr; i++) {
		const struct snapshot *s = &r->view[i];
		struct strip strip;

		if (!s->nr)
			continue;
		if (strip_init(&strip, s->start, s->start +
			       s->nr * s->page_size, s->page_size, LINE_WIDTH))
			return;
		for (k = 0; k < s->nr; k++) {
			struct cowinspect_page rec = s->page[k].rec;

			/* Huge entries were spread over the pages before. */
			rec.addr = s->start + k * s->page_size;
			rec.map_order = 0;
			if (s->page[k].mapped)
				strip_add(&strip, &rec);
		}
		printf("  %-9s ", r->cast.actor[i].name);
		picture_strip(&picture, &strip, LINE_WIDTH, 0);
		strip_release(&strip);
	}
	picture_legend(&picture);
	putchar('\n');
}

static void text_step(const struct lab_run *r)
{
	size_t i;

	printf("\n%u. %s\n", r->step, r->title);
	wrap(stdout, r->text);
	putchar('\n');
	/* After an error there may be less than a whole snapshot. */
	if (r->looked && !r->err) {
		show_strips(r);
		show_table(r);
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
}

/* JSON. */

static void json_frame(struct json *j, const char *key, __u64 pfn)
{
	if (pfn == COWINSPECT_NO_PFN)
		json_null(j, key);
	else
		json_number(j, key, pfn);
}

static void json_page(struct json *j, const struct lab_run *r, __u64 page,
		      const struct page_view *v)
{
	const struct cowinspect_page *rec = &v->rec;

	json_object(j, NULL);
	json_number(j, "page", page);
	json_bool(j, "mapped", v->mapped);
	if (v->mapped) {
		json_frame(j, "pfn", v->pfn);
		json_string(j, "kind", cowi_kind_name(rec->kind));
		json_number(j, "mapcount", rec->mapcount);
		json_string(j, "counts", cowi_counts_name(rec->counts));
		json_number(j, "refcount", rec->refcount);
		if (r->status->exclusive == COWI_COUNT_ABSENT)
			json_null(j, "exclusive");
		else
			json_bool(j, "exclusive",
				  rec->flags & COWI_F_EXCLUSIVE);
		json_bool(j, "write", rec->flags & COWI_F_WRITE);
		json_bool(j, "lru", rec->flags & COWI_F_LRU);
		json_string(j, "next", cowi_outcome_name(rec->outcome));
		json_string(j, "confidence",
			    cowi_confidence_name(rec->confidence));
	}
	json_end_object(j);
}

static void json_actors(struct json *j, const struct lab_run *r)
{
	size_t i, k;

	json_array(j, "actors");
	for (i = 0; i < r->cast.nr; i++) {
		const struct snapshot *s = &r->view[i];

		json_object(j, NULL);
		json_string(j, "name", r->cast.actor[i].name);
		json_number(j, "pid", r->cast.actor[i].pid);
		json_bool(j, "running", r->cast.actor[i].sock >= 0);
		json_array(j, "pages");
		for (k = 0; k < s->nr; k++)
			json_page(j, r, k, &s->page[k]);
		json_end_array(j);
		json_end_object(j);
	}
	json_end_array(j);
}

static void json_writes(struct json *j, const struct lab_run *r)
{
	size_t i;

	json_array(j, "writes");
	for (i = 0; i < r->nr_writes; i++) {
		const struct lab_write *w = &r->writes[i];

		json_object(j, NULL);
		json_string(j, "actor", w->actor->name);
		json_number(j, "page", w->page);
		json_string(j, "predicted", cowi_outcome_name(w->predicted));
		json_string(j, "confidence",
			    cowi_confidence_name(w->confidence));
		json_string(j, "happened", happened_name(w->happened));
		json_number(j, "faults", w->faults);
		json_frame(j, "pfn_before", w->pfn_before);
		json_frame(j, "pfn_after", w->pfn_after);
		json_end_object(j);
	}
	json_end_array(j);
}

static void json_step(struct json *j, const struct lab_run *r)
{
	size_t i;

	json_object(j, NULL);
	json_number(j, "step", r->step);
	json_string(j, "title", r->title);
	json_string(j, "text", r->text);
	json_writes(j, r);
	if (r->looked && !r->err)
		json_actors(j, r);
	json_array(j, "checks");
	for (i = 0; i < r->nr_checks; i++) {
		json_object(j, NULL);
		json_bool(j, "ok", r->checks[i].ok);
		json_string(j, "text", r->checks[i].text);
		if (!r->checks[i].ok)
			json_string(j, "why", r->checks[i].why);
		json_end_object(j);
	}
	json_end_array(j);
	json_end_object(j);
}

static void json_end(struct json *j, const struct lab_run *r)
{
	json_end_array(j);
	json_number(j, "passed", r->passed);
	json_number(j, "failed", r->failed);
	if (r->err) {
		json_string(j, "what", r->what);
		json_string(j, "error", cowi_strerror(r->err));
	}
	json_bool(j, "held", !r->failed && !r->err);
	json_string(j, "answer", r->failed || r->err ? "" : r->lab->answer);
	json_end_object(j);
}

/* Either. */

void report_begin(struct lab_run *r)
{
	struct json *j = &r->json;

	if (!r->options.json) {
		printf("%s: %s\n\n", r->lab->name, r->lab->question);
		wrap(stdout, r->lab->help);
		return;
	}
	json_object(j, NULL);
	json_string(j, "lab", r->lab->name);
	json_string(j, "ids", r->lab->ids);
	json_string(j, "question", r->lab->question);
	json_string(j, "kernel", r->status->kernel);
	json_string(j, "rules", r->status->rules);
	json_number(j, "page_size", r->status->page_size);
	json_number(j, "pages", r->pages);
	json_number(j, "seed", r->options.seed);
	json_array(j, "steps");
}

void report_step(struct lab_run *r)
{
	if (r->options.json)
		json_step(&r->json, r);
	else
		text_step(r);
	if (r->options.html)
		report_html_step(r);
}

void report_end(struct lab_run *r)
{
	if (r->options.json)
		json_end(&r->json, r);
	else
		text_end(r);
}

void report_skip(struct lab_run *r)
{
	if (!r->options.json) {
		printf("SKIP: missing: %s\n", r->skip);
		return;
	}
	json_object(&r->json, NULL);
	json_string(&r->json, "lab", r->lab->name);
	json_string(&r->json, "skipped", r->skip);
	json_end_object(&r->json);
}
