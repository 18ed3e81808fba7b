// SPDX-License-Identifier: GPL-2.0
/* E11: vfork and posix_spawn share everything and protect nothing. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "labs.h"

extern char **environ;

/* By posix_spawn(), and wait for it: "true" if there were one everywhere. */
static int spawn_program(const __u64 *arg, __u64 *result)
{
	char *const argv[] = { "cowinspect", "--version", NULL };
	posix_spawn_file_actions_t quiet;
	int err, status = 0;
	pid_t pid;

	(void)arg;
	posix_spawn_file_actions_init(&quiet);
	posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null",
					 O_WRONLY, 0);
	err = posix_spawn(&pid, "/proc/self/exe", &quiet, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&quiet);
	if (err)
		return -err;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	*result = status;
	return 0;
}

static void run(struct lab_run *r)
{
	struct actor *parent, *child;
	__u64 page;

	lab_step(r, "A parent calls vfork()",
		 "The child runs in the parent's memory; the parent stands still until it has exited or called exec.");
	parent = lab_actor(r, "parent");
	page = lab_map(r, parent, NULL, r->size);
	lab_fill(r, parent, page, r->size, 'm');
	child = lab_vfork(r, parent, "child");
	lab_look(r);
	lab_expect_frames(r, parent, child, ALL, true, "the same frames");
	lab_expect(r, parent, ALL, &expect_own,
		   "and yet mapcount 1, exclusive, writable: there is one page table");

	lab_step(r, "The child writes",
		 "No fault, no copy: and the parent will find it changed.");
	lab_write(r, child, page, "c", COWI_NEXT_NOFAULT);
	lab_exit(r, child);
	lab_end(r, parent);
	lab_look(r);
	lab_expect_text(r, parent, page, 0, "cm");
	lab_expect_moved(r, parent, ALL, 0);

	lab_step(r, "The parent starts a program by posix_spawn()",
		 "The C library does it as by vfork() and exec.");
	lab_expect_number(r, lab_call(r, parent, spawn_program, ARGS(0),
				      "spawn a program"), 0,
			  "exit status of the program");
	lab_look(r);
	lab_expect(r, parent, ALL, &expect_own,
		   "the parent's pages: as before, writable");
	lab_write(r, parent, page, "p", COWI_NEXT_NOFAULT);

	lab_step(r, "For comparison: fork(), and the child is gone at once",
		 "As with fork() and exec: the child used nothing of it.");
	child = lab_fork(r, parent, "child");
	lab_exit(r, child);
	lab_look(r);
	lab_expect(r, parent, ALL, &expect_left,
		   "the parent's pages: write-protected; each costs a fault to get back");
	lab_write(r, parent, page, "p", COWI_NEXT_REUSE);
	lab_look(r);
}

const struct lab vfork_lab = {
	.name = "vfork",
	.id = "E11",
	.question = "Why is posix_spawn cheaper than fork and exec?",
	.help =
		"A parent calls vfork(), and the child writes. Then it starts a\n"
		"program by posix_spawn(), and for comparison it forks.",
	.answer =
		"After vfork there is one page table and nothing to copy or to\n"
		"protect: what the child writes, the parent has. posix_spawn\n"
		"leaves the parent's pages alone for the same reason, whereas\n"
		"fork write-protects all of them, and each one takes a page\n"
		"fault to become writable again, even if the child is gone.",
	.alike =
		"Threads share all memory, too, and for good; fork in a program\n"
		"with threads copies all of it (lab threads).",
	.key = "nnr",
	.pages = 8,
	.min_pages = 2,
	.run = run,
};
