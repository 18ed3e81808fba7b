// SPDX-License-Identifier: GPL-2.0
/* Costs by call path, seen from its functions. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "functions.h"

static int compare_functions(const struct calls_frame *a,
			     const struct calls_frame *b)
{
	int order = strcmp(a->function, b->function);

	if (!order)
		order = strcmp(a->object, b->object);
	/* What has no name is told apart by its place. */
	if (order || a->function[0])
		return order;
	return (a->offset > b->offset) - (a->offset < b->offset);
}

bool calls_same_function(const struct calls_frame *a,
			 const struct calls_frame *b)
{
	return !compare_functions(a, b);
}

/* ---- which frame is in which function ---- */

/* By function; in each by number. */
static int order_frames(const void *a, const void *b, void *calls)
{
	const struct calls_frame *frame = ((const struct calls *)calls)->frame;
	size_t i = *(const size_t *)a, k = *(const size_t *)b;
	int order = compare_functions(&frame[i], &frame[k]);

	return order ? order : (i > k) - (i < k);
}

/* The frames that are on a path; returns how many there are. */
static size_t used_frames(const struct calls *c, const struct calls_costs *costs,
			  bool *used, size_t *list)
{
	size_t i, path, nr = 0;

	for (i = 0; i < costs->nr; i++) {
		for (path = costs->self[i].path; path != CALLS_ROOT;
		     path = c->path[path].caller)
			used[c->path[path].frame] = true;
	}
	for (i = 0; i < c->nr_frames; i++) {
		if (used[i])
			list[nr++] = i;
	}
	return nr;
}

/* Sets for each of them the number of its function; returns how many there are. */
static size_t number_functions(const struct calls *c, const size_t *sorted,
			       size_t nr_sorted, size_t *number,
			       struct function_cost *function)
{
	size_t i, nr = 0;

	for (i = 0; i < nr_sorted; i++) {
		if (!i || !calls_same_function(&c->frame[sorted[i - 1]],
					       &c->frame[sorted[i]]))
			function[nr++].frame = sorted[i];
		number[sorted[i]] = nr - 1;
	}
	return nr;
}

/* ---- sums ---- */

/**
 * struct work - sums being made
 * @c: paths
 * @number: of the function, by frame
 * @cost: by frame: where a path had the function innermost
 * @seen: by function: the last of the paths that had it, as the number of it plus one
 * @most: by function: what was done on its @path
 * @function: the sums
 */
struct work {
	const struct calls *c;
	size_t *number;
	struct calls_cost *cost;
	size_t *seen;
	struct calls_cost *most;
	struct function_cost *function;
};

static void add_self(struct work *w, const struct calls_self *self)
{
	size_t i = w->number[w->c->path[self->path].frame];
	struct function_cost *function = &w->function[i];

	calls_cost_add(&function->self, &self->cost);
	if (function->path != CALLS_ROOT &&
	    calls_compare(&self->cost, &w->most[i]) >= 0)
		return;
	function->path = self->path;
	w->most[i] = self->cost;
}

static void add_path(struct work *w, const struct calls_self *self)
{
	size_t path = self->path, frame, i;

	if (path != CALLS_ROOT)
		add_self(w, self);
	for (; path != CALLS_ROOT; path = w->c->path[path].caller) {
		frame = w->c->path[path].frame;
		i = w->number[frame];
		if (w->seen[i] == self->path + 1)
			continue;
		w->seen[i] = self->path + 1;
		calls_cost_add(&w->function[i].total, &self->cost);
		calls_cost_add(&w->cost[frame], &self->cost);
	}
}

static void find_lines(struct work *w, const size_t *sorted, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		struct function_cost *function =
			&w->function[w->number[sorted[i]]];

		if (sorted[i] == function->frame ||
		    calls_compare(&w->cost[sorted[i]],
				  &w->cost[function->line]) < 0)
			function->line = sorted[i];
	}
}

/* ---- order ---- */

int calls_compare(const struct calls_cost *a, const struct calls_cost *b)
{
	if (a->bytes != b->bytes)
		return a->bytes < b->bytes ? 1 : -1;
	return (a->faults < b->faults) - (a->faults > b->faults);
}

static int by_name(const struct function_cost *a, const struct function_cost *b,
		   const struct calls *c)
{
	return compare_functions(&c->frame[a->frame], &c->frame[b->frame]);
}

static int by_self(const void *a, const void *b, void *calls)
{
	const struct function_cost *fa = a, *fb = b;
	int order = calls_compare(&fa->self, &fb->self);

	if (!order)
		order = calls_compare(&fa->total, &fb->total);
	return order ? order : by_name(fa, fb, calls);
}

static int by_total(const void *a, const void *b, void *calls)
{
	const struct function_cost *fa = a, *fb = b;
	int order = calls_compare(&fa->total, &fb->total);

	if (!order)
		order = calls_compare(&fa->self, &fb->self);
	return order ? order : by_name(fa, fb, calls);
}

static int by_cost(const void *a, const void *b)
{
	const struct calls_self *sa = a, *sb = b;
	int order = calls_compare(&sa->cost, &sb->cost);

	return order ? order : (sa->path > sb->path) - (sa->path < sb->path);
}

/* ---- for others ---- */

/* All of them zeroed, or none. */
static int make_work(struct work *w, size_t room)
{
	w->number = calloc(room, sizeof(*w->number));
	w->cost = calloc(room, sizeof(*w->cost));
	w->seen = calloc(room, sizeof(*w->seen));
	w->most = calloc(room, sizeof(*w->most));
	w->function = calloc(room, sizeof(*w->function));
	return w->number && w->cost && w->seen && w->most && w->function ?
	       0 : -ENOMEM;
}

static void free_work(struct work *w)
{
	free(w->number);
	free(w->cost);
	free(w->seen);
	free(w->most);
	free(w->function);
}

int functions_of(const struct calls *c, const struct calls_costs *costs,
		 struct functions *f)
{
	size_t room = c->nr_frames ? c->nr_frames : 1, nr, i;
	size_t *sorted = calloc(room, sizeof(*sorted));
	bool *used = calloc(room, sizeof(*used));
	struct work w = { .c = c };
	int err = -ENOMEM;

	memset(f, 0, sizeof(*f));
	if (make_work(&w, room) || !sorted || !used)
		goto out;
	nr = used_frames(c, costs, used, sorted);
	qsort_r(sorted, nr, sizeof(*sorted), order_frames, (void *)c);
	f->nr = number_functions(c, sorted, nr, w.number, w.function);
	for (i = 0; i < costs->nr; i++)
		add_path(&w, &costs->self[i]);
	find_lines(&w, sorted, nr);
	f->function = w.function;
	w.function = NULL;
	qsort_r(f->function, f->nr, sizeof(*f->function), by_self, (void *)c);
	err = 0;
out:
	free_work(&w);
	free(sorted);
	free(used);
	return err;
}

void functions_sort_total(const struct calls *c, struct functions *f)
{
	qsort_r(f->function, f->nr, sizeof(*f->function), by_total, (void *)c);
}

void functions_release(struct functions *f)
{
	free(f->function);
	memset(f, 0, sizeof(*f));
}

struct calls_self *calls_hottest(const struct calls_costs *costs)
{
	struct calls_self *hot = calloc(costs->nr + 1, sizeof(*hot));

	if (!hot)
		return NULL;
	if (costs->nr)
		memcpy(hot, costs->self, costs->nr * sizeof(*hot));
	qsort(hot, costs->nr, sizeof(*hot), by_cost);
	return hot;
}
