/* SPDX-License-Identifier: GPL-2.0 */
/* cowinspect top: what its parts need of one another. */
#ifndef TOP_TOP_H
#define TOP_TOP_H

#include "colour.h"
#include "json.h"
#include "model.h"
#include "view.h"

/**
 * struct top_source - where events and sizes come from; the host's tests have their own
 * @arg: for all of these
 * @now: nanoseconds of a clock
 * @wait: until there is an event, perhaps, or so many milliseconds have passed
 * @next: the next event: 1, 0 if there is none now, or a negative error
 * @running: whether there is anybody to wait for
 * @stop: no more events after those that can be had now
 * @read: mappings of a process with their totals; 0 or a negative error
 * @title: what a process of that command name calls itself
 * @cpu: what this program has used of CPUs, in nanoseconds
 * @armed: whether faults are observed: probes can be switched off without a word
 */
struct top_source {
	void *arg;
	__u64 (*now)(void *arg);
	int (*wait)(void *arg, int milliseconds);
	int (*next)(void *arg, struct cowi_event *e);
	bool (*running)(void *arg);
	void (*stop)(void *arg);
	int (*read)(void *arg, pid_t pid, struct cowi_vmas *vmas);
	void (*title)(void *arg, pid_t pid, const char *comm, char *buf,
		      size_t size);
	__u64 (*cpu)(void *arg);
	bool (*armed)(void *arg);
};

/**
 * struct top - a run
 * @source: events
 * @model: what is known
 * @view: what of that is shown on a screen
 * @by: which items
 * @sort: in which order
 * @delay: of a round, in nanoseconds
 * @rounds: the run ends after these; 0 for no end
 * @budget: of one CPU, to read what processes have; in hundredths of a percent
 * @all_rows: also those that never copied
 * @form_json: JSON, not lines
 * @about: mapcounts are averages
 * @unarmed: faults were not observed at the end of a round
 * @began: when the first round began
 * @round_began: when this one did
 * @read_cpu: used to read, in nanoseconds
 * @free_cpu: of that, for the first reading of those who were there at the beginning
 * @cpu: of the last round: what this program used, in hundredths of a percent
 * @reading: of that, to read
 * @cpu_before: used when the round began
 * @read_before: the same of @read_cpu
 */
struct top {
	const struct top_source *source;
	struct model model;
	struct view view;
	enum model_by by;
	enum model_sort sort;
	__u64 delay;
	__u64 rounds;
	unsigned int budget;
	bool all_rows;
	bool form_json;
	bool about;
	bool unarmed;
	__u64 began;
	__u64 round_began;
	__u64 read_cpu;
	__u64 free_cpu;
	unsigned int cpu;
	unsigned int reading;
	__u64 cpu_before;
	__u64 read_before;
};

/**
 * top_begin - the first round begins; those who are there already are read
 * @t: @source, @model, @delay and @budget are set
 *
 * Return: 0 or a negative error.
 */
int top_begin(struct top *t);

/**
 * top_step - take events, and read what there is time for
 * @t: run
 *
 * Return: 0 or a negative error.
 */
int top_step(struct top *t);

/** top_is_due - whether the round is over */
bool top_is_due(const struct top *t);

/** top_end_round - it is over; the next one begins */
void top_end_round(struct top *t);

/**
 * top_batch - a block of lines, or a JSON object, for each round
 * @t: run; top_begin() was called
 *
 * Ends after @rounds, on a signal, or when nobody runs any more; what was copied
 * until then is in the last round.
 *
 * Return: 0 or a negative error.
 */
int top_batch(struct top *t);

/**
 * top_screen - the same on a terminal, until somebody ends it
 * @t: as above
 * @colour: when to use colour
 *
 * The terminal is as it was, afterwards and on every signal that can be caught.
 *
 * Return: 0 or a negative error; -ENOTTY if there is no such terminal.
 */
int top_screen(struct top *t, enum colour_when colour);

/** top_read_opened - read the mappings of the process that is open in @t->view */
int top_read_opened(struct top *t);

#endif /* TOP_TOP_H */
