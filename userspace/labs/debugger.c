// SPDX-License-Identifier: GPL-2.0
/* E14: somebody else writes, through /proc/PID/mem. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "labs.h"
#include "memory.h"

enum { REST, POKED, FIXED };

/* As a debugger sets a breakpoint: by this process, not by the actor. */
static int poke(const struct actor *a, __u64 addr, char value)
{
	char path[64];
	int fd, err = 0;

	snprintf(path, sizeof(path), "/proc/%d/mem", a->pid);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (pwrite(fd, &value, 1, addr) != 1)
		err = -errno;
	close(fd);
	return err;
}

static void run(struct lab_run *r)
{
	struct actor *parent, *child;
	__u64 page, fixed;
	int err;

	lab_step(r, "A parent fills its pages and forks",
		 "The last page may only be read, as a program's text.");
	parent = lab_actor(r, "parent");
	page = lab_map(r, parent, NULL, r->size);
	fixed = page + r->size - 1;
	lab_put(r, page, 1, POKED);
	lab_put(r, fixed, 1, FIXED);
	lab_fill(r, parent, page, r->size, 'm');
	lab_call(r, parent, mem_protect, ARGS(lab_addr(r, fixed),
					      r->status->page_size, PROT_READ),
		 "protect a page");
	child = lab_fork(r, parent, "child");
	lab_look(r);
	lab_expect_frames(r, parent, child, ALL, true, "one frame for both");

	lab_step(r, "A debugger writes to the first page of the child",
		 "Through /proc/PID/mem. The child does nothing at all.");
	if (!lab_stopped(r))
		lab_fail(r, poke(child, lab_addr(r, page), 'd'),
			 "write to /proc/PID/mem");
	lab_look(r);
	lab_expect_moved(r, child, IN(POKED), 1);
	lab_expect_moved(r, parent, ALL, 0);
	lab_expect_text(r, child, page, 0, "dm");
	lab_expect_text(r, parent, page, 0, "mm");

	lab_step(r, "It writes to the page that may only be read",
		 "A write of the child's own would be refused; see NEXT-WRITE. A debugger may do it: this is how breakpoints get into shared program text.");
	lab_write(r, child, fixed, "c", COWI_NEXT_REFUSED);
	err = lab_stopped(r) ? 0 : poke(child, lab_addr(r, fixed), 'd');
	lab_look(r);
	if (err) {
		lab_note(r, "refused (%s): this kernel lets only a tracer force such writes",
			 strerror(-err));
		return;
	}
	lab_expect_moved(r, child, IN(FIXED), 1);
	lab_expect(r, child, IN(FIXED),
		   &(struct page_expect){ .mapcount = 1, .write = EXPECT_NO },
		   "the child's page: a copy of its own, still not writable");
	lab_expect_text(r, parent, fixed, 0, "mm");
}

const struct lab debugger_lab = {
	.name = "debugger",
	.id = "E14",
	.question = "A debugger writes into a shared page: who sees it?",
	.help =
		"A parent and its child share pages. This command, in the role\n"
		"of a debugger, writes into the child's by /proc/PID/mem.",
	.answer =
		"Only the process that is debugged. A write from outside breaks\n"
		"the sharing as the process' own write would: it gets a copy,\n"
		"even of a page that it may not write to itself. Otherwise a\n"
		"breakpoint in one process would stop all that run the program.",
	.alike =
		"A write of the process itself has the same result, where it\n"
		"may write (lab fork).",
	.key = "n",
	.pages = 4,
	.min_pages = 3,
	.run = run,
};
