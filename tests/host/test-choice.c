// SPDX-License-Identifier: GPL-2.0
/*
 * Choosing processes: children of the test, who have names and a user that nobody
 * else has. How they stand in a tree, and whom trace and top listen to.
 */
#include "test.h"

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libcowinspect.h"
#include "libcowinspect_stream.h"
#include "targets.h"
#include "tree.h"

#define NR	3

static pid_t child[NR];
static char name[16];		/* the first child has "x" before it */
static uid_t user;

/* Only root can be other users. */
static void be_child(int number, int ready)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, number ? name + 1 : name);
	if (!getuid() && (setgid(user) || setuid(user)))
		_exit(1);
	if (write(ready, "r", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static int make_children(void **state)
{
	int ready[2], i;
	char byte;

	(void)state;
	/* Ids of processes begin anew, but not while we run. */
	snprintf(name, sizeof(name), "xch%dz", getpid());
	user = getuid() ? getuid() : 1000000000u + getpid();
	if (pipe(ready))
		return -1;
	for (i = 0; i < NR; i++) {
		child[i] = fork();
		if (!child[i])
			be_child(i, ready[1]);
		if (child[i] < 0 || read(ready[0], &byte, 1) != 1)
			return -1;
	}
	close(ready[0]);
	close(ready[1]);
	return 0;
}

static int end_children(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < NR; i++) {
		kill(child[i], SIGKILL);
		waitpid(child[i], NULL, 0);
	}
	return 0;
}

/* ---- who fits ---- */

static void assert_listed(const struct choice *c, size_t nr, const int *number)
{
	struct chosen list;
	size_t i;

	assert_int_equal(choice_find(c, &list), EXIT_OK);
	assert_int_equal(list.nr, nr);
	for (i = 0; i < nr; i++) {
		assert_int_equal(list.target[i].pid, child[number[i]]);
		assert_int_equal(list.target[i].parent, getpid());
	}
	free(list.target);
}

static void test_rules(void **state)
{
	char exact[32], number[16];
	struct choice c = { .name = exact };
	pid_t first = child[0];

	(void)state;
	snprintf(exact, sizeof(exact), "^%s$", name + 1);
	assert_listed(&c, 2, (int[]){ 1, 2 });
	c.nr = 1;
	c.pid = &first;
	assert_listed(&c, 3, (int[]){ 0, 1, 2 });
	if (getuid()) {
		print_message("# skip: only root can have processes of a user who has no others\n");
		return;
	}
	snprintf(number, sizeof(number), "%u", user);
	c = (struct choice){ .user = number };
	assert_listed(&c, 3, (int[]){ 0, 1, 2 });
	c.name = exact;
	assert_listed(&c, 3, (int[]){ 0, 1, 2 });
	number[0] = '2';
	c.user = number;
	assert_listed(&c, 2, (int[]){ 1, 2 });
}

/* ---- whom trace and top listen to ---- */

static void test_stream_is_asked(void **state)
{
	struct target_names who = { .choice = { .name = name + 1 } };
	struct cowi_stream_options s = { 0 };

	(void)state;
	assert_int_equal(targets_stream(&who, NULL, &s), EXIT_OK);
	assert_string_equal(s.name, name + 1);
	assert_int_equal(s.nr_pids, 0);
	targets_stream_release(&s);

	s = (struct cowi_stream_options){ 0 };
	who.choice.all = true;
	who.choice.follow = true;
	assert_int_equal(targets_stream(&who, NULL, &s), EXIT_OK);
	assert_true(s.all && s.follow);
	assert_null(s.name);
	targets_stream_release(&s);

	/* A command, which nobody has to choose. */
	s = (struct cowi_stream_options){ 0 };
	who.choice = (struct choice){ .follow = true };
	assert_int_equal(targets_stream(&who, NULL, &s), EXIT_OK);
	assert_true(s.follow && !s.all && !s.name && !s.nr_pids);
	targets_stream_release(&s);
}

static void test_stream_gets_ids(void **state)
{
	struct target_names who = { .choice = { .nr = 1, .pid = &child[1],
						.name = name + 1 } };
	struct cowi_stream_options s = { 0 };

	(void)state;
	assert_int_equal(targets_stream(&who, NULL, &s), EXIT_OK);
	/* Whoever has the name, now or later, the stream finds. */
	assert_int_equal(s.nr_pids, 1);
	assert_int_equal(s.pid[0], child[1]);
	assert_int_equal(s.nr_gone, 0);
	assert_string_equal(s.name, name + 1);
	targets_stream_release(&s);

	s = (struct cowi_stream_options){ 0 };
	who.limit = 2;
	assert_int_equal(targets_stream(&who, NULL, &s), EXIT_OK);
	assert_int_equal(s.nr_pids, 2);
	assert_int_equal(s.pid[0], child[1]);
	assert_int_equal(s.pid[1], child[0]);
	assert_int_equal(s.nr_gone, 1);
	assert_null(s.name);
	targets_stream_release(&s);
}

/* Who was found already is not looked for again. */
static void test_stream_gets_whom_was_found(void **state)
{
	struct target there[2] = { { .pid = child[2] }, { .pid = child[0] } };
	struct chosen found = { .nr_named = 1, .nr = 2, .target = there };
	struct target_names who = { .choice = { .user = "0", .follow = true } };
	struct cowi_stream_options s = { 0 };

	(void)state;
	assert_int_equal(targets_stream(&who, &found, &s), EXIT_OK);
	assert_true(s.follow && !s.all);
	assert_int_equal(s.nr_pids, 2);
	assert_int_equal(s.pid[0], child[2]);
	assert_int_equal(s.pid[1], child[0]);
	assert_int_equal(s.nr_gone, 1);
	targets_stream_release(&s);
}

static void assert_refused(int status, struct choice c)
{
	struct target_names who = { .choice = c };
	struct cowi_stream_options s = { 0 };
	struct chosen list;

	/* As by those who look, which is ps and share. */
	assert_int_equal(choice_find(&c, &list), status);
	free(list.target);
	assert_int_equal(targets_stream(&who, NULL, &s), status);
	targets_stream_release(&s);
	assert_int_equal(targets_stream(&who, &(struct chosen){ 0 }, &s), status);
	targets_stream_release(&s);
}

static void test_words_mean_something(void **state)
{
	(void)state;
	assert_refused(EXIT_USAGE, (struct choice){ .name = "(" });
	assert_refused(EXIT_USAGE, (struct choice){ .user = "nobody-has-it" });
	assert_refused(EXIT_FAILED, (struct choice){ .cgroup = "/no/such" });
	assert_refused(EXIT_FAILED,
		       (struct choice){ .cgroup = "/no/such", .user = "0" });
}

/* ---- cgroups of both versions ---- */

/* Returns what was missing, or NULL. */
static const char *mount_in_private(const char *type, const char *options,
				    char *dir)
{
	if (!mkdtemp(dir))
		return "no temporary directory";
	if (unshare(CLONE_NEWNS) ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return "no mount namespace of our own";
	return mount("none", dir, type, 0, options) ?
	       "no such cgroups to be mounted" : NULL;
}

/* What it comes to for a cgroup of that kind, in a process of its own; -1: none. */
static int choose_mounted(const char *type, const char *options, char *said,
			  size_t size)
{
	char dir[] = "/tmp/cowinspect-choice.XXXXXX";
	int out[2], status;
	ssize_t len, used = 0;
	pid_t pid;

	assert_int_equal(pipe(out), 0);
	pid = fork();
	if (!pid) {
		struct target_names who = { .choice = { .cgroup = dir } };
		struct cowi_stream_options s = { 0 };
		const char *why = mount_in_private(type, options, dir);

		dup2(out[1], STDERR_FILENO);
		if (why)
			fputs(why, stderr);
		status = why ? 99 : targets_stream(&who, NULL, &s);
		if (!status && strcmp(s.cgroup, dir))
			status = 98;
		if (!why)
			umount(dir);
		rmdir(dir);
		_exit(status);
	}
	close(out[1]);
	while ((len = read(out[0], said + used, size - 1 - used)) > 0)
		used += len;
	said[used] = '\0';
	close(out[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WEXITSTATUS(status) == 99)
		print_message("# skip: %s %s: %s\n", type, options, said);
	return WEXITSTATUS(status);
}

static void test_cgroups_of_version_1(void **state)
{
	char said[1024];
	int status;

	(void)state;
	status = choose_mounted("cgroup", "none,name=cowinspect-choice", said,
				sizeof(said));
	if (status != 99) {
		assert_int_equal(status, EXIT_FAILED);
		assert_non_null(strstr(said, "of version 1"));
		assert_non_null(strstr(said, "/sys/fs/cgroup/perf_event"));
		assert_non_null(strstr(said, "/cgroup.procs"));
	}
	status = choose_mounted("cgroup", "perf_event", said, sizeof(said));
	if (status != 99)
		assert_int_equal(status, EXIT_OK);
	status = choose_mounted("cgroup2", "", said, sizeof(said));
	if (status != 99)
		assert_int_equal(status, EXIT_OK);
}

/* ---- trees ---- */

static void assert_tree(struct tree_place *place, size_t nr, const char *expected)
{
	char text[256] = "";
	size_t i;

	assert_int_equal(tree_order(place, nr), 0);
	for (i = 0; i < nr; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "%s%d+%u", i ? " " : "", place[i].pid, place[i].depth);
	assert_string_equal(text, expected);
}

static void test_tree(void **state)
{
	struct tree_place place[] = {
		{ 30, 10, 0, 0 }, { 10, 1, 1, 0 }, { 20, 10, 2, 0 },
		{ 40, 30, 3, 0 }, { 5, 0, 4, 0 },
	};

	(void)state;
	assert_tree(place, ARRAY_SIZE(place), "10+0 30+1 40+2 20+1 5+0");
	assert_int_equal(place[2].index, 3);
}

/* An id was used again: whose parent is whose was read at different times. */
static void test_circles(void **state)
{
	struct tree_place two[] = {
		{ 10, 20, 0, 0 }, { 20, 10, 1, 0 }, { 30, 20, 2, 0 },
		{ 40, 1, 3, 0 },
	};
	struct tree_place itself[] = { { 7, 7, 0, 0 }, { 8, 7, 1, 0 } };

	(void)state;
	assert_tree(two, ARRAY_SIZE(two), "40+0 10+0 20+1 30+2");
	assert_tree(itself, ARRAY_SIZE(itself), "7+0 8+1");
}

/* Each has two children: of the last the depth is known. */
static void test_many(void **state)
{
	static struct tree_place place[10000];
	size_t i, seen = 0;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(place); i++)
		place[i] = (struct tree_place){ .pid = i + 1,
						.parent = (i + 1) / 2,
						.index = i };
	assert_int_equal(tree_order(place, ARRAY_SIZE(place)), 0);
	for (i = 0; i < ARRAY_SIZE(place); i++) {
		seen += place[i].index;
		assert_int_equal(place[i].depth,
				 31 - __builtin_clz(place[i].pid));
	}
	assert_int_equal(seen, ARRAY_SIZE(place) * (ARRAY_SIZE(place) - 1) / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_stream_is_asked),
		cmocka_unit_test(test_stream_gets_ids),
		cmocka_unit_test(test_stream_gets_whom_was_found),
		cmocka_unit_test(test_words_mean_something),
		cmocka_unit_test(test_cgroups_of_version_1),
		cmocka_unit_test(test_tree),
		cmocka_unit_test(test_circles),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, make_children, end_children);
}
