// SPDX-License-Identifier: GPL-2.0
/* The table of pages: written as it is read, whatever the size. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "filter.h"
#include "show.h"

enum {
	COL_ADDR,
	COL_SIZE,
	COL_PFN,
	COL_KIND,
	COL_MAPCOUNT,
	COL_COUNTS,
	COL_FOLIO_MAPCOUNT,
	COL_FOLIO_PAGES,
	COL_REFCOUNT,
	COL_EXCLUSIVE,
	COL_WRITE,
	COL_NEXT,
	COL_CONFIDENCE,
	COL_SWAP_TYPE,
	COL_FLAGS,
	NR_COLUMNS
};

static const struct column all[NR_COLUMNS] = {
	[COL_ADDR] = { "addr", NULL, "first address, hexadecimal", CELL_HEX,
		       12, true, 0, false },
	[COL_SIZE] = { "size", NULL, "what the entry maps", CELL_PAGES, 5,
		       true, 0, false },
	[COL_PFN] = { "pfn", NULL,
		      "page frame number, hexadecimal; swap: offset",
		      CELL_FRAME, 9, true, 0, false },
	[COL_KIND] = { "kind", NULL, "anon, file, shmem, zero, ksm, swap, ...",
		       CELL_TEXT, 6, true, 0, false },
	[COL_MAPCOUNT] = { "mapcount", "map", "how often the page is mapped",
			   CELL_COUNT, 4, true, 0, false },
	[COL_COUNTS] = { "counts", NULL,
			 "mapcount is exact, an average or an estimate",
			 CELL_TEXT, 8, false, 0, false },
	[COL_FOLIO_MAPCOUNT] = { "folio_mapcount", NULL,
				 "mappings of any page of the folio",
				 CELL_COUNT, 0, false, 0, false },
	[COL_FOLIO_PAGES] = { "folio", NULL, "size of the page's folio",
			      CELL_PAGES, 5, false, 0, false },
	[COL_REFCOUNT] = { "refcount", "ref", "references to the folio",
			   CELL_COUNT, 4, true, 0, false },
	[COL_EXCLUSIVE] = { "exclusive", "excl",
			    "anonymous and owned by this mapping", CELL_BOOL,
			    4, true, 0, false },
	[COL_WRITE] = { "write", NULL, "hardware lets writes through",
			CELL_BOOL, 5, true, 0, false },
	[COL_NEXT] = { "next", NULL, "what the next write does", CELL_TEXT, 8,
		       true, 0, false },
	[COL_CONFIDENCE] = { "confidence", "conf", "how far to trust that",
			     CELL_TEXT, 6, true, 0, false },
	[COL_SWAP_TYPE] = { "swap_type", NULL, "number of the swap area",
			    CELL_COUNT, 0, false, 0, false },
	[COL_FLAGS] = { "flags", NULL, "all flags of entry, page and VMA",
			CELL_TEXT, 40, true, 0, false },
};

struct columns show_pages_columns(void)
{
	return (struct columns){ .all = all, .nr_all = NR_COLUMNS };
}

void page_flags_text(__u64 flags, char *buf, size_t size)
{
	const char *name;
	__u64 mask;
	unsigned int i;
	size_t used = 0, length;

	buf[0] = '\0';
	for (i = 0; (name = cowi_flag_name(i, &mask)); i++) {
		if (!(flags & mask))
			continue;
		length = strlen(name);
		if (used + length + 2 > size)
			continue;
		if (used)
			buf[used++] = ',';
		memcpy(buf + used, name, length + 1);
		used += length;
	}
}

static bool has_page(const struct cowinspect_page *rec)
{
	return rec->flags & COWI_F_PRESENT && rec->kind != COWI_KIND_PFN &&
	       rec->kind != COWI_KIND_ZERO;
}

static int add_page(struct table *table, const struct cowinspect_page *rec,
		    const char *flags, const struct show *s, bool exclusive_known)
{
	struct cell cells[NR_COLUMNS] = { 0 };

	cells[COL_ADDR].number = rec->addr;
	cells[COL_SIZE].number = 1ull << rec->map_order;
	cells[COL_PFN].number = rec->pfn;
	cells[COL_PFN].absent = rec->pfn == COWINSPECT_NO_PFN;
	cells[COL_KIND].text = cowi_kind_name(rec->kind);
	cells[COL_MAPCOUNT].number = rec->mapcount;
	cells[COL_MAPCOUNT].absent = !has_page(rec) ||
				     rec->counts == COWI_COUNT_ABSENT;
	if (has_page(rec) && rec->counts != COWI_COUNT_EXACT)
		cells[COL_MAPCOUNT].note = "~";
	cells[COL_COUNTS].text = cowi_counts_name(rec->counts);
	cells[COL_FOLIO_MAPCOUNT].number = rec->folio_mapcount;
	cells[COL_FOLIO_MAPCOUNT].absent = !has_page(rec);
	cells[COL_FOLIO_PAGES].number = 1ull << (rec->folio_order & 63);
	cells[COL_FOLIO_PAGES].absent = !has_page(rec);
	cells[COL_REFCOUNT].number = rec->refcount;
	cells[COL_REFCOUNT].absent = !has_page(rec);
	cells[COL_EXCLUSIVE].number = !!(rec->flags & COWI_F_EXCLUSIVE);
	cells[COL_EXCLUSIVE].absent = !exclusive_known;
	cells[COL_WRITE].number = !!(rec->flags & COWI_F_WRITE);
	cells[COL_NEXT].text = cowi_outcome_name(rec->outcome);
	cells[COL_CONFIDENCE].text = cowi_confidence_name(rec->confidence);
	cells[COL_SWAP_TYPE].number = rec->swap_type;
	cells[COL_SWAP_TYPE].absent = rec->kind != COWI_KIND_SWAP;
	cells[COL_FLAGS].text = flags;
	return filter_fits(s->columns.filter, cells, s->style.page_size) ?
	       table_row(table, cells) : 0;
}

/* From @rec on, if there are @more. Most have the flags of the one before. */
static int add_pages(struct table *table, struct cowi_pages *pages,
		     struct cowinspect_page *rec, int more,
		     const struct show *s, bool exclusive_known)
{
	__u64 said = ~rec->flags;
	char flags[320];
	int err;

	for (; more > 0; more = cowi_pages_next(pages, rec)) {
		if (rec->flags != said)
			page_flags_text(rec->flags, flags, sizeof(flags));
		said = rec->flags;
		err = add_page(table, rec, flags, s, exclusive_known);
		if (err)
			return err;
		if (interrupt_signal())
			return -EINTR;
		/* "| head" has gone: finish_output() judges that. */
		if (ferror(stdout))
			return 0;
	}
	return more;
}

static int write_table(const struct target *target, struct show *s,
		       struct cowi_pages *pages)
{
	const struct cowi_status *st =
		cowi_status(cowi_target_session(target->t));
	struct table_style style = s->style;
	struct cowinspect_page rec;
	struct table *table;
	int more, err, closed;

	more = cowi_pages_next(pages, &rec);
	if (more < 0)
		return more;
	if (more || s->style.form == TABLE_JSON)
		show_begin(s, target);
	style.stream = true;
	table = table_open(&style, &s->columns, "pages");
	if (!table)
		return -ENOMEM;
	err = add_pages(table, pages, &rec, more, s,
			st->exclusive != COWI_COUNT_ABSENT);
	closed = table_close(table);
	show_end(s);
	if (!more)
		return target_has_no(target, "mapped page", &s->range);
	return err ? err : closed;
}

int show_pages(const struct target *target, void *arg)
{
	struct cowi_pages *pages;
	struct show *s = arg;
	int err;

	err = cowi_pages_open(target->t, s->range.start, s->range.end, &pages);
	if (err)
		return err;
	err = write_table(target, s, pages);
	cowi_pages_close(pages);
	return err;
}
