// SPDX-License-Identifier: GPL-2.0
/*
 * A program that copies pages at places which are known: tests/guest/stacks.c has it
 * traced, and compares. It is built in several ways (tests/guest/build).
 *
 * It says "ready" on its standard output, and does it all once there is a byte on its
 * standard input; then it says "done" and waits for the end of that. The lines that
 * are marked have their numbers in a file beside it.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "library.h"

/* The largest page that there may be. */
#ifdef __aarch64__
#define PAGE_MAX	65536
#else
#define PAGE_MAX	4096
#endif

static long page;	/* bytes of one, here */

/* Each is a function of its own. */
#define SITE		__attribute__((noinline, noclone))

#define LINE_PAGES	1000
#define ONE_PAGES	100
#define TWO_PAGES	200
#define MEMCPY_PAGES	50
#define THREAD_PAGES	60
#define SIGNAL_PAGES	70
#define READ_PAGES	80
#define REMOTE_PAGES	40
#define INLINE_PAGES	30

#define STACK_BYTES	65536

static char *area[9];
static int to_writer[2], from_writer[2];

static void fail(const char *what)
{
	perror(what);
	_exit(1);
}

/* Memory that is there, so that a write after a fork copies. */
static char *map_pages(int pages)
{
	char *at = mmap(NULL, pages * page, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		fail("mmap");
	madvise(at, pages * page, MADV_NOHUGEPAGE);
	memset(at, 1, pages * page);
	return at;
}

/*
 * Also the stack that the places need: the first write to a page of it is a
 * copy like any other, at whatever line of whatever place gets there first.
 */
static SITE void own_stack(void)
{
	char stack[STACK_BYTES];

	memset(stack, 1, sizeof(stack));
	/* Whatever the compiler thinks of what is never read. */
	__asm__ volatile("" : : "r" (stack) : "memory");
}

static void say(const char *word)
{
	if (write(1, word, strlen(word)) < 0)
		_exit(1);
}

/* ---- the places ---- */

static SITE void site_line(volatile char *at)
{
	int i;

	for (i = 0; i < LINE_PAGES; i++)
		at[i * page] = 2;	/* HERE: site_line */
	stays();
}

static SITE void site_one(char *at)
{
	library_writes(at, ONE_PAGES, page);
	stays();
}

static SITE void site_two(char *at)
{
	library_writes(at, TWO_PAGES, page);
	stays();
}

/* Through a pointer, so that it is libc's, whatever the compiler would make of it. */
static SITE void site_memcpy(char *at)
{
	static void *(*volatile copy)(void *to, const void *from, size_t size) =
		memcpy;
	static char from[MEMCPY_PAGES * PAGE_MAX];

	copy(at, from, MEMCPY_PAGES * page);
	stays();
}

static SITE void *site_thread(void *at)
{
	int i;

	for (i = 0; i < THREAD_PAGES; i++)
		((volatile char *)at)[i * page] = 2;	/* HERE: site_thread */
	stays();
	return NULL;
}

static SITE void thread_writes(char *at)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, site_thread, at) ||
	    pthread_join(thread, NULL))
		fail("thread");
}

/* In a page of the file's data that nobody has written to before. */
static volatile char *signal_at __attribute__((aligned(PAGE_MAX))) = (void *)-1;

static SITE void site_signal(int number)
{
	int i;

	for (i = 0; i < SIGNAL_PAGES; i++)
		signal_at[i * page] = number;	/* HERE: site_signal */
	stays();
}

static SITE void signalled(char *at)
{
	signal_at = at;
	signal(SIGUSR1, site_signal);
	kill(getpid(), SIGUSR1);
	stays();
}

static SITE void site_read(char *at)
{
	int fd = open("/dev/zero", O_RDONLY);

	if (read(fd, at, READ_PAGES * page) != READ_PAGES * page)
		fail("/dev/zero");
	close(fd);
}

/* In the other process. */
static SITE void site_remote(char *at)
{
	static char byte = 2;
	struct iovec from = { &byte, 1 }, to = { at, 1 };
	int i;

	for (i = 0; i < REMOTE_PAGES; i++) {
		to.iov_base = at + i * page;
		if (process_vm_writev(getppid(), &from, 1, &to, 1, 0) != 1)
			fail("process_vm_writev");
	}
	stays();
}

static inline __attribute__((always_inline)) void site_inlined(volatile char *at)
{
	int i;

	for (i = 0; i < INLINE_PAGES; i++)
		at[i * page] = 2;	/* HERE: site_inlined */
}

static SITE void site_inlines(char *at)
{
	site_inlined(at);
	stays();
}

/* ---- all of them ---- */

static void writer(void)
{
	char byte;

	if (read(to_writer[0], &byte, 1) == 1) {
		site_remote(area[7]);
		if (write(from_writer[1], &byte, 1) != 1)
			_exit(1);
	}
	/* Until the end of the parent, whose pages are ours as well. */
	if (read(0, &byte, 1) >= 0)
		_exit(0);
}

static SITE void all_sites(void)
{
	char byte = 0;

	site_line(area[0]);
	site_one(area[1]);
	site_two(area[2]);
	site_memcpy(area[3]);
	thread_writes(area[4]);
	signalled(area[5]);
	site_read(area[6]);
	if (write(to_writer[1], &byte, 1) != 1 ||
	    read(from_writer[0], &byte, 1) != 1)
		fail("writer");
	site_inlines(area[8]);
}

int main(void)
{
	static const int pages[] = {
		LINE_PAGES, ONE_PAGES, TWO_PAGES, MEMCPY_PAGES, THREAD_PAGES,
		SIGNAL_PAGES, READ_PAGES, REMOTE_PAGES, INLINE_PAGES,
	};
	unsigned int i;
	char byte;
	pid_t pid;

	page = sysconf(_SC_PAGESIZE);
	for (i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
		area[i] = map_pages(pages[i]);
	if (pipe(to_writer) || pipe(from_writer))
		fail("pipe");
	pid = fork();
	if (pid < 0)
		fail("fork");
	if (!pid) {
		writer();
		return 0;
	}
	own_stack();
	say("ready\n");
	if (read(0, &byte, 1) != 1)
		return 1;
	all_sites();
	say("done\n");
	while (read(0, &byte, 1) > 0)
		;
	return 0;
}
