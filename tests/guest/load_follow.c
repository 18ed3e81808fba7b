// SPDX-License-Identifier: GPL-2.0
/*
 * Children are born while the module goes. None may be taken for observed when
 * nothing is: it would stay in memory for ever, of which unloading complains. A
 * birth is made to take milliseconds, so that there nearly always is one.
 */
#include <sys/wait.h>

#include "faults.h"
#include "setup.h"

#define TIMES		8
#define NAME		"parent"
#define TAINT_WARN	(1L << 9)	/* of /proc/sys/kernel/tainted */

/* By vfork(), which makes hardly a fault: births are most of what is observed. */
static void fork_for_ever(void *unused)
{
	pid_t pid;

	(void)unused;
	prctl(PR_SET_NAME, NAME);
	for (;;) {
		pid = vfork();
		if (!pid)
			_exit(0);
		if (pid < 0 || waitpid(pid, NULL, 0) != pid)
			_exit(1);
	}
}

/* Returns whether a child was born, and the module unloaded. */
static bool unload_under(pid_t parent)
{
	int i;

	if (load_module("max_targets=1024"))
		bail("cannot load");
	attach_following(parent);
	for (i = 0; i < 6000 && status_number("targets") == 1; i++)
		usleep(10 * 1000);
	return i < 6000 && !unload_module();
}

static bool has_complained(void)
{
	return number_in("/proc/sys/kernel/tainted") & TAINT_WARN;
}

int main(void)
{
	bool complained = has_complained();
	int i, unloaded = 0;
	pid_t parent;
	long slow;

	if (!has_yields())
		tap_skip_all("nothing here can make a birth take long");
	tap_plan(2);
	if (load_yields("slow=get_spare whose=" NAME))
		bail("cannot load what makes a birth take long");
	parent = spawn(fork_for_ever, NULL);
	for (i = 0; i < TIMES; i++)
		unloaded += unload_under(parent);
	slow = number_in(YIELDS "slowed");
	if (!ok(unloaded == TIMES && slow > TIMES,
		"unloaded while children were born"))
		diag("%d of %d times; %ld births took long", unloaded, TIMES,
		     slow);
	ok(has_complained() == complained, "nothing was left of them");
	reap(parent);
	if (unload_yields())
		bail("cannot unload what makes a birth take long");
	return tap_done();
}
