// SPDX-License-Identifier: GPL-2.0
/* Finds the subcommand and the options that come before it. */
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array_size.h"
#include "commands.h"

static int cmd_help(int argc, char **argv, struct globals *g);

static const struct {
	const char *name;
	int (*run)(int argc, char **argv, struct globals *g);
} commands[] = {
	{ "show", cmd_show },
	{ "map", cmd_map },
	{ "ps", cmd_ps },
	{ "share", cmd_share },
	{ "snapshot", cmd_snapshot },
	{ "diff", cmd_diff },
	{ "top", cmd_top },
	{ "trace", cmd_trace },
	{ "whatif", cmd_whatif },
	{ "status", cmd_status },
	{ "detach", cmd_detach },
	{ "lab", cmd_lab },
	{ "help", cmd_help },
};

const char *argp_program_version = "cowinspect " COWINSPECT_VERSION;

static const char doc[] =
	"Show what copy-on-write does to the pages of a process.\n"
	"\vCommands:\n"
	"  show PID      tables: how each mapping, or each page, is shared\n"
	"  map PID       a picture of the address space, a letter per page\n"
	"  ps -f PID     what each process of a family has, and all of them\n"
	"  share -f PID  who of them shares with whom, each page counted once\n"
	"  snapshot -o FILE PID  what all of these know, in a file that they read\n"
	"  diff A B      what has changed between two snapshots, or since one\n"
	"  top --all     who copies now, and who has how much, live\n"
	"  trace COMMAND run it and count what each page fault did\n"
	"  whatif fork PID  what a fork of it would cost now\n"
	"  status        what the module can tell on this kernel\n"
	"  detach PID    stop what others, or a crash, have left attached\n"
	"  lab NAME      run an experiment and check what happened\n"
	"\n"
	"Examples:\n"
	"  sudo cowinspect show $$\n"
	"  sudo cowinspect map $(pidof -s redis-server)\n"
	"  sudo cowinspect share -f $(pidof -s postgres)\n"
	"  sudo cowinspect trace -f -- make\n"
	"  sudo cowinspect lab fork --step\n"
	"\n"
	"'cowinspect help COMMAND' explains a command. The module must be\n"
	"loaded (sudo insmod cowinspect.ko), and reading needs root.\n"
	"\n"
	"Exit status: 0 success, 1 failure, 2 wrong usage, 77 a lab cannot\n"
	"run here; of trace COMMAND, that of COMMAND.\n";

struct parsed {
	struct globals globals;
	int command;	/* its place in argv, 0 for none */
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct parsed *p = state->input;

	(void)arg;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &p->globals;
		return 0;
	case ARGP_KEY_ARG:
		/* The rest belongs to the command. */
		p->command = state->next - 1;
		state->next = state->argc;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_usage(state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = {
	{ &globals_argp, 0, NULL, 0 },
	{ 0 }
};

static const struct argp argp = {
	.parser = parse,
	.children = children,
	.args_doc = "COMMAND [ARG...]",
	.doc = doc,
};

static int run_command(int argc, char **argv, struct globals *g)
{
	char name[64];
	size_t i;
	int status;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(argv[0], commands[i].name))
			continue;
		/* argp takes the name in messages from here. */
		snprintf(name, sizeof(name), "cowinspect %s", argv[0]);
		argv[0] = name;
		status = finish_output(commands[i].run(argc, argv, g));
		interrupt_die();
		return status;
	}
	fprintf(stderr, "cowinspect: '%s' is no command: see 'cowinspect --help'\n",
		argv[0]);
	return EXIT_USAGE;
}

/* "help" is "--help", and "help COMMAND" is "COMMAND --help". */
static int cmd_help(int argc, char **argv, struct globals *g)
{
	char option[] = "--help", *rest[] = { argv[1], option, NULL };

	if (argc > 1)
		return run_command(2, rest, g);
	argp_help(&argp, stdout, ARGP_HELP_STD_HELP,
		  program_invocation_short_name);
	return EXIT_OK;
}

int main(int argc, char **argv)
{
	struct parsed p = { 0 };

	setlocale(LC_CTYPE, "");
	argp_err_exit_status = EXIT_USAGE;
	interrupt_init();
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &p);
	return run_command(argc - p.command, argv + p.command, &p.globals);
}
