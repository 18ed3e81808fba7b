// SPDX-License-Identifier: GPL-2.0
/* The processes that a subcommand looks at. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* ---- opening ---- */

const char *target_text(const struct target *target, char *buf, size_t size)
{
	if (target->name[0])
		snprintf(buf, size, "%s (%d)", target->name, target->pid);
	else
		snprintf(buf, size, "process %d", target->pid);
	return buf;
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
	if (!err && names->follow && !g->debugfs)
		err = add_descendants(ts);
	return err;
}

static bool is_gone(int err)
{
	return err == -ESRCH || err == -COWI_EEXITED || err == -ENOENT;
}

static int open_all(struct targets *ts, size_t nr_named)
{
	size_t i, nr = 0;
	char what[48];
	int err = 0;

	for (i = 0; i < ts->nr && !err; i++) {
		struct target target = ts->target[i];

		err = cowi_target_open(ts->c, target.pid, &target.t);
		if (err && i >= nr_named && is_gone(err))
			err = 0;
		else if (err)
			report(target_text(&target, what, sizeof(what)), err);
		else
			ts->target[nr++] = target;
	}
	ts->nr = nr;
	return err;
}

int targets_open(struct targets *ts, const struct globals *g,
		 const struct target_names *names)
{
	int err;

	memset(ts, 0, sizeof(*ts));
	err = cowi_open(g->debugfs, &ts->c);
	if (err)
		return report(g->debugfs ? g->debugfs : COWI_DEFAULT_ROOT, err);
	err = list(ts, g, names);
	if (err) {
		ts->nr = 0;
		report("/proc", err);
	} else {
		err = open_all(ts, names->nr);
	}
	if (!err)
		return EXIT_OK;
	targets_close(ts);
	return EXIT_FAILED;
}

void targets_close(struct targets *ts)
{
	size_t i;

	for (i = 0; i < ts->nr; i++)
		cowi_target_close(ts->target[i].t);
	free(ts->target);
	cowi_close(ts->c);
	memset(ts, 0, sizeof(*ts));
}
