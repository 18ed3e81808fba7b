/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Helpers for tests of the module's own interface, without the library, so that
 * a mistake there cannot hide one here; and the kernel's interfaces that judge
 * it. Each helper bails out where the test itself cannot go on.
 */
#ifndef COWINSPECT_TEST_INSPECT_H
#define COWINSPECT_TEST_INSPECT_H

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/kernel-page-flags.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"
#include "../../module/uapi/cowinspect.h"

#define COW_DIR	"/sys/kernel/debug/cowinspect"

/*
 * Bytes of a base page, and of one that a PMD maps: a table of entries fills a page, so
 * with 16 KiB pages that has 32 MiB.
 */
#define PAGE		getauxval(AT_PAGESZ)
#define HUGE_PAGES	(PAGE / 8)
#define HUGE		(HUGE_PAGES * PAGE)
#define HUGE_ORDER	__builtin_ctzl(HUGE_PAGES)

/* Write @text into attach or detach in one write. Returns 0 or an errno. */
static inline int command_bytes(const char *file, const void *text, size_t len)
{
	char path[PATH_MAX];
	int fd, error = 0;

	snprintf(path, sizeof(path), COW_DIR "/%s", file);
	fd = open(path, O_WRONLY);
	if (fd < 0)
		return errno;
	if (write(fd, text, len) != (ssize_t)len)
		error = errno;
	close(fd);
	return error;
}

static inline int command(const char *file, const char *text)
{
	return command_bytes(file, text, strlen(text));
}

static inline int command_pid(const char *file, pid_t pid)
{
	char text[16];

	snprintf(text, sizeof(text), "%d\n", pid);
	return command(file, text);
}

static inline void attach(pid_t pid)
{
	int error = command_pid("attach", pid);

	if (error)
		bail("attach %d: %s", pid, strerror(error));
}

static inline void detach(pid_t pid)
{
	int error = command_pid("detach", pid);

	if (error)
		bail("detach %d: %s", pid, strerror(error));
}

/* Open a file of a target. Returns the descriptor, or -1 with errno. */
static inline int try_open(pid_t pid, const char *file)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), COW_DIR "/%d/%s", pid, file);
	return open(path, O_RDONLY);
}

static inline int must_open(pid_t pid, const char *file)
{
	int fd = try_open(pid, file);

	if (fd < 0)
		bail("cannot open %s of %d", file, pid);
	return fd;
}

/* All that @fd has, as a string to be freed. */
static inline char *slurp_fd(int fd)
{
	size_t size = 1 << 16, len = 0;
	char *text = malloc(size);
	ssize_t got;

	while (text && (got = read(fd, text + len, size - len - 1)) > 0) {
		len += got;
		if (size - len < 4096)
			text = realloc(text, size *= 2);
	}
	if (!text || got < 0)
		bail("cannot read");
	text[len] = 0;
	return text;
}

static inline char *slurp(const char *path)
{
	int fd = open(path, O_RDONLY);
	char *text;

	if (fd < 0)
		bail("cannot open %s", path);
	text = slurp_fd(fd);
	close(fd);
	return text;
}

static inline char *slurp_proc(pid_t pid, const char *file)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	return slurp(path);
}

/* What tests/depth says of this kernel; @otherwise for who runs a program by hand. */
static inline int depth_of(const char *what, int otherwise)
{
	const char *text = getenv(what);

	return text ? atoi(text) : otherwise;
}

/* As in /proc/PID/stat: R, S, D, T, Z, ...; 0 when it is gone. */
static inline char process_state(pid_t pid)
{
	char path[32], text[512];
	char *at;
	int fd;
	ssize_t got;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return 0;
	got = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (got <= 0)
		return 0;
	text[got] = 0;
	at = strrchr(text, ')');
	return at ? at[2] : 0;
}

#define PATIENCE_S	300	/* the host may put an emulated machine aside for long */

/* Whether a condition comes to be true: it is asked again and again, for long. */
#define comes_true(condition) ({					\
	int times_asked_ = 0;						\
	bool is_true_;							\
									\
	while (!(is_true_ = (condition)) &&				\
	       times_asked_ < PATIENCE_S * 1000)			\
		usleep(times_asked_++ < 100 ? 100 : 1000);		\
	is_true_;							\
})

/* Whether a process comes to be in a state, as process_state() says. */
static inline bool process_becomes(pid_t pid, char state)
{
	return comes_true(process_state(pid) == state);
}

/* For one that is to wait for us: until it does it may fault, and change its memory. */
static inline void wait_asleep(pid_t pid)
{
	if (!process_becomes(pid, 'S'))
		bail("process %d never went to sleep", pid);
}

/* What /proc counts: minor and major faults of a process, its threads added. */
static inline long long proc_faults(pid_t pid)
{
	char *stat = slurp_proc(pid, "stat"), *at = strrchr(stat, ')');
	unsigned long long minor, major;

	if (sscanf(at, ") %*c %*d %*d %*d %*d %*d %*u %llu %*u %llu", &minor,
		   &major) != 2)
		bail("cannot read stat");
	free(stat);
	return minor + major;
}

static inline char *slurp_target(pid_t pid, const char *file)
{
	int fd = must_open(pid, file);
	char *text = slurp_fd(fd);

	close(fd);
	return text;
}

/* The number behind "name:" at the start of a line; -1 if there is none. */
static inline long long number_of(const char *text, const char *name)
{
	size_t len = strlen(name);

	for (; text; text = strchr(text, '\n')) {
		text += *text == '\n';
		if (!strncmp(text, name, len) && text[len] == ':')
			return strtoll(text + len + 1, NULL, 10);
	}
	return -1;
}

/* The records from @start up to @end, at most @max. Returns how many. */
static inline int read_records(int fd, unsigned long start, unsigned long end,
			       struct cowinspect_page *records, int max)
{
	ssize_t got = pread(fd, records, max * sizeof(*records), start);
	int n;

	if (got < 0)
		bail("cannot read records");
	n = got / sizeof(*records);
	while (n && records[n - 1].addr >= end)
		n--;
	return n;
}

/* The record of the entry that maps @addr; kind COWI_NR_KINDS if there is none. */
static inline struct cowinspect_page record_at(int fd, const void *where)
{
	unsigned long addr = (unsigned long)where & ~(PAGE - 1);
	struct cowinspect_page record = { .kind = COWI_NR_KINDS };

	if (read_records(fd, addr, addr + PAGE, &record, 1) != 1)
		record.kind = COWI_NR_KINDS;
	return record;
}

static inline uint64_t u64_at(const char *path, uint64_t index)
{
	uint64_t value;
	int fd = open(path, O_RDONLY);

	if (fd < 0 || pread(fd, &value, 8, index * 8) != 8)
		bail("cannot read %s", path);
	close(fd);
	return value;
}

static inline uint64_t pagemap_of(pid_t pid, const void *addr)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	return u64_at(path, (unsigned long)addr / PAGE);
}

#define PAGEMAP_PFN(entry)	((entry) & ((1ULL << 55) - 1))
#define PAGEMAP_SOFT_DIRTY	(1ULL << 55)
#define PAGEMAP_ONCE		(1ULL << 56)
#define PAGEMAP_FILE		(1ULL << 61)
#define PAGEMAP_SWAPPED		(1ULL << 62)
#define PAGEMAP_PRESENT		(1ULL << 63)

/* Anonymous or shared memory of base pages only, not yet touched. */
static inline char *map_pages(int pages, int flags)
{
	char *at = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
			flags | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		bail("mmap");
	if (madvise(at, pages * PAGE, MADV_NOHUGEPAGE) && errno != EINVAL)
		bail("madvise");
	return at;
}

/*
 * In a child: die with @parent, who may be dead already: then no signal would come,
 * and what we have open would stay open for ever.
 */
static inline void die_with(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
}

/* fork(), but the child dies with its parent. */
static inline pid_t fork_mortal(void)
{
	pid_t parent = getpid(), pid = fork();

	if (!pid)
		die_with(parent);
	return pid;
}

/* A child that runs @run(arg), or waits to be killed if @run is NULL. */
static inline pid_t spawn(void (*run)(void *arg), void *arg)
{
	pid_t pid = fork_mortal();

	if (pid < 0)
		bail("fork");
	if (pid)
		return pid;
	if (run)
		run(arg);
	else
		for (;;)
			pause();
	_exit(0);
}

/*
 * For a loop that never sleeps. Where emulated CPUs take turns, QEMU ends a CPU's turn
 * here. Otherwise that is at its next interrupt, and whoever changes code that all
 * CPUs run, as hooks do, waits for each of them a dozen times. Not after each step of
 * what is to get far: there is one for each turn of the others then.
 */
static inline void give_turn(void)
{
#ifdef __x86_64__
	__builtin_ia32_pause();
#elif defined(__riscv)
	asm volatile(".insn i 0x0f, 0, x0, x0, 0x010");	/* pause: Zihintpause */
#else
	asm volatile("yield");
#endif
}

static inline void reap(pid_t pid)
{
	kill(pid, SIGKILL);
	if (waitpid(pid, NULL, 0) != pid)
		bail("waitpid");
}

/*
 * After a fork: write to each of our own pages outside a range, as we will
 * sooner or later, so that no write of ours changes the child's mapcounts later.
 */
static inline void part_from_child(const void *except, size_t len)
{
	unsigned long start, end, skip = (unsigned long)except;
	char *maps = slurp("/proc/self/maps"), *line;
	volatile char *at;
	char perms[8];

	for (line = maps; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (sscanf(line, "%lx-%lx %7s", &start, &end, perms) != 3 ||
		    strcmp(perms, "rw-p"))
			continue;
		for (; start < end; start += PAGE) {
			at = (volatile char *)start;
			if (start - skip >= len)
				*at = *at;
		}
	}
	free(maps);
}

/*
 * Get freshly faulted pages out of the CPUs' LRU batches, which hold a reference
 * on each. Migrating begins by emptying those of all CPUs; from node 0 to node 0
 * there is nothing else to do.
 */
static inline void drain_lru(void)
{
	unsigned long node = 1;

	if (syscall(SYS_migrate_pages, 0, 8 * sizeof(node), &node, &node) < 0)
		bail("cannot drain LRU batches");
}

static inline long long status_number(const char *name)
{
	char *text = slurp(COW_DIR "/status");
	long long value = number_of(text, name);

	free(text);
	return value;
}

/* Whether status has the line "name: word". */
static inline bool status_word(const char *name, const char *word)
{
	char *status = slurp(COW_DIR "/status"), line[96];
	bool found;

	snprintf(line, sizeof(line), "\n%s: %s\n", name, word);
	found = strstr(status, line);
	free(status);
	return found;
}

/*
 * In 6.12 kpageflags calls every anonymous page KSM: stable_page_flags() tests
 * for any of two bits where it needs both (fs/proc/page.c; right in 6.1 and
 * 7.2). No page of this program's stack is.
 */
static inline bool kpageflags_cry_ksm(void)
{
	char here = 0;
	uint64_t entry = pagemap_of(getpid(), &here);

	return u64_at("/proc/kpageflags", PAGEMAP_PFN(entry)) & (1ULL << KPF_KSM);
}

#endif /* COWINSPECT_TEST_INSPECT_H */
