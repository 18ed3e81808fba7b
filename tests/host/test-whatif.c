// SPDX-License-Identifier: GPL-2.0
/* cowinspect whatif: what a fork would copy, of mappings and records that are made up. */
#include "test.h"

#include "fork.h"

#define PAGE	0x1000ull
#define MIB2	0x200000ull
#define GIB	0x40000000ull

#define ANON \
	.kind = COWI_KIND_ANON, \
	.flags = COWI_F_PRESENT | COWI_F_VMA_WRITE, .outcome = COWI_NEXT_REUSE

/* Mappings and records end with one that is all zero. */
static struct fork_cost cost_of(const struct fork_vma *vma,
				const struct cowinspect_page *rec,
				struct fork_scan *s)
{
	struct fork_cost cost;
	size_t nr = 0;

	while (vma[nr].end)
		nr++;
	*s = (struct fork_scan){ .page_size = PAGE, .nr_vmas = nr };
	s->vma = calloc(nr + 1, sizeof(*vma));
	assert_non_null(s->vma);
	memcpy(s->vma, vma, nr * sizeof(*vma));
	assert_int_equal(0, fork_scan_begin(s));
	for (; rec->addr; rec++)
		assert_int_equal(0, fork_scan_add(s, rec));
	fork_scan_cost(s, &cost);
	return cost;
}

static void assert_tables(const struct fork_cost *cost, int pte, int pmd, int pud)
{
	assert_true(cost->tables_known);
	assert_int_equal(pte, cost->tables[0]);
	assert_int_equal(pmd, cost->tables[1]);
	assert_int_equal(pud, cost->tables[2]);
}

/* Two mappings in one table, and one that reaches over a border. */
static void tables_count_once(void **state)
{
	static const struct fork_vma vma[] = {
		{ .start = GIB, .end = GIB + PAGE, .anonymous = true },
		{ .start = GIB + PAGE, .end = GIB + 2 * PAGE },
		{ .start = 2 * GIB - PAGE, .end = 2 * GIB + PAGE },
		{ 0 }
	};
	static const struct cowinspect_page rec[] = {
		{ .addr = GIB, ANON },
		{ .addr = GIB + PAGE, ANON },
		{ .addr = 2 * GIB - PAGE, ANON },
		{ .addr = 2 * GIB, ANON },
		{ 0 }
	};
	struct fork_scan s;
	struct fork_cost cost = cost_of(vma, rec, &s);

	(void)state;
	assert_tables(&cost, 3, 2, 1);
	assert_int_equal(4, cost.sums.anon);
	assert_int_equal(4, cost.sums.then);
	fork_scan_release(&s);
}

/* What faults can fill again is left out, but in its reach tables of others are made. */
static void clean_mappings_are_left_out(void **state)
{
	static const struct fork_vma vma[] = {
		/* Of a file, and only read: no tables, no entries. */
		{ .start = GIB, .end = GIB + PAGE },
		/* The zero page. */
		{ .start = GIB + MIB2, .end = GIB + MIB2 + PAGE, .anonymous = true },
		/* Shared. */
		{ .start = 2 * GIB, .end = 2 * GIB + PAGE, .shared = true },
		/* Both in the table of the one that is left out. */
		{ .start = GIB * 3, .end = GIB * 3 + PAGE },
		{ .start = GIB * 3 + PAGE, .end = GIB * 3 + MIB2 + PAGE },
		{ 0 }
	};
	static const struct cowinspect_page rec[] = {
		{ .addr = GIB, .kind = COWI_KIND_FILE, .flags = COWI_F_PRESENT },
		{ .addr = GIB + MIB2, .kind = COWI_KIND_ZERO,
		  .flags = COWI_F_PRESENT },
		{ .addr = 2 * GIB, .kind = COWI_KIND_SHMEM, .flags = COWI_F_PRESENT },
		{ .addr = 3 * GIB, .kind = COWI_KIND_FILE, .flags = COWI_F_PRESENT },
		{ .addr = 3 * GIB + MIB2, .kind = COWI_KIND_SWAP },
		{ 0 }
	};
	struct fork_scan s;
	struct fork_cost cost = cost_of(vma, rec, &s);

	(void)state;
	assert_tables(&cost, 2, 1, 1);
	assert_int_equal(1, cost.sums.entries);
	assert_int_equal(1, cost.sums.swap);
	assert_int_equal(0, cost.sums.file);
	fork_scan_release(&s);
}

static void advice_is_followed(void **state)
{
	static const struct fork_vma vma[] = {
		{ .start = GIB, .end = GIB + PAGE, .dontfork = true },
		{ .start = GIB + MIB2, .end = GIB + MIB2 + PAGE, .wiped = true },
		{ .start = GIB + 2 * MIB2, .end = GIB + 2 * MIB2 + 3 * PAGE },
		{ 0 }
	};
	static const struct cowinspect_page rec[] = {
		{ .addr = GIB, ANON },
		{ .addr = GIB + MIB2, ANON },
		/* Pinned; shared already; and one that no fork changes anything for. */
		{ .addr = GIB + 2 * MIB2, .kind = COWI_KIND_ANON,
		  .flags = COWI_F_PRESENT | COWI_F_VMA_WRITE | COWI_F_MAYBE_PINNED },
		{ .addr = GIB + 2 * MIB2 + PAGE, .kind = COWI_KIND_ANON,
		  .flags = COWI_F_PRESENT | COWI_F_VMA_WRITE,
		  .outcome = COWI_NEXT_COPY },
		{ .addr = GIB + 2 * MIB2 + 2 * PAGE, ANON },
		{ 0 }
	};
	struct fork_scan s;
	struct fork_cost cost = cost_of(vma, rec, &s);

	(void)state;
	assert_tables(&cost, 1, 1, 1);
	assert_int_equal(3, cost.sums.anon);
	assert_int_equal(1, cost.sums.pinned);
	assert_int_equal(1, cost.sums.then);
	assert_int_equal(2, cost.left_out);
	assert_null(fork_scan_run(&s, GIB));
	assert_null(fork_scan_run(&s, GIB + 2 * MIB2 + PAGE));
	assert_non_null(fork_scan_run(&s, GIB + 2 * MIB2 + 2 * PAGE + 5));
	fork_scan_release(&s);
}

/* A table is kept behind each huge page of anonymous memory, and of nothing else. */
static void huge_pages(void **state)
{
	static const struct fork_vma vma[] = {
		{ .start = GIB, .end = GIB + 2 * MIB2, .anonymous = true },
		{ .start = 2 * GIB, .end = 2 * GIB + MIB2, .hugetlb = true },
		{ .start = 3 * GIB, .end = 3 * GIB + 2 * MIB2 },
		{ 0 }
	};
	static const struct cowinspect_page rec[] = {
		{ .addr = GIB, .map_order = 9, ANON },
		{ .addr = GIB + MIB2, .map_order = 9, .kind = COWI_KIND_ZERO,
		  .flags = COWI_F_PRESENT },
		{ .addr = 2 * GIB, .map_order = 9, ANON },
		{ .addr = 3 * GIB, .map_order = 9, .kind = COWI_KIND_FILE,
		  .flags = COWI_F_PRESENT },
		{ .addr = 3 * GIB + MIB2, ANON },
		{ 0 }
	};
	struct fork_scan s;
	struct fork_cost cost = cost_of(vma, rec, &s);
	const struct fork_run *run;

	(void)state;
	assert_tables(&cost, 3, 3, 1);
	assert_int_equal(512 + 1, cost.sums.anon);
	assert_int_equal(0, cost.sums.file);
	assert_int_equal(4, cost.sums.huge);
	run = fork_scan_run(&s, GIB + MIB2 - 1);
	assert_true(run && run->huge && run->pages == 512);
	fork_scan_release(&s);
}

static void nothing_at_all(void **state)
{
	static const struct fork_vma vma[] = { { 0 } };
	static const struct cowinspect_page rec[] = { { .addr = GIB, ANON }, { 0 } };
	struct fork_scan s;
	struct fork_cost cost = cost_of(vma, rec, &s);

	(void)state;
	assert_tables(&cost, 0, 0, 0);
	assert_int_equal(0, cost.sums.entries);
	fork_scan_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_count_once),
		cmocka_unit_test(clean_mappings_are_left_out),
		cmocka_unit_test(advice_is_followed),
		cmocka_unit_test(huge_pages),
		cmocka_unit_test(nothing_at_all),
	};

	return cmocka_run_group_tests_name("whatif", tests, NULL, NULL);
}
