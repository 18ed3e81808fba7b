// SPDX-License-Identifier: GPL-2.0
/* The table of pages below a step: what they are, and, as in a diff, were. */
#include <stdlib.h>
#include <string.h>

#include "look.h"
#include "report.h"
#include "table.h"

/* Above this many pages, pages alike share a line of the table. */
#define MAX_SINGLE_PAGES	8
/* And more lines than this tell nobody anything. */
#define MAX_LINES		20

/* The table: these columns, with the actors' frames between them. */
enum {
	COL_DIFF,
	COL_REGION,
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

/* A page as a line of the table shows it. */
struct facts {
	char same[8];
	char text[NR_COLUMNS][FACT_TEXT_MAX];
};

/**
 * struct line - the pages of one line, or of two: before the step and after it
 * @region: they are all of one
 * @moved: for each actor whether its frame is another one than before
 * @was: before; the same as @now if nothing is known of that
 * @now: after
 */
struct line {
	const struct lab_region *region;
	bool moved[MAX_ACTORS];
	struct facts was;
	struct facts now;
};

static void fact(const struct lab_run *r, const struct page_view *v, int col,
		 char *buf, size_t size)
{
	const struct cowinspect_page *rec = &v->rec;
	bool no_exclusive = r->status->exclusive == COWI_COUNT_ABSENT;

	/* Frames that nobody counts, and no frame at all. */
	bool uncounted = !v->mapped || !(rec->flags & COWI_F_PRESENT) ||
			 rec->kind == COWI_KIND_ZERO ||
			 rec->kind == COWI_KIND_PFN;

	if ((!v->mapped && col != COL_NEXT) ||
	    (uncounted && (col == COL_MAPCOUNT || col == COL_REFCOUNT))) {
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
static void join_facts(const struct lab_run *r, const struct snapshot *view,
		       __u64 page, int col, char *buf, size_t size)
{
	char first[32] = "", word[32];
	bool alike = true;
	size_t i, used = 0;

	for (i = 0; i < r->cast.nr; i++) {
		if (page >= view[i].nr)
			continue;
		fact(r, &view[i].page[page], col, word, sizeof(word));
		if (!used)
			snprintf(first, sizeof(first), "%s", word);
		alike &= !strcmp(first, word);
		used += snprintf(buf + used, size - used, "%s%s",
				 used ? "/" : "", word);
	}
	if (alike)
		snprintf(buf, size, "%s", first);
}

/* The names of all from @first on of whom the same is to be said. */
static size_t add_names(const struct lab_run *r, __u64 page, size_t first,
			bool *said, char *buf, size_t size)
{
	char text[CHANGE_MAX], other[CHANGE_MAX];
	size_t i, used = 0;

	words_change(r, first, page, text, sizeof(text));
	for (i = first; i < r->cast.nr && used < size; i++) {
		words_change(r, i, page, other, sizeof(other));
		if (said[i] || strcmp(text, other))
			continue;
		said[i] = true;
		used += snprintf(buf + used, size - used, "%s%s",
				 used ? ", " : "", r->cast.actor[i].name);
	}
	if (used < size)
		used += snprintf(buf + used, size - used, ": %s", text);
	return used;
}

/* What was seen of those who were not watched: "parent, reader: mapcount 3 to 2" */
static void add_changes(const struct lab_run *r, __u64 page, bool *said,
			char *buf, size_t size)
{
	size_t i, used = strlen(buf);
	char text[CHANGE_MAX];

	for (i = 0; i < r->cast.nr; i++) {
		words_change(r, i, page, text, sizeof(text));
		if (said[i] || !text[0])
			continue;
		if (used && used < size)
			used += snprintf(buf + used, size - used, "; ");
		if (used < size)
			used += add_names(r, page, i, said, buf + used,
					  size - used);
	}
}

static void happened_text(const struct lab_run *r, __u64 page, char *buf,
			  size_t size)
{
	bool said[MAX_ACTORS] = { false };
	size_t i, used = 0;

	buf[0] = '\0';
	for (i = 0; i < r->nr_writes && used < size; i++) {
		const struct lab_write *w = &r->writes[i];

		if (w->page != page)
			continue;
		said[w->actor - r->cast.actor] = true;
		used += snprintf(buf + used, size - used, "%s%s: %s%s",
				 used ? ", " : "", w->actor->name,
				 happened_name(w->happened),
				 w->inferred ? " (inferred)" : "");
	}
	add_changes(r, page, said, buf, size);
}

/* Whether all living actors map one frame; with one actor it has no meaning. */
static const char *same_text(const struct lab_run *r,
			     const struct snapshot *view, __u64 page)
{
	const struct page_view *first = NULL;
	bool same = true;
	size_t i, nr = 0;

	for (i = 0; i < r->cast.nr; i++) {
		if (page >= view[i].nr)
			continue;
		if (first)
			same &= same_frame(first, &view[i].page[page]);
		else
			first = &view[i].page[page];
		nr++;
	}
	if (nr < 2)
		return "-";
	return same ? "yes" : "no";
}

static void page_facts(const struct lab_run *r, const struct snapshot *view,
		       __u64 page, struct facts *f)
{
	int col;

	snprintf(f->text[COL_SAME], FACT_TEXT_MAX, "%s",
		 same_text(r, view, page));
	for (col = COL_MAPCOUNT; col <= COL_NEXT; col++)
		join_facts(r, view, page, col, f->text[col], FACT_TEXT_MAX);
}

/* Whether an actor that was seen before has this page elsewhere now. */
static bool moved(const struct snapshot *was, const struct snapshot *now,
		  __u64 page)
{
	if (page >= was->nr || page >= now->nr)
		return false;
	if (was->page[page].mapped != now->page[page].mapped)
		return true;
	return was->page[page].mapped &&
	       was->page[page].pfn != now->page[page].pfn;
}

static bool same_cast(const struct lab_run *r, __u64 page)
{
	size_t i;

	for (i = 0; i < r->cast.nr; i++) {
		bool seen_before = page < r->was[i].nr;
		bool seen_now = page < r->view[i].nr;

		if (seen_before != seen_now)
			return false;
	}
	return true;
}

static void page_line(const struct lab_run *r, __u64 page, struct line *line)
{
	size_t i;

	memset(line, 0, sizeof(*line));
	line->region = lab_region_of(r, page);
	page_facts(r, r->view, page, &line->now);
	/* With other actors the lines have nothing to compare. */
	if (same_cast(r, page))
		page_facts(r, r->was, page, &line->was);
	else
		line->was = line->now;
	for (i = 0; i < r->cast.nr; i++)
		line->moved[i] = same_cast(r, page) &&
				 moved(&r->was[i], &r->view[i], page);
	happened_text(r, page, line->now.text[COL_HAPPENED], FACT_TEXT_MAX);
	memcpy(line->was.text[COL_HAPPENED], line->now.text[COL_HAPPENED],
	       FACT_TEXT_MAX);
}

static bool changed(const struct line *line)
{
	static const bool none[MAX_ACTORS];

	return memcmp(line->moved, none, sizeof(none)) ||
	       memcmp(&line->was, &line->now, sizeof(line->was));
}

/* Of the first page; the others of the line have frames of their own. */
static void frame_text(const struct page_view *v, bool more, char *buf)
{
	if (!v->mapped || v->pfn == COWINSPECT_NO_PFN)
		strcpy(buf, "-");
	else
		snprintf(buf, FACT_TEXT_MAX, "%s%llx%s",
			 v->rec.kind == COWI_KIND_SWAP ? "swap:" : "", v->pfn,
			 more ? ".." : "");
}

static void add_row(const struct lab_run *r, struct table *t, __u64 first,
		    __u64 last, const struct snapshot *view,
		    const struct lab_region *region, struct facts *f)
{
	struct cell cells[NR_COLUMNS] = { 0 };
	int col;
	size_t i;

	snprintf(f->text[COL_REGION], FACT_TEXT_MAX, "%s",
		 region->name ? region->name : "");
	if (first == last)
		snprintf(f->text[COL_PAGE], FACT_TEXT_MAX, "%llu", first);
	else
		snprintf(f->text[COL_PAGE], FACT_TEXT_MAX,
			 "%llu-%llu", first, last);
	for (col = 0; col < NR_COLUMNS; col++)
		cells[col].text = f->text[col];
	cells[COL_ADDR].number = lab_addr(r, first);
	for (i = 0; i < r->cast.nr; i++) {
		const struct snapshot *s = &view[i];

		if (first < s->nr)
			frame_text(&s->page[first], first < last,
				   f->text[COL_FRAMES + i]);
	}
	table_row(t, cells);
}

/* As in a diff: what was, and what is. */
static void add_line(const struct lab_run *r, struct table *t, __u64 first,
		     __u64 last, struct line *line)
{
	if (changed(line)) {
		strcpy(line->was.text[COL_DIFF], "-");
		strcpy(line->now.text[COL_DIFF], "+");
		line->was.text[COL_HAPPENED][0] = '\0';
		add_row(r, t, first, last, r->was, line->region, &line->was);
	}
	add_row(r, t, first, last, r->view, line->region, &line->now);
}

static bool alike(const struct snapshot *s, __u64 page)
{
	struct cowinspect_page a, b;

	if (page >= s->nr)
		return true;
	if (s->page[page].mapped != s->page[page - 1].mapped ||
	    s->page[page].hole != s->page[page - 1].hole)
		return false;
	a = s->page[page].rec;
	b = s->page[page - 1].rec;
	a.addr = b.addr;
	a.pfn = b.pfn;
	return !memcmp(&a, &b, sizeof(a));
}

/*
 * A page whose line is that of the page before it, so that nothing of it has
 * to be written out: this is what makes large regions bearable.
 */
static bool as_before(const struct lab_run *r, __u64 page)
{
	size_t i;

	if (!page || lab_region_of(r, page) != lab_region_of(r, page - 1) ||
	    strcmp(same_text(r, r->view, page),
		   same_text(r, r->view, page - 1)) ||
	    strcmp(same_text(r, r->was, page), same_text(r, r->was, page - 1)))
		return false;
	for (i = 0; i < r->cast.nr; i++) {
		if (!alike(&r->view[i], page) || !alike(&r->was[i], page) ||
		    moved(&r->was[i], &r->view[i], page) !=
		    moved(&r->was[i], &r->view[i], page - 1))
			return false;
	}
	for (i = 0; i < r->nr_writes; i++) {
		if (r->writes[i].page == page || r->writes[i].page == page - 1)
			return false;
	}
	return same_cast(r, page) == same_cast(r, page - 1);
}

/* Returns how many lines were left out. */
static unsigned int add_rows(const struct lab_run *r, struct table *t)
{
	bool group = r->pages > MAX_SINGLE_PAGES;
	struct line *now = calloc(2, sizeof(*now));
	struct line *run = now + 1;
	unsigned int lines = 0;
	__u64 first = 0, i;

	if (!now)
		return 0;
	for (i = 0; i < r->pages; i++) {
		if (group && as_before(r, i))
			continue;
		page_line(r, i, now);
		if (i && !(group && !memcmp(now, run, sizeof(*now)))) {
			if (lines++ < MAX_LINES)
				add_line(r, t, first, i - 1, run);
			first = i;
		}
		memcpy(run, now, sizeof(*now));
	}
	if (r->pages && lines++ < MAX_LINES)
		add_line(r, t, first, r->pages - 1, run);
	free(now);
	return lines > MAX_LINES ? lines - MAX_LINES : 0;
}

static bool anything_changed(const struct lab_run *r)
{
	char text[FACT_TEXT_MAX];
	__u64 page;

	for (page = 0; page < r->pages; page++) {
		happened_text(r, page, text, sizeof(text));
		if (text[0])
			return true;
	}
	return false;
}

static bool column_wanted(const struct lab_run *r, size_t col)
{
	switch (col) {
	case COL_REGION:
		return r->nr_regions > 1;
	case COL_HAPPENED:
		return r->nr_writes || anything_changed(r);
	case COL_NEXT:
		/* Not before the question. */
		return !r->options.quiz;
	default:
		if (col < COL_FRAMES || col >= COL_SAME)
			return true;
		col -= COL_FRAMES;
		return col < r->cast.nr && look_has(&r->view[col]);
	}
}

void report_table(const struct lab_run *r)
{
	struct column all[NR_COLUMNS] = {
		[COL_DIFF] = { .name = " " },
		[COL_REGION] = { .name = "region" },
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
	unsigned int left_out = 0;
	struct table *t;
	size_t i;

	columns.shown = shown;
	for (i = 0; i < NR_COLUMNS; i++) {
		if (i >= COL_FRAMES && i < COL_SAME)
			all[i].name = r->cast.actor[i - COL_FRAMES].name;
		if (column_wanted(r, i))
			shown[columns.nr_shown++] = i;
	}
	t = table_open(&style, &columns, NULL);
	if (t)
		left_out = add_rows(r, t);
	table_close(t);
	if (left_out)
		printf("(%u more lines; --json has all pages)\n", left_out);
}
