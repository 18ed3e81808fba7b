// SPDX-License-Identifier: GPL-2.0
/*
 * Records of processes -> what is known of each frame.
 *
 * What is known of a frame is a struct family_frame, kept once for all frames of
 * which the same is known. A record changes what is known: it is somebody's more.
 * So there are as many of them as there are different things to be said, and what
 * nobody says any more is forgotten at once.
 */
#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "grow.h"
#include "private.h"

static void forget_node(void *node)
{
	(void)node;
}

void family_free(struct family *f)
{
	uint32_t i;

	if (!f)
		return;
	tdestroy(f->known, forget_node);
	for (i = 1; i < f->nr_frames; i++) {
		if (!f->frame[i])
			continue;
		sets_put(&f->sets, f->frame[i]->set);
		sets_put_again(&f->sets, f->frame[i]->again);
		free(f->frame[i]);
	}
	tdestroy(f->names, forget_node);
	for (i = 0; i < f->nr_names; i++)
		free(f->name[i]);
	memo_free(f->memo);
	memo_free(f->swap);
	free(f->frame);
	free(f->free);
	free(f->name);
	free(f->member);
	free(f);
}

struct family *family_new(__u64 page_size)
{
	struct family *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->page_size = page_size;
	f->memo = memo_new();
	f->swap = memo_new();
	if (f->memo && f->swap)
		return f;
	family_free(f);
	return NULL;
}

int family_begin(struct family *f, pid_t pid)
{
	struct family_member *grown = grow(f->member, f->nr, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	f->member = grown;
	grown[f->nr++] = (struct family_member){ .pid = pid };
	/* What was known of a step holds for one process. */
	memset(f->step, 0, sizeof(f->step));
	return 0;
}

/* ---- names ---- */

static int by_text(const void *a, const void *b)
{
	const struct family_text *x = a, *y = b;

	return strcmp(x->text, y->text);
}

static struct family_text *new_text(const char *name)
{
	size_t size = strlen(name) + 1;
	struct family_text *t = malloc(sizeof(*t) + size);

	if (t)
		memcpy(t->text, name, size);
	return t;
}

int family_mapping(struct family *f, const char *name)
{
	struct family_text *t = new_text(name), **grown;
	void **node;
	int number;

	if (!t)
		return -ENOMEM;
	t->number = f->nr_names;
	grown = grow(f->name, f->nr_names, sizeof(*grown));
	if (grown)
		f->name = grown;
	node = grown ? tsearch(t, &f->names, by_text) : NULL;
	if (!node || *node != t) {
		number = node ? (int)(*(struct family_text **)node)->number :
				-ENOMEM;
		free(t);
		return number;
	}
	f->name[f->nr_names++] = t;
	return t->number;
}

const char *family_name(const struct family *f, uint32_t mapping)
{
	return mapping < f->nr_names ? f->name[mapping]->text : "";
}

/* ---- what is known of frames ---- */

static int order_of(__u64 a, __u64 b)
{
	return a < b ? -1 : a > b;
}

static int by_knowledge(const void *a, const void *b)
{
	const struct family_frame *x = a, *y = b;
	int order = order_of(x->outside, y->outside);

	if (!order)
		order = order_of(x->mapping, y->mapping);
	if (!order)
		order = order_of(x->kind << 8 | x->flags,
				 y->kind << 8 | y->flags);
	if (!order)
		order = order_of((uintptr_t)x->set, (uintptr_t)y->set);
	return order ? order : order_of((uintptr_t)x->again,
					(uintptr_t)y->again);
}

/* There is always room for all numbers in @free. */
static int more_numbers(struct family *f)
{
	struct family_frame **frame;
	uint32_t *unused;

	frame = grow(f->frame, f->nr_frames, sizeof(*frame));
	if (!frame)
		return -ENOMEM;
	f->frame = frame;
	unused = grow(f->free, f->nr_frames, sizeof(*unused));
	if (!unused)
		return -ENOMEM;
	f->free = unused;
	f->frame[f->nr_frames++] = NULL;
	return 0;
}

/* A number that is free; 0 without memory, or numbers. */
static uint32_t new_number(struct family *f)
{
	if (f->nr_free)
		return f->free[--f->nr_free];
	/* The first one is 0, which is none. */
	if (!f->nr_frames && more_numbers(f))
		return 0;
	if (f->nr_frames > MEMO_MAX || more_numbers(f))
		return 0;
	return f->nr_frames - 1;
}

static void release(struct family *f, const struct family_frame *frame)
{
	sets_put(&f->sets, frame->set);
	sets_put_again(&f->sets, frame->again);
}

static void forget(struct family *f, uint32_t number)
{
	struct family_frame *frame = f->frame[number];

	tdelete(frame, &f->known, by_knowledge);
	release(f, frame);
	free(frame);
	f->frame[number] = NULL;
	f->free[f->nr_free++] = number;
}

/**
 * struct known - a frame in the tree, with its number
 * @frame: the first member
 * @number: of it
 */
struct known {
	struct family_frame frame;
	uint32_t number;
};

/* The number of what @key says; takes over its users. 0 without memory. */
static uint32_t find_or_add(struct family *f, const struct family_frame *key)
{
	void **node = tfind(key, &f->known, by_knowledge);
	struct known *made;
	uint32_t number;

	if (node) {
		release(f, key);
		return (*(struct known **)node)->number;
	}
	number = new_number(f);
	made = malloc(sizeof(*made));
	if (!number || !made)
		goto fail;
	made->frame = *key;
	made->frame.birth = ++f->births;
	made->number = number;
	if (!tsearch(made, &f->known, by_knowledge))
		goto fail;
	f->frame[number] = &made->frame;
	return number;
fail:
	free(made);
	if (number)
		f->free[f->nr_free++] = number;
	release(f, key);
	return 0;
}

/* ---- a record more ---- */

/* Who has it, now that one more has. */
static int add_member(struct family *f, const struct family_frame *old,
		      struct family_frame *new)
{
	uint32_t member = f->nr - 1;

	if (old && set_last(old->set) == member) {
		new->set = set_get(old->set);
		new->again = sets_again(&f->sets, old->again, member);
		return new->again ? 0 : -ENOMEM;
	}
	new->set = sets_with(&f->sets, old ? old->set : NULL, member);
	new->again = again_get(old ? old->again : NULL);
	return new->set ? 0 : -ENOMEM;
}

/*
 * A mapcount of this page says how many others have it. A mean over the pages of a
 * folio does not: what an earlier record of the page said is better, which had
 * counted this mapping as somebody else's.
 */
static void count_outside(const struct family_frame *old,
			  const struct family_step *s, struct family_frame *new)
{
	uint32_t ours = new->set->members + (new->again ? new->again->total : 0);

	if (s->counts == COWI_COUNT_ABSENT) {
		new->flags |= FAMILY_UNCOUNTED;
		return;
	}
	if (s->counts != COWI_COUNT_EXACT && old &&
	    !(old->flags & (FAMILY_ABOUT | FAMILY_UNCOUNTED))) {
		new->outside = old->outside ? old->outside - 1 : 0;
		if (!old->outside)
			new->flags |= FAMILY_UNSTEADY;
		return;
	}
	new->outside = s->mapcount > ours ? s->mapcount - ours : 0;
	if (s->counts != COWI_COUNT_EXACT)
		new->flags |= FAMILY_ABOUT;
	else if (s->mapcount < ours)
		new->flags |= FAMILY_UNSTEADY;
}

/* The number of what is known with this record. */
static uint32_t learn(struct family *f, const struct family_frame *old,
		      const struct family_step *s)
{
	struct family_frame new = {
		.mapping = old ? old->mapping : s->mapping,
		.kind = s->kind,
		.flags = old ? old->flags & (FAMILY_OBJECT | FAMILY_UNSTEADY) :
			       0,
	};

	if (s->shared || s->kind == COWI_KIND_SHMEM)
		new.flags |= FAMILY_OBJECT;
	if (old && old->kind != s->kind)
		new.flags |= FAMILY_UNSTEADY;
	if (add_member(f, old, &new)) {
		release(f, &new);
		return 0;
	}
	count_outside(old, s, &new);
	return find_or_add(f, &new);
}

static bool same_step(const struct family_step *a, const struct family_step *b)
{
	return a->old == b->old && a->mapping == b->mapping &&
	       a->mapcount == b->mapcount && a->kind == b->kind &&
	       a->counts == b->counts && a->shared == b->shared;
}

static bool is_born(const struct family *f, uint32_t number, __u64 birth)
{
	return !number ? !birth :
			 f->frame[number] && f->frame[number]->birth == birth;
}

struct adding {
	struct family *f;
	struct family_step step;
};

static uint32_t next(uint32_t old, __u64 n, void *arg)
{
	struct adding *a = arg;
	struct family *f = a->f;
	struct family_step *known;
	uint32_t new;

	a->step.old = old;
	known = &f->step[(old * 31 + a->step.mapcount) % STEPS];
	if (known->new_birth && same_step(known, &a->step) &&
	    is_born(f, old, known->old_birth) &&
	    is_born(f, known->new, known->new_birth)) {
		new = known->new;
	} else {
		new = learn(f, old ? f->frame[old] : NULL, &a->step);
		if (!new)
			return 0;
		*known = a->step;
		known->new = new;
		known->old_birth = old ? f->frame[old]->birth : 0;
		known->new_birth = f->frame[new]->birth;
	}
	f->frame[new]->frames += n;
	if (old) {
		f->frame[old]->frames -= n;
		if (!f->frame[old]->frames)
			forget(f, old);
	}
	return new;
}

static void count(struct family *f, const struct cowinspect_page *rec, __u64 n)
{
	struct family_member *m = &f->member[f->nr - 1];

	if (rec->kind == COWI_KIND_SWAP)
		m->swapped += n;
	if (rec->outcome == COWI_NEXT_COPY)
		m->copy += n;
	if (!(rec->flags & COWI_F_PRESENT) || rec->counts == COWI_COUNT_ABSENT)
		return;
	m->present += n;
	if (rec->kind < COWI_NR_KINDS)
		m->kind[rec->kind] += n;
	m->about |= rec->counts != COWI_COUNT_EXACT;
	m->pss_about |= rec->counts != COWI_COUNT_EXACT;
	if (rec->counts == COWI_COUNT_AVERAGE && rec->map_order)
		m->mixed = true;
	m->pss_fixed += n * ((f->page_size << PSS_SHIFT) /
			     (rec->mapcount ? rec->mapcount : 1));
}

void family_pss(struct family *f, __u64 bytes)
{
	struct family_member *m = &f->member[f->nr - 1];

	m->pss_fixed = bytes << PSS_SHIFT;
	m->pss_about = false;
}

/* Areas are so far from one another that no place of one is taken for another's. */
#define SWAP_AREA_SHIFT	48

static uint32_t count_place(uint32_t old, __u64 n, void *arg)
{
	struct family *f = arg;

	f->swapped += old ? 0 : n;
	return 1;
}

int family_add(struct family *f, uint32_t mapping,
	       const struct cowinspect_page *rec)
{
	struct adding a = {
		.f = f,
		.step = {
			.mapping = mapping,
			.mapcount = rec->mapcount,
			.kind = rec->kind,
			.counts = rec->counts,
			.shared = rec->flags & COWI_F_VMA_SHARED,
		},
	};
	__u64 n = 1ull << rec->map_order;

	count(f, rec, n);
	if (rec->kind == COWI_KIND_SWAP)
		return memo_update(f->swap, rec->pfn + ((__u64)rec->swap_type <<
							SWAP_AREA_SHIFT), n,
				   count_place, f);
	if (!(rec->flags & COWI_F_PRESENT) || rec->pfn == COWINSPECT_NO_PFN)
		return 0;
	return memo_update(f->memo, rec->pfn, n, next, &a);
}
