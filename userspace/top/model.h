/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What top knows: who copied how much, in rounds, and who has how much. Nothing here
 * knows where events come from, or what time it is.
 *
 *	model_init(&m, page_size);
 *	model_add(&m, pid, parent, comm);	for each who is there already
 *	model_take(&m, &event);			for each event
 *	model_round(&m, elapsed);		which ends the round
 *	model_items(&m, MODEL_PROCESSES, "", MODEL_COPIES, &items, &nr);
 */
#ifndef TOP_MODEL_H
#define TOP_MODEL_H

#include "libcowinspect_stream.h"

/* Rounds that are remembered, for graphs. */
#define MODEL_HISTORY	64

#define MODEL_TITLE_MAX	128

/**
 * enum model_by - what an item is
 * @MODEL_PROCESSES: a process
 * @MODEL_COMMANDS: all processes with one command name
 * @MODEL_PARENTS: all children of one process
 * @MODEL_NR_BY: how many there are
 */
enum model_by {
	MODEL_PROCESSES,
	MODEL_COMMANDS,
	MODEL_PARENTS,
	MODEL_NR_BY
};

/** enum model_sort - what items can be sorted by; numbers from the greatest on */
enum model_sort {
	MODEL_COPIES,
	MODEL_BYTES,
	MODEL_COPIED,
	MODEL_OWN,
	MODEL_SHARED,
	MODEL_PID,
	MODEL_NAME,
	MODEL_NR_SORTS
};

/**
 * struct model_counts - copies
 * @copies: faults that copied
 * @bytes: what they copied
 */
struct model_counts {
	__u64 copies;
	__u64 bytes;
};

/**
 * struct model_size - what a process has, or a group together
 * @known: it was read, of a group: of all its members that run
 * @own: of private mappings, mapped by nobody else; in bytes
 * @shared: all else that is present: in each process that has it
 * @read: when; of a group, when the oldest was read
 */
struct model_size {
	bool known;
	__u64 own;
	__u64 shared;
	__u64 read;
};

/**
 * struct model_item - a process or a group
 * @by: which of these
 * @pid: of a process; of MODEL_PARENTS that of the parent; else 0
 * @parent: of a process that of its parent, or 0
 * @comm: command name: to be written with put_safe(); "" if not known
 * @title: what it calls itself, if it was asked: the same
 * @running: processes of it that have not exited
 * @exited: of a process: it has
 * @was_shown: there was a round since
 * @all: since the beginning
 * @round: of the last round
 * @before: @all as it was at its end
 * @history: copies of each round, @history[model.rounds % MODEL_HISTORY] comes next
 * @idle: rounds since the last one in which anybody belonged to it
 * @size: what it has
 * @tried: when @size was last asked for, whether it came or not
 * @group: of a process: what it belongs to, itself for MODEL_PROCESSES
 */
struct model_item {
	enum model_by by;
	pid_t pid;
	pid_t parent;
	char comm[16];
	char title[MODEL_TITLE_MAX];
	size_t running;
	bool exited;
	bool was_shown;
	struct model_counts all;
	struct model_counts round;
	struct model_counts before;
	__u32 history[MODEL_HISTORY];
	unsigned int idle;
	struct model_size size;
	__u64 tried;
	struct model_item *group[MODEL_NR_BY];
};

/**
 * struct model - all of it
 * @page_size: in bytes
 * @nr: entries in @item
 * @item: processes and groups
 * @index: of them, for tsearch()
 * @last: the process of the last event
 * @rounds: that have ended
 * @elapsed: how long the last one took, in nanoseconds
 * @total: of all that there is or was; its @running is how many processes run
 * @exits: processes that have exited
 * @lost: records that are missing
 */
struct model {
	__u64 page_size;
	size_t nr;
	struct model_item **item;
	void *index;
	struct model_item *last;
	__u64 rounds;
	__u64 elapsed;
	struct model_item total;
	__u64 exits;
	__u64 lost;
};

/**
 * model_init - begin
 * @m: to be given to model_release()
 * @page_size: in bytes
 */
void model_init(struct model *m, __u64 page_size);
void model_release(struct model *m);

/**
 * model_add - a process that is there
 * @m: model
 * @pid: its id; if that is known, nothing happens
 * @parent: that of its parent, or 0
 * @comm: command name, or ""
 *
 * Return: 0 or -ENOMEM.
 */
int model_add(struct model *m, pid_t pid, pid_t parent, const char *comm);

/**
 * model_take - something happened
 * @m: model
 * @e: what
 *
 * Return: 0 or -ENOMEM.
 */
int model_take(struct model *m, const struct cowi_event *e);

/**
 * model_round - a round is over
 * @m: model
 * @elapsed: how long it took, in nanoseconds
 *
 * Processes that have exited are there until the end of the next round, and what they
 * copied remains in their groups and in the total. Groups that nobody belongs to
 * remain for MODEL_HISTORY rounds.
 */
void model_round(struct model *m, __u64 elapsed);

/**
 * model_size - add up what there is
 * @m: model
 * @vmas: all mappings of a process, with their totals
 * @size: @own and @shared are set
 */
void model_size(const struct model *m, const struct cowi_vmas *vmas,
		struct model_size *size);

/**
 * model_stalest - the process that was asked longest ago what it has
 * @m: model
 * @before: only if that was before then
 *
 * Return: a process that runs, or NULL.
 */
struct model_item *model_stalest(const struct model *m, __u64 before);

/** model_find - a process that runs, by its id, or NULL */
struct model_item *model_find(const struct model *m, pid_t pid);

/**
 * model_items - what is to be shown
 * @m: model; sizes of groups are made up to date
 * @by: which items
 * @filter: only those with this in their name, title or id, in any case
 * @sort: in which order; those that are alike by their ids
 * @items: set to them, to be freed; they live until the next model_round()
 * @nr: how many
 *
 * Return: 0 or -ENOMEM.
 */
int model_items(struct model *m, enum model_by by, const char *filter,
		enum model_sort sort, struct model_item ***items, size_t *nr);

/**
 * model_name - what an item is called
 * @item: process or group
 *
 * Return: its title, its command, or "": to be written with put_safe().
 */
const char *model_name(const struct model_item *item);

#endif /* TOP_MODEL_H */
