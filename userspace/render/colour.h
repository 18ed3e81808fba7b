/* SPDX-License-Identifier: GPL-2.0 */
/* When to use colour. */
#ifndef RENDER_COLOUR_H
#define RENDER_COLOUR_H

#include <stdbool.h>
#include <stdio.h>

/** enum colour_when - the argument of --color */
enum colour_when {
	COLOUR_AUTO,
	COLOUR_ALWAYS,
	COLOUR_NEVER,
};

/**
 * colour_wanted - decide
 * @when: what the user asked for
 * @out: where the text goes
 *
 * Return: for COLOUR_AUTO true only on a terminal that is not "dumb", and
 * without NO_COLOR in the environment.
 */
bool colour_wanted(enum colour_when when, FILE *out);

#endif /* RENDER_COLOUR_H */
