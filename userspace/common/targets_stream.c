// SPDX-License-Identifier: GPL-2.0
/*
 * Processes that were chosen, as a stream has them. All, a cgroup and a name are the
 * stream's own, who has those to come as well; whoever else is meant is looked for
 * now, and so is everybody where there is a limit: who comes later would exceed it.
 */
#include <errno.h>
#include <stdlib.h>

#include "cgroup.h"
#include "libcowinspect_stream.h"
#include "targets.h"

static int take_cgroup(const struct choice *c, struct cowi_stream_options *s)
{
	const char *name = c->cgroup ? c->cgroup : "--cgroup-of";
	char *path = NULL;
	int err = choice_cgroup(c, &path);

	s->cgroup = path;
	if (err)
		return report(name, err);
	return cgroup_check_perf(path, name);
}

static int take_list(const struct chosen *list, struct cowi_stream_options *s)
{
	pid_t *pid = calloc(list->nr, sizeof(*pid));
	size_t i;

	if (!pid)
		return report("processes", -ENOMEM);
	for (i = 0; i < list->nr; i++)
		pid[i] = list->target[i].pid;
	s->pid = pid;
	s->nr_pids = list->nr;
	if (list->nr > list->nr_named)
		s->nr_gone = list->nr - list->nr_named;
	return EXIT_OK;
}

static int look(const struct target_names *who, struct cowi_stream_options *s)
{
	struct chosen list = { 0 };
	int status = targets_find(who, &list);

	if (!status)
		status = take_list(&list, s);
	free(list.target);
	return status;
}

int targets_stream(const struct target_names *names, const struct chosen *found,
		   struct cowi_stream_options *s)
{
	struct target_names who = *names;
	struct choice *c = &who.choice;
	int status = choice_check(c);

	if (status)
		return status;
	s->follow = c->follow;
	/* The stream looks for descendants, among those who exist as well. */
	c->follow = false;
	if (!who.limit && c->all) {
		s->all = true;
		return EXIT_OK;
	}
	if (!who.limit && choice_is_cgroup(c))
		return take_cgroup(c, s);
	if (!who.limit) {
		s->name = c->name;
		c->name = NULL;
	}
	if (choice_is_empty(c))
		return EXIT_OK;
	return found ? take_list(found, s) : look(&who, s);
}

void targets_stream_release(struct cowi_stream_options *s)
{
	free((pid_t *)s->pid);
	free((char *)s->cgroup);
}
