/* SPDX-License-Identifier: GPL-2.0 */
/* Helpers for tests of the observer: its counters, and its stream of events. */
#ifndef COWINSPECT_TEST_FAULTS_H
#define COWINSPECT_TEST_FAULTS_H

#include "inspect.h"

/* A counter of a process, over all kinds of VMA. */
static inline long long fault_count(pid_t pid, const char *name)
{
	char *text = slurp_target(pid, "faults");
	long long value = number_of(text, name);

	free(text);
	if (value < 0)
		bail("no counter %s", name);
	return value;
}

#ifndef COWINSPECT_TEST_EVENTS_H
static inline void attach_following(pid_t pid)
{
	char text[32];
	int error;

	snprintf(text, sizeof(text), "%d follow\n", pid);
	error = command("attach", text);
	if (error)
		bail("attach %d follow: %s", pid, strerror(error));
}

static inline int open_events(pid_t pid)
{
	int fd = must_open(pid, "events");

	if (fcntl(fd, F_SETFL, O_NONBLOCK))
		bail("O_NONBLOCK");
	return fd;
}

#define EVENTS_MAX	4096

/* A buffer of events, as they were read. */
struct events {
	int nr;
	struct cowinspect_event event[EVENTS_MAX];
};

/* Take what there is. Returns how many. */
static inline int drain_events(int fd, struct events *e)
{
	ssize_t got;

	e->nr = 0;
	while (e->nr < EVENTS_MAX) {
		got = read(fd, &e->event[e->nr],
			   (EVENTS_MAX - e->nr) * sizeof(e->event[0]));
		if (got <= 0)
			break;
		e->nr += got / sizeof(e->event[0]);
	}
	return e->nr;
}

/* The last event of a page, or NULL. */
static inline const struct cowinspect_event *event_of(const struct events *e,
						      const void *where)
{
	unsigned long addr = (unsigned long)where & ~4095UL;
	int i;

	for (i = e->nr - 1; i >= 0; i--) {
		if (e->event[i].count && (e->event[i].addr & ~4095UL) == addr)
			return &e->event[i];
	}
	return NULL;
}
#endif

#endif /* COWINSPECT_TEST_FAULTS_H */
