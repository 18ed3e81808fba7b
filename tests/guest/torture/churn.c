// SPDX-License-Identifier: GPL-2.0
/*
 * Targets that do all that can be done to memory. Whether a call succeeds is
 * chance; an access that is none of theirs is caught.
 */
#include <sched.h>
#include <setjmp.h>

#include "torture.h"

/* What the C library may not know yet. */
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP	4
#endif
#define MPOL_MF_MOVE		2

/* Slots, each followed by as much room to move to. */
#define ARENA		0x200000000000UL
#define SLOT		(4 * HUGE)
#define NR_SLOTS	6

static sigjmp_buf out;
static volatile sig_atomic_t expecting;

static void on_fault(int sig)
{
	if (!expecting) {
		signal(sig, SIG_DFL);
		raise(sig);
		return;
	}
	siglongjmp(out, 1);
}

static bool touch(char *at, size_t len, bool write)
{
	volatile char *p;

	if (sigsetjmp(out, 1)) {
		expecting = 0;
		return false;
	}
	expecting = 1;
	for (p = at; p < at + len; p += PAGE) {
		if (write)
			*p = (char)rnd(3);
		else
			(void)*p;
	}
	expecting = 0;
	return true;
}

/* ---- what to do it to ---- */

static char *slot(void)
{
	return (char *)ARENA + rnd(NR_SLOTS) * SLOT;
}

/* Some pages of a slot: a few, or many. */
static void piece(char **at, size_t *len)
{
	size_t first = rnd(HUGE_PAGES);
	size_t pages = 1 + rnd(rnd(2) ? 8 : HUGE_PAGES);

	if (first + pages > HUGE_PAGES)
		pages = HUGE_PAGES - first;
	if (!rnd(8)) {
		first = 0;
		pages = HUGE_PAGES;
	}
	*at = slot() + first * PAGE;
	*len = pages * PAGE;
}

static bool map_new(int flags, int fd)
{
	char *at = slot();

	return mmap(at, HUGE, PROT_READ | PROT_WRITE, flags | MAP_FIXED, fd,
		    0) == at;
}

static bool map_memfd(int flags)
{
	int fd = memfd_create("churn", MFD_CLOEXEC);
	bool good = fd >= 0 && !ftruncate(fd, HUGE) && map_new(flags, fd);

	close(fd);
	return good;
}

static bool map_file(void)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	bool good = fd >= 0 && map_new(MAP_PRIVATE, fd);

	close(fd);
	return good;
}

static bool advise(int advice)
{
	size_t len;
	char *at;

	piece(&at, &len);
	return !madvise(at, len, advice);
}

static bool protect(int prot)
{
	size_t len;
	char *at;

	piece(&at, &len);
	return !mprotect(at, len, prot);
}

static bool access_piece(bool write)
{
	size_t len;
	char *at;

	piece(&at, &len);
	return touch(at, len, write);
}

static bool unmap(void)
{
	size_t len;
	char *at;

	piece(&at, &len);
	return !munmap(at, len);
}

static bool shrink_and_grow(void)
{
	char *at = slot();
	size_t less = (1 + rnd(HUGE_PAGES - 12)) * PAGE;

	return mremap(at, HUGE, less, 0) == at &&
	       mremap(at, less, HUGE, 0) == at;
}

static bool move(int flags)
{
	char *at, *to;
	size_t len;

	piece(&at, &len);
	to = slot() + HUGE + (at - (char *)ARENA) % HUGE;
	return mremap(at, len, len, MREMAP_MAYMOVE | MREMAP_FIXED | flags, to)
	       == to;
}

static bool lock(bool on)
{
	size_t len;
	char *at;

	piece(&at, &len);
	return on ? !mlock(at, len) : !munlock(at, len);
}

static bool move_some_pages(void)
{
	void *pages[16];
	int nodes[16], status[16], i, node = rnd(2);
	char *at = slot();

	for (i = 0; i < 16; i++) {
		pages[i] = at + rnd(HUGE_PAGES) * PAGE;
		nodes[i] = node;
		status[i] = -1;
	}
	if (syscall(SYS_move_pages, 0, 16, pages, nodes, status, MPOL_MF_MOVE) < 0)
		return false;
	for (i = 0; i < 16; i++) {
		if (status[i] == node)
			return true;
	}
	return false;
}

static bool migrate(void)
{
	unsigned long from = 1 + rnd(2), to = 3 - from;

	return syscall(SYS_migrate_pages, 0, 8 * sizeof(from), &from, &to) >= 0;
}

static bool grow_heap(void)
{
	static char *start;
	char *end;

	if (!start)
		start = sbrk(0);
	end = start + rnd(64) * PAGE;
	if (brk(end))
		return false;
	return end == start || touch(end - PAGE, PAGE, true);
}

static void *write_in_thread(void *arg)
{
	char *p = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)arg;
	if (p == MAP_FAILED)
		return NULL;
	memset(p, 1, 16 * PAGE);
	munmap(p, 16 * PAGE);
	return NULL;
}

static bool thread(void)
{
	pthread_t id;

	return !pthread_create(&id, NULL, write_in_thread, NULL) &&
	       !pthread_join(id, NULL);
}

static void exec_self(const char *what, const char *arg)
{
	execl("/proc/self/exe", "torture", what, arg, NULL);
}

static bool waited(pid_t pid)
{
	return pid > 0 && waitpid(pid, NULL, 0) == pid;
}

static bool fork_some(void)
{
	pid_t pid = fork_mortal();

	if (!pid) {
		access_piece(true);
		if (!rnd(4))
			access_piece(true);
		_exit(0);
	}
	if (pid > 0)
		access_piece(true);
	return waited(pid);
}

static bool fork_exec(void)
{
	pid_t pid = fork_mortal();

	if (!pid) {
		exec_self("nothing", NULL);
		_exit(1);
	}
	return waited(pid);
}

static bool vfork_exec(void)
{
	pid_t pid = vfork();

	if (!pid) {
		execl("/proc/self/exe", "torture", "nothing", NULL);
		_exit(1);
	}
	return waited(pid);
}

static void exec_again(void)
{
	char role[8];

	snprintf(role, sizeof(role), "%d", me);
	/* Who comes after us must not do the same again. */
	shared->times[me]++;
	count(OP_EXEC, true);
	exec_self("role", role);
	wrong("exec: %s", strerror(errno));
	_exit(1);
}

static bool write_to_another(void)
{
	pid_t pid = shared->pid[rnd(NR_CHURNS)];
	char text[64] = { 0 };
	size_t len;
	char *at;
	struct iovec from = { text, sizeof(text) }, to;

	piece(&at, &len);
	to = (struct iovec){ at, sizeof(text) };
	return pid && pid != getpid() &&
	       process_vm_writev(pid, &from, 1, &to, 1, 0) > 0;
}

static bool clear_refs(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/clear_refs",
		 shared->pid[rnd(NR_CHURNS)]);
	return set_file(path, rnd(2) ? "1" : "4");
}

static bool map_anon(void)
{
	bool good = map_new(MAP_PRIVATE | MAP_ANONYMOUS, -1);

	if (good && rnd(2))
		access_piece(true);
	return good;
}

static bool map_hugetlb(void)
{
	char *at = slot();

	if (mmap(at, HUGE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_FIXED, -1,
		 0) != at)
		return false;
	return touch(at, PAGE, true);
}

static bool do_map(enum operation what)
{
	switch (what) {
	case OP_MAP_ANON:
		return map_anon();
	case OP_MAP_SHARED_ANON:
		return map_new(MAP_SHARED | MAP_ANONYMOUS, -1);
	case OP_MAP_MEMFD_PRIVATE:
		return map_memfd(MAP_PRIVATE);
	case OP_MAP_MEMFD_SHARED:
		return map_memfd(MAP_SHARED);
	case OP_MAP_FILE:
		return map_file();
	case OP_MAP_HUGETLB:
		return map_hugetlb();
	case OP_MUNMAP:
		return unmap();
	case OP_MREMAP_SHRINK:
		return shrink_and_grow();
	case OP_MREMAP_MOVE:
		return move(0);
	case OP_MREMAP_DONTUNMAP:
		return move(MREMAP_DONTUNMAP);
	case OP_PROT_NONE:
		return protect(PROT_NONE);
	case OP_PROT_READ:
		return protect(PROT_READ);
	case OP_PROT_WRITE:
		return protect(PROT_READ | PROT_WRITE);
	case OP_WRITE:
		return access_piece(true);
	default:
		return access_piece(false);
	}
}

/* It wants shared memory, which a slot seldom has. */
static bool remove_some(void)
{
	int fd = memfd_create("churn", MFD_CLOEXEC);
	char *at = slot();
	bool good;

	good = fd >= 0 && !ftruncate(fd, HUGE) &&
	       mmap(at, HUGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
		    fd, 0) == at &&
	       touch(at, HUGE, true) &&
	       !madvise(at + rnd(HUGE_PAGES / 2) * PAGE, (1 + rnd(HUGE_PAGES / 2)) * PAGE,
			MADV_REMOVE);
	close(fd);
	return good;
}

static bool do_advise(enum operation what)
{
	static const int advice[NR_OPERATIONS] = {
		[OP_DONTNEED] = MADV_DONTNEED,
		[OP_FREE] = MADV_FREE,
		[OP_COLD] = MADV_COLD,
		[OP_PAGEOUT] = MADV_PAGEOUT,
		[OP_WILLNEED] = MADV_WILLNEED,
		[OP_MERGEABLE] = MADV_MERGEABLE,
		[OP_UNMERGEABLE] = MADV_UNMERGEABLE,
		[OP_HUGEPAGE] = MADV_HUGEPAGE,
		[OP_NOHUGEPAGE] = MADV_NOHUGEPAGE,
		[OP_COLLAPSE] = MADV_COLLAPSE,
		[OP_POPULATE_READ] = MADV_POPULATE_READ,
		[OP_POPULATE_WRITE] = MADV_POPULATE_WRITE,
		[OP_GUARD_INSTALL] = MADV_GUARD_INSTALL,
		[OP_GUARD_REMOVE] = MADV_GUARD_REMOVE,
		[OP_DONTFORK] = MADV_DONTFORK,
		[OP_DOFORK] = MADV_DOFORK,
	};
	char *at;

	if (what == OP_REMOVE)
		return remove_some();
	/* It wants a whole huge page. */
	if (what == OP_COLLAPSE) {
		at = slot();
		return !madvise(at, HUGE, MADV_COLLAPSE);
	}
	return advise(advice[what]);
}

static bool do_other(enum operation what)
{
	switch (what) {
	case OP_MLOCK:
		return lock(true);
	case OP_MUNLOCK:
		return lock(false);
	case OP_MOVE_PAGES:
		return move_some_pages();
	case OP_MIGRATE_PAGES:
		return migrate();
	case OP_BRK:
		return grow_heap();
	case OP_THREAD:
		return thread();
	case OP_FORK:
		return fork_some();
	case OP_FORK_EXEC:
		return fork_exec();
	case OP_VFORK_EXEC:
		return vfork_exec();
	case OP_USERFAULTFD:
		return hold_fault(rnd(100 * 1000));
	case OP_REMOTE_WRITE:
		return write_to_another();
	default:
		return clear_refs();
	}
}

/*
 * What nobody has done yet comes first. After that, what is done most is what leaves
 * something to look at.
 */
static enum operation choose(void)
{
	enum operation what = rnd(OP_CLEAR_REFS + 1);

	what = lacking(what, OP_CLEAR_REFS + 1);
	if (what > OP_CLEAR_REFS)
		what = lacking(0, OP_CLEAR_REFS + 1);
	if (what <= OP_CLEAR_REFS && rnd(2))
		return what;
	switch (rnd(8)) {
	case 0:
	case 1:
		return OP_WRITE;
	case 2:
		return rnd(2) ? OP_MAP_ANON : OP_READ;
	default:
		return rnd(OP_CLEAR_REFS + 1);
	}
}

static void do_something(void)
{
	enum operation what = choose();

	if (what == OP_EXEC || what == OP_EXIT) {
		if (!is_due(what, 4))
			return;
		if (what == OP_EXEC)
			exec_again();
		count(OP_EXIT, true);
		_exit(0);
	}
	/* It moves all there is: once in a while is enough. */
	if (what == OP_MIGRATE_PAGES && !is_due(what, 8))
		return;
	if (what <= OP_READ)
		count(what, do_map(what));
	else if (what <= OP_DOFORK)
		count(what, do_advise(what));
	else
		count(what, do_other(what));
}

void churn(void)
{
	int i;

	signal(SIGSEGV, on_fault);
	signal(SIGBUS, on_fault);
	/* Not stopping but killing is what it takes to end us. */
	set_file("/proc/self/oom_score_adj", "500");
	for (i = 0; i < NR_SLOTS; i++)
		map_anon();
	for (;;) {
		do_something();
		if (!rnd(16))
			usleep(rnd(3000));
	}
}
