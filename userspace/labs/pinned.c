// SPDX-License-Identifier: GPL-2.0
/* E9: a pinned page is copied at fork, not on write. */
#include <errno.h>
#include <linux/io_uring.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "labs.h"

#define PINNED_PAGE	1

enum { REST, PINNED };

/*
 * io_uring pins the pages of buffers that are registered with it. Address,
 * bytes; the ring lives as long as the actor.
 */
static int pin(const __u64 *arg, __u64 *result)
{
	struct io_uring_params params;
	struct iovec buffer = {
		.iov_base = (void *)(uintptr_t)arg[0],
		.iov_len = arg[1],
	};
	int ring;

	memset(&params, 0, sizeof(params));
	ring = syscall(__NR_io_uring_setup, 1, &params);
	/* Not an error of the run: the lab says what is missing. */
	if (ring < 0 || syscall(__NR_io_uring_register, ring,
				IORING_REGISTER_BUFFERS, &buffer, 1) < 0)
		*result = errno;
	return 0;
}

static void run(struct lab_run *r)
{
	struct actor *parent, *child;
	__u64 page;
	int err;

	lab_step(r, "A parent fills its pages and pins one",
		 "By registering it as a buffer with io_uring: a device may write to such a frame at any time, so it must stay the parent's.");
	parent = lab_actor(r, "parent");
	page = lab_map(r, parent, NULL, r->size);
	lab_put(r, page + PINNED_PAGE, 1, PINNED);
	lab_fill(r, parent, page, r->size, 'm');
	err = lab_call(r, parent, pin,
		       ARGS(lab_addr(r, page + PINNED_PAGE),
			    r->status->page_size), "pin a page");
	if (err && !lab_stopped(r)) {
		lab_skip(r,
			 "no io_uring to pin a page with (%s): see /proc/sys/kernel/io_uring_disabled",
			 strerror(err));
		return;
	}
	lab_look(r);
	lab_check(r, lab_view(r, parent, page + PINNED_PAGE)->rec.flags &
		  COWI_F_MAYBE_PINNED, "the page is marked as maybe pinned",
		  "it is not");
	lab_expect(r, parent, IN(PINNED),
		   &(struct page_expect){ .mapcount = 1, .refcount = 1025 },
		   "a pin counts as 1024 references: refcount 1025");

	lab_step(r, "fork",
		 "The pinned page cannot be shared: if the parent wrote first it would get the copy, and the device would write to the child's page.");
	child = lab_fork(r, parent, "child");
	lab_look(r);
	lab_expect_frames(r, parent, child, IN(PINNED), false,
			  "the pinned page: two frames at once, before any write");
	lab_expect_frames(r, parent, child, IN(REST), true,
			  "all others: one frame, as always");
	lab_expect(r, parent, IN(PINNED),
		   &(struct page_expect){ .mapcount = 1, .write = EXPECT_YES,
					  .exclusive = EXPECT_YES },
		   "the parent's stays exclusive and writable");
	lab_expect_moved(r, parent, ALL, 0);

	lab_step(r, "The parent writes to the pinned page, and to another",
		 "What was copied at fork need not be copied any more.");
	lab_write(r, parent, page + PINNED_PAGE, "p", COWI_NEXT_NOFAULT);
	lab_write(r, parent, page, "p", COWI_NEXT_COPY);
	lab_look(r);
	lab_expect_text(r, child, page + PINNED_PAGE, 0, "m");
}

const struct lab pinned_lab = {
	.name = "pinned",
	.id = "E9",
	.question = "Is there a page that fork itself copies?",
	.help =
		"A parent pins a page for input and output, as device drivers\n"
		"and io_uring do, and forks.",
	.answer =
		"Yes: a page that may be pinned is copied at fork, since Linux\n"
		"5.9, so that the frame which a device knows stays with the\n"
		"process that pinned it. All other pages were shared as always.",
	.alike =
		"A page in a pipe has a reference more, too. It is not pinned,\n"
		"and fork shares it; its next write copies (lab lastsharer).",
	.key = "nc",
	.pages = 4,
	.min_pages = 3,
	.run = run,
};
