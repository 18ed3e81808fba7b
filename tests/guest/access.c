// SPDX-License-Identifier: GPL-2.0
/* Who may open the files: root with CAP_SYS_ADMIN in the first namespace. */
#include <linux/capability.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "have.h"

static pid_t target;

static const char *const files[] = {
	COW_DIR "/attach", COW_DIR "/detach", COW_DIR "/status",
	COW_DIR "/%d/summary", COW_DIR "/%d/vmas", COW_DIR "/%d/pages",
	COW_DIR "/%d/faults",
};

#define NR_FILES ((int)(sizeof(files) / sizeof(files[0])))

static int try_file(int i)
{
	char path[PATH_MAX];
	int fd;

#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(path, sizeof(path), files[i], target);
	fd = open(path, i < 2 ? O_WRONLY : O_RDONLY);
	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

/* In a child of its own: become somebody, and count the opens that fail so. */
static int refused(void (*become)(void), int expected)
{
	pid_t pid = fork();
	int status, i, n = 0;

	if (!pid) {
		become();
		for (i = 0; i < NR_FILES; i++)
			n += try_file(i) == expected;
		_exit(n);
	}
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		bail("the child died");
	return WEXITSTATUS(status);
}

static void nothing(void)
{
}

static void drop_admin(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data))
		_exit(100);
	data[0].effective &= ~(1U << CAP_SYS_ADMIN);
	data[0].permitted &= ~(1U << CAP_SYS_ADMIN);
	if (syscall(SYS_capset, &header, data))
		_exit(100);
}

static void be_user(void)
{
	if (setgid(1000) || setuid(1000))
		_exit(100);
}

/* Root, with all capabilities, of a user namespace of its own. */
static void be_namespace_root(void)
{
	int fd;

	if (unshare(CLONE_NEWUSER))
		_exit(101);
	fd = open("/proc/self/uid_map", O_WRONLY);
	if (fd < 0 || write(fd, "0 0 1", 5) != 5)
		_exit(102);
	close(fd);
}

static void test_modes(void)
{
	static const mode_t modes[NR_FILES] = {
		0200, 0200, 0400, 0400, 0400, 0400, 0400
	};
	char path[PATH_MAX];
	struct stat st;
	int i;

	for (i = 0; i < NR_FILES; i++) {
		snprintf(path, sizeof(path), files[i], target);
		ok(!stat(path, &st) && (st.st_mode & 0777) == modes[i] &&
		   !st.st_uid, "%s has mode %04o and is root's",
		   strrchr(path, '/') + 1, modes[i]);
	}
}

int main(void)
{
	tap_plan(4 + NR_FILES);
	target = spawn(NULL, NULL);
	attach(target);
	ok(refused(nothing, 0) == NR_FILES, "root opens every file");
	ok(refused(drop_admin, EPERM) == NR_FILES,
	   "root without CAP_SYS_ADMIN opens none");
	ok(refused(be_user, EACCES) == NR_FILES, "a user opens none");
	if (have(lacks_user_namespaces(), 1))
		ok(refused(be_namespace_root, EPERM) == NR_FILES,
		   "root of a user namespace opens none");
	test_modes();
	detach(target);
	reap(target);
	return tap_done();
}
