// SPDX-License-Identifier: GPL-2.0
/* What attach and detach take, and that each refusal leaves nothing behind. */
#include <dirent.h>
#include <pthread.h>
#include <sys/syscall.h>

#include "setup.h"

#define LIMIT PARAMETER "max_targets"

static int directories(void)
{
	DIR *dir = opendir(COW_DIR);
	struct dirent *entry;
	int n = 0;

	if (!dir)
		bail("cannot read " COW_DIR);
	while ((entry = readdir(dir)))
		n += entry->d_name[0] >= '0' && entry->d_name[0] <= '9';
	closedir(dir);
	return n;
}

static void refused(const char *file, const void *text, size_t len,
		    int expected, const char *what)
{
	int error = command_bytes(file, text, len);

	if (!ok(error == expected && !directories() &&
		!status_number("targets"),
		"%s %s: %s", file, what, strerror(expected)))
		diag("got: %s; directories: %d", error ? strerror(error) : "success",
		     directories());
}

static const struct {
	const char *what;
	const char *text;
	size_t len;
	int error;
} bad_text[] = {
	{ "of nothing", "", 0, EINVAL },
	{ "of an empty line", "\n", 1, EINVAL },
	{ "of a word", "self", 4, EINVAL },
	{ "of zero", "0", 1, EINVAL },
	{ "of a negative number", "-1", 2, EINVAL },
	{ "of a number with a plus", "+1", 2, EINVAL },
	{ "of a number with a space before it", " 1", 2, EINVAL },
	{ "of a number with a space behind it", "1 ", 2, EINVAL },
	{ "of a hexadecimal number", "0x1", 3, EINVAL },
	{ "of a fraction", "1.0", 3, EINVAL },
	{ "of two numbers", "1 2", 3, EINVAL },
	{ "of two lines", "1\n1\n", 4, EINVAL },
	{ "of a word behind a number", "1 fallow", 8, EINVAL },
	{ "of the word of ABI 1 behind a number", "1 follow", 8, EINVAL },
	{ "of that and a newline", "1 follow\n", 9, EINVAL },
	{ "of that word alone", " follow", 7, EINVAL },
	{ "of that word twice", "1 follow follow", 15, EINVAL },
	{ "of that word and two newlines", "1 follow\n\n", 10, EINVAL },
	{ "of a number with a NUL behind it", "1", 2, EINVAL },
	{ "of all, with a NUL behind it", "all", 4, EINVAL },
	{ "of all and a space", "all ", 4, EINVAL },
	{ "of all and two newlines", "all\n\n", 5, EINVAL },
	{ "of all and more", "all 1", 5, EINVAL },
	{ "of all in capitals", "ALL", 3, EINVAL },
	{ "of 32 characters", "00000000000000000000000000000001", 32, EINVAL },
	{ "of 5 billion", "5000000000", 10, ERANGE },
	{ "of 10^20", "100000000000000000000", 21, ERANGE },
	{ "of 2^31", "2147483648", 10, ESRCH },
	{ "of a pid beyond all pids", "4194305", 7, ESRCH },
};

#define NR_BAD_TEXT	((int)(sizeof(bad_text) / sizeof(bad_text[0])))

static void test_bad_text(const char *file, bool is_attach)
{
	int i;

	/* What only the other one knows. */
	if (is_attach)
		refused(file, "all", 3, EINVAL, "of all");
	for (i = 0; i < NR_BAD_TEXT; i++)
		refused(file, bad_text[i].text, bad_text[i].len,
			bad_text[i].error, bad_text[i].what);
	/* Numbers that are fine where a pid is looked up, too. */
	refused(file, "4194304", 7, ESRCH, is_attach ? "of no process" :
		"of what is not attached");
}

static void refused_pid(pid_t pid, int expected, const char *what)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", pid);
	refused("attach", text, strlen(text), expected, what);
}

static void *other_thread(void *tid)
{
	*(volatile pid_t *)tid = syscall(SYS_gettid);
	for (;;)
		pause();
	return NULL;
}

static void test_not_targets(void)
{
	volatile pid_t tid = 0;
	pthread_t thread;
	siginfo_t info;
	pid_t pid;

	refused_pid(2, EINVAL, "of a kernel thread");

	pid = spawn(NULL, NULL);
	kill(pid, SIGKILL);
	if (waitid(P_PID, pid, &info, WEXITED | WNOWAIT))
		bail("waitid");
	refused_pid(pid, ESRCH, "of a zombie");
	waitpid(pid, NULL, 0);
	refused_pid(pid, ESRCH, "of a dead process");

	if (pthread_create(&thread, NULL, other_thread, (void *)&tid))
		bail("pthread_create");
	while (!tid)
		usleep(1000);
	refused_pid(tid, EINVAL, "of a thread that is not its process");

	refused("attach", (void *)1, 4, EFAULT, "from a bad address");
}

static void test_limit(void)
{
	pid_t pids[3];
	int i;

	for (i = 0; i < 3; i++)
		pids[i] = spawn(NULL, NULL);
	must_set_file(LIMIT, "2");
	attach(pids[0]);
	attach(pids[1]);
	ok(command_pid("attach", pids[2]) == ENOSPC && directories() == 2,
	   "one process too many: no space, and nothing was made");
	ok(!command_pid("attach", pids[1]) && directories() == 2,
	   "attaching again at the limit is no error");
	detach(pids[0]);
	ok(!command_pid("attach", pids[2]), "after a detach there is room again");
	must_set_file(LIMIT, "256");
	detach(pids[1]);
	detach(pids[2]);
	for (i = 0; i < 3; i++)
		reap(pids[i]);
}

static void test_twice(void)
{
	pid_t pid = spawn(NULL, NULL);

	attach(pid);
	ok(!command_pid("attach", pid) && status_number("targets") == 1,
	   "attaching twice makes one target");
	detach(pid);
	ok(command_pid("detach", pid) == ESRCH && !directories(),
	   "detaching twice: no such process");
	reap(pid);
}

static void test_all(void)
{
	pid_t pids[3], exited = spawn(NULL, NULL);
	int i, before;

	ok(!command("detach", "all"), "detaching all of none is no error");
	for (i = 0; i < 3; i++) {
		pids[i] = spawn(NULL, NULL);
		attach(pids[i]);
	}
	attach(exited);
	reap(exited);
	before = directories();
	ok(!command("detach", "all\n") && before == 4 && !directories() &&
	   !status_number("targets"),
	   "detaching all: they are gone, and what has exited, too");
	attach(pids[0]);
	ok(directories() == 1, "and can be attached again");
	detach(pids[0]);
	for (i = 0; i < 3; i++)
		reap(pids[i]);
}

/* At its end: what comes from now on is read there. */
static int open_log(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);

	if (fd < 0 || lseek(fd, 0, SEEK_END) < 0)
		bail("kernel log");
	return fd;
}

static bool begins_with(const char *text, const char *words)
{
	return !strncmp(text, words, strlen(words));
}

/*
 * Of a report of KCSAN's, which goes on to a line like the one before it: of the
 * kernel with itself, at any time, as often as not. tests/vm/check-log tells whose.
 */
static bool is_of_race(const char *text)
{
	static bool in_report;

	if (begins_with(text, "====")) {
		in_report = false;
		return true;
	}
	in_report |= begins_with(text, "BUG: KCSAN:");
	return in_report;
}

/*
 * Once in its life, and at any time, the kernel says that its timer took long: that is
 * where an emulated CPU was put aside, and no answer to what we did.
 */
static bool is_answer(const char *record)
{
	const char *text = strchr(record, ';');

	return !text || !(is_of_race(text + 1) ||
			  begins_with(text + 1, "hrtimer: interrupt took "));
}

static bool has_grown(int log)
{
	char record[8192];
	bool grown = false;
	ssize_t got;

	while ((got = read(log, record, sizeof(record) - 1)) > 0) {
		record[got] = 0;
		if (!is_answer(record))
			continue;
		diag("kernel: %.*s", (int)strcspn(record, "\n"), record);
		grown = true;
	}
	return grown || errno != EAGAIN;
}

int main(void)
{
	int log;

	tap_plan(2 * (NR_BAD_TEXT + 1) + 1 + 5 + 3 + 2 + 3 + 1);
	log = open_log();

	test_bad_text("attach", true);
	test_bad_text("detach", false);
	test_not_targets();
	test_limit();
	test_twice();
	test_all();

	ok(!has_grown(log), "the kernel log has not grown");
	return tap_done();
}
