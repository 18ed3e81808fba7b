/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pieces of a text, and what stands in them: no copies, no trust. All that can
 * fail returns 0 or -COWI_EFORMAT.
 */
#ifndef COWI_SPAN_H
#define COWI_SPAN_H

#include <string.h>

#include "libcowinspect.h"

/**
 * struct span - a piece of a text: not NUL-terminated
 * @p: its first byte
 * @len: how many
 */
struct span {
	const char *p;
	size_t len;
};

static inline bool span_is(struct span s, const char *word)
{
	return s.len == strlen(word) && !memcmp(s.p, word, s.len);
}

/** span_cut - cut @rest at the first @sep; without one, all of it is returned */
static inline struct span span_cut(struct span *rest, char sep)
{
	const char *at = memchr(rest->p, sep, rest->len);
	struct span head = { rest->p, at ? (size_t)(at - rest->p) : rest->len };
	size_t used = head.len + (at ? 1 : 0);

	rest->p += used;
	rest->len -= used;
	return head;
}

/** span_copy - to a text of @size bytes; what does not fit is left out */
static inline void span_copy(struct span s, char *to, size_t size)
{
	size_t n = s.len < size ? s.len : size - 1;

	memcpy(to, s.p, n);
	to[n] = '\0';
}

/* 16 for what is none. */
static inline int span_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return 16;
}

/** span_number - all of it is one, in digits of @base, which is 16 at most */
static inline int span_number(struct span s, unsigned int base, __u64 *out)
{
	__u64 n = 0;
	size_t i;

	if (!s.len)
		return -COWI_EFORMAT;
	for (i = 0; i < s.len; i++) {
		unsigned int digit = span_digit(s.p[i]);

		if (digit >= base || __builtin_mul_overflow(n, base, &n) ||
		    __builtin_add_overflow(n, digit, &n))
			return -COWI_EFORMAT;
	}
	*out = n;
	return 0;
}

/** span_hundredths - "12.34" to 1234: exactly two digits after the point */
static inline int span_hundredths(struct span s, __u64 *out)
{
	struct span whole = span_cut(&s, '.');
	__u64 units, cents;

	if (s.len != 2 || span_number(whole, 10, &units) ||
	    span_number(s, 10, &cents) ||
	    __builtin_mul_overflow(units, 100, &units) ||
	    __builtin_add_overflow(units, cents, out))
		return -COWI_EFORMAT;
	return 0;
}

/** span_name_value - "name: value"; the value loses the blanks around it */
static inline int span_name_value(struct span line, struct span *name,
				  struct span *value)
{
	const char *colon = memchr(line.p, ':', line.len);

	if (!colon)
		return -COWI_EFORMAT;
	*name = span_cut(&line, ':');
	while (line.len && (*line.p == ' ' || *line.p == '\t')) {
		line.p++;
		line.len--;
	}
	while (line.len && line.p[line.len - 1] == ' ')
		line.len--;
	*value = line;
	return 0;
}

#endif /* COWI_SPAN_H */
