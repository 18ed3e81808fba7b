// SPDX-License-Identifier: GPL-2.0
/* E13: write protection by userfaultfd. */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "labs.h"

enum { REST, WRITTEN };

/*
 * Address, bytes, whether to open it: the result is the descriptor, or the
 * negative of what is missing.
 */
static int protect(const __u64 *arg, __u64 *result)
{
	struct uffdio_api api = {
		.api = UFFD_API,
		.features = UFFD_FEATURE_PAGEFAULT_FLAG_WP,
	};
	struct uffdio_register reg = {
		.range = { .start = arg[0], .len = arg[1] },
		.mode = UFFDIO_REGISTER_MODE_WP,
	};
	struct uffdio_writeprotect wp = {
		.range = reg.range,
		.mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) ||
	    ioctl(fd, UFFDIO_REGISTER, &reg) ||
	    ioctl(fd, UFFDIO_WRITEPROTECT, &wp))
		*result = -(__s64)errno;
	else
		*result = fd;
	return 0;
}

/* The handler is this process: it takes the descriptor out of the actor. */
static int take_descriptor(const struct actor *a, int fd)
{
	int mine = syscall(SYS_pidfd_getfd, a->pidfd, fd, 0);

	return mine < 0 ? -errno : mine;
}

/* A writer that has come to its end, and says so, or has died, was not stopped. */
static int wait_for_fault(const struct actor *writer, int uffd, __u64 *addr)
{
	/* Only a descriptor that does not block can be polled. */
	struct pollfd pfd[] = {
		{ .fd = uffd, .events = POLLIN },
		{ .fd = writer->sock, .events = POLLIN },
	};
	struct uffd_msg msg;

	if (poll(pfd, 2, -1) < 0)
		return -errno;
	if (read(uffd, &msg, sizeof(msg)) != sizeof(msg) ||
	    msg.event != UFFD_EVENT_PAGEFAULT ||
	    !(msg.arg.pagefault.flags & UFFD_PAGEFAULT_FLAG_WP))
		return -EPROTO;
	*addr = msg.arg.pagefault.address;
	return 0;
}

static int let_go(int uffd, __u64 addr, __u64 bytes)
{
	struct uffdio_writeprotect wp = {
		.range = { .start = addr, .len = bytes },
	};

	return ioctl(uffd, UFFDIO_WRITEPROTECT, &wp) ? -errno : 0;
}

static void handle(struct lab_run *r, struct actor *writer, __u64 page,
		   int uffd)
{
	__u64 addr = 0;

	lab_step(r, "It begins to write, and stands still",
		 "The kernel has asked the handler, which is this command, and waits for its answer. Nothing has changed yet.");
	lab_ask(r, writer, page, COWI_NEXT_USERFAULTFD);
	if (!lab_stopped(r))
		lab_fail(r, actor_begin_write(writer, lab_addr(r, page), "w", 1),
			 "begin a write");
	if (!lab_stopped(r))
		lab_fail(r, wait_for_fault(writer, uffd, &addr), "wait for the fault");
	lab_look(r);
	lab_note(r, "the handler is told: a write to a protected page at %llx",
		 addr);
	lab_check(r, (addr & ~(r->status->page_size - 1)) == lab_addr(r, page),
		  "it is the page that is being written to",
		  "it is another one");
	lab_expect_moved(r, writer, ALL, 0);

	lab_step(r, "The handler lets it go on",
		 "Here a live migration or a snapshot would first save the old content. Then it takes the protection away.");
	if (!lab_stopped(r))
		lab_fail(r, let_go(uffd, lab_addr(r, page),
				   r->status->page_size), "lift protection");
	lab_end(r, writer);
	lab_look(r);
	lab_expect(r, writer, IN(WRITTEN), &expect_own,
		   "the page: writable, its own");
	lab_expect_moved(r, writer, ALL, 0);
	lab_expect_text(r, writer, page, 0, "wm");
}

static void run(struct lab_run *r)
{
	static const struct page_expect protected = {
		.mapcount = 1,
		.write = EXPECT_NO,
		.check_outcome = true,
		.outcome = COWI_NEXT_USERFAULTFD,
	};
	struct actor *writer;
	__u64 page, bytes;
	int fd, uffd = -1;

	lab_step(r, "A process lets a handler protect its pages",
		 "They are its own and nobody shares them. By the rules of copy-on-write a write would not even fault.");
	writer = lab_actor(r, "writer");
	page = lab_map(r, writer, NULL, r->size);
	lab_put(r, page, 1, WRITTEN);
	lab_fill(r, writer, page, r->size, 'm');
	bytes = r->size * r->status->page_size;
	fd = lab_call(r, writer, protect, ARGS(lab_addr(r, page), bytes),
		      "protect memory");
	if (lab_stopped(r))
		return;
	if (fd >= 0)
		uffd = take_descriptor(writer, fd);
	if (fd < 0 || uffd < 0) {
		lab_skip(r, "no userfaultfd write protection: %s",
			 strerror(fd < 0 ? -fd : -uffd));
		return;
	}
	lab_look(r);
	lab_expect(r, writer, ALL, &protected,
		   "all pages: mapcount 1, write-protected, the handler comes first");
	handle(r, writer, page, uffd);
	close(uffd);
}

const struct lab userfaultfd_lab = {
	.name = "userfaultfd",
	.id = "E13",
	.question = "Can a program do its own copy-on-write?",
	.help =
		"A process registers memory with userfaultfd and has it\n"
		"protected. Its write is held until the handler allows it.",
	.answer =
		"Yes: with userfaultfd the kernel asks a handler before a write\n"
		"to a protected page goes on. The handler may save the old\n"
		"content first, which is copy-on-write by a program, as virtual\n"
		"machines use it for snapshots. Nothing was copied here.",
	.alike =
		"After a fork a write to a protected page is held up by a fault\n"
		"as well; the kernel alone decides there, and copies (lab\n"
		"fork).",
	.key = "n",
	.pages = 4,
	.min_pages = 2,
	.run = run,
};
