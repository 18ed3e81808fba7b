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
#include "memory.h"

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

static char byte_at(struct actor *a, __u64 addr)
{
	struct access access;

	assert_int_equal(0, actor_read(a, addr, 1, &access));
	return access.text[0];
}

static __u64 call(struct actor *a, actor_fn fn, const __u64 *arg)
{
	struct access access = { 0 };

	assert_int_equal(0, actor_call(a, fn, arg, &access));
	return access.result;
}

/* Memory filled with 'm'. */
static __u64 filled(struct actor *a, __u64 bytes)
{
	__u64 addr = call(a, mem_map, ARGS(bytes));

	call(a, mem_fill, ARGS(addr, bytes, 'm'));
	return addr;
}

static void memory_is_private(void **state)
{
	struct actor *parent, *child;
	struct access access;
	__u64 addr;

	(void)state;
	assert_int_equal(0, actor_start(&cast, "parent", &parent));
	addr = filled(parent, 8 * 4096);
	assert_int_equal(0, actor_fork(&cast, parent, "child", &child));
	assert_int_not_equal(parent->pid, child->pid);
	assert_int_equal('m', byte_at(child, addr + 4096));
	assert_int_equal(0, actor_write(child, addr + 4096, "c", 1, &access));
	/* Exactly one fault: the actor's own pages are not counted. */
	assert_int_equal(1, access.faults);
	assert_int_equal('m', byte_at(parent, addr + 4096));
	assert_int_equal(0, actor_write(child, addr + 4096, "d", 1, &access));
	assert_int_equal(0, access.faults);
}

static void refusals_are_told(void **state)
{
	struct access access;
	struct actor *a;
	__u64 addr;

	(void)state;
	assert_int_equal(0, actor_start(&cast, "actor", &a));
	addr = filled(a, 4096);
	call(a, mem_protect, ARGS(addr, 4096, PROT_READ));
	assert_int_equal(0, actor_write(a, addr, "x", 1, &access));
	assert_true(access.refused);
	/* And it lives on. */
	assert_int_equal('m', byte_at(a, addr));
	assert_int_equal(-EINVAL,
			 actor_call(a, mem_protect,
				    ARGS(addr + 1, 4096, PROT_READ), &access));
}

static void child_survives_parent(void **state)
{
	struct actor *parent, *child, *grandchild;
	struct access access;
	__u64 addr;

	(void)state;
	assert_int_equal(0, actor_start(&cast, "parent", &parent));
	addr = filled(parent, 4096);
	assert_int_equal(0, actor_fork(&cast, parent, "child", &child));
	assert_int_equal(0, actor_fork(&cast, child, "grandchild",
				       &grandchild));
	assert_int_equal(0, actor_exit(&cast, child));
	assert_int_equal(0, actor_exit(&cast, parent));
	assert_int_equal('m', byte_at(grandchild, addr));
	assert_int_equal(-ECHILD, actor_read(parent, addr, 1, &access));
}

static void death_is_noticed(void **state)
{
	struct access access;
	struct actor *a;

	(void)state;
	assert_int_equal(0, actor_start(&cast, "actor", &a));
	kill(a->pid, SIGKILL);
	assert_int_equal(-ECHILD, actor_read(a, 4096, 1, &access));
}

static int stay_busy(const __u64 *arg, __u64 *result)
{
	*result = 0;
	/* Tell that it has begun. */
	if (write(arg[0], "b", 1) != 1)
		return -EIO;
	while (arg[0])
		pause();
	return 0;
}

/* The same memory: what the child of a vfork() writes, the parent reads. */
static void vfork_shares_memory(void **state)
{
	struct actor *parent, *child;
	struct access access;
	__u64 addr;

	(void)state;
	assert_int_equal(0, actor_start(&cast, "parent", &parent));
	addr = filled(parent, 4096);
	assert_int_equal(0, actor_vfork(&cast, parent, "child", &child));
	assert_int_not_equal(parent->pid, child->pid);
	assert_int_equal(0, actor_write(child, addr, "c", 1, &access));
	assert_int_equal(0, access.faults);
	assert_int_equal(0, actor_exit(&cast, child));
	assert_int_equal(0, actor_end(parent, &access));
	assert_int_equal('c', byte_at(parent, addr));
}

/* A call that never returns: what it has on its stack stays there. */
static int keep_on_stack(const __u64 *arg, __u64 *result)
{
	char local[8192];

	(void)result;
	memset(local, arg[0], sizeof(local));
	/* It is read by nobody that the compiler knows of. */
	__asm__ __volatile__("" : : "r"(local) : "memory");
	actor_serve((uintptr_t)local);
}

static void calls_may_stay(void **state)
{
	struct actor *parent, *child;
	__u64 addr;

	(void)state;
	assert_int_equal(0, actor_start(&cast, "parent", &parent));
	addr = call(parent, keep_on_stack, ARGS('s'));
	assert_int_equal(0, actor_fork(&cast, parent, "child", &child));
	assert_int_equal('s', byte_at(parent, addr));
	assert_int_equal('s', byte_at(child, addr + 8191));
	assert_int_equal(0, actor_exit(&cast, parent));
	assert_int_equal('s', byte_at(child, addr));
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
			call(busy, stay_busy, ARGS(fds[1]));
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
		cmocka_unit_test_setup_teardown(vfork_shares_memory, setup,
						teardown),
		cmocka_unit_test_setup_teardown(calls_may_stay, setup,
						teardown),
		cmocka_unit_test_setup_teardown(too_many, setup, teardown),
		cmocka_unit_test(batches_drain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
