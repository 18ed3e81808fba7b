// SPDX-License-Identifier: GPL-2.0
/* The table of VMAs. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "array_size.h"
#include "filter.h"
#include "show.h"

/* Columns are the totals, with these around them. */
enum {
	COL_RANGE,
	COL_PERMS,
	COL_KIND,
	COL_TOTALS,
	COL_NAME = COL_TOTALS + COWI_NR_TOTALS,
	NR_COLUMNS
};

static struct column all[NR_COLUMNS] = {
	[COL_RANGE] = { .name = "range", .help = "addresses, hexadecimal",
			.by_default = true, .whole = true },
	[COL_PERMS] = { .name = "perms", .help = "rwx; p private, s shared",
			.by_default = true },
	[COL_KIND] = { .name = "kind",
		       .help = "anon, file, shmem, hugetlb or device" },
	[COL_NAME] = { .name = "name", .help = "path, [heap], [stack], ...",
		       .by_default = true },
};

/*
 * Headings that keep the default table narrow, and what is left out first, the highest
 * number, where a terminal has no room.
 */
static const struct {
	enum cowi_total id;
	const char *heading;
	unsigned int drop;
} defaults[] = {
	{ COWI_TOTAL_present, NULL, 0 },
	{ COWI_TOTAL_exclusive, "excl", 2 },
	{ COWI_TOTAL_mapped_more, "shared", 4 },
	{ COWI_TOTAL_cow_pending, "cow", 3 },
	{ COWI_TOTAL_map_mean, "mapcount", 6 },
	{ COWI_TOTAL_map_max, "max", 7 },
	{ COWI_TOTAL_next_copy, "copy", 1 },
	{ COWI_TOTAL_next_reuse, "reuse", 5 },
};

static enum cell_type type_of(enum cowi_unit unit)
{
	switch (unit) {
	case COWI_UNIT_PAGES:
		return CELL_PAGES;
	case COWI_UNIT_BYTES:
		return CELL_BYTES;
	case COWI_UNIT_MEAN:
		return CELL_MEAN;
	default:
		return CELL_COUNT;
	}
}

struct columns show_vmas_columns(void)
{
	struct columns c = { .all = all, .nr_all = NR_COLUMNS };
	size_t i;

	for (i = 0; i < COWI_NR_TOTALS; i++) {
		all[COL_TOTALS + i].name = cowi_total_info[i].name;
		all[COL_TOTALS + i].help = cowi_total_info[i].meaning;
		all[COL_TOTALS + i].type = type_of(cowi_total_info[i].unit);
	}
	/* In JSON it is in bytes, as all sizes are. */
	all[COL_TOTALS + COWI_TOTAL_pages].name = "size";
	all[COL_TOTALS + COWI_TOTAL_pages].heading = "pages";
	for (i = 0; i < ARRAY_SIZE(defaults); i++) {
		all[COL_TOTALS + defaults[i].id].heading = defaults[i].heading;
		all[COL_TOTALS + defaults[i].id].by_default = true;
		all[COL_TOTALS + defaults[i].id].drop = defaults[i].drop;
	}
	return c;
}

/* Numbers that follow from the mapcount are as exact as it is. */
static bool from_mapcount(enum cowi_total id)
{
	return id == COWI_TOTAL_mapped_once || id == COWI_TOTAL_mapped_more ||
	       id == COWI_TOTAL_pss ||
	       (id >= COWI_TOTAL_map_min && id <= COWI_TOTAL_map_64);
}

static void fill_totals(const struct cowi_totals *totals,
			const struct cowi_status *st, struct cell *cells)
{
	enum cowi_total i;

	for (i = 0; i < COWI_NR_TOTALS; i++) {
		struct cell *cell = &cells[COL_TOTALS + i];

		cell->number = totals->value[i];
		cell->absent = !totals->known[i];
		if (from_mapcount(i) && st->mapcount != COWI_COUNT_EXACT) {
			cell->absent |= st->mapcount == COWI_COUNT_ABSENT;
			cell->note = cell->absent ? NULL : "~";
		}
	}
	if (st->exclusive == COWI_COUNT_ABSENT) {
		cells[COL_TOTALS + COWI_TOTAL_exclusive].absent = true;
		cells[COL_TOTALS + COWI_TOTAL_maybe_shared].absent = true;
	}
}

static int add_vma(struct table *table, const struct cowi_vma *vma,
		   const struct cowi_status *st, struct filter *filter)
{
	struct cell cells[NR_COLUMNS] = { 0 };
	char range[40];

	snprintf(range, sizeof(range), "%llx-%llx", vma->start,
		 vma->end);
	cells[COL_RANGE].text = range;
	cells[COL_PERMS].text = vma->perms;
	cells[COL_KIND].text = vma->kind;
	cells[COL_NAME].text = vma->name;
	fill_totals(&vma->totals, st, cells);
	return filter_fits(filter, cells, st->page_size) ?
	       table_row(table, cells) : 0;
}

static bool overlaps(const struct cowi_vma *vma, const struct range *range)
{
	return vma->end > range->start && vma->start < range->end;
}

bool show_is_empty(const struct cowi_vma *vma)
{
	return !vma->totals.value[COWI_TOTAL_present] &&
	       !vma->totals.value[COWI_TOTAL_swapped] &&
	       !vma->totals.value[COWI_TOTAL_nonpresent];
}

/* Says in @hidden how many are left out. */
static int add_vmas(struct table *table, const struct cowi_vmas *vmas,
		    const struct cowi_status *st, const struct show *s,
		    size_t *hidden)
{
	bool human = s->style.form == TABLE_HUMAN;
	size_t i;
	int err = 0;

	*hidden = 0;
	for (i = 0; i < vmas->nr && !err; i++) {
		const struct cowi_vma *vma = &vmas->vma[i];

		if (!overlaps(vma, &s->range))
			continue;
		if (human && !s->all_rows && show_is_empty(vma))
			(*hidden)++;
		else
			err = add_vma(table, vma, st, s->columns.filter);
	}
	return err;
}

/* Whatever is shown, the row of totals begins with the word. */
static int add_summary(struct table *table, const struct cowi_totals *sum,
		       const struct cowi_status *st, size_t first)
{
	struct cell cells[NR_COLUMNS] = { 0 };

	fill_totals(sum, st, cells);
	if (all[first].type == CELL_TEXT)
		cells[first].text = "total";
	else
		cells[first].note = cells[first].note ? "total ~" : "total ";
	return table_row(table, cells);
}

static void json_summary(struct json *j, const struct cowi_totals *sum,
			 __u64 page_size)
{
	enum cowi_total i;

	json_object(j, "summary");
	for (i = 0; i < COWI_NR_TOTALS; i++) {
		enum cowi_unit unit = cowi_total_info[i].unit;
		const char *name = all[COL_TOTALS + i].name;

		if (!sum->known[i])
			json_null(j, name);
		else if (unit == COWI_UNIT_MEAN)
			json_hundredths(j, name, sum->value[i]);
		else
			json_number(j, name, unit == COWI_UNIT_PAGES ?
				    sum->value[i] * page_size : sum->value[i]);
	}
	json_end_object(j);
}

static int write_table(const struct cowi_vmas *vmas,
		       const struct cowi_totals *sum,
		       const struct cowi_status *st, const struct show *s)
{
	bool whole = s->range.start == 0 && s->range.end == UINT64_MAX;
	struct table *table;
	size_t hidden;
	int err, closed;

	table = table_open(&s->style, &s->columns, "vmas");
	if (!table)
		return -ENOMEM;
	err = add_vmas(table, vmas, st, s, &hidden);
	/* Totals of the whole task below a part of it would mislead. */
	if (!err && whole && s->style.form == TABLE_HUMAN)
		err = add_summary(table, sum, st, s->columns.shown[0]);
	closed = table_close(table);
	if (hidden)
		fprintf(s->style.out,
			"Of %zu mapping%s more nothing is present: --all-rows shows them.\n",
			hidden, hidden == 1 ? "" : "s");
	if (s->style.form == TABLE_JSON && whole)
		json_summary(s->style.json, sum, st->page_size);
	return err ? err : closed;
}

static bool has_any(const struct cowi_vmas *vmas, const struct range *range)
{
	size_t i;

	for (i = 0; i < vmas->nr; i++) {
		if (overlaps(&vmas->vma[i], range))
			return true;
	}
	return false;
}

int show_vmas(const struct target *target, void *arg)
{
	const struct cowi_status *st =
		cowi_status(cowi_target_session(target->t));
	struct show *s = arg;
	struct cowi_totals sum;
	struct cowi_vmas vmas;
	bool any = false;
	int err;

	err = cowi_vmas(target->t, &vmas);
	if (!err)
		err = cowi_summary(target->t, &sum);
	if (!err) {
		any = has_any(&vmas, &s->range);
		if (any || s->style.form == TABLE_JSON) {
			show_begin(s, target);
			err = write_table(&vmas, &sum, st, s);
			show_end(s);
		}
	}
	cowi_vmas_free(&vmas);
	if (err || any)
		return err;
	return target_has_no(target, "mapping", &s->range);
}
