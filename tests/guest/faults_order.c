// SPDX-License-Identifier: GPL-2.0
/*
 * Who listens to the faults in the memory of one process has them in the order in
 * which they happened, on whichever CPU and by whichever thread; exec and exit end
 * nothing; and under load each fault is heard or said to be lost. What is heard is
 * what the counters of the process say, and those are what the kernel counts.
 */
#include "events.h"
#include "faults.h"

static int nr_cpus(void)
{
	return sysconf(_SC_NPROCESSORS_ONLN);
}

static void stay_on_cpu(int cpu)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		bail("cannot stay on CPU %d", cpu);
}

static void write_fresh_pages(int pages)
{
	char *p = map_pages(pages, MAP_PRIVATE);
	int i;

	for (i = 0; i < pages; i++)
		((volatile char *)p)[i * PAGE] = 1;
	munmap(p, pages * PAGE);
}

/* ---- order ---- */

#define TURNS		200
#define WRITERS		2

static int turn;
static char *in_turn;		/* a page for each */
static pid_t writers[WRITERS];

static void *write_in_turn(void *number)
{
	long me = (long)number;
	int i;

	stay_on_cpu(me % nr_cpus());
	writers[me] = gettid();
	for (i = me; i < TURNS; i += WRITERS) {
		while (__atomic_load_n(&turn, __ATOMIC_SEQ_CST) != i)
			sched_yield();
		((volatile char *)in_turn)[i * PAGE] = 1;
		__atomic_store_n(&turn, i + 1, __ATOMIC_SEQ_CST);
	}
	return NULL;
}

/* How many came in their turn, each once and by its thread; or -1. */
static int count_turns(const struct events *e)
{
	int i, next = 0;

	for (i = 0; i < e->nr; i++) {
		const struct event *event = &e->event[i];
		unsigned long page = (event->addr - (unsigned long)in_turn) / PAGE;

		if (page >= TURNS || event->outcome != COWI_DID_ZEROFILLED)
			continue;
		if (page != (unsigned long)next || event->pid != (__u32)getpid() ||
		    event->tid != (__u32)writers[next % WRITERS])
			return -1;
		next++;
	}
	return next;
}

static void test_order(void)
{
	static struct events seen;
	pthread_t thread[WRITERS];
	struct listener l;
	long i;

	in_turn = map_pages(TURNS, MAP_PRIVATE);
	/* What the first write of a mapping needs (anon_vma) is there. */
	in_turn[0] = 1;
	if (madvise(in_turn, PAGE, MADV_DONTNEED))
		bail("MADV_DONTNEED");
	l = open_events(getpid());
	for (i = 0; i < WRITERS; i++) {
		if (pthread_create(&thread[i], NULL, write_in_turn, (void *)i))
			bail("pthread_create");
	}
	for (i = 0; i < WRITERS; i++)
		pthread_join(thread[i], NULL);
	drain_events(&l, &seen);
	ok(count_turns(&seen) == TURNS && !l.lost,
	   "two threads fault in turn: so it is heard, each by its thread");
	stop_listening(&l);
	munmap(in_turn, TURNS * PAGE);
}

/* ---- a process that is attached and listened to from its first step on ---- */

struct heard {
	pid_t pid;
	struct listener listener;
	struct events seen;
	long long kernel_had;	/* of its faults */
	long long nr;
};

static void await_stop(struct heard *h)
{
	int status;

	if (waitpid(h->pid, &status, WUNTRACED) != h->pid || !WIFSTOPPED(status))
		bail("it did not stop");
}

static void go_on(struct heard *h)
{
	kill(h->pid, SIGCONT);
}

/* It stops before it does anything else. */
static struct heard begin(void (*run)(void *arg), void *arg, size_t ring)
{
	struct heard h = { .pid = spawn(run, arg) };

	await_stop(&h);
	attach(h.pid);
	h.listener = open_events_in(h.pid, ring);
	h.kernel_had = proc_faults(h.pid);
	go_on(&h);
	return h;
}

static void hear(struct heard *h)
{
	h->nr += drain_events(&h->listener, &h->seen);
}

/* Of a process that is stopped, or dead and not reaped yet. */
static void judge(struct heard *h, const char *what)
{
	long long kernel = proc_faults(h->pid) - h->kernel_had;
	long long accounted = fault_count(h->pid, "accounted") +
			      fault_count(h->pid, "elsewhere");
	long long observed = fault_count(h->pid, "observed");
	long long lost = fault_count(h->pid, "lost");

	hear(h);
	if (!ok(observed && h->nr + h->listener.lost == observed &&
		perf_count(&h->listener) == observed,
		"%s: each fault is heard, or said to be lost", what))
		diag("%lld heard, %lld lost, %lld in all; counters have %lld",
		     h->nr, h->listener.lost, perf_count(&h->listener), observed);
	if (!ok(accounted == kernel && !lost,
		"%s: counted as the kernel does, none is lost there", what))
		diag("%lld and %lld lost, the kernel has %lld", accounted, lost,
		     kernel);
}

static void end(struct heard *h)
{
	stop_listening(&h->listener);
	detach(h->pid);
	reap(h->pid);
}

/* ---- exec and exit ---- */

#define PAGES		200

static void live(void *unused)
{
	(void)unused;
	raise(SIGSTOP);
	write_fresh_pages(PAGES);
	execl("/proc/self/exe", "faults_order", "another life", NULL);
	_exit(1);
}

static int live_again(void)
{
	write_fresh_pages(PAGES);
	return 0;
}

static int count_zerofilled(const struct events *e)
{
	int i, n = 0;

	for (i = 0; i < e->nr; i++)
		n += e->event[i].outcome == COWI_DID_ZEROFILLED;
	return n;
}

static void test_life(void)
{
	struct heard h = begin(live, NULL, RING_SIZE);

	if (!process_becomes(h.pid, 'Z'))
		bail("it did not end");
	judge(&h, "exec and exit");
	ok(count_zerofilled(&h.seen) >= 2 * PAGES && !h.listener.lost,
	   "exec and exit: what came before and afterwards");
	end(&h);
}

/* ---- more than there is room for ---- */

/* So that perf has something to say before which it says what it has lost. */
static void write_on_each_cpu(void)
{
	int cpu;

	for (cpu = 0; cpu < nr_cpus(); cpu++) {
		stay_on_cpu(cpu);
		write_fresh_pages(1);
	}
}

static void have_said(struct heard *h)
{
	await_stop(h);
	hear(h);
	go_on(h);
	await_stop(h);
}

/* For a ring of a page far too many, however large that is. */
#define TOO_MANY	((int)PAGE / 4)

static void overflow(void *unused)
{
	(void)unused;
	raise(SIGSTOP);
	/* There is a ring for each CPU. */
	stay_on_cpu(0);
	write_fresh_pages(TOO_MANY);
	raise(SIGSTOP);
	write_on_each_cpu();
	raise(SIGSTOP);
}

static void test_overflow(void)
{
	struct heard h = begin(overflow, NULL, PAGE);

	have_said(&h);
	judge(&h, "a ring of a page");
	ok(h.listener.lost >= TOO_MANY * 9 / 10, "a ring of a page: most are lost");
	end(&h);
}

/* ---- load ---- */

#define THREADS		16

static void *fault_on(void *stop)
{
	while (!__atomic_load_n((int *)stop, __ATOMIC_RELAXED))
		write_fresh_pages(64);
	return NULL;
}

static void be_loaded(void *stop)
{
	pthread_t thread[THREADS];
	int i;

	raise(SIGSTOP);
	for (i = 0; i < THREADS; i++) {
		if (pthread_create(&thread[i], NULL, fault_on, stop))
			bail("pthread_create");
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	raise(SIGSTOP);
	write_on_each_cpu();
	raise(SIGSTOP);
}

/* Seconds of load: the environment says how many, or a few. */
static int load_seconds(void)
{
	const char *text = getenv("LOAD_SECONDS");

	return text ? atoi(text) : 2;
}

static time_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

/* The reader takes its time, as a tool that does something with what it hears. */
static void test_load(void)
{
	int *stop = (int *)map_pages(1, MAP_SHARED), seconds = load_seconds();
	struct heard h = begin(be_loaded, stop, 1 << 16);
	time_t last = now() + seconds;

	diag("load: %d threads for %d seconds (LOAD_SECONDS says otherwise)",
	     THREADS, seconds);
	while (now() < last) {
		hear(&h);
		usleep(5000);
	}
	*stop = 1;
	have_said(&h);
	judge(&h, "under load");
	diag("%lld faults heard, %lld lost", h.nr, h.listener.lost);
	end(&h);
	munmap(stop, PAGE);
}

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return live_again();
	tap_plan(1 + 3 + 3 + 2);
	test_order();
	test_life();
	test_overflow();
	test_load();
	return tap_done();
}
