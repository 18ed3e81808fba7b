// SPDX-License-Identifier: GPL-2.0
/* Text that others have chosen. */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#include "safe.h"

/* No character becomes longer than this. */
#define SAFE_MAX	16

static size_t escape(const char **text, char *to, unsigned int *columns)
{
	static const char digit[] = "0123456789abcdef";
	unsigned char c = *(*text)++;

	to[0] = '\\';
	to[1] = 'x';
	to[2] = digit[c >> 4];
	to[3] = digit[c & 15];
	*columns = 4;
	return 4;
}

static bool is_plain(const char *text)
{
	return *text >= ' ' && *text < 0x7f &&
	       !(text[0] == '\\' && text[1] == 'x');
}

/* The next character, as it may be written, to @to; returns bytes of it. */
static size_t step(const char **text, char *to, unsigned int *columns)
{
	mbstate_t state = { 0 };
	size_t length;
	wchar_t wide;

	if (is_plain(*text)) {
		*to = *(*text)++;
		*columns = 1;
		return 1;
	}
	/* The NUL at the end is no part of any character. */
	length = mbrtowc(&wide, *text, SAFE_MAX, &state);
	if (length < 2 || length > SAFE_MAX || !iswprint(wide))
		return escape(text, to, columns);
	memcpy(to, *text, length);
	*text += length;
	*columns = wcwidth(wide) > 0 ? wcwidth(wide) : 0;
	return length;
}

/* As much as is written as it is: as a rule, all. Returns how much. */
static unsigned int put_plain(FILE *out, const char *text, bool no_blanks,
			      unsigned int room)
{
	unsigned int n;

	for (n = 0; n < room && is_plain(text + n); n++) {
		if (no_blanks && text[n] == ' ')
			break;
		putc_unlocked(text[n], out);
	}
	return n;
}

unsigned int put_safe_cell(FILE *out, const char *text, bool no_blanks,
			   unsigned int room)
{
	unsigned int columns, used = put_plain(out, text, no_blanks, room);
	char one[SAFE_MAX];

	text += used;
	while (*text) {
		size_t length;

		if (no_blanks && (*text == ' ' || *text == '\t'))
			length = escape(&text, one, &columns);
		else
			length = step(&text, one, &columns);
		if (columns > room - used)
			break;
		used += columns;
		fwrite_unlocked(one, 1, length, out);
	}
	return used;
}

unsigned int put_safe(FILE *out, const char *text)
{
	return put_safe_cell(out, text, false, UINT_MAX);
}

size_t safe_width(const char *text)
{
	unsigned int columns;
	size_t width = 0;
	char one[SAFE_MAX];

	for (; *text; width += columns)
		step(&text, one, &columns);
	return width;
}

/* Where @text goes on behind those of its characters that fit into so many columns. */
static const char *behind(const char *text, size_t room)
{
	const char *next = text;
	unsigned int columns;
	char one[SAFE_MAX];

	for (;;) {
		step(&next, one, &columns);
		if (columns > room)
			return text;
		room -= columns;
		text = next;
	}
}

char *safe_shorten(const char *text, size_t room)
{
	size_t left = safe_width(text), tail;
	const char *rest = text;
	unsigned int columns;
	char *made, one[SAFE_MAX];

	if (left <= room || room < 8)
		return NULL;
	tail = (room - 3) / 2;
	for (; left > tail; left -= columns)
		step(&rest, one, &columns);
	if (asprintf(&made, "%.*s...%s", (int)(behind(text, room - 3 - tail) - text),
		     text, rest) < 0)
		return NULL;
	return made;
}
