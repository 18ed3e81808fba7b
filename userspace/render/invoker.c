// SPDX-License-Identifier: GPL-2.0
/* The user who called sudo. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "invoker.h"

static bool id_from_environment(const char *name, unsigned int *id)
{
	const char *text = getenv(name);
	char *end;
	unsigned long n;

	if (!text || *text < '0' || *text > '9')
		return false;
	errno = 0;
	n = strtoul(text, &end, 10);
	*id = n;
	return !errno && !*end && n < UINT32_MAX;
}

bool invoker_ids(uid_t *uid, gid_t *gid)
{
	return !geteuid() && id_from_environment("SUDO_UID", uid) &&
	       id_from_environment("SUDO_GID", gid) && *uid;
}

/* O_EXCL makes sure that it is ours, and that no link was followed to it. */
static int open_new(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	uid_t uid;
	gid_t gid;

	/* A file system without owners is fine, too. */
	if (fd >= 0 && invoker_ids(&uid, &gid) && fchown(fd, uid, gid))
		errno = 0;
	return fd;
}

FILE *invoker_file(const char *path, bool append)
{
	int fd = open_new(path);
	FILE *file;

	if (fd < 0 && errno == EEXIST)
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC |
			  (append ? O_APPEND : O_TRUNC), 0666);
	if (fd < 0)
		return NULL;
	file = fdopen(fd, append ? "a" : "w");
	if (!file)
		close(fd);
	return file;
}
