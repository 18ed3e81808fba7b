// SPDX-License-Identifier: GPL-2.0
/*
 * A keyed permutation of frame numbers that keeps prefixes, as Crypto-PAn does for
 * addresses of networks (Xu, Fan, Ammar, Moon: Prefix-Preserving IP Address
 * Anonymization, ICNP 2002): each bit is flipped or not by what a keyed hash says of
 * the bits above it. So the frames of any aligned block of 2^n get ids that are such a
 * block, too, which the one record of a huge page needs: it stands for all of them.
 *
 * The lowest bits stay, so that the pages of a huge page are followed one by one after
 * it was split.
 */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ids.h"

_Static_assert(crypto_shorthash_KEYBYTES == IDS_KEY_SIZE, "SipHash's");

/* A hash has as many bits as a tree of 6 levels has nodes, and one more. */
#define LEVELS		6

static __u64 hash(const struct ids *ids, const void *data, size_t size)
{
	unsigned char out[crypto_shorthash_BYTES];
	__u64 n = 0;
	size_t i;

	crypto_shorthash(out, data, size, ids->key);
	for (i = 0; i < sizeof(out); i++)
		n |= (__u64)out[i] << 8 * i;
	return n;
}

/* What to flip of @levels bits, the lowest of @bits, below all those above them. */
static __u64 flips(const struct ids *ids, __u64 bits, unsigned int levels,
		   unsigned int at)
{
	unsigned char text[9];
	unsigned int node = 1;
	__u64 flip = 0, above = bits >> levels, h;
	size_t i;

	for (i = 0; i < 8; i++)
		text[i] = above >> 8 * i;
	text[8] = at;
	h = hash(ids, text, sizeof(text));
	while (levels--) {
		flip = flip << 1 | (h >> node & 1);
		node = node << 1 | (bits >> levels & 1);
	}
	return flip;
}

static __u64 permute(const struct ids *ids, __u64 block)
{
	unsigned int left = IDS_BITS - ids->shift, levels;
	__u64 id = block;

	while (left) {
		levels = left > LEVELS ? LEVELS : left;
		left -= levels;
		id ^= flips(ids, block >> left, levels, left) << left;
	}
	return id;
}

__u64 ids_frame(struct ids *ids, __u64 pfn)
{
	__u64 block = pfn >> ids->shift;
	size_t i = block % (sizeof(ids->block) / sizeof(ids->block[0]));

	if (!ids->id[i] || ids->block[i] != block) {
		ids->block[i] = block;
		/* One more, as 0 is none. */
		ids->id[i] = permute(ids, block) + 1;
	}
	return (ids->id[i] - 1) << ids->shift |
	       (pfn & ((1ull << ids->shift) - 1));
}

/* Above all numbers of frames, and of places: the two have nothing in common. */
#define PLACES		(1ull << 47)

__u64 ids_place(struct ids *ids, __u64 place)
{
	return ids_frame(ids, place | PLACES) & ~PLACES;
}

uint32_t ids_name(const struct ids *ids, const char *name, size_t len)
{
	return hash(ids, name, len);
}

void ids_init(struct ids *ids, __u64 page_size)
{
	static const char text[] = "which key";

	/* A page table is one page of entries of 8 bytes. */
	ids->shift = __builtin_ctzll(page_size) - 3;
	memset(ids->id, 0, sizeof(ids->id));
	snprintf(ids->print, sizeof(ids->print), "%016llx",
		 hash(ids, text, sizeof(text)));
}

/* ---- the key ---- */

static int read_key(unsigned char *key)
{
	int fd = open(IDS_KEY_PATH, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, key, IDS_KEY_SIZE);
	close(fd);
	if (n < 0)
		return -errno;
	return n == IDS_KEY_SIZE ? 0 : -EBADMSG;
}

static int fill_key(int fd)
{
	unsigned char key[IDS_KEY_SIZE];
	ssize_t n;

	randombytes_buf(key, sizeof(key));
	n = write(fd, key, sizeof(key));
	if (n < 0)
		return -errno;
	return n == sizeof(key) ? 0 : -ENOSPC;
}

/* Whole or not at all, and only one of those who try at the same time makes it. */
static int make_key(void)
{
	char path[] = IDS_KEY_PATH ".XXXXXX";
	int fd, err;

	if (mkdir("/run/cowinspect", 0700) && errno != EEXIST)
		return -errno;
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = fill_key(fd);
	close(fd);
	if (!err && link(path, IDS_KEY_PATH) && errno != EEXIST)
		err = -errno;
	unlink(path);
	return err;
}

int ids_open(struct ids *ids, __u64 page_size)
{
	int err = read_key(ids->key);

	if (err == -ENOENT) {
		err = make_key();
		if (!err)
			err = read_key(ids->key);
	}
	if (err)
		randombytes_buf(ids->key, sizeof(ids->key));
	ids_init(ids, page_size);
	return err;
}
