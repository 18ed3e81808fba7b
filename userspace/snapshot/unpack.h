/* SPDX-License-Identifier: GPL-2.0 */
/* A snapshot to be read. */
#ifndef SNAPSHOT_UNPACK_H
#define SNAPSHOT_UNPACK_H

struct cowi;

/**
 * snapshot_unpack - make a file readable anywhere
 * @fd: of the file, which is compressed or not; stays the caller's
 *
 * Return: a descriptor for cowi_open_fd(); -COWI_ESNAPSHOT, -COWI_ETRUNCATED or -errno.
 */
int snapshot_unpack(int fd);

/**
 * snapshot_open - connect to it, or say why not
 * @path: of the file
 * @c: set on success; to be given to cowi_close()
 *
 * Return: EXIT_OK or EXIT_FAILED.
 */
int snapshot_open(const char *path, struct cowi **c);

#endif /* SNAPSHOT_UNPACK_H */
