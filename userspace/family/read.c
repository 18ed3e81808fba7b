// SPDX-License-Identifier: GPL-2.0
/* Attach, read, detach, one process after the other. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "grow.h"
#include "procfs.h"
#include "json.h"
#include "read.h"
#include "table.h"
#include "title.h"

/* ---- one process ---- */

/**
 * struct place - which mapping an address is in
 * @vmas: all of them
 * @at: the one that was looked at last
 * @number: of its name in the family; -1 if it was not asked for yet
 */
struct place {
	struct cowi_vmas vmas;
	size_t at;
	int number;
};

/* Addresses ascend. One that is in no mapping came after these were listed. */
static int mapping_of(struct family *f, struct place *p, __u64 addr)
{
	while (p->at < p->vmas.nr && p->vmas.vma[p->at].end <= addr) {
		p->at++;
		p->number = -1;
	}
	if (p->at == p->vmas.nr || p->vmas.vma[p->at].start > addr)
		return family_mapping(f, "");
	if (p->number < 0)
		p->number = family_mapping(f, p->vmas.vma[p->at].name);
	return p->number;
}

static int read_pages(struct family *f, struct cowi_target *t, struct place *p)
{
	struct cowinspect_page rec;
	struct cowi_pages *pages;
	int err, mapping;

	err = cowi_pages_open(t, 0, UINT64_MAX, &pages);
	if (err)
		return err;
	while ((err = cowi_pages_next(pages, &rec)) > 0) {
		mapping = mapping_of(f, p, rec.addr);
		err = mapping < 0 ? mapping : family_add(f, mapping, &rec);
		if (!err && interrupt_signal())
			err = -EINTR;
		if (err)
			break;
	}
	cowi_pages_close(pages);
	return err;
}

/*
 * The module's totals go by each page of a huge one, its records by their mean; where
 * the kernel has no more than that itself, there is nothing to be gained.
 */
static int improve_pss(struct family *f, struct cowi_target *t)
{
	const struct cowi_status *st = cowi_status(cowi_target_session(t));
	const struct family_member *m;
	struct cowi_totals sum;
	size_t nr;
	int err;

	m = family_members(f, &nr);
	if (!m[nr - 1].mixed || st->mapcount != COWI_COUNT_EXACT)
		return 0;
	err = cowi_summary(t, &sum);
	if (!err && sum.known[COWI_TOTAL_pss])
		family_pss(f, sum.value[COWI_TOTAL_pss]);
	return err;
}

/*
 * The module's list of mappings has totals, for which it looks at all pages: /proc
 * has their names for less.
 */
static int list_mappings(const struct target *target, struct cowi_vmas *vmas)
{
	return cowi_is_recorded(cowi_target_session(target->t)) ?
	       cowi_vmas(target->t, vmas) :
	       cowi_maps_read(target->pid, vmas);
}

static int add_member(struct reading *r, const struct target *target)
{
	struct read_member *grown = grow(r->member, r->nr, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	r->member = grown;
	grown[r->nr].target = target;
	title_read(target, grown[r->nr].title, sizeof(grown[r->nr].title));
	r->nr++;
	return family_begin(r->family, target->pid);
}

static int read_target(const struct target *target, void *arg)
{
	struct place place = { .number = -1 };
	struct reading *r = arg;
	int err;

	if (!r->nr)
		r->began = clock_ns(CLOCK_MONOTONIC);
	err = add_member(r, target);
	if (!err)
		err = list_mappings(target, &place.vmas);
	if (!err)
		err = read_pages(r->family, target->t, &place);
	if (!err)
		err = improve_pss(r->family, target->t);
	cowi_vmas_free(&place.vmas);
	r->ended = clock_ns(CLOCK_MONOTONIC);
	if (err == -COWI_EEXITED || err == -ENOENT || err == -ESRCH) {
		r->gone++;
		err = 0;
	}
	return err;
}

/* ---- all of them ---- */

enum {
	OPT_STOP = 0x900,
};

static const struct argp_option options[] = {
	{ "stop", OPT_STOP, NULL, 0, "stop them while they are read; a cgroup is frozen", 10 },
	{ 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct reading_names *names = state->input;

	(void)arg;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &names->names;
		return 0;
	case OPT_STOP:
		names->stop = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = {
	{ &targets_argp, 0, NULL, 0 },
	{ 0 }
};

const struct argp reading_argp = {
	.options = options,
	.parser = parse,
	.children = children,
};

int reading_each(struct targets *ts, const struct reading_names *names,
		 int (*look)(const struct target *target, void *arg), void *arg)
{
	const struct choice *c = names->names.limit ? NULL :
						      &names->names.choice;
	struct stopped stopped = { 0 };
	int err = names->stop ? stop_all(&stopped, c, &ts->list) : 0;
	int status;

	status = err ? report("--stop", err) : targets_each(ts, look, arg);
	stop_undo(&stopped);
	return status;
}

/* What matters is how long it took when they were read, not to read that again. */
static void take_times(struct reading *r)
{
	const struct cowi_snapshot *s = cowi_snapshot(r->targets.c);

	if (!s)
		return;
	r->began = s->taken_ns;
	r->ended = s->taken_ns + s->read_ns;
	r->gone += s->exited;
}

int reading_open(struct reading *r, const struct globals *g,
		 const struct reading_names *names)
{
	int status;

	memset(r, 0, sizeof(*r));
	if (names->stop && (g->debugfs || names->names.file)) {
		fputs("cowinspect: --stop: a copy of the module's files stands still\n",
		      stderr);
		return EXIT_USAGE;
	}
	status = targets_open(&r->targets, g, &names->names);
	if (status)
		return status;
	r->family = family_new(cowi_status(r->targets.c)->page_size);
	if (!r->family)
		return report("memory", -ENOMEM);
	status = reading_each(&r->targets, names, read_target, r);
	take_times(r);
	family_finish(r->family);
	if (interrupt_signal())
		return EXIT_FAILED;
	if (!r->nr && !status) {
		fputs("cowinspect: all of them have exited\n", stderr);
		status = EXIT_FAILED;
	}
	return status;
}

void reading_close(struct reading *r)
{
	family_free(r->family);
	free(r->member);
	if (r->targets.c)
		targets_close(&r->targets);
	memset(r, 0, sizeof(*r));
}

static void put_pages(const struct reading *r, FILE *out, __u64 pages,
		      const char *what)
{
	char size[24];

	if (!pages)
		return;
	size_text(pages * cowi_status(r->targets.c)->page_size, size,
		  sizeof(size));
	fprintf(out, "%s%s\n", size, what);
}

void reading_about(const struct reading *r, FILE *out)
{
	struct family_totals t;
	char time[24];

	family_totals(r->family, &t);
	time_text(r->ended - r->began, time, sizeof(time));
	if (r->nr > 1)
		fprintf(out, "Read one after the other, within %s.\n", time);
	put_pages(r, out, t.unsteady,
		  " changed meanwhile, or is of processes with one memory.");
	put_pages(r, out, t.about,
		  " (~) is of large pages, whose mappings are counted on average.");
	if (r->gone)
		fprintf(out, "%zu exited while they were read.\n", r->gone);
}

void reading_json(const struct reading *r, struct json *j, const char *schema)
{
	struct family_totals t;

	family_totals(r->family, &t);
	json_document(j, schema);
	json_number(j, "page_size", cowi_status(r->targets.c)->page_size);
	json_number(j, "read_ns", r->ended - r->began);
	json_number(j, "exited", r->gone);
}
