// SPDX-License-Identifier: GPL-2.0
/* The events file: a stream of records, which ends when its process does. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "internal.h"
#include "parse.h"

#define BUFFER_EVENTS	512

/**
 * struct cowi_events - a reader
 * @fd: the events file
 * @event_size: step in @buf
 * @used: bytes of @buf that are filled
 * @next: byte of @buf with the next record
 * @buf: BUFFER_EVENTS records
 */
struct cowi_events {
	int fd;
	size_t event_size;
	size_t used;
	size_t next;
	char buf[];
};

int cowi_events_open(struct cowi_target *t, struct cowi_events **out)
{
	size_t size = t->c->status.event_size;
	struct cowi_events *e;
	int err;

	/* A module without an observer says nothing of events. */
	if (!size)
		return -COWI_EFORMAT;
	e = calloc(1, sizeof(*e) + BUFFER_EVENTS * size);
	if (!e)
		return -ENOMEM;
	e->event_size = size;
	e->fd = cowi_target_file(t, "events");
	if (e->fd < 0) {
		err = e->fd;
		cowi_events_close(e);
		return err;
	}
	*out = e;
	return 0;
}

void cowi_events_close(struct cowi_events *e)
{
	if (!e)
		return;
	if (e->fd >= 0)
		close(e->fd);
	free(e);
}

int cowi_events_fd(const struct cowi_events *e)
{
	return e->fd;
}

static int refill(struct cowi_events *e)
{
	ssize_t n = read(e->fd, e->buf, BUFFER_EVENTS * e->event_size);

	if (n < 0)
		return errno == EIO ? -COWI_EEXITED : -errno;
	if (n % e->event_size)
		return -COWI_EFORMAT;
	e->used = n;
	e->next = 0;
	return n > 0;
}

int cowi_events_next(struct cowi_events *e, struct cowinspect_event *event)
{
	int ret;

	if (e->next == e->used) {
		ret = refill(e);
		if (ret <= 0)
			return ret;
	}
	ret = cowi_parse_event(e->buf + e->next, e->event_size, event);
	if (ret)
		return ret;
	e->next += e->event_size;
	return 1;
}
