// SPDX-License-Identifier: GPL-2.0
/* The options that stand before or behind the name of a subcommand. */
#include <string.h>

#include "commands.h"

enum {
	OPT_DEBUGFS = 0x100,
	OPT_COLOUR,
};

static const struct argp_option options[] = {
	{ NULL, 0, NULL, 0, "Always:", -1 },
	{ "color", OPT_COLOUR, "WHEN", 0,
	  "auto (default: on a terminal, unless NO_COLOR is set), always, never",
	  -1 },
	{ "debugfs", OPT_DEBUGFS, "DIR", OPTION_HIDDEN,
	  "read DIR, copies of the module's files, instead of debugfs", -1 },
	/* Behind argp's own, which has no short name that people guess. */
	{ NULL, 'h', NULL, OPTION_HIDDEN, NULL, -1 },
	{ 0 }
};

static int parse_colour(const char *text, enum colour_when *when)
{
	if (!strcmp(text, "auto"))
		*when = COLOUR_AUTO;
	else if (!strcmp(text, "always"))
		*when = COLOUR_ALWAYS;
	else if (!strcmp(text, "never"))
		*when = COLOUR_NEVER;
	else
		return -1;
	return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct globals *g = state->input;

	switch (key) {
	case OPT_DEBUGFS:
		g->debugfs = arg;
		return 0;
	case OPT_COLOUR:
		if (parse_colour(arg, &g->colour))
			argp_error(state, "--color: '%s' is none of auto, always, never",
				   arg);
		return 0;
	case 'h':
		argp_state_help(state, state->out_stream, ARGP_HELP_STD_HELP);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp globals_argp = { .options = options, .parser = parse };

struct inputs {
	void *own;
	struct globals *globals;
};

static error_t pass_on(int key, char *arg, struct argp_state *state)
{
	const struct inputs *inputs = state->input;

	(void)arg;
	if (key != ARGP_KEY_INIT)
		return ARGP_ERR_UNKNOWN;
	state->child_inputs[0] = inputs->own;
	state->child_inputs[1] = inputs->globals;
	return 0;
}

void parse_command(const struct argp *argp, int argc, char **argv,
		   unsigned int flags, void *input, struct globals *g)
{
	const struct argp_child children[] = {
		{ argp, 0, NULL, 0 },
		{ &globals_argp, 0, NULL, 0 },
		{ 0 }
	};
	const struct argp both = { .parser = pass_on, .children = children };
	struct inputs inputs = { input, g };

	argp_parse(&both, argc, argv, flags, NULL, &inputs);
}
