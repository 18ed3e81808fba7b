// SPDX-License-Identifier: GPL-2.0
/* What the tables of a trace do not say, in words; above all, what is missing. */
#include "trace.h"

static void explain_huge(const struct trace *t)
{
	__u64 huge = 0, filled = 0, bytes = 0, splits = 0;
	char text[24];
	size_t i;

	for (i = 0; i < t->nr_procs; i++) {
		const struct tally_counts *c = &t->proc[i]->tally->counts;

		huge += c->huge;
		filled += c->did[COWI_DID_ZEROFILLED];
		bytes += c->filled_bytes;
		splits += c->splits;
	}
	size_text(bytes, text, sizeof(text));
	if (huge)
		fprintf(t->out,
			"%llu faults dealt with more than one page at once; all %llu zerofilled made %s.\n",
			huge, filled, text);
	if (splits)
		fprintf(t->out,
			"%llu faults split a huge mapping; from then on its pages are copied or reused one by one.\n",
			splits);
}

/* What the columns of copies after forks are, once there are some. */
static void explain_copies(const struct trace *t)
{
	__u64 unsure = 0, copies = 0;
	size_t i;

	for (i = 0; i < t->nr_procs; i++) {
		const struct forks *f = &t->proc[i]->tally->forks;

		copies += f->after[FORK_BY_PARENT].cost.nr +
			  f->after[FORK_BY_CHILD].cost.nr;
		unsure += f->after[FORK_BY_PARENT].fact[COPY_UNSURE] +
			  f->after[FORK_BY_CHILD].fact[COPY_UNSURE];
	}
	if (copies)
		fputs("SHARED: others may have that page as well; LAST: nobody had it any more;\n"
		      "AGAIN: not its first copy; BESIDE: next to another copy.\n",
		      t->out);
	if (unsure)
		fputs("UNSURE: not all who may have that page were traced, or events were lost.\n",
		      t->out);
}

/* What nobody heard of. */
static void explain_missed(const struct trace *t)
{
	if (t->unarmed)
		fprintf(t->out,
			"NOT ALL IS HERE: faults went by unseen, as probes were switched off: cowinspect status says where.\n");
	if (t->missed)
		fprintf(t->out,
			"NOT ALL IS HERE: %llu faults, of any process, were missed: try a larger module parameter max_inflight.\n",
			t->missed);
}

/* Of PHP's large frames, and of most programs', four times as much is enough. */
static void explain_short(const struct trace *t)
{
	const struct cowi_stream_options *o = &t->options->stream;
	size_t more = o->stack_bytes * 4;

	if (more > COWI_STACK_BYTES_MAX)
		more = COWI_STACK_BYTES_MAX;
	if (t->stacks.faults[STACK_SHORT] && more > o->stack_bytes)
		fprintf(t->out,
			"%llu stacks have more than the %zu bytes that were taken of each: --stacks=dwarf,%zu takes more.\n",
			t->stacks.faults[STACK_SHORT], o->stack_bytes, more);
}

void trace_explain(const struct trace *t)
{
	const struct tally *tally = &t->tally;
	FILE *out = t->out;

	fputc('\n', out);
	explain_copies(t);
	explain_huge(t);
	explain_missed(t);
	explain_short(t);
	if (tally->lost || tally->lost_notes)
		fprintf(out,
			"%llu events of faults and %llu others were lost: all numbers lack them.\n"
			"More room for events: --buffer 64M\n",
			tally->lost, tally->lost_notes);
	if (t->forgotten.procs)
		fprintf(out,
			"Of %llu processes that have exited there are only their groups: no more than %zu are kept one by one.\n",
			t->forgotten.procs, t->max_procs);
	if (tally->uncounted_pages)
		fprintf(out,
			"%llu faults are missing in the tables of pages, which hold %zu pages.\n",
			tally->uncounted_pages, tally->max_pages);
}
