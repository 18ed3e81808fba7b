// SPDX-License-Identifier: GPL-2.0
/*
 * The tracing itself: processes come and go, events come in.
 *
 * The counters of <pid>/faults are the totals: nothing is missing in them if
 * events are lost. All else is made of events. So the counters are read before
 * the first event may come, and after the last one: they are never behind.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "procfs.h"
#include "trace.h"

/* Milliseconds to wait for events before something else is done. */
#define PATIENCE	50

/* Events to take before something else is done. */
#define TAKE_MAX	4096
#define FINISH_MAX	1000000

/* Reading the VMAs takes their lock, so at most a tenth of the time is for that. */
#define LOOK_REST	10
#define LOOK_PAUSE	5000000

/* Births and ends before those that have exited are looked for; nanoseconds. */
#define SWEEP_CHANGES	32
#define SWEEP_PAUSE	250000000

__u64 trace_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

/* ---- processes ---- */

static struct trace_proc *find_proc(struct trace *t, pid_t pid)
{
	size_t i = t->nr_procs;

	/* Most events are of the same process as the one before. */
	if (t->last && t->last->tally->pid == pid)
		return t->last;
	/* Of several with an id that was used again, the last. */
	while (i--) {
		if (t->proc[i]->tally->pid == pid) {
			t->last = t->proc[i];
			return t->last;
		}
	}
	return NULL;
}

static void read_comm(struct tally_proc *p)
{
	char path[32], comm[sizeof(p->comm)] = "";
	FILE *file;
	size_t len;

	snprintf(path, sizeof(path), "/proc/%d/comm", p->pid);
	file = fopen(path, "re");
	if (!file)
		return;
	/* A newline comes behind the name, and may be in it, too. */
	len = fread(comm, 1, sizeof(comm) - 1, file);
	if (len && comm[len - 1] == '\n')
		comm[len - 1] = '\0';
	if (len)
		memcpy(p->comm, comm, sizeof(comm));
	fclose(file);
}

static struct trace_proc *add_proc(struct trace *t, pid_t pid,
				   const struct trace_proc *parent)
{
	struct trace_proc **grown, *p;

	grown = reallocarray(t->proc, t->nr_procs + 1, sizeof(*grown));
	if (!grown)
		return NULL;
	t->proc = grown;
	p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->tally = tally_add(&t->tally, pid, parent ? parent->tally : NULL);
	if (!p->tally || cowi_target_known(t->c, pid, &p->target)) {
		free(p);
		return NULL;
	}
	p->running = true;
	t->proc[t->nr_procs++] = p;
	t->last = p;
	read_comm(p->tally);
	return p;
}

/* A thread's process. It may be gone, then nobody knows. */
static pid_t process_of(pid_t tid)
{
	char path[32], line[128];
	pid_t pid = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	while (!pid && fgets(line, sizeof(line), file))
		sscanf(line, "Tgid: %d", &pid);
	fclose(file);
	return pid;
}

/*
 * Not <pid>/vmas: that walks all page tables, and with much memory, more happens
 * meanwhile than the stream of events can hold. The process was running after
 * its maps were read, so they were not those of another one with its number.
 */
static int read_vmas(struct trace *t, struct trace_proc *p,
		     struct cowi_vmas *vmas)
{
	int err = cowi_maps_read(p->tally->pid, vmas);

	if (!err)
		err = cowi_status_refresh(t->c);
	if (!err && !cowi_is_running(cowi_status(t->c), p->tally->pid))
		err = -ENOENT;
	return err;
}

static int look(struct trace *t, struct trace_proc *p)
{
	__u64 began = trace_now();
	struct cowi_vmas vmas;
	int err;

	if (!p->target || p->tally->in_exec || began < p->look_after ||
	    t->foreign_proc)
		return 0;
	err = read_vmas(t, p, &vmas);
	/* None: exec has just replaced them. */
	if (!err && vmas.nr) {
		err = tally_map(&t->tally, p->tally, &vmas);
		read_comm(p->tally);
	}
	cowi_vmas_free(&vmas);
	p->look_after = began + (trace_now() - began) * (1 + LOOK_REST) +
			LOOK_PAUSE;
	return err == -ENOENT || err == -ESRCH || err == -EINTR ? 0 : err;
}

static int child_born(struct trace *t, const struct cowinspect_event *e)
{
	struct trace_proc *parent = find_proc(t, e->tid), *old;
	int err = 0;

	if (!parent)
		parent = find_proc(t, process_of(e->tid));
	old = find_proc(t, e->pid);
	/* Its number has been used again, and its directory replaced. */
	if (old) {
		cowi_target_close(old->target);
		old->target = NULL;
		old->running = false;
	}
	t->changes++;
	/* So that the child inherits names for what it shares. */
	if (parent && parent->tally->nr_waiting) {
		parent->look_after = 0;
		err = look(t, parent);
	}
	if (err)
		return err;
	return add_proc(t, e->pid, parent) ? 0 : -ENOMEM;
}

static void subtract(struct cowi_faults *from, const struct cowi_faults *base)
{
	size_t i, vma;

	for (i = 0; i < COWI_NR_FAULTS; i++) {
		from->total[i] -= base->total[i];
		for (vma = 0; vma < COWI_NR_VMAS; vma++)
			from->by_vma[i][vma] -= base->by_vma[i][vma];
	}
}

/* Its numbers are final. Children are detached; the root is, at the end. */
static void finish(struct trace *t, struct trace_proc *p)
{
	if (!p->target)
		return;
	if (!cowi_faults(p->target, &p->faults)) {
		subtract(&p->faults, &p->base);
		p->has_faults = true;
	}
	cowi_target_close(p->target);
	p->target = NULL;
	if (p->tally->pid != t->root_pid)
		cowi_detach(t->c, p->tally->pid);
	else if (t->options->command)
		/* Not reaped yet, so this is it, and not another one. */
		read_comm(p->tally);
}

/* The module keeps those that have exited until they are detached. */
static int sweep(struct trace *t)
{
	size_t i;
	int err = cowi_status_refresh(t->c);

	if (err)
		return err;
	for (i = 0; i < t->nr_procs; i++) {
		struct trace_proc *p = t->proc[i];

		if (!p->target ||
		    cowi_is_running(cowi_status(t->c), p->tally->pid))
			continue;
		p->running = false;
		finish(t, p);
	}
	t->changes = 0;
	t->swept = trace_now();
	return 0;
}

/* ---- events ---- */

static bool is_fault(const struct cowinspect_event *e)
{
	return e->count && e->outcome != COWI_DID_LOST;
}

/* The process of an event that is to be counted, or NULL; *@err on failure. */
static struct trace_proc *proc_of(struct trace *t,
				  const struct cowinspect_event *e, int *err)
{
	struct trace_proc *p;

	if (!t->options->follow && (pid_t)e->pid != t->root_pid)
		return NULL;
	p = find_proc(t, e->pid);
	/* Of a child of which the birth is missing. */
	if (!p) {
		p = add_proc(t, e->pid, NULL);
		*err = p ? 0 : -ENOMEM;
	}
	return p;
}

static int has_execed(struct trace *t, struct trace_proc *p)
{
	int err = tally_exec(&t->tally, p->tally);

	/* Another program; which one it was, we may be too late to see. */
	strcpy(p->tally->comm, "?");
	p->look_after = 0;
	return err ? err : look(t, p);
}

static int take_note(struct trace *t, const struct cowinspect_event *e)
{
	struct trace_proc *p;
	int err = 0;

	switch (e->outcome) {
	case COWI_DID_LOST:
		t->tally.lost += e->count;
		t->tally.lost_notes += e->cost;
		return 0;
	case COWI_DID_CHILD:
		if (t->options->follow)
			return child_born(t, e);
		/* See trace_begin() for why it is attached at all. */
		if (!t->was_attached)
			cowi_detach(t->c, e->pid);
		return 0;
	case COWI_DID_EXIT:
		/* Its last faults may still come; sweep() makes sure. */
		t->changes++;
		return 0;
	case COWI_DID_EXEC:
		p = proc_of(t, e, &err);
		return p ? has_execed(t, p) : err;
	case COWI_DID_FORK_COPIED:
		p = proc_of(t, e, &err);
		if (p)
			p->tally->fork_copied += e->cost;
		return err;
	default:
		return 0;
	}
}

static int take_fault(struct trace *t, const struct cowinspect_event *e)
{
	int err = 0;
	struct trace_proc *p = proc_of(t, e, &err);

	if (!p)
		return err;
	err = tally_fault(&t->tally, p->tally, e);
	if (!err && p->tally->nr_waiting)
		err = look(t, p);
	if (!err && p->tally->nr_waiting && !p->target)
		err = tally_settle(&t->tally, p->tally);
	return err;
}

static int take(struct trace *t, const struct cowinspect_event *e)
{
	struct trace_proc *p;
	int err;

	err = is_fault(e) ? take_fault(t, e) : take_note(t, e);
	if (err || !(t->lines || t->options->html))
		return err;
	p = find_proc(t, e->pid);
	if (t->options->html)
		err = timeline_add(&t->timeline, p ? &p->lane : NULL, e,
				   t->tally.page_size);
	/* Without --follow, the family's events come, too. */
	if (!err && t->lines && p)
		err = trace_lines_add(t, p->tally, e);
	return err;
}

/* Returns 1 if there may be more, 0 if there is nothing now, or an error. */
static int take_all(struct trace *t, unsigned int max)
{
	struct cowinspect_event e;
	int ret = 1;

	while (ret > 0 && max--) {
		ret = cowi_events_next(t->events, &e);
		if (ret > 0) {
			int err = take(t, &e);

			if (err)
				return err;
		} else if (!ret) {
			t->stream_over = true;
		}
	}
	return ret == -EAGAIN || ret == -EINTR ? 0 : ret;
}

static int open_events(struct trace *t)
{
	int err, fd;

	err = cowi_events_open(t->root, &t->events);
	if (err)
		return err;
	t->stream_over = false;
	fd = cowi_events_fd(t->events);
	if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0)
		return -errno;
	return 0;
}

/* ---- begin, step, finish ---- */

static int begin_failed(const struct trace *t, int err)
{
	char what[32];

	snprintf(what, sizeof(what), "process %d", t->root_pid);
	if (err == -EOPNOTSUPP)
		fprintf(stderr,
			"cowinspect: this kernel's faults cannot be observed: see observer_error in %s/status, and the kernel's log\n",
			COWI_DEFAULT_ROOT);
	else
		report(what, err);
	return err;
}

/*
 * A stream that is not followed ends with the address space. So what has not
 * called exec yet is followed, and its children are detached as they are born.
 */
static int attach_root(struct trace *t)
{
	bool follow = t->options->follow || t->options->command;
	int err;

	err = follow ? cowi_target_follow(t->c, t->root_pid, &t->root) :
		       cowi_target_open(t->c, t->root_pid, &t->root);
	return err ? begin_failed(t, err) : 0;
}

/* In /proc of another pid namespace, our numbers are those of others. */
static void check_proc(struct trace *t)
{
	t->foreign_proc = !cowi_is_own_procfs();
	if (t->foreign_proc)
		fprintf(stderr,
			"cowinspect: /proc is not of this pid namespace: mappings and processes will have no names\n");
}

static int check_attached(struct trace *t)
{
	int err = cowi_status_refresh(t->c);

	if (err)
		return begin_failed(t, err);
	t->was_attached = cowi_is_running(cowi_status(t->c), t->root_pid);
	if (!t->was_attached || !t->options->follow)
		return 0;
	fprintf(stderr,
		"cowinspect: process %d is attached already, perhaps by another trace, whose children -f would take: end that, or detach it (echo %d | sudo tee %s/detach)\n",
		t->root_pid, t->root_pid, COWI_DEFAULT_ROOT);
	return -EBUSY;
}

/* Probes can be switched off under those who use them; nothing else tells them. */
static void check_armed(struct trace *t)
{
	if (!cowi_status_refresh(t->c) &&
	    cowi_status(t->c)->observer_armed == COWI_ANSWER_NO)
		fprintf(stderr,
			"cowinspect: faults go by unseen, as probes are switched off: cowinspect status says where\n");
}

int trace_begin(struct trace *t)
{
	struct trace_proc *p;
	int err;

	tally_init(&t->tally, cowi_status(t->c)->page_size);
	check_proc(t);
	err = check_attached(t);
	if (!err)
		err = attach_root(t);
	if (err)
		return err;
	check_armed(t);
	t->start = trace_now();
	timeline_init(&t->timeline, t->start);
	p = add_proc(t, t->root_pid, NULL);
	err = p ? cowi_faults(p->target, &p->base) : -ENOMEM;
	if (!err)
		err = open_events(t);
	/* Before its exec, the memory of a command is ours. */
	if (!err && !t->options->command)
		err = look(t, p);
	return err ? begin_failed(t, err) : 0;
}

/* Returns 1 if the process goes on, with another address space, else 0. */
static int after_exec(struct trace *t)
{
	int err;

	if (t->options->follow || t->options->command)
		return 0;
	cowi_events_close(t->events);
	t->events = NULL;
	err = open_events(t);
	if (err == -COWI_EEXITED)
		return 0;
	return err ? err : 1;
}

static int wait_for_events(struct trace *t)
{
	struct pollfd fd = { .fd = cowi_events_fd(t->events),
			     .events = POLLIN };

	if (poll(&fd, 1, PATIENCE) < 0 && errno != EINTR)
		return -errno;
	return 0;
}

static int look_for_waiting(struct trace *t)
{
	size_t i;
	int err = 0;

	for (i = 0; i < t->nr_procs && !err; i++) {
		if (t->proc[i]->tally->nr_waiting)
			err = look(t, t->proc[i]);
	}
	return err;
}

int trace_step(struct trace *t)
{
	int more, err;

	more = take_all(t, TAKE_MAX);
	if (more < 0)
		return more;
	err = trace_lines_flush(t);
	if (!err)
		err = look_for_waiting(t);
	if (!err && (t->changes >= SWEEP_CHANGES ||
		     (t->changes && trace_now() > t->swept + SWEEP_PAUSE)))
		err = sweep(t);
	if (err)
		return err;
	if (t->stream_over)
		return after_exec(t);
	if (!more)
		err = wait_for_events(t);
	return err ? err : 1;
}

/*
 * All but the root, which ends the following: as long as they are attached,
 * their children are attached as well. So until no more are told of.
 */
static int finish_children(struct trace *t)
{
	size_t nr, i;
	int err = 0;

	do {
		nr = t->nr_procs;
		for (i = 1; i < nr; i++)
			finish(t, t->proc[i]);
		if (!t->stream_over)
			err = take_all(t, FINISH_MAX);
	} while (err >= 0 && t->nr_procs > nr);
	return err;
}

static int look_at_last(struct trace *t)
{
	size_t i;

	for (i = 0; i < t->nr_procs; i++)
		t->proc[i]->look_after = 0;
	return look_for_waiting(t);
}

int trace_finish(struct trace *t)
{
	size_t i;
	int err = 0;

	/* What goes on running may make events faster than we take them. */
	if (!t->stream_over)
		err = take_all(t, FINISH_MAX);
	if (err >= 0)
		err = look_at_last(t);
	if (err >= 0)
		err = sweep(t);
	if (err >= 0)
		err = finish_children(t);
	/* Somebody else has detached the root: there are no more events. */
	if (err > 0 || err == -COWI_EEXITED)
		err = 0;
	t->end = trace_now();
	for (i = 0; i < t->nr_procs && !err; i++) {
		finish(t, t->proc[i]);
		err = tally_settle(&t->tally, t->proc[i]->tally);
	}
	if (!err)
		err = trace_lines_close(t);
	return err;
}

void trace_release(struct trace *t)
{
	size_t i;

	trace_lines_close(t);
	for (i = 0; i < t->nr_procs; i++) {
		finish(t, t->proc[i]);
		timeline_lane_release(&t->proc[i]->lane);
		free(t->proc[i]);
	}
	free(t->proc);
	tally_release(&t->tally);
	timeline_release(&t->timeline);
	cowi_events_close(t->events);
	cowi_target_close(t->root);
}
