// SPDX-License-Identifier: GPL-2.0
/*
 * What the tool takes to look at much, beside what others take for their part of it.
 * Runs in a Debian of a machine that counts instructions (tests/vm/run --icount
 * --debian): CPU time there is instructions, of the kernel and of the program.
 *
 *	bench-tool ROW...	of those below; all without one
 *
 * Prints "ROW WHO INSTRUCTIONS KIB WORK", where KIB is the most memory that it had, and
 * WORK how many of what the row is about there were.
 */
#include <sys/resource.h>
#include <sys/stat.h>

#include "../guest/inspect.h"

#define VMAS		30000
#define BIG_PAGES	340000L		/* 1.3 GiB */
#define PROCESSES	300
#define HEAP_PAGES	256
#define FAULTS		200000
#define PIECE		512		/* pages that are written to and given back */

/* A recording of processes that have 64 GiB together, and share some of it. */
#define RECORDED	64
#define OWN_FRAMES	262144L
#define COMMON_FRAMES	16384L
#define RECORDING	"/tmp/recording"

struct used {
	uint64_t instructions;
	long kib;
};

static struct used used_by(const struct rusage *r)
{
	return (struct used){
		.instructions = (r->ru_utime.tv_sec + r->ru_stime.tv_sec) * 1000000000ull +
				(r->ru_utime.tv_usec + r->ru_stime.tv_usec) * 1000ull,
		.kib = r->ru_maxrss,
	};
}

/* Start a command with its output in a file. */
__attribute__((format(printf, 2, 3)))
static pid_t start(const char *output, const char *format, ...)
{
	char line[512] = "exec ";
	va_list args;
	pid_t pid;

	va_start(args, format);
	vsnprintf(line + 5, sizeof(line) - 5, format, args);
	va_end(args);
	pid = fork_mortal();
	if (pid)
		return pid;
	if (!freopen(output, "w", stdout))
		_exit(100);
	execl("/bin/sh", "sh", "-c", line, NULL);
	_exit(100);
}

static struct used end_of(pid_t pid, const char *who)
{
	struct rusage usage;
	int status;

	if (wait4(pid, &status, 0, &usage) != pid)
		bail("no %s", who);
	/* perf record ends by the signal that it was sent. */
	if (status && !(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT))
		bail("%s failed", who);
	return used_by(&usage);
}

/*
 * The first time its files come from the disk, and Python compiles: a time without much
 * to do is not counted.
 */
static void warm_up(const char *command)
{
	waitpid(start("/dev/null", "%s --help 2>/dev/null", command), NULL, 0);
}

static void print_used(const char *row, const char *who, struct used u, long work)
{
	printf("%s %s %" PRIu64 " %ld %ld\n", row, who, u.instructions, u.kib, work);
}

/* What @who does is a command, whose output is not looked at. */
__attribute__((format(printf, 4, 5)))
static void measure(const char *row, const char *who, long work, const char *format, ...)
{
	char command[256];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	print_used(row, who, end_of(start("/dev/null", "%s", command), who), work);
}

/* ---- those that are looked at ---- */

static void stop_myself(void)
{
	kill(getpid(), SIGSTOP);
}

static pid_t spawn_stopped(void (*run)(void *arg), void *arg)
{
	pid_t pid = spawn(run, arg);
	int status;

	if (waitpid(pid, &status, WUNTRACED) != pid || !WIFSTOPPED(status))
		bail("a target did not get ready");
	return pid;
}

/* Mappings of a page each, apart from each other. */
static void have_mappings(void *arg)
{
	char *at = map_pages(2 * VMAS, MAP_PRIVATE);
	int i;

	(void)arg;
	for (i = 0; i < VMAS; i++) {
		at[2 * i * PAGE] = 1;
		if (munmap(at + (2 * i + 1) * PAGE, PAGE))
			_exit(1);
	}
	stop_myself();
}

static void have_pages(void *arg)
{
	char *at = map_pages(BIG_PAGES, MAP_PRIVATE);
	long i;

	(void)arg;
	for (i = 0; i < BIG_PAGES; i++)
		at[i * PAGE] = 1;
	stop_myself();
}

/* Each has copied some of what it was born with. */
static void have_children(void *arg)
{
	char *at = map_pages(HEAP_PAGES, MAP_PRIVATE);
	int i, j;

	(void)arg;
	for (i = 0; i < HEAP_PAGES; i++)
		at[i * PAGE] = 1;
	for (i = 1; i < PROCESSES; i++) {
		if (fork_mortal())
			continue;
		for (j = 0; j < HEAP_PAGES; j += 4)
			at[j * PAGE] = 2;
		for (;;)
			pause();
	}
	/* Those that were just born are not on the CPU before this one is off it. */
	usleep(1000 * 1000);
	stop_myself();
}

static void make_faults(void *arg)
{
	char *at = map_pages(PIECE, MAP_PRIVATE);
	int i;

	(void)arg;
	stop_myself();
	for (i = 0; i < FAULTS; i++) {
		at[i % PIECE * PAGE] = 1;
		if (i % PIECE == PIECE - 1)
			madvise(at, PIECE * PAGE, MADV_DONTNEED);
	}
	stop_myself();
}

/* ---- the rows ---- */

static void show_mappings(void)
{
	pid_t pid = spawn_stopped(have_mappings, NULL);

	measure("show", "cowinspect", VMAS, "cowinspect show %d", pid);
	measure("map", "cowinspect", VMAS, "cowinspect map %d", pid);
	measure("show", "pmap-X", VMAS, "pmap -X %d", pid);
	reap(pid);
}

static void show_pages(void)
{
	pid_t pid = spawn_stopped(have_pages, NULL);

	measure("pages", "cowinspect", BIG_PAGES, "cowinspect show --pages %d", pid);
	measure("pages", "cowinspect-raw", BIG_PAGES, "cowinspect show --pages --raw %d", pid);
	measure("pages", "page-types", BIG_PAGES, "page-types -p %d -L -M", pid);
	reap(pid);
}

static void list_processes(void)
{
	pid_t pid = spawn_stopped(have_children, NULL);

	measure("ps", "cowinspect", PROCESSES, "cowinspect ps -f %d", pid);
	measure("ps", "smem", PROCESSES, "smem -P bench-tool");
	reap(pid);
}

static bool waits(pid_t pid)
{
	char path[32], *text;
	bool yes;

	snprintf(path, sizeof(path), "/proc/%d/syscall", pid);
	text = slurp(path);
	/* epoll_wait() and poll(), of amd64 */
	yes = !strncmp(text, "232 ", 4) || !strncmp(text, "7 ", 2);
	free(text);
	return yes;
}

/* @tool, which listens, hears of all faults of @pid, and ends. */
static struct used hear_all(pid_t pid, pid_t tool, const char *who)
{
	int status;

	if (!comes_true(waits(tool)))
		bail("%s does not listen", who);
	kill(pid, SIGCONT);
	if (waitpid(pid, &status, WUNTRACED) != pid || !WIFSTOPPED(status))
		bail("the faults were not made");
	kill(tool, SIGINT);
	return end_of(tool, who);
}

/* It is started for the pid that follows @command. */
static struct used hear_with(const char *command, const char *who)
{
	pid_t pid = spawn_stopped(make_faults, NULL);
	struct used u = hear_all(pid, start("/dev/null", "%s %d", command, pid), who);

	reap(pid);
	return u;
}

static void must_have_lost_none(void)
{
	char *text = slurp("/tmp/trace.json");

	if (!strstr(text, "\"lost_events\": 0"))
		bail("not all faults were heard of");
	free(text);
}

static void trace_faults(void)
{
	print_used("trace", "cowinspect",
		   hear_with("cowinspect trace --json -o /tmp/trace.json -p", "cowinspect"),
		   FAULTS);
	must_have_lost_none();
	print_used("trace", "perf-record",
		   hear_with("perf record -q -o /tmp/perf.data -e cowinspect:cow_fault -p",
			     "perf record"), FAULTS);
	measure("trace", "perf-script", FAULTS, "perf script -i /tmp/perf.data");
	unlink("/tmp/perf.data");
}

/* ---- 64 GiB, as if they had been copied from the module's files ---- */

static FILE *recorded(int process, const char *name)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), RECORDING "/%d", process);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), RECORDING "/%d/%s", process, name);
	f = fopen(path, "w");
	if (!f)
		bail("cannot write %s", path);
	return f;
}

/* Its own frames lie apart, as those of a system that has run for a while. */
static void record_process(int process)
{
	struct cowinspect_page page = {
		.flags = COWI_F_PRESENT | COWI_F_VMA_WRITE | COWI_F_LRU,
		.kind = COWI_KIND_ANON,
		.outcome = COWI_NEXT_COPY,
		.confidence = COWI_CONF_SURE,
	};
	const unsigned long heap = 0x10000000;
	long i, frames = OWN_FRAMES + COMMON_FRAMES;
	FILE *f = recorded(process, "vmas");

	fprintf(f, "range perms kind pages present name\n");
	fprintf(f, "%lx-%lx rw-p anon %ld %ld [heap]\n", heap, heap + frames * 4096, frames,
		frames);
	fclose(f);
	f = recorded(process, "summary");
	fprintf(f, "vmas: 1\npages: %ld\npresent: %ld\n", frames, frames);
	fclose(f);
	f = recorded(process, "pages");
	for (i = 0; i < frames; i++) {
		page.addr = heap + i * 4096;
		page.pfn = i < COMMON_FRAMES ? 1 + i :
			   COMMON_FRAMES + (i * RECORDED + process);
		page.mapcount = i < COMMON_FRAMES ? RECORDED : 1;
		page.refcount = page.mapcount;
		fwrite(&page, sizeof(page), 1, f);
	}
	if (fclose(f))
		bail("no room for the recording");
}

static void share_much(void)
{
	FILE *f;
	int i;

	mkdir(RECORDING, 0700);
	f = fopen(RECORDING "/status", "w");
	if (!f)
		bail("cannot write " RECORDING);
	fprintf(f, "version: 0\nabi: %d\nrecord_size: %zu\npage_size: 4096\n"
		"kernel: recorded\nrules: 5.19\nmapcount: exact\nrefcount: exact\n"
		"folio_mapcount: absent\nexclusive: exact\nsoft_dirty: exact\n"
		"uffd_wp: exact\nmax_targets: 256\ntargets: %d\n", COWINSPECT_ABI,
		sizeof(struct cowinspect_page), RECORDED);
	for (i = 1; i <= RECORDED; i++)
		fprintf(f, "target: %d running\n", i);
	fclose(f);
	for (i = 1; i <= RECORDED; i++)
		record_process(i);
	measure("share", "cowinspect", RECORDED * (OWN_FRAMES + COMMON_FRAMES),
		"cowinspect --debugfs " RECORDING " share --all");
}

static const struct {
	const char *name;
	void (*run)(void);
} rows[] = {
	{ "show", show_mappings },
	{ "pages", show_pages },
	{ "ps", list_processes },
	{ "trace", trace_faults },
	{ "share", share_much },
};

#define NR_ROWS		((int)(sizeof(rows) / sizeof(rows[0])))

static bool is_wanted(const char *name, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		if (!strcmp(argv[i], name))
			return true;
	return argc == 1;
}

int main(int argc, char **argv)
{
	int i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	warm_up("cowinspect");
	warm_up("pmap");
	warm_up("page-types");
	warm_up("smem");
	warm_up("perf script");
	for (i = 0; i < NR_ROWS; i++)
		if (is_wanted(rows[i].name, argc, argv))
			rows[i].run();
	return 0;
}
