// SPDX-License-Identifier: GPL-2.0
/*
 * A target that wants more memory than it may have, and a reader of it under the
 * same limit. Each is killed in the middle of whatever it does, in either order.
 */
#include "torture.h"

#define GROUP	"/tmp/cgroup/torture/"

static void join(bool first_to_go)
{
	if (!set_file(GROUP "cgroup.procs", "0"))
		bail("cannot join the control group");
	set_file("/proc/self/oom_score_adj", first_to_go ? "1000" : "0");
}

static void grow(void)
{
	char *p;

	for (;;) {
		p = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (p == MAP_FAILED)
			_exit(0);
		memset(p, 1, 64 * PAGE);
	}
}

static void be_target(void *first)
{
	join(*(bool *)first);
	kill(getpid(), SIGSTOP);
	grow();
}

struct reader {
	pid_t target;
	bool first;
};

static void read_once(pid_t pid, const char *file)
{
	static char buffer[1 << 16];
	int fd = try_open(pid, file);
	ssize_t got;

	if (fd < 0) {
		/* There may be no memory for it, either. */
		if (errno != ENOMEM)
			may_happen(errno, "open under a memory limit");
		return;
	}
	do
		got = read(fd, buffer, sizeof(buffer));
	while (got > 0);
	if (got < 0 && errno != ENOMEM)
		may_happen(errno, "read under a memory limit");
	close(fd);
}

static void be_reader(void *arg)
{
	static const char * const files[] = {
		"summary", "vmas", "pages", "faults"
	};
	struct reader *r = arg;
	char *p;

	join(r->first);
	for (;;) {
		read_once(r->target, files[rnd(4)]);
		p = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (p != MAP_FAILED)
			memset(p, 1, 16 * PAGE);
	}
}

/* Returns whether it was killed before we did. */
static bool end(pid_t pid)
{
	siginfo_t info = { 0 };
	bool dead;

	waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT);
	dead = info.si_pid == pid && info.si_code == CLD_KILLED;
	reap(pid);
	return dead;
}

/* Whoever is left goes on to take memory, until it is killed as well. */
static void wait_killed(pid_t pid)
{
	siginfo_t info = { 0 };
	int i;

	for (i = 0; i < ENDS_WITHIN * 20 && !info.si_pid; i++) {
		usleep(50 * 1000);
		waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT);
	}
	if (!info.si_pid)
		say_where(pid);
}

void oom(void)
{
	bool target_first = rnd(2), reader_first;
	struct reader r;
	pid_t pid, reader;
	int status;

	/* Nobody to play with. */
	if (missing[NEED_CGROUP])
		for (;;)
			pause();
	for (;;) {
		target_first = !target_first;
		reader_first = !target_first;
		pid = spawn(be_target, &target_first);
		waitpid(pid, &status, WUNTRACED);
		command_pid("attach", pid);
		r = (struct reader){ pid, reader_first };
		reader = spawn(be_reader, &r);
		kill(pid, SIGCONT);
		wait_killed(pid);
		wait_killed(reader);
		count(OP_OOM_TARGET, end(pid));
		count(OP_OOM_READER, end(reader));
		command_pid("detach", pid);
		usleep(rnd(1000) * 1000);
	}
}
