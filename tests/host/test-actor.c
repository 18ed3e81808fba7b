// SPDX-License-Identifier: GPL-2.0
/* Actors: they need no module, only processes. */
#include "test.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "actor.h"
#include "drain.h"

static struct cast cast;

static int setup(void **state)
{
	(void)state;
	return cast_init(&cast);
}

static int teardown(void **state)
{
	(void)state;
	cast_end(&cast);
	return 0;
}

static unsigned char byte_at(struct actor *a, __u64 addr)
{
	struct access access;

	assert_int_equal(0, actor_read(a, addr, &access));
	return access.value;
}

static void memory_is_private(void **state)
{
	struct actor *parent, *child;
	struct access access;
	__u64 addr;

	(void)state;
	assert_int_equal(0, actor_start(&cast, "parent", &parent));
	assert_int_equal(0, actor_map(parent, 8 * 4096, &addr));
	assert_int_equal(0, actor_fill(parent, addr, 8 * 4096, 'm'));
	assert_int_equal(0, actor_fork(&cast, parent, "child", &child));
	assert_int_not_equal(parent->pid, child->pid);
	assert_int_equal('m', byte_at(child, addr + 4096));
	assert_int_equal(0, actor_write(child, addr + 4096, 'c', &access));
	/* Exactly one fault: the actor's own pages are not counted. */
	assert_int_equal(1, access.faults);
	assert_int_equal('m', byte_at(parent, addr + 4096));
	assert_int_equal(0, actor_write(child, addr + 4096, 'd', &access));
	assert_int_equal(0, access.faults);
}

static int protect(__u64 addr)
{
	return mprotect((void *)(uintptr_t)addr, 4096, PROT_READ) ? -errno : 0;
}

static void refusals_are_told(void **state)
{
	struct access access;
	struct actor *a;
	__u64 addr;

	(void)state;
	assert_int_equal(0, actor_start(&cast, "actor", &a));
	assert_int_equal(0, actor_map(a, 4096, &addr));
	assert_int_equal(0, actor_fill(a, addr, 4096, 'm'));
	assert_int_equal(0, actor_call(a, protect, addr));
	assert_int_equal(0, actor_write(a, addr, 'x', &access));
	assert_true(access.refused);
	/* And it lives on. */
	assert_int_equal('m', byte_at(a, addr));
	assert_int_equal(-EINVAL, actor_call(a, protect, addr + 1));
}

static void child_survives_parent(void **state)
{
	struct actor *parent, *child, *grandchild;
	struct access access;
	__u64 addr;

	(void)state;
	assert_int_equal(0, actor_start(&cast, "parent", &parent));
	assert_int_equal(0, actor_map(parent, 4096, &addr));
	assert_int_equal(0, actor_fill(parent, addr, 4096, 'm'));
	assert_int_equal(0, actor_fork(&cast, parent, "child", &child));
	assert_int_equal(0, actor_fork(&cast, child, "grandchild",
				       &grandchild));
	assert_int_equal(0, actor_exit(child));
	assert_int_equal(0, actor_exit(parent));
	assert_int_equal('m', byte_at(grandchild, addr));
	assert_int_equal(-ECHILD, actor_read(parent, addr, &access));
}

static void death_is_noticed(void **state)
{
	struct access access;
	struct actor *a;

	(void)state;
	assert_int_equal(0, actor_start(&cast, "actor", &a));
	kill(a->pid, SIGKILL);
	assert_int_equal(-ECHILD, actor_read(a, 4096, &access));
}

static int stay_busy(__u64 arg)
{
	/* Tell that it has begun. */
	if (write(arg, "b", 1) != 1)
		return -EIO;
	while (arg)
		pause();
	return 0;
}

/* Wait until a process is gone: not even a zombie is left. */
static bool gone(pid_t pid)
{
	const struct timespec moment = { .tv_nsec = 10 * 1000 * 1000 };
	int i;

	for (i = 0; i < 500; i++) {
		waitpid(-1, NULL, WNOHANG);
		if (kill(pid, 0) && errno == ESRCH)
			return true;
		nanosleep(&moment, NULL);
	}
	return false;
}

/* A runner that is killed while one actor waits and another is busy. */
static void no_actor_outlives_its_runner(void **state)
{
	pid_t pids[2], runner;
	char begun;
	int fds[2], i;

	(void)state;
	assert_int_equal(0, pipe(fds));
	runner = fork();
	if (!runner) {
		struct cast own;
		struct actor *waits, *busy;

		cast_init(&own);
		actor_start(&own, "waits", &waits);
		actor_fork(&own, waits, "busy", &busy);
		pids[0] = waits->pid;
		pids[1] = busy->pid;
		if (write(fds[1], pids, sizeof(pids)) == sizeof(pids))
			actor_call(busy, stay_busy, fds[1]);
		_exit(1);
	}
	assert_int_equal(sizeof(pids), read(fds[0], pids, sizeof(pids)));
	assert_int_equal(1, read(fds[0], &begun, 1));
	close(fds[0]);
	close(fds[1]);
	kill(runner, SIGKILL);
	assert_int_equal(runner, waitpid(runner, NULL, 0));
	for (i = 0; i < 2; i++) {
		bool left = !gone(pids[i]);

		/* The teardown would wait for it. */
		if (left)
			kill(pids[i], SIGKILL);
		assert_false(left);
	}
}

static void too_many(void **state)
{
	struct actor *a;
	int i;

	(void)state;
	for (i = 0; i < MAX_ACTORS; i++)
		assert_int_equal(0, actor_start(&cast, "actor", &a));
	assert_int_equal(-ENOSPC, actor_start(&cast, "one more", &a));
}

static void batches_drain(void **state)
{
	(void)state;
	/* Twice: it must leave the batches in order. */
	if (drain_lru_batches())
		skip();
	assert_int_equal(0, drain_lru_batches());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(memory_is_private, setup,
						teardown),
		cmocka_unit_test_setup_teardown(refusals_are_told, setup,
						teardown),
		cmocka_unit_test_setup_teardown(child_survives_parent, setup,
						teardown),
		cmocka_unit_test_setup_teardown(death_is_noticed, setup,
						teardown),
		cmocka_unit_test_setup_teardown(no_actor_outlives_its_runner,
						setup, teardown),
		cmocka_unit_test_setup_teardown(too_many, setup, teardown),
		cmocka_unit_test(batches_drain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
