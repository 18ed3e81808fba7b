// SPDX-License-Identifier: GPL-2.0
/*
 * Whom cowinspect ps, share and trace mean: by cgroup and by user; a cgroup that is
 * frozen while it is read, however that ends; and what ps says a cgroup holds, against
 * what the kernel has charged it with. No kernel changes what the tool does here.
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
#define OWN		2000		/* pages that each has of its own */

/* Pages that a CPU may have charged before they are asked for: mm/memcontrol.c. */
#define CHARGE_BATCH	64

static int *ready;			/* how many are as they shall be */
static pid_t pid[NR], many;		/* the last of many */
static long long inherited;		/* pages of each that it may have from us */

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
	memset(map_pages(OWN, MAP_PRIVATE), 1, OWN * PAGE);
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
	if (mkdir(ONE, 0755) || mkdir(BELOW, 0755) || mkdir(MANY, 0755))
		bail("no cgroup can be made");
	return NULL;
}

static void make_members(void)
{
	char *status = slurp("/proc/self/status");
	long i;

	inherited = number_of(status, "RssAnon") / (long)(PAGE >> 10);
	free(status);
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

	snprintf(path, sizeof(path), ONE "/%s", file);
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
 * Each anonymous page that only one of them has is charged to their cgroup, but for
 * what it has from us and we have given up. What else is charged to it: memory of the
 * kernel (page tables, stacks), page cache, shared memory; and what CPUs have charged
 * in advance, and have not yet counted in memory.stat.
 */
static void test_charged(void)
{
	const long long page = PAGE;
	long long batch = CHARGE_BATCH * page * sysconf(_SC_NPROCESSORS_ONLN);
	long long current, other, own = 0;
	char *line;

	if (run("cowinspect ps --stop --cgroup choice -o own_anon --raw --bytes --noheadings"))
		bail("ps: %.200s", said);
	for (line = said; *line; line += strcspn(line, "\n") + 1)
		own += atoll(line);
	current = of_cgroup("memory.current", "");
	other = of_cgroup("memory.stat", "kernel ") +
		of_cgroup("memory.stat", "file ") +
		of_cgroup("memory.stat", "sock ");
	if (!ok(own >= NR * OWN * page &&
		own <= current + inherited * NR * page &&
		current <= own + other + 2 * batch,
		"what they own is what their cgroup is charged with, and not its kernel memory"))
		diag("own %lld, inherited %lld pages, current %lld, other %lld, batch %lld",
		     own, inherited, current, other, batch);
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

	for (i = 0; i < 10 && !bad; i++)
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
	said_ok(!run("cowinspect share --name '^small$' --top 0 | tail -n 3") &&
		strstr(said, "total of"), "share: %d processes", nr);
}

int main(void)
{
	need_tool();
	need(is_tool_tested() ? NULL : TOOL_ELSEWHERE);
	need(lacks_cgroups());
	tap_plan(8 + 1 + 1 + 2 + 3);
	ready = (void *)map_pages(1, MAP_SHARED);
	make_members();
	test_who();
	test_charged();
	test_coming_and_going();
	test_many(depth_of("PROCESSES", 300));
	test_frozen();
	return tap_done();
}
