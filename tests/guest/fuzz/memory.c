// SPDX-License-Identifier: GPL-2.0
/*
 * What a process does with its own memory: the faults of one that is attached,
 * for the module's probes, and pages of many kinds for its walks.
 *
 * Memory is touched by system calls, for which a page that is not to be had is
 * EFAULT and no signal.
 */
#include "fuzz.h"

void fuzz_areas_make(struct fuzzer *f)
{
	char *at = mmap(NULL, (FUZZ_AREAS + 1) * FUZZ_AREA, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	f->file = memfd_create("areas", MFD_CLOEXEC);
	if (at == MAP_FAILED || f->file < 0 || ftruncate(f->file, FUZZ_AREA))
		bail("areas");
	f->areas = (char *)(((unsigned long)at + FUZZ_AREA - 1) &
			    ~(FUZZ_AREA - 1));
}

/* As they were at first. */
void fuzz_areas_clear(struct fuzzer *f)
{
	if (mmap(f->areas, FUZZ_AREAS * FUZZ_AREA, PROT_NONE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1,
		 0) == MAP_FAILED)
		bail("areas");
}

static char *area(struct fuzzer *f)
{
	return f->areas + fuzz_below(f, FUZZ_AREAS) * FUZZ_AREA;
}

/* A few pages at its start, all of it, or some in the middle. */
static size_t some_pages(struct fuzzer *f, char **at)
{
	if (fuzz_chance(f, 10))
		return FUZZ_AREA;
	if (fuzz_chance(f, 2))
		return 4 * PAGE;
	*at += fuzz_below(f, 8) * PAGE;
	return (1 + fuzz_below(f, 16)) * PAGE;
}

void fuzz_map(struct fuzzer *f)
{
	static const int allowed[] = { ENOMEM, EINVAL, ENODEV, EAGAIN, 0 };
	static const int flags[] = {
		MAP_PRIVATE | MAP_ANONYMOUS, MAP_PRIVATE | MAP_ANONYMOUS,
		MAP_SHARED | MAP_ANONYMOUS, MAP_PRIVATE, MAP_SHARED,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB,
		MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB,
	};
	int how = flags[fuzz_below(f, sizeof(flags) / sizeof(flags[0]))];
	char *at = area(f);
	void *got;

	if (fuzz_chance(f, 8)) {
		fuzz_result(f, munmap(at, FUZZ_AREA), allowed);
		/* Nobody else may take its place. */
		how = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	}
	got = mmap(at, FUZZ_AREA, PROT_READ | PROT_WRITE, how | MAP_FIXED,
		   how & MAP_ANONYMOUS ? -1 : f->file, 0);
	fuzz_result(f, got == MAP_FAILED ? -1 : 0, allowed);
	/* What was there before may be gone all the same. */
	if (got == MAP_FAILED)
		mmap(at, FUZZ_AREA, PROT_NONE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	else if (fuzz_chance(f, 4))
		madvise(at, FUZZ_AREA, MADV_HUGEPAGE);
}

/* Once in each page. Returns as the last system call does. */
static ssize_t touch(struct fuzzer *f, char *at, size_t len, bool write_it)
{
	ssize_t ret = 0;
	size_t i;

	for (i = 0; i < len && ret >= 0; i += PAGE)
		ret = write_it ? pread(f->file, at + i, 1, 0) :
				 pwrite(f->file, at + i, 1, 0);
	return ret;
}

/* From outside, which is not kept from what is protected. */
static ssize_t touch_from_outside(char *at, bool write_it)
{
	int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	char byte = 1;
	ssize_t ret = write_it ? pwrite(fd, &byte, 1, (long)at) :
				 pread(fd, &byte, 1, (long)at);

	close(fd);
	return ret;
}

void fuzz_touch(struct fuzzer *f)
{
	static const int allowed[] = { EFAULT, EIO, ENOMEM, 0 };
	char *at = area(f);
	bool write_it = fuzz_chance(f, 2);
	size_t len;

	if (fuzz_chance(f, 4)) {
		fuzz_result(f, touch_from_outside(at, write_it), allowed);
		return;
	}
	/* All of it is a lot to do where emulated. */
	len = some_pages(f, &at);
	if (len > 32 * PAGE)
		len = 32 * PAGE;
	fuzz_result(f, touch(f, at, len, write_it), allowed);
}

void fuzz_advise(struct fuzzer *f)
{
	static const int allowed[] = { EINVAL, ENOMEM, EIO, EBADF, EACCES, EPERM,
				       EAGAIN, EBUSY, EFAULT, EHWPOISON, 0 };
	static const int advice[] = {
		MADV_DONTNEED, MADV_FREE, MADV_REMOVE, MADV_COLD, MADV_PAGEOUT,
		MADV_HUGEPAGE, MADV_NOHUGEPAGE, MADV_COLLAPSE, MADV_MERGEABLE,
		MADV_UNMERGEABLE, MADV_WIPEONFORK, MADV_KEEPONFORK,
		MADV_DONTFORK, MADV_DOFORK, MADV_POPULATE_READ,
		MADV_POPULATE_WRITE, MADV_GUARD_INSTALL, MADV_GUARD_REMOVE,
		MADV_DONTDUMP, MADV_WILLNEED,
	};
	int what = advice[fuzz_below(f, sizeof(advice) / sizeof(advice[0]))];
	char *at = area(f);
	size_t len = some_pages(f, &at);

	fuzz_result(f, madvise(at, len, what), allowed);
}

void fuzz_protect(struct fuzzer *f)
{
	/* ENOENT: another thread has mapped anew what had just been registered. */
	static const int allowed[] = { EINVAL, ENOMEM, EACCES, EAGAIN, EPERM,
				       EBUSY, EEXIST, EFAULT, ENOENT, 0 };
	char *at = area(f);
	size_t len = some_pages(f, &at);
	int fd;

	switch (fuzz_below(f, 6)) {
	case 0:
		fuzz_result(f, mlock(at, len), allowed);
		break;
	case 1:
		fuzz_result(f, munlock(at, len), allowed);
		break;
	case 2:
		fd = pin_pages(at, len);
		fuzz_result(f, fd, allowed);
		if (fd >= 0) {
			touch(f, at, PAGE, true);
			close(fd);
		}
		break;
	case 3:
		/* Without the kernel's help nobody would answer its faults. */
		fd = protect_by_uffd(at, len, UFFD_FEATURE_WP_ASYNC |
				     UFFD_FEATURE_WP_HUGETLBFS_SHMEM);
		fuzz_result(f, fd, allowed);
		if (fd >= 0) {
			touch(f, at, PAGE, true);
			close(fd);
		}
		break;
	default:
		fuzz_result(f, mprotect(at, len, fuzz_below(f, 8)), allowed);
	}
}

/* What a child does: as little as a copied page, as much as another program. */
static void be_child(struct fuzzer *f, char *at, bool write_it, bool exec_it)
{
	if (f->child)
		fuzz_cover_start(f->child);
	touch(f, at, 4 * PAGE, write_it);
	if (exec_it)
		execl("/proc/self/exe", "fuzz", "--end", NULL);
	_exit(0);
}

/* The child may be attached; a list of all that ever were would not end. */
void fuzz_fork(struct fuzzer *f)
{
	static const int allowed[] = { EAGAIN, ENOMEM, 0 };
	bool write_it = fuzz_chance(f, 2), detach_first = fuzz_chance(f, 4);
	bool exec_it = fuzz_chance(f, 8), attach_it = fuzz_chance(f, 3);
	char *at = area(f);
	pid_t pid = fork();

	fuzz_result(f, pid, allowed);
	if (pid < 0)
		return;
	if (!pid)
		be_child(f, at, write_it, exec_it);
	if (attach_it)
		command_pid("attach", pid);
	if (detach_first)
		command_pid("detach", pid);
	touch(f, at, 4 * PAGE, true);
	waitpid(pid, NULL, 0);
	command_pid("detach", pid);
}
