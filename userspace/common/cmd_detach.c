// SPDX-License-Identifier: GPL-2.0
/* cowinspect detach: end inspections, whoever began them. */
#include <stdio.h>
#include <stdlib.h>

#include "choice.h"
#include "commands.h"

static const char doc[] =
	"Detach processes, whoever has attached them. What the other\n"
	"commands attach they detach at their end; this is for what was\n"
	"attached by hand, or by a command that was killed.\n"
	"\v'cowinspect status' lists what is attached.\n"
	"\n"
	"Examples:\n"
	"  sudo cowinspect detach 1234\n"
	"  sudo cowinspect detach --all\n";

static const struct argp_option options[] = {
	{ "all", 'a', NULL, 0, "all that are attached", 0 },
	{ 0 }
};

struct arguments {
	struct choice names;
	bool all;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case 'a':
		a->all = true;
		return 0;
	case ARGP_KEY_ARG:
		choice_add(state, arg, &a->names);
		return 0;
	case ARGP_KEY_END:
		if (!a->all && !a->names.nr)
			argp_error(state, "which process? Give its id, or --all");
		if (a->all && a->names.nr)
			argp_error(state, "give either processes or --all");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "PID...\n--all",
	.doc = doc,
};

static int detach(struct cowi *c, const struct arguments *a)
{
	int status = EXIT_OK, err;
	char what[32];
	size_t i;

	if (a->all) {
		err = cowi_detach_all(c);
		return err ? report("--all", err) : EXIT_OK;
	}
	for (i = 0; i < a->names.nr; i++) {
		err = cowi_detach(c, a->names.pid[i]);
		snprintf(what, sizeof(what), "process %d", a->names.pid[i]);
		if (err)
			status = report(what, err);
	}
	return status;
}

int cmd_detach(int argc, char **argv, struct globals *g)
{
	struct arguments a = { 0 };
	struct cowi *c;
	int status;

	parse_command(&argp, argc, argv, 0, &a, g);
	status = session_open(g, &c);
	if (!status) {
		status = detach(c, &a);
		cowi_close(c);
	}
	free(a.names.pid);
	return status;
}
