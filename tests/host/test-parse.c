// SPDX-License-Identifier: GPL-2.0
/* The parsers on good, future, truncated and corrupt input. */
#include "test.h"

#include "parse.h"

#define MINIMAL "abi: 2\nrecord_size: 48\npage_size: 4096\n"

static int status_error(const char *text)
{
	struct cowi_status st;
	int err = cowi_parse_status(text, &st);

	cowi_status_release(&st);
	return err;
}

static void status_good(void **state)
{
	static const char text[] = "version: 1.2\n" MINIMAL
		"kernel: 6.1.0-56-amd64\nrules: 5.19\nrules_by: probe\nmapcount: average\n"
		"exclusive: exact\nmax_targets: 256\ntargets: 2\n"
		"targets_held: 3\nlock_hold_max: 4711\n"
		"hold_mmap: 4711 0:2 12:40\nhold_table: 0\n"
		"observer: kretprobe\nobserver_remote: exact\n"
		"observer_error: -17\nobserver_missed: 4\n"
		"max_inflight: 64\n"
		"target: 12 running\ntarget: 13 exited\n";
	struct cowi_status st;

	(void)state;
	assert_int_equal(0, cowi_parse_status(text, &st));
	assert_string_equal("1.2", st.version);
	assert_string_equal("6.1.0-56-amd64", st.kernel);
	assert_string_equal("5.19", st.rules);
	assert_string_equal("probe", st.rules_by);
	assert_int_equal(2, st.abi);
	assert_int_equal(48, st.record_size);
	assert_int_equal(4096, st.page_size);
	assert_int_equal(COWI_COUNT_AVERAGE, st.mapcount);
	assert_int_equal(COWI_COUNT_EXACT, st.exclusive);
	assert_int_equal(COWI_COUNT_ABSENT, st.uffd_wp);
	assert_int_equal(256, st.max_targets);
	assert_int_equal(3, st.targets_held);
	assert_int_equal(4711, st.lock_hold_max);
	assert_int_equal(4711, st.hold[COWI_LOCK_MMAP].max);
	assert_int_equal(42, st.hold[COWI_LOCK_MMAP].holds);
	assert_int_equal(2, st.hold[COWI_LOCK_MMAP].count[0]);
	assert_int_equal(40, st.hold[COWI_LOCK_MMAP].count[12]);
	assert_int_equal(0, st.hold[COWI_LOCK_TABLE].holds);
	assert_string_equal("kretprobe", st.observer);
	assert_int_equal(COWI_COUNT_EXACT, st.observer_remote);
	assert_int_equal(-17, st.observer_error);
	assert_int_equal(4, st.observer_missed);
	assert_int_equal(64, st.max_inflight);
	assert_int_equal(2, st.nr_targets);
	assert_int_equal(12, st.target[0].pid);
	assert_true(st.target[0].running);
	assert_false(st.target[1].running);
	cowi_status_release(&st);
}

static void status_future(void **state)
{
	(void)state;
	/* More names and longer records belong to the same ABI. */
	assert_int_equal(0, status_error("abi: 2\nrecord_size: 64\n"
					 "page_size: 65536\nnews: some text\n"));
}

/* Another ABI is said so, even if nothing else can be understood. */
static void status_foreign(void **state)
{
	static const struct {
		const char *text;
		const char *says;
	} other[] = {
		{ "version: 0.1.0\nabi: 1\nrecord_size: 48\n",
		  "the module (version 0.1.0, ABI 1) is older than this program (version "
		  COWINSPECT_VERSION ", ABI 2): install the module of version "
		  COWINSPECT_VERSION ", sudo rmmod cowinspect, and load that one" },
		{ "gibberish\nabi: 3\nversion: 0.3.0-rc1\n",
		  "the module (version 0.3.0-rc1, ABI 3) is newer than this program (version "
		  COWINSPECT_VERSION ", ABI 2): install the program of version 0.3.0-rc1" },
		/* What is no version does not come to anybody's terminal. */
		{ "abi: 4294967295\nversion: 1\033]0;x\n",
		  "the module (version 1, ABI 4294967295) is newer than this program (version "
		  COWINSPECT_VERSION ", ABI 2): install the program of version 1" },
		{ "abi: 0\n",
		  "the module (version ?, ABI 0) is older than this program (version "
		  COWINSPECT_VERSION ", ABI 2): install the module of version "
		  COWINSPECT_VERSION ", sudo rmmod cowinspect, and load that one" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(other); i++) {
		assert_int_equal(-COWI_EABI, status_error(other[i].text));
		assert_string_equal(other[i].says, cowi_strerror(-COWI_EABI));
	}
}

static void status_corrupt(void **state)
{
	static const char *const bad[] = {
		"",
		"\n",
		"abi:",
		"abi: one\nrecord_size: 48\npage_size: 4096\n",
		"abi: 2\n",
		"abi: 2\nrecord_size: 48\n",
		"abi: 2\nrecord_size: 40\npage_size: 4096\n",
		"abi: 2\nrecord_size: 48\npage_size: 0\n",
		"abi: 2\nrecord_size: 48\npage_size: 4095\n",
		"abi: 2\nrecord_size: 99999999999999999999999\npage_size: 4096\n",
		"abi: 2\nrecord_size: -48\npage_size: 4096\n",
		MINIMAL "mapcount: perhaps\n",
		MINIMAL "target: none\n",
		MINIMAL "hold_mmap:\n",
		MINIMAL "hold_mmap: 1 64:1\n",
		MINIMAL "hold_mmap: 1 0:\n",
		MINIMAL "hold_mmap: 1 0\n",
		MINIMAL "observer_error: -\n",
		MINIMAL "observer_error: EIO\n",
		MINIMAL "target: 4294967297 running\n",
		MINIMAL "a line without its mark\n",
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(-COWI_EFORMAT, status_error(bad[i]));
}

static void summary_good(void **state)
{
	static const char text[] =
		"vmas: 12\npages: 100\npss: 4096\nmap_mean: 1.07\nnews: x y\n";
	struct cowi_totals sum;

	(void)state;
	assert_int_equal(0, cowi_parse_summary(text, &sum));
	assert_int_equal(100, sum.value[COWI_TOTAL_pages]);
	assert_int_equal(107, sum.value[COWI_TOTAL_map_mean]);
	assert_true(sum.known[COWI_TOTAL_pss]);
	assert_false(sum.known[COWI_TOTAL_anon]);
	assert_int_equal(COWI_UNIT_BYTES, cowi_total_info[COWI_TOTAL_pss].unit);
	assert_int_equal(COWI_UNIT_MEAN,
			 cowi_total_info[COWI_TOTAL_ref_mean].unit);
	assert_int_equal(COWI_UNIT_COUNT,
			 cowi_total_info[COWI_TOTAL_ref_max].unit);
	assert_int_equal(COWI_UNIT_PAGES,
			 cowi_total_info[COWI_TOTAL_next_copy].unit);
}

static void summary_corrupt(void **state)
{
	static const char *const bad[] = {
		"",
		"pages\n",
		"pages:\n",
		"pages: 1x\n",
		"pages: -1\n",
		"pages: 18446744073709551616\n",
		"map_mean: 1\n",
		"map_mean: 1.5\n",
		"map_mean: .50\n",
		"map_mean: 1.500\n",
		"map_mean: 184467440737095517.00\n",
	};
	struct cowi_totals sum;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(-COWI_EFORMAT,
				 cowi_parse_summary(bad[i], &sum));
}

static void vmas_good(void **state)
{
	/* The first VMA has no name: its line ends with a blank. */
	static const char text[] =
		"range perms kind pages map_mean present name\n"
		"1000-3000 rw-p anon 2 1.50 1\x20\n"
		"3000-4000 r--s file 1 0.00 0 /tmp/a file (deleted)\n";
	struct cowi_vmas vmas;

	(void)state;
	assert_int_equal(0, cowi_parse_vmas(text, &vmas));
	assert_int_equal(2, vmas.nr);
	assert_int_equal(0x1000, vmas.vma[0].start);
	assert_int_equal(0x3000, vmas.vma[0].end);
	assert_string_equal("rw-p", vmas.vma[0].perms);
	assert_string_equal("", vmas.vma[0].name);
	assert_int_equal(150, vmas.vma[0].totals.value[COWI_TOTAL_map_mean]);
	assert_int_equal(1, vmas.vma[0].totals.value[COWI_TOTAL_present]);
	assert_string_equal("/tmp/a file (deleted)", vmas.vma[1].name);
	cowi_vmas_free(&vmas);
	assert_int_equal(0, vmas.nr);
}

static void vmas_future(void **state)
{
	/* Other order, a new column, most of the old ones gone. */
	static const char text[] =
		"present news range name\n5 a:b 1000-8000 [heap]\n";
	struct cowi_vmas vmas;

	(void)state;
	assert_int_equal(0, cowi_parse_vmas(text, &vmas));
	assert_int_equal(1, vmas.nr);
	assert_int_equal(5, vmas.vma[0].totals.value[COWI_TOTAL_present]);
	assert_true(vmas.vma[0].totals.known[COWI_TOTAL_present]);
	assert_false(vmas.vma[0].totals.known[COWI_TOTAL_pages]);
	assert_string_equal("[heap]", vmas.vma[0].name);
	assert_string_equal("", vmas.vma[0].kind);
	cowi_vmas_free(&vmas);
}

static void vmas_many(void **state)
{
	struct cowi_vmas vmas;
	char *text = NULL;
	size_t size, i;
	FILE *f = open_memstream(&text, &size);

	(void)state;
	fputs("range name\n", f);
	for (i = 1; i <= 1000; i++)
		fprintf(f, "%zx000-%zx800 n%zu\n", i, i, i);
	fclose(f);
	assert_int_equal(0, cowi_parse_vmas(text, &vmas));
	assert_int_equal(1000, vmas.nr);
	assert_string_equal("n1000", vmas.vma[999].name);
	cowi_vmas_free(&vmas);
	free(text);
}

static void vmas_corrupt(void **state)
{
	static const char *const bad[] = {
		"",
		"range perms\n",
		"perms name\n",
		"name range\n",
		/* b9f4fc3 ("libcowinspect: a second name column is refused, not ...") */
		"range name pages name\n1000-2000 x 1 y\n",
		"range name name\n",
		"range pages name\n1000-2000 1 x",
		"range pages name\n1000-2000\n",
		"range pages name\n1000-2000\x20\n",
		"range pages name\n2000-1000 1 x\n",
		"range pages name\n1000-1000 1 x\n",
		"range pages name\n1000 1 x\n",
		"range pages name\n1000-2000 one x\n",
		"range pages name\n0x1000-2000 1 x\n",
		"range name\n3000-4000 x\n1000-2000 y\n",
		"range name\n11111111111111111-22222222222222222 x\n",
		"range name\n\n",
	};
	struct cowi_vmas vmas;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(-COWI_EFORMAT, cowi_parse_vmas(bad[i], &vmas));
		cowi_vmas_free(&vmas);
	}
}

/* Cut good input at each byte: an error or less, never a crash. */
static void truncated_anywhere(void **state)
{
	static const char good[] =
		"range perms kind pages map_mean name\n"
		"1000-3000 rw-p anon 2 1.50 [heap]\n";
	struct cowi_vmas vmas;
	struct cowi_totals sum;
	size_t len;

	(void)state;
	for (len = 0; len < sizeof(good); len++) {
		char *copy = strndup(good, len);

		if (!cowi_parse_vmas(copy, &vmas))
			assert_true(vmas.nr <= 1);
		cowi_vmas_free(&vmas);
		cowi_parse_summary(copy, &sum);
		assert_int_not_equal(0, status_error(copy));
		free(copy);
	}
}

#define FAULTS_HEADER "counters: total anon file shmem hugetlb special\n"

static void faults_future(void **state)
{
	/* Another order, another kind of VMA, a counter that is not known. */
	static const char text[] = "counters: news file total\n"
		"observed: 9 2 5\nnews: 1 2 3\nlost: 0 0 7\n";
	struct cowi_faults faults;

	(void)state;
	assert_int_equal(0, cowi_parse_faults(text, &faults));
	assert_int_equal(5, faults.total[COWI_FAULT_observed]);
	assert_int_equal(2, faults.by_vma[COWI_FAULT_observed][COWI_VMA_FILE]);
	assert_int_equal(0, faults.by_vma[COWI_FAULT_observed][COWI_VMA_ANON]);
	assert_int_equal(7, faults.total[COWI_FAULT_lost]);
	assert_true(faults.known[COWI_FAULT_lost]);
	assert_false(faults.known[COWI_FAULT_copied]);
}

static void faults_corrupt(void **state)
{
	static const char *const bad[] = {
		"",
		"\n",
		"counters:\n",
		"observed: 1 1 0 0 0 0\n",
		FAULTS_HEADER "observed\n",
		FAULTS_HEADER "observed:\n",
		FAULTS_HEADER "observed: 1 1 0 0 0\n",
		FAULTS_HEADER "observed: 1 1 0 0 0 x\n",
		FAULTS_HEADER "observed: 1 1 0 0 0 -1\n",
		FAULTS_HEADER "observed: 18446744073709551616 1 0 0 0 0\n",
		FAULTS_HEADER "observed: 1  1 0 0 0 0\n",
	};
	struct cowi_faults faults;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(-COWI_EFORMAT,
				 cowi_parse_faults(bad[i], &faults));
}

static void record_checks(void **state)
{
	struct cowinspect_page in = { .addr = 0x200000, .map_order = 9 };
	struct cowinspect_page rec;
	char longer[64] = { 0 };

	(void)state;
	memset(longer, 0xff, sizeof(longer));
	memcpy(longer, &in, sizeof(in));
	assert_int_equal(0, cowi_parse_record(longer, 64, 4096, &rec));
	assert_memory_equal(&in, &rec, sizeof(rec));
	assert_int_equal(0x400000, cowi_record_end(&rec, 4096));
	assert_int_equal(-COWI_EFORMAT,
			 cowi_parse_record(&in, 47, 4096, &rec));
	in.addr = 0x200001;
	assert_int_equal(-COWI_EFORMAT,
			 cowi_parse_record(&in, 48, 4096, &rec));
	in.addr = 0x200000;
	in.map_order = 200;
	assert_int_equal(-COWI_EFORMAT,
			 cowi_parse_record(&in, 48, 4096, &rec));
	in.map_order = 0;
	in.addr = ~(__u64)4095;
	assert_int_equal(-COWI_EFORMAT,
			 cowi_parse_record(&in, 48, 4096, &rec));
}

static void every_word(void **state)
{
	unsigned int i;
	__u64 mask, all = 0;

	(void)state;
	for (i = 0; i < COWI_NR_KINDS; i++)
		assert_string_not_equal("?", cowi_kind_name(i));
	assert_string_equal("?", cowi_kind_name(COWI_NR_KINDS));
	for (i = 0; i < COWI_NR_OUTCOMES; i++)
		assert_string_not_equal("?", cowi_outcome_name(i));
	assert_string_equal("?", cowi_outcome_name(255));
	assert_string_equal("sure", cowi_confidence_name(COWI_CONF_SURE));
	assert_string_equal("?", cowi_counts_name(4));
	for (i = 0; cowi_flag_name(i, &mask); i++) {
		assert_int_equal(0, all & mask);
		all |= mask;
	}
	assert_true(all & COWI_F_VMA_UFFD_RWP && all & COWI_F_VMA_KEYED &&
		    all & COWI_F_VMA_SHADOW_STACK && all & COWI_F_SPLIT);
	for (i = COWI_ENOTMOUNTED; i <= COWI_EZOMBIE; i++) {
		assert_non_null(cowi_strerror(i));
		assert_ptr_equal(cowi_strerror(i), cowi_strerror(-(int)i));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_good),
		cmocka_unit_test(status_future),
		cmocka_unit_test(status_foreign),
		cmocka_unit_test(status_corrupt),
		cmocka_unit_test(summary_good),
		cmocka_unit_test(summary_corrupt),
		cmocka_unit_test(vmas_good),
		cmocka_unit_test(vmas_future),
		cmocka_unit_test(vmas_many),
		cmocka_unit_test(vmas_corrupt),
		cmocka_unit_test(truncated_anywhere),
		cmocka_unit_test(faults_future),
		cmocka_unit_test(faults_corrupt),
		cmocka_unit_test(record_checks),
		cmocka_unit_test(every_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
