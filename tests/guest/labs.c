// SPDX-License-Identifier: GPL-2.0
/*
 * Every lab, and each must hold: what it expects is what the module says and
 * what the kernel does. This machine may be changed for it: labs themselves
 * change none and say what is missing.
 */
#include "command.h"
#include "setup.h"

#define MAX_LABS	64
#define NOT_HERE	77	/* exit status of a lab that cannot run */
#define HOLDS		" checks held, 0 failed"
#define KPROBES		"/sys/kernel/debug/kprobes/enabled"
#define FOLIOS_BETWEEN	"/sys/kernel/mm/transparent_hugepage/hugepages-64kB/enabled"

static char names[MAX_LABS][32];
static int nr_labs;

static void list_labs(void)
{
	char *line, *rest;

	if (run("cowinspect lab --list"))
		bail("cannot list the labs");
	for (line = strtok_r(said, "\n", &rest); line && nr_labs < MAX_LABS;
	     line = strtok_r(NULL, "\n", &rest)) {
		if (sscanf(line, "%31s", names[nr_labs]) != 1)
			bail("cannot read '%s'", line);
		nr_labs++;
	}
}

/* Like show_said(), but only what went wrong. */
static void show_failures(void)
{
	char *line, *rest;
	int why = 0;

	for (line = strtok_r(said, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		if (strstr(line, "FAIL ") || strstr(line, "cowinspect: ") ||
		    strstr(line, "inferred") || why)
			diag("| %s", line);
		why = !!strstr(line, "FAIL ");
	}
}

static void test_lab(const char *arguments)
{
	int status = run("cowinspect lab %s", arguments);
	char *skipped = strstr(said, "\nSKIP: ");

	if (status == NOT_HERE && skipped) {
		skipped[strcspn(skipped + 1, "\n") + 1] = 0;
		skip("lab %s: %s", arguments, skipped + 7);
	} else if (!ok(!status && strstr(said, HOLDS) &&
		       !strstr(said, "inferred"), "lab %s holds", arguments)) {
		show_failures();
	}
}

/* Where no fault is heard, that is no word of none. */
static void test_deaf(void)
{
	int status;

	must_set_file(KPROBES, "0");
	status = run("cowinspect lab lastsharer");
	must_set_file(KPROBES, "1");
	said_ok(!status && strstr(said, HOLDS) &&
		strstr(said, "before and after: the observer is not armed") &&
		strstr(said, "happened copy (inferred)"),
		"with the observer disarmed, what happened is inferred, and the lab says why");
}

static void test_nothing_there(void)
{
	int status = run("cowinspect lab swap");

	said_ok(status == NOT_HERE && strstr(said, "SKIP: no swap: "),
		"without swap: status 77, and says so");
	status = run("cowinspect lab hugetlb");
	said_ok(status == NOT_HERE && strstr(said, "SKIP: no "),
		"without pages of hugetlb: the same");
	status = run("cowinspect lab ksm");
	said_ok(status == NOT_HERE && strstr(said, "SKIP: "),
		"with KSM off: the same");
}

static void provide(void)
{
	if (!swap_on_zram(64))
		diag("no swap on zram");
	if (!set_hugetlb(NR_HUGETLB, "4"))
		diag("no pages of hugetlb");
	if (!set_file("/sys/kernel/mm/ksm/pages_to_scan", "10000") ||
	    !set_file("/sys/kernel/mm/ksm/run", "1"))
		diag("no KSM");
}

static void take_away(void)
{
	/* 2: un-merge, and stop. */
	set_file("/sys/kernel/mm/ksm/run", "2");
	set_file("/sys/kernel/mm/ksm/run", "0");
	set_file(NR_HUGETLB, "0");
	swap_off_zram();
}

static void test_sizes(void)
{
	test_lab("A0 --size 1M --seed 7");
	test_lab("stack --size 80M");
	test_lab("snapshot --size 8M --seed 3");
}

/* What no huge page fits in gets folios of such a size, by fewer faults. truth sets that. */
static void test_folios_between(void)
{
	if (!set_file(FOLIOS_BETWEEN, "madvise")) {
		skip("no anonymous folios of other sizes before 6.8");
		return;
	}
	diag("with folios of 64 KiB where a fault can have them:");
	test_lab("aligned");
	must_set_file(FOLIOS_BETWEEN, "never");
}

static void test_options(void)
{
	said_ok(run("cowinspect lab heap --size 4097") == 2,
		"no multiple of a page: status 2");
	said_ok(run("cowinspect lab vfork --size 4K") == 2,
		"less than the lab needs: status 2");
	said_ok(run("cowinspect lab segments --size 1M") == 2,
		"a size for a lab that has none: status 2");
	said_ok(!run("cowinspect lab segments --json") && said[0] == '{' &&
		strstr(said, "\"held\": true") && strstr(said, "\"notes\": [") &&
		strstr(said, "\"inferred\": false"), "a lab as JSON");
	said_ok(!run("yes '' | cowinspect lab readwrite --step") &&
		strstr(said, "-- Enter to go on --"), "step by step");
}

/*
 * With so few descriptors, actors cannot be started: the first, or the second.
 * That must be said, and nothing else. e971e50 ("labs: those that cannot start an actor
 * end with a message, not a crash").
 */
static void test_starved(int descriptors, bool all)
{
	bool good = true;
	int i, status;

	for (i = 0; i < nr_labs; i++) {
		status = run("sh -c 'ulimit -n %d; exec cowinspect lab %s'",
			     descriptors, names[i]);
		if (status == NOT_HERE || (!status && !all) ||
		    (status == 1 && strstr(said, "cowinspect: lab ")))
			continue;
		diag("lab %s: status %d: %.200s", names[i], status, said);
		good = false;
	}
	ok(good, "labs with %d descriptors say what is wrong, and end",
	   descriptors);
}

/*
 * With some more, a lab can do without listening, for which each CPU needs some.
 * Whichever is the one that is missing: that is why. d9f7e5c ("libcowinspect: too many
 * open files are not a kernel thread").
 */
static void test_short(void)
{
	int descriptors, heard = 0, inferred = 0;
	bool good = true;

	for (descriptors = 9; good && !heard && descriptors < 256; descriptors++) {
		run("sh -c 'ulimit -n %d; exec cowinspect lab lastsharer'",
		    descriptors);
		if (!strstr(said, HOLDS))
			continue;
		if (strstr(said, "inferred")) {
			inferred++;
			good = strstr(said, "before and after: too many open files");
		} else {
			heard++;
		}
	}
	said_ok(good && inferred && heard,
		"with too few descriptors to listen, what happened is inferred");
}

static void test_quiz(void)
{
	int status;

	status = run("printf 'copy\\ncopy\\nreuse\\n' | cowinspect lab generations --quiz");
	said_ok(!status && strstr(said, "Score: 3 of 3"), "all answers right");
	said_ok(strstr(said, "somebody else maps it too"), "with the reason");
	status = run("printf 'c\\nx\\nn\\nn\\n' | cowinspect lab generations --answers /tmp/anna");
	said_ok(!status && strstr(said, "Score: 1 of 3") &&
		strstr(said, "The answer is: reuse"), "two wrong, and told why");
	status = run("cowinspect lab --grade /tmp/anna");
	said_ok(!status && strstr(said, "/tmp/anna: 33/100 (1 of 3)") &&
		strstr(said, "E10.3: reuse, not neither"),
		"the file of answers is graded");
	said_ok(run("cowinspect lab generations --quiz </dev/null") == 1 &&
		strstr(said, "Score: 0 of 3; the input ended"),
		"no answers: status 1, and a score that says why");
	status = run("printf '?\nc\nc\nr\n' | cowinspect lab generations --quiz");
	said_ok(!status && strstr(said, "keeps the frame; its entry") &&
		strstr(said, "Score: 3 of 3"), "? explains, and asks again");
	status = run("yes c | cowinspect lab fork --quiz");
	said_ok(!status && strstr(said, "Score: 2 of 4") &&
		strstr(said, "a frame of its own, and leave") >
		strstr(said, "A0.1 "),
		"pages alike are one question, and the text comes after it");
	unlink("/tmp/anna");
}

/* Whose answers they are, and that the grader makes the same key of the name. */
static void test_seeds(void)
{
	static const char *const names[] = { "anna", "mia", "dora", "emil" };
	unsigned int i, right = 0;
	char *score;

	for (i = 0; i < 4; i++) {
		char arguments[32];

		snprintf(arguments, sizeof(arguments), "yours --seed %s", names[i]);
		test_lab(arguments);
		snprintf(arguments, sizeof(arguments), "lie --seed %s", names[i]);
		test_lab(arguments);
	}
	run("yes c | cowinspect lab yours --seed anna --answers /tmp/anna");
	score = strstr(said, "Score: ");
	ok(strstr(said, "of \"anna\"") && score &&
	   sscanf(score, "Score: %u of 8.", &right) == 1 && right && right < 8,
	   "the name is printed; always copy is not all right");
	run("cowinspect lab --grade /tmp/anna");
	score = strstr(said, "(seed anna)");
	said_ok(score && (score = strstr(score, "  F1   ")) &&
		(unsigned int)atoi(score + 7) == right,
		"the grader knows this name's answers");
	unlink("/tmp/anna");
}

static void test_evidence(void)
{
	int status = run("yes r | cowinspect lab lastsharer --quiz --evidence /tmp/e");

	ok(!status, "a lab with evidence");
	status = run("cat /tmp/e");
	said_ok(!status && strstr(said, "\"command\": \"cowinspect lab ") &&
		strstr(said, "\"claim\": \"No. ") &&
		strstr(said, "\"given\": \"reuse\"") &&
		strstr(said, "\"happened\": \"copy\"") &&
		strstr(said, "mapcount 1 (exact) refcount 2") &&
		strstr(said, "\"limits\": [") && strstr(said, "\"held\": true"),
		"it has claim, command, both predictions, what happened, records and limits");
	unlink("/tmp/e");
}

static void test_tool(void)
{
	test_starved(6, true);
	test_starved(8, false);
	test_short();
	test_options();
	test_quiz();
	test_seeds();
	test_evidence();
}

int main(void)
{
	bool tool = is_tool_tested();
	pid_t keeper;
	int i;

	need_tool();
	list_labs();
	tap_plan(3 + nr_labs + 3 + 1 + (tool ? 2 + 1 + 5 + 7 + 10 + 2 : 1) + 2);
	test_nothing_there();
	provide();
	/* Those of other sizes, below, are heard without. */
	keeper = keep_hooked();
	for (i = 0; i < nr_labs; i++)
		test_lab(names[i]);
	let_unhook(keeper);
	if (tool)
		test_tool();
	else
		skip(TOOL_ELSEWHERE);
	take_away();
	test_sizes();
	test_folios_between();
	test_deaf();
	ok(!status_number("targets"), "labs have detached all they attached");
	return tap_done();
}
