// SPDX-License-Identifier: GPL-2.0
/* What diff makes of pairs of records: one of each fate, and random ones that add up. */
#include "test.h"

#include <unistd.h>

#include "diff.h"
#include "recording.h"

#define BASE		0x10000000ull
#define OWN		(COWI_F_PRESENT | COWI_F_VMA_WRITE | COWI_F_WRITE | \
			 COWI_F_EXCLUSIVE)
#define COW		(COWI_F_PRESENT | COWI_F_VMA_WRITE)

/**
 * struct page - an entry
 * @at: page of its address
 * @pfn: frame, or place in swap
 * @mapcount: of it
 * @flags: of the entry
 * @kind: of the page
 * @order: of the entry
 */
struct page {
	unsigned int at;
	__u64 pfn;
	unsigned int mapcount;
	__u64 flags;
	unsigned char kind;
	unsigned char order;
};

#define ENTRY(at, pfn, mapcount, flags, kind, order) \
	{ at, pfn, mapcount, flags, kind, order }
#define ANON(at, pfn, mapcount, flags) \
	ENTRY(at, pfn, mapcount, flags, COWI_KIND_ANON, 0)
#define PAGE(at, pfn, mapcount, flags, kind) \
	ENTRY(at, pfn, mapcount, flags, kind, 0)

struct moment {
	char dir[64];
	struct cowi *c;
};

static void write_pages(const char *dir, const struct page *page, size_t nr)
{
	FILE *f = recording_file(dir, "pages");
	size_t i;

	for (i = 0; i < nr; i++) {
		struct cowinspect_page rec = {
			.addr = BASE + page[i].at * 4096ull,
			.pfn = page[i].pfn,
			.mapcount = page[i].mapcount,
			.flags = page[i].flags,
			.kind = page[i].kind,
			.map_order = page[i].order,
			/* As the module has it: nobody counts it. */
			.counts = page[i].kind == COWI_KIND_ZERO ?
				  COWI_COUNT_ABSENT : COWI_COUNT_EXACT,
		};

		recording_page(f, sizeof(rec), &rec);
	}
	fclose(f);
}

static void write_process(const char *root, int pid, const char *vmas,
			  const struct page *page, size_t nr)
{
	char dir[128], text[256];

	snprintf(dir, sizeof(dir), "%s/%d", root, pid);
	assert_int_equal(mkdir(dir, 0700), 0);
	snprintf(text, sizeof(text), "range perms kind name\n%s", vmas);
	recording_text(dir, "vmas", text);
	recording_text(dir, "summary", "present: 1\n");
	write_pages(dir, page, nr);
}

static void begin(struct moment *m, const char *processes)
{
	char text[512];

	strcpy(m->dir, "/tmp/test-diff.XXXXXX");
	assert_non_null(mkdtemp(m->dir));
	recording_status(m->dir, sizeof(struct cowinspect_page));
	snprintf(text, sizeof(text),
		 "cowinspect-snapshot: 1\nboot: x\nframes: numbers\n%s",
		 processes);
	recording_text(m->dir, "manifest", text);
}

static void open_moment(struct moment *m)
{
	assert_int_equal(cowi_open(m->dir, &m->c), 0);
}

static void end(struct moment *m)
{
	char line[128];

	cowi_close(m->c);
	snprintf(line, sizeof(line), "rm -r %.60s", m->dir);
	assert_int_equal(system(line), 0);
}

#define VMAS "10000000-10400000 rw-p anon [heap]\n"

static void compare(struct diff *d, const struct page *before, size_t nr_before,
		    const struct page *after, size_t nr_after,
		    const char *vmas_after)
{
	struct moment m[2];
	int i;

	for (i = 0; i < 2; i++)
		begin(&m[i], "process: 7 1 99 x x\n");
	write_process(m[0].dir, 7, VMAS, before, nr_before);
	write_process(m[1].dir, 7, vmas_after, after, nr_after);
	for (i = 0; i < 2; i++)
		open_moment(&m[i]);
	assert_null(diff_why_not(m[0].c, m[1].c));
	assert_int_equal(diff_compare(m[0].c, m[1].c, d), 0);
	/* What it refers to is of the sessions; counts are its own. */
	for (i = 0; i < 2; i++)
		end(&m[i]);
}

/* A page on each side, and what becomes of it. */
static void fate_is(struct page before, struct page after, enum diff_fate fate)
{
	struct diff d = { 0 };

	compare(&d, &before, 1, &after, 1, VMAS);
	assert_int_equal(d.nr_rows, 1);
	if (d.row[0].counts.fate[fate] != 1)
		fail_msg("it is not %s", diff_fate[fate].name);
	diff_release(&d);
}

static void test_pairs(void **state)
{
	(void)state;
	fate_is((struct page)ANON(0, 1, 1, OWN), (struct page)ANON(0, 1, 1, OWN),
		DIFF_KEPT);
	fate_is((struct page)ANON(0, 1, 2, COW), (struct page)ANON(0, 2, 1, OWN),
		DIFF_COPIED);
	/* Nobody else had it before: a write would have found it there. */
	fate_is((struct page)ANON(0, 1, 1, OWN), (struct page)ANON(0, 2, 1, OWN),
		DIFF_REPLACED);
	/* A file's page that was written is anonymous then; read anew, it is not. */
	fate_is((struct page)PAGE(0, 1, 3, COW, COWI_KIND_FILE),
		(struct page)ANON(0, 2, 1, OWN), DIFF_COPIED);
	fate_is((struct page)PAGE(0, 1, 3, COW, COWI_KIND_FILE),
		(struct page)PAGE(0, 2, 1, COW, COWI_KIND_FILE), DIFF_REPLACED);
	/* Merged by KSM, and written after that. */
	fate_is((struct page)ANON(0, 1, 1, OWN),
		(struct page)PAGE(0, 2, 9, COW, COWI_KIND_KSM), DIFF_REPLACED);
	fate_is((struct page)PAGE(0, 1, 9, COW, COWI_KIND_KSM),
		(struct page)ANON(0, 2, 1, OWN), DIFF_COPIED);
	fate_is((struct page)ANON(0, 1, 1, OWN),
		(struct page)PAGE(0, 8, 0, 0, COWI_KIND_SWAP), DIFF_OUT);
	fate_is((struct page)PAGE(0, 8, 0, 0, COWI_KIND_SWAP),
		(struct page)ANON(0, 1, 1, OWN), DIFF_IN);
}

static void test_zero_page_is_nobodys(void **state)
{
	struct page zero = PAGE(0, 5, 0, COW, COWI_KIND_ZERO);
	struct page filled = ANON(0, 1, 1, OWN);

	(void)state;
	fate_is(zero, filled, DIFF_NEW);
}

static void test_kept(void **state)
{
	const struct page before[] = {
		ANON(0, 1, 2, COW), ANON(1, 2, 1, COW), ANON(2, 3, 1, OWN),
	};
	const struct page after[] = {
		ANON(0, 1, 1, COW), ANON(1, 2, 1, OWN), ANON(2, 3, 2, COW),
	};
	const struct diff_counts *c;
	struct diff d = { 0 };

	(void)state;
	compare(&d, before, 3, after, 3, VMAS);
	c = &d.row[0].counts;
	assert_int_equal(c->fate[DIFF_KEPT], 3);
	assert_int_equal(c->became_private, 1);
	assert_int_equal(c->reused, 1);
	assert_int_equal(c->became_shared, 1);
	assert_int_equal(d.frames_before, 3);
	assert_int_equal(d.frames_after, 3);
	diff_release(&d);
}

/* A frame that is elsewhere was not written, nor was what is in its place. */
static void test_moved(void **state)
{
	const struct page before[] = { ANON(0, 1, 1, OWN), ANON(1, 2, 1, OWN) };
	const struct page after[] = { ANON(1, 1, 1, OWN) };
	const struct diff_counts *c;
	struct diff d = { 0 };

	(void)state;
	compare(&d, before, 2, after, 1, VMAS);
	c = &d.row[0].counts;
	assert_int_equal(c->fate[DIFF_AWAY], 1);
	assert_int_equal(c->fate[DIFF_MOVED], 1);
	assert_int_equal(c->fate[DIFF_FREED], 1);
	diff_release(&d);
}

/* Of a page that is mapped twice, one mapping is written: the other does not count. */
static void test_mapped_twice(void **state)
{
	const struct page before[] = {
		PAGE(0, 1, 2, COW, COWI_KIND_KSM), PAGE(1, 1, 2, COW, COWI_KIND_KSM),
	};
	const struct page after[] = {
		PAGE(0, 1, 1, COW, COWI_KIND_KSM), ANON(1, 2, 1, OWN),
	};
	struct diff d = { 0 };

	(void)state;
	compare(&d, before, 2, after, 2, VMAS);
	assert_int_equal(d.row[0].counts.fate[DIFF_COPIED], 1);
	assert_int_equal(d.row[0].counts.fate[DIFF_KEPT], 1);
	diff_release(&d);
}

/* One record for 512 pages, which is split since: each page is followed. */
static void test_split(void **state)
{
	const struct page before[] = { ENTRY(0, 512, 2, COW, COWI_KIND_ANON, 9) };
	struct page after[512];
	struct diff d = { 0 };
	unsigned int i;

	(void)state;
	for (i = 0; i < 512; i++)
		after[i] = (struct page)ANON(i, 512 + i, 2, COW);
	after[100] = (struct page)ANON(100, 9999, 1, OWN);
	compare(&d, before, 1, after, 512, VMAS);
	assert_int_equal(d.row[0].counts.fate[DIFF_KEPT], 511);
	assert_int_equal(d.row[0].counts.fate[DIFF_COPIED], 1);
	assert_int_equal(d.frames_after, 512);
	diff_release(&d);
}

/* The kernel has made them one huge page, and filled up what was not there. */
static void test_collapsed(void **state)
{
	const struct page after[] = { ENTRY(0, 512, 1, OWN, COWI_KIND_ANON, 9) };
	struct page before[300];
	struct diff d = { 0 };
	unsigned int i;

	(void)state;
	for (i = 0; i < 300; i++)
		before[i] = (struct page)ANON(i, 5000 + 2 * i, 2, COW);
	compare(&d, before, 300, after, 1, VMAS);
	assert_int_equal(d.row[0].counts.fate[DIFF_REPLACED], 300);
	assert_int_equal(d.row[0].counts.fate[DIFF_NEW], 212);
	diff_release(&d);
}

/* Another mapping at the same place: one was given up, the other touched. */
static void test_other_mapping(void **state)
{
	const struct page before[] = { ANON(0, 1, 2, COW) };
	const struct page after[] = { ANON(0, 2, 1, OWN) };
	struct diff d = { 0 };

	(void)state;
	compare(&d, before, 1, after, 1,
		"10000000-10400000 rw-p file /other\n");
	assert_int_equal(d.nr_rows, 2);
	assert_string_equal(d.row[0].name, "[heap]");
	assert_int_equal(d.row[0].counts.fate[DIFF_FREED], 1);
	assert_int_equal(d.row[1].counts.fate[DIFF_NEW], 1);
	diff_release(&d);
}

/* An id that is used again is another process. */
static void test_processes(void **state)
{
	const struct page page = ANON(0, 1, 1, OWN);
	struct diff d = { 0 };
	struct moment m[2];
	int i;

	(void)state;
	begin(&m[0], "process: 7 1 99 x x\nprocess: 8 1 50 x x\n");
	begin(&m[1], "process: 8 1 50 x x\nprocess: 7 1 100 x x\n");
	for (i = 0; i < 2; i++) {
		write_process(m[i].dir, 7, VMAS, &page, 1);
		write_process(m[i].dir, 8, VMAS, &page, 1);
		open_moment(&m[i]);
	}
	assert_int_equal(diff_compare(m[0].c, m[1].c, &d), 0);
	assert_int_equal(d.nr_processes, 3);
	assert_int_equal(d.process[0].state, DIFF_BEFORE);
	assert_int_equal(d.process[1].state, DIFF_BOTH);
	assert_int_equal(d.process[2].state, DIFF_AFTER);
	assert_int_equal(d.row[0].counts.fate[DIFF_FREED], 1);
	assert_int_equal(d.row[1].counts.fate[DIFF_KEPT], 1);
	assert_int_equal(d.row[2].counts.fate[DIFF_NEW], 1);
	diff_release(&d);
	for (i = 0; i < 2; i++)
		end(&m[i]);
}

static size_t make_random(struct page *page, size_t room)
{
	static const __u64 flags[] = { OWN, COW };
	size_t nr = 0;
	unsigned int at;

	for (at = 0; at < 200 && nr < room; at++) {
		if (rand() % 4 == 0)
			continue;
		page[nr++] = (struct page){
			.at = at,
			.pfn = 1000 + rand() % 150,
			.mapcount = 1 + rand() % 3,
			.flags = flags[rand() % 2],
			.kind = rand() % 8 ? COWI_KIND_ANON : COWI_KIND_SWAP,
		};
		if (page[nr - 1].kind == COWI_KIND_SWAP)
			page[nr - 1].flags = 0;
	}
	return nr;
}

static __u64 present(const struct page *page, size_t nr)
{
	__u64 n = 0;
	size_t i;

	for (i = 0; i < nr; i++)
		n += page[i].kind != COWI_KIND_SWAP;
	return n;
}

/* Whatever there is, each page has one fate on its side. */
static void test_adds_up(void **state)
{
	struct page before[200], after[200];
	size_t nr_before, nr_after, i;

	(void)state;
	srand(17);
	for (i = 0; i < 50; i++) {
		struct diff d = { 0 };

		nr_before = make_random(before, ARRAY_SIZE(before));
		nr_after = make_random(after, ARRAY_SIZE(after));
		compare(&d, before, nr_before, after, nr_after, VMAS);
		assert_int_equal(diff_before(&d.row[0].counts),
				 present(before, nr_before));
		assert_int_equal(diff_after(&d.row[0].counts),
				 present(after, nr_after));
		diff_release(&d);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_zero_page_is_nobodys),
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_moved),
		cmocka_unit_test(test_mapped_twice),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_collapsed),
		cmocka_unit_test(test_other_mapping),
		cmocka_unit_test(test_processes),
		cmocka_unit_test(test_adds_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
