// SPDX-License-Identifier: GPL-2.0
/*
 * torture [SECONDS [SEED]]
 *
 * Both may also come from the environment, as TORTURE_SECONDS and SEED; by default
 * a minute, and a seed of the moment.
 */
#include <stddef.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>

#include "torture.h"

/* In seconds. What is left is done within a few; this ends what hangs. */
#define DONE_WITHIN	900

/* How many locks to one before which the turn is given away. */
#define OFTEN		3
#define SELDOM		31

struct shared *shared;
enum role me = NR_ROLES;

static const struct {
	const char *text;
	int needs;
} operations[] = {
#define X(id, text, needs) { text, needs },
	OPERATIONS(X)
#undef X
};

static void (* const play[NR_ROLES])(void) = {
	[ROLE_CHURN_1] = churn, [ROLE_CHURN_2] = churn, [ROLE_CHURN_3] = churn,
	[ROLE_FLIP] = flip,
	[ROLE_REUSE] = reuse,
	[ROLE_MACHINE] = machine_changes,
	[ROLE_STORM] = storm,
	[ROLE_CHECK_1] = check, [ROLE_CHECK_2] = check,
	[ROLE_READ_1] = read_all, [ROLE_READ_2] = read_all, [ROLE_READ_3] = read_all,
	[ROLE_SAMPLE_1] = sample_on, [ROLE_SAMPLE_2] = sample_on,
	[ROLE_SAMPLE_3] = sample_on,
	[ROLE_OOM] = oom,
	[ROLE_LISTEN] = listen_all,
	[ROLE_HOLD_1] = hold, [ROLE_HOLD_2] = hold,
	[ROLE_REHOOK] = rehook,
	[ROLE_LOAD] = load_loop,
};

/*
 * Who plays when: sets of roles. In the second phase the known target and who
 * checks it have a CPU each; in the third there is but one reader, so that a
 * probe can be compared with what the module says; in the fourth the module
 * comes and goes; in the fifth so does every hook, while faults are held open.
 */
#define R(role)		(1U << ROLE_##role)
#define CHURNS		(R(CHURN_1) | R(CHURN_2) | R(CHURN_3))
#define HOLDERS		(R(HOLD_1) | R(HOLD_2))
#define MODULE_GOES	(R(LOAD) | R(REHOOK))
#define PHASE_ALL	((1U << NR_ROLES) - 1 - MODULE_GOES)
#define PHASE_KNOWN	(R(FLIP) | R(CHECK_1))
#define PHASE_BOUNDS	(CHURNS | R(FLIP))
#define PHASE_LOAD	(PHASE_BOUNDS | HOLDERS | R(STORM) | R(READ_3) | R(LISTEN) | \
			 R(LOAD))
#define PHASE_HOLD	(HOLDERS | R(LISTEN) | R(REHOOK))

/*
 * The fewest who can do it: what was not done yet of the operations before @end, and
 * from that of the row before on.
 */
static const struct {
	enum operation end;
	unsigned int who;
} makers[] = {
	{ OP_FLIP, CHURNS },
	{ OP_SUMMARY, R(FLIP) },
	{ OP_SAW_A, R(CHURN_1) | R(STORM) | R(READ_1) },
	{ OP_ATTACH, PHASE_KNOWN },
	{ OP_SAMPLE_CPU, R(CHURN_1) | R(STORM) },
	{ OP_REUSE, CHURNS | R(SAMPLE_1) | R(SAMPLE_2) | R(SAMPLE_3) },
	{ OP_OOM_TARGET, R(REUSE) },
	{ OP_CPU_OFF, R(OOM) },
	{ OP_UNLOAD, R(MACHINE) },
	{ OP_HOLD, CHURNS | R(LOAD) },
	{ OP_LISTEN_TRACEFS, HOLDERS | R(REHOOK) },
	{ OP_YIELD, R(LISTEN) },
	{ NR_OPERATIONS, R(CHURN_1) | R(STORM) },
};

/* ---- for all roles ---- */

static uint64_t random_state;

unsigned int rnd(unsigned int below)
{
	/* xorshift64*, by Marsaglia and Vigna */
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (random_state * 0x2545f4914f6cdd1dULL >> 33) % below;
}

/* Every process of every role has random numbers of its own. */
void seed_role(enum role role)
{
	me = role;
	random_state = (shared->seed + 1) * 0x9e3779b97f4a7c15ULL +
		       role * 0xbf58476d1ce4e5b9ULL +
		       shared->times[role] * 0x94d049bb133111ebULL;
	random_state |= 1;
	rnd(2);
	rnd(2);
}

bool count(enum operation what, bool good)
{
	__atomic_add_fetch(&shared->tried[what], 1, __ATOMIC_RELAXED);
	if (good)
		__atomic_add_fetch(&shared->done[what], 1, __ATOMIC_RELAXED);
	return good;
}

void wrong(const char *format, ...)
{
	unsigned int n = __atomic_fetch_add(&shared->nr_bad, 1, __ATOMIC_SEQ_CST);
	va_list args;
	int len;

	if (n >= MAX_BAD)
		return;
	len = snprintf(shared->bad[n], sizeof(shared->bad[n]), "role %d: ", me);
	va_start(args, format);
	vsnprintf(shared->bad[n] + len, sizeof(shared->bad[n]) - len, format,
		  args);
	va_end(args);
}

/* Whether an error may come from a target that goes away, or a module that does. */
bool may_happen(int error, const char *what)
{
	if (error == ESRCH || error == ENOENT || error == EIO || error == EINTR)
		return true;
	/* debugfs' word for a file whose module is being unloaded */
	if (__atomic_load_n(&shared->module_goes, __ATOMIC_SEQ_CST) &&
	    (error == ENXIO || error == EOPNOTSUPP || error == ENODEV))
		return true;
	wrong("%s: %s", what, strerror(error));
	return false;
}

/* ---- the roles ---- */

/*
 * Who sleeps between what is rare goes before all those who never sleep, or it would
 * be once in a run: a module, for one, can only go in the moment between two readers.
 */
static void be_player(void *role)
{
	seed_role(*(enum role *)role);
	if (me == ROLE_REHOOK || me == ROLE_LOAD)
		setpriority(PRIO_PROCESS, 0, -10);
	play[me]();
}

static void give_out(enum role role)
{
	shared->times[role]++;
	shared->pid[role] = spawn(be_player, &role);
}

static enum role role_of(pid_t pid)
{
	enum role role;

	for (role = 0; role < NR_ROLES; role++) {
		if (shared->pid[role] == pid)
			break;
	}
	return role;
}

/* Targets may die of what they do to themselves; the others must not. */
static void note_end(enum role role, int status)
{
	if (role <= ROLE_CHURN_3)
		return;
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return;
	wrong("a player of role %d ended with status %x", role, status);
}

static void replace_ended(unsigned int who)
{
	enum role role;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		role = role_of(pid);
		if (role == NR_ROLES)
			continue;
		shared->pid[role] = 0;
		note_end(role, status);
		if (who >> role & 1)
			give_out(role);
	}
}

/* Wait until a player has ended who was killed; never for ever. */
static void wait_for(pid_t pid, enum role role)
{
	int i;

	for (i = 0; i < ENDS_WITHIN * 100; i++) {
		pid_t ended = waitpid(pid, NULL, WNOHANG);

		if (ended == pid)
			return;
		if (ended < 0)
			bail("waitpid %d", pid);
		usleep(10 * 1000);
	}
	say_where(pid);
	bail("the player of role %d did not end within %d s of being killed",
	     role, ENDS_WITHIN);
}

static void take_back(enum role role)
{
	pid_t pid = shared->pid[role];

	if (!pid)
		return;
	kill(pid, SIGKILL);
	wait_for(pid, role);
	shared->pid[role] = 0;
}

static void take_roles_back(void)
{
	enum role role;

	for (role = 0; role < NR_ROLES; role++)
		take_back(role);
}

/* Who knew it otherwise may have a file open, or listen in a way not allowed now. */
static void say_whether_module_goes(bool goes)
{
	if (shared->module_goes == goes)
		return;
	take_roles_back();
	shared->module_goes = goes;
}

static void begin_phase(unsigned int who)
{
	enum role role;

	say_whether_module_goes(who & MODULE_GOES);
	for (role = 0; role < NR_ROLES; role++) {
		if (!(who >> role & 1))
			take_back(role);
	}
	for (role = 0; role < NR_ROLES; role++) {
		if (who >> role & 1 && !shared->pid[role])
			give_out(role);
	}
}

static void kill_a_listener(void)
{
	enum role role = ROLE_SAMPLE_1 + rnd(NR_SAMPLERS);

	if (shared->pid[role] && is_due(OP_KILL_LISTENER, 12))
		count(OP_KILL_LISTENER, !kill(shared->pid[role], SIGKILL));
}

/* ---- time ---- */

static time_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

static void print_progress(time_t since)
{
	unsigned long sum = 0;
	int i;

	for (i = 0; i < NR_OPERATIONS; i++)
		sum += shared->done[i];
	diag("%ld s: %lu operations, %lu attached, %lu pages reads, %lu exact, %u wrong",
	     (long)(now() - since), sum, shared->done[OP_ATTACH],
	     shared->done[OP_PAGES], shared->done[OP_SAW_STEADY],
	     shared->nr_bad);
}

static void run_phase(unsigned int who, time_t seconds)
{
	time_t start = now(), told = start;

	begin_phase(who);
	while (now() < start + seconds && shared->nr_bad < MAX_BAD) {
		usleep(50 * 1000);
		replace_ended(who);
		kill_a_listener();
		if (now() >= told + 30) {
			told = now();
			print_progress(start);
		}
	}
}

/* Who hooks or loads anew may be killed in the middle of it. */
static void end_going(void)
{
	take_back(ROLE_REHOOK);
	take_back(ROLE_LOAD);
	if (!missing[NEED_PROBE_EVENTS])
		set_other_probe(false);
	if (access(COW_DIR, F_OK) && load_module(""))
		wrong("after it has come and gone, the module cannot be loaded");
}

/* One child of ours, or 0. */
static pid_t some_child(void)
{
	char *children = slurp("/proc/thread-self/children");
	pid_t pid = atoi(children);

	free(children);
	return pid;
}

/* What players left behind came to us; all of it should be dying. */
static void end_orphans(void)
{
	pid_t pid;

	while ((pid = some_child())) {
		kill(pid, SIGKILL);
		wait_for(pid, NR_ROLES);
	}
}

static void take_all_back(void)
{
	take_roles_back();
	end_orphans();
}

/* ---- the report ---- */

static const char *why_missing(enum operation what)
{
	int needs = operations[what].needs;

	if (needs >= SINCE(5, 0))
		return kernel_since(needs / 1000, needs % 1000) ? NULL : "since a later kernel";
	return missing[needs];
}

/* The first of these that was not done, although this kernel can; or @end. */
enum operation lacking(enum operation first, enum operation end)
{
	while (first < end && (shared->done[first] || why_missing(first)))
		first++;
	return first;
}

/*
 * Among so many players on a busy machine, what is rare may not have had its turn. It has
 * it now, with nobody about but those that it takes.
 */
static void do_what_is_left(void)
{
	enum operation first = 0, what;
	time_t began = now();
	size_t i;

	for (i = 0; i < sizeof(makers) / sizeof(makers[0]); first = makers[i++].end) {
		what = lacking(first, makers[i].end);
		if (what == makers[i].end)
			continue;
		diag("not done yet: %s", operations[what].text);
		begin_phase(makers[i].who);
		do {
			/* To see that takes it; what comes before it, peace. */
			shared->hurry = what == OP_SAW_BLINK;
			usleep(10 * 1000);
			replace_ended(makers[i].who);
			kill_a_listener();
			if (first == OP_YIELD)
				give_turns(OFTEN);
			what = lacking(first, makers[i].end);
		} while (what != makers[i].end && now() < began + DONE_WITHIN &&
			 shared->nr_bad < MAX_BAD);
		shared->hurry = false;
		end_going();
		set_file(CPU1, "1");
	}
	give_turns(0);
}

static bool all_done(void)
{
	bool good = true;
	const char *why;
	int i;

	for (i = 0; i < NR_OPERATIONS; i++) {
		why = shared->done[i] ? NULL : why_missing(i);
		diag("%9lu of %9lu  %s%s%s", shared->done[i], shared->tried[i],
		     operations[i].text, why ? ": not here, " :
		     shared->done[i] ? "" : ": NEVER DONE", why ?: "");
		good &= shared->done[i] || why;
	}
	return good;
}

static void print_bad(void)
{
	unsigned int i;

	for (i = 0; i < shared->nr_bad && i < MAX_BAD; i++)
		diag("%s", shared->bad[i]);
}

/* For docs/bounds.md: what was measured while all of them played. */
static void print_bounds(void)
{
	char *text = slurp(COW_DIR "/status"), *line = text;

	for (; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, "hold_", 5) || !strncmp(line, "targets", 7))
			diag("%.*s", (int)strcspn(line, "\n"), line);
	}
	free(text);
}

static bool nothing_in(const char *path, const char *word)
{
	char *text = slurp(path);
	bool nothing = !strstr(text, word);

	free(text);
	return nothing;
}

static void test_end(void)
{
	if (access(COW_DIR, F_OK))
		load_module("");
	detach_everything();
	stop_listening();
	ok(status_number("targets") == 0, "everything can be detached");
	ok(status_becomes("targets_held", 0), "no target is left in memory");
	ok(status_word("observer_for", "targets 0, perf 0, tracefs 0"),
	   "nobody is taken for who listens");
	ok(!unload_module(), "the module can be unloaded");
	ok(nothing_in("/proc/vmallocinfo", "cowinspect"),
	   "and has left nothing in vmalloc's space");
}

/* ---- */

static void share(bool anew)
{
	int fd = SHARED_FD;

	if (anew) {
		fd = memfd_create("torture", 0);
		if (fd < 0 || ftruncate(fd, sizeof(*shared)) ||
		    dup2(fd, SHARED_FD) < 0)
			bail("memfd");
		close(fd);
	}
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED,
		      SHARED_FD, 0);
	if (shared == MAP_FAILED)
		bail("mmap");
}

/* A player who called exec goes on. */
static void go_on(const char *role)
{
	share(false);
	seed_role(atoi(role));
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	play[me]();
	_exit(0);
}

int main(int argc, char **argv)
{
	const char *length = argc > 1 ? argv[1] : getenv("TORTURE_SECONDS");
	const char *seed = argc > 2 ? argv[2] : getenv("SEED");
	time_t seconds = length ? atol(length) : 60, part;

	if (argc == 3 && !strcmp(argv[1], "role"))
		go_on(argv[2]);
	if (argc == 2 && !strcmp(argv[1], "nothing"))
		return 0;
	tap_plan(8);
	share(true);
	if (seed)
		shared->seed = strtoull(seed, NULL, 0);
	else if (getrandom(&shared->seed, 4, 0) != 4)
		bail("getrandom");
	diag("%ld seconds, seed %llu", (long)seconds,
	     (unsigned long long)shared->seed);
	seed_role(NR_ROLES - 1);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	machine_setup();

	part = seconds / 6;
	run_phase(PHASE_ALL, 2 * part);
	print_bounds();
	give_turns(SELDOM);
	run_phase(PHASE_ALL, seconds - 5 * part);
	take_back(ROLE_MACHINE);
	set_file(CPU1, "1");
	shared->hurry = true;
	give_turns(OFTEN);
	run_phase(PHASE_KNOWN, part);
	shared->hurry = false;
	give_turns(SELDOM);
	run_phase(PHASE_HOLD, part);
	end_going();
	give_turns(0);
	begin_phase(PHASE_BOUNDS);
	detach_everything();
	ok(check_bounds(), "what the module says of its locks agrees with a probe");
	give_turns(SELDOM);
	run_phase(PHASE_LOAD, part);
	end_going();
	give_turns(0);
	do_what_is_left();
	take_all_back();

	print_progress(now() - seconds);
	print_bad();
	if (!ok(!shared->nr_bad, "all that was read was true"))
		diag("again: torture %ld %llu", (long)seconds,
		     (unsigned long long)shared->seed);
	ok(all_done(), "everything was done that this kernel can do");
	test_end();
	machine_teardown();
	return tap_done();
}
