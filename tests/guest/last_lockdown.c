// SPDX-License-Identifier: GPL-2.0
/*
 * A kernel that is locked down after the module was loaded. There is no way back
 * but to boot, and a module without a signature cannot be loaded afterwards: so
 * this is the last of all tests.
 *
 * What debugfs lets through is its own decision: here, files that can only be
 * read. The kernel's list of kprobes is such a file. What perf lets through is perf's:
 * another tracepoint has the same.
 */
#include <sys/mount.h>

#include "command.h"
#include "perf.h"

#define LOCKDOWN	"/sys/kernel/security/lockdown"
#define SAME_MODE	"/sys/kernel/debug/kprobes/list"
#define SAME_KIND	TRACING "events/sched/sched_switch/"

static const char *const files[] = {
	"summary", "vmas", "pages", "faults"
};

#define NR_FILES ((int)(sizeof(files) / sizeof(files[0])))

static bool lock_down(const char *mode)
{
	int fd = open(LOCKDOWN, O_WRONLY);
	bool done = fd >= 0 && write(fd, mode, strlen(mode)) > 0;

	close(fd);
	return done;
}

static int error_of(const char *path, int flags)
{
	int fd = open(path, flags);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

/* How many of the files of a target open with @error. */
static int opening_with(pid_t pid, int error)
{
	char path[PATH_MAX];
	int i, n = 0;

	for (i = 0; i < NR_FILES; i++) {
		snprintf(path, sizeof(path), COW_DIR "/%d/%s", pid, files[i]);
		n += error_of(path, O_RDONLY) == error;
	}
	return n;
}

/* Whether a tracepoint of the kernel's own is open to us. */
static bool perf_listens(int id)
{
	struct perf_event_attr attr = {
		.config = id,
		.sample_type = PERF_SAMPLE_RAW,
	};
	int fd = open_perf(&attr, -1, 0);

	close(fd);
	return fd >= 0 && !error_of(SAME_KIND "format", O_RDONLY);
}

#define TESTS_OF_MODE 6

static void test_mode(const char *mode, pid_t pid, int open_before, int id)
{
	struct cowinspect_page page;
	bool listens;
	int error;

	if (!lock_down(mode))
		bail("cannot lock down: %s", mode);
	error = error_of(SAME_MODE, O_RDONLY);
	ok(error_of(COW_DIR "/attach", O_WRONLY) == EPERM &&
	   error_of(COW_DIR "/detach", O_WRONLY) == EPERM,
	   "%s: nothing can be attached or detached", mode);
	ok(opening_with(pid, error) == NR_FILES &&
	   error_of(COW_DIR "/status", O_RDONLY) == error,
	   "%s: what is attached is as open as any debugfs file to read: %s",
	   mode, error ? strerror(error) : "opens");
	ok(error_of(COW_DIR "/status", O_RDWR) == EPERM,
	   "%s: nothing opens for writing", mode);
	ok(pread(open_before, &page, sizeof(page), 0) == sizeof(page),
	   "%s: what was open stays open", mode);
	ok(!error_of("/proc/self/pagemap", O_RDONLY),
	   "%s: so is pagemap", mode);
	listens = perf_listens(id);
	said_ok(run("cowinspect trace -- true") == !listens &&
		(listens || strstr(said, "/sys/kernel/security/lockdown")) &&
		status_word("observer_for", "targets 1, perf 0, tracefs 0"),
		"%s: trace, as open as other tracepoints, %s", mode,
		listens ? "works" : "says why it is refused");
}

int main(void)
{
	pid_t pid;
	int fd, id;

	need_tool();
	mount("securityfs", "/sys/kernel/security", "securityfs", 0, NULL);
	if (access(LOCKDOWN, W_OK))
		tap_skip_all("this kernel cannot be locked down: %s",
			     strerror(errno));
	if (access(SAME_MODE, R_OK))
		tap_skip_all("no " SAME_MODE " to compare with");
	tap_plan(2 * TESTS_OF_MODE);
	mount_tracefs();
	id = number_in(SAME_KIND "id");
	pid = spawn(NULL, NULL);
	attach(pid);
	fd = must_open(pid, "pages");
	test_mode("integrity", pid, fd, id);
	test_mode("confidentiality", pid, fd, id);
	close(fd);
	reap(pid);
	return tap_done();
}
