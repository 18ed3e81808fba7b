/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which code it was: call paths, and what faults cost that came from there.
 *
 * Paths are kept once, as a tree that grows from the outermost caller, whatever
 * the number of processes; what each process did there stands in a struct
 * calls_costs of its own, and groups of processes are these, merged.
 */
#ifndef STACKS_CALLS_H
#define STACKS_CALLS_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/types.h>

/* The path of no frames at all. */
#define CALLS_ROOT	0

/**
 * struct calls_frame - a function, at a place in it
 * @function: its name; "" if nothing tells it
 * @object: file that it is in, "[vdso]" or another name in brackets; "" for none
 * @file: source file, "" if nothing tells it
 * @line: in @file, or 0
 * @offset: where in @object, in bytes as symbol tables count them; 0 with @function,
 *	so that a function is one frame, or several if their lines differ
 * @inlined: it has no frame of its own: the next outer one has its code
 */
struct calls_frame {
	const char *function;
	const char *object;
	const char *file;
	unsigned int line;
	__u64 offset;
	bool inlined;
};

/**
 * struct calls_cost - what faults add up to
 * @faults: how many
 * @bytes: that they copied, filled or mapped
 * @ns: nanoseconds that the kernel worked at them
 */
struct calls_cost {
	__u64 faults;
	__u64 bytes;
	__u64 ns;
};

/**
 * struct calls_path - a path: a frame and what called it
 * @frame: of struct calls, of the innermost function
 * @caller: path without it; CALLS_ROOT at the end
 * @depth: number of frames
 */
struct calls_path {
	size_t frame;
	size_t caller;
	unsigned int depth;
};

struct calls_index;

/**
 * struct calls - frames and paths
 * @nr_frames: entries in @frame
 * @frame: each of them once; the strings belong to it
 * @nr_paths: entries in @path
 * @path: callers stand before what they call; the first is CALLS_ROOT
 * @index: to find them
 */
struct calls {
	size_t nr_frames;
	struct calls_frame *frame;
	size_t nr_paths;
	struct calls_path *path;
	struct calls_index *index;
};

/**
 * struct calls_self - what was done at the end of a path
 * @path: of struct calls
 * @cost: of faults whose innermost function ends that path, no longer one
 */
struct calls_self {
	size_t path;
	struct calls_cost cost;
};

/**
 * struct calls_costs - what a process did, or a group of them
 * @nr: entries in @self, at most as many as there are paths
 * @self: in the order of paths; those where nothing was done are left out, as
 *	processes are many, and most of them know few of the paths
 */
struct calls_costs {
	size_t nr;
	struct calls_self *self;
};

/**
 * calls_init - begin
 * @c: free with calls_release(), also after an error
 *
 * Return: 0 or -ENOMEM.
 */
int calls_init(struct calls *c);
/** calls_release - the end; of one that is zeroed, too */
void calls_release(struct calls *c);

/**
 * calls_frame - the number of a frame
 * @c: from calls_init()
 * @frame: looked up by all that it has; its strings are copied
 * @out: set to it
 *
 * Whatever fails leaves all as it was: this holds for all of these functions.
 *
 * Return: 0 or -ENOMEM.
 */
int calls_frame(struct calls *c, const struct calls_frame *frame, size_t *out);

/**
 * calls_path - the number of a path
 * @c: from calls_init()
 * @caller: path of those that called; CALLS_ROOT for the outermost
 * @frame: from calls_frame()
 * @out: set to it
 *
 * Return: 0 or -ENOMEM.
 */
int calls_path(struct calls *c, size_t caller, size_t frame, size_t *out);

/**
 * calls_count - faults that came from there
 * @costs: zeroed at first; free with calls_costs_release()
 * @path: from calls_path(); CALLS_ROOT if no stack is known
 * @cost: added
 *
 * Return: 0 or -ENOMEM.
 */
int calls_count(struct calls_costs *costs, size_t path,
		const struct calls_cost *cost);

/** calls_cost_add - more of them */
static inline void calls_cost_add(struct calls_cost *to,
				  const struct calls_cost *more)
{
	to->faults += more->faults;
	to->bytes += more->bytes;
	to->ns += more->ns;
}

/**
 * calls_merge - those of another as well
 * @costs: gets them
 * @other: stays as it is
 *
 * Return: 0 or -ENOMEM.
 */
int calls_merge(struct calls_costs *costs, const struct calls_costs *other);
void calls_costs_release(struct calls_costs *costs);

#endif /* STACKS_CALLS_H */
