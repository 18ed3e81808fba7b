// SPDX-License-Identifier: GPL-2.0
/*
 * Starts the command that is traced, so that nothing of ours is counted as its.
 *
 * A forked child would have faults of its own until it calls exec: copies of our
 * memory. So the child shares our memory, as after vfork(), but we go on: what
 * faults until exec is a fault in our memory, and we are not traced. Its first
 * fault in memory of its own is one of exec.
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <fcntl.h>

#include "invoker.h"
#include "safe.h"
#include "trace.h"

#define STACK_SIZE	(1024 * 1024)
#define MAX_GROUPS	1024

/**
 * struct trace_command - a command
 * @argv: what to run
 * @pid: its process
 * @foreground: stays in our process group
 * @change_user: run it as @uid, @gid, @groups
 * @uid: the user who called sudo
 * @gid: their group
 * @nr_groups: entries in @groups
 * @groups: their other groups
 * @go: our end of a pipe; a byte in it lets the child call exec
 * @result: our end of a pipe, which exec closes; otherwise errno comes out of it
 * @child: what the child has of these, which it reads when it likes to
 * @stack: of the child until then
 * @told_stopped: the user knows
 */
struct trace_command {
	char **argv;
	pid_t pid;
	bool foreground;
	bool change_user;
	uid_t uid;
	gid_t gid;
	int nr_groups;
	gid_t groups[MAX_GROUPS];
	int go;
	int result;
	struct {
		int go;
		int others_go;
		int result;
	} child;
	char *stack;
	bool told_stopped;
};

static void close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* ---- the user who called sudo ---- */

/* sudo has replaced some of these by root's. */
static void set_environment(const struct passwd *user)
{
	setenv("HOME", user->pw_dir, 1);
	setenv("USER", user->pw_name, 1);
	setenv("LOGNAME", user->pw_name, 1);
	setenv("SHELL", user->pw_shell, 1);
}

static void find_invoker(struct trace_command *cmd)
{
	const struct passwd *user;

	cmd->change_user = invoker_ids(&cmd->uid, &cmd->gid);
	if (!cmd->change_user)
		return;
	cmd->nr_groups = 1;
	cmd->groups[0] = cmd->gid;
	user = getpwuid(cmd->uid);
	if (!user)
		return;
	set_environment(user);
	cmd->nr_groups = MAX_GROUPS;
	if (getgrouplist(user->pw_name, cmd->gid, cmd->groups,
			 &cmd->nr_groups) < 0)
		cmd->nr_groups = MAX_GROUPS;
}

/* ---- in the child, which shares our memory ---- */

/*
 * The functions of libc make all threads that share memory change. System calls
 * change the caller.
 */
static int become_invoker(const struct trace_command *cmd)
{
	return syscall(SYS_setgroups, cmd->nr_groups, cmd->groups) ||
	       syscall(SYS_setresgid, cmd->gid, cmd->gid, cmd->gid) ||
	       syscall(SYS_setresuid, cmd->uid, cmd->uid, cmd->uid);
}

static bool wait_for_go(int fd)
{
	char byte;
	ssize_t n;

	do {
		n = read(fd, &byte, 1);
	} while (n < 0 && errno == EINTR);
	return n == 1;
}

static int child_main(void *arg)
{
	struct trace_command *cmd = arg;
	int error;

	/* Descriptors are not shared: if we die, the child shall see it. */
	close(cmd->child.others_go);
	if (!wait_for_go(cmd->child.go))
		_exit(EXIT_FAILED);
	/* Ctrl-C goes to the foreground process group. */
	if (!cmd->foreground)
		setpgid(0, 0);
	signal(SIGPIPE, SIG_DFL);
	error = cmd->change_user && become_invoker(cmd);
	if (!error)
		execvp(cmd->argv[0], cmd->argv);
	error = errno;
	if (write(cmd->child.result, &error, sizeof(error)) < 0)
		_exit(EXIT_FAILED);
	_exit(127);
}

/* ---- in the parent ---- */

static int make_pipe(int *reader, int *writer)
{
	int fd[2];

	if (pipe2(fd, O_CLOEXEC))
		return -errno;
	*reader = fd[0];
	*writer = fd[1];
	return 0;
}

static int make_child(struct trace_command *cmd)
{
	cmd->stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (cmd->stack == MAP_FAILED)
		return -errno;
	cmd->child.others_go = cmd->go;
	cmd->pid = clone(child_main, cmd->stack + STACK_SIZE,
			 CLONE_VM | SIGCHLD, cmd);
	return cmd->pid < 0 ? -errno : 0;
}

static int make_pipes_and_child(struct trace_command *cmd)
{
	int err;

	err = make_pipe(&cmd->child.go, &cmd->go);
	if (err)
		return err;
	err = make_pipe(&cmd->result, &cmd->child.result);
	if (!err) {
		err = make_child(cmd);
		close(cmd->child.result);
	}
	close(cmd->child.go);
	return err;
}

int trace_command_new(const struct trace_options *o,
		      struct trace_command **out)
{
	struct trace_command *cmd = calloc(1, sizeof(*cmd));
	int err = -ENOMEM;

	if (cmd) {
		cmd->argv = o->command;
		cmd->foreground = o->foreground;
		cmd->stack = MAP_FAILED;
		cmd->go = -1;
		cmd->result = -1;
		if (!o->as_root)
			find_invoker(cmd);
		err = make_pipes_and_child(cmd);
	}
	if (err) {
		report(o->command[0], err);
		trace_command_free(cmd);
		return err;
	}
	*out = cmd;
	return 0;
}

pid_t trace_command_pid(const struct trace_command *cmd)
{
	return cmd->pid;
}

int trace_command_exec(struct trace_command *cmd)
{
	int error = 0;
	ssize_t n;

	if (write(cmd->go, "", 1) != 1)
		return report(cmd->argv[0], -errno);
	do {
		n = read(cmd->result, &error, sizeof(error));
	} while (n < 0 && errno == EINTR);
	if (n == 0)
		return 0;
	report(cmd->argv[0], -error);
	return error == ENOENT ? 127 : 126;
}

/* It is not reaped here: its entries in /proc stay to be read. */
void trace_command_stopped(struct trace_command *cmd)
{
	siginfo_t info = { 0 };

	if (cmd->told_stopped ||
	    waitid(P_PID, cmd->pid, &info, WSTOPPED | WNOHANG) ||
	    (info.si_status != SIGTTIN && info.si_status != SIGTTOU))
		return;
	cmd->told_stopped = true;
	fputs("cowinspect: ", stderr);
	put_safe(stderr, cmd->argv[0]);
	fprintf(stderr,
		" wants the terminal and was stopped: end it (kill -KILL %d) and use --foreground\n",
		cmd->pid);
}

int trace_command_wait(struct trace_command *cmd)
{
	int status;

	/* After Ctrl-C it goes on, and nobody waits for it. */
	do {
		if (interrupt_signal())
			return EXIT_FAILED;
	} while (waitpid(cmd->pid, &status, 0) < 0 && errno == EINTR);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
				     WEXITSTATUS(status);
}

void trace_command_free(struct trace_command *cmd)
{
	if (!cmd)
		return;
	close_end(&cmd->go);
	/* Until exec, the child needs its stack: wait until it has let go. */
	if (cmd->result >= 0 && cmd->pid > 0) {
		int error;

		while (read(cmd->result, &error, sizeof(error)) < 0 &&
		       errno == EINTR)
			;
	}
	close_end(&cmd->result);
	if (cmd->stack != MAP_FAILED)
		munmap(cmd->stack, STACK_SIZE);
	free(cmd);
}
