// SPDX-License-Identifier: GPL-2.0
/* The cowinspect command without the module says what to do about it. */
#include "command.h"

int main(void)
{
	need_tool();
	tap_plan(3);
	said_ok(run("cowinspect status") == 1 && strstr(said, "insmod"),
		"status: says how to load the module");
	said_ok(run("cowinspect show 1") == 1 && strstr(said, "insmod"),
		"show: the same");
	said_ok(!run("cowinspect --version") && !run("cowinspect show --help"),
		"what needs no module works");
	return tap_done();
}
