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
	"Of several processes, there is a table for each. JSON has an object\n"
	"for each in the array processes, also if there is only one.\n"
	"\n"
	"Sizes are shown as 4K, 1.5M; --json and --bytes give bytes, --raw\n"
	"pages. A ~ before a number says that it is not exact on this kernel.\n"
	"\n"
	"Examples:\n"
	"  sudo cowinspect show $$\n"
	"  sudo cowinspect show $$ -c range,present,pss,name\n"
	"  sudo cowinspect show $$ -c +young,dirty\n"
	"  sudo cowinspect show $$ --pages --range 7ffd4000-7ffd8000\n"
	"  sudo cowinspect show $$ --html pages.html\n"
	"  sudo cowinspect show -f $(pidof -s postgres) --html family.html\n"
	"  sudo cowinspect show $$ --json | jq '.processes[].summary.cow_pending'\n";

static const struct argp_option options[] = {
	{ "pages", 'P', NULL, 0, "a line per mapped page or huge page", 0 },
	{ 0 }
};

static const struct argp_child children[] = {
	{ &memory_argp, 0, NULL, 0 },
	{ &output_argp, 0, NULL, 0 },
	{ 0 }
};

struct arguments {
	struct output output;
	bool pages;
	struct target_names names;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	(void)arg;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->names;
		state->child_inputs[1] = &a->output;
		return 0;
	case 'P':
		a->pages = true;
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
	.args_doc = "[PID...]\n"
		    "FILE [PID...]",
	.doc = doc,
	.children = children,
};

void show_begin(struct show *s, const struct target *target)
{
	struct json *j = s->style.json;

	if (s->style.form == TABLE_JSON) {
		json_object(j, NULL);
		json_number(j, "pid", target->pid);
		json_nonzero(j, "parent", target->parent);
		json_string(j, "name", target->name);
	} else if (s->several) {
		target_heading(target, !s->begun);
	}
	s->begun = true;
}

void show_end(struct show *s)
{
	if (s->style.form == TABLE_JSON)
		json_end_object(s->style.json);
}

static int show_all(struct targets *ts, bool pages, struct show *s)
{
	bool json = s->style.form == TABLE_JSON;
	int status;

	if (json) {
		json_document(s->style.json, "cowinspect-show");
		json_number(s->style.json, "page_size", s->style.page_size);
		json_array(s->style.json, "processes");
	}
	status = targets_each(ts, pages ? show_pages : show_vmas, s);
	/* Also after an error: what was written stays one valid document. */
	if (json) {
		json_end_array(s->style.json);
		json_end_object(s->style.json);
	}
	return status;
}

static int run(struct arguments *a, const struct globals *g, struct show *s)
{
	struct json json = { .out = stdout };
	struct targets ts;
	int status, shown;

	status = targets_open(&ts, g, &a->names);
	if (status)
		return status;
	s->style = a->output.style;
	s->style.page_size = cowi_status(ts.c)->page_size;
	s->style.out = stdout;
	s->style.json = &json;
	s->several = ts.several;
	s->all_rows = a->output.all_rows;
	s->range = ts.range;
	if (a->pages)
		targets_note_ids(&ts);
	shown = show_all(&ts, a->pages, s);
	status = html_targets(a->names.html, &ts);
	targets_close(&ts);
	return shown ? shown : status;
}

int cmd_show(int argc, char **argv, struct globals *g)
{
	struct arguments a = { 0 };
	struct show s = { 0 };
	int status;

	parse_command(&argp, argc, argv, 0, &a, g);
	s.columns = a.pages ? show_pages_columns() : show_vmas_columns();
	if (a.output.list_columns) {
		columns_help(&s.columns, stdout);
		return EXIT_OK;
	}
	status = output_select(&a.output, &s.columns);
	if (!status)
		status = run(&a, g, &s);
	columns_release(&s.columns);
	free(a.names.choice.pid);
	return status;
}
