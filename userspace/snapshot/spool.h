/* SPDX-License-Identifier: GPL-2.0 */
/* Files that nobody sees, and that are gone with their descriptor. */
#ifndef SNAPSHOT_SPOOL_H
#define SNAPSHOT_SPOOL_H

#include <stddef.h>

/**
 * spool_open - a file without a name, in $TMPDIR or /var/tmp, or else in /tmp
 *
 * Return: its descriptor or -errno.
 */
int spool_open(void);

/**
 * write_all - all of it, where the file is just now
 * @fd: file
 * @data: @size bytes
 * @size: of @data
 *
 * Return: 0 or -errno.
 */
int write_all(int fd, const void *data, size_t size);

#endif /* SNAPSHOT_SPOOL_H */
