// SPDX-License-Identifier: GPL-2.0
/* Terminal pictures. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "picture.h"

/*
 * Colours of the 256-colour palette near those of Okabe and Ito, which people
 * with any of the common kinds of colour blindness can tell apart. The blue of R is
 * lighter than theirs, which in tritanopia looks like the green of O.
 */
static const struct {
	char letter;
	unsigned char colour;
	const char *meaning;
} states[NR_STATES] = {
	[STATE_ABSENT] = { '.', 244, "no entry" },
	[STATE_OWN] = { 'O', 36, "own page, writable: a write does not fault" },
	[STATE_BIT] = { 'A', 115,
			"own page, writable; a fault sets its accessed or dirty bit" },
	[STATE_REUSE] = { 'R', 81, "write-protected; a write reuses the page" },
	[STATE_COPY] = { 'C', 208, "copy-on-write pending: a write copies" },
	[STATE_PROTECTED] = { 'P', 250, "anonymous, mapping not writable" },
	[STATE_ZERO] = { 'Z', 227, "zero page: a write gets a fresh page" },
	[STATE_KSM] = { 'K', 175, "merged by KSM: a write copies" },
	[STATE_HUGE] = { 'H', 29, "huge page, writable" },
	[STATE_THP_COPY] = { 'T', 166, "huge page, a write splits or copies" },
	[STATE_FILE] = { 'F', 25, "page cache, private mapping" },
	[STATE_SHARED] = { 'S', 68, "shared mapping: never copied" },
	[STATE_SWAP] = { 'X', 132, "swapped out" },
	[STATE_DEVICE] = { 'D', 248, "memory of the kernel or of a device" },
	[STATE_USERFAULTFD] = { 'U', 219, "a userfaultfd handler is asked first" },
	[STATE_MARKER] = { 'M', 160, "marker, migration or poison entry" },
};

char picture_letter(enum page_state state)
{
	return states[state].letter;
}

const char *picture_meaning(enum page_state state)
{
	return states[state].meaning;
}

const char *picture_mixed(void)
{
	return "lower case: most mapped pages are of this kind";
}

/*
 * The 256 colours of xterm: 16 that users choose, a cube of 6 * 6 * 6, greys.
 * Its 256colres.pl has the levels.
 */
unsigned int picture_rgb(enum page_state state)
{
	static const unsigned char level[] = { 0, 95, 135, 175, 215, 255 };
	unsigned int colour = states[state].colour;

	if (colour >= 232)
		return (8 + (colour - 232) * 10) * 0x10101;
	colour -= 16;
	return level[colour / 36] << 16 | level[colour / 6 % 6] << 8 |
	       level[colour % 6];
}

/* Black, or white where the colour is dark, so that it can be read on it. */
unsigned int picture_ink(enum page_state state)
{
	unsigned int rgb = picture_rgb(state);
	unsigned int r = rgb >> 16, g = rgb >> 8 & 255, b = rgb & 255;

	/* About what WCAG calls relative luminance: between the two at 0.18. */
	return 21 * r * r + 72 * g * g + 7 * b * b > 18 * 255 * 255 ?
	       0 : 0xffffff;
}

static enum page_state anon_state(const struct cowinspect_page *rec)
{
	bool huge = rec->map_order > 0;

	/* Shadow stacks are written to, but by no ordinary write. */
	if (rec->flags & COWI_F_VMA_SHADOW_STACK)
		return STATE_PROTECTED;
	if (rec->flags & COWI_F_WRITE && rec->outcome == COWI_NEXT_MARK)
		return STATE_BIT;
	if (rec->flags & COWI_F_WRITE)
		return huge ? STATE_HUGE : STATE_OWN;
	if (!(rec->flags & COWI_F_VMA_WRITE))
		return STATE_PROTECTED;
	if (rec->outcome == COWI_NEXT_USERFAULTFD)
		return STATE_USERFAULTFD;
	if (rec->outcome == COWI_NEXT_REUSE || rec->outcome == COWI_NEXT_NOFAULT)
		return STATE_REUSE;
	return huge ? STATE_THP_COPY : STATE_COPY;
}

enum page_state picture_state(const struct cowinspect_page *rec)
{
	static const enum page_state of_kind[COWI_NR_KINDS] = {
#define STATE(id, name, total, copied, state, meaning) \
		[id] = STATE_##state,
		COWINSPECT_KINDS(STATE, STATE)
#undef STATE
	};
	unsigned int kind = rec->kind < COWI_NR_KINDS ? rec->kind : COWI_KIND_OTHER;
	enum page_state state = of_kind[kind];

	if (!(rec->flags & COWI_F_PRESENT) || state == STATE_DEVICE)
		return state;
	if (rec->flags & COWI_F_VMA_SHARED)
		return STATE_SHARED;
	return state == STATE_OWN ? anon_state(rec) : state;
}

/* Each pin of a page that is alone counts so often: GUP_PIN_COUNTING_BIAS of mm.h. */
#define PIN	1024

/*
 * A page of a file is in the page cache, which has a reference to it; so a write to a
 * private mapping copies it, also if nobody else maps it. To a shared one it never does.
 */
static bool is_cached(const struct cowinspect_page *rec)
{
	return (rec->kind == COWI_KIND_FILE || rec->kind == COWI_KIND_SHMEM) &&
	       !(rec->flags & (COWI_F_VMA_SHARED | COWI_F_DEVICE)) &&
	       rec->refcount > rec->folio_mapcount;
}

const char *picture_holder(const struct cowinspect_page *rec)
{
	if (!(rec->flags & COWI_F_PRESENT))
		return NULL;
	if (rec->flags & COWI_F_SWAPCACHE)
		return "swap cache";
	/* So many mappings look like a pin to the kernel, and are none. */
	if (rec->flags & COWI_F_MAYBE_PINNED &&
	    (rec->folio_order || rec->refcount >= PIN + rec->mapcount))
		return "possible pin";
	return is_cached(rec) ? "page cache" : NULL;
}

int strip_init(struct strip *s, __u64 start, __u64 end,
	       __u64 page_size, __u64 most)
{
	__u64 pages = (end - start) / page_size;

	s->start = start;
	s->end = end;
	s->page_size = page_size;
	s->pages_per_cell = 1;
	while ((pages - 1) / s->pages_per_cell + 1 > most)
		s->pages_per_cell *= 2;
	s->nr = pages ? (pages - 1) / s->pages_per_cell + 1 : 0;
	s->cell = calloc(s->nr ? s->nr : 1, sizeof(*s->cell));
	return s->cell ? 0 : -ENOMEM;
}

void strip_release(struct strip *s)
{
	free(s->cell);
	s->cell = NULL;
}

void strip_add(struct strip *s, const struct cowinspect_page *rec)
{
	__u64 bytes = s->page_size << rec->map_order;
	__u64 from = rec->addr > s->start ? rec->addr : s->start;
	__u64 to = rec->addr + bytes < s->end ? rec->addr + bytes : s->end;
	__u64 cell_bytes = s->pages_per_cell * s->page_size;
	enum page_state state = picture_state(rec);

	while (from < to) {
		__u64 i = (from - s->start) / cell_bytes;
		__u64 cell_end = s->start + (i + 1) * cell_bytes;
		__u64 stop = cell_end < to ? cell_end : to;

		s->cell[i][state] += (stop - from) / s->page_size;
		from = stop;
	}
}

static __u64 cell_pages(const struct strip *s, __u64 i)
{
	__u64 from = s->start + i * s->pages_per_cell * s->page_size;
	__u64 left = (s->end - from) / s->page_size;

	return left < s->pages_per_cell ? left : s->pages_per_cell;
}

char strip_letter(const struct strip *s, __u64 i, enum page_state *state,
		  bool *mixed)
{
	enum page_state st;

	*state = STATE_ABSENT;
	for (st = STATE_ABSENT + 1; st < NR_STATES; st++) {
		if (s->cell[i][st] > s->cell[i][*state])
			*state = st;
	}
	*mixed = *state != STATE_ABSENT &&
		 s->cell[i][*state] < cell_pages(s, i);
	if (*mixed)
		return tolower((unsigned char)states[*state].letter);
	return states[*state].letter;
}

/*
 * Nobody tells whether a terminal is white or black, and hardly a colour can be read on
 * both: so the letter is on the colour. Where nothing is, it is as all other text.
 */
static void put_letter(struct picture *p, enum page_state state, char letter)
{
	if (p->colour && state != STATE_ABSENT)
		fprintf(p->out, "\033[48;5;%u;38;5;%um%c\033[0m",
			states[state].colour, picture_ink(state) ? 231 : 16,
			letter);
	else
		fputc(letter, p->out);
}

void picture_strip(struct picture *p, const struct strip *s,
		   unsigned int width, unsigned int indent)
{
	__u64 i;

	for (i = 0; i < s->nr; i++) {
		enum page_state state;
		bool mixed;
		char letter = strip_letter(s, i, &state, &mixed);

		if (i % width == 0)
			fprintf(p->out, "%s%*s", i ? "\n" : "", indent, "");
		put_letter(p, state, letter);
		p->used[state] = true;
		p->mixed |= mixed;
	}
	fputc('\n', p->out);
}

void picture_legend(struct picture *p)
{
	enum page_state st;

	for (st = 0; st < NR_STATES; st++) {
		if (!p->used[st])
			continue;
		fputs("  ", p->out);
		put_letter(p, st, states[st].letter);
		fprintf(p->out, "  %s\n", states[st].meaning);
	}
	if (p->mixed)
		fprintf(p->out, "  %s\n", picture_mixed());
}
