/* SPDX-License-Identifier: GPL-2.0 */
/* What the kernel says of an access while it is done: the module's tracepoint. */
#ifndef LAB_HEAR_H
#define LAB_HEAR_H

#include "lab.h"

struct cowi_stream;

/**
 * struct hearing - an access that is listened to
 * @stream: open from hear_begin() to hear_end(), if it could be opened
 * @missed: faults, of any process, that the observer had missed before
 * @happened: after hear_end(), what the writes to a page did
 * @why: why @happened means nothing; "" if all was heard
 */
struct hearing {
	struct cowi_stream *stream;
	__u64 missed;
	enum happened happened;
	char why[256];
};

/** hear_begin - listen to the faults in the memory of all living actors */
void hear_begin(struct lab_run *r, struct hearing *h);

/**
 * hear_end - listen no longer
 * @r: run
 * @h: from hear_begin()
 * @a: who wrote
 * @addr: of the page
 */
void hear_end(struct lab_run *r, struct hearing *h, const struct actor *a,
	      __u64 addr);

#endif /* LAB_HEAR_H */
