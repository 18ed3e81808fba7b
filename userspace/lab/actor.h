/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Actors: real processes that do one thing at a time, when told to, and stand
 * still in between, so that their memory can be looked at.
 *
 * An actor dies with the program that started it, whatever happens: it is
 * killed at the end, it leaves when its socket closes, and it is signalled when
 * its parent dies (then it goes on only if the runner is its new parent).
 */
#ifndef LAB_ACTOR_H
#define LAB_ACTOR_H

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

#define ACCESS_MAX	16

/**
 * struct access - what came of an access or of a call
 * @faults: page faults that the actor took meanwhile (minor and major)
 * @result: of a call
 * @text: the bytes that it read
 * @refused: the access raised SIGSEGV or SIGBUS
 */
struct access {
	__u64 faults;
	__u64 result;
	char text[ACCESS_MAX];
	bool refused;
};

#define CALL_ARGS	4

/**
 * ARGS - the arguments of a call, at most CALL_ARGS of them; the rest is 0
 */
#define ARGS(...)	((const __u64[CALL_ARGS]) { __VA_ARGS__ })

/*
 * A function of this program that an actor runs, with CALL_ARGS arguments. It
 * returns 0 or -errno, and may leave a number.
 */
typedef int (*actor_fn)(const __u64 *arg, __u64 *result);

/** cast_init - prepare; makes this process inherit orphaned actors */
int cast_init(struct cast *cast);

/** cast_end - kill all actors and wait for them */
void cast_end(struct cast *cast);

/*
 * All of these return 0 or -errno: -EINTR after a signal to the runner,
 * -ECHILD if the actor has died, -ETIMEDOUT if it does not come to rest. When
 * they return, all actors stand still.
 */

/** actor_start - a new process, forked from the runner */
int actor_start(struct cast *cast, const char *name, struct actor **out);

/** actor_fork - let @parent fork: the child becomes an actor too */
int actor_fork(struct cast *cast, struct actor *parent, const char *name,
	       struct actor **out);

/**
 * actor_vfork - as actor_fork(), by vfork(): the memory is one and the same
 * @cast: all actors
 * @parent: stands still until the child has exited; then call actor_end()
 * @name: of the child
 * @out: set to the child
 */
int actor_vfork(struct cast *cast, struct actor *parent, const char *name,
		struct actor **out);

/**
 * actor_write - write some bytes, all of one page
 * @a: actor
 * @addr: where
 * @bytes: what
 * @nr: how many, at most ACCESS_MAX
 * @access: what came of it
 */
int actor_write(struct actor *a, __u64 addr, const void *bytes, size_t nr,
		struct access *access);

/** actor_read - read @nr bytes, at most ACCESS_MAX and all of one page */
int actor_read(struct actor *a, __u64 addr, size_t nr, struct access *access);

/** actor_call - run a function in the actor, and wait for its end */
int actor_call(struct actor *a, actor_fn fn, const __u64 *arg,
	       struct access *access);

/*
 * The same in two parts, for what others do meanwhile: actor_end() waits for
 * what was begun, whatever that was.
 */
int actor_begin_write(struct actor *a, __u64 addr, const void *bytes,
		      size_t nr);
int actor_begin_call(struct actor *a, actor_fn fn, const __u64 *arg);
int actor_end(struct actor *a, struct access *access);

/** actor_exit - let it exit, and wait until its memory is gone */
int actor_exit(struct cast *cast, struct actor *a);

/* For functions that actors run. */

/**
 * actor_serve - end the call, and go on from inside of it
 * @result: of the call
 *
 * Never returns: what the caller has on its stack stays where it is, and what
 * the actor does from now on happens below it.
 */
void actor_serve(__u64 result) __attribute__((noreturn));

/** actor_fork_returned - what the last fork() gave this process */
pid_t actor_fork_returned(void);

#endif /* LAB_ACTOR_H */
