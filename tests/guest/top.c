// SPDX-License-Identifier: GPL-2.0
/*
 * cowinspect top --batch on programs that copy as many pages as they were told: over a
 * whole run, no copy is missed, nor counted twice, nor somebody else's.
 */
#include "command.h"
#include "events.h"
#include "have.h"

#define WORKERS		3
#define PAGES		64
#define CHILDREN	20
#define OUT		"/tmp/top.json"

/**
 * struct worker - a process that copies once it is told to, and sleeps until then
 * @pid: it
 * @go: a byte for it
 * @done: one from it
 * @child: the ids of its children, in memory that all have
 */
struct worker {
	pid_t pid;
	int go[2], done[2];
	pid_t *child;
};

static struct worker worker[WORKERS];
static char *region;

static void write_pages(int nr)
{
	int i;

	for (i = 0; i < nr; i++)
		((volatile char *)region)[i * PAGE] = 3;
}

/* It is gone before anybody could look at it. */
static pid_t copy_in_child(int nr)
{
	pid_t pid = fork_mortal();

	if (!pid) {
		write_pages(nr);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	return pid;
}

/* The last one has others do it. */
static void work(void *arg)
{
	struct worker *w = arg;
	int me = w - worker, i;
	char byte;

	prctl(PR_SET_NAME, me < WORKERS - 1 ? "topworker" : "topmaster");
	if (read(w->go[0], &byte, 1) != 1)
		_exit(1);
	if (me < WORKERS - 1)
		write_pages(PAGES >> me);
	for (i = 0; i < CHILDREN && me == WORKERS - 1; i++)
		w->child[i] = copy_in_child(1);
	if (write(w->done[1], &byte, 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static void have_work(struct worker *w)
{
	char byte = 1;

	if (write(w->go[1], &byte, 1) != 1 || read(w->done[0], &byte, 1) != 1)
		bail("a worker is gone");
	wait_asleep(w->pid);
}

static void begin_workers(void)
{
	int i;

	region = map_pages(PAGES, MAP_PRIVATE);
	write_pages(PAGES);
	for (i = 0; i < WORKERS; i++) {
		worker[i].child = (pid_t *)map_pages(1, MAP_SHARED);
		if (pipe(worker[i].go) || pipe(worker[i].done))
			bail("pipe");
	}
	for (i = 0; i < WORKERS; i++)
		worker[i].pid = spawn(work, &worker[i]);
	for (i = 0; i < WORKERS; i++)
		wait_asleep(worker[i].pid);
}

/* ---- what was heard by us ---- */

static struct events heard;

static long long copies_heard(pid_t pid)
{
	long long n = 0;
	int i;

	for (i = 0; i < heard.nr; i++) {
		const struct event *e = &heard.event[i];

		n += e->pid == (unsigned int)pid &&
		     (e->outcome == COWI_DID_COPIED ||
		      e->outcome == COWI_DID_SWAPIN_COPIED);
	}
	return n;
}

static long long all_copies_heard(void)
{
	long long n = 0;
	int i;

	for (i = 0; i < WORKERS; i++)
		n += copies_heard(worker[i].pid);
	for (i = 0; i < CHILDREN; i++)
		n += copies_heard(worker[WORKERS - 1].child[i]);
	return n;
}

/* ---- what top says ---- */

/* The number that is behind @key in the line of JSON where @from is found last. */
static long long number_behind(const char *from, const char *key)
{
	const char *at = NULL, *next;
	char wanted[64];

	for (next = strstr(said, from); next; next = strstr(next + 1, from))
		at = next;
	snprintf(wanted, sizeof(wanted), "\"%s\": ", key);
	at = at ? strstr(at, wanted) : NULL;
	return at ? atoll(at + strlen(wanted)) : -1;
}

static long long of_process(pid_t pid, const char *key)
{
	char from[32];

	snprintf(from, sizeof(from), "\"pid\": %d,", pid);
	return number_behind(from, key);
}

/* All numbers behind @key, added up over the rounds. */
static long long sum_of_rounds(const char *key)
{
	const char *at = said;
	char wanted[64];
	long long sum = 0;

	snprintf(wanted, sizeof(wanted), "\"%s\": ", key);
	while ((at = strstr(at, "\"totals\": {"))) {
		at = strstr(at, wanted);
		if (!at)
			return -1;
		at += strlen(wanted);
		sum += atoll(at);
	}
	return sum;
}

static int rounds_said(void)
{
	const char *at = said;
	int n = 0;

	while ((at = strstr(at, "\"cowinspect-top\""))) {
		at++;
		n++;
	}
	return n;
}

/* Leave out the round that is being written. */
static void cut_last(void)
{
	char *at, *next;

	at = strstr(said, "budget_percent");
	while (at && (next = strstr(at + 1, "budget_percent")))
		at = next;
	if (at)
		*at = '\0';
}

static bool has_first_round(void)
{
	int i;

	for (i = 0; i < PATIENCE_S * 100; i++) {
		run("cat " OUT);
		if (strstr(said, "budget_percent")) {
			cut_last();
			return true;
		}
		usleep(10 * 1000);
	}
	return false;
}

static pid_t start_top(const char *arguments)
{
	char line[256];
	pid_t pid;

	snprintf(line, sizeof(line), "exec cowinspect top %s >" OUT " 2>&1",
		 arguments);
	unlink(OUT);
	pid = fork_mortal();
	if (!pid) {
		execl("/bin/sh", "sh", "-c", line, NULL);
		_exit(1);
	}
	return pid;
}

static int end_top(pid_t pid, int signal)
{
	int status;

	if (signal)
		kill(pid, signal);
	if (waitpid(pid, &status, 0) != pid)
		bail("waitpid");
	run("cat " OUT);
	return status;
}

static void say_counts(long long said_so, long long was, const char *who)
{
	said_ok(said_so == was && was, "%s: %lld copies, as were heard", who, was);
	if (said_so != was)
		diag("%lld", said_so);
}

static void test_counts(void)
{
	long long before[WORKERS], all_before;
	struct listener l;
	char arguments[128];
	pid_t top;
	int i;

	snprintf(arguments, sizeof(arguments), "-f %d %d %d --json -d 0.5",
		 worker[0].pid, worker[1].pid, worker[2].pid);
	top = start_top(arguments);
	if (!ok(has_first_round(), "the first round is said")) {
		show_said();
		bail("top does not begin");
	}
	/* They sleep: nothing is copied between these and the next. */
	for (i = 0; i < WORKERS; i++)
		before[i] = of_process(worker[i].pid, "all_copies");
	all_before = number_behind("\"totals\": {", "all_copies");
	l = listen_to_faults((struct listening){ .pid = -1, .ring = RING_SIZE });
	for (i = 0; i < WORKERS; i++)
		have_work(&worker[i]);
	set_listening(&l, false);
	drain_events(&l, &heard);
	stop_listening(&l);
	ok(!end_top(top, SIGINT), "Ctrl-C is an end like others");
	for (i = 0; i < WORKERS; i++)
		say_counts(of_process(worker[i].pid, "all_copies") - before[i],
			   copies_heard(worker[i].pid), "a worker");
	say_counts(number_behind("\"totals\": {", "all_copies") - all_before,
		   all_copies_heard(), "with their children");
	ok(copies_heard(worker[0].pid) >= PAGES, "among them its %d pages", PAGES);
	said_ok(number_behind("\"totals\": {", "exited") == CHILDREN,
		"%d children have come and gone", CHILDREN);
	said_ok(sum_of_rounds("copies") ==
		number_behind("\"totals\": {", "all_copies") && rounds_said() > 1,
		"copies of all rounds add up to all that there were");
	ok(!number_behind("\"totals\": {", "lost") && !l.lost,
	   "and nothing was lost");
}

/* What is private and mapped once, by the records. */
static long long own_by_records(pid_t pid)
{
	static struct cowinspect_page recs[4096];
	long long own = 0;
	int fd, nr, i;

	attach(pid);
	fd = must_open(pid, "pages");
	nr = read_records(fd, 0, ~0UL, recs, 4096);
	close(fd);
	detach(pid);
	for (i = 0; i < nr; i++) {
		if (recs[i].flags & COWI_F_PRESENT && recs[i].mapcount <= 1 &&
		    recs[i].kind != COWI_KIND_ZERO &&
		    recs[i].kind != COWI_KIND_PFN &&
		    !(recs[i].flags & COWI_F_VMA_SHARED))
			own += PAGE << recs[i].map_order;
	}
	return own;
}

static void test_sizes(void)
{
	long long own;

	have_own_pages();
	own = own_by_records(worker[0].pid);
	said_ok(!run("cowinspect top %d --json -n 1 -d 0.1", worker[0].pid) &&
		of_process(worker[0].pid, "own") == own,
		"own is what is private and mapped once: %lld bytes", own);
	ok(of_process(worker[0].pid, "shared") > 0 &&
	   of_process(worker[0].pid, "parent") == getpid(), "and the rest shared");
	said_ok(!run("cowinspect top --name '^topworker' --batch -n 1 -d 0.1 %s",
		     "--by command --all-rows") && strstr(said, "topworker") &&
		strstr(said, "This program used "),
		"lines, by command");
	show_said();
	said_ok(run("cowinspect top %d </dev/null", worker[0].pid) == 1 &&
		strstr(said, "use --batch"), "no screen without a terminal");
	ok(!status_number("targets") && status_word("observer_armed", "no"),
	   "nothing is left attached or hooked");
}

/* It ends with those whom it was told to look at. */
static void test_end(void)
{
	char arguments[64];
	pid_t top;

	snprintf(arguments, sizeof(arguments), "%d --json -d 0.2", worker[0].pid);
	top = start_top(arguments);
	if (!has_first_round())
		bail("top does not begin");
	reap(worker[0].pid);
	said_ok(!end_top(top, 0) &&
		number_behind("\"totals\": {", "processes") == 0 &&
		rounds_said() > 1, "ends with the last process");
}

int main(void)
{
	need_tool();
	tap_plan(2 + WORKERS + 5 + 5 + 1);
	begin_workers();
	test_counts();
	test_sizes();
	test_end();
	reap(worker[1].pid);
	reap(worker[2].pid);
	return tap_done();
}
