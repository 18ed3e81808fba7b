// SPDX-License-Identifier: GPL-2.0
/*
 * cowinspect trace, on programs of which it is known what they do: this program
 * is its own command, "trace ACTOR".
 */
#include <poll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "have.h"
#include "report.h"

#define BLOCKS		1000
#define BLOCK_BYTES	(5 * PAGE)	/* of which one page is read or written */
#define OFFSET		(2 * PAGE + PAGE / 2)	/* of that byte */
#define HANDFUL		24	/* stack, data of the program and of libc */
#define PIDS		"/trace.pids"
#define HTML		"/trace.html"
#define SETUID		"/tmp/trace-setuid"
#define FRESH		100	/* pages that the actor "fresh" writes to */
#define KIN		3	/* children of the actor "kin" */
#define BY_CHILD	10	/* pages that each of them writes to */
#define BY_PARENT	50	/* and their parent, twice */
#define HELD		5	/* pages that the actor "held" writes to */
#define FLOOD_PAGES	4096	/* that each thread of "flood" has */

static char *block[BLOCKS];

/* ---- actors ---- */

static void read_blocks(void)
{
	volatile char *at;
	int i;

	for (i = 0; i < BLOCKS; i++) {
		at = block[i] + OFFSET;
		(void)*at;
	}
}

static void write_blocks(void)
{
	int i;

	for (i = 0; i < BLOCKS; i++)
		*(volatile char *)(block[i] + OFFSET) = 1;
}

/* Blocks one after the other in memory that is to have huge pages. */
static void huge_blocks(void)
{
	size_t size = BLOCKS * BLOCK_BYTES + HUGE;
	char *at = mmap(NULL, size, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int i;

	if (at == MAP_FAILED || madvise(at, size, MADV_HUGEPAGE))
		_exit(101);
	at = (char *)(((unsigned long)at + HUGE - 1) & ~(HUGE - 1));
	for (i = 0; i < BLOCKS; i++)
		block[i] = at + i * BLOCK_BYTES;
}

static void malloc_blocks(void)
{
	int i;

	for (i = 0; i < BLOCKS; i++) {
		block[i] = malloc(BLOCK_BYTES);
		if (!block[i])
			_exit(101);
	}
}

/* Runs @act in a child and says what getrusage() thinks of its faults. */
static void act_in_child(const char *name, void (*act)(void))
{
	struct rusage usage;
	int status;
	pid_t pid = fork();

	if (!pid) {
		act();
		_exit(0);
	}
	if (wait4(pid, &status, 0, &usage) != pid || status)
		_exit(102);
	printf("%s: %d\n%s_faults: %ld\n", name, pid, name,
	       usage.ru_minflt + usage.ru_majflt);
}

/* The experiment of which the numbers are known: see main(). */
static int actor_blocks(const char *variant)
{
	int i;

	if (!strcmp(variant, "huge"))
		huge_blocks();
	else
		malloc_blocks();
	for (i = 0; strcmp(variant, "untouched") && i < BLOCKS; i++)
		memset(block[i], 'a', BLOCK_BYTES);
	printf("parent: %d\nfirst: %lld\nlast: %lld\n", getpid(),
	       (long long)block[0] + OFFSET,
	       (long long)block[BLOCKS - 1] + OFFSET);
	act_in_child("reader", read_blocks);
	act_in_child("writer", write_blocks);
	return 0;
}

/* Until it is killed, but not for ever. */
static int actor_sleep(void)
{
	FILE *file = fopen(PIDS, "w");

	if (!file)
		return 101;
	fprintf(file, "pid: %d\n", getpid());
	fclose(file);
	sleep(300);
	return 0;
}

static int actor_forks(int children)
{
	pid_t pid;

	while (children--) {
		pid = fork();
		if (!pid)
			_exit(0);
		if (waitpid(pid, NULL, 0) != pid)
			return 101;
	}
	return 0;
}

static int actor_user(void)
{
	gid_t groups[8];
	int nr = getgroups(8, groups);

	printf("ids: %d %d %d %d, %d groups: %d\n", getuid(), geteuid(),
	       getgid(), getegid(), nr, nr == 1 ? (int)groups[0] : -1);
	return 0;
}

/* Fresh memory, and a page of its program as a file; and it is gone. */
static int actor_fresh(void)
{
	int fd = open("/proc/self/exe", O_RDONLY), i;
	char *file = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	char *fresh = map_pages(FRESH, MAP_PRIVATE);

	if (file == MAP_FAILED)
		return 101;
	for (i = 0; i < FRESH; i++)
		*(volatile char *)(fresh + i * PAGE) = 1;
	*(volatile char *)file = 1;
	printf("fresh: %d\nat: %lld\n", getpid(), (long long)fresh);
	return 0;
}

/* Pages in a mapping that no other one is like. */
static char *map_marked(int pages)
{
	char *at = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		_exit(101);
	memset(at, 1, pages * PAGE);
	return at;
}

static void write_pages(char *at, int first, int nr)
{
	int i;

	for (i = first; i < first + nr; i++)
		*(volatile char *)(at + i * PAGE) = 2;
}

/*
 * A child that writes to pages at once and then is there until the parent's end of
 * @alive is closed.
 */
static void fork_writer(int *alive, char *at, int first, int nr)
{
	int done[2];
	char byte;

	if (pipe(done))
		_exit(101);
	if (!fork()) {
		close(alive[1]);
		write_pages(at, first, nr);
		close(done[0]);
		close(done[1]);
		_exit(read(alive[0], &byte, 1) != 0);
	}
	close(done[1]);
	if (read(done[0], &byte, 1) != 0)
		_exit(101);
	close(done[0]);
}

static int wait_for_all(int *alive)
{
	int status;

	close(alive[1]);
	while (wait(&status) > 0) {
		if (status)
			return 101;
	}
	return 0;
}

/*
 * The children write to pages of their own, the parent to others; and once more
 * after another fork. Each page has neighbours that nobody writes to.
 */
static int actor_kin(void)
{
	char *at = map_marked(200);
	int alive[2], i;

	if (pipe(alive))
		return 101;
	for (i = 0; i < KIN; i++)
		fork_writer(alive, at, 100 + i * (BY_CHILD + 2), BY_CHILD);
	write_pages(at, 10, BY_PARENT);
	fork_writer(alive, at, 0, 0);
	write_pages(at, 10, BY_PARENT);
	printf("kin: %d\n", getpid());
	return wait_for_all(alive);
}

/*
 * The child has left the pages when the parent writes to them, but a pipe holds
 * them, and so they are copied.
 */
static int actor_held(void)
{
	char *at = map_marked(20);
	struct iovec pages = { .iov_base = at + 10 * PAGE,
			       .iov_len = HELD * PAGE };
	int alive[2], held[2];

	if (pipe(alive) || pipe(held))
		return 101;
	fork_writer(alive, at, 10, HELD);
	if (vmsplice(held[1], &pages, 1, 0) != (ssize_t)pages.iov_len)
		return 101;
	write_pages(at, 10, HELD);
	printf("held: %d\n", getpid());
	return wait_for_all(alive);
}

static void *flood(void *rounds)
{
	volatile char *at = map_pages(FLOOD_PAGES, MAP_PRIVATE);
	int round, i;

	for (round = 0; round < *(int *)rounds; round++) {
		for (i = 0; i < FLOOD_PAGES; i++)
			at[i * PAGE] = 1;
		madvise((void *)at, FLOOD_PAGES * PAGE, MADV_DONTNEED);
	}
	return NULL;
}

/*
 * A child of which two threads fault as fast as they can. Meanwhile, and until all
 * is said, there are no other faults here.
 */
static int actor_flood(int rounds)
{
	pthread_t other;
	struct rusage usage;
	int go[2], status;
	char byte = 0;
	pid_t pid;

	printf("flood:\n");
	fflush(stdout);
	if (pipe(go))
		return 101;
	pid = fork();
	if (!pid) {
		if (read(go[0], &byte, 1) != 1 ||
		    pthread_create(&other, NULL, flood, &rounds))
			_exit(101);
		flood(&rounds);
		pthread_join(other, NULL);
		_exit(0);
	}
	/* Takes back what the fork has shared, too. */
	if (mlockall(MCL_CURRENT) || write(go[1], &byte, 1) != 1 ||
	    wait4(pid, &status, 0, &usage) != pid || status)
		return 102;
	printf("flooder: %d\nflooder_faults: %ld\n", pid,
	       usage.ru_minflt + usage.ru_majflt);
	return 0;
}

static int actor(char **argv)
{
	if (!strcmp(argv[1], "kin"))
		return actor_kin();
	if (!strcmp(argv[1], "held"))
		return actor_held();
	if (!strcmp(argv[1], "flood"))
		return actor_flood(atoi(argv[2]));
	if (!strcmp(argv[1], "fresh"))
		return actor_fresh();
	if (!strcmp(argv[1], "blocks"))
		return actor_blocks(argv[2]);
	if (!strcmp(argv[1], "sleep"))
		return actor_sleep();
	if (!strcmp(argv[1], "forks"))
		return actor_forks(atoi(argv[2]));
	if (!strcmp(argv[1], "user"))
		return actor_user();
	return atoi(argv[1]);
}

/* ---- reading what trace says ---- */

static char self[PATH_MAX];

/* Trace an actor, with JSON in @out. Returns the exit status. */
static int trace(const char *options, const char *act)
{
	int status = run("cowinspect trace %s --json -o " OUT " -- %s %s",
			 options, self, act);

	read_out();
	return status;
}

static int procs(void)
{
	const char *line;
	int n = 0;

	for (line = first_in("processes"); line; line = next_in(line))
		n++;
	return n;
}

/* A number of all processes together. */
static long long all(const char *name)
{
	const char *line;
	long long sum = 0;

	for (line = first_in("processes"); line; line = next_in(line))
		sum += field(line, name);
	return sum;
}

/* A number of all mappings of @pid, or of those in which @text stands. */
static long long vmas(long long pid, const char *name, const char *text)
{
	const char *line;
	long long sum = 0;

	for (line = first_in("vmas"); line; line = next_in(line)) {
		if (field(line, "pid") == pid && (!text || has_text(line, text)))
			sum += field(line, name);
	}
	return sum;
}

/* A number of all pages of @pid in which a block's byte is. */
static long long blocks(long long pid, const char *name)
{
	long long first = number_of(said, "first") & -(long long)PAGE;
	long long last = number_of(said, "last"), addr;
	const char *line;
	long long sum = 0;

	for (line = first_in("pages"); line; line = next_in(line)) {
		addr = strtoll(strstr(line, "0x"), NULL, 16);
		if (field(line, "pid") == pid && addr >= first && addr <= last)
			sum += field(line, name);
	}
	return sum;
}

/* Mappings of @pid, or of all for 0, of which the kernel did not tell. */
static int unnamed(long long pid)
{
	const char *line;
	int n = 0;

	for (line = first_in("vmas"); line; line = next_in(line))
		n += (!pid || field(line, "pid") == pid) &&
		     has_text(line, "the kernel did not tell of");
	return n;
}

/* Nothing is left in the kernel but what main() keeps there. */
static bool nothing_left(void)
{
	return status_number("targets") == 1 &&
	       status_word("observer_for", "targets 1, perf 0, tracefs 0");
}

/* ---- experiments ---- */

/* The mode that is set, "always [madvise] never" for instance; "" without THP. */
static void get_thp(char *mode, size_t size)
{
	char *text, *at;

	mode[0] = 0;
	if (access(THP "enabled", R_OK))
		return;
	text = slurp(THP "enabled");
	at = strchr(text, '[');
	if (at)
		snprintf(mode, size, "%.*s", (int)strcspn(at + 1, "]"), at + 1);
	free(text);
}

/* How much is said to be missing. */
static long long lost(const char *what)
{
	char name[32];

	snprintf(name, sizeof(name), "lost_%s", what);
	return field(strstr(out, name) - 1, name);
}

/* What holds for each of them. */
static void judge_sums(const char *name)
{
	const char *line;
	bool sums = true;

	trace_ok(procs() == 3, "%s: three processes", name);
	trace_ok(lost("events") == 0 && lost("notes") == 0,
		 "%s: nothing is lost", name);
	for (line = first_in("processes"); line; line = next_in(line)) {
		long long pid = field(line, "pid");

		sums &= vmas(pid, "observed", NULL) == field(line, "observed") &&
			vmas(pid, "copied", NULL) == field(line, "copied") &&
			vmas(pid, "reused", NULL) == field(line, "reused");
	}
	trace_ok(sums, "%s: the mappings of each process add up to its totals",
		 name);
}

static void judge_children(const char *name)
{
	long long reader = number_of(said, "reader");
	long long writer = number_of(said, "writer");

	trace_ok(field(proc(reader), "accounted") ==
		 number_of(said, "reader_faults") &&
		 field(proc(writer), "accounted") ==
		 number_of(said, "writer_faults"),
		 "%s: both children's faults are those that getrusage() tells",
		 name);
	trace_ok(field(proc(reader), "parent") == number_of(said, "parent"),
		 "%s: the reader's parent is known", name);
	trace_ok(field(proc(reader), "copied") <= HANDFUL,
		 "%s: the reader copied %lld pages, a handful", name,
		 field(proc(reader), "copied"));
	trace_ok(!unnamed(0), "%s: of each fault the mapping is known", name);
}

static void judge_touched(void)
{
	long long writer = number_of(said, "writer");
	long long copied = field(proc(writer), "copied");

	trace_ok(blocks(writer, "copied") == BLOCKS &&
		 blocks(writer, "observed") == BLOCKS,
		 "touched: the writer copied a page of each block");
	trace_ok(copied >= BLOCKS && copied <= BLOCKS + HANDFUL,
		 "touched: all in all it copied %lld, a handful more", copied);
	trace_ok(field(proc(writer), "copied_bytes") == copied * (long long)PAGE,
		 "touched: and as many bytes");
	trace_ok(field(proc(writer), "copy_ns") > 0, "touched: which took time");
	trace_ok(blocks(number_of(said, "reader"), "observed") == 0,
		 "touched: the reader had no fault at a block");
	trace_ok(vmas(number_of(said, "parent"), "zerofilled", "[heap]") >=
		 BLOCKS * (long long)(BLOCK_BYTES / PAGE),
		 "touched: the parent got each page zero-filled");
}

static void judge_untouched(void)
{
	long long reader = number_of(said, "reader");
	long long writer = number_of(said, "writer");

	trace_ok(blocks(reader, "observed") == BLOCKS &&
		 vmas(reader, "zeropage", "[heap]") == BLOCKS,
		 "untouched: the reader got the zero page for each block");
	trace_ok(blocks(writer, "zerofilled") == BLOCKS,
		 "untouched: the writer got a fresh page for each block");
	trace_ok(blocks(writer, "copied") == 0,
		 "untouched: and copied none of them");
}

static void judge_huge(void)
{
	long long writer = number_of(said, "writer");
	long long parent = number_of(said, "parent");
	long long huge = field(proc(parent), "huge");

	trace_ok(huge >= (long long)(BLOCKS * BLOCK_BYTES / HUGE),
		 "huge: the parent filled %lld huge pages", huge);
	trace_ok(field(proc(writer), "splits") >= huge - 1,
		 "huge: the writer split %lld huge mappings",
		 field(proc(writer), "splits"));
	trace_ok(field(proc(writer), "copied") >= BLOCKS &&
		 field(proc(writer), "copied") <= BLOCKS + HANDFUL,
		 "huge: and copied a small page of each block");
}

#define SUMS		3
#define CHILDREN	4

static void test_blocks(void)
{
	set_file(THP "enabled", "never");
	trace_ok(!trace("-f -n 100000", "blocks touched"), "touched blocks are traced");
	judge_sums("touched");
	judge_children("touched");
	judge_touched();
	trace_ok(!trace("-f -n 100000", "blocks untouched"), "untouched blocks are traced");
	judge_sums("untouched");
	judge_children("untouched");
	judge_untouched();
}

/* How many faults the cells of all processes on a page have: see trace/page.c. */
static long long faults_in_cells(const char *page)
{
	static const char key[] = "\"cells\":[";
	long long gap, outcome, count, bytes, sum = 0;
	int len;

	while ((page = strstr(page, key))) {
		page += strlen(key);
		while (sscanf(page, "%lld,%lld,%lld,%lld%n", &gap, &outcome,
			      &count, &bytes, &len) == 4) {
			sum += outcome >= 0 ? count : 0;
			page += len + (page[len] == ',');
		}
	}
	return sum;
}

static void test_html(void)
{
	long long faults;
	char *page;

	trace_ok(!trace("-f -n 100000 --html " HTML, "blocks touched"),
		 "--html: blocks are traced");
	page = slurp(HTML);
	faults = faults_in_cells(page);
	ok(faults > 0 && faults == all("observed"),
	   "the page has %lld faults in its slices of time, all there are", faults);
	ok(!strcmp(page + strlen(page) - 8, "</html>\n"), "and is complete");
	free(page);
	said_ok(run("cowinspect trace --html /nonsense/x -o " OUT " -- %s 0",
		    self) == 1 && strstr(said, "/nonsense/x: "),
		"--html: a page that cannot be made is said before anything runs");
}

static void test_huge(void)
{
	if (!have(lacks_thp(), 1 + SUMS + CHILDREN + 3))
		return;
	set_file(THP "enabled", "always");
	put_memory_together();
	trace_ok(!trace("-f -n 100000", "blocks huge"), "huge blocks are traced");
	judge_sums("huge");
	judge_children("huge");
	judge_huge();
	set_file(THP "enabled", "never");
}

static void test_huge_text(void)
{
	if (!have(lacks_thp(), 2))
		return;
	set_file(THP "enabled", "always");
	run("cowinspect trace -f -- %s blocks huge", self);
	said_ok(strstr(said, " faults split a huge mapping;"),
		"huge: the report says why the numbers are others");
	said_ok(strstr(said, "SPLITS"), "huge: and shows how many");
	set_file(THP "enabled", "never");
}

static void test_text(void)
{
	run("cowinspect trace -f -n 3 -- %s blocks touched", self);
	said_ok(strstr(said, "Traced 3 processes for ") &&
		strstr(said, "COPIED REUSED ZEROFILLED") &&
		strstr(said, "mappings, hottest first (3 of ") &&
		strstr(said, "pages with more than one fault, hottest first"),
		"a report for people");
	ok(!strchr(said, '\033'), "without a terminal no live lines");
	run("cowinspect trace --events -- %s 0", self);
	said_ok(!strncmp(said, "SECONDS ", 8) && strstr(said, " zerofilled ") &&
		strstr(said, "\nTraced 1 process for "),
		"--events: a line for each fault, then the report");
	ok(lines_said() > 10, "%d of them", lines_said());
}

/* ---- forks, and what is copied after them ---- */

/* The line of @array that is of @pid, with @text, or NULL. */
static const char *line_of(const char *array, long long pid, const char *text)
{
	const char *line = first_in(array);

	while (line && (field(line, "pid") != pid || !has_text(line, text)))
		line = next_in(line);
	return line;
}

/* A number of all children of @parent; @text as for vmas(). */
static long long children(long long parent, const char *name, const char *text)
{
	const char *line;
	long long sum = 0;

	for (line = first_in("processes"); line; line = next_in(line)) {
		if (field(line, "parent") == parent)
			sum += text ? vmas(field(line, "pid"), name, text) :
				      field(line, name);
	}
	return sum;
}

/* Each copy is one of these. */
static bool is_split_up(const char *line)
{
	return field(line, "copied") == field(line, "copied_not_anon") +
					field(line, "copied_shared") +
					field(line, "copied_last") +
					field(line, "copied_unsure");
}

static void judge_forks(long long pid)
{
	const char *forks = line_of("forks", pid, "");
	const char *parent = line_of("after_forks", pid, "\"parent\"");
	const char *others = line_of("after_forks", pid, "\"children\"");
	const char *group;

	trace_ok(field(forks, "forks") == KIN + 1 &&
		 field(forks, "tables_bytes") > 0 &&
		 field(forks, "anon") >= 200 * (KIN + 1) &&
		 field(forks, "copied_at_once") == 0,
		 "kin: %d forks, and what the children were given", KIN + 1);
	trace_ok(field(parent, "copied") >= 2 * BY_PARENT &&
		 field(parent, "copied") <= field(proc(pid), "copied") &&
		 field(parent, "copied_again") >= BY_PARENT &&
		 field(parent, "copied_bytes") == field(parent, "copied") * (long long)PAGE,
		 "kin: what the parent copied after them");
	trace_ok(field(others, "copied") == children(pid, "copied", NULL) &&
		 field(others, "copied_bytes") ==
		 children(pid, "copied_bytes", NULL) &&
		 field(others, "copy_ns") == children(pid, "copy_ns", NULL),
		 "kin: and all that the children copied");
	trace_ok(is_split_up(parent) && is_split_up(others) &&
		 field(parent, "copied_unsure") == 0 &&
		 field(others, "copied_unsure") == 0,
		 "kin: who has the page besides is known of each copy");
	trace_ok(field(parent, "p99_ns") > 0 &&
		 field(parent, "p99_ns") <= field(parent, "longest_ns") &&
		 field(parent, "longest_ns") <= field(parent, "copy_ns"),
		 "kin: the percentile is between nothing and the longest");
	for (group = first_in("groups"); group; group = next_in(group)) {
		if (field(group, "parent") == pid)
			break;
	}
	trace_ok(group && field(group, "processes") == KIN + 1 &&
		 field(group, "copied") == children(pid, "copied", NULL),
		 "kin: the children are a group");
}

static void test_kin(void)
{
	static const char marked[] = "\"rwxp\"";
	long long pid;

	trace_ok(!trace("-f", "kin"), "kin are traced");
	pid = number_of(said, "kin");
	trace_ok(vmas(pid, "copied", marked) == 2 * BY_PARENT &&
		 vmas(pid, "copied_shared", marked) == 2 * BY_PARENT &&
		 vmas(pid, "copied_again", marked) == BY_PARENT &&
		 vmas(pid, "copied_beside", marked) == 2 * BY_PARENT - 1,
		 "kin: the parent copied %d pages that others have, and once more",
		 BY_PARENT);
	trace_ok(children(pid, "copied", marked) == KIN * BY_CHILD &&
		 children(pid, "copied_shared", marked) == KIN * BY_CHILD &&
		 children(pid, "copied_again", marked) == 0 &&
		 children(pid, "copied_beside", marked) ==
		 KIN * (BY_CHILD - 1),
		 "kin: each child copied %d pages", BY_CHILD);
	judge_forks(pid);
	trace_ok(!trace("-f", "held"), "held pages are traced");
	pid = number_of(said, "held");
	trace_ok(children(pid, "copied_shared", marked) == HELD &&
		 vmas(pid, "copied", marked) == HELD &&
		 vmas(pid, "copied_last", marked) == HELD,
		 "held: the second copy of %d pages was of what nobody else has",
		 HELD);
	trace_ok(!trace("", "held"), "the same without -f");
	trace_ok(vmas(number_of(said, "held"), "copied_unsure", marked) == HELD,
		 "held: which is not known, as the child is not traced");
}

/* ---- which processes, which user, how it ends ---- */

static void test_family(void)
{
	trace_ok(!trace("", "forks 20") && procs() == 1,
		 "without -f, children are not traced");
	ok(nothing_left(), "nothing is left in the kernel");
	trace_ok(!trace("-f", "forks 20") && procs() == 21,
		 "-f: 20 children, %d processes", procs());
	ok(nothing_left(), "nothing is left in the kernel");
}

static void test_large_family(void)
{
	/* More than may be attached at the same time. */
	trace_ok(!trace("-f", "forks 400") && procs() == 401,
		 "-f: 400 children, %d processes", procs());
	run("cowinspect trace -f -- %s forks 400", self);
	said_ok(strstr(said, "Traced 401 processes") &&
		strstr(said, "PROCESSES FAULTS") && lines_said() < 80,
		"which are not as many lines");
	run("cowinspect trace -f --all-processes -- %s forks 20", self);
	said_ok(strstr(said, "PID PARENT") && !strstr(said, "PROCESSES FAULTS") &&
		lines_said() > 20, "unless they are asked for");
}

static void test_user(void)
{
	run("SUDO_UID=1234 SUDO_GID=1235 cowinspect trace -o " OUT " -- %s user",
	    self);
	said_ok(strstr(said, "ids: 1234 1234 1235 1235, 1 groups: 1235\n"),
		"under sudo, the command runs as the user who called it");
	run("SUDO_UID=1234 SUDO_GID=1235 cowinspect trace --as-root -o " OUT
	    " -- %s user", self);
	said_ok(strstr(said, "ids: 0 0 0 0,"), "--as-root: it does not");
	run("SUDO_UID=12x4 SUDO_GID=1235 cowinspect trace -o " OUT " -- %s user",
	    self);
	said_ok(strstr(said, "ids: 0 0 0 0,"), "nonsense in SUDO_UID is ignored");
}

static bool belongs_to(const char *path, uid_t uid, gid_t gid)
{
	struct stat st;

	return !lstat(path, &st) && st.st_uid == uid && st.st_gid == gid;
}

/* Everything that the tool makes, and nothing that was there. */
static void test_owner(void)
{
	unlink(OUT);
	unlink(HTML);
	run("SUDO_UID=1234 SUDO_GID=1235 cowinspect trace --html " HTML " -o "
	    OUT " -- %s 0", self);
	ok(belongs_to(OUT, 1234, 1235) && belongs_to(HTML, 1234, 1235),
	   "what is written under sudo belongs to the user who called it");
	unlink(OUT);
	run("cowinspect trace -o " OUT " -- %s 0", self);
	run("SUDO_UID=1234 SUDO_GID=1235 cowinspect trace -o " OUT " -- %s 0",
	    self);
	ok(belongs_to(OUT, 0, 0), "but what was there stays whose it was");
	unlink(HTML);
	if (symlink(OUT, HTML))
		bail("symlink");
	run("SUDO_UID=1234 SUDO_GID=1235 cowinspect trace --html " HTML
	    " -- %s 0", self);
	ok(belongs_to(OUT, 0, 0), "also behind a symbolic link");
	unlink(OUT);
	run("SUDO_UID=1234 SUDO_GID=1235 cowinspect trace --html " HTML
	    " -- %s 0", self);
	ok(belongs_to(OUT, 0, 0), "and what a symbolic link makes is root's");
	unlink(HTML);
}

static void test_status(void)
{
	said_ok(run("cowinspect trace -o " OUT " -- %s 7", self) == 7,
		"the exit status is that of the command");
	said_ok(run("cowinspect trace -o " OUT " -- sh -c 'kill -9 $$'") == 137,
		"128 + N after signal N");
	said_ok(run("cowinspect trace -- /nonsense") == 127 &&
		strstr(said, "/nonsense: No such file"),
		"127 for a command that is not there");
	said_ok(run("cowinspect trace -- /proc") == 126,
		"126 for one that cannot be run");
	said_ok(run("cowinspect trace -o /nonsense/x -- %s 0", self) == 1 &&
		strstr(said, "/nonsense/x: No such file"),
		"1 without a file to write to");
	said_ok(run("cowinspect trace -o /dev/full -- %s 0", self) == 1,
		"1 if the report could not be written");
	said_ok(run("cowinspect trace -p 4194304") == 1 &&
		strstr(said, "no such process"), "1 without such a process");
	ok(nothing_left(), "nothing is left in the kernel");
}

/* ---- started here, to be disturbed while it runs ---- */

/* As the terminal does. Returns the status of the tool as waitpid() has it. */
static int press_ctrl_c(pid_t tool)
{
	int status;

	kill(-tool, SIGINT);
	if (waitpid(tool, &status, 0) != tool)
		bail("waitpid");
	read_out();
	return status;
}

static bool is_gone(pid_t pid)
{
	int i;

	for (i = 0; i < 6000 && !kill(pid, 0); i++)
		usleep(10000);
	return kill(pid, 0);
}

static pid_t start_sleeper(const char *options, int errors)
{
	pid_t tool;

	unlink(PIDS);
	tool = start(errors, "%s --json -o " OUT " -- %s sleep", options, self);
	wait_for_file(PIDS);
	return tool;
}

static pid_t sleeper(void)
{
	char *text = slurp(PIDS);
	pid_t pid = number_of(text, "pid");

	free(text);
	return pid;
}

static void test_ctrl_c(void)
{
	pid_t tool, pid;
	int status;

	tool = start_sleeper("-f", -1);
	pid = sleeper();
	status = press_ctrl_c(tool);
	ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT,
	   "Ctrl-C ends the tracing");
	ok(!kill(pid, 0), "but not the command");
	trace_ok(field(proc(pid), "observed") > 0, "and the report is written");
	ok(nothing_left(), "nothing is left in the kernel");
	kill(pid, SIGKILL);
	is_gone(pid);
}

static void test_signals(void)
{
	pid_t tool, pid;
	int status;

	tool = start_sleeper("--foreground", -1);
	pid = sleeper();
	press_ctrl_c(tool);
	ok(is_gone(pid), "--foreground: Ctrl-C ends both");
	ok(nothing_left(), "nothing is left in the kernel");

	tool = start_sleeper("-f", -1);
	pid = sleeper();
	kill(tool, SIGTERM);
	waitpid(tool, &status, 0);
	ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM && !kill(pid, 0) &&
	   nothing_left(), "SIGTERM does the same");
	kill(pid, SIGKILL);
}

static void test_exec(void)
{
	pid_t tool, pid;

	unlink(PIDS);
	tool = start(-1, "-f --json -o " OUT " -- sh -c '%s sleep; true'", self);
	wait_for_file(PIDS);
	pid = sleeper();
	press_ctrl_c(tool);
	trace_ok(procs() == 2 && field(proc(pid), "execs") == 1 &&
		 has_text(proc(pid), "\"command\": \"trace\""),
		 "a child that calls exec changes its name");
	/* Neither is moved about, so addresses do not tell them apart. */
	trace_ok(vmas(pid, "observed", "busybox") < vmas(pid, "observed", self),
		 "and its mappings");
	kill(pid, SIGKILL);
}

/* What comes out of @terminal until @text does, or until it is closed. */
static bool comes(int terminal, const char *text)
{
	size_t len = 0;
	ssize_t got;

	said[0] = 0;
	while (!strstr(said, text)) {
		got = read(terminal, said + len, sizeof(said) - 1 - len);
		if (got <= 0)
			return false;
		len += got;
		said[len] = 0;
	}
	return true;
}

/* A terminal: our end of it, and that of the tool in @line. */
static int open_terminal(int *line)
{
	int terminal;

	/* The machine may not have it mounted; if it has, that is fine. */
	mkdir("/dev/pts", 0755);
	mount("devpts", "/dev/pts", "devpts", 0, NULL);
	terminal = posix_openpt(O_RDWR | O_NOCTTY);
	if (terminal < 0 || unlockpt(terminal))
		bail("no pseudo-terminal");
	*line = open(ptsname(terminal), O_RDWR | O_NOCTTY);
	if (*line < 0)
		bail("no pseudo-terminal");
	return terminal;
}

static void test_live(void)
{
	/* No room for what else is in a line. */
	struct winsize size = { .ws_row = 24, .ws_col = 48 };
	int line, terminal = open_terminal(&line);
	pid_t tool;

	ioctl(line, TIOCSWINSZ, &size);
	tool = start_sleeper("", line);
	close(line);
	said_ok(comes(terminal, " faults/s\r\n"),
		"on a terminal, a live line comes, as wide as that is");
	kill(sleeper(), SIGKILL);
	waitpid(tool, NULL, 0);
	close(terminal);
}

/* A child that writes to a page of its own for each byte in a pipe. */
struct poked {
	int go[2];
	int done[2];
	char *at;
	pid_t pid;
};

#define POKES		1000

static void poked_child(void *arg)
{
	struct poked *p = arg;
	char byte;
	int i;

	/* Whatever pages reading, writing and looping take. */
	for (i = 0; read(p->go[0], &byte, 1) == 1; i++) {
		*(volatile char *)(p->at + i * PAGE) = 1;
		if (write(p->done[1], &byte, 1) != 1)
			_exit(1);
	}
}

static void poke(struct poked *p, int times)
{
	char byte = 0;

	while (times--) {
		if (write(p->go[1], &byte, 1) != 1 ||
		    read(p->done[0], &byte, 1) != 1)
			bail("poke");
	}
}

static void start_poked(struct poked *p)
{
	if (pipe(p->go) || pipe(p->done))
		bail("pipe");
	p->at = map_pages(POKES + 10, MAP_PRIVATE);
	p->pid = spawn(poked_child, p);
	poke(p, 10);
}

static void stop_poked(struct poked *p)
{
	reap(p->pid);
	close(p->go[0]);
	close(p->go[1]);
	close(p->done[0]);
	close(p->done[1]);
	munmap(p->at, (POKES + 10) * PAGE);
}

static struct poked poked[2];

/* The tool, once it reads events. */
static pid_t start_on(pid_t pid)
{
	pid_t tool;

	unlink(OUT);
	tool = start(-1, "--json --events -o " OUT " -p %d", pid);
	wait_for_file(OUT);
	return tool;
}

/* Whoever is traced chooses the name that the live line has. */
static void test_live_name(void)
{
	int line, terminal;
	struct poked p;
	pid_t tool;

	prctl(PR_SET_NAME, HOSTILE);
	start_poked(&p);
	prctl(PR_SET_NAME, "trace");
	terminal = open_terminal(&line);
	unlink(OUT);
	tool = start(line, "--json --events -o " OUT " -p %d", p.pid);
	close(line);
	wait_for_file(OUT);
	poke(&p, POKES);
	/* Behind the first line, the tool moves up to write the next one. */
	said_ok(comes(terminal, " faults/s") && strtok(said, "\n") &&
		is_tame(said) && strstr(said, HOSTILE_SHOWN),
		"a name in it is no command to the terminal");
	kill(tool, SIGINT);
	/* What else it writes there would make it wait. */
	while (comes(terminal, "never"))
		;
	waitpid(tool, NULL, 0);
	read_out();
	trace_ok(is_tame(out), "nor is it in the report as JSON");
	stop_poked(&p);
	close(terminal);
}

static long long counter(pid_t pid, const char *name)
{
	char *text = slurp_target(pid, "faults");
	long long n = number_of(text, name);

	free(text);
	return n;
}

static void test_pid(void)
{
	long long observed, zerofilled;
	struct poked p;
	pid_t tool;
	int status;

	start_poked(&p);
	attach(p.pid);
	observed = counter(p.pid, "observed");
	zerofilled = counter(p.pid, "zerofilled");
	tool = start_on(p.pid);
	poke(&p, POKES);
	status = press_ctrl_c(tool);
	observed = counter(p.pid, "observed") - observed;
	zerofilled = counter(p.pid, "zerofilled") - zerofilled;
	ok(!status && !kill(p.pid, 0),
	   "--pid: Ctrl-C ends the tracing, as is meant, not the process");
	trace_ok(zerofilled == POKES && field(proc(p.pid), "observed") == observed &&
		 field(proc(p.pid), "zerofilled") == zerofilled,
		 "--pid: as many faults as the module's counters have gained");
	ok(status_number("targets") == 2, "what was attached stays attached");
	detach(p.pid);
	stop_poked(&p);
}

/* Two of which each has its name. */
static void start_both(void)
{
	int i;

	for (i = 0; i < 2; i++) {
		prctl(PR_SET_NAME, i ? "poked-two" : "poked-one");
		start_poked(&poked[i]);
	}
	prctl(PR_SET_NAME, "trace");
}

static void stop_both(void)
{
	stop_poked(&poked[0]);
	stop_poked(&poked[1]);
}

/* Some that are there already, in different ways to say so. */
static void trace_poked(const char *options)
{
	pid_t tool;

	unlink(OUT);
	tool = start(-1, "--json --events -o " OUT " %s", options);
	wait_for_file(OUT);
	poke(&poked[0], POKES);
	poke(&poked[1], POKES);
	press_ctrl_c(tool);
}

static void test_which(void)
{
	char options[64];

	start_both();
	snprintf(options, sizeof(options), "-p %d -p %d", poked[0].pid,
		 poked[1].pid);
	trace_poked(options);
	trace_ok(procs() == 2 && all("zerofilled") == 2 * POKES,
		 "-p twice: both are traced");
	stop_both();
	start_both();
	snprintf(options, sizeof(options), "-f -p %d", getpid());
	trace_poked(options);
	trace_ok(field(proc(poked[0].pid), "zerofilled") == POKES &&
		 field(proc(poked[1].pid), "zerofilled") == POKES &&
		 field(proc(poked[1].pid), "parent") == getpid(),
		 "-f -p: children that exist already are traced");
	stop_both();
	start_both();
	trace_poked("-a -e zerofilled");
	trace_ok(field(proc(poked[0].pid), "zerofilled") == POKES &&
		 field(proc(poked[1].pid), "zerofilled") == POKES &&
		 all("observed") == all("zerofilled"),
		 "-a -e: all processes, one outcome");
	stop_both();
}

static void test_names(void)
{
	start_both();
	trace_poked("--name '^poked-t'");
	trace_ok(procs() == 1 &&
		 field(proc(poked[1].pid), "zerofilled") == POKES,
		 "--name: the one that it fits");
	stop_both();
	said_ok(run("cowinspect trace -e nonsense -- true") == 2 &&
		strstr(said, "'nonsense' is no outcome"), "-e: nonsense is said");
	said_ok(run("cowinspect trace --name '('") == 2 &&
		strstr(said, "--name: '(' is no extended regular expression"),
		"--name: so it is, as by ps");
	said_ok(run("cowinspect trace -a -- true") == 2, "one way at a time");
}

/* What cannot be looked at when its events are: it is gone, or root's no more. */
static void test_brief(void)
{
	static const char *const programs[] = { self, SETUID };
	long long pid;
	size_t i;

	run("cp %s " SETUID " && chown 1000:1000 " SETUID " && chmod 4755 "
	    SETUID, self);
	for (i = 0; i < 2; i++) {
		trace_ok(!run("cowinspect trace -f --json -o " OUT " -- %s fresh",
			      programs[i]), "%s is traced", programs[i]);
		read_out();
		pid = number_of(said, "fresh");
		trace_ok(field(proc(pid), "zerofilled") >= FRESH &&
			 field(proc(pid), "execs") == 1 &&
			 has_text(proc(pid), i ? "\"trace-setuid\"" : "\"trace\""),
			 "%s: to its end", programs[i]);
		trace_ok(!unnamed(0) && vmas(pid, "copied", programs[i]) > 0,
			 "%s: of each fault the mapping is known", programs[i]);
	}
	unlink(SETUID);
}

static void test_killed(void)
{
	struct poked p;
	pid_t tool;

	start_poked(&p);
	tool = start_on(p.pid);
	kill(tool, SIGKILL);
	waitpid(tool, NULL, 0);
	ok(nothing_left(), "killed, it leaves nothing in the kernel");
	stop_poked(&p);
}

static void test_ends(void)
{
	static const char until_written[] = "until [ -s " PIDS " ]; do :; done";
	struct poked p;

	start_poked(&p);
	said_ok(!run("cowinspect trace --duration 0.5 -p %d", p.pid) &&
		strstr(said, "Traced 1 process"), "--duration ends it");
	stop_poked(&p);
	unlink(PIDS);
	said_ok(!run("cowinspect trace --until-exit -f -o " OUT
		     " -- sh -c '%s sleep >/dev/null 2>&1 & %s'", self, until_written) &&
		!kill(sleeper(), 0), "--until-exit waits for nobody else");
	kill(sleeper(), SIGKILL);
}

static void test_lost(void)
{
	long long missing, observed;
	struct poked p;
	pid_t tool;

	start_poked(&p);
	attach(p.pid);
	observed = counter(p.pid, "observed");
	unlink(OUT);
	tool = start(-1, "--buffer 4096 --json --events -o " OUT " -p %d", p.pid);
	wait_for_file(OUT);
	kill(tool, SIGSTOP);
	/* It reads on until it gets to know of that. */
	if (!process_becomes(tool, 'T'))
		bail("the tool did not stop");
	poke(&p, POKES);
	kill(tool, SIGCONT);
	press_ctrl_c(tool);
	observed = counter(p.pid, "observed") - observed;
	missing = lost("events");
	/* A ring is a page at least, of which 4 KiB hold 64 or less. */
	trace_ok(missing >= POKES - 2 * 64 * (long long)(PAGE / 4096) &&
		 strstr(out, "\"outcome\": \"lost\""),
		 "%lld of %d events are lost, and it is said", missing, POKES);
	trace_ok(field(proc(p.pid), "observed") + missing == observed,
		 "no more is missing than what is said");
	detach(p.pid);
	stop_poked(&p);
}

/* Two CPUs, as fast as they can. */
static void test_flood(void)
{
	int rounds = depth_of("FLOOD", 10);
	long long seen, faults;
	char act[16];

	snprintf(act, sizeof(act), "flood %d", rounds);
	trace_ok(!trace("-f", act), "a flood of faults is traced");
	seen = field(proc(number_of(said, "flooder")), "accounted");
	faults = number_of(said, "flooder_faults");
	diag("%lld of %lld faults are lost", lost("events"), faults);
	/* What is lost may have been another's, of the reader for one. */
	trace_ok(faults > 2LL * rounds * FLOOD_PAGES && seen <= faults &&
		 seen + lost("events") >= faults,
		 "each is seen, or said to be lost");
}

/* On this kernel, it may be the one or the other, or neither. */
static void switch_probes(const char *on)
{
	set_file("/sys/kernel/debug/kprobes/enabled", on);
	set_file("/proc/sys/kernel/ftrace_enabled", on);
}

/* Until somebody does that to status, as the tool does now and then. */
static bool wait_for_status(uint32_t event)
{
	struct pollfd pfd = { .fd = inotify_init1(IN_CLOEXEC), .events = POLLIN };
	bool done = pfd.fd >= 0 &&
		    inotify_add_watch(pfd.fd, COW_DIR "/status", event) >= 0 &&
		    poll(&pfd, 1, PATIENCE_S * 1000) == 1;

	if (!done)
		diag("nobody did %x to status: %s", event, strerror(errno));
	close(pfd.fd);
	return done;
}

static void test_unarmed(void)
{
	struct poked p;
	struct stat st;
	bool unarmed, read_since;
	pid_t tool;
	int i;

	start_poked(&p);
	unlink(OUT);
	tool = start(-1, "--events -o " OUT " -p %d", p.pid);
	/* A page with each poke, and as many later on. */
	for (i = 0; stat(OUT, &st) || !st.st_size; i++) {
		if (i == POKES / 2)
			bail("the tool does not begin");
		poke(&p, 1);
		usleep((i < 50 ? 100 : 600) * 1000);
	}
	switch_probes("0");
	unarmed = status_word("observer_armed", "no");
	poke(&p, 100);
	run("cowinspect status; cowinspect trace --json -- %s 0", self);
	/* The tool has read it since, from its beginning. */
	read_since = wait_for_status(IN_OPEN) && wait_for_status(IN_CLOSE_NOWRITE);
	/* Whatever came of it: the programs after this one need them, too. */
	switch_probes("1");
	if (!read_since)
		bail("nobody reads status");
	press_ctrl_c(tool);
	if (unarmed) {
		said_ok(strstr(said, "NOT ARMED"), "status says that faults go by unseen");
		said_ok(strstr(said, "faults go by unseen, as"),
			"trace says so when it begins");
		said_ok(strstr(said, "\"unarmed\": true"), "and so does its JSON");
		trace_ok(strstr(out, "NOT ALL IS HERE"),
			 "and at the end that not all is in its report");
	} else {
		skip_some(4, "nothing that can be switched off");
	}
	stop_poked(&p);
}

static void test_exit(void)
{
	struct poked p;
	pid_t tool;
	int status;

	start_poked(&p);
	tool = start_on(p.pid);
	stop_poked(&p);
	ok(waitpid(tool, &status, 0) == tool && !status && nothing_left(),
	   "--pid: the end of the process ends the trace");
}

/* What no kernel can change: how it says what it has seen, to whom, how it ends. */
static void test_tool(void)
{
	test_html();
	test_huge_text();
	test_text();
	test_large_family();
	test_user();
	test_owner();
	test_status();
	test_signals();
	test_live();
	test_live_name();
	test_names();
	test_ends();
}

#define TOOL_TESTS	(4 + 2 + 4 + 3 + 3 + 4 + 8 + 3 + 1 + 2 + 4 + 2)

int main(int argc, char **argv)
{
	bool tool = is_tool_tested();
	pid_t keeper;
	char thp[16];

	if (argc > 1)
		return actor(argv);
	need_tool();
	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		bail("readlink");
	tap_plan(2 * (1 + SUMS + CHILDREN) + 6 + 3 + 1 + SUMS + CHILDREN + 3 +
		 13 + 4 + 4 + 2 + 3 + 2 + 2 + 4 + 1 + 3 + 6 + 1 +
		 (tool ? TOOL_TESTS : 1) + 1);
	get_thp(thp, sizeof(thp));
	test_blocks();
	/* Those who are traced after this have hooks that are there already. */
	keeper = keep_hooked();
	test_huge();
	test_kin();
	test_family();
	test_ctrl_c();
	test_exec();
	test_pid();
	test_lost();
	test_flood();
	test_unarmed();
	test_exit();
	test_which();
	test_brief();
	test_killed();
	if (tool)
		test_tool();
	else
		skip(TOOL_ELSEWHERE);
	let_unhook(keeper);
	ok(status_word("observer_armed", "no"), "and in the end nothing is hooked");
	/* The programs after this one shall find all as it was. */
	set_file(THP "enabled", thp);
	return tap_done();
}
