// SPDX-License-Identifier: GPL-2.0
/*
 * Writes about which the VMA has something to say that the entry does not show:
 * protection keys and memory tags, which may refuse one; file systems, which may
 * have no room; userfaultfd's protection from any access. What cannot be seen from
 * outside the thread is not called sure.
 */
#include <setjmp.h>
#include <sys/auxv.h>

#include "events.h"
#include "have.h"

#ifndef PROT_MTE
#define PROT_MTE		0x20
#endif
#ifndef HWCAP2_MTE
#define HWCAP2_MTE		(1 << 18)
#endif
#ifndef PR_TAGGED_ADDR_ENABLE
#define PR_SET_TAGGED_ADDR_CTRL	55
#define PR_TAGGED_ADDR_ENABLE	(1UL << 0)
#endif
#ifndef PR_MTE_TCF_SYNC
#define PR_MTE_TCF_SYNC		(1UL << 1)
#endif

static int pages;		/* our own */
static struct listener self;	/* our own events */
static struct events seen;

static sigjmp_buf refusal;

static void on_refusal(int sig)
{
	siglongjmp(refusal, sig);
}

/* Returns the signal that the write brought, or 0. */
static int write_to(volatile char *at)
{
	int sig = sigsetjmp(refusal, 1);

	if (!sig)
		*at = 7;
	return sig;
}

/* What was predicted, and with which confidence. */
static bool predicts(const char *at, int outcome, int confidence)
{
	struct cowinspect_page r = record_at(pages, at);

	if (r.outcome == outcome && r.confidence == confidence)
		return true;
	diag("it is %d, confidence %d, kind %d, flags %llx", r.outcome,
	     r.confidence, r.kind, r.flags);
	return false;
}

/* ---- keys and tags ---- */

#define KEYED_TESTS	6

/*
 * @forbid has the pages, which are of a writable VMA with a key or tags, refuse
 * a write by way of the address that it returns.
 */
static void test_keyed(const char *what, char *p,
		       volatile char *(*forbid)(char *p))
{
	int i, keyed = 0;
	pid_t child;

	p[0] = 1;
	(void)*(volatile char *)(p + PAGE);
	p[2 * PAGE] = 1;
	drain_lru();
	for (i = 0; i < 3; i++)
		keyed += !!(record_at(pages, p + i * PAGE).flags &
			    COWI_F_VMA_KEYED);
	ok(keyed == 3, "%s: the records say so", what);
	ok(predicts(p, COWI_NEXT_NOFAULT, COWI_CONF_LIKELY) && !write_to(p),
	   "%s: a writable page is likely to be written", what);
	ok(predicts(p + PAGE, COWI_NEXT_ZEROFILL, COWI_CONF_LIKELY) &&
	   !write_to(p + PAGE), "%s: the zero page is likely to be replaced",
	   what);
	child = spawn(NULL, NULL);
	ok(predicts(p + 2 * PAGE, COWI_NEXT_COPY, COWI_CONF_LIKELY) &&
	   !write_to(p + 2 * PAGE), "%s: a shared page is likely to be copied",
	   what);
	reap(child);
	ok(write_to(forbid(p)) == SIGSEGV, "%s: and may be refused", what);
	ok(record_at(pages, p).confidence != COWI_CONF_SURE,
	   "%s: which was not called sure", what);
	munmap(p, 3 * PAGE);
}

static int key;

static volatile char *forbid_by_key(char *p)
{
	if (pkey_set(key, PKEY_DISABLE_WRITE))
		bail("pkey_set");
	return p;
}

static void test_key(void)
{
	char *p = map_pages(3, MAP_PRIVATE);

	key = pkey_alloc(0, 0);
	if (!have(key < 0 ? "this CPU or kernel has no protection keys" : NULL,
		  KEYED_TESTS + 1))
		return;
	*p = 1;
	ok(!(record_at(pages, p).flags & COWI_F_VMA_KEYED) &&
	   predicts(p, COWI_NEXT_NOFAULT, COWI_CONF_SURE),
	   "without a key of its own: sure");
	munmap(p, 3 * PAGE);
	p = map_pages(3, MAP_PRIVATE);
	if (pkey_mprotect(p, 3 * PAGE, PROT_READ | PROT_WRITE, key))
		bail("pkey_mprotect");
	test_keyed("a protection key", p, forbid_by_key);
	pkey_free(key);
}

/* The pages have the tag 0, which the pointer then has not. */
static volatile char *forbid_by_tag(char *p)
{
	if (prctl(PR_SET_TAGGED_ADDR_CTRL,
		  PR_TAGGED_ADDR_ENABLE | PR_MTE_TCF_SYNC, 0, 0, 0))
		bail("PR_SET_TAGGED_ADDR_CTRL");
	return (volatile char *)((unsigned long)p | 1UL << 56);
}

static const char *lacks_tags(void)
{
#ifdef __aarch64__
	if (getauxval(AT_HWCAP2) & HWCAP2_MTE)
		return NULL;
#endif
	return "this CPU or kernel has no memory tags";
}

static void test_tags(void)
{
	char *p;

	if (!have(lacks_tags(), KEYED_TESTS))
		return;
	p = map_pages(3, MAP_PRIVATE);
	if (mprotect(p, 3 * PAGE, PROT_READ | PROT_WRITE | PROT_MTE))
		bail("PROT_MTE");
	test_keyed("memory tags", p, forbid_by_tag);
}

/* ---- shared mappings of files ---- */

#define FULL		"/tmp/full"
#define FILE_PAGES	4

/* Until there is no room for a single block, not even root's. */
static void fill_disk(void)
{
	static char block[1 << 16];
	int fd = open(FULL "/filler", O_RDWR | O_CREAT, 0600);
	size_t size = sizeof(block);

	if (fd < 0)
		bail("cannot make a file");
	while (size >= 512) {
		if (write(fd, block, size) < 0) {
			if (errno != ENOSPC)
				bail("write");
			size /= 2;
		}
	}
	fsync(fd);
	close(fd);
}

/* A hole, that is mapped by a read, has room on the disk by a write only. */
static void test_full_disk(void)
{
	const struct event *e;
	char *p;
	int fd;

	mkdir(FULL, 0700);
	if (!have(lacks_ext4_at(FULL), 4))
		return;
	fd = open(FULL "/hole", O_RDWR | O_CREAT, 0600);
	if (fd < 0 || ftruncate(fd, FILE_PAGES * PAGE))
		bail("cannot make a file");
	p = mmap(NULL, FILE_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
		 fd, 0);
	if (p == MAP_FAILED)
		bail("mmap");
	(void)*(volatile char *)p;
	(void)*(volatile char *)(p + PAGE);
	ok(predicts(p, COWI_NEXT_SHARED, COWI_CONF_LIKELY) && !write_to(p),
	   "a hole of a file on a disk with room: likely to be written");
	fill_disk();
	ok(predicts(p + PAGE, COWI_NEXT_SHARED, COWI_CONF_LIKELY),
	   "on a full disk the entry looks the same");
	drain_events(&self, &seen);
	ok(write_to(p + PAGE) == SIGBUS, "and the write is refused");
	drain_events(&self, &seen);
	e = event_of(&seen, p + PAGE);
	ok(e && e->outcome == COWI_DID_REFUSED &&
	   e->predicted == COWI_NEXT_SHARED && e->confidence == COWI_CONF_LIKELY,
	   "as the event says");
	munmap(p, FILE_PAGES * PAGE);
	close(fd);
	unlink(FULL "/hole");
	unlink(FULL "/filler");
	umount_ext4(FULL);
}

/* Nobody is asked for room: it is taken when the page is made. */
static void test_shared_memory(void)
{
	char *p = map_pages(2, MAP_SHARED);

	memset(p, 1, 2 * PAGE);
	set_file("/proc/self/clear_refs", "4");
	if (record_at(pages, p).flags & COWI_F_WRITE)
		skip("nothing write-protects shared memory here (no soft-dirty bits)");
	else
		ok(predicts(p, COWI_NEXT_SHARED, COWI_CONF_SURE) && !write_to(p),
		   "shared memory, write-protected: sure to be written");
	munmap(p, 2 * PAGE);
}

/* Taking a userfaultfd's protection away leaves the entry as it is (not in 6.1). */
static void test_shared_hugetlb(void)
{
	const size_t huge = HUGE;
	struct uffdio_writeprotect off;
	int uffd;
	char *p;

	if (!have(lacks_uffd_wp_hugetlb(), 1))
		return;
	p = get_hugetlb(huge, MAP_SHARED);
	if (!have(p ? NULL : NO_HUGETLB, 1))
		return;
	*p = 1;
	uffd = protect_by_uffd(p, huge, 0);
	off = (struct uffdio_writeprotect) {
		.range = { (unsigned long)p, huge },
	};
	if (uffd < 0 || ioctl(uffd, UFFDIO_WRITEPROTECT, &off))
		bail("no userfaultfd for hugetlb");
	if (record_at(pages, p).flags & COWI_F_WRITE)
		skip("nothing leaves shared hugetlb pages write-protected here");
	else
		ok(predicts(p, COWI_NEXT_SHARED, COWI_CONF_SURE) && !write_to(p),
		   "a shared hugetlb page, write-protected: sure to be written");
	close(uffd);
	put_hugetlb(p, huge);
}

/* ---- userfaultfd, asked about any access ---- */

#define RWP_TESTS	4

struct handler {
	int uffd;
	char *page;
};

static void *allow(void *handler)
{
	const struct handler *h = handler;

	if (is_page_wanted(h->uffd))
		set_rwp(h->uffd, h->page, PAGE, false);
	return NULL;
}

static void test_rwp(void)
{
	char *p = map_pages(2, MAP_PRIVATE);
	struct handler handler = { .page = p };
	const uint64_t protection = COWI_F_PRESENT | COWI_F_PROTNONE |
				    COWI_F_UFFD_WP | COWI_F_VMA_UFFD_RWP;
	int i, sig, handed = 0;
	struct cowinspect_page r;
	pthread_t thread;

	if (!have(lacks_uffd_rwp(), RWP_TESTS))
		return;
	memset(p, 1, 2 * PAGE);
	handler.uffd = protect_by_rwp(p, 2 * PAGE, 0);
	if (handler.uffd < 0)
		bail("cannot protect from reads");
	r = record_at(pages, p);
	if (!ok((r.flags & protection) == protection &&
		!(r.flags & COWI_F_VMA_UFFD_WP), "protected from any access"))
		diag("flags %llx", r.flags);
	ok(predicts(p, COWI_NEXT_USERFAULTFD, COWI_CONF_LIKELY),
	   "likely to be handed to userfaultfd");
	drain_events(&self, &seen);
	pthread_create(&thread, NULL, allow, &handler);
	sig = write_to(p);
	pthread_join(thread, NULL);
	drain_events(&self, &seen);
	for (i = 0; i < seen.nr; i++)
		handed += seen.event[i].outcome == COWI_DID_USERFAULTFD &&
			  seen.event[i].predicted == COWI_NEXT_USERFAULTFD &&
			  (seen.event[i].addr & ~(PAGE - 1)) == (unsigned long)p;
	if (!ok(!sig && handed == 1, "which it is, once, and then written"))
		diag("signal %d, handed %d times", sig, handed);
	ok(!(record_at(pages, p).flags & (COWI_F_PROTNONE | COWI_F_UFFD_WP)) &&
	   predicts(p, COWI_NEXT_NOFAULT, COWI_CONF_SURE),
	   "what the handler has allowed is protected no more");
	close(handler.uffd);
	munmap(p, 2 * PAGE);
}

/* ---- the same, swapped out ---- */

#define RWP_SWAP_TESTS	3

/* It is in swap: only here, or in a child that lives, or that has ended, too. */
enum sharer { NOBODY, CHILD, ENDED_CHILD };

/* truth found it on 7.3, with seed 635090952: said to be swapped in, and no more. */
static void test_rwp_of(enum sharer sharer, const char *what)
{
	char *p = map_pages(1, MAP_PRIVATE);
	bool predicted;
	pid_t child;
	int uffd;

	*p = 1;
	if (!page_out(p, 1))
		bail("a page is not swapped out");
	child = sharer == NOBODY ? 0 : spawn(NULL, NULL);
	if (sharer == ENDED_CHILD)
		reap(child);
	uffd = protect_by_rwp(p, PAGE, UFFD_FEATURE_SIGBUS);
	if (uffd < 0)
		bail("cannot protect from reads");
	predicted = record_at(pages, p).kind == COWI_KIND_SWAP &&
		    predicts(p, COWI_NEXT_USERFAULTFD, COWI_CONF_LIKELY);
	ok(predicted && write_to(p) == SIGBUS,
	   "protected from any access and swapped, %s: userfaultfd is asked", what);
	if (sharer == CHILD)
		reap(child);
	close(uffd);
	munmap(p, PAGE);
}

static void test_rwp_swapped(void)
{
	if (!have(lacks_uffd_rwp() ?: lacks_zram(), RWP_SWAP_TESTS))
		return;
	swap_on_zram(64);
	test_rwp_of(NOBODY, "by nobody else");
	test_rwp_of(ENDED_CHILD, "and by a child that has ended");
	test_rwp_of(CHILD, "and by a child");
	swap_off_zram();
}

int main(void)
{
	struct sigaction action = { .sa_handler = on_refusal };

	tap_plan(2 * KEYED_TESTS + 1 + 4 + 2 + RWP_TESTS + RWP_SWAP_TESTS);
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	attach(getpid());
	pages = must_open(getpid(), "pages");
	self = open_events(getpid());
	test_key();
	test_tags();
	test_full_disk();
	test_shared_memory();
	test_shared_hugetlb();
	test_rwp();
	test_rwp_swapped();
	stop_listening(&self);
	close(pages);
	detach(getpid());
	return tap_done();
}
