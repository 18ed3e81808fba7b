// SPDX-License-Identifier: GPL-2.0
/*
 * Collapsed stacks, as flamegraph.pl and what came after it read them. The format
 * has no way to quote: what would end a name stands for something else there.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "exports.h"
#include "functions.h"
#include "safe.h"

/* A number after a blank would be taken for a weight, so no name has blanks. */
static char harmless(char c)
{
	if (c == ';')
		return ':';
	return c == ' ' || (c >= '\t' && c <= '\r') ? '_' : c;
}

static void put_name(FILE *out, const char *name)
{
	char part[4096];
	size_t n;

	for (; *name; name += n) {
		for (n = 0; name[n] && n < sizeof(part) - 1; n++)
			part[n] = harmless(name[n]);
		part[n] = '\0';
		put_safe(out, part);
	}
}

static void put_frame(FILE *out, const struct calls_frame *f)
{
	const char *slash = strrchr(f->object, '/');

	if (*f->function)
		put_name(out, f->function);
	else if (*f->object)
		put_name(out, slash ? slash + 1 : f->object);
	else
		fputs("[unknown]", out);
	if (!*f->function && *f->object)
		fprintf(out, "+0x%llx", f->offset);
}

/* From the outermost, while they lead from the innermost to it. */
static void put_path(FILE *out, const struct calls *c, size_t path,
		     size_t *frames)
{
	size_t nr = 0;

	for (; path != CALLS_ROOT; path = c->path[path].caller)
		frames[nr++] = c->path[path].frame;
	if (!nr) {
		fputc(';', out);
		put_name(out, CALLS_NO_STACK);
	}
	while (nr--) {
		fputc(';', out);
		put_frame(out, &c->frame[frames[nr]]);
	}
}

static __u64 weigh(const struct calls_cost *cost, enum calls_weight weight)
{
	switch (weight) {
	case CALLS_BYTES:
		return cost->bytes;
	case CALLS_TIME:
		return cost->ns;
	default:
		return cost->faults;
	}
}

static void put_proc(FILE *out, const struct calls *c,
		     const struct calls_proc *p, enum calls_weight weight,
		     size_t *frames)
{
	size_t i;

	for (i = 0; i < p->costs->nr; i++) {
		const struct calls_self *self = &p->costs->self[i];
		__u64 n = weigh(&self->cost, weight);

		if (!n)
			continue;
		put_name(out, p->comm);
		if (p->pid)
			fprintf(out, "-%d", p->pid);
		put_path(out, c, self->path, frames);
		fprintf(out, " %llu\n", n);
	}
}

int calls_collapsed(FILE *out, const struct calls_export *x,
		    enum calls_weight weight)
{
	unsigned int deepest = 1;
	size_t *frames, i;

	for (i = 0; i < x->calls->nr_paths; i++) {
		if (x->calls->path[i].depth > deepest)
			deepest = x->calls->path[i].depth;
	}
	frames = calloc(deepest, sizeof(*frames));
	if (!frames)
		return -ENOMEM;
	for (i = 0; i < x->nr; i++)
		put_proc(out, x->calls, &x->proc[i], weight, frames);
	free(frames);
	return 0;
}
