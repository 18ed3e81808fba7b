/* SPDX-License-Identifier: GPL-2.0 */
/* The parts of cowinspect trace. */
#ifndef TRACE_TRACE_H
#define TRACE_TRACE_H

#include <stdio.h>

#include "commands.h"
#include "exports.h"
#include "groups.h"
#include "json.h"
#include "libcowinspect_stream.h"
#include "shell.h"
#include "stacks.h"
#include "table.h"
#include "tally.h"
#include "targets.h"
#include "timeline.h"

/*
 * Processes that are kept one by one: of more, those that have exited first are in
 * their groups only, without mappings and pages.
 */
#define TRACE_MAX_PROCS		10000

/** enum trace_export - files for programs that others have made */
enum trace_export {
	TRACE_COLLAPSED,
	TRACE_PPROF,
	TRACE_PERFETTO,
	NR_TRACE_EXPORTS
};

/**
 * struct trace_options - the command line
 * @who: processes to be traced, unless there is a @command
 * @stream: what to listen to; but for @command, targets_stream() says to whom
 * @command: command to start and trace, or NULL
 * @file: --output, or NULL
 * @html: --html, or NULL
 * @export: --collapsed, --pprof, --perfetto, each or NULL
 * @weight: --weight, of --collapsed
 * @duration: nanoseconds to trace at most, or 0
 * @until_exit: end with the first process, whatever its descendants do
 * @json: write JSON
 * @events: write each fault as it happens
 * @foreground: leave @command in our process group
 * @as_root: do not give up root's rights for @command
 * @debuginfod: ask servers for debug information
 * @all_processes: a row for each process, however many there are
 * @top: most mappings, pages and processes to show of each
 */
struct trace_options {
	struct target_names who;
	struct cowi_stream_options stream;
	char **command;
	const char *file;
	const char *html;
	const char *export[NR_TRACE_EXPORTS];
	enum calls_weight weight;
	__u64 duration;
	bool until_exit;
	bool json;
	bool events;
	bool foreground;
	bool as_root;
	bool debuginfod;
	bool all_processes;
	__u64 top;
};

/**
 * struct trace_proc - a traced process
 * @tally: what its events add up to
 * @faults: the same as the module's counters have it
 * @running: has not exited, as far as is known
 * @live: counts at the last live line
 * @lane: when its events were, with --html
 */
struct trace_proc {
	struct tally_proc *tally;
	struct cowi_faults faults;
	bool running;
	struct tally_counts live;
	struct timeline_lane lane;
};

/**
 * struct trace_exports - files being written
 * @file: each of them, or NULL
 * @json: the document of --perfetto
 * @flows: arrows in it so far
 */
struct trace_exports {
	FILE *file[NR_TRACE_EXPORTS];
	struct json json;
	unsigned int flows;
};

/**
 * struct trace - a trace
 * @options: of the command line
 * @c: session
 * @root_pid: the process that was started, or the only one that was named, or 0
 * @stream: the events
 * @tally: events, added up
 * @stacks: where they came from, with --stacks
 * @timeline: the same over time, with --html
 * @nr_procs: entries in @proc
 * @proc: in the order of @tally's
 * @max_procs: how many there may be, but for those that run
 * @last: of @proc, the one that was looked up last
 * @groups: processes that are no more in @proc; all, once it is finished
 * @forgotten: those that are no more in @proc, as one group
 * @checked: when it was asked for whether faults are observed
 * @unarmed: at some time they were not, as probes were switched off
 * @missed: how many the module had missed before, and afterwards while we listened
 * @start: when the tracing began
 * @end: when it ended
 * @out: where the report goes
 * @json: the document, with --json
 * @lines: the table of events, with --events
 * @page: for --html, as long as it is open
 * @exports: the other files
 */
struct trace {
	const struct trace_options *options;
	struct cowi *c;
	pid_t root_pid;
	struct cowi_stream *stream;
	struct tally tally;
	struct stacks stacks;
	struct timeline timeline;
	size_t nr_procs;
	struct trace_proc **proc;
	size_t max_procs;
	struct trace_proc *last;
	struct groups groups;
	struct proc_group forgotten;
	__u64 checked;
	bool unarmed;
	__u64 missed;
	__u64 start;
	__u64 end;
	FILE *out;
	struct json json;
	struct trace_lines *lines;
	struct shell page;
	struct trace_exports exports;
};

/** trace_procs - how many processes were traced */
static inline size_t trace_procs(const struct trace *t)
{
	return t->nr_procs + t->forgotten.procs;
}

/** trace_now - CLOCK_MONOTONIC, as events have it, in nanoseconds */
__u64 trace_now(void);

/* The command (command.c) */

struct trace_command;

/**
 * trace_command_new - make the process of a command, before its exec
 * @o: @command, @foreground and @as_root
 * @out: set on success; to be given to trace_command_free()
 *
 * Return: 0 or -errno, after a message.
 */
int trace_command_new(const struct trace_options *o,
		      struct trace_command **out);

/** trace_command_pid - its id */
pid_t trace_command_pid(const struct trace_command *cmd);

/**
 * trace_command_exec - let it go
 * @cmd: from trace_command_new()
 *
 * Return: 0 once the command runs, or the exit status for one that could not
 * be started (126 or 127, as of env), after a message.
 */
int trace_command_exec(struct trace_command *cmd);

/**
 * trace_command_stopped - whether the terminal has stopped it; says so once
 * @cmd: from trace_command_new()
 */
void trace_command_stopped(struct trace_command *cmd);

/**
 * trace_command_wait - its exit status, 128 + N after signal N
 * @cmd: from trace_command_new()
 *
 * Return: EXIT_FAILED if a signal to us ended the waiting.
 */
int trace_command_wait(struct trace_command *cmd);

/**
 * trace_command_free - done; what has not been let go ends
 * @cmd: from trace_command_new(), or NULL
 */
void trace_command_free(struct trace_command *cmd);

/* The tracing (run.c) */

/**
 * trace_begin - begin to listen
 * @t: @options, @c, @root_pid, @out and @json are set
 *
 * Return: 0 or a negative error, after a message. trace_release() frees.
 */
int trace_begin(struct trace *t);

/**
 * trace_take - handle an event
 * @t: trace
 * @e: of any kind
 *
 * Return: 0 or a negative error.
 */
int trace_take(struct trace *t, const struct cowi_event *e);

/**
 * trace_step - handle what has happened, or wait for something for a while
 * @t: trace
 *
 * Return: 1; 0 at the end; a negative error.
 */
int trace_step(struct trace *t);

/**
 * trace_finish - the last numbers
 * @t: trace
 *
 * Return: 0 or a negative error.
 */
int trace_finish(struct trace *t);

/**
 * trace_release - listen no more, and free all
 * @t: trace
 */
void trace_release(struct trace *t);

/* While it runs (live.c) */

/**
 * trace_live - lines with rates for those who watch
 * @t: trace
 * @lines: how many were written last time; replaced if @redraw
 * @redraw: write over those
 *
 * Return: how many were written.
 */
unsigned int trace_live(struct trace *t, unsigned int lines, bool redraw);

/**
 * trace_live_line - one of them: of a process, with what fits
 * @out: where to
 * @p: the process
 * @elapsed: nanoseconds since its @live
 * @columns: of the terminal
 */
void trace_live_line(FILE *out, const struct trace_proc *p, __u64 elapsed,
		     unsigned int columns);

/* --events (lines.c) */

/**
 * trace_lines_open - begin the table of events
 * @t: trace; @lines is set
 *
 * Return: 0 or -ENOMEM.
 */
int trace_lines_open(struct trace *t);

/**
 * trace_lines_add - write an event
 * @t: trace
 * @e: of any kind but COWI_EVENT_NAMED
 *
 * Return: 0 or -ENOMEM.
 */
int trace_lines_add(struct trace *t, const struct cowi_event *e);

/**
 * trace_flags_text - the flags of a fault, with commas
 * @e: fault
 * @buf: room for them
 * @size: of it
 */
void trace_flags_text(const struct cowi_event *e, char *buf, size_t size);

/** trace_lines_flush - have all be seen that was added */
int trace_lines_flush(struct trace *t);

/** trace_lines_close - end the table */
int trace_lines_close(struct trace *t);

/* At the end (report.c) */

/**
 * trace_report - tables, or the rest of the JSON document
 * @t: trace, finished
 *
 * Return: 0 or -errno.
 */
int trace_report(struct trace *t);

/**
 * trace_vma_name - what a mapping is called
 * @vma: mapping; its name may be that of none
 * @buf: room for words that stand for a name
 * @size: of it
 *
 * Return: the name, or @buf.
 */
const char *trace_vma_name(const struct tally_vma *vma, char *buf, size_t size);

/**
 * trace_explain - what the tables do not say (explain.c)
 * @t: trace, finished
 */
void trace_explain(const struct trace *t);

/* --html (page.c) */

/**
 * trace_page_open - make its file, so that it fails before there is a trace
 * @t: trace, with --html
 *
 * Return: 0 or -errno.
 */
int trace_page_open(struct trace *t);

/**
 * trace_page - write it
 * @t: trace, finished
 * @status: of the module
 *
 * Return: 0 or -errno.
 */
int trace_page(struct trace *t, const struct cowi_status *status);

/**
 * trace_page_calls - its call paths, if there are any (page_calls.c)
 * @j: in the object of its data
 * @t: trace, finished
 */
void trace_page_calls(struct json *j, const struct trace *t);

/** trace_page_close - give up a page that was not written, if there is one */
void trace_page_close(struct trace *t);

/* --collapsed, --pprof, --perfetto (exports.c) */

/**
 * trace_exports_open - make the files, so that they fail before there is a trace
 * @t: trace; its command line asks for stacks where one of them is of call paths
 *
 * Return: 0 or -errno, after a message.
 */
int trace_exports_open(struct trace *t);

/**
 * trace_exports - write them
 * @t: trace, finished
 *
 * Return: 0 or -errno, after a message.
 */
int trace_exports(struct trace *t);

/** trace_faults_word - what the traced faults are: "copies", or "faults" */
const char *trace_faults_word(const struct trace *t);

/** trace_exports_close - give up those that were not written, if there are any */
void trace_exports_close(struct trace *t);

/* --perfetto (perfetto.c), for those who have opened its file */

void trace_perfetto_begin(struct trace *t);

/**
 * trace_perfetto_add - write an event
 * @t: trace; nothing is done without --perfetto
 * @p: its process, which has it in its tally already; NULL for COWI_EVENT_LOST
 * @e: of any kind
 */
void trace_perfetto_add(struct trace *t, const struct trace_proc *p,
			const struct cowi_event *e);
void trace_perfetto_end(struct trace *t);

#endif /* TRACE_TRACE_H */
