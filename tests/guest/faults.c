// SPDX-License-Identifier: GPL-2.0
/*
 * The observer against other witnesses: /proc/PID/pagemap says whether the frame
 * changed, /proc/PID/stat how many faults there were, and the pages file what
 * was to be expected.
 */
#include "events.h"
#include "faults.h"
#include "have.h"

static struct events seen;
static struct listener self;		/* our own events */

#define NAME(id, name) \
	[id] = name,

static const char *did_name(int did)
{
	static const char * const names[COWI_NR_DID] = {
		COWINSPECT_DID(NAME, NAME)
	};

	return did < COWI_NR_DID ? names[did] : "nothing";
}

static uint64_t frame_in(uint64_t entry)
{
	return entry & PAGEMAP_PRESENT ? PAGEMAP_PFN(entry) : COWINSPECT_NO_PFN;
}

static uint64_t frame_of(const void *at)
{
	return frame_in(pagemap_of(getpid(), at));
}

/* Whether a fault that did that leaves another frame where there was one. */
static bool changes_frame(int did)
{
	return did == COWI_DID_COPIED || did == COWI_DID_ZEROFILLED;
}

static bool is_kind_of(int kind, uint64_t entry)
{
	bool file = kind == COWI_KIND_FILE || kind == COWI_KIND_SHMEM;

	return kind <= COWI_KIND_KERNEL && file == !!(entry & PAGEMAP_FILE);
}

/* What pagemap had before and has now, against what is said of the fault. */
static bool is_as_in_pagemap(const struct event *e, uint64_t before,
			     uint64_t after)
{
	bool was = before & PAGEMAP_PRESENT;
	bool same = frame_in(before) == frame_in(after);
	/* Where the kernel had to drop its locks the entry cannot be told. */
	bool unlocked = e->new_kind == COWI_KIND_NONE && e->flags & COWI_E_SHARED;

	if (!(after & PAGEMAP_PRESENT) || (was && same == changes_frame(e->outcome)) ||
	    (!was && e->outcome == COWI_DID_REUSED))
		return false;
	return (!was || is_kind_of(e->old_kind, before)) &&
	       (unlocked || is_kind_of(e->new_kind, after)) &&
	       (unlocked || e->bytes == PAGE << e->new_order);
}

/* Write to or read @at, and expect the fault to have done @did. */
static struct event expect(const char *what, volatile char *at, bool write,
			   int did)
{
	struct event none = { .outcome = 255 };
	uint64_t before = pagemap_of(getpid(), (char *)at), after;
	const struct event *e;

	drain_events(&self, &seen);
	if (write)
		*at = 5;
	else
		(void)*at;
	after = pagemap_of(getpid(), (char *)at);
	drain_events(&self, &seen);
	e = event_of(&seen, (char *)at) ?: &none;
	if (!ok(e->outcome == did && e->tid == (unsigned int)gettid() &&
		e->pid == (unsigned int)getpid() &&
		is_as_in_pagemap(e, before, after) &&
		!!(e->flags & COWI_E_WRITE) == write,
		"%s: %s", what, did_name(did)))
		diag("it is %s, kind %d -> %d, %llu bytes, flags %x; pagemap has %"
		     PRIx64 " -> %" PRIx64, did_name(e->outcome), e->old_kind,
		     e->new_kind, e->bytes, e->flags, before, after);
	return *e;
}

/* ---- what faults do ---- */

static void test_anon(void)
{
	char *p = map_pages(8, MAP_PRIVATE);
	struct event e;
	pid_t child;

	expect("first write", p, true, COWI_DID_ZEROFILLED);
	expect("first read", p + PAGE, false, COWI_DID_ZEROPAGE);
	e = expect("write to the zero page", p + PAGE, true,
		   COWI_DID_ZEROFILLED);
	ok(e.old_kind == COWI_KIND_ZERO && e.predicted == COWI_NEXT_ZEROFILL,
	   "which was predicted");
	drain_lru();
	child = spawn(NULL, NULL);
	e = expect("page shared with a child", p, true, COWI_DID_COPIED);
	ok(e.old_kind == COWI_KIND_ANON && e.new_kind == COWI_KIND_ANON &&
	   e.new_order == 0 && e.predicted == COWI_NEXT_COPY &&
	   e.confidence == COWI_CONF_SURE && e.vma == COWI_VMA_ANON,
	   "from an anonymous page, as was predicted");
	reap(child);
	drain_lru();
	e = expect("page whose other sharer is gone", p + PAGE, true,
		   COWI_DID_REUSED);
	ok(e.predicted == COWI_NEXT_REUSE, "which was predicted");
	munmap(p, 8 * PAGE);
}

static void test_file(void)
{
	int file = open("/proc/self/exe", O_RDONLY);
	char *p = mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, MAP_PRIVATE,
		       file, 0);
	struct event e;
	bool mapped;

	if (p == MAP_FAILED)
		bail("mmap");
	expect("read of a file", p, false, COWI_DID_MAPPED);
	e = expect("write to its page", p, true, COWI_DID_COPIED);
	ok(e.old_kind == COWI_KIND_FILE || e.old_kind == COWI_KIND_SHMEM,
	   "from the page cache");
	munmap(p, 1 << 16);
	/* Anew: reading one page of a file maps those around it. */
	p = mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
	mapped = frame_of(p) != COWINSPECT_NO_PFN;
	e = expect("write to a page that is not mapped", p, true,
		   COWI_DID_COPIED);
	ok(!mapped && (e.old_kind == COWI_KIND_FILE || e.old_kind == COWI_KIND_SHMEM),
	   "from the page cache, too, though it was not mapped");
	munmap(p, 1 << 16);
	close(file);

	p = map_pages(4, MAP_SHARED);
	/*
	 * Before 6.0 a fault that has mapped the page, and then had to wait for
	 * writeback without its locks, is tried again, and finds it done: all
	 * that can be told then is that the page is shared and writable.
	 */
	expect("write to shared memory", p, true,
	       kernel_since(6, 0) ? COWI_DID_MAPPED : COWI_DID_SHARED);
	munmap(p, 4 * PAGE);
}

/* ---- refused, by a child ---- */

static void past_the_end(void *arg)
{
	volatile char *at = arg;

	raise(SIGSTOP);
	*at = 1;
}

static void test_refused(void)
{
	int memfd = memfd_create("short", 0), status;
	char *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, memfd,
		       0);
	pid_t pid = spawn(past_the_end, p);

	waitpid(pid, &status, WUNTRACED);
	attach(pid);
	kill(pid, SIGCONT);
	waitpid(pid, &status, 0);
	ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS &&
	   fault_count(pid, "refused") == 1,
	   "a write behind the end of a file is refused");
	ok(fault_count(pid, "observed") >= 1,
	   "counters stay when the process is gone");
	detach(pid);
	munmap(p, PAGE);
	close(memfd);
}

/* ---- by others ---- */

static void test_remote(void)
{
	char *p = map_pages(4, MAP_PRIVATE), byte = 7;
	struct iovec from = { &byte, 1 }, to = { p, 1 };
	static struct events theirs;
	const struct event *e;
	struct listener l;
	pid_t child;

	if (!have(lacks_remote(), 2))
		return;
	memset(p, 1, 4 * PAGE);
	drain_lru();
	child = spawn(NULL, NULL);
	wait_asleep(child);
	attach(child);
	l = open_events(child);
	if (process_vm_writev(child, &from, 1, &to, 1, 0) != 1)
		bail("process_vm_writev");
	drain_events(&l, &theirs);
	e = event_of(&theirs, p);
	ok(e && e->outcome == COWI_DID_COPIED && e->flags & COWI_E_REMOTE &&
	   e->flags & COWI_E_GUP && e->tid == (unsigned int)gettid(),
	   "a write by process_vm_writev() copies, and is said to be remote");
	ok(fault_count(child, "remote_copied") == 1 &&
	   fault_count(child, "remote") >= 1, "and counted as such");
	stop_listening(&l);
	detach(child);
	reap(child);
	munmap(p, 4 * PAGE);
}

/* ---- counts ---- */

#define PAGES	256

struct work {
	int go[2], done[2];
	char *memory;
};

/* All kinds of things, once for each byte that comes. */
static void work(void *arg)
{
	struct work *w = arg;
	char byte;
	int i;

	while (read(w->go[0], &byte, 1) == 1) {
		char *p = map_pages(PAGES, MAP_PRIVATE);

		for (i = 0; i < PAGES; i++)
			w->memory[i * PAGE]++;
		for (i = 0; i < PAGES; i += 2)
			(void)*(volatile char *)(p + i * PAGE);
		memset(p, 1, PAGES * PAGE);
		munmap(p, PAGES * PAGE);
		if (write(w->done[1], &byte, 1) != 1)
			break;
	}
}

static void do_work(struct work *w, pid_t pid)
{
	char byte = 0;

	if (write(w->go[1], &byte, 1) != 1 || read(w->done[0], &byte, 1) != 1)
		bail("the worker is gone");
	wait_asleep(pid);
}

static pid_t spawn_worker(struct work *w)
{
	if (pipe(w->go) || pipe(w->done))
		bail("pipe");
	w->memory = map_pages(PAGES, MAP_PRIVATE);
	memset(w->memory, 1, PAGES * PAGE);
	drain_lru();
	return spawn(work, w);
}

static void test_counts(void)
{
	struct work w;
	pid_t pid = spawn_worker(&w);
	long long before;

	wait_asleep(pid);
	attach(pid);
	before = proc_faults(pid);
	do_work(&w, pid);
	if (!ok(proc_faults(pid) - before == fault_count(pid, "accounted") &&
		!fault_count(pid, "elsewhere"),
		"as many faults as /proc/PID/stat counts"))
		diag("%lld, stat has %lld", fault_count(pid, "accounted"),
		     proc_faults(pid) - before);
	ok(fault_count(pid, "copied_anon") >= PAGES &&
	   fault_count(pid, "copied_bytes") >= (long long)(PAGES * PAGE),
	   "each page shared with us was copied");
	ok(fault_count(pid, "zeropage") == PAGES / 2 &&
	   fault_count(pid, "zerofilled") >= PAGES,
	   "zero pages and zeroed pages");
	ok(fault_count(pid, "unknown") == 0 && fault_count(pid, "lost") == 0,
	   "none unknown, none lost");
	detach(pid);
	reap(pid);
	munmap(w.memory, PAGES * PAGE);
}

/* ---- threads that fault on the same pages ---- */

#define RACE_PAGES	512

static char *race_memory;
static volatile int race_ready;

static void *race(void *arg)
{
	int i;

	(void)arg;
	__sync_fetch_and_add(&race_ready, 1);
	while (race_ready < 2)
		;
	for (i = 0; i < RACE_PAGES; i++)
		__sync_fetch_and_add(&race_memory[i * PAGE], 1);
	return NULL;
}

static void test_race(void)
{
	static struct events all;
	static uint64_t before[RACE_PAGES];
	int i, j, copies = 0, changed = 0, wrong = 0;
	pthread_t thread;
	pid_t child;

	race_memory = map_pages(RACE_PAGES, MAP_PRIVATE);
	memset(race_memory, 1, RACE_PAGES * PAGE);
	drain_lru();
	child = spawn(NULL, NULL);
	for (i = 0; i < RACE_PAGES; i++)
		before[i] = frame_of(race_memory + i * PAGE);
	drain_events(&self, &all);
	pthread_create(&thread, NULL, race, NULL);
	race(NULL);
	pthread_join(thread, NULL);
	drain_events(&self, &all);
	for (i = 0; i < RACE_PAGES; i++) {
		unsigned long at = (unsigned long)race_memory + i * PAGE;
		int here = 0;

		changed += frame_of((char *)at) != before[i];
		for (j = 0; j < all.nr; j++)
			here += (all.event[j].addr & ~(PAGE - 1)) == at &&
				all.event[j].outcome == COWI_DID_COPIED;
		copies += here;
		wrong += here != 1;
	}
	if (!ok(copies == RACE_PAGES && changed == RACE_PAGES && !wrong,
		"two threads write the same pages: each is copied once"))
		diag("%d copies, %d frames changed, %d pages wrong", copies,
		     changed, wrong);
	reap(child);
	munmap(race_memory, RACE_PAGES * PAGE);
}

/* ---- huge pages ---- */

static void test_huge(void)
{
	size_t huge = HUGE;
	char *area = mmap(NULL, 2 * huge, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *p = (char *)(((unsigned long)area + huge - 1) & ~(huge - 1));
	const struct event *e;
	struct event copy;
	pid_t child;

	drain_events(&self, &seen);
	if (!madvise(p, huge, MADV_HUGEPAGE))
		*p = 1;
	drain_events(&self, &seen);
	e = event_of(&seen, p);
	if (!have(e && e->new_order ? NULL : NO_HUGE_PAGE, 3)) {
		munmap(area, 2 * huge);
		return;
	}
	ok(e->outcome == COWI_DID_ZEROFILLED && e->new_order == HUGE_ORDER &&
	   e->bytes == huge,
	   "a huge page is zero-filled");
	child = spawn(NULL, NULL);
	copy = expect("write to a shared huge page", p + 0x5000, true,
		      COWI_DID_COPIED);
	ok(copy.flags & COWI_E_SPLIT && copy.new_order == 0 && copy.old_order == HUGE_ORDER,
	   "it is split, and a small page of it copied");
	reap(child);
	munmap(area, 2 * huge);
}

static bool is_predicted(const struct event *e,
			 const struct cowinspect_page *r, int outcome,
			 int confidence)
{
	if (r->outcome == outcome && r->confidence == confidence &&
	    e->predicted == outcome && e->confidence == confidence)
		return true;
	diag("pages has %d, confidence %d; the event %d, confidence %d",
	     r->outcome, r->confidence, e->predicted, e->confidence);
	return false;
}

#define HUGETLB_TESTS	4

/* Its own, but write-protected by having been read-only for a while. */
static void test_hugetlb(void)
{
	const size_t huge = HUGE;
	int pages = must_open(getpid(), "pages");
	struct event e;
	struct cowinspect_page r;
	pid_t child;
	char *p;

	p = get_hugetlb(huge, MAP_PRIVATE);
	if (!have(p ? NULL : NO_HUGETLB, HUGETLB_TESTS)) {
		close(pages);
		return;
	}
	*p = 1;
	mprotect(p, huge, PROT_READ);
	mprotect(p, huge, PROT_READ | PROT_WRITE);
	r = record_at(pages, p);
	e = expect("write to a hugetlb page of our own", p, true,
		   COWI_DID_REUSED);
	ok(is_predicted(&e, &r, COWI_NEXT_REUSE, COWI_CONF_SURE),
	   "which was predicted, here and there, and sure");
	child = spawn(NULL, NULL);
	r = record_at(pages, p);
	e = expect("write to a hugetlb page shared with a child", p, true,
		   COWI_DID_COPIED);
	ok(is_predicted(&e, &r, COWI_NEXT_COPY, COWI_CONF_LIKELY),
	   "which was predicted, here and there, and likely");
	reap(child);
	put_hugetlb(p, huge);
	close(pages);
}

/* ---- userfaultfd ---- */

static void *handle_missing(void *arg)
{
	struct uffd_msg msg;
	int fd = *(int *)arg;

	if (read(fd, &msg, sizeof(msg)) == sizeof(msg))
		give_page(fd, (void *)(msg.arg.pagefault.address & ~(PAGE - 1)));
	return NULL;
}

/* Handed on by the first attempt that gets so far, and by no other. @p is unmapped. */
static void handed_once(const char *what, char *p, bool write)
{
	int i, handed = 0, fd;
	pthread_t thread;

	if (!have(lacks_uffd(), 1))
		return;
	fd = withhold_page(p);
	if (fd < 0)
		bail("cannot withhold a page");
	drain_events(&self, &seen);
	pthread_create(&thread, NULL, handle_missing, &fd);
	if (write)
		*(volatile char *)p = 1;
	else
		(void)*(volatile char *)p;
	pthread_join(thread, NULL);
	drain_events(&self, &seen);
	for (i = 0; i < seen.nr; i++)
		handed += seen.event[i].outcome == COWI_DID_USERFAULTFD &&
			  (seen.event[i].addr & ~(PAGE - 1)) == (unsigned long)p;
	if (!ok(handed == 1, "%s is handed to userfaultfd, once", what))
		diag("%d times", handed);
	close(fd);
	munmap(p, PAGE);
}

/*
 * Between pages of another kind, so that it is not merged with what was written to
 * before: what the first write of a mapping needs (anon_vma) is not there yet. 0b35aae
 * ("module: a thread that ends is not counted twice; ...").
 */
static char *lonely_page(void)
{
	char *p = mmap(NULL, 3 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
		       -1, 0);

	if (p == MAP_FAILED ||
	    mmap(p + PAGE, PAGE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != p + PAGE)
		bail("mmap");
	return p + PAGE;
}

static void test_userfaultfd(void)
{
	char *p = map_pages(3, MAP_PRIVATE);

	/* What the first write of a mapping needs (anon_vma) is there. */
	*p = 1;
	handed_once("a missing page that is read", p + PAGE, false);
	handed_once("a missing page that is written", p + 2 * PAGE, true);
	handed_once("the first page of a mapping that is written",
		    lonely_page(), true);
	munmap(p, PAGE);
}

/* ---- swap ---- */

#define SWAP_TESTS	3

static void test_swap(void)
{
	char *p = map_pages(4, MAP_PRIVATE);
	bool marks = status_word("exclusive", "exact");
	pid_t child;

	memset(p, 1, 4 * PAGE);
	if (!have(lacks_zram(), SWAP_TESTS))
		return;
	swap_on_zram(64);
	if (!page_out(p, 4))
		bail("pages are not swapped out");
	expect("read of a swapped page", p, false, COWI_DID_SWAPIN);
	/* Without the mark of an exclusive page that is all that can be told. */
	expect("write to a swapped page", p + PAGE, true,
	       marks ? COWI_DID_SWAPIN_REUSED : COWI_DID_SWAPIN);
	child = spawn(NULL, NULL);
	expect("write to a swapped page that a child has, too", p + 2 * PAGE,
	       true, marks ? COWI_DID_SWAPIN_COPIED : COWI_DID_SWAPIN);
	reap(child);
	munmap(p, 4 * PAGE);
	swap_off_zram();
}

/* ---- KSM ---- */

static void test_ksm(void)
{
	char *p = map_pages(2, MAP_PRIVATE);
	int pages = must_open(getpid(), "pages");
	struct event e;

	if (!have(lacks_ksm(), 2))
		return;
	memset(p, 0x5a, 2 * PAGE);
	merge_by_ksm(pages, p, 2 * PAGE);
	e = expect("write to a page merged by KSM", p, true, COWI_DID_COPIED);
	ok(e.old_kind == COWI_KIND_KSM && e.predicted == COWI_NEXT_COPY,
	   "from KSM, as was predicted");
	close(pages);
	munmap(p, 2 * PAGE);
}

int main(void)
{
	tap_plan(SWAP_TESTS + 2 + 8 + 6 + 2 + 2 + 4 + 1 + 3 + HUGETLB_TESTS + 3 + 3);
	attach(getpid());
	self = open_events(getpid());
	test_anon();
	test_file();
	test_refused();
	test_remote();
	test_counts();
	test_race();
	test_huge();
	test_hugetlb();
	test_userfaultfd();
	test_swap();
	test_ksm();
	ok(fault_count(getpid(), "lost") == 0, "nothing was lost");
	ok(fault_count(getpid(), "unknown") == 0, "nothing remained unknown");
	ok(!self.lost, "and perf lost none of ours");
	stop_listening(&self);
	detach(getpid());
	return tap_done();
}
