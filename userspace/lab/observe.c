// SPDX-License-Identifier: GPL-2.0
/* What records mean for an experiment. */
#include <stdio.h>

#include "observe.h"

void snapshot_add(struct snapshot *s, const struct cowinspect_page *rec)
{
	__u64 nr = 1ull << rec->map_order, k;

	for (k = 0; k < nr; k++) {
		__u64 addr = rec->addr + k * s->page_size;
		struct page_view *v;

		if (addr < s->start)
			continue;
		if ((addr - s->start) / s->page_size >= s->nr)
			break;
		v = &s->page[(addr - s->start) / s->page_size];
		v->mapped = true;
		v->rec = *rec;
		v->pfn = rec->pfn;
		if (rec->pfn != COWINSPECT_NO_PFN)
			v->pfn += k;
	}
}

const char *happened_name(enum happened h)
{
	static const char *const names[] = {
		[HAPPENED_NOFAULT] = "nofault",
		[HAPPENED_MARK] = "mark",
		[HAPPENED_REUSE] = "reuse",
		[HAPPENED_COPY] = "copy",
		[HAPPENED_ZEROFILL] = "zerofill",
		[HAPPENED_SHARED] = "shared",
		[HAPPENED_SWAPIN] = "swapin",
		[HAPPENED_REFUSED] = "refused",
		[HAPPENED_UNCLEAR] = "unclear",
	};

	return names[h];
}

const char *happened_past(enum happened h)
{
	static const char *const names[] = {
		[HAPPENED_NOFAULT] = "without a fault",
		[HAPPENED_MARK] = "marked",
		[HAPPENED_REUSE] = "reused",
		[HAPPENED_COPY] = "copied",
		[HAPPENED_ZEROFILL] = "zero-filled",
		[HAPPENED_SHARED] = "shared",
		[HAPPENED_SWAPIN] = "swapped in",
		[HAPPENED_REFUSED] = "refused",
		[HAPPENED_UNCLEAR] = "unclear",
	};

	return names[h];
}

enum happened happened_after(enum happened before, unsigned int outcome)
{
	switch (outcome) {
	case COWI_DID_COPIED:
		return before == HAPPENED_SWAPIN ? before : HAPPENED_COPY;
	case COWI_DID_REUSED:
		return before == HAPPENED_SWAPIN ? before : HAPPENED_REUSE;
	case COWI_DID_ZEROFILLED:
		return HAPPENED_ZEROFILL;
	/* Where nothing was, from Linux 6.0 on. */
	case COWI_DID_MAPPED:
	case COWI_DID_SHARED:
		return HAPPENED_SHARED;
	case COWI_DID_SWAPIN:
	case COWI_DID_SWAPIN_COPIED:
	case COWI_DID_SWAPIN_REUSED:
		return HAPPENED_SWAPIN;
	case COWI_DID_REFUSED:
		return HAPPENED_REFUSED;
	case COWI_DID_MARKED:
		return before == HAPPENED_NOFAULT || before == HAPPENED_UNCLEAR ?
		       HAPPENED_MARK : before;
	default:
		return before == HAPPENED_NOFAULT ? HAPPENED_UNCLEAR : before;
	}
}

static bool present(const struct page_view *v)
{
	return v->mapped && v->rec.flags & COWI_F_PRESENT;
}

bool same_frame(const struct page_view *a, const struct page_view *b)
{
	return present(a) && present(b) && a->pfn != COWINSPECT_NO_PFN &&
	       a->pfn == b->pfn;
}

/* Of one that is in its frame still. */
static void change_of_state(const struct cowinspect_page *was,
			    const struct cowinspect_page *is, char *buf,
			    size_t size)
{
	bool written = (was->flags ^ is->flags) & COWI_F_WRITE;

	if (written)
		snprintf(buf, size, "%s", is->flags & COWI_F_WRITE ?
			 "writable now" : "write-protected now");
	else if (was->mapcount != is->mapcount &&
		 was->counts == COWI_COUNT_EXACT &&
		 is->counts == COWI_COUNT_EXACT)
		snprintf(buf, size, "mapcount %u to %u", was->mapcount,
			 is->mapcount);
	else if (was->refcount != is->refcount)
		snprintf(buf, size, "refcount %u to %u", was->refcount,
			 is->refcount);
	else if (was->map_order != is->map_order)
		snprintf(buf, size, "entry of %u page%s", 1U << is->map_order,
			 is->map_order ? "s" : "");
}

void change_text(const struct page_view *before, const struct page_view *after,
		 char *buf, size_t size)
{
	buf[0] = '\0';
	if (before->mapped != after->mapped)
		snprintf(buf, size, after->mapped ? "mapped now" :
			 "not mapped now");
	else if (!after->mapped)
		return;
	else if (present(before) != present(after))
		snprintf(buf, size, present(after) ? "in a frame now" :
			 "in no frame now");
	else if (before->pfn != after->pfn)
		snprintf(buf, size, present(after) ? "other frame" :
			 "other place");
	else if (present(after) && before->rec.kind != COWI_KIND_ZERO)
		change_of_state(&before->rec, &after->rec, buf, size);
}

/* The frame stayed, and there was a fault: what was it for? */
static enum happened kept_frame(const struct page_view *before,
				const struct page_view *after)
{
	const __u64 marks = COWI_F_YOUNG | COWI_F_DIRTY;

	if (!(after->rec.flags & COWI_F_WRITE))
		return HAPPENED_UNCLEAR;
	if (before->rec.flags & COWI_F_WRITE)
		return (before->rec.flags & marks) != marks &&
		       (after->rec.flags & marks) == marks ?
		       HAPPENED_MARK : HAPPENED_UNCLEAR;
	if (before->rec.flags & COWI_F_VMA_SHARED)
		return HAPPENED_SHARED;
	return HAPPENED_REUSE;
}

/* There was a hole, and there is a frame. */
static enum happened filled_hole(enum hole hole, const struct page_view *after)
{
	if (hole == HOLE_SHARED)
		return HAPPENED_SHARED;
	if (hole == HOLE_FILE && after->rec.kind == COWI_KIND_ANON)
		return HAPPENED_COPY;
	return HAPPENED_ZEROFILL;
}

enum happened observe_write(const struct page_view *before,
			    const struct page_view *after, __u64 faults,
			    bool refused)
{
	if (refused)
		return HAPPENED_REFUSED;
	if (!present(after))
		return HAPPENED_UNCLEAR;
	if (same_frame(before, after)) {
		if (!faults && before->rec.flags & COWI_F_WRITE)
			return HAPPENED_NOFAULT;
		return kept_frame(before, after);
	}
	/* A writable page in another frame, or no fault: it was migrated. */
	if (!faults)
		return HAPPENED_UNCLEAR;
	if (before->mapped && before->rec.kind == COWI_KIND_SWAP)
		return HAPPENED_SWAPIN;
	if (!before->mapped)
		return filled_hole(before->hole, after);
	if (before->rec.kind == COWI_KIND_ZERO)
		return HAPPENED_ZEROFILL;
	if (!present(before) || before->rec.flags & COWI_F_WRITE)
		return HAPPENED_UNCLEAR;
	return HAPPENED_COPY;
}

enum cowinspect_outcome predicted(const struct page_view *v)
{
	static const enum cowinspect_outcome of_hole[] = {
		[HOLE_ANON] = COWI_NEXT_ZEROFILL,
		[HOLE_FILE] = COWI_NEXT_COPY,
		[HOLE_SHARED] = COWI_NEXT_SHARED,
		[HOLE_NOTHING] = COWI_NEXT_REFUSED,
	};

	return v->mapped ? v->rec.outcome : of_hole[v->hole];
}

bool prediction_held(const struct page_view *before, enum happened h)
{
	switch (predicted(before)) {
	case COWI_NEXT_NOFAULT:
		return h == HAPPENED_NOFAULT;
	case COWI_NEXT_MARK:
		return h == HAPPENED_MARK;
	case COWI_NEXT_REUSE:
		return h == HAPPENED_REUSE;
	case COWI_NEXT_COPY:
		return h == HAPPENED_COPY;
	case COWI_NEXT_ZEROFILL:
		return h == HAPPENED_ZEROFILL;
	case COWI_NEXT_SHARED:
		return h == HAPPENED_SHARED;
	case COWI_NEXT_SWAPIN:
		return h == HAPPENED_SWAPIN;
	case COWI_NEXT_REFUSED:
		return h == HAPPENED_REFUSED;
	default:
		return false;
	}
}

static void explain_copy(const struct page_view *v, char *buf, size_t size)
{
	const struct cowinspect_page *rec = &v->rec;

	if (!v->mapped || rec->kind == COWI_KIND_FILE ||
	    rec->kind == COWI_KIND_SHMEM)
		snprintf(buf, size,
			 "it is a page of the page cache, and a private mapping must not change the file");
	else if (rec->kind == COWI_KIND_KSM)
		snprintf(buf, size,
			 "KSM has merged it with pages of equal content, which must keep it");
	else if (rec->mapcount > 1)
		snprintf(buf, size,
			 "mapcount %u: somebody else maps it too and must not see the write",
			 rec->mapcount);
	else
		snprintf(buf, size,
			 "mapcount %u, but refcount %u: somebody else holds a reference and must not see the write",
			 rec->mapcount, rec->refcount);
}

static void explain_reuse(const struct page_view *v, char *buf, size_t size)
{
	if (v->rec.flags & COWI_F_EXCLUSIVE)
		snprintf(buf, size, "it is exclusive: this mapping owns the page and keeps it");
	else
		snprintf(buf, size,
			 "mapcount %u, refcount %u: nobody else is left, so the page is kept",
			 v->rec.mapcount, v->rec.refcount);
}

void explain(const struct page_view *v, char *buf, size_t size)
{
	static const char *const fixed[COWI_NR_OUTCOMES] = {
		[COWI_NEXT_NOFAULT] =
			"the entry is writable: there is no fault, so the kernel has no part in it",
		[COWI_NEXT_ZEROFILL] = "there is no content to copy: a fresh zeroed page is mapped",
		[COWI_NEXT_SHARED] = "the mapping is shared: everybody shall see the write",
		[COWI_NEXT_USERFAULTFD] =
			"a userfaultfd handler has protected it and is asked first",
		[COWI_NEXT_SWAPIN] = "it is swapped out and must come back first",
		[COWI_NEXT_REFUSED] = "nothing can be written here: a signal",
		[COWI_NEXT_UNKNOWN] = "the entry does not tell",
		[COWI_NEXT_NONE] = "",
		[COWI_NEXT_MARK] =
			"the entry is writable, but no CPU here sets its accessed and dirty bits: the kernel does, by a fault",
	};
	enum cowinspect_outcome o = predicted(v);

	if (o == COWI_NEXT_COPY)
		explain_copy(v, buf, size);
	else if (o == COWI_NEXT_REUSE)
		explain_reuse(v, buf, size);
	else
		snprintf(buf, size, "%s", o < COWI_NR_OUTCOMES ? fixed[o] : "");
}

static bool differs(enum expect_bool e, bool is)
{
	return e != EXPECT_ANY && is != (e == EXPECT_YES);
}

/* What the entry refers to, and how much of it: "" if as expected. */
static void compare_entry(const struct page_expect *e,
			  const struct page_view *v, char *why, size_t size)
{
	const struct cowinspect_page *rec = &v->rec;
	bool present_wanted = !e->check_kind || e->kind != COWI_KIND_SWAP;

	if (e->check_kind && v->mapped && rec->kind != e->kind)
		snprintf(why, size, "it is %s, not %s",
			 cowi_kind_name(rec->kind), cowi_kind_name(e->kind));
	else if (present_wanted ? !present(v) : !v->mapped)
		snprintf(why, size, "nothing is mapped");
	else if (differs(e->huge, rec->map_order))
		snprintf(why, size, "the entry maps %u base pages",
			 1u << rec->map_order);
}

/* Who has it, and what the next write does. */
static void compare_state(const struct page_expect *e,
			  const struct page_view *v,
			  const struct cowi_status *st, char *why, size_t size)
{
	const struct cowinspect_page *rec = &v->rec;
	bool exclusive = rec->flags & COWI_F_EXCLUSIVE;
	bool write = rec->flags & COWI_F_WRITE;

	if (e->mapcount && rec->counts == COWI_COUNT_EXACT &&
	    rec->mapcount != e->mapcount)
		snprintf(why, size, "mapcount is %u, not %u", rec->mapcount,
			 e->mapcount);
	else if (e->refcount && rec->refcount != e->refcount)
		snprintf(why, size, "refcount is %u, not %u", rec->refcount,
			 e->refcount);
	else if (st->exclusive != COWI_COUNT_ABSENT &&
		 differs(e->exclusive, exclusive))
		snprintf(why, size, "it is %sexclusive", exclusive ? "" : "not ");
	else if (differs(e->write, write))
		snprintf(why, size, "it is %s", write ? "writable" :
			 "write-protected");
	else if (e->check_outcome && rec->outcome != e->outcome)
		snprintf(why, size, "the next write is predicted to be %s, not %s",
			 cowi_outcome_name(rec->outcome),
			 cowi_outcome_name(e->outcome));
}

bool expect_page(const struct page_expect *e, const struct page_view *v,
		 const struct cowi_status *st, char *why, size_t size)
{
	why[0] = '\0';
	if (e->absent) {
		if (v->mapped)
			snprintf(why, size, "there is an entry: %s",
				 cowi_kind_name(v->rec.kind));
		return !v->mapped;
	}
	compare_entry(e, v, why, size);
	if (!why[0])
		compare_state(e, v, st, why, size);
	return !why[0];
}
