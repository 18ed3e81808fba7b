// SPDX-License-Identifier: GPL-2.0
/* The status file to a struct: as in parse.c, no I/O and no trust. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array_size.h"
#include "internal.h"
#include "parse.h"
#include "span.h"

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
	else if (span_is(name, "rules_by"))
		span_copy(value, st->rules_by, sizeof(st->rules_by));
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

		if (span_name_value(line, &name, &value))
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

		err = span_name_value(line, &name, &value);
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
