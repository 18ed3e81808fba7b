// SPDX-License-Identifier: GPL-2.0
/*
 * Attach and detach, of anybody and nobody; ids that come back as others; and
 * the module itself, which comes and goes.
 */
#include "torture.h"

/* A busy one mostly, but anybody may be looked at: readers as well. */
pid_t random_target(void)
{
	return shared->pid[rnd(8) ? rnd(ROLE_REUSE) : rnd(ROLE_LOAD)] ?:
	       getpid();
}

static void command_may_fail(const char *file, int error)
{
	if (error != ESRCH && error != ENOSPC)
		may_happen(error, file);
}

static void attach_one(void)
{
	int error = command_pid("attach", random_target());

	count(OP_ATTACH, !error);
	if (error)
		command_may_fail("attach", error);
}

static void attach_nobody(void)
{
	int error = command_pid("attach", 4000000 + rnd(100000));

	count(OP_ATTACH_NOBODY, error == ESRCH);
	if (error != ESRCH)
		command_may_fail("attach of nobody", error ?: EINVAL);
}

static void detach_one(void)
{
	int error = command_pid("detach", random_target());

	count(OP_DETACH, !error);
	if (error)
		command_may_fail("detach", error);
}

void detach_everything(void)
{
	detach_all(NULL);
}

void storm(void)
{
	for (;;) {
		/* The last one that is detached takes the hook with it. */
		if (is_due(OP_DETACH_ALL, 50))
			count(OP_DETACH_ALL, detach_all(NULL));
		switch (rnd(8)) {
		case 0:
		case 1:
		case 2:
		case 3:
			attach_one();
			break;
		case 4:
			attach_nobody();
			break;
		case 5:
		case 6:
			detach_one();
			break;
		case 7:
			count(OP_DETACH_EXITED, detach_all("exited"));
			break;
		}
		usleep(rnd(20000));
	}
}

/* ---- an id that comes back ---- */

static bool gives_nothing(int fd, const char *what)
{
	static char buffer[1 << 14];
	ssize_t got = pread(fd, buffer, sizeof(buffer), 0);

	if (got > 0) {
		wrong("%s of a dead process was read after its id came back",
		      what);
		return false;
	}
	return got == 0 || may_happen(errno, what);
}

/* In the place of the dead one, unless somebody has detached it meanwhile. */
static void check_heir(pid_t pid)
{
	int fd = try_open(pid, "pages");
	char buffer[1024];
	ssize_t got;

	if (fd < 0)
		return;
	got = pread(fd, buffer, sizeof(buffer), 0);
	if (got == 0 || (got < 0 && errno != EIO))
		wrong("of the heir of an id %zd bytes were read: %s", got,
		      strerror(errno));
	close(fd);
}

static void test_reuse(pid_t pid)
{
	pid_t first = spawn_as(pid), second;
	int pages, summary;

	if (first < 0)
		return;
	if (command_pid("attach", first)) {
		reap(first);
		return;
	}
	pages = try_open(first, "pages");
	summary = try_open(first, "summary");
	reap(first);
	second = spawn_as(pid);
	if (second < 0) {
		close(pages);
		close(summary);
		return;
	}
	if (pages >= 0 && summary >= 0)
		count(OP_REUSE, gives_nothing(pages, "pages") &
		      gives_nothing(summary, "summary"));
	if (!command_pid("attach", second))
		check_heir(second);
	close(pages);
	close(summary);
	command_pid("detach", second);
	reap(second);
}

void reuse(void)
{
	for (;;) {
		test_reuse(20000 + rnd(10000));
		usleep(rnd(30000));
	}
}

/* ---- the module ---- */

/* In use it stays; the others do not wait for us. */
void load_loop(void)
{
	int error, i;

	for (;;) {
		for (i = 0; i < 3; i++)
			command_pid("attach", shared->pid[i]);
		usleep(rnd(30000));
		while ((error = unload_module())) {
			count(OP_UNLOAD, false);
			if (error != EAGAIN && error != EBUSY)
				wrong("unload: %s", strerror(error));
			usleep(1000);
		}
		count(OP_UNLOAD, true);
		error = load_module("");
		count(OP_LOAD, !error);
		if (error)
			wrong("load: %s", strerror(error));
	}
}
