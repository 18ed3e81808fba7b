// SPDX-License-Identifier: GPL-2.0
/*
 * What the module says of its locks, against the kernel's own tracepoints of the
 * mmap lock, while one process reads a target, and all targets are as busy as ever.
 *
 * The kernel notes when it has taken the lock before the module looks at the
 * clock, and when it has dropped it after that: each hold as the kernel has it
 * encloses the one that the module measured, so there must be as many, and for
 * each length at least as many that are as long.
 */
#include <sys/stat.h>

#include "torture.h"

#define TRACING	"/sys/kernel/tracing/"
#define EVENTS	TRACING "events/mmap_lock/"
#define BUCKETS	64

struct holds {
	unsigned long long max;
	unsigned long long of[BUCKETS];
};

static struct holds module_holds(void)
{
	char *text = slurp(COW_DIR "/status"), *at;
	unsigned long long n;
	struct holds h = { 0 };
	int bucket, used;

	at = strstr(text, "\nhold_mmap: ");
	if (!at || sscanf(at, "\nhold_mmap: %llu%n", &h.max, &used) != 1)
		bail("status has no hold_mmap");
	for (at += used; sscanf(at, " %d:%llu%n", &bucket, &n, &used) == 2 &&
	     *at == ' '; at += used)
		h.of[bucket] = n;
	free(text);
	return h;
}

static int bucket_of(unsigned long long ns)
{
	return ns ? 63 - __builtin_clzll(ns) : 0;
}

/*
 * "NAME-PID [CPU] FLAGS SECONDS.MICROS: EVENT: mm=M memcg_path=P write=W ...", or
 * memcg_id.
 */
static bool parse_event(const char *line, unsigned long long *ns, char *mm,
			bool *taken, bool *write)
{
	unsigned long long sec;
	char name[64], to[8];
	unsigned int frac;

	if (*line == '#' ||
	    sscanf(line, "%*[^]]] %*s %llu.%u: %63s mm=%31s %*[^=]=%*[^=]=%7s",
		   &sec, &frac, name, mm, to) != 5)
		return false;
	*ns = sec * 1000000000ULL + frac * 1000ULL;
	*taken = !strcmp(name, "mmap_lock_acquire_returned:");
	*write = !strcmp(to, "true");
	return true;
}

/*
 * The known target, as it does not end: with others one hold more was seen now and
 * then, perhaps of a reader who tore an address space down.
 */
static void read_known_target(int times)
{
	static char buffer[1 << 16];
	pid_t pid = shared->pid[ROLE_FLIP];
	int fd;

	attach(pid);
	while (times--) {
		fd = try_open(pid, rnd(2) ? "summary" : "pages");
		while (fd >= 0 && read(fd, buffer, sizeof(buffer)) > 0)
			;
		if (fd >= 0)
			close(fd);
	}
}

static bool trace_on(pid_t pid)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", pid);
	return set_file(TRACING "tracing_on", "0") &&
	       set_file(TRACING "trace", "\n") &&
	       set_file(TRACING "trace_clock", "mono") &&
	       set_file(TRACING "buffer_size_kb", "16384") &&
	       set_file(TRACING "set_event_pid", text) &&
	       set_file(EVENTS "mmap_lock_acquire_returned/enable", "1") &&
	       set_file(EVENTS "mmap_lock_released/enable", "1") &&
	       set_file(TRACING "tracing_on", "1");
}

static void trace_off(void)
{
	set_file(TRACING "tracing_on", "0");
	set_file(EVENTS "enable", "0");
	set_file(TRACING "set_event_pid", " ");
}

/*
 * Whose lock was taken last, for reading or writing. check_bounds() reads the
 * target last, and then changes its own memory. Locks of another address space
 * were seen in the trace, too; whose, is not known.
 */
static void last_mm(const char *text, bool for_writing, const char *except,
		    char *last)
{
	unsigned long long ns;
	bool taken, write;
	const char *line;
	char mm[32];

	*last = 0;
	for (line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (parse_event(line, &ns, mm, &taken, &write) &&
		    write == for_writing && strcmp(mm, except))
			memcpy(last, mm, sizeof(mm));
	}
	if (!*last)
		bail("what we did is not in the trace");
}

static struct holds traced_holds(void)
{
	char *text = slurp(TRACING "trace"), mm[32], mine[32], theirs[32];
	unsigned long long ns, since = 0;
	struct holds h = { 0 };
	bool taken, write;
	const char *line;

	last_mm(text, true, "", mine);
	last_mm(text, false, mine, theirs);
	for (line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!parse_event(line, &ns, mm, &taken, &write) ||
		    strcmp(mm, theirs))
			continue;
		if (taken) {
			since = ns;
		} else if (since) {
			/* The trace has whole microseconds. */
			ns = ns - since + 1000;
			h.of[bucket_of(ns)]++;
			if (ns > h.max)
				h.max = ns;
			since = 0;
		}
	}
	free(text);
	return h;
}

static unsigned long long all(const struct holds *h, int from)
{
	unsigned long long n = 0;

	for (; from < BUCKETS; from++)
		n += h->of[from];
	return n;
}

static int median(const struct holds *h)
{
	int bucket = BUCKETS;

	while (bucket && all(h, --bucket) * 2 < all(h, 0))
		;
	return bucket;
}

bool check_bounds(void)
{
	struct holds before, after, own = { 0 }, traced;
	bool good;
	int i;

	if (access(EVENTS, F_OK)) {
		diag("this kernel has no tracepoints of the mmap lock");
		before = module_holds();
		read_known_target(50);
		after = module_holds();
		return all(&after, 0) > all(&before, 0) && after.max;
	}
	if (!trace_on(getpid()))
		bail("cannot trace");
	before = module_holds();
	read_known_target(100);
	after = module_holds();
	/* Last, for last_mm(). */
	munmap(map_pages(1, MAP_PRIVATE), PAGE);
	trace_off();
	traced = traced_holds();
	for (i = 0; i < BUCKETS; i++)
		own.of[i] = after.of[i] - before.of[i];
	diag("%llu holds of the mmap lock, the probe has %llu",
	     all(&own, 0), all(&traced, 0));
	diag("medians: 2^%d and 2^%d ns; longest: ever %llu, the probe now %llu",
	     median(&own), median(&traced), after.max, traced.max);
	good = all(&own, 0) && all(&own, 0) == all(&traced, 0);
	for (i = 0; i < BUCKETS; i++)
		good &= all(&own, i) <= all(&traced, i);
	return good && median(&own) + 3 >= median(&traced);
}
