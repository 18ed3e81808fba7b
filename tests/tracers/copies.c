// SPDX-License-Identifier: GPL-2.0
/*
 * Makes a known number of copies, for tracers to see.
 *
 * A child of fork() writes to PAGES pages, one after the other, that its parent has
 * filled; meanwhile its name is "copying". Another calls exec, and writes to
 * DATA_PAGES pages of the data of the program's file: "executed". What else a process
 * writes to (its stack, for one) is not written to under these names. It says who
 * did what.
 *
 * Where trace-cmd began it, all this comes after its recorders have begun as well: it
 * tells them to stop when the program has ended, and one that was not reading by then
 * leaves nothing of what there is (create_recorder() in its tracecmd/trace-record.c
 * reads "while (!finished)").
 */
#define _GNU_SOURCE
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGES		64
#define DATA_PAGES	16
#define PAGE		4096

/* How long a recorder may take to begin. */
#define RECORDER_SECONDS	300

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

/* Opens a file of a process under /proc; NULL where there is none (any more). */
static FILE *open_proc(const char *format, pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), format, pid, pid);
	return fopen(path, "r");
}

static int began_by(const char *name)
{
	FILE *f = open_proc("/proc/%d/comm", getppid());
	char comm[32] = "";

	if (!f || !fgets(comm, sizeof(comm), f))
		err(1, "the name of who began this");
	fclose(f);
	comm[strcspn(comm, "\n")] = '\0';
	return !strcmp(comm, name);
}

/* A recorder that has begun is in select() until half of its CPU's buffer is full. */
static int is_reading(pid_t recorder)
{
	FILE *f = open_proc("/proc/%d/syscall", recorder);
	int nr = -1, found;

	if (!f)
		errx(1, "recorder %d has ended", recorder);
	found = fscanf(f, "%d", &nr) == 1 && nr == SYS_pselect6;
	fclose(f);
	return found;
}

static void await_reading(pid_t recorder)
{
	int i;

	for (i = 0; i < 100 * RECORDER_SECONDS; i++) {
		if (is_reading(recorder))
			return;
		usleep(10000);
	}
	errx(1, "recorder %d did not begin to read in %d s", recorder, RECORDER_SECONDS);
}

/* They are the other children of who began this: one of each CPU. */
static void await_recorders(void)
{
	FILE *f = open_proc("/proc/%d/task/%d/children", getppid());
	int recorders = 0;
	pid_t child;

	if (!f)
		err(1, "the children of who began this");
	while (fscanf(f, "%d", &child) == 1) {
		if (child == getpid())
			continue;
		await_reading(child);
		recorders++;
	}
	fclose(f);
	if (recorders != sysconf(_SC_NPROCESSORS_ONLN))
		errx(1, "%d recorders, and not one of each CPU", recorders);
}

int main(int argc, char **argv)
{
	pid_t copying, executed;

	if (argc > 1) {
		write_as("executed", data, DATA_PAGES);
		return 0;
	}
	if (began_by("trace-cmd"))
		await_recorders();
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
