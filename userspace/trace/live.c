// SPDX-License-Identifier: GPL-2.0
/* What trace shows on a terminal while it runs. */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "array_size.h"
#include "safe.h"
#include "trace.h"

#define MAX_LINES	8
#define PID_WIDTH	7
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

/* Write what fits, from the left; a field is not cut. */
static bool field(FILE *out, unsigned int *room, const char *text)
{
	size_t len = strlen(text);

	if (len > *room)
		return false;
	*room -= len;
	fputs(text, out);
	return true;
}

void trace_live_line(FILE *out, const struct trace_proc *p, __u64 elapsed,
		     unsigned int columns)
{
	const struct tally_counts *c = &p->tally->counts;
	__u64 copied = tally_copied(c) - tally_copied(&p->live);
	__u64 bytes = c->copied_bytes - p->live.copied_bytes;
	/* In the last column, some terminals begin a line. */
	unsigned int room = columns > 1 ? columns - 1 : 0, used;
	char rate[24], total[24], text[4][40];
	size_t i;

	size_text(bytes * 1000000000 / elapsed, rate, sizeof(rate));
	size_text(c->copied_bytes, total, sizeof(total));
	snprintf(text[0], sizeof(text[0]), " %6llu faults/s",
		 since(p) * 1000000000 / elapsed);
	snprintf(text[1], sizeof(text[1]), " %6llu copies/s",
		 copied * 1000000000 / elapsed);
	snprintf(text[2], sizeof(text[2]), " %7s/s", rate);
	snprintf(text[3], sizeof(text[3]), " %7s all", total);

	fprintf(out, "%*d ", PID_WIDTH, p->tally->pid);
	room -= room < PID_WIDTH + 1 ? room : PID_WIDTH + 1;
	used = put_safe_cell(out, p->tally->comm, false, room);
	room -= used;
	if (used < NAME_WIDTH && NAME_WIDTH - used <= room) {
		fprintf(out, "%*s", NAME_WIDTH - used, "");
		room -= NAME_WIDTH - used;
	}
	for (i = 0; i < ARRAY_SIZE(text) && field(out, &room, text[i]); i++)
		;
	fputc('\n', out);
}

/* Of the terminal; a usual one if it does not say. */
static void terminal_size(unsigned int *rows, unsigned int *columns)
{
	struct winsize ws = { 0 };

	ioctl(STDERR_FILENO, TIOCGWINSZ, &ws);
	*rows = ws.ws_row ? ws.ws_row : 24;
	*columns = ws.ws_col ? ws.ws_col : 80;
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
	unsigned int rows, columns;
	static __u64 last;
	__u64 now = trace_now(), elapsed;
	struct trace_proc **list;
	size_t nr, max, i;

	list = calloc(t->nr_procs, sizeof(*list));
	if (!list)
		return lines;
	terminal_size(&rows, &columns);
	/* A line says how many there are more, and one has the cursor. */
	max = rows > MAX_LINES + 2 ? MAX_LINES : rows > 3 ? rows - 2 : 1;
	elapsed = now - (last ? last : t->start);
	last = now;
	nr = active(t, list);
	if (redraw && lines)
		fprintf(stderr, "\033[%uA\033[J", lines);
	for (i = 0; i < nr && i < max; i++)
		trace_live_line(stderr, list[i], elapsed ? elapsed : 1, columns);
	for (lines = i, i = 0; i < nr; i++)
		list[i]->live = list[i]->tally->counts;
	if (nr > max && columns > 32) {
		fprintf(stderr, "%*s %zu more processes\n", PID_WIDTH, "",
			nr - max);
		lines++;
	}
	free(list);
	return lines;
}
