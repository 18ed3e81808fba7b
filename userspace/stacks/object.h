/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Files with code, and the functions of addresses in them: each file once, however many
 * processes have it mapped, wherever.
 */
#ifndef STACKS_OBJECT_H
#define STACKS_OBJECT_H

#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <sys/stat.h>

#include <linux/types.h>

#include "lru.h"

/* Of these, the ones that nobody has mapped and that were of no use for longest go. */
#define OBJECTS_MAX	256

/**
 * struct object_symbol - what an address is, once that was found out
 * @addr: address; 0 for a place that is free
 * @first: of @frame of struct object
 * @nr: how many: inlined functions first
 */
struct object_symbol {
	__u64 addr;
	size_t first;
	size_t nr;
};

/**
 * struct object_data - what is in a piece of it, once that was found out
 * @addr: first address, as the file has it
 * @size: bytes
 * @text: see data_text()
 */
struct object_data {
	__u64 addr;
	__u64 size;
	char *text;
};

/**
 * struct object - one of them
 * @lru: its users are the spaces that have it mapped
 * @file: what it is known by: device, inode, size and time of change
 * @dwfl: has it, and nothing else
 * @module: it
 * @bias: how far its addresses in @dwfl are from those in the file
 * @nr_symbols: places of @symbol that are used
 * @symbol_room: places of @symbol, a power of two, or 0
 * @symbol: hash table, by addresses as the file has them
 * @nr_frames: entries in @frame
 * @frame: frames of struct calls
 * @nr_data: entries in @data
 * @data: pieces that were asked for
 */
struct object {
	struct lru lru;
	struct stat file;
	Dwfl *dwfl;
	Dwfl_Module *module;
	__u64 bias;
	size_t nr_symbols;
	size_t symbol_room;
	struct object_symbol *symbol;
	size_t nr_frames;
	size_t *frame;
	size_t nr_data;
	struct object_data *data;
};

/**
 * struct objects - all of them
 * @nr: how many
 * @first: the last one that was of use
 */
struct objects {
	size_t nr;
	struct lru *first;
};

/**
 * object_get - that of a file
 * @objects: zeroed at first; free with objects_release()
 * @fd: the file; stays open
 * @name: its path, or a name in brackets for memory of the kernel, which is the same
 *	whenever it has that name
 *
 * Return: with one of its @users more; NULL without memory, or for what is no such
 * file.
 */
struct object *object_get(struct objects *objects, int fd, const char *name);

/** object_put - a user less; of NULL, too */
void object_put(struct object *object);
void objects_release(struct objects *objects);

/**
 * object_dwfl - a libdwfl that finds what stands beside a file as debuggers do
 *
 * Return: NULL without memory.
 */
Dwfl *object_dwfl(void);

#endif /* STACKS_OBJECT_H */
