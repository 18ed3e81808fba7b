// SPDX-License-Identifier: GPL-2.0
/*
 * trace --html: a trace as a page for a browser. The page is page.html with
 * trace.html and trace.js in it (see shell.h). Its data is a JSON object:
 *
 *	format, title, text, kernel, rules, page_size	as in html.h
 *	duration_ns	of the trace
 *	slice_ns	time is cut into slices of this length
 *	slices		how many there are
 *	groups		what one colour stands for: [letter, "#rrggbb", name,
 *			meaning]
 *	outcomes	for each enum cowinspect_did: [name,
 *			number of the group, meaning]
 *	vma_kinds	words for each enum cowinspect_vma
 *	processes	objects, in the order in which they were first seen
 *	lost		cells, as below; how many faults are not in the cells of
 *			processes, and when about that was
 *	lost_events, lost_notes, uncounted_pages, unarmed, missed	as in --json
 *	calls		call paths, as page_calls.c has it
 *
 * A process has pid, parent (a pid, or 0), name, running, execs, fork_copied,
 * born and ended (nanoseconds since the trace began, 0 if not known), copy_ns,
 * ns, and
 *
 *	counted		named as the module's counters are: an object of name:
 *			[total, one for each of vma_kinds]. Those that are 0 are
 *			left out.
 *	filled_bytes	fresh zeroed memory
 *	cells		a flat list, four values each: [slices since the cell
 *			before, number of the outcome, how many, bytes]. The
 *			number of slices since the first is that of its slice.
 *			Outcomes beyond those of faults: -1 exec, -2 pinned pages
 *			copied at fork.
 *	vmas		[start, end, perms, kind, name, gone, copied_bytes,
 *			copy_ns, did], hottest first; addresses are hexadecimal
 *			text, did a list
 *	pages		[address, bytes, faults, copied, reused, zerofilled, name]
 *			hottest first
 *	nr_pages	how many there are; pages may be the hottest only
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array_size.h"
#include "shell.h"
#include "trace.h"

/* Of each process, at least. */
#define PAGES_SHOWN	100

enum group {
	GROUP_COPIED,
	GROUP_REUSED,
	GROUP_ZEROFILLED,
	GROUP_ZEROPAGE,
	GROUP_MAPPED,
	GROUP_SHARED,
	GROUP_SWAPIN,
	GROUP_USERFAULTFD,
	GROUP_OTHER,
	NR_GROUPS
};

/* Where a fault does what a state has announced, it has its letter and colour. */
static const struct {
	char letter;
	enum page_state state;
	const char *name;
	const char *meaning;
} groups[NR_GROUPS] = {
	[GROUP_COPIED] = { 'C', STATE_COPY, "copied",
			   "the page was copied, the copy is its own" },
	[GROUP_REUSED] = { 'R', STATE_REUSE, "reused",
			   "the page was kept and made writable" },
	[GROUP_ZEROFILLED] = { 'N', STATE_OWN, "zerofilled",
			       "new: a fresh zeroed page, its own" },
	[GROUP_ZEROPAGE] = { 'Z', STATE_ZERO, "zeropage",
			     "the zero page was mapped, for reading" },
	[GROUP_MAPPED] = { 'F', STATE_FILE, "mapped",
			   "a page that existed was mapped: of a file, of shared memory" },
	[GROUP_SHARED] = { 'S', STATE_SHARED, "shared",
			   "a page of a shared mapping was made writable" },
	[GROUP_SWAPIN] = { 'X', STATE_SWAP, "swapin",
			   "brought in from swap, not yet writable" },
	[GROUP_USERFAULTFD] = { 'U', STATE_USERFAULTFD, "userfaultfd",
				"handed to a userfaultfd handler" },
	[GROUP_OTHER] = { '+', STATE_PROTECTED, "other",
			  "nothing of these: split, retried, refused, ..." },
};

static enum group group_of(unsigned int did)
{
	switch (did) {
	case COWI_DID_COPIED:
	case COWI_DID_SWAPIN_COPIED:
		return GROUP_COPIED;
	case COWI_DID_REUSED:
	case COWI_DID_SWAPIN_REUSED:
		return GROUP_REUSED;
	case COWI_DID_ZEROFILLED:
		return GROUP_ZEROFILLED;
	case COWI_DID_ZEROPAGE:
		return GROUP_ZEROPAGE;
	case COWI_DID_MAPPED:
		return GROUP_MAPPED;
	case COWI_DID_SHARED:
		return GROUP_SHARED;
	case COWI_DID_SWAPIN:
		return GROUP_SWAPIN;
	case COWI_DID_USERFAULTFD:
		return GROUP_USERFAULTFD;
	default:
		return GROUP_OTHER;
	}
}

static void put_groups(struct json *j)
{
	unsigned int i;

	json_array(j, "groups");
	for (i = 0; i < NR_GROUPS; i++) {
		json_array(j, NULL);
		shell_colour(j, groups[i].letter, groups[i].state);
		json_string(j, NULL, groups[i].name);
		json_string(j, NULL, groups[i].meaning);
		json_end_array(j);
	}
	json_end_array(j);
}

static void put_outcomes(struct json *j)
{
	unsigned int did;

	json_array(j, "outcomes");
	for (did = 0; did < COWI_NR_DID; did++) {
		json_array(j, NULL);
		json_string(j, NULL, cowi_did_name(did));
		json_number(j, NULL, group_of(did));
		json_string(j, NULL,
			    cowi_fault_info[COWI_FAULT_copied + did].meaning);
		json_end_array(j);
	}
	json_end_array(j);
}

static void put_vma_kinds(struct json *j)
{
	unsigned int i;

	json_array(j, "vma_kinds");
	for (i = 0; i < COWI_NR_VMAS; i++)
		json_string(j, NULL, cowi_vma_name(i));
	json_end_array(j);
}

static void put_did(struct json *j, const char *key,
		    const struct tally_counts *c)
{
	size_t i;

	json_array(j, key);
	for (i = 0; i < COWI_NR_DID; i++)
		json_number(j, NULL, c->did[i]);
	json_end_array(j);
}

/* ---- cells ---- */

static void put_outcome(struct json *j, unsigned int outcome)
{
	if (outcome == TIMELINE_EXEC)
		json_verbatim(j, NULL, "-1");
	else if (outcome == TIMELINE_FORK)
		json_verbatim(j, NULL, "-2");
	else
		json_number(j, NULL, outcome);
}

static void put_cells(struct json *j, const char *key,
		      const struct timeline_lane *lane)
{
	__u32 before = 0;
	size_t i;

	json_array(j, key);
	for (i = 0; i < lane->nr; i++) {
		const struct timeline_cell *cell = &lane->cell[i];

		json_number(j, NULL, cell->slice - before);
		put_outcome(j, cell->outcome);
		json_number(j, NULL, cell->count);
		json_number(j, NULL, cell->bytes);
		before = cell->slice;
	}
	json_end_array(j);
}

/* ---- a process ---- */

static void put_counter(struct json *j, const struct cowi_faults *f, size_t i)
{
	size_t vma;

	json_array(j, cowi_fault_info[i].name);
	json_number(j, NULL, f->total[i]);
	for (vma = 0; vma < COWI_NR_VMAS; vma++)
		json_number(j, NULL, f->by_vma[i][vma]);
	json_end_array(j);
}

static void put_counted(struct json *j, const struct trace_proc *p)
{
	size_t i;

	json_object(j, "counted");
	for (i = 0; i < COWI_NR_FAULTS; i++) {
		if (p->faults.known[i] && p->faults.total[i])
			put_counter(j, &p->faults, i);
	}
	json_end_object(j);
}

static void put_address(struct json *j, __u64 addr)
{
	char text[24];

	snprintf(text, sizeof(text), "%llx", addr);
	json_string(j, NULL, text);
}

static void put_vma(struct json *j, const struct tally_vma *vma)
{
	char name[80];

	json_array(j, NULL);
	put_address(j, vma->start);
	put_address(j, vma->end);
	json_string(j, NULL, vma->perms);
	json_string(j, NULL, cowi_vma_name(vma->kind));
	json_string(j, NULL, trace_vma_name(vma, name, sizeof(name)));
	json_bool(j, NULL, vma->gone);
	json_number(j, NULL, vma->counts.copied_bytes);
	json_number(j, NULL, vma->counts.copy_ns);
	put_did(j, NULL, &vma->counts);
	json_end_array(j);
}

static int put_vmas(struct json *j, const struct tally_proc *p)
{
	const struct tally_vma **hot = calloc(p->nr_vmas + 1, sizeof(*hot));
	size_t nr, i;

	if (!hot)
		return -ENOMEM;
	nr = tally_hot_vmas(p, hot);
	json_array(j, "vmas");
	for (i = 0; i < nr; i++)
		put_vma(j, hot[i]);
	json_end_array(j);
	free(hot);
	return 0;
}

static void put_page(struct json *j, const struct tally_proc *p,
		     const struct tally_page *page)
{
	char name[80];

	json_array(j, NULL);
	put_address(j, page->addr);
	json_number(j, NULL, page->bytes);
	json_number(j, NULL, page->faults);
	json_number(j, NULL, page->copied);
	json_number(j, NULL, page->reused);
	json_number(j, NULL, page->zerofilled);
	json_string(j, NULL,
		    trace_vma_name(&p->vma[page->vma], name, sizeof(name)));
	json_end_array(j);
}

static int put_pages(struct json *j, const struct trace *t,
		     const struct tally_proc *p)
{
	const struct tally_page **hot = calloc(p->nr_pages + 1, sizeof(*hot));
	size_t most = t->options->top, i;

	if (!hot)
		return -ENOMEM;
	if (most < PAGES_SHOWN)
		most = PAGES_SHOWN;
	tally_hot_pages(p, hot);
	json_number(j, "nr_pages", p->nr_pages);
	json_array(j, "pages");
	for (i = 0; i < p->nr_pages && i < most; i++)
		put_page(j, p, hot[i]);
	json_end_array(j);
	free(hot);
	return 0;
}

static int put_process(struct json *j, const struct trace *t,
		       const struct trace_proc *p)
{
	const struct tally_proc *tally = p->tally;
	int err;

	json_object(j, NULL);
	json_number(j, "pid", tally->pid);
	json_number(j, "parent", tally->parent);
	json_string(j, "name", tally->comm);
	json_bool(j, "running", p->running);
	json_number(j, "execs", tally->execs);
	json_number(j, "fork_copied", tally->forks.copied);
	json_number(j, "born", p->lane.born);
	json_number(j, "ended", p->lane.ended);
	json_number(j, "copy_ns", tally->counts.copy_ns);
	json_number(j, "ns", tally->counts.ns);
	put_counted(j, p);
	json_number(j, "filled_bytes", tally->counts.filled_bytes);
	put_cells(j, "cells", &p->lane);
	err = put_vmas(j, tally);
	if (!err)
		err = put_pages(j, t, tally);
	json_end_object(j);
	return err;
}

/* ---- the page ---- */

static int settle(struct trace *t, unsigned int *slices)
{
	size_t i;
	int err;

	*slices = timeline_slices(&t->timeline, t->end);
	err = timeline_settle(&t->timeline, &t->timeline.lost);
	for (i = 0; i < t->nr_procs && !err; i++)
		err = timeline_settle(&t->timeline, &t->proc[i]->lane);
	return err;
}

static int put_all(struct trace *t, unsigned int slices)
{
	struct json *j = &t->page.json;
	size_t i;
	int err = 0;

	json_number(j, "duration_ns", t->end - t->start);
	json_number(j, "slice_ns", 1ull << t->timeline.shift);
	json_number(j, "slices", slices);
	put_groups(j);
	put_outcomes(j);
	put_vma_kinds(j);
	json_array(j, "processes");
	for (i = 0; i < t->nr_procs && !err; i++)
		err = put_process(j, t, t->proc[i]);
	json_end_array(j);
	put_cells(j, "lost", &t->timeline.lost);
	json_number(j, "lost_events", t->tally.lost);
	json_number(j, "lost_notes", t->tally.lost_notes);
	json_number(j, "uncounted_pages", t->tally.uncounted_pages);
	json_bool(j, "unarmed", t->unarmed);
	json_number(j, "missed", t->missed);
	trace_page_calls(j, t);
	return err;
}

/* What was traced: the command's words, or the process. */
static void name_trace(const struct trace *t, char *title, size_t size)
{
	size_t len = snprintf(title, size, "trace of");
	char *const *word;

	if (!t->options->command) {
		if (t->root_pid)
			snprintf(title, size, "trace of process %d",
				 t->root_pid);
		else
			snprintf(title, size, "trace of %zu processes",
				 t->nr_procs);
		return;
	}
	for (word = t->options->command; *word && len < size; word++)
		len += snprintf(title + len, size - len, " %s", *word);
	if (len >= size)
		strcpy(title + size - 4, "...");
}

int trace_page_open(struct trace *t)
{
	return shell_open(&t->page, t->options->html, trace_html, trace_js);
}

int trace_page(struct trace *t, const struct cowi_status *status)
{
	struct html_about about = {
		.text = "What each page fault did: when, in which process, and in which memory.",
		.status = status,
	};
	unsigned int slices;
	char title[160];
	int err, closed;

	name_trace(t, title, sizeof(title));
	about.title = title;
	err = settle(t, &slices);
	json_object(&t->page.json, NULL);
	shell_about(&t->page, &about, 1);
	if (!err)
		err = put_all(t, slices);
	json_end_object(&t->page.json);
	closed = shell_close(&t->page);
	t->page.out = NULL;
	return err ? err : closed;
}

void trace_page_close(struct trace *t)
{
	if (t->page.out)
		fclose(t->page.out);
	t->page.out = NULL;
}
