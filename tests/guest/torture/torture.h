/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The torture test: targets that do everything that can be done to memory, while
 * others read, attach, detach and unload; and what was read has to be true.
 *
 *	torture.c	options, the roles and who plays them, the report
 *	machine.c	what must be set up first, and what happens to a machine
 *	churn.c		targets that do all sorts of things to their memory
 *	flip.c		a target with few known states; what is read of it has to
 *			be one of them, whole
 *	read.c		readers of every file, for what holds at any time
 *	sample.c	perf listens, with rings: the same of what it hears
 *	listen.c	perf and tracefs listen for a moment
 *	storm.c		attach, detach, ids that come back, modules that go
 *	hold.c		faults held open while all is hooked and loaded anew
 *	oom.c		targets and readers that run out of memory
 *	bounds.c	what the module says of its locks, against a probe
 *
 * Each role is played by a process of its own, which is replaced when it ends.
 * Each draws its random numbers from the seed, its role and how often that was
 * given out before: a seed replays what all of them try, though not how the
 * scheduler interleaves it.
 */
#ifndef TORTURE_H
#define TORTURE_H

#include <sys/types.h>

#include "../setup.h"

/*
 * What is done, and counted. X(id, text, needs): what was never done, although
 * the kernel can do it, fails the test; needs is an enum need, or a kernel
 * version.
 */
#define SINCE(major, minor)	((major) * 1000 + (minor))
enum need {
	NEED_NOTHING,
	NEED_SWAP,
	NEED_THP,
	NEED_COLLAPSE,
	NEED_SHMEM_THP,
	NEED_HUGETLB,
	NEED_NODES,
	NEED_KSM,
	NEED_CGROUP,
	NEED_HOTPLUG,
	NEED_YIELDS,
	NEED_PROBE_EVENTS,
	NR_NEEDS
};

#define OPERATIONS(X) \
	X(MAP_ANON, "map private anonymous memory", 0) \
	X(MAP_SHARED_ANON, "map shared anonymous memory", 0) \
	X(MAP_MEMFD_PRIVATE, "map a memfd private", 0) \
	X(MAP_MEMFD_SHARED, "map a memfd shared", 0) \
	X(MAP_FILE, "map a file private", 0) \
	X(MAP_HUGETLB, "map hugetlb pages", NEED_HUGETLB) \
	X(MUNMAP, "munmap", 0) \
	X(MREMAP_SHRINK, "mremap: shrink and grow", 0) \
	X(MREMAP_MOVE, "mremap: move", 0) \
	X(MREMAP_DONTUNMAP, "mremap: move, leave the mapping", 0) \
	X(PROT_NONE, "mprotect: no access", 0) \
	X(PROT_READ, "mprotect: read-only", 0) \
	X(PROT_WRITE, "mprotect: writable", 0) \
	X(WRITE, "write", 0) \
	X(READ, "read", 0) \
	X(DONTNEED, "MADV_DONTNEED", 0) \
	X(FREE, "MADV_FREE", 0) \
	X(COLD, "MADV_COLD", 0) \
	X(PAGEOUT, "MADV_PAGEOUT", NEED_SWAP) \
	X(WILLNEED, "MADV_WILLNEED", 0) \
	X(MERGEABLE, "MADV_MERGEABLE", NEED_KSM) \
	X(UNMERGEABLE, "MADV_UNMERGEABLE", NEED_KSM) \
	X(HUGEPAGE, "MADV_HUGEPAGE", NEED_THP) \
	X(NOHUGEPAGE, "MADV_NOHUGEPAGE", NEED_THP) \
	X(COLLAPSE, "MADV_COLLAPSE", NEED_COLLAPSE) \
	X(POPULATE_READ, "MADV_POPULATE_READ", SINCE(5, 14)) \
	X(POPULATE_WRITE, "MADV_POPULATE_WRITE", SINCE(5, 14)) \
	X(GUARD_INSTALL, "MADV_GUARD_INSTALL", SINCE(6, 13)) \
	X(GUARD_REMOVE, "MADV_GUARD_REMOVE", SINCE(6, 13)) \
	X(REMOVE, "MADV_REMOVE", 0) \
	X(DONTFORK, "MADV_DONTFORK", 0) \
	X(DOFORK, "MADV_DOFORK", 0) \
	X(MLOCK, "mlock", 0) \
	X(MUNLOCK, "munlock", 0) \
	X(MOVE_PAGES, "move_pages to another node", NEED_NODES) \
	X(MIGRATE_PAGES, "migrate_pages to another node", NEED_NODES) \
	X(BRK, "brk", 0) \
	X(THREAD, "a thread that writes and ends", 0) \
	X(FORK, "fork, write in both, exit", 0) \
	X(FORK_EXEC, "fork and exec", 0) \
	X(VFORK_EXEC, "vfork and exec", 0) \
	X(EXEC, "exec of a target itself", 0) \
	X(EXIT, "exit of a target", 0) \
	X(USERFAULTFD, "fault that waits for a userfaultfd", 0) \
	X(REMOTE_WRITE, "write to another target's memory", 0) \
	X(CLEAR_REFS, "clear_refs of a target", 0) \
	X(FLIP, "two mappings change places", 0) \
	X(FLIP_COPY, "known page copied", 0) \
	X(FLIP_DROP, "known page dropped", 0) \
	X(SPLIT, "known huge page split", NEED_THP) \
	X(SPLIT_COLLAPSE, "known huge page made again", NEED_THP) \
	X(BLINK, "known huge page of a file unmapped and mapped", NEED_SHMEM_THP) \
	X(SUMMARY, "summary read", 0) \
	X(VMAS, "vmas read", 0) \
	X(PAGES, "pages read", 0) \
	X(FAULTS, "faults read", 0) \
	X(STATUS, "status read", 0) \
	X(READ_ENDED, "read ended: target gone or detached", 0) \
	X(SAW_A, "state A seen whole", 0) \
	X(SAW_B, "state B seen whole", 0) \
	X(SAW_NEITHER, "seen between the two", 0) \
	X(SAW_COPY, "known page seen copied", 0) \
	X(SAW_ORIGINAL, "known page seen as it was", 0) \
	X(SAW_HUGE, "known huge page seen whole", NEED_THP) \
	X(SAW_SPLIT, "known huge page seen split", NEED_THP) \
	X(SAW_BLINK, "known huge page of a file seen mapped", NEED_SHMEM_THP) \
	X(SAW_STEADY, "seen when nothing changed: exact", 0) \
	X(SAW_VMAS, "lines of the known target", 0) \
	X(ATTACH, "attach", 0) \
	X(ATTACH_NOBODY, "attach refused: no such process", 0) \
	X(DETACH, "detach", 0) \
	X(DETACH_ALL, "detach of all targets", 0) \
	X(DETACH_EXITED, "detach of an exited target", 0) \
	X(SAMPLE_CPU, "perf listens to all of a CPU", 0) \
	X(SAMPLE_FAMILY, "perf listens to a process and its children", 0) \
	X(SAMPLE_FAULT, "sample of a fault", 0) \
	X(SAMPLE_FORK, "sample of a fork", 0) \
	X(SAMPLE_FILTERED, "sample that passed a filter", 0) \
	X(SAMPLE_CALLERS, "sample with its callers, those in user space as well", 0) \
	X(SAMPLE_LOST, "samples lost, as a ring was full", 0) \
	X(KILL_LISTENER, "who listens killed", 0) \
	X(REUSE, "pid of an attached process given out again", 0) \
	X(OOM_TARGET, "target killed for want of memory", NEED_CGROUP) \
	X(OOM_READER, "reader killed for want of memory", NEED_CGROUP) \
	X(CPU_OFF, "CPU taken away", NEED_HOTPLUG) \
	X(CPU_ON, "CPU given back", NEED_HOTPLUG) \
	X(COMPACT, "memory compacted", 0) \
	X(DROP_CACHES, "caches dropped", 0) \
	X(UNLOAD, "module unloaded with targets attached", 0) \
	X(LOAD, "module loaded", 0) \
	X(HOLD, "fault held open", 0) \
	X(KILL_HOLDER, "process killed that holds faults open", 0) \
	X(REHOOK, "all unhooked while faults are held open", 0) \
	X(RELOAD, "module loaded anew while faults are held open", 0) \
	X(OTHER_PROBE, "kretprobe of another comes or goes meanwhile", NEED_PROBE_EVENTS) \
	X(LISTEN_TRACEFS, "tracefs listens for a moment", 0) \
	X(YIELD, "turn given away before a lock", NEED_YIELDS)

enum operation {
#define X(id, text, needs) OP_##id,
	OPERATIONS(X)
#undef X
	NR_OPERATIONS
};

enum role {
	ROLE_CHURN_1, ROLE_CHURN_2, ROLE_CHURN_3,
	ROLE_FLIP,
	ROLE_REUSE,
	ROLE_MACHINE,
	ROLE_STORM,
	ROLE_CHECK_1, ROLE_CHECK_2,
	ROLE_READ_1, ROLE_READ_2, ROLE_READ_3,
	ROLE_SAMPLE_1, ROLE_SAMPLE_2, ROLE_SAMPLE_3,
	ROLE_OOM,
	ROLE_LISTEN,
	ROLE_HOLD_1, ROLE_HOLD_2,
	ROLE_REHOOK,
	ROLE_LOAD,
	NR_ROLES
};

#define NR_CHURNS	3
#define NR_SAMPLERS	3
#define FLIP_PAGES	64
#define MAX_BAD		20

/* In seconds: much, since the machine may be emulated and busy. */
#define ENDS_WITHIN	120

/**
 * struct flip_state - what the known target says of itself
 * @generation: odd while it changes something
 * @ready: who it is, once all is in place
 * @b: which of the two mappings is in the one place: the second
 * @page: what each page is: FLIP_* of flip.c
 * @whole: the huge page has all its parts
 * @blinks: the huge page of a file is being unmapped and mapped again
 * @a_frames: the frames of the first mapping
 * @b_frames: of the second
 * @originals: of the file whose pages are copied
 */
struct flip_state {
	uint64_t generation;
	pid_t ready;
	bool b;
	char page[FLIP_PAGES];
	bool whole;
	bool blinks;
	uint64_t a_frames[FLIP_PAGES];
	uint64_t b_frames[FLIP_PAGES];
	uint64_t originals[FLIP_PAGES];
};

/**
 * struct shared - what all processes of the test share
 * @seed: of all random numbers
 * @pid: who plays a role now, 0 if nobody does
 * @times: how often each role was given out
 * @tried: how often each operation was tried
 * @done: and how often it succeeded
 * @module_goes: the module is being unloaded and loaded
 * @hurry: the known target changes without a pause
 * @nr_bad: how many things were not as they must be
 * @bad: the first of them
 * @flip: the known target
 */
struct shared {
	uint64_t seed;
	pid_t pid[NR_ROLES];
	unsigned int times[NR_ROLES];
	unsigned long tried[NR_OPERATIONS];
	unsigned long done[NR_OPERATIONS];
	bool module_goes;
	bool hurry;
	unsigned int nr_bad;
	char bad[MAX_BAD][256];
	struct flip_state flip;
};

extern struct shared *shared;
extern enum role me;

#define CPU1	"/sys/devices/system/cpu/cpu1/online"

/* Where a program finds what it shares, after exec as well. */
#define SHARED_FD	100

/* Why the kernel or machine lacks something, or NULL. */
extern const char *missing[NR_NEEDS];

unsigned int rnd(unsigned int below);
void seed_role(enum role role);
bool count(enum operation what, bool good);
enum operation lacking(enum operation first, enum operation end);
__attribute__((format(printf, 1, 2)))
void wrong(const char *format, ...);
bool may_happen(int error, const char *what);
bool may_be_refused(int error);

/* By chance, once in so many times; at once if nobody has done it yet. */
static inline bool is_due(enum operation what, unsigned int times)
{
	return !rnd(times) || !shared->done[what];
}

void machine_setup(void);
void machine_teardown(void);
void give_turns(unsigned int every);

/* The roles; none returns but by its end. */
void churn(void);
void flip(void);
void check(void);
void read_all(void);
void sample_on(void);
void storm(void);
void reuse(void);
void oom(void);
void hold(void);
void rehook(void);
void machine_changes(void);
void load_loop(void);
void listen_all(void);
void stop_listening(void);
void sample(unsigned int looks, unsigned int us);

pid_t random_target(void);
void detach_everything(void);
bool read_identities(const char *what, pid_t pid);
bool check_bounds(void);

#endif /* TORTURE_H */
