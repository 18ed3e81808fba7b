// SPDX-License-Identifier: GPL-2.0
/* Functions that actors run, for several labs. */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "memory.h"

/* What malloc keeps before a block, and the least alignment of blocks. */
#define MALLOC_HEAD	16

static void *at(__u64 addr)
{
	return (void *)(uintptr_t)addr;
}

static int map(__u64 addr, __u64 bytes, int flags, int fd, __u64 *result)
{
	void *p = mmap(at(addr), bytes, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (p == MAP_FAILED)
		return -errno;
	*result = (uintptr_t)p;
	return 0;
}

int mem_map(const __u64 *arg, __u64 *result)
{
	return map(arg[2], arg[0], MAP_PRIVATE | MAP_ANONYMOUS | arg[1], -1,
		   result);
}

int mem_map_shared(const __u64 *arg, __u64 *result)
{
	return map(0, arg[0], MAP_SHARED | MAP_ANONYMOUS, -1, result);
}

int mem_map_file(const __u64 *arg, __u64 *result)
{
	int fixed = arg[2] ? MAP_FIXED_NOREPLACE : 0;

	return map(arg[2], arg[1], MAP_PRIVATE | fixed, arg[0], result);
}

int mem_unmap(const __u64 *arg, __u64 *result)
{
	(void)result;
	return munmap(at(arg[0]), arg[1]) ? -errno : 0;
}

int mem_advise(const __u64 *arg, __u64 *result)
{
	(void)result;
	return madvise(at(arg[0]), arg[1], arg[2]) ? -errno : 0;
}

int mem_protect(const __u64 *arg, __u64 *result)
{
	(void)result;
	return mprotect(at(arg[0]), arg[1], arg[2]) ? -errno : 0;
}

int mem_fill(const __u64 *arg, __u64 *result)
{
	(void)result;
	memset(at(arg[0]), arg[2], arg[1]);
	return 0;
}

int mem_hello(const __u64 *arg, __u64 *result)
{
	(void)result;
	memcpy(at(arg[0]), "hello", 5);
	return 0;
}

int mem_write_byte(const __u64 *arg, __u64 *result)
{
	(void)result;
	*(volatile char *)at(arg[0]) = arg[1];
	return 0;
}

int mem_set_int(const __u64 *arg, __u64 *result)
{
	(void)result;
	*(volatile int *)at(arg[0]) = arg[1];
	return 0;
}

int mem_into_pipe(const __u64 *arg, __u64 *result)
{
	struct iovec page = { .iov_base = at(arg[0]), .iov_len = arg[1] };
	int ends[2];

	(void)result;
	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	return vmsplice(ends[1], &page, 1, 0) < 0 ? -errno : 0;
}

int mem_touch(const __u64 *arg, __u64 *result)
{
	volatile const char *p = at(arg[0]);
	__u64 i;

	for (i = 0; i < arg[1]; i++)
		*result += p[i * arg[2]];
	return 0;
}

int mem_alloc(const __u64 *arg, __u64 *result)
{
	char *p;

	/*
	 * A block this large is a mapping of its own. Without this, glibc would
	 * raise its limit for that after the first such block is freed, and put
	 * the next one elsewhere: the limit that it raises ends at 32 MiB, so
	 * the experiments of the tutorials, with larger blocks, do not see it.
	 */
	mallopt(M_MMAP_THRESHOLD, 128 * 1024);
	p = malloc(arg[0] - 2 * MALLOC_HEAD);
	if (!p)
		return -errno;
	*result = (uintptr_t)p - MALLOC_HEAD;
	return 0;
}

int mem_free(const __u64 *arg, __u64 *result)
{
	(void)result;
	free(at(arg[0] + MALLOC_HEAD));
	return 0;
}

int mem_want_thp(const __u64 *arg, __u64 *result)
{
	(void)arg;
	(void)result;
	return prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0) ? -errno : 0;
}

int text_file(const char *content, size_t size)
{
	char name[] = "/tmp/cowinspect-lab-XXXXXX";
	int fd = mkostemp(name, O_CLOEXEC);

	if (fd < 0)
		return -errno;
	unlink(name);
	if (write(fd, content, size) == (ssize_t)size)
		return fd;
	close(fd);
	return -EIO;
}
