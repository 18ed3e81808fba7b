/* SPDX-License-Identifier: GPL-2.0 */
/*
 * perf events of the module's tracepoints, for who takes any error for an answer;
 * events.h has a listener that hears all.
 */
#ifndef COWINSPECT_TEST_PERF_H
#define COWINSPECT_TEST_PERF_H

#include <linux/perf_event.h>

#include "setup.h"

#define TRACEPOINTS	TRACING "events/cowinspect/"

/* The text of a file that may come and go, or NULL; until it is asked for the next. */
static inline const char *text_of(const char *path)
{
	static char text[4096];
	int fd = open(path, O_RDONLY);
	ssize_t got;

	if (fd < 0)
		return NULL;
	got = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (got < 0)
		return NULL;
	text[got] = 0;
	return text;
}

/*
 * The number of "cow_fault" or "cow_fork", which is another one each time that the
 * module is loaded; 0 without the module.
 */
static inline long tracepoint_id(const char *event)
{
	char path[128];
	const char *text;

	snprintf(path, sizeof(path), TRACEPOINTS "%s/id", event);
	text = text_of(path);
	return text ? atol(text) : 0;
}

/* Of @pid, or of all (-1), on @cpu. Returns the event, or -1 with errno. */
static inline int open_perf(struct perf_event_attr *attr, pid_t pid, int cpu)
{
	attr->type = PERF_TYPE_TRACEPOINT;
	attr->size = sizeof(*attr);
	return syscall(SYS_perf_event_open, attr, pid, cpu, -1,
		       PERF_FLAG_FD_CLOEXEC);
}

#endif /* COWINSPECT_TEST_PERF_H */
