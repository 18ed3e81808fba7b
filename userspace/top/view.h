/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What top shows on a terminal, as lines of text: which of them, in which order, and
 * what keys do. Nothing here knows a terminal.
 */
#ifndef TOP_VIEW_H
#define TOP_VIEW_H

#include "model.h"

/* Keys that are no characters; those of ncurses begin at 0400. */
enum view_key {
	VIEW_UP = 0x1000,
	VIEW_DOWN,
	VIEW_PAGE_UP,
	VIEW_PAGE_DOWN,
	VIEW_HOME,
	VIEW_END,
	VIEW_ENTER,
	VIEW_ESCAPE,
	VIEW_ERASE,
};

/** enum view_style - how a line looks */
enum view_style {
	VIEW_PLAIN,
	VIEW_TITLE,
	VIEW_HEADING,
	VIEW_BUSY,	/* it copies */
	VIEW_SELECTED,
	VIEW_WARNING,
};

/**
 * struct view_place - a mapping of the process that is open
 * @vma: where, with its totals
 * @copies: that were made there since it was opened
 */
struct view_place {
	struct cowi_vma vma;
	__u64 copies;
};

/**
 * struct view - what the user has chosen
 * @by: items of this kind
 * @sort: in this order
 * @filter: only those
 * @typing: keys are for @filter
 * @paused: what is shown stays as it is
 * @follow: the cursor stays at the item, not at the line
 * @help: keys are shown
 * @quit: that was enough
 * @at: the cursor: which item
 * @top: the first one that is shown
 * @lines: items that there was room for
 * @nr: entries in @items
 * @items: as model_items() gives them
 * @on: of the item at the cursor: what it is
 * @on_pid: see @on
 * @on_comm: see @on
 * @opened: the process whose mappings are shown, or 0
 * @nr_places: entries in @place
 * @place: these mappings, ascending
 * @place_read: when they were read
 */
struct view {
	enum model_by by;
	enum model_sort sort;
	char filter[32];
	bool typing;
	bool paused;
	bool follow;
	bool help;
	bool quit;
	size_t at;
	size_t top;
	size_t lines;
	size_t nr;
	struct model_item **items;
	enum model_by on;
	pid_t on_pid;
	char on_comm[16];
	pid_t opened;
	size_t nr_places;
	struct view_place *place;
	__u64 place_read;
};

/**
 * struct view_frame - where it is drawn, and what is to be said besides
 * @rows: of the terminal
 * @columns: of it
 * @utf8: what it can show
 * @now: in nanoseconds
 * @began: when the first round began
 * @delay: of a round, in nanoseconds
 * @cpu: what this program used of one CPU in the last round, in hundredths of a percent
 * @reading: of that, to read what processes have
 * @about: mapcounts are averages
 * @unarmed: faults are not observed
 * @put: takes a line: valid during the call, as wide as the terminal at most
 * @arg: for @put
 */
struct view_frame {
	unsigned int rows;
	unsigned int columns;
	bool utf8;
	__u64 now;
	__u64 began;
	__u64 delay;
	unsigned int cpu;
	unsigned int reading;
	bool about;
	bool unarmed;
	void (*put)(void *arg, unsigned int row, const char *text,
		    enum view_style style);
	void *arg;
};

/**
 * view_update - there is something new to be shown
 * @v: view; zero in the beginning
 * @m: model
 *
 * Return: 0 or -ENOMEM.
 */
int view_update(struct view *v, struct model *m);

/**
 * view_key - a key was pressed
 * @v: view; view_update() is due
 * @key: a character or an enum view_key
 */
void view_key(struct view *v, int key);

/**
 * view_fault - something happened in the process that is open
 * @v: view
 * @e: a fault
 */
void view_fault(struct view *v, const struct cowi_event *e);

/**
 * view_places - its mappings were read
 * @v: view
 * @vmas: these; becomes empty
 * @now: when
 *
 * Return: 0 or -ENOMEM.
 */
int view_places(struct view *v, struct cowi_vmas *vmas, __u64 now);

/**
 * view_draw - write all lines
 * @v: view
 * @m: model
 * @f: how
 *
 * Return: 0 or -ENOMEM.
 */
int view_draw(struct view *v, const struct model *m, const struct view_frame *f);

void view_release(struct view *v);

#endif /* TOP_VIEW_H */
