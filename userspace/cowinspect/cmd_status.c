// SPDX-License-Identifier: GPL-2.0
/* cowinspect status: what the module can tell on this kernel. */
#include <stdio.h>

#include "commands.h"
#include "json.h"

static const char doc[] =
	"Show what the loaded module is, what this kernel lets it tell, and\n"
	"which processes are attached.\n"
	"\vPer quantity: exact (the kernel keeps this number), average (over\n"
	"a large folio), estimate (a guess the kernel itself uses), absent.\n"
	"\n"
	"Examples:\n"
	"  sudo cowinspect status\n"
	"  sudo cowinspect status --json | jq .exclusive\n";

static const struct argp_option options[] = {
	{ "json", 'J', NULL, 0, "write JSON", 0 },
	{ 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	bool *json = state->input;

	switch (key) {
	case 'J':
		*json = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is not expected here", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.doc = doc,
};

struct quantity {
	const char *name;
	const char *meaning;
	enum cowinspect_counts counts;
};

#define NR_QUANTITIES	7

static void quantities(const struct cowi_status *st, struct quantity *q)
{
	const struct quantity all[NR_QUANTITIES] = {
		{ "mapcount", "how often a page is mapped", st->mapcount },
		{ "refcount", "who holds references to it", st->refcount },
		{ "folio_mapcount", "mappings of its whole folio",
		  st->folio_mapcount },
		{ "exclusive", "whether a mapping owns the page",
		  st->exclusive },
		{ "soft_dirty", "written since the last reset",
		  st->soft_dirty },
		{ "uffd_wp", "write protection by userfaultfd", st->uffd_wp },
		{ "uffd_async", "whether the kernel resolves it itself",
		  st->uffd_async },
	};
	size_t i;

	for (i = 0; i < NR_QUANTITIES; i++)
		q[i] = all[i];
}

static void status_text(const struct cowi_status *st)
{
	struct quantity q[NR_QUANTITIES];
	size_t i;

	printf("module          %s, ABI %u, records of %zu bytes\n",
	       st->version, st->abi, st->record_size);
	printf("kernel          %s, pages of %llu bytes\n", st->kernel,
	       st->page_size);
	printf("rules           copy-on-write as of Linux %s\n", st->rules);
	quantities(st, q);
	for (i = 0; i < NR_QUANTITIES; i++)
		printf("%-15s %-8s  %s\n", q[i].name,
		       cowi_counts_name(q[i].counts), q[i].meaning);
	printf("longest lock    %llu ns\n", st->lock_hold_max);
	printf("targets         %zu of at most %llu\n", st->nr_targets,
	       st->max_targets);
	for (i = 0; i < st->nr_targets; i++)
		printf("  %-13d %s\n", st->target[i].pid,
		       st->target[i].running ? "running" : "exited");
}

static void status_json(const struct cowi_status *st)
{
	struct json j = { .out = stdout };
	struct quantity q[NR_QUANTITIES];
	size_t i;

	json_object(&j, NULL);
	json_string(&j, "version", st->version);
	json_number(&j, "abi", st->abi);
	json_number(&j, "record_size", st->record_size);
	json_number(&j, "page_size", st->page_size);
	json_string(&j, "kernel", st->kernel);
	json_string(&j, "rules", st->rules);
	quantities(st, q);
	for (i = 0; i < NR_QUANTITIES; i++)
		json_string(&j, q[i].name, cowi_counts_name(q[i].counts));
	json_number(&j, "max_targets", st->max_targets);
	json_number(&j, "lock_hold_max", st->lock_hold_max);
	json_array(&j, "targets");
	for (i = 0; i < st->nr_targets; i++) {
		json_object(&j, NULL);
		json_number(&j, "pid", st->target[i].pid);
		json_bool(&j, "running", st->target[i].running);
		json_end_object(&j);
	}
	json_end_array(&j);
	json_end_object(&j);
}

int cmd_status(int argc, char **argv, const struct globals *g)
{
	bool json = false;
	struct cowi *c;
	int err;

	argp_parse(&argp, argc, argv, 0, NULL, &json);
	err = cowi_open(g->debugfs, &c);
	if (err)
		return report(g->debugfs ? g->debugfs : COWI_DEFAULT_ROOT, err);
	if (json)
		status_json(cowi_status(c));
	else
		status_text(cowi_status(c));
	cowi_close(c);
	return EXIT_OK;
}
