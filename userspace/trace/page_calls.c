// SPDX-License-Identifier: GPL-2.0
/*
 * trace --html --stacks: call paths in the data of the page, as "calls", which is
 * not there without stacks. It has
 *
 *	faults		a word for what the faults are, like "copies"
 *	frames		[function, object, source file, line, offset in the object,
 *			inlined] each, as in calls.h; the offset is hexadecimal text
 *	paths		a flat list, two values for each path but the empty one, which
 *			is number 0: [how many before it its caller is, frame]
 *	processes	[number of the process, or -1 for those that are not among
 *			them, costs] each; costs are a flat list, four values each:
 *			[paths since the one before, faults, bytes, nanoseconds]
 */
#include "trace.h"

static void put_frame(struct json *j, const struct calls_frame *f)
{
	char offset[24];

	snprintf(offset, sizeof(offset), "%llx", f->offset);
	json_array(j, NULL);
	json_string(j, NULL, f->function);
	json_string(j, NULL, f->object);
	json_string(j, NULL, f->file);
	json_number(j, NULL, f->line);
	json_string(j, NULL, offset);
	json_bool(j, NULL, f->inlined);
	json_end_array(j);
}

static void put_costs(struct json *j, const struct calls_costs *costs)
{
	size_t i, before = 0;

	json_array(j, NULL);
	for (i = 0; i < costs->nr; i++) {
		const struct calls_self *self = &costs->self[i];

		json_number(j, NULL, self->path - before);
		json_number(j, NULL, self->cost.faults);
		json_number(j, NULL, self->cost.bytes);
		json_number(j, NULL, self->cost.ns);
		before = self->path;
	}
	json_end_array(j);
}

static void put_processes(struct json *j, const struct trace *t)
{
	size_t i;

	json_array(j, "processes");
	for (i = 0; i < t->nr_procs; i++) {
		const struct calls_costs *costs = &t->proc[i]->tally->stacks.costs;

		if (!costs->nr)
			continue;
		json_array(j, NULL);
		json_number(j, NULL, i);
		put_costs(j, costs);
		json_end_array(j);
	}
	if (t->forgotten.calls.nr) {
		json_array(j, NULL);
		json_verbatim(j, NULL, "-1");
		put_costs(j, &t->forgotten.calls);
		json_end_array(j);
	}
	json_end_array(j);
}

void trace_page_calls(struct json *j, const struct trace *t)
{
	const struct calls *c = &t->stacks.calls;
	size_t i;

	if (!t->options->stream.stacks)
		return;
	json_object(j, "calls");
	json_string(j, "faults", trace_faults_word(t));
	json_array(j, "frames");
	for (i = 0; i < c->nr_frames; i++)
		put_frame(j, &c->frame[i]);
	json_end_array(j);
	json_array(j, "paths");
	for (i = 1; i < c->nr_paths; i++) {
		json_number(j, NULL, i - c->path[i].caller);
		json_number(j, NULL, c->path[i].frame);
	}
	json_end_array(j);
	put_processes(j, t);
	json_end_object(j);
}
