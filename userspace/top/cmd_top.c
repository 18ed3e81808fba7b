// SPDX-License-Identifier: GPL-2.0
/* cowinspect top: who copies now, and who has how much. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "listen.h"

static const char doc[] =
	"Processes by what they copy, live: copies and bytes per second, what\n"
	"is their own and what they share now, and a graph of the last rounds.\n"
	"On a terminal, h shows the keys: sort, filter, group, follow, open a\n"
	"process, pause.\n"
	"\vCopies are heard of as they happen, by the tracepoint cow_fault:\n"
	"nothing is missed between two rounds, nor of processes that live for a\n"
	"millisecond; what found no room is said to be lost.\n"
	"\n"
	"OWN is private memory that nobody else has mapped; SHARED the rest of\n"
	"what is present, in each process that has it: it does not add up over\n"
	"processes, 'cowinspect ps' has totals that do. To know these, page\n"
	"tables have to be read. That is done one process after the other, for\n"
	"at most 1 % of one CPU, or --budget; each once in a round at most.\n"
	"What is shown says how old it is, and what this program itself costs.\n"
	"All are read once in the beginning, which is not in that share.\n"
	"\n"
	"--all, --name and one cgroup alone have also those who come to fit\n"
	"later; else it is those who fit in the beginning. --follow has the\n"
	"children of all of them, which --limit does not count.\n"
	"\n"
	"With --batch, each round is a table, of those who have copied\n"
	"something yet; with --json, one object for each, of all processes.\n"
	"It ends after --rounds, with Ctrl-C, or with the last process.\n"
	"\n"
	"Examples:\n"
	"  sudo cowinspect top --all\n"
	"  sudo cowinspect top -f $(pidof -s postgres) --by parent\n"
	"  sudo cowinspect top --name '^php-fpm' --sort own\n"
	"  sudo cowinspect top --all --by command --batch --rounds 3 -d 10\n"
	"  sudo cowinspect top --all --json --rounds 1 |\n"
	"    jq '.processes[] | select(.copies > 100) | [.pid, .name]'\n";

enum {
	OPT_BATCH = 0xb00,
	OPT_BUDGET,
	OPT_BY,
	OPT_ROUNDS,
	OPT_SORT,
	OPT_ALL_ROWS,
};

static const struct argp_option options[] = {
	{ NULL, 0, NULL, 0, "Output:", 20 },
	{ "delay", 'd', "SECONDS", 0, "of a round (default: 2)", 20 },
	{ "rounds", OPT_ROUNDS, "N", 0, "end after so many", 20 },
	/* That is --noheadings elsewhere, and this in top(1). */
	{ NULL, 'n', "N", OPTION_HIDDEN, NULL, 20 },
	{ "batch", OPT_BATCH, NULL, 0, "lines, for a file or a pipe", 20 },
	{ "json", 'J', NULL, 0, "a JSON object for each round; implies --batch",
	  20 },
	{ "by", OPT_BY, "WHAT", 0,
	  "process, command, or parent: its children together", 20 },
	{ "sort", OPT_SORT, "COL", 0,
	  "copies, bytes, copied, own, shared, pid or name", 20 },
	{ "all-rows", OPT_ALL_ROWS, NULL, 0,
	  "with --batch: also those who have copied nothing", 20 },
	{ "budget", OPT_BUDGET, "PERCENT", 0,
	  "of one CPU, to read own and shared (default: 1)", 20 },
	{ 0 }
};

/**
 * struct arguments - the command line
 * @who: processes
 * @top: its options
 * @batch: no screen
 */
struct arguments {
	struct target_names who;
	struct top top;
	bool batch;
};

static double take_number(struct argp_state *state, const char *option,
			  const char *arg, double least, double most)
{
	char *rest;
	double n = strtod(arg, &rest);

	if (rest == arg || *rest || !(n >= least) || !(n <= most))
		argp_error(state, "%s: '%s' is no number from %g to %g", option,
			   arg, least, most);
	return n;
}

static int take_word(struct argp_state *state, const char *option,
		     const char *arg, const char *const *words, int nr)
{
	int i;

	for (i = 0; i < nr; i++) {
		if (!strcmp(words[i], arg))
			return i;
	}
	argp_error(state, "%s: what is '%s'? See --help", option, arg);
	return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	static const char *const bys[MODEL_NR_BY] = {
		"process", "command", "parent"
	};
	static const char *const sorts[MODEL_NR_SORTS] = {
		"copies", "bytes", "copied", "own", "shared", "pid", "name"
	};
	struct arguments *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->who;
		return 0;
	case 'd':
		a->top.delay = take_number(state, "--delay", arg, 0.1, 86400) *
			       1e9;
		return 0;
	case OPT_ROUNDS:
	case 'n':
		a->top.rounds = take_number(state, "--rounds", arg, 1, 1e9);
		return 0;
	case OPT_BATCH:
		a->batch = true;
		return 0;
	case 'J':
		a->batch = true;
		a->top.form_json = true;
		return 0;
	case OPT_BY:
		a->top.by = take_word(state, "--by", arg, bys, MODEL_NR_BY);
		return 0;
	case OPT_SORT:
		a->top.sort = take_word(state, "--sort", arg, sorts,
					MODEL_NR_SORTS);
		return 0;
	case OPT_ALL_ROWS:
		a->top.all_rows = true;
		return 0;
	case OPT_BUDGET:
		a->top.budget = take_number(state, "--budget", arg, 0.01, 100) *
				100;
		return 0;
	case ARGP_KEY_END:
		target_names_check(state, &a->who);
		if (a->who.file)
			argp_error(state,
				   "%s: a snapshot is of one moment: cowinspect ps %s",
				   a->who.file, a->who.file);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = {
	{ &targets_argp, 0, NULL, 0 },
	{ 0 }
};

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "[PID...]",
	.doc = doc,
	.children = children,
};

static int run(struct arguments *a, const struct globals *g,
	       const struct listen *l)
{
	struct top *t = &a->top;
	int err;

	t->source = &l->source;
	t->about = cowi_status(l->targets.c)->mapcount != COWI_COUNT_EXACT;
	err = top_begin(t);
	if (!err)
		err = a->batch ? top_batch(t) : top_screen(t, g->colour);
	/* A reader that has seen enough ("| head") is no failure. */
	if (!err || err == -EPIPE)
		return EXIT_OK;
	if (err != -ENOTTY)
		return report("top", err);
	fputs("cowinspect: top: this is no terminal that it knows: use --batch, or set TERM\n",
	      stderr);
	return EXIT_FAILED;
}

int cmd_top(int argc, char **argv, struct globals *g)
{
	struct arguments a = {
		.top = { .delay = 2000000000, .budget = 100 },
	};
	struct listen l;
	int status;

	parse_command(&argp, argc, argv, 0, &a, g);
	status = listen_open(&l, g, &a.who, &a.top.model);
	if (!status)
		status = run(&a, g, &l);
	interrupt_was_meant();
	listen_close(&l);
	model_release(&a.top.model);
	free(a.who.choice.pid);
	return status;
}
