// SPDX-License-Identifier: GPL-2.0
/*
 * Whom cowinspect ps, share and trace mean: by cgroup and by user; a cgroup that is
 * frozen while it is read, however that ends; and what ps and share say a cgroup holds,
 * against what the kernel has charged it with. No kernel changes what the tool does here.
 */
#include "have.h"
#include "command.h"

#define CGROUPS		"/sys/fs/cgroup"
#define ONE		CGROUPS "/choice"
#define BELOW		ONE "/below"
#define MANY		CGROUPS "/many"
#define FREEZE		MANY "/cgroup.freeze"
#define USER		12345
#define NR		3

/* A program of which is known what it holds, in pages. */
#define HELD		CGROUPS "/held"
#define HOLDER		"holder"
#define HOLDERS		3
#define OWN		2000		/* of all */
#define COPIED		500		/* that each child has copied */
#define OBJECT		300		/* that the first two have mapped */
#define READY_FD	100

/* Pages that a CPU may have charged before they are asked for: mm/memcontrol.c. */
#define CHARGE_BATCH	64

static int *ready;			/* how many are as they shall be */
static pid_t pid[NR], many;		/* the last of many */

/* Born there, so that each page that it gets is charged to it. */
static pid_t spawn_in(const char *cgroup, void (*child)(long), long number)
{
	struct clone_args args = { .flags = CLONE_INTO_CGROUP,
				   .exit_signal = SIGCHLD };
	int fd = open(cgroup, O_RDONLY | O_DIRECTORY);
	pid_t new;

	args.cgroup = fd;
	new = syscall(SYS_clone3, &args, sizeof(args));
	if (new < 0)
		bail("no process in %s", cgroup);
	if (!new) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		child(number);
		_exit(0);
	}
	close(fd);
	return new;
}

static void be_ready(void)
{
	__atomic_add_fetch(ready, 1, __ATOMIC_SEQ_CST);
	for (;;)
		pause();
}

static void be_member(long number)
{
	if (number == 2 && setuid(USER))
		_exit(1);
	/* Which setuid() has undone. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	be_ready();
}

static void be_small(long number)
{
	(void)number;
	prctl(PR_SET_NAME, "small");
	be_ready();
}

static void wait_ready(int nr)
{
	if (!comes_true(__atomic_load_n(ready, __ATOMIC_SEQ_CST) == nr))
		bail("%d processes are ready, not %d", *ready, nr);
	*ready = 0;
}

static const char *lacks_cgroups(void)
{
	static const char none[] = "no cgroups of version 2 with memory";

	if (access(CGROUPS "/cgroup.procs", F_OK) &&
	    mount("none", CGROUPS, "cgroup2", 0, NULL))
		return none;
	if (!set_file(CGROUPS "/cgroup.subtree_control", "+memory"))
		return none;
	if (mkdir(ONE, 0755) || mkdir(BELOW, 0755) || mkdir(MANY, 0755) ||
	    mkdir(HELD, 0755))
		bail("no cgroup can be made");
	return NULL;
}

static void make_members(void)
{
	long i;

	for (i = 0; i < NR; i++)
		pid[i] = spawn_in(i == 2 ? BELOW : ONE, be_member, i);
	wait_ready(NR);
}

/* ---- who ---- */

/* Bits of those who are meant, in the order in which they were made. */
static void chooses(const char *options, int wanted, const char *what)
{
	int status = run("cowinspect ps --raw --noheadings -o pid %s", options);
	char *line = said;
	int i, found = 0;

	for (i = 0; i < NR; i++) {
		if (atoi(line) != pid[i])
			continue;
		found |= 1 << i;
		line += strcspn(line, "\n") + 1;
	}
	said_ok(!status && found == wanted && !*line, "%s", what);
}

static void test_who(void)
{
	char options[128];

	snprintf(options, sizeof(options), "--cgroup-of %d", pid[0]);
	chooses(options, 7, "--cgroup-of: who is in it, or below");
	snprintf(options, sizeof(options), "--cgroup-of %d", pid[2]);
	chooses(options, 4, "--cgroup-of: not who is above");
	chooses("--user 12345", 4, "--user: by number");
	snprintf(options, sizeof(options), "%d --user 12345 --cgroup choice/below",
		 pid[2]);
	chooses(options, 4, "several together, which all mean the same");
	chooses("--user 12345 --cgroup choice", 7, "several together: who fits any");
	said_ok(run("cowinspect ps --cgroup-of 4194304") == 1,
		"--cgroup-of nobody: status 1");
	said_ok(!run("cowinspect trace --duration 0.1 --cgroup-of %d", pid[0]),
		"trace --cgroup-of: the kernel tells these apart");
	said_ok(!run("cowinspect trace --duration 0.1 --user 12345 --cgroup choice --limit 2") &&
		strstr(said, "2 of 3 processes"),
		"trace: several together, two at most");
}

/* ---- what it holds ---- */

/* In bytes. */
static long long of_cgroup(const char *file, const char *name)
{
	char *text, *at, path[64];
	size_t len = strlen(name);
	long long n = -1;

	snprintf(path, sizeof(path), HELD "/%s", file);
	text = slurp(path);
	for (at = text; at && n < 0; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (!strncmp(at, name, len))
			n = atoll(at + len);
	}
	free(text);
	if (n < 0)
		bail("%s has no '%s'", path, name);
	return n;
}

/*
 * A program of its own, so that all it has was charged to its cgroup: anonymous memory,
 * of which children copy some, and an object that one of them has as well.
 */
static int be_holder(void)
{
	char *own = map_pages(OWN, MAP_PRIVATE);
	char *object = map_pages(OBJECT, MAP_SHARED), byte = 0;
	long i, pages;

	memset(own, 1, OWN * PAGE);
	memset(object, 1, OBJECT * PAGE);
	for (i = 0; i < HOLDERS - 1; i++) {
		if (fork())
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (pages = 0; pages < COPIED; pages++)
			own[pages * PAGE] = 2;
		if (!i)
			memset(object, 2, OBJECT * PAGE);
		break;
	}
	if (write(READY_FD, &byte, 1) != 1)
		return 1;
	for (;;)
		pause();
}

static void become_holder(long number)
{
	(void)number;
	execl("/proc/self/exe", HOLDER, NULL);
	_exit(127);
}

/* Descriptors are inherited, and the memory of be_ready() is not. */
static pid_t make_holders(void)
{
	int fd[2], i;
	pid_t first;
	char byte;

	if (pipe(fd) || dup2(fd[1], READY_FD) != READY_FD)
		bail("pipe");
	close(fd[1]);
	first = spawn_in(HELD, become_holder, 0);
	close(READY_FD);
	for (i = 0; i < HOLDERS; i++) {
		if (read(fd[0], &byte, 1) != 1)
			bail("%d of %d have what they shall hold", i, HOLDERS);
	}
	close(fd[0]);
	drain_lru();
	return first;
}

/* Of the kind, in bytes; @alone: what nobody else has mapped. */
static long long held(const char *kind, bool alone)
{
	long long size, outside, n = 0;
	char *line, name[16];

	if (run("cowinspect share --stop --cgroup held --by kind --bytes -rno kind,size,outside"))
		bail("share: %.200s", said);
	for (line = said; *line; line += strcspn(line, "\n") + 1) {
		if (sscanf(line, "%15s %lld %lld", name, &size, &outside) == 3 &&
		    !strcmp(name, kind))
			n += alone ? size - outside : size;
	}
	return n;
}

/* The totals of ps are the same frames. */
static long long total_of_ps(const char *column)
{
	char name[32], *at;

	if (run("cowinspect ps --stop --cgroup held --json"))
		bail("ps: %.200s", said);
	snprintf(name, sizeof(name), "\"%s\": ", column);
	at = strstr(said, "\"totals\"");
	at = at ? strstr(at, name) : NULL;
	return at ? atoll(at + strlen(name)) : -1;
}

/*
 * memory.stat lags behind, until it is flushed. What is charged besides what processes
 * have mapped: page tables, stacks and other memory of the kernel, page cache that
 * they have read first, and what CPUs have charged in advance.
 */
static void test_charged(void)
{
	long long batch = CHARGE_BATCH * PAGE * sysconf(_SC_NPROCESSORS_ONLN);
	long long anon, shmem, objects, files, current, kernel, cache, tables;
	long long stacks, rest;
	pid_t first = make_holders();

	anon = held("anon", true);
	shmem = held("shmem", true);
	if (!ok(comes_true(of_cgroup("memory.stat", "anon ") == anon) &&
		anon >= (OWN + (HOLDERS - 1) * COPIED) * (long long)PAGE,
		"share: anonymous memory is what memory.stat says of the cgroup, to a page"))
		diag("%lld, %lld", anon, of_cgroup("memory.stat", "anon "));
	if (!ok(shmem == OBJECT * (long long)PAGE &&
		comes_true(of_cgroup("memory.stat", "shmem ") == shmem),
		"and so are objects"))
		diag("%lld, %lld", shmem, of_cgroup("memory.stat", "shmem "));
	/* Where the root is a tmpfs, programs are of objects, too. */
	objects = held("shmem", false);
	files = held("file", true);
	if (!ok(total_of_ps("objects") == objects &&
		total_of_ps("own") + total_of_ps("within") == anon + files,
		"ps: so are its totals, with pages of files that nobody else has"))
		diag("objects %lld, files %lld", objects, files);
	current = of_cgroup("memory.current", "");
	kernel = of_cgroup("memory.stat", "kernel ");
	tables = of_cgroup("memory.stat", "pagetables ");
	stacks = of_cgroup("memory.stat", "kernel_stack ");
	cache = of_cgroup("memory.stat", "file ") - shmem;
	rest = current - anon - shmem - kernel - cache;
	diag("memory.current %lld = %lld anonymous + %lld objects + %lld of the kernel",
	     current, anon, shmem, kernel);
	diag("(page tables %lld, stacks %lld) + %lld page cache + %lld charged in advance",
	     tables, stacks, cache, rest);
	ok(rest >= -batch && rest <= 2 * batch && tables > 0 && stacks > 0 &&
	   tables + stacks <= kernel,
	   "memory.current is that, the kernel's own, page cache, and what CPUs charge in advance");
	reap(first);
}

/* ---- who comes and goes ---- */

static void be_brief(long number)
{
	(void)number;
}

/* Cgroups with a process in each, which is gone at once. */
static void come_and_go(void *unused)
{
	char path[64];
	int i;

	(void)unused;
	for (i = 0;; i = (i + 1) % 8) {
		snprintf(path, sizeof(path), ONE "/brief%d", i);
		if (mkdir(path, 0755) && errno != EEXIST)
			_exit(1);
		reap(spawn_in(path, be_brief, 0));
		rmdir(path);
	}
}

static void test_coming_and_going(void)
{
	pid_t maker = spawn(come_and_go, NULL);
	int i, bad = 0;

	for (i = 0; i < 40 && !bad; i++)
		bad = run("cowinspect ps --cgroup choice") ||
		      strstr(said, "cowinspect:");
	said_ok(!bad && process_state(maker) != 'Z',
		"cgroups that vanish, and their processes, are no error");
	reap(maker);
}

/* ---- many, frozen ---- */

static char freeze_state(void)
{
	char *text = slurp(FREEZE), state = text[0];

	free(text);
	return state;
}

/* Returns whether it was met while it had them frozen: then it was killed. */
static bool kill_frozen(bool *signalled)
{
	pid_t tool = fork_mortal();
	int status;

	if (!tool) {
		close(STDOUT_FILENO);
		execl("/bin/cowinspect", "cowinspect", "share", "--stop",
		      "--cgroup", "many", NULL);
		_exit(100);
	}
	while (freeze_state() != '1' && process_state(tool) != 'Z')
		;
	*signalled |= process_state(many) == 'T';
	kill(tool, SIGKILL);
	if (waitpid(tool, &status, 0) != tool)
		bail("waitpid");
	return WIFSIGNALED(status);
}

static void test_frozen(void)
{
	bool signalled = false, met = false;
	int tries;

	said_ok(!run("cowinspect ps --stop --cgroup many") && freeze_state() == '0',
		"--stop: a cgroup goes on afterwards");
	must_set_file(FREEZE, "1");
	said_ok(!run("cowinspect ps --stop --cgroup many") && freeze_state() == '1',
		"--stop: one that was frozen before stays so");
	must_set_file(FREEZE, "0");
	for (tries = 0; tries < 20 && !met; tries++)
		met = kill_frozen(&signalled);
	ok(met && !signalled && comes_true(freeze_state() == '0'),
	   "--stop: a cgroup is frozen, and goes on if the command is killed");
	/* What it had attached nobody has detached. */
	command("detach", "all");
}

static void test_many(int nr)
{
	int i;

	for (i = 0; i < nr; i++)
		many = spawn_in(MANY, be_small, 0);
	wait_ready(nr);
	said_ok(!run("cowinspect ps --cgroup many --raw --noheadings -o pid") &&
		lines_said() == nr, "ps: %d processes", nr);
	said_ok(!run("cowinspect share --name '^small$' --top 0 2>&1 | tail -n 3") &&
		strstr(said, "total of"), "share: %d processes", nr);
}

int main(int argc, char **argv)
{
	(void)argc;
	if (!strcmp(argv[0], HOLDER))
		return be_holder();
	need_tool();
	need(is_tool_tested() ? NULL : TOOL_ELSEWHERE);
	need(lacks_cgroups());
	tap_plan(8 + 4 + 1 + 2 + 3);
	ready = (void *)map_pages(1, MAP_SHARED);
	make_members();
	test_who();
	test_charged();
	test_coming_and_going();
	test_many(depth_of("PROCESSES", 300));
	test_frozen();
	return tap_done();
}
