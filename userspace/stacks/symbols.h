/* SPDX-License-Identifier: GPL-2.0 */
/* Addresses as functions, with libdw. */
#ifndef STACKS_SYMBOLS_H
#define STACKS_SYMBOLS_H

#include "calls.h"
#include "space.h"

/* Functions at one address: of more that are inlined, the innermost. */
#define SYMBOLS_MAX	32

/**
 * symbols_find - the functions that have an address
 * @space: whose code it is
 * @addr: address
 * @made: name of the function if the code was made at run time, or NULL
 * @calls: gets the frames
 * @frame: of SYMBOLS_MAX, filled in, innermost first: all but the last are inlined
 * @nr: set to how many, at least one
 *
 * Return: 0 or -ENOMEM.
 */
int symbols_find(struct space *space, __u64 addr, const char *made,
		 struct calls *calls, size_t *frame, size_t *nr);

/** symbols_base_name - what an object is called, without its directory */
const char *symbols_base_name(const char *path);

/**
 * symbols_plain_name - a name of a symbol table as its author wrote it
 * @name: it
 *
 * Without the version of a library ("@GLIBC_2.34") and what GCC calls its clones
 * ("f.isra.0", "f.part.0.cold"), so that these are one function; C++'s is demangled if
 * there is a libstdc++. That a function of a package of Go's is called cold or part
 * cannot be seen: "main.cold" is taken for a clone of main.
 *
 * Return: to be freed; NULL without memory or for a name of which nothing is left.
 */
char *symbols_plain_name(const char *name);

/** symbols_are_made - whether an address is in no file: code made at run time */
bool symbols_are_made(const struct space *space, __u64 addr);

#endif /* STACKS_SYMBOLS_H */
