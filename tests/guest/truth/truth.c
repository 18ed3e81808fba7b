// SPDX-License-Identifier: GPL-2.0
/*
 * The truth test: what it is about stands in truth.h.
 *
 *	truth [LAYOUTS [SEED]]
 *
 * Both may also come from the environment. The layouts have the seeds SEED,
 * SEED + 1, ...; a seed that failed is printed and replays alone with
 * "truth 1 SEED".
 */
#include "truth.h"

/* After so many lines about differences, in a layout, the rest is only counted. */
#define MOST_SAID	6

/* So many layouts must have every ingredient: the rarest is in three of a hundred. */
#define ENOUGH		1000

const char * const ingredient_texts[NR_INGREDIENTS] = {
#define X(id, text) text,
	INGREDIENTS(X)
#undef X
};

struct shared *shared;
uint64_t steady_checks;

static uint64_t nr_differences, differences_before, seed;
static unsigned int layouts_with[NR_INGREDIENTS];

/**
 * differs - report a difference between the module and the kernel
 * @format: what differs
 */
void differs(const char *format, ...)
{
	char line[1024];
	va_list args;

	if (nr_differences++ - differences_before >= MOST_SAID)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	diag("seed %" PRIu64 ": %s", seed, line);
}

uint64_t differences_so_far(void)
{
	return nr_differences;
}

/* Go back to a number of differences: those since then do not count. */
void differences_forget(uint64_t mark)
{
	nr_differences = mark;
}

/**
 * record_text - a record, for a line about it
 * @r: the record
 *
 * Return: text that is good until the next call but one.
 */
const char *record_text(const struct cowinspect_page *r)
{
	static char texts[2][192];
	static int which;

	which = !which;
	snprintf(texts[which], sizeof(texts[which]),
		 "pfn %llx kind %d order %d of %d mapcount %u of %u refcount %u flags %llx",
		 r->pfn, r->kind, r->map_order, r->folio_order, r->mapcount,
		 r->folio_mapcount, r->refcount, r->flags);
	return texts[which];
}

static void count_ingredients(void)
{
	int i;

	for (i = 0; i < NR_INGREDIENTS; i++)
		layouts_with[i] += shared->seen[i];
}

/* An ingredient that never occurred, with no reason why it cannot, is a fault. */
static void report_ingredients(void)
{
	int i, present = 0, never = 0;

	for (i = 0; i < NR_INGREDIENTS; i++) {
		if (layouts_with[i]) {
			diag("%5u layouts with: %s", layouts_with[i],
			     ingredient_texts[i]);
			present++;
		} else if (machine.missing[i]) {
			diag("   no layout with: %s: %s", ingredient_texts[i],
			     machine.missing[i]);
		} else {
			diag("   NO LAYOUT WITH: %s", ingredient_texts[i]);
			never++;
		}
	}
	ok(!never, "%d ingredients occurred, %d cannot here, %d should have",
	   present, NR_INGREDIENTS - present - never, never);
}

static int run_layouts(int n)
{
	int i, failed = 0;

	for (i = 0; i < n; i++, seed++) {
		differences_before = nr_differences;
		layout_run(seed);
		count_ingredients();
		if (nr_differences == differences_before)
			continue;
		failed++;
		diag("layout with seed %" PRIu64 " failed", seed);
	}
	return failed;
}

/* A test that cannot go on must not leave members behind, with files open. */
static void kill_members(void)
{
	int m;

	for (m = 0; m < MAX_MEMBERS; m++) {
		if (shared->members[m].pid)
			kill(shared->members[m].pid, SIGKILL);
	}
}

int main(int argc, char **argv)
{
	const char *layouts = argc > 1 ? argv[1] : getenv("LAYOUTS");
	const char *first = argc > 2 ? argv[2] : getenv("SEED");
	int n = layouts ? atoi(layouts) : 200, failed;

	seed = first ? strtoull(first, NULL, 10) : 1;
	tap_plan(n >= ENOUGH ? 6 : 5);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		bail("no memory");
	atexit(kill_members);
	views_alloc();
	machine_setup();

	diag("seeds from %" PRIu64 " on", seed);
	failed = run_layouts(n);
	ok(!failed, "layouts without a difference: %d of %d", n - failed, n);
	ok(!nr_differences, "%" PRIu64 " entries, %" PRIu64 " pages, %" PRIu64
	   " totals compared with the kernel's: %" PRIu64 " differences",
	   compared_entries, compared_pages, compared_totals, nr_differences);
	report_predictions();
	ok(observed_writes, "writes that faulted and were observed: %" PRIu64,
	   observed_writes);
	diag("non-disturbance: %" PRIu64 " members, 100 inspections each%s",
	     steady_checks, access("/sys/kernel/mm/page_idle", F_OK) ?
	     "; without page_idle there is no idle flag to change" : "");
	if (n >= ENOUGH)
		report_ingredients();
	return tap_done();
}
