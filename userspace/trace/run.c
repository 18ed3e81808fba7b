// SPDX-License-Identifier: GPL-2.0
/*
 * The tracing itself: processes come and go, events come in. Nothing is attached:
 * what there is in the kernel ends with the stream, in whatever way we end.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "clock.h"
#include "procfs.h"
#include "trace.h"

/* Milliseconds to wait for events before something else is done. */
#define PATIENCE	50

/* Events to take before something else is done. */
#define TAKE_MAX	4096

/* Nanoseconds to unwind stacks before rings are looked at again. */
#define WORK_NS		2000000

/* Nanoseconds before the module is asked again whether faults are observed. */
#define CHECK_PAUSE	250000000

__u64 trace_now(void)
{
	return clock_ns(CLOCK_MONOTONIC);
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

static void set_comm(struct trace_proc *p, const char *comm)
{
	if (strcmp(p->tally->comm, comm))
		p->tally->like_parent = false;
	snprintf(p->tally->comm, sizeof(p->tally->comm), "%s", comm);
}

/* All but what only the module's own counters of a process tell. */
static void know_counters(struct cowi_faults *f)
{
	memset(f->known, true, sizeof(f->known));
	f->known[COWI_FAULT_elsewhere] = false;
	f->known[COWI_FAULT_fork_unknown] = false;
	f->known[COWI_FAULT_lost] = false;
}

static struct trace_proc *add_proc(struct trace *t, pid_t pid, const char *comm,
				   const struct trace_proc *parent, __u64 born)
{
	struct trace_proc **grown, *p;

	grown = reallocarray(t->proc, t->nr_procs + 1, sizeof(*grown));
	if (!grown)
		return NULL;
	t->proc = grown;
	p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->tally = tally_add(&t->tally, pid, parent ? parent->tally : NULL,
			     born);
	if (!p->tally) {
		free(p);
		return NULL;
	}
	p->running = true;
	know_counters(&p->faults);
	set_comm(p, comm);
	t->proc[t->nr_procs++] = p;
	t->last = p;
	return p;
}

/* One that is older than the trace: /proc may tell whose child it is. */
static struct trace_proc *add_older(struct trace *t, pid_t pid, const char *comm)
{
	struct trace_proc *p = add_proc(t, pid, comm, NULL, 0);
	const struct trace_proc *parent = NULL;
	struct cowi_procstat st;

	if (p && cowi_is_own_procfs() && !cowi_procstat(pid, &st))
		parent = find_proc(t, st.parent);
	if (parent) {
		p->tally->parent = parent->tally->pid;
		p->tally->like_parent = !strcmp(p->tally->comm,
						parent->tally->comm);
	}
	return p;
}

/* ---- events ---- */

static void add(struct trace_proc *p, enum cowi_fault counter,
		const struct cowi_event *e, __u64 number)
{
	p->faults.total[counter] += number;
	if (e->vma < COWI_NR_VMAS)
		p->faults.by_vma[counter][e->vma] += number;
}

static enum cowi_fault copied_counter(const struct cowi_event *e)
{
	static const enum cowi_fault counters[COWI_NR_KINDS] = {
#define COUNTER(id, name, total, copied, ...) \
		[id] = COWI_FAULT_copied_##copied,
		COWINSPECT_KINDS(COUNTER, COUNTER)
#undef COUNTER
	};

	if (e->old_order)
		return COWI_FAULT_copied_huge;
	return e->old_kind < COWI_NR_KINDS ? counters[e->old_kind] :
					     COWI_FAULT_copied_other;
}

static void count_copy(struct trace_proc *p, const struct cowi_event *e)
{
	if (e->outcome == COWI_DID_COPIED)
		add(p, copied_counter(e), e, 1);
	else if (e->outcome != COWI_DID_SWAPIN_COPIED)
		return;
	add(p, COWI_FAULT_copied_bytes, e, e->bytes);
	if (e->flags & COWI_E_REMOTE)
		add(p, COWI_FAULT_remote_copied, e, 1);
}

/* What the kernel counts in minflt and majflt (mm_account_fault()). */
static bool is_accounted(const struct cowi_event *e)
{
	return !(e->flags & COWI_E_REMOTE) &&
	       e->outcome != COWI_DID_RETRIED &&
	       e->outcome != COWI_DID_REFUSED;
}

/* As the module's <pid>/faults has them of a process that is attached. */
static void count(struct trace_proc *p, const struct cowi_event *e)
{
	add(p, COWI_FAULT_observed, e, 1);
	if (e->outcome < COWI_NR_DID)
		add(p, COWI_FAULT_copied + e->outcome, e, 1);
	count_copy(p, e);
	if (e->flags & COWI_E_SPLIT)
		add(p, COWI_FAULT_splits, e, 1);
	if (e->flags & COWI_E_REMOTE)
		add(p, COWI_FAULT_remote, e, 1);
	if (is_accounted(e))
		add(p, COWI_FAULT_accounted, e, 1);
	if (is_accounted(e) && e->flags & COWI_E_MAJOR)
		add(p, COWI_FAULT_major, e, 1);
}

/* Neither a name nor a fork that copied nothing is worth a line. */
static bool is_shown(const struct cowi_event *e)
{
	return e->kind != COWI_EVENT_NAMED &&
	       (e->kind != COWI_EVENT_FORK || e->copied);
}

static int show(struct trace *t, struct trace_proc *p,
		const struct cowi_event *e)
{
	int err = 0;

	if (t->options->html)
		err = timeline_add(&t->timeline, p ? &p->lane : NULL, e);
	trace_perfetto_add(t, p, e);
	if (!err && t->lines && is_shown(e))
		err = trace_lines_add(t, e);
	return err;
}

static int take_fault(struct trace *t, struct trace_proc *p,
		      const struct cowi_event *e)
{
	struct tally_proc *tally = p->tally;
	int err;

	count(p, e);
	err = tally_fault(&t->tally, tally, e);
	if (err || !e->stack)
		return err;
	return stacks_add(&t->stacks, t->stream, e, &tally->stacks,
			  tally->last, e->bytes);
}

/* The stacks that wait, for a while or all of them. Returns whether there are more. */
static int unwind_some(struct trace *t, bool all)
{
	__u64 until = trace_now() + WORK_NS;
	int ret;

	do {
		ret = stacks_work(&t->stacks);
	} while (ret > 0 && (all || trace_now() < until));
	return ret;
}

static void exits(struct trace_proc *p)
{
	p->running = false;
	tally_exit(p->tally);
}

static void free_proc(struct trace_proc *p)
{
	timeline_lane_release(&p->lane);
	free(p);
}

static int forget(struct trace *t, size_t i)
{
	struct trace_proc *p = t->proc[i];
	int err = 0;

	if (p->tally->stacks.waiting)
		err = unwind_some(t, true);
	if (!err)
		err = groups_add(&t->groups, p->tally);
	if (!err)
		err = group_add(&t->forgotten, p->tally);
	if (err)
		return err;
	tally_forget(&t->tally, i);
	if (t->last == p)
		t->last = NULL;
	free_proc(p);
	memmove(&t->proc[i], &t->proc[i + 1],
		(--t->nr_procs - i) * sizeof(*t->proc));
	t->forgotten.rest = true;
	return 0;
}

/* Those that exited first; not the first of all, which was asked for. */
static int forget_some(struct trace *t)
{
	size_t i = 1;
	int err = 0;

	while (i < t->nr_procs && t->nr_procs > t->max_procs && !err) {
		if (t->proc[i]->running || t->proc[i]->tally->heirs)
			i++;
		else
			err = forget(t, i);
	}
	return err;
}

/* The process of an event: a new one if it is born. */
static struct trace_proc *proc_of(struct trace *t, const struct cowi_event *e)
{
	struct trace_proc *p = find_proc(t, e->pid);

	if (e->kind == COWI_EVENT_BORN) {
		/* Its number has been used again. */
		if (p)
			exits(p);
		return add_proc(t, e->pid, e->comm, find_proc(t, e->parent),
				e->time);
	}
	return p ? p : add_older(t, e->pid, e->comm);
}

int trace_take(struct trace *t, const struct cowi_event *e)
{
	struct trace_proc *p = NULL;
	int err = 0;

	if (e->kind == COWI_EVENT_LOST) {
		t->tally.lost += e->count;
		return show(t, NULL, e);
	}
	p = proc_of(t, e);
	if (!p)
		return -ENOMEM;
	switch (e->kind) {
	case COWI_EVENT_FAULT:
		err = take_fault(t, p, e);
		break;
	case COWI_EVENT_FORK:
		tally_fork(p->tally, e);
		p->faults.total[COWI_FAULT_fork_copied] += e->copied;
		break;
	case COWI_EVENT_EXEC:
		err = tally_exec(p->tally, e->time);
		set_comm(p, e->comm);
		break;
	case COWI_EVENT_NAMED:
		set_comm(p, e->comm);
		break;
	case COWI_EVENT_EXIT:
		exits(p);
		break;
	default:
		break;
	}
	if (!err)
		err = show(t, p, e);
	/* Afterwards, as it may be the one to be forgotten. */
	if (!err && e->kind == COWI_EVENT_EXIT)
		err = forget_some(t);
	return err;
}

/* Returns 1 if there may be more, 0 if there is nothing now, or an error. */
static int take_all(struct trace *t, size_t max)
{
	struct cowi_event e;
	int ret = 1;

	while (ret > 0 && max--) {
		ret = cowi_stream_next(t->stream, &e);
		if (ret > 0) {
			int err = trace_take(t, &e);

			if (err)
				return err;
		}
	}
	return ret;
}

/* ---- begin, step, finish ---- */

static int begin_failed(const struct trace *t, int err)
{
	const struct trace_options *o = t->options;
	char what[32] = "trace";

	if (t->root_pid)
		snprintf(what, sizeof(what), "process %d", t->root_pid);
	if (err == -EOPNOTSUPP || err == -COWI_ENOTRACEPOINT)
		fprintf(stderr,
			"cowinspect: this kernel's faults cannot be observed: see observer_error in %s/status, and the kernel's log\n",
			COWI_DEFAULT_ROOT);
	else if (err == -COWI_ECGROUP)
		report(o->stream.cgroup, err);
	else
		report(what, err);
	return err;
}

/* Probes can be switched off under those who use them; nothing else tells them. */
static bool check_armed(struct trace *t)
{
	t->checked = trace_now();
	if (!cowi_status_refresh(t->c) &&
	    cowi_status(t->c)->observer_armed == COWI_ANSWER_NO)
		t->unarmed = true;
	return !t->unarmed;
}

/* Those that were named are in the report even if nothing happens. */
static int add_named(struct trace *t, const pid_t *pid, size_t nr)
{
	struct cowi_procstat st;
	size_t i;

	for (i = 0; i < nr; i++) {
		if (!find_proc(t, pid[i]) &&
		    !add_older(t, pid[i], cowi_procstat(pid[i], &st) ? "" :
			       st.comm))
			return -ENOMEM;
	}
	return 0;
}

/* A command has its own already, and keeps it. */
static void raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int trace_begin(struct trace *t)
{
	struct cowi_stream_options o = t->options->stream;
	int err;

	if (t->options->command) {
		o.pid = &t->root_pid;
		o.nr_pids = 1;
	}
	t->max_procs = TRACE_MAX_PROCS;
	tally_init(&t->tally, cowi_status(t->c)->page_size);
	if (!cowi_is_own_procfs())
		fprintf(stderr,
			"cowinspect: /proc is not of this pid namespace: what runs already will have no names\n");
	raise_file_limit();
	t->start = trace_now();
	timeline_init(&t->timeline, t->start);
	err = stacks_init(&t->stacks, t->options->debuginfod);
	if (!err)
		err = cowi_stream_open(&o, &t->stream);
	if (!err)
		err = add_named(t, o.pid, o.nr_pids - o.nr_gone);
	if (err)
		return begin_failed(t, err);
	if (!check_armed(t))
		fprintf(stderr,
			"cowinspect: faults go by unseen, as probes are switched off: cowinspect status says where\n");
	t->missed = cowi_status(t->c)->observer_missed;
	return 0;
}

/* Others may come to have the name, or come into the cgroup. */
static bool is_over(const struct trace *t)
{
	const struct trace_options *o = t->options;
	__u64 now = trace_now();

	if (o->duration && now - t->start >= o->duration)
		return true;
	if (o->until_exit && t->nr_procs && !t->proc[0]->running)
		return true;
	return !o->stream.all && !o->stream.cgroup && !o->stream.name &&
	       !cowi_stream_running(t->stream);
}

int trace_step(struct trace *t)
{
	int more, err;

	more = take_all(t, TAKE_MAX);
	if (more < 0)
		return more;
	err = trace_lines_flush(t);
	if (err)
		return err;
	if (trace_now() > t->checked + CHECK_PAUSE)
		check_armed(t);
	if (is_over(t))
		return 0;
	if (!more)
		more = unwind_some(t, false);
	if (!more)
		more = cowi_stream_wait(t->stream, PATIENCE);
	return more < 0 ? more : 1;
}

static int group_all(struct trace *t)
{
	size_t i;
	int err = 0;

	for (i = 0; i < t->nr_procs && !err; i++)
		err = groups_add(&t->groups, t->proc[i]->tally);
	groups_sort(&t->groups);
	return err;
}

int trace_finish(struct trace *t)
{
	struct cowi_stream_lost lost;
	int err;

	check_armed(t);
	t->missed = cowi_status(t->c)->observer_missed - t->missed;
	cowi_stream_stop(t->stream);
	t->end = trace_now();
	err = take_all(t, SIZE_MAX);
	if (!err)
		err = unwind_some(t, true);
	if (err < 0)
		return err;
	/* Only now it is known of what kind. */
	cowi_stream_lost(t->stream, &lost);
	t->tally.lost = lost.faults;
	t->tally.lost_notes = lost.records > lost.faults ?
			      lost.records - lost.faults : 0;
	err = group_all(t);
	return err ? err : trace_lines_close(t);
}

void trace_release(struct trace *t)
{
	size_t i;

	trace_lines_close(t);
	for (i = 0; i < t->nr_procs; i++)
		free_proc(t->proc[i]);
	free(t->proc);
	groups_release(&t->groups);
	group_release(&t->forgotten);
	stacks_release(&t->stacks);
	tally_release(&t->tally);
	timeline_release(&t->timeline);
	cowi_stream_close(t->stream);
}
