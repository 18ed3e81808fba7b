// SPDX-License-Identifier: GPL-2.0
/* cowinspect show: tables of the VMAs, or of the pages, of a process. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "show.h"
#include "targets.h"

static const char doc[] =
	"Show how the memory of processes is shared, and what its next\n"
	"writes would do: a line per mapping with totals below, or with\n"
	"--pages a line per page.\n"
	"\vThree questions with three answers: MAPCOUNT says how often a page\n"
	"is mapped, REFCOUNT who holds references to it, EXCLUSIVE whether\n"
	"this mapping owns it. COW counts pages that are write-protected\n"
	"although the mapping may be written. COPY and REUSE count what the\n"
	"next write to each page would do.\n"
	"\n"
	"Of several processes, there is a table for each, and in JSON an\n"
	"object for each in the array processes.\n"
	"\n"
	"Sizes are shown as 4K, 1.5M; --bytes gives bytes. --raw and --json\n"
	"give the units of --list-columns: pages unless --bytes. A ~ before\n"
	"a number says that it is not exact on this kernel.\n"
	"\n"
	"Examples:\n"
	"  sudo cowinspect show $$\n"
	"  sudo cowinspect show $$ -o range,present,pss,name\n"
	"  sudo cowinspect show $$ -o +young,dirty\n"
	"  sudo cowinspect show $$ --pages --range 7ffd4000-7ffd8000\n"
	"  sudo cowinspect show $$ --html pages.html\n"
	"  sudo cowinspect show -f $(pidof -s postgres) --html family.html\n"
	"  sudo cowinspect show $$ --json | jq '.summary.cow_pending'\n";

enum {
	OPT_FOLLOW = 'f',
	OPT_PAGES = 'p',
	OPT_RANGE = 'R',
	OPT_HTML = 'H',
};

static const struct argp_option options[] = {
	{ "follow", OPT_FOLLOW, NULL, 0, "also children, and theirs", 0 },
	{ "pages", OPT_PAGES, NULL, 0, "a line per mapped page or huge page",
	  0 },
	{ "range", OPT_RANGE, "START-END", 0,
	  "only these addresses, hexadecimal; also START+SIZE, or one address",
	  0 },
	{ "html", OPT_HTML, "FILE", 0,
	  "also write a page for a browser, of each page and its record", 0 },
	{ 0 }
};

static const struct argp_child children[] = {
	{ &output_argp, 0, NULL, 0 },
	{ 0 }
};

struct arguments {
	struct output output;
	bool pages;
	const char *range;
	const char *html;
	struct target_names names;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->output;
		return 0;
	case OPT_FOLLOW:
		a->names.follow = true;
		return 0;
	case OPT_PAGES:
		a->pages = true;
		return 0;
	case OPT_RANGE:
		a->range = arg;
		return 0;
	case OPT_HTML:
		a->html = arg;
		return 0;
	case ARGP_KEY_ARG:
		target_names_add(state, arg, &a->names);
		return 0;
	case ARGP_KEY_END:
		if (!a->output.list_columns)
			target_names_check(state, &a->names);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "PID...",
	.doc = doc,
	.children = children,
};

/* What stands before the table of one of several processes. */
static void begin(const struct target *target, const struct table_style *style,
		  bool first)
{
	char what[48];

	if (style->form == TABLE_JSON) {
		json_object(style->json, NULL);
		json_number(style->json, "pid", target->pid);
		json_number(style->json, "parent", target->parent);
		json_string(style->json, "name", target->name);
		return;
	}
	printf("%s%s:\n", first ? "" : "\n",
	       target_text(target, what, sizeof(what)));
}

static int show_one(const struct target *target, const struct arguments *a,
		    const struct columns *columns, const struct range *range)
{
	const struct table_style *style = &a->output.style;
	bool json = style->form == TABLE_JSON;
	int status;

	if (json)
		json_number(style->json, "page_size", style->page_size);
	status = a->pages ? show_pages(target->t, style, columns, range) :
			    show_vmas(target->t, style, columns, range);
	/* Also after an error: what was written stays one valid document. */
	if (json)
		json_end_object(style->json);
	return status;
}

static int show_all(const struct targets *ts, const struct arguments *a,
		    const struct columns *columns, const struct range *range)
{
	const struct table_style *style = &a->output.style;
	bool several = target_names_several(&a->names);
	bool json = style->form == TABLE_JSON;
	int status = EXIT_OK;
	size_t i;

	if (json)
		json_object(style->json, NULL);
	if (!several)
		return show_one(&ts->target[0], a, columns, range);
	if (json)
		json_array(style->json, "processes");
	for (i = 0; i < ts->nr && !interrupt_signal(); i++) {
		begin(&ts->target[i], style, !i);
		if (show_one(&ts->target[i], a, columns, range))
			status = EXIT_FAILED;
	}
	if (json) {
		json_end_array(style->json);
		json_end_object(style->json);
	}
	return status;
}

static int run(struct arguments *a, const struct globals *g,
	       struct columns *columns)
{
	struct range range = { 0, UINT64_MAX };
	struct json json = { .out = stdout };
	struct targets ts;
	int status;

	status = targets_open(&ts, g, &a->names);
	if (status)
		return status;
	a->output.style.page_size = cowi_status(ts.c)->page_size;
	a->output.style.out = stdout;
	a->output.style.json = &json;
	if (a->range && parse_range(a->range, a->output.style.page_size,
				    &range)) {
		fprintf(stderr, "cowinspect: --range: '%s' is not START-END\n",
			a->range);
		status = EXIT_USAGE;
	} else {
		status = show_all(&ts, a, columns, &range);
	}
	if (!status && a->html)
		status = html_targets(a->html, &ts, &range);
	targets_close(&ts);
	return status;
}

int cmd_show(int argc, char **argv, const struct globals *g)
{
	struct arguments a = { 0 };
	struct columns columns;
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	columns = a.pages ? show_pages_columns() : show_vmas_columns();
	if (a.output.list_columns) {
		columns_help(&columns, stdout);
		return EXIT_OK;
	}
	status = output_select(&a.output, &columns);
	if (!status)
		status = run(&a, g, &columns);
	free(columns.shown);
	free(a.names.pid);
	return status;
}
