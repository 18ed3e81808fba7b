// SPDX-License-Identifier: GPL-2.0
/* The module's directory: opening it, its status, attach and detach. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "internal.h"
#include "parse.h"
#include "procfs.h"

int cowi_read_text(int fd, char **text)
{
	size_t used = 0, size = 16384;
	char *buf = malloc(size);
	ssize_t n;

	if (!buf)
		return -ENOMEM;
	while ((n = read(fd, buf + used, size - used - 1)) > 0) {
		char *grown;

		used += n;
		if (size - used > 4096)
			continue;
		grown = realloc(buf, size * 2);
		if (!grown) {
			free(buf);
			return -ENOMEM;
		}
		buf = grown;
		size *= 2;
	}
	if (n < 0) {
		free(buf);
		return -errno;
	}
	/* A text with a NUL inside is nothing the module writes. */
	if (memchr(buf, '\0', used)) {
		free(buf);
		return -COWI_EFORMAT;
	}
	buf[used] = '\0';
	*text = buf;
	return 0;
}

int cowi_refused(void)
{
	return geteuid() ? -COWI_EPRIV : -COWI_ELOCKDOWN;
}

/* Why the module's directory could not be opened, in the default place. */
static int why_missing(int err)
{
	struct statfs fs;

	if (err == EACCES || err == EPERM)
		return cowi_refused();
	if (err != ENOENT)
		return -err;
	if (statfs("/sys/kernel/debug", &fs) || fs.f_type != DEBUGFS_MAGIC)
		return -COWI_ENOTMOUNTED;
	return -COWI_ENOTLOADED;
}

static int read_status(struct cowi *c)
{
	int fd, err;
	char *text;

	fd = openat(c->dirfd, "status", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == EACCES || errno == EPERM ? cowi_refused() : -errno;
	err = cowi_read_text(fd, &text);
	close(fd);
	if (err)
		return err;
	cowi_status_release(&c->status);
	err = cowi_parse_status(text, &c->status);
	free(text);
	return err;
}

int cowi_open(const char *root, struct cowi **out)
{
	struct cowi *c = calloc(1, sizeof(*c));
	struct statfs fs;
	int err;

	if (!c)
		return -ENOMEM;
	c->dirfd = open(root ? root : COWI_DEFAULT_ROOT,
			O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c->dirfd < 0) {
		err = root ? -errno : why_missing(errno);
		free(c);
		return err;
	}
	c->recorded = !fstatfs(c->dirfd, &fs) && fs.f_type != DEBUGFS_MAGIC;
	err = read_status(c);
	if (err) {
		cowi_close(c);
		return err;
	}
	*out = c;
	return 0;
}

void cowi_close(struct cowi *c)
{
	if (!c)
		return;
	cowi_status_release(&c->status);
	close(c->dirfd);
	free(c);
}

const struct cowi_status *cowi_status(const struct cowi *c)
{
	return &c->status;
}

int cowi_status_refresh(struct cowi *c)
{
	return read_status(c);
}

/* No process for the module: why, is for /proc to say. */
static int why_no_process(pid_t pid)
{
	struct cowi_procstat st;

	return !cowi_procstat(pid, &st) && st.state == 'Z' ? -COWI_EZOMBIE :
							     -COWI_ENOPROC;
}

static int write_command(struct cowi *c, const char *file, const char *text)
{
	int fd, err = 0;

	fd = openat(c->dirfd, file, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == EACCES || errno == EPERM ? cowi_refused() : -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

static int write_pid(struct cowi *c, const char *file, pid_t pid)
{
	char text[16];
	int err;

	snprintf(text, sizeof(text), "%d", pid);
	err = write_command(c, file, text);
	switch (err) {
	case -ESRCH:
		return -COWI_ENOPROC;
	case -EINVAL:
		return -COWI_EKTHREAD;
	case -ENOSPC:
		return -COWI_ELIMIT;
	default:
		return err;
	}
}

bool cowi_is_running(const struct cowi_status *st, pid_t pid)
{
	size_t i;

	for (i = 0; i < st->nr_targets; i++) {
		if (st->target[i].pid == pid)
			return st->target[i].running;
	}
	return false;
}

/* A recording cannot be attached to; it has the process or it has not. */
static int recorded_attach(struct cowi *c, pid_t pid)
{
	char name[16];

	snprintf(name, sizeof(name), "%d", pid);
	return faccessat(c->dirfd, name, F_OK, 0) ? -COWI_ENOPROC : 0;
}

int cowi_attach(struct cowi *c, pid_t pid)
{
	bool was_attached;
	int err;

	if (c->recorded)
		return recorded_attach(c, pid);
	err = read_status(c);
	if (err)
		return err;
	was_attached = cowi_is_running(&c->status, pid);
	err = write_pid(c, "attach", pid);
	if (err == -COWI_ENOPROC)
		return why_no_process(pid);
	if (err)
		return err;
	return was_attached ? 0 : 1;
}

int cowi_detach(struct cowi *c, pid_t pid)
{
	return write_pid(c, "detach", pid);
}

int cowi_detach_all(struct cowi *c)
{
	return write_command(c, "detach", "all");
}

int cowi_target_open(struct cowi *c, pid_t pid, struct cowi_target **out)
{
	struct cowi_target *t = malloc(sizeof(*t));
	int attached;

	if (!t)
		return -ENOMEM;
	attached = cowi_attach(c, pid);
	if (attached < 0) {
		free(t);
		return attached;
	}
	*t = (struct cowi_target){ .c = c, .pid = pid, .ours = attached };
	*out = t;
	return 0;
}

void cowi_target_close(struct cowi_target *t)
{
	if (!t)
		return;
	/* Somebody else may have detached it already: nothing left to do. */
	if (t->ours)
		cowi_detach(t->c, t->pid);
	free(t);
}

struct cowi *cowi_target_session(const struct cowi_target *t)
{
	return t->c;
}

int cowi_target_file(struct cowi_target *t, const char *name)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "%d/%s", t->pid, name);
	fd = openat(t->c->dirfd, path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	if (errno == ESRCH || (errno == ENOENT && !t->c->recorded))
		return -COWI_EEXITED;
	return errno == EACCES || errno == EPERM ? cowi_refused() : -errno;
}

static int target_text(struct cowi_target *t, const char *name, char **text)
{
	int fd = cowi_target_file(t, name);
	int err;

	if (fd < 0)
		return fd;
	err = cowi_read_text(fd, text);
	close(fd);
	return err == -ESRCH ? -COWI_EEXITED : err;
}

int cowi_summary(struct cowi_target *t, struct cowi_totals *sum)
{
	char *text;
	int err = target_text(t, "summary", &text);

	if (err)
		return err;
	err = cowi_parse_summary(text, sum);
	free(text);
	return err;
}

int cowi_vmas(struct cowi_target *t, struct cowi_vmas *vmas)
{
	char *text;
	int err;

	memset(vmas, 0, sizeof(*vmas));
	err = target_text(t, "vmas", &text);
	if (err)
		return err;
	err = cowi_parse_vmas(text, vmas);
	free(text);
	return err;
}

int cowi_faults(struct cowi_target *t, struct cowi_faults *faults)
{
	char *text;
	int err = target_text(t, "faults", &text);

	if (err)
		return err;
	err = cowi_parse_faults(text, faults);
	free(text);
	return err;
}
