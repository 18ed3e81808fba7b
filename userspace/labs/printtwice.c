// SPDX-License-Identifier: GPL-2.0
/* C3: a line in a stdio buffer at fork is printed by both. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "labs.h"
#include "memory.h"

#define LINE	"before fork\n"

/* The actor's stream; its buffer is a page of the heap. */
static FILE *stream;

/* fd, size of the buffer, buffering mode; the result is the buffer */
static int open_stream(const __u64 *arg, __u64 *result)
{
	char *buffer = aligned_alloc(arg[1], arg[1]);

	if (!buffer)
		return -ENOMEM;
	/* Its own descriptor: two streams of one actor are closed apart. */
	stream = fdopen(dup(arg[0]), "a");
	if (!stream || setvbuf(stream, buffer, arg[2], arg[1]))
		return -errno;
	*result = (uintptr_t)buffer;
	return 0;
}

static int print_line(const __u64 *arg, __u64 *result)
{
	(void)arg;
	(void)result;
	return fputs(LINE, stream) < 0 ? -errno : 0;
}

static int print_own(const __u64 *arg, __u64 *result)
{
	(void)arg;
	(void)result;
	return fputs("own line\n", stream) < 0 ? -errno : 0;
}

static int flush_stream(const __u64 *arg, __u64 *result)
{
	(void)arg;
	(void)result;
	return fflush(stream) ? -errno : 0;
}

/* How often the line is in the file. */
static unsigned int lines_in(int fd)
{
	unsigned int nr = 0;
	char text[256] = "";
	const char *at = text;

	if (pread(fd, text, sizeof(text) - 1, 0) < 0)
		return 0;
	while ((at = strstr(at, LINE))) {
		nr++;
		at++;
	}
	return nr;
}

static struct actor *printer(struct lab_run *r, const char *name, int fd,
			     int mode, __u64 *buffer)
{
	struct actor *a = lab_actor(r, name);

	*buffer = lab_call(r, a, open_stream,
			   ARGS(fd, r->status->page_size, mode),
			   "open a stream");
	return a;
}

static void fully_buffered(struct lab_run *r, int fd)
{
	struct actor *parent, *child;
	__u64 buffer, page;

	lab_step(r, "printf to a file: the text waits in the buffer; then fork",
		 "A stream to a file writes when its buffer is full. The buffer is a page of the heap, so the child has it as well.");
	parent = printer(r, "parent", fd, _IOFBF, &buffer);
	page = lab_region(r, NULL, buffer, 1);
	lab_call(r, parent, print_line, ARGS(0), "print");
	child = lab_fork(r, parent, "child");
	lab_look(r);
	lab_expect_number(r, lines_in(fd), 0, "lines in the file");
	lab_expect(r, parent, ALL, &expect_shared,
		   "the buffer: one page, mapcount 2");
	lab_expect_text(r, child, page, 0, "before fork");

	lab_step(r, "The child flushes",
		 "It hands the bytes of the buffer to the kernel: that only reads the page.");
	lab_call(r, child, flush_stream, ARGS(0), "flush");
	lab_look(r);
	lab_expect_number(r, lines_in(fd), 1, "lines in the file");
	lab_expect_moved(r, child, ALL, 0);

	lab_step(r, "The child prints a line of its own",
		 "Now the buffer is written to, for the first time since fork.");
	lab_act(r, child, page, print_own, ARGS(0), COWI_NEXT_COPY);
	lab_look(r);
	lab_expect_text(r, parent, page, 0, "before fork");

	lab_step(r, "The parent flushes",
		 "Its buffer still has what was printed before the fork.");
	lab_call(r, parent, flush_stream, ARGS(0), "flush");
	lab_look(r);
	lab_expect_number(r, lines_in(fd), 2, "lines in the file");
	lab_exit(r, child);
	lab_exit(r, parent);
}

static void line_buffered(struct lab_run *r, int fd)
{
	struct actor *parent, *child;
	__u64 buffer;

	lab_step(r, "The same with a stream that writes each line, as on a terminal",
		 "Here the buffer is empty when the process forks.");
	parent = printer(r, "parent2", fd, _IOLBF, &buffer);
	lab_call(r, parent, print_line, ARGS(0), "print");
	child = lab_fork(r, parent, "child2");
	lab_expect_number(r, lines_in(fd), 1, "lines in the file before fork");
	lab_call(r, child, flush_stream, ARGS(0), "flush");
	lab_call(r, parent, flush_stream, ARGS(0), "flush");
	lab_expect_number(r, lines_in(fd), 1, "lines in the file at the end");
}

static void run(struct lab_run *r)
{
	int file = text_file("", 0), terminal = text_file("", 0);

	if (file < 0 || terminal < 0) {
		lab_fail(r, file < 0 ? file : terminal, "make a file in /tmp");
	} else {
		fully_buffered(r, file);
		line_buffered(r, terminal);
	}
	close(file);
	close(terminal);
}

const struct lab printtwice_lab = {
	.name = "printtwice",
	.id = "C3",
	.question = "Why is a line that was printed before fork in the file twice?",
	.help =
		"A process prints a line to a buffered stream and forks; both\n"
		"processes flush. Then the same with a stream that writes line\n"
		"by line, as to a terminal.",
	.answer =
		"printf only puts the text into the stream's buffer, a page of\n"
		"the heap. After fork both processes have the unwritten bytes,\n"
		"at first in one frame, and each flushes its own copy. On a\n"
		"terminal the line had left the buffer before the fork.",
	.alike =
		"A stream that is written line by line has nothing left to\n"
		"write at the fork: the text appears once, and the page splits\n"
		"nevertheless (step 5).",
	.key = "c",
	.run = run,
};
