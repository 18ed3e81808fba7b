// SPDX-License-Identifier: GPL-2.0
/* Actors: both ends, the runner's and the process' own. */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "actor.h"
#include "procstat.h"

/* Of a child that shares its parent's memory: it runs no deep code. */
#define VFORK_STACK	(256 * 1024)

/* Much, since the machine may be emulated and busy. */
#define REST_SECONDS	60
#define REST_STEP_US	100

enum op {
	OP_WRITE,
	OP_READ,
	OP_CALL,
	OP_FORK,
	OP_VFORK,
	OP_EXIT,
};

struct command {
	enum op op;
	__u64 addr;
	size_t nr;
	char text[ACCESS_MAX];
	actor_fn fn;
	__u64 arg[CALL_ARGS];
};

struct answer {
	int err;
	struct access access;
};

/* The process' own end. */

static pid_t runner;
/* glibc declares clone() a "leaf": gcc thinks it cannot change our variables. */
static volatile int own_sock;
static pid_t fork_returned;
static sigjmp_buf access_failed;

/* The parent has died. Go on only as a child of the runner. */
static void orphaned(int sig)
{
	if (getppid() != runner)
		_exit(1);
	prctl(PR_SET_PDEATHSIG, sig);
}

static void refused(int sig)
{
	(void)sig;
	siglongjmp(access_failed, 1);
}

static void actor_signals(void)
{
	struct sigaction sa = { .sa_handler = orphaned, .sa_flags = SA_RESTART };
	pid_t parent = getppid();

	sigaction(SIGUSR1, &sa, NULL);
	sa.sa_handler = refused;
	sa.sa_flags = 0;
	sigaction(SIGSEGV, &sa, NULL);
	sigaction(SIGBUS, &sa, NULL);
	/* Ctrl-C reaches the whole group: it is the runner that ends us. */
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGTERM, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGUSR1);
	/* It may have died before it could be asked to tell. */
	if (getppid() != parent)
		orphaned(SIGUSR1);
}

static __u64 faults_so_far(void)
{
	/* Static: a stack page that is touched here must not be counted. */
	static struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt + usage.ru_majflt;
}

static void touch(const struct command *cmd, struct access *access)
{
	volatile char *p = (volatile char *)(uintptr_t)cmd->addr;
	__u64 before;
	size_t i;

	/* Once for nothing: its own pages must be there and writable. */
	faults_so_far();
	if (sigsetjmp(access_failed, 1)) {
		access->refused = true;
		return;
	}
	before = faults_so_far();
	for (i = 0; i < cmd->nr; i++) {
		if (cmd->op == OP_WRITE)
			p[i] = cmd->text[i];
		else
			access->text[i] = p[i];
	}
	access->faults = faults_so_far() - before;
}

/* Where the program's code ends: end(3). */
extern const char etext[];

/* More than what any function of an experiment has. */
#define CODE_BYTES	1024

/* What an experiment counts must not depend on where its code lies in a file. */
static void have_code(actor_fn fn)
{
	uintptr_t code = (uintptr_t)fn, last = (uintptr_t)etext - 1;

	if (last - code > CODE_BYTES)
		last = code + CODE_BYTES;
	(void)*(const volatile char *)code;
	(void)*(const volatile char *)last;
}

static int do_call(const struct command *cmd, struct access *access)
{
	__u64 before;
	int err;

	have_code(cmd->fn);
	faults_so_far();
	before = faults_so_far();
	err = cmd->fn(cmd->arg, &access->result);
	access->faults = faults_so_far() - before;
	return err;
}

static void actor_main(int sock) __attribute__((noreturn));

/* The child serves the other socket from here on, and never returns. */
static int do_fork(int child_sock, __u64 *pid)
{
	fork_returned = fork();
	if (fork_returned < 0)
		return -errno;
	if (!fork_returned) {
		close(own_sock);
		actor_main(child_sock);
	}
	*pid = fork_returned;
	return 0;
}

static int vfork_main(void *child_sock)
{
	own_sock = (intptr_t)child_sock;
	actor_signals();
	actor_serve(getpid());
}

/*
 * A stack of its own for the child, as posix_spawn() does it: it must not
 * change what the parent has on its own, to which it will return.
 */
static int do_vfork(int child_sock)
{
	char *stack = mmap(NULL, VFORK_STACK, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int sock = own_sock, err = 0;

	if (stack == MAP_FAILED)
		return -errno;
	if (clone(vfork_main, stack + VFORK_STACK,
		  CLONE_VM | CLONE_VFORK | SIGCHLD,
		  (void *)(intptr_t)child_sock) < 0)
		err = -errno;
	/* The child had our variables. */
	own_sock = sock;
	munmap(stack, VFORK_STACK);
	return err;
}

static void obey(const struct command *cmd, int passed, struct answer *ans)
{
	switch (cmd->op) {
	case OP_WRITE:
	case OP_READ:
		touch(cmd, &ans->access);
		break;
	case OP_CALL:
		ans->err = do_call(cmd, &ans->access);
		break;
	case OP_FORK:
		ans->err = do_fork(passed, &ans->access.result);
		break;
	case OP_VFORK:
		ans->err = do_vfork(passed);
		break;
	case OP_EXIT:
		_exit(0);
	}
}

/* A message, and with it a file descriptor or -1. */
static ssize_t receive(int sock, void *buf, size_t size, int *fd)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { buf, size };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *c;
	ssize_t n;

	*fd = -1;
	n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	c = n > 0 ? CMSG_FIRSTHDR(&msg) : NULL;
	if (c && c->cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(c), sizeof(*fd));
	return n;
}

static void answer(const struct answer *ans)
{
	if (send(own_sock, ans, sizeof(*ans), MSG_NOSIGNAL) < 0)
		_exit(1);
}

static void serve(void) __attribute__((noreturn));

static void serve(void)
{
	for (;;) {
		struct answer ans = { 0 };
		struct command cmd;
		int passed;

		/* End of file: the runner is gone. */
		if (receive(own_sock, &cmd, sizeof(cmd), &passed) !=
		    sizeof(cmd))
			_exit(1);
		obey(&cmd, passed, &ans);
		if (passed >= 0)
			close(passed);
		answer(&ans);
	}
}

/*
 * On a machine with several nodes the kernel makes faults of its own, to find out
 * who uses what; a lab counts faults. A policy of one's own, even if it says
 * what is done anyway, keeps that away (vma_policy_mof() in mm/mempolicy.c).
 */
static void no_numa_hints(void)
{
	enum { LOCAL = 4 };	/* MPOL_LOCAL, which linux/mempolicy.h has */

	syscall(SYS_set_mempolicy, LOCAL, NULL, 0);
}

static void actor_main(int sock)
{
	own_sock = sock;
	actor_signals();
	serve();
}

void actor_serve(__u64 result)
{
	struct answer ans = { .access.result = result };

	answer(&ans);
	serve();
}

pid_t actor_fork_returned(void)
{
	return fork_returned;
}

/* The runner's end. */

static int tell(struct actor *a, const struct command *cmd, int pass)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec iov = { (void *)cmd, sizeof(*cmd) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (a->sock < 0)
		return -ECHILD;
	if (pass >= 0) {
		struct cmsghdr *c = &control.align;

		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &pass, sizeof(int));
	}
	if (sendmsg(a->sock, &msg, MSG_NOSIGNAL) < 0)
		return errno == EPIPE ? -ECHILD : -errno;
	return 0;
}

static int hear(struct actor *a, struct answer *ans)
{
	ssize_t n;

	if (a->sock < 0)
		return -ECHILD;
	n = recv(a->sock, ans, sizeof(*ans), 0);
	if (n < 0)
		return errno == ECONNRESET ? -ECHILD : -errno;
	return n == sizeof(*ans) ? ans->err : -ECHILD;
}

/*
 * After its answer, and after its birth, an actor still runs on to where it waits
 * for the next command, and takes page faults on its way.
 */
static int rest(const struct actor *a)
{
	struct procstat st;
	long left = REST_SECONDS * 1000000L / REST_STEP_US;
	int err;

	while (!(err = procstat_read(a->pid, &st)) && st.state != 'S' &&
	       st.state != 'Z') {
		if (!left--)
			return -ETIMEDOUT;
		usleep(REST_STEP_US);
	}
	return err == -ENOENT || err == -ESRCH ? 0 : err;
}

static int ask(struct actor *a, const struct command *cmd, int pass,
	       struct access *access)
{
	int err = tell(a, cmd, pass);

	return err ? err : actor_end(a, access);
}

int cast_init(struct cast *cast)
{
	memset(cast, 0, sizeof(*cast));
	/* Actors whose parent exits become children of this process. */
	return prctl(PR_SET_CHILD_SUBREAPER, 1) ? -errno : 0;
}

static int enter(struct cast *cast, const char *name, pid_t pid, int sock,
		 struct actor **out)
{
	struct actor *a = &cast->actor[cast->nr];

	a->name = name;
	a->pid = pid;
	a->sock = sock;
	a->pidfd = syscall(SYS_pidfd_open, pid, 0);
	if (a->pidfd < 0)
		return -errno;
	cast->nr++;
	*out = a;
	return 0;
}

static int make_sockets(struct cast *cast, int sock[2])
{
	if (cast->nr == MAX_ACTORS)
		return -ENOSPC;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sock))
		return -errno;
	return 0;
}

/*
 * An actor that holds the runner's ends would keep the others from seeing
 * that the runner is gone.
 */
static void close_runner_ends(const struct cast *cast)
{
	size_t i;

	for (i = 0; i < cast->nr; i++) {
		if (cast->actor[i].sock >= 0)
			close(cast->actor[i].sock);
		close(cast->actor[i].pidfd);
	}
}

int actor_start(struct cast *cast, const char *name, struct actor **out)
{
	int sock[2], err;
	pid_t pid;

	err = make_sockets(cast, sock);
	if (err)
		return err;
	runner = getpid();
	pid = fork();
	if (!pid) {
		close_runner_ends(cast);
		close(sock[0]);
		/* Base pages, unless a lab wants others. */
		prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
		no_numa_hints();
		actor_main(sock[1]);
	}
	err = pid < 0 ? -errno : 0;
	close(sock[1]);
	if (!err)
		err = enter(cast, name, pid, sock[0], out);
	if (err) {
		close(sock[0]);
		return err;
	}
	return rest(*out);
}

int actor_fork(struct cast *cast, struct actor *parent, const char *name,
	       struct actor **out)
{
	struct command cmd = { .op = OP_FORK };
	struct access access = { 0 };
	int sock[2], err;

	err = make_sockets(cast, sock);
	if (err)
		return err;
	err = ask(parent, &cmd, sock[1], &access);
	close(sock[1]);
	if (!err)
		err = enter(cast, name, access.result, sock[0], out);
	if (err) {
		close(sock[0]);
		return err;
	}
	(*out)->parent = parent->pid;
	return rest(*out);
}

int actor_vfork(struct cast *cast, struct actor *parent, const char *name,
		struct actor **out)
{
	struct command cmd = { .op = OP_VFORK };
	struct actor child = { .pidfd = -1 };
	struct answer ans;
	int sock[2], err;

	err = make_sockets(cast, sock);
	if (err)
		return err;
	err = tell(parent, &cmd, sock[1]);
	close(sock[1]);
	/* The parent cannot answer: the child is the first to be heard. */
	child.sock = sock[0];
	if (!err)
		err = hear(&child, &ans);
	if (!err)
		err = enter(cast, name, ans.access.result, sock[0], out);
	if (err) {
		close(sock[0]);
		return err;
	}
	(*out)->parent = parent->pid;
	return rest(*out);
}

static struct command write_command(__u64 addr, const void *bytes, size_t nr)
{
	struct command cmd = { .op = OP_WRITE, .addr = addr };

	cmd.nr = nr < ACCESS_MAX ? nr : ACCESS_MAX;
	memcpy(cmd.text, bytes, cmd.nr);
	return cmd;
}

int actor_begin_write(struct actor *a, __u64 addr, const void *bytes,
		      size_t nr)
{
	struct command cmd = write_command(addr, bytes, nr);

	return tell(a, &cmd, -1);
}

int actor_write(struct actor *a, __u64 addr, const void *bytes, size_t nr,
		struct access *access)
{
	struct command cmd = write_command(addr, bytes, nr);

	return ask(a, &cmd, -1, access);
}

int actor_read(struct actor *a, __u64 addr, size_t nr, struct access *access)
{
	struct command cmd = { .op = OP_READ, .addr = addr };

	cmd.nr = nr < ACCESS_MAX ? nr : ACCESS_MAX;
	return ask(a, &cmd, -1, access);
}

int actor_begin_call(struct actor *a, actor_fn fn, const __u64 *arg)
{
	struct command cmd = { .op = OP_CALL, .fn = fn };

	memcpy(cmd.arg, arg, sizeof(cmd.arg));
	return tell(a, &cmd, -1);
}

int actor_call(struct actor *a, actor_fn fn, const __u64 *arg,
	       struct access *access)
{
	int err = actor_begin_call(a, fn, arg);

	return err ? err : actor_end(a, access);
}

int actor_end(struct actor *a, struct access *access)
{
	struct answer ans = { 0 };
	int err = hear(a, &ans);

	*access = ans.access;
	return err ? err : rest(a);
}

static int wait_exit(struct actor *a)
{
	struct pollfd pfd = { .fd = a->pidfd, .events = POLLIN };

	return poll(&pfd, 1, -1) < 0 ? -errno : 0;
}

int actor_exit(struct cast *cast, struct actor *a)
{
	struct command cmd = { .op = OP_EXIT };
	int err = tell(a, &cmd, -1);
	size_t i;

	if (!err)
		err = wait_exit(a);
	if (err)
		return err;
	close(a->sock);
	a->sock = -1;
	/* Its children are signalled. */
	for (i = 0; i < cast->nr && !err; i++) {
		if (cast->actor[i].sock >= 0)
			err = rest(&cast->actor[i]);
	}
	return err;
}

void cast_end(struct cast *cast)
{
	size_t i;

	for (i = 0; i < cast->nr; i++) {
		struct actor *a = &cast->actor[i];

		syscall(SYS_pidfd_send_signal, a->pidfd, SIGKILL, NULL, 0);
		close(a->pidfd);
		if (a->sock >= 0)
			close(a->sock);
	}
	cast->nr = 0;
	/* Actors of actors come to us when their parents have gone. */
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
}
