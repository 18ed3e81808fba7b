// SPDX-License-Identifier: GPL-2.0
/*
 * What it takes in time to read targets of known shape, where page tables and struct
 * pages have to come through real caches.
 *
 *	native TARGET MIB ROUNDS
 *
 * Each round runs all readers once, one after another, so that what else the machine
 * does hits all of them. Where a system call is dear, as in User Mode Linux, it would
 * hide what is read: what a read() of nothing takes is measured as well, and taken off
 * for each call. Prints
 *
 *	TARGET READER MEDIAN LEAST PEER MEDIAN-RATIO LEAST-RATIO
 *
 * with nanoseconds per slot of 4 KiB; ratios are to the peer, of the same round, and
 * of both at their least;
 *
 *	hold TARGET LONGEST HOLDS LONG
 *	call TARGET NANOSECONDS MIB
 *
 * how long the mmap lock was held at most, in nanoseconds, how often, and how often for
 * 131 microseconds or more; what a read() of nothing takes, and how large the target is.
 *
 * As the first process of a machine, which is User Mode Linux, it prepares that: its
 * root directory has cowinspect.ko, and gets the output as the file out.
 */
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/uio.h>
#include <time.h>

#include "../guest/inspect.h"

#define BUFFER		(64 << 10)
#define MAX_ROUNDS	200
#define AT_ONCE		1024	/* pages that one call fills, IOV_MAX */
#define EMPTY_CALLS	16
#define LONG_HOLD	17	/* 2^17 ns */

static char buffer[BUFFER];
static double tick_ns = 1;

/* No system call: in User Mode Linux a clock is one. */
static uint64_t ticks(void)
{
#ifdef __x86_64__
	uint32_t low, high;

	__asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
#else
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
#endif
}

static double clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e9 + now.tv_nsec;
}

static void calibrate(void)
{
	uint64_t start = ticks();
	double since = clock_ns(), now;

	do
		now = clock_ns();
	while (now - since < 2e8);
	tick_ns = (now - since) / (ticks() - start);
}

/* ---- targets ---- */

static struct target {
	const char *name;
	size_t stride;		/* bytes between pages that there are */
	bool shuffled;		/* frames in no order */
	bool mixed;		/* shared with a child that has copied every other page */
	size_t size;		/* of the region, in bytes */
	pid_t pid;
	char *region;
} targets[] = {
	{ .name = "in-order", .stride = 4096 },
	{ .name = "fragmented", .stride = 4096, .shuffled = true },
	{ .name = "mixed", .stride = 4096, .mixed = true },
	{ .name = "mixed-fragmented", .stride = 4096, .shuffled = true, .mixed = true },
	{ .name = "sparse", .stride = 2 << 20 },
};

#define NR_TARGETS	((int)(sizeof(targets) / sizeof(targets[0])))

static pid_t *child;	/* of the target; it writes that there */

/* The same in each run. */
static uint64_t chance(void)
{
	static uint64_t state = 88172645463325252ull;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static void shuffle(uint32_t *order, size_t n)
{
	uint32_t swap;
	size_t i, with;

	for (i = n - 1; i > 0; i--) {
		with = chance() % (i + 1);
		swap = order[i];
		order[i] = order[with];
		order[with] = swap;
	}
}

/*
 * Write to pages of a process from outside: what it touched itself, User Mode Linux
 * would map on the host page by page, which takes minutes and has a limit.
 */
static void fill(const struct target *t, pid_t pid, const uint32_t *order, size_t n)
{
	static struct iovec to[AT_ONCE];
	struct iovec from = { .iov_base = buffer };
	size_t i, batch;

	for (; n; n -= batch, order += batch) {
		batch = n < AT_ONCE ? n : AT_ONCE;
		for (i = 0; i < batch; i++)
			to[i] = (struct iovec){ t->region + order[i] * t->stride, 1 };
		from.iov_len = batch;
		if (process_vm_writev(pid, &from, 1, to, batch, 0) != (ssize_t)batch)
			bail("the target cannot be written to: %s", strerror(errno));
	}
}

/* It runs again only to fork: User Mode Linux then maps on the host all it has. */
static void be_target(void *arg)
{
	struct target *t = arg;
	pid_t pid;

	/* Without huge pages the kernel does not know the advice. */
	madvise(t->region, t->size, MADV_NOHUGEPAGE);
	kill(getpid(), SIGSTOP);
	pid = fork_mortal();
	if (pid)
		*child = pid;
	kill(getpid(), SIGSTOP);
}

static void wait_stopped(const struct target *t)
{
	int status;

	if (waitpid(t->pid, &status, WUNTRACED) != t->pid || !WIFSTOPPED(status))
		bail("target %s did not get ready", t->name);
}

/* Each page one way or the other, by chance. */
static void unshare_half(struct target *t, uint32_t *order, size_t n)
{
	size_t i, half = 0;

	kill(t->pid, SIGCONT);
	wait_stopped(t);
	for (i = 0; i < n; i++)
		if (chance() & 64)
			order[half++] = order[i];
	fill(t, *child, order, half);
}

static void make_target(struct target *t)
{
	size_t align = 2 << 20, n = t->size / t->stride, i;
	char *at = mmap(NULL, t->size + align, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	uint32_t *order = malloc(n * sizeof(*order));

	child = mmap(NULL, sizeof(*child), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED || child == MAP_FAILED || !order)
		bail("no memory");
	t->region = (char *)(((unsigned long)at + align - 1) & -align);
	t->pid = spawn(be_target, t);
	wait_stopped(t);
	munmap(at, t->size + align);
	for (i = 0; i < n; i++)
		order[i] = i;
	if (t->shuffled)
		shuffle(order, n);
	fill(t, t->pid, order, n);
	if (t->mixed)
		unshare_half(t, order, n);
	free(order);
}

/* ---- the readers: each reads all of the target once; how many calls that took ---- */

static int read_text(int fd, const struct target *t)
{
	int calls = 1;

	(void)t;
	for (lseek(fd, 0, SEEK_SET); read(fd, buffer, BUFFER) > 0; calls++)
		;
	return calls + 1;
}

static int read_pages(int fd, const struct target *t)
{
	size_t max = BUFFER / sizeof(struct cowinspect_page) * sizeof(struct cowinspect_page);
	unsigned long end = (unsigned long)t->region + t->size;
	struct cowinspect_page *last;
	int calls = 2;
	ssize_t got;

	lseek(fd, (unsigned long)t->region, SEEK_SET);
	for (; (got = read(fd, buffer, max)) > 0; calls++) {
		last = (struct cowinspect_page *)(buffer + got) - 1;
		if (last->addr >= end - t->stride)
			break;
	}
	return calls;
}

static int read_pagemap(int fd, const struct target *t)
{
	size_t done, all = t->size / 4096 * 8;
	off_t start = (unsigned long)t->region / 4096 * 8;
	int calls = 0;

	for (done = 0; done < all; done += BUFFER, calls++)
		pread(fd, buffer, all - done < BUFFER ? all - done : BUFFER, start + done);
	return calls;
}

/* The peers come before those that are compared with them. */
static const struct {
	const char *name;
	bool ours;
	int (*read)(int fd, const struct target *t);
	int peer;
} readers[] = {
	{ "smaps_rollup", false, read_text, 0 },
	{ "pagemap", false, read_pagemap, 1 },
	{ "smaps", false, read_text, 0 },
	{ "summary", true, read_text, 0 },
	{ "vmas", true, read_text, 0 },
	{ "pages", true, read_pages, 1 },
};

#define NR_READERS	((int)(sizeof(readers) / sizeof(readers[0])))

static double took[NR_READERS][MAX_ROUNDS];	/* in ns per slot */
static double empty[MAX_ROUNDS];		/* in ns per call */
static int calls[NR_READERS][MAX_ROUNDS];

static int open_reader(const struct target *t, int r)
{
	char path[64];
	int fd;

	if (readers[r].ours)
		return must_open(t->pid, readers[r].name);
	snprintf(path, sizeof(path), "/proc/%d/%s", t->pid, readers[r].name);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		bail("cannot open %s", path);
	return fd;
}

static void measure(const struct target *t, int r, int round)
{
	int fd = open_reader(t, r);
	uint64_t start = ticks();

	calls[r][round] = readers[r].read(fd, t);
	took[r][round] = (ticks() - start) * tick_ns;
	close(fd);
}

static void measure_empty(int round)
{
	int fd = open("/proc/self/pagemap", O_RDONLY), i;
	uint64_t start = ticks();

	for (i = 0; i < EMPTY_CALLS; i++)
		if (read(fd, buffer, 0))
			bail("cannot read nothing");
	empty[round] = (ticks() - start) * tick_ns / EMPTY_CALLS;
	close(fd);
}

/* ---- what comes of it ---- */

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double of_sorted(const double *values, int rounds, int at)
{
	double sorted[MAX_ROUNDS];

	memcpy(sorted, values, rounds * sizeof(*values));
	qsort(sorted, rounds, sizeof(*sorted), by_size);
	return sorted[at];
}

static double median(const double *values, int rounds)
{
	return (of_sorted(values, rounds, rounds / 2) +
		of_sorted(values, rounds, (rounds - 1) / 2)) / 2;
}

static double least(const double *values, int rounds)
{
	return of_sorted(values, rounds, 0);
}

static void print_reader(const struct target *t, int r, int rounds)
{
	const double *peer = took[readers[r].peer];
	double ratio[MAX_ROUNDS];
	int i;

	for (i = 0; i < rounds; i++)
		ratio[i] = took[r][i] / peer[i];
	printf("%s %s %.3f %.3f %s %.3f %.3f\n", t->name, readers[r].name,
	       median(took[r], rounds), least(took[r], rounds),
	       readers[readers[r].peer].name, median(ratio, rounds),
	       least(took[r], rounds) / least(peer, rounds));
}

static void print_holds(const struct target *t)
{
	char *status = slurp(COW_DIR "/status"), *at = strstr(status, "\nhold_mmap:");
	long long longest, holds = 0, longer = 0, count;
	int bucket, len;

	if (!at || sscanf(at, "\nhold_mmap: %lld%n", &longest, &len) != 1)
		bail("status says nothing of holds");
	for (at += len; sscanf(at, " %d:%lld%n", &bucket, &count, &len) == 2; at += len) {
		holds += count;
		longer += bucket >= LONG_HOLD ? count : 0;
	}
	printf("hold %s %lld %lld %lld\n", t->name, longest, holds, longer);
	free(status);
}

static void compare(struct target *t, int rounds)
{
	double call, slots = t->size / 4096;
	int r, round;

	make_target(t);
	attach(t->pid);
	for (round = 0; round < rounds; round++) {
		measure_empty(round);
		for (r = 0; r < NR_READERS; r++)
			measure(t, r, round);
	}
	call = median(empty, rounds);
	for (r = 0; r < NR_READERS; r++)
		for (round = 0; round < rounds; round++)
			took[r][round] = (took[r][round] - calls[r][round] * call) / slots;
	for (r = 0; r < NR_READERS; r++)
		print_reader(t, r, rounds);
	print_holds(t);
	printf("call %s %.0f %zu\n", t->name, call, t->size >> 20);
	detach(t->pid);
	if (t->mixed)
		kill(*child, SIGKILL);
	reap(t->pid);
}

static struct target *target_of(const char *name)
{
	int i;

	for (i = 0; i < NR_TARGETS; i++)
		if (!strcmp(targets[i].name, name))
			return &targets[i];
	bail("no target %s", name);
}

/* ---- as the first process ---- */

static void prepare_machine(void)
{
	int out = open("/out", O_WRONLY | O_CREAT | O_TRUNC, 0644), module;

	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (mount("proc", "/proc", "proc", 0, NULL) ||
	    mount("sysfs", "/sys", "sysfs", 0, NULL) ||
	    mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL))
		bail("cannot mount: %s", strerror(errno));
	module = open("/cowinspect.ko", O_RDONLY);
	if (syscall(SYS_finit_module, module, "", 0))
		bail("cannot load the module: %s", strerror(errno));
}

int main(int argc, char **argv)
{
	bool machine = getpid() == 1;
	struct target *t;
	int rounds;

	if (machine)
		prepare_machine();
	/* User Mode Linux adds to what it was given. */
	if (argc < 4)
		bail("usage: native TARGET MIB ROUNDS");
	t = target_of(argv[1]);
	t->size = (size_t)atoi(argv[2]) << 20;
	rounds = atoi(argv[3]);
	if (rounds < 1 || rounds > MAX_ROUNDS)
		bail("1 to %d rounds", MAX_ROUNDS);
	calibrate();
	memset(buffer, 1, BUFFER);
	compare(t, rounds);
	if (machine)
		reboot(RB_POWER_OFF);
	return 0;
}
