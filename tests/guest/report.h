/* SPDX-License-Identifier: GPL-2.0 */
/* The JSON of cowinspect trace, which has an object in each line. */
#ifndef COWINSPECT_TEST_REPORT_H
#define COWINSPECT_TEST_REPORT_H

#include "command.h"

#define OUT		"/trace.out"

static char *out;	/* what the last trace wrote to OUT */

static inline void read_out(void)
{
	free(out);
	out = slurp(OUT);
	keep_json(out, strlen(out));
}

/* The number behind "name": in the line at @line, or -1. */
static inline long long field(const char *line, const char *name)
{
	const char *at;
	char key[64];

	snprintf(key, sizeof(key), "\"%s\": ", name);
	at = line ? strstr(line, key) : NULL;
	if (!at || at > line + strcspn(line, "\n"))
		return -1;
	at += strlen(key);
	return *at >= '0' && *at <= '9' ? strtoll(at, NULL, 10) : -1;
}

/* The first line of an array of @out, which has an object in each line. */
static inline const char *first_in(const char *array)
{
	const char *at;
	char key[64];

	snprintf(key, sizeof(key), "\"%s\": [\n", array);
	at = strstr(out, key);
	return at ? at + strlen(key) : NULL;
}

/* The line after @line, or NULL at the end of its array. */
static inline const char *next_in(const char *line)
{
	line += strcspn(line, "\n");
	return line[0] && line[-1] == ',' ? line + 1 : NULL;
}

/* The line of a process, or NULL. */
static inline const char *proc(long long pid)
{
	const char *line = first_in("processes");

	while (line && field(line, "pid") != pid)
		line = next_in(line);
	return line;
}

static inline bool has_text(const char *line, const char *text)
{
	const char *at = strstr(line, text);

	return at && at < line + strcspn(line, "\n");
}

/* Up to the pages, of which there may be many. */
static inline void show_out(void)
{
	char *copy = strdup(out), *pages;

	if (!copy)
		return;
	pages = strstr(copy, "\"pages\"");
	if (pages)
		*pages = 0;
	show_text(copy);
	free(copy);
}

#define trace_ok(good, ...) do {		\
	if (!ok(good, __VA_ARGS__)) {		\
		show_said();			\
		show_out();			\
	}					\
} while (0)

/*
 * Start the tool with arguments. Returns its process, which leads a process
 * group. Its errors go to @errors, unless that is -1.
 */
__attribute__((format(printf, 2, 3)))
static inline pid_t start(int errors, const char *format, ...)
{
	char line[512] = "exec cowinspect trace ";
	size_t len = strlen(line);
	va_list args;
	pid_t pid;

	va_start(args, format);
	vsnprintf(line + len, sizeof(line) - len, format, args);
	va_end(args);
	pid = fork_mortal();
	if (pid)
		return pid;
	/* As a shell leaves it for what it starts in the foreground. */
	signal(SIGINT, SIG_DFL);
	setpgid(0, 0);
	if (errors >= 0)
		dup2(errors, STDERR_FILENO);
	execl("/bin/sh", "sh", "-c", line, NULL);
	_exit(100);
}

static inline void wait_for_file(const char *path)
{
	struct stat st;
	int i;

	for (i = 0; i < PATIENCE_S * 100; i++) {
		if (!stat(path, &st) && st.st_size)
			return;
		usleep(10000);
	}
	bail("%s does not come", path);
}

#endif /* COWINSPECT_TEST_REPORT_H */
