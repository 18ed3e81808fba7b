// SPDX-License-Identifier: GPL-2.0
/*
 * The stream of events: how it waits, ends and overflows; children that are
 * followed; copies that fork makes; and that nothing gets lost under load.
 */
#include <poll.h>
#include <pthread.h>
#include <time.h>

#include "faults.h"
#include "setup.h"

static struct events seen;

static void touch(char *p, int pages)
{
	int i;

	for (i = 0; i < pages; i++)
		p[i * 4096] = 1;
}

/* The faults that a stream tells of, those that it says it has lost included. */
static unsigned long long total_of(const struct events *e,
				   unsigned long long *lost)
{
	unsigned long long total = 0;
	int i;

	for (i = 0; i < e->nr; i++) {
		total += e->event[i].count;
		if (e->event[i].outcome == COWI_DID_LOST)
			*lost += e->event[i].count;
	}
	return total;
}

/* ---- waiting ---- */

static void test_nonblock(void)
{
	char *p = map_pages(1, MAP_PRIVATE), byte;
	struct pollfd poll_fd = { .events = POLLIN };
	int fd;

	attach(getpid());
	fd = open_events(getpid());
	poll_fd.fd = fd;
	drain_events(fd, &seen);
	ok(read(fd, &seen.event, sizeof(seen.event)) < 0 && errno == EAGAIN &&
	   poll(&poll_fd, 1, 0) == 0, "without an event: EAGAIN, not readable");
	ok(read(fd, &byte, 1) < 0 && errno == EINVAL,
	   "a buffer shorter than a record: EINVAL");
	*p = 1;
	ok(poll(&poll_fd, 1, 0) == 1 && poll_fd.revents == POLLIN,
	   "with one: readable");
	ok(read(fd, &seen.event, sizeof(seen.event[0]) + 1) ==
	   sizeof(seen.event[0]), "a read ends on a record's boundary");
	ok(lseek(fd, 0, SEEK_SET) < 0 && errno == ESPIPE, "it cannot seek");
	close(fd);
	detach(getpid());
	munmap(p, 4096);
}

static int step[2];

/* Writes a page for each byte, then ends, or calls exec. */
static void in_steps(void *arg)
{
	char *p = map_pages(64, MAP_PRIVATE), byte;

	while (read(step[0], &byte, 1) == 1 && byte)
		touch(p++, 1);
	if (arg)
		execl("/bin/sleep", "sleep", "1000", NULL);
}

static void send_byte(char byte)
{
	if (write(step[1], &byte, 1) != 1)
		bail("write");
}

struct reading {
	int fd;
	ssize_t got;
	int error;
};

static void *read_once(void *arg)
{
	static char buffer[sizeof(seen.event)];
	struct reading *r = arg;

	do {
		r->got = read(r->fd, buffer, sizeof(buffer));
		r->error = errno;
	} while (r->got > 0);
	return NULL;
}

/* A reader that waits, while something happens to the process. */
static void test_end(const char *what, void *exec, bool detached, ssize_t got,
		     int error)
{
	struct reading r;
	pthread_t thread;
	pid_t pid;

	if (pipe(step))
		bail("pipe");
	pid = spawn(in_steps, exec);
	attach(pid);
	r.fd = must_open(pid, "events");
	pthread_create(&thread, NULL, read_once, &r);
	usleep(50 * 1000);
	if (detached)
		detach(pid);
	else
		send_byte(0);
	pthread_join(thread, NULL);
	if (!ok(r.got == got && (!error || r.error == error),
		"a read that waits, %s", what))
		diag("it got %zd, errno %d", r.got, r.error);
	close(r.fd);
	if (!detached)
		detach(pid);
	reap(pid);
	close(step[0]);
	close(step[1]);
}

/* ---- more events than the ring has room for ---- */

static void touch_many(void *arg)
{
	(void)arg;
	raise(SIGSTOP);
	touch(map_pages(1000, MAP_PRIVATE), 1000);
	raise(SIGSTOP);
}

static void test_overflow(void)
{
	unsigned long long lost = 0, total;
	pid_t pid = spawn(touch_many, NULL);
	long long observed;
	char before[24];
	int fd, status;

	waitpid(pid, &status, WUNTRACED);
	attach(pid);
	snprintf(before, sizeof(before), "%lld", status_number("event_ring"));
	must_set_file(PARAMETER "event_ring", "64");
	fd = open_events(pid);
	must_set_file(PARAMETER "event_ring", before);
	kill(pid, SIGCONT);
	waitpid(pid, &status, WUNTRACED);
	observed = fault_count(pid, "observed");
	drain_events(fd, &seen);
	total = total_of(&seen, &lost);
	ok(observed >= 1000 && lost >= 900, "a ring of 64 overflows");
	if (!ok(total == (unsigned long long)observed,
		"what was read and what was lost make up all faults"))
		diag("%llu of %lld, of which %llu lost", total, observed, lost);
	ok(fault_count(pid, "lost") == 0, "no counter misses any");
	close(fd);
	detach(pid);
	reap(pid);
}

/* ---- load ---- */

static void fault_on(void *arg)
{
	for (;;) {
		char *p = map_pages(64, MAP_PRIVATE);

		touch(p, 64);
		munmap(p, 64 * 4096);
		if (arg && *(volatile int *)arg)
			break;
	}
	raise(SIGSTOP);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* Seconds of load: the environment says how many, or a few. */
static int load_seconds(void)
{
	const char *text = getenv("LOAD_SECONDS");

	return text ? atoi(text) : 2;
}

/* A process that faults as fast as it can, and the reader of its stream. */
struct loaded {
	pid_t pid;
	int fd;
	unsigned long long total;
	unsigned long long lost;
};

static void be_loaded(void *stop)
{
	raise(SIGSTOP);
	fault_on(stop);
}

static void load_begin(struct loaded *l, int *stop)
{
	int status;

	*l = (struct loaded){ .pid = spawn(be_loaded, stop) };
	waitpid(l->pid, &status, WUNTRACED);
	attach(l->pid);
	l->fd = open_events(l->pid);
}

static int load_read(struct loaded *l)
{
	int nr = drain_events(l->fd, &seen);

	l->total += total_of(&seen, &l->lost);
	return nr;
}

static void load_judge(struct loaded *l)
{
	long long observed;
	int status;

	waitpid(l->pid, &status, WUNTRACED);
	while (load_read(l))
		;
	observed = fault_count(l->pid, "observed");
	if (!ok(l->total == (unsigned long long)observed,
		"under load: all of %lld faults are read or said to be lost",
		observed))
		diag("%llu", l->total);
	diag("%llu of these are lost for the reader", l->lost);
	ok(fault_count(l->pid, "lost") == 0, "and none is not counted");
	close(l->fd);
	detach(l->pid);
	reap(l->pid);
}

/* Readers that take their time, as a tool that does something with events. */
static void test_load(void)
{
	int *stop = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int i, seconds = load_seconds();
	struct loaded load[2];
	double end;

	diag("load: 2 processes for %d seconds (LOAD_SECONDS says otherwise)",
	     seconds);
	for (i = 0; i < 2; i++)
		load_begin(&load[i], stop);
	for (i = 0; i < 2; i++)
		kill(load[i].pid, SIGCONT);
	end = now() + seconds;
	while (now() < end) {
		for (i = 0; i < 2; i++)
			load_read(&load[i]);
		usleep(5000);
	}
	*stop = 1;
	for (i = 0; i < 2; i++)
		load_judge(&load[i]);
	munmap(stop, 4096);
}

/* ---- children ---- */

static void grandchild(void)
{
	touch(map_pages(100, MAP_PRIVATE), 100);
	raise(SIGSTOP);
	_exit(0);
}

static void parent_of_one(void *arg)
{
	char byte;
	pid_t pid;

	(void)arg;
	if (read(step[0], &byte, 1) != 1)
		_exit(1);
	pid = fork();
	if (!pid)
		grandchild();
	waitpid(pid, NULL, 0);
	if (read(step[0], &byte, 1) != 1)
		_exit(1);
}

static pid_t child_told(int fd, pid_t parent)
{
	int i, wait;

	for (wait = 0; wait < 600; wait++) {
		drain_events(fd, &seen);
		for (i = 0; i < seen.nr; i++) {
			if (seen.event[i].outcome == COWI_DID_CHILD &&
			    seen.event[i].tid == (unsigned int)parent)
				return seen.event[i].pid;
		}
		usleep(100 * 1000);
	}
	bail("no child was told of");
}

static void test_follow(void)
{
	long long accounted, real;
	pid_t pid, born;
	int fd;

	if (pipe(step))
		bail("pipe");
	pid = spawn(parent_of_one, NULL);
	attach(pid);
	attach_following(pid);
	fd = open_events(pid);
	send_byte(1);
	born = child_told(fd, pid);
	ok(born > 0 && process_becomes(born, 'T'), "a child is told of when it is born");
	accounted = fault_count(born, "accounted");
	real = proc_faults(born);
	if (!ok(accounted == real && accounted >= 100,
		"all its faults were seen, from the first on"))
		diag("%lld of %lld", accounted, real);
	ok(fault_count(born, "zerofilled") >= 100 &&
	   fault_count(pid, "zerofilled") < 100, "and are told apart");
	ok(fault_count(pid, "fork_lost") == 0, "no child was lost");
	kill(born, SIGKILL);
	send_byte(1);
	waitpid(pid, NULL, 0);
	while (drain_events(fd, &seen))
		;
	ok(read(fd, &seen.event, sizeof(seen.event)) == 0,
	   "the stream ends when the last of them has ended");
	close(fd);
	detach(born);
	detach(pid);
}

#define MANY	60

static void many(void)
{
	int i;

	raise(SIGSTOP);
	for (i = 0; i < MANY; i++) {
		if (!fork())
			_exit(0);
		waitpid(-1, NULL, 0);
	}
	raise(SIGSTOP);
	_exit(0);
}

/* Detach each child as soon as it is told of; it may have exited, or not. */
static void detach_children(int fd, int *born, int *missing, int *exited)
{
	int i;

	drain_events(fd, &seen);
	for (i = 0; i < seen.nr; i++) {
		if (seen.event[i].outcome == COWI_DID_EXIT)
			(*exited)++;
		if (seen.event[i].outcome != COWI_DID_CHILD)
			continue;
		(*born)++;
		*missing += command_pid("detach", seen.event[i].pid) != 0;
	}
}

static void test_many(void)
{
	int status, born = 0, missing = 0, exited = 0;
	pid_t pid = fork();
	int fd;

	if (!pid)
		many();
	waitpid(pid, &status, WUNTRACED);
	attach_following(pid);
	fd = open_events(pid);
	kill(pid, SIGCONT);
	while (!waitpid(pid, &status, WUNTRACED | WNOHANG))
		detach_children(fd, &born, &missing, &exited);
	detach_children(fd, &born, &missing, &exited);
	if (!ok(born == MANY && !missing && !fault_count(pid, "fork_lost"),
		"sixty children that end at once are there when they are told of"))
		diag("%d, %d missing", born, missing);
	ok(exited <= MANY && status_number("targets") == 1,
	   "and none is left when they are detached");
	close(fd);
	detach(pid);
	reap(pid);
}

/* ---- exec and exit ---- */

static bool wait_note(int fd, int what, pid_t pid)
{
	int i, wait;

	for (wait = 0; wait < 600; wait++) {
		drain_events(fd, &seen);
		for (i = 0; i < seen.nr; i++) {
			if (seen.event[i].outcome == what)
				return seen.event[i].pid == (unsigned int)pid &&
				       seen.event[i].tid == (unsigned int)pid &&
				       !seen.event[i].count;
		}
		usleep(100 * 1000);
	}
	return false;
}

static void test_notes(void)
{
	int fd, alone;
	pid_t pid;

	if (pipe(step))
		bail("pipe");
	pid = spawn(in_steps, (void *)1);
	attach(pid);
	alone = open_events(pid);
	attach_following(pid);
	fd = open_events(pid);
	send_byte(0);
	ok(wait_note(fd, COWI_DID_EXEC, pid), "exec is told of");
	ok(drain_events(alone, &seen) > 0 &&
	   seen.event[seen.nr - 1].outcome == COWI_DID_EXEC &&
	   read(alone, &seen.event, sizeof(seen.event)) == 0,
	   "as the last record of a stream that it ends");
	reap(pid);
	ok(wait_note(fd, COWI_DID_EXIT, pid) &&
	   read(fd, &seen.event, sizeof(seen.event)) == 0,
	   "exit is told of, and ends the other");
	close(alone);
	close(fd);
	detach(pid);
	close(step[0]);
	close(step[1]);
}

/* ---- pinned pages ---- */

/* Forks with five of @pages pages pinned. Returns false if nothing pins. */
static bool fork_pinned(int pages, long long *copied, long long *unknown)
{
	char *p = map_pages(pages, MAP_PRIVATE);
	int ring;

	touch(p, pages);
	ring = pin_pages(p + 4096, 5 * 4096);
	if (ring >= 0) {
		attach(getpid());
		reap(spawn(NULL, NULL));
		*copied = fault_count(getpid(), "fork_copied");
		*unknown = fault_count(getpid(), "fork_unknown");
		detach(getpid());
		close(ring);
	}
	munmap(p, pages * 4096UL);
	return ring >= 0;
}

static void test_pinned(void)
{
	long long copied, unknown;

	if (!fork_pinned(16, &copied, &unknown)) {
		skip("nothing pins pages here: %s", strerror(errno));
		skip("nothing pins pages here: %s", strerror(errno));
		return;
	}
	if (!ok(copied == 5 && !unknown,
		"fork copies the five pages that are pinned"))
		diag("%lld, unknown %lld", copied, unknown);
	if (!ok(fork_pinned(5000, &copied, &unknown) && copied <= 5 &&
		unknown == 1,
		"where there is too much to look through, it is said"))
		diag("%lld, unknown %lld", copied, unknown);
}

int main(void)
{
	tap_plan(5 + 3 + 3 + 4 + 5 + 2 + 3 + 2);
	test_nonblock();
	test_end("the process exits", NULL, false, 0, 0);
	test_end("the process calls exec", (void *)1, false, 0, 0);
	test_end("the process is detached", NULL, true, -1, EIO);
	test_overflow();
	test_load();
	test_follow();
	test_many();
	test_notes();
	test_pinned();
	return tap_done();
}
