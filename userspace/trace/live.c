// SPDX-License-Identifier: GPL-2.0
/* What trace shows on a terminal while it runs. */
#include <stdlib.h>
#include <string.h>

#include "safe.h"
#include "trace.h"

#define MAX_LINES	8
#define NAME_WIDTH	15

static __u64 since(const struct trace_proc *p)
{
	return tally_faults(&p->tally->counts) - tally_faults(&p->live);
}

/* For qsort(): more faults since the last time first. */
static int busier(const void *a, const void *b)
{
	__u64 x = since(*(struct trace_proc *const *)a);
	__u64 y = since(*(struct trace_proc *const *)b);

	return x < y ? 1 : x > y ? -1 : 0;
}

static void line(const struct trace_proc *p, __u64 elapsed)
{
	const struct tally_counts *c = &p->tally->counts;
	__u64 copied = tally_copied(c) - tally_copied(&p->live);
	__u64 bytes = c->copied_bytes - p->live.copied_bytes;
	char rate[24], total[24];
	int columns;

	size_text(bytes * 1000000000 / elapsed, rate, sizeof(rate));
	size_text(c->copied_bytes, total, sizeof(total));
	fprintf(stderr, "%7d ", p->tally->pid);
	columns = put_safe(stderr, p->tally->comm);
	fprintf(stderr,
		"%*s %8llu faults/s %8llu copies/s %7s/s | %llu faults %llu copied %llu reused %s\n",
		columns < NAME_WIDTH ? NAME_WIDTH - columns : 0, "",
		since(p) * 1000000000 / elapsed, copied * 1000000000 / elapsed,
		rate, tally_faults(c), tally_copied(c), tally_reused(c), total);
}

/* Those that had faults since the last time, busiest first. */
static size_t active(const struct trace *t, struct trace_proc **list)
{
	size_t i, nr = 0;

	for (i = 0; i < t->nr_procs; i++) {
		if (since(t->proc[i]))
			list[nr++] = t->proc[i];
	}
	qsort(list, nr, sizeof(*list), busier);
	return nr;
}

unsigned int trace_live(struct trace *t, unsigned int lines, bool redraw)
{
	static __u64 last;
	__u64 now = trace_now(), elapsed;
	struct trace_proc **list;
	size_t nr, i;

	list = calloc(t->nr_procs, sizeof(*list));
	if (!list)
		return lines;
	elapsed = now - (last ? last : t->start);
	last = now;
	nr = active(t, list);
	if (redraw && lines)
		fprintf(stderr, "\033[%uA\033[J", lines);
	for (i = 0; i < nr && i < MAX_LINES; i++)
		line(list[i], elapsed ? elapsed : 1);
	for (lines = i, i = 0; i < nr; i++)
		list[i]->live = list[i]->tally->counts;
	if (nr > MAX_LINES) {
		fprintf(stderr, "%7s %zu more processes\n", "", nr - MAX_LINES);
		lines++;
	}
	free(list);
	return lines;
}
