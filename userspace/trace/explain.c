// SPDX-License-Identifier: GPL-2.0
/* What the tables of a trace do not say, in words; above all, what is missing. */
#include "trace.h"

static void explain_huge(FILE *out, const struct trace_proc *p)
{
	const struct tally_counts *c = &p->tally->counts;
	char bytes[24];

	if (c->huge) {
		size_text(c->filled_bytes, bytes, sizeof(bytes));
		fprintf(out,
			"Process %d: %llu faults dealt with more than one page at once; its %llu zerofilled made %s.\n",
			p->tally->pid, c->huge, c->did[COWI_DID_ZEROFILLED],
			bytes);
	}
	if (c->splits)
		fprintf(out,
			"Process %d: %llu faults split a huge mapping; from then on its pages are copied or reused one by one.\n",
			p->tally->pid, c->splits);
}

static void explain_forks(FILE *out, const struct trace_proc *p)
{
	if (p->tally->fork_copied)
		fprintf(out,
			"Process %d: its forks copied %llu pinned pages.\n",
			p->tally->pid, p->tally->fork_copied);
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

void trace_explain(const struct trace *t)
{
	const struct tally *tally = &t->tally;
	FILE *out = t->out;
	size_t i;

	fputc('\n', out);
	for (i = 0; i < t->nr_procs; i++) {
		explain_huge(out, t->proc[i]);
		explain_forks(out, t->proc[i]);
	}
	explain_missed(t);
	if (tally->lost || tally->lost_notes)
		fprintf(out,
			"%llu events of faults and %llu others were lost: all numbers lack them.\n"
			"More room for events: --buffer 64M\n",
			tally->lost, tally->lost_notes);
	if (tally->uncounted_pages)
		fprintf(out,
			"%llu faults are missing in the tables of pages, which hold %zu pages.\n",
			tally->uncounted_pages, tally->max_pages);
}
