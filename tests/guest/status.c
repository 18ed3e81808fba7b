// SPDX-License-Identifier: GPL-2.0
/* The status file: its lines have the agreed form and the agreed values. */
#include "tap.h"
#include "../../module/uapi/cowinspect.h"

#include <unistd.h>

#define STATUS "/sys/kernel/debug/cowinspect/status"

static char text[4096];

/* The value of the line "name: value", or "" if there is none. */
static const char *value(const char *name)
{
	static char found[128];
	size_t len = strlen(name);
	const char *line;

	found[0] = 0;
	for (line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, name, len) && line[len] == ':')
			sscanf(line + len + 1, " %127[^\n]", found);
	}
	return found;
}

static void test_number(const char *name, long expected)
{
	const char *got = value(name);

	if (!ok(*got && atol(got) == expected, "%s is %ld", name, expected))
		diag("it is \"%s\"", got);
}

int main(void)
{
	FILE *file = fopen(STATUS, "re");

	tap_plan(5);
	if (!file)
		bail("cannot open %s", STATUS);
	text[fread(text, 1, sizeof(text) - 1, file)] = 0;
	fclose(file);

	test_number("abi", COWINSPECT_ABI);
	test_number("record_size", sizeof(struct cowinspect_page));
	test_number("page_size", sysconf(_SC_PAGESIZE));
	test_number("targets", 0);
	ok(!strcmp(value("refcount"), "exact"), "refcount is exact");
	return tap_done();
}
