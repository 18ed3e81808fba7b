// SPDX-License-Identifier: GPL-2.0
/*
 * The known target, and who checks what is read of it, in the manner of the
 * kernel's proc-maps-race test: it changes between states that are known, each
 * change is made at once by the kernel, and whatever is read has to be one of
 * the states, whole. Where it says that it has not changed during a read, what
 * was read has to be the very state it is in.
 *
 * - At PLACE are, in turn, mapping A (shared, read-only) and B (private,
 *   writable), of FLIP_PAGES pages each, whose frames are known: mremap() moves
 *   one away and the other one there. The 64 entries are in one page table, so
 *   they must all be of A, or of B, or none be there.
 * - At COPIES is a private mapping of known pages: each is as it was, a copy of
 *   its own, or absent.
 * - At WHOLE is a huge page that is split and made again.
 * - At BLINK is a huge page of a file that nobody else maps: it is unmapped and
 *   mapped again, without a pause, by calls that do not keep readers out. Who
 *   says that it is mapped has to have seen that it is: a record with a mapcount
 *   of 0 is of an entry that was not there any more.
 */
#include <linux/perf_event.h>
#include <sched.h>

#include "torture.h"

#define BASE		0x300000000000UL
#define AREA		(1UL << 30)	/* has room for a huge page */
#define PLACE		BASE
#define ASIDE		(BASE + AREA)
#define TRANSIT		(BASE + 2 * AREA)
#define COPIES		(BASE + 3 * AREA)
#define WHOLE		(BASE + 4 * AREA)
#define KEEP_A		(BASE + 5 * AREA)
#define KEEP_B		(BASE + 6 * AREA)
#define KEEP_C		(BASE + 7 * AREA)
#define BLINK		(BASE + 8 * AREA)
#define END		(BASE + 9 * AREA)
#define LENGTH		(FLIP_PAGES * PAGE)

/* What flip_state.page says: whether it is a copy. */
enum { NOT_COPIED, COPIED };

static struct flip_state *state;

/*
 * In a hurry, the target and who checks it have a CPU each, and that is
 * interrupted, while they run, much more often than by its tick. Where emulated
 * CPUs take turns, an interrupt ends a turn: what the other does may then come
 * between any two instructions.
 */
static void set_hurry(bool hurry)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.sample_period = 100 * 1000,
	};
	static int interrupts = -1;
	static bool hurries;
	int cpu, own = me == ROLE_FLIP ? 0 : 1;
	cpu_set_t cpus;

	if (hurries == hurry)
		return;
	hurries = hurry;
	CPU_ZERO(&cpus);
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!hurry || cpu == own)
			CPU_SET(cpu, &cpus);
	}
	sched_setaffinity(0, sizeof(cpus), &cpus);
	if (hurry)
		interrupts = syscall(SYS_perf_event_open, &attr, 0, -1, -1,
				     PERF_FLAG_FD_CLOEXEC);
	else
		close(interrupts);
}

#define BLINKS	8

/* How often in a row: with all others about, each time may take long. */
static int some_times(int in_hurry)
{
	return 1 + rnd(shared->hurry ? in_hurry : 4);
}

/* What to do next: in a hurry, mostly what a read may fall in the middle of. */
static unsigned int rnd_in_hurry(void)
{
	set_hurry(shared->hurry);
	if (!shared->hurry || !rnd(4))
		return rnd(9);
	return rnd(2) ? 3 : BLINKS;
}

/* ---- the target ---- */

static void begin_change(void)
{
	__atomic_add_fetch(&state->generation, 1, __ATOMIC_SEQ_CST);
}

static void end_change(void)
{
	__atomic_add_fetch(&state->generation, 1, __ATOMIC_SEQ_CST);
}

static char *map_at(unsigned long at, size_t len, int prot, int flags, int fd)
{
	char *p = mmap((void *)at, len, prot, flags | MAP_FIXED, fd, 0);

	if (p != (char *)at)
		bail("mmap at %lx", at);
	return p;
}

/* A file whose pages stay where they are, being mlocked at @keep. */
static int make_file(unsigned long keep)
{
	int fd = memfd_create("flip", MFD_CLOEXEC);
	char *p;

	if (fd < 0 || ftruncate(fd, LENGTH))
		bail("memfd");
	p = map_at(keep, LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	memset(p, 1, LENGTH);
	if (mlock(p, LENGTH))
		bail("mlock");
	return fd;
}

static void note_frames(uint64_t *frames, unsigned long keep)
{
	uint64_t entry;
	int i;

	for (i = 0; i < FLIP_PAGES; i++) {
		entry = pagemap_of(getpid(), (char *)keep + i * PAGE);
		if (!(entry & PAGEMAP_PRESENT))
			bail("a locked page is not there");
		frames[i] = PAGEMAP_PFN(entry);
	}
}

static void read_pages(unsigned long at)
{
	int i;

	for (i = 0; i < FLIP_PAGES; i++)
		(void)*(volatile char *)(at + i * PAGE);
}

static void write_page(unsigned long at)
{
	*(volatile char *)at = 2;
}

static void make_whole(void)
{
	int i;

	if (missing[NEED_THP])
		return;
	map_at(WHOLE, HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
	       -1);
	if (madvise((void *)WHOLE, HUGE, MADV_HUGEPAGE))
		bail("MADV_HUGEPAGE");
	for (i = 0; i < (int)HUGE_PAGES; i++)
		write_page(WHOLE + i * PAGE);
	state->whole = true;
}

/* Anew each time: there may not have been a huge page for it before. */
static void make_blink(void)
{
	int fd = memfd_create("blink", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, HUGE))
		bail("memfd");
	map_at(BLINK, HUGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	if (madvise((void *)BLINK, HUGE, MADV_HUGEPAGE))
		bail("MADV_HUGEPAGE");
	close(fd);
}

static void make_all(void)
{
	int a = make_file(KEEP_A), b = make_file(KEEP_B), c = make_file(KEEP_C);

	map_at(PLACE, LENGTH, PROT_READ, MAP_SHARED, a);
	map_at(ASIDE, LENGTH, PROT_READ | PROT_WRITE, MAP_PRIVATE, b);
	map_at(COPIES, LENGTH, PROT_READ | PROT_WRITE, MAP_PRIVATE, c);
	read_pages(PLACE);
	read_pages(ASIDE);
	make_whole();
	if (!missing[NEED_SHMEM_THP])
		make_blink();
	drain_lru();
	note_frames(state->a_frames, KEEP_A);
	note_frames(state->b_frames, KEEP_B);
	note_frames(state->originals, KEEP_C);
}

static void move(unsigned long from, unsigned long to)
{
	if (mremap((void *)from, LENGTH, LENGTH, MREMAP_MAYMOVE | MREMAP_FIXED,
		   (void *)to) != (void *)to)
		bail("mremap");
}

static void change_places(void)
{
	begin_change();
	move(PLACE, TRANSIT);
	if (is_due(OP_SAW_NEITHER, 2))
		usleep(rnd(500));
	move(ASIDE, PLACE);
	move(TRANSIT, ASIDE);
	state->b = !state->b;
	end_change();
	count(OP_FLIP, true);
}

static void copy_page(int i)
{
	write_page(COPIES + i * PAGE);
	state->page[i] = COPIED;
	count(OP_FLIP_COPY, true);
}

static void drop_page(int i)
{
	void *at = (char *)COPIES + i * PAGE;

	if (madvise(at, PAGE, MADV_DONTNEED))
		bail("MADV_DONTNEED");
	state->page[i] = NOT_COPIED;
	count(OP_FLIP_DROP, true);
	/* What is around is mapped as well; it is no copy either way. */
	if (!rnd(4))
		(void)*(volatile char *)at;
}

/* Few at a time, or so many that a read falls in the middle of them. */
static void change_pages(void)
{
	int times = !shared->hurry && rnd(4) ? 1 + rnd(4) : 1 + rnd(512);

	begin_change();
	while (times--) {
		if (rnd(2))
			copy_page(rnd(FLIP_PAGES));
		else
			drop_page(rnd(FLIP_PAGES));
	}
	end_change();
}

static void split_whole(void)
{
	unsigned long at = WHOLE + rnd(HUGE_PAGES) * PAGE;

	begin_change();
	if (madvise((void *)at, PAGE, MADV_DONTNEED))
		bail("MADV_DONTNEED");
	if (!rnd(4))
		usleep(rnd(500));
	write_page(at);
	end_change();
	count(OP_SPLIT, true);
}

static void make_whole_again(void)
{
	if (!missing[NEED_COLLAPSE]) {
		count(OP_SPLIT_COLLAPSE,
		      !madvise((void *)WHOLE, HUGE, MADV_COLLAPSE));
		return;
	}
	begin_change();
	make_whole();
	end_change();
	count(OP_SPLIT_COLLAPSE, true);
}

/*
 * Zapping takes the mmap lock for reading, a fault that or none, so what a reader
 * sees of the entry may be gone once it has the entry's lock. That it waits for
 * the lock is made likely: reading pagemap holds it for the time of 512 pages,
 * right before the entry goes; and then it stays away for a while.
 */
static void blink(void)
{
	static uint64_t entries[512];
	static int pagemap;
	volatile int delay;
	int times = some_times(1024);
	bool hurry = shared->hurry;

	if (missing[NEED_SHMEM_THP])
		return;
	if (!pagemap)
		pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	begin_change();
	if (!rnd(16))
		make_blink();
	__atomic_store_n(&state->blinks, true, __ATOMIC_SEQ_CST);
	while (times-- && shared->hurry == hurry) {
		write_page(BLINK);
		if (pread(pagemap, entries, sizeof(entries),
			  BLINK / PAGE * sizeof(entries[0])) < 0 ||
		    madvise((void *)BLINK, HUGE, MADV_DONTNEED))
			bail("cannot read pagemap, or zap");
		for (delay = 0; delay < 5000; delay++)
			;
	}
	__atomic_store_n(&state->blinks, false, __ATOMIC_SEQ_CST);
	end_change();
	count(OP_BLINK, true);
}

void flip(void)
{
	state = &shared->flip;
	state->ready = 0;
	state->generation = 0;
	state->b = false;
	state->whole = false;
	state->blinks = false;
	memset(state->page, NOT_COPIED, sizeof(state->page));
	make_all();
	__atomic_store_n(&state->ready, getpid(), __ATOMIC_SEQ_CST);
	for (;;) {
		switch (rnd_in_hurry()) {
		case 0:
		case 1:
		case 2:
			change_places();
			break;
		case 3:
		case 4:
		case 5:
			change_pages();
			break;
		case 6:
			if (!missing[NEED_THP])
				split_whole();
			break;
		case 7:
			if (!missing[NEED_THP])
				make_whole_again();
			break;
		case BLINKS:
			blink();
			break;
		}
		if (rnd(2))
			usleep(shared->hurry ? rnd(100) : rnd(4000));
	}
}

/* ---- what is read of it ---- */

#define ROOM	(8192 + 512)	/* with pages of 64 KiB, one PMD maps 8192 of them */

static struct cowinspect_page records[ROOM];
static bool marks;		/* this kernel has the exclusive mark */

/* Before and after a read, to be compared. */
static uint64_t generation(void)
{
	return __atomic_load_n(&state->generation, __ATOMIC_SEQ_CST);
}

static void describe(const char *what, const struct cowinspect_page *r)
{
	wrong("%s: %llx: frame %llx flags %llx map %u ref %u kind %u next %u order %u",
	      what, (unsigned long long)r->addr, (unsigned long long)r->pfn,
	      (unsigned long long)r->flags, r->mapcount, r->refcount, r->kind,
	      r->outcome, r->map_order);
}

static bool has(const struct cowinspect_page *r, uint64_t on, uint64_t off)
{
	return (r->flags & (on | off)) == on;
}

/* Both mappings of the page, and the page cache. */
static bool is_file_page(const struct cowinspect_page *r, uint64_t frame)
{
	return r->kind == COWI_KIND_SHMEM && r->pfn == frame &&
	       !r->map_order && r->mapcount == 2 && r->refcount >= 3;
}

static bool is_a(const struct cowinspect_page *r, int i)
{
	return is_file_page(r, state->a_frames[i]) &&
	       has(r, COWI_F_PRESENT | COWI_F_VMA_SHARED,
		   COWI_F_WRITE | COWI_F_VMA_WRITE) &&
	       r->outcome == COWI_NEXT_REFUSED;
}

static bool is_b(const struct cowinspect_page *r, int i)
{
	return is_file_page(r, state->b_frames[i]) &&
	       has(r, COWI_F_PRESENT | COWI_F_VMA_WRITE,
		   COWI_F_WRITE | COWI_F_VMA_SHARED) &&
	       r->outcome == COWI_NEXT_COPY;
}

static bool is_original(const struct cowinspect_page *r, int i)
{
	return is_file_page(r, state->originals[i]) &&
	       has(r, COWI_F_PRESENT | COWI_F_VMA_WRITE,
		   COWI_F_WRITE | COWI_F_VMA_SHARED) &&
	       r->outcome == COWI_NEXT_COPY;
}

/* Or on its way to where compaction wants it. */
static bool is_copy(const struct cowinspect_page *r, int i)
{
	if (r->kind == COWI_KIND_MIGRATION)
		return true;
	return r->kind == COWI_KIND_ANON && !r->map_order &&
	       r->pfn != state->originals[i] && r->mapcount == 1 &&
	       r->refcount >= 1 &&
	       has(r, COWI_F_PRESENT | COWI_F_WRITE | COWI_F_VMA_WRITE,
		   COWI_F_VMA_SHARED) &&
	       !!(r->flags & COWI_F_EXCLUSIVE) == marks &&
	       r->outcome == COWI_NEXT_NOFAULT;
}

/*
 * Records of [start, start + len), up to @max of them. Returns how many, -1 if
 * the target cannot be read, and whether it changed meanwhile. A read that ends early,
 * as a target that dies has it end between two chunks, is gone on with.
 */
static int read_area(int fd, unsigned long start, size_t len, int max,
		     bool *steady)
{
	uint64_t before = generation();
	unsigned long from = start;
	ssize_t got;
	int n = 0;

	do {
		got = pread(fd, records + n, (max - n) * sizeof(records[0]), from);
		if (got < 0) {
			count(OP_READ_ENDED,
			      may_happen(errno, "read of the known target"));
			return -1;
		}
		n += got / sizeof(records[0]);
		if (n)
			from = records[n - 1].addr + (PAGE << records[n - 1].map_order);
	} while (got && n < max && from < start + len);
	*steady = before == generation() && before % 2 == 0;
	count(OP_PAGES, true);
	while (n && records[n - 1].addr >= start + len)
		n--;
	if (*steady)
		count(OP_SAW_STEADY, true);
	return n;
}

static bool all_are(bool (*is)(const struct cowinspect_page *r, int i), int n)
{
	int i;

	for (i = 0; i < n; i++) {
		if (records[i].addr != PLACE + i * PAGE || !is(&records[i], i))
			return false;
	}
	return true;
}

static bool check_place(int fd)
{
	int room = rnd(4) ? FLIP_PAGES + rnd(64) : 1 + rnd(FLIP_PAGES);
	int i, n, all = room < FLIP_PAGES ? room : FLIP_PAGES;
	uint64_t before = generation();
	bool steady, a, b, is_b_now;

	n = read_area(fd, PLACE, LENGTH, room, &steady);
	is_b_now = state->b;
	steady &= generation() == before;
	if (n < 0)
		return false;
	a = n == all && all_are(is_a, n);
	b = n == all && all_are(is_b, n);
	count(a ? OP_SAW_A : b ? OP_SAW_B : OP_SAW_NEITHER, true);
	if (!a && !b && n) {
		wrong("in place of A or B are %d records", n);
		for (i = 0; i < n && (is_a(&records[i], i) == is_a(&records[0], 0)); i++)
			;
		describe("the first", &records[0]);
		describe("the first that differs", &records[i < n ? i : n - 1]);
	}
	if (steady && (is_b_now ? !b : !a))
		wrong("%c is in place, but %d records of %c were read",
		      "AB"[is_b_now], n, a ? 'A' : b ? 'B' : '?');
	return true;
}

static bool check_copies(int fd)
{
	uint64_t before = generation();
	bool steady, seen[FLIP_PAGES] = { 0 };
	int i, k, n = read_area(fd, COPIES, LENGTH, FLIP_PAGES, &steady);
	char page[FLIP_PAGES];

	if (n < 0)
		return false;
	memcpy(page, state->page, sizeof(page));
	/* It may have changed since it was read. */
	steady &= generation() == before;
	for (k = 0; k < n; k++) {
		i = (records[k].addr - COPIES) / PAGE;
		if (k && records[k].addr <= records[k - 1].addr)
			describe("out of order", &records[k]);
		if (is_copy(&records[k], i))
			seen[i] = true;
		else if (!is_original(&records[k], i))
			describe("neither copy nor original", &records[k]);
		count(seen[i] ? OP_SAW_COPY : OP_SAW_ORIGINAL, true);
	}
	for (i = 0; steady && i < FLIP_PAGES; i++) {
		if (seen[i] != !!page[i])
			wrong("page %d is %sa copy", i, seen[i] ? "not " : "");
	}
	return true;
}

/*
 * As many entries are read at one moment. Where a table has more, it may become one huge
 * entry between two of them, which then begins before the last record; that is no change which
 * the target tells of, as the pages' contents stay. And at each moment another page may be the
 * one that is not there.
 */
#define AT_ONCE		512
#define MOMENTS		((HUGE_PAGES + AT_ONCE - 1) / AT_ONCE)

static bool check_whole(int fd)
{
	bool steady, huge = false;
	int k, n = read_area(fd, WHOLE, HUGE, HUGE_PAGES + AT_ONCE, &steady);
	unsigned long start, end = WHOLE, pages = 0;

	if (n < 0)
		return false;
	for (k = 0; k < n; k++) {
		start = records[k].addr;
		if (start < end) {
			if (MOMENTS == 1 || records[k].map_order != HUGE_ORDER)
				describe("overlaps the one before", &records[k]);
			start = end;
		}
		end = records[k].addr + (PAGE << records[k].map_order);
		pages += (end - start) / PAGE;
		huge |= records[k].map_order == HUGE_ORDER;
	}
	count(huge ? OP_SAW_HUGE : OP_SAW_SPLIT, true);
	if (end > WHOLE + HUGE || (steady && pages != HUGE_PAGES) ||
	    (!missing[NEED_COLLAPSE] && pages < HUGE_PAGES - MOMENTS))
		wrong("a huge page of %lu pages in %d records, steady %d",
		      pages, n, steady);
	return true;
}

static bool check_blink(int fd)
{
	int n, times = some_times(512);
	bool steady;

	while (times--) {
		n = read_area(fd, BLINK, HUGE, 1, &steady);
		if (n < 0)
			return false;
		if (n && steady)
			describe("unmapped, but seen", &records[0]);
		if (!n || records[0].kind == COWI_KIND_MIGRATION)
			continue;
		if (records[0].kind != COWI_KIND_SHMEM || !records[0].mapcount)
			describe("mapped, but by nobody", &records[0]);
		count(OP_SAW_BLINK, records[0].map_order == HUGE_ORDER);
	}
	return true;
}

/* ---- its lines in vmas ---- */

static bool may_be(unsigned long start, unsigned long end, const char *perms)
{
	if (start >= WHOLE && end <= WHOLE + HUGE)
		return !strcmp(perms, "rw-p");
	if (start == BLINK && end == BLINK + HUGE)
		return !strcmp(perms, "rw-s");
	if (end != start + LENGTH)
		return false;
	switch (start) {
	case PLACE:
	case ASIDE:
	case TRANSIT:
		return !strcmp(perms, "rw-p") || !strcmp(perms, "r--s");
	case COPIES:
		return !strcmp(perms, "rw-p");
	default:
		return (start == KEEP_A || start == KEEP_B ||
			start == KEEP_C) && !strcmp(perms, "rw-s");
	}
}

static void check_line(const char *line, unsigned long *last)
{
	unsigned long start, end, pages, present;
	char perms[8], kind[16];

	if (sscanf(line, "%lx-%lx %7s %15s %lu %lu", &start, &end, perms, kind,
		   &pages, &present) != 6) {
		wrong("vmas: '%.80s'", line);
		return;
	}
	if (start < *last || start >= end)
		wrong("vmas: %lx-%lx after %lx", start, end, *last);
	*last = end;
	if (end <= BASE || start >= END)
		return;
	count(OP_SAW_VMAS, true);
	if (!may_be(start, end, perms))
		wrong("vmas: no such mapping: '%.80s'", line);
	if (start < COPIES && (pages != FLIP_PAGES || present != FLIP_PAGES))
		wrong("vmas: not all there: '%.80s'", line);
}

static bool check_lines(pid_t pid)
{
	static char text[1 << 16];
	int fd = try_open(pid, "vmas");
	ssize_t got = 0, len = 0;
	unsigned long last = 0;
	char *line;

	if (fd < 0)
		return may_happen(errno, "open vmas") && false;
	while (len < (ssize_t)sizeof(text) - 1 &&
	       (got = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += got;
	close(fd);
	if (got < 0)
		return may_happen(errno, "read vmas") && false;
	text[len] = 0;
	count(OP_VMAS, true);
	line = strchr(text, '\n');
	while (line && line[1]) {
		check_line(line + 1, &last);
		line = strchr(line + 1, '\n');
	}
	return true;
}

static bool check_once(int fd, pid_t pid)
{
	bool blinks = shared->hurry &&
		      __atomic_load_n(&state->blinks, __ATOMIC_SEQ_CST);

	switch (blinks ? BLINKS : rnd_in_hurry()) {
	case 0:
		return check_lines(pid);
	case 1:
	case 2:
		return missing[NEED_THP] || check_whole(fd);
	case 3:
	case 4:
		return check_copies(fd);
	case BLINKS:
		return missing[NEED_SHMEM_THP] || check_blink(fd);
	default:
		return check_place(fd);
	}
}

void check(void)
{
	pid_t pid;
	int fd, i;

	state = &shared->flip;
	marks = kernel_since(5, 19);
	for (;;) {
		pid = __atomic_load_n(&state->ready, __ATOMIC_SEQ_CST);
		if (!pid || command_pid("attach", pid)) {
			usleep(10 * 1000);
			continue;
		}
		fd = try_open(pid, "pages");
		if (fd < 0) {
			may_happen(errno, "open pages of the known target");
			continue;
		}
		for (i = 0; i < 200 && check_once(fd, pid); i++)
			;
		close(fd);
	}
}
