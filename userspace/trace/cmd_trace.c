// SPDX-License-Identifier: GPL-2.0
/* cowinspect trace: what each page fault of a command or a process did. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "invoker.h"
#include "trace.h"

#define LIVE_PAUSE	1000000000

static const char doc[] =
	"Trace copy-on-write as strace traces system calls: run COMMAND, or\n"
	"look at processes that run, and count what each of their page faults\n"
	"did: copied a page, reused it, filled it with zeroes, ...\n"
	"\vOn a terminal, a line per second shows each busy process. At the end\n"
	"come a table of the processes, or of their groups if they are many;\n"
	"what forks cost, and what parents and children copied after them; and\n"
	"the mappings and pages that were copied or reused most often. COPYING\n"
	"is the time that the kernel spent at faults that copied, IN_ALL that\n"
	"at all faults; waiting and the tracing itself are in it.\n"
	"\n"
	"Ctrl-C ends the tracing, not what is traced: COMMAND gets a process\n"
	"group of its own. What reads from the terminal needs --foreground;\n"
	"then Ctrl-C goes to both. Under sudo, COMMAND runs as the user who\n"
	"called sudo.\n"
	"\n"
	"All goes to standard error, which leaves standard output to COMMAND;\n"
	"without one it goes to standard output. --output says otherwise.\n"
	"\n"
	"COMMAND is traced from its exec on, with the faults that exec itself\n"
	"has. A later exec ends nothing: the process stays the same, what was\n"
	"counted stays counted; mappings from before are called gone. Setuid\n"
	"programs are traced like others. Nothing is attached, and nothing is\n"
	"left in the kernel however the tracing ends.\n"
	"\n"
	"--pid may be given several times, and with --name; --follow\n"
	"has their descendants, those that exist already and those to come.\n"
	"What is listened to is told apart by us unless it is by --pid alone\n"
	"or --cgroup: on a busy machine these cost others the least.\n"
	"\n"
	"Exit status: that of COMMAND, 128 + N if signal N ended it; 126 or\n"
	"127 if it cannot be run or found, 1 if it cannot be traced, 2 wrong\n"
	"usage. Without COMMAND: 0, also after Ctrl-C; 1, 2.\n"
	"\n"
	"Examples:\n"
	"  sudo cowinspect trace -- ls -l\n"
	"  sudo cowinspect trace -f -- sh -c 'make; make test'\n"
	"  sudo cowinspect trace -f -p $(pidof -s redis-server)\n"
	"  sudo cowinspect trace -f --name '^php-fpm' --duration 10\n"
	"  sudo cowinspect trace -e copied --cgroup system.slice/ssh.service\n"
	"  sudo cowinspect trace --events -o events.txt -- ./server\n"
	"  sudo cowinspect trace -f --html trace.html -- make\n"
	"  sudo cowinspect trace --json -o t.json -- ./server &&\n"
	"    jq '.vmas[] | select(.copied > 0) | [.name, .copied]' t.json\n";

enum {
	OPT_EVENTS = 0x300,
	OPT_FOREGROUND,
	OPT_AS_ROOT,
	OPT_CGROUP,
	OPT_NAME,
	OPT_DURATION,
	OPT_UNTIL_EXIT,
	OPT_BUFFER,
	OPT_ALL_PROCESSES,
	OPT_HTML = 'H',
};

static const struct argp_option options[] = {
	{ "follow", 'f', NULL, 0, "trace children, and theirs, as well", 0 },
	{ "pid", 'p', "PID", 0, "trace a process that runs", 0 },
	{ "name", OPT_NAME, "REGEX", 0,
	  "trace processes by their command name, now or later", 0 },
	{ "cgroup", OPT_CGROUP, "DIR", 0,
	  "trace those in a cgroup, below /sys/fs/cgroup", 0 },
	{ "all", 'a', NULL, 0, "trace all processes", 0 },
	{ "outcomes", 'e', "LIST", 0,
	  "only faults that came out so: copied,reused", 0 },
	{ "duration", OPT_DURATION, "SECONDS", 0, "end after that", 0 },
	{ "until-exit", OPT_UNTIL_EXIT, NULL, 0,
	  "end with COMMAND or the first PID, whoever is left", 0 },
	{ "buffer", OPT_BUFFER, "SIZE", 0,
	  "memory for events, per CPU (default: 4M, less on many CPUs)", 0 },
	{ "events", OPT_EVENTS, NULL, 0, "write a line for each fault, too",
	  0 },
	{ "top", 'n', "N", 0,
	  "show so many mappings, pages and processes (default: 10)", 0 },
	{ "all-processes", OPT_ALL_PROCESSES, NULL, 0,
	  "a row for each process, not groups, also of more than 12", 0 },
	{ "json", 'J', NULL, 0, "write JSON", 0 },
	{ "output", 'o', "FILE", 0, "write to FILE", 0 },
	{ "html", OPT_HTML, "FILE", 0,
	  "also write a page for a browser: what happened when", 0 },
	{ "foreground", OPT_FOREGROUND, NULL, 0,
	  "let COMMAND read from the terminal, and get its Ctrl-C", 0 },
	{ "as-root", OPT_AS_ROOT, NULL, 0,
	  "run COMMAND as root also under sudo", 0 },
	{ 0 }
};

static void add_pid(struct argp_state *state, const char *arg,
		    struct cowi_stream_options *o)
{
	pid_t *grown = reallocarray((pid_t *)o->pid, o->nr_pids + 1,
				    sizeof(*grown));

	if (!grown)
		argp_failure(state, EXIT_FAILED, ENOMEM, "--pid");
	grown[o->nr_pids] = 0;
	take_pid(state, arg, &grown[o->nr_pids++]);
	o->pid = grown;
}

static __u32 outcome_bit(const char *name, size_t len)
{
	unsigned int i;

	for (i = 0; i < COWI_NR_DID; i++) {
		const char *known = cowi_did_name(i);

		if (strlen(known) == len && !strncmp(known, name, len))
			return 1U << i;
	}
	return 0;
}

/* "copied,reused" */
static void take_outcomes(struct argp_state *state, const char *arg,
			  __u32 *outcomes)
{
	const char *at = arg;
	__u32 bit;

	do {
		size_t len = strcspn(at, ",");

		bit = outcome_bit(at, len);
		if (!bit)
			argp_error(state, "--outcomes: '%.*s' is no outcome of a fault",
				   (int)len, at);
		*outcomes |= bit;
		at += len;
	} while (*at++);
}

static void take_duration(struct argp_state *state, const char *arg,
			  __u64 *duration)
{
	char *rest;
	double seconds = strtod(arg, &rest);

	if (rest == arg || *rest || !(seconds > 0) || seconds > 1e9)
		argp_error(state, "--duration: '%s' is no number of seconds", arg);
	*duration = seconds * 1e9;
}

static void take_buffer(struct argp_state *state, const char *arg,
			size_t *bytes)
{
	__u64 size;

	if (parse_size(arg, &size) || !size || size > 1ULL << 30)
		argp_error(state, "--buffer: '%s' is no size up to 1G", arg);
	*bytes = size;
}

/* One way to say what is traced, of those that exclude one another. */
static void check_what(struct argp_state *state, const struct trace_options *o)
{
	const struct cowi_stream_options *s = &o->stream;
	int ways = !!o->command + (s->nr_pids || s->name) + s->all +
		   !!s->cgroup;

	if (!ways)
		argp_error(state,
			   "give a COMMAND, --pid, --name, --cgroup or --all");
	if (ways > 1)
		argp_error(state,
			   "give either a COMMAND or --pid and --name, --cgroup or --all");
	if (o->until_exit && !o->command && !s->nr_pids)
		argp_error(state, "--until-exit: give a COMMAND or --pid");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct trace_options *o = state->input;

	switch (key) {
	case 'f':
		o->stream.follow = true;
		return 0;
	case 'p':
		add_pid(state, arg, &o->stream);
		return 0;
	case 'a':
		o->stream.all = true;
		return 0;
	case OPT_CGROUP:
		o->stream.cgroup = arg;
		return 0;
	case OPT_NAME:
		o->stream.name = arg;
		return 0;
	case 'e':
		take_outcomes(state, arg, &o->stream.outcomes);
		return 0;
	case OPT_DURATION:
		take_duration(state, arg, &o->duration);
		return 0;
	case OPT_UNTIL_EXIT:
		o->until_exit = true;
		return 0;
	case OPT_BUFFER:
		take_buffer(state, arg, &o->stream.ring_bytes);
		return 0;
	case OPT_EVENTS:
		o->events = true;
		return 0;
	case 'n':
		if (parse_size(arg, &o->top))
			argp_error(state, "--top: '%s' is no number", arg);
		return 0;
	case OPT_ALL_PROCESSES:
		o->all_processes = true;
		return 0;
	case 'J':
		o->json = true;
		return 0;
	case 'o':
		o->file = arg;
		return 0;
	case OPT_HTML:
		o->html = arg;
		return 0;
	case OPT_FOREGROUND:
		o->foreground = true;
		return 0;
	case OPT_AS_ROOT:
		o->as_root = true;
		return 0;
	case ARGP_KEY_ARG:
		/* The rest belongs to the command. */
		o->command = &state->argv[state->next - 1];
		state->next = state->argc;
		return 0;
	case ARGP_KEY_END:
		check_what(state, o);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "[--] COMMAND [ARG...]\n--pid PID\n--name REGEX\n--cgroup DIR\n--all",
	.doc = doc,
};

static int open_output(struct trace *t)
{
	if (t->options->file) {
		t->out = invoker_file(t->options->file, false);
		if (!t->out)
			return report(t->options->file, -errno);
	} else {
		t->out = t->options->command ? stderr : stdout;
	}
	t->json.out = t->out;
	return EXIT_OK;
}

static int open_page(struct trace *t)
{
	int err = t->options->html ? trace_page_open(t) : 0;

	return err ? report(t->options->html, err) : EXIT_OK;
}

static int close_output(struct trace *t)
{
	bool bad = fflush(t->out) || ferror(t->out);

	if (t->out != stdout && t->out != stderr && fclose(t->out))
		bad = true;
	/* What happens to standard output is said by main(). */
	if (!bad || t->out == stdout)
		return EXIT_OK;
	return report(t->options->file ? t->options->file : "standard error",
		      -errno);
}

/* Lines of events and live lines would be mixed up on one terminal. */
static bool wants_live(const struct trace *t)
{
	return isatty(STDERR_FILENO) &&
	       !(t->options->events && isatty(fileno(t->out)));
}

/* Trace until the end, or until somebody ends it. */
static int trace_all(struct trace *t, struct trace_command *cmd)
{
	__u64 next = t->start + LIVE_PAUSE;
	unsigned int lines = 0;
	bool live = wants_live(t);
	int more = 1;

	while (more > 0 && !interrupt_signal()) {
		more = trace_step(t);
		if (trace_now() < next)
			continue;
		next = trace_now() + LIVE_PAUSE;
		/* What a command writes must not be written over. */
		if (live)
			lines = trace_live(t, lines, !cmd);
		if (cmd)
			trace_command_stopped(cmd);
	}
	return more < 0 ? more : 0;
}

static int begin_document(struct trace *t)
{
	if (t->options->json) {
		json_object(&t->json, NULL);
		json_number(&t->json, "page_size", t->tally.page_size);
	}
	return t->options->events ? trace_lines_open(t) : 0;
}

static int run(struct trace *t, struct trace_command *cmd)
{
	int status = EXIT_OK, err;

	err = trace_begin(t);
	if (err)
		return EXIT_FAILED;
	if (cmd)
		status = trace_command_exec(cmd);
	if (status)
		return status;
	err = begin_document(t);
	if (!err)
		err = trace_all(t, cmd);
	if (!err)
		err = trace_finish(t);
	if (!err)
		err = trace_report(t);
	/* A reader that has seen enough ("| head") is no failure. */
	if (err && err != -EPIPE)
		return report("trace", err);
	err = t->options->html ? trace_page(t, cowi_status(t->c)) : 0;
	return err ? report(t->options->html, err) : EXIT_OK;
}

static int run_command(struct trace *t)
{
	struct trace_command *cmd;
	int status;

	if (trace_command_new(t->options, &cmd))
		return EXIT_FAILED;
	t->root_pid = trace_command_pid(cmd);
	status = run(t, cmd);
	trace_release(t);
	if (!status)
		status = trace_command_wait(cmd);
	trace_command_free(cmd);
	return status;
}

static int run_others(struct trace *t)
{
	int status;

	if (t->options->stream.nr_pids == 1)
		t->root_pid = t->options->stream.pid[0];
	status = run(t, NULL);
	trace_release(t);
	return status;
}

int cmd_trace(int argc, char **argv, struct globals *g)
{
	struct trace_options o = { .top = 10 };
	struct trace t = { .options = &o };
	int status, closed;

	parse_command(&argp, argc, argv, ARGP_IN_ORDER, &o, g);
	if (session_open(g, &t.c))
		return EXIT_FAILED;
	status = open_output(&t);
	if (!status) {
		status = open_page(&t);
		if (!status)
			status = o.command ? run_command(&t) : run_others(&t);
		trace_page_close(&t);
		closed = close_output(&t);
		status = status ? status : closed;
		/* Nothing else ends the trace of a process that goes on. */
		if (!status && !o.command)
			interrupt_was_meant();
	}
	cowi_close(t.c);
	free((pid_t *)o.stream.pid);
	return status;
}
