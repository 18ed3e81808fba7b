// SPDX-License-Identifier: GPL-2.0
/* E19: fork in a program with threads. */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "labs.h"
#include "memory.h"

#define STACK_BYTES	(256 * 1024)
#define APART_BYTES	(128 * 1024)
/* A machine may be put aside for a while. */
#define ASLEEP_MS	(300 * 1000)

enum { LOCK, STACK };

/* What the threads of the parent have in common, alone in a page. */
struct common {
	pthread_mutex_t lock;
	int wake;		/* pipe: the thread waits for a byte */
	int woken;
	pid_t thread;
	char *variable;		/* on the stack of the thread */
};

/* Takes the lock, and keeps it until it is told to give it back. */
static __attribute__((noinline)) void hold_lock(struct common *c)
{
	volatile char variable[16] = "on its stack";
	char byte;

	pthread_mutex_lock(&c->lock);
	c->thread = syscall(SYS_gettid);
	c->variable = (char *)variable;
	if (write(c->woken, "", 1) == 1 && read(c->wake, &byte, 1) == 1) {
		pthread_mutex_unlock(&c->lock);
		if (write(c->woken, "", 1) != 1)
			return;
	}
	for (;;)
		pause();
}

/*
 * At the upper end of a thread's stack is what glibc knows of it, and each child writes
 * to that: it takes itself off the list of threads (__reclaim_stacks() in nptl/). So the
 * variable is not in that page, of whatever size pages are.
 */
static void *worker(void *arg)
{
	char apart[APART_BYTES];

	__asm__ volatile("" : : "r" (apart) : "memory");
	hold_lock(arg);
	__asm__ volatile("" : : "r" (apart) : "memory");
	return NULL;
}

/* Its ends of the pipes are kept in static memory, away from the pages looked at. */
static int tell_fd, told_fd;

static bool is_asleep(pid_t thread)
{
	char path[64], state = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", thread);
	f = fopen(path, "r");
	if (!f)
		return false;
	if (fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
		state = 0;
	fclose(f);
	return state == 'S';
}

/* What it does on its stack before it waits would, after a fork, be a copy. */
static int wait_until_asleep(pid_t thread)
{
	int i;

	for (i = 0; i < ASLEEP_MS; i++) {
		if (is_asleep(thread))
			return 0;
		usleep(1000);
	}
	return -ETIMEDOUT;
}

static int start(struct common *c)
{
	int there[2], back[2], err;
	pthread_attr_t attr;
	pthread_t thread;
	__u64 stack;
	char byte;

	err = mem_map(ARGS(STACK_BYTES), &stack);
	if (err)
		return err;
	if (pipe(there) || pipe(back))
		return -errno;
	tell_fd = there[1];
	told_fd = back[0];
	c->wake = there[0];
	c->woken = back[1];
	pthread_mutex_init(&c->lock, NULL);
	pthread_attr_init(&attr);
	err = pthread_attr_setstack(&attr, (void *)(uintptr_t)stack,
				    STACK_BYTES);
	if (!err)
		err = pthread_create(&thread, &attr, worker, c);
	pthread_attr_destroy(&attr);
	if (err)
		return -err;
	if (read(told_fd, &byte, 1) != 1)
		return -EIO;
	return wait_until_asleep(c->thread);
}

/* The result is the address of what both have in common; the thread sleeps. */
static int start_thread(const __u64 *arg, __u64 *result)
{
	int err = mem_map(arg, result);

	return err ? err : start((struct common *)(uintptr_t)*result);
}

static int where_variable(const __u64 *arg, __u64 *result)
{
	*result = (uintptr_t)((struct common *)(uintptr_t)arg[0])->variable;
	return 0;
}

/* The other thread gives the lock back. */
static int wake_thread(const __u64 *arg, __u64 *result)
{
	char byte;

	(void)arg;
	(void)result;
	if (write(tell_fd, "", 1) != 1 || read(told_fd, &byte, 1) != 1)
		return -EIO;
	return 0;
}

/* Whether the lock was free; it is taken then. */
static int try_lock(const __u64 *arg, __u64 *result)
{
	struct common *c = (struct common *)(uintptr_t)arg[0];

	*result = !pthread_mutex_trylock(&c->lock);
	return 0;
}

/* "Threads:" in /proc/PID/status */
static __u64 threads_of(const struct actor *a)
{
	unsigned long long nr = 0;
	char path[64], line[128];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", a->pid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "Threads: %llu", &nr) == 1)
			break;
	}
	if (f)
		fclose(f);
	return nr;
}

static void unlock(struct lab_run *r, struct actor *parent, struct actor *child,
		   __u64 lock)
{
	lab_step(r, "The parent's other thread gives the lock back",
		 "That is a write, by the process that has this thread, and so into a page of its own.");
	lab_ask(r, parent, lock, COWI_NEXT_COPY);
	lab_call(r, parent, wake_thread, ARGS(0), "wake the thread");
	lab_look(r);
	lab_expect_moved(r, parent, IN(LOCK), 1);
	lab_expect_moved(r, child, ALL, 0);

	lab_step(r, "Both try to take the lock",
		 "In the child the thread that could give it back does not exist.");
	lab_expect_number(r, lab_call(r, parent, try_lock,
				      ARGS(lab_addr(r, lock)), "try the lock"),
			  1, "locks that the parent gets");
	lab_expect_number(r, lab_call(r, child, try_lock,
				      ARGS(lab_addr(r, lock)), "try the lock"),
			  0, "locks that the child gets");
	lab_look(r);
}

static void run(struct lab_run *r)
{
	__u64 page_size = r->status->page_size, common, variable, lock, stack;
	struct actor *parent, *child;

	lab_step(r, "A parent has a second thread, which holds a lock; it forks",
		 "One page with the lock, and one of the second thread's stack.");
	parent = lab_actor(r, "parent");
	common = lab_call(r, parent, start_thread, ARGS(page_size),
			  "start a thread");
	variable = lab_call(r, parent, where_variable, ARGS(common),
			    "find the thread's stack");
	lock = lab_region(r, "lock", common, 1);
	stack = lab_region(r, "stack", variable & ~(page_size - 1), 1);
	lab_put(r, stack, 1, STACK);
	child = lab_fork(r, parent, "child");
	lab_look(r);
	lab_expect(r, parent, ALL, &expect_shared, "both pages: mapcount 2");
	if (!lab_stopped(r)) {
		lab_expect_number(r, threads_of(parent), 2,
				  "threads of the parent");
		lab_expect_number(r, threads_of(child), 1,
				  "threads of the child");
	}

	lab_step(r, "The child writes to the stack of the thread that it does not have",
		 "It is memory like any other, and nobody runs on it.");
	lab_poke(r, child, stack, variable & (page_size - 1), "in", 2,
		 COWI_NEXT_COPY);
	lab_look(r);
	lab_expect_text(r, child, stack, variable & (page_size - 1), "in its");
	lab_expect_text(r, parent, stack, variable & (page_size - 1), "on its");
	unlock(r, parent, child, lock);
}

const struct lab threads_lab = {
	.name = "threads",
	.id = "E19",
	.question = "Fork in a program with threads: what does the child have of them?",
	.help =
		"A parent has a second thread, which holds a lock. It forks; the\n"
		"child writes to that thread's stack, the thread gives the lock\n"
		"back, and both processes try to take it.",
	.answer =
		"All of their memory, and none of them. fork copies the page\n"
		"table of the whole process, stacks and locks of all threads\n"
		"included, and only the thread that called it. What the others\n"
		"were about to do happens in the parent's pages; in the child's\n"
		"the lock stays taken for ever, as its owner is not there.",
	.alike =
		"A second process, too, goes on by itself while the first one\n"
		"forks. But no memory of it comes into the child (lab address).",
	.key = "cc",
	.run = run,
};
