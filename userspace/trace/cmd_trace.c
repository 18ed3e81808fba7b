// SPDX-License-Identifier: GPL-2.0
/* cowinspect trace: what each page fault of a command or a process did. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "array_size.h"
#include "commands.h"
#include "invoker.h"
#include "trace.h"

#define LIVE_PAUSE	1000000000

/* Of a stack, less than that is of no use. */
#define STACK_BYTES_MIN	256

/* Outcomes that are worth a stack, unless --outcomes says otherwise. */
#define STACK_OUTCOMES	(1U << COWI_DID_COPIED | 1U << COWI_DID_SWAPIN_COPIED)

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
	"Processes are chosen as by show and ps, --pid several times as well:\n"
	"those that there are when it begins. --all, --name and one cgroup\n"
	"alone have those to come, too; with --limit they have not. --follow\n"
	"has the descendants, those that exist already and those to come,\n"
	"which --limit does not count. What is\n"
	"listened to is told apart by us unless it is up to 32 processes\n"
	"without --follow, or a cgroup: on a busy machine these cost others\n"
	"the least.\n"
	"\n"
	"--stacks says which code copies, in functions, call paths, and who\n"
	"wrote to which mapping; with --outcomes, which code did these. dwarf,\n"
	"the default, unwinds 8 KiB of each stack, or BYTES; fp is cheaper and\n"
	"needs programs and libraries that have frame pointers. Separate debug\n"
	"information below /usr/lib/debug gives names and lines.\n"
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
	"  sudo cowinspect trace -f --stacks -p $(pidof -s redis-server)\n"
	"  sudo cowinspect trace -f --perfetto make.json -- make\n"
	"  sudo cowinspect trace --json -o t.json -- ./server &&\n"
	"    jq '.vmas[] | select(.copied > 0) | [.name, .copied]' t.json\n";

enum {
	OPT_EVENTS = 0x300,
	OPT_FOREGROUND,
	OPT_AS_ROOT,
	OPT_DURATION,
	OPT_UNTIL_EXIT,
	OPT_BUFFER,
	OPT_ALL_PROCESSES,
	OPT_STACKS,
	OPT_DEBUGINFOD,
	OPT_COLLAPSED,
	OPT_PPROF,
	OPT_PERFETTO,
	OPT_WEIGHT,
	OPT_TOP,
	OPT_HTML = 'H',
};

static const struct argp_option options[] = {
	{ "outcomes", 'e', "LIST", 0,
	  "only faults that came out so: copied,reused", 0 },
	{ "stacks", OPT_STACKS, "HOW", OPTION_ARG_OPTIONAL,
	  "say which code copies: dwarf[,BYTES] or fp", 0 },
	{ "debuginfod", OPT_DEBUGINFOD, NULL, 0,
	  "with --stacks: ask DEBUGINFOD_URLS for debug information", 0 },
	{ "duration", OPT_DURATION, "SECONDS", 0, "end after that", 0 },
	{ "until-exit", OPT_UNTIL_EXIT, NULL, 0,
	  "end with COMMAND or the first PID, whoever is left", 0 },
	{ "buffer", OPT_BUFFER, "SIZE", 0,
	  "memory for events, per CPU (default: 4M, with stacks 32M)", 0 },
	{ "events", OPT_EVENTS, NULL, 0, "write a line for each fault, too",
	  0 },
	{ "top", OPT_TOP, "N", 0,
	  "show so many mappings, pages and processes (default: 10)", 0 },
	{ "all-processes", OPT_ALL_PROCESSES, NULL, 0,
	  "a row for each process, not groups, also of more than 12", 0 },
	{ "json", 'J', NULL, 0, "write JSON", 0 },
	{ "output", 'o', "FILE", 0, "write to FILE", 0 },
	{ "html", OPT_HTML, "FILE", 0,
	  "also write a page for a browser: what happened when", 0 },
	{ "collapsed", OPT_COLLAPSED, "FILE", 0,
	  "also call paths for flamegraph.pl and others; turns --stacks on", 0 },
	{ "weight", OPT_WEIGHT, "WHAT", 0,
	  "of --collapsed: bytes (the default), faults or time", 0 },
	{ "pprof", OPT_PPROF, "FILE", 0,
	  "also call paths for pprof; turns --stacks on", 0 },
	{ "perfetto", OPT_PERFETTO, "FILE", 0,
	  "also write each event for ui.perfetto.dev, or Chrome", 0 },
	{ "foreground", OPT_FOREGROUND, NULL, 0,
	  "let COMMAND read from the terminal, and get its Ctrl-C", 0 },
	{ "as-root", OPT_AS_ROOT, NULL, 0,
	  "run COMMAND as root also under sudo", 0 },
	/* That is --noheadings elsewhere. */
	{ NULL, 'n', "N", OPTION_HIDDEN, NULL, 0 },
	{ 0 }
};

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

/* "fp", "dwarf" or "dwarf,16384" */
static void take_stacks(struct argp_state *state, const char *arg,
			struct cowi_stream_options *o)
{
	__u64 size = COWI_STACK_BYTES;

	o->stacks = COWI_STACKS_DWARF;
	if (arg && !strcmp(arg, "fp"))
		o->stacks = COWI_STACKS_FP;
	else if (arg && !strncmp(arg, "dwarf,", 6) && parse_size(arg + 6, &size))
		size = 0;
	else if (arg && strncmp(arg, "dwarf,", 6) && strcmp(arg, "dwarf"))
		argp_error(state, "--stacks: '%s' is not fp, dwarf or dwarf,BYTES", arg);
	if (size % 8 || size < STACK_BYTES_MIN || size > COWI_STACK_BYTES_MAX)
		argp_error(state, "--stacks: a piece of stack has %d to %d bytes, a multiple of 8",
			   STACK_BYTES_MIN, COWI_STACK_BYTES_MAX);
	o->stack_bytes = size;
}

static void take_weight(struct argp_state *state, const char *arg,
			enum calls_weight *weight)
{
	static const char *const names[NR_CALLS_WEIGHTS] = {
		[CALLS_BYTES] = "bytes",
		[CALLS_FAULTS] = "faults",
		[CALLS_TIME] = "time",
	};

	for (*weight = 0; *weight < NR_CALLS_WEIGHTS; ++*weight) {
		if (!strcmp(arg, names[*weight]))
			return;
	}
	argp_error(state, "--weight: '%s' is not bytes, faults or time", arg);
}

static void check_what(struct argp_state *state, const struct trace_options *o)
{
	bool others = o->who.limit || !choice_is_empty(&o->who.choice);

	if (!o->command && !others)
		argp_error(state,
			   "give a COMMAND, --pid, --name, --user, --cgroup or --all");
	if (o->command && others)
		argp_error(state,
			   "give either a COMMAND or --pid, --name, --user, --cgroup or --all");
	if (!o->command)
		target_names_check(state, &o->who);
	if (o->until_exit && !o->command && !o->who.choice.nr)
		argp_error(state, "--until-exit: give a COMMAND or --pid");
}

/* Whether faults have stacks, and which of them. */
static void choose_stacks(struct argp_state *state, struct trace_options *o)
{
	/* These files have nothing but call paths. */
	if (!o->stream.stacks &&
	    (o->export[TRACE_COLLAPSED] || o->export[TRACE_PPROF]))
		take_stacks(state, NULL, &o->stream);
	o->stream.stack_outcomes = o->stream.outcomes ? o->stream.outcomes :
							STACK_OUTCOMES;
}

/* Options that are no more than a member of the options. */
static const struct {
	int key;
	size_t at;
} flags[] = {
	{ OPT_DEBUGINFOD, offsetof(struct trace_options, debuginfod) },
	{ OPT_UNTIL_EXIT, offsetof(struct trace_options, until_exit) },
	{ OPT_EVENTS, offsetof(struct trace_options, events) },
	{ OPT_ALL_PROCESSES, offsetof(struct trace_options, all_processes) },
	{ 'J', offsetof(struct trace_options, json) },
	{ OPT_FOREGROUND, offsetof(struct trace_options, foreground) },
	{ OPT_AS_ROOT, offsetof(struct trace_options, as_root) },
}, files[] = {
	{ 'o', offsetof(struct trace_options, file) },
	{ OPT_HTML, offsetof(struct trace_options, html) },
	{ OPT_COLLAPSED, offsetof(struct trace_options, export[TRACE_COLLAPSED]) },
	{ OPT_PPROF, offsetof(struct trace_options, export[TRACE_PPROF]) },
	{ OPT_PERFETTO, offsetof(struct trace_options, export[TRACE_PERFETTO]) },
};

static bool take_member(struct trace_options *o, int key, const char *arg)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		if (flags[i].key == key) {
			*(bool *)((char *)o + flags[i].at) = true;
			return true;
		}
	}
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		if (files[i].key == key) {
			*(const char **)((char *)o + files[i].at) = arg;
			return true;
		}
	}
	return false;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct trace_options *o = state->input;

	if (take_member(o, key, arg))
		return 0;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &o->who;
		return 0;
	case 'e':
		take_outcomes(state, arg, &o->stream.outcomes);
		return 0;
	case OPT_STACKS:
		take_stacks(state, arg, &o->stream);
		return 0;
	case OPT_DURATION:
		take_duration(state, arg, &o->duration);
		return 0;
	case OPT_BUFFER:
		take_buffer(state, arg, &o->stream.ring_bytes);
		return 0;
	case OPT_TOP:
	case 'n':
		if (parse_size(arg, &o->top))
			argp_error(state, "--top: '%s' is no number", arg);
		return 0;
	case OPT_WEIGHT:
		take_weight(state, arg, &o->weight);
		return 0;
	case ARGP_KEY_ARG:
		/* The rest belongs to the command. */
		o->command = &state->argv[state->next - 1];
		state->next = state->argc;
		return 0;
	case ARGP_KEY_END:
		check_what(state, o);
		choose_stacks(state, o);
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
	.args_doc = "[--] COMMAND [ARG...]\n--pid PID\n--name REGEX\n--cgroup DIR\n--all",
	.doc = doc,
	.children = children,
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

	if (err)
		return report(t->options->html, err);
	return trace_exports_open(t) ? EXIT_FAILED : EXIT_OK;
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
		json_document(&t->json, "cowinspect-trace");
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
	if (err)
		return report(t->options->html, err);
	return trace_exports(t) ? EXIT_FAILED : EXIT_OK;
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
	status = targets_stream(&o.who, NULL, &o.stream);
	if (!status)
		status = open_output(&t);
	if (!status) {
		status = open_page(&t);
		if (!status)
			status = o.command ? run_command(&t) : run_others(&t);
		trace_page_close(&t);
		trace_exports_close(&t);
		closed = close_output(&t);
		status = status ? status : closed;
		/* Nothing else ends the trace of a process that goes on. */
		if (!status && !o.command)
			interrupt_was_meant();
	}
	cowi_close(t.c);
	targets_stream_release(&o.stream);
	free(o.who.choice.pid);
	return status;
}
