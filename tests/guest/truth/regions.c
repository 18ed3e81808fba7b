// SPDX-License-Identifier: GPL-2.0
/* What memory is made of: one maker for each way to come by a mapping. */
#include <setjmp.h>
#include <sys/syscall.h>

#include "truth.h"

#ifndef MAP_HUGE_SHIFT
#define MAP_HUGE_SHIFT		26
#endif
#ifndef MAP_HUGETLB
#define MAP_HUGETLB		0x40000
#endif
#ifndef SYS_memfd_secret
#define SYS_memfd_secret	447
#endif

#define PROT_RW			(PROT_READ | PROT_WRITE)

static sigjmp_buf broken;

static void on_fault(int sig)
{
	siglongjmp(broken, sig);
}

/*
 * Read a byte, or write one where the contents do not matter: without a read
 * before it, which would be a fault of its own. Returns whether it went well,
 * otherwise @sig is the signal.
 */
bool touch(char *at, bool write, int *sig)
{
	struct sigaction action = { .sa_handler = on_fault };
	volatile bool writing = write;	/* outlives the jump */
	int caught;

	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	caught = sigsetjmp(broken, 1);
	if (sig)
		*sig = caught;
	if (caught)
		return false;
	if (writing)
		*(volatile char *)at = 0x77;
	else
		(void)*(volatile char *)at;
	return true;
}

/* A member's own small generator: the driver's is not its to use. */
static uint64_t state;

static uint32_t roll(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 16) % below;
}

/* Each page read, written, or left alone, in runs; or all of it in one way. */
static void touch_pages(const struct region *r)
{
	unsigned int i, left = 0, how = 0;
	bool all = !roll(3);

	if (all)
		how = 1 + roll(3);
	for (i = 0; i < r->pages; i++) {
		if (!all && !left--) {
			left = roll(8);
			how = roll(4);
		}
		if (how)
			touch(r->addr + i * PAGE, how > 1, NULL);
	}
}

static int map_at(const struct region *r, int prot, int flags, int fd, off_t at)
{
	if (fd < 0)
		flags |= MAP_ANONYMOUS;
	if (mmap(r->addr, r->pages * PAGE, prot, flags | MAP_FIXED_NOREPLACE,
		 fd, at) != r->addr)
		return errno ? errno : EINVAL;
	return 0;
}

static int map_small(const struct region *r, int flags)
{
	int error = map_at(r, PROT_RW, flags, -1, 0);

	if (!error)
		madvise(r->addr, r->pages * PAGE, MADV_NOHUGEPAGE);
	return error;
}

static int make_anon(const struct region *r)
{
	int error = map_small(r, MAP_PRIVATE);

	if (!error)
		touch_pages(r);
	return error;
}

static int make_shared_anon(const struct region *r)
{
	int error = map_small(r, MAP_SHARED);

	if (!error)
		touch_pages(r);
	return error;
}

/* Contents in the page cache, a hole, and contents that are not mapped yet. */
static int map_file(const struct region *r, int fd, int flags)
{
	char page[PAGE];
	unsigned int i;
	int error;

	if (fd < 0)
		return errno;
	memset(page, 0x5a, sizeof(page));
	error = ftruncate(fd, r->pages * PAGE) ? errno : 0;
	for (i = 0; !error && i < r->pages; i++) {
		if (roll(2) && pwrite(fd, page, sizeof(page), i * PAGE) < 0)
			error = errno;
	}
	if (!error)
		error = map_at(r, PROT_RW, flags, fd, 0);
	close(fd);
	if (!error)
		touch_pages(r);
	return error;
}

static int temporary(const char *dir)
{
	static int serial;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "%s/%d-%d", dir, getpid(), serial++);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
	if (fd >= 0)
		unlink(path);
	return fd;
}

static int memfd(void)
{
	return syscall(SYS_memfd_create, "truth", 0);
}

static int make_memfd_private(const struct region *r)
{
	return map_file(r, memfd(), MAP_PRIVATE);
}

static int make_memfd_shared(const struct region *r)
{
	return map_file(r, memfd(), MAP_SHARED);
}

static int make_tmpfs_private(const struct region *r)
{
	return map_file(r, temporary("/truth/tmpfs"), MAP_PRIVATE);
}

static int make_tmpfs_shared(const struct region *r)
{
	return map_file(r, temporary("/truth/tmpfs"), MAP_SHARED);
}

static int make_ext4_private(const struct region *r)
{
	return map_file(r, temporary("/truth/ext4"), MAP_PRIVATE);
}

static int make_ext4_shared(const struct region *r)
{
	return map_file(r, temporary("/truth/ext4"), MAP_SHARED);
}

static int make_readonly(const struct region *r)
{
	int error = make_anon(r);

	if (!error && mprotect(r->addr, r->pages * PAGE, PROT_READ))
		error = errno;
	return error;
}

static int make_no_access(const struct region *r)
{
	int error = make_anon(r);

	if (!error && mprotect(r->addr, r->pages * PAGE, PROT_NONE))
		error = errno;
	return error;
}

static int make_brk(const struct region *r)
{
	char *at = sbrk(r->pages * PAGE);
	struct region heap = { .addr = at, .pages = r->pages };

	if (at == (void *)-1)
		return errno;
	touch_pages(&heap);
	return 0;
}

static int make_huge(const struct region *r)
{
	int error = map_at(r, PROT_RW, MAP_PRIVATE, -1, 0);

	if (error)
		return error;
	if (madvise(r->addr, r->pages * PAGE, MADV_HUGEPAGE))
		return errno;
	touch(r->addr, roll(4), NULL);
	if (r->pages > HUGE / PAGE)
		touch(r->addr + HUGE, roll(2), NULL);
	return 0;
}

static int make_huge_shmem(const struct region *r)
{
	int error = map_at(r, PROT_RW, MAP_SHARED, -1, 0);

	if (error)
		return error;
	if (madvise(r->addr, r->pages * PAGE, MADV_HUGEPAGE))
		return errno;
	touch(r->addr, true, NULL);
	return 0;
}

/* Shorter than a huge page, so that a smaller folio is the best there is. */
static int make_mthp(const struct region *r)
{
	int error = map_at(r, PROT_RW, MAP_PRIVATE, -1, 0);

	if (!error && madvise(r->addr, r->pages * PAGE, MADV_HUGEPAGE))
		error = errno;
	if (!error)
		touch_pages(r);
	return error;
}

static int map_hugetlb(const struct region *r, int flags, unsigned long size)
{
	unsigned long i;
	int error = map_at(r, PROT_RW, flags | MAP_HUGETLB |
			   __builtin_ctzl(size) << MAP_HUGE_SHIFT, -1, 0);

	for (i = 0; !error && i < r->pages * PAGE; i += size) {
		if (roll(4))
			touch(r->addr + i, true, NULL);
	}
	return error;
}

static int make_hugetlb_private(const struct region *r)
{
	return map_hugetlb(r, MAP_PRIVATE, HUGE);
}

static int make_hugetlb_shared(const struct region *r)
{
	return map_hugetlb(r, MAP_SHARED, HUGE);
}

static int make_hugetlb_ptes(const struct region *r)
{
	return map_hugetlb(r, MAP_PRIVATE, machine.hugetlb_ptes);
}

static int make_hugetlb_pmds(const struct region *r)
{
	return map_hugetlb(r, MAP_PRIVATE, machine.hugetlb_pmds);
}

static int make_device(const struct region *r, int flags)
{
	int error = map_at(r, PROT_RW, flags, machine.device, machine.device_at);

	/* Read only: writing is for those who know the device. */
	if (!error)
		touch(r->addr, false, NULL);
	return error;
}

static int make_device_shared(const struct region *r)
{
	return make_device(r, MAP_SHARED);
}

static int make_device_private(const struct region *r)
{
	return make_device(r, MAP_PRIVATE);
}

static int make_secretmem(const struct region *r)
{
	int fd = syscall(SYS_memfd_secret, 0), error = 0;

	if (fd < 0 || ftruncate(fd, r->pages * PAGE))
		return errno;
	error = map_at(r, PROT_RW, MAP_SHARED, fd, 0);
	close(fd);
	if (!error)
		touch_pages(r);
	return error;
}

/* What a region is a multiple of. */
enum unit { BASE_PAGE, HUGE_HALF, HUGE_PAGE, HUGETLB_PTES, HUGETLB_PMDS };

static unsigned int pages_in(enum unit unit)
{
	switch (unit) {
	case HUGE_HALF:
		return HUGE_PAGES / 2;
	case HUGE_PAGE:
		return HUGE_PAGES;
	case HUGETLB_PTES:
		return machine.hugetlb_ptes / PAGE;
	case HUGETLB_PMDS:
		return machine.hugetlb_pmds / PAGE;
	default:
		return 1;
	}
}

/*
 * @make: makes it, returns 0 or an errno
 * @ingredient: what it needs and, where no record can show it, what it is
 * @told: the record does not show it: success counts
 * @min, @max: how many units it has
 */
static const struct maker {
	int (*make)(const struct region *region);
	int ingredient;
	bool told;
	unsigned int min, max;
	enum unit unit;
} makers[] = {
	{ make_anon, ING_ANON, false, 1, 40, BASE_PAGE },
	{ make_anon, ING_ANON, false, 64, 256, BASE_PAGE },
	{ make_shared_anon, ING_SHARED_ANON, true, 1, 24, BASE_PAGE },
	{ make_memfd_private, ING_MEMFD_PRIVATE, true, 1, 24, BASE_PAGE },
	{ make_memfd_shared, ING_MEMFD_SHARED, true, 1, 24, BASE_PAGE },
	{ make_tmpfs_private, ING_TMPFS_PRIVATE, true, 1, 24, BASE_PAGE },
	{ make_tmpfs_shared, ING_TMPFS_SHARED, true, 1, 24, BASE_PAGE },
	{ make_ext4_private, ING_EXT4_PRIVATE, true, 1, 24, BASE_PAGE },
	{ make_ext4_shared, ING_EXT4_SHARED, true, 1, 24, BASE_PAGE },
	{ make_readonly, ING_READONLY, true, 1, 16, BASE_PAGE },
	{ make_no_access, ING_NO_ACCESS, true, 1, 16, BASE_PAGE },
	{ make_brk, ING_BRK, true, 1, 32, BASE_PAGE },
	{ make_huge, ING_HUGE_ANON, false, 2, 4, HUGE_HALF },
	{ make_huge, ING_HUGE_ANON, false, 1, 1, HUGE_PAGE },
	{ make_huge_shmem, ING_HUGE_SHMEM, false, 1, 1, HUGE_PAGE },
	{ make_mthp, ING_MTHP, false, 16, 100, BASE_PAGE },
	{ make_hugetlb_private, ING_HUGETLB_PRIVATE, true, 1, 2, HUGE_PAGE },
	{ make_hugetlb_shared, ING_HUGETLB_SHARED, true, 1, 2, HUGE_PAGE },
	{ make_hugetlb_ptes, ING_HUGETLB_PTES, true, 1, 8, HUGETLB_PTES },
	{ make_hugetlb_pmds, ING_HUGETLB_PMDS, true, 1, 1, HUGETLB_PMDS },
	{ make_device_shared, ING_DEVICE_SHARED, true, 1, 1, BASE_PAGE },
	{ make_device_private, ING_DEVICE_PRIVATE, true, 1, 1, BASE_PAGE },
	{ make_secretmem, ING_SECRETMEM, true, 1, 8, BASE_PAGE },
};

#define NR_MAKERS ((int)(sizeof(makers) / sizeof(makers[0])))

bool region_is_hugetlb(const struct region *region)
{
	switch (makers[region->maker].ingredient) {
	case ING_HUGETLB_PRIVATE:
	case ING_HUGETLB_SHARED:
	case ING_HUGETLB_PTES:
	case ING_HUGETLB_PMDS:
		return true;
	default:
		return false;
	}
}

/**
 * region_choose - draw what a region is made of, and how long it is
 * @region: @addr is set already, the rest is filled in
 *
 * Runs in the driver.
 */
void region_choose(struct region *region)
{
	const struct maker *maker;

	do {
		region->maker = draw(NR_MAKERS);
		maker = &makers[region->maker];
	} while (machine.missing[maker->ingredient]);
	region->pages = maker->min;
	if (maker->max > maker->min)
		region->pages += draw(maker->max - maker->min + 1);
	region->pages *= pages_in(maker->unit);
}

/**
 * region_make - map and touch a region
 * @region: which
 * @random: decides about the touches
 *
 * Runs in a member. Returns 0 or an errno.
 */
int region_make(const struct region *region, uint64_t random)
{
	const struct maker *maker = &makers[region->maker];
	int error;

	state = random | 1;
	error = maker->make(region);
	if (!error && maker->told)
		shared->seen[maker->ingredient] = true;
	return error;
}
