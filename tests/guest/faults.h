/* SPDX-License-Identifier: GPL-2.0 */
/* Helpers for tests of the observer: its counters. */
#ifndef COWINSPECT_TEST_FAULTS_H
#define COWINSPECT_TEST_FAULTS_H

#include "inspect.h"

/* A counter of a process, over all kinds of VMA. */
static inline long long fault_count(pid_t pid, const char *name)
{
	char *text = slurp_target(pid, "faults");
	long long value = number_of(text, name);

	free(text);
	if (value < 0)
		bail("no counter %s", name);
	return value;
}

#endif /* COWINSPECT_TEST_FAULTS_H */
