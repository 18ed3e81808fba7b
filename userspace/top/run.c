// SPDX-License-Identifier: GPL-2.0
/*
 * Rounds of top: events are taken all the time, and what processes have is read in
 * turn, for no more than a share of a CPU.
 */
#include <errno.h>
#include <string.h>

#include "commands.h"
#include "top.h"

/* Events to take before something else is done. */
#define TAKE_MAX	65536

/* Nanoseconds of CPU for which processes are read before there are events again. */
#define READ_MAX	50000000

static __u64 now(const struct top *t)
{
	return t->source->now(t->source->arg);
}

static __u64 cpu(const struct top *t)
{
	return t->source->cpu(t->source->arg);
}

/* ---- sizes ---- */

static void read_size(struct top *t, struct model_item *p)
{
	const struct top_source *s = t->source;
	struct cowi_vmas vmas = { 0 };
	int err;

	p->tried = now(t);
	err = s->read(s->arg, p->pid, &vmas);
	if (!err) {
		model_size(&t->model, &vmas, &p->size);
		p->size.read = p->tried;
	}
	p->size.known = !err;
	cowi_vmas_free(&vmas);
	s->title(s->arg, p->pid, p->comm, p->title, sizeof(p->title));
}

/* Whose turn it is, if that was not since @time. Looking for it is in the share, too. */
static bool read_next(struct top *t, __u64 time)
{
	__u64 before = cpu(t);
	struct model_item *p = model_stalest(&t->model, time);

	if (p)
		read_size(t, p);
	t->read_cpu += cpu(t) - before;
	return p;
}

/* Whether what was spent is no more than its share of the time that has passed. */
static bool may_read(const struct top *t)
{
	__u64 passed = now(t) - t->began;

	return (t->read_cpu - t->free_cpu) * 10000 <= passed * t->budget;
}

/* In turn, each no more than once in a round. */
static void read_some(struct top *t)
{
	__u64 until = t->read_cpu + READ_MAX;

	while (t->read_cpu < until && may_read(t) &&
	       read_next(t, t->round_began))
		;
}

int top_read_opened(struct top *t)
{
	const struct top_source *s = t->source;
	struct cowi_vmas vmas = { 0 };
	__u64 before = cpu(t);
	int err;

	err = s->read(s->arg, t->view.opened, &vmas);
	/* What was read last remains when it has exited. */
	if (!err)
		err = view_places(&t->view, &vmas, now(t));
	else if (err != -ENOMEM)
		err = 0;
	cowi_vmas_free(&vmas);
	t->read_cpu += cpu(t) - before;
	return err;
}

/* ---- rounds ---- */

static int take_all(struct top *t)
{
	const struct top_source *s = t->source;
	size_t left = TAKE_MAX;
	struct cowi_event e;
	int ret = 1, err;

	while (left-- && (ret = s->next(s->arg, &e)) > 0) {
		err = model_take(&t->model, &e);
		if (err)
			return err;
		if (e.kind == COWI_EVENT_FAULT)
			view_fault(&t->view, &e);
	}
	return ret < 0 ? ret : 0;
}

int top_begin(struct top *t)
{
	/* Not those who are born meanwhile: they may be many. */
	size_t left = t->model.total.running;
	int err = 0;

	t->began = now(t);
	t->round_began = t->began;
	t->cpu_before = cpu(t);
	while (!err && left-- && !interrupt_signal() &&
	       read_next(t, t->began))
		err = take_all(t);
	t->free_cpu = t->read_cpu;
	return err;
}

int top_step(struct top *t)
{
	int err = take_all(t);

	if (!err)
		read_some(t);
	return err;
}

bool top_is_due(const struct top *t)
{
	return now(t) - t->round_began >= t->delay;
}

static unsigned int share(__u64 part, __u64 of)
{
	return of ? part * 1e4 / of : 0;
}

void top_end_round(struct top *t)
{
	__u64 at = now(t), used = cpu(t), elapsed = at - t->round_began;

	t->cpu = share(used - t->cpu_before, elapsed);
	t->reading = share(t->read_cpu - t->read_before, elapsed);
	t->cpu_before = used;
	t->read_before = t->read_cpu;
	t->round_began = at;
	/* Once is enough: numbers are too small from then on. */
	t->unarmed |= !t->source->armed(t->source->arg);
	model_round(&t->model, elapsed);
}
