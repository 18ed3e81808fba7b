/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Address spaces, as far as unwinding needs them: the files whose code is mapped.
 * What is opened stays open, so that stacks are unwound after the process has gone.
 * Processes that have the same code at the same addresses share one of them.
 */
#ifndef STACKS_SPACE_H
#define STACKS_SPACE_H

#include "libcowinspect_stream.h"
#include "object.h"

/* Of these, the ones that were of no use for longest are closed. */
#define SPACES_MAX	32

/** enum stack_end - where unwinding came to its end, and why */
enum stack_end {
	STACK_WHOLE,
	STACK_SHORT,
	STACK_NO_CFI,
	STACK_NO_FILE,
	STACK_CHANGED,
	STACK_NO_OBJECT,
	STACK_UNMAPPED,
	STACK_UNREADABLE,
	STACK_DEEP,
	STACK_NO_REGS,
	STACK_32BIT,
	STACK_NO_MAPS,
	STACK_EMPTY,
	STACK_BUSY,
	NR_STACK_ENDS
};

/**
 * struct space_gap - code that is mapped, of which there is no file
 * @start: first address
 * @end: first address after it
 * @offset: of @start in the file, in bytes
 * @why: STACK_NO_FILE or STACK_CHANGED
 * @name: of the mapping
 */
struct space_gap {
	__u64 start;
	__u64 end;
	__u64 offset;
	enum stack_end why;
	char *name;
};

/**
 * struct space - one of them
 * @lru: its users are the stacks that wait to be unwound
 * @code: from cowi_stream_code()
 * @dwfl: its files, each with its struct object as data
 * @nr_gaps: entries in @gap
 * @gap: by address
 */
struct space {
	struct lru lru;
	__u64 code;
	Dwfl *dwfl;
	size_t nr_gaps;
	struct space_gap *gap;
};

/**
 * struct spaces - all of them
 * @nr: how many
 * @first: the last one that was of use
 * @objects: their files
 */
struct spaces {
	size_t nr;
	struct lru *first;
	struct objects objects;
};

/**
 * space_open - open the files
 * @objects: they are among these
 * @pid: whose they are: it may have gone
 * @mapping: what is mapped to be executed
 * @nr: entries in @mapping
 *
 * Return: NULL without memory.
 */
struct space *space_open(struct objects *objects, pid_t pid,
			 const struct cowi_mapping *mapping, size_t nr);
void space_close(struct space *space);

/**
 * space_module - the file that an address is in
 * @space: space
 * @addr: address
 * @bias: set to how far that is from where the file has it
 *
 * Return: NULL if there is none.
 */
Dwfl_Module *space_module(const struct space *space, __u64 addr, __u64 *bias);

/** space_object - the same */
struct object *space_object(const struct space *space, __u64 addr, __u64 *bias);

/** space_gap - the gap that an address is in, or NULL */
const struct space_gap *space_gap(const struct space *space, __u64 addr);

/**
 * spaces_get - that of a process, as of the last event of its stream
 * @spaces: zeroed at first; free with spaces_release()
 * @stream: stream
 * @pid: process; nothing is known of it: it has none
 * @out: set to it, or to NULL
 *
 * It may be closed by the next call, unless it has @users.
 *
 * Return: 0 or -ENOMEM.
 */
int spaces_get(struct spaces *spaces, const struct cowi_stream *stream,
	       pid_t pid, struct space **out);
void spaces_release(struct spaces *spaces);

#endif /* STACKS_SPACE_H */
