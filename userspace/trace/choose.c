// SPDX-License-Identifier: GPL-2.0
/*
 * Processes that were chosen, as a stream has them. All, a cgroup and a name are the
 * stream's own, who has those to come as well; whoever else is meant is looked for
 * now, and so is everybody where there is a limit: who comes later would exceed it.
 */
#include <errno.h>
#include <stdlib.h>

#include "trace.h"

static int take_cgroup(const struct choice *c, struct cowi_stream_options *s)
{
	char *path = NULL;
	int err = choice_cgroup(c, &path);

	s->cgroup = path;
	return err ? report(c->cgroup ? c->cgroup : "--cgroup-of", err) :
		     EXIT_OK;
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

int trace_choose(struct trace_options *o)
{
	struct cowi_stream_options *s = &o->stream;
	struct target_names who = o->who;
	struct choice *c = &who.choice;

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
	return choice_is_empty(c) ? EXIT_OK : look(&who, s);
}

void trace_choose_release(struct trace_options *o)
{
	free((pid_t *)o->stream.pid);
	free((char *)o->stream.cgroup);
	free(o->who.choice.pid);
}
