// SPDX-License-Identifier: GPL-2.0
/*
 * Looking changes nothing: no entry becomes present, young or dirty, no page
 * gets a reference that stays, whatever is read and however often.
 */
#include "inspect.h"

#define PAGES	64
#define ROUNDS	100

static char *region;
static struct cowinspect_page before[PAGES], after[PAGES];

/* What the target does: when woken, it reads every second page. */
static void touch_when_woken(void *arg)
{
	int i;

	(void)arg;
	kill(getpid(), SIGSTOP);
	for (i = 0; i < PAGES / 2; i += 2)
		(void)*(volatile char *)(region + i * PAGE);
	kill(getpid(), SIGSTOP);
}

static void wait_stopped(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, WUNTRACED) != pid || !WIFSTOPPED(status))
		bail("the target did not stop");
}

/* Half of it written, a hole, and the zero page at the end. */
static void make_region(void)
{
	region = map_pages(PAGES, MAP_PRIVATE);
	memset(region, 1, PAGES / 2 * PAGE);
	(void)*(volatile char *)(region + (PAGES - 1) * PAGE);
}

static void make_old(pid_t pid)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/clear_refs", pid);
	fd = open(path, O_WRONLY);
	/* 1: clear the accessed bits; 4: the soft-dirty bits. */
	if (fd < 0 || write(fd, "1", 1) != 1 || write(fd, "4", 1) != 1)
		bail("cannot clear the accessed bits");
	close(fd);
}

static void inspect_everything(pid_t pid, int pages)
{
	static struct cowinspect_page records[4096];
	int i;

	for (i = 0; i < ROUNDS; i++) {
		free(slurp_target(pid, "summary"));
		free(slurp_target(pid, "vmas"));
		read_records(pages, 0, ~0UL, records, 4096);
	}
}

int main(void)
{
	unsigned long start;
	long long rss, minflt;
	char *text;
	int fd, n, i, good;
	pid_t pid;

	tap_plan(5);
	make_region();
	start = (unsigned long)region;
	pid = spawn(touch_when_woken, NULL);
	wait_stopped(pid);
	drain_lru();
	make_old(pid);
	kill(pid, SIGCONT);
	wait_stopped(pid);
	attach(pid);
	fd = must_open(pid, "pages");

	n = read_records(fd, start, start + PAGES * PAGE, before, PAGES);
	text = slurp_proc(pid, "status");
	rss = number_of(text, "VmRSS");
	free(text);
	minflt = proc_faults(pid);

	inspect_everything(pid, fd);

	ok(n == PAGES / 2 + 1, "the region has the records it should");
	/* Neighbours that differ in one bit of the entry alone. */
	for (good = 0, i = 0; i < PAGES / 2; i++)
		good += !!(before[i].flags & COWI_F_YOUNG) != i % 2 &&
			!(before[i].flags & COWI_F_SOFT_DIRTY);
	ok(good == PAGES / 2, "every second entry is young, none soft-dirty");
	ok(read_records(fd, start, start + PAGES * PAGE, after, PAGES) == n &&
	   !memcmp(before, after, n * sizeof(before[0])),
	   "after %d inspections each record is the same to the bit", ROUNDS);

	text = slurp_proc(pid, "status");
	ok(number_of(text, "VmRSS") == rss, "so is the target's RSS");
	free(text);
	ok(proc_faults(pid) == minflt, "and it has not faulted");

	close(fd);
	detach(pid);
	reap(pid);
	return tap_done();
}
