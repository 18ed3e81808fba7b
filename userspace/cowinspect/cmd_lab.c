// SPDX-License-Identifier: GPL-2.0
/* cowinspect lab: run an experiment. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "html.h"
#include "lab.h"

static const char doc[] =
	"Run an experiment with real processes: it asks a question, shows\n"
	"the page tables at each step, and checks each prediction against\n"
	"what happened.\n"
	"\vExit status: 0 all checks held, 1 a check failed or the run broke\n"
	"off, 2 wrong usage, 4 the lab cannot run here (it prints SKIP and\n"
	"what is missing).\n"
	"\n"
	"Examples:\n"
	"  cowinspect lab --list\n"
	"  sudo cowinspect lab fork\n"
	"  sudo cowinspect lab fork --step\n"
	"  sudo cowinspect lab fork --size 1M --seed 7\n"
	"  sudo cowinspect lab fork --html fork.html\n"
	"  sudo cowinspect lab fork --json | jq '.steps[].checks'\n";

static const struct argp_option options[] = {
	{ "list", 'l', NULL, 0, "list the labs", 0 },
	{ "size", 's', "BYTES", 0,
	  "size of the region; K, M and G are understood", 0 },
	{ "step", 'S', NULL, 0, "wait for Enter after each step", 0 },
	{ "seed", 'e', "N", 0,
	  "choose the pages by this number instead of taking the first ones",
	  0 },
	{ "json", 'J', NULL, 0, "write the complete data of all steps as JSON",
	  0 },
	{ "html", 'H', "FILE", 0,
	  "also write a page for a browser, with a slider over the steps", 0 },
	{ 0 }
};

struct arguments {
	struct lab_options options;
	const char *name;
	const char *html;
	bool list;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case 'l':
		a->list = true;
		return 0;
	case 's':
		if (parse_size(arg, &a->options.bytes) || !a->options.bytes)
			argp_error(state, "--size: '%s' is no size", arg);
		return 0;
	case 'S':
		a->options.step = true;
		return 0;
	case 'e':
		if (parse_size(arg, &a->options.seed))
			argp_error(state, "--seed: '%s' is no number", arg);
		return 0;
	case 'J':
		a->options.json = true;
		return 0;
	case 'H':
		a->html = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (a->name)
			argp_error(state, "one lab at a time");
		a->name = arg;
		return 0;
	case ARGP_KEY_END:
		if (!a->name && !a->list)
			argp_error(state, "which lab? --list shows them");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "NAME\n--list",
	.doc = doc,
};

static int list_labs(void)
{
	const struct lab *const *l;

	for (l = all_labs; *l; l++)
		printf("%-12s %-12s %s\n", (*l)->name, (*l)->ids,
		       (*l)->question);
	return EXIT_OK;
}

static const struct lab *find_lab(const char *name)
{
	const struct lab *const *l;

	for (l = all_labs; *l; l++) {
		if (!strcmp((*l)->name, name))
			break;
	}
	return *l;
}

static int run(const struct lab *lab, const struct lab_options *options,
	       struct cowi *c)
{
	__u64 page_size = cowi_status(c)->page_size;

	if (options->bytes && (options->bytes % page_size ||
			       options->bytes / page_size < lab->min_pages)) {
		fprintf(stderr,
			"cowinspect: --size: lab %s needs a multiple of %llu, at least %llu\n",
			lab->name, page_size, lab->min_pages * page_size);
		return EXIT_USAGE;
	}
	switch (lab_run(lab, c, options)) {
	case LAB_HELD:
		return EXIT_OK;
	case LAB_SKIPPED:
		return EXIT_SKIPPED;
	default:
		return EXIT_FAILED;
	}
}

static int run_with_html(const struct lab *lab, struct arguments *a,
			 struct cowi *c)
{
	struct html_about about = {
		.text = lab->help,
		.status = cowi_status(c),
	};
	char title[160];
	int err, status;

	snprintf(title, sizeof(title), "%s: %s", lab->name, lab->question);
	about.title = title;
	err = html_open(a->html, &about, &a->options.html);
	if (err)
		return report(a->html, err);
	status = run(lab, &a->options, c);
	err = html_close(a->options.html);
	return err ? report(a->html, err) : status;
}

/* A lab without the module is not wrong: it only cannot run here. */
static int cannot_open(int err)
{
	printf("SKIP: %s\n", cowi_strerror(err));
	return EXIT_SKIPPED;
}

int cmd_lab(int argc, char **argv, const struct globals *g)
{
	struct arguments a = { 0 };
	const struct lab *lab;
	struct cowi *c;
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	if (a.list)
		return list_labs();
	lab = find_lab(a.name);
	if (!lab) {
		fprintf(stderr,
			"cowinspect: '%s' is no lab: 'cowinspect lab --list' shows them\n",
			a.name);
		return EXIT_USAGE;
	}
	status = cowi_open(g->debugfs, &c);
	if (status == -COWI_EABI || status == -COWI_EFORMAT)
		return report("lab", status);
	if (status)
		return cannot_open(status);
	a.options.colour = colour_wanted(g->colour, stdout);
	a.options.interrupted = interrupt_signal;
	if (a.html)
		status = run_with_html(lab, &a, c);
	else
		status = run(lab, &a.options, c);
	cowi_close(c);
	return status;
}
