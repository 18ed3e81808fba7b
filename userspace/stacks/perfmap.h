/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Functions of code that was made at run time, as the program tells in a file
 * /tmp/perf-PID.map: "START SIZE NAME" in each line, the numbers in hexadecimal. perf
 * has invented it; CPython, Node.js and agents of the JVM write it if they are told to.
 */
#ifndef STACKS_PERFMAP_H
#define STACKS_PERFMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include <linux/types.h>

/* No more is read of a file that anybody may have made. */
#define PERFMAP_MAX_BYTES	(256UL << 20)

/**
 * struct perfmap_entry - a function
 * @start: its first address
 * @end: first address after it
 * @order: which line it was
 * @name: what it is called
 */
struct perfmap_entry {
	__u64 start;
	__u64 end;
	size_t order;
	const char *name;
};

/**
 * struct perfmap - the functions of a process
 * @nr: entries in @entry
 * @entry: by address; of those that overlap, the line that was later counts
 * @text: the file, from which the names are
 * @size: bytes that the file had
 */
struct perfmap {
	size_t nr;
	struct perfmap_entry *entry;
	char *text;
	size_t size;
};

/**
 * perfmap_read - read a file
 * @map: zeroed at first; what it had is given up. Free with perfmap_release()
 * @file: open
 *
 * Lines that are no such lines are passed over.
 *
 * Return: 0, -ENOMEM or -errno.
 */
int perfmap_read(struct perfmap *map, FILE *file);

/** perfmap_open - the file of a process, as that sees it; NULL if there is none */
FILE *perfmap_open(pid_t pid);

/** perfmap_find - the name of the function at an address, or NULL */
const char *perfmap_find(const struct perfmap *map, __u64 addr);
void perfmap_release(struct perfmap *map);

#endif /* STACKS_PERFMAP_H */
