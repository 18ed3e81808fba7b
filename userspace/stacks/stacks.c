// SPDX-License-Identifier: GPL-2.0
/* Stacks of faults, from the stream to call paths. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "data.h"
#include "procfs.h"
#include "stacks.h"
#include "stream.h"
#include "symbols.h"
#include "unwind.h"

/* A worker, the server that made it, and who started that one. */
#define GENERATIONS	2

/* In nanoseconds, until somebody is asked again for functions made at run time. */
#define MADE_PAUSE	100000000

/**
 * struct stacks_job - a stack that waits
 * @next: the one behind it
 * @counts: where it is to be counted
 * @vma: number of the mapping
 * @space: its code, or NULL
 * @cost: of the fault
 * @addr: the page
 * @size: bytes of this
 * @remote: of another process than the memory
 * @comm: its command name
 * @stack: with what it points to behind this
 */
struct stacks_job {
	struct stacks_job *next;
	struct stack_counts *counts;
	size_t vma;
	struct space *space;
	struct calls_cost cost;
	__u64 addr;
	size_t size;
	bool remote;
	char comm[16];
	struct cowi_stack stack;
};

const char *stack_end_text(enum stack_end end)
{
	static const char *const text[NR_STACK_ENDS] = {
		[STACK_SHORT] = "piece of stack too short",
		[STACK_NO_CFI] = "no unwind information",
		[STACK_NO_FILE] = "file gone",
		[STACK_CHANGED] = "file was replaced",
		[STACK_NO_OBJECT] = "code of no file",
		[STACK_UNMAPPED] = "not in mapped code, as in exec",
		[STACK_UNREADABLE] = "memory not readable",
		[STACK_DEEP] = "too many functions",
		[STACK_NO_REGS] = "thread of the kernel",
		[STACK_32BIT] = "32-bit program",
		[STACK_NO_MAPS] = "mappings not known",
		[STACK_EMPTY] = "no user code",
		[STACK_BUSY] = "too many at once",
	};

	return text[end];
}

int stacks_init(struct stacks *s, bool debuginfod)
{
	memset(s, 0, sizeof(*s));
	s->debuginfod = debuginfod;
	s->max_bytes = STACKS_MAX_BYTES;
	return calls_init(&s->calls);
}

static void drop_first(struct stacks *s)
{
	struct stacks_job *job = s->first;

	s->first = job->next;
	if (!s->first)
		s->last = NULL;
	s->bytes -= job->size;
	job->counts->waiting--;
	if (job->space)
		job->space->lru.users--;
	free(job);
}

void stacks_release(struct stacks *s)
{
	size_t i;

	while (s->first)
		drop_first(s);
	for (i = 0; i < STACKS_MADE; i++)
		perfmap_release(&s->made[i].map);
	spaces_release(&s->spaces);
	calls_release(&s->calls);
}

/* ---- the queue ---- */

static struct stacks_job *new_job(const struct cowi_stack *stack)
{
	size_t ips = stack->nr_ips * sizeof(*stack->ip);
	size_t size = sizeof(struct stacks_job) + ips + stack->nr_bytes;
	struct stacks_job *job = malloc(size);
	char *behind;

	if (!job)
		return NULL;
	memset(job, 0, sizeof(*job));
	behind = (char *)(job + 1);
	job->size = size;
	job->stack = *stack;
	snprintf(job->comm, sizeof(job->comm), "%s", stack->comm);
	job->stack.comm = job->comm;
	job->stack.ip = (const void *)behind;
	job->stack.memory = behind + ips;
	if (ips)
		memcpy(behind, stack->ip, ips);
	if (stack->nr_bytes)
		memcpy(behind + ips, stack->memory, stack->nr_bytes);
	return job;
}

static int count_end(struct stacks *s, struct stack_counts *counts, size_t vma,
		     enum stack_end end, const struct calls_cost *cost);

int stacks_add(struct stacks *s, const struct cowi_stream *stream,
	       const struct cowi_event *e, struct stack_counts *counts,
	       size_t vma, __u64 bytes)
{
	struct calls_cost cost = { .faults = 1, .bytes = bytes, .ns = e->cost };
	struct stacks_job *job;
	int err;

	/* Not earlier: a command that we start has our environment. */
	if (!s->debuginfod)
		unsetenv("DEBUGINFOD_URLS");
	if (s->bytes + e->stack->nr_bytes > s->max_bytes)
		return count_end(s, counts, vma, STACK_BUSY, &cost);
	job = new_job(e->stack);
	if (!job)
		return -ENOMEM;
	err = spaces_get(&s->spaces, stream, e->stack->pid, &job->space);
	if (err) {
		free(job);
		return err;
	}
	if (job->space)
		job->space->lru.users++;
	job->counts = counts;
	job->vma = vma;
	job->cost = cost;
	/* As the table of pages has it. */
	job->addr = bytes ? e->addr & ~(bytes - 1) : e->addr;
	job->remote = e->flags & COWI_E_REMOTE;
	counts->waiting++;
	if (s->last)
		s->last->next = job;
	else
		s->first = job;
	s->last = job;
	s->bytes += job->size;
	return 0;
}

/* ---- call paths ---- */

/* What is no function stands where one would. */
static int add_words(struct stacks *s, const char *words, size_t *path)
{
	struct calls_frame frame = { .function = words, .object = "",
				     .file = "" };
	size_t number;
	int err = calls_frame(&s->calls, &frame, &number);

	return err ? err : calls_path(&s->calls, *path, number, path);
}

static int add_end(struct stacks *s, enum stack_end end, bool any, size_t *path)
{
	char words[64];

	if (end == STACK_WHOLE)
		return 0;
	snprintf(words, sizeof(words), "(%s: %s)", any ? "cut off" : "no stack",
		 stack_end_text(end));
	return add_words(s, words, path);
}

static int count_end(struct stacks *s, struct stack_counts *counts, size_t vma,
		     enum stack_end end, const struct calls_cost *cost)
{
	size_t path = CALLS_ROOT;
	int err;

	s->faults[end] += cost->faults;
	err = add_end(s, end, false, &path);
	return err ? err : stack_counts_add(counts, path, vma, cost);
}

static struct stacks_made *made_by(struct stacks *s, pid_t pid)
{
	struct stacks_made *made;
	size_t i;

	for (i = 0; i < STACKS_MADE; i++) {
		if (s->made[i].pid == pid)
			return &s->made[i];
	}
	made = &s->made[s->next_made];
	s->next_made = (s->next_made + 1) % STACKS_MADE;
	perfmap_release(&made->map);
	memset(made, 0, sizeof(*made));
	made->pid = pid;
	return made;
}

/* The file grows as code is made; whoever has none yet is asked again later. */
static const char *find_own(struct stacks *s, pid_t pid, __u64 addr)
{
	struct stacks_made *made = made_by(s, pid);
	const char *name = perfmap_find(&made->map, addr);
	__u64 now = cowi_stream_now();
	struct stat st;
	FILE *file;

	if (name || now < made->missed + MADE_PAUSE)
		return name;
	file = perfmap_open(pid);
	if (!file) {
		made->missed = now;
		return NULL;
	}
	if (!fstat(fileno(file), &st) && (size_t)st.st_size != made->map.size)
		perfmap_read(&made->map, file);
	fclose(file);
	return perfmap_find(&made->map, addr);
}

/*
 * A child has what its parent had made before the fork; CPython says so in the file of
 * the parent only. That one of another program is at the very same address is not
 * expected where addresses are chosen by chance.
 */
static const char *find_made(struct stacks *s, pid_t pid, __u64 addr)
{
	const char *name = find_own(s, pid, addr);
	struct cowi_procstat st;
	unsigned int i;

	for (i = 0; i < GENERATIONS && !name; i++) {
		if (cowi_procstat(pid, &st) || st.parent <= 0)
			break;
		pid = st.parent;
		name = find_own(s, pid, addr);
	}
	return name;
}

/* The functions at an address, from the outermost. */
static int add_address(struct stacks *s, const struct stacks_job *job,
		       __u64 addr, size_t *path)
{
	size_t frame[SYMBOLS_MAX], nr = 0;
	const char *made = NULL;
	int err;

	if (symbols_are_made(job->space, addr))
		made = find_made(s, job->stack.pid, addr);
	err = symbols_find(job->space, addr, made, &s->calls, frame, &nr);
	while (nr-- && !err)
		err = calls_path(&s->calls, *path, frame[nr], path);
	return err;
}

static int path_of(struct stacks *s, const struct stacks_job *job,
		   const struct unwound *u, size_t *path)
{
	char words[64];
	size_t i = u->nr;
	int err = 0;

	*path = CALLS_ROOT;
	if (job->remote) {
		snprintf(words, sizeof(words), "(by process %d %s)",
			 job->stack.pid, job->comm);
		err = add_words(s, words, path);
	}
	if (!err)
		err = add_end(s, u->end, u->nr, path);
	while (i-- && !err)
		err = add_address(s, job, u->addr[i], path);
	return err;
}

/* What the page is, if it is of a file that has code as well. */
static int note_data(const struct stacks_job *job)
{
	struct object *object;
	const char *text;
	__u64 moved;

	if (!job->space || job->remote || !job->cost.bytes ||
	    stack_counts_data(job->counts, job->addr))
		return 0;
	object = space_object(job->space, job->addr, &moved);
	text = object ? data_text(object, job->addr - moved, job->cost.bytes) :
			NULL;
	return text ? stack_counts_add_data(job->counts, job->addr, text) : 0;
}

int stacks_work(struct stacks *s)
{
	struct stacks_job *job = s->first;
	struct unwound u;
	size_t path;
	int err;

	if (!job)
		return 0;
	unwind(job->space, &job->stack, &u);
	s->faults[u.end] += job->cost.faults;
	err = path_of(s, job, &u, &path);
	if (!err)
		err = stack_counts_add(job->counts, path, job->vma, &job->cost);
	if (!err)
		err = note_data(job);
	drop_first(s);
	return err ? err : 1;
}
