// SPDX-License-Identifier: GPL-2.0
/*
 * What the module's files give away, to whom: descriptors that change hands,
 * namespaces, processes that their opener may not trace, and addresses of the
 * kernel. Where it can be asked, /proc/PID/pagemap is asked the same.
 */
#include <linux/capability.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "events.h"
#include "have.h"

#define USER	1000
#define PAGES	8

static const char *const files[] = {
	"summary", "vmas", "pages", "faults"
};

#define NR_FILES ((int)(sizeof(files) / sizeof(files[0])))

static pid_t target;
static char *memory;		/* of the target, at the same address here */

/* Whether @run holds for somebody else: a child of its own. */
static bool holds(bool (*run)(int arg), int arg)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(run(arg) ? 0 : 1);
	if (waitpid(pid, &status, 0) != pid)
		bail("waitpid");
	return !status;
}

static bool be_user(void)
{
	return !setgid(USER) && !setuid(USER);
}

static bool drop(int capability)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data))
		return false;
	data[capability / 32].effective &= ~(1U << capability % 32);
	data[capability / 32].permitted &= ~(1U << capability % 32);
	return !syscall(SYS_capset, &header, data);
}

static void *map_zeroed(size_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		bail("mmap");
	return at;
}

/* ---- descriptors that change hands ---- */

/* The frame of the target's first page; 0 if it is not told. */
static uint64_t frame_in_pages(int fd)
{
	struct cowinspect_page page = { 0 };

	if (pread(fd, &page, sizeof(page), (unsigned long)memory) !=
	    sizeof(page) || page.addr != (unsigned long)memory)
		return 0;
	return page.pfn;
}

static uint64_t frame_in_pagemap(int fd)
{
	uint64_t entry = 0;

	if (pread(fd, &entry, 8, (unsigned long)memory / PAGE * 8) != 8)
		return 0;
	return PAGEMAP_PFN(entry);
}

static int open_pagemap(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	return open(path, O_RDONLY);
}

static bool same_frame(int fd, int pagemap)
{
	uint64_t frame = frame_in_pages(fd);

	return frame && frame == frame_in_pagemap(pagemap);
}

static int pagemap_fd;

static bool user_reads_on(int fd)
{
	return be_user() && same_frame(fd, pagemap_fd);
}

static bool without_admin_reads_on(int fd)
{
	return drop(CAP_SYS_ADMIN) && same_frame(fd, pagemap_fd);
}

static bool user_cannot_reopen(int fd)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return be_user() && open(path, O_RDONLY) < 0 && errno == EACCES;
}

static bool user_commands(int fd)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%d\n", target);

	return be_user() && write(fd, text, len) == len;
}

/* A user who never had the right gets the file from one who has. */
static bool passed_on(int fd)
{
	int socket[2], status, got;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, socket))
		bail("socketpair");
	pid = fork();
	if (!pid) {
		close(fd);
		if (!be_user())
			_exit(2);
		got = receive_fd(socket[1], 0);
		_exit(got >= 0 && frame_in_pages(got) ? 0 : 1);
	}
	if (!send_fd(socket[0], fd, 0) || waitpid(pid, &status, 0) != pid)
		bail("cannot pass a descriptor");
	close(socket[0]);
	close(socket[1]);
	return !status;
}

static void test_descriptors(void)
{
	int fd = must_open(target, "pages"), path;
	int command = open(COW_DIR "/attach", O_WRONLY);
	char name[PATH_MAX];

	pagemap_fd = open_pagemap(target);
	ok(same_frame(fd, pagemap_fd), "pages and pagemap tell root the frame");
	ok(holds(user_reads_on, fd),
	   "a user who inherits both open reads it from both");
	ok(holds(without_admin_reads_on, fd),
	   "so does root, having dropped CAP_SYS_ADMIN");
	ok(passed_on(fd), "so does a user who was sent pages over a socket");
	ok(holds(user_cannot_reopen, fd), "but that user cannot open it anew");
	snprintf(name, sizeof(name), COW_DIR "/%d/pages", target);
	path = open(name, O_PATH);
	ok(path >= 0 && holds(user_cannot_reopen, path) &&
	   read(path, name, 48) < 0 && errno == EBADF,
	   "nor by a descriptor that is only a path");
	ok(holds(user_commands, command),
	   "attach, inherited open, takes what a user writes");
	close(path);
	close(command);
	close(pagemap_fd);
	close(fd);
}

/* ---- what a user finds out without any file ---- */

/* The error of opening a file in the directory of @pid. */
static int error_of(pid_t pid, const char *file)
{
	int fd = try_open(pid, file);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static bool user_learns_nothing(int pid)
{
	char path[PATH_MAX];
	struct stat st;
	int i;

	if (!be_user())
		return false;
	for (i = 0; i < NR_FILES; i++) {
		/* Attached; running; of nobody. */
		if (error_of(target, files[i]) != EACCES ||
		    error_of(pid, files[i]) != EACCES ||
		    error_of(4000000, files[i]) != EACCES)
			return false;
	}
	snprintf(path, sizeof(path), COW_DIR "/%d", target);
	return stat(path, &st) && errno == EACCES &&
	       command_pid("attach", target) == EACCES &&
	       command_pid("attach", 4000000) == EACCES &&
	       command_pid("detach", target) == EACCES;
}

/* /proc shows a user nothing but their own. */
static bool hidden(int pid)
{
	char path[64];

	if (unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("proc", "/proc", "proc", 0, "hidepid=2"))
		return false;
	snprintf(path, sizeof(path), "/proc/%d", target);
	/* Root sees it all the same, and reads. */
	return !access(path, F_OK) && !error_of(target, "pages") &&
	       user_learns_nothing(pid) && access(path, F_OK);
}

static bool cannot_mount(int unused)
{
	(void)unused;
	return !unshare(CLONE_NEWUSER | CLONE_NEWNS) &&
	       mount("debugfs", "/mnt", "debugfs", 0, NULL) && errno == EPERM;
}

static void test_users(void)
{
	pid_t other = spawn(NULL, NULL);

	ok(holds(user_learns_nothing, other),
	   "a user gets the same error for processes attached, running and not there");
	ok(holds(hidden, other), "and with hidepid; root reads with it, too");
	mkdir("/mnt", 0755);
	if (have(lacks_user_namespaces(), 1))
		ok(holds(cannot_mount, 0),
		   "root of a user namespace cannot mount debugfs");
	reap(other);
}

/* ---- processes that their opener may not trace ---- */

/* A user's, which does not let itself be looked at. */
static void closed(void *arg)
{
	if (!be_user() || prctl(PR_SET_DUMPABLE, 0))
		_exit(1);
	*(volatile int *)arg = 1;
	for (;;)
		pause();
}

/*
 * CAP_SYS_ADMIN alone decides, as it does for perf. /proc/PID/pagemap asks for the
 * right to trace as well in 6.1, and no longer in 7.2.
 */
static bool admin_suffices(int pid)
{
	return drop(CAP_SYS_PTRACE) && !error_of(pid, "pages");
}

static bool ptrace_does_not(int pid)
{
	return drop(CAP_SYS_ADMIN) && open_pagemap(pid) >= 0 &&
	       error_of(pid, "pages") == EPERM;
}

static void test_closed(void)
{
	volatile int *ready = map_zeroed(PAGE);
	pid_t pid = spawn(closed, (void *)ready);
	int i;

	for (i = 0; i < 6000 && !*ready; i++)
		usleep(10 * 1000);
	if (!*ready)
		bail("the child was not ready within a minute");
	attach(pid);
	ok(holds(admin_suffices, pid),
	   "CAP_SYS_ADMIN reads of a process that it may not trace");
	ok(holds(ptrace_does_not, pid),
	   "CAP_SYS_PTRACE traces it, and reads nothing");
	detach(pid);
	reap(pid);
}

/* ---- pid namespaces ---- */

static int steps[2][2];		/* to the inner process, and from it */

static void say(int pipe[2])
{
	if (write(pipe[1], "", 1) != 1)
		_exit(1);
}

static bool hear(int pipe[2])
{
	char byte;

	return read(pipe[0], &byte, 1) == 1;
}

/* The first process of its namespace: number 1 there. */
static bool inner(pid_t outside)
{
	int fd;
	bool good;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* A number from outside names nobody here. */
	good = command_pid("attach", outside) == ESRCH &&
	       !command_pid("attach", 1);
	fd = try_open(1, "summary");
	good = good && fd >= 0;
	close(fd);
	say(steps[1]);
	good = good && hear(steps[0]);
	return !command_pid("detach", 1) && good;
}

static void test_namespace(void)
{
	pid_t maker, pid = getpid();
	int status;

	if (pipe(steps[0]) || pipe(steps[1]))
		bail("pipe");
	maker = fork_mortal();
	if (!maker) {
		if (unshare(CLONE_NEWPID))
			_exit(3);
		maker = fork();
		if (!maker)
			_exit(inner(pid) ? 0 : 1);
		_exit(waitpid(maker, &status, 0) != maker || status);
	}
	if (!hear(steps[1]))
		bail("nobody in the namespace");
	ok(command_pid("attach", 1) == EEXIST,
	   "the name of a process attached in another namespace is taken");
	say(steps[0]);
	waitpid(maker, &status, 0);
	ok(!status, "numbers are those of the namespace of who writes them");
	ok(!command_pid("attach", 1) && !command_pid("detach", 1),
	   "and the name is free again afterwards");
}

/* ---- addresses of the kernel ---- */

static bool of_kernel(uint64_t word)
{
	return word >> 56 == 0xff && word != COWINSPECT_NO_PFN;
}

/* Numbers of a text that are long enough to be one. */
static bool text_is_clean(const char *text)
{
	char *end;

	for (; *text; text = *end ? end + 1 : end) {
		text += strcspn(text, "0123456789abcdef");
		end = (char *)text + strspn(text, "0123456789abcdef");
		if (end - text >= 14 && of_kernel(strtoull(text, NULL, 16)))
			return false;
		if (end - text >= 19 && of_kernel(strtoull(text, NULL, 10)))
			return false;
		if (!*text)
			break;
	}
	return true;
}

static bool words_are_clean(const void *from, size_t size)
{
	const uint64_t *word = from;
	size_t i;

	for (i = 0; i < size / 8; i++) {
		if (of_kernel(word[i]))
			return false;
	}
	return true;
}

/* Entries of many kinds, also of those whose bits the kernel turns around. */
static void lay_out(void)
{
	char *p = map_pages(PAGES, MAP_PRIVATE);
	int i;

	for (i = 0; i < PAGES; i++)
		p[i * PAGE] = 1;
	mprotect(p, PAGE, PROT_NONE);
	madvise(p + PAGE, PAGE, MADV_PAGEOUT);
	(void)*(volatile char *)map_pages(1, MAP_PRIVATE);
	*map_pages(1, MAP_SHARED) = 1;
}

static bool pages_are_clean(void)
{
	static struct cowinspect_page buffer[1024];
	int fd = must_open(getpid(), "pages");
	bool clean = true, any = false;
	ssize_t got;

	while ((got = read(fd, buffer, sizeof(buffer))) > 0) {
		clean = clean && words_are_clean(buffer, got);
		any = true;
	}
	close(fd);
	return clean && any;
}

/**
 * struct verdict - on the samples that were read
 * @samples: how many there were
 * @clean: no address of the kernel was in their data
 */
struct verdict {
	int samples;
	bool clean;
};

static void judge_sample(const struct sample *s, void *verdict)
{
	static uint64_t raw[1 << 13];
	struct verdict *v = verdict;
	uint32_t size;

	memcpy(&size, s->raw - sizeof(size), sizeof(size));
	/* They begin in the middle of eight bytes. */
	memcpy(raw, s->raw, size);
	v->samples++;
	v->clean = v->clean && words_are_clean(raw, size);
}

/* What this process does is told to one who listens. */
static bool samples_are_clean(const char *event, void (*act)(void))
{
	const struct listening to = {
		.event = event, .pid = getpid(), .ring = RING_SIZE
	};
	struct verdict v = { .clean = true };
	struct listener l = listen_to(&to);

	act();
	drain(&l, judge_sample, &v);
	stop_listening(&l);
	return v.clean && v.samples;
}

static void have_child(void)
{
	reap(spawn(NULL, NULL));
}

static void test_addresses(void)
{
	static const char *const texts[] = { "summary", "vmas", "faults" };
	char *text;
	int i;

	ok(!text_is_clean("a: 12 ffff888012345678\n") &&
	   !text_is_clean("a: 18446612682070000000") &&
	   text_is_clean("7fffffffe000-7ffffffff000 rw-p 1234"),
	   "addresses of the kernel would be found");
	lay_out();
	attach(getpid());
	for (i = 0; i < 3; i++) {
		text = slurp_target(getpid(), texts[i]);
		ok(*text && text_is_clean(text), "there are none in %s",
		   texts[i]);
		free(text);
	}
	text = slurp(COW_DIR "/status");
	ok(*text && text_is_clean(text), "nor in status");
	free(text);
	ok(pages_are_clean(), "nor in pages");
	detach(getpid());
	ok(samples_are_clean("cow_fault", lay_out), "nor in samples of cow_fault");
	ok(samples_are_clean("cow_fork", have_child), "nor in those of cow_fork");
}

int main(void)
{
	int i;

	tap_plan(7 + 3 + 2 + 3 + 8 + 1);
	mount_tracefs();
	memory = map_pages(PAGES, MAP_PRIVATE);
	for (i = 0; i < PAGES; i++)
		memory[i * PAGE] = 1;
	target = spawn(NULL, NULL);
	attach(target);
	test_descriptors();
	test_users();
	test_closed();
	test_namespace();
	test_addresses();
	detach(target);
	reap(target);
	ok(!status_number("targets"), "nothing is left attached");
	return tap_done();
}
