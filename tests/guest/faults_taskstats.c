// SPDX-License-Identifier: GPL-2.0
/*
 * The observer against the kernel's own count of copies: wpcopy_count of
 * taskstats, from delay accounting (since 6.0, version 13 of the structure).
 *
 * It does not count the same. Read in 6.1, 6.12 and 7.2: it counts each call of
 * wp_page_copy() (mm/memory.c), and of hugetlb_wp() (mm/hugetlb.c) for a private
 * mapping, by the thread that makes it, so that it has
 *
 * - zeroed pages that take the place of the zero page, as it is no copy to us;
 * - pages of hugetlb that are reused, or zero-filled by a write, which goes on
 *   in hugetlb_wp() (hugetlb_no_page());
 * - calls that give up at once to come again, because the VMA has no anon_vma
 *   and its lock is not enough to make one (6.7 and later);
 *
 * and has not
 *
 * - pages of files that were not mapped before: do_cow_fault() copies those;
 * - the huge zero page, where a huge page takes its place (7.2);
 * - copies that others make in the memory of the process.
 *
 * The tracepoint says which fault is which of these, so both can be
 * compared to the last one.
 *
 * The kernel counts only what took time (delayacct_end()), by a clock that may
 * stand still until the next tick, where the time stamp counter is not trusted
 * (sched_clock_local()), as it is not under emulation. So it may miss some, when
 * the tick comes late: then the same is done again. It never has more than we.
 */
#include <linux/genetlink.h>
#include <linux/taskstats.h>
#include <sys/socket.h>

#include "events.h"

#define PAGES		300
#define ATTEMPTS	20

/* ---- generic netlink: one question, one answer ---- */

struct message {
	struct nlmsghdr header;
	struct genlmsghdr command;
	char rest[4096];
};

static int netlink;

/* Where @type is among the attributes of @len bytes, or NULL. */
static void *attribute(void *at, int len, int type)
{
	struct nlattr *a;

	for (; len >= NLA_HDRLEN; at += NLA_ALIGN(a->nla_len),
	     len -= NLA_ALIGN(a->nla_len)) {
		a = at;
		if ((a->nla_type & NLA_TYPE_MASK) == type)
			return a;
	}
	return NULL;
}

/* Returns the attribute @want of the answer, which is in @m, or NULL. */
static struct nlattr *ask(struct message *m, int family, int command, int type,
			  const void *value, int len, int want)
{
	struct nlattr *a = (struct nlattr *)m->rest;

	memset(m, 0, sizeof(*m));
	a->nla_type = type;
	a->nla_len = NLA_HDRLEN + len;
	memcpy((char *)a + NLA_HDRLEN, value, len);
	m->header.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN) +
			      NLA_ALIGN(a->nla_len);
	m->header.nlmsg_type = family;
	m->header.nlmsg_flags = NLM_F_REQUEST;
	m->command.cmd = command;
	m->command.version = 1;
	if (send(netlink, m, m->header.nlmsg_len, 0) < 0 ||
	    recv(netlink, m, sizeof(*m), 0) < 0)
		bail("netlink");
	if (m->header.nlmsg_type == NLMSG_ERROR)
		return NULL;
	return attribute(m->rest, m->header.nlmsg_len -
			 NLMSG_LENGTH(GENL_HDRLEN), want);
}

static int taskstats_family(void)
{
	struct message m;
	struct nlattr *a;

	netlink = socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC);
	if (netlink < 0)
		return -1;
	a = ask(&m, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_NAME,
		TASKSTATS_GENL_NAME, sizeof(TASKSTATS_GENL_NAME),
		CTRL_ATTR_FAMILY_ID);
	return a ? *(uint16_t *)((char *)a + NLA_HDRLEN) : -1;
}

/* Of a process, its threads added. */
static struct taskstats stats_of(int family, pid_t pid)
{
	uint32_t nr = pid;
	struct taskstats stats;
	struct nlattr *outer, *inner = NULL;
	struct message m;

	outer = ask(&m, family, TASKSTATS_CMD_GET, TASKSTATS_CMD_ATTR_TGID,
		    &nr, sizeof(nr), TASKSTATS_TYPE_AGGR_TGID);
	if (outer)
		inner = attribute((char *)outer + NLA_HDRLEN,
				  outer->nla_len - NLA_HDRLEN,
				  TASKSTATS_TYPE_STATS);
	if (!inner)
		bail("no taskstats of %d", pid);
	memset(&stats, 0, sizeof(stats));
	memcpy(&stats, (char *)inner + NLA_HDRLEN,
	       (size_t)inner->nla_len - NLA_HDRLEN < sizeof(stats) ?
	       (size_t)inner->nla_len - NLA_HDRLEN : sizeof(stats));
	return stats;
}

/* ---- what the process does, a stage for each byte that it is sent ---- */

static void write_pages(char *p, int pages)
{
	int i;

	for (i = 0; i < pages; i++)
		((volatile char *)p)[i * PAGE] = 1;
}

static void read_pages(char *p, int pages)
{
	int i;

	for (i = 0; i < pages; i++)
		(void)((volatile char *)p)[i * PAGE];
}

/* Written while a child shares it, as far as @half, and after it is gone. */
static void share_and_write(char *p, size_t step, int pages, int half)
{
	pid_t child = spawn(NULL, NULL);
	int i;

	for (i = 0; i < half; i++)
		((volatile char *)p)[i * step] = 2;
	reap(child);
	for (; i < pages; i++)
		((volatile char *)p)[i * step] = 2;
}

static void share_anon(void)
{
	char *p = map_pages(PAGES, MAP_PRIVATE);

	write_pages(p, PAGES);
	share_and_write(p, PAGE, PAGES, PAGES);
	munmap(p, PAGES * PAGE);
}

static void replace_zero_page(void)
{
	char *p = map_pages(PAGES, MAP_PRIVATE);

	read_pages(p, PAGES);
	write_pages(p, PAGES);
	munmap(p, PAGES * PAGE);
}

static void write_file(bool read_first)
{
	int fd = open("/truth.ext4", O_RDONLY);	/* has enough pages of any size */
	char *p = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE,
		       fd, 0);

	if (p == MAP_FAILED)
		_exit(1);
	if (read_first)
		read_pages(p, 64);
	write_pages(p, 64);
	munmap(p, 64 * PAGE);
	close(fd);
}

static void write_mapped_file(void)
{
	write_file(true);
}

static void write_unmapped_file(void)
{
	write_file(false);
}

static void share_huge(void)
{
	char *area = mmap(NULL, 3 * HUGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *p = (char *)(((unsigned long)area + HUGE - 1) & -HUGE);

	madvise(p, 2 * HUGE, MADV_HUGEPAGE);
	write_pages(p, 1);
	share_and_write(p, PAGE, 20, 20);
	/* The second one is the huge zero page at first. */
	read_pages(p + HUGE, 1);
	write_pages(p + HUGE, 20);
	munmap(area, 3 * HUGE);
}

static void share_hugetlb(void)
{
	char *p = mmap(NULL, 2 * HUGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);

	if (p == MAP_FAILED) {
		diag("there are no pages of hugetlb: nothing of them compared");
		return;
	}
	p[0] = 1;
	p[HUGE] = 1;
	share_and_write(p, HUGE, 2, 1);
	munmap(p, 2 * HUGE);
}

static void *write_half(void *p)
{
	write_pages(p, PAGES / 2);
	return NULL;
}

static void share_with_threads(void)
{
	char *p = map_pages(PAGES, MAP_PRIVATE);
	pthread_t thread;
	pid_t child;

	write_pages(p, PAGES);
	child = spawn(NULL, NULL);
	pthread_create(&thread, NULL, write_half, p);
	write_half(p + PAGES / 2 * PAGE);
	pthread_join(thread, NULL);
	reap(child);
	munmap(p, PAGES * PAGE);
}

static const struct {
	const char *what;
	void (*run)(void);
	int least;		/* counted by the kernel at least */
} stages[] = {
	{ "pages shared with a child", share_anon, PAGES },
	{ "the zero page replaced", replace_zero_page, PAGES },
	{ "pages of a file, mapped", write_mapped_file, 64 },
	{ "pages of a file, not mapped", write_unmapped_file, 0 },
	{ "huge pages shared with a child", share_huge, 0 },
	{ "hugetlb: zero-filled, copied, reused", share_hugetlb, 0 },
	{ "shared pages written by two threads", share_with_threads, PAGES },
};

#define NR_STAGES ((int)(sizeof(stages) / sizeof(stages[0])))

static int go[2], done[2];

static void work(void *arg)
{
	unsigned char stage;

	(void)arg;
	while (read(go[0], &stage, 1) == 1) {
		stages[stage].run();
		if (write(done[1], &stage, 1) != 1)
			break;
	}
}

static long long threads_of(pid_t pid)
{
	char *status = slurp_proc(pid, "status");
	long long threads = number_of(status, "Threads");

	free(status);
	return threads;
}

/*
 * Who joins a thread is told of its end before it is taken off the list. In between, the
 * kernel has what it counted twice: as the thread's, and as that of a dead one
 * (fill_tgid_exit(), fill_stats_for_tgid()).
 */
static void wait_for_threads(pid_t pid)
{
	if (!comes_true(threads_of(pid) == 1))
		bail("a thread of the worker does not end");
}

static void run_stage(pid_t pid, unsigned char stage)
{
	if (write(go[1], &stage, 1) != 1 || read(done[0], &stage, 1) != 1)
		bail("the worker is gone");
	/* Then it has nothing more to write to. */
	wait_asleep(pid);
	wait_for_threads(pid);
}

/* ---- what the events say that the kernel must have counted ---- */

/* Of a page of a file only a write to one that was mapped is predicted. */
static bool was_mapped(const struct event *e)
{
	return (e->old_kind != COWI_KIND_FILE && e->old_kind != COWI_KIND_SHMEM) ||
	       e->predicted != COWI_NEXT_NONE;
}

static bool kernel_counts(const struct event *e)
{
	if (e->flags & COWI_E_REMOTE)
		return false;
	switch (e->outcome) {
	case COWI_DID_COPIED:
		return was_mapped(e);
	case COWI_DID_SWAPIN_COPIED:
		return true;
	case COWI_DID_ZEROFILLED:
		if (e->vma == COWI_VMA_HUGETLB)
			return e->flags & COWI_E_WRITE;
		return e->old_kind == COWI_KIND_ZERO && !e->new_order;
	case COWI_DID_REUSED:
		return e->vma == COWI_VMA_HUGETLB;
	case COWI_DID_RETRIED:
		return e->flags & COWI_E_WRITE && !(e->flags & COWI_E_SHARED) &&
		       e->old_kind <= COWI_KIND_KERNEL && !e->old_order;
	default:
		return false;
	}
}

static int count_events(struct listener *l, int *by_outcome)
{
	static struct events seen;
	int i, n = 0;

	memset(by_outcome, 0, COWI_NR_DID * sizeof(*by_outcome));
	drain_events(l, &seen);
	if (l->lost)
		bail("events were lost");
	for (i = 0; i < seen.nr; i++) {
		by_outcome[seen.event[i].outcome]++;
		n += kernel_counts(&seen.event[i]);
	}
	return n;
}

static void compare(int family, pid_t pid, struct listener *l, int stage)
{
	int by_outcome[COWI_NR_DID], told, attempt;
	unsigned long long before;
	long long counted;

	for (attempt = 0; attempt < ATTEMPTS; attempt++) {
		count_events(l, by_outcome);
		before = stats_of(family, pid).wpcopy_count;
		run_stage(pid, stage);
		told = count_events(l, by_outcome);
		counted = stats_of(family, pid).wpcopy_count - before;
		if (told <= counted)
			break;
		diag("%s: %d, but the kernel's clock let it count %lld: again",
		     stages[stage].what, told, counted);
	}
	if (!ok(told == counted && told >= stages[stage].least,
		"%s: %d copies as the kernel counts them", stages[stage].what,
		told))
		diag("the kernel has %lld; %d copied, %d zero-filled, %d reused, %d retried",
		     counted, by_outcome[COWI_DID_COPIED],
		     by_outcome[COWI_DID_ZEROFILLED],
		     by_outcome[COWI_DID_REUSED],
		     by_outcome[COWI_DID_RETRIED]);
}

static void test_stages(int family)
{
	pid_t pid = spawn(work, NULL);
	struct listener l;
	int stage;

	/* So that its end is heard of. */
	close(done[1]);
	wait_asleep(pid);
	l = open_events(pid);
	for (stage = 0; stage < NR_STAGES; stage++)
		compare(family, pid, &l, stage);
	stop_listening(&l);
	reap(pid);
}

int main(void)
{
	int family = taskstats_family();

	if (family < 0)
		tap_skip_all("this kernel has no taskstats");
	if (stats_of(family, getpid()).version < 13)
		tap_skip_all("this kernel does not count copies (wpcopy_count)");
	/* For processes that are born from now on. */
	if (!set_file("/proc/sys/kernel/task_delayacct", "1"))
		tap_skip_all("delay accounting cannot be switched on");
	tap_plan(NR_STAGES);
	set_hugetlb(NR_HUGETLB, "8");
	if (pipe(go) || pipe(done))
		bail("pipe");
	test_stages(family);
	set_file(NR_HUGETLB, "0");
	return tap_done();
}
