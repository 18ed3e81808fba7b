/* SPDX-License-Identifier: GPL-2.0 */
/* A header of a tar file, as POSIX has it (ustar); tar(5) of libarchive shows it. */
#ifndef COWI_USTAR_H
#define COWI_USTAR_H

#include <stdio.h>
#include <string.h>
#include <linux/types.h>

#define USTAR_BLOCK	512

/**
 * struct ustar - one, filled up to USTAR_BLOCK
 * @name: of the file, NUL-terminated unless it is that long
 * @mode: numbers are in octal digits
 * @uid: owner
 * @gid: group
 * @size: of the file, in bytes
 * @mtime: in seconds of the epoch
 * @sum: of all bytes, these eight taken for blanks
 * @type: '0' for a file
 * @link: of links
 * @magic: "ustar", and @version "00"
 * @version: see @magic
 * @uname: name of the owner
 * @gname: name of the group
 * @major: of devices
 * @minor: of devices
 * @prefix: what stands before @name
 * @fill: nothing
 */
struct ustar {
	char name[100];
	char mode[8];
	char uid[8];
	char gid[8];
	char size[12];
	char mtime[12];
	char sum[8];
	char type;
	char link[100];
	char magic[6];
	char version[2];
	char uname[32];
	char gname[32];
	char major[8];
	char minor[8];
	char prefix[155];
	char fill[12];
};

/** USTAR_SIZE_MAX - what eleven octal digits hold */
#define USTAR_SIZE_MAX	((1ull << 33) - 1)

static inline unsigned int ustar_sum(const struct ustar *h)
{
	const unsigned char *byte = (const unsigned char *)h;
	unsigned int sum = 0;
	size_t i;

	for (i = 0; i < sizeof(*h); i++)
		sum += byte[i];
	for (i = 0; i < sizeof(h->sum); i++)
		sum += ' ' - (unsigned char)h->sum[i];
	return sum;
}

/** ustar_padding - bytes from the end of a file of @size to the next header */
static inline size_t ustar_padding(__u64 size)
{
	return -size & (USTAR_BLOCK - 1);
}

#endif /* COWI_USTAR_H */
