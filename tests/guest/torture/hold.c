// SPDX-License-Identifier: GPL-2.0
/*
 * Faults that are held open, by userfaultfd, while all targets are detached and
 * attached anew, and the module is unloaded and loaded anew: they end whenever it
 * comes, mostly under another hook than that under which they began.
 */
#include "torture.h"

#define THREADS		4

static void *hold_on(void *unused)
{
	for (;;)
		count(OP_HOLD, hold_fault(rnd(200 * 1000)));
	return unused;
}

/* Some faults at a time. Threads share our random numbers, in no order. */
void hold(void)
{
	pthread_t thread;
	int i;

	for (i = 1; i < THREADS; i++) {
		if (pthread_create(&thread, NULL, hold_on, NULL))
			bail("pthread_create");
	}
	hold_on(NULL);
}

/* 0 is one that has ended, until there is another. */
static void attach_holder(enum role role)
{
	pid_t pid = shared->pid[role];
	int error = pid ? command_pid("attach", pid) : 0;

	if (error && error != EEXIST)
		may_happen(error, "attach of one that holds faults");
}

static void kill_holder(enum role role)
{
	pid_t pid = shared->pid[role];

	count(OP_KILL_HOLDER, pid && !kill(pid, SIGKILL));
}

/* While perf listens the module stays. */
static void reload(void)
{
	int error;

	while ((error = unload_module()) == EAGAIN)
		usleep(1000);
	if (!error)
		error = load_module("");
	count(OP_RELOAD, !error);
	if (error)
		wrong("module loaded anew: %s", strerror(error));
}

static void toggle_other_probe(void)
{
	static bool on;

	if (missing[NEED_PROBE_EVENTS])
		return;
	on = !on;
	count(OP_OTHER_PROBE, set_other_probe(on));
}

/* Those that hold faults are attached; nobody else is. */
void rehook(void)
{
	for (;;) {
		attach_holder(ROLE_HOLD_1);
		attach_holder(ROLE_HOLD_2);
		usleep(rnd(30000));
		if (is_due(OP_KILL_HOLDER, 8))
			kill_holder(ROLE_HOLD_1 + rnd(2));
		if (is_due(OP_OTHER_PROBE, 4))
			toggle_other_probe();
		if (shared->done[OP_REHOOK] && is_due(OP_RELOAD, 4)) {
			reload();
			continue;
		}
		detach_everything();
		count(OP_REHOOK, status_number("targets") == 0);
	}
}
