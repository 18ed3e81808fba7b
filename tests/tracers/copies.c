// SPDX-License-Identifier: GPL-2.0
/*
 * Makes a known number of copies, for tracers to see.
 *
 * A child of fork() writes to PAGES pages, one after the other, that its parent has
 * filled; meanwhile its name is "copying". Another calls exec, and writes to
 * DATA_PAGES pages of the data of the program's file: "executed". What else a process
 * writes to (its stack, for one) is not written to under these names. It says who
 * did what.
 */
#define _GNU_SOURCE
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGES		64
#define DATA_PAGES	16
#define PAGE		4096

/* Far from where the kernel puts anything, and known before the program runs. */
#define WHERE		((char *)0x500000000)

/* Not zero, or it would not be in the file. */
static char data[DATA_PAGES * PAGE] __attribute__((aligned(PAGE))) = { 1 };

/* The function that stacks have to name. */
static __attribute__((noinline, noclone))
void write_pages(volatile char *p, int pages)
{
	int i;

	for (i = 0; i < pages; i++)
		p[i * PAGE] = 2;
}

/* Once before, so that all that the calls themselves write to is written to. */
static void write_as(const char *name, char *p, int pages)
{
	prctl(PR_SET_NAME, "copies");
	write_pages(p, 0);
	prctl(PR_SET_NAME, name);
	write_pages(p, pages);
	prctl(PR_SET_NAME, "copies");
}

static void reap(pid_t child)
{
	int status;

	if (waitpid(child, &status, 0) != child || status)
		errx(1, "a child failed");
}

static pid_t spawn(const char *self)
{
	pid_t child = fork();

	if (child < 0)
		err(1, "fork");
	if (child)
		return child;
	if (self) {
		execl(self, self, "again", NULL);
		err(1, "%s", self);
	}
	write_as("copying", WHERE, PAGES);
	_exit(0);
}

int main(int argc, char **argv)
{
	pid_t copying, executed;

	if (argc > 1) {
		write_as("executed", data, DATA_PAGES);
		return 0;
	}
	if (mmap(WHERE, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE |
		 MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != WHERE)
		err(1, "mmap");
	memset(WHERE, 1, PAGES * PAGE);
	copying = spawn(NULL);
	reap(copying);
	executed = spawn(argv[0]);
	reap(executed);
	printf("parent %d\n", getpid());
	printf("copying %d %p %d\n", copying, WHERE, PAGES);
	printf("executed %d %p %d\n", executed, data, DATA_PAGES);
	return 0;
}
