// SPDX-License-Identifier: GPL-2.0
/* cowinspect share: which page frames a set of processes has, and who shares them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "share.h"

static const char doc[] =
	"Who shares with whom: each page frame that the processes have belongs\n"
	"to exactly one set of them, those who map it. A line for each set, by\n"
	"size; the sizes add up to what all of them hold.\n"
	"\vMEMBERS says of how many of the processes a set is. OUTSIDE is what\n"
	"of it somebody has mapped who was not chosen: mappings that the kernel\n"
	"counts, less those that were seen. ANON, FILE and SHMEM say what it\n"
	"is: anonymous, of the page cache, of shared memory.\n"
	"\n"
	"--by tells frames apart by other things, or by several: set, mapping,\n"
	"kind. ALONE is then what one process has and nobody else.\n"
	"\n"
	"The processes run on meanwhile, and are read one after the other. What\n"
	"changes from the first to the last is seen as two states of one time;\n"
	"how long that took stands below. --stop stops them for that time.\n"
	"\n"
	"It takes 5 to 9 bytes of memory for each frame where half of the\n"
	"frames around it are theirs, whatever the number of processes.\n"
	"\n"
	"Sizes are shown as 4K, 1.5M; --json and --bytes give bytes, --raw\n"
	"pages.\n"
	"\n"
	"Examples:\n"
	"  sudo cowinspect share -f $(pidof -s postgres)\n"
	"  sudo cowinspect share --name '^php-fpm' --by mapping\n"
	"  sudo cowinspect share -f $(pidof -s gunicorn) --by set,mapping\n"
	"  sudo cowinspect share --cgroup-of $(pidof -s redis-server)\n"
	"  sudo cowinspect share 1234 1235 --matrix\n"
	"  sudo cowinspect share -f 1234 --json |\n"
	"    jq '.sets[] | select(.pids | length == 1)'\n";

enum {
	OPT_BY = 0x800,
	OPT_TOP,
	OPT_MATRIX,
};

static const struct argp_option options[] = {
	{ "by", OPT_BY, "KEYS", 0,
	  "what makes a line: set (the default), mapping, kind, or several", 0 },
	{ "top", OPT_TOP, "N", 0, "the N largest (default: 20; 0: all)", 0 },
	{ "matrix", OPT_MATRIX, NULL, 0, "what each two of them share", 0 },
	{ "pages", 'P', NULL, 0, "the frames themselves, and who has each", 0 },
	{ 0 }
};

static const struct argp_child children[] = {
	{ &reading_argp, 0, NULL, 0 },
	{ &output_argp, 0, NULL, 0 },
	{ 0 }
};

struct arguments {
	struct reading_names who;
	struct share share;
};

/* "set,mapping" */
static void take_keys(struct argp_state *state, const char *arg,
		      unsigned int *keys)
{
	static const char *const names[] = { "set", "mapping", "kind" };
	const char *at = arg;
	size_t i, len;

	*keys = 0;
	do {
		len = strcspn(at, ",");
		for (i = 0; i < ARRAY_SIZE(names); i++) {
			if (strlen(names[i]) == len &&
			    !strncmp(at, names[i], len))
				break;
		}
		if (i == ARRAY_SIZE(names))
			argp_error(state, "--by: '%.*s' is not set, mapping or kind",
				   (int)len, at);
		*keys |= 1u << i;
		at += len;
	} while (*at++);
}

static void take_form(struct argp_state *state, struct share *s,
		      enum share_form form)
{
	if (s->form && s->form != form)
		argp_error(state, "give either --matrix or --pages");
	s->form = form;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->who;
		state->child_inputs[1] = &a->share.output;
		return 0;
	case OPT_BY:
		take_keys(state, arg, &a->share.keys);
		return 0;
	case OPT_TOP:
		if (parse_size(arg, &a->share.top))
			argp_error(state, "--top: '%s' is no number", arg);
		return 0;
	case OPT_MATRIX:
		take_form(state, &a->share, SHARE_MATRIX);
		return 0;
	case 'P':
		take_form(state, &a->share, SHARE_PAGES);
		return 0;
	case ARGP_KEY_END:
		if (a->share.form == SHARE_MATRIX && a->share.output.filter)
			argp_error(state, "--filter: not of --matrix");
		if (!a->share.output.list_columns)
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

static int show(struct share *s)
{
	int err;

	s->json.out = stdout;
	s->output.style.page_size = cowi_status(s->r.targets.c)->page_size;
	s->output.style.out = stdout;
	s->output.style.json = &s->json;
	if (s->form == SHARE_MATRIX)
		err = share_matrix(s);
	else if (s->form == SHARE_PAGES)
		err = share_pages(s);
	else
		err = share_groups(s);
	if (err == -E2BIG)
		fputs("cowinspect: --matrix: of 1000 processes at most: --limit\n",
		      stderr);
	else if (err)
		report("share", err);
	return err ? EXIT_FAILED : EXIT_OK;
}

static int run(struct arguments *a, const struct globals *g)
{
	struct share *s = &a->share;
	int status, shown = EXIT_OK;

	if (s->form != SHARE_MATRIX)
		status = output_select(&s->output, &s->columns);
	else
		status = EXIT_OK;
	if (status)
		return status;
	status = reading_open(&s->r, g, &a->who);
	if (s->r.nr && s->form == SHARE_PAGES)
		targets_note_ids(&s->r.targets);
	if (s->r.nr && !interrupt_signal())
		shown = show(s);
	reading_close(&s->r);
	return status ? status : shown;
}

int cmd_share(int argc, char **argv, struct globals *g)
{
	struct arguments a = { .share = { .keys = FAMILY_BY_SET, .top = 20 } };
	int status = EXIT_OK;

	parse_command(&argp, argc, argv, 0, &a, g);
	a.share.columns = a.share.form == SHARE_PAGES ?
			  share_pages_columns() : share_columns(a.share.keys);
	if (a.share.output.list_columns)
		columns_help(&a.share.columns, stdout);
	else
		status = run(&a, g);
	columns_release(&a.share.columns);
	free(a.who.names.choice.pid);
	return status;
}
