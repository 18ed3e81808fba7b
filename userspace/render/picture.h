/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A terminal picture of an address range: one letter per page, or per group of
 * pages. The letter carries the meaning; colour only helps to find it.
 */
#ifndef RENDER_PICTURE_H
#define RENDER_PICTURE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "libcowinspect.h"

/** enum page_state - what a picture tells about a page */
enum page_state {
	STATE_ABSENT,
	STATE_OWN,		/* private and writable: a write is free */
	STATE_BIT,		/* the same, but the kernel has to set a bit */
	STATE_REUSE,		/* write-protected, but a write keeps the page */
	STATE_COPY,		/* shared until a write copies it */
	STATE_PROTECTED,	/* anonymous; the VMA cannot be written */
	STATE_ZERO,
	STATE_KSM,
	STATE_HUGE,		/* as STATE_OWN, mapped huge */
	STATE_THP_COPY,		/* mapped huge, a write copies or splits */
	STATE_FILE,		/* page cache in a private mapping */
	STATE_SHARED,		/* MAP_SHARED: never copied */
	STATE_SWAP,
	STATE_DEVICE,
	STATE_USERFAULTFD,	/* protected by a handler */
	STATE_MARKER,		/* guard, poison, migration and the like */
	NR_STATES
};

/** picture_state - the state of a mapped entry */
enum page_state picture_state(const struct cowinspect_page *rec);

/** picture_letter - of a state: upper case, a dot for a hole */
char picture_letter(enum page_state state);

/** picture_meaning - of a state: one line for people */
const char *picture_meaning(enum page_state state);

/** picture_rgb - the colour of a state, as 0xrrggbb */
unsigned int picture_rgb(enum page_state state);
/** picture_ink - the colour of its letter on that, black or white */
unsigned int picture_ink(enum page_state state);

/**
 * picture_holder - who holds the page without mapping it, as far as a record says
 * @rec: record
 *
 * A pin may be a false alarm, and its name says so.
 *
 * Return: a word or two, or NULL if it says nothing.
 */
const char *picture_holder(const struct cowinspect_page *rec);

/** picture_mixed - what a letter in lower case means */
const char *picture_mixed(void);

/**
 * struct picture - a picture being drawn
 * @out: where to
 * @colour: use escape sequences
 * @used: states drawn so far, for the legend
 * @mixed: a mixed cell was drawn
 */
struct picture {
	FILE *out;
	bool colour;
	bool used[NR_STATES];
	bool mixed;
};

/**
 * struct strip - pages of one range, counted per cell
 * @start: first address of the range
 * @end: first address after it
 * @page_size: base page, in bytes
 * @pages_per_cell: group size
 * @nr: cells
 * @cell: for each the number of pages in each state; STATE_ABSENT is what
 *	is left over and not counted
 */
struct strip {
	__u64 start;
	__u64 end;
	__u64 page_size;
	__u64 pages_per_cell;
	__u64 nr;
	__u32 (*cell)[NR_STATES];
};

/**
 * strip_init - begin to count
 * @s: strip; free with strip_release()
 * @start: first address, a multiple of @page_size
 * @end: first address after the range, likewise
 * @page_size: base page, in bytes
 * @most: cells to use at most; groups become powers of two to fit
 *
 * Return: 0 or -ENOMEM.
 */
int strip_init(struct strip *s, __u64 start, __u64 end,
	       __u64 page_size, __u64 most);
void strip_release(struct strip *s);

/** strip_add - count an entry; what lies outside the range is left out */
void strip_add(struct strip *s, const struct cowinspect_page *rec);

/**
 * strip_letter - what stands for a cell
 * @s: strip
 * @i: cell
 * @state: set to the state that most of its pages are in
 * @mixed: set if not all of them are
 *
 * A mapped page says more than a hole: a cell is absent only if all of it is.
 *
 * Return: letter of @state, in lower case for a mixed cell.
 */
char strip_letter(const struct strip *s, __u64 i, enum page_state *state,
		  bool *mixed);

/**
 * picture_strip - draw a strip
 * @p: picture
 * @s: strip
 * @width: cells per line
 * @indent: blanks before each line
 */
void picture_strip(struct picture *p, const struct strip *s,
		   unsigned int width, unsigned int indent);

/** picture_legend - explain the letters drawn so far */
void picture_legend(struct picture *p);

#endif /* RENDER_PICTURE_H */
