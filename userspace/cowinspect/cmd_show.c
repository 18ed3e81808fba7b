// SPDX-License-Identifier: GPL-2.0
/* cowinspect show: tables of the VMAs, or of the pages, of a process. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "output.h"
#include "show.h"

static const char doc[] =
	"Show how the memory of a process is shared, and what its next\n"
	"writes would do: a line per mapping with totals below, or with\n"
	"--pages a line per page.\n"
	"\vThree questions with three answers: MAPCOUNT says how often a page\n"
	"is mapped, REFCOUNT who holds references to it, EXCLUSIVE whether\n"
	"this mapping owns it. COW counts pages that are write-protected\n"
	"although the mapping may be written. COPY and REUSE count what the\n"
	"next write to each page would do.\n"
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
	"  sudo cowinspect show $$ --json | jq '.summary.cow_pending'\n";

enum {
	OPT_PAGES = 'p',
	OPT_RANGE = 'R',
	OPT_HTML = 'H',
};

static const struct argp_option options[] = {
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
	pid_t pid;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->output;
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
		take_pid(state, arg, &a->pid);
		return 0;
	case ARGP_KEY_END:
		if (!a->pid && !a->output.list_columns)
			argp_error(state, "which process? Give its id");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "PID",
	.doc = doc,
	.children = children,
};

static int run(struct arguments *a, const struct globals *g,
	       struct columns *columns)
{
	struct range range = { 0, UINT64_MAX };
	struct json json = { .out = stdout };
	struct cowi_target *t;
	struct cowi *c;
	int status;

	status = open_target(g, a->pid, &c, &t);
	if (status)
		return status;
	a->output.style.page_size = cowi_status(c)->page_size;
	a->output.style.out = stdout;
	a->output.style.json = &json;
	if (a->range && parse_range(a->range, a->output.style.page_size,
				    &range)) {
		fprintf(stderr, "cowinspect: --range: '%s' is not START-END\n",
			a->range);
		status = EXIT_USAGE;
	} else if (a->pages) {
		status = show_pages(t, &a->output.style, columns, &range);
	} else {
		status = show_vmas(t, &a->output.style, columns, &range);
	}
	if (!status && a->html)
		status = html_target(a->html, t, a->pid, &range);
	cowi_target_close(t);
	cowi_close(c);
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
	return status;
}
