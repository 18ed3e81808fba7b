// SPDX-License-Identifier: GPL-2.0
/*
 * A fuzzer of the module's files, from a seed: everything that can be done to a
 * file is done to each, at random, in three parts: alone, looking after each
 * command that was refused whether it left anything behind; by two processes
 * side by side; and by two threads that close each other's files. Where the kernel
 * can tell what code is reached, a last part is guided by that (guided.c).
 *
 *	fuzz [OPERATIONS [SEED [GUIDED]]]
 *
 * GUIDED is the number of operations of the last part. Instead of arguments, also:
 * FUZZ_OPS, SEED, FUZZ_GUIDED. A part that is done alone replays with its
 * seed; where others take part, what happens depends on time as well.
 */
#include <pthread.h>
#include <sys/socket.h>
#include <time.h>

#include "fuzz.h"

pid_t fuzz_targets[FUZZ_TARGETS];

static const struct {
	const char *name;
	void (*run)(struct fuzzer *f);
} ops[FUZZ_NR_OPS] = {
#define FUZZ_X(name) { #name, fuzz_##name },
	FUZZ_OPS(FUZZ_X)
#undef FUZZ_X
};

/* ---- chance ---- */

/* splitmix64 */
uint64_t fuzz_random(struct fuzzer *f)
{
	uint64_t z = f->state += 0x9e3779b97f4a7c15;

	if (f->words) {
		f->words--;
		z = *f->word++ * 0x9e3779b97f4a7c15;
	}
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

uint64_t fuzz_below(struct fuzzer *f, uint64_t below)
{
	return fuzz_random(f) % below;
}

bool fuzz_chance(struct fuzzer *f, unsigned int one_in)
{
	return !fuzz_below(f, one_in);
}

struct fuzz_slot *fuzz_slot(struct fuzzer *f)
{
	return &f->slot[fuzz_below(f, f->slots)];
}

long long fuzz_offset(struct fuzzer *f)
{
	static const unsigned long long known[] = {
		0, 1, 47, 48, 4095, 4096, 1ULL << 32, 0x7ffffffff000,
		0x7fffffffffff, 0x800000000000, 0xffffffffff000,
		0xfffffffffffff, 0x00ffffffffffffff, 0x0100000000000000,
		INT64_MAX, INT64_MAX - 4095, 1ULL << 63, 0xffff800000000000,
		0xffff888000000000, 0xffffffffff600000, -1ULL, -4096ULL,
		-16384ULL
	};

	switch (fuzz_below(f, 3)) {
	case 0:
		return known[fuzz_below(f, sizeof(known) / sizeof(known[0]))];
	case 1:
		return fuzz_below(f, 1 << 16);
	default:
		return fuzz_random(f) >> fuzz_below(f, 64);
	}
}

size_t fuzz_size(struct fuzzer *f)
{
	static const size_t known[] = {
		0, 1, 47, 48, 49, 71, 72, 73, 4095, 4096, 4097, FUZZ_ARENA,
		1UL << 31, (1UL << 31) - 1, 1UL << 40, SIZE_MAX / 2, SIZE_MAX
	};

	if (fuzz_chance(f, 3))
		return known[fuzz_below(f, sizeof(known) / sizeof(known[0]))];
	return fuzz_below(f, 1 << fuzz_below(f, 18));
}

/* Where not all of @size bytes can be written, nor of most of them be read. */
void *fuzz_bad_pointer(struct fuzzer *f, size_t size)
{
	char *end = f->arena + FUZZ_ARENA;

	switch (fuzz_below(f, 8)) {
	case 0:
		return NULL;
	case 1:
		return (void *)1;
	case 2:
		return (void *)0xffff888000000000;
	case 3:
		return (void *)(1UL << 63);
	case 4:
		return f->stale;
	case 5:
		return f->past_end;
	default:
		/* Ends in the middle of it. */
		return end - fuzz_below(f, size < 4096 ? size + 1 : 4096);
	}
}

/* ---- what came of it ---- */

void fuzz_wrong(struct fuzzer *f, const char *what, long long a, long long b)
{
	if (__atomic_fetch_add(&f->shared->wrong, 1, __ATOMIC_RELAXED) < 20)
		diag("seed %" PRIu64 ", operation %" PRIu64 ", %s: %lld (%lld) %s",
		     f->seed, f->nr, ops[f->op].name, a, b, what);
}

/* Bad descriptors are everywhere, as files are closed at any time. */
void fuzz_result(struct fuzzer *f, long long ret, const int *allowed)
{
	int error = errno;

	if (ret >= 0)
		return;
	if (error < FUZZ_ERRNOS)
		__atomic_fetch_add(&f->shared->failed[f->op][error], 1,
				   __ATOMIC_RELAXED);
	while (*allowed && *allowed != error)
		allowed++;
	if (*allowed != error && error != EBADF)
		fuzz_wrong(f, "is no error that it may have", error, ret);
	errno = error;
}

static void print_errors(const uint64_t *failed, char *to, size_t size)
{
	size_t at = 0;
	int i;

	*to = '\0';
	for (i = 0; i < FUZZ_ERRNOS; i++) {
		if (failed[i] && at < size)
			at += snprintf(to + at, size - at, " %s %" PRIu64,
				       strerrorname_np(i) ?: "?", failed[i]);
	}
}

static uint64_t print_counts(const struct fuzz_shared *shared)
{
	uint64_t total = 0;
	char text[400];
	int i;

	for (i = 0; i < FUZZ_NR_OPS; i++) {
		print_errors(shared->failed[i], text, sizeof(text));
		diag("%-10s %8" PRIu64 "%s%s", ops[i].name, shared->done[i],
		     *text ? ", failed:" : "", text);
		total += shared->done[i];
	}
	return total;
}

/* ---- a fuzzer ---- */

static void *arena_with_end(void)
{
	char *at = mmap(NULL, FUZZ_ARENA + PAGE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED || mprotect(at + FUZZ_ARENA, PAGE, PROT_NONE))
		bail("arena");
	return at;
}

void fuzz_begin(struct fuzzer *f, struct fuzz_shared *shared, uint64_t seed)
{
	int i, file = memfd_create("short", MFD_CLOEXEC);

	memset(f, 0, sizeof(*f));
	f->shared = shared;
	f->seed = seed;
	f->state = seed;
	f->arena = arena_with_end();
	f->stale = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			0);
	f->past_end = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file,
			   0);
	f->event = -1;
	f->slots = FUZZ_SLOTS;
	f->slot = calloc(FUZZ_SLOTS, sizeof(*f->slot));
	if (!f->slot || pipe2(f->pipe, O_NONBLOCK) ||
	    socketpair(AF_UNIX, SOCK_DGRAM, 0, f->socket))
		bail("what a fuzzer needs");
	for (i = 0; i < FUZZ_SLOTS; i++)
		f->slot[i].fd = -1;
	fuzz_areas_make(f);
	fuzz_targets[FUZZ_SELF] = getpid();
}

static void drain(int fd)
{
	char buffer[4096];

	while (read(fd, buffer, sizeof(buffer)) > 0)
		;
}

/* What keeps files open and processes attached comes more often. */
enum fuzz_op fuzz_choose(struct fuzzer *f)
{
	enum fuzz_op op = fuzz_below(f, FUZZ_NR_OPS);

	if (fuzz_chance(f, 4))
		return fuzz_chance(f, 2) ? FUZZ_OP_open : FUZZ_OP_write;
	/* A fork takes as long as many others. */
	if (op == FUZZ_OP_fork && !fuzz_chance(f, 3))
		op = FUZZ_OP_touch;
	/* So does all that has to be hooked for who listens, and unhooked. */
	if (op == FUZZ_OP_listen && !fuzz_chance(f, 3))
		op = FUZZ_OP_poll;
	/* Others depend on parameters; and what makes faults takes its time. */
	if (!f->alone && (op == FUZZ_OP_parameter || op == FUZZ_OP_fork ||
			  (op >= FUZZ_OP_map && !fuzz_chance(f, 8))))
		return FUZZ_OP_read;
	return op;
}

/* One operation, of the kind that was chosen. */
void fuzz_do(struct fuzzer *f)
{
	ops[f->op].run(f);
	__atomic_fetch_add(&f->shared->done[f->op], 1, __ATOMIC_RELAXED);
	if (!(f->nr++ % 1024))
		drain(f->pipe[0]);
}

static void run(struct fuzzer *f, uint64_t operations)
{
	while (f->nr < operations) {
		f->op = fuzz_choose(f);
		fuzz_do(f);
	}
}

/* ---- the parts ---- */

static void part_alone(struct fuzz_shared *shared, uint64_t operations,
		       uint64_t seed)
{
	struct fuzzer f;
	int i;

	fuzz_begin(&f, shared, seed);
	f.alone = true;
	run(&f, operations);
	for (i = 0; i < FUZZ_SLOTS; i++)
		close(f.slot[i].fd);
}

static void part_processes(struct fuzz_shared *shared, uint64_t operations,
			   uint64_t seed)
{
	struct fuzzer f;
	pid_t pid[2];
	int i, status;

	for (i = 0; i < 2; i++) {
		pid[i] = fork();
		if (pid[i])
			continue;
		fuzz_begin(&f, shared, seed + i);
		run(&f, operations / 2);
		_exit(0);
	}
	for (i = 0; i < 2; i++) {
		if (waitpid(pid[i], &status, 0) != pid[i] || status)
			bail("a fuzzer died: status %x", status);
	}
}

struct racer {
	struct fuzzer f;
	uint64_t operations;
};

static void *race(void *arg)
{
	struct racer *r = arg;

	run(&r->f, r->operations);
	return NULL;
}

/* Two threads with the same slots. */
static void part_threads(struct fuzz_shared *shared, uint64_t operations,
			 uint64_t seed)
{
	struct racer r[2];
	pthread_t thread[2];
	int i;

	for (i = 0; i < 2; i++) {
		fuzz_begin(&r[i].f, shared, seed + i);
		r[i].f.race = true;
		r[i].f.slot = r[0].f.slot;
		r[i].operations = operations / 2;
	}
	for (i = 0; i < 2; i++)
		pthread_create(&thread[i], NULL, race, &r[i]);
	for (i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
}

static void in_a_child(void (*part)(struct fuzz_shared *, uint64_t, uint64_t),
		       struct fuzz_shared *shared, uint64_t operations,
		       uint64_t seed, const char *what)
{
	uint64_t wrong = shared->wrong;
	struct timespec from, to;
	pid_t pid;
	int status;

	clock_gettime(CLOCK_MONOTONIC, &from);
	pid = fork();
	if (!pid) {
		part(shared, operations, seed);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	clock_gettime(CLOCK_MONOTONIC, &to);
	ok(!status && shared->wrong == wrong,
	   "%s: %" PRIu64 " operations end as they may (%lld s, seed %" PRIu64 ")",
	   what, operations, (long long)(to.tv_sec - from.tv_sec), seed);
}

/* Idle ones, and one that has ended. */
static void make_targets(void)
{
	siginfo_t info;
	int i;

	for (i = 0; i < FUZZ_SELF; i++) {
		fuzz_targets[i] = spawn(NULL, NULL);
		attach(fuzz_targets[i]);
	}
	kill(fuzz_targets[0], SIGKILL);
	if (waitid(P_PID, fuzz_targets[0], &info, WEXITED | WNOWAIT))
		bail("waitid");
}

/* All targets but one; 0 is none. */
void fuzz_detach_all_but(pid_t kept)
{
	char *status = slurp(COW_DIR "/status"), *at = status;
	int pid;

	while ((at = strstr(at, "\ntarget: "))) {
		if (sscanf(++at, "target: %d", &pid) == 1 && pid != kept)
			command_pid("detach", pid);
	}
	free(status);
}

static void test_end(void)
{
	int i;

	fuzz_detach_all_but(0);
	for (i = 0; i < FUZZ_SELF; i++)
		reap(fuzz_targets[i]);
	ok(!status_number("targets"), "nothing is left attached");
	ok(!unload_module(), "the module unloads");
}

/* ---- */

static uint64_t number(const char *argument, const char *variable,
		       uint64_t otherwise)
{
	const char *text = argument ?: getenv(variable);

	return text ? strtoull(text, NULL, 0) : otherwise;
}

/* Where there is no kcov to guide, that is said. */
static void test_guided(struct fuzz_shared *shared, uint64_t operations,
			uint64_t seed)
{
	const char *lacks = fuzz_cover_lacks();

	if (lacks || !operations) {
		skip_some(2, lacks ?: "none guided by coverage is asked for");
		return;
	}
	in_a_child(fuzz_guided, shared, operations, seed, "guided by coverage");
	/* What depends on time as well, as on who holds a lock, is not met again. */
	ok(shared->guided.by_chance &&
	   shared->guided.again > shared->guided.reached / 4 * 3,
	   "%u places reached at random, %u with guidance, and %u again",
	   shared->guided.by_chance, shared->guided.reached,
	   shared->guided.again);
}

int main(int argc, char **argv)
{
	struct fuzz_shared *shared = mmap(NULL, sizeof(*shared),
					  PROT_READ | PROT_WRITE,
					  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t operations = number(argc > 1 ? argv[1] : NULL, "FUZZ_OPS",
				     100000);
	uint64_t seed = number(argc > 2 ? argv[2] : NULL, "SEED",
			       time(NULL));
	uint64_t guided = number(argc > 3 ? argv[3] : NULL, "FUZZ_GUIDED", 3000);
	uint64_t total;

	if (argc > 1 && !strcmp(argv[1], "--end"))
		return 0;
	if (shared == MAP_FAILED)
		bail("mmap");
	tap_plan(3 + 2 + 1 + 2);
	mount("none", TRACING, "tracefs", 0, NULL);
	diag("seed %" PRIu64, seed);
	signal(SIGPIPE, SIG_IGN);
	/* For those who ask for them. */
	set_hugetlb(NR_HUGETLB, "6");
	make_targets();
	in_a_child(part_alone, shared, operations / 20, seed, "alone");
	in_a_child(part_processes, shared, operations * 9 / 10, seed + 1,
		   "two processes");
	in_a_child(part_threads, shared, operations / 20, seed + 3,
		   "two threads with the same files");
	test_guided(shared, guided, seed + 5);
	set_file(NR_HUGETLB, "0");
	total = print_counts(shared);
	ok(total >= operations * 99 / 100, "%" PRIu64 " operations were made",
	   total);
	test_end();
	return tap_done();
}
