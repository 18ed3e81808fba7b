// SPDX-License-Identifier: GPL-2.0
/* Processes as a tree. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "tree.h"

/**
 * struct node - of a tree
 * @place: process
 * @at: where it stood
 * @placed: it is in the result
 */
struct node {
	struct tree_place place;
	size_t at;
	bool placed;
};

/**
 * struct tree - being put in order
 * @nr: entries in @node
 * @node: by parent, those of one parent as they stood
 * @out: result
 * @placed: entries in @out
 */
struct tree {
	size_t nr;
	struct node *node;
	struct tree_place *out;
	size_t placed;
};

static int by_parent(const void *a, const void *b)
{
	const struct node *x = a, *y = b;

	if (x->place.parent != y->place.parent)
		return x->place.parent < y->place.parent ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

/* Index of the first child, or of where it would be. */
static size_t first_child(const struct tree *t, pid_t parent)
{
	size_t low = 0, high = t->nr, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (t->node[mid].place.parent < parent)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void put(struct tree *t, struct node *node, unsigned int depth)
{
	pid_t pid = node->place.pid;
	size_t i;

	if (node->placed)
		return;
	node->placed = true;
	node->place.depth = depth;
	t->out[t->placed++] = node->place;
	for (i = first_child(t, pid); i < t->nr && t->node[i].place.parent == pid;
	     i++)
		put(t, &t->node[i], depth + 1);
}

static int by_number(const void *a, const void *b)
{
	const pid_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Those without a parent, then whoever is not below one of them. */
static void put_all(struct tree *t, const pid_t *pid, struct node *const *stood)
{
	size_t i;

	for (i = 0; i < t->nr; i++) {
		if (!bsearch(&stood[i]->place.parent, pid, t->nr, sizeof(*pid),
			     by_number))
			put(t, stood[i], 0);
	}
	for (i = 0; i < t->nr; i++)
		put(t, stood[i], 0);
}

int tree_order(struct tree_place *place, size_t nr)
{
	struct tree t = { .nr = nr, .out = place };
	struct node **stood = calloc(nr, sizeof(*stood));
	pid_t *pid = calloc(nr, sizeof(*pid));
	int err = -ENOMEM;
	size_t i;

	t.node = calloc(nr, sizeof(*t.node));
	if (!t.node || !stood || !pid)
		goto out;
	for (i = 0; i < nr; i++) {
		t.node[i] = (struct node){ .place = place[i], .at = i };
		pid[i] = place[i].pid;
	}
	qsort(t.node, nr, sizeof(*t.node), by_parent);
	qsort(pid, nr, sizeof(*pid), by_number);
	for (i = 0; i < nr; i++)
		stood[t.node[i].at] = &t.node[i];
	put_all(&t, pid, stood);
	err = 0;
out:
	free(t.node);
	free(stood);
	free(pid);
	return err;
}
