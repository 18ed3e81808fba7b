/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Text that others have chosen: the names of processes, files and mappings, and
 * what stands in files that were sent in. A terminal obeys what is in it, and
 * any user can put that there; so it is written through here.
 */
#ifndef RENDER_SAFE_H
#define RENDER_SAFE_H

#include <stdbool.h>
#include <stdio.h>

/**
 * put_safe - write a text that somebody else has chosen
 * @out: where to
 * @text: whatever it is
 *
 * What is not printable in the locale becomes \xNN, byte by byte, and so does a
 * backslash that looks like the beginning of that.
 *
 * Return: the columns that it takes.
 */
unsigned int put_safe(FILE *out, const char *text);

/**
 * put_safe_cell - the same for a cell of a table
 * @out: where to
 * @text: whatever it is
 * @no_blanks: a blank would be the end of the cell, and becomes \xNN as well
 * @room: columns that there are; the rest of the text is left out
 *
 * Return: as for put_safe().
 */
unsigned int put_safe_cell(FILE *out, const char *text, bool no_blanks,
			   unsigned int room);

/** safe_width - the columns that put_safe() would take for @text */
size_t safe_width(const char *text);

/**
 * safe_shorten - leave out the middle: "/usr/lib/x86_64...libc.so.6"
 * @text: whatever it is, still to be written by put_safe()
 * @room: columns that there are; with less than 8, nothing is done
 *
 * Return: to be freed; NULL if it fits, or cannot be shortened.
 */
char *safe_shorten(const char *text, size_t room);

#endif /* RENDER_SAFE_H */
