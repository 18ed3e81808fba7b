// SPDX-License-Identifier: GPL-2.0
/* The lines that trace writes on a terminal: they fit, whatever is in them. */
#include "test.h"

#include "trace.h"

static char *line(const char *comm, __u64 copies, unsigned int columns)
{
	struct tally_proc tally = { .pid = 4194303 };
	struct trace_proc p = { .tally = &tally };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	snprintf(tally.comm, sizeof(tally.comm), "%s", comm);
	tally.counts.did[COWI_DID_COPIED] = copies;
	tally.counts.copied_bytes = copies * 4096;
	trace_live_line(out, &p, 1000000000, columns);
	fclose(out);
	return text;
}

static void usual_line(void **state)
{
	static const char usual[] =
		"4194303 fifteen-letters 250000 faults/s 250000 copies/s  976.6M/s  976.6M all\n";
	char *text = line("fifteen-letters", 250000, 80);

	(void)state;
	assert_string_equal(usual, text);
	free(text);
}

/*
 * Not into the last column, where some terminals begin a line: 8fdce0e ("trace: the live
 * display fits the terminal").
 */
static void fits(void **state)
{
	static const char *const names[] = {
		"", "sh", "fifteen-letters", "\033\033\033\033\033\033\033\033",
	};
	static const __u64 copies[] = { 0, 1, 999999, 1ull << 40 };
	unsigned int columns;
	size_t i, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		for (k = 0; k < ARRAY_SIZE(copies); k++) {
			for (columns = 10; columns < 200; columns++) {
				char *text = line(names[i], copies[k], columns);

				assert_true(strlen(text) <= columns);
				assert_int_equal(strlen(text) - 1,
						 strcspn(text, "\n"));
				free(text);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(usual_line), cmocka_unit_test(fits),
	};

	return cmocka_run_group_tests_name("live", tests, NULL, NULL);
}
