// SPDX-License-Identifier: GPL-2.0
/* Call paths, each kept once, and what faults cost that came from there. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "grow.h"

/* Places for numbers, by hash: open addressing, at most half of them taken. */
struct places {
	size_t room;
	size_t *number;
};

#define FREE		SIZE_MAX
#define FIRST_ROOM	64

struct calls_index {
	struct places frames;
	struct places paths;
};

static __u64 mix(__u64 hash, __u64 value)
{
	hash = (hash ^ value) * 0x9e3779b97f4a7c15ull;
	return hash ^ hash >> 29;
}

static __u64 mix_text(__u64 hash, const char *text)
{
	while (*text)
		hash = mix(hash, (unsigned char)*text++);
	/* So that "ab" and "c" are not "a" and "bc". */
	return mix(hash, 0x100);
}

static __u64 hash_frame(const struct calls_frame *f)
{
	__u64 hash = mix(f->offset, (__u64)f->line << 1 | f->inlined);

	hash = mix_text(hash, f->function);
	hash = mix_text(hash, f->object);
	return mix_text(hash, f->file);
}

static __u64 hash_path(const struct calls_path *p)
{
	return mix(mix(0, p->caller), p->frame);
}

static bool same_frame(const struct calls_frame *a, const struct calls_frame *b)
{
	return a->offset == b->offset && a->line == b->line &&
	       a->inlined == b->inlined && !strcmp(a->function, b->function) &&
	       !strcmp(a->object, b->object) && !strcmp(a->file, b->file);
}

/* ---- places ---- */

static size_t hash_of(const struct calls *c, const struct places *p, size_t nr)
{
	return p == &c->index->frames ? hash_frame(&c->frame[nr]) :
					hash_path(&c->path[nr]);
}

/* Twice as many as before. */
static int places_grow(const struct calls *c, struct places *p)
{
	struct places old = *p;
	size_t i, at;

	p->room = old.room ? old.room * 2 : FIRST_ROOM;
	p->number = reallocarray(NULL, p->room, sizeof(*p->number));
	if (!p->number) {
		*p = old;
		return -ENOMEM;
	}
	for (i = 0; i < p->room; i++)
		p->number[i] = FREE;
	for (i = 0; i < old.room; i++) {
		if (old.number[i] == FREE)
			continue;
		at = hash_of(c, p, old.number[i]) & (p->room - 1);
		while (p->number[at] != FREE)
			at = (at + 1) & (p->room - 1);
		p->number[at] = old.number[i];
	}
	free(old.number);
	return 0;
}

/* Room for one more than the @nr that there are. */
static int places_for(const struct calls *c, struct places *p, size_t nr)
{
	return nr >= p->room / 2 ? places_grow(c, p) : 0;
}

/* ---- frames and paths ---- */

int calls_init(struct calls *c)
{
	memset(c, 0, sizeof(*c));
	c->index = calloc(1, sizeof(*c->index));
	c->path = grow(NULL, 0, sizeof(*c->path));
	if (!c->index || !c->path)
		return -ENOMEM;
	memset(&c->path[CALLS_ROOT], 0, sizeof(*c->path));
	c->nr_paths = 1;
	return 0;
}

void calls_release(struct calls *c)
{
	size_t i;

	/* The other strings stand behind it. */
	for (i = 0; i < c->nr_frames; i++)
		free((char *)c->frame[i].function);
	free(c->frame);
	free(c->path);
	if (c->index) {
		free(c->index->frames.number);
		free(c->index->paths.number);
	}
	free(c->index);
	memset(c, 0, sizeof(*c));
}

/* With strings of its own. */
static int copy_frame(struct calls_frame *to, const struct calls_frame *from)
{
	size_t function = strlen(from->function) + 1;
	size_t object = strlen(from->object) + 1;
	size_t file = strlen(from->file) + 1;
	char *text = malloc(function + object + file);

	if (!text)
		return -ENOMEM;
	*to = *from;
	to->function = memcpy(text, from->function, function);
	to->object = memcpy(text + function, from->object, object);
	to->file = memcpy(text + function + object, from->file, file);
	return 0;
}

int calls_frame(struct calls *c, const struct calls_frame *frame, size_t *out)
{
	struct places *p = &c->index->frames;
	struct calls_frame *grown;
	size_t at;

	if (places_for(c, p, c->nr_frames))
		return -ENOMEM;
	at = hash_frame(frame) & (p->room - 1);
	while (p->number[at] != FREE) {
		*out = p->number[at];
		if (same_frame(&c->frame[*out], frame))
			return 0;
		at = (at + 1) & (p->room - 1);
	}
	grown = grow(c->frame, c->nr_frames, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	c->frame = grown;
	if (copy_frame(&c->frame[c->nr_frames], frame))
		return -ENOMEM;
	*out = c->nr_frames++;
	p->number[at] = *out;
	return 0;
}

int calls_path(struct calls *c, size_t caller, size_t frame, size_t *out)
{
	struct calls_path new = { .frame = frame, .caller = caller };
	struct places *p = &c->index->paths;
	struct calls_path *grown;
	size_t at;

	if (places_for(c, p, c->nr_paths))
		return -ENOMEM;
	at = hash_path(&new) & (p->room - 1);
	while (p->number[at] != FREE) {
		*out = p->number[at];
		if (c->path[*out].frame == frame &&
		    c->path[*out].caller == caller)
			return 0;
		at = (at + 1) & (p->room - 1);
	}
	grown = grow(c->path, c->nr_paths, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	c->path = grown;
	new.depth = c->path[caller].depth + 1;
	c->path[c->nr_paths] = new;
	*out = c->nr_paths++;
	p->number[at] = *out;
	return 0;
}

/* ---- costs ---- */

/* Where a path stands, or is to stand. */
static size_t place_of(const struct calls_costs *costs, size_t path)
{
	size_t low = 0, high = costs->nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (costs->self[middle].path < path)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int calls_count(struct calls_costs *costs, size_t path,
		const struct calls_cost *cost)
{
	size_t at = place_of(costs, path);
	struct calls_self *self;

	if (at == costs->nr || costs->self[at].path != path) {
		self = grow(costs->self, costs->nr, sizeof(*self));
		if (!self)
			return -ENOMEM;
		costs->self = self;
		memmove(self + at + 1, self + at,
			(costs->nr++ - at) * sizeof(*self));
		self[at] = (struct calls_self){ .path = path };
	}
	calls_cost_add(&costs->self[at].cost, cost);
	return 0;
}

int calls_merge(struct calls_costs *costs, const struct calls_costs *other)
{
	struct calls_costs sum = { 0 };
	size_t i = 0, k = 0;
	int err = 0;

	/* Both in order: each goes to the end. */
	while ((i < costs->nr || k < other->nr) && !err) {
		bool ours = k == other->nr || (i < costs->nr &&
			    costs->self[i].path <= other->self[k].path);
		const struct calls_self *next = ours ? &costs->self[i++] :
						       &other->self[k++];

		err = calls_count(&sum, next->path, &next->cost);
	}
	if (err) {
		calls_costs_release(&sum);
		return err;
	}
	calls_costs_release(costs);
	*costs = sum;
	return 0;
}

void calls_costs_release(struct calls_costs *costs)
{
	free(costs->self);
	memset(costs, 0, sizeof(*costs));
}
