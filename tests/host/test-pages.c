// SPDX-License-Identifier: GPL-2.0
/* Sessions and the iterator over pages, on a recording. */
#include "test.h"

#include <errno.h>
#include <unistd.h>

#include "libcowinspect.h"
#include "recording.h"

#define NR	5000	/* more than one buffer */

static char dir[32];
static char pid_dir[64];

/* A huge page, a hole of one page, then NR - 1 pages with holes between. */
static struct cowinspect_page page_nr(size_t i)
{
	struct cowinspect_page rec = {
		.addr = i ? 0x400000 + i * 0x2000 : 0x200000,
		.map_order = i ? 0 : 9,
		.pfn = i,
		.flags = COWI_F_PRESENT,
	};

	return rec;
}

static void record(size_t record_size, size_t cut)
{
	FILE *f;
	size_t i;

	recording_status(dir, record_size);
	f = recording_file(pid_dir, "pages");
	for (i = 0; i < NR; i++) {
		struct cowinspect_page rec = page_nr(i);

		recording_page(f, record_size, &rec);
	}
	fflush(f);
	assert_int_equal(0, ftruncate(fileno(f), NR * record_size - cut));
	fclose(f);
}

static int setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/cowinspect-test-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(pid_dir, sizeof(pid_dir), "%s/77", dir);
	return mkdir(pid_dir, 0700);
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static struct cowi_target *open_all(struct cowi **c)
{
	struct cowi_target *t;

	assert_int_equal(0, cowi_open(dir, c));
	assert_int_equal(0, cowi_target_open(*c, 77, &t));
	return t;
}

static size_t count(struct cowi_target *t, __u64 start, __u64 end,
		    __u64 *first)
{
	struct cowinspect_page rec;
	struct cowi_pages *p;
	size_t n = 0;
	int ret;

	assert_int_equal(0, cowi_pages_open(t, start, end, &p));
	while ((ret = cowi_pages_next(p, &rec)) > 0) {
		if (!n++)
			*first = rec.addr;
	}
	assert_int_equal(0, ret);
	assert_int_equal(0, cowi_pages_next(p, &rec));
	cowi_pages_close(p);
	return n;
}

static void all_and_ranges(void **state)
{
	static const size_t sizes[] = { 48, 56, 128 };
	struct cowi_target *t;
	struct cowi *c;
	__u64 first;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		record(sizes[i], 0);
		t = open_all(&c);
		assert_int_equal(NR, count(t, 0, UINT64_MAX, &first));
		assert_int_equal(0x200000, first);
		/* Inside the huge page: it comes, with its own start. */
		assert_int_equal(2, count(t, 0x3ff000, 0x403000, &first));
		assert_int_equal(0x200000, first);
		/* In a hole: the next one comes. */
		assert_int_equal(1, count(t, 0x403000, 0x405000, &first));
		assert_int_equal(0x404000, first);
		assert_int_equal(0, count(t, 0x403000, 0x404000, &first));
		assert_int_equal(0, count(t, 1ull << 40, UINT64_MAX, &first));
		cowi_target_close(t);
		cowi_close(c);
	}
}

static int last_error(struct cowi_target *t)
{
	struct cowinspect_page rec;
	struct cowi_pages *p;
	int ret;

	assert_int_equal(0, cowi_pages_open(t, 0, UINT64_MAX, &p));
	while ((ret = cowi_pages_next(p, &rec)) > 0)
		;
	cowi_pages_close(p);
	return ret;
}

static void cut_off(void **state)
{
	struct cowi_target *t;
	struct cowi *c;

	(void)state;
	record(48, 1);
	t = open_all(&c);
	assert_int_equal(-COWI_EFORMAT, last_error(t));
	cowi_target_close(t);
	cowi_close(c);
}

/* The same again; and an entry around it that is larger than any table. */
static void going_back(void **state)
{
	static const struct cowinspect_page after[] = {
		{ .addr = 0x2000 }, { .addr = 0, .map_order = 14 },
	};
	struct cowinspect_page rec = { .addr = 0x2000 };
	struct cowi_target *t;
	struct cowi *c;
	size_t i;
	FILE *f;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(after); i++) {
		recording_status(dir, 48);
		f = recording_file(pid_dir, "pages");
		recording_page(f, 48, &rec);
		recording_page(f, 48, &after[i]);
		fclose(f);
		t = open_all(&c);
		assert_int_equal(-COWI_EFORMAT, last_error(t));
		cowi_target_close(t);
		cowi_close(c);
	}
}

/* A huge page that came when two pages of its range had been read. */
static void becomes_huge(void **state)
{
	struct cowinspect_page rec = { .addr = 0x200000, .flags = COWI_F_PRESENT };
	struct cowi_target *t;
	struct cowi_pages *p;
	struct cowi *c;
	__u64 i;
	FILE *f;

	(void)state;
	recording_status(dir, 56);
	f = recording_file(pid_dir, "pages");
	recording_page(f, 56, &rec);
	rec.addr += 0x1000;
	recording_page(f, 56, &rec);
	rec.addr = 0x200000;
	rec.pfn = 0x800;
	rec.map_order = 9;
	recording_page(f, 56, &rec);
	rec.addr = 0x400000;
	rec.map_order = 0;
	recording_page(f, 56, &rec);
	fclose(f);
	t = open_all(&c);
	assert_int_equal(0, cowi_pages_open(t, 0, UINT64_MAX, &p));
	for (i = 0; i <= 512; i++) {
		assert_int_equal(1, cowi_pages_next(p, &rec));
		assert_int_equal(0x200000 + i * 0x1000, rec.addr);
		assert_int_equal(0, rec.map_order);
		assert_int_equal(i < 2 ? 0 : i < 512 ? 0x800 + i : 0x800, rec.pfn);
		assert_memory_equal(&rec, cowi_pages_record(p), sizeof(rec));
	}
	assert_int_equal(0, cowi_pages_next(p, &rec));
	cowi_pages_close(p);
	cowi_target_close(t);
	cowi_close(c);
}

static void wrong_sessions(void **state)
{
	struct cowi_target *t;
	struct cowi *c;

	(void)state;
	assert_int_equal(-ENOENT, cowi_open("/nonexistent", &c));
	recording_status(dir, 40);
	assert_int_equal(-COWI_EFORMAT, cowi_open(dir, &c));
	recording_text(dir, "status", "abi: 3\n");
	assert_int_equal(-COWI_EABI, cowi_open(dir, &c));
	recording_status(dir, 48);
	assert_int_equal(0, cowi_open(dir, &c));
	assert_int_equal(-COWI_ENOPROC, cowi_target_open(c, 78, &t));
	cowi_close(c);
}

static void texts(void **state)
{
	struct cowi_totals sum;
	struct cowi_vmas vmas;
	struct cowi_target *t;
	struct cowi *c;

	(void)state;
	recording_status(dir, 48);
	recording_text(pid_dir, "summary", "vmas: 1\npages: 3\n");
	recording_text(pid_dir, "vmas", "range name\n1000-4000 x\n");
	t = open_all(&c);
	assert_int_equal(0, cowi_summary(t, &sum));
	assert_int_equal(3, sum.value[COWI_TOTAL_pages]);
	assert_int_equal(0, cowi_vmas(t, &vmas));
	assert_int_equal(1, vmas.nr);
	cowi_vmas_free(&vmas);
	recording_text(pid_dir, "vmas", "nonsense");
	assert_int_equal(-COWI_EFORMAT, cowi_vmas(t, &vmas));
	cowi_vmas_free(&vmas);
	cowi_target_close(t);
	cowi_close(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_and_ranges),
		cmocka_unit_test(cut_off),
		cmocka_unit_test(going_back),
		cmocka_unit_test(becomes_huge),
		cmocka_unit_test(wrong_sessions),
		cmocka_unit_test(texts),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
