// SPDX-License-Identifier: GPL-2.0
/*
 * Text and records of the module to structs: no I/O, no trust. Whatever the
 * input is, the functions end with an error code or a valid struct.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array_size.h"
#include "grow.h"
#include "internal.h"
#include "parse.h"
#include "span.h"

/* A huge PUD with 64 KiB base pages is order 26; more cannot be an entry. */
#define MAX_MAP_ORDER	32

/* COWI_NR_TOTALS for a name that this library does not know. */
static enum cowi_total total_by_name(struct span name)
{
	enum cowi_total i;

	for (i = 0; i < COWI_NR_TOTALS; i++) {
		if (span_is(name, cowi_total_info[i].name))
			break;
	}
	return i;
}

static int parse_total(struct span text, enum cowi_total id,
		       struct cowi_totals *to)
{
	int err;

	if (cowi_total_info[id].unit == COWI_UNIT_MEAN)
		err = span_hundredths(text, &to->value[id]);
	else
		err = span_number(text, 10, &to->value[id]);
	if (!err)
		to->known[id] = true;
	return err;
}

int cowi_parse_summary(const char *text, struct cowi_totals *sum)
{
	struct span rest = { text, strlen(text) };

	memset(sum, 0, sizeof(*sum));
	if (!rest.len)
		return -COWI_EFORMAT;
	while (rest.len) {
		struct span line = span_cut(&rest, '\n');
		struct span name, value;
		enum cowi_total id;

		if (span_name_value(line, &name, &value))
			return -COWI_EFORMAT;
		id = total_by_name(name);
		if (id < COWI_NR_TOTALS && parse_total(value, id, sum))
			return -COWI_EFORMAT;
	}
	return 0;
}

/* What a column of the vmas file holds: a total, or one of these. */
enum {
	COL_RANGE = COWI_NR_TOTALS,
	COL_PERMS,
	COL_KIND,
	COL_NAME,
	COL_UNKNOWN,
};

#define MAX_COLUMNS	1024

struct vma_header {
	size_t nr;
	int what[MAX_COLUMNS];
};

static int column_by_name(struct span name)
{
	enum cowi_total id = total_by_name(name);

	if (id < COWI_NR_TOTALS)
		return id;
	if (span_is(name, "range"))
		return COL_RANGE;
	if (span_is(name, "perms"))
		return COL_PERMS;
	if (span_is(name, "kind"))
		return COL_KIND;
	if (span_is(name, "name"))
		return COL_NAME;
	return COL_UNKNOWN;
}

static int parse_header(struct span line, struct vma_header *h)
{
	bool has_range = false;

	h->nr = 0;
	while (line.len) {
		struct span word = span_cut(&line, ' ');

		if (h->nr == MAX_COLUMNS)
			return -COWI_EFORMAT;
		h->what[h->nr] = column_by_name(word);
		has_range |= h->what[h->nr] == COL_RANGE;
		/* The rest of the line: nothing can follow it. */
		if (h->what[h->nr++] == COL_NAME)
			return has_range && !line.len ? 0 : -COWI_EFORMAT;
	}
	return -COWI_EFORMAT;
}

static int parse_range(struct span s, struct cowi_vma *vma)
{
	struct span start = span_cut(&s, '-');

	if (span_number(start, 16, &vma->start) ||
	    span_number(s, 16, &vma->end) || vma->start >= vma->end)
		return -COWI_EFORMAT;
	return 0;
}

static int parse_cell(struct span word, int what, struct cowi_vma *vma)
{
	switch (what) {
	case COL_RANGE:
		return parse_range(word, vma);
	case COL_PERMS:
		span_copy(word, vma->perms, sizeof(vma->perms));
		return 0;
	case COL_KIND:
		span_copy(word, vma->kind, sizeof(vma->kind));
		return 0;
	case COL_UNKNOWN:
		return 0;
	default:
		return parse_total(word, what, &vma->totals);
	}
}

static int parse_vma(struct span line, const struct vma_header *h,
		     struct cowi_vma *vma)
{
	size_t i;
	int err;

	memset(vma, 0, sizeof(*vma));
	for (i = 0; i + 1 < h->nr; i++) {
		struct span word = span_cut(&line, ' ');

		if (!word.len)
			return -COWI_EFORMAT;
		err = parse_cell(word, h->what[i], vma);
		if (err)
			return err;
	}
	vma->name = strndup(line.p, line.len);
	return vma->name ? 0 : -ENOMEM;
}

int cowi_parse_vmas(const char *text, struct cowi_vmas *vmas)
{
	struct span rest = { text, strlen(text) };
	struct vma_header header;
	struct cowi_vma *grown;
	__u64 last_end = 0;
	int err;

	memset(vmas, 0, sizeof(*vmas));
	err = parse_header(span_cut(&rest, '\n'), &header);
	while (!err && rest.len) {
		/* A line without its newline was cut off. */
		if (!memchr(rest.p, '\n', rest.len))
			return -COWI_EFORMAT;
		grown = grow(vmas->vma, vmas->nr, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		vmas->vma = grown;
		err = parse_vma(span_cut(&rest, '\n'), &header,
				&vmas->vma[vmas->nr]);
		if (err)
			return err;
		if (vmas->vma[vmas->nr++].start < last_end)
			return -COWI_EFORMAT;
		last_end = vmas->vma[vmas->nr - 1].end;
	}
	return err;
}

void cowi_vmas_free(struct cowi_vmas *vmas)
{
	size_t i;

	for (i = 0; i < vmas->nr; i++)
		free(vmas->vma[i].name);
	free(vmas->vma);
	vmas->vma = NULL;
	vmas->nr = 0;
}

__u64 cowi_record_end(const struct cowinspect_page *rec, __u64 page_size)
{
	return rec->addr + (page_size << rec->map_order);
}

int cowi_parse_record(const void *buf, size_t size, __u64 page_size,
		      struct cowinspect_page *rec)
{
	if (size < sizeof(*rec))
		return -COWI_EFORMAT;
	memcpy(rec, buf, sizeof(*rec));
	if (rec->map_order > MAX_MAP_ORDER || rec->addr & (page_size - 1) ||
	    cowi_record_end(rec, page_size) <= rec->addr)
		return -COWI_EFORMAT;
	return 0;
}

/* What a column of the faults file holds: a kind of VMA, or one of these. */
enum {
	FAULTS_TOTAL = COWI_NR_VMAS,
	FAULTS_UNKNOWN,
};

struct faults_header {
	size_t nr;
	int what[64];
};

static int faults_column(struct span name)
{
	int i;

	for (i = 0; i < COWI_NR_VMAS; i++) {
		if (span_is(name, cowi_vma_name(i)))
			return i;
	}
	return span_is(name, "total") ? FAULTS_TOTAL : FAULTS_UNKNOWN;
}

static int parse_faults_header(struct span line, struct faults_header *h)
{
	struct span name;

	if (span_name_value(line, &name, &line) || !span_is(name, "counters"))
		return -COWI_EFORMAT;
	for (h->nr = 0; line.len; h->nr++) {
		if (h->nr == ARRAY_SIZE(h->what))
			return -COWI_EFORMAT;
		h->what[h->nr] = faults_column(span_cut(&line, ' '));
	}
	return h->nr ? 0 : -COWI_EFORMAT;
}

/* COWI_NR_FAULTS for a name that this library does not know. */
static enum cowi_fault fault_by_name(struct span name)
{
	enum cowi_fault i;

	for (i = 0; i < COWI_NR_FAULTS; i++) {
		if (span_is(name, cowi_fault_info[i].name))
			break;
	}
	return i;
}

static int parse_faults_line(struct span line, const struct faults_header *h,
			     struct cowi_faults *faults)
{
	enum cowi_fault id;
	struct span name;
	size_t i;
	__u64 n;

	if (span_name_value(line, &name, &line))
		return -COWI_EFORMAT;
	id = fault_by_name(name);
	if (id == COWI_NR_FAULTS)
		return 0;
	for (i = 0; i < h->nr; i++) {
		if (span_number(span_cut(&line, ' '), 10, &n))
			return -COWI_EFORMAT;
		if (h->what[i] == FAULTS_TOTAL)
			faults->total[id] = n;
		else if (h->what[i] < COWI_NR_VMAS)
			faults->by_vma[id][h->what[i]] = n;
	}
	faults->known[id] = true;
	return 0;
}

int cowi_parse_faults(const char *text, struct cowi_faults *faults)
{
	struct span rest = { text, strlen(text) };
	struct faults_header header;
	int err;

	memset(faults, 0, sizeof(*faults));
	err = parse_faults_header(span_cut(&rest, '\n'), &header);
	while (!err && rest.len)
		err = parse_faults_line(span_cut(&rest, '\n'), &header, faults);
	return err;
}
