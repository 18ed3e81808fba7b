// SPDX-License-Identifier: GPL-2.0
/* Actors: both ends, the runner's and the process' own. */
#include <errno.h>
#include <poll.h>
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

enum op {
	OP_MAP,
	OP_FILL,
	OP_WRITE,
	OP_READ,
	OP_CALL,
	OP_FORK,
	OP_EXIT,
};

struct command {
	enum op op;
	__u64 addr;
	__u64 bytes;
	__u64 arg;
	unsigned char value;
	int (*fn)(__u64 arg);
};

struct answer {
	int err;
	__u64 result;
	struct access access;
};

/* The process' own end. */

static pid_t runner;
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
	unsigned char *p = (unsigned char *)(uintptr_t)cmd->addr;
	__u64 before;

	/* Once for nothing: its own pages must be there and writable. */
	faults_so_far();
	before = faults_so_far();
	if (sigsetjmp(access_failed, 1)) {
		access->refused = true;
		return;
	}
	if (cmd->op == OP_WRITE)
		__atomic_store_n(p, cmd->value, __ATOMIC_SEQ_CST);
	else
		access->value = __atomic_load_n(p, __ATOMIC_SEQ_CST);
	access->faults = faults_so_far() - before;
}

static int do_map(__u64 bytes, __u64 *addr)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return -errno;
	/* EINVAL: a kernel without huge pages, which is as good. */
	if (madvise(p, bytes, MADV_NOHUGEPAGE) && errno != EINVAL)
		return -errno;
	*addr = (uintptr_t)p;
	return 0;
}

static void actor_main(int sock);

/* The child serves the other socket from here on, and never returns. */
static int do_fork(int sock, int child_sock, __u64 *pid)
{
	pid_t child = fork();

	if (child < 0)
		return -errno;
	if (!child) {
		close(sock);
		actor_main(child_sock);
	}
	*pid = child;
	return 0;
}

static void obey(int sock, const struct command *cmd, int passed,
		 struct answer *ans)
{
	switch (cmd->op) {
	case OP_MAP:
		ans->err = do_map(cmd->bytes, &ans->result);
		break;
	case OP_FILL:
		memset((void *)(uintptr_t)cmd->addr, cmd->value, cmd->bytes);
		break;
	case OP_WRITE:
	case OP_READ:
		touch(cmd, &ans->access);
		break;
	case OP_CALL:
		ans->err = cmd->fn(cmd->arg);
		break;
	case OP_FORK:
		ans->err = do_fork(sock, passed, &ans->result);
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

static void actor_main(int sock)
{
	actor_signals();
	for (;;) {
		struct answer ans = { 0 };
		struct command cmd;
		int passed;

		/* End of file: the runner is gone. */
		if (receive(sock, &cmd, sizeof(cmd), &passed) != sizeof(cmd))
			_exit(1);
		obey(sock, &cmd, passed, &ans);
		if (passed >= 0)
			close(passed);
		if (send(sock, &ans, sizeof(ans), MSG_NOSIGNAL) < 0)
			_exit(1);
	}
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

static int ask(struct actor *a, const struct command *cmd, int pass,
	       struct answer *ans)
{
	ssize_t n;
	int err;

	if (a->sock < 0)
		return -ECHILD;
	err = tell(a, cmd, pass);
	if (err)
		return err;
	n = recv(a->sock, ans, sizeof(*ans), 0);
	if (n < 0)
		return errno == ECONNRESET ? -ECHILD : -errno;
	return n == sizeof(*ans) ? ans->err : -ECHILD;
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
		actor_main(sock[1]);
	}
	err = pid < 0 ? -errno : 0;
	close(sock[1]);
	if (!err)
		err = enter(cast, name, pid, sock[0], out);
	if (err)
		close(sock[0]);
	return err;
}

int actor_fork(struct cast *cast, struct actor *parent, const char *name,
	       struct actor **out)
{
	struct command cmd = { .op = OP_FORK };
	struct answer ans = { 0 };
	int sock[2], err;

	err = make_sockets(cast, sock);
	if (err)
		return err;
	err = ask(parent, &cmd, sock[1], &ans);
	close(sock[1]);
	if (!err)
		err = enter(cast, name, ans.result, sock[0], out);
	if (err)
		close(sock[0]);
	else
		(*out)->parent = parent->pid;
	return err;
}

int actor_map(struct actor *a, __u64 bytes, __u64 *addr)
{
	struct command cmd = { .op = OP_MAP, .bytes = bytes };
	struct answer ans = { 0 };
	int err = ask(a, &cmd, -1, &ans);

	*addr = ans.result;
	return err;
}

int actor_fill(struct actor *a, __u64 addr, __u64 bytes,
	       unsigned char value)
{
	struct command cmd = {
		.op = OP_FILL,
		.addr = addr,
		.bytes = bytes,
		.value = value,
	};
	struct answer ans;

	return ask(a, &cmd, -1, &ans);
}

int actor_write(struct actor *a, __u64 addr, unsigned char value,
		struct access *access)
{
	struct command cmd = { .op = OP_WRITE, .addr = addr, .value = value };
	struct answer ans = { 0 };
	int err = ask(a, &cmd, -1, &ans);

	*access = ans.access;
	return err;
}

int actor_read(struct actor *a, __u64 addr, struct access *access)
{
	struct command cmd = { .op = OP_READ, .addr = addr };
	struct answer ans = { 0 };
	int err = ask(a, &cmd, -1, &ans);

	*access = ans.access;
	return err;
}

int actor_call(struct actor *a, int (*fn)(__u64 arg), __u64 arg)
{
	struct command cmd = { .op = OP_CALL, .fn = fn, .arg = arg };
	struct answer ans;

	return ask(a, &cmd, -1, &ans);
}

static int wait_exit(struct actor *a)
{
	struct pollfd pfd = { .fd = a->pidfd, .events = POLLIN };

	return poll(&pfd, 1, -1) < 0 ? -errno : 0;
}

int actor_exit(struct actor *a)
{
	struct command cmd = { .op = OP_EXIT };
	int err = a->sock < 0 ? -ECHILD : tell(a, &cmd, -1);

	if (!err)
		err = wait_exit(a);
	if (err)
		return err;
	close(a->sock);
	a->sock = -1;
	return 0;
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
