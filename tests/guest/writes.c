// SPDX-License-Identifier: GPL-2.0
/*
 * Predictions against writes: for each kind of page, what the record says that
 * the next write will do, and what it then does.
 */
#include <setjmp.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "have.h"

static int fd;			/* our own pages file */
static bool has_exclusive;	/* this kernel marks exclusive pages */

static const char *outcome_name(int outcome)
{
	static const char * const names[COWI_NR_OUTCOMES] = {
		[COWI_NEXT_NOFAULT] = "no fault",
		[COWI_NEXT_REUSE] = "reuse",
		[COWI_NEXT_COPY] = "copy",
		[COWI_NEXT_ZEROFILL] = "zero-fill",
		[COWI_NEXT_SHARED] = "shared write",
		[COWI_NEXT_USERFAULTFD] = "userfaultfd",
		[COWI_NEXT_SWAPIN] = "swap-in",
		[COWI_NEXT_REFUSED] = "refused",
		[COWI_NEXT_UNKNOWN] = "unknown",
		[COWI_NEXT_MARK] = "mark",
	};

	return outcome < COWI_NR_OUTCOMES && names[outcome] ? names[outcome] :
							      "nothing";
}

static sigjmp_buf refusal;

static void on_refusal(int sig)
{
	(void)sig;
	siglongjmp(refusal, 1);
}

/* The frame behind an address, which a huge entry may map with others. */
static uint64_t frame_at(const struct cowinspect_page *r, const char *at)
{
	return r->pfn + ((unsigned long)at - r->addr) / PAGE;
}

/*
 * How many faults a write takes; its first pass brings in all that it needs besides
 * the page, and may have to set their accessed bits.
 */
static long faults_of_write(volatile char *at)
{
	static volatile char scratch;
	volatile char *to[] = { &scratch, at };
	struct rusage before, after;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		getrusage(RUSAGE_SELF, &before);
		*to[i] = 5;
		getrusage(RUSAGE_SELF, &after);
	}
	return after.ru_minflt + after.ru_majflt - before.ru_minflt -
	       before.ru_majflt;
}

/* What a write to @at really does, told from the entry before and after. */
static int outcome_of_write(volatile char *at)
{
	struct cowinspect_page before = record_at(fd, (char *)at), after;
	long faults;

	if (sigsetjmp(refusal, 1))
		return COWI_NEXT_REFUSED;
	faults = faults_of_write(at);
	after = record_at(fd, (char *)at);
	if (!(after.flags & COWI_F_WRITE))
		return COWI_NEXT_UNKNOWN;
	if ((before.flags & COWI_F_VMA_SHARED) && !(before.flags & COWI_F_WRITE))
		return COWI_NEXT_SHARED;
	if (before.flags & COWI_F_WRITE && before.pfn == after.pfn)
		return faults ? COWI_NEXT_MARK : COWI_NEXT_NOFAULT;
	if (before.kind == COWI_KIND_ZERO)
		return COWI_NEXT_ZEROFILL;
	if (frame_at(&before, (char *)at) == frame_at(&after, (char *)at))
		return COWI_NEXT_REUSE;
	return COWI_NEXT_COPY;
}

/* The prediction must be @expected, and come true. */
static void predict_and_write(const char *what, char *at, int expected,
			      int confidence)
{
	struct cowinspect_page r = record_at(fd, at);
	int happened = outcome_of_write(at);

	if (!ok(r.outcome == expected && happened == expected,
		"%s: %s", what, outcome_name(expected)))
		diag("predicted %s, happened %s; kind %d mapcount %u refcount %u flags %llx",
		     outcome_name(r.outcome), outcome_name(happened), r.kind,
		     r.mapcount, r.refcount, r.flags);
	if (!ok(r.confidence == confidence, "%s: confidence", what))
		diag("it is %d, not %d", r.confidence, confidence);
}

static void test_small(void)
{
	char *p = map_pages(8, MAP_PRIVATE);
	pid_t child;

	memset(p, 1, 8 * PAGE);
	predict_and_write("a page just written", p, COWI_NEXT_NOFAULT,
			  COWI_CONF_SURE);
	drain_lru();
	child = spawn(NULL, NULL);
	predict_and_write("a page shared with a child", p, COWI_NEXT_COPY,
			  COWI_CONF_SURE);
	predict_and_write("the copy", p, COWI_NEXT_NOFAULT, COWI_CONF_SURE);
	reap(child);
	predict_and_write("a page whose other sharer is gone", p + PAGE,
			  COWI_NEXT_REUSE, COWI_CONF_SURE);
	ok(!has_exclusive ||
	   record_at(fd, p + PAGE).flags & COWI_F_EXCLUSIVE,
	   "a reused page is exclusive again");

	mprotect(p + 2 * PAGE, PAGE, PROT_READ);
	predict_and_write("a page of a read-only mapping", p + 2 * PAGE,
			  COWI_NEXT_REFUSED, COWI_CONF_SURE);
	mprotect(p + PAGE, PAGE, PROT_READ);
	mprotect(p + PAGE, PAGE, PROT_READ | PROT_WRITE);
	if (record_at(fd, p + PAGE).flags & COWI_F_WRITE)
		predict_and_write("an exclusive page protected and back",
				  p + PAGE, COWI_NEXT_NOFAULT, COWI_CONF_SURE);
	else
		predict_and_write("an exclusive page protected and back",
				  p + PAGE, COWI_NEXT_REUSE, COWI_CONF_SURE);
	munmap(p, 8 * PAGE);
}

static void test_zero(void)
{
	char *p = map_pages(2, MAP_PRIVATE);

	(void)*(volatile char *)p;
	predict_and_write("the zero page", p, COWI_NEXT_ZEROFILL, COWI_CONF_SURE);
	munmap(p, 2 * PAGE);
}

static void test_shared(void)
{
	char *p = map_pages(2, MAP_SHARED);
	pid_t child;

	memset(p, 1, 2 * PAGE);
	child = spawn(NULL, NULL);
	predict_and_write("shared memory after a fork", p, COWI_NEXT_NOFAULT,
			  COWI_CONF_SURE);
	reap(child);
	munmap(p, 2 * PAGE);
}

static char *map_file(const char *path, int pages, int flags)
{
	char *p;
	int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	if (file < 0 || ftruncate(file, pages * PAGE))
		bail("cannot make %s", path);
	p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, flags, file, 0);
	if (p == MAP_FAILED)
		bail("cannot map %s", path);
	close(file);
	return p;
}

static void test_file(void)
{
	char *p = map_file("/tmp/writes-file", 2, MAP_PRIVATE);

	(void)*(volatile char *)p;
	predict_and_write("a file page in a private mapping", p, COWI_NEXT_COPY,
			  COWI_CONF_SURE);
	munmap(p, 2 * PAGE);
}

static void test_soft_dirty(void)
{
	char *p = map_pages(2, MAP_PRIVATE);

	memset(p, 1, 2 * PAGE);
	drain_lru();
	if (have(lacks_soft_dirty(), 2)) {
		must_set_file("/proc/self/clear_refs", "4");
		predict_and_write("an exclusive page protected for soft-dirty",
				  p, COWI_NEXT_REUSE, COWI_CONF_SURE);
	}
	munmap(p, 2 * PAGE);
}

static char *map_huge(void)
{
	unsigned long size = HUGE;
	char *p = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		bail("mmap");
	p = (char *)(((unsigned long)p + size - 1) & ~(size - 1));
	if (madvise(p, size, MADV_HUGEPAGE))
		return NULL;
	return p;
}

static void test_huge(void)
{
	char *p = map_huge();
	struct cowinspect_page r;
	pid_t child;

	if (p)
		memset(p, 1, HUGE);
	if (!have(p && record_at(fd, p).map_order ? NULL : NO_HUGE_PAGE, 8))
		return;
	/* Once it is split, khugepaged would make it one again, when it comes by. */
	if (madvise(p, HUGE, MADV_NOHUGEPAGE))
		bail("madvise");
	r = record_at(fd, p + 5 * PAGE);
	ok(r.map_order == HUGE_ORDER && r.addr == (unsigned long)p && r.mapcount == 1,
	   "a huge page is one record, found from inside too");
	predict_and_write("a huge page just written", p, COWI_NEXT_NOFAULT,
			  COWI_CONF_SURE);
	child = spawn(NULL, NULL);
	r = record_at(fd, p);
	ok(r.flags & COWI_F_SPLIT, "a shared huge page: the write splits it");
	predict_and_write("a shared huge page", p, COWI_NEXT_COPY,
			  COWI_CONF_SURE);
	reap(child);
	/* By PTEs, with all other pages of the folio still mapped. */
	r = record_at(fd, p + PAGE);
	ok(!r.map_order && r.folio_order == HUGE_ORDER && r.flags & COWI_F_LARGE,
	   "after the split: pages of a large folio");
	if (!ok(r.outcome == outcome_of_write(p + PAGE),
		"a page of it: %s, as predicted", outcome_name(r.outcome)))
		diag("predicted %s", outcome_name(r.outcome));
}

static void test_huge_reuse(void)
{
	char *p = map_huge();
	pid_t child;

	if (p)
		memset(p, 1, HUGE);
	if (!have(p && record_at(fd, p).map_order ? NULL : NO_HUGE_PAGE, 2))
		return;
	child = spawn(NULL, NULL);
	reap(child);
	predict_and_write("a huge page whose other sharer is gone", p,
			  COWI_NEXT_REUSE, COWI_CONF_SURE);
}

static void test_huge_zero(void)
{
	char *p = map_huge();
	struct cowinspect_page r = { 0 };

	if (p) {
		(void)*(volatile char *)p;
		r = record_at(fd, p);
	}
	if (r.kind != COWI_KIND_ZERO || !r.map_order) {
		skip_some(2, "no huge zero page to be had");
		return;
	}
	predict_and_write("the huge zero page", p, COWI_NEXT_ZEROFILL,
			  COWI_CONF_SURE);
}

/* ---- writable, but not accessed or not dirty, as far as the entry knows ---- */

/* Of all CPUs, and of all this process has: mprotect() of much takes it all. */
static void flush_translations(void)
{
	const int pages = 4096;
	char *p = map_pages(pages, MAP_PRIVATE);
	int i;

	for (i = 0; i < pages; i += 512)
		p[i * PAGE] = 1;
	mprotect(p, pages * PAGE, PROT_READ);
	munmap(p, pages * PAGE);
}

static void make_old_and_clean(char *p, size_t len)
{
	if (madvise(p, len, MADV_FREE))
		bail("MADV_FREE");
}

static void make_clean(char *p, size_t len)
{
	make_old_and_clean(p, len);
	(void)*(volatile char *)p;
}

static void make_old(char *p, size_t len)
{
	(void)p;
	(void)len;
	must_set_file("/proc/self/clear_refs", "1");
	flush_translations();
}

/* riscv64's CPUs that say neither may set the bits of an entry or not. */
static bool may_set_bits(void)
{
#ifdef __riscv
	char *text = slurp("/proc/cpuinfo");
	bool known = strstr(text, "_svadu") || strstr(text, "_svade");

	free(text);
	return !known;
#else
	return false;
#endif
}

/*
 * Either the CPU sets the bits, or a fault does; two pages in the same state show
 * which, on this CPU.
 */
static void test_unmarked(const char *what, void (*make)(char *p, size_t len),
			  uint64_t lacks, char *p, char *probe, size_t len)
{
	struct cowinspect_page r;
	int expected;

	if (!p || !probe || record_at(fd, p).map_order != (len > PAGE ? HUGE_ORDER : 0)) {
		skip_some(3, NO_HUGE_PAGE);
		return;
	}
	make(probe, len);
	expected = faults_of_write(probe) ? COWI_NEXT_MARK : COWI_NEXT_NOFAULT;
#ifdef __x86_64__
	if (expected != COWI_NEXT_NOFAULT)
		bail("an x86 CPU that does not set the bits of an entry");
#endif
	make(p, len);
	r = record_at(fd, p);
	if (!ok(r.flags & COWI_F_WRITE &&
		(r.flags & (COWI_F_YOUNG | COWI_F_DIRTY)) ==
		((COWI_F_YOUNG | COWI_F_DIRTY) & ~lacks), "%s", what))
		diag("flags %llx", r.flags);
	/* A CPU may know an old one from before; here none does. */
	predict_and_write(what, p, expected,
			  (expected == COWI_NEXT_MARK && lacks == COWI_F_YOUNG) ||
			  may_set_bits() ? COWI_CONF_LIKELY : COWI_CONF_SURE);
}

static void test_marks(void)
{
	char *p = map_pages(6, MAP_PRIVATE), *huge[2];
	const size_t size = HUGE;
	int i;

	memset(p, 1, 6 * PAGE);
	for (i = 0; i < 2; i++) {
		huge[i] = map_huge();
		if (huge[i])
			memset(huge[i], 1, size);
	}
	drain_lru();
	test_unmarked("a page that is clean", make_clean, COWI_F_DIRTY, p,
		      p + PAGE, PAGE);
	test_unmarked("a page that is old and clean", make_old_and_clean,
		      COWI_F_YOUNG | COWI_F_DIRTY, p + 2 * PAGE, p + 3 * PAGE,
		      PAGE);
	test_unmarked("a page that is old", make_old, COWI_F_YOUNG,
		      p + 4 * PAGE, p + 5 * PAGE, PAGE);
	test_unmarked("a huge page that is clean", make_clean, COWI_F_DIRTY,
		      huge[0], huge[1], size);
	test_unmarked("a huge page that is old and clean", make_old_and_clean,
		      COWI_F_YOUNG | COWI_F_DIRTY, huge[0], huge[1], size);
	test_unmarked("a huge page that is old", make_old, COWI_F_YOUNG,
		      huge[0], huge[1], size);
	munmap(p, 6 * PAGE);
}

static void test_hugetlb(void)
{
	char *p;
	pid_t child;
	struct cowinspect_page r;

	p = get_hugetlb(4UL << 20, MAP_PRIVATE);
	if (!have(p ? NULL : NO_HUGETLB, 6))
		return;
	memset(p, 1, 2 * HUGE);
	r = record_at(fd, p + 7 * PAGE);
	ok(r.map_order == HUGE_ORDER && r.flags & COWI_F_HUGETLB &&
	   r.kind == COWI_KIND_ANON && r.addr == (unsigned long)p,
	   "a hugetlb page is one record, found from inside too");
	child = spawn(NULL, NULL);
	ok(record_at(fd, p).mapcount == 2, "shared with a child: mapcount 2");
	predict_and_write("a shared hugetlb page", p, COWI_NEXT_COPY,
			  COWI_CONF_LIKELY);
	reap(child);
	predict_and_write("a hugetlb page whose other sharer is gone",
			  p + HUGE, COWI_NEXT_REUSE, COWI_CONF_SURE);
	put_hugetlb(p, 4UL << 20);
}

/* Shared: their page tables may be shared as well, and take another lock. */
static void test_hugetlb_shared(void)
{
	struct cowinspect_page r;
	pid_t child;
	char *p;

	p = get_hugetlb(2 * HUGE, MAP_SHARED);
	if (!have(p ? NULL : NO_HUGETLB, 3))
		return;
	memset(p, 1, 2 * HUGE);
	child = spawn(NULL, NULL);
	r = record_at(fd, p + HUGE + 7 * PAGE);
	ok(r.kind == COWI_KIND_FILE && r.flags & COWI_F_HUGETLB &&
	   r.flags & COWI_F_VMA_SHARED &&
	   r.addr == (unsigned long)p + HUGE,
	   "a shared hugetlb page is a file's, of a shared mapping");
	predict_and_write("a shared hugetlb page", p, COWI_NEXT_NOFAULT,
			  COWI_CONF_SURE);
	reap(child);
	put_hugetlb(p, 4UL << 20);
}

static void test_ksm(void)
{
	char *p = map_pages(4, MAP_PRIVATE);

	if (!have(lacks_ksm(), 2))
		return;
	memset(p, 0x5a, 4 * PAGE);
	merge_by_ksm(fd, p, 4 * PAGE);
	predict_and_write("a page merged by KSM", p, COWI_NEXT_COPY,
			  COWI_CONF_SURE);
	munmap(p, 4 * PAGE);
}

static void test_uffd(void)
{
	char *p = map_pages(2, MAP_PRIVATE);
	struct cowinspect_page r;
	int uffd;

	if (!have(lacks_uffd_wp(), 1))
		return;
	memset(p, 1, 2 * PAGE);
	uffd = protect_by_uffd(p, 2 * PAGE, 0);
	if (uffd < 0)
		bail("cannot protect from writes");
	r = record_at(fd, p);
	ok(r.outcome == COWI_NEXT_USERFAULTFD && r.flags & COWI_F_UFFD_WP,
	   "a page protected by userfaultfd: its handler comes first");
	close(uffd);
	munmap(p, 2 * PAGE);
}

int main(void)
{
	struct sigaction action = { .sa_handler = on_refusal };

	tap_plan(13 + 2 + 2 + 2 + 2 + 8 + 2 + 2 + 18 + 6 + 3 + 2 + 1);
	has_exclusive = status_word("exclusive", "exact");
	sigaction(SIGSEGV, &action, NULL);
	attach(getpid());
	fd = must_open(getpid(), "pages");

	test_small();
	test_zero();
	test_shared();
	test_file();
	test_soft_dirty();
	test_huge();
	test_huge_reuse();
	test_huge_zero();
	test_marks();
	test_hugetlb();
	test_hugetlb_shared();
	test_ksm();
	test_uffd();

	close(fd);
	detach(getpid());
	return tap_done();
}
