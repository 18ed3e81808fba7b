// SPDX-License-Identifier: GPL-2.0
/*
 * Stopping processes: a whole cgroup by its freezer, which neither they nor their
 * parents notice, others by SIGSTOP. A child of ours has them go on when the pipe to
 * it is closed, which the kernel does if we are killed: it is there before anybody is
 * stopped, and in a session of its own, where no terminal sends it signals. They are
 * referred to by pidfd, so that nobody else is continued who got the id of one.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup.h"
#include "commands.h"
#include "procfs.h"
#include "stop.h"

/* One that waits for a disk stops when that has answered. */
#define PATIENCE_MS	1000

static const char not_all[] =
	"cowinspect: --stop: not all of them have stopped\n";

static void send(int pidfd, int signal)
{
	syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

static bool is_ancestor(pid_t pid)
{
	struct cowi_procstat st;
	pid_t at = getpid();

	while (at > 1 && at != pid) {
		if (cowi_procstat(at, &st))
			return false;
		at = st.parent;
	}
	return at == pid;
}

static int take(struct stopped *s, pid_t pid)
{
	struct cowi_procstat st;
	int fd;

	if (pid == 1 || is_ancestor(pid) || cowi_procstat(pid, &st) ||
	    st.state == 'T' || st.state == 't')
		return 0;
	fd = syscall(SYS_pidfd_open, pid, 0);
	if (fd >= 0)
		s->pidfd[s->nr++] = fd;
	/* Those that are gone, or are no processes, need not be stopped. */
	return fd >= 0 || errno == ESRCH || errno == EINVAL ||
	       errno == ENOENT ? 0 : -errno;
}

/* As many files as there are processes, and those that we have anyway. */
static void allow_files(size_t nr)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= nr + 64)
		return;
	limit.rlim_cur = nr + 64;
	if (limit.rlim_max < limit.rlim_cur)
		limit.rlim_max = limit.rlim_cur;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* In a child: wait for the end of the pipe, have them go on. */
static void guard(const struct stopped *s, int end)
{
	char byte;
	size_t i;

	setsid();
	/* SIGTERM and others were told to end us tidily: not before this is done. */
	while (read(end, &byte, 1) < 0 && errno == EINTR)
		;
	if (s->frozen && write(s->freezer, "0", 1) != 1)
		_exit(1);
	for (i = 0; i < s->nr; i++)
		send(s->pidfd[i], SIGCONT);
	_exit(0);
}

static int start_guard(struct stopped *s)
{
	int end[2];

	if (pipe2(end, O_CLOEXEC))
		return -errno;
	s->guard = fork();
	if (!s->guard) {
		close(end[1]);
		guard(s, end[0]);
	}
	close(end[0]);
	if (s->guard < 0) {
		close(end[1]);
		s->guard = 0;
		return -errno;
	}
	s->end = end[1];
	return 0;
}

static void wait_stopped(const struct chosen *list)
{
	struct cowi_procstat st;
	int patience = PATIENCE_MS;
	size_t i;

	for (i = 0; i < list->nr; i++) {
		pid_t pid = list->target[i].pid;

		while (patience && pid != 1 && !is_ancestor(pid) &&
		       !cowi_procstat(pid, &st) && st.state != 'T' &&
		       st.state != 't' && st.state != 'Z' &&
		       !interrupt_signal()) {
			usleep(1000);
			patience--;
		}
	}
	if (!patience)
		fputs(not_all, stderr);
}

/* ---- a cgroup ---- */

/* Whether it, or one below it, has us, our ancestors, or the first process. */
static bool is_ours(const char *path)
{
	struct cgroup g;
	bool is = cgroup_read(path, &g) != 0;
	size_t i;

	for (i = 0; i < g.nr && !is; i++)
		is = g.pid[i] == 1 || is_ancestor(g.pid[i]);
	cgroup_release(&g);
	return is;
}

static int open_in(const char *dir, const char *name, int flags)
{
	char *path;
	int fd;

	if (asprintf(&path, "%s/%s", dir, name) < 0)
		return -1;
	fd = open(path, flags | O_CLOEXEC);
	free(path);
	return fd;
}

static void wait_frozen(const char *path)
{
	int events = open_in(path, "cgroup.events", O_RDONLY);
	int patience = PATIENCE_MS;
	char text[256];
	ssize_t n;

	for (; patience && !interrupt_signal(); patience--) {
		n = pread(events, text, sizeof(text) - 1, 0);
		text[n > 0 ? n : 0] = '\0';
		if (n < 0 || strstr(text, "frozen 1"))
			break;
		usleep(1000);
	}
	close(events);
	if (!patience)
		fputs(not_all, stderr);
}

/* One that was frozen before stays so. Returns 0 if signals are needed, or an error. */
static int freeze_cgroup(struct stopped *s, const char *path)
{
	char state;
	int err;

	/* The first of all has no such file, nor has one of version 1. */
	s->freezer = is_ours(path) ? -1 : open_in(path, "cgroup.freeze", O_RDWR);
	if (s->freezer < 0)
		return 0;
	if (pread(s->freezer, &state, 1, 0) == 1 && state == '1') {
		close(s->freezer);
		return 1;
	}
	/* Before there is the guard, who has to know it. */
	s->frozen = true;
	err = start_guard(s);
	if (!err && write(s->freezer, "1", 1) != 1)
		err = -errno;
	if (err)
		return err;
	wait_frozen(path);
	return 1;
}

static int stop_cgroup(struct stopped *s, const struct choice *c)
{
	char *path = NULL;
	int ret;

	if (!c || !choice_is_cgroup(c) || c->follow)
		return 0;
	ret = choice_cgroup(c, &path);
	if (!ret)
		ret = freeze_cgroup(s, path);
	free(path);
	return ret;
}

int stop_all(struct stopped *s, const struct choice *c,
	     const struct chosen *list)
{
	int err;
	size_t i;

	memset(s, 0, sizeof(*s));
	err = stop_cgroup(s, c);
	if (err)
		return err < 0 ? err : 0;
	s->pidfd = calloc(list->nr, sizeof(*s->pidfd));
	if (!s->pidfd)
		return -ENOMEM;
	allow_files(list->nr);
	for (i = 0; i < list->nr && !err; i++)
		err = take(s, list->target[i].pid);
	if (!err)
		err = start_guard(s);
	for (i = 0; i < s->nr && !err; i++)
		send(s->pidfd[i], SIGSTOP);
	if (!err)
		wait_stopped(list);
	return err;
}

void stop_undo(struct stopped *s)
{
	size_t i;

	if (s->guard) {
		close(s->end);
		while (waitpid(s->guard, NULL, 0) < 0 && errno == EINTR)
			;
	}
	if (s->frozen)
		close(s->freezer);
	for (i = 0; i < s->nr; i++)
		close(s->pidfd[i]);
	free(s->pidfd);
	memset(s, 0, sizeof(*s));
}
