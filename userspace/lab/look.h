/* SPDX-License-Identifier: GPL-2.0 */
/* Looking at actors: what is behind lab_look() and what the report needs. */
#ifndef LAB_LOOK_H
#define LAB_LOOK_H

#include "lab.h"

/** look_has - an actor was seen, now or before the step */
bool look_has(const struct snapshot *s);

/* In place of an offset. */
#define NOT_SHOWN	(~0U)

/** look_offset - where the bytes that are shown of a page begin; NOT_SHOWN */
__u64 look_offset(const struct lab_run *r, __u64 page);

/** look_free - forget all snapshots */
void look_free(struct lab_run *r);

#endif /* LAB_LOOK_H */
