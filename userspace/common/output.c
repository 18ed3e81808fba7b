// SPDX-License-Identifier: GPL-2.0
/* The options that say how tables look. */
#include <errno.h>
#include <string.h>

#include "commands.h"
#include "filter.h"
#include "output.h"
#include "safe.h"

enum {
	OPT_ALL_COLUMNS = 0x200,
	OPT_LIST_COLUMNS,
	OPT_FILTER,
	OPT_ALL_ROWS,
};

static const struct argp_option options[] = {
	{ NULL, 0, NULL, 0, "Output:", 20 },
	{ "columns", 'c', "COLS", 0,
	  "columns to show: NAME,NAME,...; +NAME,... adds to the default ones",
	  20 },
	{ "all-columns", OPT_ALL_COLUMNS, NULL, 0, "show all columns", 20 },
	/* What they were called while -o was a file of other commands. */
	{ "output", 'o', "COLS", OPTION_HIDDEN, NULL, 20 },
	{ "output-all", OPT_ALL_COLUMNS, NULL, OPTION_HIDDEN, NULL, 20 },
	{ "all-rows", OPT_ALL_ROWS, NULL, 0,
	  "also rows and columns that have nothing but 0", 20 },
	{ "list-columns", OPT_LIST_COLUMNS, NULL, 0,
	  "list the columns with their meaning, and exit", 20 },
	{ "filter", OPT_FILTER, "EXPR", 0,
	  "only lines that fit, such as 'size > 10M': scols-filter(5)", 20 },
	{ "json", 'J', NULL, 0, "write JSON", 20 },
	{ "raw", 'r', NULL, 0, "write plain numbers and single spaces", 20 },
	{ "bytes", 'b', NULL, 0, "write sizes in bytes", 20 },
	{ "noheadings", 'n', NULL, 0, "write no headings", 20 },
	{ 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct output *o = state->input;

	switch (key) {
	case 'c':
	case 'o':
		o->list = arg;
		return 0;
	case OPT_ALL_ROWS:
		o->all_rows = true;
		return 0;
	case OPT_ALL_COLUMNS:
		o->everything = true;
		return 0;
	case OPT_LIST_COLUMNS:
		o->list_columns = true;
		return 0;
	case OPT_FILTER:
		o->filter = arg;
		return 0;
	case 'J':
		o->style.form = TABLE_JSON;
		return 0;
	case 'r':
		o->style.form = TABLE_RAW;
		return 0;
	case 'b':
		o->style.bytes = true;
		return 0;
	case 'n':
		o->style.noheadings = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp output_argp = { .options = options, .parser = parse };

static int make_filter(const struct output *o, struct columns *c)
{
	char why[256];
	int err = o->filter ? filter_new(o->filter, c, &c->filter, why,
					 sizeof(why)) : 0;

	if (err == -ENOMEM)
		return report("--filter", err);
	if (!err)
		return EXIT_OK;
	fputs("cowinspect: --filter: ", stderr);
	put_safe(stderr, why);
	fputc('\n', stderr);
	return err == -EINVAL ? EXIT_USAGE : EXIT_FAILED;
}

int output_select(struct output *o, struct columns *c)
{
	char bad[64];
	int err;

	o->style.hide_zero = !o->all_rows;
	err = columns_select(c, o->list, o->everything, bad, sizeof(bad));
	if (err == -EINVAL) {
		fprintf(stderr,
			"cowinspect: '%s' is no column: --list-columns shows them\n",
			bad);
		return EXIT_USAGE;
	}
	return err ? report("columns", err) : make_filter(o, c);
}
