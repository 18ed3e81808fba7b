// SPDX-License-Identifier: GPL-2.0
/* What a program calls itself: servers tell their processes apart by that. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "title.h"

static void read_command_line(pid_t pid, char *buf, size_t size)
{
	char path[32];
	ssize_t n, i;
	int fd;

	buf[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	n = read(fd, buf, size - 1);
	close(fd);
	if (n < 0)
		n = 0;
	for (i = 0; i < n; i++) {
		if (!buf[i])
			buf[i] = ' ';
	}
	/* A title that is shorter than what it replaces is filled up. */
	while (n && buf[n - 1] == ' ')
		n--;
	buf[n] = '\0';
}

/* "/usr/bin/x -y" is called "x -y". */
static void leave_out_directory(char *buf)
{
	char *word = buf, *at;

	if (buf[0] != '/')
		return;
	for (at = buf; *at && *at != ' '; at++) {
		if (*at == '/')
			word = at + 1;
	}
	memmove(buf, word, strlen(word) + 1);
}

void title_read(const struct target *target, char *buf, size_t size)
{
	/* A name is not known of a copy of the module's files: nor is this. */
	buf[0] = '\0';
	if (target->title)
		snprintf(buf, size, "%s", target->title);
	else if (target->name[0])
		read_command_line(target->pid, buf, size);
	leave_out_directory(buf);
	if (!buf[0] && target->name[0])
		snprintf(buf, size, "[%s]", target->name);
	else if (!buf[0])
		snprintf(buf, size, "process %d", target->pid);
}
