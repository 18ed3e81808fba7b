// SPDX-License-Identifier: GPL-2.0
/*
 * What is said of a step and of a run, in words: the text, the JSON and the page
 * have these, and nothing of their own.
 */
#include <string.h>

#include "held.h"
#include "look.h"
#include "report.h"
#include "table.h"

/* The snapshots of all actors are of the same pages as those before. */
static bool comparable(const struct lab_run *r)
{
	size_t i;

	for (i = 0; i < r->cast.nr; i++) {
		if (look_has(&r->was[i]) && r->was[i].nr == r->pages)
			return true;
	}
	return false;
}

static bool has_frame(const struct page_view *v)
{
	return v->mapped && v->rec.flags & COWI_F_PRESENT;
}

/* Pages of one actor that were in a frame, and are in another. */
static __u64 count_moved(const struct snapshot *was, const struct snapshot *now)
{
	__u64 nr = 0;
	size_t i;

	for (i = 0; i < was->nr && i < now->nr; i++)
		nr += has_frame(&was->page[i]) && has_frame(&now->page[i]) &&
		      was->page[i].pfn != now->page[i].pfn;
	return nr;
}

/* Pages that were seen to be copied, of those that are in another frame. */
static __u64 count_copied(const struct lab_run *r)
{
	__u64 nr = 0;
	size_t i;

	for (i = 0; i < r->nr_writes; i++)
		nr += r->writes[i].happened == HAPPENED_COPY;
	return nr;
}

bool words_looked(const struct lab_run *r)
{
	/* After an error there may be less than a whole snapshot. */
	return r->looked && !r->err && r->pages;
}

void words_summary(const struct lab_run *r, char *buf, size_t size)
{
	__u64 before, now, moved = 0;
	size_t i, used;

	if (!words_looked(r)) {
		snprintf(buf, size, "%s", r->err ? "The step broke off." :
			 "The page tables were not read in this step.");
		return;
	}
	now = lab_frames(r);
	if (!comparable(r)) {
		snprintf(buf, size, "%llu frame%s", now, now == 1 ? "" : "s");
		return;
	}
	before = lab_frames_before(r);
	for (i = 0; i < r->cast.nr; i++)
		moved += count_moved(&r->was[i], &r->view[i]);
	used = snprintf(buf, size, "%llu frame%s -> %llu frame%s", before,
			before == 1 ? "" : "s", now, now == 1 ? "" : "s");
	if (moved && moved == count_copied(r))
		snprintf(buf + used, size - used, ", %llu copied", moved);
	else if (moved)
		snprintf(buf + used, size - used, ", %llu page%s in another frame",
			 moved, moved == 1 ? "" : "s");
}

void words_change(const struct lab_run *r, size_t actor, __u64 page,
		  char *buf, size_t size)
{
	const struct snapshot *was = &r->was[actor], *now = &r->view[actor];

	buf[0] = '\0';
	/* What is compared must be known, then and now. */
	if (page < was->nr && page < now->nr)
		change_text(&was->page[page], &now->page[page], buf, size);
}

/* " Writes watched: 4 copied, 1 reused." */
static void add_writes(const struct lab_run *r, char *buf, size_t size)
{
	enum happened h;
	size_t i, nr, used = 0;

	for (h = 0; h <= HAPPENED_UNCLEAR; h++) {
		for (nr = 0, i = 0; i < r->nr_writes; i++)
			nr += r->writes[i].happened == h;
		if (nr && used < size)
			used += snprintf(buf + used, size - used, "%s%zu %s",
					 used ? ", " : " Writes watched: ", nr,
					 happened_past(h));
	}
	if (used && used < size)
		snprintf(buf + used, size - used, ".");
}

/* More runs than these are not named, but their pages are counted. */
#define NAMED_HELD	4

/**
 * struct held_run - pages that follow each other, whose frames the same one holds
 * @by: who
 * @mapped: the pages have them still
 * @first: the first of them
 * @last: the last of them
 */
struct held_run {
	const char *by;
	bool mapped;
	__u64 first;
	__u64 last;
};

static bool goes_on(const struct held_run *run, const struct held_run *next)
{
	return run->mapped == next->mapped && run->last + 1 == next->first &&
	       !strcmp(run->by, next->by);
}

/* "page 1 (pipe)", "pages 0-3 (page cache)", "the frame that page 1 had (pipe)" */
static size_t put_run(const struct held_run *run, char *buf, size_t size)
{
	bool many = run->first != run->last;
	char pages[48];

	snprintf(pages, sizeof(pages), many ? "pages %llu-%llu" : "page %llu",
		 run->first, run->last);
	if (run->mapped)
		return snprintf(buf, size, "%s (%s)", pages, run->by);
	return snprintf(buf, size, "the frame%s that %s had (%s)",
			many ? "s" : "", pages, run->by);
}

/* Return: how many are at @run; @more gets those that it has no room for. */
static size_t find_runs(const struct lab_run *r, struct held_run *run, __u64 *more)
{
	struct lab_held h;
	unsigned int n;
	size_t nr = 0;
	__u64 k;

	for (k = 0; k < r->pages; k++) {
		for (n = 0; held_at(r, k, n, &h); n++) {
			const struct held_run next = {
				.by = h.by, .mapped = held_is_mapped(r, &h),
				.first = k, .last = k,
			};

			if (nr && goes_on(&run[nr - 1], &next))
				run[nr - 1].last = k;
			else if (nr < NAMED_HELD)
				run[nr++] = next;
			else
				++*more;
		}
	}
	return nr;
}

/* " Also held: page 1 (pipe), pages 3-5 (page cache)." */
static void add_held(const struct lab_run *r, char *buf, size_t size)
{
	struct held_run run[NAMED_HELD];
	__u64 more = 0;
	size_t nr = find_runs(r, run, &more), i, used = 0;

	for (i = 0; i < nr && used < size; i++) {
		used += snprintf(buf + used, size - used, "%s",
				 i ? ", " : " Also held: ");
		if (used < size)
			used += put_run(&run[i], buf + used, size - used);
	}
	if (more && used < size)
		used += snprintf(buf + used, size - used, ", and %llu more", more);
	if (used && used < size)
		snprintf(buf + used, size - used, ".");
}

void words_totals(const struct lab_run *r, char *buf, size_t size)
{
	__u64 page_size = r->status->page_size, sum = 0, frames, k;
	size_t i, actors = 0, used;
	char bytes[24];

	buf[0] = '\0';
	if (!words_looked(r)) {
		add_writes(r, buf, size);
		return;
	}
	for (i = 0; i < r->cast.nr; i++) {
		const struct snapshot *s = &r->view[i];

		actors += look_has(s);
		for (k = 0; k < s->nr; k++)
			sum += has_frame(&s->page[k]);
	}
	frames = lab_frames(r);
	size_text(frames * page_size, bytes, sizeof(bytes));
	used = snprintf(buf, size,
			"%zu process%s %llu page%s here, in %llu frame%s (%s).",
			actors, actors == 1 ? " maps" : "es map", sum,
			sum == 1 ? "" : "s", frames, frames == 1 ? "" : "s",
			bytes);
	if (used < size)
		add_writes(r, buf + used, size - used);
	used = strlen(buf);
	add_held(r, buf + used, size - used);
}

void words_verdict(const struct lab_run *r, char *buf, size_t size)
{
	if (r->skip[0])
		snprintf(buf, size, "SKIP: %s", r->skip);
	else if (r->err)
		snprintf(buf, size, "The lab broke off: %s: %s", r->what,
			 cowi_strerror(r->err));
	else
		snprintf(buf, size, "%u checks held, %u failed.", r->passed,
			 r->failed);
}

const char *words_answer(const struct lab_run *r)
{
	if (r->err)
		return "";
	return r->failed ? "No answer, then: see the lines marked FAIL." :
			   r->lab->answer;
}

const char *words_alike(const struct lab_run *r)
{
	return r->err || r->failed ? "" : r->lab->alike;
}
