// SPDX-License-Identifier: GPL-2.0
/* Forks, what is copied after them, and what is known of it, on made-up events. */
#include "test.h"

#include "hist.h"
#include "kin.h"
#include "tally.h"

#define PAGE		4096
#define AT		0x10000	/* of the first page */
#define CHILDREN	3
#define BY_PARENT	50	/* pages */
#define BY_CHILD	10

/* ---- how long ---- */

static int compare(const void *a, const void *b)
{
	__u64 x = *(const __u64 *)a, y = *(const __u64 *)b;

	return x < y ? -1 : x > y;
}

/* As documented in hist.h. */
static void percentile_is(const struct hist *h, const __u64 *sorted, size_t nr,
			  unsigned int percent)
{
	__u64 exact = sorted[(nr * percent + 99) / 100 - 1];
	__u64 said = hist_percentile(h, percent);

	assert_true(said >= exact);
	assert_true(said <= exact + exact / 32);
	assert_true(said <= sorted[nr - 1]);
	if (exact < 64)
		assert_int_equal(exact, said);
}

static void percentiles_of(__u64 *ns, size_t nr)
{
	struct hist h = { 0 };
	unsigned int percent;
	size_t i;

	for (i = 0; i < nr; i++)
		assert_int_equal(0, hist_add(&h, ns[i]));
	qsort(ns, nr, sizeof(*ns), compare);
	for (percent = 1; percent <= 100; percent++)
		percentile_is(&h, ns, nr, percent);
	assert_int_equal(ns[nr - 1], h.most);
	assert_int_equal(ns[nr - 1], hist_percentile(&h, 100));
	assert_int_equal(nr, h.nr);
	hist_release(&h);
}

/* Times of all magnitudes, as the lower bits of such numbers. */
static void percentiles(void **state)
{
	static const size_t sizes[] = { 1, 2, 3, 99, 100, 101, 5000 };
	__u64 ns[5000], seed = 1;
	size_t i, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (k = 0; k < sizes[i]; k++) {
			seed = seed * 6364136223846793005ull + 1442695040888963407ull;
			ns[k] = (seed >> 22) >> (seed >> 58 & 31);
		}
		percentiles_of(ns, sizes[i]);
	}
	for (k = 0; k < 300; k++)
		ns[k] = k;
	percentiles_of(ns, 300);
}

static void percentile_edges(void **state)
{
	struct hist h = { 0 }, other = { 0 };

	(void)state;
	assert_int_equal(0, hist_percentile(&h, 99));
	assert_int_equal(0, hist_merge(&h, &other));
	assert_null(h.bucket);
	/* Longer than there are buckets for. */
	assert_int_equal(0, hist_add(&h, 1ull << 60));
	assert_int_equal(1ull << 60, hist_percentile(&h, 99));
	assert_int_equal(0, hist_add(&other, 5));
	assert_int_equal(0, hist_merge(&h, &other));
	assert_int_equal(5, hist_percentile(&h, 50));
	assert_int_equal(1ull << 60, hist_percentile(&h, 51));
	assert_int_equal(2, h.nr);
	assert_int_equal((1ull << 60) + 5, h.sum);
	hist_release(&h);
	hist_release(&other);
}

/* ---- processes ---- */

/**
 * struct world - a trace, and its clock
 * @t: what is added up
 * @now: of the last event
 */
struct world {
	struct tally t;
	__u64 now;
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	if (!w)
		return -1;
	tally_init(&w->t, PAGE);
	w->now = 1000;
	*state = w;
	return tally_add(&w->t, 100, NULL, 0) ? 0 : -1;
}

static int teardown(void **state)
{
	struct world *w = *state;

	tally_release(&w->t);
	free(w);
	return 0;
}

/* A program that was started in the trace: all about its memory is known. */
static struct tally_proc *root(struct world *w)
{
	struct tally_proc *p = w->t.proc[0];

	assert_int_equal(0, tally_exec(p, ++w->now));
	return p;
}

static void fork_event(struct world *w, struct tally_proc *p, pid_t child)
{
	struct cowi_event e = {
		.kind = COWI_EVENT_FORK, .time = ++w->now, .child = child,
		.cost = 1000 * (child - p->pid), .tables = 8 * PAGE,
		.copied = 1, .anon = 20, .file = 30, .shmem = 4, .swap = 5,
	};

	tally_fork(p, &e);
}

static struct tally_proc *forks(struct world *w, struct tally_proc *p, pid_t pid)
{
	struct tally_proc *child = tally_add(&w->t, pid, p, ++w->now);

	assert_non_null(child);
	fork_event(w, p, pid);
	return child;
}

static void fault(struct world *w, struct tally_proc *p, unsigned int page,
		  unsigned int outcome, unsigned int old_kind)
{
	const struct cowi_mapping m = { .start = AT, .end = AT + 1000 * PAGE,
					.perms = "rw-p", .name = "" };
	struct cowi_event e = {
		.addr = AT + page * PAGE + 8, .outcome = outcome,
		.bytes = PAGE, .cost = 100 + page, .time = ++w->now,
		.old_kind = old_kind, .vma = COWI_VMA_ANON, .mapping = &m,
	};

	assert_int_equal(0, tally_fault(&w->t, p, &e));
}

static void copies(struct world *w, struct tally_proc *p, unsigned int page)
{
	fault(w, p, page, COWI_DID_COPIED, COWI_KIND_ANON);
}

static void facts(const struct tally_proc *p, __u64 shared, __u64 last,
		  __u64 unsure)
{
	assert_int_equal(shared, p->counts.fact[COPY_SHARED]);
	assert_int_equal(last, p->counts.fact[COPY_LAST]);
	assert_int_equal(unsure, p->counts.fact[COPY_UNSURE]);
}

/* ---- forks ---- */

static void forks_cost(void **state)
{
	struct world *w = *state;
	struct tally_proc *p = root(w);
	struct cowi_event untimed = { .child = 103 };

	forks(w, p, 101);
	forks(w, p, 102);
	tally_fork(p, &untimed);
	assert_int_equal(3, p->forks.nr);
	assert_int_equal(2, p->forks.timed);
	assert_int_equal(3000, p->forks.ns);
	assert_int_equal(2000, p->forks.longest);
	assert_int_equal(16 * PAGE, p->forks.tables);
	assert_int_equal(2, p->forks.copied);
	assert_int_equal(40, p->forks.anon);
	assert_int_equal(60, p->forks.file);
	assert_int_equal(8, p->forks.shmem);
	assert_int_equal(10, p->forks.swap);
}

static void followed(void **state)
{
	struct world *w = *state;
	struct tally_proc *p = root(w), *child;
	const struct forks_after *after = p->forks.after;
	int i, k;

	/* Before the first fork it is after none. */
	copies(w, p, 999);
	for (i = 0; i < CHILDREN; i++) {
		child = forks(w, p, 101 + i);
		for (k = 0; k < BY_CHILD; k++)
			copies(w, child, k);
		/* What it does after a fork of its own is after that one. */
		forks(w, child, 201 + i);
		copies(w, child, 900);
		assert_int_equal(1, child->forks.after[FORK_BY_PARENT].cost.nr);
	}
	for (k = 0; k < BY_PARENT; k++)
		copies(w, p, k);
	fault(w, p, 51, COWI_DID_REUSED, COWI_KIND_ANON);
	assert_int_equal(BY_PARENT, after[FORK_BY_PARENT].cost.nr);
	assert_int_equal(BY_PARENT * PAGE, after[FORK_BY_PARENT].bytes);
	assert_int_equal(100 + BY_PARENT - 1, after[FORK_BY_PARENT].cost.most);
	assert_int_equal(100 * BY_PARENT + BY_PARENT * (BY_PARENT - 1) / 2,
			 after[FORK_BY_PARENT].cost.sum);
	assert_int_equal(CHILDREN * BY_CHILD, after[FORK_BY_CHILD].cost.nr);
	assert_int_equal(100 + BY_CHILD - 1, after[FORK_BY_CHILD].cost.most);
	/* An exec ends it. */
	assert_int_equal(0, tally_exec(p, ++w->now));
	copies(w, p, 1);
	assert_int_equal(BY_PARENT, after[FORK_BY_PARENT].cost.nr);
}

/* Who is still counted into another's forks keeps that one. */
static void heirs(void **state)
{
	struct world *w = *state;
	struct tally_proc *p = root(w), *child = forks(w, p, 101);

	assert_int_equal(1, p->heirs);
	forks(w, child, 102);
	assert_int_equal(0, p->heirs);
	assert_int_equal(1, child->heirs);
	tally_exit(w->t.proc[2]);
	assert_int_equal(0, child->heirs);
	tally_exit(child);
	tally_forget(&w->t, 1);
	assert_int_equal(2, w->t.nr_procs);
	assert_int_equal(102, w->t.proc[1]->pid);
}

/* In another namespace, the child has another id in the event. */
static void other_id(void **state)
{
	struct world *w = *state;
	struct tally_proc *p = root(w), *child = tally_add(&w->t, 7, p, ++w->now);

	fork_event(w, p, 10007);
	copies(w, child, 1);
	assert_int_equal(1, p->forks.after[FORK_BY_CHILD].cost.nr);
	facts(child, 1, 0, 0);
}

/* ---- what is known of a copy ---- */

static void second_is_last(void **state)
{
	struct world *w = *state;
	struct tally_proc *p = root(w), *child;

	fault(w, p, 1, COWI_DID_ZEROFILLED, COWI_KIND_NONE);
	child = forks(w, p, 101);
	copies(w, child, 1);
	facts(child, 1, 0, 0);
	copies(w, p, 1);
	facts(p, 0, 1, 0);
	/* The other way round. */
	copies(w, p, 2);
	copies(w, child, 2);
	facts(p, 1, 1, 0);
	facts(child, 1, 1, 0);
	/* Nobody is there any more, by an exit or an exec. */
	tally_exit(child);
	copies(w, p, 3);
	facts(p, 1, 2, 0);
	child = forks(w, p, 102);
	assert_int_equal(0, tally_exec(child, ++w->now));
	copies(w, p, 4);
	facts(p, 1, 3, 0);
}

/* Of several children, one is enough that has it. */
static void several(void **state)
{
	struct world *w = *state;
	struct tally_proc *p = root(w), *child[CHILDREN];
	int i;

	for (i = 0; i < CHILDREN; i++)
		child[i] = forks(w, p, 101 + i);
	copies(w, child[0], 1);
	copies(w, child[1], 1);
	copies(w, p, 1);
	facts(child[0], 1, 0, 0);
	facts(child[1], 1, 0, 0);
	facts(p, 1, 0, 0);
	copies(w, child[2], 1);
	facts(child[2], 0, 1, 0);
	/* A reuse says so as well. */
	copies(w, p, 2);
	copies(w, child[0], 2);
	fault(w, child[1], 2, COWI_DID_REUSED, COWI_KIND_ANON);
	copies(w, child[2], 2);
	facts(child[2], 0, 2, 0);
}

/* What was given to a grandchild, its parent has given up alone. */
static void grandchild(void **state)
{
	struct world *w = *state;
	struct tally_proc *p = root(w), *child, *grandchild;

	child = forks(w, p, 101);
	grandchild = forks(w, child, 102);
	copies(w, child, 1);
	copies(w, p, 1);
	facts(child, 1, 0, 0);
	facts(p, 1, 0, 0);
	copies(w, grandchild, 1);
	facts(grandchild, 0, 1, 0);
	/* The child's copy was passed on. */
	copies(w, child, 2);
	grandchild = forks(w, child, 103);
	copies(w, grandchild, 2);
	facts(grandchild, 1, 0, 0);
	copies(w, child, 2);
	facts(child, 2, 1, 0);
}

/* A child that comes later has what the parent has then. */
static void later_child(void **state)
{
	struct world *w = *state;
	struct tally_proc *p = root(w), *old, *young;

	old = forks(w, p, 101);
	copies(w, p, 1);
	young = forks(w, p, 102);
	copies(w, old, 1);
	facts(old, 0, 1, 0);
	copies(w, young, 1);
	facts(young, 1, 0, 0);
	copies(w, p, 1);
	facts(p, 1, 1, 0);
}

static void not_known(void **state)
{
	struct world *w = *state;
	struct tally_proc *p = w->t.proc[0], *child;

	/* It was there before the trace, and may have children. */
	copies(w, p, 1);
	facts(p, 0, 0, 1);
	child = forks(w, p, 101);
	/* That somebody has it is known nevertheless. */
	copies(w, child, 2);
	facts(child, 1, 0, 0);
	copies(w, p, 2);
	facts(p, 0, 0, 2);
	/* After an exec all is known, but for a child that is not traced, */
	assert_int_equal(0, tally_exec(p, ++w->now));
	copies(w, p, 1);
	facts(p, 0, 1, 2);
	fork_event(w, p, 102);
	copies(w, p, 3);
	facts(p, 0, 1, 3);
	/* or may be among what is missing. */
	assert_int_equal(0, tally_exec(p, ++w->now));
	w->t.lost = 1;
	copies(w, p, 4);
	facts(p, 0, 1, 4);
}

/* No fork has to do with these. */
static void not_anon(void **state)
{
	struct world *w = *state;
	struct tally_proc *p = root(w);

	forks(w, p, 101);
	fault(w, p, 1, COWI_DID_COPIED, COWI_KIND_FILE);
	fault(w, p, 2, COWI_DID_COPIED, COWI_KIND_KSM);
	assert_int_equal(2, p->counts.fact[COPY_NOT_ANON]);
	facts(p, 0, 0, 0);
	fault(w, p, 3, COWI_DID_SWAPIN_COPIED, COWI_KIND_SWAP);
	facts(p, 1, 0, 0);
	assert_int_equal(3, p->forks.after[FORK_BY_PARENT].cost.nr);
	assert_int_equal(2, p->forks.after[FORK_BY_PARENT].fact[COPY_NOT_ANON]);
}

static void again_and_beside(void **state)
{
	struct world *w = *state;
	struct tally_proc *p = root(w);
	const __u64 *fact = p->counts.fact;

	forks(w, p, 101);
	copies(w, p, 10);
	copies(w, p, 12);
	assert_int_equal(0, fact[COPY_BESIDE]);
	copies(w, p, 11);
	copies(w, p, 13);
	assert_int_equal(2, fact[COPY_BESIDE]);
	assert_int_equal(0, fact[COPY_AGAIN]);
	forks(w, p, 102);
	copies(w, p, 10);
	assert_int_equal(1, fact[COPY_AGAIN]);
	assert_int_equal(3, fact[COPY_BESIDE]);
	/* Other memory is at these addresses then. */
	assert_int_equal(0, tally_exec(p, ++w->now));
	copies(w, p, 10);
	assert_int_equal(1, fact[COPY_AGAIN]);
	assert_int_equal(3, fact[COPY_BESIDE]);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(percentiles),
		cmocka_unit_test(percentile_edges),
		TEST(forks_cost), TEST(followed), TEST(heirs), TEST(other_id),
		TEST(second_is_last), TEST(several), TEST(grandchild),
		TEST(later_child), TEST(not_known), TEST(not_anon),
		TEST(again_and_beside),
	};

	return cmocka_run_group_tests_name("forks", tests, NULL, NULL);
}
