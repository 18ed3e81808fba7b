/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Ids in place of frame numbers, and of names. Who has two of them knows whether they
 * are of one frame, or of one huge page; where it is, only who has the key, too.
 */
#ifndef SNAPSHOT_IDS_H
#define SNAPSHOT_IDS_H

#include <stddef.h>
#include <stdint.h>
#include <linux/types.h>

#define IDS_KEY_SIZE	16
#define IDS_PRINT_SIZE	20
#define IDS_BITS	36

/**
 * struct ids - how they are made
 * @key: secret; the same for all snapshots until the machine boots again
 * @print: tells keys apart, and says nothing of them
 * @shift: bits of a number that stay: those within what a table of entries maps
 * @block: numbers without these bits that were asked for last
 * @id: of each in @block; 0 for none yet
 */
struct ids {
	unsigned char key[IDS_KEY_SIZE];
	char print[IDS_PRINT_SIZE];
	unsigned int shift;
	__u64 block[256];
	__u64 id[256];
};

/**
 * ids_open - get the key, and make it if nobody has
 * @ids: filled in
 * @page_size: of the processes
 *
 * Return: 0; -errno if it cannot be had or kept: @ids has one that nobody else has.
 */
int ids_open(struct ids *ids, __u64 page_size);

/**
 * ids_init - the same with a key that is known
 * @ids: @key is set
 * @page_size: of the processes
 */
void ids_init(struct ids *ids, __u64 page_size);

/**
 * ids_frame - the id of a frame, which no other frame has
 * @ids: how they are made
 * @pfn: its number
 *
 * Frames that an entry can map together, 2^n of them, have ids that it could map
 * together as well.
 */
__u64 ids_frame(struct ids *ids, __u64 pfn);

/** ids_place - the same of a place in swap */
__u64 ids_place(struct ids *ids, __u64 place);

/** ids_name - the id of a name */
uint32_t ids_name(const struct ids *ids, const char *name, size_t len);

/** IDS_KEY_PATH - where the key is, for messages */
#define IDS_KEY_PATH	"/run/cowinspect/snapshot.key"

#endif /* SNAPSHOT_IDS_H */
