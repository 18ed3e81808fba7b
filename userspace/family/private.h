/* SPDX-License-Identifier: GPL-2.0 */
/* What the two halves of a family know: family.c fills it, report.c reads it. */
#ifndef FAMILY_PRIVATE_H
#define FAMILY_PRIVATE_H

#include "family.h"

/* As smaps computes its Pss (PSS_SHIFT in fs/proc/task_mmu.c). */
#define PSS_SHIFT	12

#define STEPS	64

/**
 * struct family_step - what became of some frames, that others will, too
 * @old: number before
 * @old_birth: of it; 0 for none
 * @new: number now
 * @new_birth: of it; 0 if this step was not made yet
 * @mapping: of the record, and so on
 * @mapcount: of the record
 * @kind: of the record
 * @counts: of the record
 * @shared: the record's mapping is
 */
struct family_step {
	uint32_t old;
	uint32_t new;
	__u64 old_birth;
	__u64 new_birth;
	uint32_t mapping;
	uint32_t mapcount;
	uint8_t kind;
	uint8_t counts;
	bool shared;
};

/**
 * struct family - processes, frames and what is known of these
 * @page_size: in bytes
 * @nr: members
 * @member: @nr of them
 * @memo: a number for each frame
 * @swap: 1 for each place in swap that somebody has
 * @swapped: how many
 * @nr_frames: numbers that there have been, with 0, which is none
 * @frame: by number; NULL where it is free
 * @nr_free: entries in @free
 * @free: numbers that may be used again; as long as @frame
 * @known: tree of tsearch(): all in @frame, by what they say
 * @births: of frames
 * @sets: of members
 * @nr_names: mappings
 * @name: @nr_names of them
 * @names: tree of tsearch(): the same, as struct family_text
 * @step: the last ones of their kind
 */
struct family {
	__u64 page_size;
	size_t nr;
	struct family_member *member;
	struct memo *memo;
	struct memo *swap;
	__u64 swapped;
	uint32_t nr_frames;
	struct family_frame **frame;
	uint32_t nr_free;
	uint32_t *free;
	void *known;
	__u64 births;
	struct sets sets;
	uint32_t nr_names;
	struct family_text **name;
	void *names;
	struct family_step step[STEPS];
};

/**
 * struct family_text - the name of a mapping
 * @number: of it
 * @text: it
 */
struct family_text {
	uint32_t number;
	char text[];
};

#endif /* FAMILY_PRIVATE_H */
