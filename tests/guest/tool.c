// SPDX-License-Identifier: GPL-2.0
/* The cowinspect command on a live module: what it shows, and its traces. */
#include "command.h"

#define FAMILY_PAGE	"/family.html"

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

	status = run("cowinspect show %d", pid);
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

int main(void)
{
	pid_t pid;

	need_tool();
	tap_plan(4 + 1 + 4 + 6 + 5 + 2);
	pid = spawn(NULL, NULL);
	test_show(pid);
	test_map(pid);
	test_family();
	test_errors();
	test_lab("");
	said_ok(strstr(said, " checks held, 0 failed"), "all its checks held");
	test_lab("--size 1M --seed 7");
	test_lab("--json");
	test_lab_html();
	said_ok(!run("cowinspect status") && strstr(said, "rules"), "status");
	ok(!status_number("targets"), "the command has detached all it attached");
	reap(pid);
	return tap_done();
}
