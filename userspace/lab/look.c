// SPDX-License-Identifier: GPL-2.0
/* Snapshots of actors, and other ways to look at them. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "drain.h"
#include "lab.h"
#include "look.h"

/* Of more pages, bytes are shown only where the lab has written some. */
#define MOST_SHOWN	64

/* A page may be off the LRU for a moment for other reasons too. */
#define DRAIN_TRIES	20

bool look_has(const struct snapshot *s)
{
	return s->page;
}

static void forget(struct snapshot *s)
{
	free(s->page);
	memset(s, 0, sizeof(*s));
}

void look_free(struct lab_run *r)
{
	size_t i;

	for (i = 0; i < MAX_ACTORS; i++) {
		forget(&r->view[i]);
		forget(&r->was[i]);
	}
}

/*
 * Anonymous pages that wait in a batch have a reference more. Those of hugetlb
 * are on no LRU list.
 */
static bool settled(const struct snapshot *s)
{
	const __u64 flags = COWI_F_PRESENT | COWI_F_LRU | COWI_F_HUGETLB;
	size_t i;

	for (i = 0; i < s->nr; i++) {
		const struct cowinspect_page *rec = &s->page[i].rec;

		if (s->page[i].mapped && rec->kind == COWI_KIND_ANON &&
		    (rec->flags & flags) == COWI_F_PRESENT)
			return false;
	}
	return true;
}

/* @s is of one region, or of a part of one. */
static int read_part(struct cowi_target *t, struct snapshot *s)
{
	struct cowinspect_page rec;
	struct cowi_pages *pages;
	int err;

	memset(s->page, 0, s->nr * sizeof(*s->page));
	err = cowi_pages_open(t, s->start, s->start + s->nr * s->page_size,
			      &pages);
	if (err)
		return err;
	while ((err = cowi_pages_next(pages, &rec)) > 0)
		snapshot_add(s, &rec);
	cowi_pages_close(pages);
	return err;
}

static int settle_and_read(struct cowi_target *t, struct snapshot *s)
{
	const struct timespec moment = { .tv_nsec = 10 * 1000 * 1000 };
	int tries, err;

	for (tries = 0; tries < DRAIN_TRIES; tries++) {
		err = drain_lru_batches();
		if (!err)
			err = read_part(t, s);
		if (err || settled(s))
			return err;
		nanosleep(&moment, NULL);
	}
	/* Whoever holds the pages: the checks will tell what they see. */
	return 0;
}

/* Holes look alike in the page table: the mapping says what they are. */
static enum hole hole_at(const struct cowi_vmas *vmas, __u64 addr)
{
	size_t i;

	for (i = 0; i < vmas->nr; i++) {
		const struct cowi_vma *v = &vmas->vma[i];

		if (addr < v->start || addr >= v->end)
			continue;
		if (v->perms[1] != 'w')
			return HOLE_NOTHING;
		if (v->perms[3] == 's')
			return HOLE_SHARED;
		/* A private mapping of huge pages is of a file, in name only. */
		return strcmp(v->kind, "file") && strcmp(v->kind, "shmem") ?
		       HOLE_ANON : HOLE_FILE;
	}
	return HOLE_NOTHING;
}

static int find_holes(struct cowi_target *t, struct snapshot *s)
{
	struct cowi_vmas vmas = { 0 };
	int err = 0;
	size_t i;

	for (i = 0; i < s->nr; i++) {
		if (s->page[i].mapped)
			continue;
		if (!vmas.nr)
			err = cowi_vmas(t, &vmas);
		if (err)
			break;
		s->page[i].hole = hole_at(&vmas, s->start + i * s->page_size);
	}
	cowi_vmas_free(&vmas);
	return err;
}

static int read_range(struct lab_run *r, const struct actor *a, __u64 start,
		      struct page_view *page, __u64 nr)
{
	struct cowi_target *t = r->target[a - r->cast.actor];
	struct snapshot part = {
		.start = start,
		.page_size = r->status->page_size,
		.nr = nr,
		.page = page,
	};
	int err = settle_and_read(t, &part);

	return err ? err : find_holes(t, &part);
}

static bool has_bytes(const struct page_view *v)
{
	if (!v->mapped || !(v->rec.flags & COWI_F_PRESENT))
		return false;
	return v->rec.kind != COWI_KIND_PFN && v->rec.kind != COWI_KIND_KERNEL;
}

__u64 look_offset(const struct lab_run *r, __u64 page)
{
	if (r->offset[page] != NOT_SHOWN)
		return r->offset[page];
	return r->pages <= MOST_SHOWN ? 0 : NOT_SHOWN;
}

/*
 * From outside, and only what is mapped: that makes no fault. process_vm_readv(2)
 * would pin the pages, and so take them out of the sharing that is to be seen.
 * What cannot be read is not known, and not shown.
 */
static void read_bytes(struct lab_run *r, const struct actor *a,
		       struct snapshot *s)
{
	char path[32];
	size_t i;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", a->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	for (i = 0; fd >= 0 && i < s->nr; i++) {
		struct page_view *v = &s->page[i];
		__u64 at = look_offset(r, i), nr = sizeof(v->bytes);
		ssize_t got;

		if (at == NOT_SHOWN || !has_bytes(v))
			continue;
		if (s->page_size - at < nr)
			nr = s->page_size - at;
		got = pread(fd, v->bytes, nr, lab_addr(r, i) + at);
		v->nr_bytes = got > 0 ? got : 0;
	}
	if (fd >= 0)
		close(fd);
}

static void look(struct lab_run *r, const struct actor *a)
{
	struct snapshot *s = &r->view[a - r->cast.actor];
	size_t i;

	s->page = calloc(r->pages ? r->pages : 1, sizeof(*s->page));
	if (!s->page) {
		lab_fail(r, -ENOMEM, "take a snapshot");
		return;
	}
	s->nr = r->pages;
	s->start = r->region[0].start;
	s->page_size = r->status->page_size;
	for (i = 0; i < r->nr_regions; i++) {
		const struct lab_region *g = &r->region[i];

		lab_fail(r, read_range(r, a, g->start, s->page + g->first,
				       g->pages), "take a snapshot");
	}
}

void lab_look(struct lab_run *r)
{
	size_t i;

	for (i = 0; i < r->cast.nr && !lab_stopped(r); i++) {
		if (!r->looked) {
			forget(&r->was[i]);
			r->was[i] = r->view[i];
			memset(&r->view[i], 0, sizeof(r->view[i]));
		}
		forget(&r->view[i]);
		if (r->target[i])
			look(r, &r->cast.actor[i]);
	}
	/* Not before all were looked at: for a moment it holds references. */
	for (i = 0; i < r->cast.nr && !lab_stopped(r); i++) {
		if (r->target[i])
			read_bytes(r, &r->cast.actor[i], &r->view[i]);
	}
	if (!lab_stopped(r))
		lab_fail(r, drain_lru_batches(), "settle the pages");
	r->looked = true;
}

void lab_look_at(struct lab_run *r, const struct actor *a, __u64 page,
		 struct page_view *v)
{
	memset(v, 0, sizeof(*v));
	if (!lab_stopped(r))
		lab_fail(r, read_range(r, a, lab_addr(r, page), v, 1),
			 "look at a page");
}

const struct page_view *lab_view(const struct lab_run *r,
				 const struct actor *a, __u64 page)
{
	static const struct page_view nothing = { .hole = HOLE_NOTHING };
	const struct snapshot *s;

	/* An actor that could not be started. */
	if (!a)
		return &nothing;
	s = &r->view[a - r->cast.actor];
	return page < s->nr ? &s->page[page] : &nothing;
}

/* Notes. */

void lab_note(struct lab_run *r, const char *format, ...)
{
	char line[512], *grown;
	size_t used = r->notes ? strlen(r->notes) : 0;
	va_list args;

	if (lab_stopped(r))
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	grown = realloc(r->notes, used + strlen(line) + 2);
	if (!grown) {
		lab_fail(r, -ENOMEM, "note a line");
		return;
	}
	r->notes = grown;
	sprintf(grown + used, "%s\n", line);
}

static bool holds_region(const struct lab_run *r, const struct cowi_vma *v)
{
	size_t i;

	for (i = 0; i < r->nr_regions; i++) {
		if (r->region[i].start >= v->start &&
		    r->region[i].start < v->end)
			return true;
	}
	return false;
}

void lab_note_vmas(struct lab_run *r, const struct actor *a)
{
	struct cowi_vmas vmas = { 0 };
	size_t i;

	if (lab_stopped(r))
		return;
	lab_fail(r, cowi_vmas(r->target[a - r->cast.actor], &vmas),
		 "read the mappings");
	lab_note(r, "mappings of the %-18s  present   own  shared  write copies",
		 a->name);
	for (i = 0; i < vmas.nr; i++) {
		const struct cowi_vma *v = &vmas.vma[i];
		const char *base = strrchr(v->name, '/');

		if (holds_region(r, v))
			lab_note(r, "  %012llx %s %-16.16s %8llu %5llu %7llu %13llu",
				 v->start, v->perms,
				 *v->name ? base ? base + 1 : v->name : "-",
				 v->totals.value[COWI_TOTAL_present],
				 v->totals.value[COWI_TOTAL_mapped_once],
				 v->totals.value[COWI_TOTAL_mapped_more],
				 v->totals.value[COWI_TOTAL_next_copy]);
	}
	cowi_vmas_free(&vmas);
}

int lab_vma(struct lab_run *r, const struct actor *a, __u64 addr,
	    struct cowi_vma *vma)
{
	struct cowi_vmas vmas = { 0 };
	size_t i;
	int err;

	memset(vma, 0, sizeof(*vma));
	if (lab_stopped(r))
		return r->err;
	err = cowi_vmas(r->target[a - r->cast.actor], &vmas);
	lab_fail(r, err, "read the mappings");
	for (i = 0; i < vmas.nr; i++) {
		if (addr >= vmas.vma[i].start && addr < vmas.vma[i].end)
			*vma = vmas.vma[i];
	}
	cowi_vmas_free(&vmas);
	/* It went with the list. */
	vma->name = NULL;
	if (err)
		return err;
	return vma->end ? 0 : -ENOENT;
}

/* Numbers. */

static int compare_frames(const void *a, const void *b)
{
	const __u64 *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static size_t collect_frames(const struct snapshot *s, __u64 *pfn)
{
	size_t i, nr = 0;

	for (i = 0; i < s->nr; i++) {
		if (s->page[i].mapped && s->page[i].pfn != COWINSPECT_NO_PFN &&
		    s->page[i].rec.flags & COWI_F_PRESENT)
			pfn[nr++] = s->page[i].pfn;
	}
	return nr;
}

/* Of @view, which has a snapshot for each actor. */
static __u64 count_frames(const struct lab_run *r, const struct snapshot *view)
{
	size_t i, nr = 0, unique = 0;
	__u64 *pfn = calloc(r->pages * r->cast.nr + 1, sizeof(*pfn));

	for (i = 0; pfn && i < r->cast.nr; i++)
		nr += collect_frames(&view[i], pfn + nr);
	if (nr)
		qsort(pfn, nr, sizeof(*pfn), compare_frames);
	for (i = 0; i < nr; i++)
		unique += !i || pfn[i] != pfn[i - 1];
	free(pfn);
	return unique;
}

__u64 lab_frames(const struct lab_run *r)
{
	return count_frames(r, r->view);
}

__u64 lab_frames_before(const struct lab_run *r)
{
	return count_frames(r, r->was);
}

__u64 lab_smaps(struct lab_run *r, const struct actor *a, const char *name)
{
	unsigned long long kib = 0;
	size_t len = strlen(name);
	char path[64], line[128];
	FILE *f;

	if (lab_stopped(r))
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", a->pid);
	f = fopen(path, "r");
	if (!f) {
		lab_fail(r, -errno, "read smaps_rollup");
		return 0;
	}
	while (fgets(line, sizeof(line), f)) {
		if (!strncmp(line, name, len) && line[len] == ':')
			sscanf(line + len + 1, "%llu", &kib);
	}
	fclose(f);
	return kib << 10;
}
