// SPDX-License-Identifier: GPL-2.0
/* The slices of a trace's time. */
#include "test.h"
#include "timeline.h"

#define SLICE	(1ull << TIMELINE_SHIFT)
#define BEGIN	1000000ull

/* A fault. */
static int add(struct timeline *t, struct timeline_lane *lane, __u64 time,
	       unsigned int outcome)
{
	struct cowi_event e = {
		.kind = COWI_EVENT_FAULT, .time = BEGIN + time,
		.outcome = outcome, .bytes = 4096,
	};

	return timeline_add(t, lane, &e);
}

/* Anything else: @number is what it counts, if it does. */
static int tell(struct timeline *t, struct timeline_lane *lane, __u64 time,
		enum cowi_event_kind kind, __u64 number)
{
	struct cowi_event e = {
		.kind = kind, .time = BEGIN + time, .count = number,
		.copied = number,
	};

	return timeline_add(t, lane, &e);
}

static void check_cell(const struct timeline_lane *lane, size_t i,
		       unsigned int slice, unsigned int outcome, __u64 count,
		       __u64 bytes)
{
	assert_true(i < lane->nr);
	assert_int_equal(lane->cell[i].slice, slice);
	assert_int_equal(lane->cell[i].outcome, outcome);
	assert_int_equal(lane->cell[i].count, count);
	assert_int_equal(lane->cell[i].bytes, bytes);
}

static void test_cells(void **state)
{
	struct timeline_lane lane = { 0 };
	struct timeline t;

	(void)state;
	timeline_init(&t, BEGIN);
	assert_int_equal(add(&t, &lane, 0, COWI_DID_REUSED), 0);
	assert_int_equal(add(&t, &lane, SLICE - 1, COWI_DID_COPIED), 0);
	assert_int_equal(add(&t, &lane, SLICE, COWI_DID_COPIED), 0);
	assert_int_equal(add(&t, &lane, SLICE + 1, COWI_DID_COPIED), 0);
	/* Late, and of before the trace. */
	assert_int_equal(add(&t, &lane, 5, COWI_DID_ZEROFILLED), 0);
	assert_int_equal(add(&t, &lane, -5, COWI_DID_REUSED), 0);
	assert_int_equal(lane.nr, 4);
	check_cell(&lane, 0, 0, COWI_DID_COPIED, 1, 4096);
	check_cell(&lane, 1, 0, COWI_DID_REUSED, 2, 0);
	check_cell(&lane, 2, 0, COWI_DID_ZEROFILLED, 1, 4096);
	check_cell(&lane, 3, 1, COWI_DID_COPIED, 2, 8192);
	assert_int_equal(timeline_slices(&t, BEGIN + 3 * SLICE), 4);
	timeline_lane_release(&lane);
	timeline_release(&t);
}

static void test_longer(void **state)
{
	struct timeline_lane lane = { 0 }, idle = { 0 };
	unsigned int i;
	struct timeline t;

	(void)state;
	timeline_init(&t, BEGIN);
	assert_int_equal(add(&t, &idle, 7 * SLICE, COWI_DID_COPIED), 0);
	for (i = 0; i < TIMELINE_SLICES; i++)
		assert_int_equal(add(&t, &lane, i * SLICE, i % 2), 0);
	assert_int_equal(t.shift, TIMELINE_SHIFT);
	assert_int_equal(lane.nr, TIMELINE_SLICES);
	/* One too many: now a slice is as long as two were. */
	assert_int_equal(add(&t, &lane, i * SLICE, COWI_DID_REUSED), 0);
	assert_int_equal(t.shift, TIMELINE_SHIFT + 1);
	assert_int_equal(lane.nr, TIMELINE_SLICES + 1);
	check_cell(&lane, 0, 0, 0, 1, 4096);
	check_cell(&lane, 1, 0, 1, 1, 0);
	check_cell(&lane, TIMELINE_SLICES, TIMELINE_SLICES / 2,
		   COWI_DID_REUSED, 1, 0);
	/* A pause of days. */
	assert_int_equal(add(&t, &lane, 1ull << 50, COWI_DID_SPLIT), 0);
	assert_int_equal(lane.nr, 3);
	check_cell(&lane, 0, 0, 0, TIMELINE_SLICES / 2, 4096ull *
		   TIMELINE_SLICES / 2);
	check_cell(&lane, 1, 0, 1, TIMELINE_SLICES / 2 + 1, 0);
	check_cell(&lane, 2, 1024, COWI_DID_SPLIT, 1, 0);
	/* A lane without events since then has to follow. */
	assert_int_equal(idle.cell[0].slice, 7);
	assert_int_equal(timeline_settle(&t, &idle), 0);
	check_cell(&idle, 0, 0, COWI_DID_COPIED, 1, 4096);
	assert_int_equal(timeline_slices(&t, 0), 1025);
	timeline_lane_release(&lane);
	timeline_lane_release(&idle);
	timeline_release(&t);
}

/*
 * More than the bits of a slice's number: a8fd681 ("trace: a pause of years is no shift
 * of more bits than there are").
 */
static void test_years(void **state)
{
	struct timeline_lane lane = { 0 };
	struct timeline t;

	(void)state;
	timeline_init(&t, BEGIN);
	assert_int_equal(add(&t, &lane, 2000 * SLICE, COWI_DID_COPIED), 0);
	assert_int_equal(add(&t, &lane, 1ull << 62, COWI_DID_COPIED), 0);
	assert_int_equal(lane.nr, 2);
	check_cell(&lane, 0, 0, COWI_DID_COPIED, 1, 4096);
	check_cell(&lane, 1, 1024, COWI_DID_COPIED, 1, 4096);
	timeline_lane_release(&lane);
	timeline_release(&t);
}

static void test_lost(void **state)
{
	struct timeline_lane lane = { 0 };
	struct timeline t;

	(void)state;
	timeline_init(&t, BEGIN);
	assert_int_equal(add(&t, &lane, 2 * SLICE, COWI_DID_COPIED), 0);
	assert_int_equal(tell(&t, NULL, 5 * SLICE, COWI_EVENT_LOST, 11), 0);
	/* From the last event before on, and none of them twice. */
	assert_int_equal(t.lost.nr, 4);
	check_cell(&t.lost, 0, 2, TIMELINE_LOST, 2, 0);
	check_cell(&t.lost, 1, 3, TIMELINE_LOST, 3, 0);
	check_cell(&t.lost, 2, 4, TIMELINE_LOST, 3, 0);
	check_cell(&t.lost, 3, 5, TIMELINE_LOST, 3, 0);
	assert_int_equal(tell(&t, NULL, 1, COWI_EVENT_LOST, 1), 0);
	check_cell(&t.lost, 3, 5, TIMELINE_LOST, 4, 0);
	timeline_lane_release(&lane);
	timeline_release(&t);
}

static void test_notes(void **state)
{
	struct timeline_lane lane = { 0 };
	struct timeline t;

	(void)state;
	timeline_init(&t, BEGIN);
	assert_int_equal(tell(&t, &lane, 3, COWI_EVENT_BORN, 0), 0);
	assert_int_equal(tell(&t, &lane, 4, COWI_EVENT_NAMED, 0), 0);
	assert_int_equal(tell(&t, &lane, 5, COWI_EVENT_FORK, 0), 0);
	assert_int_equal(tell(&t, &lane, 6, COWI_EVENT_EXEC, 0), 0);
	assert_int_equal(tell(&t, &lane, 7, COWI_EVENT_FORK, 40), 0);
	assert_int_equal(add(&t, &lane, 8, 200), 0);
	assert_int_equal(tell(&t, &lane, 1ull << 40, COWI_EVENT_EXIT, 0), 0);
	assert_int_equal(lane.born, 3);
	assert_int_equal(lane.ended, 1ull << 40);
	/* One that copied nothing, a name, birth and end are in no slice. */
	assert_int_equal(lane.nr, 3);
	check_cell(&lane, 0, 0, COWI_DID_UNKNOWN, 1, 0);
	check_cell(&lane, 1, 0, TIMELINE_EXEC, 1, 0);
	check_cell(&lane, 2, 0, TIMELINE_FORK, 1, 0);
	/* An event of nobody we know. */
	assert_int_equal(add(&t, NULL, 1ull << 41, COWI_DID_COPIED), 0);
	timeline_lane_release(&lane);
	timeline_release(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cells),
		cmocka_unit_test(test_longer),
		cmocka_unit_test(test_years),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_notes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
