/* SPDX-License-Identifier: GPL-2.0 */
/* Files in a tar file that is not compressed, found by their names. */
#ifndef COWI_ARCHIVE_H
#define COWI_ARCHIVE_H

#include <stddef.h>
#include <linux/types.h>

/**
 * struct cowi_piece - a file in it
 * @name: as it is there
 * @start: of its first byte
 * @size: in bytes; all of them are there
 */
struct cowi_piece {
	char name[101];
	__u64 start;
	__u64 size;
};

/**
 * struct cowi_archive - a tar file
 * @fd: of it
 * @nr: entries in @piece
 * @piece: by name
 */
struct cowi_archive {
	int fd;
	size_t nr;
	struct cowi_piece *piece;
};

/**
 * cowi_archive_open - find out what is in it
 * @fd: of a file that can be read anywhere; belongs to @a from now on
 * @a: filled in; to be given to cowi_archive_close(), also after an error
 *
 * Return: 0; -COWI_ESNAPSHOT for what is no tar file, -COWI_ETRUNCATED, -ENOMEM or
 * -errno.
 */
int cowi_archive_open(int fd, struct cowi_archive *a);
void cowi_archive_close(struct cowi_archive *a);

/** cowi_archive_find - a file by its name; NULL if there is none */
const struct cowi_piece *cowi_archive_find(const struct cowi_archive *a,
					   const char *name);

#endif /* COWI_ARCHIVE_H */
