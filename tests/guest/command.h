/* SPDX-License-Identifier: GPL-2.0 */
/* Running the cowinspect command and looking at what it says. */
#ifndef COWINSPECT_TEST_COMMAND_H
#define COWINSPECT_TEST_COMMAND_H

#include <sys/stat.h>

#include "inspect.h"

static char said[1 << 20];	/* output and errors of the last command */

static inline void need_tool(void)
{
	if (access("/bin/cowinspect", X_OK))
		tap_skip_all("the cowinspect command is not in this machine");
}

#define TOOL_ELSEWHERE \
	"what is the tool's alone: TOOL=0, tested on the default kernel"

/*
 * Whether what the tool does by itself is tested here: no kernel can change that,
 * and tests/depth says on which it is enough.
 */
static inline bool is_tool_tested(void)
{
	return depth_of("TOOL", 1);
}

/*
 * A name that somebody gives to a process or a file, and how it is to be shown, up
 * to the newline, for which the kernel's files have ways of their own.
 */
#define HOSTILE		"\033[41m\302\2331\n\233X"
#define HOSTILE_SHOWN	"\\x1b[41m\\xc2\\x9b1"

/* Nothing but what is printable without knowing the terminal, and white space. */
static inline bool is_tame(const char *text)
{
	unsigned char c;

	while ((c = *text++)) {
		if (c > '~' || (c < ' ' && !strchr("\t\r\n", c)))
			return false;
	}
	return true;
}

/*
 * JSON that was seen is for the host to compare with its schema: /out/json has a file
 * for each program. What was broken off is no document.
 */
static inline void keep_json(const char *text, size_t len)
{
	char name[64];
	FILE *f;

	if (len < 2 || text[0] != '{' || strcmp(text + len - 2, "}\n"))
		return;
	mkdir("/out/json", 0755);
	snprintf(name, sizeof(name), "/out/json/%s",
		 program_invocation_short_name);
	f = fopen(name, "a");
	if (!f || fwrite(text, len, 1, f) != 1 || fclose(f))
		bail("cannot write %s", name);
}

/* Run a shell command. Returns its exit status. */
static inline int run(const char *format, ...)
{
	char line[512];
	va_list args;
	size_t len;
	FILE *pipe;
	int status;

	va_start(args, format);
	vsnprintf(line, sizeof(line) - 6, format, args);
	va_end(args);
	strcat(line, " 2>&1");
	pipe = popen(line, "r");
	if (!pipe)
		bail("cannot run %s", line);
	len = fread(said, 1, sizeof(said) - 1, pipe);
	said[len] = 0;
	status = pclose(pipe);
	keep_json(said, len);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Lines of what was said, the way a reader would count them. */
static inline int lines_said(void)
{
	const char *at;
	int n = 0;

	for (at = said; *at; at++)
		n += *at == '\n';
	return n;
}

/* After a test that failed: the lines of a text, cut to a width that fits. */
static inline void show_text(const char *text)
{
	size_t len;

	for (; *text; text += len + !!text[len]) {
		len = strcspn(text, "\n");
		diag("| %.*s", len < 250 ? (int)len : 250, text);
	}
}

/* The end of what the command said. */
static inline void show_said(void)
{
	size_t len = strlen(said);

	show_text(said + (len > 1500 ? len - 1500 : 0));
}

#define said_ok(good, ...) do {			\
	if (!ok(good, __VA_ARGS__))		\
		show_said();			\
} while (0)

#endif /* COWINSPECT_TEST_COMMAND_H */
