/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Messages of Protocol Buffers, as far as profile.proto has them: numbers, and what
 * has a length. What a compiler makes of that file is many times as long as this,
 * and would want a compiler and a library where we are built.
 */
#ifndef STACKS_MESSAGE_H
#define STACKS_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/types.h>

/**
 * struct message - a message being written
 * @nr: bytes
 * @byte: the message so far
 * @failed: there was no memory; what is in it is of no use
 */
struct message {
	size_t nr;
	unsigned char *byte;
	bool failed;
};

/* A value of a list of numbers that is packed: no field of its own. */
void message_value(struct message *m, __u64 n);

/* Bytes as they are, of a list or a text that goes into another. */
void message_raw(struct message *m, const void *data, size_t nr);

/** message_number - a field; 0, which all fields are at first, is left out */
void message_number(struct message *m, unsigned int field, __u64 n);

/**
 * message_bytes - a field that has a length: a text, a list, another message
 * @m: message, zeroed at first; free with message_release()
 * @field: its number
 * @data: copied
 * @nr: bytes of it
 */
void message_bytes(struct message *m, unsigned int field, const void *data,
		   size_t nr);

/** message_inner - another message as a field; it is empty then, to be used again */
void message_inner(struct message *m, unsigned int field, struct message *inner);
void message_release(struct message *m);

#endif /* STACKS_MESSAGE_H */
