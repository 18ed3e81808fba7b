// SPDX-License-Identifier: GPL-2.0
/* What labs conclude from records, on made-up ones. */
#include "test.h"

#include "observe.h"

#define PRESENT		COWI_F_PRESENT
#define WRITE		(COWI_F_PRESENT | COWI_F_WRITE)

static struct page_view view(__u64 pfn, __u64 flags,
			     enum cowinspect_kind kind,
			     enum cowinspect_outcome next)
{
	struct page_view v = {
		.mapped = true,
		.pfn = pfn,
		.rec = { .pfn = pfn, .flags = flags, .kind = kind,
			 .outcome = next, .mapcount = 1, .refcount = 1 },
	};

	return v;
}

static enum happened write_did(struct page_view before, struct page_view after,
			       __u64 faults)
{
	return observe_write(&before, &after, faults, false);
}

#define ANON(pfn, flags)	view(pfn, flags, COWI_KIND_ANON, COWI_NEXT_COPY)

static void happenings(void **state)
{
	const struct page_view nothing = { 0 };
	struct page_view shared = ANON(1, PRESENT | COWI_F_VMA_SHARED);

	(void)state;
	assert_int_equal(HAPPENED_COPY,
			 write_did(ANON(1, PRESENT), ANON(2, WRITE), 1));
	assert_int_equal(HAPPENED_REUSE,
			 write_did(ANON(1, PRESENT), ANON(1, WRITE), 1));
	assert_int_equal(HAPPENED_NOFAULT,
			 write_did(ANON(1, WRITE), ANON(1, WRITE), 0));
	assert_int_equal(HAPPENED_MARK,
			 write_did(ANON(1, WRITE | COWI_F_YOUNG),
				   ANON(1, WRITE | COWI_F_YOUNG | COWI_F_DIRTY),
				   1));
	assert_int_equal(HAPPENED_SHARED,
			 write_did(shared, ANON(1, WRITE), 1));
	assert_int_equal(HAPPENED_ZEROFILL,
			 write_did(nothing, ANON(1, WRITE), 1));
	assert_int_equal(HAPPENED_ZEROFILL,
			 write_did(view(0, PRESENT, COWI_KIND_ZERO,
					COWI_NEXT_ZEROFILL),
				   ANON(1, WRITE), 1));
	assert_int_equal(HAPPENED_SWAPIN,
			 write_did(view(7, 0, COWI_KIND_SWAP,
					COWI_NEXT_SWAPIN),
				   ANON(1, WRITE), 1));
	assert_int_equal(HAPPENED_COPY,
			 write_did(view(7, PRESENT, COWI_KIND_FILE,
					COWI_NEXT_COPY), ANON(1, WRITE), 1));
	assert_int_equal(HAPPENED_COPY,
			 write_did((struct page_view){ .hole = HOLE_FILE },
				   ANON(1, WRITE), 1));
	assert_int_equal(HAPPENED_SHARED,
			 write_did((struct page_view){ .hole = HOLE_SHARED },
				   view(1, WRITE, COWI_KIND_SHMEM,
					COWI_NEXT_NOFAULT), 1));
	assert_int_equal(HAPPENED_REFUSED,
			 observe_write(&shared, &shared, 1, true));
}

/* Facts that contradict one another must not pass as an outcome. */
static void contradictions(void **state)
{
	const struct page_view nothing = { 0 };

	(void)state;
	/* A writable page in another frame: migrated, not copied. */
	assert_int_equal(HAPPENED_UNCLEAR,
			 write_did(ANON(1, WRITE), ANON(2, WRITE), 0));
	assert_int_equal(HAPPENED_UNCLEAR,
			 write_did(ANON(1, WRITE), ANON(2, WRITE), 1));
	/* A new frame without a fault. */
	assert_int_equal(HAPPENED_UNCLEAR,
			 write_did(ANON(1, PRESENT), ANON(2, WRITE), 0));
	/* Written, and still write-protected. */
	assert_int_equal(HAPPENED_UNCLEAR,
			 write_did(ANON(1, PRESENT), ANON(1, PRESENT), 1));
	assert_int_equal(HAPPENED_UNCLEAR,
			 write_did(ANON(1, WRITE), ANON(1, WRITE), 1));
	assert_int_equal(HAPPENED_UNCLEAR,
			 write_did(ANON(1, PRESENT), nothing, 1));
}

/* What a write has done after up to three faults. */
static enum happened faults_did(int first, int second, int third)
{
	enum happened h = happened_after(HAPPENED_NOFAULT, first);

	if (second >= 0)
		h = happened_after(h, second);
	return third >= 0 ? happened_after(h, third) : h;
}

static void outcomes(void **state)
{
	static const enum happened of[] = {
		[COWI_DID_COPIED] = HAPPENED_COPY,
		[COWI_DID_REUSED] = HAPPENED_REUSE,
		[COWI_DID_ZEROFILLED] = HAPPENED_ZEROFILL,
		/* A write does not map the zero page. */
		[COWI_DID_ZEROPAGE] = HAPPENED_UNCLEAR,
		[COWI_DID_MAPPED] = HAPPENED_SHARED,
		[COWI_DID_SHARED] = HAPPENED_SHARED,
		[COWI_DID_SWAPIN] = HAPPENED_SWAPIN,
		[COWI_DID_SWAPIN_COPIED] = HAPPENED_SWAPIN,
		[COWI_DID_SWAPIN_REUSED] = HAPPENED_SWAPIN,
		[COWI_DID_SPLIT] = HAPPENED_UNCLEAR,
		[COWI_DID_USERFAULTFD] = HAPPENED_UNCLEAR,
		[COWI_DID_RETRIED] = HAPPENED_UNCLEAR,
		[COWI_DID_REFUSED] = HAPPENED_REFUSED,
		[COWI_DID_NUMA] = HAPPENED_UNCLEAR,
		[COWI_DID_MARKED] = HAPPENED_MARK,
		[COWI_DID_WAITED] = HAPPENED_UNCLEAR,
		[COWI_DID_SPURIOUS] = HAPPENED_UNCLEAR,
		[COWI_DID_UNKNOWN] = HAPPENED_UNCLEAR,
		/* Of a later module. */
		[COWI_NR_DID] = HAPPENED_UNCLEAR,
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(of); i++)
		assert_int_equal(of[i], faults_did(i, -1, -1));
}

static void several_faults(void **state)
{
	(void)state;
	/* What only prepares. */
	assert_int_equal(HAPPENED_COPY,
			 faults_did(COWI_DID_RETRIED, COWI_DID_COPIED, -1));
	assert_int_equal(HAPPENED_COPY,
			 faults_did(COWI_DID_SPLIT, COWI_DID_RETRIED,
				    COWI_DID_COPIED));
	assert_int_equal(HAPPENED_REUSE,
			 faults_did(COWI_DID_MARKED, COWI_DID_REUSED, -1));
	assert_int_equal(HAPPENED_MARK,
			 faults_did(COWI_DID_WAITED, COWI_DID_MARKED, -1));
	/* What only comes after. */
	assert_int_equal(HAPPENED_COPY,
			 faults_did(COWI_DID_COPIED, COWI_DID_MARKED,
				    COWI_DID_SPURIOUS));
	assert_int_equal(HAPPENED_SWAPIN,
			 faults_did(COWI_DID_SWAPIN, COWI_DID_REUSED, -1));
	assert_int_equal(HAPPENED_SWAPIN,
			 faults_did(COWI_DID_RETRIED, COWI_DID_SWAPIN,
				    COWI_DID_COPIED));
	/* Otherwise the last. */
	assert_int_equal(HAPPENED_COPY,
			 faults_did(COWI_DID_ZEROFILLED, COWI_DID_COPIED, -1));
}

static void predictions(void **state)
{
	static const struct {
		enum cowinspect_outcome next;
		enum happened happened;
	} pairs[] = {
		{ COWI_NEXT_NOFAULT, HAPPENED_NOFAULT },
		{ COWI_NEXT_MARK, HAPPENED_MARK },
		{ COWI_NEXT_REUSE, HAPPENED_REUSE },
		{ COWI_NEXT_COPY, HAPPENED_COPY },
		{ COWI_NEXT_ZEROFILL, HAPPENED_ZEROFILL },
		{ COWI_NEXT_SHARED, HAPPENED_SHARED },
		{ COWI_NEXT_SWAPIN, HAPPENED_SWAPIN },
		{ COWI_NEXT_REFUSED, HAPPENED_REFUSED },
	};
	const struct page_view nothing = { 0 };
	struct page_view v;
	size_t i, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(pairs); i++) {
		v = view(1, PRESENT, COWI_KIND_ANON, pairs[i].next);
		for (k = 0; k < ARRAY_SIZE(pairs); k++)
			assert_int_equal(i == k,
					 prediction_held(&v, pairs[k].happened));
		assert_false(prediction_held(&v, HAPPENED_UNCLEAR));
	}
	v = view(1, PRESENT, COWI_KIND_ANON, COWI_NEXT_UNKNOWN);
	assert_false(prediction_held(&v, HAPPENED_UNCLEAR));
	assert_true(prediction_held(&nothing, HAPPENED_ZEROFILL));
	assert_false(prediction_held(&nothing, HAPPENED_COPY));
	v = (struct page_view){ .hole = HOLE_FILE };
	assert_true(prediction_held(&v, HAPPENED_COPY));
	v.hole = HOLE_SHARED;
	assert_true(prediction_held(&v, HAPPENED_SHARED));
	v.hole = HOLE_NOTHING;
	assert_true(prediction_held(&v, HAPPENED_REFUSED));
	assert_false(prediction_held(&v, HAPPENED_ZEROFILL));
}

static void frames(void **state)
{
	struct page_view a = ANON(5, PRESENT), b = ANON(5, WRITE);
	struct page_view swap = view(5, 0, COWI_KIND_SWAP, COWI_NEXT_SWAPIN);
	struct page_view none = ANON(COWINSPECT_NO_PFN, PRESENT);
	const struct page_view nothing = { 0 };

	(void)state;
	assert_true(same_frame(&a, &b));
	b.pfn = 6;
	assert_false(same_frame(&a, &b));
	/* An offset in the swap area is no frame. */
	assert_false(same_frame(&a, &swap));
	assert_false(same_frame(&swap, &swap));
	assert_false(same_frame(&none, &none));
	assert_false(same_frame(&nothing, &nothing));
}

static void expectation_fails(const struct page_expect *e, struct page_view v,
			      const struct cowi_status *st, const char *want)
{
	char why[128];

	assert_false(expect_page(e, &v, st, why, sizeof(why)));
	assert_string_equal(want, why);
}

static void expectations(void **state)
{
	const struct page_expect e = {
		.mapcount = 1,
		.refcount = 1,
		.exclusive = EXPECT_YES,
		.write = EXPECT_YES,
		.check_outcome = true,
		.outcome = COWI_NEXT_NOFAULT,
	};
	struct page_view good = view(1, WRITE | COWI_F_EXCLUSIVE,
				     COWI_KIND_ANON, COWI_NEXT_NOFAULT);
	struct cowi_status st = { .exclusive = COWI_COUNT_EXACT };
	struct page_view v = good;
	char why[128];

	(void)state;
	assert_true(expect_page(&e, &good, &st, why, sizeof(why)));
	v.rec.mapcount = 2;
	expectation_fails(&e, v, &st, "mapcount is 2, not 1");
	/* A number that is no exact one proves nothing. */
	v.rec.counts = COWI_COUNT_AVERAGE;
	assert_true(expect_page(&e, &v, &st, why, sizeof(why)));
	v = good;
	v.rec.refcount = 2;
	expectation_fails(&e, v, &st, "refcount is 2, not 1");
	v = good;
	v.rec.flags &= ~COWI_F_EXCLUSIVE;
	expectation_fails(&e, v, &st, "it is not exclusive");
	st.exclusive = COWI_COUNT_ABSENT;
	assert_true(expect_page(&e, &v, &st, why, sizeof(why)));
	v = good;
	v.rec.flags &= ~COWI_F_WRITE;
	expectation_fails(&e, v, &st, "it is write-protected");
	v = good;
	v.rec.outcome = COWI_NEXT_COPY;
	expectation_fails(&e, v, &st,
			  "the next write is predicted to be copy, not nofault");
	expectation_fails(&e, (struct page_view){ 0 }, &st,
			  "nothing is mapped");
}

static void more_expectations(void **state)
{
	const struct page_expect absent = { .absent = true };
	const struct page_expect swap = { .check_kind = true,
					  .kind = COWI_KIND_SWAP };
	const struct page_expect huge = { .huge = EXPECT_YES };
	struct page_view anon = ANON(1, WRITE);
	struct page_view out = view(7, 0, COWI_KIND_SWAP, COWI_NEXT_SWAPIN);
	struct cowi_status st = { 0 };
	char why[128];

	(void)state;
	expectation_fails(&absent, anon, &st, "there is an entry: anon");
	assert_true(expect_page(&absent, &(struct page_view){ 0 }, &st, why,
				sizeof(why)));
	expectation_fails(&swap, anon, &st, "it is anon, not swap");
	expectation_fails(&swap, (struct page_view){ 0 }, &st,
			  "nothing is mapped");
	assert_true(expect_page(&swap, &out, &st, why, sizeof(why)));
	expectation_fails(&huge, anon, &st, "the entry maps 1 base pages");
	anon.rec.map_order = 9;
	assert_true(expect_page(&huge, &anon, &st, why, sizeof(why)));
}

static void spreading(void **state)
{
	struct page_view pages[4] = { 0 };
	struct snapshot s = { .start = 0x201000, .page_size = 4096, .nr = 4,
			      .page = pages };
	struct cowinspect_page rec = { .addr = 0x200000, .pfn = 100,
				       .map_order = 1 };

	(void)state;
	/* Two pages, the first of which lies before the range. */
	snapshot_add(&s, &rec);
	assert_true(pages[0].mapped);
	assert_int_equal(101, pages[0].pfn);
	assert_false(pages[1].mapped);
	/* Four pages, of which one is left. */
	rec = (struct cowinspect_page){ .addr = 0x204000, .map_order = 2,
					.pfn = COWINSPECT_NO_PFN };
	snapshot_add(&s, &rec);
	assert_false(pages[2].mapped);
	assert_true(pages[3].mapped);
	assert_true(pages[3].pfn == COWINSPECT_NO_PFN);
}

static const char *change(struct page_view before, struct page_view after)
{
	static char buf[48];

	change_text(&before, &after, buf, sizeof(buf));
	return buf;
}

/* What is seen without having been watched: said as it was seen, and no more. */
static void changes(void **state)
{
	struct page_view was = ANON(1, PRESENT), is = was;
	const struct page_view hole = { 0 };

	(void)state;
	assert_string_equal("", change(was, is));
	assert_string_equal("", change(hole, hole));
	assert_string_equal("mapped now", change(hole, is));
	assert_string_equal("not mapped now", change(was, hole));
	assert_string_equal("other frame", change(was, ANON(2, WRITE)));
	assert_string_equal("writable now", change(was, ANON(1, WRITE)));
	assert_string_equal("write-protected now", change(ANON(1, WRITE), was));
	was.rec.mapcount = 2;
	is.rec.refcount = 3;
	assert_string_equal("mapcount 2 to 1", change(was, is));
	/* A guess is no news. */
	was.rec.counts = COWI_COUNT_ESTIMATE;
	assert_string_equal("refcount 1 to 3", change(was, is));
	is = was;
	is.rec.map_order = 9;
	assert_string_equal("entry of 512 pages", change(was, is));
	is = view(7, 0, COWI_KIND_SWAP, COWI_NEXT_SWAPIN);
	assert_string_equal("in no frame now", change(was, is));
	assert_string_equal("in a frame now", change(is, was));
	/* All who were never written to are in the same frame of zeros. */
	was = view(1, PRESENT, COWI_KIND_ZERO, COWI_NEXT_ZEROFILL);
	is = was;
	is.rec.refcount = 99;
	assert_string_equal("", change(was, is));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outcomes),
		cmocka_unit_test(several_faults),
		cmocka_unit_test(happenings),
		cmocka_unit_test(contradictions),
		cmocka_unit_test(predictions),
		cmocka_unit_test(frames),
		cmocka_unit_test(expectations),
		cmocka_unit_test(more_expectations),
		cmocka_unit_test(spreading),
		cmocka_unit_test(changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
