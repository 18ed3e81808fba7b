/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Actors: real processes that do one thing at a time, when told to, and stand
 * still in between, so that their memory can be looked at.
 *
 * An actor dies with the program that started it, whatever happens: it is
 * killed at the end, it leaves when its socket closes, and it is signalled when
 * its parent dies (then it goes on only if the runner is its new parent).
 */
#ifndef LABS_ACTOR_H
#define LABS_ACTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/types.h>
#include <sys/types.h>

#define MAX_ACTORS	8

/**
 * struct actor - the runner's end of a process
 * @name: "parent", "child"; for people
 * @pid: its id
 * @parent: id of the actor that forked it, 0 for none
 * @pidfd: says when it has exited, and kills it and nobody else
 * @sock: commands out, answers in; -1 once it has exited
 */
struct actor {
	const char *name;
	pid_t pid;
	pid_t parent;
	int pidfd;
	int sock;
};

/**
 * struct cast - all actors of one run
 * @nr: how many were started
 * @actor: in the order of their start
 */
struct cast {
	size_t nr;
	struct actor actor[MAX_ACTORS];
};

/**
 * struct access - what an actor noticed while it touched a byte
 * @faults: page faults it took meanwhile (minor and major)
 * @value: the byte that it read
 * @refused: the access raised SIGSEGV or SIGBUS
 */
struct access {
	__u64 faults;
	unsigned char value;
	bool refused;
};

/** cast_init - prepare; makes this process inherit orphaned actors */
int cast_init(struct cast *cast);

/** cast_end - kill all actors and wait for them */
void cast_end(struct cast *cast);

/*
 * All of these return 0 or -errno: -EINTR after a signal to the runner,
 * -ECHILD if the actor has died.
 */

/** actor_start - a new process, forked from the runner */
int actor_start(struct cast *cast, const char *name, struct actor **out);

/** actor_fork - let @parent fork: the child becomes an actor too */
int actor_fork(struct cast *cast, struct actor *parent, const char *name,
	       struct actor **out);

/**
 * actor_map - mmap() private anonymous memory without huge pages
 * @a: actor
 * @bytes: size
 * @addr: set to the address
 */
int actor_map(struct actor *a, __u64 bytes, __u64 *addr);

/** actor_fill - memset() */
int actor_fill(struct actor *a, __u64 addr, __u64 bytes,
	       unsigned char value);

/** actor_write - write one byte */
int actor_write(struct actor *a, __u64 addr, unsigned char value,
		struct access *access);

/** actor_read - read one byte */
int actor_read(struct actor *a, __u64 addr, struct access *access);

/**
 * actor_call - run a function of this program in the actor
 * @a: actor
 * @fn: returns 0 or -errno
 * @arg: for @fn
 */
int actor_call(struct actor *a, int (*fn)(__u64 arg), __u64 arg);

/** actor_exit - let it exit, and wait until its memory is gone */
int actor_exit(struct actor *a);

#endif /* LABS_ACTOR_H */
