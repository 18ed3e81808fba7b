// SPDX-License-Identifier: GPL-2.0
/*
 * A reader whose buffer is a page that never comes: a userfaultfd that nobody
 * answers holds it up in the middle of its read. Nobody else may have to wait
 * for it, and it can be killed. 9172768 ("files: detaching waits for no read").
 */
#include <poll.h>
#include <pthread.h>
#include <time.h>

#include "have.h"

#define LIMIT_S		120	/* an emulated machine may be slow */

static const char *const files[] = {
	"summary", "vmas", "pages", "faults"
};

#define NR_FILES ((int)(sizeof(files) / sizeof(files[0])))

static pid_t target, other;
static int ready[2];	/* the reader is stuck when a byte comes */

/* ---- the reader ---- */

static void *tell_when_stuck(void *uffd)
{
	if (!is_page_wanted(*(int *)uffd) || write(ready[1], "s", 1) != 1)
		_exit(1);
	return NULL;
}

static void read_for_ever(void *path)
{
	void *page = map_pages(1, MAP_PRIVATE);
	int fd, uffd = withhold_page(page);
	pthread_t teller;

	fd = open(path, strstr(path, "attach") ? O_WRONLY : O_RDONLY);
	if (fd < 0 || uffd < 0 ||
	    pthread_create(&teller, NULL, tell_when_stuck, &uffd)) {
		if (write(ready[1], "f", 1) != 1)
			_exit(2);
		_exit(1);
	}
	if (strstr(path, "attach"))
		fd = write(fd, page, 5);
	else
		fd = read(fd, page, 4096);
	_exit(3);
}

/* A reader, stuck; or 0 if it could not be made so. */
static pid_t stuck_reader(const char *path)
{
	struct pollfd poll_fd = { .fd = ready[0], .events = POLLIN };
	pid_t pid = spawn(read_for_ever, (void *)path);
	char how = 0;

	if (poll(&poll_fd, 1, LIMIT_S * 1000) == 1 &&
	    read(ready[0], &how, 1) == 1 && how == 's')
		return pid;
	diag("the reader of %s did not get stuck within %d s: %s", path,
	     LIMIT_S, how ? "it failed" : "silence");
	reap(pid);
	return 0;
}

/* ---- the others ---- */

/* Does @run end, with what it should return? In a child, since it may not. */
static bool ends(bool (*run)(const char *), const char *file)
{
	pid_t pid = fork();
	int status, i;

	if (!pid)
		_exit(run(file) ? 0 : 1);
	for (i = 0; i < LIMIT_S * 100; i++) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return !status;
		usleep(10 * 1000);
	}
	diag("waited %d s for process %d", LIMIT_S, pid);
	kill(pid, SIGKILL);
	return false;
}

static bool read_it(const char *file)
{
	char buffer[4096];
	int fd = must_open(target, file);
	bool good = read(fd, buffer, sizeof(buffer)) > 0;

	close(fd);
	return good;
}

static bool read_status(const char *file)
{
	(void)file;
	return status_number("targets") >= 0;
}

static bool attach_other(const char *file)
{
	(void)file;
	return !command_pid("attach", other) && !command_pid("detach", other);
}

static bool unload_refused(const char *file)
{
	int error = unload_module();

	(void)file;
	return error == EAGAIN || error == EBUSY;
}

static bool detach_target(const char *file)
{
	(void)file;
	return !command_pid("detach", target);
}

static bool attach_target(const char *file)
{
	(void)file;
	return !command_pid("attach", target);
}

static bool dies(pid_t pid)
{
	int i;

	kill(pid, SIGKILL);
	for (i = 0; i < LIMIT_S * 100; i++) {
		if (waitpid(pid, NULL, WNOHANG) == pid)
			return true;
		usleep(10 * 1000);
	}
	diag("waited %d s for process %d, killed, to end", LIMIT_S, pid);
	return false;
}

#define TESTS_OF_FILE 7

static void test_file(const char *file)
{
	char path[PATH_MAX];
	pid_t reader;
	int i;

	snprintf(path, sizeof(path), COW_DIR "/%d/%s", target, file);
	reader = stuck_reader(path);
	if (!reader) {
		for (i = 0; i < TESTS_OF_FILE; i++)
			ok(false, "a reader of %s gets stuck", file);
		return;
	}
	ok(ends(read_it, file), "%s: others can read it", file);
	ok(ends(read_status, file), "%s: so can status be", file);
	ok(ends(attach_other, file), "%s: others are attached and detached",
	   file);
	ok(ends(unload_refused, file), "%s: the module stays", file);
	ok(ends(detach_target, file), "%s: its process can be detached", file);
	ok(ends(attach_target, file), "%s: and attached anew", file);
	ok(dies(reader), "%s: the reader can be killed", file);
}

static void test_command(void)
{
	pid_t writer = stuck_reader(COW_DIR "/attach");

	ok(writer && ends(attach_other, NULL) && ends(read_status, NULL),
	   "a stuck writer of attach keeps no other waiting");
	ok(writer && ends(unload_refused, NULL), "and the module");
	ok(writer && dies(writer), "and can be killed");
}

static bool status_stuck(void)
{
	pid_t reader = stuck_reader(COW_DIR "/status");

	return reader && ends(read_status, NULL) && ends(attach_other, NULL) &&
	       dies(reader);
}

int main(void)
{
	int i;

	need(lacks_uffd());
	tap_plan(NR_FILES * TESTS_OF_FILE + 3 + 1 + 1);
	if (pipe(ready))
		bail("pipe");
	target = spawn(NULL, NULL);
	other = spawn(NULL, NULL);
	attach(target);
	for (i = 0; i < NR_FILES; i++)
		test_file(files[i]);
	test_command();
	ok(status_stuck(), "a stuck reader of status keeps nobody waiting");
	detach(target);
	reap(target);
	reap(other);
	ok(!references() && !status_number("targets"),
	   "nothing is left open or attached");
	return tap_done();
}
