/* SPDX-License-Identifier: GPL-2.0 */
/* What a program calls itself. */
#ifndef SELECT_TITLE_H
#define SELECT_TITLE_H

#include "choice.h"

/**
 * title_read - its command line, or what it has put in its place
 * @target: process
 * @buf: result, to be written with put_safe(), without the directory of its program;
 *	where there is none, its name in brackets, or "process 77"
 * @size: bytes of @buf
 */
void title_read(const struct target *target, char *buf, size_t size);

#endif /* SELECT_TITLE_H */
