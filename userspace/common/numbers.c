// SPDX-License-Identifier: GPL-2.0
/* Numbers from the command line. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"

/* strtoull() takes signs and blanks; a number here begins with a digit. */
static int number(const char *text, int base, __u64 *out, const char **rest)
{
	char *end;

	if (base == 16 ? !isxdigit((unsigned char)*text) :
			 !isdigit((unsigned char)*text))
		return -EINVAL;
	errno = 0;
	*out = strtoull(text, &end, base);
	*rest = end;
	return errno ? -EINVAL : 0;
}

int parse_pid(const char *text, pid_t *pid)
{
	const char *rest;
	__u64 n;

	if (number(text, 10, &n, &rest) || *rest || !n || n > INT32_MAX)
		return -EINVAL;
	*pid = n;
	return 0;
}

int parse_size(const char *text, __u64 *bytes)
{
	static const char units[] = "KMG";
	const char *rest, *unit;
	unsigned int shift = 0;

	if (number(text, 10, bytes, &rest))
		return -EINVAL;
	if (*rest) {
		unit = strchr(units, toupper((unsigned char)*rest));
		if (!unit || rest[1])
			return -EINVAL;
		shift = 10 * (unit - units + 1);
	}
	if (*bytes > UINT64_MAX >> shift)
		return -EINVAL;
	*bytes <<= shift;
	return 0;
}

int parse_range(const char *text, __u64 page_size, struct range *r)
{
	const char *rest;
	__u64 size;

	if (number(text, 16, &r->start, &rest))
		return -EINVAL;
	if (*rest == '-') {
		if (number(rest + 1, 16, &r->end, &rest) || *rest)
			return -EINVAL;
	} else if (*rest == '+') {
		if (parse_size(rest + 1, &size) ||
		    __builtin_add_overflow(r->start, size, &r->end))
			return -EINVAL;
	} else if (!*rest) {
		r->end = r->start + 1;
	} else {
		return -EINVAL;
	}
	if (r->start >= r->end || r->end > UINT64_MAX - page_size)
		return -EINVAL;
	r->start &= ~(page_size - 1);
	r->end = (r->end + page_size - 1) & ~(page_size - 1);
	return 0;
}
