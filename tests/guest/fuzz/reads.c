// SPDX-License-Identifier: GPL-2.0
/* Reads of all kinds, of all sizes, at all offsets, into all pointers. */
#include <sys/uio.h>

#include "fuzz.h"

#define IOVECS	8

/* What the ABI document says that a read may end with, and what VFS adds. */
static const int errors[FUZZ_NR_FILES][8] = {
	[FUZZ_ATTACH] = { EINVAL, EFAULT },
	[FUZZ_DETACH] = { EINVAL, EFAULT },
	[FUZZ_STATUS] = { EINVAL, EFAULT },
	[FUZZ_SUMMARY] = { EINVAL, EFAULT, ESRCH, EIO },
	[FUZZ_VMAS] = { EINVAL, EFAULT, ESRCH, EIO },
	[FUZZ_PAGES] = { EINVAL, EFAULT, ESRCH, EIO },
	[FUZZ_FAULTS] = { EINVAL, EFAULT, EIO },
};

/* For one who does not know what the file is. */
static const int any[] = { EINVAL, EFAULT, ESRCH, EIO, 0 };

static const int *errors_of(struct fuzzer *f, const struct fuzz_slot *s)
{
	return f->race ? any : errors[s->file];
}

/* Ascending, and of user space. */
static void judge_pages(struct fuzzer *f, const void *buffer, size_t got)
{
	const struct cowinspect_page *page = buffer;
	size_t i, n = got / sizeof(*page);

	for (i = 0; i < n; i++) {
		if (page[i].addr >> 57 || page[i].kind >= COWI_NR_KINDS ||
		    (i && page[i].addr <= page[i - 1].addr))
			fuzz_wrong(f, "is no record", i, page[i].addr);
	}
}

static void judge(struct fuzzer *f, const struct fuzz_slot *s, ssize_t got,
		  size_t asked, const void *buffer)
{
	fuzz_result(f, got, errors_of(f, s));
	if (got <= 0)
		return;
	if ((size_t)got > asked)
		fuzz_wrong(f, "is more than was asked for", got, asked);
	if (f->race)
		return;
	if (s->file < FUZZ_STATUS)
		fuzz_wrong(f, "was read from a file for writing", got, 0);
	if (s->file != FUZZ_PAGES)
		return;
	if (got % sizeof(struct cowinspect_page))
		fuzz_wrong(f, "is no multiple of the record", got, s->file);
	if (buffer)
		judge_pages(f, buffer, got);
}

/* What lies behind the bytes that were asked for stays as it was. */
static void guarded_read(struct fuzzer *f, bool at_offset)
{
	struct fuzz_slot *s = fuzz_slot(f);
	size_t size = fuzz_size(f);
	bool fits = size < FUZZ_ARENA;
	ssize_t got;

	if (fits)
		f->arena[size] = 0x5a;
	if (at_offset)
		got = pread(s->fd, f->arena, size, fuzz_offset(f));
	else
		got = read(s->fd, f->arena, size);
	judge(f, s, got, size, f->arena);
	if (fits && f->arena[size] != 0x5a)
		fuzz_wrong(f, "bytes asked for, more were written", size, 0);
}

void fuzz_read(struct fuzzer *f)
{
	guarded_read(f, false);
}

void fuzz_pread(struct fuzzer *f)
{
	guarded_read(f, true);
}

void fuzz_read_bad(struct fuzzer *f)
{
	struct fuzz_slot *s = fuzz_slot(f);
	size_t size = fuzz_size(f);
	void *buffer = fuzz_bad_pointer(f, size);

	judge(f, s, fuzz_chance(f, 2) ? read(s->fd, buffer, size) :
	      pread(s->fd, buffer, size, fuzz_offset(f)), size, NULL);
}

/* Into pieces of the arena, some of them empty, or nowhere. */
static size_t make_iovecs(struct fuzzer *f, struct iovec *io, int n)
{
	size_t asked = 0;
	int i;

	for (i = 0; i < n; i++) {
		io[i].iov_len = fuzz_chance(f, 4) ? 0 : fuzz_below(f, 8192);
		io[i].iov_base = fuzz_chance(f, 10) ?
			fuzz_bad_pointer(f, io[i].iov_len) : f->arena + i * 8192;
		asked += io[i].iov_len;
	}
	return asked;
}

void fuzz_readv(struct fuzzer *f)
{
	struct fuzz_slot *s = fuzz_slot(f);
	struct iovec io[IOVECS];
	int n = fuzz_below(f, IOVECS + 1);
	size_t asked = make_iovecs(f, io, n);

	judge(f, s, readv(s->fd, io, fuzz_chance(f, 20) ? -n : n), asked, NULL);
}

void fuzz_preadv(struct fuzzer *f)
{
	static const int flags[] = { 0, RWF_HIPRI, RWF_NOWAIT, RWF_DSYNC, 0x4000 };
	static const int flag_errors[] = { EINVAL, EFAULT, ESRCH, EIO, EAGAIN,
					   EOPNOTSUPP, 0 };
	struct fuzz_slot *s = fuzz_slot(f);
	int n = fuzz_below(f, IOVECS + 1);
	struct iovec io[IOVECS];
	size_t asked = make_iovecs(f, io, n);
	ssize_t got;

	if (fuzz_chance(f, 2)) {
		judge(f, s, preadv(s->fd, io, n, fuzz_offset(f)), asked, NULL);
		return;
	}
	got = preadv2(s->fd, io, n, fuzz_offset(f), flags[fuzz_below(f, 5)]);
	if (got > 0)
		judge(f, s, got, asked, NULL);
	else
		fuzz_result(f, got, flag_errors);
}

void fuzz_lseek(struct fuzzer *f)
{
	static const int allowed[] = { EINVAL, ENXIO, EIO, ESRCH, 0 };
	static const int whences[] = { SEEK_SET, SEEK_SET, SEEK_CUR, SEEK_END,
				       SEEK_DATA, SEEK_HOLE, 77 };
	struct fuzz_slot *s = fuzz_slot(f);
	int whence = whences[fuzz_below(f, 7)];
	long long offset = fuzz_offset(f);
	long long got = lseek(s->fd, offset, whence);

	fuzz_result(f, got, allowed);
	if (got >= 0 && whence == SEEK_SET && s->file >= FUZZ_STATUS &&
	    !f->race && got != offset)
		fuzz_wrong(f, "is not where it seeked to", got, offset);
}
