// SPDX-License-Identifier: GPL-2.0
/* Files one after the other, through libzstd. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <zstd.h>

#include "pack.h"
#include "spool.h"
#include "ustar.h"

#define CHUNK		(64 << 10)

/**
 * struct pack - a tar file that is being written
 * @fd: where to
 * @z: of libzstd; NULL if it is not compressed
 * @out: @out_size bytes
 * @out_size: of @out
 */
struct pack {
	int fd;
	ZSTD_CCtx *z;
	void *out;
	size_t out_size;
};

int pack_open(int fd, bool compress, struct pack **p)
{
	struct pack *made = calloc(1, sizeof(*made));

	if (!made)
		return -ENOMEM;
	made->fd = fd;
	made->out_size = ZSTD_CStreamOutSize();
	made->out = malloc(made->out_size);
	if (compress)
		made->z = ZSTD_createCCtx();
	if (!made->out || (compress && !made->z)) {
		pack_close(made);
		return -ENOMEM;
	}
	if (compress)
		ZSTD_CCtx_setParameter(made->z, ZSTD_c_checksumFlag, 1);
	*p = made;
	return 0;
}

void pack_close(struct pack *p)
{
	if (!p)
		return;
	ZSTD_freeCCtx(p->z);
	free(p->out);
	free(p);
}

static int compress(struct pack *p, const void *data, size_t size,
		    ZSTD_EndDirective how)
{
	ZSTD_inBuffer in = { data, size, 0 };
	size_t left;
	int err;

	do {
		ZSTD_outBuffer out = { p->out, p->out_size, 0 };

		left = ZSTD_compressStream2(p->z, &out, &in, how);
		if (ZSTD_isError(left))
			return -ENOMEM;
		err = write_all(p->fd, p->out, out.pos);
	} while (!err && (in.pos < in.size || (how == ZSTD_e_end && left)));
	return err;
}

static int put(struct pack *p, const void *data, size_t size)
{
	return p->z ? compress(p, data, size, ZSTD_e_continue) :
		      write_all(p->fd, data, size);
}

static int put_padding(struct pack *p, __u64 size)
{
	static const char none[USTAR_BLOCK];

	return put(p, none, ustar_padding(size));
}

static int put_header(struct pack *p, const char *name, __u64 size)
{
	struct ustar h = {
		.mode = "0000600",
		.uid = "0000000",
		.gid = "0000000",
		.mtime = "00000000000",
		.type = '0',
		.magic = "ustar",
		.version = { '0', '0' },
	};

	_Static_assert(sizeof(h) == USTAR_BLOCK, "a header is a block");
	if (size > USTAR_SIZE_MAX)
		return -EFBIG;
	snprintf(h.name, sizeof(h.name), "%s", name);
	snprintf(h.size, sizeof(h.size), "%011llo", size);
	snprintf(h.sum, sizeof(h.sum), "%06o", ustar_sum(&h));
	h.sum[7] = ' ';
	return put(p, &h, sizeof(h));
}

int pack_text(struct pack *p, const char *name, const char *text)
{
	size_t size = strlen(text);
	int err = put_header(p, name, size);

	if (!err)
		err = put(p, text, size);
	return err ? err : put_padding(p, size);
}

int pack_file(struct pack *p, const char *name, int fd, __u64 size)
{
	char *chunk = malloc(CHUNK);
	int err = chunk ? put_header(p, name, size) : -ENOMEM;
	__u64 at = 0;
	ssize_t n;

	while (!err && at < size) {
		n = pread(fd, chunk, size - at < CHUNK ? size - at : CHUNK, at);
		if (n <= 0)
			err = n ? -errno : -EIO;
		else
			err = put(p, chunk, n);
		at += n;
	}
	free(chunk);
	return err ? err : put_padding(p, size);
}

/* Two blocks of nothing. */
int pack_end(struct pack *p)
{
	static const char none[2 * USTAR_BLOCK];
	int err = put(p, none, sizeof(none));

	if (!err && p->z)
		err = compress(p, NULL, 0, ZSTD_e_end);
	return err;
}
