// SPDX-License-Identifier: GPL-2.0
/* The processes that a subcommand looks at. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "safe.h"
#include "targets.h"

/* ---- the command line ---- */

void target_names_add(struct argp_state *state, const char *arg,
		      struct target_names *names)
{
	pid_t pid, *grown;
	size_t i;

	if (parse_pid(arg, &pid))
		argp_error(state, "'%s' is no process id", arg);
	for (i = 0; i < names->nr; i++) {
		if (names->pid[i] == pid)
			return;
	}
	grown = reallocarray(names->pid, names->nr + 1, sizeof(*grown));
	if (!grown)
		argp_failure(state, EXIT_FAILED, ENOMEM, "arguments");
	names->pid = grown;
	names->pid[names->nr++] = pid;
}

void target_names_check(struct argp_state *state,
			const struct target_names *names)
{
	if (!names->nr)
		argp_error(state, "which process? Give its id");
}

bool target_names_several(const struct target_names *names)
{
	return names->nr > 1 || names->follow;
}

/* ---- what /proc knows ---- */

/* Of "PID (NAME) STATE PARENT ...", where the name may have brackets. */
static int parse_stat(char *text, struct target *target)
{
	char *open = strchr(text, '('), *close = strrchr(text, ')');
	char state;

	if (!open || !close || sscanf(close, ") %c %d", &state,
				      &target->parent) != 2)
		return -EINVAL;
	*close = '\0';
	snprintf(target->name, sizeof(target->name), "%s", open + 1);
	return state == 'Z' ? -ESRCH : 0;
}

static int read_stat(pid_t pid, struct target *target)
{
	char path[32], text[512];
	size_t len;
	FILE *file;

	*target = (struct target){ .pid = pid };
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return -errno;
	len = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[len] = '\0';
	return parse_stat(text, target);
}

static int add(struct targets *ts, const struct target *target)
{
	struct target *grown;

	grown = reallocarray(ts->target, ts->nr + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	ts->target = grown;
	ts->target[ts->nr++] = *target;
	return 0;
}

static bool has(const struct targets *ts, pid_t pid)
{
	size_t i;

	for (i = 0; i < ts->nr; i++) {
		if (ts->target[i].pid == pid)
			return true;
	}
	return false;
}

/* All processes that run, as far as they can be seen. */
static int read_all(struct targets *all)
{
	struct dirent *entry;
	struct target target;
	DIR *dir;
	int err = 0;
	pid_t pid;

	dir = opendir("/proc");
	if (!dir)
		return -errno;
	while (!err && (entry = readdir(dir))) {
		if (!parse_pid(entry->d_name, &pid) && !read_stat(pid, &target))
			err = add(all, &target);
	}
	closedir(dir);
	return err;
}

/* Behind those that are there already, their children, then those of these. */
static int add_descendants(struct targets *ts)
{
	struct targets all = { 0 };
	size_t i, k;
	int err = read_all(&all);

	for (i = 0; i < ts->nr && !err; i++) {
		for (k = 0; k < all.nr && !err; k++) {
			const struct target *child = &all.target[k];

			if (child->parent == ts->target[i].pid &&
			    !has(ts, child->pid))
				err = add(ts, child);
		}
	}
	free(all.target);
	return err;
}

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

/* A copy of the module's files tells nothing of /proc. */
static int list(struct targets *ts, const struct globals *g,
		const struct target_names *names)
{
	struct target target;
	size_t i;
	int err = 0;

	for (i = 0; i < names->nr && !err; i++) {
		target = (struct target){ .pid = names->pid[i] };
		if (!g->debugfs)
			read_stat(names->pid[i], &target);
		err = add(ts, &target);
	}
	ts->nr_named = ts->nr;
	if (!err && names->follow && !g->debugfs)
		err = add_descendants(ts);
	return err;
}

int targets_open(struct targets *ts, const struct globals *g,
		 const struct target_names *names)
{
	int err;

	memset(ts, 0, sizeof(*ts));
	if (session_open(g, &ts->c))
		return EXIT_FAILED;
	err = list(ts, g, names);
	if (!err)
		return EXIT_OK;
	targets_close(ts);
	return report("/proc", err);
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
	for (i = 0; i < ts->nr && err != -COWI_ELIMIT && !interrupt_signal();
	     i++) {
		struct target *target = &ts->target[i];

		err = attach(ts, target, &attached);
		if (err && i >= ts->nr_named && is_gone(err))
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

void targets_close(struct targets *ts)
{
	free(ts->target);
	cowi_close(ts->c);
	memset(ts, 0, sizeof(*ts));
}
