// SPDX-License-Identifier: GPL-2.0
/*
 * cowinspect trace --stacks, on a program of which it is known which code copies how
 * many pages: tests/sites, built in several ways.
 */
#include "faults.h"
#include "report.h"
#include "setup.h"

/**
 * struct site - a place in tests/sites/sites.c
 * @path: what the call paths to it have in the middle or at the end
 * @inner: there is more behind that: functions of libc
 * @chain: frame pointers find it, too
 * @line: name of its line, or NULL
 * @pages: that are copied there
 */
struct site {
	const char *path;
	bool inner;
	bool chain;
	const char *line;
	int pages;
};

static const struct site sites[] = {
	{ ";all_sites;site_line", false, true, "site_line", 1000 },
	{ ";all_sites;site_one;library_writes", false, true, "library_writes",
	  100 },
	{ ";all_sites;site_two;library_writes", false, true, "library_writes",
	  200 },
	{ ";all_sites;site_memcpy;", true, false, NULL, 50 },
	{ ";site_thread", false, true, "site_thread", 60 },
	{ ";site_signal", false, true, "site_signal", 70 },
	{ ";all_sites;site_read;", true, false, NULL, 80 },
	{ ";site_remote;", true, false, NULL, 40 },
	{ ";all_sites;site_inlines;site_inlined", false, true, "site_inlined",
	  30 },
};

/* Of other builds, and of options. */
#ifdef __aarch64__
#define OTHER_TESTS	14
#else
#define OTHER_TESTS	12
#endif

#define FILE_OUT	"/tmp/calls"

#define SITES	(sizeof(sites) / sizeof(sites[0]))

/* The program, and what happened to it. */
struct run {
	pid_t pid;
	int in;
	int out;
	long long counted;
};

static char *lines;	/* the numbers of the lines of sites */

static void start_sites(struct run *r, const char *way)
{
	int in[2], out[2];
	char path[64];

	snprintf(path, sizeof(path), "/sites/%s", way);
	/* The tool is not to hold an end of them. */
	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
		bail("pipe");
	r->pid = fork_mortal();
	if (!r->pid) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		execl(path, way, NULL);
		_exit(100);
	}
	close(in[0]);
	close(out[1]);
	r->in = in[1];
	r->out = out[0];
}

/* Then it waits for us: what it does on its way there is done as well. */
static void wait_for_word(const struct run *r, const char *word)
{
	char text[16] = "";
	size_t len = 0;

	while (len < sizeof(text) - 1 && !strchr(text, '\n')) {
		if (read(r->out, text + len++, 1) != 1)
			bail("the program of known sites does not say '%s'", word);
	}
	if (strncmp(text, word, strlen(word)))
		bail("the program of known sites says '%s'", text);
	wait_asleep(r->pid);
}

static long long copies(pid_t pid)
{
	return fault_count(pid, "copied") + fault_count(pid, "swapin_copied");
}

/* Traced by the tool, and counted by the module. */
static void trace_sites(struct run *r, const char *way, const char *options)
{
	long long before;
	int status;
	pid_t tool;

	start_sites(r, way);
	wait_for_word(r, "ready");
	attach(r->pid);
	before = copies(r->pid);
	unlink(OUT);
	tool = start(-1, "%s --json --events -f -n 100000 -o " OUT " -p %d",
		     options, r->pid);
	wait_for_file(OUT);
	if (write(r->in, "", 1) != 1)
		bail("write");
	wait_for_word(r, "done");
	/* As Ctrl-C does; the program does nothing meanwhile. */
	kill(tool, SIGINT);
	if (waitpid(tool, &status, 0) != tool || status)
		bail("the tool has failed");
	r->counted = copies(r->pid) - before;
	detach(r->pid);
	close(r->in);
	close(r->out);
	waitpid(r->pid, NULL, 0);
	read_out();
}

/* The text of a line, from behind "name": to the quotation mark. */
static const char *text_of(const char *line, const char *name, size_t *len)
{
	const char *at;
	char key[64];

	snprintf(key, sizeof(key), "\"%s\": \"", name);
	at = strstr(line, key);
	if (!at || at > line + strcspn(line, "\n")) {
		*len = 0;
		return "";
	}
	at += strlen(key);
	*len = strcspn(at, "\"");
	return at;
}

static bool fits(const char *line, const struct site *site)
{
	size_t len, wanted = strlen(site->path), i;
	const char *path = text_of(line, "path", &len);

	if (!site->inner)
		return len >= wanted &&
		       !memcmp(path + len - wanted, site->path, wanted);
	for (i = 0; i + wanted <= len; i++) {
		if (!memcmp(path + i, site->path, wanted))
			return true;
	}
	return false;
}

/* How many pages were copied at a site; -1 if a line of it is wrong. */
static long long copied_at(pid_t pid, const struct site *site, bool remote)
{
	const char *line, *path;
	long long sum = 0;
	size_t len;

	for (line = first_in("paths"); line; line = next_in(line)) {
		if (field(line, "pid") != pid || !fits(line, site))
			continue;
		path = text_of(line, "path", &len);
		if (remote != !strncmp(path, "(by process ", 12))
			return -1;
		if (site->line && field(line, "line") !=
				  number_of(lines, site->line))
			return -1;
		sum += field(line, "self_faults");
	}
	return sum;
}

static long long sum_of(pid_t pid, const char *array, const char *name)
{
	const char *line;
	long long sum = 0;

	for (line = first_in(array); line; line = next_in(line)) {
		if (field(line, "pid") == pid)
			sum += field(line, name);
	}
	return sum;
}

/* From the functions on: what comes before is much, and not asked for. */
static void show_stacks(void)
{
	const char *at = strstr(out, "\"paths\"");
	char *copy = strdup(at ? at : out), *end;

	if (!copy)
		return;
	end = strstr(copy, "\"writers\"");
	if (end)
		*end = 0;
	show_text(copy);
	free(copy);
}

static void test_way(const char *way, const char *how)
{
	bool chain = !strcmp(how, "fp"), remote, good = true;
	long long copied, seen;
	char options[64];
	struct run r;
	size_t i;

	snprintf(options, sizeof(options), "--stacks=%s", how);
	trace_sites(&r, way, options);
	for (i = 0; i < SITES; i++) {
		if (chain && !sites[i].chain)
			continue;
		remote = !strcmp(sites[i].path, ";site_remote;");
		seen = copied_at(r.pid, &sites[i], remote);
		if (seen == sites[i].pages)
			continue;
		good = false;
		diag("%s: %lld of %d", sites[i].path, seen, sites[i].pages);
	}
	if (!ok(good, "%s, %s: each site is named, with its pages and its line",
		way, how))
		show_stacks();
	copied = field(proc(r.pid), "copied");
	ok(r.counted == copied && sum_of(r.pid, "paths", "faults") == copied &&
	   sum_of(r.pid, "writers", "faults") == copied &&
	   sum_of(r.pid, "functions", "self_faults") == copied,
	   "%s, %s: paths, writers and functions add up to the copies that the module has counted: %lld, %lld",
	   way, how, r.counted, copied);
}

/* In the report of the last run: pages of the program by what is in them. */
static void test_variables(void)
{
	const char *line;
	int n = 0;

	for (line = first_in("pages"); line; line = next_in(line))
		n += has_text(line, "\"data\": \"stripped .data") &&
		     has_text(line, "signal_at");
	if (!ok(n, "a page of the program is known by its section and variables"))
		show_text(strstr(out, "\"pages\""));
}

/* A file of call paths is asked for, and nothing else: then there are some. */
static void test_file(const char *option, const char *wanted)
{
	char options[64], *file;
	struct run r;

	snprintf(options, sizeof(options), "%s " FILE_OUT, option);
	trace_sites(&r, "fp", options);
	file = slurp(FILE_OUT);
	if (!ok(strstr(file, wanted) &&
		sum_of(r.pid, "paths", "faults") == r.counted,
		"%s alone: all copies have call paths, there and in the report",
		option))
		show_stacks();
	free(file);
}

/* Where pieces are too short, it says what to do. */
static void test_short(void)
{
	int status = run("echo | cowinspect trace --foreground --stacks=dwarf,256 -o "
			 OUT " -- /sites/nofp");

	read_out();
	if (!ok(!status && strstr(out, "(cut off: piece of stack too short)") &&
		strstr(out, "more than the 256 bytes") &&
		strstr(out, "--stacks=dwarf,1024 takes more"),
		"256 bytes are too short: the option that takes more is named"))
		show_text(out);
}

/* How a program was built an architecture can change, and no kernel: see tests/depth. */
static void test_other_ways(void)
{
	char bytes[64];

	test_way("fp", "dwarf");
	test_way("stripped", "dwarf");
	test_variables();
	test_way("static", "dwarf,16384");
	/* All that is listened to has a stack then. */
	test_way("nofp", "dwarf -e copied");
	/* 1000 pages; of what is compressed there is the beginning. */
	snprintf(bytes, sizeof(bytes), ";all_sites;site_line %lu\n", 1000 * PAGE);
	test_file("--collapsed", bytes);
	test_file("--pprof", "\x1f\x8b");
	test_short();
#ifdef __aarch64__
	test_way("signed", "dwarf");
#endif
}

int main(void)
{
	bool ways = depth_of("WAYS", 1);

	need_tool();
	if (access("/sites/lines", R_OK))
		bail("the program of known sites is not in this machine");
	lines = slurp("/sites/lines");
	tap_plan(4 + (ways ? OTHER_TESTS : 1));
	test_way("nofp", "dwarf");
	test_way("fp", "fp");
	if (ways)
		test_other_ways();
	else
		skip("other builds: WAYS=0, tested on one kernel of each architecture");
	return tap_done();
}
