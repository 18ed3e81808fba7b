// SPDX-License-Identifier: GPL-2.0
/* What the subcommands share: signals, error messages, opening a target. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array_size.h"
#include "commands.h"
#include "safe.h"

static sig_atomic_t caught;

static void catch(int sig)
{
	__atomic_store_n(&caught, sig, __ATOMIC_SEQ_CST);
}

void interrupt_init(void)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction sa = { .sa_handler = catch }, was;
	size_t i;

	/* No SA_RESTART: a read of the module shall end. */
	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		sigaction(ends[i], &sa, &was);
		/* Under nohup, SIGHUP shall end neither us nor what we start. */
		if (was.sa_handler == SIG_IGN)
			sigaction(ends[i], &was, NULL);
	}
	sa.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &sa, NULL);
}

int interrupt_signal(void)
{
	return __atomic_load_n(&caught, __ATOMIC_SEQ_CST);
}

void interrupt_was_meant(void)
{
	int sig = SIGINT;

	__atomic_compare_exchange_n(&caught, &sig, 0, false, __ATOMIC_SEQ_CST,
				    __ATOMIC_SEQ_CST);
}

void interrupt_die(void)
{
	int sig = interrupt_signal();

	if (!sig)
		return;
	signal(sig, SIG_DFL);
	raise(sig);
}

int report(const char *what, int err)
{
	/* The user knows who pressed Ctrl-C. */
	if (interrupt_signal())
		return EXIT_FAILED;
	fputs("cowinspect: ", stderr);
	put_safe(stderr, what);
	fprintf(stderr, ": %s\n", cowi_strerror(err));
	return EXIT_FAILED;
}

int session_open(const struct globals *g, struct cowi **c)
{
	int err = cowi_open(g->debugfs, c);

	return err ? report(g->debugfs ? g->debugfs : COWI_DEFAULT_ROOT, err) :
		     EXIT_OK;
}

void take_pid(struct argp_state *state, const char *arg, pid_t *pid)
{
	if (*pid)
		argp_error(state, "one process at a time");
	if (parse_pid(arg, pid))
		argp_error(state, "'%s' is no process id", arg);
}

int finish_output(int status)
{
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	/* A reader that has seen enough ("| head") is no failure. */
	if (errno == EPIPE)
		return status;
	fprintf(stderr, "cowinspect: standard output: %s\n", strerror(errno));
	return EXIT_FAILED;
}
