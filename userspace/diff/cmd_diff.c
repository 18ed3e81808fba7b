// SPDX-License-Identifier: GPL-2.0
/* cowinspect diff: what has changed between two moments. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "array_size.h"
#include "internal.h"
#include "procfs.h"
#include "view.h"
#include "spool.h"
#include "unpack.h"
#include "write.h"

static const char doc[] =
	"Say what has become of the memory of processes: between two snapshots\n"
	"A and B, since a snapshot A, or again and again.\n"
	"\vFrames are followed. COPIED is what was written: the page was shared,\n"
	"and the process has an anonymous one of its own in its place. REUSED\n"
	"was written as well, and needed no copy. PRIVATE has become the\n"
	"process's own without a write, since others have let go of it. NEW was\n"
	"not there before, FREED is not there any more. A write to a page that\n"
	"was the process's own changes nothing that is told here.\n"
	"\n"
	"BEFORE = kept + copied + replaced + away + out + freed, and AFTER =\n"
	"kept + copied + replaced + moved + in + new; --list-columns explains\n"
	"them. Moved is a frame at another address (mremap), replaced another\n"
	"frame although no write copies there. Where a frame that was shared\n"
	"was migrated by the kernel meanwhile, that counts as copied.\n"
	"\n"
	"Processes are told apart by their ids and when they began. Choose the\n"
	"same ones for both. The snapshots must be of one machine that was not\n"
	"booted in between.\n"
	"\n"
	"Sizes are shown as 4K, 1.5M; --json and --bytes give bytes, --raw\n"
	"pages.\n"
	"\n"
	"Examples:\n"
	"  cowinspect diff before.cow after.cow\n"
	"  cowinspect diff before.cow after.cow --by mapping\n"
	"  sudo cowinspect diff before.cow -f $(pidof -s gunicorn)\n"
	"  sudo cowinspect diff before.cow 1234 --pages\n"
	"  sudo cowinspect diff --every 10 -f $(pidof -s redis-server)\n"
	"  cowinspect diff a.cow b.cow --json | jq .totals.copied\n";

enum {
	OPT_BY = 0xb00,
	OPT_EVERY,
};

static const struct argp_option options[] = {
	{ "by", OPT_BY, "KEYS", 0,
	  "what makes a line: process (the default), mapping, or both", 0 },
	{ "pages", 'P', NULL, 0, "the addresses of what has changed", 0 },
	{ "every", OPT_EVERY, "SECONDS", 0,
	  "of processes that run, again and again until they end", 0 },
	{ 0 }
};

static const struct argp_child children[] = {
	{ &reading_argp, 0, NULL, 0 },
	{ &output_argp, 0, NULL, 0 },
	{ 0 }
};

struct arguments {
	struct reading_names who;
	struct view view;
	const char *file[2];
	size_t nr_files;
	__u64 every;
};

static void take_keys(struct argp_state *state, const char *arg,
		      unsigned int *keys)
{
	static const char *const names[] = { "process", "mapping",
					     "process,mapping",
					     "mapping,process" };
	static const unsigned int means[] = { 1, 2, 3, 3 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(arg, names[i])) {
			*keys = means[i];
			return;
		}
	}
	argp_error(state, "--by: '%s' is not process, mapping or process,mapping",
		   arg);
}

static void check(struct argp_state *state, const struct arguments *a)
{
	bool live = !choice_is_empty(&a->who.names.choice);

	if (a->view.output.list_columns)
		return;
	if (a->who.names.file)
		argp_error(state, "two snapshots at most");
	if (a->every && (a->nr_files || !live))
		argp_error(state,
			   "--every is of processes that run: give their ids, --name, ...");
	if (!a->every && a->nr_files + live < 2)
		argp_error(state,
			   "what shall be compared? Give two snapshots, or one and processes, or --every");
	if (a->nr_files + live > 2)
		argp_error(state, "give either two snapshots, or one and processes");
	if (a->who.stop && !live)
		argp_error(state, "--stop: snapshots stand still");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;
	pid_t pid;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->who;
		state->child_inputs[1] = &a->view.output;
		return 0;
	case ARGP_KEY_ARG:
		if (!parse_pid(arg, &pid) || a->nr_files == 2 ||
		    access(arg, F_OK))
			return ARGP_ERR_UNKNOWN;
		a->file[a->nr_files++] = arg;
		return 0;
	case OPT_BY:
		take_keys(state, arg, &a->view.keys);
		return 0;
	case OPT_EVERY:
		if (parse_size(arg, &a->every) || !a->every)
			argp_error(state, "--every: '%s' is no number of seconds",
				   arg);
		return 0;
	case 'P':
		a->view.pages = true;
		return 0;
	case ARGP_KEY_END:
		check(state, a);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "A B\nA PID...\n--every SECONDS PID...",
	.doc = doc,
	.children = children,
};

/*
 * What runs is read into a snapshot, too, so that it can be compared with one: with
 * ids of the same key, and without names if that has none.
 */
static int take(const struct arguments *a, const struct globals *g,
		const struct cowi_snapshot *like, struct cowi **c)
{
	struct snapshot_how how = {
		.frames = !like || !like->has_ids,
		.anonymous = like && like->anonymous,
		.key = like && like->has_ids ? like->key : NULL,
	};
	int fd = spool_open(), status, err;
	struct snapshot_said said;

	if (fd < 0)
		return report("temporary file", fd);
	status = snapshot_write(fd, "snapshot", g, &a->who, &how, &said);
	if (!said.processes || interrupt_signal()) {
		close(fd);
		return status ? status : EXIT_FAILED;
	}
	err = cowi_open_fd(fd, c);
	return err ? report("snapshot", err) : EXIT_OK;
}

static int compare(struct arguments *a, struct cowi *before,
		   struct cowi *after)
{
	struct view *r = &a->view;
	const char *why = diff_why_not(before, after);
	int err;

	if (why) {
		fprintf(stderr, "cowinspect: these cannot be compared: %s\n",
			why);
		return EXIT_FAILED;
	}
	r->before = before;
	r->after = after;
	r->diff = (struct diff){ .is_live = a->nr_files < 2 };
	err = diff_view(r);
	return err ? report("diff", err) : EXIT_OK;
}

/* A copy of the module's files without a manifest does not say who is in it. */
static int open_snapshot(const char *path, struct cowi **c)
{
	int status = snapshot_open(path, c);

	if (status || cowi_snapshot(*c))
		return status;
	cowi_close(*c);
	return report(path, -COWI_ESNAPSHOT);
}

static int compare_once(struct arguments *a, const struct globals *g)
{
	struct cowi *before, *after;
	int status = open_snapshot(a->file[0], &before);

	if (status)
		return status;
	status = a->nr_files == 2 ? open_snapshot(a->file[1], &after) :
		 take(a, g, cowi_snapshot(before), &after);
	if (!status) {
		status = compare(a, before, after);
		cowi_close(after);
	}
	cowi_close(before);
	return status;
}

/* Whoever is to be looked at may have ended, which is the end. */
static bool is_anybody_there(const struct cowi *c)
{
	const struct cowi_snapshot *s = cowi_snapshot(c);
	struct cowi_procstat st;
	size_t i;

	for (i = 0; i < s->nr; i++) {
		if (!cowi_procstat(s->process[i].pid, &st) &&
		    st.start == s->process[i].start && st.state != 'Z')
			return true;
	}
	return false;
}

static int compare_again(struct arguments *a, const struct globals *g)
{
	struct cowi *before, *after = NULL;
	int status = take(a, g, NULL, &before);

	if (status)
		return status;
	while (!status && !interrupt_signal()) {
		/* A signal ends it early. */
		nanosleep(&(struct timespec){ .tv_sec = a->every }, NULL);
		if (interrupt_signal() || !is_anybody_there(before))
			break;
		status = take(a, g, NULL, &after);
		if (status)
			break;
		status = compare(a, before, after);
		if (a->view.output.style.form == TABLE_HUMAN)
			putchar('\n');
		fflush(stdout);
		cowi_close(before);
		before = after;
	}
	cowi_close(before);
	return status;
}

int cmd_diff(int argc, char **argv, struct globals *g)
{
	struct arguments a = { .view = { .keys = DIFF_BY_PROCESS } };
	struct view *r = &a.view;
	int status;

	parse_command(&argp, argc, argv, 0, &a, g);
	r->columns = r->pages ? diff_pages_columns() : diff_columns(r->keys);
	if (r->output.list_columns) {
		columns_help(&r->columns, stdout);
		return EXIT_OK;
	}
	status = output_select(&r->output, &r->columns);
	if (!status)
		status = a.every ? compare_again(&a, g) : compare_once(&a, g);
	free(r->columns.shown);
	free(a.who.names.choice.pid);
	return status;
}
