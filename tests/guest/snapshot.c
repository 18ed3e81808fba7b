// SPDX-License-Identifier: GPL-2.0
/*
 * cowinspect snapshot and diff: what is read from a file is what is read from a process
 * that stands still, byte for byte; and between two snapshots a program has written
 * to known pages, given some up, moved some and touched new ones: diff names these, with
 * their addresses, and nothing else of that memory. Its parts have names by which they
 * are told from what a program does by the way.
 */
#include "have.h"
#include "command.h"

#define REGION		64	/* pages that two processes have */
#define PART		8	/* pages of the others */
#define LATER		3	/* pages that are written at last */
#define FULL		"/tmp/full"
#define KEY		"/run/cowinspect/snapshot.key"

/**
 * struct program - in memory that it shares with us
 * @pid: it, and its child
 * @region: that both have
 * @given_up: of which it gives up a part
 * @fresh: of which it touches more
 * @moved: that it moves
 * @moved_to: there
 * @step: it has come so far
 */
struct program {
	pid_t pid[2];
	char *region, *given_up, *fresh, *moved, *moved_to;
	int step;
};

static struct program *program;

/* Private memory of a name; the first pages of it are written. */
static char *map_named(const char *name, int pages, int written)
{
	int fd = syscall(SYS_memfd_create, name, 0), i;
	char *at;

	if (fd < 0 || ftruncate(fd, pages * PAGE))
		bail("memfd");
	at = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	if (at == MAP_FAILED)
		bail("mmap");
	close(fd);
	for (i = 0; i < written; i++)
		at[i * PAGE] = 1;
	return at;
}

static void be_child(void *arg)
{
	(void)arg;
	program->pid[1] = getpid();
	__atomic_store_n(&program->step, 1, __ATOMIC_SEQ_CST);
	for (;;)
		pause();
}

static void next_step(int sig)
{
	(void)sig;
}

/* Wait for a signal, which was not let in before. */
static void wait_for_step(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigsuspend(&none);
}

static void write_page(char *at, int page)
{
	at[page * PAGE] = 2;
}

/* What diff shall find. */
static void change(void)
{
	int i;

	for (i = 3; i < 6; i++)
		write_page(program->region, i);
	write_page(program->region, 20);
	if (mremap(program->moved, PART * PAGE, PART * PAGE,
		   MREMAP_MAYMOVE | MREMAP_FIXED, program->moved_to) !=
	    program->moved_to)
		bail("mremap");
	for (i = 3; i < PART; i++)
		write_page(program->fresh, i);
	/* Last, so that none of its frames is had again, and called moved. */
	madvise(program->given_up + 4 * PAGE, 2 * PAGE, MADV_DONTNEED);
}

static void be_program(void *arg)
{
	sigset_t usr1;
	pid_t child;
	int i;

	(void)arg;
	signal(SIGUSR1, next_step);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, NULL);
	program->region = map_named("region", REGION, REGION);
	child = spawn(be_child, NULL);
	while (!__atomic_load_n(&program->step, __ATOMIC_SEQ_CST))
		usleep(1000);
	program->given_up = map_named("given", PART, PART);
	program->fresh = map_named("fresh", PART, 3);
	program->moved = map_named("moved", PART, PART);
	program->moved_to = map_pages(PART, MAP_PRIVATE);
	program->pid[0] = getpid();
	__atomic_store_n(&program->step, 2, __ATOMIC_SEQ_CST);
	wait_for_step();
	change();
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	/* Nobody else has these now: no copy is needed. */
	write_page(program->region, 40);
	write_page(program->region, 41);
	__atomic_store_n(&program->step, 3, __ATOMIC_SEQ_CST);
	wait_for_step();
	for (i = 0; i < LATER; i++)
		write_page(program->region, 42 + i);
	for (;;)
		wait_for_step();
}

static void wait_step(int step)
{
	while (__atomic_load_n(&program->step, __ATOMIC_SEQ_CST) < step)
		usleep(1000);
	wait_asleep(program->pid[0]);
	drain_lru();
}

/* ---- the same from a file ---- */

/* Whatever is in the machine runs in both cases: a shell, and one command. */
static void same(const char *options)
{
	int status = run("cowinspect %s %d >/tmp/live", options,
			 program->pid[0]);

	if (!status)
		status = run("cowinspect %s /tmp/whole.cow >/tmp/file", options);
	if (!status)
		status = run("cmp /tmp/live /tmp/file && test -s /tmp/file");
	said_ok(!status, "%s FILE is %s PID", options, options);
}

static void test_same(void)
{
	kill(program->pid[0], SIGSTOP);
	if (!process_becomes(program->pid[0], 'T'))
		bail("it does not stop");
	if (run("cowinspect snapshot %d --frames -o /tmp/whole.cow",
		program->pid[0]))
		bail("snapshot: %.200s", said);
	same("show");
	same("show --pages");
	same("show --all-columns --json");
	same("map --width 64");
	same("show --all-columns --raw");
	kill(program->pid[0], SIGCONT);
	wait_asleep(program->pid[0]);
}

/* ---- what has changed ---- */

struct run {
	char *at;
	int pages;
	const char *what;
};

/* The line of it, if it was said. */
static bool said_run(const struct run *r)
{
	char line[128];

	snprintf(line, sizeof(line), "%d %llx %d %s /memfd:", program->pid[0],
		 (unsigned long long)(uintptr_t)r->at, r->pages, r->what);
	if (strstr(said, line))
		return true;
	diag("missing: %s", line);
	return false;
}

static int count_said(const char *text)
{
	const char *at;
	int n = 0;

	for (at = said; (at = strstr(at, text)); at++)
		n++;
	return n;
}

/* Between the snapshot before and @after: a file, or options of processes. */
static void names_exactly(const char *after)
{
	const struct program *p = program;
	const struct run runs[] = {
		{ p->region + 3 * PAGE, 3, "copied" },
		{ p->region + 20 * PAGE, 1, "copied" },
		{ p->region + 40 * PAGE, 2, "reused" },
		{ p->given_up + 4 * PAGE, 2, "freed" },
		{ p->fresh + 3 * PAGE, PART - 3, "new" },
		{ p->moved, PART, "away" },
		{ p->moved_to, PART, "moved" },
	};
	size_t i, nr = sizeof(runs) / sizeof(runs[0]), found = 0;
	int status = run("cowinspect diff /tmp/before.cow %s -Prn | grep '^%d .*/memfd:'",
			 after, p->pid[0]);

	for (i = 0; i < nr; i++)
		found += said_run(&runs[i]);
	said_ok(!status && found == nr && count_said("/memfd:") == (int)nr,
		"diff before.cow %s: what it did, at its addresses, and no more",
		after);
}

#define COLUMNS \
	"pid,before,kept,private,reused,copied,replaced,away,moved,freed,new,after,mapping"

/* Pages before, kept, private, reused, copied, replaced, away, moved, freed, new, after. */
static void adds_up(const char *mapping, const char *numbers)
{
	char line[128];

	snprintf(line, sizeof(line), "\n%d %s /memfd:%s", program->pid[0],
		 numbers, mapping);
	said_ok(strstr(said, line), "%s: %s", mapping, numbers);
}

static void test_diff(void)
{
	char live[32];

	snprintf(live, sizeof(live), "-f %d", program->pid[0]);
	if (run("cowinspect snapshot %s -o /tmp/before.cow", live))
		bail("snapshot: %.200s", said);
	kill(program->pid[0], SIGUSR1);
	wait_step(3);
	if (run("cowinspect snapshot %s -o /tmp/after.cow", live))
		bail("snapshot: %.200s", said);
	names_exactly("/tmp/after.cow");
	names_exactly(live);
	if (run("cowinspect diff /tmp/before.cow /tmp/after.cow --by process,mapping -ro " COLUMNS))
		bail("diff: %.200s", said);
	adds_up("region", "64 60 60 2 4 0 0 0 0 0 64");
	adds_up("given", "8 6 0 0 0 0 0 0 2 0 6");
	adds_up("fresh", "3 3 0 0 0 0 0 0 0 5 8");
	adds_up("moved", "8 0 0 0 0 0 8 8 0 0 8");
	run("cowinspect diff /tmp/before.cow /tmp/after.cow -rno pid,state");
	snprintf(live, sizeof(live), "%d before", program->pid[1]);
	said_ok(lines_said() == 2 && strstr(said, live),
		"its child is in the one before only");
}

/* ---- ids ---- */

#define FRAMES	"-P -rno addr,pfn"

static void test_ids(void)
{
	pid_t pid = program->pid[0];

	if (run("cowinspect snapshot %d --frames -o /tmp/numbers.cow", pid))
		bail("snapshot: %.200s", said);
	said_ok(run("cowinspect diff /tmp/before.cow /tmp/numbers.cow") == 1 &&
		strstr(said, "cannot be compared"),
		"ids are not compared with numbers");
	run("cowinspect show /tmp/numbers.cow " FRAMES " >/tmp/numbers");
	said_ok(!run("cowinspect show %d " FRAMES " | cmp - /tmp/numbers", pid),
		"--frames: they are the numbers");
	run("cowinspect show /tmp/after.cow " FRAMES " 2>&1 >/tmp/ids");
	said_ok(run("grep -xFf /tmp/numbers /tmp/ids") == 1 && !said[0],
		"without it, not one of them is");
	rename(KEY, KEY ".aside");
	said_ok(!run("cowinspect snapshot %d -o /tmp/other.cow", pid) &&
		run("cowinspect diff /tmp/before.cow /tmp/other.cow") == 1 &&
		strstr(said, "different keys"),
		"frames are not followed from one key to another");
	said_ok(run("cowinspect diff /tmp/before.cow %d", pid) == 1 &&
		strstr(said, "another key"), "nor to a process");
	rename(KEY ".aside", KEY);
}

/* ---- again and again ---- */

/*
 * What is written between two rounds is in the next one, or in part in the one after
 * that, wherever it meets them; then the process ends, and so does the command.
 */
static void test_every(void)
{
	char line[256], name[64];
	int rounds = 0, reused = 0, copied = 0, n, m, status;
	FILE *tool;

	snprintf(line, sizeof(line),
		 "cowinspect diff --every 1 %d --by process,mapping --raw --noheadings -o reused,copied,mapping",
		 program->pid[0]);
	tool = popen(line, "r");
	if (!tool)
		bail("popen");
	while (fgets(line, sizeof(line), tool)) {
		if (sscanf(line, "%d %d /memfd:%63s", &n, &m, name) != 3 ||
		    strncmp(name, "region", 6))
			continue;
		reused += n;
		copied += m;
		if (++rounds == 1)
			kill(program->pid[0], SIGUSR1);
		if (reused >= LATER || rounds == 60)
			kill(program->pid[0], SIGKILL);
	}
	status = pclose(tool);
	if (!ok(!status && rounds > 1 && reused == LATER && !copied,
		"diff --every: each write once, until the process has ended"))
		diag("status %d, %d rounds, %d reused, %d copied", status,
		     rounds, reused, copied);
	said_ok(run("cowinspect diff --every 1 %d", program->pid[0]) == 1,
		"of a process that has ended: status 1");
}

/* ---- no room ---- */

static void test_full(void)
{
	int status;

	mkdir(FULL, 0755);
	if (mount("none", FULL, "tmpfs", 0, "size=4k"))
		bail("tmpfs");
	status = run("cowinspect snapshot %d -o " FULL "/x.cow",
		     program->pid[0]);
	said_ok(status == 1 && strstr(said, "No space left"), "a full disk");
	said_ok(!run("ls -A " FULL) && !said[0], "nothing is left there");
	status = run("TMPDIR=" FULL " cowinspect show /tmp/whole.cow");
	said_ok(status == 1 && strstr(said, "No space left"),
		"no room to unpack it");
	umount(FULL);
	rmdir(FULL);
}

int main(void)
{
	need_tool();
	if (!is_tool_tested())
		tap_skip_all(TOOL_ELSEWHERE);
	tap_plan(5 + 2 + 4 + 1 + 5 + 3 + 2);
	program = (void *)map_pages(1, MAP_SHARED);
	/* Where the key is. */
	mkdir("/run", 0755);
	have_own_pages();
	spawn(be_program, NULL);
	wait_step(2);
	have_own_pages();
	test_same();
	test_diff();
	test_ids();
	test_full();
	test_every();
	return tap_done();
}
