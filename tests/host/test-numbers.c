// SPDX-License-Identifier: GPL-2.0
/* Numbers from the command line, and sizes for people. */
#include "test.h"

#include <errno.h>

#include "commands.h"
#include "table.h"

static void range_is(const char *text, __u64 start, __u64 end)
{
	struct range r;

	assert_int_equal(0, parse_range(text, 4096, &r));
	assert_int_equal(start, r.start);
	assert_int_equal(end, r.end);
}

static void ranges(void **state)
{
	static const char *const bad[] = {
		"", "-", "1000-", "-1000", "2000-1000", "1000-1000", "x",
		"1000+", "1000+0", "1000-2000x", "1000+1T", " 1000-2000",
		"1000--2000", "10000000000000000-20000000000000000",
		"ffffffffffffffff", "1000+18446744073709551615",
	};
	struct range r;
	size_t i;

	(void)state;
	range_is("1000-3000", 0x1000, 0x3000);
	range_is("0x1000-0x3000", 0x1000, 0x3000);
	range_is("1234-1235", 0x1000, 0x2000);
	range_is("1fff-2001", 0x1000, 0x3000);
	range_is("1000+8K", 0x1000, 0x3000);
	range_is("1000+1", 0x1000, 0x2000);
	range_is("7ffd12345678", 0x7ffd12345000, 0x7ffd12346000);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(-EINVAL, parse_range(bad[i], 4096, &r));
}

static void sizes(void **state)
{
	static const char *const bad[] = {
		"", "K", "1KB", "-1", "1.5M", "18446744073709551616",
		"18014398509481984K",
	};
	__u64 n;
	size_t i;

	(void)state;
	assert_int_equal(0, parse_size("65536", &n));
	assert_int_equal(65536, n);
	assert_int_equal(0, parse_size("3k", &n));
	assert_int_equal(3072, n);
	assert_int_equal(0, parse_size("2G", &n));
	assert_int_equal(2ull << 30, n);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(-EINVAL, parse_size(bad[i], &n));
}

static void pids(void **state)
{
	static const char *const bad[] = {
		"", "0", "-1", "+1", "1x", "2147483648", " 1", "self",
	};
	pid_t pid;
	size_t i;

	(void)state;
	assert_int_equal(0, parse_pid("4711", &pid));
	assert_int_equal(4711, pid);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(-EINVAL, parse_pid(bad[i], &pid));
}

static void people(void **state)
{
	static const struct {
		__u64 bytes;
		const char *text;
	} cases[] = {
		{ 0, "0" },
		{ 1, "1B" },
		{ 1023, "1023B" },
		{ 1024, "1K" },
		{ 4096, "4K" },
		{ 1536, "1.5K" },
		{ 1048575, "1M" },
		{ 1048576, "1M" },
		{ 1572864, "1.5M" },
		{ 3221225472, "3G" },
		{ UINT64_MAX, "16E" },
	};
	char buf[24];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		size_text(cases[i].bytes, buf, sizeof(buf));
		assert_string_equal(cases[i].text, buf);
	}
}

static void times(void **state)
{
	static const struct {
		__u64 ns;
		const char *text;
	} cases[] = {
		{ 0, "0" },
		{ 1, "1ns" },
		{ 999, "999ns" },
		{ 1000, "1us" },
		{ 1099, "1us" },
		{ 1100, "1.1us" },
		{ 9999, "9.9us" },
		{ 10999, "10us" },
		{ 999999, "999us" },
		{ 1500000, "1.5ms" },
		{ 61000000000, "61s" },
		{ UINT64_MAX, "18446744073s" },
	};
	char buf[24];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		time_text(cases[i].ns, buf, sizeof(buf));
		assert_string_equal(cases[i].text, buf);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges),
		cmocka_unit_test(sizes),
		cmocka_unit_test(pids),
		cmocka_unit_test(people),
		cmocka_unit_test(times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
