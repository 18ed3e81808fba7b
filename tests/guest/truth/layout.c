// SPDX-License-Identifier: GPL-2.0
/* The driver: from a seed to a family of processes, checked on the way. */
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>

#include "truth.h"

static uint64_t state, current_seed;
static struct region regions[MAX_REGIONS];
static int nr_regions;
static bool merge_wanted;

/* A number below @below, from the layout's seed (splitmix64). */
uint32_t draw(uint32_t below)
{
	uint64_t z = state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (z ^ z >> 31) % below;
}

/* ---- orders ---- */

static bool is_alive(int m)
{
	return shared->members[m].pid != 0;
}

static void wait_gone(pid_t pid)
{
	if (!process_becomes(pid, 0))
		bail("member %d did not end", pid);
}

/* Of a write that never comes to an end. */
static void say_attempt(void)
{
	const struct attempt *a = &shared->attempts[shared->attempt];

	diag("write %d of %d: at %" PRIx64 ": %s outcome %d", shared->attempt,
	     shared->nr_attempts, a->addr, record_text(&a->before),
	     a->before.outcome);
}

static void wait_done(struct member *m)
{
	struct timespec second = { .tv_sec = 1 };
	int i, attempt = shared->attempt;

	for (i = 0; get_word(&m->done) != m->told; i++) {
		/* An order may be of many writes; it is each that has to end. */
		if (shared->attempt != attempt) {
			attempt = shared->attempt;
			i = 0;
		}
		if (!process_state(m->pid))
			bail("seed %" PRIu64 ": member %d died of order %d",
			     current_seed, m->pid, m->order.op);
		if (i == PATIENCE_S) {
			say_where(m->pid);
			if (m->order.op == OP_TRY)
				say_attempt();
			bail("seed %" PRIu64 ": member %d: no answer to order %d",
			     current_seed, m->pid, m->order.op);
		}
		syscall(SYS_futex, &m->done, FUTEX_WAIT, m->told - 1, &second,
			NULL, 0);
	}
	wait_asleep(m->pid);
}

/**
 * order_member - have a member carry out an order, and wait
 * @m: which
 * @order: what
 *
 * Return: 0 or an errno, as the member has it; also for exit.
 */
int order_member(int m, const struct order *order)
{
	struct member *member = &shared->members[m];

	member->order = *order;
	set_word(&member->told, member->told + 1);
	syscall(SYS_futex, &member->told, FUTEX_WAKE, 1, NULL, NULL, 0);
	if (order->op == OP_EXIT) {
		wait_gone(member->pid);
		member->pid = 0;
		return 0;
	}
	wait_done(member);
	return member->result;
}

/* ---- the family ---- */

static int free_slot(void)
{
	int m;

	for (m = 0; m < MAX_MEMBERS; m++) {
		if (!is_alive(m))
			return m;
	}
	return -1;
}

static int nr_alive(void)
{
	int m, n = 0;

	for (m = 0; m < MAX_MEMBERS; m++)
		n += is_alive(m);
	return n;
}

static int draw_member(void)
{
	int m;

	do {
		m = draw(MAX_MEMBERS);
	} while (!is_alive(m));
	return m;
}

static void clear_slot(int m, int parent)
{
	struct member *member = &shared->members[m];

	memset(member, 0, sizeof(*member));
	member->parent = parent;
	if (parent >= 0)
		member->generation = shared->members[parent].generation + 1;
}

static bool any_swapped(pid_t pid)
{
	char *text = slurp_proc(pid, "status");
	long long kb = number_of(text, "VmSwap");

	free(text);
	return kb > 0;
}

static void fork_from(int parent)
{
	int m = free_slot();
	struct order order = { .op = OP_FORK, .arg = m };
	int error;

	if (m < 0)
		return;
	clear_slot(m, parent);
	if (any_swapped(shared->members[parent].pid))
		shared->seen[ING_SWAP_SHARED] = true;
	error = order_member(parent, &order);
	/* Pinned hugetlb pages are copied at once, for which the pool may be too small. */
	if (error == ENOMEM)
		return;
	if (error)
		bail("fork: %s", strerror(error));
	wait_asleep(shared->members[m].pid);
	shared->seen[ING_GENERATION_0 + shared->members[m].generation] = true;
}

static void exit_member(int m)
{
	struct order order = { .op = OP_EXIT };
	int i;

	for (i = 0; i < MAX_MEMBERS; i++) {
		if (is_alive(i) && i != m && shared->members[i].parent == m)
			shared->seen[ING_PARENT_GONE] = true;
	}
	order_member(m, &order);
	/* Its slot may be another's soon. */
	for (i = 0; i < MAX_MEMBERS; i++) {
		if (shared->members[i].parent == m)
			shared->members[i].parent = -1;
	}
}

static void spawn_root(void)
{
	pid_t pid;

	clear_slot(0, -1);
	pid = fork();
	if (pid < 0)
		bail("fork");
	if (!pid)
		member_run(0);
	shared->members[0].pid = pid;
	part_from_child(NULL, 0);
	wait_asleep(pid);
}

static void end_family(void)
{
	int m;

	for (m = 0; m < MAX_MEMBERS; m++) {
		if (!is_alive(m))
			continue;
		kill(shared->members[m].pid, SIGKILL);
		wait_gone(shared->members[m].pid);
		detach(shared->members[m].pid);
		shared->members[m].pid = 0;
	}
}

/* ---- what happens to it ---- */

static void make_regions(void)
{
	struct order order = { .op = OP_MAKE };
	int i, error;

	nr_regions = 2 + draw(MAX_REGIONS - 2);
	for (i = 0; i < nr_regions; i++) {
		regions[i].addr = (char *)(ARENA + i * SLOT);
		region_choose(&regions[i]);
		order.region = regions[i];
		order.arg = draw(1 << 30);
		error = order_member(0, &order);
		/* Huge pages may be in use by others, or too scattered. */
		if (error && error != ENOMEM)
			bail("maker %d: %s", regions[i].maker, strerror(error));
	}
}

/* What may happen to a region, how often, and what the kernel needs for it. */
static const struct {
	int op;
	int weight;
	int ingredient;		/* what must not be missing, or -1 */
} events[] = {
	{ OP_READ, 12, -1 },
	{ OP_WRITE, 24, -1 },
	{ OP_WRITE_SAME, 2, -1 },
	{ OP_DONTNEED, 3, -1 },
	{ OP_FREE, 3, ING_LAZY_FREE },
	{ OP_PAGEOUT, 8, ING_SWAPPED },
	{ OP_POPULATE, 2, -1 },
	{ OP_COLLAPSE, 4, ING_COLLAPSED },
	{ OP_PROT_READ, 3, -1 },
	{ OP_PROT_WRITE, 3, -1 },
	{ OP_PROT_NONE, 1, -1 },
	{ OP_UNMAP, 3, -1 },
	{ OP_MOVE, 3, -1 },
	{ OP_LOCK, 3, -1 },
	{ OP_UNLOCK, 1, -1 },
	{ OP_MIGRATE, 6, ING_MIGRATED },
	{ OP_MERGE, 4, ING_KSM },
	{ OP_PIN, 4, ING_PINNED },
	{ OP_SPLICE, 3, -1 },
	{ OP_PROTECT_UFFD, 4, ING_UFFD_WP },
	{ OP_PROTECT_ASYNC, 4, ING_UFFD_ASYNC },
	{ OP_PROTECT_RWP, 4, ING_UFFD_RWP },
	{ OP_GUARD, 3, ING_GUARD },
	{ OP_WIPE, 3, -1 },
	{ OP_NOFORK, 3, -1 },
	{ OP_DEEP, 2, -1 },
	{ OP_SYNC, 2, -1 },
};

#define NR_EVENTS ((int)(sizeof(events) / sizeof(events[0])))

static int draw_event(void)
{
	int sum = 0, at, i;

	for (i = 0; i < NR_EVENTS; i++)
		sum += events[i].weight;
	do {
		at = draw(sum);
		for (i = 0; at >= events[i].weight; i++)
			at -= events[i].weight;
	} while (events[i].ingredient >= 0 &&
		 machine.missing[events[i].ingredient]);
	return events[i].op;
}

/* All of a region, one page of it, or a part. */
static void draw_range(struct order *order)
{
	unsigned int pages = order->region.pages;

	order->first = 0;
	order->pages = pages;
	switch (draw(3)) {
	case 0:
		return;
	case 1:
		order->first = draw(pages);
		order->pages = 1;
		return;
	default:
		order->first = draw(pages);
		order->pages = 1 + draw(pages - order->first);
	}
}

static void note_event(const struct order *order)
{
	const struct region *r = &order->region;

	if (order->op == OP_MERGE)
		merge_wanted = true;
	if ((order->op == OP_UNMAP || order->op == OP_DONTNEED) &&
	    r->pages >= HUGE_PAGES && order->pages < HUGE_PAGES)
		shared->seen[ING_PARTLY_UNMAPPED] = true;
}

static void one_event(void)
{
	struct order order = { .op = draw_event() };
	int m = draw_member();

	order.region = regions[draw(nr_regions)];
	draw_range(&order);
	order.arg = order.op == OP_MIGRATE ? draw(2) : draw(1 << 30);
	if (order.op == OP_DEEP)
		order.pages = 1 + draw(20);
	/* After a move, most of it is at the other place. */
	if (!draw(6))
		order.region.addr += SLOT / 2;
	if (order.op == OP_MERGE || order.op == OP_COLLAPSE) {
		order.first = 0;
		order.pages = order.region.pages;
	}
	/* Same contents first, or there is nothing to merge. */
	if (order.op == OP_MERGE) {
		order.op = OP_WRITE_SAME;
		order_member(m, &order);
		order.op = OP_MERGE;
	}
	if (!order_member(m, &order))
		note_event(&order);
}

static void clear_soft_dirty(int m)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/clear_refs",
		 shared->members[m].pid);
	fd = open(path, O_WRONLY);
	if (fd < 0 || write(fd, "4", 1) != 1)
		bail("cannot clear soft-dirty bits");
	close(fd);
	shared->seen[ING_SOFT_DIRTY_CLEARED] = true;
}

static int deepest(void)
{
	int m, deep = -1;

	for (m = 0; m < MAX_MEMBERS; m++) {
		if (is_alive(m) &&
		    (deep < 0 || shared->members[m].generation >=
				 shared->members[deep].generation))
			deep = m;
	}
	return deep;
}

static void some_events(int n)
{
	while (n--) {
		one_event();
		if (!draw(12) && nr_alive() > 1)
			exit_member(draw_member());
		if (!draw(12))
			fork_from(draw_member());
		if (!draw(20) && !machine.missing[ING_SOFT_DIRTY_CLEARED])
			clear_soft_dirty(draw_member());
	}
}

static void live(void)
{
	int generations = draw(5), i;

	if (!generations)
		shared->seen[ING_GENERATION_0] = true;
	some_events(draw(6));
	for (i = 0; i < generations; i++) {
		fork_from(deepest());
		some_events(1 + draw(4));
	}
	if (merge_wanted)
		machine_merge_pages();
	some_events(draw(3));
}

/* ---- and how it is judged ---- */

static void attach_all(void)
{
	int m;

	for (m = 0; m < MAX_MEMBERS; m++) {
		if (is_alive(m))
			attach(shared->members[m].pid);
	}
}

/* How often any member has been on a CPU so far (/proc/PID/schedstat). */
static uint64_t runs_so_far(void)
{
	uint64_t sum = 0, runs;
	char *text;
	int m;

	for (m = 0; m < MAX_MEMBERS; m++) {
		if (!is_alive(m))
			continue;
		text = slurp_proc(shared->members[m].pid, "schedstat");
		if (sscanf(text, "%*u %*u %" SCNu64, &runs) != 1)
			bail("schedstat is odd: %s", text);
		sum += runs;
		free(text);
	}
	return sum;
}

static void check_once(void)
{
	int m;

	for (m = 0; m < MAX_MEMBERS; m++) {
		if (!is_alive(m))
			continue;
		view_member(shared->members[m].pid);
		check_entries();
		check_totals();
	}
}

/*
 * A member that sleeps may be woken all the same: where a ring of io_uring that
 * it shared comes to its end, work is left to do for it, on its way to user mode
 * and back to sleep; and there the kernel writes to its memory (rseq). What was
 * compared while one ran does not count; that it ran is a fact, not a guess.
 */
static void check_still(void (*check)(void))
{
	uint64_t runs, mark = differences_so_far();
	int i;

	for (i = 0; i < 10; i++) {
		runs = runs_so_far();
		check();
		if (runs_so_far() == runs)
			return;
		if (differences_so_far() != mark)
			diag("a member ran meanwhile: compared again");
		differences_forget(mark);
	}
	bail("the members do not keep still");
}

static void check_all(void)
{
	drain_lru();
	check_still(check_once);
}

/* Where members note what they see: it changes while they look. */
static bool is_shared_by_all(uint64_t addr)
{
	return addr - (uintptr_t)shared < sizeof(*shared);
}

/*
 * A write that never ends: see next_of_hugetlb() in classify.c. Seen in 6.1: the
 * kernel's fault handler changes nothing, and the fault comes again.
 */
static bool never_ends(const struct cowinspect_page *r)
{
	return r->flags & COWI_F_HUGETLB && r->flags & COWI_F_UFFD_WP &&
	       !(r->flags & (COWI_F_VMA_UFFD_WP | COWI_F_VMA_UFFD_RWP));
}

/* Which writes a member tries: those to each entry, or to every other one. */
static void choose_attempts(const struct view *v, bool all)
{
	int i, n = 0;

	for (i = 0; i < v->nr && n < MAX_ATTEMPTS; i++) {
		const struct cowinspect_page *r = &v->records[i];
		unsigned long page = draw(pages_of(r));

		if (!all && draw(2))
			continue;
		if (is_shared_by_all(r->addr) || never_ends(r))
			continue;
		/* Device memory is not ours to write, a copy of it is. */
		if (r->kind == COWI_KIND_PFN && r->flags & COWI_F_VMA_SHARED)
			continue;
		/* What nobody may write is tried now and then. */
		if (!(r->flags & COWI_F_VMA_WRITE) && draw(16))
			continue;
		shared->attempts[n++].addr = r->addr + page * PAGE;
	}
	shared->nr_attempts = n;
}

static void try_writes(int m, bool all)
{
	struct order order = { .op = OP_TRY };

	view_member(shared->members[m].pid);
	choose_attempts(&view, all);
	observe_begin(shared->members[m].pid);
	order_member(m, &order);
	check_predictions();
	observe_check();
}

static void predict(void)
{
	int m, i;

	for (i = 0; i < 2; i++) {
		try_writes(draw_member(), draw(2));
		if (!draw(3) && nr_alive() > 1)
			exit_member(draw_member());
	}
	for (m = 0; m < MAX_MEMBERS; m++) {
		if (is_alive(m))
			try_writes(m, true);
	}
}

/**
 * layout_run - one layout, from its first mapping to its last process
 * @seed: decides everything
 *
 * Reports differences through differs().
 */
void layout_run(uint64_t seed)
{
	state = seed;
	current_seed = seed;
	merge_wanted = false;
	memset(shared->seen, 0, sizeof(shared->seen));
	spawn_root();
	make_regions();
	live();
	attach_all();
	check_all();
	if (!draw(10)) {
		check_still(check_steady);
		steady_checks++;
	}
	/* Not drained: what sits in a CPU's batch is part of the question. */
	some_events(draw(4));
	attach_all();
	predict();
	check_all();
	end_family();
	detach_all("exited");
}
