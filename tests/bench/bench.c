// SPDX-License-Identifier: GPL-2.0
/*
 * What it costs to read: instructions for each way of looking at targets of
 * known shape; and to be observed: instructions for a page fault. Runs in a
 * machine that counts instructions (tests/vm/run --icount), where the time stamp
 * counter reads them: one tick is one instruction, of the kernel and of this
 * program.
 *
 * Prints "TARGET READER PAGES INSTRUCTIONS", the least of a few runs each,
 * "hold TARGET INSTRUCTIONS" for the longest hold of the mmap lock so far,
 * "fault KIND OBSERVED FAULTS INSTRUCTIONS", and
 * "trace HOW COPIES INSTRUCTIONS TOOL KIB": of who copies, of the tool from its start
 * to its end, and the most memory that the tool had.
 */
#include <pthread.h>
#include <sys/personality.h>
#include <sys/resource.h>

#include "../guest/events.h"
#include "../guest/report.h"

#define RUNS		3
#define BUFFER		(64 * 1024)

static char buffer[BUFFER];

static uint64_t ticks(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

struct target {
	const char *name;
	size_t size;		/* of the region, in bytes */
	size_t stride;		/* bytes between touched pages */
	bool huge;
	bool forked;		/* shared with a child */
	pid_t pid;
	char *region;
};

static struct target targets[] = {
	{ .name = "small", .size = 1 << 20, .stride = 4096 },
	{ .name = "large", .size = 64 << 20, .stride = 4096 },
	{ .name = "forked", .size = 64 << 20, .stride = 4096, .forked = true },
	{ .name = "sparse", .size = 1UL << 31, .stride = 2 << 20 },
	{ .name = "huge", .size = 64 << 20, .stride = 4096, .huge = true },
};

#define NR_TARGETS ((int)(sizeof(targets) / sizeof(targets[0])))

static long pages_of(const struct target *t)
{
	return t->size / t->stride;
}

/* The child has only what it was born with and the region. */
static void be_target(void *arg)
{
	struct target *t = arg;
	size_t i;

	if (madvise(t->region, t->size,
		    t->huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE))
		_exit(1);
	for (i = 0; i < t->size; i += t->stride)
		t->region[i] = 1;
	if (t->forked)
		fork_mortal();
	kill(getpid(), SIGSTOP);
}

static void make_target(struct target *t)
{
	size_t align = 2 << 20;
	char *at = mmap(NULL, t->size + align, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	int status;

	if (at == MAP_FAILED)
		bail("mmap");
	t->region = (char *)(((unsigned long)at + align - 1) & -align);
	t->pid = spawn(be_target, t);
	if (waitpid(t->pid, &status, WUNTRACED) != t->pid || !WIFSTOPPED(status))
		bail("target %s did not get ready", t->name);
	munmap(at, t->size + align);
}

/* ---- the readers: each reads all of the target once ---- */

static void read_all(int fd)
{
	lseek(fd, 0, SEEK_SET);
	while (read(fd, buffer, BUFFER) > 0)
		;
}

static int open_target(const struct target *t, const char *file)
{
	return must_open(t->pid, file);
}

static int open_proc(const struct target *t, const char *file)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", t->pid, file);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		bail("cannot open %s", path);
	return fd;
}

static int files[3];

static void read_text(const struct target *t)
{
	(void)t;
	read_all(files[0]);
}

static void read_pages(const struct target *t)
{
	unsigned long end = (unsigned long)t->region + t->size;
	size_t max = BUFFER / sizeof(struct cowinspect_page) * sizeof(struct cowinspect_page);
	unsigned long step = t->huge ? 2 << 20 : t->stride;
	struct cowinspect_page *last;
	ssize_t got;

	lseek(files[0], (unsigned long)t->region, SEEK_SET);
	while ((got = read(files[0], buffer, max)) > 0) {
		last = (struct cowinspect_page *)(buffer + got) - 1;
		if (last->addr >= end - step)
			break;
	}
}

static void read_pagemap(const struct target *t)
{
	size_t done, all = t->size / 4096 * 8;
	off_t start = (unsigned long)t->region / 4096 * 8;

	for (done = 0; done < all; done += BUFFER)
		pread(files[0], buffer, all - done < BUFFER ? all - done :
		      BUFFER, start + done);
}

/* Frames that follow each other are looked up by one read. */
static void look_up(uint64_t first, uint64_t n)
{
	static char facts[BUFFER];

	pread(files[1], facts, n * 8, first * 8);
	pread(files[2], facts, n * 8, first * 8);
}

static void join(const struct target *t, bool runs)
{
	size_t i, done, n, all = t->size / 4096;
	uint64_t *entries = (uint64_t *)buffer, first = 0, length = 0, pfn;

	for (done = 0; done < all; done += n) {
		n = all - done < BUFFER / 8 ? all - done : BUFFER / 8;
		pread(files[0], buffer, n * 8,
		      ((unsigned long)t->region / 4096 + done) * 8);
		for (i = 0; i < n; i++) {
			if (!(entries[i] & PAGEMAP_PRESENT))
				continue;
			pfn = PAGEMAP_PFN(entries[i]);
			if (runs && length && pfn == first + length &&
			    length < BUFFER / 8) {
				length++;
				continue;
			}
			if (length)
				look_up(first, length);
			first = pfn;
			length = 1;
		}
		if (length)
			look_up(first, length);
		length = 0;
	}
}

static void read_join_pages(const struct target *t)
{
	join(t, false);
}

static void read_join_runs(const struct target *t)
{
	join(t, true);
}

static const struct {
	const char *name;
	int (*open)(const struct target *t, const char *file);
	const char *file;
	void (*read)(const struct target *t);
} readers[] = {
	{ "summary", open_target, "summary", read_text },
	{ "vmas", open_target, "vmas", read_text },
	{ "pages", open_target, "pages", read_pages },
	{ "smaps_rollup", open_proc, "smaps_rollup", read_text },
	{ "smaps", open_proc, "smaps", read_text },
	{ "pagemap", open_proc, "pagemap", read_pagemap },
	{ "join-runs", open_proc, "pagemap", read_join_runs },
	{ "join-pages", open_proc, "pagemap", read_join_pages },
};

#define NR_READERS ((int)(sizeof(readers) / sizeof(readers[0])))

static uint64_t measure(const struct target *t, int r)
{
	uint64_t start, took, least = ~0ULL;
	int run;

	files[0] = readers[r].open(t, readers[r].file);
	for (run = 0; run < RUNS; run++) {
		start = ticks();
		readers[r].read(t);
		took = ticks() - start;
		if (took < least)
			least = took;
	}
	close(files[0]);
	return least;
}

/* ---- faults, our own, of base pages ---- */

#define FAULTS		1024

static void write_each(char *p)
{
	int i;

	for (i = 0; i < FAULTS; i++)
		p[i * 4096] = 1;
}

static uint64_t zerofill(void)
{
	char *p = map_pages(FAULTS, MAP_PRIVATE);
	uint64_t start = ticks(), took;

	write_each(p);
	took = ticks() - start;
	munmap(p, FAULTS * 4096);
	return took;
}

static uint64_t copy(void)
{
	char *p = map_pages(FAULTS, MAP_PRIVATE);
	uint64_t start, took;
	pid_t child;

	write_each(p);
	child = spawn(NULL, NULL);
	start = ticks();
	write_each(p);
	took = ticks() - start;
	reap(child);
	munmap(p, FAULTS * 4096);
	return took;
}

#define THREADS		16

static pthread_barrier_t begin, end;

static void *write_share(void *pages)
{
	int i;

	pthread_barrier_wait(&begin);
	for (i = 0; i < FAULTS / THREADS; i++)
		((char *)pages)[i * 4096] = 1;
	pthread_barrier_wait(&end);
	return NULL;
}

/* By threads that take turns: where they meet in a lock, more turns are taken. */
static uint64_t by_threads(void)
{
	char *p = map_pages(FAULTS, MAP_PRIVATE);
	pthread_t thread[THREADS];
	uint64_t start, took;
	int i;

	pthread_barrier_init(&begin, NULL, THREADS + 1);
	pthread_barrier_init(&end, NULL, THREADS + 1);
	for (i = 0; i < THREADS; i++) {
		if (pthread_create(&thread[i], NULL, write_share,
				   p + i * (FAULTS / THREADS) * 4096))
			bail("no thread");
	}
	usleep(10 * 1000);
	start = ticks();
	pthread_barrier_wait(&begin);
	pthread_barrier_wait(&end);
	took = ticks() - start;
	for (i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	munmap(p, FAULTS * 4096);
	return took;
}

static const struct {
	const char *name;
	uint64_t (*run)(void);
} kinds[] = {
	{ "zerofill", zerofill },
	{ "copy", copy },
	{ "threads", by_threads },
};

#define NR_KINDS ((int)(sizeof(kinds) / sizeof(kinds[0])))

static void print_faults(const char *observed)
{
	uint64_t took, least;
	int k, run;

	/* Whatever was set up on the way here is over by then. */
	usleep(100 * 1000);
	for (k = 0; k < NR_KINDS; k++) {
		least = ~0ULL;
		for (run = 0; run < RUNS; run++) {
			took = kinds[k].run();
			if (took < least)
				least = took;
		}
		printf("fault %s %s %d %" PRIu64 "\n", kinds[k].name, observed,
		       FAULTS, least);
	}
}

static void count_sample(const struct sample *s, void *n)
{
	(void)s;
	++*(long long *)n;
}

static void print_listened(const char *observed, bool chains)
{
	struct listener l = listen_to(&(struct listening){
		.event = "cow_fault", .pid = getpid(), .ring = RING_SIZE,
		.chains = chains,
	});
	long long all, heard = 0;

	print_faults(observed);
	all = perf_count(&l);
	drain(&l, count_sample, &heard);
	/* What is lost costs less. */
	if (heard < all)
		bail("%lld of %lld faults heard", heard, all);
	stop_listening(&l);
}

static void measure_faults(void)
{
	pid_t other = spawn(NULL, NULL);

	/* What it leaves, stacks of threads above all, is there for all others then. */
	by_threads();
	print_faults("unhooked");
	attach(other);
	print_faults("other");
	attach(getpid());
	detach(other);
	reap(other);
	print_faults("attached");
	detach(getpid());
	mount_tracefs();
	print_listened("perf", false);
	print_listened("chains", true);
}

/* ---- copies that the tool traces ---- */

#define FEW		512
#define MANY		2560	/* with 8 KiB of stack each, that is less than a ring */
#define CALLS		10
#define OTHERS		16

static const char *const ways[] = { "", "--stacks=fp", "--stacks=dwarf" };

#define NR_WAYS ((int)(sizeof(ways) / sizeof(ways[0])))

/* Instructions of a process: what others do meanwhile is not in it. */
static uint64_t own_time(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

/* From so many functions that call one another. */
static __attribute__((noinline, noclone))
uint64_t write_below(int calls, char *p, int pages)
{
	uint64_t took, start;
	int i;

	if (calls) {
		took = write_below(calls - 1, p, pages);
		/* So that it is a call. */
		__asm__ volatile("" ::: "memory");
		return took;
	}
	start = own_time();
	for (i = 0; i < pages; i++)
		p[i * 4096] = 2;
	return own_time() - start;
}

static void wait_until_it_listens(pid_t tool)
{
	char path[32], *text;
	int i, waits = 0;

	snprintf(path, sizeof(path), "/proc/%d/syscall", tool);
	for (i = 0; i < 6000 && !waits; i++) {
		usleep(10000);
		text = slurp(path);
		/* epoll_wait() */
		waits = !strncmp(text, "232 ", 4);
		free(text);
	}
	if (!waits)
		bail("the tool does not listen");
}

static void must_have_all(int copies)
{
	long long copied;
	const char *lost;

	read_out();
	lost = strstr(out, "\"lost_events\": ");
	copied = field(proc(getpid()), "copied");
	/* Some of what is written to on the way there is copied as well. */
	if (!lost || field(lost, "lost_events") || copied < copies ||
	    copied > copies + OTHERS)
		bail("the tool has seen %lld copies, not %d", copied, copies);
}

static void print_traced(int way, int copies)
{
	char *p = map_pages(copies, MAP_PRIVATE);
	struct rusage used;
	pid_t child, tool;
	uint64_t took;
	int i, status;

	for (i = 0; i < copies; i++)
		p[i * 4096] = 1;
	child = spawn(NULL, NULL);
	/* What the fork has left to be copied beside that. */
	write_below(CALLS, p, 0);
	tool = start(-1, "%s --json -e copied -o " OUT " -p %d", ways[way],
		     getpid());
	wait_until_it_listens(tool);
	took = write_below(CALLS, p, copies);
	kill(tool, SIGINT);
	if (wait4(tool, &status, 0, &used) != tool || status)
		bail("the tool failed");
	must_have_all(copies);
	reap(child);
	munmap(p, copies * 4096);
	printf("trace %s %d %" PRIu64 " %lld %ld\n",
	       ways[way][0] ? ways[way] : "no", copies, took,
	       (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000000ll +
	       (used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1000ll,
	       used.ru_maxrss);
}

static void measure_traced(void)
{
	int way;

	for (way = 0; way < NR_WAYS; way++) {
		print_traced(way, FEW);
		print_traced(way, MANY);
	}
}

/* Where stack and heap begin decides about how many pages there are to be read. */
static void lie_where_always(char **argv)
{
	int now = personality(~0u);

	if (now & ADDR_NO_RANDOMIZE)
		return;
	personality(now | ADDR_NO_RANDOMIZE);
	execv("/proc/self/exe", argv);
	bail("cannot run myself again");
}

int main(int argc, char **argv)
{
	int i, r;

	(void)argc;
	lie_where_always(argv);

	setvbuf(stdout, NULL, _IOLBF, 0);
	files[1] = open("/proc/kpagecount", O_RDONLY);
	files[2] = open("/proc/kpageflags", O_RDONLY);
	if (files[1] < 0 || files[2] < 0)
		bail("no /proc/kpagecount");
	for (i = 0; i < NR_TARGETS; i++) {
		make_target(&targets[i]);
		attach(targets[i].pid);
		for (r = 0; r < NR_READERS; r++)
			printf("%s %s %ld %" PRIu64 "\n", targets[i].name,
			       readers[r].name, pages_of(&targets[i]),
			       measure(&targets[i], r));
		printf("hold %s %lld\n", targets[i].name,
		       status_number("lock_hold_max"));
		detach(targets[i].pid);
		reap(targets[i].pid);
	}
	measure_faults();
	measure_traced();
	return 0;
}
