// SPDX-License-Identifier: GPL-2.0
/* Forks a process of our own: nobody else's has a size that is known. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "commands.h"
#include "libcowinspect_stream.h"
#include "whatif.h"

/**
 * struct observed - forks of one size
 * @nr: entries in @cost
 * @cost: of each, in nanoseconds
 * @entries: pages that each had
 */
struct observed {
	size_t nr;
	__u64 cost[CALIBRATE_FORKS];
	__u64 entries;
};

/* ---- the process that is forked ---- */

static void fork_often(size_t page_size, size_t pages)
{
	char *at = mmap(NULL, pages * page_size, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t i;
	pid_t pid;

	if (at == MAP_FAILED)
		_exit(EXIT_FAILED);
	madvise(at, pages * page_size, MADV_NOHUGEPAGE);
	for (i = 0; i < pages; i++)
		*(volatile char *)(at + i * page_size) = 1;
	for (i = 0; i < CALIBRATE_FORKS; i++) {
		pid = fork();
		if (!pid)
			_exit(EXIT_OK);
		if (pid > 0)
			waitpid(pid, NULL, 0);
	}
	munmap(at, pages * page_size);
}

/* Begins when @begin is closed, or ends when we have. */
static pid_t start(const int *begin)
{
	size_t page_size = sysconf(_SC_PAGESIZE);
	pid_t us = getpid(), pid = fork();
	char byte;

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close(begin[1]);
	if (getppid() != us || read(begin[0], &byte, 1))
		_exit(EXIT_FAILED);
	fork_often(page_size, CALIBRATE_SMALL);
	fork_often(page_size, CALIBRATE_LARGE);
	_exit(EXIT_OK);
}

/* ---- what it costs ---- */

static int compare(const void *a, const void *b)
{
	__u64 x = *(const __u64 *)a, y = *(const __u64 *)b;

	return x < y ? -1 : x > y;
}

static __u64 median(struct observed *o)
{
	qsort(o->cost, o->nr, sizeof(*o->cost), compare);
	return o->cost[o->nr / 2];
}

static void observe(struct observed *sizes, const struct cowi_event *e)
{
	__u64 entries = e->anon + e->file + e->shmem + e->swap;
	struct observed *o = &sizes[entries > CALIBRATE_LARGE];

	if (o->nr == CALIBRATE_FORKS || !e->cost)
		return;
	o->cost[o->nr++] = e->cost;
	o->entries = entries;
}

static void judge(struct observed *sizes, struct fork_time *time)
{
	__u64 small, large, all;

	*time = (struct fork_time){ 0 };
	if (!sizes[0].nr || !sizes[1].nr)
		return;
	small = median(&sizes[0]);
	large = median(&sizes[1]);
	/* Whoever was interrupted that often tells nothing. */
	if (large <= small)
		return;
	time->forks = sizes[0].nr + sizes[1].nr;
	time->per_entry = (large - small) * 100 /
			  (sizes[1].entries - sizes[0].entries);
	time->entries = sizes[1].entries;
	all = time->per_entry * sizes[0].entries / 100;
	time->base = small > all ? small - all : 0;
}

static int listen_to(pid_t pid, int *begin, struct observed *sizes)
{
	struct cowi_stream_options o = {
		.pid = &pid, .nr_pids = 1, .outcomes = 1U << COWI_DID_COPIED,
	};
	struct cowi_stream *s;
	struct cowi_event e;
	int err;

	err = cowi_stream_open(&o, &s);
	if (err)
		return err;
	close(begin[1]);
	begin[1] = -1;
	while (!err && cowi_stream_running(s) && !interrupt_signal()) {
		err = cowi_stream_wait(s, 50);
		while (!err && (err = cowi_stream_next(s, &e)) > 0) {
			err = 0;
			if (e.kind == COWI_EVENT_FORK)
				observe(sizes, &e);
		}
	}
	cowi_stream_close(s);
	return err;
}

int calibrate(struct fork_time *time)
{
	struct observed sizes[2] = { 0 };
	int begin[2], err;
	pid_t pid;

	if (pipe(begin))
		return -errno;
	pid = start(begin);
	close(begin[0]);
	err = pid < 0 ? -errno : listen_to(pid, begin, sizes);
	/* If it has not begun, it ends with its parent's death only. */
	if (pid > 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	if (begin[1] >= 0)
		close(begin[1]);
	judge(sizes, time);
	return err;
}
