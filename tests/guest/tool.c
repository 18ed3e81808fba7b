// SPDX-License-Identifier: GPL-2.0
/* The cowinspect command on a live module: what it shows, and its traces. */
#include "command.h"
#include "setup.h"

#define FAMILY_PAGE	"/family.html"
#define HOSTILE_FILE	"/tmp/" HOSTILE
#define HEADING		HOSTILE_SHOWN "\\x0a\\x9bX ("
#define JSON		"\\u001b[41m\\u009b1"
#define LIMIT		PARAMETER "max_targets"
#define CHILDREN	5

static int lines_of_maps(pid_t pid)
{
	char *maps = slurp_proc(pid, "maps"), *at;
	int n = 0;

	for (at = maps; *at; at++)
		n += *at == '\n';
	/* A page that no process has: the module does not list it either. */
	n -= !!strstr(maps, "[vsyscall]");
	free(maps);
	return n;
}

static void test_show(pid_t pid)
{
	char *summary;
	int status;

	status = run("cowinspect show %d --all-rows", pid);
	said_ok(!status && !strncmp(said, "RANGE ", 6) &&
		strstr(said, "\ntotal ") && lines_said() == lines_of_maps(pid) + 2,
		"show: headings, a line for each VMA, totals");

	status = run("cowinspect show %d --raw --noheadings -o range,perms,next_copy",
		     pid);
	said_ok(!status && strstr(said, " rw-p "), "show with chosen columns");

	status = run("cowinspect show %d --json", pid);
	said_ok(!status && said[0] == '{' && strstr(said, "\"vmas\": ["),
		"show as JSON");

	attach(pid);
	summary = slurp_target(pid, "summary");
	status = run("cowinspect show %d --pages --raw --noheadings", pid);
	said_ok(!status && lines_said() == number_of(summary, "present"),
		"show --pages: a line for each page");
	free(summary);
	detach(pid);
}

static void test_map(pid_t pid)
{
	int status = run("cowinspect map %d", pid);

	said_ok(!status && strstr(said, "[stack]") &&
		strstr(said, "O  own page") && !strchr(said, '\033'),
		"map: a picture with a legend, without colours on a pipe");
}

static bool told_as_user(void)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		if (setgid(1000) || setuid(1000))
			_exit(100);
		_exit(run("cowinspect status") != 1 || !strstr(said, "sudo"));
	}
	return waitpid(pid, &status, 0) == pid && !status;
}

static void test_errors(void)
{
	said_ok(run("cowinspect show 4194304") == 1 &&
		strstr(said, "no such process"), "no such process: status 1");
	said_ok(run("cowinspect show 2") == 1, "a kernel thread: status 1");
	said_ok(run("cowinspect show") == 2, "no process named: status 2");
	said_ok(run("cowinspect frobnicate") == 2, "no such command: status 2");
	said_ok(run("cowinspect lab nosuch") == 2, "no such lab: status 2");
	ok(told_as_user(), "not root: status 1, and says what to do");
}

static void test_lab(const char *options)
{
	int status = run("cowinspect lab fork %s", options);

	said_ok(!status, "lab fork %s", options);
}

/* What a browser makes of a page is for tests/host/html.t. */
static void test_lab_html(void)
{
	static const char table[] = "\"tables\":[{";
	int status = run("cowinspect lab fork --html /tmp/fork.html");
	char *page, *at;
	int steps = 0;

	page = status ? strdup("") : slurp("/tmp/fork.html");
	for (at = page; (at = strstr(at, table)); at++)
		steps++;
	said_ok(steps == 5 && strstr(page, "\"child\"]]}"),
		"lab --html: page tables of five steps and two processes");
	free(page);
}

/* One who has a child, for as long as both are wanted. */
static void have_child(void *arg)
{
	(void)arg;
	prctl(PR_SET_NAME, "par) ent");
	spawn(NULL, NULL);
	for (;;)
		pause();
}

static void test_family(void)
{
	pid_t pid = spawn(have_child, NULL);
	char parent[64], *page;
	int tries = 1000;
	bool several;

	/* The child may take its time to be born. */
	do {
		run("cowinspect map -f %d --html " FAMILY_PAGE, pid);
	} while (!strstr(said, "\n\npar) ent (") && tries--);
	snprintf(parent, sizeof(parent), "par) ent (%d):\n", pid);
	said_ok(!strncmp(said, parent, strlen(parent)),
		"map --follow: a process and its child by name");
	page = slurp(FAMILY_PAGE);
	snprintf(parent, sizeof(parent), ",%d,\"par) ent\"]]", pid);
	ok(strstr(page, parent), "--html has both, and who is whose child");
	free(page);
	several = !run("cowinspect show -f %d --json", pid) &&
		  strstr(said, "\"processes\": [");
	snprintf(parent, sizeof(parent), "\"parent\": %d,", pid);
	said_ok(several && strstr(said, parent), "show --follow: the same");
	said_ok(run("cowinspect show %d 4194304", pid) == 1,
		"one of several that is not there: status 1");
	reap(pid);
}

/* A family of which each has a name for the terminal, and maps a file with one. */
static void be_hostile(void *arg)
{
	int fd = open(HOSTILE_FILE, O_RDWR | O_CREAT, 0600);
	volatile char *at;

	prctl(PR_SET_NAME, HOSTILE);
	if (ftruncate(fd, PAGE))
		_exit(1);
	at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	*at = 1;
	spawn(NULL, NULL);
	*(volatile bool *)arg = true;
	for (;;)
		pause();
}

static void test_hostile(void)
{
	static const struct {
		const char *line;
		const char *shown;
	} commands[] = {
		{ "cowinspect show %d", HOSTILE_SHOWN },
		{ "cowinspect show -f %d", HEADING },
		{ "cowinspect show -f --raw %d", HEADING },
		{ "cowinspect show -f --json %d", JSON },
		{ "cowinspect show -f --pages %d", HEADING },
		{ "cowinspect show -f --pages --json %d", JSON },
		{ "cowinspect show -f --range 10 %d", HEADING },
		{ "cowinspect map %d", HOSTILE_SHOWN },
		{ "cowinspect map -f --all-rows %d --html " FAMILY_PAGE, HEADING },
		{ "cowinspect map --range 10 %d", HEADING },
		{ ": %d; cowinspect trace --events -- '" HOSTILE_FILE "' quit",
		  "(" HOSTILE_SHOWN "\\x0a" },
		{ ": %d; cowinspect trace --json -- '" HOSTILE_FILE "' quit",
		  JSON },
		{ ": %d; cowinspect trace -- '/nonsense/" HOSTILE "'",
		  HOSTILE_SHOWN "\\x0a" },
		{ ": %d; cowinspect lab --grade '/nonsense/" HOSTILE "'",
		  HOSTILE_SHOWN "\\x0a" },
	};
	volatile bool *ready = (void *)map_pages(1, MAP_SHARED);
	size_t i, bad = 0, hidden = 0;
	char *page, own[128] = "";
	pid_t pid;

	pid = spawn(be_hostile, (void *)ready);
	while (!*ready)
		usleep(1000);
	/* From here on it is a program: this one. */
	unlink(HOSTILE_FILE);
	if (readlink("/proc/self/exe", own, sizeof(own) - 1) < 0 ||
	    symlink(own, HOSTILE_FILE))
		bail("no program of that name");
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		run(commands[i].line, pid);
		if (is_tame(said) && strstr(said, commands[i].shown))
			continue;
		diag("command %zu:", i);
		show_said();
		bad += !is_tame(said);
		hidden += !strstr(said, commands[i].shown);
	}
	ok(!bad, "names of processes and files are no commands to the terminal");
	ok(!hidden, "but can be seen in all that has them");
	page = slurp(FAMILY_PAGE);
	ok(!strchr(page, '\033') && strstr(page, JSON),
	   "the same in a page");
	free(page);
	unlink(HOSTILE_FILE);
	reap(pid);
}

static void have_children(void *arg)
{
	int i;

	for (i = 0; i < CHILDREN; i++)
		spawn(NULL, NULL);
	*(volatile bool *)arg = true;
	for (;;)
		pause();
}

static int times_said(const char *text)
{
	const char *at;
	int n = 0;

	for (at = said; (at = strstr(at, text)); at++)
		n++;
	return n;
}

/* More of them than may be attached at a time, and one is attached already. */
static void test_large_family(void)
{
	volatile bool *ready = (void *)map_pages(1, MAP_SHARED);
	pid_t pid = spawn(have_children, (void *)ready), other;

	while (!*ready)
		usleep(1000);
	other = spawn(NULL, NULL);
	attach(other);
	must_set_file(LIMIT, "2");
	said_ok(!run("cowinspect show -f %d", pid) &&
		times_said("\ntotal ") == 1 + CHILDREN,
		"show --follow: a family of more than max_targets");
	said_ok(!run("cowinspect map -f %d --html " FAMILY_PAGE, pid) &&
		times_said(" [stack]") == 1 + CHILDREN, "map --follow: the same");
	must_set_file(LIMIT, "1");
	said_ok(run("cowinspect show -f %d", pid) == 1 && lines_said() == 1 &&
		strstr(said, "cowinspect detach"),
		"no room for a single one: this is said once");
	must_set_file(LIMIT, "256");
	ok(status_number("targets") == 1, "only what was attached before is");
	attach(pid);
	said_ok(!run("cowinspect detach --all") && !status_number("targets"),
		"detach --all");
	attach(pid);
	said_ok(run("cowinspect detach %d %d", other, pid) == 1 &&
		lines_said() == 1 && !status_number("targets"),
		"detach PID: what is attached, and says which one was not");
	reap(other);
	reap(pid);
}

static void test_zombie(void)
{
	pid_t pid = spawn(NULL, NULL);
	siginfo_t info;

	kill(pid, SIGKILL);
	if (waitid(P_PID, pid, &info, WEXITED | WNOWAIT))
		bail("waitid");
	said_ok(run("cowinspect show %d", pid) == 1 && strstr(said, "zombie"),
		"a zombie is called one");
	said_ok(run("cowinspect trace -p %d", pid) == 1 &&
		strstr(said, "zombie"), "by trace, too");
	waitpid(pid, NULL, 0);
}

/* What no kernel can change: which of what it is told is shown, and how. */
static void test_alone(void)
{
	test_family();
	test_hostile();
	test_large_family();
	test_errors();
	test_lab("");
	said_ok(strstr(said, " checks held, 0 failed"), "all its checks held");
	test_lab("--size 1M --seed 7");
	test_lab("--json");
	test_lab_html();
}

int main(int argc, char **argv)
{
	bool tool = is_tool_tested();
	pid_t pid;

	/* As a command with another name. */
	if (argc > 1)
		return strcmp(argv[1], "quit");
	need_tool();
	tap_plan(4 + 1 + 2 + (tool ? 4 + 3 + 6 + 6 + 5 : 1) + 2);
	pid = spawn(NULL, NULL);
	/* Twice it is looked at, and has to have the same pages. */
	wait_asleep(pid);
	test_show(pid);
	test_map(pid);
	test_zombie();
	if (tool)
		test_alone();
	else
		skip(TOOL_ELSEWHERE);
	said_ok(!run("cowinspect status") && strstr(said, "rules"), "status");
	ok(!status_number("targets"), "the command has detached all it attached");
	reap(pid);
	return tap_done();
}
