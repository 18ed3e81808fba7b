// SPDX-License-Identifier: GPL-2.0
/*
 * What the observer did not see it says it has lost. The kernel counts the faults
 * that each thread makes: of a process that was attached when it made none, these
 * are accounted, elsewhere (in the memory of others) or lost, to the last one; and
 * as long as nobody takes the hook away none is lost.
 */
#include <poll.h>
#include <sched.h>
#include <sys/ptrace.h>

#include "faults.h"
#include "have.h"

#define PAGES		256
#define THREADS		4

/* ---- what a process does, a step for each byte that it is sent ---- */

/* Where the process has its orders from, and where it answers; after exec, too. */
#define ORDERS_FD	100
#define ANSWERS_FD	101

static void write_fresh_pages(void)
{
	char *p = map_pages(PAGES, MAP_PRIVATE);
	int i;

	for (i = 0; i < PAGES; i++)
		((volatile char *)p)[i * PAGE] = 1;
	munmap(p, PAGES * PAGE);
}

static void *write_in_thread(void *unused)
{
	(void)unused;
	write_fresh_pages();
	return NULL;
}

/* They end, and what they counted goes to the process. */
static void use_threads(void)
{
	pthread_t thread[THREADS];
	int i;

	for (i = 0; i < THREADS; i++) {
		if (pthread_create(&thread[i], NULL, write_in_thread, NULL))
			bail("pthread_create");
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
}

#define MANY		10

static void use_many_threads(void)
{
	int i;

	for (i = 0; i < MANY; i++)
		use_threads();
}

static void *write_for_ever(void *unused)
{
	for (;;)
		write_fresh_pages();
	return unused;
}

static void *exec_anew(void *unused)
{
	(void)unused;
	execl("/proc/self/exe", "lost", "go on", NULL);
	bail("exec");
}

/* By another than the first thread, while others fault. It answers afterwards. */
static void exec_among_threads(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, write_for_ever, NULL) ||
	    pthread_create(&thread, NULL, exec_anew, NULL))
		bail("pthread_create");
	pthread_join(thread, NULL);
}

static void fork_and_write(void)
{
	pid_t pid = fork_mortal();

	if (!pid) {
		use_threads();
		_exit(0);
	}
	write_fresh_pages();
	waitpid(pid, NULL, 0);
}

/* Until it calls exec, the child faults in our memory. */
static void vfork_and_exec(void)
{
	volatile char *p = map_pages(PAGES, MAP_PRIVATE);
	pid_t pid = vfork();
	int i;

	if (!pid) {
		for (i = 0; i < PAGES; i++)
			p[i * PAGE] = 1;
		execl("/proc/self/exe", "lost", "nothing", NULL);
		_exit(1);
	}
	waitpid(pid, NULL, 0);
	munmap((char *)p, PAGES * PAGE);
}

static void write_by_process_vm(pid_t pid, char *p)
{
	struct iovec from = { p, PAGES * PAGE }, to = from;

	if (process_vm_writev(pid, &from, 1, &to, 1, 0) != (ssize_t)from.iov_len)
		bail("process_vm_writev");
}

static void write_by_proc_mem(pid_t pid, char *p)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDWR);
	if (fd < 0 || pwrite(fd, p, PAGES * PAGE, (off_t)(unsigned long)p) !=
	    (ssize_t)(PAGES * PAGE))
		bail("cannot write to %s", path);
	close(fd);
}

static void write_by_ptrace(pid_t pid, char *p)
{
	int i;

	if (ptrace(PTRACE_ATTACH, pid, NULL, NULL) ||
	    waitpid(pid, NULL, 0) != pid)
		bail("ptrace");
	for (i = 0; i < PAGES; i++) {
		if (ptrace(PTRACE_POKEDATA, pid, p + i * PAGE, 2L))
			bail("ptrace");
	}
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
}

/* To pages that the other one shares with us: each is copied. */
static void write_elsewhere(void (*write_to)(pid_t pid, char *p), bool attached)
{
	char *p = map_pages(PAGES, MAP_PRIVATE);
	pid_t pid;

	memset(p, 1, PAGES * PAGE);
	pid = spawn(NULL, NULL);
	wait_asleep(pid);
	if (attached)
		attach(pid);
	write_to(pid, p);
	if (attached) {
		if (fault_count(pid, "remote_copied") != PAGES ||
		    fault_count(pid, "lost"))
			bail("of the other one: %lld copied, %lld lost",
			     fault_count(pid, "remote_copied"),
			     fault_count(pid, "lost"));
		detach(pid);
	}
	reap(pid);
	munmap(p, PAGES * PAGE);
}

static void write_to_attached(void)
{
	write_elsewhere(write_by_process_vm, true);
}

static void write_to_another(void)
{
	write_elsewhere(write_by_process_vm, false);
}

static void write_to_proc_mem(void)
{
	write_elsewhere(write_by_proc_mem, false);
}

static void poke(void)
{
	write_elsewhere(write_by_ptrace, false);
}

enum step {
	WRITE, THREADS_END, MANY_THREADS, EXEC, FORK, VFORK,
	TO_ATTACHED, TO_ANOTHER, TO_PROC_MEM, POKE, NR_STEPS
};

static const struct {
	const char *what;
	void (*run)(void);
	int elsewhere;		/* how many faults are, at least */
} steps[NR_STEPS] = {
	[WRITE] = { "writes to fresh pages", write_fresh_pages },
	[THREADS_END] = { "threads that end", use_threads },
	[MANY_THREADS] = { "many threads that end", use_many_threads },
	[EXEC] = { "exec among threads", exec_among_threads },
	[FORK] = { "fork", fork_and_write },
	[VFORK] = { "vfork and exec", vfork_and_exec },
	[TO_ATTACHED] = { "process_vm_writev() to one that is attached",
			  write_to_attached, PAGES },
	[TO_ANOTHER] = { "process_vm_writev() to one that is not",
			 write_to_another, PAGES },
	[TO_PROC_MEM] = { "/proc/PID/mem written", write_to_proc_mem, PAGES },
	[POKE] = { "PTRACE_POKEDATA", poke, PAGES },
};

static void follow_orders(void)
{
	unsigned char step;

	while (read(ORDERS_FD, &step, 1) == 1) {
		steps[step].run();
		if (write(ANSWERS_FD, &step, 1) != 1)
			break;
	}
	_exit(0);
}

/* After exec: what was ordered is done. */
static void go_on(void)
{
	const unsigned char step = EXEC;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (write(ANSWERS_FD, &step, 1) == 1)
		follow_orders();
	_exit(1);
}

/* ---- who gives the orders ---- */

/**
 * struct actor - a process that does as it is told
 * @pid: the process
 * @orders: to it
 * @answers: from it
 * @before: how many faults it had made when it was attached
 * @elsewhere: how many it has made in the memory of others since, at least
 */
struct actor {
	pid_t pid;
	int orders, answers;
	long long before;
	long long elsewhere;
};

static void obey(void *pipes)
{
	int *ends = pipes;

	if (dup2(ends[0], ORDERS_FD) < 0 || dup2(ends[3], ANSWERS_FD) < 0)
		bail("dup2");
	close(ends[1]);
	close(ends[2]);
	follow_orders();
}

static struct actor hire(void)
{
	struct actor a = { 0 };
	int ends[4];

	if (pipe2(ends, O_CLOEXEC) || pipe2(ends + 2, O_CLOEXEC))
		bail("pipe");
	a.pid = spawn(obey, ends);
	a.orders = ends[1];
	a.answers = ends[2];
	close(ends[0]);
	close(ends[3]);
	wait_asleep(a.pid);
	attach(a.pid);
	a.before = proc_faults(a.pid);
	return a;
}

static void order(struct actor *a, unsigned char step)
{
	if (write(a->orders, &step, 1) != 1)
		bail("the actor is gone");
	a->elsewhere += steps[step].elsewhere;
}

static void await(struct actor *a, unsigned char step)
{
	unsigned char answer;

	if (read(a->answers, &answer, 1) != 1 || answer != step)
		bail("%s: no answer", steps[step].what);
	wait_asleep(a->pid);
}

static void perform(struct actor *a, unsigned char step)
{
	order(a, step);
	await(a, step);
}

/* Of a process that sleeps, or is no more: none is lost, and all are known. */
static bool all_known(pid_t pid, long long real, long long elsewhere)
{
	long long there = fault_count(pid, "elsewhere");
	long long here = fault_count(pid, "accounted");
	long long lost = fault_count(pid, "lost");

	if (!lost && here + there == real && there >= elsewhere)
		return true;
	diag("/proc has %lld: %lld here, %lld elsewhere, %lld lost", real,
	     here, there, lost);
	return false;
}

static void test_step(struct actor *a, unsigned char step)
{
	perform(a, step);
	ok(all_known(a->pid, proc_faults(a->pid) - a->before, a->elsewhere),
	   "%s: none is lost", steps[step].what);
}

/*
 * Whoever reads while it happens must not be told of losses either: 0b35aae ("module:
 * a thread that ends is not counted twice; ...").
 */
static void test_meanwhile(struct actor *a, const char *what)
{
	struct pollfd answer = { .fd = a->answers, .events = POLLIN };
	long long lost, most = 0;
	int reads = 0;

	order(a, MANY_THREADS);
	do {
		lost = fault_count(a->pid, "lost");
		if (lost > most)
			most = lost;
		reads++;
	} while (!poll(&answer, 1, 0));
	await(a, MANY_THREADS);
	if (!ok(!most, "none is told of while threads %s", what))
		diag("up to %lld, in %d reads", most, reads);
}

static void stay_on_cpu(pid_t pid, int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(pid, sizeof(set), &set))
		bail("no CPU %d", cpu);
}

/* Who joins a thread is told of its end before it is taken off the list. */
static bool slow_ends_become(long expected)
{
	long ends;

	(void)comes_true(number_in(YIELDS "slow_ends") >= expected);
	ends = number_in(YIELDS "slow_ends");
	if (ends != expected)
		diag("%ld, and not %ld", ends, expected);
	return ends == expected;
}

#define SLOW_TESTS	2

/*
 * What a thread has counted goes to the dead first, and then it is taken off the list.
 * For as long as that takes we read, on a CPU of our own.
 */
static void test_slow_ends(void)
{
	cpu_set_t before;
	char text[16];
	struct actor a;

	if (!have(has_yields() ? NULL : "nothing here makes threads end slowly",
		  SLOW_TESTS))
		return;
	if (load_yields() || sched_getaffinity(0, sizeof(before), &before))
		bail("cannot make threads end slowly");
	a = hire();
	stay_on_cpu(a.pid, 1);
	stay_on_cpu(0, 0);
	snprintf(text, sizeof(text), "%d", a.pid);
	must_set_file(YIELDS "slow_process", text);
	test_meanwhile(&a, "end slowly");
	ok(slow_ends_become(MANY * THREADS), "and each of them did");
	sched_setaffinity(0, sizeof(before), &before);
	detach(a.pid);
	close(a.orders);
	close(a.answers);
	reap(a.pid);
	if (unload_yields())
		bail("cannot unload what makes threads end slowly");
}

static void test_exit(struct actor *a)
{
	long long real;
	bool known;

	close(a->orders);
	process_becomes(a->pid, 'Z');
	real = proc_faults(a->pid) - a->before;
	ok(all_known(a->pid, real, a->elsewhere), "it exits: none is lost");
	waitpid(a->pid, NULL, 0);
	known = all_known(a->pid, real, a->elsewhere);
	ok(known, "it is reaped: the numbers stay");
	detach(a->pid);
	close(a->answers);
}

#define STEP_TESTS	10

static void test_steps(void)
{
	struct actor a = hire();
	int step;

	for (step = 0; step < NR_STEPS; step++) {
		if (step == MANY_THREADS)
			test_meanwhile(&a, "fault");
		else
			test_step(&a, step);
	}
	test_exit(&a);
}

/* ---- the hook is taken away ---- */

static void test_armed(void)
{
	ok(status_word("observer_armed", "no"), "nobody is attached: not armed");
	attach(getpid());
	ok(status_word("observer_armed", "yes"), "armed when somebody is");
	detach(getpid());
	ok(status_word("observer_armed", "no"), "and not any more");
}

#define SWITCH_TESTS	4

/*
 * With that file as @off, the kernel may not call the hook, and does not say so: 803ced2
 * ("module: no pointer on foreign stacks, no silent blindness, ...").
 */
static void test_switch(const char *file, const char *off, const char *on)
{
	long long real, here, lost;
	struct actor a;
	bool blind;
	int i;

	if (!set_file(file, off)) {
		for (i = 0; i < SWITCH_TESTS; i++)
			skip("%s takes no %s: %s", file, off, strerror(errno));
		return;
	}
	must_set_file(file, on);
	a = hire();
	perform(&a, WRITE);
	here = fault_count(a.pid, "accounted");
	must_set_file(file, off);
	perform(&a, WRITE);
	blind = fault_count(a.pid, "accounted") - here < PAGES;
	ok(status_word("observer_armed", blind ? "no" : "yes"),
	   "%s is %s: %s", file, off, blind ? "not armed" : "no effect here, armed");
	real = proc_faults(a.pid) - a.before;
	here = fault_count(a.pid, "accounted");
	lost = fault_count(a.pid, "lost");
	if (!ok(here + lost == real && lost >= (blind ? PAGES : 0),
		"what it has not seen is lost, to the last one"))
		diag("/proc has %lld: %lld here, %lld lost", real, here, lost);
	must_set_file(file, on);
	perform(&a, WRITE);
	ok(status_word("observer_armed", "yes") &&
	   fault_count(a.pid, "accounted") >= here + PAGES,
	   "%s is %s: armed, and faults are observed again", file, on);
	/* What comes now nobody asks about before it is too late to look. */
	must_set_file(file, off);
	perform(&a, WRITE);
	close(a.orders);
	process_becomes(a.pid, 'Z');
	real = proc_faults(a.pid) - a.before;
	waitpid(a.pid, NULL, 0);
	must_set_file(file, on);
	here = fault_count(a.pid, "accounted");
	if (!ok(here + fault_count(a.pid, "lost") == real,
		"it is known of a process that is gone, too"))
		diag("/proc has %lld: %lld here, %lld lost", real, here,
		     fault_count(a.pid, "lost"));
	detach(a.pid);
	close(a.answers);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "go on"))
		go_on();
	if (argc == 2)
		return 0;
	need(lacks_remote());
	tap_plan(3 + STEP_TESTS + 2 + SLOW_TESTS + 2 * SWITCH_TESTS);
	test_armed();
	test_steps();
	test_slow_ends();
	test_switch("/sys/kernel/debug/kprobes/enabled", "0", "1");
	test_switch("/proc/sys/kernel/ftrace_enabled", "0", "1");
	return tap_done();
}
