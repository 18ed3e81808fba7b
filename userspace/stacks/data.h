/* SPDX-License-Identifier: GPL-2.0 */
/* Pages of files as what is in them: sections and variables. */
#ifndef STACKS_DATA_H
#define STACKS_DATA_H

#include "object.h"

/**
 * data_text - what is in a piece of a file as it is mapped
 * @object: file
 * @addr: first address, as the file has it
 * @size: bytes
 *
 * Return: "FILE .data: stdout, environ", valid as long as @object; NULL for what is in
 * no section, or without memory.
 */
const char *data_text(struct object *object, __u64 addr, __u64 size);

#endif /* STACKS_DATA_H */
