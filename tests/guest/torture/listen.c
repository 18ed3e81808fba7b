// SPDX-License-Identifier: GPL-2.0
/*
 * perf and tracefs listen to the tracepoints for a moment, be a process attached or
 * not, and while the module comes and goes: each time all may be hooked or unhooked.
 */
#include <linux/perf_event.h>
#include <sys/syscall.h>

#include "torture.h"

#define EVENTS	TRACING "events/cowinspect/"

static const char *random_event(void)
{
	return rnd(2) ? EVENTS "cow_fault/" : EVENTS "cow_fork/";
}

/* Its number, which is another one each time the module is loaded; 0 without it. */
static long event_id(const char *event)
{
	char path[128], text[32] = "";
	int fd;

	snprintf(path, sizeof(path), "%sid", event);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return 0;
	if (read(fd, text, sizeof(text) - 1) < 0)
		*text = '\0';
	close(fd);
	return atol(text);
}

/*
 * Whoever was asked for may have gone, be it a process, a CPU or the module, whose
 * events are EINVAL to perf then.
 */
static bool may_be_refused(int error)
{
	return error == ESRCH || error == ENOENT || error == ENODEV ||
	       error == EINVAL;
}

static void listen_by_perf(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.config = event_id(random_event()),
		.inherit = 1,
	};
	pid_t pid = rnd(2) ? random_target() : -1;
	long long n;
	int fd;

	if (!attr.config)
		return;
	fd = syscall(SYS_perf_event_open, &attr, pid, rnd(2), -1, 0);
	if (fd < 0) {
		count(OP_LISTEN_PERF, false);
		if (!may_be_refused(errno))
			wrong("listen by perf: %s", strerror(errno));
		return;
	}
	usleep(rnd(5000));
	count(OP_LISTEN_PERF, read(fd, &n, sizeof(n)) == sizeof(n));
	close(fd);
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

void listen_all(void)
{
	for (;;) {
		if (rnd(2))
			listen_by_perf();
		else
			listen_by_tracefs();
		usleep(rnd(20000));
	}
}

/* What a player that was killed has left. */
void stop_listening(void)
{
	set_file(EVENTS "enable", "0");
}
