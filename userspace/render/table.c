// SPDX-License-Identifier: GPL-2.0
/* Typed cells to text or JSON. Where things stand on a line: layout.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "filter.h"
#include "layout.h"
#include "table.h"

#define CELL_TEXT_MAX	40

struct table {
	struct table_style style;
	const struct columns *columns;
	struct layout *layout;
	const char **texts;
	char (*buffers)[CELL_TEXT_MAX];
};

/*
 * A table of pages is made of numbers, and printf() takes its time for one. Returns how
 * many characters there are, or would be.
 */
static size_t digits(__u64 n, unsigned int base, char *buf, size_t size)
{
	char text[24], *at = text + sizeof(text);
	size_t length;

	*--at = '\0';
	do {
		*--at = "0123456789abcdef"[n % base];
		n /= base;
	} while (n);
	length = text + sizeof(text) - at;
	if (length <= size)
		memcpy(buf, at, length);
	return length - 1;
}

void size_text(__u64 bytes, char *buf, size_t size)
{
	static const char units[] = "BKMGTPE";
	unsigned int unit = 0;
	size_t length;
	__u64 tenths;

	while (unit < 6 && bytes >> (10 * (unit + 1)))
		unit++;
	if (!unit) {
		snprintf(buf, size, "%llu%s", bytes, bytes ? "B" : "");
		return;
	}
	/* Rounded to tenths, without overflow for sizes near 2^64. */
	tenths = (bytes >> (10 * unit)) * 10 +
		 ((((bytes >> (10 * (unit - 1))) & 1023) * 10 + 512) >> 10);
	if (tenths >= 10240 && unit < 6) {
		tenths = 10;
		unit++;
	}
	if (tenths % 10) {
		snprintf(buf, size, "%llu.%u%c", tenths / 10,
			 (unsigned int)(tenths % 10), units[unit]);
		return;
	}
	length = digits(tenths / 10, 10, buf, size);
	if (length + 2 <= size) {
		buf[length] = units[unit];
		buf[length + 1] = '\0';
	}
}

void time_text(__u64 ns, char *buf, size_t size)
{
	static const char *const units[] = { "ns", "us", "ms", "s" };
	unsigned int unit = 0;
	__u64 whole = 1;

	while (unit < 3 && ns / whole >= 1000) {
		whole *= 1000;
		unit++;
	}
	/* Two digits at least, cut off, not rounded: 999.9us is not 1000us. */
	if (unit && ns / whole < 10 && ns % whole * 10 / whole)
		snprintf(buf, size, "%llu.%llu%s", ns / whole,
			 ns % whole * 10 / whole, units[unit]);
	else
		snprintf(buf, size, "%llu%s", ns / whole, ns ? units[unit] : "");
}

ssize_t column_find(const struct columns *c, const char *name,
		    size_t len)
{
	size_t i;

	for (i = 0; i < c->nr_all; i++) {
		const char *known = c->all[i].name;
		const char *heading = c->all[i].heading;

		if ((strlen(known) == len && !strncasecmp(known, name, len)) ||
		    (heading && strlen(heading) == len &&
		     !strncasecmp(heading, name, len)))
			return i;
	}
	return -1;
}

static void select_where(struct columns *c, bool everything)
{
	size_t i;

	for (i = 0; i < c->nr_all; i++) {
		if (everything || c->all[i].by_default)
			c->shown[c->nr_shown++] = i;
	}
}

int columns_select(struct columns *c, const char *list, bool everything,
		   char *bad, size_t bad_size)
{
	size_t room = c->nr_all;
	const char *p;

	bad[0] = '\0';
	/* Every comma may add a column to the default ones. */
	for (p = list; p && *p; p++)
		room += *p == ',';
	c->nr_shown = 0;
	c->asked = everything || list;
	c->shown = calloc(room + 1, sizeof(*c->shown));
	if (!c->shown)
		return -ENOMEM;
	if (everything || !list || list[0] == '+')
		select_where(c, everything);
	if (everything || !list)
		return 0;
	if (list[0] == '+')
		list++;
	for (;;) {
		size_t len = strcspn(list, ",");
		ssize_t i = column_find(c, list, len);

		if (i < 0) {
			snprintf(bad, bad_size, "%.*s", (int)len, list);
			return -EINVAL;
		}
		c->shown[c->nr_shown++] = i;
		if (!list[len])
			return 0;
		list += len + 1;
	}
}

void columns_release(struct columns *c)
{
	filter_free(c->filter);
	free(c->shown);
}

void columns_help(const struct columns *c, FILE *out)
{
	size_t i;

	for (i = 0; i < c->nr_all; i++) {
		const struct column *col = &c->all[i];

		fprintf(out, " %c %-17s %-8s %s\n",
			col->by_default ? '*' : ' ', col->name,
			col->heading ? col->heading : "", col->help);
	}
	fputs(" * shown by default; the second word, where there is one, is its heading\n",
	      out);
}

static bool is_number(enum cell_type type)
{
	return type != CELL_TEXT && type != CELL_HEX && type != CELL_FRAME &&
	       type != CELL_BOOL;
}

/* "range" is RANGE above a column. */
static void heading_text(const struct column *col, char *buf)
{
	const char *s = col->heading ? col->heading : col->name;
	size_t i;

	for (i = 0; s[i] && i < CELL_TEXT_MAX - 1; i++)
		buf[i] = s[i] >= 'a' && s[i] <= 'z' ? s[i] - 'a' + 'A' : s[i];
	buf[i] = '\0';
}

static struct layout *make_layout(struct table *t)
{
	bool raw = t->style.form == TABLE_RAW, headings = !t->style.noheadings;
	size_t nr = t->columns->nr_shown, i;
	struct layout_column *cols = calloc(nr, sizeof(*cols));
	struct layout *l;

	if (!cols)
		return NULL;
	for (i = 0; i < nr; i++) {
		const struct column *col;

		col = &t->columns->all[t->columns->shown[i]];
		heading_text(col, t->buffers[i]);
		cols[i].heading = t->buffers[i];
		cols[i].right = is_number(col->type);
		cols[i].width = col->width;
		cols[i].drop = t->columns->asked ? 0 : col->drop;
		cols[i].whole = is_number(col->type) || col->whole;
	}
	if (t->style.stream)
		l = layout_stream(t->style.out, raw, headings, cols, nr);
	else
		l = layout_new(t->style.out, raw, headings, cols, nr);
	if (l)
		layout_leave_out(l, t->style.hide_zero && !raw, t->style.no_room);
	free(cols);
	return l;
}

static void table_free(struct table *t)
{
	layout_free(t->layout);
	free(t->buffers);
	free(t->texts);
	free(t);
}

struct table *table_open(const struct table_style *style,
			 const struct columns *columns, const char *key)
{
	struct table *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->style = *style;
	t->columns = columns;
	if (style->form == TABLE_JSON) {
		json_array(style->json, key);
		return t;
	}
	t->texts = calloc(columns->nr_shown, sizeof(*t->texts));
	t->buffers = calloc(columns->nr_shown, sizeof(*t->buffers));
	if (!t->texts || !t->buffers) {
		table_free(t);
		return NULL;
	}
	return t;
}

static void json_cell(struct table *t, const struct column *col,
		      const struct cell *cell)
{
	struct json *j = t->style.json;

	if (cell->absent) {
		json_null(j, col->name);
		return;
	}
	switch (col->type) {
	case CELL_TEXT:
		json_string(j, col->name, cell->text ? cell->text : "");
		break;
	case CELL_HEX:
		json_hex(j, col->name, cell->number);
		break;
	case CELL_MEAN:
		json_hundredths(j, col->name, cell->number);
		break;
	case CELL_BOOL:
		json_bool(j, col->name, cell->number);
		break;
	case CELL_PAGES:
		json_number(j, col->name, cell->number * t->style.page_size);
		break;
	case CELL_FRAME:
	case CELL_COUNT:
	case CELL_BYTES:
	case CELL_TIME:
		json_number(j, col->name, cell->number);
		break;
	}
}

static void json_row(struct table *t, const struct cell *cells)
{
	size_t i;

	json_object(t->style.json, NULL);
	for (i = 0; i < t->columns->nr_shown; i++) {
		size_t col = t->columns->shown[i];

		json_cell(t, &t->columns->all[col], &cells[col]);
	}
	json_end_object(t->style.json);
}

static void number_text(struct table *t, const struct column *col,
			__u64 n, char *buf, size_t size)
{
	bool human = t->style.form == TABLE_HUMAN && !t->style.bytes;

	switch (col->type) {
	case CELL_HEX:
	case CELL_FRAME:
		digits(n, 16, buf, size);
		break;
	case CELL_MEAN:
		snprintf(buf, size, "%llu.%02llu", n / 100, n % 100);
		break;
	case CELL_PAGES:
		if (human)
			size_text(n * t->style.page_size, buf, size);
		else
			digits(t->style.bytes ? n * t->style.page_size : n, 10, buf,
			       size);
		break;
	case CELL_BYTES:
		if (human)
			size_text(n, buf, size);
		else
			digits(n, 10, buf, size);
		break;
	case CELL_TIME:
		if (human)
			time_text(n, buf, size);
		else
			digits(n, 10, buf, size);
		break;
	default:
		digits(n, 10, buf, size);
	}
}

static const char *cell_text(struct table *t, const struct column *col,
			     const struct cell *cell, char *buf)
{
	size_t used = 0;

	if (!cell->absent && col->type == CELL_TEXT)
		return cell->text ? cell->text : "";
	if (!cell->absent && col->type == CELL_BOOL)
		return cell->number ? "yes" : "no";
	if (cell->note && t->style.form == TABLE_HUMAN)
		used = snprintf(buf, CELL_TEXT_MAX, "%s", cell->note);
	if (cell->absent)
		snprintf(buf + used, CELL_TEXT_MAX - used, "-");
	else
		number_text(t, col, cell->number, buf + used,
			    CELL_TEXT_MAX - used);
	return buf;
}

int table_row(struct table *t, const struct cell *cells)
{
	size_t i;

	if (t->style.form == TABLE_JSON) {
		json_row(t, cells);
		return 0;
	}
	/* For the first row: headings alone are no table. */
	if (!t->layout)
		t->layout = make_layout(t);
	if (!t->layout)
		return -ENOMEM;
	for (i = 0; i < t->columns->nr_shown; i++) {
		size_t col = t->columns->shown[i];

		t->texts[i] = cell_text(t, &t->columns->all[col], &cells[col],
					t->buffers[i]);
	}
	return layout_row(t->layout, t->texts);
}

int table_close(struct table *t)
{
	int err = 0;

	if (!t)
		return 0;
	if (t->layout)
		err = layout_print(t->layout);
	if (t->style.form == TABLE_HUMAN)
		filter_tell(t->columns->filter, t->style.out);
	if (t->style.form == TABLE_JSON)
		json_end_array(t->style.json);
	table_free(t);
	return err;
}
