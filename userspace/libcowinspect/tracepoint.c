// SPDX-License-Identifier: GPL-2.0
/* Tracepoints as tracefs describes them. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "internal.h"
#include "tracepoint.h"

/* Where it is mounted, or NULL; the kernel mounts the second one by itself. */
static const char *find_tracefs(int *err)
{
	static const char *const places[] = {
		"/sys/kernel/tracing", "/sys/kernel/debug/tracing",
	};
	struct statfs fs;
	size_t i;

	*err = -COWI_ENOTRACEFS;
	for (i = 0; i < 2; i++) {
		/* The dot has it mounted. */
		char path[64];

		snprintf(path, sizeof(path), "%s/.", places[i]);
		if (statfs(path, &fs)) {
			if (errno == EACCES || errno == EPERM)
				*err = cowi_refused();
		} else if (fs.f_type == TRACEFS_MAGIC) {
			return places[i];
		}
	}
	return NULL;
}

int cowi_tracepoint_read(const char *name, char **text)
{
	const char *dir;
	char path[128];
	int fd, err;

	dir = find_tracefs(&err);
	if (!dir)
		return err;
	snprintf(path, sizeof(path), "%s/events/cowinspect/%s/format", dir, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		if (errno == EACCES || errno == EPERM)
			return cowi_refused();
		if (errno != ENOENT)
			return -errno;
		return access("/sys/module/cowinspect", F_OK) ?
		       -COWI_ENOTLOADED : -COWI_ENOTRACEPOINT;
	}
	err = cowi_read_text(fd, text);
	close(fd);
	return err;
}

/* "	field:u64 addr;	offset:8;	size:8;	signed:0;" */
static void parse_field(const char *line, const char *const *names, size_t nr,
			struct cowi_field *field)
{
	const char *end = strchr(line, ';'), *start;
	size_t offset, size, i;

	if (!end || sscanf(end, "; offset:%zu; size:%zu;", &offset, &size) != 2)
		return;
	for (start = end; start > line && start[-1] != ' '; start--)
		;
	if (size != 1 && size != 2 && size != 4 && size != 8)
		return;
	for (i = 0; i < nr; i++) {
		if (strlen(names[i]) == (size_t)(end - start) &&
		    !strncmp(names[i], start, end - start)) {
			field[i].offset = offset;
			field[i].size = size;
		}
	}
}

int cowi_tracepoint_parse(const char *text, const char *const *names, size_t nr,
			  struct cowi_field *field, unsigned int *id)
{
	bool has_id = false;

	memset(field, 0, nr * sizeof(*field));
	while (*text) {
		if (sscanf(text, "ID: %u", id) == 1)
			has_id = true;
		if (!strncmp(text, "\tfield:", 7))
			parse_field(text, names, nr, field);
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return has_id ? 0 : -COWI_EFORMAT;
}

__u64 cowi_field_get(const struct cowi_field *f, const char *raw, size_t size)
{
	__u64 u64;
	__u32 u32;
	__u16 u16;

	if (f->offset > size || f->size > size - f->offset)
		return 0;
	raw += f->offset;
	switch (f->size) {
	case 1:
		return *(const unsigned char *)raw;
	case 2:
		memcpy(&u16, raw, sizeof(u16));
		return u16;
	case 4:
		memcpy(&u32, raw, sizeof(u32));
		return u32;
	case 8:
		memcpy(&u64, raw, sizeof(u64));
		return u64;
	default:
		return 0;
	}
}
