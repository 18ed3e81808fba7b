/* SPDX-License-Identifier: GPL-2.0 */
/* Writes a tar file, compressed or not, as it comes. */
#ifndef SNAPSHOT_PACK_H
#define SNAPSHOT_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

struct pack;

/**
 * pack_open - begin
 * @fd: where to; stays the caller's
 * @compress: by zstd
 * @p: set on success; to be given to pack_close()
 *
 * Return: 0 or -ENOMEM.
 */
int pack_open(int fd, bool compress, struct pack **p);

/**
 * pack_text - a file with a text
 * @p: tar file
 * @name: of the file, 99 bytes at most
 * @text: what is in it
 *
 * Return: 0 or -errno.
 */
int pack_text(struct pack *p, const char *name, const char *text);

/**
 * pack_file - a file with what is in another one
 * @p: tar file
 * @name: of the file, 99 bytes at most
 * @fd: its first @size bytes
 * @size: of what is in it
 *
 * Return: 0, -EFBIG for 8 GiB and more, or -errno.
 */
int pack_file(struct pack *p, const char *name, int fd, __u64 size);

/**
 * pack_end - no file follows
 * @p: tar file
 *
 * Return: 0 or -errno.
 */
int pack_end(struct pack *p);
void pack_close(struct pack *p);

#endif /* SNAPSHOT_PACK_H */
