// SPDX-License-Identifier: GPL-2.0
/* The processes of a stream and their mappings, as they are at its records. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "procs.h"

/* ---- mappings ---- */

/**
 * struct name - of mappings
 * @refs: how many have it
 * @text: what it is
 */
struct name {
	size_t refs;
	char text[];
};

/**
 * struct entry - a mapping
 * @mapping: its name is that of @name
 * @name: counted
 */
struct entry {
	struct cowi_mapping mapping;
	struct name *name;
};

/**
 * struct cowi_maps - mappings of a process, or of some that have the same
 * @refs: how many processes
 * @nr: entries in @entry
 * @room: how many there may be
 * @entry: by address
 * @code: see cowi_proc_code(); 0 if it is to be found out
 */
struct cowi_maps {
	size_t refs;
	size_t nr;
	size_t room;
	struct entry *entry;
	__u64 code;
};

static struct name *new_name(const char *text)
{
	size_t size = strlen(text) + 1;
	struct name *name = malloc(sizeof(*name) + size);

	if (!name)
		return NULL;
	name->refs = 1;
	memcpy(name->text, text, size);
	return name;
}

static void put_name(struct name *name)
{
	if (!--name->refs)
		free(name);
}

static void put_maps(struct cowi_maps *maps)
{
	size_t i;

	if (!maps || --maps->refs)
		return;
	for (i = 0; i < maps->nr; i++)
		put_name(maps->entry[i].name);
	free(maps->entry);
	free(maps);
}

/* Those of @old, for a single process. */
static struct cowi_maps *copy_maps(const struct cowi_maps *old)
{
	struct cowi_maps *maps = calloc(1, sizeof(*maps));
	size_t i;

	if (!maps)
		return NULL;
	maps->refs = 1;
	if (!old || !old->nr)
		return maps;
	maps->entry = calloc(old->nr, sizeof(*maps->entry));
	if (!maps->entry) {
		free(maps);
		return NULL;
	}
	maps->nr = old->nr;
	maps->room = old->nr;
	maps->code = old->code;
	memcpy(maps->entry, old->entry, old->nr * sizeof(*maps->entry));
	for (i = 0; i < maps->nr; i++)
		maps->entry[i].name->refs++;
	return maps;
}

/* A process is about to change its own. */
static int unshare_maps(struct cowi_proc *proc)
{
	struct cowi_maps *maps;

	if (proc->maps && proc->maps->refs == 1)
		return 0;
	maps = copy_maps(proc->maps);
	if (!maps)
		return -ENOMEM;
	put_maps(proc->maps);
	proc->maps = maps;
	return 0;
}

/* Index of the first one that ends behind an address. */
static size_t first_behind(const struct cowi_maps *maps, __u64 addr)
{
	size_t low = 0, high = maps->nr, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (maps->entry[mid].mapping.end > addr)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

static void changes_code(struct cowi_maps *maps, const struct entry *entry)
{
	if (entry->mapping.perms[2] == 'x')
		maps->code = 0;
}

/* Have @count entries in place of @nr of them at @at. */
static int splice(struct cowi_maps *maps, size_t at, size_t nr,
		  const struct entry *entries, size_t count)
{
	size_t left = maps->nr - nr + count, i;
	struct entry *grown;

	if (left > maps->room) {
		grown = reallocarray(maps->entry, left * 2, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		maps->entry = grown;
		maps->room = left * 2;
	}
	for (i = 0; i < count; i++) {
		entries[i].name->refs++;
		changes_code(maps, &entries[i]);
	}
	for (i = at; i < at + nr; i++) {
		changes_code(maps, &maps->entry[i]);
		put_name(maps->entry[i].name);
	}
	memmove(maps->entry + at + count, maps->entry + at + nr,
		(maps->nr - at - nr) * sizeof(*maps->entry));
	memcpy(maps->entry + at, entries, count * sizeof(*entries));
	maps->nr = left;
	return 0;
}

int cowi_proc_map(struct cowi_proc *proc, const struct cowi_mapping *mapping)
{
	struct entry new = { .mapping = *mapping }, part[3];
	size_t at, end, count = 0;
	struct cowi_maps *maps;
	int err;

	if (mapping->start >= mapping->end)
		return 0;
	new.name = unshare_maps(proc) ? NULL : new_name(mapping->name);
	if (!new.name)
		return -ENOMEM;
	new.mapping.name = new.name->text;
	maps = proc->maps;
	at = first_behind(maps, mapping->start);
	end = at;
	while (end < maps->nr && maps->entry[end].mapping.start < mapping->end)
		end++;
	/* What is left of those at the edges. */
	if (end > at && maps->entry[at].mapping.start < mapping->start) {
		part[count] = maps->entry[at];
		part[count++].mapping.end = mapping->start;
	}
	part[count++] = new;
	if (end > at && maps->entry[end - 1].mapping.end > mapping->end) {
		part[count] = maps->entry[end - 1];
		part[count].mapping.offset += mapping->end -
					      part[count].mapping.start;
		part[count++].mapping.start = mapping->end;
	}
	err = splice(maps, at, end - at, part, count);
	put_name(new.name);
	return err;
}

void cowi_proc_unmap_all(struct cowi_proc *proc)
{
	put_maps(proc->maps);
	proc->maps = NULL;
}

const struct cowi_mapping *cowi_proc_mapping(const struct cowi_proc *proc,
					     __u64 addr)
{
	const struct cowi_maps *maps = proc->maps;
	size_t i = maps ? first_behind(maps, addr) : 0;

	if (!maps || i == maps->nr || maps->entry[i].mapping.start > addr)
		return NULL;
	return &maps->entry[i].mapping;
}

const struct cowi_mapping *cowi_proc_mapping_at(const struct cowi_proc *proc,
						size_t i)
{
	return proc->maps && i < proc->maps->nr ?
	       &proc->maps->entry[i].mapping : NULL;
}

/* FNV-1a */
static __u64 hash(__u64 before, const void *data, size_t size)
{
	const unsigned char *byte = data;

	while (size--)
		before = (before ^ *byte++) * 0x100000001b3ull;
	return before;
}

static __u64 hash_code(const struct cowi_maps *maps)
{
	__u64 code = 0xcbf29ce484222325ull;
	size_t i;

	for (i = 0; i < maps->nr; i++) {
		const struct cowi_mapping *m = &maps->entry[i].mapping;
		__u64 number[] = { m->start, m->end, m->offset, m->inode };

		if (m->perms[2] != 'x')
			continue;
		code = hash(code, number, sizeof(number));
		code = hash(code, m->name, strlen(m->name));
	}
	return code ? code : 1;
}

__u64 cowi_proc_code(const struct cowi_proc *proc)
{
	struct cowi_maps *maps = proc->maps;

	if (!maps)
		return 0;
	if (!maps->code)
		maps->code = hash_code(maps);
	return maps->code;
}

__u64 cowi_proc_top(const struct cowi_proc *proc)
{
	const struct cowi_maps *maps = proc->maps;

	return maps && maps->nr ? maps->entry[maps->nr - 1].mapping.end : 0;
}

/* ---- processes ---- */

static struct cowi_proc **bucket_of(struct cowi_procs *p, pid_t pid)
{
	return &p->bucket[(unsigned int)pid % COWI_PROC_BUCKETS];
}

struct cowi_proc *cowi_procs_find(const struct cowi_procs *p, pid_t pid)
{
	struct cowi_proc *proc = *bucket_of((struct cowi_procs *)p, pid);

	while (proc && (proc->pid != pid || proc->stranger))
		proc = proc->next;
	return proc;
}

struct cowi_proc *cowi_procs_find_global(const struct cowi_procs *p, pid_t pid)
{
	struct cowi_proc *proc;
	size_t i;

	for (i = 0; i < COWI_PROC_BUCKETS; i++) {
		for (proc = p->bucket[i]; proc; proc = proc->next) {
			if (proc->global_pid == pid && proc->running)
				return proc;
		}
	}
	return NULL;
}

struct cowi_proc *cowi_procs_add(struct cowi_procs *p, pid_t pid,
				 const struct cowi_proc *parent)
{
	struct cowi_proc *proc = cowi_procs_find(p, pid);
	struct cowi_maps *maps = parent ? parent->maps : NULL;

	if (!proc) {
		proc = calloc(1, sizeof(*proc));
		if (!proc)
			return NULL;
		proc->pid = pid;
		proc->next = *bucket_of(p, pid);
		*bucket_of(p, pid) = proc;
	}
	if (maps)
		maps->refs++;
	put_maps(proc->maps);
	proc->maps = maps;
	memset(proc->comm, 0, sizeof(proc->comm));
	if (parent)
		memcpy(proc->comm, parent->comm, sizeof(proc->comm));
	p->running += !proc->running;
	proc->running = true;
	proc->global_pid = 0;
	proc->leaderless = false;
	proc->ending = false;
	proc->looked = 0;
	return proc;
}

static void forget(struct cowi_procs *p, struct cowi_proc *proc)
{
	struct cowi_proc **at = bucket_of(p, proc->pid);

	while (*at != proc)
		at = &(*at)->next;
	*at = proc->next;
	put_maps(proc->maps);
	free(proc);
}

void cowi_procs_end(struct cowi_procs *p, struct cowi_proc *proc)
{
	struct cowi_proc **place = &p->dead[p->next_dead];

	proc->ending = false;
	if (!proc->running)
		return;
	proc->running = false;
	p->running--;
	/* Its id was used again before, and it is still there from then. */
	if (proc->dead)
		return;
	proc->dead = true;
	if (*place && (*place)->running)
		(*place)->dead = false;
	else if (*place)
		forget(p, *place);
	*place = proc;
	p->next_dead = (p->next_dead + 1) % COWI_PROC_DEAD;
}

void cowi_procs_release(struct cowi_procs *p)
{
	size_t i;

	for (i = 0; i < COWI_PROC_BUCKETS; i++) {
		while (p->bucket[i])
			forget(p, p->bucket[i]);
	}
}
