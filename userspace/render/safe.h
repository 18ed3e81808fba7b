/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Text that others have chosen: the names of processes, files and mappings, and
 * what stands in files that were sent in. A terminal obeys what is in it, and
 * any user can put that there; so it is written through here.
 */
#ifndef RENDER_SAFE_H
#define RENDER_SAFE_H

#include <stddef.h>
#include <stdio.h>

/* No character becomes longer than this, and no text by more than this factor. */
#define SAFE_MAX	16
#define SAFE_GROWTH	4

/**
 * safe_step - the next character, as it may be written
 * @text: moved on behind it; not at its end
 * @to: room for SAFE_MAX bytes; there is no NUL behind them
 * @columns: what it takes on a terminal is added
 *
 * What is not printable in the locale becomes \xNN, byte by byte, and so does a
 * backslash that looks like the beginning of that.
 *
 * Return: bytes of it.
 */
size_t safe_step(const char **text, char *to, unsigned int *columns);

/**
 * safe_escape - the next byte as \xNN, whatever it is
 * @text: as for safe_step(), like the next two
 * @to: see @text
 * @columns: see @text
 *
 * Return: as for safe_step().
 */
size_t safe_escape(const char **text, char *to, unsigned int *columns);

/**
 * put_safe - write a text that somebody else has chosen
 * @out: where to
 * @text: whatever it is
 *
 * Return: the columns that it takes.
 */
unsigned int put_safe(FILE *out, const char *text);

#endif /* RENDER_SAFE_H */
