// SPDX-License-Identifier: GPL-2.0
/* E17: read() into a shared page: the kernel writes, for the process. */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "labs.h"
#include "memory.h"

enum { REST, READ, BORDER };

/* fd, address, bytes: the result is what read() returns, or its -errno */
static int read_file(const __u64 *arg, __u64 *result)
{
	ssize_t n = pread(arg[0], (void *)(uintptr_t)arg[1], arg[2], 0);

	*result = n < 0 ? -errno : n;
	return 0;
}

/* Address, bytes: out of memory, into a pipe */
static int write_to_pipe(const __u64 *arg, __u64 *result)
{
	int ends[2];

	if (pipe(ends))
		return -errno;
	*result = write(ends[1], (void *)(uintptr_t)arg[0], arg[1]);
	close(ends[0]);
	close(ends[1]);
	return 0;
}

static void across(struct lab_run *r, struct actor *child, __u64 page, int fd)
{
	__u64 at = lab_addr(r, page) - 2, got;

	lab_step(r, "The child reads four bytes to where two pages meet",
		 "One call, and two pages that are written to.");
	got = lab_call(r, child, read_file, ARGS(fd, at, 4), "read a file");
	lab_look(r);
	lab_expect_number(r, got, 4, "bytes read");
	lab_expect_moved(r, child, IN(BORDER), 2);

	lab_step(r, "And to a page that it may not write to",
		 "Not a signal, as for a write of its own: the call fails.");
	lab_call(r, child, mem_protect,
		 ARGS(lab_addr(r, page + 1), r->status->page_size, PROT_READ),
		 "protect a page");
	got = lab_call(r, child, read_file,
		       ARGS(fd, lab_addr(r, page + 1), 4), "read a file");
	lab_look(r);
	lab_check(r, got == (__u64)-EFAULT, "read() fails with EFAULT",
		  "it does not");
	lab_expect_moved(r, child, ALL, 0);
}

static void acts(struct lab_run *r, int fd)
{
	struct actor *parent, *child;
	__u64 page, got;

	lab_step(r, "A parent fills its pages and forks",
		 "All pages are shared; there is a file to read, with the word \"file\".");
	parent = lab_actor(r, "parent");
	page = lab_map(r, parent, NULL, r->size);
	lab_put(r, page, 1, READ);
	lab_put(r, page + 2, 2, BORDER);
	lab_fill(r, parent, page, r->size, 'm');
	child = lab_fork(r, parent, "child");
	lab_look(r);
	lab_expect(r, parent, ALL, &expect_shared, "all pages: mapcount 2");

	lab_step(r, "The child writes a page into a pipe, by write()",
		 "What looks like it from outside: a system call with the address of a shared page. But write() reads memory.");
	got = lab_call(r, child, write_to_pipe,
		       ARGS(lab_addr(r, page + 1), r->status->page_size),
		       "write to a pipe");
	lab_look(r);
	lab_expect_number(r, got, r->status->page_size, "bytes written");
	lab_expect_moved(r, child, ALL, 0);

	lab_step(r, "The child reads the file into the first page, by read()",
		 "It is the kernel that stores these bytes, at the child's address and with the child's rights.");
	lab_act(r, child, page, read_file, ARGS(fd, lab_addr(r, page), 4),
		COWI_NEXT_COPY);
	lab_show_at(r, page, 0);
	lab_look(r);
	lab_expect_text(r, child, page, 0, "filem");
	lab_expect_text(r, parent, page, 0, "mmmmm");
	lab_expect(r, child, IN(READ), &expect_own, "the child's page: its own");

	lab_step(r, "The parent does the same",
		 "Nobody else has its page any more.");
	lab_act(r, parent, page, read_file, ARGS(fd, lab_addr(r, page), 4),
		COWI_NEXT_REUSE);
	lab_look(r);
	lab_expect_moved(r, parent, ALL, 0);
	across(r, child, page + 3, fd);
}

static void run(struct lab_run *r)
{
	int fd = text_file("file", 4);

	if (fd < 0) {
		lab_fail(r, fd, "make a file in /tmp");
		return;
	}
	acts(r, fd);
	close(fd);
}

const struct lab readinto_lab = {
	.name = "readinto",
	.id = "E17",
	.question = "read() into a shared page: who writes, and who gets the copy?",
	.help =
		"A parent and its child share pages. Each reads a file into one\n"
		"of them; the child also writes one into a pipe, reads across\n"
		"the border of two pages, and into one that is protected.",
	.answer =
		"The kernel writes, for the process that called it, and by that\n"
		"process' page table: the fault happens inside of the call, and\n"
		"copies or reuses as a store of the process would. write() only\n"
		"reads memory, and copies nothing. Where a store would raise a\n"
		"signal, read() fails with EFAULT.",
	.alike =
		"write() with the address of a shared page is a call like it,\n"
		"and copies nothing (step 2).",
	.key = "cr",
	.pages = 6,
	.min_pages = 5,
	.run = run,
};
