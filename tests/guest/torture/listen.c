// SPDX-License-Identifier: GPL-2.0
/*
 * perf and tracefs listen to the tracepoints for a moment, be a process attached or
 * not, and while the module comes and goes: each time all may be hooked or unhooked.
 */
#include "../perf.h"
#include "torture.h"

static const char *random_event(void)
{
	return rnd(2) ? TRACEPOINTS "cow_fault/" : TRACEPOINTS "cow_fork/";
}

/*
 * Whoever was asked for may have gone, be it a process, a CPU or the module, whose
 * events are EINVAL to perf then.
 */
bool may_be_refused(int error)
{
	return error == ESRCH || error == ENOENT || error == ENODEV ||
	       error == EINVAL;
}

/* Who listens there may be killed before it ends: so somebody ends it at last. */
static void listen_by_tracefs(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%senable", random_event());
	if (!count(OP_LISTEN_TRACEFS, set_file(path, "1"))) {
		if (!may_be_refused(errno))
			wrong("listen by tracefs: %s", strerror(errno));
		return;
	}
	usleep(rnd(5000));
	if (!set_file(path, "0") && !may_be_refused(errno))
		wrong("end to listen by tracefs: %s", strerror(errno));
}

/* While the module goes, it can do so only when nobody listens. */
static void rest(bool module_goes)
{
	usleep(rnd(module_goes ? 2000 * 1000 : 20 * 1000));
}

/*
 * Not by tracefs while the module goes: who opens a file there at that moment has the
 * kernel look into memory that it has freed (tracing_open_file_tr(), read in 6.1.192;
 * seen there as a warning of a reference too few). listen.c does both in turn.
 */
void listen_all(void)
{
	bool module_goes;

	for (;;) {
		module_goes = __atomic_load_n(&shared->module_goes,
					      __ATOMIC_SEQ_CST);
		if (rnd(2) || module_goes)
			sample(0, 5000);
		else
			listen_by_tracefs();
		rest(module_goes);
	}
}

/* What a player that was killed has left. */
void stop_listening(void)
{
	set_file(TRACEPOINTS "enable", "0");
}
