// SPDX-License-Identifier: GPL-2.0
/* E3: a private mapping of a file. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "labs.h"
#include "memory.h"

#define PAGES	4

enum { REST, WRITTEN };

/* Through the file, by the runner: page 0 and page 1. */
static void change_file(struct lab_run *r, int fd)
{
	__u64 page_size = r->status->page_size;

	if (pwrite(fd, "FILE", 4, 0) != 4 || pwrite(fd, "FILE", 4, page_size) != 4)
		lab_fail(r, -EIO, "write to the file");
}

static void acts(struct lab_run *r, int fd)
{
	__u64 bytes = PAGES * r->status->page_size, page;
	struct actor *writer, *reader;
	char got[5] = "";

	lab_step(r, "Two processes map a file, private, and read it",
		 "Neither is a child of the other. Both see the page cache itself.");
	writer = lab_actor(r, "writer");
	reader = lab_actor(r, "reader");
	page = lab_region(r, NULL, lab_call(r, writer, mem_map_file,
					    ARGS(fd, bytes), "map the file"),
			  PAGES);
	lab_call(r, reader, mem_map_file, ARGS(fd, bytes, lab_addr(r, page)),
		 "map the file");
	lab_touch(r, writer, page, PAGES);
	lab_touch(r, reader, page, PAGES);
	lab_put(r, page, 1, WRITTEN);
	lab_look(r);
	lab_expect_frames(r, writer, reader, ALL, true,
			  "one frame for both, without any fork");

	lab_step(r, "One of them writes to page 0",
		 "A private mapping must not change the file.");
	lab_write(r, writer, page, "mine", COWI_NEXT_COPY);
	lab_look(r);
	lab_expect(r, writer, IN(WRITTEN), &expect_own,
		   "the writer's page 0 is anonymous memory now, its own");
	lab_expect_moved(r, writer, ALL, 1);
	lab_expect_text(r, reader, page, 0, "file");
	if (!lab_stopped(r))
		lab_check(r, pread(fd, got, 4, 0) == 4 && !strcmp(got, "file"),
			  "the file has \"file\" as before", "it has not");

	lab_step(r, "Somebody changes pages 0 and 1 of the file, by write(2)",
		 "Those who map the page cache see it. The copy does not.");
	change_file(r, fd);
	lab_look(r);
	lab_expect_text(r, writer, page, 0, "mine");
	lab_expect_text(r, reader, page, 0, "FILE");
	lab_expect_text(r, writer, page + 1, 0, "FILE");
	lab_expect_moved(r, writer, ALL, 0);
}

static void run(struct lab_run *r)
{
	__u64 page_size = r->status->page_size, i;
	int fd = text_file("", 0);
	bool written = fd >= 0;

	for (i = 0; i < PAGES && written; i++)
		written = pwrite(fd, "file", 4, i * page_size) == 4;
	if (written && ftruncate(fd, PAGES * page_size))
		written = false;
	if (written)
		acts(r, fd);
	else
		lab_fail(r, fd < 0 ? fd : -EIO, "make a file in /tmp");
	close(fd);
}

const struct lab file_lab = {
	.name = "file",
	.id = "E3",
	.question = "A private mapping of a file: private from when on?",
	.help =
		"Two processes map a file with MAP_PRIVATE and read it. One\n"
		"writes to its mapping; then the file is changed by write(2).",
	.answer =
		"Until it writes, a private mapping shows the page cache: all\n"
		"who map the file share its frames, and changes of the file come\n"
		"through. The first write copies the page out of the cache into\n"
		"anonymous memory, and from then on that page is on its own.",
	.alike =
		"A shared mapping of the file shows the same frame, but a write\n"
		"goes to the file and moves nothing (lab shared).",
	.key = "c",
	.run = run,
};
