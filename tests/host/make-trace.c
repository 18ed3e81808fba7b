// SPDX-License-Identifier: GPL-2.0
/*
 * Makes pages of trace --html from made-up events, for html.t:
 *
 *	make-trace server FILE	a server with two workers and a grandchild, one
 *				of whom calls exec, and losses
 *	make-trace large FILE	100000 events of 40 processes and their tree
 *	make-trace one FILE	one fault
 *	make-trace hostile FILE	names that would break a careless page
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
		return (struct cowi_mapping){ FILE_AT, FILE_AT + 512 * PAGE,
					      "r-xp", "/lib/libc.so.6" };
	return (struct cowi_mapping){ HEAP, HEAP + 100000 * PAGE, "rw-p", heap };
}

static void take(struct trace *t, struct trace_proc *p, struct cowi_event *e,
		 __u64 time)
{
	e->time = BEGIN + time;
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
		.vma = addr >= FILE_AT ? COWI_VMA_FILE : COWI_VMA_ANON,
		.mapping = &m,
	};

	if (tally_fault(&t->tally, p->tally, &e))
		exit(2);
	p->faults.total[COWI_FAULT_observed]++;
	p->faults.total[COWI_FAULT_copied + outcome]++;
	p->faults.by_vma[COWI_FAULT_copied + outcome][e.vma]++;
	if (outcome == COWI_DID_COPIED) {
		p->faults.total[COWI_FAULT_copied_bytes] += PAGE;
		p->faults.by_vma[COWI_FAULT_copied_bytes][e.vma] += PAGE;
	}
	take(t, p, &e, time);
}

static void note(struct trace *t, struct trace_proc *p, __u64 time,
		 enum cowi_event_kind kind)
{
	struct cowi_event e = { .kind = kind };

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

static void make_server(struct trace *t)
{
	struct trace_proc *server, *first, *second, *grandchild;

	server = add(t, 500, "server", NULL);
	fault_all(t, server, 0, 300, COWI_DID_ZEROFILLED, HEAP);
	fault_all(t, server, 20, 60, COWI_DID_MAPPED, FILE_AT);
	first = add(t, 501, "worker", server);
	note(t, first, 300 * MS, COWI_EVENT_BORN);
	fault_all(t, first, 301, 120, COWI_DID_COPIED, HEAP);
	second = add(t, 502, "worker", server);
	note(t, second, 400 * MS, COWI_EVENT_BORN);
	fault_all(t, second, 401, 40, COWI_DID_COPIED, HEAP);
	fault_all(t, second, 405, 10, COWI_DID_RETRIED, FILE_AT);
	grandchild = add(t, 503, "worker", first);
	note(t, grandchild, 430 * MS, COWI_EVENT_BORN);
	fault_all(t, grandchild, 431, 5, COWI_DID_COPIED, HEAP);
	note(t, grandchild, 440 * MS, COWI_EVENT_EXEC);
	fault_all(t, grandchild, 441, 20, COWI_DID_ZEROPAGE, HEAP + 500 * PAGE);
	note(t, grandchild, 470 * MS, COWI_EVENT_EXIT);
	fault_all(t, server, 480, 120, COWI_DID_REUSED, HEAP);
	note(t, NULL, 650 * MS, COWI_EVENT_LOST);
	fault_all(t, server, 650, 100, COWI_DID_COPIED, HEAP + 150 * PAGE);
	t->end = BEGIN + 1000 * MS;
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
	for (i = 0; i < 100000; i++)
		fault(t, p[i / 500 * 7 % 40], i * 100000ull,
		      outcomes[(i / 1000 + i % 3) % 10], HEAP + i * PAGE);
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

static void release(struct trace *t)
{
	size_t i;

	for (i = 0; i < t->nr_procs; i++) {
		timeline_lane_release(&t->proc[i]->lane);
		free(t->proc[i]);
	}
	free(t->proc);
	tally_release(&t->tally);
	timeline_release(&t->timeline);
}

int main(int argc, char **argv)
{
	static const struct cowi_status status = {
		.kernel = "6.1.0-test", .rules = "5.19", .page_size = PAGE,
	};
	const char *kind = argc == 3 ? argv[1] : "";
	char word[sizeof(hostile)] = "--all", *command[3] = { argv[1], word };
	struct trace_options o = { .command = command, .top = 10 };
	struct trace t = { .options = &o, .start = BEGIN };
	int err;

	o.html = argc == 3 ? argv[2] : "/dev/full";
	if (!strcmp(kind, "hostile"))
		strcpy(word, hostile);
	tally_init(&t.tally, PAGE);
	timeline_init(&t.timeline, BEGIN);
	if (trace_page_open(&t))
		return 2;
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
	release(&t);
	return err ? 1 : 0;
}
