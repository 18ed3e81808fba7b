// SPDX-License-Identifier: GPL-2.0
/* The letters of pictures, and how pages become cells. */
#include <math.h>

#include "test.h"

#include "picture.h"

#define PRESENT		COWI_F_PRESENT
#define PRIVATE		(COWI_F_PRESENT | COWI_F_VMA_WRITE)

static void letters(void **state)
{
	static const struct {
		char letter;
		struct cowinspect_page rec;
	} cases[] = {
		{ 'O', { .flags = PRIVATE | COWI_F_WRITE } },
		{ 'A', { .flags = PRIVATE | COWI_F_WRITE,
			 .outcome = COWI_NEXT_MARK } },
		{ 'P', { .flags = PRIVATE | COWI_F_WRITE |
				  COWI_F_VMA_SHADOW_STACK,
			 .outcome = COWI_NEXT_REFUSED } },
		{ 'C', { .flags = PRIVATE, .outcome = COWI_NEXT_COPY } },
		{ 'R', { .flags = PRIVATE, .outcome = COWI_NEXT_REUSE } },
		{ 'P', { .flags = PRESENT, .outcome = COWI_NEXT_REFUSED } },
		{ 'H', { .flags = PRIVATE | COWI_F_WRITE, .map_order = 9 } },
		{ 'T', { .flags = PRIVATE, .map_order = 9,
			 .outcome = COWI_NEXT_COPY } },
		{ 'Z', { .flags = PRIVATE, .kind = COWI_KIND_ZERO } },
		{ 'K', { .flags = PRIVATE, .kind = COWI_KIND_KSM } },
		{ 'F', { .flags = PRIVATE, .kind = COWI_KIND_FILE } },
		{ 'S', { .flags = PRIVATE | COWI_F_VMA_SHARED,
			 .kind = COWI_KIND_SHMEM } },
		{ 'S', { .flags = PRIVATE | COWI_F_VMA_SHARED,
			 .kind = COWI_KIND_FILE } },
		{ 'X', { .kind = COWI_KIND_SWAP } },
		{ 'D', { .flags = PRESENT, .kind = COWI_KIND_PFN } },
		{ 'M', { .kind = COWI_KIND_MARKER_GUARD } },
		{ 'M', { .kind = COWI_KIND_MIGRATION } },
	};
	enum page_state a, b;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(cases[i].letter,
				 picture_letter(picture_state(&cases[i].rec)));
	/* Without colour only the letter tells states apart. */
	for (a = 0; a < NR_STATES; a++) {
		for (b = 0; b < a; b++)
			assert_int_not_equal(picture_letter(a),
					     picture_letter(b));
	}
}

static struct cowinspect_page page(__u64 nr, enum cowinspect_outcome next,
				   unsigned int order)
{
	struct cowinspect_page rec = {
		.addr = nr * 4096,
		.map_order = order,
		.outcome = next,
		.flags = PRIVATE,
	};

	if (next == COWI_NEXT_NOFAULT)
		rec.flags |= COWI_F_WRITE;
	return rec;
}

static void add(struct strip *s, __u64 nr, enum cowinspect_outcome next,
		unsigned int order)
{
	struct cowinspect_page rec = page(nr, next, order);

	strip_add(s, &rec);
}

static void cells(void **state)
{
	enum page_state st;
	struct strip s;
	bool mixed;

	(void)state;
	/* 18 pages in at most 5 cells: groups of 4, the last one of 2. */
	assert_int_equal(0, strip_init(&s, 0x10000, 0x22000, 4096, 5));
	assert_int_equal(4, s.pages_per_cell);
	assert_int_equal(5, s.nr);
	add(&s, 16, COWI_NEXT_COPY, 0);
	add(&s, 17, COWI_NEXT_COPY, 0);
	add(&s, 18, COWI_NEXT_NOFAULT, 0);
	add(&s, 19, COWI_NEXT_COPY, 0);
	add(&s, 24, COWI_NEXT_COPY, 0);
	add(&s, 25, COWI_NEXT_NOFAULT, 0);
	add(&s, 26, COWI_NEXT_NOFAULT, 0);
	/* A huge entry that begins in the range and ends behind it. */
	add(&s, 28, COWI_NEXT_NOFAULT, 4);
	/* One that begins before the range, one outside. */
	add(&s, 0, COWI_NEXT_COPY, 0);
	add(&s, 100, COWI_NEXT_COPY, 9);
	assert_int_equal('c', strip_letter(&s, 0, &st, &mixed));
	assert_int_equal(STATE_COPY, st);
	assert_true(mixed);
	assert_int_equal('.', strip_letter(&s, 1, &st, &mixed));
	assert_false(mixed);
	/* Most of what is mapped counts, not what comes last. */
	assert_int_equal('o', strip_letter(&s, 2, &st, &mixed));
	assert_int_equal('H', strip_letter(&s, 3, &st, &mixed));
	assert_int_equal('H', strip_letter(&s, 4, &st, &mixed));
	assert_false(mixed);
	strip_release(&s);
}

static void huge_from_before(void **state)
{
	enum page_state st;
	struct strip s;
	bool mixed;

	(void)state;
	assert_int_equal(0, strip_init(&s, 0x210000, 0x220000, 4096, 64));
	assert_int_equal(1, s.pages_per_cell);
	assert_int_equal(16, s.nr);
	add(&s, 0x200, COWI_NEXT_COPY, 9);
	assert_int_equal('T', strip_letter(&s, 0, &st, &mixed));
	assert_int_equal('T', strip_letter(&s, 15, &st, &mixed));
	strip_release(&s);
}

/* What is drawn for three pages; the caller frees. */
static char *drawn(bool colour)
{
	char *text = NULL;
	size_t size;
	struct picture p = { .colour = colour };
	struct strip s;

	p.out = open_memstream(&text, &size);
	assert_int_equal(0, strip_init(&s, 0, 0x3000, 4096, 64));
	add(&s, 0, COWI_NEXT_COPY, 0);
	add(&s, 2, COWI_NEXT_NOFAULT, 0);
	picture_strip(&p, &s, 2, 1);
	picture_legend(&p);
	fclose(p.out);
	strip_release(&s);
	return text;
}

static void pictures(void **state)
{
	char *plain = drawn(false), *coloured = drawn(true);

	(void)state;
	assert_ptr_equal(plain, strstr(plain, " C.\n O\n"));
	assert_null(strchr(plain, '\033'));
	assert_non_null(strchr(coloured, '\033'));
	/* The legend has the states that occur, and no others. */
	assert_non_null(strstr(plain, "  C  "));
	assert_non_null(strstr(plain, "  .  "));
	assert_null(strstr(plain, "  K  "));
	assert_null(strstr(plain, "lower case"));
	free(plain);
	free(coloured);
}

/* What other pictures than this one need of a state. */
static void states(void **state)
{
	enum page_state a, b;

	(void)state;
	/* As xterm has them: a colour of the cube, and a grey. */
	assert_int_equal(0xff8700, picture_rgb(STATE_COPY));
	assert_int_equal(0xbcbcbc, picture_rgb(STATE_PROTECTED));
	for (a = 0; a < NR_STATES; a++) {
		assert_true(*picture_meaning(a));
		for (b = 0; b < a; b++)
			assert_int_not_equal(picture_rgb(a), picture_rgb(b));
	}
}

/* WCAG 2.1: contrast ratio, relative luminance */
static double linear(unsigned int channel)
{
	double c = channel / 255.0;

	return c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

static double luminance(unsigned int rgb)
{
	return 0.2126 * linear(rgb >> 16) + 0.7152 * linear(rgb >> 8 & 255) +
	       0.0722 * linear(rgb & 255);
}

static double contrast(unsigned int a, unsigned int b)
{
	double x = luminance(a) + 0.05, y = luminance(b) + 0.05;

	return x > y ? x / y : y / x;
}

static void contrasts(void **state)
{
	/* COLOUR_GOOD and COLOUR_BAD, as xterm has them. */
	static const unsigned int text[] = { 0x00875f, 0xd700af };
	enum page_state st;
	size_t i;

	(void)state;
	for (st = STATE_ABSENT + 1; st < NR_STATES; st++)
		assert_true(contrast(picture_rgb(st), picture_ink(st)) >= 4.5);
	for (i = 0; i < 2; i++) {
		assert_true(contrast(text[i], 0) >= 4.5);
		assert_true(contrast(text[i], 0xffffff) >= 4.5);
	}
}

static const char *holder(__u64 flags, __u32 refcount, __u32 mapcount)
{
	struct cowinspect_page rec = {
		.flags = flags, .refcount = refcount, .mapcount = mapcount,
	};

	return picture_holder(&rec);
}

static void holders(void **state)
{
	(void)state;
	assert_null(holder(PRIVATE, 2, 1));
	assert_string_equal("swap cache",
			    holder(PRIVATE | COWI_F_SWAPCACHE, 2, 1));
	/* Swapped out: the flags of no page. */
	assert_null(holder(COWI_F_SWAPCACHE, 0, 0));
	assert_string_equal("possible pin",
			    holder(PRIVATE | COWI_F_MAYBE_PINNED, 1025, 1));
	/* So many processes map it, and the kernel takes that for a pin. */
	assert_null(holder(PRIVATE | COWI_F_MAYBE_PINNED, 1100, 1100));
}

static const char *file_holder(__u8 kind, __u64 flags, __u32 refcount)
{
	struct cowinspect_page rec = {
		.kind = kind, .flags = COWI_F_PRESENT | flags,
		.mapcount = 1, .folio_mapcount = 1, .refcount = refcount,
	};

	return picture_holder(&rec);
}

static void page_cache(void **state)
{
	(void)state;
	assert_string_equal("page cache", file_holder(COWI_KIND_FILE, 0, 2));
	assert_string_equal("page cache", file_holder(COWI_KIND_SHMEM, 0, 2));
	/* No reference is left for it; it copies nothing; it is no file's. */
	assert_null(file_holder(COWI_KIND_FILE, 0, 1));
	assert_null(file_holder(COWI_KIND_FILE, COWI_F_VMA_SHARED, 2));
	assert_null(file_holder(COWI_KIND_FILE, COWI_F_DEVICE, 2));
	assert_null(file_holder(COWI_KIND_ANON, 0, 2));
	/* Whose page is on its way out of it. */
	assert_string_equal("swap cache", file_holder(COWI_KIND_SHMEM,
						      COWI_F_SWAPCACHE, 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(letters),
		cmocka_unit_test(states),
		cmocka_unit_test(contrasts),
		cmocka_unit_test(holders),
		cmocka_unit_test(page_cache),
		cmocka_unit_test(cells),
		cmocka_unit_test(huge_from_before),
		cmocka_unit_test(pictures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
