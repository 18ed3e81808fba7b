// SPDX-License-Identifier: GPL-2.0
/* A library of which a function is called from two places. */
#include "library.h"

void library_writes(volatile char *at, int pages, long page)
{
	int i;

	for (i = 0; i < pages; i++)
		at[i * page] = 2;	/* HERE: library_writes */
	stays();
}
