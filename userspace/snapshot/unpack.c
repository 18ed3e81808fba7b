// SPDX-License-Identifier: GPL-2.0
/*
 * What is compressed cannot be read from any place, as tables want to: it is unpacked
 * into a file without a name, which takes room on a disk, not memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "commands.h"
#include "internal.h"
#include "spool.h"
#include "unpack.h"

/* At the beginning of what is compressed: RFC 8878. */
static const unsigned char magic[] = { 0x28, 0xb5, 0x2f, 0xfd };

/**
 * struct unpacking - a file that is being unpacked
 * @from: compressed
 * @to: not
 * @z: of libzstd
 * @in: ZSTD_DStreamInSize() bytes
 * @out: ZSTD_DStreamOutSize() bytes
 * @open: something is missing yet
 */
struct unpacking {
	int from;
	int to;
	ZSTD_DStream *z;
	void *in;
	void *out;
	bool open;
};

static int unpack_some(struct unpacking *u, size_t size)
{
	ZSTD_inBuffer in = { u->in, size, 0 };
	size_t left;
	int err = 0;

	while (!err && in.pos < in.size) {
		ZSTD_outBuffer out = { u->out, ZSTD_DStreamOutSize(), 0 };

		left = ZSTD_decompressStream(u->z, &out, &in);
		if (ZSTD_isError(left))
			return -COWI_ESNAPSHOT;
		u->open = left;
		err = write_all(u->to, u->out, out.pos);
	}
	return err;
}

static int unpack_all(struct unpacking *u)
{
	off_t at = 0;
	ssize_t n;
	int err = 0;

	while (!err && (n = pread(u->from, u->in, ZSTD_DStreamInSize(), at))) {
		if (n < 0)
			return -errno;
		at += n;
		err = interrupt_signal() ? -EINTR : unpack_some(u, n);
	}
	return err || !u->open ? err : -COWI_ETRUNCATED;
}

static int unpack(int fd)
{
	struct unpacking u = {
		.from = fd,
		.to = spool_open(),
		.z = ZSTD_createDStream(),
		.in = malloc(ZSTD_DStreamInSize()),
		.out = malloc(ZSTD_DStreamOutSize()),
		.open = true,
	};
	int err = u.to;

	if (u.to >= 0)
		err = u.z && u.in && u.out ? unpack_all(&u) : -ENOMEM;
	ZSTD_freeDStream(u.z);
	free(u.in);
	free(u.out);
	if (err < 0 && u.to >= 0)
		close(u.to);
	return err < 0 ? err : u.to;
}

int snapshot_unpack(int fd)
{
	unsigned char head[sizeof(magic)];
	int copy;

	if (pread(fd, head, sizeof(head), 0) == sizeof(head) &&
	    !memcmp(head, magic, sizeof(magic)))
		return unpack(fd);
	copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	return copy < 0 ? -errno : copy;
}

static int open_path(const char *path, struct cowi **c)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), plain;

	if (fd < 0)
		return -errno;
	plain = snapshot_unpack(fd);
	close(fd);
	return plain < 0 ? plain : cowi_open_fd(plain, c);
}

int snapshot_open(const char *path, struct cowi **c)
{
	int err = open_path(path, c);

	return err ? report(path, err) : EXIT_OK;
}
