/* SPDX-License-Identifier: GPL-2.0 */
/* When to use colour. */
#ifndef RENDER_COLOUR_H
#define RENDER_COLOUR_H

#include <stdbool.h>
#include <stdio.h>

/*
 * For text, as numbers of xterm's 256 colours: they can be read on white and on black,
 * with a contrast of 4.5:1. That only six of them can.
 */
#define COLOUR_GOOD	"29"	/* #00875f */
#define COLOUR_BAD	"163"	/* #d700af */

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
