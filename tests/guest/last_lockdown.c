// SPDX-License-Identifier: GPL-2.0
/*
 * A kernel that is locked down after the module was loaded. There is no way back
 * but to boot, and a module without a signature cannot be loaded afterwards: so
 * this is the last of all tests.
 *
 * What debugfs lets through is its own decision: here, files that can only be
 * read. The kernel's list of kprobes is such a file. perf and tracefs are open until
 * nobody, root included, may read the kernel's secrets.
 */
#include <sys/mount.h>

#include "command.h"

#define LOCKDOWN	"/sys/kernel/security/lockdown"
#define SAME_MODE	"/sys/kernel/debug/kprobes/list"

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

#define TESTS_OF_MODE 6

static void test_mode(const char *mode, pid_t pid, int open_before,
		      bool traces)
{
	struct cowinspect_page page;
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
	said_ok(run("cowinspect trace -- true") == !traces &&
		(traces || strstr(said, "/sys/kernel/security/lockdown")) &&
		status_word("observer_for", "targets 1, perf 0, tracefs 0"),
		"%s: trace %s, and leaves nothing", mode,
		traces ? "works" : "says why it is refused");
}

int main(void)
{
	pid_t pid;
	int fd;

	need_tool();
	mount("securityfs", "/sys/kernel/security", "securityfs", 0, NULL);
	if (access(LOCKDOWN, W_OK))
		tap_skip_all("this kernel cannot be locked down: %s",
			     strerror(errno));
	if (access(SAME_MODE, R_OK))
		tap_skip_all("no " SAME_MODE " to compare with");
	tap_plan(2 * TESTS_OF_MODE);
	pid = spawn(NULL, NULL);
	attach(pid);
	fd = must_open(pid, "pages");
	test_mode("integrity", pid, fd, true);
	test_mode("confidentiality", pid, fd, false);
	close(fd);
	reap(pid);
	return tap_done();
}
