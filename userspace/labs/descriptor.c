// SPDX-License-Identifier: GPL-2.0
/* B3: is the descriptor table copied on write? No: only the variable's page. */
#include <errno.h>
#include <linux/kcmp.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "labs.h"
#include "memory.h"

static const char content[] = "foobar, and what else is in the file";

static int *variable(__u64 addr)
{
	return (int *)(uintptr_t)addr;
}

/* What the child writes to its standard output goes to this file instead. */
static int redirect(const __u64 *arg, __u64 *result)
{
	(void)result;
	return dup2(arg[0], STDOUT_FILENO) < 0 ? -errno : 0;
}

static int write_line(const __u64 *arg, __u64 *result)
{
	ssize_t n = write(*variable(arg[0]), "TestFs\n", 7);

	if (n < 0)
		return -errno;
	*result = n;
	return 0;
}

/* The result is the two bytes. */
static int read_two(const __u64 *arg, __u64 *result)
{
	ssize_t n = read(*variable(arg[0]), result, 2);

	return n < 0 ? -errno : 0;
}

static int tell_offset(const __u64 *arg, __u64 *result)
{
	off_t at = lseek(arg[0], 0, SEEK_CUR);

	*result = at;
	return at < 0 ? -errno : 0;
}

static int close_it(const __u64 *arg, __u64 *result)
{
	(void)result;
	return close(arg[0]) ? -errno : 0;
}

/* kcmp(2) gives 0 for "the same". */
static long compare(const struct actor *a, const struct actor *b, int what,
		    int fd)
{
	return syscall(SYS_kcmp, a->pid, b->pid, what, fd, fd);
}

static void compare_tables(struct lab_run *r, const struct actor *parent,
			   const struct actor *child, int fd)
{
	long tables, file;

	if (lab_stopped(r))
		return;
	tables = compare(parent, child, KCMP_FILES, 0);
	file = compare(parent, child, KCMP_FILE, fd);
	if (tables < 0 || file < 0) {
		lab_note(r, "no kcmp(2) here (%s): the file offset must do as evidence",
			 strerror(errno));
		return;
	}
	lab_note(r, "kcmp(KCMP_FILES) %ld, kcmp(KCMP_FILE, %d) %ld; 0 is \"the same\"",
		 tables, fd, file);
	lab_check(r, tables, "the descriptor tables are two, right after fork",
		  "kcmp says they are one");
	lab_check(r, !file, "both entries point at one open file description",
		  "kcmp says they do not");
}

static void check_output(struct lab_run *r, int out)
{
	char got[8] = "";

	if (lab_stopped(r))
		return;
	lab_check(r, pread(out, got, 7, 0) == 7 && !strcmp(got, "TestFs\n"),
		  "the child's standard output has \"TestFs\"", "it has not");
}

static void acts(struct lab_run *r, int fd, int out)
{
	const int one = STDOUT_FILENO;
	struct actor *parent, *child;
	__u64 page, two;

	lab_step(r, "fd = open(\"foobar.txt\"), fork",
		 "The variable fd is in a page that both share. The kernel's table of descriptors has been copied by fork itself.");
	parent = lab_actor(r, "parent");
	page = lab_map(r, parent, NULL, 1);
	lab_call(r, parent, mem_set_int, ARGS(lab_addr(r, page), fd),
		 "set fd");
	child = lab_fork(r, parent, "child");
	lab_call(r, child, redirect, ARGS(out), "redirect the child's output");
	lab_look(r);
	lab_expect(r, parent, ALL, &expect_shared,
		   "the page that holds fd: mapcount 2");
	compare_tables(r, parent, child, fd);

	lab_step(r, "The child sets fd = 1 and writes to it",
		 "A number in a variable changes: one page splits, and no descriptor has anything to do with it.");
	lab_poke(r, child, page, 0, &one, sizeof(one), COWI_NEXT_COPY);
	lab_call(r, child, write_line, ARGS(lab_addr(r, page)),
		 "let the child write to fd");
	lab_look(r);
	check_output(r, out);
	lab_expect_moved(r, child, ALL, 1);
	lab_expect_int(r, parent, page, 0, fd, "fd");

	lab_step(r, "The parent reads two bytes from its fd",
		 "The file offset is in the open file description, which both have in common.");
	two = lab_call(r, parent, read_two, ARGS(lab_addr(r, page)),
		       "let the parent read");
	lab_check(r, !memcmp(&two, "fo", 2), "the parent reads \"fo\"",
		  "it reads something else");
	lab_expect_number(r, lab_call(r, child, tell_offset, ARGS(fd),
				      "ask the child for its offset"), 2,
			  "the child finds the file's offset moved to");
	lab_call(r, child, close_it, ARGS(fd), "let the child close it");
	two = lab_call(r, parent, read_two, ARGS(lab_addr(r, page)),
		       "let the parent read");
	lab_check(r, !memcmp(&two, "ob", 2),
		  "the child closes its descriptor, and the parent reads on: \"ob\"",
		  "it reads something else");
}

static void run(struct lab_run *r)
{
	int fd = text_file(content, strlen(content)), out = text_file("", 0);

	if (fd < 0 || out < 0)
		lab_fail(r, fd < 0 ? fd : out, "make a file in /tmp");
	else if (lseek(fd, 0, SEEK_SET))
		lab_fail(r, -errno, "rewind the file");
	else
		acts(r, fd, out);
	close(fd);
	close(out);
}

const struct lab descriptor_lab = {
	.name = "descriptor",
	.id = "B3",
	.question = "The child sets fd = 1: has it split the descriptor table?",
	.help =
		"A parent opens a file, keeps the descriptor in a variable and\n"
		"forks. The child sets its variable to 1 and writes 7 bytes; the\n"
		"parent reads 2 bytes through its own.",
	.answer =
		"No. What split is the page that holds the variable. The\n"
		"kernel's table of descriptors is copied by fork, all of it and\n"
		"at once, not on write; and the entries of both tables point at\n"
		"one open file description with one offset, which stays shared.",
	.alike =
		"A process that sees its own value of a variable need not have\n"
		"been forked: two programs do not share one either (lab\n"
		"address).",
	.key = "c",
	.run = run,
};
