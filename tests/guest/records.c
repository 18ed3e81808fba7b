// SPDX-License-Identifier: GPL-2.0
/*
 * The pages file: its form (offsets, sizes, ends), and its facts against
 * pagemap, kpagecount and kpageflags, for a region with most kinds of pages.
 */

#include "inspect.h"

/* From include/linux/kernel-page-flags.h: a bit that is not for user space. */
#define KPF_MLOCKED	33

#define MAX	8192

static struct cowinspect_page all[MAX];
static bool ksm_unknown;

struct region {
	char *anon;		/* 8 pages, all written */
	char *sparse;		/* 1024 pages, each 100th written */
	char *zero;		/* 4 pages, read only */
	char *shared;		/* 4 pages of MAP_SHARED, written */
	char *file;		/* 4 pages of a private file, read */
	char *untouched;	/* 4 pages */
};

static struct region region;
static char *arena;		/* where all of it is */
#define ARENA_SIZE	(2048 * PAGE)

/* The next part of the arena, with a hole behind it. */
static char *place(int pages, int flags, int fd)
{
	static char *next;
	char *at = next ? next : arena;

	if (fd < 0)
		flags |= MAP_ANONYMOUS;
	if (mmap(at, pages * PAGE, PROT_READ | PROT_WRITE, flags | MAP_FIXED,
		 fd, 0) != at)
		bail("mmap");
	madvise(at, pages * PAGE, MADV_NOHUGEPAGE);
	next = at + (pages + 1) * PAGE;
	return at;
}

static int make_file(void)
{
	const size_t size = 4 * PAGE;
	char *text = calloc(1, size);
	int fd = open("/tmp/records-file", O_RDWR | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, text, size) != (ssize_t)size)
		bail("cannot make a file");
	free(text);
	return fd;
}

static void make_region(void)
{
	volatile char *p;
	int fd, i;

	arena = mmap(NULL, ARENA_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
		     -1, 0);
	if (arena == MAP_FAILED)
		bail("mmap");
	region.anon = place(8, MAP_PRIVATE, -1);
	memset(region.anon, 1, 8 * PAGE);
	region.sparse = place(1024, MAP_PRIVATE, -1);
	for (i = 0; i < 1024; i += 100)
		region.sparse[i * PAGE] = 1;
	region.zero = place(4, MAP_PRIVATE, -1);
	region.shared = place(4, MAP_SHARED, -1);
	memset(region.shared, 1, 4 * PAGE);
	region.untouched = place(4, MAP_PRIVATE, -1);
	fd = make_file();
	region.file = place(4, MAP_PRIVATE, fd);
	close(fd);
	for (i = 0; i < 4; i++) {
		p = region.zero + i * PAGE;
		(void)*p;
		p = region.file + i * PAGE;
		(void)*p;
	}
}

/* A fork leaves entries for later where nothing can be lost by it. */
static void touch_and_wait(void *arg)
{
	int i;

	(void)arg;
	for (i = 0; i < 4; i++) {
		(void)*(volatile char *)(region.shared + i * PAGE);
		(void)*(volatile char *)(region.file + i * PAGE);
		(void)*(volatile char *)(region.zero + i * PAGE);
	}
	kill(getpid(), SIGSTOP);
}

static pid_t spawn_target(void)
{
	pid_t pid = spawn(touch_and_wait, NULL);
	int status;

	if (waitpid(pid, &status, WUNTRACED) != pid || !WIFSTOPPED(status))
		bail("the target did not get ready");
	return pid;
}

static void kind_is(int fd, const char *what, const char *at, int kind)
{
	struct cowinspect_page r = record_at(fd, at);

	if (!ok(r.kind == kind, "%s has kind %d", what, kind))
		diag("it is %d", r.kind);
}

static void test_kinds(int fd)
{
	kind_is(fd, "a written page", region.anon, COWI_KIND_ANON);
	kind_is(fd, "a page read before any write", region.zero, COWI_KIND_ZERO);
	kind_is(fd, "a page of shared memory", region.shared, COWI_KIND_SHMEM);
	kind_is(fd, "a page of a file on tmpfs", region.file, COWI_KIND_SHMEM);
	kind_is(fd, "an untouched page", region.untouched, COWI_NR_KINDS);
}

/* One record for each entry, ascending, in each way of reading. */
static void test_form(int fd)
{
	unsigned long start = (unsigned long)region.sparse;
	unsigned long end = start + 1024 * PAGE;
	/* Not a constant, which the compiler would refuse to read into. */
	char *bad = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);
	struct cowinspect_page r, some[3];
	off_t pos;
	int i, n, good;

	n = read_records(fd, start, end, all, MAX);
	for (good = 0, i = 0; i < n; i++)
		good += all[i].addr == start + i * 100 * PAGE;
	ok(n == 11 && good == 11, "a sparse region: a record per entry");

	for (i = 0, pos = start; i < n; i++, pos = r.addr + PAGE) {
		if (pread(fd, &r, sizeof(r), pos) != sizeof(r) ||
		    memcmp(&r, &all[i], sizeof(r)))
			break;
	}
	ok(i == n, "one record at a time gives the same");

	lseek(fd, start, SEEK_SET);
	for (i = 0; i < n; i++) {
		if (read(fd, &r, sizeof(r)) != sizeof(r) ||
		    memcmp(&r, &all[i], sizeof(r)))
			break;
	}
	ok(i == n, "plain reads go on where the last one ended");
	ok(lseek(fd, 0, SEEK_CUR) == (off_t)(all[n - 1].addr + PAGE),
	   "the offset stands behind the last entry");

	ok(pread(fd, some, sizeof(some) - 8, start) == 2 * sizeof(r),
	   "a read ends on a record boundary");
	ok(pread(fd, some, sizeof(r) - 1, start) < 0 && errno == EINVAL,
	   "a buffer smaller than a record: invalid");
	ok(pread(fd, some, 0, start) < 0 && errno == EINVAL,
	   "an empty buffer: invalid");
	ok(pread(fd, some, sizeof(r), start + PAGE - 1) == sizeof(r) &&
	   some[0].addr == start, "an offset inside a page means the page");
	ok(pread(fd, bad, sizeof(r), start) < 0 && errno == EFAULT,
	   "a bad buffer: bad address");
}

static void test_ends(int fd)
{
	struct cowinspect_page r;
	off_t end = lseek(fd, 0, SEEK_END);

	ok(end > 0 && read(fd, &r, sizeof(r)) == 0,
	   "the end of user space is the end of the file");
	ok(lseek(fd, -1, SEEK_SET) < 0 && errno == EINVAL &&
	   lseek(fd, end + 1, SEEK_SET) < 0 && errno == EINVAL &&
	   lseek(fd, 1ULL << 63, SEEK_SET) < 0,
	   "no seeking beyond it, nor below zero");
	ok(pread(fd, &r, sizeof(r), 1LL << 62) == 0,
	   "beyond it there is nothing to read");
	ok(pread(fd, &r, sizeof(r), -1) < 0 && errno == EINVAL,
	   "a negative offset: invalid");
}

/* Bits of the record that pagemap and the kpage files know as well. */
static bool agrees(pid_t pid, const struct cowinspect_page *r)
{
	uint64_t entry = pagemap_of(pid, (void *)r->addr);
	bool present = r->flags & COWI_F_PRESENT;
	uint64_t flags, count;

	if (present != !!(entry & PAGEMAP_PRESENT))
		return false;
	if (!present)
		return true;
	if (!!(r->flags & COWI_F_SOFT_DIRTY) != !!(entry & PAGEMAP_SOFT_DIRTY))
		return false;
	/* Without a page pagemap shows no frame for special entries. */
	if (r->kind == COWI_KIND_PFN || r->kind == COWI_KIND_ZERO)
		return true;
	if (r->pfn != PAGEMAP_PFN(entry))
		return false;
	count = u64_at("/proc/kpagecount", r->pfn);
	flags = u64_at("/proc/kpageflags", r->pfn);
	return r->mapcount == count &&
	       (r->mapcount == 1) == !!(entry & PAGEMAP_ONCE) &&
	       !!(flags & (1ULL << KPF_ANON)) ==
	       (r->kind == COWI_KIND_ANON || r->kind == COWI_KIND_KSM) &&
	       (ksm_unknown || !!(flags & (1ULL << KPF_KSM)) ==
		(r->kind == COWI_KIND_KSM)) &&
	       !!(flags & (1ULL << KPF_LRU)) == !!(r->flags & COWI_F_LRU) &&
	       !!(flags & (1ULL << KPF_DIRTY)) ==
	       !!(r->flags & COWI_F_PAGE_DIRTY) &&
	       !!(flags & (1ULL << KPF_SWAPBACKED)) ==
	       !!(r->flags & COWI_F_SWAPBACKED) &&
	       !!(flags & (1ULL << KPF_MLOCKED)) ==
	       !!(r->flags & COWI_F_MLOCKED);
}

/* Every page that pagemap says is there has its record, and no other. */
static long count_pagemap(pid_t pid, unsigned long start, unsigned long end)
{
	uint64_t entries[512];
	char path[64];
	long n = 0;
	int fd, i;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	fd = open(path, O_RDONLY);
	for (; start < end; start += i * PAGE) {
		ssize_t got = pread(fd, entries, sizeof(entries),
				    start / PAGE * 8);

		if (got <= 0)
			bail("cannot read pagemap");
		for (i = 0; i < got / 8 && start + i * PAGE < end; i++)
			n += !!(entries[i] & (PAGEMAP_PRESENT | PAGEMAP_SWAPPED));
	}
	close(fd);
	return n;
}

static void test_facts(pid_t pid, int fd)
{
	unsigned long start, end;
	long pages = 0, in_pagemap = 0;
	int i, n, bad = 0;
	char *maps, *line;

	ksm_unknown = kpageflags_cry_ksm();
	if (ksm_unknown)
		diag("this kernel's kpageflags call every anonymous page KSM: not compared");
	n = read_records(fd, 0, ~0UL, all, MAX);
	for (i = 0; i < n; i++) {
		pages += 1L << all[i].map_order;
		if (agrees(pid, &all[i]) || bad++)
			continue;
		diag("%llx: pfn %llx kind %d flags %llx mapcount %u; pagemap %"
		     PRIx64 ", kpagecount %" PRIu64 ", kpageflags %" PRIx64,
		     all[i].addr, all[i].pfn, all[i].kind, all[i].flags,
		     all[i].mapcount, pagemap_of(pid, (void *)all[i].addr),
		     u64_at("/proc/kpagecount", all[i].pfn),
		     u64_at("/proc/kpageflags", all[i].pfn));
	}
	ok(n > 50 && n < MAX && !bad, "all %d records agree with the kernel", n);

	maps = slurp_proc(pid, "maps");
	for (line = maps; line && sscanf(line, "%lx-%lx", &start, &end) == 2;
	     line = strchr(line, '\n'), line += !!line) {
		if (start < 1UL << 62)
			in_pagemap += count_pagemap(pid, start, end);
	}
	free(maps);
	if (!ok(pages == in_pagemap, "there is a record for each page there"))
		diag("records of %ld pages, pagemap has %ld", pages, in_pagemap);
}

int main(void)
{
	pid_t pid;
	int fd;

	tap_plan(5 + 9 + 4 + 2);
	make_region();
	pid = spawn_target();
	part_from_child(arena, ARENA_SIZE);
	drain_lru();
	attach(pid);
	fd = must_open(pid, "pages");

	test_kinds(fd);
	test_form(fd);
	test_ends(fd);
	test_facts(pid, fd);

	close(fd);
	detach(pid);
	reap(pid);
	return tap_done();
}
