// SPDX-License-Identifier: GPL-2.0
/*
 * What all labs rely on: that each kind of expectation fails where it must. On
 * made-up snapshots; tests/guest/labs.c runs the labs.
 */
#include "test.h"

#include <errno.h>

#include "held.h"
#include "lab.h"
#include "quiz.h"
#include "report.h"

#define PAGES	4

static struct cowi_status status = {
	.page_size = 4096,
	.exclusive = COWI_COUNT_EXACT,
};

static struct page_view was[2][PAGES], now[2][PAGES];
static unsigned char set[PAGES];
static struct lab lab = { .name = "test", .id = "T1", .key = "" };

/* Two actors whose page i is in frame 100 + i. */
static void make_run(struct lab_run *r)
{
	int a, i;

	memset(r, 0, sizeof(*r));
	memset(set, 0, sizeof(set));
	r->lab = &lab;
	r->status = &status;
	r->cast.nr = 2;
	r->cast.actor[0].name = "parent";
	r->cast.actor[1].name = "child";
	r->nr_regions = 1;
	r->region[0] = (struct lab_region){ .start = 0x10000, .pages = PAGES };
	r->pages = PAGES;
	r->set = set;
	for (a = 0; a < 2; a++) {
		for (i = 0; i < PAGES; i++) {
			was[a][i] = (struct page_view){
				.mapped = true,
				.pfn = 100 + i,
				.rec = { .pfn = 100 + i, .mapcount = 2,
					 .refcount = 2,
					 .flags = COWI_F_PRESENT,
					 .kind = COWI_KIND_ANON,
					 .outcome = COWI_NEXT_COPY },
			};
			now[a][i] = was[a][i];
		}
		r->was[a] = (struct snapshot){ .nr = PAGES, .page = was[a],
					       .page_size = 4096 };
		r->view[a] = (struct snapshot){ .nr = PAGES, .page = now[a],
						.page_size = 4096 };
	}
}

static bool last_held(struct lab_run *r)
{
	assert_true(r->nr_checks > 0);
	assert_int_equal(r->nr_checks, r->passed + r->failed);
	return r->checks[r->nr_checks - 1].ok;
}

static void pages_are_compared(void **state)
{
	struct lab_run r;

	(void)state;
	make_run(&r);
	lab_expect(&r, &r.cast.actor[0], ALL, &expect_shared, "shared");
	assert_true(last_held(&r));
	now[0][2].rec.mapcount = 1;
	lab_expect(&r, &r.cast.actor[0], ALL, &expect_shared, "shared");
	assert_false(last_held(&r));
	assert_string_equal("page 2 of parent: mapcount is 1, not 2",
			    r.checks[1].why);
	/* The other actor, and the pages of other sets, are as they were. */
	lab_expect(&r, &r.cast.actor[1], ALL, &expect_shared, "shared");
	assert_true(last_held(&r));
	set[2] = 1;
	lab_expect(&r, &r.cast.actor[0], NOT_IN(1), &expect_shared, "shared");
	assert_true(last_held(&r));
	lab_expect(&r, &r.cast.actor[0], IN(1), &expect_shared, "shared");
	assert_false(last_held(&r));
	assert_int_equal(2, r.failed);
}

/* What is said of no page at all would hold whatever happens. */
static void empty_sets_fail(void **state)
{
	struct lab_run r;

	(void)state;
	make_run(&r);
	lab_expect(&r, &r.cast.actor[0], IN(5), &expect_shared, "shared");
	assert_false(last_held(&r));
	lab_expect_frames(&r, &r.cast.actor[0], &r.cast.actor[1], IN(5), true,
			  "same");
	assert_false(last_held(&r));
}

static void absence_is_checked(void **state)
{
	struct lab_run r;

	(void)state;
	make_run(&r);
	lab_expect(&r, &r.cast.actor[0], ALL, &expect_absent, "absent");
	assert_false(last_held(&r));
	memset(now[0], 0, sizeof(now[0]));
	lab_expect(&r, &r.cast.actor[0], ALL, &expect_absent, "absent");
	assert_true(last_held(&r));
	lab_expect(&r, &r.cast.actor[0], ALL, &expect_shared, "shared");
	assert_false(last_held(&r));
}

static void kinds_and_sizes_are_checked(void **state)
{
	const struct page_expect huge = { .huge = EXPECT_YES };
	struct lab_run r;
	int i;

	(void)state;
	make_run(&r);
	lab_expect(&r, &r.cast.actor[0], ALL, &expect_zero, "zero");
	assert_false(last_held(&r));
	lab_expect(&r, &r.cast.actor[0], ALL, &huge, "huge");
	assert_false(last_held(&r));
	for (i = 0; i < PAGES; i++) {
		now[0][i].rec.kind = COWI_KIND_ZERO;
		now[0][i].rec.outcome = COWI_NEXT_ZEROFILL;
		now[0][i].rec.map_order = 9;
	}
	lab_expect(&r, &r.cast.actor[0], ALL, &expect_zero, "zero");
	assert_true(last_held(&r));
	lab_expect(&r, &r.cast.actor[0], ALL, &huge, "huge");
	assert_true(last_held(&r));
}

static void frames_are_compared(void **state)
{
	struct lab_run r;

	(void)state;
	make_run(&r);
	lab_expect_frames(&r, &r.cast.actor[0], &r.cast.actor[1], ALL, true,
			  "same");
	assert_true(last_held(&r));
	lab_expect_frames(&r, &r.cast.actor[0], &r.cast.actor[1], ALL, false,
			  "different");
	assert_false(last_held(&r));
	assert_int_equal(PAGES, lab_frames(&r));
	now[1][3].pfn = 999;
	lab_expect_frames(&r, &r.cast.actor[0], &r.cast.actor[1], ALL, true,
			  "same");
	assert_false(last_held(&r));
	assert_int_equal(PAGES + 1, lab_frames(&r));
	/* Swap entries have a place in the swap area, which is no frame. */
	now[1][3].rec.flags = 0;
	assert_int_equal(PAGES, lab_frames(&r));
}

static void moves_are_counted(void **state)
{
	struct lab_run r;

	(void)state;
	make_run(&r);
	lab_expect_moved(&r, &r.cast.actor[1], ALL, 0);
	assert_true(last_held(&r));
	now[1][0].pfn = 998;
	now[1][3].pfn = 999;
	lab_expect_moved(&r, &r.cast.actor[1], ALL, 2);
	assert_true(last_held(&r));
	lab_expect_moved(&r, &r.cast.actor[1], ALL, 1);
	assert_false(last_held(&r));
	set[3] = 1;
	lab_expect_moved(&r, &r.cast.actor[1], IN(1), 1);
	assert_true(last_held(&r));
	assert_string_equal("child, those of page 3 that are in another frame than before: 1",
			    r.checks[r.nr_checks - 1].text);
	lab_expect_moved(&r, &r.cast.actor[1], NOT_IN(1), 1);
	assert_string_equal("child, those of pages 0-2 that are in another frame than before: 1",
			    r.checks[r.nr_checks - 1].text);
	set[1] = 1;
	lab_expect_moved(&r, &r.cast.actor[1], IN(1), 1);
	assert_string_equal("child, those of 2 pages that are in another frame than before: 1",
			    r.checks[r.nr_checks - 1].text);
	lab_expect_moved(&r, &r.cast.actor[0], ALL, 1);
	assert_false(last_held(&r));
	lab_expect_number(&r, 3, 4, "a number");
	assert_false(last_held(&r));
	assert_string_equal("a number: 4", r.checks[r.nr_checks - 1].text);
	assert_string_equal("it is 3", r.checks[r.nr_checks - 1].why);
}

static void nothing_after_a_failure(void **state)
{
	struct lab_run r;

	(void)state;
	make_run(&r);
	lab_skip(&r, "no %s", "swap");
	lab_expect(&r, NULL, ALL, &expect_shared, "shared");
	lab_expect_number(&r, 1, 1, "a number");
	lab_check(&r, false, "text", "why");
	assert_int_equal(0, r.nr_checks);
	assert_string_equal("no swap", r.skip);
}

static void addresses(void **state)
{
	struct lab_run r;

	(void)state;
	make_run(&r);
	r.nr_regions = 2;
	r.region[0].pages = 3;
	r.region[1] = (struct lab_region){ .start = 0x90000, .first = 3,
					   .pages = 1 };
	assert_int_equal(0x12000, lab_addr(&r, 2));
	assert_int_equal(0x90000, lab_addr(&r, 3));
}

static void questions_make_the_key(void **state)
{
	struct lab_run r;

	(void)state;
	make_run(&r);
	quiz_question(&r, &r.cast.actor[0], 0, &now[0][0], COWI_NEXT_COPY);
	quiz_question(&r, &r.cast.actor[0], 0, &now[0][0], COWI_NEXT_REUSE);
	quiz_question(&r, &r.cast.actor[0], 0, &now[0][0], COWI_NEXT_SHARED);
	assert_string_equal("crn", r.key);
}

/* Of pages alike, one question: whoever has answered that knows the others. */
static void pages_alike_are_one_question(void **state)
{
	struct lab_run r;

	(void)state;
	make_run(&r);
	quiz_question(&r, &r.cast.actor[0], 0, &now[0][0], COWI_NEXT_COPY);
	quiz_question(&r, &r.cast.actor[0], 1, &now[0][1], COWI_NEXT_COPY);
	assert_string_equal("c", r.key);
	quiz_question(&r, &r.cast.actor[1], 1, &now[1][1], COWI_NEXT_COPY);
	assert_string_equal("cc", r.key);
	now[1][2].rec.refcount = 3;
	quiz_question(&r, &r.cast.actor[1], 2, &now[1][2], COWI_NEXT_COPY);
	assert_string_equal("ccc", r.key);
	r.step++;
	quiz_question(&r, &r.cast.actor[1], 2, &now[1][2], COWI_NEXT_COPY);
	assert_string_equal("cccc", r.key);
}

static const char *summary(const struct lab_run *r)
{
	static char text[SUMMARY_MAX];

	words_summary(r, text, sizeof(text));
	return text;
}

static const char *totals(const struct lab_run *r)
{
	static char text[SUMMARY_MAX];

	words_totals(r, text, sizeof(text));
	return text;
}

static void add_write(struct lab_run *r, enum happened h)
{
	r->writes[r->nr_writes++].happened = h;
}

/* What was not looked at is not said; what was only seen is not called a copy. */
static void steps_in_words(void **state)
{
	struct lab_run r;

	(void)state;
	make_run(&r);
	assert_string_equal("The page tables were not read in this step.",
			    summary(&r));
	assert_string_equal("", totals(&r));
	r.looked = true;
	assert_string_equal("4 frames -> 4 frames", summary(&r));
	assert_string_equal("2 processes map 8 pages here, in 4 frames (16K).",
			    totals(&r));
	now[1][0].pfn = 998;
	now[1][3].pfn = 999;
	assert_string_equal("4 frames -> 6 frames, 2 pages in another frame",
			    summary(&r));
	add_write(&r, HAPPENED_COPY);
	assert_string_equal("4 frames -> 6 frames, 2 pages in another frame",
			    summary(&r));
	add_write(&r, HAPPENED_REUSE);
	add_write(&r, HAPPENED_COPY);
	assert_string_equal("4 frames -> 6 frames, 2 copied", summary(&r));
	assert_non_null(strstr(totals(&r),
			       " Writes watched: 1 reused, 2 copied."));
	/* Nothing to compare with: other pages than those before. */
	r.was[0].nr = 0;
	r.was[1].nr = 0;
	r.was[0].page = NULL;
	r.was[1].page = NULL;
	assert_string_equal("6 frames", summary(&r));
	lab_fail(&r, -5, "look");
	assert_string_equal("The step broke off.", summary(&r));
}

/* Who holds frames: by what the lab did, and by the records. */
static void holders_in_words(void **state)
{
	struct lab_held h;
	struct lab_run r;

	(void)state;
	make_run(&r);
	r.looked = true;
	assert_null(strstr(totals(&r), "held"));
	r.held[r.nr_held++] = (struct lab_held){
		.by = "pipe", .owner = &r.cast.actor[0], .page = 1, .pfn = 101,
	};
	now[0][2].rec.flags |= COWI_F_SWAPCACHE;
	now[1][2].rec.flags |= COWI_F_SWAPCACHE;
	assert_non_null(strstr(totals(&r),
			       " Also held: page 1 (pipe), page 2 (swap cache)."));
	/* One frame of two pages is held once, two are held twice. */
	assert_false(held_at(&r, 2, 1, &h));
	now[1][2].pfn = 202;
	assert_true(held_at(&r, 2, 1, &h));
	assert_int_equal(202, h.pfn);
	now[0][1].pfn = 201;
	assert_true(held_at(&r, 1, 0, &h) && held_is_mapped(&r, &h));
	now[1][1].pfn = 301;
	assert_false(held_is_mapped(&r, &h));
	assert_non_null(strstr(totals(&r),
			       "the frame that page 1 had (pipe), page 2"));
	held_end(&r, &r.cast.actor[1]);
	assert_int_equal(1, r.nr_held);
	held_end(&r, &r.cast.actor[0]);
	assert_int_equal(0, r.nr_held);
	assert_false(held_at(&r, 1, 0, &h));
}

static void totals_have(const struct lab_run *r, const char *text)
{
	assert_non_null(strstr(totals(r), text));
}

/* Pages that follow each other are named together, and not all runs are named. */
static void runs_of_holders(void **state)
{
	struct lab_run r;
	size_t i;

	(void)state;
	make_run(&r);
	r.looked = true;
	for (i = 1; i < 4; i++)
		r.held[r.nr_held++] = (struct lab_held){
			.by = "page cache", .page = i, .pfn = now[0][i].pfn,
		};
	totals_have(&r, " Also held: pages 1-3 (page cache).");
	/* A frame that the page has left, and another one's. */
	r.held[2].pfn = 999;
	totals_have(&r,
		    " Also held: pages 1-2 (page cache), the frame that page 3 had (page cache).");
	r.held[1].by = "pipe";
	totals_have(&r,
		    " Also held: page 1 (page cache), page 2 (pipe), the frame that page 3 had (page cache).");
	r.held[0].pfn = 998;
	r.held[1].pfn = 997;
	r.held[1].by = "page cache";
	totals_have(&r, " Also held: the frames that pages 1-3 had (page cache).");
	/* Four runs are named. */
	r.nr_held = 0;
	for (i = 0; i < PAGES; i += 2)
		now[0][i].rec.flags |= COWI_F_SWAPCACHE;
	for (i = 0; i < 4; i++)
		r.held[r.nr_held++] = (struct lab_held){
			.by = i == 1 ? "pin" : "pipe", .page = i, .pfn = 900 + i,
		};
	totals_have(&r,
		    " Also held: the frame that page 0 had (pipe), page 0 (swap cache), the frame that page 1 had (pin), the frames that pages 2-3 had (pipe), and 1 more.");
}

static void choices_are_kept(void **state)
{
	struct lab_run r;

	(void)state;
	make_run(&r);
	lab_choice(&r, "Which?", 1, 4, 3, "it is");
	assert_string_equal("3", r.key);
	assert_int_equal(1, r.nr_picks);
	assert_int_equal(1, r.picks[0].number);
	assert_int_equal(3, r.picks[0].right);
	lab_choice(&r, "Which?", 1, 4, 3, "it is");
	assert_int_equal(0, r.err);
	lab_choice(&r, "Which?", 1, 4, 3, "it is");
	assert_int_equal(-ENOSPC, r.err);
}

static void verdicts(void **state)
{
	char text[SUMMARY_MAX];
	struct lab_run r;

	(void)state;
	make_run(&r);
	lab.answer = "So.";
	r.passed = 3;
	words_verdict(&r, text, sizeof(text));
	assert_string_equal("3 checks held, 0 failed.", text);
	assert_string_equal("So.", words_answer(&r));
	r.failed = 1;
	assert_non_null(strstr(words_answer(&r), "No answer"));
	lab_skip(&r, "no %s", "swap");
	words_verdict(&r, text, sizeof(text));
	assert_string_equal("SKIP: no swap", text);
	assert_string_equal("", words_answer(&r));
}

/* The facts that a wrong answer is explained with. */
static void reasons(void **state)
{
	struct page_view v;
	char why[160];
	struct lab_run r;

	(void)state;
	make_run(&r);
	v = now[0][0];
	explain(&v, why, sizeof(why));
	assert_non_null(strstr(why, "mapcount 2: somebody else maps it"));
	v.rec.mapcount = 1;
	explain(&v, why, sizeof(why));
	assert_non_null(strstr(why, "mapcount 1, but refcount 2"));
	v.rec.outcome = COWI_NEXT_REUSE;
	explain(&v, why, sizeof(why));
	assert_non_null(strstr(why, "nobody else is left"));
	v.rec.flags |= COWI_F_EXCLUSIVE;
	explain(&v, why, sizeof(why));
	assert_non_null(strstr(why, "exclusive"));
	v.rec.kind = COWI_KIND_FILE;
	v.rec.outcome = COWI_NEXT_COPY;
	explain(&v, why, sizeof(why));
	assert_non_null(strstr(why, "page cache"));
	v.rec.kind = COWI_KIND_KSM;
	explain(&v, why, sizeof(why));
	assert_non_null(strstr(why, "KSM"));
	v = (struct page_view){ .hole = HOLE_NOTHING };
	explain(&v, why, sizeof(why));
	assert_non_null(strstr(why, "signal"));
}

/* A name is a number, the same each time, and others are others. */
static void seeds(void **state)
{
	const struct lab *const *l;
	char key[MAX_QUESTIONS + 1], first[MAX_QUESTIONS + 1];
	unsigned int different;
	__u64 seed;

	(void)state;
	assert_int_equal(7, lab_seed("7"));
	assert_int_equal(2048, lab_seed("2K"));
	assert_int_equal(0xc9cce27b, lab_seed("anna"));
	assert_int_not_equal(lab_seed("anna"), lab_seed("anne"));
	for (l = all_labs; *l; l++) {
		lab_key(*l, 0, first);
		for (different = 0, seed = 1; seed < 200; seed++) {
			lab_key(*l, seed, key);
			assert_int_equal(strlen(first), strlen(key));
			assert_int_equal(strlen(key), strspn(key, "crn012345"));
			different += strcmp(first, key) != 0;
		}
		if ((*l)->make_key)
			assert_true(different > 150);
		else
			assert_int_equal(0, different);
	}
}

/* "(lab shared)", or "(step 2)" of itself */
static void assert_names_a_control(const struct lab *lab)
{
	char text[512], name[32];
	const char *at;
	unsigned int i;

	snprintf(text, sizeof(text), "%s", lab->alike);
	for (i = 0; text[i]; i++) {
		if (text[i] == '\n')
			text[i] = ' ';
	}
	at = strstr(text, "(lab ");
	if (at) {
		if (sscanf(at, "(lab %31[a-z])", name) != 1)
			fail_msg("%s", at);
		assert_non_null(lab_find(name));
		assert_ptr_not_equal(lab, lab_find(name));
	} else {
		assert_non_null(strstr(text, "(step "));
	}
}

static void labs_are_complete(void **state)
{
	const struct lab *const *l, *const *other;

	(void)state;
	for (l = all_labs; *l; l++) {
		assert_non_null((*l)->run);
		assert_true(!(*l)->key == !!(*l)->make_key);
		assert_names_a_control(*l);
		assert_true(strlen((*l)->question) < 80);
		assert_non_null((*l)->help);
		assert_non_null((*l)->answer);
		assert_true((*l)->min_pages <= (*l)->pages);
		assert_ptr_equal(*l, lab_find((*l)->name));
		assert_ptr_equal(*l, lab_find((*l)->id));
		for (other = all_labs; other < l; other++) {
			assert_string_not_equal((*l)->name, (*other)->name);
			assert_string_not_equal((*l)->id, (*other)->id);
		}
	}
	assert_ptr_equal(lab_find("a1"), lab_find("heap"));
	assert_null(lab_find("A99"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_are_compared),
		cmocka_unit_test(empty_sets_fail),
		cmocka_unit_test(absence_is_checked),
		cmocka_unit_test(kinds_and_sizes_are_checked),
		cmocka_unit_test(frames_are_compared),
		cmocka_unit_test(moves_are_counted),
		cmocka_unit_test(nothing_after_a_failure),
		cmocka_unit_test(addresses),
		cmocka_unit_test(questions_make_the_key),
		cmocka_unit_test(pages_alike_are_one_question),
		cmocka_unit_test(steps_in_words),
		cmocka_unit_test(holders_in_words),
		cmocka_unit_test(runs_of_holders),
		cmocka_unit_test(choices_are_kept),
		cmocka_unit_test(verdicts),
		cmocka_unit_test(reasons),
		cmocka_unit_test(seeds),
		cmocka_unit_test(labs_are_complete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
