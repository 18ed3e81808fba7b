// SPDX-License-Identifier: GPL-2.0
/* The file with the counters of faults: good, future, truncated and corrupt. */
#include "test.h"

#include "parse.h"

#define HEAD	"counters: total anon file shmem hugetlb special\n"

static struct cowi_faults faults;

static void good(void **state)
{
	(void)state;
	assert_int_equal(0, cowi_parse_faults(HEAD
		"observed: 21 1 2 3 4 11\ncopied: 7 1 2 4 0 0\n"
		"copied_bytes: 18446744073709551615 0 0 0 0 0\n", &faults));
	assert_int_equal(21, faults.total[COWI_FAULT_observed]);
	assert_int_equal(11, faults.by_vma[COWI_FAULT_observed][COWI_VMA_SPECIAL]);
	assert_int_equal(2, faults.by_vma[COWI_FAULT_copied][COWI_VMA_FILE]);
	assert_int_equal(4, faults.by_vma[COWI_FAULT_copied][COWI_VMA_SHMEM]);
	assert_true(faults.total[COWI_FAULT_copied_bytes] == UINT64_MAX);
	assert_true(faults.known[COWI_FAULT_copied]);
	/* What is not mentioned is not known, and not 0 by chance. */
	assert_false(faults.known[COWI_FAULT_reused]);
	assert_int_equal(0, faults.total[COWI_FAULT_reused]);
}

static void all_names(void **state)
{
	char text[8192] = HEAD;
	size_t i, len;

	(void)state;
	for (i = 0; i < COWI_NR_FAULTS; i++) {
		len = strlen(text);
		snprintf(text + len, sizeof(text) - len, "%s: %zu 0 0 0 0 %zu\n",
			 cowi_fault_info[i].name, i + 1, 100 + i);
	}
	assert_int_equal(0, cowi_parse_faults(text, &faults));
	for (i = 0; i < COWI_NR_FAULTS; i++) {
		assert_true(faults.known[i]);
		assert_int_equal(i + 1, faults.total[i]);
		assert_int_equal(100 + i, faults.by_vma[i][COWI_VMA_SPECIAL]);
	}
}

/* Columns in another order, new ones, and none for a kind; new counters. */
static void future(void **state)
{
	static const char text[] =
		"counters: news file total anon\nmarvels: 1 2 3 4\n"
		"reused: 9 1 6 5\n";

	(void)state;
	assert_int_equal(0, cowi_parse_faults(text, &faults));
	assert_int_equal(6, faults.total[COWI_FAULT_reused]);
	assert_int_equal(1, faults.by_vma[COWI_FAULT_reused][COWI_VMA_FILE]);
	assert_int_equal(5, faults.by_vma[COWI_FAULT_reused][COWI_VMA_ANON]);
	assert_int_equal(0, faults.by_vma[COWI_FAULT_reused][COWI_VMA_SHMEM]);
	/* More numbers than columns have names. */
	assert_int_equal(0, cowi_parse_faults("counters: total\ncopied: 3 4\n",
					      &faults));
	assert_int_equal(3, faults.total[COWI_FAULT_copied]);
}

static void corrupt(void **state)
{
	static const char *const bad[] = {
		"",
		"\n",
		"counters:\n",
		"observed: 1 2 3 4 5 6\n",
		HEAD "copied: 1 2 3 4 5\n",
		HEAD "copied: 1 2 3 4 5 x\n",
		HEAD "copied: 1 2 3 4 5 -6\n",
		HEAD "copied: 1 2 3 4  6\n",
		HEAD "copied: 1 2 3 4 5 18446744073709551616\n",
		HEAD "copied 1 2 3 4 5 6\n",
		HEAD "\n",
	};
	char many[1024] = "counters:";
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		if (cowi_parse_faults(bad[i], &faults) != -COWI_EFORMAT)
			fail_msg("taken for good: '%s'", bad[i]);
	}
	for (i = 0; i < 65; i++)
		strcat(many, " total");
	assert_int_equal(-COWI_EFORMAT, cowi_parse_faults(many, &faults));
}

/* Cut anywhere, it is refused, or has fewer counters, never others. */
static void truncated(void **state)
{
	static const char text[] = HEAD "observed: 21 1 2 3 4 11\n"
		"copied: 7 1 2 4 10 20\n";
	char cut[sizeof(text)];
	size_t len;

	(void)state;
	for (len = 0; len < sizeof(text) - 1; len++) {
		memcpy(cut, text, len);
		cut[len] = '\0';
		if (cowi_parse_faults(cut, &faults))
			continue;
		if (faults.known[COWI_FAULT_observed])
			assert_int_equal(21, faults.total[COWI_FAULT_observed]);
		if (faults.known[COWI_FAULT_copied])
			assert_int_equal(7, faults.total[COWI_FAULT_copied]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good),
		cmocka_unit_test(all_names),
		cmocka_unit_test(future),
		cmocka_unit_test(corrupt),
		cmocka_unit_test(truncated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
