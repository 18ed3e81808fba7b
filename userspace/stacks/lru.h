/* SPDX-License-Identifier: GPL-2.0 */
/* Lists of what is kept as long as there is room: the last one of use stands first. */
#ifndef STACKS_LRU_H
#define STACKS_LRU_H

#include <stddef.h>

/**
 * struct lru - the first member of each thing in such a list
 * @next: one that was of use before this one
 * @users: who needs it
 */
struct lru {
	struct lru *next;
	size_t users;
};

/** lru_front - one that is in no list was of use */
static inline void lru_front(struct lru **first, struct lru *thing)
{
	thing->next = *first;
	*first = thing;
}

/**
 * lru_take_oldest - the one that was of no use for longest
 * @first: list
 *
 * Return: it, no longer in the list; NULL if all have users.
 */
static inline struct lru *lru_take_oldest(struct lru **first)
{
	struct lru **at, **last = NULL, *oldest;

	for (at = first; *at; at = &(*at)->next) {
		if (!(*at)->users)
			last = at;
	}
	if (!last)
		return NULL;
	oldest = *last;
	*last = oldest->next;
	return oldest;
}

#endif /* STACKS_LRU_H */
