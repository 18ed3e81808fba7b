/* SPDX-License-Identifier: GPL-2.0 */
/* Memory for transparent huge pages, for several labs. */
#ifndef LABS_HUGE_H
#define LABS_HUGE_H

#include "lab.h"

/** huge_run - a lab's acts, which get the bytes of a huge page; skip it if there are none */
void huge_run(struct lab_run *r, void (*acts)(struct lab_run *r, __u64 size));

/**
 * huge_map - an actor's: memory that is to have huge pages
 * @arg: size of one, how many, bytes that it begins after a multiple of that size
 * @result: its address
 */
int huge_map(const __u64 *arg, __u64 *result);

/** huge_missing - there was none to be had: skip the lab, and say why */
void huge_missing(struct lab_run *r);

#endif /* LABS_HUGE_H */
