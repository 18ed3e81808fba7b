// SPDX-License-Identifier: GPL-2.0
/* C2: two notebooks that point into one field, drawn from real page tables. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "labs.h"
#include "memory.h"

#define PLOTS		16
#define DUG		3
#define STORED		9
#define MAX_FIELD	(2 * PLOTS)

enum { REST, DIGGING, STORE };

/**
 * struct field - the frames in the order in which they were first seen
 * @nr: how many
 * @pfn: their numbers
 */
struct field {
	int nr;
	__u64 pfn[MAX_FIELD];
};

static int plot_of(struct field *f, __u64 pfn)
{
	int i;

	for (i = 0; i < f->nr; i++) {
		if (f->pfn[i] == pfn)
			return i;
	}
	if (f->nr < MAX_FIELD)
		f->pfn[f->nr++] = pfn;
	return i;
}

/* A line of a notebook: for each of its plots where that is in the field. */
static void draw_notebook(struct lab_run *r, const struct actor *a,
			  struct field *f)
{
	char line[128];
	int i, used;

	if (lab_stopped(r))
		return;
	used = snprintf(line, sizeof(line), "%-8s", a->name);
	for (i = 0; i < PLOTS; i++) {
		const struct page_view *v = lab_view(r, a, i);

		if (v->mapped && v->rec.kind == COWI_KIND_SWAP)
			used += snprintf(line + used, sizeof(line) - used,
					 "  S");
		else
			used += snprintf(line + used, sizeof(line) - used,
					 " %2d", plot_of(f, v->pfn));
	}
	lab_note(r, "%s", line);
}

static void draw_field(struct lab_run *r, const struct field *f)
{
	char line[256];
	int i, used = 0;

	for (i = 0; i < f->nr; i++) {
		used += snprintf(line + used, sizeof(line) - used,
				 "%s%d=%llx", i ? " " : "", i, f->pfn[i]);
		if (i % 8 == 7 || i + 1 == f->nr) {
			lab_note(r, "field    %s", line);
			used = 0;
		}
	}
}

static void draw(struct lab_run *r, const struct actor *elder,
		 const struct actor *younger, struct field *f)
{
	char line[128];
	int i, used;

	if (lab_stopped(r))
		return;
	used = snprintf(line, sizeof(line), "%-8s", "plot");
	for (i = 0; i < PLOTS; i++)
		used += snprintf(line + used, sizeof(line) - used, " %2d", i);
	lab_note(r, "%s", line);
	draw_notebook(r, elder, f);
	draw_notebook(r, younger, f);
	draw_field(r, f);
}

/* Without swap there is no store, and the field must be large enough. */
static bool put_into_store(struct lab_run *r, struct actor *a)
{
	struct page_view v;

	lab_call(r, a, mem_advise, ARGS(lab_addr(r, STORED),
					r->status->page_size, MADV_PAGEOUT),
		 "put a page into the store");
	lab_look_at(r, a, STORED, &v);
	return v.mapped && v.rec.kind == COWI_KIND_SWAP;
}

static void run(struct lab_run *r)
{
	struct actor *elder, *younger;
	struct field field = { 0 };
	bool store;

	lab_step(r, "Two notebooks, right after fork",
		 "Each brother has 16 plots, numbered alike. A notebook is a page table: it says where in the field a plot is. S is the store, swap, if this machine has it.");
	elder = lab_actor(r, "elder");
	lab_map(r, elder, NULL, PLOTS);
	lab_put(r, DUG, 1, DIGGING);
	lab_put(r, STORED, 1, STORE);
	lab_fill(r, elder, 0, PLOTS, 'e');
	store = put_into_store(r, elder);
	younger = lab_fork(r, elder, "younger");
	lab_look(r);
	draw(r, elder, younger, &field);
	lab_note(r, "%s", store ? "plot 9 is in the store, for both" :
		 "nothing is in the store: this machine has no swap, or did not use it");
	lab_expect(r, elder, IN(REST) | IN(DIGGING), &expect_shared,
		   "both notebooks name the same places");
	lab_expect_frames(r, elder, younger, IN(REST) | IN(DIGGING), true,
			  "one frame for both, plot by plot");
	lab_expect_number(r, field.nr, store ? PLOTS - 1 : PLOTS,
			  "places in use for 32 plots");

	lab_step(r, "The younger brother digs in plot 3",
		 "The steward gives him another place, with the same crop, and notes it in his notebook only.");
	lab_write(r, younger, DUG, "y", COWI_NEXT_COPY);
	lab_look(r);
	draw(r, elder, younger, &field);
	lab_expect_moved(r, younger, IN(REST) | IN(DIGGING), 1);
	lab_expect_moved(r, elder, IN(REST) | IN(DIGGING), 0);
	lab_expect_text(r, younger, DUG, 0, "ye");
	lab_expect_text(r, elder, DUG, 0, "ee");
}

const struct lab notebooks_lab = {
	.name = "notebooks",
	.id = "C2",
	.question = "Two notebooks, one field: whose plot is where?",
	.help =
		"The allegory: a steward keeps a notebook for each of two\n"
		"brothers, and more plots are promised than the field has. Here\n"
		"the notebooks are two page tables of 16 entries, the field is\n"
		"the frames behind them, and the store is swap.",
	.answer =
		"After fork both notebooks named the same 16 places. Digging\n"
		"changed one line of one notebook: the plot kept its number and\n"
		"got another place. More plots are promised than there are\n"
		"places, and that is no lie as long as few of them are dug.",
	.alike =
		"A plot in the store looks as one that was never given out:\n"
		"both have no frame. One has an entry, and its content comes\n"
		"back (lab swap).",
	.key = "c",
	.run = run,
};
