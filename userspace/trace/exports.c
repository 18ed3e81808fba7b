// SPDX-License-Identifier: GPL-2.0
/* trace --collapsed, --pprof, --perfetto: files for programs that others have made. */
#include <errno.h>
#include <stdlib.h>

#include "invoker.h"
#include "trace.h"

static int open_one(struct trace *t, unsigned int i)
{
	const char *path = t->options->export[i];

	t->exports.file[i] = invoker_file(path, false);
	if (t->exports.file[i])
		return 0;
	report(path, -errno);
	return -errno;
}

int trace_exports_open(struct trace *t)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < NR_TRACE_EXPORTS && !err; i++) {
		if (t->options->export[i])
			err = open_one(t, i);
	}
	if (!err)
		trace_perfetto_begin(t);
	return err;
}

/* Faults are what -e has chosen. */
const char *trace_faults_word(const struct trace *t)
{
	const __u32 copies = 1U << COWI_DID_COPIED |
			     1U << COWI_DID_SWAPIN_COPIED;
	__u32 outcomes = t->options->stream.outcomes;

	return outcomes && !(outcomes & ~copies) ? "copies" : "faults";
}

static int write_one(struct trace *t, unsigned int i,
		     const struct calls_export *x)
{
	int err = 0;

	if (!t->exports.file[i])
		return 0;
	if (i == TRACE_COLLAPSED)
		err = calls_collapsed(t->exports.file[i], x, t->options->weight);
	else if (i == TRACE_PPROF)
		err = calls_pprof(t->exports.file[i], x);
	else
		trace_perfetto_end(t);
	if (err)
		report(t->options->export[i], err);
	return err;
}

static int close_one(struct trace *t, unsigned int i)
{
	FILE *file = t->exports.file[i];
	int err = 0;

	if (!file)
		return 0;
	t->exports.file[i] = NULL;
	errno = 0;
	if (fflush(file) || ferror(file))
		err = errno ? -errno : -EIO;
	if (fclose(file) && !err)
		err = -errno;
	if (err)
		report(t->options->export[i], err);
	return err;
}

/* The processes with their call paths; the last are all that were forgotten. */
static size_t list_procs(const struct trace *t, struct calls_proc *proc)
{
	size_t i, nr = 0;

	for (i = 0; i < t->nr_procs; i++) {
		const struct tally_proc *p = t->proc[i]->tally;

		proc[nr++] = (struct calls_proc){
			.pid = p->pid, .comm = p->comm, .costs = &p->stacks.costs,
		};
	}
	proc[nr++] = (struct calls_proc){
		.comm = "(further processes)", .costs = &t->forgotten.calls,
	};
	return nr;
}

int trace_exports(struct trace *t)
{
	struct calls_proc *proc = calloc(t->nr_procs + 1, sizeof(*proc));
	struct calls_export x = {
		.calls = &t->stacks.calls, .proc = proc,
		.faults = trace_faults_word(t),
		.duration = t->end - t->start,
	};
	unsigned int i;
	int err = 0;

	if (!proc) {
		report("call paths", -ENOMEM);
		return -ENOMEM;
	}
	x.nr = list_procs(t, proc);
	for (i = 0; i < NR_TRACE_EXPORTS && !err; i++) {
		err = write_one(t, i, &x);
		if (!err)
			err = close_one(t, i);
	}
	free(proc);
	return err;
}

void trace_exports_close(struct trace *t)
{
	unsigned int i;

	for (i = 0; i < NR_TRACE_EXPORTS; i++) {
		if (t->exports.file[i])
			fclose(t->exports.file[i]);
		t->exports.file[i] = NULL;
	}
}
