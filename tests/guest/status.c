// SPDX-License-Identifier: GPL-2.0
/*
 * The status file: its lines have the agreed form and values, and it says of
 * this kernel what is known of it, by its version.
 */
#include <ctype.h>

#include "have.h"

static char *text;

/* The value of the line "name: value", or "" if there is none. */
static const char *value(const char *name)
{
	static char found[128];
	size_t len = strlen(name);
	const char *line;

	found[0] = 0;
	for (line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, name, len) && line[len] == ':' &&
		    sscanf(line + len + 1, " %127[^\n]", found) == 1)
			break;
	}
	return found;
}

static void test_number(const char *name, long expected)
{
	const char *got = value(name);

	if (!ok(*got && atol(got) == expected, "%s is %ld", name, expected))
		diag("it is \"%s\"", got);
}

static void test_word(const char *name, const char *expected)
{
	const char *got = value(name);

	if (!ok(!strcmp(got, expected), "%s is %s", name, expected))
		diag("it is \"%s\"", got);
}

/*
 * The rules by kernel version: docs/predictions.md. Those of 6.15 need MM_ID, which
 * comes with transparent huge pages alone: a kernel with PREEMPT_RT has neither.
 */
static const char *rules(void)
{
	if (kernel_since(6, 15) && !lacks_thp())
		return "6.15";
	if (kernel_since(6, 13))
		return "6.13";
	if (kernel_since(6, 7))
		return "6.7";
	return kernel_since(5, 19) ? "5.19" : "5.10";
}

/* The table is that of tests/vm/kernels; whoever has another kernel may try that, too. */
static const char *tested(const char *release)
{
	static const char * const versions[] = { "5.10", "6.1", "6.12", "7.2", "7.3" };
	size_t i, len;

	for (i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		len = strlen(versions[i]);
		if (!strncmp(release, versions[i], len) && !isdigit((unsigned char)release[len]))
			return "yes";
	}
	return "no";
}

/* Exclusive pages and MM_ID can be seen in the headers, the rest cannot. */
static const char *rules_by(void)
{
	bool seen = !strcmp(rules(), "5.10") || !strcmp(rules(), "6.15");

	return seen ? "probe" : "version";
}

/* They went with the stream of events, and shall not come back as something else. */
static void test_gone(void)
{
	static const char * const names[] = {
		"event_size", "event_ring", "event_memory", "max_event_memory",
		"hold_events"
	};
	unsigned int i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		ok(!*value(names[i]), "there is no %s", names[i]);
}

static void test_observer(void)
{
	ok(!strcmp(value("observer"), "kretprobe"),
	   "faults are observed with what the kernel has");
}

/*
 * A module built with its fallbacks does without what a later kernel has; but no
 * earlier one can tell.
 */
static void test_async(void)
{
	const char *got = value("uffd_async");

	ok(!strcmp(got, "absent") ||
	   (!strcmp(got, "exact") && kernel_since(6, 9)),
	   "whether userfaultfd is asynchronous is told where that can be known");
}

/* Our own page, which nobody else maps: exclusive, where that is known. */
static void test_exclusive(void)
{
	bool known = kernel_since(5, 19);
	struct cowinspect_page r;
	char *p = map_pages(1, MAP_PRIVATE);
	int fd;

	*p = 1;
	attach(getpid());
	fd = must_open(getpid(), "pages");
	r = record_at(fd, p);
	ok(!!(r.flags & COWI_F_EXCLUSIVE) == known,
	   "a page of our own is %smarked exclusive", known ? "" : "not ");
	ok(r.counts == COWI_COUNT_EXACT && r.mapcount == 1 &&
	   r.folio_mapcount == 1, "its mapcount is exact");
	close(fd);
	detach(getpid());
}

int main(void)
{
	struct utsname u;

	tap_plan(18 + 5);
	text = slurp(COW_DIR "/status");
	if (uname(&u))
		bail("no release");

	test_number("abi", 2);
	test_number("record_size", sizeof(struct cowinspect_page));
	test_number("page_size", sysconf(_SC_PAGESIZE));
	test_number("targets", 0);
	test_word("kernel", u.release);
	test_word("kernel_tested", tested(u.release));
	test_word("rules", rules());
	test_word("rules_by", rules_by());
	test_word("refcount", "exact");
	test_word("mapcount", "exact");
	test_word("folio_mapcount", kernel_since(6, 10) ? "exact" : "absent");
	test_word("exclusive", kernel_since(5, 19) ? "exact" : "absent");
#ifdef __x86_64__
	test_word("soft_dirty", "exact");
#else
	test_word("soft_dirty", "absent");
#endif
	test_async();
	test_gone();
	test_observer();
	test_number("observer_error", 0);
	test_exclusive();
	free(text);
	return tap_done();
}
