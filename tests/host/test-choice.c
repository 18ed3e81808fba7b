// SPDX-License-Identifier: GPL-2.0
/*
 * Choosing processes: children of the test, who have names and a user that nobody
 * else has. How they stand in a tree, and whom a trace listens to.
 */
#include "test.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libcowinspect.h"
#include "trace.h"
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

/* ---- whom a trace listens to ---- */

static void test_trace_asks_the_stream(void **state)
{
	struct trace_options o = { .who.choice = { .name = name + 1 } };

	(void)state;
	assert_int_equal(trace_choose(&o), EXIT_OK);
	assert_string_equal(o.stream.name, name + 1);
	assert_int_equal(o.stream.nr_pids, 0);
	trace_choose_release(&o);

	o = (struct trace_options){ .who.choice = { .all = true, .name = name + 1,
						    .follow = true } };
	assert_int_equal(trace_choose(&o), EXIT_OK);
	assert_true(o.stream.all && o.stream.follow);
	assert_null(o.stream.name);
	trace_choose_release(&o);

	o = (struct trace_options){ .who.choice = { .cgroup = "one/two" } };
	assert_int_equal(trace_choose(&o), EXIT_OK);
	assert_string_equal(o.stream.cgroup, "/sys/fs/cgroup/one/two");
	assert_int_equal(o.stream.nr_pids, 0);
	trace_choose_release(&o);
}

static void test_trace_looks(void **state)
{
	pid_t *first = malloc(sizeof(*first));
	struct trace_options o = { .who.choice = { .nr = 1, .pid = first,
						   .name = name + 1 } };

	(void)state;
	*first = child[1];
	assert_int_equal(trace_choose(&o), EXIT_OK);
	/* Whoever has the name, now or later, the stream finds. */
	assert_int_equal(o.stream.nr_pids, 1);
	assert_int_equal(o.stream.pid[0], child[1]);
	assert_int_equal(o.stream.nr_gone, 0);
	assert_string_equal(o.stream.name, name + 1);
	free((pid_t *)o.stream.pid);

	o.stream = (struct cowi_stream_options){ 0 };
	o.who.limit = 2;
	assert_int_equal(trace_choose(&o), EXIT_OK);
	assert_int_equal(o.stream.nr_pids, 2);
	assert_int_equal(o.stream.pid[0], child[1]);
	assert_int_equal(o.stream.pid[1], child[0]);
	assert_int_equal(o.stream.nr_gone, 1);
	assert_null(o.stream.name);
	trace_choose_release(&o);

	o = (struct trace_options){ .who.choice = { .cgroup = "/no/such",
						    .user = "0" } };
	assert_int_equal(trace_choose(&o), EXIT_FAILED);
	trace_choose_release(&o);
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
		cmocka_unit_test(test_trace_asks_the_stream),
		cmocka_unit_test(test_trace_looks),
		cmocka_unit_test(test_tree),
		cmocka_unit_test(test_circles),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, make_children, end_children);
}
