// SPDX-License-Identifier: GPL-2.0
/* Records of the kernel as events, with the names that they had at their time. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"
#include "procfs.h"
#include "stream.h"

/* The same before all processes are looked at after a loss. */
#define CHECK_PAUSE	250000000

/* PERF_RECORD_FORK and PERF_RECORD_EXIT */
struct task_record {
	struct perf_event_header header;
	__u32 pid;
	__u32 parent;
	__u32 tid;
	__u32 parent_tid;
	__u64 time;
};

struct comm_record {
	struct perf_event_header header;
	__u32 pid;
	__u32 tid;
	char comm[];
};

struct mmap_record {
	struct perf_event_header header;
	__u32 pid;
	__u32 tid;
	__u64 addr;
	__u64 len;
	__u64 offset;
	__u32 device[2];
	__u64 inode;
	__u64 generation;
	__u32 prot;
	__u32 flags;
	char name[];
};

struct lost_record {
	struct perf_event_header header;
	__u64 id;
	__u64 lost;
};

/* Whether a record has at least @size bytes before what all of them end with. */
static bool has(const struct perf_event_header *record, size_t size)
{
	return record->size >= size + sizeof(struct cowi_sample_id);
}

/* The same for a text at the end of it. */
static bool has_text(const struct perf_event_header *record, const char *text)
{
	size_t before = text - (const char *)record;

	return has(record, before + 1) &&
	       memchr(text, '\0', record->size - before -
				  sizeof(struct cowi_sample_id));
}

/* ---- processes ---- */

static void begin(struct cowi_event *e, enum cowi_event_kind kind,
		  const struct cowi_sample_id *id, const struct cowi_proc *proc)
{
	*e = (struct cowi_event){ .kind = kind, .time = id->time,
				  .tid = id->tid, .comm = "" };
	if (proc) {
		e->pid = proc->pid;
		e->comm = proc->comm;
	}
}

static bool takes_all(const struct cowi_stream *s)
{
	return s->all || s->cgroup >= 0;
}

/* The process of a record, or NULL in *@out if it is not listened to. */
static int find(struct cowi_stream *s, pid_t pid, struct cowi_proc **out)
{
	int err;

	*out = cowi_procs_find(&s->procs, pid);
	/* 0 and -1 are no ids: they stand for those outside of our namespace. */
	if (*out || !takes_all(s) || pid <= 0 || pid == getpid())
		return 0;
	err = cowi_stream_adopt(s, pid, out);
	if (err != -ESRCH)
		return err;
	/* It has exited meanwhile: a record will tell when. */
	*out = cowi_procs_add(&s->procs, pid, NULL);
	return *out ? 0 : -ENOMEM;
}

/* What a process does itself shows that it has not exited. */
static void acts(struct cowi_proc *proc, const struct cowi_sample_id *id)
{
	if ((pid_t)id->tid != proc->pid)
		return;
	proc->leaderless = false;
	proc->ending = false;
}

/* /proc has it as a zombie while other threads go on. */
static bool has_exited(const struct cowi_stream *s, const struct cowi_proc *proc)
{
	struct cowi_procstat st;

	if (!s->own_procfs || cowi_procstat(proc->pid, &st))
		return true;
	return (st.state == 'Z' || st.state == 'X') && st.threads <= 1;
}

static int add_pending(struct cowi_stream *s, struct cowi_proc *proc)
{
	pid_t *grown;

	if (proc->ending)
		return 0;
	grown = reallocarray(s->pending, s->nr_pending + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	s->pending = grown;
	s->pending[s->nr_pending++] = proc->pid;
	proc->ending = true;
	return 0;
}

int cowi_stream_pending(struct cowi_stream *s, struct cowi_event *e)
{
	struct cowi_sample_id id = { .time = cowi_stream_now() };
	struct cowi_proc *proc;

	while (s->next_pending < s->nr_pending) {
		pid_t *pid = &s->pending[s->next_pending];
		bool exited;

		proc = cowi_procs_find(&s->procs, *pid);
		exited = proc && proc->ending && has_exited(s, proc);
		if (proc && proc->ending && !exited) {
			s->next_pending++;
			continue;
		}
		*pid = s->pending[--s->nr_pending];
		if (!exited)
			continue;
		id.tid = proc->pid;
		cowi_procs_end(&s->procs, proc);
		begin(e, COWI_EVENT_EXIT, &id, proc);
		return 1;
	}
	s->next_pending = 0;
	return 0;
}

/* ---- what the kernel tells of them ---- */

static bool takes_child(const struct cowi_stream *s,
			const struct cowi_proc *parent)
{
	return s->follow || takes_all(s) ||
	       cowi_stream_wants_name(s, parent->comm);
}

static int take_fork(struct cowi_stream *s, const struct task_record *record,
		     struct cowi_event *e)
{
	struct cowi_proc *parent, *child;
	int err;

	/* A thread. */
	if (!has(&record->header, sizeof(*record)) ||
	    record->pid == record->parent)
		return 0;
	err = find(s, record->parent, &parent);
	if (err)
		return err;
	if (!parent || !takes_child(s, parent)) {
		child = cowi_procs_find(&s->procs, record->pid);
		if (child) {
			cowi_procs_end(&s->procs, child);
			child->stranger = true;
		}
		return 0;
	}
	child = cowi_procs_add(&s->procs, record->pid, parent);
	if (!child)
		return -ENOMEM;
	begin(e, COWI_EVENT_BORN, cowi_sample_id(&record->header), child);
	e->tid = record->tid;
	e->parent = record->parent;
	return 1;
}

/*
 * The kernel says the same of a thread that exits and of one that calls exec of a
 * setuid program, so /proc decides; and that a process has exited is clear there
 * only a moment after its last thread has.
 */
static int take_exit(struct cowi_stream *s, const struct task_record *record,
		     struct cowi_event *e)
{
	struct cowi_proc *proc;

	if (!has(&record->header, sizeof(*record)))
		return 0;
	proc = cowi_procs_find(&s->procs, record->pid);
	if (!proc || !proc->running)
		return 0;
	if (record->tid == record->pid)
		proc->leaderless = true;
	if (!proc->leaderless)
		return 0;
	if (!has_exited(s, proc))
		return add_pending(s, proc);
	cowi_procs_end(&s->procs, proc);
	begin(e, COWI_EVENT_EXIT, cowi_sample_id(&record->header), proc);
	e->tid = record->tid;
	return 1;
}

/* Somebody has taken a name, or another one. */
static int take_named(struct cowi_stream *s, pid_t pid, const char *comm,
		      struct cowi_proc **out)
{
	int err = find(s, pid, out);

	if (err || *out || !cowi_stream_wants_name(s, comm))
		return err;
	err = cowi_stream_adopt(s, pid, out);
	return err == -ESRCH ? 0 : err;
}

static int take_comm(struct cowi_stream *s, const struct comm_record *record,
		     struct cowi_event *e)
{
	const struct cowi_sample_id *id = cowi_sample_id(&record->header);
	bool exec = record->header.misc & PERF_RECORD_MISC_COMM_EXEC;
	struct cowi_proc *proc;
	int err;

	/* Threads have names of their own. */
	if (!has_text(&record->header, record->comm) ||
	    record->tid != record->pid)
		return 0;
	err = take_named(s, record->pid, record->comm, &proc);
	if (err || !proc)
		return err;
	if (exec)
		cowi_proc_unmap_all(proc);
	acts(proc, id);
	memset(proc->comm, 0, sizeof(proc->comm));
	strncpy(proc->comm, record->comm, sizeof(proc->comm) - 1);
	begin(e, exec ? COWI_EVENT_EXEC : COWI_EVENT_NAMED, id, proc);
	return 1;
}

static int take_mmap(struct cowi_stream *s, const struct mmap_record *record)
{
	struct cowi_mapping mapping;
	struct cowi_proc *proc;
	int err;

	if (!has_text(&record->header, record->name))
		return 0;
	err = find(s, record->pid, &proc);
	if (err || !proc)
		return err;
	acts(proc, cowi_sample_id(&record->header));
	mapping = (struct cowi_mapping){
		.start = record->addr,
		.end = record->addr + record->len,
		.offset = record->offset,
		.inode = record->inode,
		.name = record->name,
	};
	/* As /proc/PID/maps has it. */
	if (!strcmp(record->name, "//anon"))
		mapping.name = "";
	mapping.perms[0] = record->prot & PROT_READ ? 'r' : '-';
	mapping.perms[1] = record->prot & PROT_WRITE ? 'w' : '-';
	mapping.perms[2] = record->prot & PROT_EXEC ? 'x' : '-';
	mapping.perms[3] = record->flags & MAP_SHARED ? 's' : 'p';
	return cowi_proc_map(proc, &mapping);
}

/* Births, ends and mappings may be among what is missing: /proc has them. */
static int check_all(struct cowi_stream *s)
{
	struct cowi_proc *proc;
	size_t i;
	int err = 0;

	if (!s->own_procfs || cowi_stream_now() < s->checked + CHECK_PAUSE)
		return 0;
	for (i = 0; i < COWI_PROC_BUCKETS && !err; i++) {
		for (proc = s->procs.bucket[i]; proc && !err;
		     proc = proc->next) {
			if (!proc->running)
				continue;
			err = add_pending(s, proc);
			if (!err)
				err = cowi_stream_look(s, proc);
		}
	}
	if (!err)
		err = cowi_stream_find_procs(s);
	s->checked = cowi_stream_now();
	return err;
}

static int take_lost(struct cowi_stream *s, const struct lost_record *record,
		     struct cowi_event *e)
{
	int err;

	if (!has(&record->header, sizeof(*record)) || !record->lost)
		return 0;
	s->lost += record->lost;
	err = check_all(s);
	if (err)
		return err;
	begin(e, COWI_EVENT_LOST, cowi_sample_id(&record->header), NULL);
	e->tid = 0;
	e->count = record->lost;
	return 1;
}

/* ---- the tracepoints ---- */

/*
 * exec writes the arguments by get_user_pages() into the highest pages that a
 * stack can have (__bprm_mm_init() in fs/exec.c), before the old memory is gone.
 */
static bool writes_arguments(const struct cowi_proc *proc,
			     const struct cowi_event *e)
{
	__u32 is = COWI_E_WRITE | COWI_E_GUP;
	__u32 is_not = COWI_E_USER | COWI_E_REMOTE | COWI_E_SHARED;

	return (e->flags & (is | is_not)) == is && e->vma == COWI_VMA_ANON &&
	       e->outcome == COWI_DID_ZEROFILLED &&
	       e->addr >= cowi_proc_top(proc);
}

/* Whether a mapping can be what a fault was of. */
static bool fits(const struct cowi_mapping *m, const struct cowi_event *e)
{
	return m && (m->perms[3] == 's') == !!(e->flags & COWI_E_SHARED) &&
	       cowi_is_anon_mapping(m->name, m->perms) ==
	       (e->vma == COWI_VMA_ANON);
}

/*
 * The kernel tells of all mappings but those that mremap() has moved: these are
 * looked up once a fault shows that there are some.
 */
static int find_mapping(struct cowi_stream *s, struct cowi_proc *proc,
			struct cowi_event *e)
{
	static const struct cowi_mapping arguments = {
		.perms = "rw-p", .name = "(arguments of exec)",
	};
	const struct cowi_mapping *m = cowi_proc_mapping(proc, e->addr);
	int err;

	if (!fits(m, e) && writes_arguments(proc, e)) {
		e->mapping = &arguments;
		return 0;
	}
	if (!fits(m, e) && proc->running && s->own_procfs &&
	    cowi_stream_now() > proc->looked + STREAM_LOOK_PAUSE) {
		err = cowi_stream_look(s, proc);
		if (err)
			return err;
		m = cowi_proc_mapping(proc, e->addr);
	}
	e->mapping = fits(m, e) ? m : NULL;
	return 0;
}

static __u64 get(const struct cowi_sample *sample,
		 const struct cowi_field *field)
{
	return cowi_field_get(field, sample->raw, sample->raw_size);
}

/*
 * The tracepoint has the id of the initial pid namespace. Elsewhere, what a process
 * does in its own memory has ours as well.
 */
static int find_owner(struct cowi_stream *s, const struct cowi_sample *sample,
		      pid_t global_pid, bool remote, struct cowi_proc **out)
{
	int err = 0;

	if (!s->initial_ns && remote)
		*out = cowi_procs_find_global(&s->procs, global_pid);
	/* Somebody of a cgroup, in the memory of one who may not be. */
	else if (s->cgroup >= 0 && remote)
		*out = cowi_procs_find(&s->procs, global_pid);
	else
		err = find(s, s->initial_ns ? global_pid : (pid_t)sample->id->pid,
			   out);
	if (*out && !remote) {
		(*out)->global_pid = global_pid;
		acts(*out, sample->id);
	}
	return err;
}

static int take_fault(struct cowi_stream *s, const struct cowi_sample *sample,
		      struct cowi_event *e)
{
	__u32 flags = get(sample, &s->fault[FAULT_FLAGS]);
	__u8 outcome = get(sample, &s->fault[FAULT_OUTCOME]);
	struct cowi_proc *proc = NULL;
	int err;

	if (s->outcomes && (outcome >= 32 || !(s->outcomes & 1U << outcome)))
		return 0;
	err = find_owner(s, sample, get(sample, &s->fault[FAULT_PID]),
			 flags & COWI_E_REMOTE, &proc);
	if (err || !proc)
		return err;
	begin(e, COWI_EVENT_FAULT, sample->id, proc);
	e->flags = flags;
	e->outcome = outcome;
	e->addr = get(sample, &s->fault[FAULT_ADDR]);
	e->bytes = get(sample, &s->fault[FAULT_BYTES]);
	e->cost = get(sample, &s->fault[FAULT_COST]);
	e->old_kind = get(sample, &s->fault[FAULT_OLD_KIND]);
	e->new_kind = get(sample, &s->fault[FAULT_NEW_KIND]);
	e->old_order = get(sample, &s->fault[FAULT_OLD_ORDER]);
	e->new_order = get(sample, &s->fault[FAULT_NEW_ORDER]);
	e->vma = get(sample, &s->fault[FAULT_VMA]);
	e->predicted = get(sample, &s->fault[FAULT_PREDICTED]);
	e->confidence = get(sample, &s->fault[FAULT_CONFIDENCE]);
	err = find_mapping(s, proc, e);
	if (!err)
		err = cowi_stream_take_stack(s, sample, e);
	return err ? err : 1;
}

static int take_cow_fork(struct cowi_stream *s, const struct cowi_sample *sample,
			 struct cowi_event *e)
{
	struct cowi_proc *proc = NULL;
	int err;

	err = find_owner(s, sample, get(sample, &s->fork[FORK_PARENT]), false,
			 &proc);
	if (err || !proc)
		return err;
	begin(e, COWI_EVENT_FORK, sample->id, proc);
	e->child = get(sample, &s->fork[FORK_CHILD]);
	e->cost = get(sample, &s->fork[FORK_COST]);
	e->tables = get(sample, &s->fork[FORK_TABLES]);
	e->copied = get(sample, &s->fork[FORK_COPIED]);
	e->anon = get(sample, &s->fork[FORK_ANON]);
	e->file = get(sample, &s->fork[FORK_FILE]);
	e->shmem = get(sample, &s->fork[FORK_SHMEM]);
	e->swap = get(sample, &s->fork[FORK_SWAP]);
	return 1;
}

static int take_sample(struct cowi_stream *s,
		       const struct perf_event_header *record,
		       struct cowi_event *e)
{
	static const struct cowi_field type = { .offset = 0, .size = 2 };
	struct cowi_sample sample;
	unsigned int id;
	int err;

	err = cowi_sample_take(record, s->stacks, &sample);
	if (err)
		return err;
	s->samples++;
	id = get(&sample, &type);
	if (id == s->fault_id)
		return take_fault(s, &sample, e);
	return s->fork_id && id == s->fork_id ? take_cow_fork(s, &sample, e) : 0;
}

int cowi_stream_translate(struct cowi_stream *s,
			  const struct perf_event_header *record,
			  struct cowi_event *e)
{
	switch (record->type) {
	case PERF_RECORD_SAMPLE:
		return take_sample(s, record, e);
	case PERF_RECORD_MMAP2:
		return take_mmap(s, (const void *)record);
	case PERF_RECORD_COMM:
		return take_comm(s, (const void *)record, e);
	case PERF_RECORD_FORK:
		return take_fork(s, (const void *)record, e);
	case PERF_RECORD_EXIT:
		return take_exit(s, (const void *)record, e);
	case PERF_RECORD_LOST:
		return take_lost(s, (const void *)record, e);
	default:
		return 0;
	}
}
