// SPDX-License-Identifier: GPL-2.0
/*
 * cowinspect whatif on a process of which is known what it has; judged by what then
 * really happens: by cow_fork of its fork, and by the copies after it.
 */
#include "command.h"
#include "events.h"
#include "have.h"

#define PLACE		((char *)0x200000000000)	/* nothing else is near */
#define PAGES		600
#define WRITTEN		37
#define KEPT		50
#define WIPED		40
#define OBJECT		16
#define PINNED		4
#define SWAPPED		8
#define GIB		(1UL << 30)
#define OUT		"/tmp/whatif.json"

/**
 * struct subject - a process that does what it is told to, and sleeps until then
 * @pid: it
 * @orders: a letter for each thing to be done
 * @answers: that letter, when it was done
 * @pinned: whether it could pin pages; in memory that all have
 */
struct subject {
	pid_t pid;
	int orders[2], answers[2];
	int *pinned;
};

static char *region;

static void write_pages(char *at, int nr)
{
	int i;

	for (i = 0; i < nr; i++)
		((volatile char *)at)[i * PAGE] = 3;
}

static char *must_map_at(char *at, size_t len, int flags, int fd)
{
	char *p = mmap(at, len, PROT_READ | PROT_WRITE, flags | MAP_FIXED, fd, 0);

	if (p == MAP_FAILED)
		_exit(1);
	madvise(p, len, MADV_NOHUGEPAGE);
	return p;
}

/* Anonymous memory, all of it written. */
static char *have_pages(char *at, int nr)
{
	char *p = must_map_at(at, nr * PAGE, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	write_pages(p, nr);
	return p;
}

/* Of an object: all of it read, and the first pages written. */
static void have_object(char *at, int written)
{
	int fd = memfd_create("object", 0), i;
	char *p;

	if (fd < 0 || ftruncate(fd, OBJECT * PAGE))
		_exit(1);
	p = must_map_at(at, OBJECT * PAGE, MAP_SHARED, fd);
	write_pages(p, OBJECT);
	p = must_map_at(at, OBJECT * PAGE, MAP_PRIVATE, fd);
	for (i = 0; i < OBJECT; i++)
		(void)((volatile char *)p)[i * PAGE];
	write_pages(p, written);
	close(fd);
}

/* Each 1 GiB and 512 GiB on: tables of all levels. */
static void have_all(struct subject *s)
{
	char *at = PLACE, *huge;

	region = have_pages(at, PAGES);
	at += GIB;
	if (madvise(have_pages(at, KEPT), KEPT * PAGE, MADV_DONTFORK))
		_exit(1);
	at += GIB;
	if (madvise(have_pages(at, WIPED), WIPED * PAGE, MADV_WIPEONFORK))
		_exit(1);
	at += GIB;
	have_object(at, 0);
	have_object(at + HUGE, 3);
	at += GIB;
	/* The zero page, which makes nothing anonymous. */
	(void)*(volatile char *)must_map_at(at, PAGE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	at += 512 * GIB;
	*s->pinned = pin_pages(have_pages(at, PINNED), PINNED * PAGE) >= 0;
	at += GIB;
	huge = must_map_at(at, HUGE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	madvise(huge, HUGE, MADV_HUGEPAGE);
	write_pages(huge, 1);
	/* Where none was to be had, khugepaged would make one later. */
	madvise(huge, HUGE, MADV_NOHUGEPAGE);
	at += GIB;
	have_pages(at, SWAPPED);
	if (!lacks_zram() && !page_out(at, SWAPPED))
		_exit(1);
}

/* A child that lives as long as we do. */
static void have_child(void)
{
	pid_t pid = fork_mortal();

	if (pid < 0)
		_exit(1);
	while (!pid)
		pause();
}

static void obey(void *arg)
{
	struct subject *s = arg;
	char letter;

	have_all(s);
	/* What fork itself needs is there then. */
	reap(spawn(NULL, NULL));
	/* A reference of a batch would have a page copied that is to be kept. */
	drain_lru();
	while (read(s->orders[0], &letter, 1) == 1) {
		if (letter == 'f')
			have_child();
		/* Twice: what is written again is not copied again. */
		if (letter == 'w') {
			write_pages(region, WRITTEN);
			write_pages(region, WRITTEN);
		}
		if (write(s->answers[1], &letter, 1) != 1)
			break;
	}
}

static void order(struct subject *s, char letter)
{
	if (write(s->orders[1], &letter, 1) != 1 ||
	    read(s->answers[0], &letter, 1) != 1)
		bail("the subject is gone");
	wait_asleep(s->pid);
}

static struct subject get_subject(void)
{
	struct subject s = { .pinned = (int *)map_pages(1, MAP_SHARED) };

	if (pipe(s.orders) || pipe(s.answers))
		bail("pipe");
	s.pid = spawn(obey, &s);
	close(s.answers[1]);
	order(&s, 'n');
	return s;
}

/* ---- what it says ---- */

static long long said_number(const char *key)
{
	char wanted[64];
	const char *at;

	snprintf(wanted, sizeof(wanted), "\"%s\": ", key);
	at = strstr(said, wanted);
	return at ? atoll(at + strlen(wanted)) : -1;
}

static void same(const char *what, long long foretold, long long was)
{
	said_ok(foretold == was, "%s: %lld, as foretold", what, was);
	if (foretold != was)
		diag("%lld were foretold", foretold);
}

/* Whether pagemap shows something from @at on, up to the end of its table or @end. */
static bool shows_any(int pagemap, unsigned long at, unsigned long end)
{
	uint64_t entries[512];
	int nr = (end - at) / PAGE, i;

	nr = nr < 512 ? nr : 512;
	if (pread(pagemap, entries, nr * 8, at / PAGE * 8) != nr * 8)
		bail("pagemap of %lx", at);
	for (i = 0; i < nr && !(entries[i] >> 62); i++)
		;
	return i < nr;
}

/*
 * How many tables of the process map nothing: all that the kernel has counted, but
 * those that pagemap shows something in. Fork makes the like of them, and nobody sees
 * them. Whether there are any is up to where things lie.
 */
#define LEVELS	3

static long long empty_tables(pid_t pid)
{
	unsigned long start, end, at, next, last[LEVELS] = { ~0UL, ~0UL, ~0UL };
	char path[64], *maps, *line;
	long long used = 0;
	int fd, level;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	fd = open(path, O_RDONLY);
	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	maps = slurp(path);
	for (line = maps; line && *line; line = strchr(line, '\n') + 1) {
		if (sscanf(line, "%lx-%lx", &start, &end) != 2)
			bail("%s", path);
		for (at = start; at < end && !(at >> 63); at = next) {
			next = (at | 0x1fffff) + 1;
			if (!shows_any(fd, at, next < end ? next : end))
				continue;
			for (level = 0; level < LEVELS; level++) {
				used += last[level] != at >> (21 + 9 * level);
				last[level] = at >> (21 + 9 * level);
			}
		}
	}
	free(maps);
	close(fd);
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	maps = slurp(path);
	used = number_of(maps, "VmPTE") * 1024LL / (long long)PAGE - used;
	free(maps);
	return used;
}

static void same_tables(long long foretold, long long was, long long empty)
{
	said_ok(foretold <= was && was <= foretold + empty * (long long)PAGE,
		"bytes of page tables: %lld, as foretold, but for those that are empty",
		was);
	diag("%lld were foretold, %lld tables are empty", foretold, empty);
}

/* ---- a fork ---- */

static void test_fork(struct subject *s)
{
	long long empty = empty_tables(s->pid);
	struct forked f = { 0 };
	struct listener l;

	said_ok(!run("cowinspect whatif fork %d", s->pid) &&
		strstr(said, "TABLES") && strstr(said, "TIME"), "in words");
	show_said();
	said_ok(!run("cowinspect whatif fork %d --json", s->pid),
		"a fork is foretold");
	l = listen_to_forks(s->pid);
	order(s, 'f');
	hear_forks(&l);
	stop_listening(&l);
	if (nr_forks == 1)
		f = forks[0];
	ok(nr_forks == 1 && f.parent == (unsigned int)s->pid, "then there is one");
	diag("foretold %lld ns, was %llu", said_number("estimate_ns"), f.cost);
	if (PAGE == 4096)
		same_tables(said_number("bytes"), f.tables, empty);
	else
		said_ok(strstr(said, "\"tables\": null"),
			"of page tables with such pages it says nothing");
	same("anonymous pages", said_number("anon"), f.anon * PAGE);
	same("pages of files", said_number("file"), f.file * PAGE);
	same("pages of objects", said_number("shmem"), f.shmem * PAGE);
	same("in swap", said_number("swap"), f.swap * PAGE);
	if (have(*s->pinned ? NULL : "nothing could be pinned", 1))
		same("copied at once", said_number("at_once"), f.copied * (long long)PAGE);
	ok(said_number("left_out") == (KEPT + WIPED) * (long long)PAGE,
	   "what the child does not get is said");
}

/* ---- writes ---- */

static struct events heard;

/* Pages of the subject's region that were kept or copied after a write, each once. */
static int pages_heard(pid_t pid, int did)
{
	static bool seen[PAGES];
	int i, n = 0;

	memset(seen, 0, sizeof(seen));
	for (i = 0; i < heard.nr; i++) {
		const struct event *e = &heard.event[i];
		unsigned long page = (e->addr - (unsigned long)PLACE) / PAGE;

		if (e->pid != (unsigned int)pid || e->outcome != did ||
		    e->addr < (unsigned long)PLACE || page >= PAGES ||
		    seen[page])
			continue;
		seen[page] = true;
		n++;
	}
	return n;
}

/* All pages that were written to and kept, but those that were not there before. */
static int all_heard(pid_t pid)
{
	int i, k, n = 0;

	for (i = 0; i < heard.nr; i++) {
		const struct event *e = &heard.event[i];

		if (e->pid != (unsigned int)pid || !(e->flags & COWI_E_WRITE) ||
		    e->outcome != COWI_DID_REUSED)
			continue;
		for (k = 0; k < i; k++) {
			if (heard.event[k].pid == e->pid &&
			    heard.event[k].outcome == e->outcome &&
			    heard.event[k].addr / PAGE == e->addr / PAGE)
				break;
		}
		n += k == i;
	}
	return n;
}

static bool becomes_clean(pid_t pid)
{
	int i;

	for (i = 0; i < PATIENCE_S * 1000; i++) {
		if (!(pagemap_of(pid, PLACE) & PAGEMAP_SOFT_DIRTY))
			return true;
		usleep(1000);
	}
	return false;
}

static void foretell_writes(struct subject *s)
{
	char line[256];
	int status;
	pid_t pid;

	snprintf(line, sizeof(line),
		 "exec cowinspect whatif fork %d --json --since 1000 --clear-soft-dirty >"
		 OUT " 2>&1", s->pid);
	pid = fork_mortal();
	if (!pid) {
		execl("/bin/sh", "sh", "-c", line, NULL);
		_exit(1);
	}
	ok(becomes_clean(s->pid), "soft-dirty bits are cleared");
	order(s, 'w');
	kill(pid, SIGINT);
	waitpid(pid, &status, 0);
	run("cat " OUT);
	said_ok(!status, "Ctrl-C ends the waiting");
}

static void test_writes(void)
{
	struct subject s = get_subject();
	struct listener l;
	int foretold;

	if (!have(lacks_soft_dirty(), 6)) {
		reap(s.pid);
		return;
	}
	l = open_events(s.pid);
	foretell_writes(&s);
	drain_events(&l, &heard);
	foretold = said_number("pages");
	same("pages that were written to", foretold, all_heard(s.pid));
	ok(pages_heard(s.pid, COWI_DID_REUSED) == WRITTEN,
	   "%d of them are those that it was told to", WRITTEN);
	/* Now there is a fork, and it does the same. */
	order(&s, 'f');
	drain_events(&l, &heard);
	order(&s, 'w');
	drain_events(&l, &heard);
	ok(pages_heard(s.pid, COWI_DID_COPIED) == WRITTEN,
	   "as many are copied after a fork");
	ok(!l.lost, "nothing was lost");
	stop_listening(&l);
	reap(s.pid);
}

static void test_refused(void)
{
	said_ok(run("cowinspect whatif fork 1 --since 1") == 2 &&
		strstr(said, "--clear-soft-dirty"),
		"without being told to, no bits are cleared: the way is named");
	said_ok(run("cowinspect whatif spoon 1") == 2, "only forks are foretold");
}

int main(void)
{
	struct subject s;

	need_tool();
	tap_plan(10 + 6 + 2);
	mount_tracefs();
	if (!find_fields("cow_fork", fork_fields))
		bail("the tracepoint is another one");
	if (!lacks_zram() && !swap_on_zram(64))
		bail("no swap on zram");
	s = get_subject();
	test_fork(&s);
	reap(s.pid);
	test_writes();
	test_refused();
	if (!lacks_zram())
		swap_off_zram();
	return tap_done();
}
