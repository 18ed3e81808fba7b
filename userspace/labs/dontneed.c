// SPDX-License-Identifier: GPL-2.0
/* E16: MADV_DONTNEED, and what is there afterwards. */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "labs.h"
#include "memory.h"

enum { ANON, FILE_PAGES, SHARED_PAGES, READ_ANON, READ_FILE };

static __u64 region(struct lab_run *r, struct actor *a, const char *name,
		    actor_fn map, const __u64 *arg, unsigned int set)
{
	__u64 page = lab_region(r, name, lab_call(r, a, map, arg, "map memory"),
				r->size);

	lab_put(r, page, r->size, set);
	return page;
}

static void give_up(struct lab_run *r, struct actor *a, __u64 page)
{
	lab_call(r, a, mem_advise,
		 ARGS(lab_addr(r, page), r->size * r->status->page_size,
		      MADV_DONTNEED), "drop pages");
}

/* Not writable, and not the process' own. */
static const struct page_expect cached = {
	.exclusive = EXPECT_NO,
	.write = EXPECT_NO,
	.check_outcome = true,
	.outcome = COWI_NEXT_COPY,
};

static void acts(struct lab_run *r, int fd)
{
	__u64 bytes = r->size * r->status->page_size, anon, file, shared;
	struct actor *a;

	lab_step(r, "A process has memory of three kinds, and has written to each",
		 "Private memory, a private mapping of a file, and shared memory.");
	a = lab_actor(r, "process");
	anon = region(r, a, "anon", mem_map, ARGS(bytes), ANON);
	file = region(r, a, "file", mem_map_file, ARGS(fd, bytes), FILE_PAGES);
	shared = region(r, a, "shared", mem_map_shared, ARGS(bytes),
			SHARED_PAGES);
	lab_fill(r, a, anon, r->size, 'm');
	lab_fill(r, a, file, r->size, 'm');
	lab_fill(r, a, shared, r->size, 'm');
	lab_look(r);
	lab_expect(r, a, IN(ANON) | IN(FILE_PAGES), &expect_own,
		   "private memory, and what was written to the private mapping: its own");

	lab_step(r, "It gives all of it up: MADV_DONTNEED",
		 "The mappings stay, their entries go.");
	give_up(r, a, anon);
	give_up(r, a, file);
	give_up(r, a, shared);
	lab_look(r);
	lab_expect(r, a, ALL, &expect_absent, "there is no entry any more");

	lab_step(r, "It reads the first page of each",
		 "Each read is a fault, and the mapping says what comes back: zeros, the file as it is, or what was shared.");
	lab_expect_int(r, a, anon, 0, 0, "four bytes of the private memory");
	lab_expect_text(r, a, file, 0, "file");
	lab_expect_text(r, a, shared, 0, "mmmm");
	lab_look(r);
	lab_put(r, anon, 1, READ_ANON);
	lab_put(r, file, 1, READ_FILE);
	lab_expect(r, a, IN(READ_ANON), &expect_zero,
		   "in the private memory: the zero page");
	lab_expect(r, a, IN(READ_FILE), &cached,
		   "in the private mapping: the page cache again; what was written is lost");

	lab_step(r, "It writes to these pages",
		 "By the same rules as for memory that was never touched.");
	lab_write(r, a, anon, "w", COWI_NEXT_ZEROFILL);
	lab_write(r, a, file, "w", COWI_NEXT_COPY);
	lab_write(r, a, shared, "w", COWI_NEXT_NOFAULT);
	lab_look(r);
	lab_expect_text(r, a, file, 0, "wile");
	lab_expect_text(r, a, shared, 0, "wmmm");

	lab_step(r, "And to pages that it has not read since",
		 "A write without a read before needs no zero page in between.");
	lab_write(r, a, anon + 1, "w", COWI_NEXT_ZEROFILL);
	lab_write(r, a, file + 1, "w", COWI_NEXT_COPY);
	lab_look(r);
	lab_expect_text(r, a, file + 1, 0, "wile");
}

static void run(struct lab_run *r)
{
	__u64 page_size = r->status->page_size, i;
	int fd = text_file("", 0);
	bool written = fd >= 0 && !ftruncate(fd, r->size * page_size);

	for (i = 0; i < r->size && written; i++)
		written = pwrite(fd, "file", 4, i * page_size) == 4;
	if (written)
		acts(r, fd);
	else
		lab_fail(r, fd < 0 ? fd : -EIO, "make a file in /tmp");
	if (fd >= 0)
		close(fd);
}

const struct lab dontneed_lab = {
	.name = "dontneed",
	.id = "E16",
	.question = "What is in memory that was given up by MADV_DONTNEED?",
	.help =
		"A process writes to private memory, to a private mapping of a\n"
		"file and to shared memory, gives all three up, and touches\n"
		"them again.",
	.answer =
		"What the mapping stands for, not what was written. Private\n"
		"memory was zeros again, as if never touched; the private\n"
		"mapping showed the file, and its copy was lost; shared memory\n"
		"still had what was written, as only the entries were dropped,\n"
		"and its pages belong to all who share them.",
	.alike =
		"Memory that the child of a fork gives up has no entry either,\n"
		"but the parent still has the page (lab madvise).",
	.key = "ncnnc",
	.pages = 2,
	.min_pages = 2,
	.run = run,
};
