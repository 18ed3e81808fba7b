// SPDX-License-Identifier: GPL-2.0
/* cowinspect ps: what each of a set of processes has, and all of them together. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array_size.h"
#include "filter.h"
#include "output.h"
#include "prometheus.h"
#include "read.h"
#include "tree.h"

static const char doc[] =
	"A line for each process: what is its own, what it shares with others\n"
	"that were chosen, and with others; below, what all of them have\n"
	"together, each page frame counted once.\n"
	"\vPRESENT is what is mapped, and the sum of four: OWN is mapped by\n"
	"nobody else, WITHIN by others of those chosen, OUTSIDE by somebody\n"
	"who was not chosen as well; OBJECTS is of shared memory objects, such\n"
	"as a server's shared buffers, which nobody owns. COPY is what its\n"
	"next writes would copy, if it wrote to every page.\n"
	"\n"
	"In the line of totals these are frames, not mappings: they say what\n"
	"the processes hold, whatever the columns above add up to. PSS and\n"
	"COPY are sums. A ~ means that it is not exact, since this kernel has\n"
	"averages only.\n"
	"\n"
	"The processes run on meanwhile, and are read one after the other;\n"
	"--stop stops them for that time. They may be more than the module's\n"
	"max_targets.\n"
	"\n"
	"Sizes are shown as 4K, 1.5M; --json and --bytes give bytes, --raw\n"
	"pages.\n"
	"\n"
	"Examples:\n"
	"  sudo cowinspect ps -f $(pidof -s postgres)\n"
	"  sudo cowinspect ps --name '^php-fpm' --sort own\n"
	"  sudo cowinspect ps --cgroup system.slice/redis-server.service\n"
	"  sudo cowinspect ps --all --sort pss | head\n"
	"  sudo cowinspect ps --user www-data --json | jq .totals.present\n"
	"  sudo cowinspect ps --all --json |\n"
	"    jq '.processes[] | select(.own > 100000000) | [.pid, .name]'\n"
	"  sudo cowinspect ps --all --prometheus >/run/node/cowinspect.prom\n";

enum {
	OPT_SORT = 0x700,
	OPT_PROMETHEUS,
};

static const struct argp_option options[] = {
	{ "sort", OPT_SORT, "COL", 0,
	  "by a column: numbers from the greatest on, texts by the alphabet", 0 },
	{ "prometheus", OPT_PROMETHEUS, NULL, 0,
	  "write sums by command, and of all, in Prometheus' text format", 0 },
	{ 0 }
};

static const struct argp_child children[] = {
	{ &reading_argp, 0, NULL, 0 },
	{ &output_argp, 0, NULL, 0 },
	{ 0 }
};

struct arguments {
	struct reading_names who;
	struct output output;
	const char *sort;
	bool prometheus;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->who;
		state->child_inputs[1] = &a->output;
		return 0;
	case OPT_SORT:
		a->sort = arg;
		return 0;
	case OPT_PROMETHEUS:
		a->prometheus = true;
		return 0;
	case ARGP_KEY_END:
		if (a->prometheus && a->output.style.form == TABLE_JSON)
			argp_error(state, "give either --json or --prometheus");
		if (!a->output.list_columns)
			target_names_check(state, &a->who.names);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "[PID...]\n"
		    "FILE [PID...]",
	.doc = doc,
	.children = children,
};

/* ---- columns ---- */

enum {
	COL_PID,
	COL_PARENT,
	COL_PRESENT,
	COL_OWN,
	COL_WITHIN,
	COL_OUTSIDE,
	COL_OBJECTS,
	COL_OWN_ANON,
	COL_ANON,
	COL_FILE,
	COL_SWAP,
	COL_COPY,
	COL_PSS,
	COL_ABOUT,
	COL_COMMAND,
	COL_TITLE,
	NR_COLUMNS
};

/* What is left out first where there is no room has the highest number. */
static struct column all[NR_COLUMNS] = {
	[COL_PID] = { .name = "pid", .type = CELL_COUNT, .by_default = true,
		      .help = "process id" },
	[COL_PARENT] = { .name = "parent", .type = CELL_COUNT,
			 .help = "its parent" },
	[COL_PRESENT] = { .name = "present", .type = CELL_PAGES,
			  .by_default = true,
			  .help = "mapped memory: own + within + outside + objects" },
	[COL_OWN] = { .name = "own", .type = CELL_PAGES, .by_default = true,
		      .help = "mapped by nobody else" },
	[COL_WITHIN] = { .name = "within", .type = CELL_PAGES,
			 .by_default = true, .drop = 1,
			 .help = "shared among those chosen only" },
	[COL_OUTSIDE] = { .name = "outside", .type = CELL_PAGES,
			  .by_default = true, .drop = 4,
			  .help = "shared with others as well" },
	[COL_OBJECTS] = { .name = "objects", .type = CELL_PAGES,
			  .by_default = true, .drop = 3,
			  .help = "shared memory objects: shmem, MAP_SHARED" },
	[COL_OWN_ANON] = { .name = "own_anon", .type = CELL_PAGES,
			   .help = "of own: anonymous; the rest is of files" },
	[COL_ANON] = { .name = "anon", .type = CELL_PAGES,
		       .help = "of present: anonymous, KSM included" },
	[COL_FILE] = { .name = "file", .type = CELL_PAGES,
		       .help = "of present: page cache of files" },
	[COL_SWAP] = { .name = "swap", .type = CELL_PAGES, .by_default = true,
		       .drop = 6, .help = "in swap" },
	[COL_COPY] = { .name = "copy", .type = CELL_PAGES, .by_default = true,
		       .drop = 2, .help = "the next write to each page copies" },
	[COL_PSS] = { .name = "pss", .type = CELL_BYTES, .by_default = true,
		      .drop = 5, .help = "each page divided by how often it is mapped" },
	[COL_ABOUT] = { .name = "about", .type = CELL_BOOL,
			.help = "own, within and outside are not exact (~)" },
	[COL_COMMAND] = { .name = "command", .help = "name of its command" },
	[COL_TITLE] = { .name = "name", .by_default = true,
			.help = "what it calls itself: its command line" },
};

/**
 * struct row - a process, or the totals
 * @cell: its columns
 * @title: in COL_TITLE, indented in a tree
 */
struct row {
	struct cell cell[NR_COLUMNS];
	char title[READ_TITLE_MAX + 64];
};

/* Numbers that follow from mapcounts, which may be averages: PSS may be better known. */
static void mark(struct row *row, bool about, bool pss_about)
{
	static const int from_mapcount[] = {
		COL_OWN, COL_WITHIN, COL_OUTSIDE, COL_OWN_ANON
	};
	size_t i;

	for (i = 0; about && i < ARRAY_SIZE(from_mapcount); i++)
		row->cell[from_mapcount[i]].note = "~";
	if (pss_about)
		row->cell[COL_PSS].note = "~";
}

static void fill(struct row *row, const struct family_member *m,
		 const struct read_member *who, unsigned int depth)
{
	struct cell *c = row->cell;

	c[COL_PID].number = m->pid;
	c[COL_PARENT].number = who->target->parent;
	c[COL_PARENT].absent = !who->target->parent;
	c[COL_PRESENT].number = m->present;
	c[COL_OWN].number = m->own;
	c[COL_WITHIN].number = m->within;
	c[COL_OUTSIDE].number = m->beyond;
	c[COL_OBJECTS].number = m->objects;
	c[COL_OWN_ANON].number = m->own_anon;
	c[COL_ANON].number = m->kind[COWI_KIND_ANON] + m->kind[COWI_KIND_KSM];
	c[COL_FILE].number = m->kind[COWI_KIND_FILE];
	c[COL_SWAP].number = m->swapped;
	c[COL_COPY].number = m->copy;
	c[COL_PSS].number = m->pss;
	c[COL_ABOUT].number = m->about;
	c[COL_COMMAND].text = who->target->name;
	if (depth > 20)
		depth = 20;
	snprintf(row->title, sizeof(row->title), "%*s%s", 2 * depth, "",
		 who->title);
	c[COL_TITLE].text = row->title;
	mark(row, m->about, m->pss_about);
}

static void fill_totals(struct row *row, const struct reading *r)
{
	const struct family_member *m;
	struct cell *c = row->cell;
	struct family_totals t;
	bool pss_about = false;
	size_t nr, i;

	m = family_members(r->family, &nr);
	family_totals(r->family, &t);
	for (i = 0; i < NR_COLUMNS; i++)
		c[i].absent = true;
	for (i = 0; i < nr; i++) {
		c[COL_COPY].number += m[i].copy;
		c[COL_PSS].number += m[i].pss;
		pss_about |= m[i].pss_about;
	}
	c[COL_COPY].absent = false;
	c[COL_PSS].absent = false;
	c[COL_PRESENT] = (struct cell){ .number = t.frames };
	c[COL_OWN] = (struct cell){ .number = t.own };
	c[COL_WITHIN] = (struct cell){ .number = t.within };
	c[COL_OUTSIDE] = (struct cell){ .number = t.beyond };
	c[COL_OBJECTS] = (struct cell){ .number = t.objects };
	c[COL_SWAP] = (struct cell){ .number = t.swapped };
	snprintf(row->title, sizeof(row->title), "total of %zu", nr);
	c[COL_TITLE] = (struct cell){ .text = row->title };
	mark(row, t.about, pss_about);
}

/* ---- order ---- */

static int sort_by;

static int by_column(const void *a, const void *b)
{
	const struct cell *x = &((const struct row *)a)->cell[sort_by];
	const struct cell *y = &((const struct row *)b)->cell[sort_by];

	if (all[sort_by].type == CELL_TEXT)
		return strcmp(x->text, y->text);
	return x->number < y->number ? 1 : x->number > y->number ? -1 : 0;
}

static void sort(struct row *rows, size_t nr, int column)
{
	size_t i;

	sort_by = column;
	qsort(rows, nr, sizeof(*rows), by_column);
	/* Texts stand in the rows, which have moved. */
	for (i = 0; i < nr; i++)
		rows[i].cell[COL_TITLE].text = rows[i].title;
}

static int fill_tree(struct row *rows, const struct reading *r)
{
	struct tree_place *place = calloc(r->nr, sizeof(*place));
	const struct family_member *m;
	size_t nr, i;
	int err;

	if (!place)
		return -ENOMEM;
	m = family_members(r->family, &nr);
	for (i = 0; i < nr; i++) {
		place[i].pid = m[i].pid;
		place[i].parent = r->member[i].target->parent;
		place[i].index = i;
	}
	err = tree_order(place, nr);
	for (i = 0; i < nr && !err; i++)
		fill(&rows[i], &m[place[i].index], &r->member[place[i].index],
		     place[i].depth);
	free(place);
	return err;
}

static int fill_all(struct row *rows, const struct reading *r)
{
	const struct family_member *m;
	size_t nr, i;

	m = family_members(r->family, &nr);
	for (i = 0; i < nr; i++)
		fill(&rows[i], &m[i], &r->member[i], 0);
	return 0;
}

/* ---- output ---- */

static bool has_nothing(const struct row *row)
{
	return !row->cell[COL_PRESENT].number && !row->cell[COL_SWAP].number;
}

static int write_rows(const struct row *rows, const struct reading *r,
		      struct table_style *style, const struct columns *columns)
{
	struct table *table = table_open(style, columns, "processes");
	bool human = style->form == TABLE_HUMAN;
	struct row totals = { 0 };
	size_t i, hidden = 0;
	int err = 0, closed;

	if (!table)
		return -ENOMEM;
	for (i = 0; i < r->nr && !err; i++) {
		if (!filter_fits(columns->filter, rows[i].cell, style->page_size))
			continue;
		if (human && style->hide_zero && has_nothing(&rows[i]))
			hidden++;
		else
			err = table_row(table, rows[i].cell);
	}
	fill_totals(&totals, r);
	if (!err && human)
		err = table_row(table, totals.cell);
	closed = table_close(table);
	if (hidden)
		fprintf(style->out,
			"%zu of them ha%s no memory: --all-rows shows %s.\n",
			hidden, hidden == 1 ? "s" : "ve",
			hidden == 1 ? "it" : "them");
	return err ? err : closed;
}

static void json_totals(const struct reading *r, struct json *j)
{
	__u64 page_size = cowi_status(r->targets.c)->page_size;
	struct row totals = { 0 };
	size_t i;

	fill_totals(&totals, r);
	json_object(j, "totals");
	json_number(j, "processes", r->nr);
	for (i = 0; i < NR_COLUMNS; i++) {
		const struct cell *c = &totals.cell[i];

		if (c->absent || all[i].type == CELL_TEXT ||
		    all[i].type == CELL_BOOL)
			continue;
		json_number(j, all[i].name, all[i].type == CELL_PAGES ?
			    c->number * page_size : c->number);
	}
	json_bool(j, "about", totals.cell[COL_OWN].note);
	json_end_object(j);
}

static int show(const struct reading *r, struct arguments *a,
		const struct columns *columns, int column)
{
	struct json json = { .out = stdout };
	struct row *rows = calloc(r->nr, sizeof(*rows));
	struct table_style *style = &a->output.style;
	int err;

	if (!rows)
		return report("memory", -ENOMEM);
	style->page_size = cowi_status(r->targets.c)->page_size;
	style->out = stdout;
	style->json = &json;
	err = a->who.names.choice.follow && column < 0 ? fill_tree(rows, r) :
							 fill_all(rows, r);
	if (err) {
		free(rows);
		return report("memory", err);
	}
	if (column >= 0)
		sort(rows, r->nr, column);
	if (style->form == TABLE_JSON)
		reading_json(r, &json, "cowinspect-ps");
	err = write_rows(rows, r, style, columns);
	if (style->form == TABLE_JSON) {
		json_totals(r, &json);
		json_end_object(&json);
	} else if (style->form == TABLE_HUMAN) {
		puts("The total has each page frame once.");
		reading_about(r, stdout);
	}
	free(rows);
	return err ? report("table", err) : EXIT_OK;
}

static int show_prometheus(const struct reading *r)
{
	int err = prometheus_write(r, stdout);

	return err ? report("memory", err) : EXIT_OK;
}

static int find_column(const char *name, const struct columns *columns)
{
	struct columns c = *columns;
	char bad[64];
	int column;

	if (columns_select(&c, name, false, bad, sizeof(bad)) ||
	    c.nr_shown != 1)
		column = -1;
	else
		column = c.shown[0];
	free(c.shown);
	return column;
}

static int run(struct arguments *a, const struct globals *g,
	       const struct columns *columns)
{
	struct reading r;
	int column = -1, status, shown = EXIT_OK;

	if (a->sort)
		column = find_column(a->sort, columns);
	if (a->sort && column < 0) {
		fprintf(stderr, "cowinspect: --sort: '%s' is no column\n",
			a->sort);
		return EXIT_USAGE;
	}
	status = reading_open(&r, g, &a->who);
	if (r.nr && !interrupt_signal())
		shown = a->prometheus ? show_prometheus(&r) :
					show(&r, a, columns, column);
	reading_close(&r);
	return status ? status : shown;
}

int cmd_ps(int argc, char **argv, struct globals *g)
{
	struct columns columns = { .all = all, .nr_all = NR_COLUMNS };
	struct arguments a = { 0 };
	int status;

	parse_command(&argp, argc, argv, 0, &a, g);
	/* A table has the mark. */
	all[COL_ABOUT].by_default = a.output.style.form == TABLE_JSON;
	if (a.output.list_columns) {
		columns_help(&columns, stdout);
		return EXIT_OK;
	}
	status = output_select(&a.output, &columns);
	if (!status)
		status = run(&a, g, &columns);
	columns_release(&columns);
	free(a.who.names.choice.pid);
	return status;
}
