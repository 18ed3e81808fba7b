// SPDX-License-Identifier: GPL-2.0
/*
 * Sums for Prometheus: of the processes that have one command name, and of all of
 * them, each page frame once. A name of its own for each process would be a new time
 * series whenever one starts.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array_size.h"
#include "prometheus.h"
#include "utf8.h"

/* What is told, in bytes. */
enum {
	PRESENT,
	OWN,
	WITHIN,
	OUTSIDE,
	OBJECTS,
	SWAP,
	COPY,
	PSS,
	NR_SUMS
};

static const struct {
	const char *name;
	const char *help;
} sums[NR_SUMS] = {
	[PRESENT] = { "present", "Mapped memory" },
	[OWN] = { "own", "Mapped by one process and nobody else" },
	[WITHIN] = { "within", "Shared among the chosen processes only" },
	[OUTSIDE] = { "outside", "Shared with processes that were not chosen as well" },
	[OBJECTS] = { "objects", "Of shared memory objects" },
	[SWAP] = { "swap", "In swap" },
	[COPY] = { "copy", "The next write to each page would copy it" },
	[PSS] = { "pss", "Each page divided by how often it is mapped" },
};

/**
 * struct group - processes of one command
 * @command: its name
 * @processes: how many
 * @bytes: sums
 */
struct group {
	const char *command;
	size_t processes;
	__u64 bytes[NR_SUMS];
};

static void add(struct group *g, const struct family_member *m, __u64 page_size)
{
	g->processes++;
	g->bytes[PRESENT] += m->present * page_size;
	g->bytes[OWN] += m->own * page_size;
	g->bytes[WITHIN] += m->within * page_size;
	g->bytes[OUTSIDE] += m->beyond * page_size;
	g->bytes[OBJECTS] += m->objects * page_size;
	g->bytes[SWAP] += m->swapped * page_size;
	g->bytes[COPY] += m->copy * page_size;
	g->bytes[PSS] += m->pss;
}

/* For qsort() */
static int by_command(const void *a, const void *b)
{
	return strcmp(((const struct group *)a)->command,
		      ((const struct group *)b)->command);
}

/* One for each process first; then those alike are added up. Returns how many. */
static size_t merge(struct group *groups, size_t nr)
{
	size_t i, k, merged = 0;

	qsort(groups, nr, sizeof(*groups), by_command);
	for (i = 0; i < nr; i++) {
		if (!merged || by_command(&groups[merged - 1], &groups[i])) {
			groups[merged++] = groups[i];
			continue;
		}
		groups[merged - 1].processes++;
		for (k = 0; k < NR_SUMS; k++)
			groups[merged - 1].bytes[k] += groups[i].bytes[k];
	}
	return merged;
}

/* The format has three escapes; control characters are not for a terminal, either. */
static void put_label(FILE *out, const char *text)
{
	while (*text) {
		size_t len = utf8_length(text);
		bool control = (unsigned char)*text < ' ' || *text == 0x7f ||
			       ((unsigned char)text[0] == 0xc2 &&
				(unsigned char)text[1] < 0xa0);

		if (*text == '\n')
			fputs("\\n", out);
		else if (!len || control)
			fputs("\xef\xbf\xbd", out);
		else if (*text == '"' || *text == '\\')
			fprintf(out, "\\%c", *text);
		else
			fwrite(text, 1, len, out);
		text += len ? len : 1;
	}
}

static void put_head(FILE *out, const char *name, const char *help)
{
	fprintf(out, "# HELP %s %s.\n# TYPE %s gauge\n", name, help, name);
}

static void put_groups(FILE *out, const struct group *groups, size_t nr)
{
	char name[64], help[128];
	size_t i, k;

	put_head(out, "cowinspect_processes", "Processes, by command");
	for (i = 0; i < nr; i++) {
		fputs("cowinspect_processes{command=\"", out);
		put_label(out, groups[i].command);
		fprintf(out, "\"} %zu\n", groups[i].processes);
	}
	for (k = 0; k < NR_SUMS; k++) {
		snprintf(name, sizeof(name), "cowinspect_%s_bytes", sums[k].name);
		snprintf(help, sizeof(help), "%s: sum of the processes of a command",
			 sums[k].help);
		put_head(out, name, help);
		for (i = 0; i < nr; i++) {
			fprintf(out, "%s{command=\"", name);
			put_label(out, groups[i].command);
			fprintf(out, "\"} %llu\n", groups[i].bytes[k]);
		}
	}
}

static void put_one(FILE *out, const char *name, const char *help, __u64 value)
{
	put_head(out, name, help);
	fprintf(out, "%s %llu\n", name, value);
}

/* Of all: frames, each once, but for what a frame cannot have. */
static void put_set(FILE *out, const struct reading *r,
		    const struct group *groups, size_t nr)
{
	__u64 page_size = cowi_status(r->targets.c)->page_size;
	struct family_totals t;
	__u64 bytes[NR_SUMS] = { 0 };
	char name[64], help[128];
	size_t i, k;

	family_totals(r->family, &t);
	for (i = 0; i < nr; i++) {
		bytes[COPY] += groups[i].bytes[COPY];
		bytes[PSS] += groups[i].bytes[PSS];
	}
	bytes[PRESENT] = t.frames * page_size;
	bytes[OWN] = t.own * page_size;
	bytes[WITHIN] = t.within * page_size;
	bytes[OUTSIDE] = t.beyond * page_size;
	bytes[OBJECTS] = t.objects * page_size;
	bytes[SWAP] = t.swapped * page_size;
	for (k = 0; k < NR_SUMS; k++) {
		snprintf(name, sizeof(name), "cowinspect_set_%s_bytes",
			 sums[k].name);
		snprintf(help, sizeof(help), "%s: of all chosen processes, %s",
			 sums[k].help, k == COPY || k == PSS ? "a sum" :
			 k == SWAP ? "entries" : "each page frame once");
		put_head(out, name, help);
		fprintf(out, "%s %llu\n", name, bytes[k]);
	}
	put_one(out, "cowinspect_set_processes", "Processes that were chosen",
		r->nr);
	put_one(out, "cowinspect_set_exited",
		"Processes that exited while they were read", r->gone);
	put_one(out, "cowinspect_set_inexact_bytes",
		"Frames whose mapcount this kernel knows on average only, so that own, within and outside are about",
		t.about * page_size);
	put_head(out, "cowinspect_set_read_seconds",
		 "From the first read to the last");
	fprintf(out, "cowinspect_set_read_seconds %.9f\n",
		(r->ended - r->began) / 1e9);
}

int prometheus_write(const struct reading *r, FILE *out)
{
	struct group *groups = calloc(r->nr + 1, sizeof(*groups));
	const struct family_member *m;
	size_t nr, i;

	if (!groups)
		return -ENOMEM;
	m = family_members(r->family, &nr);
	for (i = 0; i < nr; i++) {
		const char *name = r->member[i].target->name;

		groups[i].command = name[0] ? name : "unknown";
		add(&groups[i], &m[i], cowi_status(r->targets.c)->page_size);
	}
	nr = merge(groups, nr);
	put_groups(out, groups, nr);
	put_set(out, r, groups, nr);
	free(groups);
	return 0;
}
