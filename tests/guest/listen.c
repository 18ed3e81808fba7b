// SPDX-License-Identifier: GPL-2.0
/*
 * The tracepoints, listened to by perf and by tracefs: without attaching anything,
 * each fault comes once, as what it was, and as many as the counters of a process
 * that is attached as well say; so does each fork. And while nobody listens, nothing
 * is hooked.
 */
#include <setjmp.h>

#include "events.h"
#include "faults.h"
#include "have.h"
#include "libcowinspect.h"

#define FAULT		TRACEPOINTS "cow_fault/"

/* ---- listening ---- */

static void test_format(void)
{
	ok(find_fields("cow_fault", fault_fields),
	   "the fields of cow_fault have their sizes and order");
	ok(find_fields("cow_fork", fork_fields), "and those of cow_fork");
}

static struct events heard;

/* Of a process with its threads and descendants to come, or of all (-1). */
static struct listener listen_to_faults_by(pid_t pid)
{
	return listen_to_faults((struct listening){
		.pid = pid, .ring = RING_SIZE,
	});
}

static int hear(struct listener *l)
{
	return drain_events(l, &heard);
}

/* Of a process, and of one of its pages unless that is NULL. */
static bool is_that(const struct event *e, pid_t pid, const void *page,
		    int outcome)
{
	return e->pid == (unsigned int)pid && e->outcome == outcome &&
	       (!page || (e->addr & ~(PAGE - 1)) == (unsigned long)page);
}

static int count_heard(pid_t pid, const void *page, int outcome)
{
	int i, n = 0;

	for (i = 0; i < heard.nr; i++)
		n += is_that(&heard.event[i], pid, page, outcome);
	return n;
}

static struct event the_heard(pid_t pid, const void *page, int outcome)
{
	struct event none = { .outcome = 255, .addr = 1 };
	int i;

	for (i = 0; i < heard.nr; i++) {
		if (is_that(&heard.event[i], pid, page, outcome))
			return heard.event[i];
	}
	return none;
}

/* ---- what is hooked, and for what ---- */

static bool is_hooked_for(int targets, int perf, int tracefs)
{
	bool any = targets || perf || tracefs;
	char line[64];

	snprintf(line, sizeof(line), "targets %d, perf %d, tracefs %d", targets,
		 perf, tracefs);
	if (status_word("observer_for", line) &&
	    status_word("observer_armed", any ? "yes" : "no"))
		return true;
	diag("status says: %.1500s", slurp(COW_DIR "/status"));
	return false;
}

/* ---- a process that faults ---- */

#define PAGES	8

enum page { SHARED_PAGE, READ_PAGE, WRITTEN_PAGE, KEPT_PAGE, CHILDS_PAGE, REMOTE_PAGE };

/**
 * struct worker - a process that has its orders through a pipe
 * @pid: the process
 * @orders: a letter for each thing to be done
 * @answers: a letter when it has been done
 * @anon: memory shared with us since fork
 * @file: of a file, private
 * @shm: shared memory
 * @past: behind the end of a file
 * @said: where it leaves the id of its child
 */
struct worker {
	pid_t pid;
	int orders[2], answers[2];
	char *anon, *file, *shm, *past;
	volatile pid_t *said;
};

static sigjmp_buf after_bus;

static void on_bus(int signal)
{
	(void)signal;
	siglongjmp(after_bus, 1);
}

static void write_to(char *page)
{
	*(volatile char *)page = 5;
}

static void read_from(char *page)
{
	(void)*(volatile char *)page;
}

/* It writes to a page that it shares with us. */
static void have_child(struct worker *w)
{
	pid_t pid = fork_mortal();

	if (!pid) {
		*w->said = getpid();
		write_to(w->anon + CHILDS_PAGE * PAGE);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

/* Each kind of fault once, at a place of its own. */
static void make_scene(struct worker *w)
{
	write_to(w->anon + SHARED_PAGE * PAGE);
	read_from(w->anon + READ_PAGE * PAGE);
	write_to(w->anon + READ_PAGE * PAGE);
	write_to(w->anon + WRITTEN_PAGE * PAGE);
	read_from(w->file);
	write_to(w->file);
	write_to(w->shm);
	if (!sigsetjmp(after_bus, 1))
		write_to(w->past);
	write_to(w->anon + KEPT_PAGE * PAGE);
	drain_lru();
	have_child(w);
	write_to(w->anon + KEPT_PAGE * PAGE);
}

static void write_fresh_pages(int pages)
{
	char *p = map_pages(pages, MAP_PRIVATE);
	int i;

	for (i = 0; i < pages; i++)
		write_to(p + i * PAGE);
	munmap(p, pages * PAGE);
}

#define FRESH	100

static void *do_nothing(void *unused)
{
	return unused;
}

/* Neither has memory of its own. */
static void have_thread_and_vfork(void)
{
	pthread_t thread;
	pid_t pid;

	if (pthread_create(&thread, NULL, do_nothing, NULL))
		_exit(1);
	pthread_join(thread, NULL);
	pid = vfork();
	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
}

static void work(void *arg)
{
	struct worker *w = arg;
	char letter;

	signal(SIGBUS, on_bus);
	while (read(w->orders[0], &letter, 1) == 1) {
		if (letter == 's')
			make_scene(w);
		else if (letter == 'k')
			*w->said = spawn(NULL, NULL);
		else if (letter == 'v')
			have_thread_and_vfork();
		else
			write_fresh_pages(FRESH);
		if (write(w->answers[1], &letter, 1) != 1)
			break;
	}
}

static void *must_map(int flags, int fd)
{
	void *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (p == MAP_FAILED)
		bail("mmap");
	return p;
}

static struct worker get_worker(void)
{
	int exe = open("/proc/self/exe", O_RDONLY);
	int empty = memfd_create("empty", 0);
	struct worker w = {
		.anon = map_pages(PAGES, MAP_PRIVATE),
		.file = must_map(MAP_PRIVATE, exe),
		.shm = map_pages(1, MAP_SHARED),
		.past = must_map(MAP_SHARED, empty),
		.said = (pid_t *)map_pages(1, MAP_SHARED),
	};

	if (pipe(w.orders) || pipe(w.answers))
		bail("pipe");
	close(exe);
	close(empty);
	w.anon[SHARED_PAGE * PAGE] = 1;
	w.anon[CHILDS_PAGE * PAGE] = 1;
	w.anon[REMOTE_PAGE * PAGE] = 1;
	drain_lru();
	w.pid = spawn(work, &w);
	wait_asleep(w.pid);
	return w;
}

static void order(struct worker *w, char letter)
{
	if (write(w->orders[1], &letter, 1) != 1 ||
	    read(w->answers[0], &letter, 1) != 1)
		bail("the worker is gone");
	wait_asleep(w->pid);
}

static void put_worker(struct worker *w)
{
	reap(w->pid);
	munmap(w->anon, PAGES * PAGE);
	munmap(w->file, PAGE);
	munmap(w->shm, PAGE);
	munmap(w->past, PAGE);
	munmap((void *)w->said, PAGE);
	close(w->orders[0]);
	close(w->orders[1]);
	close(w->answers[0]);
	close(w->answers[1]);
}

/* ---- each kind of fault ---- */

/* Kinds of a page of a file: where the root is a tmpfs, it is shared memory. */
#define ANY_FILE	254

static bool is_kind(unsigned int kind, unsigned int expected)
{
	return kind == expected || (expected == ANY_FILE &&
	       (kind == COWI_KIND_FILE || kind == COWI_KIND_SHMEM));
}

static void expect(const char *what, pid_t pid, char *page, bool write, int did,
		   int old_kind, int new_kind)
{
	const struct event f = the_heard(pid, page, did);
	int n = count_heard(pid, page, did);
	bool bytes = f.bytes == (did == COWI_DID_REFUSED ? 0 : PAGE) ||
		     (f.flags & COWI_E_SHARED && f.new_kind == COWI_KIND_NONE);

	if (!ok(n == 1 && f.tid == f.pid && bytes && f.cost &&
		is_kind(f.old_kind, old_kind) &&
		(is_kind(f.new_kind, new_kind) || f.flags & COWI_E_SHARED) &&
		!f.old_order && !f.new_order &&
		(f.flags & (COWI_E_WRITE | COWI_E_USER | COWI_E_REMOTE)) ==
		(COWI_E_USER | (write ? COWI_E_WRITE : 0)),
		"%s: %s, once", what, cowi_did_name(did)))
		diag("%d times; from %s to %s, %llu bytes, %llu ns, flags %x",
		     n, cowi_kind_name(f.old_kind), cowi_kind_name(f.new_kind),
		     f.bytes, f.cost, f.flags);
}

#define SCENE_TESTS	10

static void scene_heard(struct worker *w)
{
	char *anon = w->anon;
	struct event f;

	expect("page shared with its parent", w->pid, anon, true,
	       COWI_DID_COPIED, COWI_KIND_ANON, COWI_KIND_ANON);
	f = the_heard(w->pid, anon, COWI_DID_COPIED);
	ok(f.vma == COWI_VMA_ANON && f.predicted == COWI_NEXT_COPY &&
	   f.confidence == COWI_CONF_SURE, "as was predicted");
	expect("first read", w->pid, anon + READ_PAGE * PAGE, false,
	       COWI_DID_ZEROPAGE, COWI_KIND_NONE, COWI_KIND_ZERO);
	expect("write to the zero page", w->pid, anon + READ_PAGE * PAGE, true,
	       COWI_DID_ZEROFILLED, COWI_KIND_ZERO, COWI_KIND_ANON);
	expect("first write", w->pid, anon + WRITTEN_PAGE * PAGE, true,
	       COWI_DID_ZEROFILLED, COWI_KIND_NONE, COWI_KIND_ANON);
	expect("page whose other sharer is gone", w->pid,
	       anon + KEPT_PAGE * PAGE, true, COWI_DID_REUSED, COWI_KIND_ANON,
	       COWI_KIND_ANON);
	expect("read of a file", w->pid, w->file, false, COWI_DID_MAPPED,
	       COWI_KIND_NONE, ANY_FILE);
	expect("write to its page", w->pid, w->file, true, COWI_DID_COPIED,
	       ANY_FILE, COWI_KIND_ANON);
	/* See tests/guest/faults.c. */
	if (kernel_since(6, 0))
		expect("write to shared memory", w->pid, w->shm, true,
		       COWI_DID_MAPPED, COWI_KIND_NONE, COWI_KIND_SHMEM);
	else
		ok(count_heard(w->pid, w->shm, COWI_DID_SHARED) == 1,
		   "write to shared memory: shared, once");
	expect("write behind the end of a file", w->pid, w->past, true,
	       COWI_DID_REFUSED, COWI_KIND_NONE, COWI_KIND_NONE);
}

/* What was heard of an attached process, against its counters. */
static bool is_as_counted(pid_t pid)
{
	long long counted, all = 0;
	int did, n;

	for (did = 0; did < COWI_NR_DID; did++) {
		counted = fault_count(pid, cowi_did_name(did));
		n = count_heard(pid, NULL, did);
		all += n;
		if (n == counted)
			continue;
		diag("%s: %d heard, %lld counted", cowi_did_name(did), n,
		     counted);
		return false;
	}
	return all == fault_count(pid, "observed") && all;
}

static void test_scene(bool attached)
{
	struct worker w = get_worker();
	struct listener l;
	pid_t child;

	if (attached)
		attach(w.pid);
	l = listen_to_faults_by(w.pid);
	ok(is_hooked_for(attached, 1, 0), "hooked for one that is listened to%s",
	   attached ? " and attached" : " and nothing else");
	order(&w, 's');
	hear(&l);
	scene_heard(&w);
	child = *w.said;
	ok(count_heard(child, w.anon + CHILDS_PAGE * PAGE, COWI_DID_COPIED) == 1,
	   "a child's fault comes, too, by inheritance");
	ok(!l.lost && !status_number("observer_missed"), "nothing was lost");
	if (attached) {
		ok(is_as_counted(w.pid),
		   "as many of each kind as its counters say");
		detach(w.pid);
	}
	stop_listening(&l);
	ok(is_hooked_for(0, 0, 0), "nobody listens: nothing is hooked");
	put_worker(&w);
}

/* ---- who comes and goes, in any order ---- */

/* Whether what the worker does is heard and counted, as it should be. */
static bool works(struct worker *w, struct listener *l, bool is_attached)
{
	bool listened = l->nr;
	long long counted = is_attached ? fault_count(w->pid, "zerofilled") : 0;

	hear(l);
	order(w, 'f');
	hear(l);
	if (is_attached)
		counted = fault_count(w->pid, "zerofilled") - counted;
	if (count_heard(w->pid, NULL, COWI_DID_ZEROFILLED) == listened * FRESH &&
	    counted == is_attached * FRESH &&
	    is_hooked_for(is_attached, listened, 0))
		return true;
	diag("%d heard, %lld counted", heard.nr, counted);
	return false;
}

/* "a" attach, "d" detach, "l" listen, "s" stop. */
static void test_order(const char *steps)
{
	struct worker w = get_worker();
	struct listener l = { 0 };
	bool is_attached = false, good = works(&w, &l, false);
	const char *step;

	for (step = steps; *step; step++) {
		if (*step == 'a' || *step == 'd') {
			is_attached = *step == 'a';
			(is_attached ? attach : detach)(w.pid);
		} else if (*step == 'l') {
			l = listen_to_faults_by(w.pid);
		} else {
			stop_listening(&l);
		}
		good &= works(&w, &l, is_attached);
	}
	ok(good, "attached and listened to in the order %s", steps);
	put_worker(&w);
}

static void fault_for_ever(void *unused)
{
	(void)unused;
	for (;;) {
		write_fresh_pages(FRESH / 10);
		give_turn();
	}
}

static void test_again_and_again(void)
{
	int i, times = depth_of("HOOKS", 60), silent = 0;
	pid_t pid = spawn(fault_for_ever, NULL);
	struct listener l;

	for (i = 0; i < times; i++) {
		l = listen_to_faults_by(pid);
		/* Who faults runs all the time, but not on each CPU. */
		if (i % 10 == 0)
			silent += !comes_true(hear(&l));
		stop_listening(&l);
	}
	ok(!silent && process_state(pid) != 'Z' && is_hooked_for(0, 0, 0),
	   "listened to %d times while it faults", times);
	reap(pid);
}

/* ---- faults that others make ---- */

static void write_remotely(struct worker *w)
{
	char byte = 7, *page = w->anon + REMOTE_PAGE * PAGE;
	struct iovec from = { &byte, 1 }, to = { page, 1 };

	if (process_vm_writev(w->pid, &from, 1, &to, 1, 0) != 1)
		bail("process_vm_writev");
}

static void test_remote(void)
{
	struct worker w = get_worker();
	char *page = w.anon + REMOTE_PAGE * PAGE;
	struct listener all, own;
	struct event f;
	long long before;

	if (!have(lacks_remote(), 2)) {
		put_worker(&w);
		return;
	}
	all = listen_to_faults_by(-1);
	write_remotely(&w);
	hear(&all);
	f = the_heard(w.pid, page, COWI_DID_COPIED);
	ok(count_heard(w.pid, page, COWI_DID_COPIED) == 1 &&
	   f.tid == (unsigned int)gettid() && f.flags & COWI_E_REMOTE && f.flags & COWI_E_GUP,
	   "who listens to each CPU hears of a fault in another's memory");
	stop_listening(&all);
	put_worker(&w);

	w = get_worker();
	page = w.anon + REMOTE_PAGE * PAGE;
	own = listen_to_faults_by(w.pid);
	before = perf_count(&own);
	write_remotely(&w);
	hear(&own);
	if (!ok(perf_count(&own) > before,
		"who listens to that process has it counted, at least"))
		diag("%lld before, %lld then, %d samples", before,
		     perf_count(&own), heard.nr);
	stop_listening(&own);
	put_worker(&w);
}

/* ---- more faults at once than there is room for ---- */

#define LEAST_INFLIGHT	64

static char *withheld;

static void *wait_for_page(void *number)
{
	write_to(withheld + (long)number * PAGE);
	return NULL;
}

/* With as many threads in the middle of a fault as there is room for. */
static void fault_all_at_once(void *pipe_fd)
{
	struct uffdio_register range = {
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	int uffd = open_uffd(0), *fd = pipe_fd;
	pthread_t thread;
	char byte;
	long i;

	withheld = map_pages(LEAST_INFLIGHT, MAP_PRIVATE);
	range.range.start = (unsigned long)withheld;
	range.range.len = LEAST_INFLIGHT * PAGE;
	if (read(fd[0], &byte, 1) != 1 || uffd < 0 ||
	    ioctl(uffd, UFFDIO_REGISTER, &range))
		_exit(1);
	for (i = 0; i < LEAST_INFLIGHT; i++) {
		if (pthread_create(&thread, NULL, wait_for_page, (void *)i) ||
		    !is_page_wanted(uffd))
			_exit(1);
	}
	write_fresh_pages(FRESH);
	_exit(0);
}

static void test_no_room(void)
{
	int fd[2], status;
	struct listener l;
	long long missed;
	char *before;
	pid_t pid;

	before = slurp(PARAMETER "max_inflight");
	must_set_file(PARAMETER "max_inflight", "64");
	if (pipe(fd))
		bail("pipe");
	pid = spawn(fault_all_at_once, fd);
	l = listen_to_faults_by(pid);
	if (write(fd[1], "g", 1) != 1 || waitpid(pid, &status, 0) != pid)
		bail("no child");
	missed = status_number("observer_missed");
	if (!ok(WIFEXITED(status) && !WEXITSTATUS(status) && missed >= FRESH,
		"faults that found no room are said to be missed"))
		diag("%lld are, status %x", missed, status);
	stop_listening(&l);
	ok(!status_number("observer_missed"), "which begins anew with the hook");
	must_set_file(PARAMETER "max_inflight", before);
	free(before);
	close(fd[0]);
	close(fd[1]);
}

/* ---- tracefs ---- */

static void test_tracefs(void)
{
	struct worker w = get_worker();
	char line[256], filter[32], *text;

	snprintf(filter, sizeof(filter), "pid == %d", w.pid);
	must_set_file(FAULT "filter", filter);
	must_set_file(TRACING "trace", "\n");
	must_set_file(FAULT "enable", "1");
	ok(is_hooked_for(0, 0, 1), "tracefs listens: hooked");
	order(&w, 's');
	must_set_file(FAULT "enable", "0");
	ok(is_hooked_for(0, 0, 0), "and not any more");
	text = slurp(TRACING "trace");
	snprintf(line, sizeof(line),
		 "cow_fault: pid=%d addr=0x%lx outcome=copied bytes=%lu cost=",
		 w.pid, (unsigned long)w.anon, PAGE);
	ok(strstr(text, line), "its text has the copy");
	ok(strstr(text, " flags=write|user vma=anon old_kind=anon old_order=0 ") &&
	   strstr(text, " new_order=0 predicted=copy confidence=sure\n") &&
	   strstr(text, " outcome=refused bytes=0 ") &&
	   strstr(text, " old_kind=none old_order=0 new_kind=none "),
	   "with names for all there is");
	free(text);
	text = slurp(FAULT "format");
	ok(!strstr(text, "COWI_DID") && !strstr(text, "COWI_KIND") &&
	   strstr(text, "{ 0, \"copied\" }"),
	   "programs that read the format find numbers there");
	free(text);
	must_set_file(FAULT "filter", "0");
	must_set_file(TRACING "trace", "\n");
	put_worker(&w);
}

/* ---- forks ---- */

/* Pages of a process, from one of its files that has kB. */
static long long kib_of(pid_t pid, const char *file, const char *name)
{
	char *text = slurp_proc(pid, file);
	long long kib = number_of(text, name);

	free(text);
	if (kib < 0)
		bail("%s has no %s", file, name);
	return kib;
}

/* It has not done much since. */
static bool is_plausible(const struct forked *f)
{
	const char *rollup = "smaps_rollup";
	const long long kib = PAGE >> 10;
	long long anon = kib_of(f->child, rollup, "Anonymous") / kib;
	long long all = kib_of(f->child, rollup, "Rss") / kib;
	long long tables = kib_of(f->child, "status", "VmPTE") * 1024;

	if ((long long)f->anon <= anon && f->anon + 16 > (unsigned long)anon &&
	    (long long)(f->anon + f->file + f->shmem) <= all && !f->swap &&
	    (long long)f->tables <= tables && f->tables >= 4 * PAGE)
		return true;
	diag("%llu anon, %llu file, %llu shmem, %llu swap, %llu of tables",
	     f->anon, f->file, f->shmem, f->swap, f->tables);
	diag("now %lld anon of %lld, %lld of tables", anon, all, tables);
	return false;
}

static void test_fork(void)
{
	struct worker w = get_worker();
	struct listener l = listen_to_forks(w.pid);
	const struct forked *f = &forks[0];

	ok(is_hooked_for(0, 0, 0), "for forks no fault is observed");
	order(&w, 'k');
	hear_forks(&l);
	if (!ok(nr_forks == 1 && f->parent == (unsigned int)w.pid &&
		f->child == (unsigned int)*w.said && f->cost && !f->copied,
		"a fork is told of, once, with both processes"))
		diag("%d are, %u by %u, %llu ns, %llu pages", nr_forks,
		     f->child, f->parent, f->cost, f->copied);
	wait_asleep(f->child);
	ok(is_plausible(f), "with its page tables and pages of each kind");
	order(&w, 'v');
	hear_forks(&l);
	ok(!nr_forks, "a thread and a child of vfork() are not");
	kill(*w.said, SIGKILL);
	stop_listening(&l);
	put_worker(&w);
}

/* With five of @pages pages pinned. Returns false if nothing pins. */
static bool fork_pinned(int pages, long long *copied, long long *unknown)
{
	char *p = map_pages(pages, MAP_PRIVATE);
	struct listener l;
	int ring;

	memset(p, 1, pages * PAGE);
	ring = pin_pages(p + PAGE, 5 * PAGE);
	if (ring >= 0) {
		l = listen_to_forks(getpid());
		attach(getpid());
		reap(spawn(NULL, NULL));
		hear_forks(&l);
		*copied = fault_count(getpid(), "fork_copied");
		*unknown = fault_count(getpid(), "fork_unknown");
		detach(getpid());
		stop_listening(&l);
		close(ring);
	}
	munmap(p, pages * PAGE);
	return ring >= 0;
}

static void test_fork_pinned(void)
{
	long long copied, unknown;

	if (!have(fork_pinned(16, &copied, &unknown) ? NULL :
		  "nothing pins pages here", 2))
		return;
	if (!ok(nr_forks == 1 && forks[0].copied == 5 && copied == 5 && !unknown,
		"five pages that were pinned are said to be copied, and counted"))
		diag("%d forks, %llu pages; %lld counted, unknown %lld", nr_forks,
		     forks[0].copied, copied, unknown);
	if (!ok(fork_pinned(5000, &copied, &unknown) && nr_forks == 1 &&
		copied <= 5 && forks[0].copied == (__u64)copied && unknown == 1,
		"where there is too much to look through, it is said"))
		diag("%d forks, %llu pages; %lld counted, unknown %lld", nr_forks,
		     forks[0].copied, copied, unknown);
}

static void test_fork_tracefs(void)
{
	char line[64], *text;
	pid_t child;

	must_set_file(TRACING "trace", "\n");
	must_set_file(TRACEPOINTS "cow_fork/enable", "1");
	child = spawn(NULL, NULL);
	must_set_file(TRACEPOINTS "cow_fork/enable", "0");
	reap(child);
	reap(spawn(NULL, NULL));
	text = slurp(TRACING "trace");
	snprintf(line, sizeof(line), "cow_fork: parent=%d child=%d cost=",
		 getpid(), child);
	ok(strstr(text, line) && !strstr(strstr(text, line) + 1, "cow_fork: "),
	   "tracefs has the fork, while it listens");
	free(text);
	must_set_file(TRACING "trace", "\n");
}

/* ---- unloading ---- */

static void test_unload(void)
{
	struct listener l = listen_to_faults_by(getpid());

	ok(unload_module() == EWOULDBLOCK, "an open perf event keeps the module");
	stop_listening(&l);
	ok(!unload_module(), "and does not when it is closed");
	if (load_module(""))
		bail("cannot load the module");
	must_set_file(FAULT "enable", "1");
	must_set_file(TRACEPOINTS "cow_fork/enable", "1");
	ok(is_hooked_for(0, 0, 1) && !unload_module(),
	   "it can be unloaded while tracefs listens");
	if (load_module(""))
		bail("cannot load the module");
	ok(is_hooked_for(0, 0, 0), "which the next one knows nothing of");
}

int main(void)
{
	static const char * const orders[] = {
		"alds", "alsd", "lads", "lasd", "adls", "lsad"
	};
	unsigned int i;

	tap_plan(1 + 2 + 2 * (SCENE_TESTS + 4) + 1 + 6 + 1 + 2 + 2 + 5 + 5 + 2 + 4);
	mount_tracefs();
	if (access(FAULT "id", R_OK))
		bail("no tracepoint");
	ok(is_hooked_for(0, 0, 0), "nothing is hooked in the beginning");
	test_format();
	test_scene(false);
	test_scene(true);
	for (i = 0; i < sizeof(orders) / sizeof(orders[0]); i++)
		test_order(orders[i]);
	test_again_and_again();
	test_remote();
	test_no_room();
	test_tracefs();
	test_fork();
	test_fork_pinned();
	test_fork_tracefs();
	test_unload();
	return tap_done();
}
