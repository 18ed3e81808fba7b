// SPDX-License-Identifier: GPL-2.0
/*
 * Text and records of the module to structs: no I/O, no trust. Whatever the
 * input is, the functions end with an error code or a valid struct.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array_size.h"
#include "internal.h"
#include "parse.h"

/* A huge PUD with 64 KiB base pages is order 26; more cannot be an entry. */
#define MAX_MAP_ORDER	32

/* A piece of a text: not NUL-terminated. */
struct span {
	const char *p;
	size_t len;
};

static bool span_is(struct span s, const char *word)
{
	return s.len == strlen(word) && !memcmp(s.p, word, s.len);
}

/* Cut @rest at the first @sep. Without one, the whole of it is returned. */
static struct span span_cut(struct span *rest, char sep)
{
	const char *at = memchr(rest->p, sep, rest->len);
	struct span head = { rest->p, at ? (size_t)(at - rest->p) : rest->len };
	size_t used = head.len + (at ? 1 : 0);

	rest->p += used;
	rest->len -= used;
	return head;
}

static void span_copy(struct span s, char *to, size_t size)
{
	size_t n = s.len < size ? s.len : size - 1;

	memcpy(to, s.p, n);
	to[n] = '\0';
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return 16;
}

static int span_number(struct span s, unsigned int base, __u64 *out)
{
	__u64 n = 0;
	size_t i;

	if (!s.len)
		return -COWI_EFORMAT;
	for (i = 0; i < s.len; i++) {
		unsigned int digit = digit_value(s.p[i]);

		if (digit >= base || __builtin_mul_overflow(n, base, &n) ||
		    __builtin_add_overflow(n, digit, &n))
			return -COWI_EFORMAT;
	}
	*out = n;
	return 0;
}

/* "12.34" to 1234: exactly two digits after the point. */
static int span_hundredths(struct span s, __u64 *out)
{
	struct span whole = span_cut(&s, '.');
	__u64 units, cents;

	if (s.len != 2 || span_number(whole, 10, &units) ||
	    span_number(s, 10, &cents) ||
	    __builtin_mul_overflow(units, 100, &units) ||
	    __builtin_add_overflow(units, cents, out))
		return -COWI_EFORMAT;
	return 0;
}

/* "name: value", one per line; the value loses the blanks around it. */
static int cut_name_value(struct span line, struct span *name,
			  struct span *value)
{
	const char *colon = memchr(line.p, ':', line.len);

	if (!colon)
		return -COWI_EFORMAT;
	*name = span_cut(&line, ':');
	while (line.len && (*line.p == ' ' || *line.p == '\t')) {
		line.p++;
		line.len--;
	}
	while (line.len && line.p[line.len - 1] == ' ')
		line.len--;
	*value = line;
	return 0;
}

static int parse_counts(struct span s, enum cowinspect_counts *out)
{
	enum cowinspect_counts i;

	for (i = COWI_COUNT_EXACT; i <= COWI_COUNT_ABSENT; i++) {
		if (span_is(s, cowi_counts_name(i))) {
			*out = i;
			return 0;
		}
	}
	return -COWI_EFORMAT;
}

static int parse_target(struct span s, struct cowi_status *st)
{
	struct span pid_text = span_cut(&s, ' ');
	struct cowi_target_state *grown;
	__u64 pid;

	if (span_number(pid_text, 10, &pid) || !pid || pid > INT32_MAX)
		return -COWI_EFORMAT;
	grown = reallocarray(st->target, st->nr_targets + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	st->target = grown;
	grown[st->nr_targets].pid = pid;
	grown[st->nr_targets].running = span_is(s, "running");
	st->nr_targets++;
	return 0;
}

static int parse_size(struct span s, size_t *out)
{
	__u64 n;

	if (span_number(s, 10, &n) || n > SIZE_MAX)
		return -COWI_EFORMAT;
	*out = n;
	return 0;
}

/* "MAX N:COUNT N:COUNT ..." */
static int parse_hold(struct span s, struct cowi_hold *hold)
{
	__u64 bucket, count;

	memset(hold, 0, sizeof(*hold));
	if (span_number(span_cut(&s, ' '), 10, &hold->max))
		return -COWI_EFORMAT;
	while (s.len) {
		struct span word = span_cut(&s, ' ');

		if (span_number(span_cut(&word, ':'), 10, &bucket) ||
		    bucket >= COWI_HOLD_BUCKETS ||
		    span_number(word, 10, &count))
			return -COWI_EFORMAT;
		hold->count[bucket] = count;
		hold->holds += count;
	}
	return 0;
}

static int parse_error(struct span s, __s64 *out)
{
	bool negative = s.len && *s.p == '-';
	__u64 n;

	if (negative) {
		s.p++;
		s.len--;
	}
	if (span_number(s, 10, &n) || n > INT32_MAX)
		return -COWI_EFORMAT;
	*out = negative ? -(__s64)n : (__s64)n;
	return 0;
}

static int parse_answer(struct span s, enum cowi_answer *out)
{
	if (!span_is(s, "yes") && !span_is(s, "no"))
		return -COWI_EFORMAT;
	*out = span_is(s, "yes") ? COWI_ANSWER_YES : COWI_ANSWER_NO;
	return 0;
}

static int number_line(struct span name, struct span value,
		       struct cowi_status *st)
{
	const struct {
		const char *name;
		__u64 *to;
	} number[] = {
		{ "page_size", &st->page_size },
		{ "max_targets", &st->max_targets },
		{ "targets_held", &st->targets_held },
		{ "lock_hold_max", &st->lock_hold_max },
		{ "observer_missed", &st->observer_missed },
		{ "max_inflight", &st->max_inflight },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(number); i++) {
		if (span_is(name, number[i].name))
			return span_number(value, 10, number[i].to);
	}
	return 0;
}

static int hold_line(struct span name, struct span value,
		     struct cowi_status *st)
{
	static const char *const names[COWI_NR_LOCKS] = {
		[COWI_LOCK_MMAP] = "hold_mmap",
		[COWI_LOCK_TABLE] = "hold_table",
		[COWI_LOCK_TARGETS] = "hold_targets",
		[COWI_LOCK_FAULTS] = "hold_faults",
	};
	size_t i;

	for (i = 0; i < COWI_NR_LOCKS; i++) {
		if (span_is(name, names[i]))
			return parse_hold(value, &st->hold[i]);
	}
	return number_line(name, value, st);
}

static int status_line(struct span name, struct span value,
		       struct cowi_status *st)
{
	const struct {
		const char *name;
		enum cowinspect_counts *to;
	} quantity[] = {
		{ "mapcount", &st->mapcount },
		{ "refcount", &st->refcount },
		{ "folio_mapcount", &st->folio_mapcount },
		{ "exclusive", &st->exclusive },
		{ "soft_dirty", &st->soft_dirty },
		{ "uffd_wp", &st->uffd_wp },
		{ "uffd_async", &st->uffd_async },
		{ "observer_remote", &st->observer_remote },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(quantity); i++) {
		if (span_is(name, quantity[i].name))
			return parse_counts(value, quantity[i].to);
	}
	if (span_is(name, "kernel"))
		span_copy(value, st->kernel, sizeof(st->kernel));
	else if (span_is(name, "rules"))
		span_copy(value, st->rules, sizeof(st->rules));
	else if (span_is(name, "observer"))
		span_copy(value, st->observer, sizeof(st->observer));
	else if (span_is(name, "observer_for"))
		span_copy(value, st->observed_for, sizeof(st->observed_for));
	else if (span_is(name, "record_size"))
		return parse_size(value, &st->record_size);
	else if (span_is(name, "observer_error"))
		return parse_error(value, &st->observer_error);
	else if (span_is(name, "observer_armed"))
		return parse_answer(value, &st->observer_armed);
	else if (span_is(name, "kernel_tested"))
		return parse_answer(value, &st->kernel_tested);
	else if (span_is(name, "target"))
		return parse_target(value, st);
	return hold_line(name, value, st);
}

/*
 * The ABI number is looked for first: in another ABI, any line but this and the
 * version may mean something else, and "ABI 3" is a better message than "bad line".
 */
static int check_abi(struct span text, struct cowi_status *st)
{
	__u64 abi = UINT64_MAX;

	while (text.len) {
		struct span line = span_cut(&text, '\n');
		struct span name, value;

		if (cut_name_value(line, &name, &value))
			continue;
		if (span_is(name, "version"))
			span_copy(value, st->version, sizeof(st->version));
		else if (span_is(name, "abi") && span_number(value, 10, &abi))
			return -COWI_EFORMAT;
	}
	if (abi > UINT32_MAX)
		return -COWI_EFORMAT;
	st->abi = abi;
	if (abi == COWINSPECT_ABI)
		return 0;
	cowi_note_foreign_abi(abi, st->version);
	return -COWI_EABI;
}

static bool page_size_possible(__u64 n)
{
	return n >= 512 && n <= (1u << 30) && !(n & (n - 1));
}

int cowi_parse_status(const char *text, struct cowi_status *st)
{
	struct span rest = { text, strlen(text) };
	int err;

	memset(st, 0, sizeof(*st));
	st->mapcount = COWI_COUNT_ABSENT;
	st->refcount = COWI_COUNT_ABSENT;
	st->folio_mapcount = COWI_COUNT_ABSENT;
	st->exclusive = COWI_COUNT_ABSENT;
	st->soft_dirty = COWI_COUNT_ABSENT;
	st->uffd_wp = COWI_COUNT_ABSENT;
	st->uffd_async = COWI_COUNT_ABSENT;
	st->observer_remote = COWI_COUNT_ABSENT;

	err = check_abi(rest, st);
	while (!err && rest.len) {
		struct span line = span_cut(&rest, '\n');
		struct span name, value;

		err = cut_name_value(line, &name, &value);
		if (!err)
			err = status_line(name, value, st);
	}
	if (err)
		return err;
	if (st->record_size < sizeof(struct cowinspect_page) ||
	    st->record_size > 4096 || !page_size_possible(st->page_size))
		return -COWI_EFORMAT;
	return 0;
}

void cowi_status_release(struct cowi_status *st)
{
	free(st->target);
	st->target = NULL;
	st->nr_targets = 0;
}

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

		if (cut_name_value(line, &name, &value))
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

/* Room for one more, doubling so that many VMAs stay cheap. */
static int vmas_grow(struct cowi_vmas *vmas)
{
	size_t nr = vmas->nr;
	struct cowi_vma *grown;

	if (nr & (nr - 1))
		return 0;
	grown = reallocarray(vmas->vma, nr ? nr * 2 : 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	vmas->vma = grown;
	return 0;
}

int cowi_parse_vmas(const char *text, struct cowi_vmas *vmas)
{
	struct span rest = { text, strlen(text) };
	struct vma_header header;
	__u64 last_end = 0;
	int err;

	memset(vmas, 0, sizeof(*vmas));
	err = parse_header(span_cut(&rest, '\n'), &header);
	while (!err && rest.len) {
		/* A line without its newline was cut off. */
		if (!memchr(rest.p, '\n', rest.len))
			return -COWI_EFORMAT;
		err = vmas_grow(vmas);
		if (err)
			return err;
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

	if (cut_name_value(line, &name, &line) || !span_is(name, "counters"))
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

	if (cut_name_value(line, &name, &line))
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
