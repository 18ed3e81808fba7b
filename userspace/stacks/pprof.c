// SPDX-License-Identifier: GPL-2.0
/*
 * A profile for pprof: https://github.com/google/pprof/blob/main/proto/profile.proto
 *
 * There, a path is a list of locations, which are places in code: the function
 * there and those that are inlined into it, each with its line. Here a location is
 * a path as well, from that function to the innermost one, so that what keeps our
 * paths once keeps locations, functions and texts once, too.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "exports.h"
#include "functions.h"
#include "message.h"
#include "utf8.h"

/* The numbers of the fields, by message. */
enum {
	PROFILE_SAMPLE_TYPE = 1, PROFILE_SAMPLE = 2, PROFILE_MAPPING = 3,
	PROFILE_LOCATION = 4, PROFILE_FUNCTION = 5, PROFILE_STRING_TABLE = 6,
	PROFILE_DURATION_NANOS = 10, PROFILE_DEFAULT_SAMPLE_TYPE = 14,

	VALUE_TYPE_TYPE = 1, VALUE_TYPE_UNIT = 2,

	SAMPLE_LOCATION_ID = 1, SAMPLE_VALUE = 2, SAMPLE_LABEL = 3,

	LABEL_KEY = 1, LABEL_STR = 2, LABEL_NUM = 3,

	MAPPING_ID = 1, MAPPING_FILENAME = 5, MAPPING_HAS_FUNCTIONS = 7,
	MAPPING_HAS_FILENAMES = 8, MAPPING_HAS_LINE_NUMBERS = 9,
	MAPPING_HAS_INLINE_FRAMES = 10,

	LOCATION_ID = 1, LOCATION_MAPPING_ID = 2, LOCATION_ADDRESS = 3,
	LOCATION_LINE = 4,

	LINE_FUNCTION_ID = 1, LINE_LINE = 2,

	FUNCTION_ID = 1, FUNCTION_NAME = 2, FUNCTION_SYSTEM_NAME = 3,
	FUNCTION_FILENAME = 4,
};

/**
 * struct pprof - a profile being written
 * @calls: the paths that it is of
 * @locations: its paths are locations, of frames of @calls; its frames are functions
 * @objects: its frames are mappings
 * @strings: its frames are texts
 * @location: of a path of @calls, the location of its innermost function
 * @profile: the message
 * @inner: one in it
 * @part: one in that
 * @err: what has failed
 */
struct pprof {
	const struct calls *calls;
	struct calls locations;
	struct calls objects;
	struct calls strings;
	size_t *location;
	struct message profile;
	struct message inner;
	struct message part;
	int err;
};

/* ---- what is kept once ---- */

static size_t frame_id(struct pprof *p, struct calls *in,
		       const struct calls_frame *frame)
{
	size_t id = 0;

	if (!p->err)
		p->err = calls_frame(in, frame, &id);
	return id;
}

static size_t string_id(struct pprof *p, const char *text)
{
	const struct calls_frame frame = { text, "", "", 0, 0, false };

	return frame_id(p, &p->strings, &frame);
}

/* Numbers of what is no text begin at 1: 0 is none. */
static size_t mapping_id(struct pprof *p, const struct calls_frame *f)
{
	const struct calls_frame object = { f->object, "", "", 0, 0, false };

	return *f->object ? frame_id(p, &p->objects, &object) + 1 : 0;
}

static size_t function_id(struct pprof *p, const struct calls_frame *f)
{
	const struct calls_frame function = {
		.function = *f->function ? f->function : "[unknown]",
		.object = f->object, .file = f->file,
	};

	return frame_id(p, &p->locations, &function) + 1;
}

/* That of what it is inlined into comes first. */
static void find_location(struct pprof *p, size_t path)
{
	const struct calls_path *at = &p->calls->path[path];
	size_t outer = CALLS_ROOT;

	if (p->calls->frame[at->frame].inlined)
		outer = p->location[at->caller];
	if (!p->err)
		p->err = calls_path(&p->locations, outer, at->frame,
				    &p->location[path]);
}

/* ---- messages in it ---- */

static void put_type(struct pprof *p, const char *type, const char *unit)
{
	message_number(&p->inner, VALUE_TYPE_TYPE, string_id(p, type));
	message_number(&p->inner, VALUE_TYPE_UNIT, string_id(p, unit));
	message_inner(&p->profile, PROFILE_SAMPLE_TYPE, &p->inner);
}

/* From the innermost. */
static void put_locations(struct pprof *p, size_t path)
{
	const struct calls *c = p->calls;

	if (path == CALLS_ROOT)
		message_value(&p->part, p->locations.nr_paths);
	while (path != CALLS_ROOT) {
		message_value(&p->part, p->location[path]);
		while (c->frame[c->path[path].frame].inlined &&
		       c->path[path].caller != CALLS_ROOT)
			path = c->path[path].caller;
		path = c->path[path].caller;
	}
	message_inner(&p->inner, SAMPLE_LOCATION_ID, &p->part);
}

static void put_sample(struct pprof *p, const struct calls_proc *proc,
		       const struct calls_self *self)
{
	put_locations(p, self->path);
	message_value(&p->part, self->cost.faults);
	message_value(&p->part, self->cost.bytes);
	message_value(&p->part, self->cost.ns);
	message_inner(&p->inner, SAMPLE_VALUE, &p->part);
	message_number(&p->part, LABEL_KEY, string_id(p, "comm"));
	message_number(&p->part, LABEL_STR, string_id(p, proc->comm));
	message_inner(&p->inner, SAMPLE_LABEL, &p->part);
	if (proc->pid) {
		message_number(&p->part, LABEL_KEY, string_id(p, "pid"));
		message_number(&p->part, LABEL_NUM, proc->pid);
		message_inner(&p->inner, SAMPLE_LABEL, &p->part);
	}
	message_inner(&p->profile, PROFILE_SAMPLE, &p->inner);
}

static void put_line(struct pprof *p, const struct calls_frame *f)
{
	message_number(&p->part, LINE_FUNCTION_ID, function_id(p, f));
	message_number(&p->part, LINE_LINE, f->line);
	message_inner(&p->inner, LOCATION_LINE, &p->part);
}

/* The innermost line comes first. */
static void put_location(struct pprof *p, size_t location)
{
	const struct calls_frame *f;
	size_t at = location;

	message_number(&p->inner, LOCATION_ID, location);
	do {
		f = &p->calls->frame[p->locations.path[at].frame];
		/* Without one, pprof shows file and address. */
		if (*f->function || !*f->object)
			put_line(p, f);
		at = p->locations.path[at].caller;
	} while (at != CALLS_ROOT);
	message_number(&p->inner, LOCATION_MAPPING_ID, mapping_id(p, f));
	message_number(&p->inner, LOCATION_ADDRESS, f->offset);
	message_inner(&p->profile, PROFILE_LOCATION, &p->inner);
}

/* The location of what has no stack is behind all others. */
static void put_no_stack(struct pprof *p)
{
	static const struct calls_frame none = {
		.function = CALLS_NO_STACK, .object = "", .file = "",
	};

	message_number(&p->inner, LOCATION_ID, p->locations.nr_paths);
	put_line(p, &none);
	message_inner(&p->profile, PROFILE_LOCATION, &p->inner);
}

/* pprof is not to look for symbols itself: where there are none, we found none. */
static void put_mapping(struct pprof *p, size_t i)
{
	unsigned int field;

	message_number(&p->inner, MAPPING_ID, i + 1);
	message_number(&p->inner, MAPPING_FILENAME,
		       string_id(p, p->objects.frame[i].function));
	for (field = MAPPING_HAS_FUNCTIONS; field <= MAPPING_HAS_INLINE_FRAMES;
	     field++)
		message_number(&p->inner, field, true);
	message_inner(&p->profile, PROFILE_MAPPING, &p->inner);
}

static void put_function(struct pprof *p, size_t i)
{
	const struct calls_frame *f = &p->locations.frame[i];

	message_number(&p->inner, FUNCTION_ID, i + 1);
	message_number(&p->inner, FUNCTION_NAME, string_id(p, f->function));
	message_number(&p->inner, FUNCTION_SYSTEM_NAME,
		       string_id(p, f->function));
	message_number(&p->inner, FUNCTION_FILENAME, string_id(p, f->file));
	message_inner(&p->profile, PROFILE_FUNCTION, &p->inner);
}

/* Strings are UTF-8; bytes that are not become U+FFFD, as in JSON. */
static void put_string(struct pprof *p, const char *text)
{
	while (*text) {
		size_t length = utf8_length(text);

		if (length)
			message_raw(&p->inner, text, length);
		else
			message_raw(&p->inner, "\xef\xbf\xbd", 3);
		text += length ? length : 1;
	}
	message_inner(&p->profile, PROFILE_STRING_TABLE, &p->inner);
}

/* ---- all of it ---- */

static void make(struct pprof *p, const struct calls_export *x)
{
	size_t i, k;

	/* Number 0 has to be this. */
	string_id(p, "");
	put_type(p, x->faults, "count");
	put_type(p, "bytes", "bytes");
	put_type(p, "time", "nanoseconds");
	for (i = 1; i < p->calls->nr_paths; i++)
		find_location(p, i);
	for (i = 0; i < x->nr; i++) {
		for (k = 0; k < x->proc[i].costs->nr; k++)
			put_sample(p, &x->proc[i], &x->proc[i].costs->self[k]);
	}
	for (i = 1; i < p->locations.nr_paths; i++)
		put_location(p, i);
	put_no_stack(p);
	for (i = 0; i < p->objects.nr_frames; i++)
		put_mapping(p, i);
	for (i = 0; i < p->locations.nr_frames; i++)
		put_function(p, i);
	message_number(&p->profile, PROFILE_DURATION_NANOS, x->duration);
	message_number(&p->profile, PROFILE_DEFAULT_SAMPLE_TYPE,
		       string_id(p, "bytes"));
	/* No more of them come now. */
	for (i = 0; i < p->strings.nr_frames; i++)
		put_string(p, p->strings.frame[i].function);
	if (p->profile.failed)
		p->err = -ENOMEM;
}

static int compress_to(FILE *out, const struct message *m)
{
	size_t done = 0;
	int written = 1;
	gzFile gz;
	int fd;

	errno = 0;
	fd = fflush(out) ? -1 : dup(fileno(out));
	gz = fd < 0 ? NULL : gzdopen(fd, "wb");
	if (!gz) {
		if (fd >= 0)
			close(fd);
		return errno ? -errno : -EIO;
	}
	while (done < m->nr && written > 0) {
		size_t left = m->nr - done;

		written = gzwrite(gz, m->byte + done,
				  left < 1 << 20 ? left : 1 << 20);
		done += written;
	}
	/* Compressed data may be written only now. */
	if (gzclose(gz) != Z_OK || written <= 0)
		return errno ? -errno : -EIO;
	return 0;
}

int calls_pprof(FILE *out, const struct calls_export *x)
{
	struct pprof p = { .calls = x->calls };

	p.location = calloc(x->calls->nr_paths, sizeof(*p.location));
	if (!p.location || calls_init(&p.locations) || calls_init(&p.objects) ||
	    calls_init(&p.strings))
		p.err = -ENOMEM;
	if (!p.err)
		make(&p, x);
	if (!p.err)
		p.err = compress_to(out, &p.profile);
	free(p.location);
	calls_release(&p.locations);
	calls_release(&p.objects);
	calls_release(&p.strings);
	message_release(&p.profile);
	message_release(&p.inner);
	message_release(&p.part);
	return p.err;
}
