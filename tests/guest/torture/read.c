// SPDX-License-Identifier: GPL-2.0
/*
 * Readers of every file of any target: sums must add up, records be in order,
 * counters never go back, whatever happens to the target meanwhile.
 */
#include <pthread.h>

#include "torture.h"

enum total {
#define X(name, unit, meaning) T_##name,
	COWINSPECT_TOTALS(X)
#undef X
	NR_TOTALS
};

static const char * const total_names[] = {
#define X(name, unit, meaning) #name,
	COWINSPECT_TOTALS(X)
#undef X
};

#define COUNTERS(X) COWINSPECT_FAULTS(X)
enum {
#define X(name, unit, meaning) C_##name,
	COUNTERS(X)
#undef X
	NR_COUNTERS
};

static char text[1 << 18];

/* Returns the length, or -1 if it has come to a permitted end. */
static ssize_t read_text(int fd, size_t piece, const char *what)
{
	ssize_t got, len = 0;

	do {
		if (len + piece >= sizeof(text))
			piece = sizeof(text) - 1 - len;
		got = read(fd, text + len, piece);
		len += got > 0 ? got : 0;
	} while (got > 0 && len < (ssize_t)sizeof(text) - 1);
	text[len] = 0;
	if (got < 0) {
		count(OP_READ_ENDED, may_happen(errno, what));
		return -1;
	}
	return len;
}

static int open_file(pid_t pid, const char *file)
{
	int fd = try_open(pid, file);

	if (fd < 0) {
		if (errno == ENOENT && rnd(2))
			command_pid("attach", pid);
		else if (errno != ENOENT)
			may_happen(errno, file);
	}
	return fd;
}

/* ---- totals ---- */

static unsigned long long sum(const unsigned long long *t, enum total from,
			      enum total to)
{
	unsigned long long all = 0;

	for (; from <= to; from++)
		all += t[from];
	return all;
}

static void check_totals(const char *what, pid_t pid,
			 const unsigned long long *t)
{
	unsigned long long there = t[T_present] + t[T_swapped] + t[T_nonpresent];
	unsigned long long counted = t[T_present] - t[T_zero] - t[T_pfn];
	unsigned long long next = sum(t, T_next_nofault, T_next_unknown);

	if (t[T_present] != sum(t, T_anon, T_kernel))
		wrong("%s of %d: present %llu, its kinds %llu", what, pid,
		      t[T_present], sum(t, T_anon, T_kernel));
	if (t[T_pages] != there + t[T_absent])
		wrong("%s of %d: pages %llu, their kinds %llu", what, pid,
		      t[T_pages], there + t[T_absent]);
	if (counted != t[T_mapped_once] + t[T_mapped_more] ||
	    counted != sum(t, T_map_1, T_map_64))
		wrong("%s of %d: %llu pages with a mapcount, %llu and %llu in its classes",
		      what, pid, counted, t[T_mapped_once] + t[T_mapped_more],
		      sum(t, T_map_1, T_map_64));
	if (next != there || next != t[T_next_sure] + t[T_next_likely] +
				     t[T_next_unknown])
		wrong("%s of %d: %llu predictions for %llu entries", what, pid,
		      next, there);
}

/* "name: value" in the order of the list. */
static void parse_summary(pid_t pid)
{
	unsigned long long t[NR_TOTALS];
	char *line = text;
	size_t len;
	int i;

	/* Its address space has ended. */
	if (!*text)
		return;
	for (i = -1; i < NR_TOTALS; i++) {
		const char *name = i < 0 ? "vmas" : total_names[i];

		len = strlen(name);
		if (strncmp(line, name, len) || line[len] != ':') {
			wrong("summary of %d: no %s in '%.40s'", pid, name, line);
			return;
		}
		if (i >= 0)
			t[i] = strtoull(line + len + 1, NULL, 10);
		line = strchr(line, '\n');
		if (!line) {
			wrong("summary of %d ends at %s", pid, name);
			return;
		}
		line++;
	}
	if (*line)
		wrong("summary of %d: more than it has: '%.40s'", pid, line);
	check_totals("summary", pid, t);
}

static void check_row(pid_t pid, char *line, unsigned long *last)
{
	unsigned long long t[NR_TOTALS];
	unsigned long start, end;
	int i, n = 0;

	if (sscanf(line, "%lx-%lx %*s %*s%n", &start, &end, &n) != 2 || !n) {
		wrong("vmas of %d: '%.60s'", pid, line);
		return;
	}
	if (start < *last || start >= end)
		wrong("vmas of %d: %lx-%lx after %lx", pid, start, end, *last);
	*last = end;
	line += n;
	for (i = 0; i < NR_TOTALS; i++) {
		t[i] = strtoull(line, &line, 10);
		/* Of a mean, the digits behind the point. */
		line += strcspn(line, "\n ");
	}
	if (t[T_pages] != (end - start) / PAGE)
		wrong("vmas of %d: %llu pages in %lx-%lx", pid, t[T_pages],
		      start, end);
	check_totals("vmas", pid, t);
}

static void parse_vmas(pid_t pid)
{
	unsigned long last = 0;
	char *line = strchr(text, '\n');

	while (line && line[1]) {
		check_row(pid, line + 1, &last);
		line = strchr(line + 1, '\n');
	}
}

static void read_summary(pid_t pid)
{
	int fd = open_file(pid, "summary");

	if (fd < 0)
		return;
	if (read_text(fd, 1 + rnd(4096), "read summary") >= 0) {
		count(OP_SUMMARY, true);
		parse_summary(pid);
	}
	close(fd);
}

static void read_vmas(pid_t pid)
{
	int fd = open_file(pid, "vmas");

	if (fd < 0)
		return;
	if (read_text(fd, 512 + rnd(1 << 16), "read vmas") >= 0) {
		count(OP_VMAS, true);
		parse_vmas(pid);
	}
	close(fd);
}

/* ---- pages ---- */

static void check_records(pid_t pid, const struct cowinspect_page *r, int n,
			  uint64_t from)
{
	uint64_t end = 0, this_end;
	int i;

	for (i = 0; i < n; i++) {
		this_end = r[i].addr + (PAGE << r[i].map_order);
		/*
		 * A huge entry begins before what was asked for; in a table
		 * that became one meanwhile, before the last record.
		 */
		if (this_end <= from || this_end <= end ||
		    (r[i].addr < end && !r[i].map_order) ||
		    r[i].kind >= COWI_NR_KINDS ||
		    r[i].outcome >= COWI_NR_OUTCOMES)
			wrong("pages of %d: %llx after %llx from %llx: kind %u, next %u, order %u",
			      pid, (unsigned long long)r[i].addr,
			      (unsigned long long)end, (unsigned long long)from,
			      r[i].kind, r[i].outcome, r[i].map_order);
		if (r[i].kind == COWI_KIND_ANON && !r[i].mapcount)
			wrong("pages of %d: %llx is mapped, its mapcount 0",
			      pid, (unsigned long long)r[i].addr);
		end = this_end;
	}
}

#define ROOM	2048

/* Returns false if it has come to a permitted end. */
static bool read_at(pid_t pid, int fd, uint64_t from,
		    struct cowinspect_page *r, size_t len)
{
	ssize_t got = pread(fd, r, len, from);

	if (got < 0) {
		count(OP_READ_ENDED, may_happen(errno, "read pages"));
		return false;
	}
	count(OP_PAGES, true);
	if (got % sizeof(r[0]) || got > (ssize_t)len)
		wrong("pages of %d: %zd of %zu bytes", pid, got, len);
	check_records(pid, r, got / sizeof(r[0]), from & ~(PAGE - 1));
	return true;
}

/**
 * struct along - a thread that reads the same open file
 * @pid: of whom it is
 * @fd: the file
 * @from: where it begins
 */
struct along {
	pid_t pid;
	int fd;
	uint64_t from;
};

static void *read_along(void *arg)
{
	static struct cowinspect_page r[ROOM];
	struct along *a = arg;
	int times = 20;

	while (times-- && read_at(a->pid, a->fd, a->from, r, sizeof(r)))
		a->from += 256 * PAGE;
	return NULL;
}

/* Somewhere, or where the targets are busy. */
static uint64_t some_address(void)
{
	return rnd(3) ? 0x200000000000UL + rnd(1 << 16) * 1024UL :
	       (uint64_t)rnd(1 << 30) << rnd(18);
}

static void read_pages(pid_t pid)
{
	static struct cowinspect_page r[ROOM];
	struct along a = { pid, open_file(pid, "pages"), some_address() };
	int times = 1 + rnd(20);
	pthread_t thread;
	bool two;

	if (a.fd < 0)
		return;
	two = rnd(2) && !pthread_create(&thread, NULL, read_along, &a);
	while (times-- && read_at(pid, a.fd, some_address(), r,
				  sizeof(r[0]) + rnd(sizeof(r) - sizeof(r[0]))))
		;
	if (two)
		pthread_join(thread, NULL);
	close(a.fd);
}

/* ---- faults ---- */

static void parse_faults(pid_t pid, unsigned long long *before)
{
	unsigned long long value[1 + COWI_NR_VMAS], all;
	char *line = text;
	int i, k;

	for (i = 0; i < NR_COUNTERS; i++) {
		line = strchr(line, '\n');
		line = line ? strchr(line, ':') : NULL;
		if (!line) {
			wrong("faults of %d end at counter %d", pid, i);
			return;
		}
		line++;
		for (k = 0, all = 0; k < 1 + COWI_NR_VMAS; k++) {
			value[k] = strtoull(line, &line, 10);
			all += k ? value[k] : 0;
		}
		if (value[0] < before[i])
			wrong("faults of %d: counter %d went from %llu to %llu",
			      pid, i, before[i], value[0]);
		/* What the hook has missed is of no kind. */
		if (i != C_lost && value[0] != all)
			wrong("faults of %d: counter %d is %llu, its parts %llu",
			      pid, i, value[0], all);
		before[i] = value[0];
	}
}

static void read_faults(pid_t pid)
{
	unsigned long long before[NR_COUNTERS] = { 0 };
	int fd = open_file(pid, "faults"), times = 1 + rnd(8);

	if (fd < 0)
		return;
	while (times-- && lseek(fd, 0, SEEK_SET) == 0) {
		if (read_text(fd, 256 + rnd(8192), "read faults") < 0)
			break;
		count(OP_FAULTS, true);
		parse_faults(pid, before);
	}
	close(fd);
}

/* ---- status ---- */

static void read_status(void)
{
	int fd = open(COW_DIR "/status", O_RDONLY);

	if (fd < 0) {
		may_happen(errno, "open status");
		return;
	}
	/* In one piece: what is in a later one may be newer. */
	if (read_text(fd, sizeof(text), "read status") >= 0) {
		count(OP_STATUS, true);
		if (number_of(text, "targets") > number_of(text, "max_targets") ||
		    number_of(text, "targets") > number_of(text, "targets_held"))
			wrong("status: %lld targets of %lld, %lld held",
			      number_of(text, "targets"),
			      number_of(text, "max_targets"),
			      number_of(text, "targets_held"));
		if (number_of(text, "observer_error"))
			wrong("status: observer_error is %lld",
			      number_of(text, "observer_error"));
	}
	close(fd);
}

void read_all(void)
{
	pid_t pid;

	for (;;) {
		/* Who wants to unload the module waits for an open file. */
		if (shared->module_goes)
			usleep(rnd(200 * 1000));
		pid = random_target();
		switch (rnd(8)) {
		case 0:
		case 1:
			read_summary(pid);
			break;
		case 2:
		case 3:
			read_vmas(pid);
			break;
		case 4:
		case 5:
			read_pages(pid);
			break;
		case 6:
			read_faults(pid);
			break;
		case 7:
			read_status();
			break;
		}
	}
}
