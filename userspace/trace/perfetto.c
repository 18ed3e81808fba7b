// SPDX-License-Identifier: GPL-2.0
/*
 * trace --perfetto: each event as ui.perfetto.dev and chrome://tracing read it, in
 * the Trace Event Format. Written as it happens, so that a trace may be larger than
 * memory.
 */
#include "trace.h"

/* A slice that is there only for an arrow to end in it, in nanoseconds. */
#define INSTANT		1

static __u64 since_start(const struct trace *t, __u64 time)
{
	return time > t->start ? time - t->start : 0;
}

/* They count in microseconds. */
static void put_time(struct json *j, const char *key, __u64 ns)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu.%03llu", ns / 1000, ns % 1000);
	json_verbatim(j, key, text);
}

static struct json *begin(struct trace *t, const char *phase, const char *name,
			  pid_t pid, pid_t tid)
{
	struct json *j = &t->exports.json;

	json_object(j, NULL);
	json_string(j, "ph", phase);
	json_string(j, "name", name);
	json_number(j, "pid", pid);
	json_number(j, "tid", tid);
	return j;
}

static void put_slice(struct trace *t, const char *name, pid_t pid, pid_t tid,
		      __u64 end, __u64 length)
{
	struct json *j = begin(t, "X", name, pid, tid);
	__u64 until = since_start(t, end);

	/* One may have begun before the trace did. */
	if (length > until)
		length = until;
	put_time(j, "ts", until - length);
	put_time(j, "dur", length);
}

static void put_name(struct trace *t, const struct trace_proc *p)
{
	pid_t pid = p->tally->pid;
	struct json *j = begin(t, "M", "process_name", pid, pid);

	json_object(j, "args");
	json_string(j, "name", p->tally->comm);
	json_end_object(j);
	json_end_object(j);
}

static void put_instant(struct trace *t, const char *name,
			const struct cowi_event *e)
{
	struct json *j = begin(t, "i", name, e->pid, e->tid ? e->tid : e->pid);

	put_time(j, "ts", since_start(t, e->time));
	json_string(j, "s", "p");
	json_end_object(j);
}

/* What the process has copied so far. */
static void put_counter(struct trace *t, const struct trace_proc *p,
			const struct cowi_event *e)
{
	struct json *j = begin(t, "C", "bytes copied", e->pid, e->pid);

	put_time(j, "ts", since_start(t, e->time));
	json_object(j, "args");
	json_number(j, "bytes", p->tally->counts.copied_bytes);
	json_end_object(j);
	json_end_object(j);
}

static void put_fault(struct trace *t, const struct trace_proc *p,
		      const struct cowi_event *e)
{
	struct json *j = &t->exports.json;
	char flags[96];

	trace_flags_text(e, flags, sizeof(flags));
	put_slice(t, cowi_did_name(e->outcome), e->pid, e->tid, e->time,
		  e->cost);
	json_object(j, "args");
	json_hex(j, "addr", e->addr);
	json_number(j, "bytes", e->bytes);
	json_string(j, "old", cowi_kind_name(e->old_kind));
	json_string(j, "new", cowi_kind_name(e->new_kind));
	json_string(j, "flags", flags);
	json_string(j, "memory", cowi_vma_name(e->vma));
	if (e->mapping)
		json_string(j, "mapping", e->mapping->name);
	json_end_object(j);
	json_end_object(j);
	if (e->outcome == COWI_DID_COPIED ||
	    e->outcome == COWI_DID_SWAPIN_COPIED)
		put_counter(t, p, e);
}

static void put_fork(struct trace *t, const struct cowi_event *e)
{
	struct json *j = &t->exports.json;

	put_slice(t, "fork", e->pid, e->tid, e->time, e->cost);
	json_object(j, "args");
	json_number(j, "child", e->child);
	json_number(j, "table_bytes", e->tables);
	json_number(j, "anon_pages", e->anon);
	json_number(j, "file_pages", e->file);
	json_number(j, "shmem_pages", e->shmem);
	json_number(j, "swap_pages", e->swap);
	json_number(j, "copied_pages", e->copied);
	json_end_object(j);
	json_end_object(j);
}

/* Arrows go from slice to slice: the one that is there is the end of it. */
static void put_flow_end(struct trace *t, const char *phase, pid_t pid,
			 __u64 time)
{
	struct json *j = begin(t, phase, "child", pid, pid);

	json_string(j, "cat", "fork");
	json_number(j, "id", t->exports.flows);
	put_time(j, "ts", since_start(t, time - INSTANT));
	if (*phase == 'f')
		json_string(j, "bp", "e");
	json_end_object(j);
}

/* What a fork cost may be told of none, or be lost: a birth is enough for an arrow. */
static void put_birth(struct trace *t, const struct cowi_event *e)
{
	char words[32];

	snprintf(words, sizeof(words), "child %d", e->pid);
	put_slice(t, words, e->parent, e->parent, e->time, INSTANT);
	json_end_object(&t->exports.json);
	put_slice(t, "born", e->pid, e->pid, e->time, INSTANT);
	json_end_object(&t->exports.json);
	t->exports.flows++;
	put_flow_end(t, "s", e->parent, e->time);
	put_flow_end(t, "f", e->pid, e->time);
}

static void put_lost(struct trace *t, const struct cowi_event *e)
{
	struct json *j = begin(t, "i", "lost events", 0, 0);

	put_time(j, "ts", since_start(t, e->time));
	json_string(j, "s", "g");
	json_object(j, "args");
	json_number(j, "count", e->count);
	json_end_object(j);
	json_end_object(j);
}

void trace_perfetto_begin(struct trace *t)
{
	struct json *j = &t->exports.json;

	if (!t->exports.file[TRACE_PERFETTO])
		return;
	*j = (struct json){ .out = t->exports.file[TRACE_PERFETTO] };
	json_object(j, NULL);
	json_array(j, "traceEvents");
}

void trace_perfetto_add(struct trace *t, const struct trace_proc *p,
			const struct cowi_event *e)
{
	if (!t->exports.file[TRACE_PERFETTO])
		return;
	switch (e->kind) {
	case COWI_EVENT_FAULT:
		put_fault(t, p, e);
		break;
	case COWI_EVENT_FORK:
		put_fork(t, e);
		break;
	case COWI_EVENT_BORN:
		put_birth(t, e);
		break;
	case COWI_EVENT_EXEC:
		put_instant(t, "exec", e);
		break;
	case COWI_EVENT_EXIT:
		put_instant(t, "exit", e);
		/* It may be forgotten now. */
		put_name(t, p);
		break;
	case COWI_EVENT_LOST:
		put_lost(t, e);
		break;
	default:
		break;
	}
}

void trace_perfetto_end(struct trace *t)
{
	struct json *j = &t->exports.json;
	size_t i;

	if (!t->exports.file[TRACE_PERFETTO])
		return;
	for (i = 0; i < t->nr_procs; i++) {
		if (t->proc[i]->running)
			put_name(t, t->proc[i]);
	}
	json_end_array(j);
	json_string(j, "displayTimeUnit", "ns");
	json_object(j, "otherData");
	json_number(j, "lost_events", t->tally.lost);
	json_number(j, "missed", t->missed);
	json_bool(j, "unarmed", t->unarmed);
	json_end_object(j);
	json_end_object(j);
}
