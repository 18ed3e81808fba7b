// SPDX-License-Identifier: GPL-2.0
/*
 * Makes pages of trace --html from made-up events, for html.t and exports.t:
 *
 *	make-trace server FILE	a server with two workers and a grandchild, one
 *				of whom calls exec, and losses; with call paths
 *	make-trace large FILE	100000 events of 40 processes and their tree, from
 *				thousands of call paths
 *	make-trace one FILE	one fault, without call paths
 *	make-trace hostile FILE	names that would break a careless page
 *
 *	make-trace KIND FILE COLLAPSED PPROF PERFETTO	the same and the exports
 *
 * With REPORT=NAME in the environment, the report for people as well; NAME is that of
 * a mapping.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcowinspect.h"
#include "trace.h"

#define HEAP		0x55d000000000ull
#define FILE_AT		0x7f0000000000ull
#define PAGE		4096ull
#define MS		1000000ull
#define BEGIN		(77 * MS)

static const char hostile[] =
	"</script><script>document.title='caught'</script><!--<b>\"'&amp;\\\xff";

/* Where those that copy come from; CALLS_ROOT where that is not known. */
static struct calls *calls;
static size_t where;

static size_t call_frame(size_t caller, struct calls_frame frame)
{
	size_t number, path;

	frame.object = frame.object ? frame.object : "/usr/bin/server";
	frame.file = frame.file ? frame.file : "";
	if (calls_frame(calls, &frame, &number) ||
	    calls_path(calls, caller, number, &path))
		exit(2);
	return path;
}

static size_t call(size_t caller, const char *function, const char *file,
		   unsigned int line)
{
	return call_frame(caller, (struct calls_frame){
		.function = function, .file = file, .line = line });
}

static void count_path(struct trace_proc *p, const struct cowi_event *e)
{
	const struct calls_cost cost = { 1, e->bytes, e->cost };

	if (calls_count(&p->tally->stacks.costs, where, &cost))
		exit(2);
}

static struct trace_proc *add(struct trace *t, pid_t pid, const char *comm,
			      const struct trace_proc *parent)
{
	struct trace_proc *p = calloc(1, sizeof(*p));

	t->proc = reallocarray(t->proc, t->nr_procs + 1, sizeof(*t->proc));
	p->tally = tally_add(&t->tally, pid, parent ? parent->tally : NULL,
			     0);
	snprintf(p->tally->comm, sizeof(p->tally->comm), "%s", comm);
	p->running = true;
	t->proc[t->nr_procs++] = p;
	return p;
}

static const char *heap = "[heap]";

static struct cowi_mapping mapping_at(__u64 addr)
{
	if (addr >= FILE_AT)
		return (struct cowi_mapping){
			.start = FILE_AT, .end = FILE_AT + 512 * PAGE,
			.perms = "r-xp", .name = "/lib/libc.so.6",
		};
	return (struct cowi_mapping){
		.start = HEAP, .end = HEAP + 100000 * PAGE,
		.perms = "rw-p", .name = heap,
	};
}

static void take(struct trace *t, struct trace_proc *p, struct cowi_event *e,
		 __u64 time)
{
	e->time = BEGIN + time;
	trace_perfetto_add(t, p, e);
	if (timeline_add(&t->timeline, p ? &p->lane : NULL, e))
		exit(2);
}

static void fault(struct trace *t, struct trace_proc *p, __u64 time,
		  unsigned int outcome, __u64 addr)
{
	const struct cowi_mapping m = mapping_at(addr);
	struct cowi_event e = {
		.kind = COWI_EVENT_FAULT, .addr = addr, .bytes = PAGE,
		.cost = 2000, .outcome = outcome, .flags = COWI_E_USER,
		.pid = p->tally->pid, .tid = p->tally->pid,
		.vma = addr >= FILE_AT ? COWI_VMA_FILE : COWI_VMA_ANON,
		.mapping = &m,
	};

	if (tally_fault(&t->tally, p->tally, &e))
		exit(2);
	p->faults.total[COWI_FAULT_observed]++;
	p->faults.total[COWI_FAULT_copied + outcome]++;
	p->faults.by_vma[COWI_FAULT_copied + outcome][e.vma]++;
	if (outcome == COWI_DID_COPIED) {
		if (t->options->stream.stacks)
			count_path(p, &e);
		p->faults.total[COWI_FAULT_copied_bytes] += PAGE;
		p->faults.by_vma[COWI_FAULT_copied_bytes][e.vma] += PAGE;
	}
	take(t, p, &e, time);
}

static void note(struct trace *t, struct trace_proc *p, __u64 time,
		 enum cowi_event_kind kind)
{
	struct cowi_event e = { .kind = kind };

	if (p) {
		e.pid = p->tally->pid;
		e.tid = p->tally->pid;
		e.parent = p->tally->parent;
	}
	if (kind == COWI_EVENT_LOST) {
		e.count = 50;
		t->tally.lost += e.count;
		t->tally.lost_notes++;
	}
	if (kind == COWI_EVENT_EXEC)
		p->tally->execs++;
	if (kind == COWI_EVENT_EXIT)
		p->running = false;
	take(t, p, &e, time);
}

/* One fault each millisecond, page after page. */
static void fault_all(struct trace *t, struct trace_proc *p, __u64 ms,
		      unsigned int nr, unsigned int outcome, __u64 at)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		fault(t, p, (ms + i) * MS, outcome, at + i * PAGE);
}

/* The paths of the server: some of all kinds that there are. */
struct paths {
	size_t copy;
	size_t inlined;
	size_t recursive;
	size_t nameless;
	size_t cut;
};

static struct paths make_paths(void)
{
	const struct calls_frame copy = { .function = "memcpy",
					  .object = "/lib/libc.so.6" };
	struct paths p;
	size_t at;

	at = call(CALLS_ROOT, "main", "server.c", 40);
	at = call(at, "serve", "server.c", 71);
	p.copy = call(at, "update", "table.c", 12);
	p.copy = call_frame(p.copy, copy);
	p.inlined = call(at, "update", "table.c", 19);
	p.inlined = call_frame(p.inlined, (struct calls_frame){
		.function = "set_flag", .file = "table.h", .line = 8,
		.inlined = true });
	at = call(at, "walk", "tree.c", 5);
	at = call(at, "walk", "tree.c", 6);
	at = call(at, "walk", "tree.c", 6);
	p.recursive = call_frame(at, copy);
	p.nameless = call_frame(CALLS_ROOT, (struct calls_frame){
		.function = "", .object = "/usr/lib/libz.so.1",
		.offset = 0x1234 });
	p.cut = call_frame(CALLS_ROOT, (struct calls_frame){
		.function = "(cut off: no unwind information)",
		.object = "" });
	p.cut = call_frame(p.cut, copy);
	return p;
}

static void make_server(struct trace *t)
{
	struct trace_proc *server, *first, *second, *grandchild;
	const struct paths path = make_paths();

	server = add(t, 500, "server", NULL);
	fault_all(t, server, 0, 300, COWI_DID_ZEROFILLED, HEAP);
	fault_all(t, server, 20, 60, COWI_DID_MAPPED, FILE_AT);
	first = add(t, 501, "worker", server);
	note(t, first, 300 * MS, COWI_EVENT_BORN);
	where = path.copy;
	fault_all(t, first, 301, 90, COWI_DID_COPIED, HEAP);
	where = path.inlined;
	fault_all(t, first, 391, 30, COWI_DID_COPIED, HEAP + 90 * PAGE);
	second = add(t, 502, "worker", server);
	note(t, second, 400 * MS, COWI_EVENT_BORN);
	where = path.recursive;
	fault_all(t, second, 401, 40, COWI_DID_COPIED, HEAP);
	fault_all(t, second, 405, 10, COWI_DID_RETRIED, FILE_AT);
	grandchild = add(t, 503, "worker", first);
	note(t, grandchild, 430 * MS, COWI_EVENT_BORN);
	where = path.nameless;
	fault_all(t, grandchild, 431, 5, COWI_DID_COPIED, HEAP);
	note(t, grandchild, 440 * MS, COWI_EVENT_EXEC);
	fault_all(t, grandchild, 441, 20, COWI_DID_ZEROPAGE, HEAP + 500 * PAGE);
	note(t, grandchild, 470 * MS, COWI_EVENT_EXIT);
	fault_all(t, server, 480, 120, COWI_DID_REUSED, HEAP);
	note(t, NULL, 650 * MS, COWI_EVENT_LOST);
	where = path.cut;
	fault_all(t, server, 650, 70, COWI_DID_COPIED, HEAP + 150 * PAGE);
	where = CALLS_ROOT;
	fault_all(t, server, 720, 30, COWI_DID_COPIED, HEAP + 220 * PAGE);
	t->end = BEGIN + 1000 * MS;
}

/* A path for each number, those of numbers that begin alike having callers in common. */
static size_t numbered_path(unsigned int i)
{
	size_t at = CALLS_ROOT;
	unsigned int depth;
	char name[24];

	for (depth = 0; depth < 24; depth++) {
		snprintf(name, sizeof(name), "level_%u_%u", depth,
			 depth % 6 ? 0 : i % (depth * 4 + 1));
		at = call(at, name, "made.c", depth);
	}
	snprintf(name, sizeof(name), "leaf_%u", i);
	return call(at, name, "made.c", i);
}

static void make_large(struct trace *t)
{
	static const unsigned int outcomes[] = {
		COWI_DID_ZEROFILLED, COWI_DID_COPIED, COWI_DID_COPIED,
		COWI_DID_REUSED, COWI_DID_ZEROPAGE, COWI_DID_MAPPED,
		COWI_DID_SHARED, COWI_DID_SWAPIN, COWI_DID_USERFAULTFD,
		COWI_DID_SPURIOUS,
	};
	struct trace_proc *p[40];
	unsigned int i;

	for (i = 0; i < 40; i++)
		p[i] = add(t, 1000 + i, "busy", i ? p[i / 2] : NULL);
	for (i = 0; i < 100000; i++) {
		where = numbered_path(i % 3989);
		fault(t, p[i / 500 * 7 % 40], i * 100000ull,
		      outcomes[(i / 1000 + i % 3) % 10], HEAP + i * PAGE);
	}
	t->end = BEGIN + 10000 * MS;
}

static void make_one(struct trace *t)
{
	struct trace_proc *p = add(t, 7, "one", NULL);

	fault(t, p, 1000, COWI_DID_COPIED, HEAP);
	t->end = BEGIN + 2000;
}

static void make_hostile(struct trace *t)
{
	struct trace_proc *p = add(t, 7, "<b>\"'&\\\xff</b>", NULL);

	heap = hostile;
	where = call_frame(CALLS_ROOT, (struct calls_frame){
		.function = hostile, .object = hostile, .file = hostile });
	where = call(where, "a;b c\n9 8", "", 0);
	fault_all(t, p, 1, 3, COWI_DID_COPIED, HEAP);
	t->unarmed = true;
	t->end = BEGIN + 10 * MS;
}

static void know_all(struct trace *t)
{
	size_t i, k;

	for (i = 0; i < t->nr_procs; i++) {
		for (k = 0; k < COWI_NR_FAULTS; k++)
			t->proc[i]->faults.known[k] = true;
	}
}

/* As trace_finish() leaves it; with forks, which have a table of their own. */
static int report_on(struct trace *t)
{
	struct cowi_event fork = {
		.kind = COWI_EVENT_FORK, .cost = 123456789, .tables = 1 << 20,
		.copied = 3, .anon = 1 << 20, .file = 12345, .shmem = 23456,
		.swap = 34567,
	};
	size_t i;

	t->out = stdout;
	if (t->nr_procs > 1)
		forks_add(&t->proc[0]->tally->forks, &fork);
	for (i = 0; i < t->nr_procs; i++) {
		if (groups_add(&t->groups, t->proc[i]->tally))
			return -1;
	}
	groups_sort(&t->groups);
	return trace_report(t);
}

static void release(struct trace *t)
{
	size_t i;

	for (i = 0; i < t->nr_procs; i++) {
		timeline_lane_release(&t->proc[i]->lane);
		free(t->proc[i]);
	}
	free(t->proc);
	tally_release(&t->tally);
	groups_release(&t->groups);
	timeline_release(&t->timeline);
	calls_release(calls);
}

int main(int argc, char **argv)
{
	static const struct cowi_status status = {
		.kernel = "6.1.0-test", .rules = "5.19", .page_size = PAGE,
	};
	const char *kind = argc >= 3 ? argv[1] : "";
	char word[sizeof(hostile)] = "--all", *command[3] = { argv[1], word };
	struct trace_options o = { .command = command, .top = 10 };
	struct trace t = { .options = &o, .start = BEGIN };
	int err, i;

	o.html = argc >= 3 ? argv[2] : "/dev/full";
	for (i = 0; i < NR_TRACE_EXPORTS && argc == 3 + NR_TRACE_EXPORTS; i++)
		o.export[i] = argv[3 + i];
	o.stream.outcomes = 1U << COWI_DID_COPIED;
	if (!strcmp(kind, "hostile"))
		strcpy(word, hostile);
	tally_init(&t.tally, PAGE);
	timeline_init(&t.timeline, BEGIN);
	calls = &t.stacks.calls;
	if (calls_init(calls))
		return 2;
	if (strcmp(kind, "one"))
		o.stream.stacks = COWI_STACKS_DWARF;
	if (trace_page_open(&t) || trace_exports_open(&t)) {
		release(&t);
		return 2;
	}
	if (getenv("REPORT"))
		heap = getenv("REPORT");
	if (!strcmp(kind, "server"))
		make_server(&t);
	else if (!strcmp(kind, "large"))
		make_large(&t);
	else if (!strcmp(kind, "one"))
		make_one(&t);
	else if (!strcmp(kind, "hostile"))
		make_hostile(&t);
	know_all(&t);
	err = trace_page(&t, &status);
	if (!err)
		err = trace_exports(&t);
	trace_exports_close(&t);
	if (!err && getenv("REPORT"))
		err = report_on(&t);
	release(&t);
	return err ? 1 : 0;
}
