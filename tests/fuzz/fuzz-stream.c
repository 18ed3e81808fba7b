// SPDX-License-Identifier: GPL-2.0
/*
 * Streams of records under libFuzzer: the first byte says of what, "p" for pages
 * and "e" for events; the second is where sizes, the range and the mappings come
 * from; the others are the file. Pages are read as a recording, events are added
 * up as trace does.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../host/recording.h"
#include "must.h"
#include "parse.h"
#include "trace.h"

#define PROCS	8

static char dir[32];
static char pid_dir[64];

static void remove_recording(void)
{
	char path[80];

	snprintf(path, sizeof(path), "%s/pages", pid_dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/status", dir);
	unlink(path);
	rmdir(pid_dir);
	rmdir(dir);
}

static void make_recording(void)
{
	strcpy(dir, "/tmp/cowinspect-fuzz-XXXXXX");
	must(mkdtemp(dir));
	atexit(remove_recording);
	snprintf(pid_dir, sizeof(pid_dir), "%s/77", dir);
	must(!mkdir(pid_dir, 0700));
}

/* Of @most records. What is left of a huge entry that goes back comes page by page. */
static void read_pages(struct cowi_target *t, __u64 start, __u64 end,
		       size_t most)
{
	struct cowinspect_page rec;
	struct cowi_pages *pages;
	__u64 seen = 0;
	size_t n = 0;

	if (cowi_pages_open(t, start, end, &pages))
		return;
	while (cowi_pages_next(pages, &rec) == 1) {
		must(rec.addr >= seen && rec.addr < end);
		seen = cowi_record_end(&rec, 4096);
		must(++n <= most << COWI_MAX_TABLE_ORDER);
	}
	cowi_pages_close(pages);
}

static void pages(uint8_t how, const uint8_t *data, size_t len)
{
	size_t record = sizeof(struct cowinspect_page) + how % 3 * 8;
	struct cowi_target *t;
	struct cowi *c;
	FILE *f;

	if (!pid_dir[0])
		make_recording();
	recording_status(dir, record);
	f = recording_file(pid_dir, "pages");
	must(fwrite(data, 1, len, f) == len);
	must(!fclose(f));
	must(!cowi_open(dir, &c) && !cowi_target_open(c, 77, &t));
	read_pages(t, how & 4 ? 0x200000 : 0,
		   how & 8 ? 0x400000 : UINT64_MAX, len / record);
	cowi_target_close(t);
	cowi_close(c);
}

/* What a fault is said to be of. */
static const struct cowi_mapping *mapping_of(unsigned int i)
{
	static const struct cowi_mapping list[] = {
		{ .start = 0x1000, .end = 0x3000, .perms = "rw-p", .name = "" },
		{ .start = 0x200000, .end = 0x600000, .perms = "rw-p",
		  .name = "[heap]" },
		{ .perms = "rw-p", .name = "(arguments of exec)" },
	};

	return i % 4 < 3 ? &list[i % 4] : NULL;
}

static void look_at_hottest(const struct tally_proc *p)
{
	const struct tally_vma **vmas = calloc(p->nr_vmas + 1, sizeof(*vmas));
	const struct tally_page **hot = calloc(p->nr_pages + 1, sizeof(*hot));

	must(vmas && hot);
	must(tally_hot_vmas(p, vmas) <= p->nr_vmas);
	tally_hot_pages(p, hot);
	free(vmas);
	free(hot);
}

/* An event in the input; all of it may be anything. */
struct made {
	__u64 time;
	__u64 addr;
	__u64 bytes;
	__u32 flags;
	__u8 kind;
	__u8 outcome;
	__u8 vma;
	__u8 number;
};

static struct cowi_event event_of(const struct made *m, unsigned int i)
{
	return (struct cowi_event){
		.kind = m->kind % (COWI_EVENT_LOST + 1),
		.time = m->time, .addr = m->addr, .bytes = m->bytes,
		.flags = m->flags, .outcome = m->outcome, .vma = m->vma,
		.count = m->number, .copied = m->number, .cost = m->number,
		.child = m->addr % 1000,
		.mapping = mapping_of(i), .comm = "",
	};
}

static void sound(const struct timeline_lane *lane)
{
	size_t i;

	for (i = 0; i < lane->nr; i++) {
		must(lane->cell[i].slice < TIMELINE_SLICES);
		must(lane->cell[i].outcome <= TIMELINE_FORK);
		must(!i || lane->cell[i].slice >= lane->cell[i - 1].slice);
	}
}

/* Each copy is known to be one of four things. */
static void sound_facts(const struct tally_proc *p)
{
	const __u64 *fact = p->counts.fact;

	must(fact[COPY_NOT_ANON] + fact[COPY_SHARED] + fact[COPY_LAST] +
	     fact[COPY_UNSURE] == tally_copied(&p->counts));
	must(fact[COPY_AGAIN] <= tally_copied(&p->counts));
}

/* An event of one of a few processes, whichever of them there are. */
static void add_up(struct tally *t, const struct cowi_event *e)
{
	size_t i = e->count % t->nr_procs;
	struct tally_proc *p = t->proc[i];

	switch (e->kind) {
	case COWI_EVENT_FAULT:
		must(!tally_fault(t, p, e));
		break;
	case COWI_EVENT_BORN:
		if (t->nr_procs < PROCS)
			must(tally_add(t, e->addr % 1000, p, e->time));
		break;
	case COWI_EVENT_FORK:
		tally_fork(p, e);
		break;
	case COWI_EVENT_EXEC:
		must(!tally_exec(p, e->time));
		break;
	case COWI_EVENT_EXIT:
		tally_exit(p);
		sound_facts(p);
		if (i && !p->heirs)
			tally_forget(t, i);
		break;
	default:
		break;
	}
}

static void events(uint8_t how, const uint8_t *data, size_t len)
{
	struct timeline_lane lane = { 0 };
	struct timeline times;
	struct cowi_event e;
	struct made made;
	struct tally t;
	size_t i;

	tally_init(&t, 4096);
	timeline_init(&times, how);
	must(tally_add(&t, 77, NULL, 0));
	for (i = 0; (i + 1) * sizeof(made) <= len; i++) {
		memcpy(&made, data + i * sizeof(made), sizeof(made));
		e = event_of(&made, i ^ how);
		must(!timeline_add(&times, &lane, &e));
		add_up(&t, &e);
	}
	for (i = 0; i < t.nr_procs; i++) {
		look_at_hottest(t.proc[i]);
		sound_facts(t.proc[i]);
	}
	must(!timeline_settle(&times, &lane));
	sound(&lane);
	sound(&times.lost);
	timeline_lane_release(&lane);
	timeline_release(&times);
	tally_release(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	if (data[0] == 'p')
		pages(data[1], data + 2, size - 2);
	else if (data[0] == 'e')
		events(data[1], data + 2, size - 2);
	return 0;
}
