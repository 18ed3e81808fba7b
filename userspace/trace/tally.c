// SPDX-License-Identifier: GPL-2.0
/* What a trace has seen, added up. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "grow.h"
#include "kin.h"
#include "tally.h"

#define NO_VMA	SIZE_MAX

void tally_init(struct tally *t, __u64 page_size)
{
	memset(t, 0, sizeof(*t));
	t->page_size = page_size;
	t->max_pages = TALLY_MAX_PAGES;
}

static void proc_free(struct tally_proc *p)
{
	size_t i;

	kin_leave(p);
	forks_release(&p->forks);
	for (i = 0; i < p->nr_vmas; i++)
		free(p->vma[i].name);
	free(p->vma);
	free(p->page);
	stack_counts_release(&p->stacks);
	free(p);
}

void tally_release(struct tally *t)
{
	size_t i;

	for (i = 0; i < t->nr_procs; i++)
		proc_free(t->proc[i]);
	free(t->proc);
	tally_init(t, t->page_size);
}

/* Returns the index of a mapping that had no faults yet, or NO_VMA. */
static size_t add_vma(struct tally_proc *p, const struct tally_vma *like,
		      const char *name)
{
	struct tally_vma *grown = grow(p->vma, p->nr_vmas, sizeof(*grown));
	struct tally_vma *vma;

	if (!grown)
		return NO_VMA;
	p->vma = grown;
	vma = &p->vma[p->nr_vmas];
	*vma = *like;
	memset(&vma->counts, 0, sizeof(vma->counts));
	vma->name = strdup(name);
	if (!vma->name)
		return NO_VMA;
	return p->nr_vmas++;
}

struct tally_proc *tally_add(struct tally *t, pid_t pid,
			     const struct tally_proc *parent, __u64 born)
{
	struct tally_proc **grown = grow(t->proc, t->nr_procs, sizeof(*grown));
	struct tally_proc *p;

	if (!grown)
		return NULL;
	t->proc = grown;
	p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->pid = pid;
	p->born = born;
	if (parent) {
		p->parent = parent->pid;
		p->like_parent = true;
		memcpy(p->comm, parent->comm, sizeof(p->comm));
	}
	if (parent ? kin_join(p, parent) : kin_found(p, false)) {
		free(p);
		return NULL;
	}
	t->proc[t->nr_procs++] = p;
	return p;
}

/* ---- mappings ---- */

/* Whether a mapping is one that had faults before; it may have grown. */
static bool is_same(const struct tally_vma *known, const struct cowi_mapping *m,
		    unsigned int kind)
{
	if (known->gone || known->kind != kind)
		return false;
	if (!m)
		return !known->end && !known->name[0];
	/* Of one without a place, the name is all there is. */
	if (m->end ? known->start >= m->end || m->start >= known->end :
		     known->end)
		return false;
	return !strcmp(known->perms, m->perms) && !strcmp(known->name, m->name);
}

static size_t find_vma(const struct tally_proc *p, const struct cowi_mapping *m,
		       unsigned int kind)
{
	size_t i;

	if (p->last < p->nr_vmas && is_same(&p->vma[p->last], m, kind))
		return p->last;
	for (i = 0; i < p->nr_vmas; i++) {
		if (is_same(&p->vma[i], m, kind))
			return i;
	}
	return NO_VMA;
}

static bool has_room(const struct tally *t, const struct tally_proc *p)
{
	return t->nr_vmas < TALLY_MAX_VMAS &&
	       p->nr_vmas < TALLY_MAX_VMAS_OF_ONE;
}

/* Index of the mapping of a fault, or NO_VMA without memory. */
static size_t vma_of(struct tally *t, struct tally_proc *p,
		     const struct cowi_mapping *m, unsigned int kind)
{
	static const struct cowi_mapping further = {
		.name = "(further mappings)",
	};
	struct tally_vma like = { .kind = kind };
	size_t i = find_vma(p, m, kind), had = p->nr_vmas;

	if (i == NO_VMA && !has_room(t, p)) {
		m = &further;
		i = find_vma(p, m, kind);
	}
	if (i == NO_VMA && m) {
		like.start = m->start;
		like.end = m->end;
		memcpy(like.perms, m->perms, sizeof(m->perms));
	}
	if (i == NO_VMA)
		i = add_vma(p, &like, m ? m->name : "");
	if (i == NO_VMA)
		return i;
	t->nr_vmas += p->nr_vmas - had;
	if (m && m->start < p->vma[i].start)
		p->vma[i].start = m->start;
	if (m && m->end > p->vma[i].end)
		p->vma[i].end = m->end;
	p->last = i;
	return i;
}

/* ---- forks, and the end ---- */

static void follow(struct tally_proc *p, struct tally_proc *forked)
{
	if (p->fork_of && p->fork_of != p)
		p->fork_of->heirs--;
	p->fork_of = forked;
	if (forked && forked != p)
		forked->heirs++;
}

/*
 * In another pid namespace than the initial one, the event's id of the child is
 * not ours: it is the last one then that has no fork yet.
 */
static struct tally_proc *child_of(const struct tally_proc *p, pid_t pid)
{
	struct tally_proc *last = NULL;
	size_t i = p->kin ? p->kin->nr : 0;

	while (i--) {
		struct tally_proc *child = p->kin->member[i];

		if (child->parent != p->pid || child->fork_of)
			continue;
		if (child->pid == pid)
			return child;
		last = last ? last : child;
	}
	return last;
}

void tally_fork(struct tally_proc *p, const struct cowi_event *event)
{
	struct tally_proc *child = child_of(p, event->child);

	forks_add(&p->forks, event);
	follow(p, p);
	if (child)
		follow(child, p);
	else if (p->kin)
		p->kin->complete = false;
}

int tally_exec(struct tally_proc *p, __u64 time)
{
	size_t i;

	for (i = 0; i < p->nr_vmas; i++)
		p->vma[i].gone = true;
	p->execs++;
	p->like_parent = false;
	p->born = time;
	follow(p, NULL);
	return kin_found(p, true);
}

void tally_exit(struct tally_proc *p)
{
	follow(p, NULL);
	kin_leave(p);
}

void tally_forget(struct tally *t, size_t i)
{
	t->nr_vmas -= t->proc[i]->nr_vmas;
	t->nr_pages -= t->proc[i]->nr_pages;
	proc_free(t->proc[i]);
	memmove(&t->proc[i], &t->proc[i + 1],
		(--t->nr_procs - i) * sizeof(*t->proc));
}

/* ---- pages ---- */

static struct tally_page *page_slot(struct tally_page *table, size_t room,
				    __u64 addr)
{
	/* Multiplicative hashing: 2^64 by the golden ratio, upper bits. */
	size_t i = (addr * 0x9e3779b97f4a7c15ull) >> 32;

	for (i &= room - 1; table[i].faults; i = (i + 1) & (room - 1)) {
		if (table[i].addr == addr)
			break;
	}
	return &table[i];
}

/* At most half of the places are used. */
static int pages_grow(struct tally_proc *p)
{
	size_t room = p->room ? p->room * 2 : 256, i;
	struct tally_page *table = calloc(room, sizeof(*table));

	if (!table)
		return -ENOMEM;
	for (i = 0; i < p->room; i++) {
		if (p->page[i].faults)
			*page_slot(table, room, p->page[i].addr) = p->page[i];
	}
	free(p->page);
	p->page = table;
	p->room = room;
	return 0;
}

const struct tally_page *tally_page_find(const struct tally_proc *p, __u64 addr)
{
	const struct tally_page *page;

	if (!p->room)
		return NULL;
	page = page_slot(p->page, p->room, addr);
	return page->faults ? page : NULL;
}

static bool is_copy(unsigned int outcome)
{
	return outcome == COWI_DID_COPIED || outcome == COWI_DID_SWAPIN_COPIED;
}

static bool is_reuse(unsigned int outcome)
{
	return outcome == COWI_DID_REUSED || outcome == COWI_DID_SWAPIN_REUSED;
}

static int count_page(struct tally *t, struct tally_proc *p, size_t vma,
		      const struct cowi_event *event)
{
	__u64 addr = event->addr & ~(event->bytes - 1);
	struct tally_page *page;

	if (p->nr_pages * 2 >= p->room && pages_grow(p))
		return -ENOMEM;
	page = page_slot(p->page, p->room, addr);
	if (!page->faults) {
		if (t->nr_pages == t->max_pages) {
			t->uncounted_pages++;
			return 0;
		}
		t->nr_pages++;
		p->nr_pages++;
		page->addr = addr;
	}
	page->vma = vma;
	if (event->bytes > page->bytes)
		page->bytes = event->bytes;
	page->faults++;
	page->copied += is_copy(event->outcome);
	page->reused += is_reuse(event->outcome);
	page->zerofilled += event->outcome == COWI_DID_ZEROFILLED;
	if (is_copy(event->outcome))
		page->last_copy = event->time;
	if (is_copy(event->outcome) || is_reuse(event->outcome) ||
	    event->outcome == COWI_DID_ZEROFILLED)
		page->own = event->time;
	return 0;
}

/* ---- faults ---- */

static void count(struct tally_counts *c, const struct cowi_event *event,
		  unsigned int facts, __u64 page_size)
{
	unsigned int i;

	c->did[event->outcome]++;
	c->ns += event->cost;
	if (is_copy(event->outcome)) {
		c->copied_bytes += event->bytes;
		c->copy_ns += event->cost;
	}
	if (event->outcome == COWI_DID_ZEROFILLED)
		c->filled_bytes += event->bytes;
	c->huge += event->bytes > page_size;
	c->splits += !!(event->flags & COWI_E_SPLIT);
	for (i = 0; i < NR_COPY_FACTS; i++)
		c->fact[i] += facts >> i & 1;
}

static int count_after_fork(struct tally_proc *p, const struct cowi_event *event,
			    unsigned int facts)
{
	enum fork_side side = p->fork_of == p ? FORK_BY_PARENT : FORK_BY_CHILD;

	return p->fork_of ? forks_copy(&p->fork_of->forks.after[side], event,
				       facts) : 0;
}

int tally_fault(struct tally *t, struct tally_proc *p,
		const struct cowi_event *event)
{
	struct cowi_event e = *event;
	unsigned int facts = 0;
	size_t vma;

	/* A newer module may know more outcomes than we do. */
	if (e.outcome >= COWI_NR_DID)
		e.outcome = COWI_DID_UNKNOWN;
	/* 0 of a fault that was given up, which was of a page nevertheless. */
	if (e.bytes < t->page_size || e.bytes & (e.bytes - 1))
		e.bytes = t->page_size;
	vma = vma_of(t, p, e.mapping, e.vma);
	if (vma == NO_VMA)
		return -ENOMEM;
	if (is_copy(e.outcome)) {
		facts = kin_facts(t, p, &e);
		if (count_after_fork(p, &e, facts))
			return -ENOMEM;
	}
	count(&p->counts, &e, facts, t->page_size);
	count(&p->vma[vma].counts, &e, facts, t->page_size);
	return count_page(t, p, vma, &e);
}

/* ---- what came out ---- */

__u64 tally_faults(const struct tally_counts *c)
{
	__u64 sum = 0;
	size_t i;

	for (i = 0; i < COWI_NR_DID; i++)
		sum += c->did[i];
	return sum;
}

__u64 tally_copied(const struct tally_counts *c)
{
	return c->did[COWI_DID_COPIED] + c->did[COWI_DID_SWAPIN_COPIED];
}

__u64 tally_reused(const struct tally_counts *c)
{
	return c->did[COWI_DID_REUSED] + c->did[COWI_DID_SWAPIN_REUSED];
}

/* For qsort(): more first, then the lower address. */
static int compare(__u64 cow_a, __u64 cow_b, __u64 faults_a, __u64 faults_b,
		   __u64 addr_a, __u64 addr_b)
{
	if (cow_a != cow_b)
		return cow_a < cow_b ? 1 : -1;
	if (faults_a != faults_b)
		return faults_a < faults_b ? 1 : -1;
	return addr_a < addr_b ? -1 : addr_a > addr_b;
}

static int compare_vmas(const void *a, const void *b)
{
	const struct tally_vma *x = *(const struct tally_vma *const *)a;
	const struct tally_vma *y = *(const struct tally_vma *const *)b;

	return compare(tally_copied(&x->counts) + tally_reused(&x->counts),
		       tally_copied(&y->counts) + tally_reused(&y->counts),
		       tally_faults(&x->counts), tally_faults(&y->counts),
		       x->start, y->start);
}

static int compare_pages(const void *a, const void *b)
{
	const struct tally_page *x = *(const struct tally_page *const *)a;
	const struct tally_page *y = *(const struct tally_page *const *)b;

	return compare(x->copied + x->reused, y->copied + y->reused,
		       x->faults, y->faults, x->addr, y->addr);
}

size_t tally_hot_vmas(const struct tally_proc *p, const struct tally_vma **hot)
{
	size_t i, nr = 0;

	for (i = 0; i < p->nr_vmas; i++) {
		if (tally_faults(&p->vma[i].counts))
			hot[nr++] = &p->vma[i];
	}
	qsort(hot, nr, sizeof(*hot), compare_vmas);
	return nr;
}

void tally_hot_pages(const struct tally_proc *p, const struct tally_page **hot)
{
	size_t i, nr = 0;

	for (i = 0; i < p->room; i++) {
		if (p->page[i].faults)
			hot[nr++] = &p->page[i];
	}
	qsort(hot, nr, sizeof(*hot), compare_pages);
}
