// SPDX-License-Identifier: GPL-2.0
/* The manifest of a snapshot to a struct. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "grow.h"
#include "snapshot.h"
#include "span.h"

/* "\ooo" is a byte; "-" is no text. In place: it gets shorter. */
static char *unescape(struct span s)
{
	char *text, *to;
	__u64 byte;

	if (span_is(s, "-"))
		s.len = 0;
	text = malloc(s.len + 1);
	for (to = text; text && s.len; s.p++, s.len--) {
		struct span digits = { s.p + 1, 3 };

		*to = *s.p;
		if (*s.p == '\\' && s.len > 3 && !span_number(digits, 8, &byte) &&
		    byte && byte < 256) {
			*to = byte;
			s.p += 3;
			s.len -= 3;
		}
		to++;
	}
	if (text)
		*to = '\0';
	return text;
}

static int parse_pid(struct span s, pid_t *pid)
{
	__u64 n;

	if (span_number(s, 10, &n) || n > INT32_MAX)
		return -COWI_ESNAPSHOT;
	*pid = n;
	return 0;
}

/* "PID PARENT START COMMAND TITLE" */
static int parse_process(struct span s, struct cowi_snapshot *to)
{
	struct cowi_recorded *grown = grow(to->process, to->nr, sizeof(*grown));
	struct cowi_recorded *p;
	char *comm;

	if (!grown)
		return -ENOMEM;
	to->process = grown;
	p = &grown[to->nr];
	memset(p, 0, sizeof(*p));
	if (parse_pid(span_cut(&s, ' '), &p->pid) || !p->pid ||
	    parse_pid(span_cut(&s, ' '), &p->parent) ||
	    span_number(span_cut(&s, ' '), 10, &p->start))
		return -COWI_ESNAPSHOT;
	comm = unescape(span_cut(&s, ' '));
	p->title = unescape(s);
	to->nr++;
	if (comm)
		span_copy((struct span){ comm, strlen(comm) }, p->comm,
			  sizeof(p->comm));
	free(comm);
	return comm && p->title ? 0 : -ENOMEM;
}

static int parse_yes(struct span s, bool *yes)
{
	*yes = span_is(s, "yes");
	return *yes || span_is(s, "no") ? 0 : -COWI_ESNAPSHOT;
}

static int parse_frames(struct span s, struct cowi_snapshot *to)
{
	to->has_ids = span_is(s, "ids");
	return to->has_ids || span_is(s, "numbers") ? 0 : -COWI_ESNAPSHOT;
}

static int parse_line(struct span name, struct span value,
		      struct cowi_snapshot *to)
{
	if (span_is(name, "taken"))
		span_copy(value, to->taken, sizeof(to->taken));
	else if (span_is(name, "boot"))
		span_copy(value, to->boot, sizeof(to->boot));
	else if (span_is(name, "key"))
		span_copy(value, to->key, sizeof(to->key));
	else if (span_is(name, "taken_ns"))
		return span_number(value, 10, &to->taken_ns);
	else if (span_is(name, "read_ns"))
		return span_number(value, 10, &to->read_ns);
	else if (span_is(name, "exited"))
		return span_number(value, 10, &to->exited);
	else if (span_is(name, "frames"))
		return parse_frames(value, to);
	else if (span_is(name, "anonymous"))
		return parse_yes(value, &to->anonymous);
	else if (span_is(name, "process"))
		return parse_process(value, to);
	return 0;
}

static int by_pid(const void *a, const void *b)
{
	const struct cowi_recorded *x = a, *y = b;

	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

/* One directory cannot be of two processes. */
static int check_twice(const struct cowi_snapshot *s)
{
	struct cowi_recorded *sorted = calloc(s->nr + 1, sizeof(*sorted));
	int err = 0;
	size_t i;

	if (!sorted)
		return -ENOMEM;
	if (s->nr)
		memcpy(sorted, s->process, s->nr * sizeof(*sorted));
	qsort(sorted, s->nr, sizeof(*sorted), by_pid);
	for (i = 1; i < s->nr; i++) {
		if (sorted[i].pid == sorted[i - 1].pid)
			err = -COWI_ESNAPSHOT;
	}
	free(sorted);
	return err;
}

/* The first line says how to understand the others. */
static int parse_format(struct span line)
{
	struct span name, value;
	__u64 format;

	if (span_name_value(line, &name, &value) ||
	    !span_is(name, "cowinspect-snapshot") ||
	    span_number(value, 10, &format) || !format)
		return -COWI_ESNAPSHOT;
	return format > COWI_SNAPSHOT_FORMAT ? -COWI_ENEWER : 0;
}

int cowi_parse_manifest(const char *text, struct cowi_snapshot *s)
{
	struct span rest = { text, strlen(text) };
	struct span name, value;
	int err;

	memset(s, 0, sizeof(*s));
	err = parse_format(span_cut(&rest, '\n'));
	while (!err && rest.len) {
		if (span_name_value(span_cut(&rest, '\n'), &name, &value))
			err = -COWI_ESNAPSHOT;
		else
			err = parse_line(name, value, s);
		if (err == -COWI_EFORMAT)
			err = -COWI_ESNAPSHOT;
	}
	return err ? err : check_twice(s);
}

void cowi_snapshot_release(struct cowi_snapshot *s)
{
	size_t i;

	for (i = 0; i < s->nr; i++)
		free(s->process[i].title);
	free(s->process);
	memset(s, 0, sizeof(*s));
}
