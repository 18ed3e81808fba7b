// SPDX-License-Identifier: GPL-2.0
/*
 * fork-loses KB: whether a fork loses a private hugetlb page of that size, as it
 * does with some kernels where the page's entry does not stand in a table of PMDs:
 * copy_hugetlb_page_range() in 6.12.117 and 7.2.13 leaves out an entry if its table
 * in the child seems to be shared. It asks the count that was made for tables of
 * PMDs (ptdesc_pmd_is_shared()), and only in those it is initialised; in others
 * it is what the page had before as its index. So memory is filled and freed,
 * and then taken for page tables. The pool has to have two pages.
 *
 * Exit status: 0 it loses it, 1 not in so many forks, 2 that cannot be tried.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TABLES = 4000, FORKS = 20 };

static const size_t step = 2ul << 20;	/* what a table of PTEs maps */

static void give_up(const char *what)
{
	perror(what);
	exit(2);
}

static char *map(size_t size, int flags)
{
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | flags,
		       -1, 0);

	if (p == MAP_FAILED)
		give_up("fork-loses: mmap");
	return p;
}

/* Give all pages an index, nearly: those of a file have theirs. */
static void use_memory(void)
{
	struct sysinfo info;
	size_t size;
	char *p;

	if (sysinfo(&info))
		give_up("fork-loses: sysinfo");
	size = info.freeram / 4 * 3 * info.mem_unit;
	p = map(size, MAP_SHARED);
	memset(p, 1, size);
	munmap(p, size);
}

/* A fork copies these tables, one after the other, and the one of @page. */
static void make_tables(void)
{
	char *p = map(TABLES * step, MAP_PRIVATE | MAP_NORESERVE);
	size_t i;

	madvise(p, TABLES * step, MADV_NOHUGEPAGE);
	for (i = 0; i < TABLES; i++)
		p[i * step] = 1;
}

static int is_lost(const char *page)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		give_up("fork-loses: fork");
	if (!pid)
		_exit(*page != 1);
	if (waitpid(pid, &status, 0) != pid)
		give_up("fork-loses: waitpid");
	if (!WIFEXITED(status)) {
		fprintf(stderr, "fork-loses: the child was killed\n");
		exit(2);
	}
	return WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
	size_t size = argc == 2 ? strtoul(argv[1], NULL, 10) << 10 : 0;
	char *page;
	int i;

	if (!size) {
		fprintf(stderr, "usage: fork-loses KB\n");
		return 2;
	}
	page = map(size, MAP_PRIVATE | MAP_HUGETLB |
		   __builtin_ctzl(size) << MAP_HUGE_SHIFT);
	*page = 1;
	use_memory();
	make_tables();
	for (i = 0; i < FORKS; i++) {
		if (is_lost(page)) {
			printf("%zu\n", size >> 10);
			return 0;
		}
	}
	return 1;
}
