// SPDX-License-Identifier: GPL-2.0
/* Whom to listen to, and how to read what they have. */
#include <errno.h>
#include <string.h>

#include "clock.h"
#include "listen.h"
#include "title.h"

/* ---- the source ---- */

static __u64 source_now(void *arg)
{
	(void)arg;
	return clock_ns(CLOCK_MONOTONIC);
}

static __u64 source_cpu(void *arg)
{
	(void)arg;
	return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

static int source_wait(void *arg, int milliseconds)
{
	struct listen *l = arg;

	return cowi_stream_wait(l->stream, milliseconds);
}

static int source_next(void *arg, struct cowi_event *e)
{
	struct listen *l = arg;

	return cowi_stream_next(l->stream, e);
}

static bool source_running(void *arg)
{
	const struct listen *l = arg;

	return l->waits || cowi_stream_running(l->stream);
}

static void source_stop(void *arg)
{
	struct listen *l = arg;

	cowi_stream_stop(l->stream);
}

static int source_read(void *arg, pid_t pid, struct cowi_vmas *vmas)
{
	struct listen *l = arg;
	struct cowi_target *target;
	int err;

	err = cowi_target_open(l->targets.c, pid, &target);
	if (err)
		return err;
	err = cowi_vmas(target, vmas);
	cowi_target_close(target);
	return err;
}

static void source_title(void *arg, pid_t pid, const char *comm, char *buf,
			 size_t size)
{
	struct target target = { .pid = pid };

	(void)arg;
	memcpy(target.name, comm, sizeof(target.name));
	title_read(&target, buf, size);
}

static bool source_armed(void *arg)
{
	struct listen *l = arg;

	return cowi_status_refresh(l->targets.c) ||
	       cowi_status(l->targets.c)->observer_armed != COWI_ANSWER_NO;
}

static const struct top_source source = {
	.now = source_now,
	.wait = source_wait,
	.next = source_next,
	.running = source_running,
	.stop = source_stop,
	.read = source_read,
	.title = source_title,
	.cpu = source_cpu,
	.armed = source_armed,
};

/* ---- whom to listen to ---- */

/* Who is there is in the list; who comes, the stream tells. */
static int open_stream(struct listen *l, const struct target_names *names)
{
	struct cowi_stream_options o = { 0 };
	int status, err = 0;

	status = targets_stream(names, &l->targets.list, &o);
	if (!status)
		err = cowi_stream_open(&o, &l->stream);
	l->waits = o.all || o.cgroup || o.name;
	targets_stream_release(&o);
	if (err == -EOPNOTSUPP)
		err = -COWI_ENOTRACEPOINT;
	return err ? report("top", err) : status;
}

static int add_all(const struct listen *l, struct model *m)
{
	const struct chosen *list = &l->targets.list;
	size_t i;
	int err = 0;

	for (i = 0; i < list->nr && !err; i++) {
		const struct target *target = &list->target[i];

		err = model_add(m, target->pid, target->parent, target->name);
	}
	return err;
}

int listen_open(struct listen *l, const struct globals *g,
		const struct target_names *names, struct model *m)
{
	int status, err;

	memset(l, 0, sizeof(*l));
	l->source = source;
	l->source.arg = l;
	if (g->debugfs) {
		fputs("cowinspect: a copy of the module's files has no faults to listen to\n",
		      stderr);
		return EXIT_USAGE;
	}
	status = targets_open(&l->targets, g, names);
	if (status)
		return status;
	model_init(m, cowi_status(l->targets.c)->page_size);
	status = open_stream(l, names);
	if (status)
		return status;
	err = add_all(l, m);
	return err ? report("top", err) : EXIT_OK;
}

void listen_close(struct listen *l)
{
	cowi_stream_close(l->stream);
	if (l->targets.c)
		targets_close(&l->targets);
	memset(l, 0, sizeof(*l));
}
