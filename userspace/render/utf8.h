/* SPDX-License-Identifier: GPL-2.0 */
/* What of a text is UTF-8: formats that others read want nothing else. */
#ifndef RENDER_UTF8_H
#define RENDER_UTF8_H

#include <stddef.h>

/**
 * utf8_length - the character that begins here
 * @text: ends with a NUL
 *
 * Return: bytes of it, at most 4; 0 if these bytes are no UTF-8.
 */
size_t utf8_length(const char *text);

#endif /* RENDER_UTF8_H */
