/* SPDX-License-Identifier: GPL-2.0 */
/* A seeded fuzzer of the module's files: what its parts share. */
#ifndef COWINSPECT_FUZZ_H
#define COWINSPECT_FUZZ_H

#include "../setup.h"

enum fuzz_file {
	FUZZ_ATTACH,
	FUZZ_DETACH,
	FUZZ_STATUS,
	FUZZ_SUMMARY,
	FUZZ_VMAS,
	FUZZ_PAGES,
	FUZZ_FAULTS,
	FUZZ_NR_FILES
};

/* X(name): the kinds of operation, in the order in which they are counted. */
#define FUZZ_OPS(X) \
	X(open) X(close) X(dup) X(pass) X(read) X(read_bad) X(readv) X(pread) \
	X(preadv) X(lseek) X(write) X(write_bad) X(writev) X(parameter) \
	X(splice) X(sendfile) X(tee) X(copy_range) X(ioctl) X(truncate) \
	X(mmap) X(poll) X(fcntl) X(stat) X(listen) X(map) X(touch) X(advise) X(protect) \
	X(fork)

enum fuzz_op {
#define FUZZ_X(name) FUZZ_OP_##name,
	FUZZ_OPS(FUZZ_X)
#undef FUZZ_X
	FUZZ_NR_OPS
};

#define FUZZ_SLOTS	24
#define FUZZ_FD_MIN	64
#define FUZZ_TARGETS	6
/* The last of the targets is the fuzzer itself. */
#define FUZZ_SELF	(FUZZ_TARGETS - 1)
#define FUZZ_ERRNOS	200
#define FUZZ_ARENA	(1UL << 20)
/*
 * Memory for faults: each area can be one huge page. It is no less than one: of hugetlb
 * mmap() maps whole pages, and what is behind the area would be gone, counts included.
 */
#define FUZZ_AREAS	4
#define FUZZ_AREA	HUGE

/**
 * struct fuzz_slot - a place for an open file, of a number from FUZZ_FD_MIN on
 * @fd: -1 if it is empty
 * @file: which it is
 */
struct fuzz_slot {
	int fd;
	enum fuzz_file file;
};

/**
 * struct fuzz_shared - what all processes of the fuzzer share
 * @done: operations, by kind
 * @failed: of these, by the error that they ended with
 * @wrong: what should not be
 * @guided: what guidance came to
 */
struct fuzz_shared {
	uint64_t done[FUZZ_NR_OPS];
	uint64_t failed[FUZZ_NR_OPS][FUZZ_ERRNOS];
	uint64_t wrong;
	struct {
		unsigned int by_chance;	/* places reached at random alone */
		unsigned int reached;	/* and with guidance */
		unsigned int again;	/* of these, by what was kept */
	} guided;
};

/**
 * struct fuzz_cover - the places of the module that one thread has reached
 * @fd: of kcov, -1 if there is none
 * @at: the number of places, then the places
 */
struct fuzz_cover {
	int fd;
	unsigned long *at;
};

/**
 * struct fuzzer - one that does one thing after another
 * @shared: where it counts
 * @state: of the random numbers
 * @word: the next of what is taken before these, for a case that is mutated
 * @words: how many of them are left
 * @seed: where they began
 * @nr: how many operations it has done
 * @op: the current one
 * @alone: no other changes the module's state meanwhile
 * @race: others change @slot meanwhile, so it does not say what a file is
 * @slot: its open files
 * @slots: how many of them it uses
 * @arena: FUZZ_ARENA bytes, behind which there is a page without access
 * @stale: a page that can only be read
 * @past_end: a page of a file that has none there
 * @areas: FUZZ_AREAS pieces of memory, of any kind or none
 * @file: a file to be mapped there, and to read them from and write them to
 * @child: what its children reach, or NULL
 * @event: of perf, that listens; -1 if there is none
 * @pipe: for splice
 * @socket: for passing descriptors
 */
struct fuzzer {
	struct fuzz_shared *shared;
	uint64_t state;
	const uint32_t *word;
	unsigned int words;
	uint64_t seed;
	uint64_t nr;
	enum fuzz_op op;
	bool alone;
	bool race;
	struct fuzz_slot *slot;
	unsigned int slots;
	char *arena;
	char *stale;
	char *past_end;
	char *areas;
	int file;
	struct fuzz_cover *child;
	int event;
	int pipe[2];
	int socket[2];
};

extern pid_t fuzz_targets[FUZZ_TARGETS];

void fuzz_begin(struct fuzzer *f, struct fuzz_shared *shared, uint64_t seed);
enum fuzz_op fuzz_choose(struct fuzzer *f);
void fuzz_do(struct fuzzer *f);
void fuzz_detach_all_but(pid_t kept);
uint64_t fuzz_random(struct fuzzer *f);
uint64_t fuzz_below(struct fuzzer *f, uint64_t below);
bool fuzz_chance(struct fuzzer *f, unsigned int one_in);
struct fuzz_slot *fuzz_slot(struct fuzzer *f);
int fuzz_open_file(enum fuzz_file file, pid_t pid, int flags);
void fuzz_wrong(struct fuzzer *f, const char *what, long long a, long long b);
void fuzz_result(struct fuzzer *f, long long ret, const int *allowed);
long long fuzz_offset(struct fuzzer *f);
size_t fuzz_size(struct fuzzer *f);
void *fuzz_bad_pointer(struct fuzzer *f, size_t size);

/* memory.c */
void fuzz_areas_make(struct fuzzer *f);
void fuzz_areas_clear(struct fuzzer *f);

/* listen.c */
void fuzz_unlisten(struct fuzzer *f);

/* cover.c */
const char *fuzz_cover_lacks(void);
bool fuzz_cover_open(struct fuzz_cover *cover);
bool fuzz_cover_start(struct fuzz_cover *cover);
void fuzz_cover_stop(struct fuzz_cover *cover);
unsigned int fuzz_cover_take(struct fuzz_cover *cover, uint8_t *reached);
void fuzz_cover_print_rest(const uint8_t *reached);
size_t fuzz_cover_size(void);

/* guided.c */
void fuzz_guided(struct fuzz_shared *shared, uint64_t operations, uint64_t seed);

/* Each does one operation of its kind. */
#define FUZZ_X(name) void fuzz_##name(struct fuzzer *f);
FUZZ_OPS(FUZZ_X)
#undef FUZZ_X

#endif /* COWINSPECT_FUZZ_H */
