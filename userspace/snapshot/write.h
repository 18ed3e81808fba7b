/* SPDX-License-Identifier: GPL-2.0 */
/* Processes, as they are now, into a snapshot: cowinspect-snapshot(5). */
#ifndef SNAPSHOT_WRITE_H
#define SNAPSHOT_WRITE_H

#include "ids.h"
#include "read.h"

/**
 * struct snapshot_how - how a snapshot is written
 * @frames: frame numbers, not ids
 * @anonymous: names and paths are left out
 * @compress: by zstd
 * @key: if it is not NULL, the ids must be made by that one
 * @command: who asked for what, or NULL
 */
struct snapshot_how {
	bool frames;
	bool anonymous;
	bool compress;
	const char *key;
	const char *command;
};

/**
 * struct snapshot_said - what was written
 * @processes: how many
 * @exited: before their turn, or while they were read
 */
struct snapshot_said {
	size_t processes;
	size_t exited;
};

/**
 * snapshot_write - write one, or say why not
 * @fd: where to
 * @path: of that, for messages
 * @g: options
 * @names: who; also those of another snapshot
 * @how: how
 * @said: filled in
 *
 * Return: EXIT_OK; EXIT_FAILED, and if @said has processes it is whole all the same;
 * EXIT_USAGE.
 */
int snapshot_write(int fd, const char *path, const struct globals *g,
		   const struct reading_names *names,
		   const struct snapshot_how *how, struct snapshot_said *said);

/**
 * struct manifest - what is in it, while it is being written
 * @text: so far
 * @size: of @text, in bytes
 * @out: to it
 */
struct manifest {
	char *text;
	size_t size;
	FILE *out;
};

/**
 * manifest_process - a process more
 * @m: manifest
 * @p: process
 */
void manifest_process(struct manifest *m, const struct cowi_recorded *p);

/**
 * manifest_text - all that there is to be said
 * @m: its processes; closed afterwards
 * @s: the rest
 * @command: who asked for what, or NULL
 *
 * Return: a text to be freed, NULL without memory.
 */
char *manifest_text(struct manifest *m, const struct cowi_snapshot *s,
		    const char *command);

/**
 * hide_names - replace names in the vmas file by their ids
 * @vmas: its text
 * @ids: how they are made
 *
 * Names that the kernel itself has given stay.
 *
 * Return: a text to be freed, NULL without memory.
 */
char *hide_names(const char *vmas, const struct ids *ids);

#endif /* SNAPSHOT_WRITE_H */
