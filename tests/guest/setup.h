/* SPDX-License-Identifier: GPL-2.0 */
/* What tests ask of the machine and its kernel, and what they set up there. */
#ifndef COWINSPECT_TEST_SETUP_H
#define COWINSPECT_TEST_SETUP_H

#include <dirent.h>
#include <linux/io_uring.h>
#include <linux/loop.h>
#include <linux/sched.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/utsname.h>

#include "inspect.h"

/* The kernel resolves such faults itself, since 6.7. */
#ifndef UFFD_FEATURE_WP_ASYNC
#define UFFD_FEATURE_WP_ASYNC	(1 << 15)
#endif

/* Protection from any access: 7.3, after the headers that this may be built with. */
#ifndef UFFD_FEATURE_RWP
#define UFFD_FEATURE_RWP		(1 << 17)
#define UFFDIO_REGISTER_MODE_RWP	((uint64_t)1 << 3)
#define UFFDIO_RWPROTECT_MODE_RWP	((uint64_t)1 << 0)
#define UFFDIO_RWPROTECT		_IOWR(UFFDIO, 9, struct uffdio_rwprotect)
struct uffdio_rwprotect {
	struct uffdio_range range;
	uint64_t mode;
};
#endif

/* Advice that the C library may not know yet. */
#ifndef MADV_COLD
#define MADV_COLD		20
#define MADV_PAGEOUT		21
#endif
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ	22
#define MADV_POPULATE_WRITE	23
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE		25
#endif
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL	102
#define MADV_GUARD_REMOVE	103
#endif

#ifndef SYS_clone3
#define SYS_clone3		435
#endif

#define PARAMETER	"/sys/module/cowinspect/parameters/"

/* Whether this kernel is of that version, or later. */
static inline bool kernel_since(int major, int minor)
{
	static int has_major, has_minor;
	struct utsname name;

	if (!has_major &&
	    (uname(&name) ||
	     sscanf(name.release, "%d.%d", &has_major, &has_minor) != 2))
		bail("what kernel is this?");
	return has_major > major || (has_major == major && has_minor >= minor);
}

/* Write @text to a file that exists, in one write. Returns whether it took it. */
static inline bool set_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	bool good;

	if (fd < 0)
		return false;
	good = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);
	return good;
}

static inline void must_set_file(const char *path, const char *text)
{
	if (!set_file(path, text))
		bail("cannot write %s to %s: %s", text, path, strerror(errno));
}

/* What is there only in one piece may be in pieces, by who ran before us. */
static inline void put_memory_together(void)
{
	must_set_file("/proc/sys/vm/compact_memory", "1");
}

/* For what failed half way. Returns -1, with errno as it is. */
static inline int close_failed(int fd)
{
	int error = errno;

	close(fd);
	errno = error;
	return -1;
}

/* Of a file that has nothing but a number. */
static inline long number_in(const char *path)
{
	char *text = slurp(path);
	long n = strtol(text, NULL, 10);

	free(text);
	return n;
}

#define NR_HUGETLB	"/proc/sys/vm/nr_hugepages"

/*
 * Have so many hugetlb pages, by a file that says how many there are: the kernel takes
 * what it can get, and that fewer are there is no error to it. Returns whether it has
 * such pages at all.
 */
static inline bool set_hugetlb(const char *path, const char *pages)
{
	put_memory_together();
	if (!set_file(path, pages))
		return false;
	if (number_in(path) != atol(pages))
		bail("%s: %ld pages of %s", path, number_in(path), pages);
	return true;
}

/* ---- the module ---- */

/* Returns 0 or an errno. */
static inline int load_file(const char *path, const char *params)
{
	int fd = open(path, O_RDONLY);
	int error = 0;

	if (fd < 0)
		bail("no module to load: %s", path);
	if (syscall(SYS_finit_module, fd, params, 0))
		error = errno;
	close(fd);
	return error;
}

static inline int load_module(const char *params)
{
	return load_file(getenv("COWINSPECT_KO") ?: "/cowinspect.ko", params);
}

/* Does not wait for those who use it. Returns 0 or an errno. */
static inline int unload_named(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? errno : 0;
}

static inline int unload_module(void)
{
	return unload_named("cowinspect");
}

/* How many open files and the like keep the module from being unloaded. */
static inline long references(void)
{
	return number_in("/sys/module/cowinspect/refcnt");
}

/*
 * Whether a number in status becomes what it should: what is freed after a grace
 * period is freed soon.
 */
static inline bool status_becomes(const char *name, long long expected)
{
	if (comes_true(status_number(name) == expected))
		return true;
	diag("after a minute %s is %lld, not %lld", name, status_number(name),
	     expected);
	return false;
}

/* Detach all that status has with @state in their lines, or all. Returns how many. */
static inline int detach_all(const char *state)
{
	int fd = open(COW_DIR "/status", O_RDONLY), n = 0, pid;
	char *text, *line, word[16];

	if (fd < 0)
		return 0;
	text = slurp_fd(fd);
	close(fd);
	for (line = strstr(text, "\ntarget: "); line;
	     line = strstr(line + 1, "\ntarget: ")) {
		if (sscanf(line, "\ntarget: %d %15s", &pid, word) != 2 ||
		    (state && strcmp(word, state)))
			continue;
		if (!command_pid("detach", pid))
			n++;
	}
	free(text);
	return n;
}

/* ---- what makes races likely: tests/vm/yields ---- */

#define YIELDS_KO	"/cowinspect_yields.ko"
#define YIELDS		"/sys/module/cowinspect_yields/parameters/"

/* Whether this machine has that module. */
static inline bool has_yields(void)
{
	return !access(YIELDS_KO, R_OK);
}

/* Before the module: it wants to see that come. Returns 0 or an errno. */
static inline int load_yields(void)
{
	return load_file(YIELDS_KO, "");
}

static inline int unload_yields(void)
{
	return unload_named("cowinspect_yields");
}

/* ---- hooks of others ---- */

#define TRACING		"/sys/kernel/tracing/"
#define TRACEPOINTS	TRACING "events/cowinspect/"

static inline void mount_tracefs(void)
{
	if (access(TRACING "events", R_OK))
		mount("none", TRACING, "tracefs", 0, NULL);
}

/*
 * Somebody else's kretprobe, of the function that the module hooks. Returns false,
 * with errno, where there are no such events.
 */
static inline bool set_other_probe(bool on)
{
	mount_tracefs();
	if (on)
		return set_file(TRACING "dynamic_events",
				"r:cow_others/fault handle_mm_fault\n") &&
		       set_file(TRACING "events/cow_others/fault/enable", "1");
	return set_file(TRACING "events/cow_others/fault/enable", "0") &&
	       set_file(TRACING "dynamic_events", "-:cow_others/fault\n");
}

/*
 * For a program that attaches and listens again and again: the last one takes the hooks
 * with it, and to hook anew takes longer than all else there, as ftrace then looks at
 * each function of the kernel, several times. So somebody is attached who does nothing
 * and has no memory of ours, and forks are listened to. Not for a program with many
 * faults of processes that are not attached: each takes longer when it is hooked.
 */
static inline pid_t keep_hooked(void)
{
	pid_t keeper = vfork();

	if (!keeper) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl("/bin/sleep", "sleep", "1000000", NULL);
		_exit(1);
	}
	attach(keeper);
	mount_tracefs();
	must_set_file(TRACEPOINTS "cow_fork/enable", "1");
	return keeper;
}

static inline void let_unhook(pid_t keeper)
{
	must_set_file(TRACEPOINTS "cow_fork/enable", "0");
	must_set_file(TRACING "trace", "\n");
	detach(keeper);
	reap(keeper);
}

/* ---- processes ---- */

/* A child that waits to be killed, with an id that nobody has; or -1 with errno. */
static inline pid_t spawn_as(pid_t pid)
{
	struct clone_args args = {
		.exit_signal = SIGCHLD,
		.set_tid = (uintptr_t)&pid,
		.set_tid_size = 1,
	};
	pid_t parent = getpid(), child = syscall(SYS_clone3, &args, sizeof(args));

	if (child)
		return child;
	die_with(parent);
	for (;;)
		pause();
}

/* What a process waits for, for people: where each of its threads is. */
static inline void say_where(pid_t pid)
{
	static const char * const files[] = { "stat", "wchan", "syscall", "stack" };
	char path[64], *text, *line;
	struct dirent *entry;
	unsigned int i;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
			snprintf(path, sizeof(path), "/proc/%d/task/%.12s/%s",
				 pid, entry->d_name, files[i]);
			if (access(path, R_OK))
				continue;
			text = slurp(path);
			for (line = strtok(text, "\n"); line;
			     line = strtok(NULL, "\n"))
				diag("%s: %s", files[i], line);
			free(text);
		}
	}
	if (dir)
		closedir(dir);
}

/* ---- swap ---- */

#define ZRAM	"/sys/block/zram0/"

/* The header as mkswap makes it: a version, the last page, a word. */
static inline bool make_swap(const char *device, uint32_t pages)
{
	const uint32_t header[] = { 1, pages - 1, 0 };
	int fd = open(device, O_WRONLY);
	bool good;

	if (fd < 0)
		return false;
	good = pwrite(fd, header, sizeof(header), 1024) == sizeof(header) &&
	       pwrite(fd, "SWAPSPACE2", 10, PAGE - 10) == 10;
	close(fd);
	return good;
}

/*
 * Swap on zram, of @mib MiB. Whatever another program left of it is gone.
 * Returns false without a driver.
 */
static inline bool swap_on_zram(unsigned int mib)
{
	char size[16];

	if (access(ZRAM, F_OK))
		return false;
	swapoff("/dev/zram0");
	must_set_file(ZRAM "reset", "1");
	snprintf(size, sizeof(size), "%uM", mib);
	must_set_file(ZRAM "disksize", size);
	if (!make_swap("/dev/zram0", ((unsigned long)mib << 20) / PAGE) || swapon("/dev/zram0", 0))
		bail("cannot swap to zram: %s", strerror(errno));
	return true;
}

static inline void swap_off_zram(void)
{
	if (access(ZRAM, F_OK))
		return;
	swapoff("/dev/zram0");
	must_set_file(ZRAM "reset", "1");
}

/* Returns whether all of them are swapped out at last. */
static inline bool page_out(char *p, int pages)
{
	int i, round;

	for (round = 0; round < 50; round++) {
		drain_lru();
		madvise(p, pages * PAGE, MADV_PAGEOUT);
		for (i = 0; i < pages; i++) {
			if (!(pagemap_of(getpid(), p + i * PAGE) &
			      PAGEMAP_SWAPPED))
				break;
		}
		if (i == pages)
			return true;
		usleep(20 * 1000);
	}
	return false;
}

/* ---- a file system ---- */

#define EXT4_LOOP	"/dev/loop0"

/* The image that came with the machine, 16 MiB. Returns false, with errno. */
static inline bool mount_ext4(const char *where)
{
	int image = open("/truth.ext4", O_RDWR), loop;
	bool good;

	/* Without udev nobody makes this, unless the driver is built in. */
	mknod(EXT4_LOOP, S_IFBLK | 0600, makedev(7, 0));
	loop = open(EXT4_LOOP, O_RDWR);
	good = image >= 0 && loop >= 0 && !ioctl(loop, LOOP_SET_FD, image) &&
	       !mount(EXT4_LOOP, where, "ext4", 0, "");
	close_failed(loop);
	close_failed(image);
	return good;
}

static inline void umount_ext4(const char *where)
{
	int loop = open(EXT4_LOOP, O_RDWR);

	if (umount(where) || ioctl(loop, LOOP_CLR_FD))
		bail("cannot unmount %s", where);
	close(loop);
}

/* ---- what is done to pages ---- */

/*
 * Pin pages, by io_uring's fixed buffers: as long as the ring lives, in whichever
 * process. Returns the ring, or -1 with errno.
 */
static inline int pin_pages(void *at, size_t len)
{
	struct io_uring_params params = { 0 };
	struct iovec buffer = { at, len };
	int ring = syscall(SYS_io_uring_setup, 1, &params);

	if (ring < 0 ||
	    !syscall(SYS_io_uring_register, ring, IORING_REGISTER_BUFFERS,
		     &buffer, 1))
		return ring;
	return close_failed(ring);
}

/* A userfaultfd with these features, or -1 with errno. */
static inline int open_uffd(uint64_t features)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	int uffd = syscall(SYS_userfaultfd, O_CLOEXEC);

	if (uffd < 0 || !ioctl(uffd, UFFDIO_API, &api))
		return uffd;
	return close_failed(uffd);
}

/* What it needs to protect from writes. */
static inline int open_uffd_wp(uint64_t more_features)
{
	return open_uffd(UFFD_FEATURE_PAGEFAULT_FLAG_WP | more_features);
}

/* Protect pages from writes. Returns the userfaultfd, or -1 with errno. */
static inline int protect_by_uffd(void *at, size_t len, uint64_t more_features)
{
	struct uffdio_register reg = {
		.range = { (unsigned long)at, len },
		.mode = UFFDIO_REGISTER_MODE_WP,
	};
	struct uffdio_writeprotect wp = {
		.range = { (unsigned long)at, len },
		.mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};
	int uffd = open_uffd_wp(more_features);

	if (uffd < 0 || (!ioctl(uffd, UFFDIO_REGISTER, &reg) &&
			 !ioctl(uffd, UFFDIO_WRITEPROTECT, &wp)))
		return uffd;
	return close_failed(uffd);
}

/* Take that protection away, or put it there. Returns whether that was done. */
static inline bool set_rwp(int uffd, void *at, size_t len, bool on)
{
	struct uffdio_rwprotect rwp = {
		.range = { (unsigned long)at, len },
		.mode = on ? UFFDIO_RWPROTECT_MODE_RWP : 0,
	};

	return !ioctl(uffd, UFFDIO_RWPROTECT, &rwp);
}

/* Protect pages from any access. Returns the userfaultfd, or -1 with errno. */
static inline int protect_by_rwp(void *at, size_t len, uint64_t more_features)
{
	struct uffdio_register reg = {
		.range = { (unsigned long)at, len },
		.mode = UFFDIO_REGISTER_MODE_RWP,
	};
	int uffd = open_uffd(UFFD_FEATURE_RWP | more_features);

	if (uffd < 0 || (!ioctl(uffd, UFFDIO_REGISTER, &reg) &&
			 set_rwp(uffd, at, len, true)))
		return uffd;
	return close_failed(uffd);
}

/*
 * A page that never comes by itself: who wants it waits for the userfaultfd to be
 * answered, or closed. Returns that, or -1 with errno.
 */
static inline int withhold_page(void *page)
{
	struct uffdio_register range = {
		.range = { (unsigned long)page, PAGE },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	int uffd = open_uffd(0);

	if (uffd < 0 || !ioctl(uffd, UFFDIO_REGISTER, &range))
		return uffd;
	return close_failed(uffd);
}

/*
 * Wait until somebody wants it. By read(), since poll() has an error to tell at
 * once of a userfaultfd that may block (userfaultfd_poll()).
 */
static inline bool is_page_wanted(int uffd)
{
	struct uffd_msg fault;

	return read(uffd, &fault, sizeof(fault)) == sizeof(fault);
}

/* Give it to who waits for it. Returns whether somebody did not have it yet. */
static inline bool give_page(int uffd, void *page)
{
	struct uffdio_zeropage zero = {
		.range = { (unsigned long)page, PAGE },
	};

	return !ioctl(uffd, UFFDIO_ZEROPAGE, &zero);
}

static inline void *write_to_page(void *page)
{
	*(volatile char *)page = 1;
	return NULL;
}

/*
 * A fault of ours that is in progress for that many microseconds. Returns whether
 * the page was given in the end.
 */
static inline bool hold_fault(unsigned int us)
{
	char *page = map_pages(1, MAP_PRIVATE);
	int uffd = withhold_page(page);
	pthread_t thread;
	bool good = uffd >= 0 && !pthread_create(&thread, NULL, write_to_page, page);

	if (good) {
		usleep(us);
		good = give_page(uffd, page);
		pthread_join(thread, NULL);
	}
	/* If something went wrong, this lets the thread go on. */
	close(uffd);
	munmap(page, PAGE);
	return good;
}

/* Hand a descriptor on through a datagram socket; @flags as for sendmsg(). */
static inline bool send_fd(int socket, int fd, int flags)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { .header = { .cmsg_len = CMSG_LEN(sizeof(int)),
				  .cmsg_level = SOL_SOCKET,
				  .cmsg_type = SCM_RIGHTS } };
	struct iovec byte = { "", 1 };
	struct msghdr message = { .msg_iov = &byte, .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control.space) };

	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	return sendmsg(socket, &message, flags) == 1;
}

/* Take a descriptor that was handed on, or -1; @flags as for recvmsg(). */
static inline int receive_fd(int socket, int flags)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	char byte;
	struct iovec into = { &byte, 1 };
	struct msghdr message = { .msg_iov = &into, .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control.space) };
	int fd = -1;

	if (recvmsg(socket, &message, flags) == 1 &&
	    message.msg_controllen)
		memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
	return fd;
}

#endif /* COWINSPECT_TEST_SETUP_H */
