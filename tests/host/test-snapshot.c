// SPDX-License-Identifier: GPL-2.0
/* Ids, manifests and tar files: what is made, and what is made of what others made. */
#include "test.h"

#include <sys/mman.h>
#include <unistd.h>

#include "archive.h"
#include "ids.h"
#include "internal.h"
#include "pack.h"
#include "parse.h"
#include "snapshot.h"
#include "unpack.h"
#include "ustar.h"
#include "write.h"

static void make_ids(struct ids *ids, unsigned char first)
{
	memset(ids, 0, sizeof(*ids));
	ids->key[0] = first;
	ids_init(ids, 4096);
}

static int by_number(const void *a, const void *b)
{
	const __u64 *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Two frames never have one id. */
static void test_ids_differ(void **state)
{
	static __u64 id[1 << 16];
	struct ids ids;
	size_t i;

	(void)state;
	make_ids(&ids, 1);
	/* Some all around, and of each length of numbers. */
	for (i = 0; i < ARRAY_SIZE(id); i++)
		id[i] = ids_frame(&ids, i < 4096 ? i : (__u64)i << (i % 28));
	qsort(id, 4096, sizeof(*id), by_number);
	for (i = 1; i < 4096; i++)
		assert_true(id[i] != id[i - 1]);
	for (i = 0; i < ARRAY_SIZE(id); i++)
		assert_true(id[i] >> 47 == 0);
}

/* The pages of a huge page are one behind the other, as they were. */
static void test_ids_of_huge_page(void **state)
{
	struct ids ids;
	__u64 first, i;

	(void)state;
	make_ids(&ids, 2);
	first = ids_frame(&ids, 0x123400);
	assert_int_equal(first & 511, 0);
	for (i = 1; i < 512; i++)
		assert_int_equal(ids_frame(&ids, 0x123400 + i), first + i);
	assert_true(ids_frame(&ids, 0x123400 + 512) != first + 512 ||
		    ids_frame(&ids, 0x123400 + 1024) != first + 1024 ||
		    ids_frame(&ids, 0x123400 + 1536) != first + 1536);
}

/* What one entry maps, 1 GiB, is what one entry could map: the record stands for all. */
static void test_ids_of_gigantic_page(void **state)
{
	struct ids ids;
	__u64 block, i;

	(void)state;
	make_ids(&ids, 3);
	block = ids_frame(&ids, 5ull << 18) >> 18;
	for (i = 0; i < 1 << 18; i += 512)
		assert_int_equal(ids_frame(&ids, (5ull << 18) + i) >> 18, block);
}

static void test_ids_depend_on_key(void **state)
{
	struct ids one, other, again;
	size_t same = 0, i;

	(void)state;
	make_ids(&one, 4);
	make_ids(&other, 5);
	make_ids(&again, 4);
	assert_string_not_equal(one.print, other.print);
	assert_string_equal(one.print, again.print);
	for (i = 0; i < 1000; i++) {
		__u64 pfn = i << 9;

		assert_int_equal(ids_frame(&one, pfn), ids_frame(&again, pfn));
		same += ids_frame(&one, pfn) == ids_frame(&other, pfn);
		same += ids_frame(&one, pfn) == ids_place(&one, pfn);
	}
	/* By chance, once in 2^27. */
	assert_true(same < 5);
}

static void test_hidden_names(void **state)
{
	static const char vmas[] =
		"range perms kind name\n"
		"1000-2000 rw-p anon [heap]\n"
		"2000-3000 rw-p anon\x20\n"
		"3000-4000 rw-p anon [anon:a secret]\n"
		"4000-5000 rw-p file /home/a secret name\n"
		"5000-6000 rw-p file /home/a secret name\n"
		"6000-7000 rw-p file [x] secret\n";
	struct cowi_vmas list;
	struct ids ids;
	char *hidden;

	(void)state;
	make_ids(&ids, 6);
	hidden = hide_names(vmas, &ids);
	assert_non_null(hidden);
	assert_null(strstr(hidden, "secret"));
	assert_int_equal(cowi_parse_vmas(hidden, &list), 0);
	assert_int_equal(list.nr, 6);
	assert_string_equal(list.vma[0].name, "[heap]");
	assert_string_equal(list.vma[1].name, "");
	assert_int_equal(strncmp(list.vma[2].name, "[anon:", 6), 0);
	assert_int_equal(strncmp(list.vma[3].name, "file-", 5), 0);
	assert_string_equal(list.vma[3].name, list.vma[4].name);
	cowi_vmas_free(&list);
	free(hidden);
}

/* ---- manifests ---- */

static void test_manifest(void **state)
{
	struct cowi_recorded p = {
		.pid = 7,
		.parent = 1,
		.start = 99,
		.comm = "a b\n",
		.title = (char *)"-",
	};
	struct cowi_snapshot s = { .taken = "now", .taken_ns = 5, .read_ns = 6,
				   .boot = "x", .has_ids = true, .key = "k",
				   .exited = 3 }, back;
	struct manifest m = { 0 };
	char *text;

	(void)state;
	manifest_process(&m, &p);
	p.pid = 8;
	p.title = (char *)"worker: \\ \303\244\033[2J";
	manifest_process(&m, &p);
	text = manifest_text(&m, &s, "snapshot -o x\ny");
	assert_non_null(text);
	assert_int_equal(cowi_parse_manifest(text, &back), 0);
	assert_int_equal(back.nr, 2);
	assert_string_equal(back.process[0].comm, "a b\n");
	assert_string_equal(back.process[0].title, "-");
	assert_string_equal(back.process[1].title, p.title);
	assert_int_equal(back.process[1].pid, 8);
	assert_int_equal(back.process[1].start, 99);
	assert_int_equal(back.exited, 3);
	assert_int_equal(back.read_ns, 6);
	assert_true(back.has_ids && !back.anonymous);
	assert_string_equal(back.key, "k");
	cowi_snapshot_release(&back);
	free(text);
}

static void test_bad_manifests(void **state)
{
	static const struct {
		const char *text;
		int err;
	} bad[] = {
		{ "", -COWI_ESNAPSHOT },
		{ "cowinspect-snapshot: 2\nwhatever", -COWI_ENEWER },
		{ "cowinspect-snapshot: 0\n", -COWI_ESNAPSHOT },
		{ "cowinspect-snapshot: x\n", -COWI_ESNAPSHOT },
		{ "taken: 1\ncowinspect-snapshot: 1\n", -COWI_ESNAPSHOT },
		{ "cowinspect-snapshot: 1\nnonsense\n", -COWI_ESNAPSHOT },
		{ "cowinspect-snapshot: 1\nframes: some\n", -COWI_ESNAPSHOT },
		{ "cowinspect-snapshot: 1\nprocess: 0 1 1 x x\n", -COWI_ESNAPSHOT },
		{ "cowinspect-snapshot: 1\nprocess: 1\n", -COWI_ESNAPSHOT },
		{ "cowinspect-snapshot: 1\nprocess: 99999999999 1 1 x x\n",
		  -COWI_ESNAPSHOT },
		{ "cowinspect-snapshot: 1\nprocess: 3 1 1 x x\n"
		  "process: 3 1 2 x x\n", -COWI_ESNAPSHOT },
	};
	struct cowi_snapshot s;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(cowi_parse_manifest(bad[i].text, &s),
				 bad[i].err);
		cowi_snapshot_release(&s);
	}
	/* What a later one of the same format may say is passed over. */
	assert_int_equal(cowi_parse_manifest("cowinspect-snapshot: 1\nnews: x\n",
					     &s), 0);
	cowi_snapshot_release(&s);
}

/* ---- tar files ---- */

static int file_of(const void *data, size_t size)
{
	int fd = memfd_create("test", 0);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, data, size, 0), size);
	return fd;
}

#define STATUS	"abi: " VALUE(COWINSPECT_ABI) "\nrecord_size: 56\npage_size: 4096\n"
#define VALUE(n)	VALUE_OF(n)
#define VALUE_OF(n)	#n

#define MANIFEST	"cowinspect-snapshot: 1\n"

/* A snapshot of nobody. */
static int make_file(bool compress)
{
	int fd = memfd_create("test", 0);
	struct pack *p;

	assert_int_equal(pack_open(fd, compress, &p), 0);
	assert_int_equal(pack_text(p, "status", STATUS), 0);
	assert_int_equal(pack_text(p, "manifest", MANIFEST), 0);
	assert_int_equal(pack_end(p), 0);
	pack_close(p);
	return fd;
}

static int try_open(int fd)
{
	int plain = snapshot_unpack(fd), err = plain;
	struct cowi *c;

	close(fd);
	if (plain >= 0)
		err = cowi_open_fd(plain, &c);
	if (!err) {
		assert_non_null(cowi_snapshot(c));
		cowi_close(c);
	}
	return err;
}

static void test_files(void **state)
{
	unsigned char rubbish[64];

	(void)state;
	assert_int_equal(try_open(make_file(false)), 0);
	assert_int_equal(try_open(make_file(true)), 0);
	assert_int_equal(try_open(file_of("", 0)), -COWI_ESNAPSHOT);
	assert_int_equal(try_open(file_of("text\n", 5)), -COWI_ESNAPSHOT);
	/* The head of what is compressed, and rubbish. */
	memset(rubbish, 0xff, sizeof(rubbish));
	memcpy(rubbish, "\x28\xb5\x2f\xfd", 4);
	assert_int_equal(try_open(file_of(rubbish, sizeof(rubbish))),
			 -COWI_ESNAPSHOT);
}

/* Cut off anywhere, it says so, and that is all. */
static void cut_anywhere(bool compress)
{
	static char data[16384];
	int fd = make_file(compress), err;
	ssize_t size = pread(fd, data, sizeof(data), 0), at;

	close(fd);
	assert_true(size > 0 && size < (ssize_t)sizeof(data));
	/* Nothing that matters is behind the manifest. */
	if (!compress)
		size -= 2 * USTAR_BLOCK + ustar_padding(strlen(MANIFEST));
	for (at = 0; at < size; at++) {
		err = try_open(file_of(data, at));
		if (err != -COWI_ETRUNCATED && err != -COWI_ESNAPSHOT)
			fail_msg("%zd of %zd bytes: %d", at, size, err);
		if (at > USTAR_BLOCK)
			assert_int_equal(err, -COWI_ETRUNCATED);
	}
}

static void test_cut(void **state)
{
	(void)state;
	cut_anywhere(false);
	cut_anywhere(true);
}

/* A size that no file can have must not be believed. */
static void test_hostile_sizes(void **state)
{
	static const char *const sizes[] = {
		"77777777777", "00000010000", "-0000000001", "           ",
		"0000000000x", "\200\377\377\377\377\377\377\377\377\377\377",
	};
	struct ustar h;
	size_t i;
	int fd;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		fd = make_file(false);
		assert_int_equal(pread(fd, &h, sizeof(h), 0), sizeof(h));
		memcpy(h.size, sizes[i], sizeof(h.size) - 1);
		snprintf(h.sum, sizeof(h.sum), "%06o", ustar_sum(&h));
		assert_int_equal(pwrite(fd, &h, sizeof(h), 0), sizeof(h));
		assert_true(try_open(fd) < 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ids_differ),
		cmocka_unit_test(test_ids_of_huge_page),
		cmocka_unit_test(test_ids_of_gigantic_page),
		cmocka_unit_test(test_ids_depend_on_key),
		cmocka_unit_test(test_hidden_names),
		cmocka_unit_test(test_manifest),
		cmocka_unit_test(test_bad_manifests),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_hostile_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
