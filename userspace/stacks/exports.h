/* SPDX-License-Identifier: GPL-2.0 */
/* Call paths for programs that others have made: docs/exports.md says for which. */
#ifndef STACKS_EXPORTS_H
#define STACKS_EXPORTS_H

#include <stdio.h>
#include <sys/types.h>

#include "calls.h"

/** enum calls_weight - what of a struct calls_cost counts, where one number must do */
enum calls_weight {
	CALLS_BYTES,
	CALLS_FAULTS,
	CALLS_TIME,
	NR_CALLS_WEIGHTS
};

/**
 * struct calls_proc - a process, or several that are told apart no more
 * @pid: its id, or 0 for several
 * @comm: its command name, which somebody else has chosen
 * @costs: what it did
 */
struct calls_proc {
	pid_t pid;
	const char *comm;
	const struct calls_costs *costs;
};

/**
 * struct calls_export - what is to be written
 * @calls: the paths
 * @nr: entries in @proc
 * @proc: the processes
 * @faults: a word for what the faults are, like "copies"
 * @duration: of the trace, in nanoseconds
 */
struct calls_export {
	const struct calls *calls;
	size_t nr;
	const struct calls_proc *proc;
	const char *faults;
	__u64 duration;
};

/**
 * calls_collapsed - "process;outermost;...;innermost weight", a line for each path
 * @out: where to
 * @x: what
 * @weight: which of the costs; where it is 0, there is no line
 *
 * Return: 0 or -ENOMEM; whether it was written says ferror().
 */
int calls_collapsed(FILE *out, const struct calls_export *x,
		    enum calls_weight weight);

/**
 * calls_pprof - a compressed message as profile.proto has it
 * @out: where to: a file, not memory
 * @x: what
 *
 * Return: 0 or -errno.
 */
int calls_pprof(FILE *out, const struct calls_export *x);

#endif /* STACKS_EXPORTS_H */
