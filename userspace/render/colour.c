// SPDX-License-Identifier: GPL-2.0
/* When to use colour. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "colour.h"

bool colour_wanted(enum colour_when when, FILE *out)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (when != COLOUR_AUTO)
		return when == COLOUR_ALWAYS;
	if (no_color && *no_color)
		return false;
	return isatty(fileno(out)) && term && strcmp(term, "dumb");
}
