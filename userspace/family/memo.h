/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A number for each page frame, for any frames and as many as there are: 4.4 bytes a
 * frame where all those around it have one, 8.8 where every second has, and next to
 * nothing for huge pages that have one number.
 */
#ifndef FAMILY_MEMO_H
#define FAMILY_MEMO_H

#include <stddef.h>
#include <stdint.h>
#include <linux/types.h>

struct memo;

/** MEMO_MAX - the greatest number that can be kept */
#define MEMO_MAX	0x7fffffffu

/** memo_new - no frame has a number; NULL without memory */
struct memo *memo_new(void);
void memo_free(struct memo *m);

/**
 * memo_update - change the numbers of frames
 * @m: memo
 * @pfn: the first frame
 * @nr: how many
 * @next: called with what @n frames had, 0 for nothing yet, until all of them were;
 *	returns what they have from now on, up to MEMO_MAX, or 0 to break off
 * @arg: for @next
 *
 * Return: 0; -ENOMEM, also if @next broke off: part of it may have been done.
 */
int memo_update(struct memo *m, __u64 pfn, __u64 nr,
		uint32_t (*next)(uint32_t old, __u64 n, void *arg), void *arg);

/** memo_value - the number of a frame, 0 for none */
uint32_t memo_value(const struct memo *m, __u64 pfn);

/**
 * memo_each - all frames that have a number, ascending
 * @m: memo
 * @look: called with @n frames that have the same one; returns 0, or else to break off
 * @arg: for @look
 *
 * Return: 0, what @look returned, or -ENOMEM.
 */
int memo_each(const struct memo *m,
	      int (*look)(__u64 pfn, __u64 n, uint32_t value, void *arg),
	      void *arg);

#endif /* FAMILY_MEMO_H */
