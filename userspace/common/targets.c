// SPDX-License-Identifier: GPL-2.0
/* The processes that a subcommand looks at. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "safe.h"
#include "targets.h"
#include "unpack.h"

/* ---- the command line ---- */

enum {
	OPT_LIMIT = 0x500,
};

static const struct argp_option target_options[] = {
	{ "limit", OPT_LIMIT, "N", 0, "no more than N processes", 10 },
	{ 0 }
};

/* What is no number is the name of a file, if there is one. */
static void take_argument(struct argp_state *state, char *arg,
			  struct target_names *names)
{
	pid_t pid;

	if (!parse_pid(arg, &pid))
		choice_add(state, arg, &names->choice);
	else if (access(arg, F_OK))
		argp_error(state, "'%s' is no process id, and no file", arg);
	else if (names->file)
		argp_error(state, "one snapshot at a time");
	else
		names->file = arg;
}

static error_t parse_target(int key, char *arg, struct argp_state *state)
{
	struct target_names *names = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &names->choice;
		return 0;
	case OPT_LIMIT:
		if (parse_size(arg, &names->limit) || !names->limit)
			argp_error(state, "--limit: '%s' is no number of processes",
				   arg);
		return 0;
	case ARGP_KEY_ARG:
		take_argument(state, arg, names);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

void target_names_check(struct argp_state *state,
			const struct target_names *names)
{
	if (choice_is_empty(&names->choice) && !names->file)
		argp_error(state,
			   "which process? Give its id, a snapshot, --name, --user, --cgroup, --all");
}

static const struct argp_child target_children[] = {
	{ &choice_argp, 0, NULL, 0 },
	{ 0 }
};

const struct argp targets_argp = {
	.options = target_options,
	.parser = parse_target,
	.children = target_children,
};

static const struct argp_option memory_options[] = {
	{ "range", 'R', "START-END", 0,
	  "only these addresses, hexadecimal; also START+SIZE, or one address",
	  0 },
	{ "html", 'H', "FILE", 0,
	  "also write a page for a browser, of each page and its record", 0 },
	{ 0 }
};

static error_t parse_memory(int key, char *arg, struct argp_state *state)
{
	struct target_names *names = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = names;
		return 0;
	case 'R':
		names->range = arg;
		return 0;
	case 'H':
		names->html = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child memory_children[] = {
	{ &targets_argp, 0, NULL, 0 },
	{ 0 }
};

const struct argp memory_argp = {
	.options = memory_options,
	.parser = parse_memory,
	.children = memory_children,
};

/* ---- looking at them ---- */

const char *target_text(const struct target *target, char *buf, size_t size)
{
	if (target->name[0])
		snprintf(buf, size, "%s (%d)", target->name, target->pid);
	else
		snprintf(buf, size, "process %d", target->pid);
	return buf;
}

void target_heading(const struct target *target, bool first)
{
	char text[48];

	if (!first)
		putchar('\n');
	put_safe(stdout, target_text(target, text, sizeof(text)));
	puts(":");
}

int target_has_no(const struct target *target, const char *what,
		  const struct range *range)
{
	char text[48];

	fputs("cowinspect: ", stderr);
	put_safe(stderr, target_text(target, text, sizeof(text)));
	fprintf(stderr, ": no %s in %llx-%llx\n", what, range->start,
		range->end);
	return EXIT_FAILED;
}

static int add_recorded(const struct cowi_recorded *p, struct chosen *list)
{
	struct target target = {
		.pid = p->pid,
		.parent = p->parent,
		.title = p->title,
	};

	memcpy(target.name, p->comm, sizeof(target.name));
	return chosen_add(list, &target);
}

/* All who are in it: a copy without a manifest tells nothing but ids. */
static int read_recorded(struct cowi *c, struct chosen *all)
{
	const struct cowi_snapshot *s = cowi_snapshot(c);
	const struct cowi_status *st = cowi_status(c);
	size_t i;
	int err = 0;

	for (i = 0; s && i < s->nr && !err; i++)
		err = add_recorded(&s->process[i], all);
	for (i = 0; !s && i < st->nr_targets && !err; i++)
		err = chosen_add(all, &(struct target){
				 .pid = st->target[i].pid });
	return err;
}

static int add_named(const struct choice *c, const struct chosen *all,
		     struct chosen *list)
{
	int err = 0;
	size_t i, k;

	for (i = 0; i < c->nr && !err; i++) {
		struct target target = { .pid = c->pid[i] };

		for (k = 0; k < all->nr; k++) {
			if (all->target[k].pid == target.pid)
				target = all->target[k];
		}
		err = chosen_add(list, &target);
	}
	list->nr_named = list->nr;
	return err;
}

static int list_recorded(struct targets *ts, const struct target_names *names)
{
	struct choice c = names->choice;
	struct chosen all = { 0 };
	int status, err;

	if (c.user || c.cgroup || c.cgroup_of ||
	    (c.name && !cowi_snapshot(ts->c))) {
		fprintf(stderr,
			"cowinspect: a copy of files of the module has ids only%s\n",
			cowi_snapshot(ts->c) ? ", names and parents" : "");
		return EXIT_USAGE;
	}
	c.all |= names->file && choice_is_empty(&c);
	err = read_recorded(ts->c, &all);
	if (!err)
		err = add_named(&c, &all, &ts->list);
	status = err ? report("targets", err) :
		       choice_find_among(&c, &all, &ts->list);
	free(all.target);
	return status;
}

static void cut(struct chosen *list, __u64 limit)
{
	if (!limit || list->nr <= limit)
		return;
	fprintf(stderr, "cowinspect: --limit: %llu of %zu processes\n", limit,
		list->nr);
	list->nr = limit;
}

int targets_find(const struct target_names *names, struct chosen *list)
{
	int status = choice_find(&names->choice, list);

	cut(list, names->limit);
	return status;
}

static int list(struct targets *ts, const struct globals *g,
		const struct target_names *names)
{
	int status;

	if (g->debugfs || names->file) {
		status = list_recorded(ts, names);
		cut(&ts->list, names->limit);
	} else {
		status = targets_find(names, &ts->list);
	}
	ts->several = names->file && choice_is_empty(&names->choice) ?
		      ts->list.nr > 1 : choice_several(&names->choice);
	return status;
}

static int take_range(const char *text, __u64 page_size, struct range *r)
{
	*r = (struct range){ 0, UINT64_MAX };
	if (!text || !parse_range(text, page_size, r))
		return EXIT_OK;
	fprintf(stderr,
		"cowinspect: --range: '%s' is not START-END, START+SIZE or an address, in hexadecimal, with START below END\n",
		text);
	return EXIT_USAGE;
}

int targets_open(struct targets *ts, const struct globals *g,
		 const struct target_names *names)
{
	int status;

	memset(ts, 0, sizeof(*ts));
	if (names->file ? snapshot_open(names->file, &ts->c) :
			  session_open(g, &ts->c))
		return EXIT_FAILED;
	status = take_range(names->range, cowi_status(ts->c)->page_size,
			    &ts->range);
	if (!status)
		status = list(ts, g, names);
	if (status)
		targets_close(ts);
	return status;
}

static bool is_gone(int err)
{
	return err == -COWI_ENOPROC || err == -COWI_EZOMBIE || err == -ENOENT;
}

/*
 * @before stays attached until the next one is, if there is room for both: with
 * the last process the module lets go of its hooks, which takes far longer than
 * most processes do. It becomes @target.
 */
static int attach(struct targets *ts, struct target *target,
		  struct cowi_target **before)
{
	int err = cowi_target_open(ts->c, target->pid, &target->t);

	if (err == -COWI_ELIMIT && *before) {
		cowi_target_close(*before);
		*before = NULL;
		err = cowi_target_open(ts->c, target->pid, &target->t);
	}
	if (err)
		return err;
	cowi_target_close(*before);
	*before = target->t;
	return 0;
}

int targets_each(struct targets *ts,
		 int (*look)(const struct target *target, void *arg), void *arg)
{
	struct cowi_target *attached = NULL;
	int status = EXIT_OK, err = 0;
	char what[48];
	size_t i;

	/* Where there is no room for one, there is none for the next. */
	for (i = 0; i < ts->list.nr && err != -COWI_ELIMIT && !interrupt_signal();
	     i++) {
		struct target *target = &ts->list.target[i];

		err = attach(ts, target, &attached);
		if (err && i >= ts->list.nr_named && is_gone(err))
			continue;
		if (!err)
			err = look(target, arg);
		if (err < 0)
			report(target_text(target, what, sizeof(what)), err);
		if (err)
			status = EXIT_FAILED;
	}
	cowi_target_close(attached);
	return status;
}

void targets_note_ids(const struct targets *ts)
{
	const struct cowi_snapshot *s = cowi_snapshot(ts->c);

	if (s && s->has_ids)
		fputs("cowinspect: frames have ids here, not their numbers\n",
		      stderr);
}

void targets_close(struct targets *ts)
{
	free(ts->list.target);
	cowi_close(ts->c);
	memset(ts, 0, sizeof(*ts));
}
