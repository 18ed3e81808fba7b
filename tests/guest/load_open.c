// SPDX-License-Identifier: GPL-2.0
/*
 * Unloading: refused while a file is open, also in the middle of a read; done
 * when none is; and then nothing is left of it.
 */
#include <pthread.h>

#include "setup.h"

static volatile bool stop;
static volatile long reads, bad_reads;

static void *read_on(void *arg)
{
	static char buffer[1 << 16];
	int fd = *(int *)arg;

	while (!stop) {
		ssize_t got = pread(fd, buffer, sizeof(buffer), 0);

		reads++;
		bad_reads += got <= 0;
	}
	return NULL;
}

static void test_busy_unload(const char *file, pid_t pid)
{
	int fd = must_open(pid, file), i, refused = 0;
	pthread_t reader;

	stop = false;
	reads = 0;
	bad_reads = 0;
	pthread_create(&reader, NULL, read_on, &fd);
	while (!reads)
		usleep(1000);
	for (i = 0; i < 200; i++) {
		int error = unload_module();

		refused += error == EAGAIN || error == EBUSY;
	}
	stop = true;
	pthread_join(reader, NULL);
	if (!ok(refused == 200 && !bad_reads,
		"%s being read: the module stays, and so do the data", file))
		diag("refused %d of 200 times; %ld of %ld reads failed",
		     refused, bad_reads, reads);
	close(fd);
}

int main(void)
{
	pid_t pid = spawn(NULL, NULL);
	int fd;

	tap_plan(14);
	ok(load_module("max_targets=x") == EINVAL && access(COW_DIR, F_OK),
	   "a bad parameter: not loaded, and nothing left");
	ok(!load_module("max_targets=3"), "it loads with a parameter");
	ok(status_number("max_targets") == 3, "which has its effect");
	ok(load_module("") == EEXIST, "it does not load twice");

	attach(pid);
	fd = must_open(pid, "pages");
	ok(unload_module() == EAGAIN, "an open file keeps it loaded");
	close(fd);
	test_busy_unload("summary", pid);
	test_busy_unload("vmas", pid);
	test_busy_unload("pages", pid);
	test_busy_unload("faults", pid);

	ok(!unload_module(), "with a target attached and no file open it unloads");
	ok(access(COW_DIR, F_OK) && errno == ENOENT, "its directory is gone");
	ok(!load_module(""), "it loads again");
	ok(!status_number("targets"), "and has forgotten the target");
	ok(!unload_module(), "it unloads again");
	reap(pid);
	return tap_done();
}
