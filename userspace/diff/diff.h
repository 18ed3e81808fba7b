/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What has become of the pages of processes between two snapshots. Frames are followed,
 * so that a page that is elsewhere now is not taken for one that was written.
 *
 *	diff_compare(before, after, &d);
 *	...				of all in d.row
 *	diff_release(&d);
 */
#ifndef DIFF_DIFF_H
#define DIFF_DIFF_H

#include "libcowinspect.h"

/**
 * enum diff_fate - what becomes of a page
 * @DIFF_KEPT: the same frame at the same address
 * @DIFF_COPIED: it was copy-on-write, and has an anonymous frame of its own: written
 * @DIFF_REPLACED: another frame, though no write copies: migrated, merged, made huge,
 *	or given back and touched again
 * @DIFF_AWAY: the frame is at another address of the process now
 * @DIFF_MOVED: the frame was at another address of the process
 * @DIFF_OUT: in swap now
 * @DIFF_IN: it was in swap
 * @DIFF_FREED: not mapped any more: given back, dropped, or exited
 * @DIFF_NEW: it was not mapped
 * @DIFF_NR_FATES: how many there are; not a fate
 */
enum diff_fate {
	DIFF_KEPT,
	DIFF_COPIED,
	DIFF_REPLACED,
	DIFF_AWAY,
	DIFF_MOVED,
	DIFF_OUT,
	DIFF_IN,
	DIFF_FREED,
	DIFF_NEW,
	DIFF_NR_FATES
};

/**
 * struct diff_fate_info - what that is
 * @name: one word
 * @meaning: one line for people
 * @before: it is of what was there before
 * @after: it is of what is there afterwards
 */
struct diff_fate_info {
	const char *name;
	const char *meaning;
	bool before;
	bool after;
};

extern const struct diff_fate_info diff_fate[DIFF_NR_FATES];

/**
 * struct diff_counts - pages; zero pages and memory of devices are none
 * @fate: by enum diff_fate
 * @became_private: of those kept: mapped by others before, and by nobody else now
 * @became_shared: of those kept: the other way round
 * @reused: of those kept: written without a copy: became exclusive, or writable where
 *	the kernel does not tell who owns a page
 * @about: of @became_private and @became_shared: by mapcounts that are not exact
 */
struct diff_counts {
	__u64 fate[DIFF_NR_FATES];
	__u64 became_private;
	__u64 became_shared;
	__u64 reused;
	__u64 about;
};

__u64 diff_before(const struct diff_counts *c);
__u64 diff_after(const struct diff_counts *c);
bool diff_is_change(const struct diff_counts *c);
void diff_add(struct diff_counts *to, const struct diff_counts *c);

/**
 * enum diff_state - when a process was there
 * @DIFF_BOTH: in both snapshots
 * @DIFF_BEFORE: in the first one only
 * @DIFF_AFTER: in the second one only
 */
enum diff_state {
	DIFF_BOTH,
	DIFF_BEFORE,
	DIFF_AFTER,
};

/**
 * struct diff_process - one
 * @before: as it was, or NULL
 * @after: as it is, or NULL; not both
 * @state: enum diff_state
 */
struct diff_process {
	const struct cowi_recorded *before;
	const struct cowi_recorded *after;
	enum diff_state state;
};

/** diff_who - it, as it was last */
const struct cowi_recorded *diff_who(const struct diff_process *p);

/**
 * struct diff_row - pages of a process in mappings of one name
 * @process: index of struct diff
 * @name: of the mappings
 * @counts: pages
 */
struct diff_row {
	size_t process;
	char *name;
	struct diff_counts counts;
};

/**
 * struct diff_run - pages with one fate, one behind the other
 * @process: whose
 * @start: address of the first one
 * @pages: how many
 * @fate: what
 * @reused: of those kept: they were written
 * @name: of the mapping
 */
struct diff_run {
	const struct diff_process *process;
	__u64 start;
	__u64 pages;
	enum diff_fate fate;
	bool reused;
	const char *name;
};

/**
 * struct diff - all that has changed
 * @nr_processes: entries in @process
 * @process: those of before, then those of afterwards only
 * @nr_rows: entries in @row
 * @row: by process
 * @frames_before: memory of all of them, each frame once; in pages
 * @frames_after: the same afterwards
 * @is_live: the second snapshot is of now: who runs on and is not in it was not chosen
 * @look: called with runs as they are found, except those kept as they were; NULL for
 *	none. Returns 0, or else to break off
 * @arg: for @look
 */
struct diff {
	size_t nr_processes;
	struct diff_process *process;
	size_t nr_rows;
	struct diff_row *row;
	__u64 frames_before;
	__u64 frames_after;
	bool is_live;
	int (*look)(const struct diff_run *run, void *arg);
	void *arg;
};

/**
 * diff_why_not - whether the frames of two snapshots can be compared
 * @before: session
 * @after: session
 *
 * Return: NULL if they can; otherwise why not, in words.
 */
const char *diff_why_not(struct cowi *before, struct cowi *after);

/**
 * diff_compare - find out
 * @before: session of a snapshot
 * @after: session of a later one, comparable
 * @d: @is_live, @look and @arg are set; filled in, to be given to diff_release()
 *
 * Memory: 5 to 9 bytes for each frame, and as much again for those of one process that
 * are not where they were.
 *
 * Return: 0, what @look has returned, or a negative error.
 */
int diff_compare(struct cowi *before, struct cowi *after, struct diff *d);
void diff_release(struct diff *d);

#endif /* DIFF_DIFF_H */
