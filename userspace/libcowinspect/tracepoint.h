/* SPDX-License-Identifier: GPL-2.0 */
/* Tracepoints as tracefs describes them. */
#ifndef COWI_TRACEPOINT_H
#define COWI_TRACEPOINT_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/types.h>

/**
 * struct cowi_field - where a number is in a record
 * @offset: of its first byte
 * @size: 1, 2, 4 or 8 bytes, or 0 if the record has none
 */
struct cowi_field {
	size_t offset;
	size_t size;
};

/**
 * cowi_tracepoint_parse - find out what a record of a tracepoint looks like
 * @text: the tracepoint's "format" file
 * @names: of the fields that are wanted
 * @nr: how many
 * @field: filled in with as many; those that @text does not have are of size 0
 * @id: set to the tracepoint's number
 *
 * Return: 0, or -COWI_EFORMAT if @text is no such file.
 */
int cowi_tracepoint_parse(const char *text, const char *const *names, size_t nr,
			  struct cowi_field *field, unsigned int *id);

/**
 * cowi_tracepoint_read - the "format" file of a tracepoint of the module
 * @name: of the tracepoint
 * @text: set on success, to be freed
 *
 * Return: 0; -COWI_ENOTRACEFS, -COWI_ENOTLOADED, -COWI_ENOTRACEPOINT,
 * -COWI_EPRIV, -COWI_ELOCKDOWN or -errno.
 */
int cowi_tracepoint_read(const char *name, char **text);

/**
 * cowi_field_get - a number of a record
 * @f: which one
 * @raw: the record
 * @size: bytes of it
 *
 * Return: 0 if there is none.
 */
__u64 cowi_field_get(const struct cowi_field *f, const char *raw, size_t size);

#endif /* COWI_TRACEPOINT_H */
