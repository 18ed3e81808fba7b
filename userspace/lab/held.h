/* SPDX-License-Identifier: GPL-2.0 */
/* Who holds frames without mapping them. */
#ifndef LAB_HELD_H
#define LAB_HELD_H

#include "lab.h"

/**
 * held_at - who holds a frame that a page has, or had, in the last snapshot
 * @r: run
 * @page: which
 * @n: one of them, from 0 on
 * @h: result
 *
 * By what the lab did, and by what the records of the actors say.
 *
 * Return: false if there are not so many.
 */
bool held_at(const struct lab_run *r, __u64 page, unsigned int n,
	     struct lab_held *h);

/** held_is_mapped - the page has this frame still, with one of the actors */
bool held_is_mapped(const struct lab_run *r, const struct lab_held *h);

/** held_end - what ends with an actor; NULL: all of it */
void held_end(struct lab_run *r, const struct actor *a);

#endif /* LAB_HELD_H */
