// SPDX-License-Identifier: GPL-2.0
/*
 * A fault that does not end, since a userfaultfd does not give the page: its
 * process can be detached, and the module unloaded. What the module keeps of such
 * a fault it keeps no longer than it can still see the end of it. And if the end
 * comes when all is hooked anew, maybe by a module loaded anew, nothing comes of it.
 */
#include <poll.h>

#include "faults.h"
#include "have.h"

/**
 * struct stuck - a process in the middle of a fault
 * @pid: the process
 * @says: from it: that it is stuck, and that it is not any more
 * @told: to it: that it may go on
 */
struct stuck {
	pid_t pid;
	int says[2];
	int told[2];
};

/* ---- in that process ---- */

static char *page;
static int uffd;

static void say(const struct stuck *s, const char *letter)
{
	if (write(s->says[1], letter, 1) != 1)
		_exit(1);
}

static void *give_when_told(void *stuck)
{
	struct stuck *s = stuck;
	char byte;

	if (!is_page_wanted(uffd))
		_exit(1);
	say(s, "s");
	if (read(s->told[0], &byte, 1) != 1 || !give_page(uffd, page))
		_exit(1);
	return NULL;
}

static void fault_for_long(void *stuck)
{
	pthread_t giver;

	/* The first write makes what a fault may have to come again for (anon_vma). */
	page = map_pages(2, MAP_PRIVATE);
	*page = 1;
	page += PAGE;
	uffd = withhold_page(page);
	if (uffd < 0 || pthread_create(&giver, NULL, give_when_told, stuck))
		_exit(1);
	*(volatile char *)page = 1;
	say(stuck, "e");
	for (;;)
		pause();
}

/* ---- here ---- */

/* Whether @letter comes. */
static bool says(const struct stuck *s, char letter)
{
	struct pollfd poll_fd = { .fd = s->says[0], .events = POLLIN };
	char byte;

	return poll(&poll_fd, 1, PATIENCE_S * 1000) == 1 &&
	       read(s->says[0], &byte, 1) == 1 && byte == letter;
}

static bool is_stuck(const struct stuck *s)
{
	struct pollfd poll_fd = { .fd = s->says[0], .events = POLLIN };

	return !poll(&poll_fd, 1, 0) && process_state(s->pid) != 'Z';
}

/* Faults when told to, and does not come back from that before it is let go. */
static void be_stuck(void *arg)
{
	struct stuck *s = arg;
	char byte;

	if (read(s->told[0], &byte, 1) == 1)
		fault_for_long(s);
	_exit(1);
}

/* An attached process, stuck. */
static struct stuck get_stuck(void)
{
	struct stuck s;

	if (pipe(s.says) || pipe(s.told))
		bail("pipe");
	s.pid = spawn(be_stuck, &s);
	attach(s.pid);
	if (write(s.told[1], "", 1) != 1 || !says(&s, 's'))
		bail("nobody got stuck");
	return s;
}

/* Returns whether the fault ended. */
static bool let_go(const struct stuck *s)
{
	return write(s->told[1], "", 1) == 1 && says(s, 'e');
}

static void put_stuck(struct stuck *s)
{
	reap(s->pid);
	close(s->says[0]);
	close(s->says[1]);
	close(s->told[0]);
	close(s->told[1]);
}

/* For a second: what nobody held would be freed meanwhile. */
static bool stay_held(long long targets)
{
	int i;

	for (i = 0; i < 20; i++) {
		if (status_number("targets_held") != targets)
			return false;
		usleep(50000);
	}
	return true;
}

/* The other process keeps all hooked. */
static void test_detach(void)
{
	pid_t other = spawn(NULL, NULL);
	struct stuck s;

	attach(other);
	s = get_stuck();
	detach(s.pid);
	if (!ok(status_number("targets") == 1 && stay_held(2),
		"in the middle of a fault: detached, but held by the fault"))
		diag("%lld are held; faults missed: %lld",
		     status_number("targets_held"),
		     status_number("observer_missed"));
	ok(let_go(&s) && status_becomes("targets_held", 1),
	   "when it ends it holds nothing any more");
	detach(other);
	ok(status_becomes("targets_held", 0), "nor does anybody");
	put_stuck(&s);
	reap(other);
}

static void test_unhook(void)
{
	struct stuck s = get_stuck();

	detach(s.pid);
	ok(status_becomes("targets_held", 0) && is_stuck(&s),
	   "the last one: nothing is held, as nobody will see the fault's end");
	attach(s.pid);
	ok(let_go(&s) && fault_count(s.pid, "observed") > 0,
	   "attached anew, it goes on, and is observed");
	detach(s.pid);
	ok(status_becomes("targets_held", 0), "and detached again");
	put_stuck(&s);
}

/* If something is left, unloading complains of it in the kernel's log. */
static void test_unload(void)
{
	struct stuck s = get_stuck();

	ok(!unload_module() && is_stuck(&s),
	   "in the middle of a fault the module unloads");
	ok(!load_module(""), "it loads again");
	attach(s.pid);
	ok(let_go(&s) && fault_count(s.pid, "observed") > 0,
	   "the process goes on, and is observed");
	put_stuck(&s);
	ok(!unload_module(), "and the module unloads again");
}

/* ---- an end that belongs to an earlier hook ---- */

/*
 * With these many hooks in between, a new one may take the place of the first in a
 * table of the kernel's own: fprobes had that (FGRAPH_ARRAY_SIZE, given out in turn).
 */
#define ROUND	15

/* Kernels before that have no such table. */
static bool has_table(void)
{
	return kernel_since(6, 14);
}

static void rehook(pid_t pid)
{
	attach(pid);
	detach(pid);
}

static void reload(pid_t pid)
{
	attach(pid);
	if (unload_module() || load_module(""))
		bail("cannot load the module anew");
}

/*
 * @renew is called so many times while a fault is held, begun under another hook.
 * When it ends, another process is in a fault that has the same place in all of
 * the module's tables, and must keep it. 803ced2 ("module: no pointer on foreign stacks,
 * no silent blindness, ...").
 */
static void end_under_new_hook(const char *what, void (*renew)(pid_t pid),
			       int times)
{
	struct stuck old = get_stuck(), new;
	pid_t other = spawn(NULL, NULL);
	int i;

	detach(old.pid);
	for (i = 0; i < times; i++)
		renew(other);
	new = get_stuck();
	ok(let_go(&old), "%s, %d times: a fault from before ends", what, times);
	/* Those of before are freed later; what was taken for another is counted now. */
	if (!ok(!fault_count(new.pid, "userfaultfd") &&
		status_becomes("targets_held", 1),
		"and is not taken for another, which is held still"))
		diag("%lld ended, %lld are held",
		     fault_count(new.pid, "userfaultfd"),
		     status_number("targets_held"));
	if (!ok(let_go(&new) && fault_count(new.pid, "userfaultfd") == 1,
		"whose own fault is judged when that ends"))
		diag("%lld such faults, %lld observed, %lld missed",
		     fault_count(new.pid, "userfaultfd"),
		     fault_count(new.pid, "observed"),
		     status_number("observer_missed"));
	detach(new.pid);
	ok(status_becomes("targets_held", 0), "then nothing is held");
	put_stuck(&new);
	put_stuck(&old);
	reap(other);
}

static int stale_tests(void)
{
	return 4 * (has_table() ? 4 : 2);
}

/*
 * Faults that begin under one hook each and end a turn of such a table and one hook
 * later: each place in it is met by a fault of another. With fprobes, 7.2 warned of
 * one of them (hook.h): eb96732 ("hook: kretprobes on every kernel, no fprobes").
 */
static void test_other_places(void)
{
	struct stuck old[ROUND + 1];
	pid_t other = spawn(NULL, NULL);
	int i, ends = 0, last = has_table() ? ROUND : 1;

	for (i = 0; i <= last; i++) {
		old[i] = get_stuck();
		detach(old[i].pid);
	}
	rehook(other);
	for (i = 0; i <= last; i++) {
		attach(other);
		ends += let_go(&old[i]);
		detach(other);
	}
	ok(ends == last + 1 && status_becomes("targets_held", 0),
	   "%d faults, each under a hook of its own, end under others", ends);
	for (i = 0; i <= last; i++)
		put_stuck(&old[i]);
	reap(other);
}

static void test_stale(void)
{
	end_under_new_hook("hooked anew", rehook, 1);
	end_under_new_hook("loaded anew", reload, 1);
	if (!has_table())
		return;
	end_under_new_hook("hooked anew", rehook, ROUND);
	end_under_new_hook("loaded anew", reload, ROUND);
}

static void test_stale_beside_another(void)
{
	if (!have(set_other_probe(true) ? NULL : "no events of kretprobes here",
		  stale_tests()))
		return;
	diag("the same beside a kretprobe of another");
	test_stale();
	if (!set_other_probe(false))
		bail("cannot take the other kretprobe away");
}

/* ---- many such faults, whenever they end ---- */

#define HOLDERS		4

static volatile unsigned long *ended;

static void hold_faults(void *seed)
{
	srand(*(int *)seed);
	for (;;) {
		if (!hold_fault(rand() % 30000))
			_exit(1);
		__sync_fetch_and_add(ended, 1);
	}
}

/* What a process did that nobody else disturbed. */
static bool is_counted_right(void)
{
	char *page = map_pages(1, MAP_PRIVATE);
	long long zerofilled;

	attach(getpid());
	zerofilled = fault_count(getpid(), "zerofilled");
	*(volatile char *)page = 1;
	zerofilled = fault_count(getpid(), "zerofilled") - zerofilled;
	detach(getpid());
	munmap(page, PAGE);
	return zerofilled == 1;
}

static void test_storm(void)
{
	int i, cycle, cycles = depth_of("HOOKS", 60), alive = 0;
	pid_t holder[HOLDERS];

	ended = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (ended == MAP_FAILED)
		bail("mmap");
	for (i = 0; i < HOLDERS; i++)
		holder[i] = spawn(hold_faults, &i);
	srand(HOLDERS);
	for (cycle = 0; cycle < cycles; cycle++) {
		for (i = 0; i < HOLDERS; i++)
			attach(holder[i]);
		usleep(rand() % 20000);
		(void)comes_true(*ended > (unsigned long)cycle);
		if (cycle % 3) {
			for (i = 0; i < HOLDERS; i++)
				detach(holder[i]);
		} else if (unload_module() || load_module("")) {
			bail("cannot load the module anew");
		}
	}
	for (i = 0; i < HOLDERS; i++)
		alive += process_state(holder[i]) != 'Z';
	if (!ok(alive == HOLDERS && *ended >= (unsigned long)cycles,
		"%d times hooked or loaded anew while faults are held",
		cycles))
		diag("%d of %d are alive, %lu faults ended", alive, HOLDERS,
		     *ended);
	ok(status_becomes("targets_held", 0), "nothing is held");
	ok(is_counted_right(), "and what comes then is counted right");
	for (i = 0; i < HOLDERS; i++)
		reap(holder[i]);
	munmap((void *)ended, PAGE);
}

int main(void)
{
	need(lacks_uffd());
	tap_plan(10 + 2 * stale_tests() + 1 + 3);
	if (load_module(""))
		bail("cannot load");
	test_detach();
	test_unhook();
	test_stale();
	test_stale_beside_another();
	test_other_places();
	test_storm();
	test_unload();
	return tap_done();
}
