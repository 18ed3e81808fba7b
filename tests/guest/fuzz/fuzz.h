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
	FUZZ_EVENTS,
	FUZZ_NR_FILES
};

/* X(name): the kinds of operation, in the order in which they are counted. */
#define FUZZ_OPS(X) \
	X(open) X(close) X(dup) X(pass) X(read) X(read_bad) X(readv) X(pread) \
	X(preadv) X(lseek) X(write) X(write_bad) X(writev) X(parameter) \
	X(splice) X(sendfile) X(tee) X(copy_range) X(ioctl) X(truncate) \
	X(mmap) X(poll) X(fcntl) X(stat)

enum fuzz_op {
#define FUZZ_X(name) FUZZ_OP_##name,
	FUZZ_OPS(FUZZ_X)
#undef FUZZ_X
	FUZZ_NR_OPS
};

#define FUZZ_SLOTS	24
#define FUZZ_TARGETS	6
#define FUZZ_ERRNOS	200
#define FUZZ_ARENA	(1UL << 20)

/**
 * struct fuzz_slot - a place for an open file
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
 */
struct fuzz_shared {
	uint64_t done[FUZZ_NR_OPS];
	uint64_t failed[FUZZ_NR_OPS][FUZZ_ERRNOS];
	uint64_t wrong;
};

/**
 * struct fuzzer - one that does one thing after another
 * @shared: where it counts
 * @state: of the random numbers
 * @seed: where they began
 * @nr: how many operations it has done
 * @op: the current one
 * @alone: no other changes the module's state meanwhile
 * @race: others change @slot meanwhile, so it does not say what a file is
 * @slot: its open files
 * @arena: FUZZ_ARENA bytes, behind which there is a page without access
 * @stale: a page that can only be read
 * @past_end: a page of a file that has none there
 * @pipe: for splice
 * @socket: for passing descriptors
 */
struct fuzzer {
	struct fuzz_shared *shared;
	uint64_t state;
	uint64_t seed;
	uint64_t nr;
	enum fuzz_op op;
	bool alone;
	bool race;
	struct fuzz_slot *slot;
	char *arena;
	char *stale;
	char *past_end;
	int pipe[2];
	int socket[2];
};

extern pid_t fuzz_targets[FUZZ_TARGETS];

uint64_t fuzz_random(struct fuzzer *f);
uint64_t fuzz_below(struct fuzzer *f, uint64_t below);
bool fuzz_chance(struct fuzzer *f, unsigned int one_in);
struct fuzz_slot *fuzz_slot(struct fuzzer *f);
void fuzz_wrong(struct fuzzer *f, const char *what, long long a, long long b);
void fuzz_result(struct fuzzer *f, long long ret, const int *allowed);
long long fuzz_offset(struct fuzzer *f);
size_t fuzz_size(struct fuzzer *f);
void *fuzz_bad_pointer(struct fuzzer *f, size_t size);

/* Each does one operation of its kind. */
#define FUZZ_X(name) void fuzz_##name(struct fuzzer *f);
FUZZ_OPS(FUZZ_X)
#undef FUZZ_X

#endif /* COWINSPECT_FUZZ_H */
