// SPDX-License-Identifier: GPL-2.0
/* Opening, closing and handing on; and what can be done to any file at all. */
#include <poll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <linux/fs.h>

#include "fuzz.h"

static const char *const names[FUZZ_NR_FILES] = {
	"attach", "detach", "status", "summary", "vmas", "pages", "faults"
};

/*
 * The number of an open file in a slot. Two threads may close the same one: by then
 * it must not be that of what is opened elsewhere for a moment, since to read that,
 * of a userfaultfd for one, may wait for ever.
 */
static int slot_number(int fd, int how)
{
	int number, error;

	if (fd < 0)
		return fd;
	number = fcntl(fd, how, FUZZ_FD_MIN);
	error = errno;
	close(fd);
	errno = error;
	return number;
}

/* @pid does not matter where the file is of no target. */
int fuzz_open_file(enum fuzz_file file, pid_t pid, int flags)
{
	char path[PATH_MAX];

	if (file < FUZZ_SUMMARY)
		snprintf(path, sizeof(path), COW_DIR "/%s", names[file]);
	else
		snprintf(path, sizeof(path), COW_DIR "/%d/%s", pid, names[file]);
	return slot_number(open(path, flags | O_NONBLOCK | O_CLOEXEC),
			   F_DUPFD_CLOEXEC);
}

void fuzz_open(struct fuzzer *f)
{
	static const int allowed[] = { ENOENT, ESRCH, EOPNOTSUPP, ENOMEM, 0 };
	static const int modes[] = { O_RDONLY, O_RDONLY, O_RDWR, O_WRONLY };
	static const int more[] = { 0, 0, O_APPEND, O_TRUNC, O_NOATIME, O_SYNC };
	struct fuzz_slot *s = fuzz_slot(f);
	enum fuzz_file file = fuzz_below(f, FUZZ_NR_FILES);
	pid_t pid = fuzz_targets[fuzz_below(f, FUZZ_TARGETS)];
	int flags = modes[fuzz_below(f, 4)] | more[fuzz_below(f, 6)];
	int fd = fuzz_open_file(file, pid, flags);

	fuzz_result(f, fd, allowed);
	if (fd < 0) {
		/* For the next one. */
		if (errno == ENOENT && fuzz_chance(f, 2))
			command_pid("attach", pid);
		return;
	}
	if (s->fd >= 0)
		close(s->fd);
	s->file = file;
	s->fd = fd;
}

void fuzz_close(struct fuzzer *f)
{
	static const int allowed[] = { 0 };
	struct fuzz_slot *s = fuzz_slot(f);
	int fd = s->fd;

	s->fd = -1;
	fuzz_result(f, close(fd), allowed);
}

/* Sometimes over another one, which closes that. */
void fuzz_dup(struct fuzzer *f)
{
	static const int allowed[] = { EBUSY, 0 };
	struct fuzz_slot *from = fuzz_slot(f), *to = fuzz_slot(f);
	int fd;

	if (from == to)
		return;
	fd = to->fd >= 0 ? dup2(from->fd, to->fd) :
			  fcntl(from->fd, F_DUPFD, FUZZ_FD_MIN);
	fuzz_result(f, fd, allowed);
	if (fd >= 0)
		*to = (struct fuzz_slot){ fd, from->file };
}

/* Through a socket, where for a moment nobody has it open. */
void fuzz_pass(struct fuzzer *f)
{
	static const int allowed[] = { EAGAIN, 0 };
	struct fuzz_slot *s = fuzz_slot(f);
	int fd = s->fd;

	if (!send_fd(f->socket[0], fd, MSG_DONTWAIT)) {
		fuzz_result(f, -1, allowed);
		return;
	}
	s->fd = -1;
	close(fd);
	fd = receive_fd(f->socket[1], MSG_DONTWAIT);
	fuzz_result(f, fd, allowed);
	s->fd = slot_number(fd, F_DUPFD);
}

static const int no_pipe[] = { EINVAL, ESPIPE, EAGAIN, EOVERFLOW, 0 };

/* None of the files can be spliced; that must not depend on luck. */
static void refused(struct fuzzer *f, ssize_t got, const int *allowed)
{
	if (got > 0)
		fuzz_wrong(f, "went through", got, 0);
	fuzz_result(f, got, allowed);
}

void fuzz_splice(struct fuzzer *f)
{
	loff_t at = fuzz_offset(f);
	int fd = fuzz_slot(f)->fd;

	if (fuzz_chance(f, 2))
		refused(f, splice(fd, fuzz_chance(f, 2) ? &at : NULL, f->pipe[1],
				  NULL, fuzz_below(f, 4096),
				  SPLICE_F_NONBLOCK), no_pipe);
	else
		refused(f, splice(f->pipe[0], NULL, fd,
				  fuzz_chance(f, 2) ? &at : NULL,
				  fuzz_below(f, 4096), SPLICE_F_NONBLOCK),
			no_pipe);
}

void fuzz_sendfile(struct fuzzer *f)
{
	off_t at = fuzz_offset(f);
	int a = fuzz_slot(f)->fd, b = fuzz_slot(f)->fd;

	refused(f, sendfile(fuzz_chance(f, 2) ? f->pipe[1] : b, a,
			    fuzz_chance(f, 2) ? &at : NULL,
			    fuzz_below(f, 65536)), no_pipe);
}

void fuzz_tee(struct fuzzer *f)
{
	refused(f, tee(fuzz_slot(f)->fd, f->pipe[1], 4096, SPLICE_F_NONBLOCK),
		no_pipe);
}

void fuzz_copy_range(struct fuzzer *f)
{
	static const int allowed[] = { EINVAL, EXDEV, EOPNOTSUPP, ESPIPE,
				       EOVERFLOW, ETXTBSY, EFBIG, EFAULT, EIO,
				       ESRCH, 0 };
	loff_t from = fuzz_offset(f), to = fuzz_offset(f);

	refused(f, copy_file_range(fuzz_slot(f)->fd, &from, fuzz_slot(f)->fd,
				   &to, fuzz_below(f, 65536), 0), allowed);
}

/* FIONBIO would have reads wait, FIFREEZE stops the file system. */
void fuzz_ioctl(struct fuzzer *f)
{
	static const int allowed[] = { ENOTTY, EINVAL, EFAULT, EOPNOTSUPP, EXDEV,
				       EISDIR, EPERM, ENOMEM, 0 };
	static const unsigned int known[] = {
		FIONREAD, FIGETBSZ, FIBMAP, FS_IOC_GETFLAGS, FS_IOC_SETFLAGS,
		FICLONE, FICLONERANGE, FIDEDUPERANGE, TCGETS, 0, ~0U
	};
	unsigned int command = fuzz_chance(f, 2) ?
		known[fuzz_below(f, sizeof(known) / sizeof(known[0]))] :
		('z' << 8 | (fuzz_random(f) & 0xffff00ff));
	void *argument = fuzz_chance(f, 2) ? f->arena :
					     fuzz_bad_pointer(f, 64);

	memset(f->arena, 0, 64);
	fuzz_result(f, ioctl(fuzz_slot(f)->fd, command, argument), allowed);
}

void fuzz_truncate(struct fuzzer *f)
{
	static const int allowed[] = { EINVAL, EFBIG, EPERM, EOPNOTSUPP, ENODEV,
				       ESPIPE, 0 };
	int fd = fuzz_slot(f)->fd;
	long long length = fuzz_offset(f);

	if (fuzz_chance(f, 2))
		fuzz_result(f, ftruncate(fd, length), allowed);
	else
		refused(f, fallocate(fd, fuzz_below(f, 128), length,
				     fuzz_offset(f)), allowed);
}

void fuzz_mmap(struct fuzzer *f)
{
	static const int allowed[] = { ENODEV, EACCES, EINVAL, EPERM, 0 };
	void *at = mmap(NULL, PAGE << fuzz_below(f, 4),
			fuzz_below(f, 8), fuzz_chance(f, 2) ? MAP_SHARED :
							      MAP_PRIVATE,
			fuzz_slot(f)->fd, fuzz_below(f, 16) * PAGE);

	if (at != MAP_FAILED)
		fuzz_wrong(f, "was mapped", (long)at, 0);
	fuzz_result(f, -1, allowed);
}

void fuzz_poll(struct fuzzer *f)
{
	static const int allowed[] = { 0 };
	struct pollfd fds[3];
	int i;

	for (i = 0; i < 3; i++) {
		fds[i].fd = fuzz_slot(f)->fd;
		fds[i].events = fuzz_random(f);
	}
	fuzz_result(f, poll(fds, 3, 0), allowed);
}

void fuzz_fcntl(struct fuzzer *f)
{
	static const int allowed[] = { EINVAL, ENOTDIR, EAGAIN, EACCES, 0 };
	struct flock lock = { .l_type = F_WRLCK };
	int fd = fuzz_slot(f)->fd;

	switch (fuzz_below(f, 8)) {
	case 0:
		fuzz_result(f, fcntl(fd, F_GETFL), allowed);
		break;
	case 1:
		fuzz_result(f, fcntl(fd, F_SETFL, O_NONBLOCK |
				     (fuzz_chance(f, 2) ? O_APPEND : 0)),
			    allowed);
		break;
	case 2:
		fuzz_result(f, fcntl(fd, F_SETFD, FD_CLOEXEC), allowed);
		break;
	case 3:
		fuzz_result(f, fcntl(fd, F_GETLK, &lock), allowed);
		break;
	case 4:
		fuzz_result(f, fcntl(fd, F_GETPIPE_SZ), allowed);
		break;
	case 5:
		fuzz_result(f, flock(fd, LOCK_SH | LOCK_NB), allowed);
		break;
	case 6:
		fuzz_result(f, fsync(fd), allowed);
		break;
	default:
		fuzz_result(f, fcntl(fd, F_NOTIFY, DN_ACCESS), allowed);
	}
}

void fuzz_stat(struct fuzzer *f)
{
	static const int allowed[] = { 0 };
	struct stat st;

	fuzz_result(f, fstat(fuzz_slot(f)->fd, &st), allowed);
}
