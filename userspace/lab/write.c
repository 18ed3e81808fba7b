// SPDX-License-Identifier: GPL-2.0
/* Accesses of actors: predicted, done, and compared. */
#include <errno.h>
#include <string.h>

#include "hear.h"
#include "lab.h"
#include "memory.h"
#include "quiz.h"

/**
 * struct deed - what an actor is told to do to a page
 * @page: which page
 * @offset: in the page
 * @bytes: to write there
 * @nr: how many bytes
 * @fn: or else a function that does it
 * @arg: for @fn
 * @expected: by the lab
 */
struct deed {
	__u64 page;
	__u64 offset;
	const void *bytes;
	size_t nr;
	actor_fn fn;
	const __u64 *arg;
	enum cowinspect_outcome expected;
};

static int do_it(struct lab_run *r, struct actor *a, const struct deed *d,
		 struct access *access)
{
	if (d->fn)
		return actor_call(a, d->fn, d->arg, access);
	return actor_write(a, lab_addr(r, d->page) + d->offset, d->bytes,
			   d->nr, access);
}

/*
 * Where no CPU marks entries by itself, a write that nothing else is in the way of
 * may fault for that. The module says where; that it does must come true.
 */
static bool is_expected(enum cowinspect_outcome predicted,
			enum cowinspect_outcome expected)
{
	return predicted == expected ||
	       (predicted == COWI_NEXT_MARK && expected == COWI_NEXT_NOFAULT);
}

static void check_write(struct lab_run *r, const struct lab_write *w,
			const struct deed *d, bool held)
{
	bool agreed = w->happened == w->seen;
	char text[160], why[160];

	snprintf(text, sizeof(text),
		 "the %s writes to page %llu: predicted %s (%s), happened %s%s",
		 w->actor->name, w->page, cowi_outcome_name(w->predicted),
		 cowi_confidence_name(w->confidence),
		 happened_name(w->happened), w->inferred ? " (inferred)" : "");
	if (agreed)
		snprintf(why, sizeof(why),
			 "%s; the lab expects %s, faults taken: %llu",
			 held ? "as predicted" : "not as predicted",
			 cowi_outcome_name(d->expected), w->faults);
	else
		snprintf(why, sizeof(why),
			 "the tracepoint says %s, the entries before and after say %s; faults taken: %llu",
			 happened_name(w->happened), happened_name(w->seen),
			 w->faults);
	lab_check(r, held && agreed && is_expected(w->predicted, d->expected),
		  text, why);
}

static void note_inferred(struct lab_run *r, const char *why)
{
	if (!strcmp(r->deaf, why))
		return;
	snprintf(r->deaf, sizeof(r->deaf), "%s", why);
	lab_note(r, "what writes did is inferred from the entries before and after: %s",
		 why);
}

/* What was heard, or else what was seen. */
static void decide(struct lab_run *r, struct lab_write *w,
		   const struct hearing *h, bool refused)
{
	w->inferred = h->why[0];
	w->happened = w->inferred ? w->seen : h->happened;
	/* A signal may be sent before there is a fault to be heard. */
	if (refused && w->happened == HAPPENED_NOFAULT)
		w->happened = HAPPENED_REFUSED;
	if (w->inferred)
		note_inferred(r, h->why);
}

static void perform(struct lab_run *r, struct actor *a, const struct deed *d)
{
	struct page_view before, after;
	struct access access = { 0 };
	struct hearing hearing;
	struct lab_write *w;

	if (lab_stopped(r))
		return;
	if (r->nr_writes == MAX_WRITES) {
		lab_fail(r, -ENOSPC, "note a write: too many in one step");
		return;
	}
	lab_look_at(r, a, d->page, &before);
	quiz_question(r, a, d->page, &before, d->expected);
	if (lab_stopped(r))
		return;
	if (!d->fn)
		lab_show_at(r, d->page, d->offset);
	hear_begin(r, &hearing);
	lab_fail(r, do_it(r, a, d, &access), "let an actor write");
	hear_end(r, &hearing, a, lab_addr(r, d->page));
	lab_look_at(r, a, d->page, &after);
	if (r->err)
		return;
	w = &r->writes[r->nr_writes++];
	w->actor = a;
	w->page = d->page;
	w->number = r->questions;
	w->right = quiz_letter(d->expected);
	explain(&before, w->why, sizeof(w->why));
	w->predicted = predicted(&before);
	w->confidence = before.mapped ? before.rec.confidence : COWI_CONF_SURE;
	w->seen = observe_write(&before, &after, access.faults, access.refused);
	decide(r, w, &hearing, access.refused);
	w->faults = access.faults;
	w->before = before;
	w->after = after;
	check_write(r, w, d, prediction_held(&before, w->happened));
}

void lab_poke(struct lab_run *r, struct actor *a, __u64 page, __u64 offset,
	      const void *bytes, size_t nr, enum cowinspect_outcome expected)
{
	const struct deed d = {
		.page = page,
		.offset = offset,
		.bytes = bytes,
		.nr = nr,
		.expected = expected,
	};

	perform(r, a, &d);
}

void lab_write(struct lab_run *r, struct actor *a, __u64 page,
	       const char *text, enum cowinspect_outcome expected)
{
	lab_poke(r, a, page, 0, text, strlen(text), expected);
}

void lab_ask(struct lab_run *r, struct actor *a, __u64 page,
	     enum cowinspect_outcome expected)
{
	struct page_view before;
	char text[96], why[64];

	lab_look_at(r, a, page, &before);
	quiz_question(r, a, page, &before, expected);
	if (lab_stopped(r))
		return;
	snprintf(text, sizeof(text), "the %s will write to page %llu: predicted %s",
		 a->name, page, cowi_outcome_name(expected));
	snprintf(why, sizeof(why), "predicted %s",
		 cowi_outcome_name(predicted(&before)));
	lab_check(r, predicted(&before) == expected, text, why);
}

void lab_act(struct lab_run *r, struct actor *a, __u64 page, actor_fn fn,
	     const __u64 *arg, enum cowinspect_outcome expected)
{
	const struct deed d = {
		.page = page,
		.fn = fn,
		.arg = arg,
		.expected = expected,
	};

	perform(r, a, &d);
}

__u64 lab_touch(struct lab_run *r, struct actor *a, __u64 page, __u64 pages)
{
	struct access access = { 0 };

	if (!lab_stopped(r))
		lab_fail(r, actor_call(a, mem_touch,
				       ARGS(lab_addr(r, page), pages,
					    r->status->page_size), &access),
			 "let an actor read");
	return access.faults;
}

/* What the module has seen of an actor's faults that marked an entry, and only that. */
static __u64 marking_faults(struct lab_run *r, const struct actor *a)
{
	struct cowi_faults faults = { 0 };

	if (!lab_stopped(r))
		lab_fail(r, cowi_faults(r->target[a - r->cast.actor], &faults),
			 "read what an actor's faults did");
	return faults.total[COWI_FAULT_marked];
}

void lab_expect_reads(struct lab_run *r, struct actor *a, __u64 page,
		      __u64 pages)
{
	__u64 old = 0, marking = marking_faults(r, a), faults, i;

	/* An actor that could not be started has no name. */
	if (lab_stopped(r))
		return;
	for (i = page; i < page + pages; i++)
		old += !(lab_view(r, a, i)->rec.flags & COWI_F_YOUNG);
	faults = lab_touch(r, a, page, pages);
	/* What the actor needs for it, its stack for one, may be old, too. */
	if (marking_faults(r, a) - marking < old)
		old = 0;
	else if (old)
		lab_note(r, "no CPU here marks an entry as accessed: the kernel does, by a fault");
	lab_expect_number(r, faults, old, "page faults of the %s", a->name);
}

bool lab_peek(struct lab_run *r, struct actor *a, __u64 addr, void *bytes,
	      size_t nr)
{
	struct access access = { 0 };

	if (lab_stopped(r))
		return false;
	lab_fail(r, actor_read(a, addr, nr, &access), "let an actor read");
	memcpy(bytes, access.text, nr);
	return !r->err && !access.refused;
}

void lab_expect_text(struct lab_run *r, struct actor *a, __u64 page,
		     __u64 offset, const char *want)
{
	char text[96], why[64], got[ACCESS_MAX + 1] = "";
	size_t len = strlen(want);
	bool read;

	if (lab_stopped(r))
		return;
	read = lab_peek(r, a, lab_addr(r, page) + offset, got, len);
	snprintf(text, sizeof(text), "the %s reads \"%s\" in page %llu",
		 a->name, want, page);
	snprintf(why, sizeof(why), read ? "it reads \"%s\"" :
		 "it cannot read there", got);
	lab_check(r, read && !memcmp(got, want, len), text, why);
}

void lab_expect_int(struct lab_run *r, struct actor *a, __u64 page,
		    __u64 offset, int value, const char *name)
{
	char text[96], why[64];
	int got = 0;
	bool read;

	if (lab_stopped(r))
		return;
	read = lab_peek(r, a, lab_addr(r, page) + offset, &got, sizeof(got));
	snprintf(text, sizeof(text), "the %s reads %s = %d", a->name, name,
		 value);
	snprintf(why, sizeof(why), "it reads %d", got);
	lab_check(r, read && got == value, text, why);
}
