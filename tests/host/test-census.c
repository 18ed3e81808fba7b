// SPDX-License-Identifier: GPL-2.0
/* Whether changes of pages and observed faults agree, on made-up numbers. */
#include "test.h"

#include "census.h"

static struct cowi_faults was, is;
static char why[96];

static void see(unsigned int vma, enum cowi_fault what, __u64 n)
{
	is.by_vma[what][vma] = was.by_vma[what][vma] + n;
}

static bool agree(const struct changes *d, unsigned int vma)
{
	why[0] = '\0';
	return !census_disagreement(d, vma, &was, &is, why, sizeof(why));
}

static int begin(void **state)
{
	size_t i, vma;

	(void)state;
	for (i = 0; i < COWI_NR_FAULTS; i++) {
		for (vma = 0; vma < COWI_NR_VMAS; vma++)
			was.by_vma[i][vma] = 10 * i + vma;
	}
	is = was;
	return 0;
}

static void anonymous(void **state)
{
	struct changes d = { .copied = 5, .reused = 2, .fresh = 3, .zero = 1 };

	(void)state;
	see(COWI_VMA_ANON, COWI_FAULT_copied, 4);
	see(COWI_VMA_ANON, COWI_FAULT_swapin_copied, 1);
	see(COWI_VMA_ANON, COWI_FAULT_reused, 2);
	see(COWI_VMA_ANON, COWI_FAULT_zerofilled, 3);
	see(COWI_VMA_ANON, COWI_FAULT_zeropage, 1);
	assert_true(agree(&d, COWI_VMA_ANON));
	/* Faults of another kind of memory are not these. */
	assert_false(agree(&d, COWI_VMA_SHMEM));
	/* Pages that were read first, and then written. */
	see(COWI_VMA_ANON, COWI_FAULT_zeropage, 4);
	assert_true(agree(&d, COWI_VMA_ANON));
	see(COWI_VMA_ANON, COWI_FAULT_zeropage, 5);
	assert_false(agree(&d, COWI_VMA_ANON));
	assert_string_equal(why,
			    "5 faults mapped the zero page, for 1 to 4 pages");
	see(COWI_VMA_ANON, COWI_FAULT_zeropage, 0);
	assert_false(agree(&d, COWI_VMA_ANON));
	see(COWI_VMA_ANON, COWI_FAULT_zeropage, 1);
	see(COWI_VMA_ANON, COWI_FAULT_copied, 3);
	assert_false(agree(&d, COWI_VMA_ANON));
	assert_string_equal(why, "4 faults copied, for 5 to 5 pages");
	see(COWI_VMA_ANON, COWI_FAULT_copied, 4);
	see(COWI_VMA_ANON, COWI_FAULT_reused, 1);
	assert_false(agree(&d, COWI_VMA_ANON));
	see(COWI_VMA_ANON, COWI_FAULT_reused, 2);
	see(COWI_VMA_ANON, COWI_FAULT_zerofilled, 4);
	assert_false(agree(&d, COWI_VMA_ANON));
}

static void huge(void **state)
{
	struct changes d = { .reused = 512, .huge = 512, .huge_left = 512 };

	(void)state;
	see(COWI_VMA_ANON, COWI_FAULT_reused, 1);
	assert_true(agree(&d, COWI_VMA_ANON));
	d.huge = 0;
	d.huge_left = 0;
	assert_false(agree(&d, COWI_VMA_ANON));
}

static void files(void **state)
{
	struct changes d = { .copied = 1, .fresh = 2, .file = 16 };

	(void)state;
	see(COWI_VMA_FILE, COWI_FAULT_copied, 3);
	see(COWI_VMA_FILE, COWI_FAULT_mapped, 1);
	assert_true(agree(&d, COWI_VMA_FILE));
	/* The same as anonymous memory would be something else. */
	assert_false(agree(&d, COWI_VMA_ANON));
	see(COWI_VMA_FILE, COWI_FAULT_mapped, 19);
	assert_false(agree(&d, COWI_VMA_FILE));
	see(COWI_VMA_FILE, COWI_FAULT_mapped, 0);
	assert_false(agree(&d, COWI_VMA_FILE));
	see(COWI_VMA_FILE, COWI_FAULT_mapped, 1);
	see(COWI_VMA_FILE, COWI_FAULT_copied, 1);
	assert_false(agree(&d, COWI_VMA_FILE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(anonymous, begin),
		cmocka_unit_test_setup(huge, begin),
		cmocka_unit_test_setup(files, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
