// SPDX-License-Identifier: GPL-2.0
/* cowinspect status: what the module can tell on this kernel. */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "json.h"
#include "safe.h"

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

/* Whether somebody is attached or listens: else there is nothing to be armed for. */
static bool is_needed(const struct cowi_status *st)
{
	return st->nr_targets || strpbrk(st->observed_for, "123456789");
}

static void status_observer(const struct cowi_status *st)
{
	if (!st->observer[0] || !strcmp(st->observer, "none")) {
		printf("observer        none\n");
		return;
	}
	printf("observer        ");
	put_safe(stdout, st->observer);
	printf(", %llu faults at a time\n", st->max_inflight);
	if (st->observer_error)
		printf("                does not work here: %s\n",
		       strerror(-st->observer_error));
	else if (st->observer_armed == COWI_ANSWER_NO && is_needed(st))
		printf("%16sNOT ARMED: faults go by unseen. Both of these have to be 1:\n"
		       "%16ssysctl kernel.ftrace_enabled; cat /sys/kernel/debug/kprobes/enabled\n",
		       "", "");
	if (st->observed_for[0])
		printf("                for %s\n", st->observed_for);
	printf("                missed %llu; faults by other processes: %s\n",
	       st->observer_missed, cowi_counts_name(st->observer_remote));
}

static const struct {
	const char *name;
	const char *meaning;
} locks[COWI_NR_LOCKS] = {
	[COWI_LOCK_MMAP] = { "mmap", "an address space that is read" },
	[COWI_LOCK_TABLE] = { "table", "a page table of it" },
	[COWI_LOCK_TARGETS] = { "targets", "the list of targets" },
};

static void status_holds(const struct cowi_status *st)
{
	size_t i;

	printf("longest lock    %llu ns\n", st->lock_hold_max);
	for (i = 0; i < COWI_NR_LOCKS; i++)
		printf("  %-13s %llu ns, of %llu holds: %s\n", locks[i].name,
		       st->hold[i].max, st->hold[i].holds, locks[i].meaning);
}

static void status_rules_by(const char *by)
{
	if (!strcmp(by, "guess"))
		puts("\n                A GUESS: the module does not support this kernel");
	else if (*by)
		printf(", told by %s\n", !strcmp(by, "probe") ? "what it has" : "its version");
	else
		putchar('\n');
}

static void status_text(const struct cowi_status *st)
{
	struct quantity q[NR_QUANTITIES];
	size_t i;

	printf("module          ");
	put_safe(stdout, st->version);
	printf(", ABI %u, records of %zu bytes\nkernel          ", st->abi,
	       st->record_size);
	put_safe(stdout, st->kernel);
	printf(", pages of %llu bytes\n", st->page_size);
	if (st->kernel_tested == COWI_ANSWER_NO)
		printf("%16sNOT TESTED: it predicts by the rules of a version before this;\n"
		       "%16scowinspect lab compares what it says with what happens\n",
		       "", "");
	printf("rules           copy-on-write as of Linux ");
	put_safe(stdout, st->rules);
	status_rules_by(st->rules_by);
	quantities(st, q);
	for (i = 0; i < NR_QUANTITIES; i++)
		printf("%-15s %-8s  %s\n", q[i].name,
		       cowi_counts_name(q[i].counts), q[i].meaning);
	status_observer(st);
	status_holds(st);
	printf("targets         %zu of at most %llu, %llu in memory\n",
	       st->nr_targets, st->max_targets, st->targets_held);
	for (i = 0; i < st->nr_targets; i++)
		printf("  %-13d %s\n", st->target[i].pid,
		       st->target[i].running ? "running" : "exited");
}

/* Each lock: the longest hold, and how many took from "ns" up to twice that. */
static void json_holds(struct json *j, const struct cowi_status *st)
{
	size_t i, n;

	json_array(j, "holds");
	for (i = 0; i < COWI_NR_LOCKS; i++) {
		json_object(j, NULL);
		json_string(j, "lock", locks[i].name);
		json_number(j, "max_ns", st->hold[i].max);
		json_array(j, "histogram");
		for (n = 0; n < COWI_HOLD_BUCKETS; n++) {
			if (!st->hold[i].count[n])
				continue;
			json_object(j, NULL);
			json_number(j, "ns", n ? 1ULL << n : 0);
			json_number(j, "count", st->hold[i].count[n]);
			json_end_object(j);
		}
		json_end_array(j);
		json_end_object(j);
	}
	json_end_array(j);
}

static void json_answer(struct json *j, const char *key,
			enum cowi_answer answer)
{
	if (answer == COWI_ANSWER_NONE)
		json_null(j, key);
	else
		json_bool(j, key, answer == COWI_ANSWER_YES);
}

static void status_json(const struct cowi_status *st)
{
	struct json j = { .out = stdout };
	struct quantity q[NR_QUANTITIES];
	size_t i;

	json_document(&j, "cowinspect-status");
	json_string(&j, "module_version", st->version);
	json_number(&j, "abi", st->abi);
	json_number(&j, "record_bytes", st->record_size);
	json_number(&j, "page_size", st->page_size);
	json_string(&j, "kernel", st->kernel);
	json_answer(&j, "kernel_tested", st->kernel_tested);
	json_string(&j, "rules", st->rules);
	json_string(&j, "rules_by", st->rules_by);
	quantities(st, q);
	for (i = 0; i < NR_QUANTITIES; i++)
		json_string(&j, q[i].name, cowi_counts_name(q[i].counts));
	json_number(&j, "max_targets", st->max_targets);
	json_number(&j, "targets_held", st->targets_held);
	json_number(&j, "lock_hold_max_ns", st->lock_hold_max);
	json_holds(&j, st);
	json_string(&j, "observer", st->observer);
	json_string(&j, "observer_for", st->observed_for);
	json_answer(&j, "observer_armed", st->observer_armed);
	json_string(&j, "observer_remote",
		    cowi_counts_name(st->observer_remote));
	json_number(&j, "observer_missed", st->observer_missed);
	json_number(&j, "max_inflight", st->max_inflight);
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

int cmd_status(int argc, char **argv, struct globals *g)
{
	bool json = false;
	struct cowi *c;

	parse_command(&argp, argc, argv, 0, &json, g);
	if (session_open(g, &c))
		return EXIT_FAILED;
	if (json)
		status_json(cowi_status(c));
	else
		status_text(cowi_status(c));
	cowi_close(c);
	return EXIT_OK;
}
