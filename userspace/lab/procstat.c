// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "procstat.h"

int procstat_read(pid_t pid, struct procstat *st)
{
	unsigned long long minor, major;
	char path[64], line[1024], *at;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "r");
	if (!f)
		return -errno;
	/* The name in brackets may have blanks. */
	at = fgets(line, sizeof(line), f) ? strrchr(line, ')') : NULL;
	fclose(f);
	if (!at)
		return -ENOENT;
	if (sscanf(at + 2, "%c %*d %*d %*d %*d %*d %*u %llu %*u %llu",
		   &st->state, &minor, &major) != 3)
		return -EIO;
	st->faults = minor + major;
	return 0;
}
