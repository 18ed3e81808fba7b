// SPDX-License-Identifier: GPL-2.0
/*
 * cowinspect ps and share on a family of which is known who shares what; judged by
 * /proc: each frame by pagemap of all and by kpagecount, each process by its
 * smaps_rollup. Everybody is stopped for that. One family for all tests, as it takes
 * longer to make than to look at: hence more than 600 lines.
 */
#include "have.h"
#include "command.h"

#define NAME		"famworker"
#define TITLE		"worker: no. 1"
#define WORKERS		3
#define REGION		64		/* pages of all */
#define SHARED		16		/* pages of an object */
#define SWAPPED		8
#define LIMIT		PARAMETER "max_targets"
#define CGROUPS		"/tmp/family-cgroups"

/**
 * struct family - in memory that all of them have
 * @pid: the root; its workers; two whom nobody chooses
 * @ready: how many are as they shall be
 * @huge: the root has a huge page
 */
struct family {
	pid_t pid[1 + WORKERS + 2];
	int ready;
	bool huge;
};

#define NR_CHOSEN	(1 + WORKERS)
#define NR_ALL		(1 + WORKERS + 2)

static struct family *family;
static char *region, *object, *huge;
static char *title;

static void write_pages(char *at, int from, int to)
{
	int i;

	for (i = from; i < to; i++)
		at[i * PAGE] = 2;
}

static void pause_for_ever(int member)
{
	family->pid[member] = getpid();
	__atomic_add_fetch(&family->ready, 1, __ATOMIC_SEQ_CST);
	for (;;)
		pause();
}

/* A worker, or an outsider: what each has copied is what the tests expect. */
static void be_child(void *arg)
{
	int member = (long)arg;

	prctl(PR_SET_NAME, member < NR_CHOSEN ? NAME : "famother");
	switch (member) {
	case 1:
		write_pages(region, 0, 16);
		/* Its part of the huge page is split, and one page given up. */
		munmap(huge + PAGE, PAGE);
		strcpy(title, TITLE);
		break;
	case 2:
		write_pages(region, 0, 8);
		break;
	case 4:
		write_pages(region, 0, REGION);
		munmap(huge, HUGE);
		break;
	case 5:
		write_pages(region, 0, 32);
		break;
	}
	pause_for_ever(member);
}

/* Private memory of a name, which is anonymous once it is written. */
static char *map_named(const char *name, int pages, int flags)
{
	int fd = syscall(SYS_memfd_create, name, 0);
	char *at;

	if (fd < 0 || ftruncate(fd, pages * PAGE))
		bail("memfd");
	at = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, flags, fd, 0);
	if (at == MAP_FAILED)
		bail("mmap");
	close(fd);
	write_pages(at, 0, pages);
	return at;
}

static char *map_huge(void)
{
	char *at = map_pages(2 * HUGE / PAGE, MAP_PRIVATE);

	at = (char *)(((unsigned long)at + HUGE - 1) & ~(HUGE - 1));
	madvise(at, HUGE, MADV_HUGEPAGE);
	at[0] = 1;
	write_pages(at, 0, HUGE / PAGE);
	return at;
}

static void be_root(void *arg)
{
	char *rollup, *swapped;
	long i;

	(void)arg;
	prctl(PR_SET_NAME, "famroot");
	region = map_named("region", REGION, MAP_PRIVATE);
	object = map_named("object", SHARED, MAP_SHARED);
	huge = map_huge();
	rollup = slurp("/proc/self/smaps_rollup");
	family->huge = number_of(rollup, "AnonHugePages") > 0;
	free(rollup);
	/* The zero page, which is nobody's. */
	(void)*(volatile char *)map_pages(1, MAP_PRIVATE);
	swapped = map_pages(SWAPPED, MAP_PRIVATE);
	write_pages(swapped, 0, SWAPPED);
	/* Before there are others: what they map as well is passed over. */
	if (!lacks_zram() && !page_out(swapped, SWAPPED))
		bail("pages are not swapped out");
	for (i = 1; i < NR_ALL; i++)
		spawn(be_child, (void *)i);
	pause_for_ever(0);
}

static void stop_all(int signal, char state)
{
	int i;

	for (i = 0; i < NR_ALL; i++) {
		kill(family->pid[i], signal);
		if (!process_becomes(family->pid[i], state))
			bail("process %d is not %c", family->pid[i], state);
	}
}

static void make_family(void)
{
	family = (void *)map_pages(1, MAP_SHARED);
	have_own_pages();
	spawn(be_root, NULL);
	while (__atomic_load_n(&family->ready, __ATOMIC_SEQ_CST) < NR_ALL)
		usleep(1000);
	have_own_pages();
	stop_all(SIGSTOP, 'T');
	drain_lru();
}

static const char *chosen(void)
{
	static char text[64];

	snprintf(text, sizeof(text), "%d %d %d %d", family->pid[0],
		 family->pid[1], family->pid[2], family->pid[3]);
	return text;
}

/* ---- each frame ---- */

/* A frame, and how often our processes have it, by their pagemap. */
struct frame {
	uint64_t pfn;
	int mapped;
};

static struct frame *frames;
static size_t nr_frames;

static void add_range(int fd, unsigned long start, unsigned long end)
{
	size_t nr = (end - start) / PAGE, i;
	uint64_t *entries = malloc(nr * 8);

	frames = realloc(frames, (nr_frames + nr) * sizeof(*frames));
	if (!entries || !frames)
		bail("memory");
	if (pread(fd, entries, nr * 8, start / PAGE * 8) != (ssize_t)nr * 8)
		bail("pagemap");
	for (i = 0; i < nr; i++) {
		if (entries[i] & PAGEMAP_PRESENT)
			frames[nr_frames++] = (struct frame){
				PAGEMAP_PFN(entries[i]), 1 };
	}
	free(entries);
}

static void add_process(pid_t pid)
{
	char *maps = slurp_proc(pid, "maps"), *line, path[64];
	unsigned long start, end;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	fd = open(path, O_RDONLY);
	for (line = maps; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		/* [vsyscall] is no memory of theirs. */
		if (sscanf(line, "%lx-%lx", &start, &end) == 2 &&
		    end < 1UL << 63)
			add_range(fd, start, end);
	}
	close(fd);
	free(maps);
}

static int by_pfn(const void *a, const void *b)
{
	const struct frame *x = a, *y = b;

	return x->pfn < y->pfn ? -1 : x->pfn > y->pfn;
}

/* All frames of those chosen, each once. */
static void read_frames(void)
{
	size_t i, kept = 0;

	for (i = 0; i < NR_CHOSEN; i++)
		add_process(family->pid[i]);
	qsort(frames, nr_frames, sizeof(*frames), by_pfn);
	for (i = 1; i < nr_frames; i++) {
		if (frames[i].pfn == frames[kept].pfn)
			frames[kept].mapped++;
		else
			frames[++kept] = frames[i];
	}
	nr_frames = kept + 1;
}

/**
 * struct judged - what was wrong with the frames that share has listed
 * @listed: how many it has
 * @missing: not in anybody's pagemap
 * @mapped: ours are more, or fewer
 * @outside: others are, by kpagecount
 * @about: said to be not exact
 * @unsteady: said to have changed
 */
struct judged {
	int listed, missing, mapped, outside, about, unsteady;
};

static void judge_frame(struct judged *j, uint64_t pfn, int mapped,
			const char *outside, bool about)
{
	struct frame key = { .pfn = pfn };
	const struct frame *f = bsearch(&key, frames, nr_frames,
					sizeof(*frames), by_pfn);
	uint64_t count;

	j->listed++;
	j->missing += !f;
	j->mapped += f && f->mapped != mapped;
	j->about += about;
	/* The zero page, and what has no struct page: nobody counts these. */
	if (!strcmp(outside, "-") || about)
		return;
	count = u64_at("/proc/kpagecount", pfn);
	if ((long long)count == mapped + atoll(outside))
		return;
	if (j->outside++ < 5)
		diag("frame %llx: kpagecount %llu, ours %d, outside %s",
		     (unsigned long long)pfn, (unsigned long long)count, mapped,
		     outside);
}

static struct judged judge_frames(void)
{
	char *line, outside[24], about[8], unsteady[8];
	struct judged j = { 0 };
	unsigned long long pfn;
	int pages, mapped, i;

	for (line = said; *line; line += strcspn(line, "\n") + 1) {
		if (sscanf(line, "%llx %d %d %23s %7s %7s", &pfn, &pages,
			   &mapped, outside, about, unsteady) != 6)
			bail("a line is odd: %.60s", line);
		j.unsteady += !strcmp(unsteady, "yes") ? pages : 0;
		for (i = 0; i < pages; i++)
			judge_frame(&j, pfn + i, mapped, outside,
				    !strcmp(about, "yes"));
	}
	return j;
}

static void test_frames(void)
{
	struct judged j;

	if (run("cowinspect share %s --pages -rno frame,pages,mapped,outside,about,unsteady",
		chosen()))
		bail("share --pages: %.200s", said);
	read_frames();
	j = judge_frames();
	if (!ok(j.listed == (int)nr_frames && !j.missing,
		"share --pages: the %zu frames of all pagemaps, each once",
		nr_frames))
		diag("%d, of which %d are in no pagemap", j.listed, j.missing);
	if (!ok(!j.mapped, "each is mapped as often as it is in pagemap"))
		diag("%d are not", j.mapped);
	if (!ok(!j.outside, "outside is kpagecount, less those, frame by frame"))
		diag("%d are not", j.outside);
	/* The page that one worker has given up, of a huge page of the others. */
	if (!ok(j.about == (family->huge ? 1 : 0),
		"only a page of a large one is not known exactly"))
		diag("%d are not", j.about);
	if (!ok(!j.unsteady, "none has changed: all of them are stopped"))
		diag("%d have", j.unsteady);
}

/* ---- sets ---- */

static long long sum_of_lines(void)
{
	long long sum = 0;
	char *line;

	for (line = said; *line; line += strcspn(line, "\n") + 1)
		sum += atoll(line);
	return sum;
}

/* Frames that are memory: those with a struct page, but for the zero page. */
static long long counted_frames(void)
{
	long long n = 0;
	uint64_t flags;
	size_t i;

	for (i = 0; i < nr_frames; i++) {
		flags = u64_at("/proc/kpageflags", frames[i].pfn);
		n += !(flags & (1ULL << KPF_NOPAGE | 1ULL << KPF_ZERO_PAGE));
	}
	return n;
}

static void sets_sum_to(const char *options, long long expected)
{
	int status = run("cowinspect share %s --raw --noheadings --top 0 -o size %s",
			 chosen(), options);

	said_ok(!status && sum_of_lines() == expected,
		"share %s: sizes add up to %lld frames", options, expected);
}

/* How many lines say "SIZE MEMBERS OUTSIDE ..." of the memory called region. */
static int lines_like(const char *start)
{
	char *line;
	int n = 0;

	for (line = said; *line; line += strcspn(line, "\n") + 1)
		n += !strncmp(line, start, strlen(start));
	return n;
}

static void test_sets(void)
{
	long long expected = counted_frames();

	sets_sum_to("", expected);
	sets_sum_to("--by mapping", expected);
	sets_sum_to("--by set,mapping,kind", expected);
	if (run("cowinspect share %s --by set,mapping --top 0 -rno size,members,outside,mapping",
		chosen()))
		bail("share: %.200s", said);
	said_ok(lines_like("48 4 32 /memfd:region") == 1,
		"what nobody wrote to all have; an outsider has 32 of it, too");
	said_ok(lines_like("8 3 0 /memfd:region") == 1 &&
		lines_like("8 2 0 /memfd:region") == 1,
		"what one has copied the others have");
	said_ok(lines_like("16 1 0 /memfd:region") == 1 &&
		lines_like("8 1 0 /memfd:region") == 1,
		"what each has copied it has alone");
}

/* ---- processes ---- */

/*
 * Ours, in bytes, may be less than the kernel's: the vDSO, two pages at most, has one
 * more who maps it while the command reads.
 */
static bool is_pss(long long bytes, long long kib)
{
	const long long less = 2 * (PAGE / NR_ALL - PAGE / (NR_ALL + 1));

	return bytes / 1024 <= kib && (bytes + less) / 1024 >= kib;
}

static bool judge_process(pid_t pid, const long long *n)
{
	char *rollup = slurp_proc(pid, "smaps_rollup");
	const long long kib = PAGE >> 10;
	bool good;

	good = n[1] * kib == number_of(rollup, "Rss") &&
	       is_pss(n[2], number_of(rollup, "Pss")) &&
	       n[3] * kib == number_of(rollup, "Swap") &&
	       n[1] == n[4] + n[5] + n[6] + n[7];
	if (!good)
		diag("%d: %lld pss %lld swap %lld; %lld %lld %lld %lld; in kB %lld %lld %lld",
		     pid, n[1], n[2], n[3], n[4], n[5], n[6], n[7],
		     number_of(rollup, "Rss"), number_of(rollup, "Pss"),
		     number_of(rollup, "Swap"));
	free(rollup);
	return good;
}

static void test_processes(void)
{
	long long n[8], own = 0, objects = 0, swap = 0;
	int good = 0;
	char *line;

	if (run("cowinspect ps %s -rno pid,present,pss,swap,own,within,outside,objects",
		chosen()))
		bail("ps: %.200s", said);
	for (line = said; *line; line += strcspn(line, "\n") + 1) {
		if (sscanf(line, "%lld %lld %lld %lld %lld %lld %lld %lld", n,
			   n + 1, n + 2, n + 3, n + 4, n + 5, n + 6,
			   n + 7) != 8)
			bail("a line is odd: %.80s", line);
		good += judge_process(n[0], n);
		if (n[0] == family->pid[1])
			own = n[4];
		objects += n[7] >= SHARED;
		swap += n[3] >= SWAPPED;
	}
	said_ok(good == NR_CHOSEN && swap == (lacks_zram() ? 0 : NR_CHOSEN),
		"ps: Rss, Pss and Swap are those of smaps_rollup, and parts add up");
	said_ok(own >= 16 && own < 16 + 64,
		"a worker's own pages are those that it has copied");
	said_ok(objects == NR_CHOSEN || objects == 1,
		"a shared object is nobody's own");
}

/* ---- choosing ---- */

/* Whether the ids that were said are those, in this order; 0 ends them. */
static bool said_pids(const pid_t *pid)
{
	char *line = said;

	for (; *pid; pid++, line += strcspn(line, "\n") + !!*line) {
		if (atoi(line) != *pid)
			return false;
	}
	return !*line;
}

static void chooses(const char *options, const pid_t *pid, const char *what)
{
	int status = run("cowinspect ps --raw --noheadings -o pid %s", options);

	said_ok(!status && said_pids(pid), "%s", what);
}

static void test_choosing(void)
{
	const pid_t *p = family->pid;
	char options[128];

	chooses("--name '^" NAME "$'", (pid_t[]){ p[1], p[2], p[3], 0 },
		"--name: by command name");
	snprintf(options, sizeof(options), "--name famother %d", p[3]);
	chooses(options, (pid_t[]){ p[3], p[4], p[5], 0 },
		"--name and a process: both");
	snprintf(options, sizeof(options), "-f %d", p[0]);
	chooses(options, (pid_t[]){ p[0], p[1], p[2], p[3], p[4], p[5], 0 },
		"--follow: and its children");
	run("cowinspect ps --all --raw --noheadings -o pid,command");
	snprintf(options, sizeof(options), "\n%d famroot\n", p[0]);
	said_ok(strstr(said, options) && !strstr(said, " cowinspect\n") &&
		!strstr(said, "kthreadd"),
		"--all: all but kernel threads and the command itself");
}

/* What no kernel can change. */
static void test_tool(void)
{
	const pid_t *p = family->pid;
	int marked = 0;
	char *line;

	said_ok(!run("cowinspect share %s --matrix --raw --noheadings", chosen()) &&
		lines_said() == NR_CHOSEN, "share --matrix: a line for each");
	said_ok(!run("cowinspect share %s --json", chosen()) &&
		strstr(said, "\"schema\": \"cowinspect-share\"") &&
		strstr(said, "\"pids\": ["), "share --json");
	said_ok(!run("cowinspect ps -f %d --limit 2", p[0]) &&
		strstr(said, "2 of 6 processes"), "--limit says what it left out");
	said_ok(!run("cowinspect ps %d", p[1]) && strstr(said, " " TITLE "\n"),
		"a process is called what it calls itself");
	said_ok(run("cowinspect ps --name nobody-has-it") == 1 &&
		strstr(said, "no process fits"), "nobody: status 1");
	said_ok(run("cowinspect ps --name '('") == 2, "no expression: status 2");
	said_ok(run("cowinspect ps --user nobody-has-it") == 2,
		"no user: status 2");
	said_ok(run("cowinspect ps --cgroup nonsense") == 1, "no cgroup: status 1");
	/* Of one huge page, of which a worker has given up a part, OUTSIDE is a mean. */
	run("cowinspect ps %s -n -c pss,outside", chosen());
	for (line = said; *line; line += strcspn(line, "\n") + 1)
		marked += line[strspn(line, " ")] == '~';
	said_ok(!marked && !!strchr(said, '~') == family->huge,
		"PSS has no ~: by the module's totals it is exact");
}

static void test_cgroup(void)
{
	char pid[16], options[64];

	mkdir(CGROUPS, 0755);
	if (mount("none", CGROUPS, "cgroup2", 0, NULL) ||
	    mkdir(CGROUPS "/one", 0755) || mkdir(CGROUPS "/one/two", 0755)) {
		skip("no cgroup to be had");
		return;
	}
	snprintf(pid, sizeof(pid), "%d", family->pid[1]);
	must_set_file(CGROUPS "/one/cgroup.procs", pid);
	snprintf(pid, sizeof(pid), "%d", family->pid[2]);
	must_set_file(CGROUPS "/one/two/cgroup.procs", pid);
	snprintf(options, sizeof(options), "--cgroup " CGROUPS "/one");
	chooses(options, (pid_t[]){ family->pid[1], family->pid[2], 0 },
		"--cgroup: those in it, and below");
	must_set_file(CGROUPS "/cgroup.procs", pid);
	snprintf(pid, sizeof(pid), "%d", family->pid[1]);
	must_set_file(CGROUPS "/cgroup.procs", pid);
	rmdir(CGROUPS "/one/two");
	rmdir(CGROUPS "/one");
	umount(CGROUPS);
}

static void test_large(void)
{
	must_set_file(LIMIT, "2");
	said_ok(!run("cowinspect share -f %d --raw --noheadings -o size --top 0",
		     family->pid[0]) && lines_said() > 5,
		"a family of more than max_targets");
	must_set_file(LIMIT, "256");
	ok(!status_number("targets"), "nobody is left attached");
}

/* ---- stopping ---- */

static bool all_are(char state)
{
	int i;

	for (i = 0; i < NR_CHOSEN; i++) {
		if (!process_becomes(family->pid[i], state))
			return false;
	}
	return true;
}

/* Kill the command while it has them stopped, as far as it can be met. */
static bool killed_in_between(void)
{
	int status, tries;
	pid_t pid;

	for (tries = 0; tries < 20; tries++) {
		pid = fork_mortal();
		if (!pid) {
			close(STDOUT_FILENO);
			execl("/bin/cowinspect", "cowinspect", "share", "--stop",
			      "--all", NULL);
			_exit(100);
		}
		while (process_state(family->pid[0]) != 'T' &&
		       process_state(pid) != 'Z')
			;
		kill(pid, SIGKILL);
		if (waitpid(pid, &status, 0) != pid)
			bail("waitpid");
		if (WIFSIGNALED(status))
			return true;
	}
	return false;
}

static void test_stop(void)
{
	stop_all(SIGCONT, 'S');
	said_ok(!run("cowinspect share --stop %s", chosen()) && all_are('S') &&
		!strstr(said, "--stop"), "--stop: they go on afterwards");
	stop_all(SIGSTOP, 'T');
	said_ok(!run("cowinspect ps --stop %s", chosen()) && all_are('T'),
		"--stop: those that were stopped before stay so");
	stop_all(SIGCONT, 'S');
	ok(killed_in_between() && all_are('S'),
	   "--stop: they go on if the command is killed");
	/* What it had attached nobody has detached. */
	command("detach", "all");
}

int main(int argc, char **argv)
{
	bool tool = is_tool_tested();

	(void)argc;
	title = argv[0];
	need_tool();
	tap_plan(5 + 6 + 3 + 4 + 1 + 2 + 3 + (tool ? 9 : 0));
	swap_on_zram(16);
	make_family();
	test_frames();
	test_sets();
	test_processes();
	test_choosing();
	test_cgroup();
	test_large();
	if (tool)
		test_tool();
	test_stop();
	kill(family->pid[0], SIGKILL);
	swap_off_zram();
	return tap_done();
}
