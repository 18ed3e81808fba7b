// SPDX-License-Identifier: GPL-2.0
/* Messages of Protocol Buffers. */
#include <stdlib.h>
#include <string.h>

#include "grow.h"
#include "message.h"

enum wire_type {
	WIRE_NUMBER = 0,
	WIRE_LENGTH = 2,
};

static void put_byte(struct message *m, unsigned char byte)
{
	unsigned char *grown = grow(m->byte, m->nr, 1);

	if (!grown) {
		m->failed = true;
		return;
	}
	m->byte = grown;
	m->byte[m->nr++] = byte;
}

/* Seven bits in each byte, the lowest first. */
void message_value(struct message *m, __u64 n)
{
	for (; n >= 0x80; n >>= 7)
		put_byte(m, n | 0x80);
	put_byte(m, n);
}

void message_raw(struct message *m, const void *data, size_t nr)
{
	const unsigned char *byte = data;
	size_t i;

	for (i = 0; i < nr; i++)
		put_byte(m, byte[i]);
}

void message_number(struct message *m, unsigned int field, __u64 n)
{
	if (!n)
		return;
	message_value(m, field << 3 | WIRE_NUMBER);
	message_value(m, n);
}

void message_bytes(struct message *m, unsigned int field, const void *data,
		   size_t nr)
{
	message_value(m, field << 3 | WIRE_LENGTH);
	message_value(m, nr);
	message_raw(m, data, nr);
}

void message_inner(struct message *m, unsigned int field, struct message *inner)
{
	message_bytes(m, field, inner->byte, inner->nr);
	m->failed |= inner->failed;
	inner->nr = 0;
}

void message_release(struct message *m)
{
	free(m->byte);
	memset(m, 0, sizeof(*m));
}
