// SPDX-License-Identifier: GPL-2.0
/* A process of the family: it waits for orders and carries them out. */
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>

#include "truth.h"

static int me;

static long futex(uint32_t *word, int op, uint32_t value)
{
	return syscall(SYS_futex, word, op, value, NULL, NULL, 0);
}

static int error_of(long result)
{
	return result < 0 ? errno : 0;
}

/*
 * Some kernels never come back from such a write, where no userfaultfd is left
 * to decide about it: see never_ends() in layout.c.
 */
static bool may_write(const struct region *region, char *at)
{
	return !region_is_hugetlb(region) ||
	       !(pagemap_of(getpid(), at) & PAGEMAP_UFFD_WP);
}

static bool may_write_all(const struct region *region, char *at, size_t len)
{
	size_t i;

	for (i = 0; i < len; i += PAGE) {
		if (!may_write(region, at + i))
			return false;
	}
	return true;
}

static int read_all(char *at, size_t len)
{
	size_t i;

	for (i = 0; i < len; i += PAGE)
		touch(at + i, false, NULL);
	return 0;
}

static int write_all(const struct region *region, char *at, size_t len)
{
	size_t i;

	for (i = 0; i < len; i += PAGE) {
		if (may_write(region, at + i))
			touch(at + i, true, NULL);
	}
	return 0;
}

static int write_same(const struct region *region, char *at, size_t len)
{
	size_t i;

	for (i = 0; i < len; i += PAGE) {
		if (may_write(region, at + i) && touch(at + i, true, NULL))
			memset(at + i, 0x5a, PAGE);
	}
	return 0;
}

/*
 * The kernel takes pages for lazy freeing, and for reclaim, from the LRU only:
 * not from a CPU's batch, where fresh ones are.
 */
static void drain_sometimes(void)
{
	if (shared->members[me].order.arg & 4)
		drain_lru();
}

static int free_lazily(char *at, size_t len)
{
	drain_sometimes();
	return error_of(madvise(at, len, MADV_FREE));
}

/* Swapping in is only seen where a page was swapped out just before. */
static int pageout(char *at, size_t len)
{
	int error;

	drain_sometimes();
	error = error_of(madvise(at, len, MADV_PAGEOUT));
	if (!error && len > 2 * PAGE && shared->members[me].order.arg % 2) {
		touch(at, false, NULL);
		touch(at + PAGE, false, NULL);
		shared->seen[ING_SWAPPED_IN] = true;
	}
	return error;
}

/* Into the second half of the slot, where nothing is yet. */
static int move(char *at, size_t len)
{
	char *to = at + SLOT / 2;

	if (mremap(at, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, to) != to)
		return errno;
	shared->seen[ING_MOVED] = true;
	return 0;
}

static int migrate(char *at, size_t len, int node)
{
	enum { MOST = 64, MOVE = 1 << 1 };
	void *pages[MOST];
	int nodes[MOST], status[MOST];
	unsigned long i, n = len / PAGE < MOST ? len / PAGE : MOST;
	long error;

	for (i = 0; i < n; i++) {
		pages[i] = at + i * PAGE;
		nodes[i] = node;
	}
	error = syscall(SYS_move_pages, 0, n, pages, nodes, status, MOVE);
	if (error < 0)
		return errno;
	for (i = 0; i < n; i++) {
		if (status[i] == node && node)
			shared->seen[ING_MIGRATED] = true;
	}
	return 0;
}

/* The pipe keeps a reference on each page, as long as nobody reads it. */
static int splice_out(char *at, size_t len)
{
	struct iovec some = { at, len < 4 * PAGE ? len : 4 * PAGE };
	int ends[2];

	if (pipe(ends))
		return errno;
	if (vmsplice(ends[1], &some, 1, SPLICE_F_NONBLOCK) <= 0)
		return errno;
	shared->seen[ING_REFERENCED] = true;
	return 0;
}

static int advise(char *at, size_t len, int advice, int ingredient)
{
	if (madvise(at, len, advice))
		return errno;
	if (ingredient >= 0)
		shared->seen[ingredient] = true;
	return 0;
}

/*
 * Where userfaultfd protects a page, 7.2 was seen never to come back from that: what
 * it takes away to make room leaves a mark of that protection, which is in the way again.
 */
static int install_guards(char *at, size_t len)
{
	bool protected = false;
	size_t i;

	for (i = 0; i < len; i += PAGE)
		protected |= !!(pagemap_of(getpid(), at + i) & PAGEMAP_UFFD_WP);
	return protected ? EBUSY : advise(at, len, MADV_GUARD_INSTALL, -1);
}

static __attribute__((noinline)) char deep(unsigned int pages)
{
	volatile char frame[4096];

	frame[0] = pages;
	return pages ? deep(pages - 1) + frame[0] : frame[0];
}

static int go_deep(unsigned int pages)
{
	deep(pages);
	shared->seen[ING_STACK] = true;
	return 0;
}

static void loop(int m);

static int fork_member(int m)
{
	pid_t pid = fork();

	if (pid < 0)
		return errno;
	if (!pid)
		loop(m);
	shared->members[m].pid = pid;
	return 0;
}

static int populate(const struct order *order, char *at, size_t len)
{
	/* That writes, too. */
	if (order->arg % 2 || region_is_hugetlb(&order->region))
		return advise(at, len, MADV_POPULATE_READ, -1);
	return advise(at, len, MADV_POPULATE_WRITE, -1);
}

/* The kernel then writes, or does as if: in 6.1 without end, too. */
static int lock(const struct region *region, char *at, size_t len)
{
	return may_write_all(region, at, len) ? error_of(mlock(at, len)) : EBUSY;
}

static int pin(const struct region *region, char *at, size_t len)
{
	if (len > 8 * PAGE)
		len = 8 * PAGE;
	return may_write_all(region, at, len) ? error_of(pin_pages(at, len)) :
						EBUSY;
}

static int carry_out(const struct order *order)
{
	char *at = order->region.addr + order->first * PAGE;
	size_t len = order->pages * PAGE;

	switch (order->op) {
	case OP_MAKE:
		return region_make(&order->region, order->arg);
	case OP_READ:
		return read_all(at, len);
	case OP_WRITE:
		return write_all(&order->region, at, len);
	case OP_WRITE_SAME:
		return write_same(&order->region, at, len);
	case OP_DONTNEED:
		return advise(at, len, MADV_DONTNEED, -1);
	case OP_FREE:
		return free_lazily(at, len);
	case OP_PAGEOUT:
		return pageout(at, len);
	case OP_POPULATE:
		return populate(order, at, len);
	case OP_COLLAPSE:
		return advise(at, len, MADV_COLLAPSE, ING_COLLAPSED);
	case OP_PROT_READ:
		return error_of(mprotect(at, len, PROT_READ));
	case OP_PROT_WRITE:
		return error_of(mprotect(at, len, PROT_READ | PROT_WRITE));
	case OP_PROT_NONE:
		return error_of(mprotect(at, len, PROT_NONE));
	case OP_UNMAP:
		return error_of(munmap(at, len));
	case OP_MOVE:
		return move(at, len);
	case OP_LOCK:
		return lock(&order->region, at, len);
	case OP_UNLOCK:
		return error_of(munlock(at, len));
	case OP_MIGRATE:
		return migrate(at, len, order->arg);
	case OP_MERGE:
		return error_of(madvise(at, len, MADV_MERGEABLE));
	case OP_PIN:
		return pin(&order->region, at, len);
	case OP_SPLICE:
		return splice_out(at, len);
	case OP_PROTECT_UFFD:
		/* A write then raises SIGBUS, and waits for nobody. */
		return error_of(protect_by_uffd(at, len, UFFD_FEATURE_SIGBUS));
	case OP_PROTECT_ASYNC:
		return error_of(protect_by_uffd(at, len, UFFD_FEATURE_WP_ASYNC));
	case OP_PROTECT_RWP:
		/* So does any access. */
		return error_of(protect_by_rwp(at, len, UFFD_FEATURE_SIGBUS));
	case OP_GUARD:
		return install_guards(at, len);
	case OP_WIPE:
		return advise(at, len, MADV_WIPEONFORK, ING_WIPED);
	case OP_NOFORK:
		return advise(at, len, MADV_DONTFORK, ING_NOT_FORKED);
	case OP_DEEP:
		return go_deep(order->pages);
	case OP_SYNC:
		return error_of(msync(at, len, MS_SYNC));
	case OP_FORK:
		return fork_member(order->arg);
	case OP_EXIT:
		_exit(0);
	case OP_TRY:
		member_try_writes();
		return 0;
	default:
		bail("member: no such order");
	}
}

/*
 * On a CPU where it ran before, a process may find a stale translation that
 * does not let it write yet, and take a fault that changes nothing; so each
 * member stays on the CPU it is given at birth.
 */
static void stay_on_cpu(int m)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(m % 2, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		bail("cannot stay on CPU %d", m % 2);
}

/* Faults in vdso and vvar, which a fork leaves out. */
static void look_at_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
}

/*
 * Between two orders nothing is touched but the shared memory and the stack
 * where this runs.
 */
static void loop(int m)
{
	struct member *self = &shared->members[m];
	uint32_t done = 0;

	me = m;
	stay_on_cpu(m);
	look_at_clock();
	for (;;) {
		while (get_word(&self->told) == done)
			futex(&self->told, FUTEX_WAIT, done);
		self->result = carry_out(&self->order);
		set_word(&self->done, ++done);
		futex(&self->done, FUTEX_WAKE, 1);
	}
}

/**
 * member_run - be member @m, never to return
 * @m: which
 */
void member_run(int m)
{
	/* Nobody waits for children: who exits is gone at once. */
	signal(SIGCHLD, SIG_IGN);
	loop(m);
}
