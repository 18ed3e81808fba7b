// SPDX-License-Identifier: GPL-2.0
/* Files that nobody sees. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "spool.h"

static int open_in(const char *dir)
{
	char path[4096];
	int fd;

	fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0)
		return fd;
	/* Not every file system has files without a name. */
	if (snprintf(path, sizeof(path), "%s/cowinspect.XXXXXX", dir) >=
	    (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	unlink(path);
	return fd;
}

int spool_open(void)
{
	const char *dir = getenv("TMPDIR");
	int fd;

	if (dir && dir[0])
		return open_in(dir);
	fd = open_in("/var/tmp");
	return fd == -ENOENT ? open_in("/tmp") : fd;
}

int write_all(int fd, const void *data, size_t size)
{
	const char *at = data;
	ssize_t n;

	for (; size; at += n, size -= n) {
		n = write(fd, at, size);
		if (n < 0)
			return -errno;
	}
	return 0;
}
