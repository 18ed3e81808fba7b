// SPDX-License-Identifier: GPL-2.0
/*
 * Every allocation, and every copy to or from user space, fails once: each
 * operation is done again and again, with the first, the second, the third, ...
 * of them failing, until none is left to fail. Each time it succeeds or ends
 * with an error that it may have, and leaves nothing behind.
 *
 * What has a second way does not fail by one failure, as kvmalloc(), which is for
 * the buffers of a walk; so files are opened, too, where memory is at an end from
 * some moment on.
 *
 * Needs a kernel with fault injection (/proc/self/fail-nth).
 */
#include <glob.h>
#include <sys/klog.h>
#include <sys/syscall.h>

#include "perf.h"

#define DEBUGFS		"/sys/kernel/debug"
#define MODULE		"/sys/module/cowinspect"
#define PLACES_MAX	5000	/* more than any operation has */
#define INSMOD_TAIL	80	/* what insmod does last: the module's own part */

static pid_t target;
static int nth_fd;

/* ---- what the kernel says ---- */

#define IGNORE_LEVEL	"/sys/module/printk/parameters/ignore_loglevel"

static int log_fd;

/*
 * For each allocation that fails where its caller did not ask for silence, the
 * kernel prints a warning with a call trace. That is as it should be here, but
 * not for whoever reads the console; so warnings are kept from it, and are looked
 * at here instead.
 */
static void begin_log(void)
{
	log_fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	if (log_fd < 0 || lseek(log_fd, 0, SEEK_END) < 0 || klogctl(8, NULL, 4))
		bail("kernel log");
	set_file(IGNORE_LEVEL, "N");
}

static void end_log(void)
{
	klogctl(8, NULL, 7);
	set_file(IGNORE_LEVEL, "Y");
}

static bool is_complaint(const char *line)
{
	static const char *const words[] = {
		"WARNING:", "BUG", "Oops", "KASAN", "UBSAN", "possible ",
		"suspicious", "refcount_t", "corruption", "inconsistent",
		"sleeping function", "ODEBUG", "INFO:", "new suspected", "Bad page"
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strstr(line, words[i]))
			return true;
	}
	return false;
}

/* Every record since begin_log() is read. */
static bool log_is_clean(void)
{
	char record[8192];
	bool clean = true;
	ssize_t got;

	while ((got = read(log_fd, record, sizeof(record) - 1)) > 0) {
		record[got] = '\0';
		if (!is_complaint(record))
			continue;
		diag("kernel: %.*s", (int)strcspn(record, "\n"), record);
		clean = false;
	}
	if (errno != EAGAIN)
		diag("the kernel log was not read whole: %s", strerror(errno));
	return clean && errno == EAGAIN;
}

/* ---- which places fail ---- */

static const char *const injectors[] = {
	"failslab", "fail_page_alloc", "fail_usercopy"
};

/* Of those injectors that know @name. */
static void set_all(const char *name, const char *value)
{
	char path[PATH_MAX];
	int i;

	for (i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), DEBUGFS "/%s/%s", injectors[i],
			 name);
		set_file(path, value);
	}
}

/* Only below a function of the module, or anywhere. Returns whether it can. */
static bool limit_to_module(bool limit)
{
	unsigned long start = 0, size = 0;
	char text[32], *at;

	if (limit) {
		at = slurp(MODULE "/sections/.text");
		start = strtoul(at, NULL, 16);
		free(at);
		size = number_in(MODULE "/coresize");
	}
	snprintf(text, sizeof(text), "0x%lx", limit ? start : 0);
	set_all("require-start", text);
	snprintf(text, sizeof(text), "0x%lx", limit ? start + size : ~0UL);
	set_all("require-end", text);
	set_all("stacktrace-depth", limit ? "32" : "0");
	return !limit || !access(DEBUGFS "/failslab/require-start", F_OK);
}

static void arm(int nth)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", nth);
	if (pwrite(nth_fd, text, strlen(text), 0) < 0)
		bail("cannot write fail-nth");
}

/*
 * How many places were left to pass until one fails; 0 if one did. What is left
 * may make these fail themselves.
 */
static int disarm(void)
{
	char text[16] = "";
	int left = 1;

	if (pread(nth_fd, text, sizeof(text) - 1, 0) > 0)
		left = atoi(text);
	while (pwrite(nth_fd, "0", 1, 0) < 0)
		;
	return left;
}

/* ---- what is done ---- */

/* What status says of what is hooked for whom, and of targets: its last lines. */
static char *held(void)
{
	char *text = slurp(COW_DIR "/status");
	char *at = strstr(text, "\nobserver_for:");

	if (!at || !strstr(at, "\ntargets_held:"))
		bail("status does not say what is held");
	memmove(text, at, strlen(at) + 1);
	return text;
}

/* What is freed after a grace period is freed soon. */
static bool holds_again(const char *before)
{
	char *now = held();
	int i;

	for (i = 0; i < 600 && strcmp(before, now); i++) {
		usleep(100 * 1000);
		free(now);
		now = held();
	}
	if (i == 600)
		diag("after a minute this is held:%s\nbefore it was:%s", now,
		     before);
	free(now);
	return i < 600;
}

/* Opened before, since only what comes after is to fail. */
static int attach_fd, detach_fd, file_fd;
static char command_text[32], path[PATH_MAX];

static int do_write(int fd)
{
	ssize_t len = strlen(command_text);

	return write(fd, command_text, len) == len ? 0 : errno;
}

static int do_attach(void)
{
	return do_write(attach_fd);
}

static int do_detach(void)
{
	return do_write(detach_fd);
}

static int do_open(void)
{
	file_fd = open(path, strstr(path, "tach") ? O_WRONLY : O_RDONLY);
	return file_fd < 0 ? errno : 0;
}

#define POISON	0xa5a5a5a5a5a5a5a5ULL
#define ROOM	8192

static uint64_t buffer[ROOM];

/* Whether a read of @len bytes left any word of the buffer as it was. */
static bool is_poisoned(ssize_t len)
{
	ssize_t i;

	for (i = 0; i < len / 8; i++) {
		if (buffer[i] == POISON)
			return true;
	}
	return false;
}

/* What is said to have been read must have been. */
static int do_read(void)
{
	bool bad = false;
	ssize_t got;

	do {
		memset(buffer, (char)POISON, sizeof(buffer));
		got = read(file_fd, buffer, sizeof(buffer));
		bad |= is_poisoned(got);
	} while (got > 0);
	return bad ? EBADMSG : got ? errno : 0;
}

static int do_seek(void)
{
	return lseek(file_fd, 5000, SEEK_SET) < 0 ? errno : 0;
}

static int do_insmod(void)
{
	return syscall(SYS_finit_module, file_fd, "", 0) ? errno : 0;
}

static const char *listened_to;
static long listened_id;	/* not to be looked up while something fails */

/* With callers, for which perf has buffers of its own. */
static int listen_to(long id, pid_t pid)
{
	struct perf_event_attr attr = {
		.config = id,
		.sample_period = 1,
		.sample_type = PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_RAW,
		.inherit = 1,
	};

	return open_perf(&attr, pid, -1);
}

static int do_listen(void)
{
	file_fd = listen_to(listened_id, target);
	return file_fd < 0 ? errno : 0;
}

static int do_close(void)
{
	int error = close(file_fd) ? errno : 0;

	file_fd = -1;
	return error;
}

static int switch_to(const char *digit)
{
	return write(file_fd, digit, 1) == 1 ? 0 : errno;
}

static int do_switch_on(void)
{
	return switch_to("1");
}

static int do_switch_off(void)
{
	return switch_to("0");
}

static pid_t child;

/* Without what the C library does around it. */
static int do_fork(void)
{
	child = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
	if (!child)
		syscall(SYS_exit, 0);
	return child < 0 ? errno : 0;
}

/* ---- what is done before and after, with nothing failing ---- */

static void nothing(void)
{
}

static void undo_attach(void)
{
	command_pid("detach", target);
}

static void redo_attach(void)
{
	if (command_pid("attach", target))
		bail("attach");
}

static void undo_open(void)
{
	if (file_fd >= 0)
		close(file_fd);
	file_fd = -1;
}

static void open_to_read(void)
{
	/* All of it is there before anything fails. */
	memset(buffer, (char)POISON, sizeof(buffer));
	file_fd = open(path, O_RDONLY);
	if (file_fd < 0)
		bail("cannot open %s", path);
}

static void open_switch(void)
{
	char name[128];

	snprintf(name, sizeof(name), TRACEPOINTS "%s/enable", listened_to);
	file_fd = open(name, O_WRONLY);
	if (file_fd < 0)
		bail("cannot open %s", name);
}

static void redo_listen(void)
{
	if (do_listen())
		bail("perf_event_open: %s", strerror(errno));
}

static void redo_switch(void)
{
	open_switch();
	if (do_switch_on())
		bail("tracefs does not listen to %s", listened_to);
}

static void undo_switch(void)
{
	if (do_switch_off())
		bail("tracefs goes on listening to %s", listened_to);
	undo_open();
}

static void end_child(void)
{
	if (child > 0)
		waitpid(child, NULL, 0);
}

static void open_module(void)
{
	file_fd = open(getenv("COWINSPECT_KO") ?: "/cowinspect.ko", O_RDONLY);
	if (file_fd < 0)
		bail("no module to load");
}

static void unload(void)
{
	int error;

	undo_open();
	error = unload_module();
	if (error && error != ENOENT)
		bail("cannot unload: %s", strerror(error));
}

/**
 * struct operation - something to be done with one thing failing
 * @what: for people
 * @before: what makes it possible
 * @run: it; 0 or an errno
 * @after: undoes it, whether it succeeded or not
 * @errors: that it may end with
 */
struct operation {
	const char *what;
	void (*before)(void);
	int (*run)(void);
	void (*after)(void);
	int errors[5];
};

static bool may_end(const struct operation *op, int error)
{
	int i;

	for (i = 0; error && i < 5; i++) {
		if (op->errors[i] == error)
			return true;
	}
	return !error;
}

/* One time, with place @nth failing. Returns what is left to pass. */
static int once(const struct operation *op, int nth, int *bad)
{
	int error, left;

	op->before();
	arm(nth);
	error = op->run();
	left = disarm();
	op->after();
	if (!may_end(op, error)) {
		diag("%s, place %d: %s", op->what, nth, strerror(error));
		(*bad)++;
	}
	return left;
}

static int total_places;
static long files_open;

/* References that it may leave, or none, as the kernel pleases: see test_probes(). */
static long exchanged;

static bool leaves_files(void)
{
	long more = references() - files_open;

	return !more || more == exchanged;
}

/* All places, from the first on. */
static void each_place(const struct operation *op, bool limited)
{
	char *before = held();
	int nth, bad = 0;

	for (nth = 1; nth < PLACES_MAX; nth++) {
		if (once(op, nth, &bad))
			break;
	}
	if (!ok(nth < PLACES_MAX && !bad && leaves_files() &&
		holds_again(before),
		"%s: %d places fail%s, each ends well and leaves nothing",
		op->what, nth - 1, limited ? " below the module" : ""))
		diag("%ld references of %ld, %d bad", references(), files_open, bad);
	total_places += nth - 1;
	free(before);
}

/*
 * Which objects failslab knows of: all, or only those of kmalloc(). That vmalloc()
 * has nothing to keep its books in, the kernel does not forgive itself (a warning
 * in alloc_vmap_area() of 6.12).
 */
static void limit_to_kmalloc(bool limit)
{
	glob_t caches;
	char path[PATH_MAX];
	size_t i;

	if (glob("/sys/kernel/slab/kmalloc-*", 0, NULL, &caches))
		bail("no caches of kmalloc");
	for (i = 0; i < caches.gl_pathc; i++) {
		snprintf(path, sizeof(path), "%s/failslab", caches.gl_pathv[i]);
		must_set_file(path, limit ? "1" : "0");
	}
	globfree(&caches);
	must_set_file(DEBUGFS "/failslab/cache-filter", limit ? "Y" : "N");
	must_set_file(DEBUGFS "/fail_page_alloc/min-order", limit ? "1" : "0");
}

/*
 * Memory at an end: of what the module asks for no two pages are to be had, and no
 * small object (failslab counts bytes) after the first @bytes. Returns the error.
 */
static int without_memory(const struct operation *op, int bytes)
{
	char text[16];
	int error;

	snprintf(text, sizeof(text), "%d", bytes);
	op->before();
	must_set_file(DEBUGFS "/failslab/space", text);
	must_set_file(DEBUGFS "/failslab/probability", "100");
	must_set_file(DEBUGFS "/fail_page_alloc/probability", "100");
	error = op->run();
	set_all("probability", "0");
	op->after();
	return error;
}

#define BYTES_MAX	8192	/* more than opening asks for in small objects */

/*
 * The end comes at the first object, at the second, ..., up to success, which what
 * cannot do without two pages never has.
 */
static void each_end(const struct operation *op)
{
	char *before = held();
	int bytes, error = -1, failed = 0, bad = 0;

	limit_to_module(true);
	limit_to_kmalloc(true);
	set_all("times", "-1");
	for (bytes = 0; error && bytes <= BYTES_MAX; bytes += 32) {
		error = without_memory(op, bytes);
		failed += !!error;
		bad += !may_end(op, error);
	}
	must_set_file(DEBUGFS "/failslab/space", "0");
	set_all("times", "1");
	limit_to_kmalloc(false);
	limit_to_module(false);
	if (!ok(failed && !bad && references() == files_open &&
		holds_again(before),
		"%s: no memory from some moment on, %d times, leaves nothing",
		op->what, failed))
		diag("%ld references, %d bad", references(), bad);
	free(before);
}

/* First only what the module asks for, then what the kernel does around it, too. */
static void both_ways(const struct operation *op)
{
	limit_to_module(true);
	each_place(op, true);
	limit_to_module(false);
	each_place(op, false);
}

/*
 * Somebody else needs the hook, too: so what is made to fail is ours, and does not
 * take the hook away. Where the kernel cannot get memory to disarm a kretprobe that
 * is on ftrace, it leaves it in its tables with its parts freed, and warns
 * (kernel/kprobes.c, read in 6.1.192, 6.12.117 and 7.3.4; see module/hook.h).
 */
static int hold_hook(long id)
{
	int fd = listen_to(id, target);

	if (fd < 0)
		bail("perf_event_open: %s", strerror(errno));
	files_open = references();
	return fd;
}

static void release_hook(int fd)
{
	close(fd);
	files_open = references();
}

#define TESTS_OF_COMMANDS	4

static void test_commands(void)
{
	static const struct operation attaching = {
		"attach", nothing, do_attach, undo_attach, { ENOMEM, EFAULT }
	};
	static const struct operation detaching = {
		"detach", redo_attach, do_detach, undo_attach,
		{ ENOMEM, EFAULT }
	};
	int holder;

	snprintf(command_text, sizeof(command_text), "%d\n", target);
	both_ways(&attaching);
	holder = hold_hook(tracepoint_id("cow_fault"));
	both_ways(&detaching);
	release_hook(holder);
}

#define NR_FILES		5
#define TESTS_OF_FILES		(NR_FILES * 5 + 2 * 2)

static void test_file(const char *file, bool seeks)
{
	struct operation opening = {
		file, nothing, do_open, undo_open, { ENOMEM, EFAULT, ENFILE }
	};
	struct operation reading = {
		file, open_to_read, do_read, undo_open, { ENOMEM, EFAULT }
	};
	char what[3][32];

	snprintf(what[0], sizeof(what[0]), "open %s", file);
	snprintf(what[1], sizeof(what[1]), "read %s", file);
	snprintf(what[2], sizeof(what[2]), "seek in %s", file);
	opening.what = what[0];
	reading.what = what[1];
	both_ways(&opening);
	each_end(&opening);
	both_ways(&reading);
	if (!seeks)
		return;
	reading.what = what[2];
	reading.run = do_seek;
	both_ways(&reading);
}

static void test_files(void)
{
	static const char *const files[] = {
		"summary", "vmas", "pages", "faults"
	};
	int i;

	redo_attach();
	snprintf(path, sizeof(path), COW_DIR "/status");
	test_file("status", false);
	for (i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), COW_DIR "/%d/%s", target, files[i]);
		test_file(files[i], i < 2);
	}
	undo_attach();
}

#define TESTS_OF_LISTENERS	(2 * 4 * 2)

static void test_listener(const struct operation *op)
{
	struct operation named = *op;
	char what[64];

	snprintf(what, sizeof(what), "%s %s", op->what, listened_to);
	named.what = what;
	both_ways(&named);
}

static void test_listening(void)
{
	static const struct operation by_perf = {
		"perf listens to", nothing, do_listen, undo_open,
		{ ENOMEM, EFAULT }
	};
	static const struct operation by_tracefs = {
		"tracefs listens to", open_switch, do_switch_on, undo_switch,
		{ ENOMEM, EFAULT }
	};

	test_listener(&by_perf);
	test_listener(&by_tracefs);
}

/* The other one goes on listening. */
static void test_stopping(void)
{
	static const struct operation by_perf = {
		"perf stops listening to", redo_listen, do_close, nothing, { 0 }
	};
	static const struct operation by_tracefs = {
		"tracefs stops listening to", redo_switch, do_switch_off,
		undo_switch, { ENOMEM, EFAULT }
	};
	int holder;

	redo_switch();
	undo_open();
	test_listener(&by_perf);
	open_switch();
	undo_switch();
	holder = hold_hook(listened_id);
	test_listener(&by_tracefs);
	release_hook(holder);
}

static void test_listeners(void)
{
	static const char *const events[] = { "cow_fault", "cow_fork" };
	int i;

	/*
	 * That the kernel could not begin to record names it does not note, and warns
	 * when it ends (tracing_start_sched_switch() in trace_sched_switch.c, read in
	 * 6.1.192 and 6.12.117).
	 */
	must_set_file(TRACING "options/record-cmd", "0");
	for (i = 0; i < 2; i++) {
		listened_to = events[i];
		listened_id = tracepoint_id(listened_to);
		test_listening();
		test_stopping();
	}
	must_set_file(TRACING "options/record-cmd", "1");
}

#define TESTS_OF_PROBES	4

/*
 * A fork, and the faults that it leads to, while all that may be told of them is. A
 * child has copies of its parent's perf events. If one CPU goes from the one straight
 * to the other, they may change their events (perf_event_context_sched_out() in
 * kernel/events/core.c): those that end with the child are then the parent's, and the
 * parent has two more, up to the end of what it has opened.
 */
static void test_probes(void)
{
	static const struct operation forking = {
		"fork, attached and listened to", nothing, do_fork, end_child,
		{ ENOMEM, EAGAIN }
	};
	long others = references();
	int faults = listen_to(tracepoint_id("cow_fault"), getpid());
	int forks = listen_to(tracepoint_id("cow_fork"), getpid());
	int places = total_places;

	if (faults < 0 || forks < 0)
		bail("perf_event_open");
	files_open = references();
	attach(getpid());
	limit_to_module(true);
	exchanged = 2;
	each_place(&forking, true);
	ok(total_places == places, "what a probe does asks for no memory");
	limit_to_module(false);
	each_place(&forking, false);
	exchanged = 0;
	detach(getpid());
	close(faults);
	close(forks);
	files_open = references();
	if (!ok(files_open == others, "and nothing is left of who listened"))
		diag("%ld references of %ld", files_open, others);
}

#define TESTS_OF_INSMOD	2

#define NONE_FAILS	1000000

/* Not of the first load: later ones find some of what it asked for. */
static int places_of(const struct operation *op, int *bad)
{
	once(op, NONE_FAILS, bad);
	return NONE_FAILS - once(op, NONE_FAILS, bad);
}

/* The loader's own places come first; its last ones are below the module. */
static void test_insmod(void)
{
	static const struct operation loading = {
		"insmod", open_module, do_insmod, unload, { ENOMEM, EFAULT }
	};
	int places, nth, bad = 0, left = 0, failed = 0;

	close(attach_fd);
	close(detach_fd);
	limit_to_module(false);
	unload();
	places = places_of(&loading, &bad);
	for (nth = places > INSMOD_TAIL ? places - INSMOD_TAIL : 1;
	     nth < PLACES_MAX && !once(&loading, nth, &bad); nth++) {
		failed++;
		left += !access(COW_DIR, F_OK) || !access(MODULE, F_OK);
	}
	ok(!bad && !left && failed,
	   "insmod: the last %d of %d places fail, and leave nothing", failed,
	   nth - 1);
	open_module();
	ok(!do_insmod() && !status_number("targets"), "it loads afterwards");
	undo_open();
}

static void need_injection(void)
{
	nth_fd = open("/proc/thread-self/fail-nth", O_RDWR);
	if (nth_fd < 0)
		tap_skip_all("this kernel injects no faults (CONFIG_FAULT_INJECTION)");
	if (access(DEBUGFS "/failslab/require-start", F_OK))
		tap_skip_all("no CONFIG_FAULT_INJECTION_STACKTRACE_FILTER");
	set_all("ignore-gfp-wait", "N");
	set_all("min-order", "0");
	set_all("verbose", "0");
	set_all("probability", "0");
}

int main(void)
{
	need_injection();
	tap_plan(TESTS_OF_COMMANDS + TESTS_OF_FILES + TESTS_OF_LISTENERS +
		 TESTS_OF_PROBES + TESTS_OF_INSMOD + 2);
	mount("none", TRACING, "tracefs", 0, NULL);
	begin_log();
	target = spawn(NULL, NULL);
	attach_fd = open(COW_DIR "/attach", O_WRONLY);
	detach_fd = open(COW_DIR "/detach", O_WRONLY);
	if (attach_fd < 0 || detach_fd < 0)
		bail("cannot open attach and detach");
	files_open = references();
	test_commands();
	test_files();
	test_listeners();
	test_probes();
	test_insmod();
	reap(target);
	ok(log_is_clean(), "the kernel complains of nothing but lack of memory");
	end_log();
	ok(total_places > 100, "%d places failed", total_places);
	return tap_done();
}
