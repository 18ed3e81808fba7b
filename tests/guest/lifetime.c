// SPDX-License-Identifier: GPL-2.0
/*
 * Targets that exec, exit, fork and are killed while they are read; files that
 * outlive their target's attachment; a pid that comes back as another process.
 */
#include <pthread.h>
#include <sys/time.h>

#include "setup.h"

static const char *const files[] = { "summary", "vmas", "pages" };

static ssize_t read_some(int fd)
{
	static char buffer[1 << 16];
	ssize_t got = read(fd, buffer, sizeof(buffer));

	return got < 0 ? -errno : got;
}

/* A child that calls exec when a byte comes, and is then /bin/sleep. */
static int exec_pipe[2];

static void exec_later(void *arg)
{
	char byte;

	(void)arg;
	if (read(exec_pipe[0], &byte, 1) == 1)
		execl("/bin/sleep", "sleep", "1000", NULL);
}

/* Its name it has before it has any memory: it is there once it sleeps. */
static bool has_become(pid_t pid, const char *name)
{
	char *comm = slurp_proc(pid, "comm");
	bool same = !strncmp(comm, name, strlen(name));

	free(comm);
	return same && process_state(pid) == 'S';
}

static void test_exec(void)
{
	int i, fd[3];
	pid_t pid;

	if (pipe(exec_pipe))
		bail("pipe");
	pid = spawn(exec_later, NULL);
	attach(pid);
	for (i = 0; i < 3; i++)
		fd[i] = must_open(pid, files[i]);
	ok(read_some(fd[2]) > 0, "before exec there are records");
	if (write(exec_pipe[1], "", 1) != 1 || !comes_true(has_become(pid, "sleep")))
		bail("the child did not call exec within a minute");
	for (i = 0; i < 3; i++)
		lseek(fd[i], 0, SEEK_SET);
	ok(read_some(fd[0]) == 0, "after exec: an old summary is at its end");
	ok(read_some(fd[1]) >= 0 && read_some(fd[1]) == 0,
	   "after exec: old vmas have no lines");
	ok(read_some(fd[2]) == 0, "after exec: old pages are at their end");
	for (i = 0; i < 3; i++) {
		close(fd[i]);
		fd[i] = must_open(pid, files[i]);
		ok(read_some(fd[i]) > 100, "after exec: a new open of %s reads",
		   files[i]);
		close(fd[i]);
	}
	detach(pid);
	reap(pid);
}

static void test_exit(void)
{
	int i, fd[3];
	pid_t pid = spawn(NULL, NULL);
	siginfo_t info;
	char text[64], *status;

	attach(pid);
	for (i = 0; i < 3; i++)
		fd[i] = must_open(pid, files[i]);
	kill(pid, SIGKILL);
	if (waitid(P_PID, pid, &info, WEXITED | WNOWAIT))
		bail("waitid");
	for (i = 0; i < 3; i++)
		ok(read_some(fd[i]) == -ESRCH, "of a zombie: read of %s",
		   files[i]);
	waitpid(pid, NULL, 0);
	for (i = 0; i < 3; i++) {
		lseek(fd[i], 0, SEEK_SET);
		ok(read_some(fd[i]) == -ESRCH, "after exit: read of %s",
		   files[i]);
		ok(try_open(pid, files[i]) < 0 && errno == ESRCH,
		   "after exit: open of %s", files[i]);
		close(fd[i]);
	}
	snprintf(text, sizeof(text), "\ntarget: %d exited\n", pid);
	status = slurp(COW_DIR "/status");
	ok(strstr(status, text), "status says that it has exited");
	free(status);
	detach(pid);
}

static void test_detached(void)
{
	int i, fd[3];
	pid_t pid = spawn(NULL, NULL);

	attach(pid);
	for (i = 0; i < 3; i++)
		fd[i] = must_open(pid, files[i]);
	detach(pid);
	for (i = 0; i < 3; i++) {
		ok(read_some(fd[i]) == -EIO, "after detach: read of %s",
		   files[i]);
		close(fd[i]);
	}
	ok(try_open(pid, "summary") < 0 && errno == ENOENT,
	   "after detach: the directory is gone");
	reap(pid);
}

static void *outlive_leader(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return NULL;
}

static void leave_thread(void *arg)
{
	pthread_t thread;

	(void)arg;
	pthread_create(&thread, NULL, outlive_leader, NULL);
	syscall(SYS_exit, 0);
}

static void test_dead_leader(void)
{
	pid_t pid = spawn(leave_thread, NULL);
	char *summary;

	if (!process_becomes(pid, 'Z'))
		bail("the first thread did not end within a minute");
	if (!ok(!command_pid("attach", pid),
		"a process whose first thread has ended can be attached"))
		bail("attach");
	summary = slurp_target(pid, "summary");
	ok(number_of(summary, "present") > 10, "and read");
	free(summary);
	detach(pid);
	reap(pid);
}

static void test_recycled(void)
{
	pid_t pid = spawn(NULL, NULL), heir;
	int fd;

	attach(pid);
	fd = must_open(pid, "pages");
	reap(pid);
	heir = spawn_as(pid);
	if (heir != pid)
		bail("process %d does not come back", pid);
	ok(read_some(fd) == -ESRCH && try_open(pid, "pages") < 0 &&
	   errno == ESRCH, "a process with the pid of a dead one is not it");
	ok(!command_pid("attach", heir), "it can be attached in its place");
	ok(read_some(fd) == -EIO && read_some(must_open(heir, "pages")) > 0,
	   "then the directory is its own");
	close(fd);
	detach(heir);
	reap(heir);
}

/* A target that forks, maps, unmaps and execs as fast as it can. */
static void busy(void *arg)
{
	(void)arg;
	for (;;) {
		char *p = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		pid_t pid;

		memset(p, 1, 64 * PAGE);
		pid = fork();
		if (!pid)
			_exit(0);
		p[0] = 2;
		waitpid(pid, NULL, 0);
		munmap(p, 64 * PAGE);
		give_turn();
	}
}

/* Returns whether all went as it may: data, the end, or a known error. */
static bool read_while_alive(pid_t pid, int file)
{
	int fd = try_open(pid, files[file]);
	ssize_t got;

	if (fd < 0)
		return errno == ESRCH || errno == ENOENT;
	do
		got = read_some(fd);
	while (got > 0);
	close(fd);
	return got == 0 || got == -ESRCH || got == -EIO;
}

static void test_busy(void)
{
	pid_t pid, keeper = keep_hooked();
	int round, i, bad = 0;

	for (round = 0; round < 20; round++) {
		pid = spawn(busy, NULL);
		attach(pid);
		for (i = 0; i < 30; i++) {
			if (i == 20)
				kill(pid, SIGKILL);
			bad += !read_while_alive(pid, i % 3);
		}
		detach(pid);
		waitpid(pid, NULL, 0);
	}
	let_unhook(keeper);
	ok(!bad, "reading busy targets, killed meanwhile, gives data or ESRCH");
}

/* 1 TiB with a page in each GiB: seconds to read, and little memory. */
static void *map_vast(void)
{
	unsigned long i, gib = 1UL << 30, size = 1024 * gib;
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	madvise(p, size, MADV_NOHUGEPAGE);
	for (i = 0; i < size; i += gib)
		(void)*(volatile char *)(p + i);
	return p;
}

static volatile sig_atomic_t reading, interrupted;

static void on_alarm(int sig)
{
	(void)sig;
	interrupted += reading;
}

/* Returns 0, or with what errno a read failed, whose interruption is nobody's business. */
static int read_restarted(int fd)
{
	struct sigaction action = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
	struct itimerval once = { .it_value = { 0, 1000 } };
	char buffer[4096];
	int i, error = 0;

	sigaction(SIGALRM, &action, NULL);
	interrupted = 0;
	for (i = 0; i < 1000 && interrupted < 5 && !error; i++) {
		setitimer(ITIMER_REAL, &once, NULL);
		reading = 1;
		if (pread(fd, buffer, sizeof(buffer), 0) < 0)
			error = errno;
		reading = 0;
	}
	return error;
}

static void test_signal(void)
{
	struct sigaction action = { .sa_handler = on_alarm };
	struct itimerval tick = { { 0, 1000 }, { 0, 1000 } };
	struct itimerval none = { { 0, 0 }, { 0, 0 } };
	void *vast = map_vast();
	char buffer[4096];
	int fd, i, error = 0;

	if (!vast) {
		skip("no vast mapping: %s", strerror(errno));
		skip("no vast mapping: %s", strerror(errno));
		return;
	}
	attach(getpid());
	fd = must_open(getpid(), "summary");
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &tick, NULL);
	for (i = 0; i < 1000 && !error; i++) {
		if (pread(fd, buffer, sizeof(buffer), 0) < 0)
			error = errno;
	}
	setitimer(ITIMER_REAL, &none, NULL);
	ok(error == EINTR, "a signal interrupts a long read");
	error = read_restarted(fd);
	if (!ok(!error && interrupted, "which begins anew where the handler has SA_RESTART"))
		diag("%s, interrupted %d times", strerror(error), interrupted);
	close(fd);
	detach(getpid());
	munmap(vast, 1024UL << 30);
}

int main(void)
{
	tap_plan(7 + 10 + 4 + 2 + 3 + 1 + 2);
	test_exec();
	test_exit();
	test_detached();
	test_dead_leader();
	test_recycled();
	test_busy();
	test_signal();
	return tap_done();
}
