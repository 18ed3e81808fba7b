// SPDX-License-Identifier: GPL-2.0
/* Functions of code that was made at run time. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "grow.h"
#include "perfmap.h"

/* "START SIZE NAME" */
static bool parse_line(char *line, struct perfmap_entry *entry)
{
	unsigned long long size;
	char *end;

	errno = 0;
	entry->start = strtoull(line, &end, 16);
	if (end == line || *end != ' ')
		return false;
	line = end + 1;
	size = strtoull(line, &end, 16);
	if (end == line || *end != ' ' || errno || !size || !end[1] ||
	    size > UINT64_MAX - entry->start)
		return false;
	entry->end = entry->start + size;
	entry->name = end + 1;
	return true;
}

/* For qsort(): what was written later first, of the same start. */
static int compare(const void *a, const void *b)
{
	const struct perfmap_entry *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->order > y->order ? -1 : x->order < y->order;
}

static int parse(struct perfmap *map)
{
	char *line = map->text, *next;
	struct perfmap_entry *grown;

	for (; line; line = next) {
		next = strchr(line, '\n');
		/* What is being written has no end yet. */
		if (!next)
			break;
		*next++ = '\0';
		grown = grow(map->entry, map->nr, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		map->entry = grown;
		if (!parse_line(line, &grown[map->nr]))
			continue;
		grown[map->nr].order = map->nr;
		map->nr++;
	}
	if (map->nr)
		qsort(map->entry, map->nr, sizeof(*map->entry), compare);
	return 0;
}

int perfmap_read(struct perfmap *map, FILE *file)
{
	struct stat st;
	size_t room;

	perfmap_release(map);
	if (fstat(fileno(file), &st))
		return -errno;
	room = st.st_size;
	if (room > PERFMAP_MAX_BYTES)
		room = PERFMAP_MAX_BYTES;
	map->text = malloc(room + 1);
	if (!map->text)
		return -ENOMEM;
	map->size = fread(map->text, 1, room, file);
	map->text[map->size] = '\0';
	return parse(map);
}

/* The last of the numbers that a process has: in the namespace that it is in. */
static pid_t own_pid(pid_t pid)
{
	char path[32], line[256], *last;
	FILE *status;
	pid_t own = pid;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	status = fopen(path, "re");
	while (status && fgets(line, sizeof(line), status)) {
		last = strrchr(line, '\t');
		if (!strncmp(line, "NSpid:", 6) && last)
			own = atoi(last + 1);
	}
	if (status)
		fclose(status);
	return own;
}

FILE *perfmap_open(pid_t pid)
{
	char path[64];
	struct stat st;
	FILE *file;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/root/tmp/perf-%d.map", pid,
		 own_pid(pid));
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		snprintf(path, sizeof(path), "/tmp/perf-%d.map", pid);
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	}
	if (fd < 0)
		return NULL;
	file = !fstat(fd, &st) && S_ISREG(st.st_mode) ? fdopen(fd, "r") : NULL;
	if (!file)
		close(fd);
	return file;
}

const char *perfmap_find(const struct perfmap *map, __u64 addr)
{
	size_t low = 0, high = map->nr, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (map->entry[mid].start <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	/* The first of those that start where the last one before it does. */
	while (low > 1 && map->entry[low - 2].start == map->entry[low - 1].start)
		low--;
	return low && addr < map->entry[low - 1].end ?
	       map->entry[low - 1].name : NULL;
}

void perfmap_release(struct perfmap *map)
{
	free(map->entry);
	free(map->text);
	memset(map, 0, sizeof(*map));
}
