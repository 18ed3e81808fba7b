// SPDX-License-Identifier: GPL-2.0
/* The options that say which processes are meant, and who that is. */
#include <dirent.h>
#include <errno.h>
#include <pwd.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "choice.h"
#include "cgroup.h"
#include "commands.h"
#include "grow.h"
#include "procfs.h"

/* ---- the command line ---- */

enum {
	OPT_NAME = 0x400,
	OPT_USER,
	OPT_CGROUP,
	OPT_CGROUP_OF,
};

static const struct argp_option options[] = {
	{ NULL, 0, NULL, 0, "Which processes:", 10 },
	{ "pid", 'p', "PID", 0, "one by its id, as without -p", 10 },
	{ "follow", 'f', NULL, 0, "also children, and theirs", 10 },
	{ "name", OPT_NAME, "REGEX", 0, "those with such a command name", 10 },
	{ "user", OPT_USER, "USER", 0, "those of a user, by name or number", 10 },
	{ "cgroup", OPT_CGROUP, "DIR", 0,
	  "those in a cgroup, below /sys/fs/cgroup, or in one below it", 10 },
	{ "cgroup-of", OPT_CGROUP_OF, "PID", 0,
	  "those in the cgroup of a process: its container", 10 },
	{ "all", 'a', NULL, 0, "all processes", 10 },
	{ 0 }
};

void choice_add(struct argp_state *state, const char *arg, struct choice *c)
{
	pid_t pid, *grown;
	size_t i;

	if (parse_pid(arg, &pid))
		argp_error(state, "'%s' is no process id", arg);
	for (i = 0; i < c->nr; i++) {
		if (c->pid[i] == pid)
			return;
	}
	grown = grow(c->pid, c->nr, sizeof(*grown));
	if (!grown)
		argp_failure(state, EXIT_FAILED, ENOMEM, "arguments");
	c->pid = grown;
	c->pid[c->nr++] = pid;
}

static void take_once(struct argp_state *state, const char *option,
		      const char **to, const char *arg)
{
	if (*to)
		argp_error(state, "%s: only once", option);
	*to = arg;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct choice *c = state->input;

	switch (key) {
	case 'p':
		choice_add(state, arg, c);
		return 0;
	case 'f':
		c->follow = true;
		return 0;
	case 'a':
		c->all = true;
		return 0;
	case OPT_NAME:
		take_once(state, "--name", &c->name, arg);
		return 0;
	case OPT_USER:
		take_once(state, "--user", &c->user, arg);
		return 0;
	case OPT_CGROUP:
		take_once(state, "--cgroup", &c->cgroup, arg);
		return 0;
	case OPT_CGROUP_OF:
		take_pid(state, arg, &c->cgroup_of);
		return 0;
	case ARGP_KEY_END:
		if (c->cgroup && c->cgroup_of)
			argp_error(state, "give either --cgroup or --cgroup-of");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp choice_argp = { .options = options, .parser = parse };

/* Whether some are wanted that were not named. */
static bool has_rule(const struct choice *c)
{
	return c->all || c->name || c->user || c->cgroup || c->cgroup_of;
}

bool choice_is_empty(const struct choice *c)
{
	return !c->nr && !has_rule(c);
}

bool choice_is_cgroup(const struct choice *c)
{
	return (c->cgroup || c->cgroup_of) && !c->nr && !c->all && !c->name &&
	       !c->user;
}

bool choice_several(const struct choice *c)
{
	return c->nr > 1 || c->follow || has_rule(c);
}

/* ---- what /proc knows ---- */

int chosen_add(struct chosen *list, const struct target *target)
{
	struct target *grown = grow(list->target, list->nr, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	list->target = grown;
	list->target[list->nr++] = *target;
	return 0;
}

static bool has(const struct chosen *list, pid_t pid)
{
	size_t i;

	for (i = 0; i < list->nr; i++) {
		if (list->target[i].pid == pid)
			return true;
	}
	return false;
}

static void look_up(pid_t pid, struct target *target, struct cowi_procstat *st)
{
	*target = (struct target){ .pid = pid };
	memset(st, 0, sizeof(*st));
	if (cowi_procstat(pid, st))
		return;
	target->parent = st->parent;
	memcpy(target->name, st->comm, sizeof(target->name));
}

static int by_pid(const void *a, const void *b)
{
	const struct target *x = a, *y = b;

	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

/* All processes that have memory, as far as they can be seen, by their ids. */
static int read_all(struct chosen *all)
{
	struct cowi_procstat st;
	struct dirent *entry;
	struct target target;
	DIR *dir;
	int err = 0;
	pid_t pid;

	dir = opendir("/proc");
	if (!dir)
		return -errno;
	while (!err && (entry = readdir(dir))) {
		if (parse_pid(entry->d_name, &pid) || pid == getpid())
			continue;
		look_up(pid, &target, &st);
		if (st.state && st.state != 'Z' &&
		    !(st.flags & COWI_PF_KTHREAD))
			err = chosen_add(all, &target);
	}
	closedir(dir);
	if (all->nr)
		qsort(all->target, all->nr, sizeof(*all->target), by_pid);
	return err;
}

/* Behind those that are there already, their children, then those of these. */
static int add_descendants(struct chosen *list, const struct chosen *all)
{
	size_t i, k;
	int err = 0;

	for (i = 0; i < list->nr && !err; i++) {
		for (k = 0; k < all->nr && !err; k++) {
			const struct target *child = &all->target[k];

			if (child->parent == list->target[i].pid &&
			    !has(list, child->pid))
				err = chosen_add(list, child);
		}
	}
	return err;
}

/* ---- who fits ---- */

/**
 * struct rules - what is wanted besides those named, made ready
 * @all: all processes
 * @by_name: @name counts
 * @by_user: @uid counts
 * @name: of commands
 * @uid: effective user
 * @cgroup: those in it
 */
struct rules {
	bool all;
	bool by_name;
	bool by_user;
	regex_t name;
	uid_t uid;
	struct cgroup cgroup;
};

static int parse_user(const char *text, uid_t *uid)
{
	const struct passwd *user = getpwnam(text);
	__u64 n;

	if (user)
		*uid = user->pw_uid;
	else if (!parse_size(text, &n) && n < UINT32_MAX)
		*uid = n;
	else
		return -EINVAL;
	return 0;
}

static int refuse(const char *option, const char *text, const char *why)
{
	fprintf(stderr, "cowinspect: %s: '%s' %s\n", option, text, why);
	return EXIT_USAGE;
}

static int take_cgroup(const struct choice *c, struct rules *r)
{
	char *path = NULL;
	int err;

	err = choice_cgroup(c, &path);
	if (!err)
		err = cgroup_read(path, &r->cgroup);
	free(path);
	return err ? report(c->cgroup ? c->cgroup : "--cgroup-of", err) :
		     EXIT_OK;
}

static int make_rules(const struct choice *c, struct rules *r)
{
	*r = (struct rules){ .all = c->all };
	if (c->user && parse_user(c->user, &r->uid))
		return refuse("--user", c->user,
			      "is no user: give a name or a number");
	r->by_user = c->user;
	if (c->name && regcomp(&r->name, c->name, REG_EXTENDED | REG_NOSUB))
		return refuse("--name", c->name,
			      "is no extended regular expression");
	r->by_name = c->name;
	return c->cgroup || c->cgroup_of ? take_cgroup(c, r) : EXIT_OK;
}

static void free_rules(struct rules *r)
{
	if (r->by_name)
		regfree(&r->name);
	cgroup_release(&r->cgroup);
}

int choice_check(const struct choice *c)
{
	struct rules r;
	int status = make_rules(c, &r);

	free_rules(&r);
	return status;
}

/* The owner of /proc/PID is root for those that may not be dumped. */
static bool is_of_user(pid_t pid, uid_t uid)
{
	char path[32], line[128];
	unsigned int effective;
	bool is = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "Uid: %*u %u", &effective) == 1) {
			is = effective == uid;
			break;
		}
	}
	fclose(file);
	return is;
}

static bool fits(const struct rules *r, const struct target *target)
{
	return r->all ||
	       (r->by_name && !regexec(&r->name, target->name, 0, NULL, 0)) ||
	       cgroup_has(&r->cgroup, target->pid) ||
	       (r->by_user && is_of_user(target->pid, r->uid));
}

static int add_fitting(const struct choice *c, const struct chosen *all,
		       struct chosen *list)
{
	int status, err = 0;
	struct rules r;
	size_t i;

	status = make_rules(c, &r);
	for (i = 0; i < all->nr && !status && !err; i++) {
		if (fits(&r, &all->target[i]) && !has(list, all->target[i].pid))
			err = chosen_add(list, &all->target[i]);
	}
	free_rules(&r);
	return err ? report("/proc", err) : status;
}

int choice_find_among(const struct choice *c, const struct chosen *all,
		      struct chosen *list)
{
	int status = EXIT_OK, err = 0;

	if (has_rule(c))
		status = add_fitting(c, all, list);
	if (!status && c->follow)
		err = add_descendants(list, all);
	if (err)
		status = report("processes", err);
	if (!status && !list->nr) {
		fputs("cowinspect: no process fits\n", stderr);
		status = EXIT_FAILED;
	}
	return status;
}

static int add_named(const struct choice *c, struct chosen *list)
{
	struct cowi_procstat st;
	struct target target;
	size_t i;
	int err = 0;

	for (i = 0; i < c->nr && !err; i++) {
		look_up(c->pid[i], &target, &st);
		err = chosen_add(list, &target);
	}
	list->nr_named = list->nr;
	return err;
}

int choice_find(const struct choice *c, struct chosen *list)
{
	struct chosen all = { 0 };
	int status, err;

	memset(list, 0, sizeof(*list));
	err = add_named(c, list);
	if (!err && (has_rule(c) || c->follow))
		err = read_all(&all);
	status = err ? report("/proc", err) : choice_find_among(c, &all, list);
	free(all.target);
	return status;
}
