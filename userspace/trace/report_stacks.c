// SPDX-License-Identifier: GPL-2.0
/* What a trace says of code: functions, call paths, and who wrote where. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "functions.h"
#include "safe.h"
#include "tables.h"

/* Columns that a line of call paths may have. */
#define WIDTH	79

/* In a row: whose it is, of two things that a table is of. */
struct owner {
	const struct tally_proc *p;
	const struct proc_group *group;
};

static const char *file_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* ---- names ---- */

/* "main", or "libfoo.so+0x1234" where nothing tells. */
static void name_function(const struct calls_frame *frame, char *buf,
			  size_t size)
{
	if (frame->function[0])
		snprintf(buf, size, "%s", frame->function);
	else
		snprintf(buf, size, "%s+0x%llx", frame->object, frame->offset);
}

/* "file.c:12", or the object if nothing tells that. */
static void name_place(const struct calls_frame *frame, char *buf, size_t size)
{
	if (frame->file[0])
		snprintf(buf, size, "%s:%u", file_name(frame->file),
			 frame->line);
	else
		snprintf(buf, size, "%s", frame->object);
}

/* ---- columns ---- */

enum {
	CODE_PID,
	CODE_COMMAND,
	CODE_PARENT,
	CODE_BYTES,
	CODE_SELF,
	CODE_FAULTS,
	CODE_SELF_FAULTS,
	CODE_NS,
	CODE_SELF_NS,
	CODE_FUNCTION,
	CODE_PLACE,
	CODE_OBJECT,
	CODE_FILE,
	CODE_LINE,
	CODE_CALLER,
	CODE_RANGE,
	CODE_NAME,
	CODE_PATH,
	CODE_NR
};

static const struct column code_columns[CODE_NR] = {
	[CODE_PID] = { .name = "pid", .type = CELL_COUNT },
	[CODE_COMMAND] = { .name = "command", .type = CELL_TEXT },
	[CODE_PARENT] = { .name = "parent", .type = CELL_COUNT },
	[CODE_BYTES] = { .name = "bytes", .type = CELL_BYTES },
	[CODE_SELF] = { .name = "self_bytes", .heading = "self",
			.type = CELL_BYTES },
	[CODE_FAULTS] = { .name = "faults", .type = CELL_COUNT, .drop = 1 },
	[CODE_SELF_FAULTS] = { .name = "self_faults", .type = CELL_COUNT,
			       .drop = 1 },
	[CODE_NS] = { .name = "ns", .heading = "time", .type = CELL_TIME,
		      .drop = 2 },
	[CODE_SELF_NS] = { .name = "self_ns", .type = CELL_TIME },
	[CODE_FUNCTION] = { .name = "function", .type = CELL_TEXT },
	[CODE_PLACE] = { .name = "place", .type = CELL_TEXT },
	[CODE_OBJECT] = { .name = "object", .type = CELL_TEXT },
	[CODE_FILE] = { .name = "file", .type = CELL_TEXT },
	[CODE_LINE] = { .name = "line", .type = CELL_COUNT },
	[CODE_CALLER] = { .name = "caller", .type = CELL_TEXT },
	[CODE_RANGE] = { .name = "range", .type = CELL_TEXT, .whole = true },
	[CODE_NAME] = { .name = "name", .heading = "mapping",
			.type = CELL_TEXT },
	[CODE_PATH] = { .name = "path", .type = CELL_TEXT },
};

static void choose_functions(const struct report *r, struct columns *c)
{
	(void)r;
	trace_table_show(c, CODE_BYTES);
	trace_table_show(c, CODE_SELF);
	trace_table_show(c, CODE_FAULTS);
	trace_table_show(c, CODE_NS);
	trace_table_show(c, CODE_FUNCTION);
	trace_table_show(c, CODE_PLACE);
}

static void choose_writers(const struct report *r, struct columns *c)
{
	(void)r;
	trace_table_show(c, CODE_SELF);
	trace_table_show(c, CODE_SELF_FAULTS);
	trace_table_show(c, CODE_FUNCTION);
	trace_table_show(c, CODE_CALLER);
	trace_table_show(c, CODE_RANGE);
	trace_table_show(c, CODE_NAME);
}

/* What a row does not have is null. */
static void begin_row(struct cell *cells, const struct owner *owner)
{
	size_t i;

	memset(cells, 0, CODE_NR * sizeof(*cells));
	for (i = 0; i < CODE_NR; i++)
		cells[i].absent = true;
	if (owner->p)
		cells[CODE_PID] = (struct cell){ .number = owner->p->pid };
	if (!owner->group)
		return;
	cells[CODE_COMMAND] = (struct cell){ .text = owner->group->comm };
	if (owner->group->parent)
		cells[CODE_PARENT] = (struct cell){
			.number = owner->group->parent };
}

static void fill_costs(struct cell *cells, const struct calls_cost *all,
		       const struct calls_cost *self)
{
	cells[CODE_BYTES] = (struct cell){ .number = all->bytes };
	cells[CODE_FAULTS] = (struct cell){ .number = all->faults };
	cells[CODE_NS] = (struct cell){ .number = all->ns };
	cells[CODE_SELF] = (struct cell){ .number = self->bytes };
	cells[CODE_SELF_FAULTS] = (struct cell){ .number = self->faults };
	cells[CODE_SELF_NS] = (struct cell){ .number = self->ns };
}

static void fill_frame(struct cell *cells, const struct calls_frame *frame)
{
	cells[CODE_OBJECT] = (struct cell){ .text = frame->object };
	cells[CODE_FILE] = (struct cell){ .text = frame->file };
	cells[CODE_LINE] = (struct cell){ .number = frame->line,
					  .absent = !frame->line };
}

/* ---- functions ---- */

static int function_row(const struct report *r, struct table *table,
			const struct owner *owner,
			const struct function_cost *cost)
{
	const struct calls_frame *frame = &r->t->stacks.calls.frame[cost->frame];
	const struct calls_frame *line = &r->t->stacks.calls.frame[cost->line];
	struct cell cells[CODE_NR];
	char name[160], place[160];

	name_function(frame, name, sizeof(name));
	name_place(line, place, sizeof(place));
	begin_row(cells, owner);
	fill_costs(cells, &cost->total, &cost->self);
	fill_frame(cells, line);
	cells[CODE_PLACE] = (struct cell){ .text = place };
	cells[CODE_FUNCTION] = (struct cell){ .text = name };
	return table_row(table, cells);
}

static void heading(const struct report *r, const struct owner *owner,
		    const char *what, size_t shown, size_t nr)
{
	if (owner->p) {
		trace_heading(r, owner->p, what, shown, nr);
		return;
	}
	if (r->style.form == TABLE_JSON)
		return;
	fputs("\nGroup ", r->style.out);
	put_safe(r->style.out, owner->group->rest ? "(others)" :
		 owner->group->comm);
	fprintf(r->style.out, " (%llu processes): %s, hottest first",
		owner->group->procs, what);
	if (shown < nr)
		fprintf(r->style.out, " (%zu of %zu)", shown, nr);
	fputs(":\n", r->style.out);
}

static int function_rows(const struct report *r, struct table *table,
			 const struct owner *owner,
			 const struct calls_costs *costs)
{
	struct functions f;
	size_t shown, i;
	int err;

	err = functions_of(&r->t->stacks.calls, costs, &f);
	if (err)
		return err;
	shown = r->style.form == TABLE_JSON ? f.nr : trace_at_most(r, f.nr);
	heading(r, owner, "functions that copied", shown, f.nr);
	for (i = 0; i < shown && !err; i++)
		err = function_row(r, table, owner, &f.function[i]);
	functions_release(&f);
	return err;
}

/* ---- paths ---- */

/* "outer;inner", as collapsed stacks are written; to be freed. */
static char *path_text(const struct calls *c, size_t path)
{
	size_t depth = c->path[path].depth, size = 0, at;
	const char **name = calloc(depth + 1, sizeof(*name));
	char *text = NULL;
	FILE *out = name ? open_memstream(&text, &size) : NULL;

	for (at = path; out && at != CALLS_ROOT; at = c->path[at].caller) {
		const struct calls_frame *frame = &c->frame[c->path[at].frame];

		name[--depth] = frame->function[0] ? frame->function :
						     frame->object;
	}
	for (at = 0; out && at < c->path[path].depth; at++)
		fprintf(out, "%s%s", at ? ";" : "", name[at]);
	free(name);
	if (!out || fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

static int path_row(const struct calls *c, struct table *table,
		    const struct owner *owner, const struct calls_self *self)
{
	char *text = path_text(c, self->path);
	struct cell cells[CODE_NR];
	int err;

	if (!text)
		return -ENOMEM;
	begin_row(cells, owner);
	fill_costs(cells, &self->cost, &self->cost);
	if (self->path != CALLS_ROOT)
		fill_frame(cells, &c->frame[c->path[self->path].frame]);
	cells[CODE_PATH] = (struct cell){ .text = text };
	err = table_row(table, cells);
	free(text);
	return err;
}

/* "inner (file.c:12)"; of what has no line, the object if it is not @before's. */
static void frame_text(const struct calls_frame *frame,
		       const struct calls_frame *before, char *buf, size_t size)
{
	char name[160], place[160];

	name_function(frame, name, sizeof(name));
	name_place(frame, place, sizeof(place));
	if (!place[0] || !frame->function[0] ||
	    (!frame->file[0] && before &&
	     !strcmp(frame->object, before->object)))
		snprintf(buf, size, "%s", name);
	else
		snprintf(buf, size, "%s (%s)", name, place);
}

/* "4M 1000x inner (file.c:12) < outer < ...", in lines that fit. */
static void put_path(FILE *out, const struct calls *c,
		     const struct calls_self *self)
{
	const struct calls_frame *frame, *before = NULL;
	char bytes[24], text[330];
	unsigned int column;
	size_t at;

	size_text(self->cost.bytes, bytes, sizeof(bytes));
	column = fprintf(out, "%5s %6llux", bytes, self->cost.faults);
	for (at = self->path; at != CALLS_ROOT; at = c->path[at].caller) {
		frame = &c->frame[c->path[at].frame];
		frame_text(frame, before, text, sizeof(text));
		if (before && column + strlen(text) + 3 > WIDTH) {
			fputc('\n', out);
			column = fprintf(out, "%13s", "");
		}
		column += fprintf(out, before ? " < " : "  ");
		column += put_safe(out, text);
		before = frame;
	}
	fputc('\n', out);
}

static int path_rows(const struct report *r, struct table *table,
		     const struct owner *owner,
		     const struct calls_costs *costs)
{
	const struct calls *c = &r->t->stacks.calls;
	bool json = r->style.form == TABLE_JSON;
	struct calls_self *list = calls_hottest(costs);
	size_t nr = costs->nr, shown, i;
	int err = 0;

	if (!list)
		return -ENOMEM;
	shown = json ? nr : trace_at_most(r, nr);
	heading(r, owner, "call paths", shown, nr);
	for (i = 0; i < shown && !err; i++) {
		if (json)
			err = path_row(c, table, owner, &list[i]);
		else
			put_path(r->style.out, c, &list[i]);
	}
	free(list);
	return err;
}

/* ---- who wrote to which mapping ---- */

/**
 * struct writer - a function that wrote to a mapping
 * @vma: the mapping
 * @did: what it did there
 */
struct writer {
	size_t vma;
	struct function_cost did;
};

/* For qsort() */
static int compare_writers(const void *a, const void *b)
{
	const struct writer *x = a, *y = b;
	int order = calls_compare(&x->did.self, &y->did.self);

	if (!order)
		order = x->vma < y->vma ? -1 : x->vma > y->vma;
	if (!order)
		order = x->did.frame < y->did.frame ? -1 : 1;
	return order;
}

/* Adds those of one mapping to a list. */
static int add_writers(const struct calls *c, const struct stack_counts *s,
		       size_t vma, struct writer **list, size_t *nr)
{
	struct writer *grown;
	struct functions f;
	size_t i;
	int err;

	err = functions_of(c, &s->vma[vma], &f);
	if (err)
		return err;
	grown = reallocarray(*list, *nr + f.nr + 1, sizeof(*grown));
	if (grown)
		*list = grown;
	else
		err = -ENOMEM;
	for (i = 0; i < f.nr && !err; i++) {
		if (f.function[i].self.faults)
			grown[(*nr)++] = (struct writer){
				.vma = vma, .did = f.function[i] };
	}
	functions_release(&f);
	return err;
}

static int writer_row(const struct report *r, struct table *table,
		      const struct tally_proc *p, const struct writer *w)
{
	const struct calls *c = &r->t->stacks.calls;
	const struct calls_frame *frame = &c->frame[c->path[w->did.path].frame];
	const struct tally_vma *vma = &p->vma[w->vma];
	size_t caller = c->path[w->did.path].caller;
	char name[160], by[160] = "", range[40], mapping[80];
	struct cell cells[CODE_NR];

	name_function(frame, name, sizeof(name));
	if (caller != CALLS_ROOT)
		name_function(&c->frame[c->path[caller].frame], by, sizeof(by));
	snprintf(range, sizeof(range), "%llx-%llx", vma->start, vma->end);
	begin_row(cells, &(struct owner){ .p = p });
	fill_costs(cells, &w->did.self, &w->did.self);
	fill_frame(cells, frame);
	cells[CODE_FUNCTION] = (struct cell){ .text = name };
	cells[CODE_CALLER] = (struct cell){ .text = by };
	cells[CODE_RANGE] = (struct cell){ .text = range,
					   .absent = !vma->end };
	cells[CODE_NAME] = (struct cell){
		.text = trace_vma_name(vma, mapping, sizeof(mapping)) };
	return table_row(table, cells);
}

static int writer_rows(const struct report *r, struct table *table,
		       const struct tally_proc *p)
{
	struct writer *list = NULL;
	size_t nr = 0, shown, i;
	int err = 0;

	for (i = 0; i < p->stacks.nr_vmas && !err; i++)
		err = add_writers(&r->t->stacks.calls, &p->stacks, i, &list, &nr);
	if (nr)
		qsort(list, nr, sizeof(*list), compare_writers);
	shown = r->style.form == TABLE_JSON ? nr : trace_at_most(r, nr);
	if (!err)
		trace_heading(r, p, "who wrote where", shown, nr);
	for (i = 0; i < shown && !err; i++)
		err = writer_row(r, table, p, &list[i]);
	free(list);
	return err;
}

/* ---- tables ---- */

typedef int write_rows(const struct report *r, struct table *table,
		       const struct owner *owner);

static const struct calls_costs *costs_of(const struct owner *owner)
{
	return owner->p ? &owner->p->stacks.costs : &owner->group->calls;
}

static int functions_rows(const struct report *r, struct table *table,
			  const struct owner *owner)
{
	return function_rows(r, table, owner, costs_of(owner));
}

static int paths_rows(const struct report *r, struct table *table,
		      const struct owner *owner)
{
	return path_rows(r, table, owner, costs_of(owner));
}

static int writers_rows(const struct report *r, struct table *table,
			const struct owner *owner)
{
	return writer_rows(r, table, owner->p);
}

static int report_table(const struct report *r, const struct owner *owner,
			size_t nr, const char *key, choose_columns choose,
			write_rows *rows)
{
	struct columns columns;
	struct table *table;
	size_t i;
	int err = 0;

	table = trace_table_begin(r, &columns, code_columns, CODE_NR, key,
				  choose);
	for (i = 0; table && i < nr && !err; i++) {
		if (costs_of(&owner[i])->nr)
			err = rows(r, table, &owner[i]);
	}
	return trace_table_end(table, &columns, err);
}

static int report_all(const struct report *r, const struct owner *owner,
		      size_t nr, const char *functions, const char *paths)
{
	int err;

	err = report_table(r, owner, nr, functions, choose_functions,
			   functions_rows);
	if (!err)
		err = report_table(r, owner, nr, paths, choose_functions,
				   paths_rows);
	if (!err && nr && owner->p)
		err = report_table(r, owner, nr, "writers", choose_writers,
				   writers_rows);
	return err;
}

int trace_report_stacks(const struct report *r, struct trace_proc **list,
			size_t nr)
{
	struct owner *owner;
	size_t i;
	int err;

	if (!r->t->options->stream.stacks)
		return 0;
	owner = calloc(nr + 1, sizeof(*owner));
	if (!owner)
		return -ENOMEM;
	for (i = 0; i < nr; i++)
		owner[i].p = list[i]->tally;
	err = report_all(r, owner, nr, "functions", "paths");
	free(owner);
	return err;
}

int trace_report_group_stacks(const struct report *r)
{
	const struct groups *g = &r->t->groups;
	bool json = r->style.form == TABLE_JSON;
	size_t nr = json ? g->nr : trace_at_most(r, g->nr), i;
	struct owner *owner;
	int err = 0;

	if (!r->t->options->stream.stacks)
		return 0;
	owner = calloc(nr + 1, sizeof(*owner));
	if (!owner)
		return -ENOMEM;
	for (i = 0; i < nr; i++)
		owner[i].group = &g->group[i];
	if (json)
		err = report_all(r, owner, nr, "group_functions",
				 "group_paths");
	for (i = 0; r->grouped && i < nr && !err; i++)
		err = report_all(r, &owner[i], 1, NULL, NULL);
	free(owner);
	return err ? err : trace_report_stack_ends(r);
}
