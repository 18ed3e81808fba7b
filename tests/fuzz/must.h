/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TESTS_FUZZ_MUST_H
#define TESTS_FUZZ_MUST_H

#include <stdlib.h>

/* What does not hold is a finding. */
#define must(what) do {							\
	if (!(what))							\
		abort();						\
} while (0)

#endif /* TESTS_FUZZ_MUST_H */
