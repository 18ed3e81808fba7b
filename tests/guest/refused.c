// SPDX-License-Identifier: GPL-2.0
/*
 * A machine that does not let us trace: the command and the library say what is
 * missing and what to do about it, and leave nothing in the kernel. This program is
 * also what takes something away: "refused WAY COMMAND".
 */
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/resource.h>

#include "command.h"
#include "libcowinspect_stream.h"
#include "setup.h"

#define USER		1000
#define PARANOID	"/proc/sys/kernel/perf_event_paranoid"
#define SKIPPED		77

static char self[PATH_MAX];

/* ---- what is taken away ---- */

static bool hide(const char *where)
{
	return access(where, F_OK) || !mount("none", where, "tmpfs", 0, NULL);
}

static bool lose_tracefs(const char *unused)
{
	(void)unused;
	return !unshare(CLONE_NEWNS) &&
	       !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) &&
	       hide("/sys/kernel/tracing") && hide("/sys/kernel/debug/tracing");
}

/* As on a kernel that does not have it. */
static bool lose_perf(const char *unused)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_perf_event_open, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {
		sizeof(filter) / sizeof(filter[0]), filter
	};

	(void)unused;
	if (!prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		return true;
	if (errno == EINVAL)
		_exit(SKIPPED);
	return false;
}

/* Who is root gets back with exec what is not dropped from here. */
static bool lose_capability(int capability)
{
	return !prctl(PR_CAPBSET_DROP, capability);
}

static bool lose_admin(const char *unused)
{
	(void)unused;
	return lose_capability(CAP_SYS_ADMIN);
}

static bool lose_perfmon(const char *unused)
{
	return lose_admin(unused) && lose_capability(CAP_PERFMON);
}

static bool lose_root(const char *unused)
{
	(void)unused;
	return !setgid(USER) && !setuid(USER);
}

static bool lose_files(const char *number)
{
	struct rlimit limit = { atoi(number), atoi(number) };

	return !setrlimit(RLIMIT_NOFILE, &limit);
}

static bool lose_soft_files(const char *number)
{
	struct rlimit limit = { atoi(number), 1024 };

	return !setrlimit(RLIMIT_NOFILE, &limit);
}

static bool lose_locked_memory(const char *unused)
{
	struct rlimit limit = { 65536, 65536 };

	(void)unused;
	return lose_capability(CAP_IPC_LOCK) &&
	       !setrlimit(RLIMIT_MEMLOCK, &limit);
}

static const struct {
	const char *name;
	bool (*lose)(const char *argument);
} ways[] = {
	{ "tracefs", lose_tracefs },
	{ "perf", lose_perf },
	{ "admin", lose_admin },
	{ "perfmon", lose_perfmon },
	{ "root", lose_root },
	{ "files", lose_files },
	{ "soft-files", lose_soft_files },
	{ "memlock", lose_locked_memory },
};

/* "refused listen [BYTES]": the library, and no command around it. */
static int listen_to_parent(const char *ring_bytes)
{
	pid_t parent = getppid();
	struct cowi_stream_options o = {
		.pid = &parent, .nr_pids = 1, .follow = true,
		.ring_bytes = strtoull(ring_bytes, NULL, 0),
	};
	struct cowi_stream *s;
	int err;

	err = cowi_stream_open(&o, &s);
	if (err) {
		puts(cowi_strerror(err));
		return 1;
	}
	cowi_stream_close(s);
	return 0;
}

/* "refused WAY[=ARGUMENT] COMMAND..." */
static int without(char **argv)
{
	const char *argument = strchr(argv[1], '=');
	size_t len = strcspn(argv[1], "="), i;

	if (!strcmp(argv[1], "listen"))
		return listen_to_parent(argv[2] ?: "0");
	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (strlen(ways[i].name) != len ||
		    strncmp(ways[i].name, argv[1], len))
			continue;
		if (!ways[i].lose(argument ? argument + 1 : "")) {
			perror(argv[1]);
			return 100;
		}
		execvp(argv[2], argv + 2);
	}
	perror(argv[2]);
	return 101;
}

/* ---- what is said ---- */

static bool nothing_left(void)
{
	return status_word("observer_for", "targets 0, perf 0, tracefs 0") &&
	       status_word("observer_armed", "no");
}

/* Both fail without @way, and what they say has @text and @next in it. */
static void test_way(const char *way, const char *text, const char *next)
{
	static const char *const commands[] = {
		"cowinspect trace -- true", "listen",
	};
	int i, status;

	for (i = 0; i < 2; i++) {
		status = run("%s %s %s %s", self, way, i ? self : "",
			     commands[i]);
		if (status == SKIPPED) {
			skip("this kernel cannot take away: %s", way);
			continue;
		}
		said_ok(status == 1 && strstr(said, text) && strstr(said, next) &&
			nothing_left(), "without %s, %s says so: %s", way,
			i ? "the library" : "the command", next);
	}
}

/* Debian's 3, where there is one more than the kernel's 2, wants CAP_SYS_ADMIN. */
static void test_rights(void)
{
	long before = number_in(PARANOID);
	char text[16];

	must_set_file(PARANOID, "2");
	test_way("root", "this needs root", "sudo");
	test_way("perfmon", "though you are root", "CAP_SYS_ADMIN is missing");
	said_ok(run("%s admin cowinspect trace -- true", self) == 1 &&
		strstr(said, "CAP_SYS_ADMIN is missing"),
		"the command needs CAP_SYS_ADMIN");
	said_ok(!run("%s admin %s listen", self, self),
		"the library does with CAP_PERFMON");
	snprintf(text, sizeof(text), "%ld", before);
	must_set_file(PARANOID, text);
}

/* However few there are: it works, or it says what is needed. */
static void test_files(void)
{
	int files, status, least = 0;
	bool good = true;

	/* With less, the libraries cannot be opened. */
	for (files = 5; files < 64 && !least; files++) {
		status = run("%s files=%d cowinspect trace -f -- true", self,
			     files);
		if (!status) {
			least = files;
		} else if (status != 1 || !strstr(said, "too many open files") ||
			   !strstr(said, "ulimit -n ")) {
			good = false;
			diag("%d files: status %d", files, status);
			show_said();
		}
	}
	ok(good && least > 5 && nothing_left(),
	   "with less than %d files, the command says how many it needs", least);
	said_ok(!run("%s soft-files=%d cowinspect trace -- sh -c 'ulimit -n'",
		     self, least - 1) && atoi(said) == least - 1,
		"it raises its own limit, and not that of what it runs");
	test_way("files=8", "too many open files", "ulimit -n ");
}

static void test_rings(void)
{
	said_ok(run("cowinspect trace --buffer 1G -- true") == 1 &&
		strstr(said, "--buffer ") && nothing_left(),
		"a ring larger than there is memory is refused");
	said_ok(run("%s listen 0xffffffffffffffff", self) == 1 &&
		strstr(said, "--buffer ") && nothing_left(),
		"so is the largest number there is");
	said_ok(run("cowinspect trace --buffer 100G -- true") == 2 &&
		strstr(said, "no size up to 1G"),
		"more than is ever possible is wrong usage");
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return without(argv);
	need_tool();
	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		bail("readlink");
	tap_plan(2 * 6 + 2 + 3 + 2);
	mount_tracefs();
	test_way("tracefs", "tracefs is not mounted", "mount -t tracefs");
	test_way("perf", "no perf_event_open()", "CONFIG_PERF_EVENTS");
	test_rights();
	test_files();
	test_way("memlock", "memory for events", "perf_event_mlock_kb");
	test_rings();
	return tap_done();
}
