// SPDX-License-Identifier: GPL-2.0
/*
 * Families: made-up ones of which all is known, and random ones against a reference
 * that keeps every mapping of every frame in a list and looks through all of it; with
 * that reference, these are more than 600 lines.
 * SEED=N makes the random ones again; FAMILIES=N makes so many; SHIFT=24 measures
 * the memory for 2^24 frames.
 */
#include "test.h"

#include <malloc.h>
#include <time.h>

#include "family.h"

#define PAGE	4096

static struct cowinspect_page record(__u64 pfn, __u32 mapcount)
{
	return (struct cowinspect_page){
		.pfn = pfn,
		.mapcount = mapcount,
		.flags = COWI_F_PRESENT,
		.kind = COWI_KIND_ANON,
		.counts = COWI_COUNT_EXACT,
	};
}

static void add(struct family *f, const char *mapping,
		const struct cowinspect_page *rec)
{
	int number = family_mapping(f, mapping);

	assert_true(number >= 0);
	assert_int_equal(family_add(f, number, rec), 0);
}

static void add_run(struct family *f, const char *mapping, __u64 pfn, __u64 nr,
		    __u32 mapcount)
{
	for (; nr; nr--, pfn++) {
		struct cowinspect_page rec = record(pfn, mapcount);

		add(f, mapping, &rec);
	}
}

/* ---- known families ---- */

/* A master and two workers: 100 pages of all, 10 that worker 2 has copied. */
static struct family *prefork(void)
{
	struct family *f = family_new(PAGE);

	family_begin(f, 10);
	add_run(f, "[heap]", 1000, 90, 3);
	add_run(f, "[heap]", 1090, 10, 2);
	family_begin(f, 11);
	add_run(f, "[heap]", 1000, 90, 3);
	add_run(f, "[heap]", 1090, 10, 2);
	family_begin(f, 12);
	add_run(f, "[heap]", 1000, 90, 3);
	add_run(f, "[heap]", 5000, 10, 1);
	/* Of a library, with somebody else. */
	add_run(f, "/lib/x", 7000, 5, 4);
	family_finish(f);
	return f;
}

static void test_sets(void **state)
{
	struct family *f = prefork();
	struct family_group *g;
	uint32_t members[3];
	size_t nr;

	(void)state;
	assert_int_equal(family_groups(f, FAMILY_BY_SET, &g, &nr), 0);
	assert_int_equal(nr, 3);
	assert_int_equal(g[0].frames, 90);
	assert_int_equal(g[0].set->members, 3);
	assert_int_equal(g[1].frames, 15);
	assert_int_equal(g[1].set->members, 1);
	assert_int_equal(g[1].outside, 5);
	assert_int_equal(g[1].alone, 10);
	assert_int_equal(g[2].frames, 10);
	set_members(g[2].set, members);
	assert_int_equal(members[0], 0);
	assert_int_equal(members[1], 1);
	free(g);
	assert_int_equal(family_groups(f, FAMILY_BY_MAPPING, &g, &nr), 0);
	assert_int_equal(nr, 2);
	assert_string_equal(family_name(f, g[0].mapping), "[heap]");
	assert_int_equal(g[0].frames, 110);
	free(g);
	family_free(f);
}

static void test_members(void **state)
{
	struct family *f = prefork();
	const struct family_member *m;
	struct family_totals t;
	size_t nr;

	(void)state;
	m = family_members(f, &nr);
	assert_int_equal(nr, 3);
	assert_int_equal(m[0].pid, 10);
	assert_int_equal(m[0].present, 100);
	assert_int_equal(m[0].within, 100);
	assert_int_equal(m[2].own, 10);
	assert_int_equal(m[2].beyond, 5);
	/* As the kernel has it: 1/4096 of a byte is cut off of each page. */
	assert_int_equal(m[2].pss, (90 * ((PAGE << 12) / 3ull) +
				    10 * (PAGE << 12) + 5 * (PAGE << 10)) >> 12);
	family_totals(f, &t);
	assert_int_equal(t.frames, 115);
	assert_int_equal(t.own, 10);
	assert_int_equal(t.within, 100);
	assert_int_equal(t.beyond, 5);
	assert_int_equal(t.objects, 0);
	assert_int_equal(t.shared, 100);
	assert_int_equal(t.outside, 5);
	assert_int_equal(t.unsteady, 0);
	family_free(f);
}

static void test_common(void **state)
{
	struct family *f = prefork();
	__u64 common[9];

	(void)state;
	family_common(f, common);
	assert_int_equal(common[0], 100);
	assert_int_equal(common[1], 100);
	assert_int_equal(common[2], 90);
	assert_int_equal(common[3 + 2], 90);
	assert_int_equal(common[6 + 2], 105);
	family_free(f);
}

/* Mapped once, but an object that others may map: not the process' own. */
static void test_objects(void **state)
{
	struct cowinspect_page rec = record(1, 1);
	const struct family_member *m;
	struct family *f = family_new(PAGE);
	size_t nr;

	(void)state;
	family_begin(f, 1);
	rec.kind = COWI_KIND_SHMEM;
	add(f, "/dev/shm/x", &rec);
	rec = record(2, 1);
	rec.kind = COWI_KIND_FILE;
	rec.flags |= COWI_F_VMA_SHARED;
	add(f, "/var/db", &rec);
	family_finish(f);
	m = family_members(f, &nr);
	assert_int_equal(m->own, 0);
	assert_int_equal(m->objects, 2);
	assert_int_equal(m->own_anon, 0);
	family_free(f);
}

/* What belongs to nobody is no memory of theirs, but not left out either. */
static void test_uncounted(void **state)
{
	struct cowinspect_page rec = record(1, 0);
	const struct family_member *m;
	struct family *f = family_new(PAGE);
	struct family_group *g;
	struct family_totals t;
	size_t nr;

	(void)state;
	rec.kind = COWI_KIND_ZERO;
	rec.counts = COWI_COUNT_ABSENT;
	family_begin(f, 1);
	add(f, "", &rec);
	add(f, "", &rec);
	rec.kind = COWI_KIND_SWAP;
	rec.flags = 0;
	add(f, "", &rec);
	family_begin(f, 2);
	add(f, "", &rec);
	/* The same place in another swap area. */
	rec.swap_type = 1;
	add(f, "", &rec);
	family_finish(f);
	family_totals(f, &t);
	assert_int_equal(t.frames, 0);
	assert_int_equal(t.uncounted, 1);
	assert_int_equal(t.swapped, 2);
	m = family_members(f, &nr);
	assert_int_equal(m->present, 0);
	assert_int_equal(m->swapped, 1);
	assert_int_equal(family_groups(f, FAMILY_BY_SET, &g, &nr), 0);
	assert_int_equal(nr, 1);
	assert_int_equal(g->frames, 0);
	assert_int_equal(g->uncounted, 1);
	free(g);
	family_free(f);
}

/* A child that has split its part of a huge page, and given up one page of it. */
static void test_huge(void **state)
{
	struct cowinspect_page rec = record(512, 2);
	struct family *f = family_new(PAGE);
	struct family_totals t;
	struct family_group *g;
	size_t nr;

	(void)state;
	rec.map_order = 9;
	rec.counts = COWI_COUNT_AVERAGE;
	family_begin(f, 1);
	add(f, "", &rec);
	family_begin(f, 2);
	add_run(f, "", 512, 511, 2);
	family_totals(f, &t);
	assert_int_equal(t.frames, 512);
	assert_int_equal(t.about, 1);
	assert_int_equal(t.outside, 1);
	assert_int_equal(t.unsteady, 0);
	assert_int_equal(family_groups(f, FAMILY_BY_SET, &g, &nr), 0);
	assert_int_equal(nr, 2);
	assert_int_equal(g[0].frames, 511);
	assert_int_equal(g[1].frames, 1);
	assert_int_equal(g[1].about, 1);
	free(g);
	family_free(f);

	/* The child first: its pages were counted one by one, and stay right. */
	f = family_new(PAGE);
	family_begin(f, 2);
	add_run(f, "", 512, 511, 2);
	family_begin(f, 1);
	add(f, "", &rec);
	family_totals(f, &t);
	assert_int_equal(t.about, 1);
	assert_int_equal(t.outside, 1);
	/* (511 pages that two have, and one that one has) / their number */
	assert_true(family_members(f, &nr)[1].mixed);
	assert_false(family_members(f, &nr)[0].mixed);
	assert_true(family_members(f, &nr)[1].pss_about);
	/* The module's totals go by each page: then it is exact, and what else is said not. */
	family_pss(f, 511 * PAGE / 2 + PAGE);
	assert_false(family_members(f, &nr)[1].pss_about);
	assert_true(family_members(f, &nr)[1].about);
	family_finish(f);
	assert_int_equal(family_members(f, &nr)[1].pss, 511 * PAGE / 2 + PAGE);
	family_free(f);
}

/* As many as a machine has: 10 pages of all, and one of each. */
static void test_many(void **state)
{
	const unsigned int many = 10000;
	struct family *f = family_new(PAGE);
	struct family_group *g;
	struct family_totals t;
	unsigned int i;
	size_t nr;

	(void)state;
	for (i = 0; i < many; i++) {
		assert_int_equal(family_begin(f, i + 1), 0);
		add_run(f, "", 100, 10, many);
		add_run(f, "", 1000 + i, 1, 1);
	}
	family_finish(f);
	family_totals(f, &t);
	assert_int_equal(t.frames, many + 10);
	assert_int_equal(t.own, many);
	assert_int_equal(t.within, 10);
	assert_int_equal(family_groups(f, FAMILY_BY_SET, &g, &nr), 0);
	assert_int_equal(nr, many + 1);
	assert_int_equal(g[0].set->members, many);
	assert_int_equal(family_members(f, &nr)[many - 1].own, 1);
	assert_int_equal(nr, many);
	free(g);
	family_free(f);
}

static void test_unsteady(void **state)
{
	struct cowinspect_page rec = record(3, 1);
	struct family *f = family_new(PAGE);
	struct family_totals t;

	(void)state;
	family_begin(f, 1);
	add_run(f, "", 1, 3, 1);
	family_begin(f, 2);
	/* Both say that nobody else has it. */
	add_run(f, "", 1, 1, 1);
	/* It was given up, and is of a file now. */
	rec.kind = COWI_KIND_FILE;
	add(f, "", &rec);
	family_totals(f, &t);
	assert_int_equal(t.frames, 3);
	assert_int_equal(t.unsteady, 2);
	family_free(f);
}

static int take_run(__u64 pfn, __u64 n, const struct family_frame *frame,
		    void *arg)
{
	__u64 *runs = arg;

	assert_true(runs[0] < 8);
	runs[1 + 2 * runs[0]] = pfn;
	runs[2 + 2 * runs[0]++] = n;
	assert_int_equal(frame->kind, COWI_KIND_ANON);
	return 0;
}

static void test_each(void **state)
{
	struct cowinspect_page rec = record(0x1000, 1);
	struct family *f = family_new(PAGE);
	__u64 runs[17] = { 0 };

	(void)state;
	rec.map_order = 9;
	family_begin(f, 1);
	add_run(f, "", 1ull << 40, 1, 1);
	add(f, "", &rec);
	add_run(f, "", 0x1200, 10, 1);
	add_run(f, "", 3, 2, 1);
	assert_int_equal(family_each(f, take_run, runs), 0);
	assert_int_equal(runs[0], 3);
	assert_int_equal(runs[1], 3);
	assert_int_equal(runs[2], 2);
	assert_int_equal(runs[3], 0x1000);
	assert_int_equal(runs[4], 512 + 10);
	assert_int_equal(runs[5], 1ull << 40);
	family_free(f);
}

/* ---- random ones ---- */

#define FRAMES		4096
#define MEMBERS_MAX	150
#define MAPPINGS	6

/**
 * struct reference - a frame, and each mapping of it
 * @times: how often each member has it
 * @others: how often somebody else has
 * @mapping: where it was seen first; -1: nowhere
 * @mean: of the last record, if none gave its own mapcount
 * @exact: a record gave its own mapcount
 * @object: it was mapped shared
 */
struct reference {
	uint8_t times[MEMBERS_MAX];
	uint32_t others;
	int mapping;
	uint32_t mean;
	bool exact;
	bool object;
};

static struct reference frames[FRAMES];
static unsigned int members, planned[FRAMES];

static uint64_t seed;

static unsigned int any(unsigned int below)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (seed >> 33) % below;
}

static const char *name_of(int mapping)
{
	static const char * const names[MAPPINGS] = {
		"", "[heap]", "[stack]", "/bin/a", "/lib/b", "/dev/shm/c"
	};

	return names[mapping];
}

/* Who maps what is settled before anybody is read, as mapcounts tell of all. */
static void plan_member(unsigned int member)
{
	unsigned int i, k, from, order, how = any(4) + 1;

	for (i = 0; i < 40u * how; i++) {
		order = any(8) ? 0 : any(2) ? 9 : 4;
		from = any(FRAMES >> order) << order;
		for (k = from; k < from + (1u << order); k++) {
			if (frames[k].times[member] < 3)
				frames[k].times[member]++;
		}
	}
}

static void plan(void)
{
	unsigned int i, k;

	memset(frames, 0, sizeof(frames));
	members = 1 + any(any(4) ? 10 : MEMBERS_MAX);
	for (i = 0; i < members; i++)
		plan_member(i);
	for (i = 0; i < FRAMES; i++) {
		frames[i].mapping = -1;
		frames[i].others = any(3) ? 0 : any(4);
		planned[i] = frames[i].others;
		for (k = 0; k < members; k++)
			planned[i] += frames[i].times[k];
	}
}

/* One record of 2^@order frames, with the mean of their mapcounts if they differ. */
static void read_one(struct family *f, unsigned int from, unsigned int order)
{
	unsigned int i, sum = 0, mapping = any(MAPPINGS);
	struct cowinspect_page rec = record(from, planned[from]);
	bool shared = mapping == MAPPINGS - 1;

	rec.map_order = order;
	rec.flags |= shared ? COWI_F_VMA_SHARED : 0;
	for (i = from; i < from + (1u << order); i++) {
		sum += planned[i];
		if (planned[i] != planned[from])
			rec.counts = COWI_COUNT_AVERAGE;
	}
	rec.mapcount = sum >> order ? sum >> order : 1;
	add(f, name_of(mapping), &rec);
	for (i = from; i < from + (1u << order); i++) {
		if (frames[i].mapping < 0)
			frames[i].mapping = mapping;
		frames[i].object |= shared;
		frames[i].exact |= rec.counts == COWI_COUNT_EXACT;
		frames[i].mean = rec.mapcount;
	}
}

static bool all_have(unsigned int from, unsigned int nr, const uint8_t *left)
{
	unsigned int i;

	for (i = from; i < from + nr; i++) {
		if (!left[i])
			return false;
	}
	return true;
}

/* In records as large as they can be, or not. */
static void read_member(struct family *f, unsigned int member)
{
	static uint8_t left[FRAMES];
	unsigned int i, k, order;

	for (i = 0; i < FRAMES; i++)
		left[i] = frames[i].times[member];
	for (i = 0; i < FRAMES;) {
		order = any(2) ? 9 : any(2) ? 4 : 0;
		while (i & ((1u << order) - 1) ||
		       !all_have(i, 1u << order, left)) {
			if (!order)
				break;
			order = order == 9 ? 4 : 0;
		}
		if (!left[i]) {
			i++;
			continue;
		}
		read_one(f, i, order);
		for (k = i; k < i + (1u << order); k++)
			left[k]--;
		if (!left[i])
			i += any(2) ? 1u << order : 1;
	}
	/* What was stepped over. */
	for (i = 0; i < FRAMES; i++) {
		for (; left[i]; left[i]--)
			read_one(f, i, 0);
	}
}

static unsigned int ours(const struct reference *r, unsigned int *has)
{
	unsigned int i, sum = 0;

	*has = 0;
	for (i = 0; i < members; i++) {
		sum += r->times[i];
		*has += !!r->times[i];
	}
	return sum;
}

static unsigned int outside(const struct reference *r)
{
	unsigned int has, sum = ours(r, &has);

	if (r->exact)
		return r->others;
	return r->mean > sum ? r->mean - sum : 0;
}

struct comparing {
	const struct family *f;
	__u64 frames;
	__u64 differences;
};

static int compare_run(__u64 pfn, __u64 n, const struct family_frame *frame,
		       void *arg)
{
	struct comparing *c = arg;
	unsigned int i, has;
	__u64 k;

	for (k = pfn; k < pfn + n; k++) {
		const struct reference *r = &frames[k];
		bool same;

		ours(r, &has);
		same = frame->set->members == has &&
		       frame->outside == outside(r) &&
		       !(frame->flags & FAMILY_ABOUT) == r->exact &&
		       !(frame->flags & FAMILY_OBJECT) == !r->object &&
		       !strcmp(family_name(c->f, frame->mapping),
			       name_of(r->mapping));
		for (i = 0; i < members; i++) {
			if (set_has(frame->set, i) != !!r->times[i] ||
			    (r->times[i] && again_times(frame->again, i) !=
			     r->times[i] - 1u))
				same = false;
		}
		c->differences += !same;
	}
	c->frames += n;
	return 0;
}

static __u64 reference_frames(void)
{
	unsigned int i, has;
	__u64 n = 0;

	for (i = 0; i < FRAMES; i++) {
		ours(&frames[i], &has);
		n += !!has;
	}
	return n;
}

static __u64 compare_member(const struct family_member *m, unsigned int member)
{
	__u64 own = 0, within = 0, beyond = 0, objects = 0;
	unsigned int i, has;

	for (i = 0; i < FRAMES; i++) {
		const struct reference *r = &frames[i];

		ours(r, &has);
		if (r->object)
			objects += r->times[member];
		else if (outside(r))
			beyond += r->times[member];
		else if (has > 1)
			within += r->times[member];
		else
			own += r->times[member];
	}
	return (own != m->own) + (within != m->within) +
	       (beyond != m->beyond) + (objects != m->objects) +
	       (own + within + beyond + objects != m->present);
}

static __u64 sum_of(const struct family *f, unsigned int keys)
{
	struct family_group *g;
	__u64 sum = 0;
	size_t nr, i;

	assert_int_equal(family_groups(f, keys, &g, &nr), 0);
	for (i = 0; i < nr; i++)
		sum += g[i].frames;
	free(g);
	return sum;
}

static void one_family(void)
{
	struct family *f = family_new(PAGE);
	struct comparing c = { .f = f };
	const struct family_member *m;
	struct family_totals t;
	unsigned int i, keys;
	size_t nr;

	plan();
	for (i = 0; i < members; i++) {
		assert_int_equal(family_begin(f, i + 1), 0);
		read_member(f, i);
	}
	family_finish(f);
	assert_int_equal(family_each(f, compare_run, &c), 0);
	assert_int_equal(c.differences, 0);
	assert_int_equal(c.frames, reference_frames());
	m = family_members(f, &nr);
	assert_int_equal(nr, members);
	for (i = 0; i < members; i++)
		assert_int_equal(compare_member(&m[i], i), 0);
	for (keys = 0; keys < 8; keys++)
		assert_int_equal(sum_of(f, keys), c.frames);
	family_totals(f, &t);
	assert_int_equal(t.frames, c.frames);
	assert_int_equal(t.unsteady, 0);
	family_free(f);
}

static void test_random(void **state)
{
	const char *text = getenv("SEED"), *many = getenv("FAMILIES");
	int i, nr = many ? atoi(many) : 40;

	(void)state;
	seed = text ? strtoull(text, NULL, 10) : (uint64_t)time(NULL);
	print_message("# SEED=%llu\n", (unsigned long long)seed);
	for (i = 0; i < nr; i++)
		one_family();
}

/* ---- memory ---- */

static size_t allocated(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

/*
 * 256 processes that have 2^20 frames, scattered over twice as many: each has a
 * piece of 1/16 of them, and has copied what it was about to write.
 */
static void test_memory(void **state)
{
	const char *text = getenv("SHIFT");
	unsigned int shift = text ? atoi(text) : 20, i;
	__u64 all = 1ull << shift, piece = all / 16, k;
	size_t before = allocated(), most;
	struct family *f = family_new(PAGE);
	struct family_totals t;
	clock_t began = clock();
	int heap;

	(void)state;
	heap = family_mapping(f, "[heap]");
	for (i = 0; i < 256; i++) {
		family_begin(f, i + 1);
		for (k = 0; k < piece; k++) {
			/* An odd factor: each frame comes once. */
			__u64 at = (i * (all / 256) + k) % all * 2654435761ull;
			struct cowinspect_page rec = record(0, 16);

			rec.pfn = at % (2 * all);
			if (family_add(f, heap, &rec))
				fail();
		}
	}
	most = allocated() - before;
	began = clock() - began;
	family_totals(f, &t);
	assert_int_equal(t.frames, all);
	assert_int_equal(t.outside, 0);
	print_message("# %llu frames of 256 processes: %zu bytes, %.2f each; %.0f ns a record\n",
		      (unsigned long long)all, most, (double)most / all,
		      began * (1e9 / CLOCKS_PER_SEC) / (piece * 256));
	/* 64 GiB within 150 MB, which is 8.94. */
	assert_true(most < 150e6 / (1 << 24) * all);
	family_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sets),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_common),
		cmocka_unit_test(test_objects),
		cmocka_unit_test(test_uncounted),
		cmocka_unit_test(test_huge),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_unsteady),
		cmocka_unit_test(test_each),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
