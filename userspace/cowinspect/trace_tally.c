// SPDX-License-Identifier: GPL-2.0
/* What a trace has seen, added up. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trace_tally.h"

#define NO_VMA	SIZE_MAX

/* exec allows less than 8 MiB of arguments (_STK_LIM in fs/exec.c). */
#define EXEC_MAX	(8 * 1024 * 1024)

void tally_init(struct tally *t, __u64 page_size)
{
	memset(t, 0, sizeof(*t));
	t->page_size = page_size;
	t->max_pages = TALLY_MAX_PAGES;
}

static void proc_free(struct tally_proc *p)
{
	size_t i;

	for (i = 0; i < p->nr_vmas; i++)
		free(p->vma[i].name);
	free(p->vma);
	free(p->live);
	free(p->waiting);
	free(p->page);
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

/*
 * Room for one more element behind @nr of them: NULL without memory, otherwise
 * the array, doubled whenever @nr is a power of two.
 */
static void *grow(void *array, size_t nr, size_t size)
{
	if (nr & (nr - 1) || (!nr && array))
		return array;
	return reallocarray(array, nr ? nr * 2 : 1, size);
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

static int add_live(struct tally_proc *p, size_t vma)
{
	size_t *grown = grow(p->live, p->nr_live, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	p->live = grown;
	p->live[p->nr_live++] = vma;
	return 0;
}

static int inherit(struct tally_proc *p, const struct tally_proc *parent)
{
	const struct tally_vma *like;
	size_t i, vma;

	for (i = 0; i < parent->nr_live; i++) {
		like = &parent->vma[parent->live[i]];
		vma = add_vma(p, like, like->name);
		if (vma == NO_VMA || add_live(p, vma))
			return -ENOMEM;
	}
	return 0;
}

struct tally_proc *tally_add(struct tally *t, pid_t pid,
			     const struct tally_proc *parent)
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
	if (parent) {
		p->parent = parent->pid;
		memcpy(p->comm, parent->comm, sizeof(p->comm));
		if (inherit(p, parent)) {
			proc_free(p);
			return NULL;
		}
	}
	t->proc[t->nr_procs++] = p;
	return p;
}

/* ---- mappings ---- */

/* All that /proc/PID/maps tells of a kind for sure. */
static bool is_anon(unsigned int kind)
{
	return kind == COWI_VMA_ANON;
}

static bool fits(const struct tally_vma *vma,
		 const struct cowinspect_event *event)
{
	bool shared = vma->perms[3] == 's';

	return is_anon(vma->kind) == is_anon(event->vma) &&
	       shared == !!(event->flags & COWI_E_SHARED);
}

/* Index of the mapping that an event is of, or NO_VMA. */
static size_t vma_of(const struct tally_proc *p,
		     const struct cowinspect_event *event)
{
	size_t low = 0, high = p->nr_live, mid;
	const struct tally_vma *vma;

	while (low < high) {
		mid = low + (high - low) / 2;
		vma = &p->vma[p->live[mid]];
		if (event->addr >= vma->end)
			low = mid + 1;
		else if (event->addr < vma->start)
			high = mid;
		else
			return fits(vma, event) ? p->live[mid] : NO_VMA;
	}
	return NO_VMA;
}

const struct tally_vma *tally_vma_at(const struct tally_proc *p,
				     const struct cowinspect_event *event)
{
	size_t i = vma_of(p, event);

	return i == NO_VMA ? NULL : &p->vma[i];
}

/* What stands for mappings of a kind that no list has shown. */
static size_t unseen_vma(struct tally_proc *p, unsigned int kind,
			 const char *name)
{
	struct tally_vma like = { .kind = kind, .gone = true };
	size_t i;

	for (i = 0; i < p->nr_vmas; i++) {
		if (!p->vma[i].end && p->vma[i].kind == kind &&
		    !strcmp(p->vma[i].name, name))
			return i;
	}
	return add_vma(p, &like, name);
}

static unsigned int kind_by_name(const char *name)
{
	unsigned int i;

	for (i = 0; i < COWI_NR_VMAS; i++) {
		if (!strcmp(name, cowi_vma_name(i)))
			break;
	}
	return i;
}

static bool is_same(const struct tally_vma *known, const struct cowi_vma *now)
{
	return !known->claimed && known->start < now->end &&
	       now->start < known->end &&
	       is_anon(known->kind) == is_anon(kind_by_name(now->kind)) &&
	       !strcmp(known->perms, now->perms) &&
	       !strcmp(known->name, now->name);
}

/* Index of the mapping that @now shows, known before or not; or NO_VMA. */
static size_t claim(struct tally_proc *p, const size_t *old, size_t nr_old,
		    const struct cowi_vma *now)
{
	struct tally_vma like = { .kind = kind_by_name(now->kind),
				  .start = now->start, .end = now->end,
				  .claimed = true };
	size_t i;

	for (i = 0; i < nr_old; i++) {
		struct tally_vma *known = &p->vma[old[i]];

		if (known->start >= now->end)
			break;
		if (!is_same(known, now))
			continue;
		known->start = now->start;
		known->end = now->end;
		known->claimed = true;
		return old[i];
	}
	memcpy(like.perms, now->perms, sizeof(like.perms));
	return add_vma(p, &like, now->name);
}

/* The kernel does not merge all that are alike. */
static bool goes_on(const struct cowi_vma *vma, const struct cowi_vma *next)
{
	return vma->end == next->start && !strcmp(vma->perms, next->perms) &&
	       !strcmp(vma->kind, next->kind) && !strcmp(vma->name, next->name);
}

static int replace_live(struct tally_proc *p, const struct cowi_vmas *vmas)
{
	size_t *old = p->live, nr_old = p->nr_live, first = 0, i, vma;
	struct cowi_vma now;
	int err = 0;

	p->live = NULL;
	p->nr_live = 0;
	for (i = 0; i < vmas->nr && !err; i++) {
		now = vmas->vma[i];
		while (i + 1 < vmas->nr && goes_on(&now, &vmas->vma[i + 1]))
			now.end = vmas->vma[++i].end;
		/* Both lists ascend. */
		while (first < nr_old && p->vma[old[first]].end <= now.start)
			first++;
		vma = claim(p, old ? old + first : NULL, nr_old - first, &now);
		err = vma == NO_VMA ? -ENOMEM : add_live(p, vma);
	}
	for (i = 0; i < nr_old; i++)
		p->vma[old[i]].gone = !p->vma[old[i]].claimed;
	for (i = 0; i < p->nr_vmas; i++)
		p->vma[i].claimed = false;
	free(old);
	return err;
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

static bool is_copy(unsigned int outcome)
{
	return outcome == COWI_DID_COPIED || outcome == COWI_DID_SWAPIN_COPIED;
}

static bool is_reuse(unsigned int outcome)
{
	return outcome == COWI_DID_REUSED || outcome == COWI_DID_SWAPIN_REUSED;
}

static int count_page(struct tally *t, struct tally_proc *p, size_t vma,
		      const struct cowinspect_event *event)
{
	__u64 addr = event->addr & ~((t->page_size << event->order) - 1);
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
	if (event->order > page->order)
		page->order = event->order;
	page->faults++;
	page->copied += is_copy(event->outcome);
	page->reused += is_reuse(event->outcome);
	page->zerofilled += event->outcome == COWI_DID_ZEROFILLED;
	return 0;
}

/* ---- faults ---- */

static void count(struct tally_counts *c, const struct cowinspect_event *event,
		  __u64 page_size)
{
	__u64 bytes = page_size << event->order;

	c->did[event->outcome]++;
	c->ns += event->cost;
	if (is_copy(event->outcome)) {
		c->copied_bytes += bytes;
		c->copy_ns += event->cost;
	}
	if (event->outcome == COWI_DID_ZEROFILLED)
		c->filled_bytes += bytes;
	c->huge += event->order > 0;
	c->splits += !!(event->flags & COWI_E_SPLIT);
}

static int place(struct tally *t, struct tally_proc *p, size_t vma,
		 const struct cowinspect_event *event)
{
	if (vma == NO_VMA)
		return -ENOMEM;
	p->vma[vma].kind = event->vma;
	count(&p->vma[vma].counts, event, t->page_size);
	return count_page(t, p, vma, event);
}

static int wait_for_list(struct tally_proc *p,
			 const struct cowinspect_event *event)
{
	struct cowinspect_event *grown = grow(p->waiting, p->nr_waiting,
					      sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	p->waiting = grown;
	p->waiting[p->nr_waiting++] = *event;
	return 0;
}

int tally_settle(struct tally *t, struct tally_proc *p)
{
	size_t i, vma;
	int err = 0;

	for (i = 0; i < p->nr_waiting && !err; i++) {
		vma = vma_of(p, &p->waiting[i]);
		if (vma == NO_VMA)
			vma = unseen_vma(p, p->waiting[i].vma, "");
		err = place(t, p, vma, &p->waiting[i]);
	}
	free(p->waiting);
	p->waiting = NULL;
	p->nr_waiting = 0;
	return err;
}

/* ---- exec ---- */

/*
 * That exec was called is told when it is complete. By then it has had faults in
 * the new address space: first, it writes the arguments by get_user_pages() into
 * the highest pages that a stack can have (__bprm_mm_init() in fs/exec.c), which
 * it moves later to a random place below.
 */
static bool writes_arguments(const struct tally_proc *p,
			     const struct cowinspect_event *e)
{
	__u32 is = COWI_E_WRITE | COWI_E_GUP;
	__u32 is_not = COWI_E_USER | COWI_E_REMOTE | COWI_E_SHARED;

	if ((e->flags & (is | is_not)) != is || e->vma != COWI_VMA_ANON ||
	    e->outcome != COWI_DID_ZEROFILLED)
		return false;
	if (p->in_exec)
		return e->addr <= p->exec_top && e->addr + EXEC_MAX > p->exec_top;
	if (p->nr_live)
		return e->addr >= p->vma[p->live[p->nr_live - 1]].end;
	return !p->nr_vmas;
}

/* The old address space is as good as gone. */
static int forget_vmas(struct tally *t, struct tally_proc *p)
{
	int err = tally_settle(t, p);
	size_t i;

	for (i = 0; i < p->nr_live; i++)
		p->vma[p->live[i]].gone = true;
	free(p->live);
	p->live = NULL;
	p->nr_live = 0;
	return err;
}

static int exec_begins(struct tally *t, struct tally_proc *p, __u64 addr)
{
	p->in_exec = true;
	p->exec_top = addr | (t->page_size - 1);
	return forget_vmas(t, p);
}

int tally_exec(struct tally *t, struct tally_proc *p)
{
	int err = p->in_exec ? 0 : forget_vmas(t, p);

	p->in_exec = false;
	p->execs++;
	return err;
}

static int exec_argument(struct tally *t, struct tally_proc *p,
			 const struct cowinspect_event *event)
{
	int err = p->in_exec ? 0 : exec_begins(t, p, event->addr);

	if (err)
		return err;
	return place(t, p, unseen_vma(p, COWI_VMA_ANON, "(arguments of exec)"),
		     event);
}

int tally_fault(struct tally *t, struct tally_proc *p,
		const struct cowinspect_event *event)
{
	struct cowinspect_event e = *event;
	size_t vma;

	/* A newer module may know more outcomes and orders than we do. */
	if (e.outcome >= COWI_NR_FAULT_DID)
		e.outcome = COWI_DID_UNKNOWN;
	if (e.order > 40)
		e.order = 0;
	count(&p->counts, &e, t->page_size);
	if (writes_arguments(p, &e))
		return exec_argument(t, p, &e);
	/* User space runs: exec has failed, or its end was not told. */
	if (e.flags & COWI_E_USER)
		p->in_exec = false;
	vma = vma_of(p, &e);
	return vma == NO_VMA ? wait_for_list(p, &e) : place(t, p, vma, &e);
}

int tally_map(struct tally *t, struct tally_proc *p,
	      const struct cowi_vmas *vmas)
{
	int err = replace_live(p, vmas);

	return err ? err : tally_settle(t, p);
}

/* ---- what came out ---- */

__u64 tally_faults(const struct tally_counts *c)
{
	__u64 sum = 0;
	size_t i;

	for (i = 0; i < COWI_NR_FAULT_DID; i++)
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
