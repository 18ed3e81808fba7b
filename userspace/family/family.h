/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Processes as one: which of them have which page frames. Their records are read
 * once, one process after the other, and each frame belongs to one set of processes
 * at the end. No record is kept: a frame has a number, which stands for all that is
 * known of it, and frames of which the same is known have the same one.
 *
 *	f = family_new(page_size);
 *	family_begin(f, pid);
 *	family_add(f, family_mapping(f, "[heap]"), &rec);	of each record
 *	...						and of each process
 *	family_finish(f);
 *	family_groups(f, FAMILY_BY_SET, &groups, &nr);
 *
 * Nothing here knows where the records come from.
 */
#ifndef FAMILY_FAMILY_H
#define FAMILY_FAMILY_H

#include "memo.h"
#include "libcowinspect.h"
#include "sets.h"

/**
 * enum family_flag - what else is known of a frame
 * @FAMILY_OBJECT: of a shared memory object: shmem, or mapped shared
 * @FAMILY_ABOUT: how often it is mapped is an average or an estimate
 * @FAMILY_UNSTEADY: it changed while we read: it was seen as two kinds, or more often
 *	than it was mapped. Processes that have one address space are seen so, too
 * @FAMILY_UNCOUNTED: nobody counts how often it is mapped, since it belongs to nobody:
 *	the zero page, or memory of a device. No memory of the processes
 */
enum family_flag {
	FAMILY_OBJECT = 1,
	FAMILY_ABOUT = 2,
	FAMILY_UNSTEADY = 4,
	FAMILY_UNCOUNTED = 8,
};

/**
 * struct family_frame - all that is known of some frames
 * @set: who has them: numbers of members
 * @again: who has them more than once
 * @outside: how often they are mapped by nobody of these, by their mapcount when the
 *	last one was read
 * @mapping: where they were seen first, for family_name()
 * @kind: enum cowinspect_kind, as seen last
 * @flags: enum family_flag
 * @frames: how many there are
 * @birth: numbers are used again, this is not
 */
struct family_frame {
	struct set *set;
	struct again *again;
	uint32_t outside;
	uint32_t mapping;
	uint8_t kind;
	uint8_t flags;
	__u64 frames;
	__u64 birth;
};

/**
 * struct family_member - one process; in pages unless said otherwise
 * @pid: its id
 * @present: mapped, but for frames that are FAMILY_UNCOUNTED
 * @own: of @present: mapped by nobody else. This and the next three, which add up to
 *	@present, are known after family_finish()
 * @within: by others of the family, and by nobody else
 * @beyond: by others that are not of the family
 * @objects: of shared memory objects, whoever maps them
 * @own_anon: of @own: anonymous
 * @swapped: in swap
 * @copy: the next write to each would copy it
 * @pss: each page by its mapcount, in bytes
 * @kind: of @present by enum cowinspect_kind
 * @about: a mapcount was an average or an estimate
 * @pss_about: and @pss goes by it, as nobody has said by family_pss() what it is
 * @mixed: it was of a huge page, whose pages have different ones
 * @pss_fixed: bytes * 4096
 */
struct family_member {
	pid_t pid;
	__u64 present;
	__u64 own;
	__u64 within;
	__u64 beyond;
	__u64 objects;
	__u64 own_anon;
	__u64 swapped;
	__u64 copy;
	__u64 pss;
	__u64 kind[COWI_NR_KINDS];
	bool about;
	bool pss_about;
	bool mixed;
	__u64 pss_fixed;
};

struct family;

/**
 * family_new - of nobody yet
 * @page_size: bytes of a page
 *
 * Return: NULL without memory.
 */
struct family *family_new(__u64 page_size);
void family_free(struct family *f);

/**
 * family_begin - the next process: its records come now
 * @f: family
 * @pid: its id, for those who ask family_members()
 *
 * Return: 0 or -ENOMEM.
 */
int family_begin(struct family *f, pid_t pid);

/**
 * family_mapping - a number for the name of a mapping
 * @f: family
 * @name: of it, "" for none
 *
 * Return: its number, or -ENOMEM.
 */
int family_mapping(struct family *f, const char *name);

/** family_name - the name of such a number */
const char *family_name(const struct family *f, uint32_t mapping);

/**
 * family_add - a record of the process that was begun last
 * @f: family
 * @mapping: where it is, by family_mapping()
 * @rec: record
 *
 * Return: 0 or -ENOMEM.
 */
int family_add(struct family *f, uint32_t mapping,
	       const struct cowinspect_page *rec);

/**
 * family_pss - what is better known than from records, which have one mapcount each
 * @f: family; it is of the process that was begun last
 * @bytes: each page by its own mapcount
 */
void family_pss(struct family *f, __u64 bytes);

/** family_finish - all processes have been read: know what depends on the others */
void family_finish(struct family *f);

/**
 * family_members - the processes in the order in which they were read
 * @f: family
 * @nr: set to how many
 *
 * Return: @nr of them.
 */
const struct family_member *family_members(const struct family *f, size_t *nr);

/**
 * struct family_totals - of the family, in frames, each counted once
 * @frames: memory
 * @own: of @frames, as in struct family_member; this and the next three add up to it
 * @within: see @own
 * @beyond: see @own
 * @objects: see @own
 * @outside: of @frames: mapped by others as well
 * @about: of @frames: with FAMILY_ABOUT
 * @unsteady: of @frames: with FAMILY_UNSTEADY
 * @shared: of @frames: of two members and more
 * @uncounted: zero pages and memory of devices, which are not in @frames
 * @swapped: places in swap
 */
struct family_totals {
	__u64 frames;
	__u64 own;
	__u64 within;
	__u64 beyond;
	__u64 objects;
	__u64 outside;
	__u64 about;
	__u64 unsteady;
	__u64 shared;
	__u64 uncounted;
	__u64 swapped;
};

void family_totals(const struct family *f, struct family_totals *t);

/** enum family_key - what frames are told apart by, in groups of them */
enum family_key {
	FAMILY_BY_SET = 1,
	FAMILY_BY_MAPPING = 2,
	FAMILY_BY_KIND = 4,
};

/**
 * struct family_group - frames that are alike; in frames
 * @set: whose, with FAMILY_BY_SET; otherwise NULL
 * @mapping: see struct family_frame, with FAMILY_BY_MAPPING; otherwise 0
 * @kind: see there, with FAMILY_BY_KIND; otherwise 0
 * @frames: memory
 * @alone: of @frames: of one member and nobody else
 * @outside: of @frames: mapped by others as well
 * @about: of @frames: with FAMILY_ABOUT
 * @uncounted: with FAMILY_UNCOUNTED, not in @frames
 * @by_kind: of @frames by enum cowinspect_kind
 */
struct family_group {
	const struct set *set;
	uint32_t mapping;
	uint8_t kind;
	__u64 frames;
	__u64 alone;
	__u64 outside;
	__u64 about;
	__u64 uncounted;
	__u64 by_kind[COWI_NR_KINDS];
};

/**
 * family_groups - all frames, by what is asked for
 * @f: family; to be kept as long as the groups
 * @keys: enum family_key, added
 * @groups: set to @nr of them, the largest first; to be freed
 * @nr: set
 *
 * Return: 0 or -ENOMEM.
 */
int family_groups(const struct family *f, unsigned int keys,
		  struct family_group **groups, size_t *nr);

/**
 * family_group_add - two groups as one
 * @to: that it is added to
 * @g: group
 */
void family_group_add(struct family_group *to, const struct family_group *g);

/**
 * family_common - frames of memory that two members have both, for all pairs
 * @f: family
 * @common: gets a square of as many as there are members; with themselves: all
 */
void family_common(const struct family *f, __u64 *common);

/**
 * family_each - all frames, ascending, in runs of which the same is known
 * @f: family
 * @look: called with @n frames from @pfn on; returns 0, or else to break off
 * @arg: for @look
 *
 * Return: 0, what @look returned, or -ENOMEM.
 */
int family_each(const struct family *f,
		int (*look)(__u64 pfn, __u64 n, const struct family_frame *frame,
			    void *arg), void *arg);

#endif /* FAMILY_FAMILY_H */
