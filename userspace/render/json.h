/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Writes JSON as it comes, so that a document may be larger than memory.
 * Inside objects every value has a key; inside arrays the key is NULL.
 */
#ifndef RENDER_JSON_H
#define RENDER_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <linux/types.h>
#include <stdio.h>

/**
 * struct json - a document being written
 * @out: where to
 * @depth: open objects and arrays
 * @comma: a value stands before the next one
 * @in_page: the document stands in a page of HTML: nothing in it may look like
 *	a tag, and it is written without blanks
 */
struct json {
	FILE *out;
	unsigned int depth;
	bool comma;
	bool in_page;
};

/* Of all documents: a key that goes or means something else makes it the next. */
#define JSON_VERSION	1

/**
 * json_document - begin the one object of a document
 * @j: document
 * @schema: "cowinspect-COMMAND", which userspace/schema has a file for
 *
 * To be ended with json_end_object().
 */
void json_document(struct json *j, const char *schema);
void json_object(struct json *j, const char *key);
void json_end_object(struct json *j);
void json_array(struct json *j, const char *key);
void json_end_array(struct json *j);
/** json_string - text in UTF-8; bytes that are not become U+FFFD */
void json_string(struct json *j, const char *key, const char *text);
void json_number(struct json *j, const char *key, __u64 n);
/** json_nonzero - a number, of which 0 means that it is not known: null */
void json_nonzero(struct json *j, const char *key, __u64 n);
/** json_hundredths - 1234 is written as 12.34 */
void json_hundredths(struct json *j, const char *key, __u64 n);
/** json_hex - as the text "0x7f00", which all readers keep exactly */
void json_hex(struct json *j, const char *key, __u64 n);
void json_bool(struct json *j, const char *key, bool b);
void json_null(struct json *j, const char *key);
/** json_verbatim - a value that is JSON already */
void json_verbatim(struct json *j, const char *key, const char *text);

#endif /* RENDER_JSON_H */
