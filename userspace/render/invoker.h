/* SPDX-License-Identifier: GPL-2.0 */
/* The user who called sudo, to whom what is written for them belongs. */
#ifndef RENDER_INVOKER_H
#define RENDER_INVOKER_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

/**
 * invoker_ids - who called sudo
 * @uid: set to the user
 * @gid: set to their group
 *
 * Return: false if we are not root by sudo, or it was root who called it.
 */
bool invoker_ids(uid_t *uid, gid_t *gid);

/**
 * invoker_file - open a file to write to, which belongs to the invoker if it is new
 * @path: what was there stays whose it is, also at the end of a symbolic link
 * @append: leave what is in it
 *
 * Return: the file, or NULL with errno set.
 */
FILE *invoker_file(const char *path, bool append);

#endif /* RENDER_INVOKER_H */
