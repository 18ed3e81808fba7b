// SPDX-License-Identifier: GPL-2.0
/*
 * libcowinspect's stream: every fault of the processes that are listened to, with
 * the names of that moment, whatever they do; and nothing is left of it. This
 * program is what calls exec as well: "stream ACTOR".
 */
#include <sys/mount.h>
#include <sys/stat.h>

#include "faults.h"
#include "libcowinspect_stream.h"
#include "setup.h"

#define PAGES		200
#define MANY		5000	/* faults: more than the smallest ring has room for */
#define PLACE		((char *)0x300000000000)	/* of the actor's pages */
#define SETUID		"/tmp/stream-setuid"
#define CGROUPS		"/tmp/stream-cgroups"

/* ---- actors ---- */

static void write_pages(volatile char *at, int pages)
{
	int i;

	for (i = 0; i < pages; i++)
		at[i * PAGE] = 1;
}

/* Writes to its program as a file, and to fresh memory, and is gone. */
static int actor(void)
{
	int fd = open("/proc/self/exe", O_RDONLY);
	char *file = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	char *fresh = mmap(PLACE, PAGES * PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (file == MAP_FAILED || fresh == MAP_FAILED)
		return 100;
	madvise(fresh, PAGES * PAGE, MADV_NOHUGEPAGE);
	write_pages(fresh, PAGES);
	write_pages(file, 1);
	return 0;
}

/* A process that does something once it is told to, and says when it has. */
struct told {
	pid_t pid;
	int go[2];
	int done[2];
	void (*act)(struct told *t);
	char *pages;
	const char *path;
};

static void told_child(void *arg)
{
	struct told *t = arg;
	char byte;

	if (read(t->go[0], &byte, 1) != 1)
		_exit(1);
	t->act(t);
	if (write(t->done[1], "", 1) != 1)
		_exit(1);
	pause();
}

static void start(struct told *t, void (*act)(struct told *t))
{
	t->act = act;
	t->pages = map_pages(MANY, MAP_PRIVATE);
	write_pages(t->pages, PAGES);
	if (pipe(t->go) || pipe(t->done))
		bail("pipe");
	t->pid = spawn(told_child, t);
	wait_asleep(t->pid);
}

static void tell(struct told *t)
{
	char byte = 0;

	if (write(t->go[1], &byte, 1) != 1 || read(t->done[0], &byte, 1) != 1)
		bail("a child did not do what it was told");
}

static void end(struct told *t)
{
	reap(t->pid);
	close(t->go[0]);
	close(t->go[1]);
	close(t->done[0]);
	close(t->done[1]);
	munmap(t->pages, MANY * PAGE);
}

static void copy_pages(struct told *t)
{
	write_pages(t->pages, PAGES);
}

static void fill_pages(struct told *t)
{
	write_pages(t->pages, MANY);
}

/* In a child of its own that is there before anybody is told anything. */
static void copy_in_child(struct told *t)
{
	struct told *child = (void *)t->path;

	tell(child);
}

static void run_actor(struct told *t)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		execl(t->path, "stream", "actor", NULL);
		_exit(101);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		_exit(1);
}

/* ---- what a stream has told ---- */

/* An event, with names of its own. */
struct told_event {
	struct cowi_event e;
	char comm[16];
	char name[64];
	bool mapped;
};

static struct told_event *list;
static size_t nr;
static struct cowi_stream_lost lost;

static void must(int err, const char *what)
{
	if (err < 0)
		bail("%s: %s", what, cowi_strerror(err));
}

static struct cowi_stream *listen_to(const struct cowi_stream_options *o)
{
	struct cowi_stream *s = NULL;

	must(cowi_stream_open(o, &s), "cowi_stream_open");
	return s;
}

static void remember(const struct cowi_event *e)
{
	struct told_event *t;

	if (!(nr & (nr - 1)))
		list = realloc(list, (nr ? nr * 2 : 1) * sizeof(*list));
	if (!list)
		bail("no memory");
	t = &list[nr++];
	memset(t, 0, sizeof(*t));
	t->e = *e;
	t->mapped = e->mapping;
	snprintf(t->comm, sizeof(t->comm), "%s", e->comm);
	if (e->mapping)
		snprintf(t->name, sizeof(t->name), "%s", e->mapping->name);
}

/* All that has happened until now, to the end. */
static void finish(struct cowi_stream *s)
{
	struct cowi_event e;
	int ret;

	nr = 0;
	cowi_stream_stop(s);
	while ((ret = cowi_stream_next(s, &e)) > 0)
		remember(&e);
	must(ret, "cowi_stream_next");
	cowi_stream_lost(s, &lost);
	cowi_stream_close(s);
}

/* How many events there are like that; a pid of 0 is that of anybody. */
static int count(pid_t pid, enum cowi_event_kind kind)
{
	size_t i;
	int n = 0;

	for (i = 0; i < nr; i++)
		n += (!pid || list[i].e.pid == pid) && list[i].e.kind == kind;
	return n;
}

/* Faults of pages that came out like that, each with the name of its mapping. */
static int faults(pid_t pid, const char *pages, int outcome, const char *name)
{
	unsigned long start = (unsigned long)pages, i;
	int n = 0;

	for (i = 0; i < nr; i++) {
		const struct told_event *t = &list[i];

		n += t->e.kind == COWI_EVENT_FAULT && t->e.pid == pid &&
		     t->e.addr >= start && t->e.addr < start + MANY * PAGE &&
		     t->e.outcome == outcome && t->mapped &&
		     !strcmp(t->name, name);
	}
	return n;
}

static const struct told_event *first(enum cowi_event_kind kind)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		if (list[i].e.kind == kind)
			return &list[i];
	}
	return NULL;
}

/* Not by attached processes, nor by tracefs. */
static bool is_hooked(void)
{
	return !status_word("observer_armed", "no");
}

/* ---- tests ---- */

static void test_one(void)
{
	struct told t;
	struct cowi_stream *s;
	bool ordered = true;
	size_t i;

	start(&t, copy_pages);
	s = listen_to(&(struct cowi_stream_options){ .pid = &t.pid, .nr_pids = 1 });
	ok(is_hooked() && cowi_stream_running(s) == 1, "it listens");
	tell(&t);
	finish(s);
	ok(faults(t.pid, t.pages, COWI_DID_COPIED, "") == PAGES,
	   "each copy of a process is in the stream, with its mapping");
	for (i = 1; i < nr; i++)
		ordered &= list[i].e.time >= list[i - 1].e.time;
	ok(ordered && !lost.faults && !lost.records,
	   "in the order of time, and nothing is lost");
	ok(!is_hooked(), "and once it is closed, nothing is hooked");
	end(&t);
}

static void test_outcomes(void)
{
	struct told t;
	struct cowi_stream *s;

	start(&t, fill_pages);
	s = listen_to(&(struct cowi_stream_options){
		.pid = &t.pid, .nr_pids = 1,
		.outcomes = 1 << COWI_DID_COPIED,
	});
	tell(&t);
	finish(s);
	ok(faults(t.pid, t.pages, COWI_DID_COPIED, "") == PAGES &&
	   faults(t.pid, t.pages, COWI_DID_ZEROFILLED, "") == 0 && !lost.faults,
	   "only the outcomes that are wanted");
	end(&t);
}

static void test_remote(void)
{
	struct cowi_stream *s;
	char path[32];
	struct told t;
	size_t i;
	int mem, n = 0;

	start(&t, copy_pages);
	snprintf(path, sizeof(path), "/proc/%d/mem", t.pid);
	mem = open(path, O_RDWR);
	s = listen_to(&(struct cowi_stream_options){ .pid = &t.pid, .nr_pids = 1 });
	if (pwrite(mem, "x", 1, (off_t)(unsigned long)t.pages) != 1)
		bail("cannot write to %s", path);
	finish(s);
	close(mem);
	for (i = 0; i < nr; i++)
		n += list[i].e.kind == COWI_EVENT_FAULT && list[i].e.pid == t.pid &&
		     list[i].e.tid == getpid() &&
		     list[i].e.flags & COWI_E_REMOTE;
	ok(n == 1, "what others do in the memory of a process is in it");
	end(&t);
}

/* A parent and a child that are there already. */
static void test_existing(bool follow)
{
	struct told parent, child;
	struct cowi_stream *s;

	/* The child's parent is to be the other one, which knows its pipes. */
	start(&child, copy_pages);
	parent.path = (void *)&child;
	start(&parent, copy_in_child);
	s = listen_to(&(struct cowi_stream_options){
		.pid = &(pid_t){ getpid() }, .nr_pids = 1, .follow = follow });
	ok((cowi_stream_running(s) >= 3) == follow,
	   "follow %d: %zu processes that run", follow, cowi_stream_running(s));
	tell(&parent);
	finish(s);
	ok(faults(child.pid, child.pages, COWI_DID_COPIED, "") ==
	   (follow ? PAGES : 0),
	   "follow %d: children that exist already are %sin it", follow,
	   follow ? "" : "not ");
	end(&parent);
	end(&child);
}

/* Looked at when it is long gone. */
static void test_brief(const char *path, const char *what)
{
	const struct told_event *born, *exec;
	struct cowi_stream *s;
	struct told t;
	int unnamed = 0;
	pid_t pid;
	size_t i;

	t.path = path;
	start(&t, run_actor);
	s = listen_to(&(struct cowi_stream_options){
		.pid = &t.pid, .nr_pids = 1, .follow = true });
	tell(&t);
	finish(s);
	born = first(COWI_EVENT_BORN);
	exec = first(COWI_EVENT_EXEC);
	pid = born ? born->e.pid : -1;
	ok(born && born->e.parent == t.pid && count(0, COWI_EVENT_BORN) == 1 &&
	   exec && exec->e.pid == pid && count(pid, COWI_EVENT_EXEC) == 1 &&
	   !strncmp(exec->comm, strrchr(path, '/') + 1, 15),
	   "%s: it was born and called exec", what);
	ok(faults(pid, PLACE, COWI_DID_ZEROFILLED, "") == PAGES,
	   "%s: its fresh pages are in the stream", what);
	for (i = 0; i < nr; i++) {
		const struct told_event *e = &list[i];

		if (e->e.kind != COWI_EVENT_FAULT || e->mapped ||
		    e->e.outcome == COWI_DID_REFUSED)
			continue;
		unnamed++;
		diag("no mapping: pid %d addr %llx outcome %s flags %x vma %s",
		     e->e.pid, (unsigned long long)e->e.addr,
		     cowi_did_name(e->e.outcome), e->e.flags,
		     cowi_vma_name(e->e.vma));
	}
	ok(!unnamed, "%s: of each fault the mapping is known", what);
	for (i = 0; i < nr; i++) {
		if (list[i].e.pid == pid && !strcmp(list[i].name, path) &&
		    list[i].e.outcome == COWI_DID_COPIED)
			break;
	}
	ok(i < nr, "%s: also that of its file", what);
	ok(count(pid, COWI_EVENT_EXIT) == 1 &&
	   count(t.pid, COWI_EVENT_EXIT) == 0,
	   "%s: it has exited, and once only", what);
	ok(count(t.pid, COWI_EVENT_FORK) == 1 && first(COWI_EVENT_FORK)->e.cost,
	   "%s: what the fork cost is told", what);
	end(&t);
}

/* Root's powers are lost by it: so the kernel takes the events of the task away. */
static void make_setuid(const char *self)
{
	char line[PATH_MAX + 200];

	snprintf(line, sizeof(line),
		 "cp %s " SETUID " && chown 1000:1000 " SETUID
		 " && chmod 4755 " SETUID, self);
	if (system(line))
		bail("no setuid program");
}

static void test_slow(void)
{
	struct cowi_stream *s;
	long long observed;
	struct told t;

	start(&t, fill_pages);
	attach(t.pid);
	s = listen_to(&(struct cowi_stream_options){
		.pid = &t.pid, .nr_pids = 1, .ring_bytes = 1 });
	observed = fault_count(t.pid, "observed");
	tell(&t);
	/* It sleeps: what it has done is all there is. */
	wait_asleep(t.pid);
	observed = fault_count(t.pid, "observed") - observed;
	finish(s);
	diag("%lld faults, %d told, %llu lost, %llu records lost", observed,
	     count(t.pid, COWI_EVENT_FAULT), (unsigned long long)lost.faults,
	     (unsigned long long)lost.records);
	ok(lost.faults > MANY / 2 && count(0, COWI_EVENT_LOST),
	   "a reader who does not read loses faults, and is told");
	ok(count(t.pid, COWI_EVENT_FAULT) + (long long)lost.faults == observed,
	   "no more than what is said: as many as the module's counters have");
	detach(t.pid);
	end(&t);
}

static void test_killed(void)
{
	struct told t;
	int ready[2];
	char byte;
	pid_t pid;

	start(&t, copy_pages);
	if (pipe(ready))
		bail("pipe");
	pid = fork_mortal();
	if (!pid) {
		listen_to(&(struct cowi_stream_options){
			.pid = &t.pid, .nr_pids = 1, .follow = true });
		if (write(ready[1], "", 1) != 1)
			_exit(1);
		pause();
	}
	if (read(ready[0], &byte, 1) != 1)
		bail("no listener");
	ok(is_hooked(), "somebody listens");
	reap(pid);
	ok(!is_hooked() && status_number("targets") == 0,
	   "who is killed leaves no hook and nothing attached");
	close(ready[0]);
	close(ready[1]);
	end(&t);
}

static void test_named(void)
{
	struct cowi_stream *s;
	struct told t;

	prctl(PR_SET_NAME, "stream-named");
	start(&t, copy_pages);
	prctl(PR_SET_NAME, "stream");
	s = listen_to(&(struct cowi_stream_options){ .name = "^stream-n" });
	ok(cowi_stream_running(s) == 1, "by name: one process fits");
	tell(&t);
	finish(s);
	ok(faults(t.pid, t.pages, COWI_DID_COPIED, "") == PAGES &&
	   !count(getpid(), COWI_EVENT_FAULT), "by name: that one's faults");
	end(&t);
}

static void test_all(void)
{
	struct cowi_stream *s;
	struct told t;

	start(&t, copy_pages);
	s = listen_to(&(struct cowi_stream_options){ .all = true });
	tell(&t);
	finish(s);
	ok(faults(t.pid, t.pages, COWI_DID_COPIED, "") == PAGES &&
	   !count(getpid(), COWI_EVENT_FAULT),
	   "all: everybody's, and not our own");
	end(&t);
}

static void test_cgroup(void)
{
	struct cowi_stream_options o = { .cgroup = CGROUPS "/one" };
	struct cowi_stream *s;
	struct told in, out;
	char pid[16];
	int err;

	mkdir(CGROUPS, 0755);
	/*
	 * That perf's controller is there without being switched on comes true
	 * when another one is (cgroup_propagate_control(), read in 6.1).
	 */
	if (mount("none", CGROUPS, "cgroup2", 0, NULL) ||
	    !set_file(CGROUPS "/cgroup.subtree_control", "+pids") ||
	    mkdir(CGROUPS "/one", 0755)) {
		skip_some(2, "no cgroup to be had");
		return;
	}
	start(&in, copy_pages);
	start(&out, copy_pages);
	snprintf(pid, sizeof(pid), "%d", in.pid);
	must_set_file(CGROUPS "/one/cgroup.procs", pid);
	err = cowi_stream_open(&o, &s);
	if (err == -COWI_ECGROUP) {
		skip_some(2, "this kernel has no events of a cgroup");
	} else {
		must(err, "cowi_stream_open");
		tell(&in);
		tell(&out);
		finish(s);
		ok(faults(in.pid, in.pages, COWI_DID_COPIED, "") == PAGES,
		   "cgroup: the faults of those who are in it");
		ok(!count(out.pid, COWI_EVENT_FAULT), "cgroup: and of no others");
	}
	end(&in);
	end(&out);
	rmdir(CGROUPS "/one");
	umount(CGROUPS);
}

static void *sleep_long(void *arg)
{
	*(pid_t *)arg = syscall(SYS_gettid);
	pause();
	return NULL;
}

static bool fails(const struct cowi_stream_options *o, enum cowi_error error)
{
	struct cowi_stream *s;
	int err = cowi_stream_open(o, &s);

	if (err == -(int)error)
		return true;
	diag("%d: %s", err, cowi_strerror(err));
	if (!err)
		cowi_stream_close(s);
	return false;
}

static void test_errors(void)
{
	pid_t none = 4194304, kernel = 2, tid = 0, zombie;
	pthread_t thread;

	ok(fails(&(struct cowi_stream_options){ .pid = &none, .nr_pids = 1 },
		 COWI_ENOPROC), "no such process");
	ok(fails(&(struct cowi_stream_options){ .pid = &kernel, .nr_pids = 1 },
		 COWI_EKTHREAD), "a kernel thread");
	if (pthread_create(&thread, NULL, sleep_long, &tid))
		bail("no thread");
	while (!__atomic_load_n(&tid, __ATOMIC_ACQUIRE))
		usleep(1000);
	ok(fails(&(struct cowi_stream_options){ .pid = &tid, .nr_pids = 1 },
		 COWI_EKTHREAD), "a thread");
	zombie = spawn(NULL, NULL);
	kill(zombie, SIGKILL);
	process_becomes(zombie, 'Z');
	ok(fails(&(struct cowi_stream_options){ .pid = &zombie, .nr_pids = 1 },
		 COWI_EZOMBIE), "a zombie");
	waitpid(zombie, NULL, 0);
	ok(fails(&(struct cowi_stream_options){ .name = "(" }, COWI_EREGEX),
	   "no regular expression");
	ok(fails(&(struct cowi_stream_options){ .cgroup = "nonsense" },
		 COWI_ECGROUP), "no cgroup");
	ok(!is_hooked(), "none of these leaves a hook");
}

int main(int argc, char **argv)
{
	char self[PATH_MAX] = "";

	if (argc > 1)
		return actor();
	(void)argv;
	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		bail("readlink");
	tap_plan(4 + 1 + 1 + 2 * 2 + 2 * 6 + 2 + 2 + 2 + 1 + 2 + 7);
	test_one();
	test_outcomes();
	test_remote();
	test_existing(false);
	test_existing(true);
	test_brief(self, "brief");
	make_setuid(self);
	test_brief(SETUID, "setuid");
	test_slow();
	test_killed();
	test_named();
	test_all();
	test_cgroup();
	test_errors();
	return tap_done();
}
