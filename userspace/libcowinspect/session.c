// SPDX-License-Identifier: GPL-2.0
/* The module's directory: opening it, its status, attach and detach. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "internal.h"
#include "parse.h"
#include "procfs.h"
#include "snapshot.h"

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

/* ---- its files ---- */

/* A file by its path below the module's directory, or in its place. */
static int open_file(const struct cowi *c, const char *path, struct cowi_file *f)
{
	const struct cowi_piece *piece;
	struct stat st;

	*f = (struct cowi_file){ .fd = c->archive.fd, .borrowed = true };
	if (c->dirfd < 0) {
		piece = cowi_archive_find(&c->archive, path);
		if (!piece)
			return -ENOENT;
		f->start = piece->start;
		f->size = piece->size;
		return 0;
	}
	f->fd = openat(c->dirfd, path, O_RDONLY | O_CLOEXEC);
	if (f->fd < 0)
		return -errno;
	f->borrowed = false;
	f->size = UINT64_MAX;
	if (c->recorded && !fstat(f->fd, &st))
		f->size = st.st_size;
	return 0;
}

void cowi_file_close(struct cowi_file *f)
{
	if (!f->borrowed && f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}

static int read_piece(const struct cowi_file *f, char **text)
{
	ssize_t n;

	*text = malloc(f->size + 1);
	if (!*text)
		return -ENOMEM;
	n = pread(f->fd, *text, f->size, f->start);
	if (n == (ssize_t)f->size && !memchr(*text, '\0', n)) {
		(*text)[n] = '\0';
		return 0;
	}
	free(*text);
	return n < 0 ? -errno : -COWI_ESNAPSHOT;
}

static int file_text(const struct cowi *c, const char *path, char **text)
{
	struct cowi_file f;
	int err = open_file(c, path, &f);

	if (err)
		return err;
	err = f.borrowed ? read_piece(&f, text) : cowi_read_text(f.fd, text);
	cowi_file_close(&f);
	return err;
}

static int refused_or(int err)
{
	return err == -EACCES || err == -EPERM ? cowi_refused() : err;
}

int cowi_status_text(struct cowi *c, char **text)
{
	return refused_or(file_text(c, "status", text));
}

static int read_status(struct cowi *c)
{
	char *text;
	int err = cowi_status_text(c, &text);

	if (err)
		return err;
	cowi_status_release(&c->status);
	err = cowi_parse_status(text, &c->status);
	free(text);
	return err;
}

/* The last file of an archive: one without it was cut off. */
static int read_manifest(struct cowi *c)
{
	char *text;
	int err = file_text(c, "manifest", &text);

	if (err == -ENOENT)
		return c->dirfd < 0 ? -COWI_ETRUNCATED : 0;
	if (err)
		return err;
	c->is_snapshot = true;
	err = cowi_parse_manifest(text, &c->snapshot);
	free(text);
	return err;
}

/* ---- sessions ---- */

static int finish_open(struct cowi *c, struct cowi **out)
{
	int err = c->recorded ? read_manifest(c) : 0;

	if (!err)
		err = read_status(c);
	/* Of a file that has all its pieces, this is not the module's doing. */
	if (c->is_snapshot && (err == -COWI_EFORMAT || err == -ENOENT))
		err = -COWI_ESNAPSHOT;
	if (err) {
		cowi_close(c);
		return err;
	}
	*out = c;
	return 0;
}

int cowi_open_fd(int fd, struct cowi **out)
{
	struct cowi *c = calloc(1, sizeof(*c));
	int err;

	if (!c) {
		close(fd);
		return -ENOMEM;
	}
	c->dirfd = -1;
	c->recorded = true;
	err = cowi_archive_open(fd, &c->archive);
	if (err) {
		cowi_close(c);
		return err;
	}
	return finish_open(c, out);
}

int cowi_open(const char *root, struct cowi **out)
{
	struct statfs fs;
	struct cowi *c;
	struct stat st;
	int fd;

	fd = open(root ? root : COWI_DEFAULT_ROOT, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return root ? -errno : why_missing(errno);
	if (!fstat(fd, &st) && !S_ISDIR(st.st_mode))
		return cowi_open_fd(fd, out);
	c = calloc(1, sizeof(*c));
	if (!c) {
		close(fd);
		return -ENOMEM;
	}
	c->dirfd = fd;
	c->archive.fd = -1;
	c->recorded = !fstatfs(fd, &fs) && fs.f_type != DEBUGFS_MAGIC;
	return finish_open(c, out);
}

void cowi_close(struct cowi *c)
{
	if (!c)
		return;
	cowi_status_release(&c->status);
	cowi_snapshot_release(&c->snapshot);
	cowi_archive_close(&c->archive);
	if (c->dirfd >= 0)
		close(c->dirfd);
	free(c);
}

const struct cowi_snapshot *cowi_snapshot(const struct cowi *c)
{
	return c->is_snapshot ? &c->snapshot : NULL;
}

bool cowi_is_recorded(const struct cowi *c)
{
	return c->recorded;
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
		return refused_or(-errno);
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
	struct cowi_file f;
	char name[32];

	if (c->dirfd >= 0) {
		snprintf(name, sizeof(name), "%d", pid);
		return faccessat(c->dirfd, name, F_OK, 0) ? -COWI_ENOPROC : 0;
	}
	snprintf(name, sizeof(name), "%d/vmas", pid);
	return open_file(c, name, &f) ? -COWI_ENOPROC : 0;
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

static int why_no_file(const struct cowi *c, int err)
{
	if (err == -ESRCH || (err == -ENOENT && !c->recorded))
		return -COWI_EEXITED;
	return refused_or(err);
}

int cowi_target_file(struct cowi_target *t, const char *name,
		     struct cowi_file *f)
{
	char path[64];

	snprintf(path, sizeof(path), "%d/%s", t->pid, name);
	return why_no_file(t->c, open_file(t->c, path, f));
}

int cowi_target_text(struct cowi_target *t, const char *name, char **text)
{
	char path[64];

	snprintf(path, sizeof(path), "%d/%s", t->pid, name);
	return why_no_file(t->c, file_text(t->c, path, text));
}

int cowi_summary(struct cowi_target *t, struct cowi_totals *sum)
{
	char *text;
	int err = cowi_target_text(t, "summary", &text);

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
	err = cowi_target_text(t, "vmas", &text);
	if (err)
		return err;
	err = cowi_parse_vmas(text, vmas);
	free(text);
	return err;
}

int cowi_faults(struct cowi_target *t, struct cowi_faults *faults)
{
	char *text;
	int err = cowi_target_text(t, "faults", &text);

	if (err)
		return err;
	err = cowi_parse_faults(text, faults);
	free(text);
	return err;
}
