// SPDX-License-Identifier: GPL-2.0
/* What top knows: items are found by what they are, in a tree of libc's. */
#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grow.h"
#include "model.h"

/* ---- items ---- */

/* For tsearch(). A command has no id; nobody else needs a name. */
static int compare(const void *a, const void *b)
{
	const struct model_item *x = a, *y = b;

	if (x->by != y->by)
		return x->by < y->by ? -1 : 1;
	if (x->by == MODEL_COMMANDS)
		return strcmp(x->comm, y->comm);
	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

static struct model_item *find(const struct model *m,
			       const struct model_item *key)
{
	struct model_item **found = tfind(key, &m->index, compare);

	return found ? *found : NULL;
}

struct model_item *model_find(const struct model *m, pid_t pid)
{
	return find(m, &(struct model_item){ .by = MODEL_PROCESSES, .pid = pid });
}

/* Returns NULL without memory. */
static struct model_item *add_item(struct model *m, const struct model_item *key)
{
	struct model_item **grown = grow(m->item, m->nr, sizeof(*grown));
	struct model_item *item;

	if (!grown)
		return NULL;
	m->item = grown;
	item = malloc(sizeof(*item));
	if (!item)
		return NULL;
	*item = *key;
	if (!tsearch(item, &m->index, compare)) {
		free(item);
		return NULL;
	}
	m->item[m->nr++] = item;
	return item;
}

/* The group that a process belongs to, which may be a new one. */
static struct model_item *group_of(struct model *m, const struct model_item *p,
				   enum model_by by)
{
	struct model_item key = { .by = by }, *group, *parent;

	if (by == MODEL_PARENTS)
		key.pid = p->parent;
	else
		memcpy(key.comm, p->comm, sizeof(key.comm));
	group = find(m, &key);
	if (group)
		return group;
	parent = by == MODEL_PARENTS ? model_find(m, p->parent) : NULL;
	if (parent)
		memcpy(key.comm, parent->comm, sizeof(key.comm));
	return add_item(m, &key);
}

/* What it copied before stays with the group that it belonged to then. */
static int join(struct model *m, struct model_item *p, enum model_by by)
{
	struct model_item *group = group_of(m, p, by);

	if (!group)
		return -ENOMEM;
	if (p->group[by])
		p->group[by]->running--;
	p->group[by] = group;
	group->running++;
	return 0;
}

static int add_process(struct model *m, pid_t pid, pid_t parent,
		       const char *comm)
{
	struct model_item key = {
		.by = MODEL_PROCESSES, .pid = pid, .parent = parent, .running = 1,
	};
	struct model_item *p;
	int err;

	snprintf(key.comm, sizeof(key.comm), "%s", comm);
	p = add_item(m, &key);
	if (!p)
		return -ENOMEM;
	p->group[MODEL_PROCESSES] = p;
	m->total.running++;
	m->last = p;
	err = join(m, p, MODEL_COMMANDS);
	return err ? err : join(m, p, MODEL_PARENTS);
}

int model_add(struct model *m, pid_t pid, pid_t parent, const char *comm)
{
	return model_find(m, pid) ? 0 : add_process(m, pid, parent, comm);
}

/* Its id may be used again while it is still shown. */
static void end_process(struct model *m, struct model_item *p)
{
	int by;

	tdelete(p, &m->index, compare);
	p->exited = true;
	for (by = 0; by < MODEL_NR_BY; by++) {
		if (p->group[by])
			p->group[by]->running--;
	}
	m->total.running--;
	m->exits++;
	if (m->last == p)
		m->last = NULL;
}

/* ---- events ---- */

static struct model_item *process_of(struct model *m, pid_t pid)
{
	if (!m->last || m->last->pid != pid)
		m->last = model_find(m, pid);
	return m->last;
}

static int take_birth(struct model *m, const struct cowi_event *e)
{
	struct model_item *old = process_of(m, e->pid);

	/* Its number has been used again. */
	if (old)
		end_process(m, old);
	return add_process(m, e->pid, e->parent, e->comm);
}

static int rename_process(struct model *m, struct model_item *p,
			  const char *comm)
{
	if (!strcmp(p->comm, comm))
		return 0;
	snprintf(p->comm, sizeof(p->comm), "%s", comm);
	/* Until it is asked again. */
	p->title[0] = '\0';
	return join(m, p, MODEL_COMMANDS);
}

static void count(struct model_item *item, const struct cowi_event *e)
{
	item->all.copies++;
	item->all.bytes += e->bytes;
}

static void take_fault(struct model *m, struct model_item *p,
		       const struct cowi_event *e)
{
	int by;

	if (e->outcome != COWI_DID_COPIED && e->outcome != COWI_DID_SWAPIN_COPIED)
		return;
	for (by = 0; by < MODEL_NR_BY; by++)
		count(p->group[by], e);
	count(&m->total, e);
}

int model_take(struct model *m, const struct cowi_event *e)
{
	struct model_item *p;
	int err = 0;

	if (e->kind == COWI_EVENT_LOST) {
		m->lost += e->count;
		return 0;
	}
	if (e->kind == COWI_EVENT_BORN)
		return take_birth(m, e);
	p = process_of(m, e->pid);
	if (!p && e->kind == COWI_EVENT_EXIT)
		return 0;
	if (!p)
		err = add_process(m, e->pid, 0, e->comm);
	p = m->last;
	if (err)
		return err;
	if (e->kind == COWI_EVENT_FAULT)
		take_fault(m, p, e);
	else if (e->kind == COWI_EVENT_EXIT)
		end_process(m, p);
	else if (e->kind == COWI_EVENT_EXEC || e->kind == COWI_EVENT_NAMED)
		err = rename_process(m, p, e->comm);
	return err;
}

/* ---- rounds ---- */

static void end_round(struct model_item *item, __u64 round)
{
	__u64 copies = item->all.copies - item->before.copies;

	item->round.copies = copies;
	item->round.bytes = item->all.bytes - item->before.bytes;
	item->before = item->all;
	item->history[round % MODEL_HISTORY] =
		copies < UINT32_MAX ? copies : UINT32_MAX;
	item->idle = item->running || copies ? 0 : item->idle + 1;
}

static bool is_over(const struct model_item *item)
{
	return item->by == MODEL_PROCESSES ? item->was_shown :
					     item->idle > MODEL_HISTORY;
}

/* Processes that exited are out of the index already. */
static void forget(struct model *m, struct model_item *item)
{
	if (item->by != MODEL_PROCESSES)
		tdelete(item, &m->index, compare);
	free(item);
}

void model_round(struct model *m, __u64 elapsed)
{
	size_t i, kept = 0;

	for (i = 0; i < m->nr; i++) {
		struct model_item *item = m->item[i];

		end_round(item, m->rounds);
		if (is_over(item)) {
			forget(m, item);
			continue;
		}
		item->was_shown = item->exited;
		m->item[kept++] = item;
	}
	m->nr = kept;
	end_round(&m->total, m->rounds);
	m->rounds++;
	m->elapsed = elapsed;
}

/* ---- sizes ---- */

void model_size(const struct model *m, const struct cowi_vmas *vmas,
		struct model_size *size)
{
	__u64 own = 0, mapped = 0;
	size_t i;

	for (i = 0; i < vmas->nr; i++) {
		const __u64 *value = vmas->vma[i].totals.value;

		/* The rest has no frame of its own: the zero page, devices. */
		mapped += value[COWI_TOTAL_mapped_once] +
			  value[COWI_TOTAL_mapped_more];
		if (vmas->vma[i].perms[3] == 'p')
			own += value[COWI_TOTAL_mapped_once];
	}
	size->own = own * m->page_size;
	size->shared = (mapped - own) * m->page_size;
}

struct model_item *model_stalest(const struct model *m, __u64 before)
{
	struct model_item *stalest = NULL;
	size_t i;

	for (i = 0; i < m->nr; i++) {
		struct model_item *item = m->item[i];

		if (item->by != MODEL_PROCESSES || item->exited ||
		    item->tried >= before)
			continue;
		if (!stalest || item->tried < stalest->tried)
			stalest = item;
	}
	return stalest;
}

static void add_size(struct model_size *sum, const struct model_size *part)
{
	sum->known &= part->known;
	if (!part->known)
		return;
	sum->own += part->own;
	sum->shared += part->shared;
	if (!sum->read || part->read < sum->read)
		sum->read = part->read;
}

static void add_sizes(struct model *m)
{
	size_t i;
	int by;

	m->total.size = (struct model_size){ .known = true };
	for (i = 0; i < m->nr; i++) {
		struct model_item *item = m->item[i];

		if (item->by != MODEL_PROCESSES)
			item->size = (struct model_size){
				.known = item->running
			};
	}
	for (i = 0; i < m->nr; i++) {
		struct model_item *item = m->item[i];

		if (item->by != MODEL_PROCESSES || item->exited)
			continue;
		for (by = MODEL_COMMANDS; by < MODEL_NR_BY; by++)
			add_size(&item->group[by]->size, &item->size);
		add_size(&m->total.size, &item->size);
	}
}

/* ---- what is to be shown ---- */

const char *model_name(const struct model_item *item)
{
	return item->title[0] ? item->title : item->comm;
}

static bool fits(const struct model_item *item, const char *filter)
{
	char id[24];

	snprintf(id, sizeof(id), "%d", item->pid);
	return strcasestr(item->comm, filter) ||
	       strcasestr(item->title, filter) ||
	       (item->pid && strstr(id, filter));
}

static __u64 key_of(const struct model_item *item, enum model_sort sort)
{
	switch (sort) {
	case MODEL_COPIES:
		return item->round.copies;
	case MODEL_BYTES:
		return item->round.bytes;
	case MODEL_COPIED:
		return item->before.bytes;
	case MODEL_OWN:
		return item->size.own;
	case MODEL_SHARED:
		return item->size.shared;
	default:
		return 0;
	}
}

/* For qsort_r(). */
static int by_key(const void *a, const void *b, void *arg)
{
	const struct model_item *x = *(struct model_item *const *)a;
	const struct model_item *y = *(struct model_item *const *)b;
	enum model_sort sort = *(const enum model_sort *)arg;
	__u64 first = key_of(x, sort), second = key_of(y, sort);
	int order = 0;

	if (first != second)
		return first < second ? 1 : -1;
	if (sort == MODEL_NAME)
		order = strcmp(model_name(x), model_name(y));
	return order ? order : compare(x, y);
}

int model_items(struct model *m, enum model_by by, const char *filter,
		enum model_sort sort, struct model_item ***items, size_t *nr)
{
	size_t i;

	*nr = 0;
	*items = calloc(m->nr + 1, sizeof(**items));
	if (!*items)
		return -ENOMEM;
	add_sizes(m);
	for (i = 0; i < m->nr; i++) {
		if (m->item[i]->by == by && fits(m->item[i], filter))
			(*items)[(*nr)++] = m->item[i];
	}
	qsort_r(*items, *nr, sizeof(**items), by_key, &sort);
	return 0;
}

/* ---- begin and end ---- */

void model_init(struct model *m, __u64 page_size)
{
	*m = (struct model){ .page_size = page_size };
}

static void keep(void *item)
{
	(void)item;
}

void model_release(struct model *m)
{
	size_t i;

	tdestroy(m->index, keep);
	for (i = 0; i < m->nr; i++)
		free(m->item[i]);
	free(m->item);
	memset(m, 0, sizeof(*m));
}
