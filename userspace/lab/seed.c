// SPDX-License-Identifier: GPL-2.0
/* Seeds, what is made of them, and the answers that depend on one. */
#include <string.h>

#include "commands.h"
#include "lab.h"

/* FNV-1a, 32 bits: short enough for a number in JSON. */
static __u64 hash(const char *text)
{
	__u32 h = 0x811c9dc5;

	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * 0x01000193;
	return h;
}

__u64 lab_seed(const char *text)
{
	__u64 seed;

	return parse_size(text, &seed) ? hash(text) : seed;
}

/* splitmix64: small, and good enough to choose pages. */
__u64 lab_random(__u64 *state)
{
	__u64 z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

void lab_key(const struct lab *lab, __u64 seed, char *key)
{
	if (lab->make_key)
		lab->make_key(seed, key);
	else
		strcpy(key, lab->key);
}
