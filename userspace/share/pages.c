// SPDX-License-Identifier: GPL-2.0
/* The frames themselves, and what each two processes have in common. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "filter.h"
#include "share.h"

enum {
	COL_FRAME,
	COL_PAGES,
	COL_KIND,
	COL_MEMBERS,
	COL_MAPPED,
	COL_OUTSIDE,
	COL_ABOUT,
	COL_UNSTEADY,
	COL_MAPPING,
	COL_WHO,
	NR_COLUMNS
};

static const struct column all[NR_COLUMNS] = {
	[COL_FRAME] = { .name = "frame", .type = CELL_FRAME, .width = 8,
			.by_default = true, .help = "number of the first one" },
	[COL_PAGES] = { .name = "pages", .type = CELL_COUNT, .width = 6,
			.by_default = true, .help = "how many: a run of them" },
	[COL_KIND] = { .name = "kind", .width = 6, .by_default = true,
		       .help = "what they are" },
	[COL_MEMBERS] = { .name = "members", .type = CELL_COUNT,
			  .by_default = true,
			  .help = "how many of the processes have them" },
	[COL_MAPPED] = { .name = "mapped", .type = CELL_COUNT,
			 .help = "how often these have mapped each" },
	[COL_OUTSIDE] = { .name = "outside", .type = CELL_COUNT,
			  .by_default = true,
			  .help = "how often others have mapped each" },
	[COL_ABOUT] = { .name = "about", .type = CELL_BOOL,
			.help = "outside is from an average or an estimate" },
	[COL_UNSTEADY] = { .name = "unsteady", .type = CELL_BOOL,
			   .help = "changed while it was read" },
	[COL_MAPPING] = { .name = "mapping", .width = 20,
			  .by_default = true,
			  .help = "where they were seen first" },
	[COL_WHO] = { .name = "who", .by_default = true,
		      .help = "the processes" },
};

struct columns share_pages_columns(void)
{
	return (struct columns){ .all = all, .nr_all = NR_COLUMNS };
}

static __u64 mapped(const struct family_frame *frame)
{
	return frame->set->members + (frame->again ? frame->again->total : 0);
}

static int json_run(struct share *s, __u64 pfn, __u64 n,
		    const struct family_frame *frame)
{
	struct json *j = &s->json;
	int err;

	json_object(j, NULL);
	json_number(j, "frame", pfn);
	json_number(j, "pages", n);
	json_string(j, "kind", cowi_kind_name(frame->kind));
	json_number(j, "mapped", mapped(frame));
	if (frame->flags & FAMILY_UNCOUNTED)
		json_null(j, "outside");
	else
		json_number(j, "outside", frame->outside);
	json_bool(j, "about", frame->flags & FAMILY_ABOUT);
	json_bool(j, "unsteady", frame->flags & FAMILY_UNSTEADY);
	json_bool(j, "object", frame->flags & FAMILY_OBJECT);
	json_string(j, "mapping", family_name(s->r.family, frame->mapping));
	err = share_json_pids(s, frame->set);
	json_end_object(j);
	return err;
}

/* @table is NULL for JSON. */
struct writing {
	struct share *s;
	struct table *table;
};

static int write_run(__u64 pfn, __u64 n, const struct family_frame *frame,
		     void *arg)
{
	struct cell c[NR_COLUMNS] = { 0 };
	struct writing *w = arg;
	char who[256];

	if (interrupt_signal())
		return -EINTR;
	share_who(&w->s->r, frame->set, who, sizeof(who));
	c[COL_FRAME].number = pfn;
	c[COL_PAGES].number = n;
	c[COL_KIND].text = cowi_kind_name(frame->kind);
	c[COL_MEMBERS].number = frame->set->members;
	c[COL_MAPPED].number = mapped(frame);
	c[COL_OUTSIDE].number = frame->outside;
	c[COL_OUTSIDE].absent = frame->flags & FAMILY_UNCOUNTED;
	c[COL_OUTSIDE].note = frame->flags & FAMILY_ABOUT ? "~" : NULL;
	c[COL_ABOUT].number = !!(frame->flags & FAMILY_ABOUT);
	c[COL_UNSTEADY].number = !!(frame->flags & FAMILY_UNSTEADY);
	c[COL_MAPPING].text = family_name(w->s->r.family, frame->mapping);
	c[COL_WHO].text = who;
	if (!filter_fits(w->s->columns.filter, c, w->s->output.style.page_size))
		return 0;
	return w->table ? table_row(w->table, c) :
			  json_run(w->s, pfn, n, frame);
}

static int json_pages(struct share *s)
{
	struct writing w = { .s = s };
	int err;

	json_array(&s->json, "frames");
	err = family_each(s->r.family, write_run, &w);
	json_end_array(&s->json);
	return err;
}

static int table_pages(struct share *s)
{
	struct writing w = { .s = s };
	int err, closed;

	s->output.style.stream = true;
	w.table = table_open(&s->output.style, &s->columns, "");
	if (!w.table)
		return -ENOMEM;
	err = family_each(s->r.family, write_run, &w);
	closed = table_close(w.table);
	return err ? err : closed;
}

int share_pages(struct share *s)
{
	int err;

	share_begin(s);
	err = s->output.style.form == TABLE_JSON ? json_pages(s) :
						   table_pages(s);
	share_end(s);
	return err;
}

/* ---- pairs ---- */

struct matrix {
	struct share *s;
	struct column *column;
	struct cell *cell;
	char (*heading)[16];
	__u64 *common;
};

static int write_lines(const struct matrix *m)
{
	const struct reading *r = &m->s->r;
	struct table *table;
	int err = 0, closed;
	size_t i, k;

	table = table_open(&m->s->output.style, &m->s->columns, "");
	if (!table)
		return -ENOMEM;
	for (i = 0; i < r->nr && !err; i++) {
		m->cell[0].number = r->member[i].target->pid;
		for (k = 0; k < r->nr; k++)
			m->cell[1 + k].number = m->common[i * r->nr + k];
		m->cell[1 + r->nr].text = r->member[i].title;
		err = table_row(table, m->cell);
	}
	closed = table_close(table);
	return err ? err : closed;
}

static int table_matrix(const struct matrix *m)
{
	const struct reading *r = &m->s->r;
	struct columns *c = &m->s->columns;
	char bad[16];
	size_t i;

	m->column[0] = (struct column){ .name = "pid", .type = CELL_COUNT,
					.by_default = true };
	for (i = 0; i < r->nr; i++) {
		snprintf(m->heading[i], sizeof(m->heading[i]), "%d",
			 r->member[i].target->pid);
		m->column[1 + i] = (struct column){
			.name = m->heading[i], .type = CELL_PAGES,
			.by_default = true, .drop = 1 + i,
		};
	}
	m->column[1 + r->nr] = (struct column){ .name = "name",
						.by_default = true };
	c->all = m->column;
	c->nr_all = r->nr + 2;
	return columns_select(c, NULL, true, bad, sizeof(bad)) ? -ENOMEM :
								 write_lines(m);
}

static int json_matrix(const struct matrix *m)
{
	struct json *j = &m->s->json;
	size_t nr = m->s->r.nr, i, k;

	json_array(j, "common_bytes");
	for (i = 0; i < nr; i++) {
		json_array(j, NULL);
		for (k = 0; k < nr; k++)
			json_number(j, NULL, m->common[i * nr + k] *
				    m->s->output.style.page_size);
		json_end_array(j);
	}
	json_end_array(j);
	return 0;
}

/* A square of numbers for each two of them. */
#define MATRIX_MOST	1000

int share_matrix(struct share *s)
{
	size_t nr = s->r.nr;
	struct matrix m = {
		.s = s,
		.column = calloc(nr + 2, sizeof(*m.column)),
		.cell = calloc(nr + 2, sizeof(*m.cell)),
		.heading = calloc(nr, sizeof(*m.heading)),
	};
	int err = -ENOMEM;

	if (nr <= MATRIX_MOST)
		m.common = calloc(nr * nr, sizeof(*m.common));
	else
		err = -E2BIG;
	if (m.column && m.cell && m.heading && m.common) {
		family_common(s->r.family, m.common);
		share_begin(s);
		err = s->output.style.form == TABLE_JSON ? json_matrix(&m) :
							   table_matrix(&m);
		share_end(s);
	}
	free(m.column);
	free(m.cell);
	free(m.heading);
	free(m.common);
	return err;
}
