// SPDX-License-Identifier: GPL-2.0
/*
 * JSON, written by hand: libsmartcols can neither nest tables in a document
 * nor stream one document in pieces.
 */
#include <string.h>

#include "json.h"
#include "utf8.h"

/* Bytes of @s that need no second look; nearly all there ever are. */
static size_t plain_length(const unsigned char *s)
{
	size_t len = 0;

	while (s[len] >= ' ' && s[len] < 0x7f && s[len] != '"' &&
	       s[len] != '\\' && s[len] != '<')
		len++;
	return len;
}

static void put_text(const struct json *j, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	FILE *out = j->out;

	fputc('"', out);
	while (*s) {
		size_t plain = plain_length(s);
		size_t len = plain ? plain : utf8_length((const char *)s);

		if (!len) {
			fputs("\\ufffd", out);
			len = 1;
		} else if (*s == '"' || *s == '\\') {
			fprintf(out, "\\%c", *s);
		} else if (*s < 0x20 || *s == 0x7f ||
			   (*s == '<' && j->in_page)) {
			fprintf(out, "\\u%04x", *s);
		} else if (s[0] == 0xc2 && s[1] < 0xa0) {
			/* Control characters that a terminal may know, too. */
			fprintf(out, "\\u%04x", s[1]);
		} else {
			fwrite(s, 1, len, out);
		}
		s += len;
	}
	fputc('"', out);
}

/* What comes before a value: comma, new line, key. */
static void put_lead(struct json *j, const char *key)
{
	if (j->comma)
		fputc(',', j->out);
	/* Members of small objects stay on one line, lists do not. */
	if (j->depth && !j->in_page) {
		if (!key || j->depth < 3)
			fprintf(j->out, "\n%*s", j->depth * 2, "");
		else if (j->comma)
			fputc(' ', j->out);
	}
	if (key) {
		put_text(j, key);
		fputs(j->in_page ? ":" : ": ", j->out);
	}
	j->comma = true;
}

static void open_bracket(struct json *j, const char *key, char bracket)
{
	put_lead(j, key);
	fputc(bracket, j->out);
	j->depth++;
	j->comma = false;
}

static void close_bracket(struct json *j, char bracket)
{
	bool empty = !j->comma;

	j->depth--;
	if (!empty && !j->in_page && (bracket == ']' || j->depth < 2))
		fprintf(j->out, "\n%*s", j->depth * 2, "");
	fputc(bracket, j->out);
	if (!j->depth)
		fputc('\n', j->out);
	j->comma = true;
}

void json_object(struct json *j, const char *key)
{
	open_bracket(j, key, '{');
}

void json_end_object(struct json *j)
{
	close_bracket(j, '}');
}

void json_document(struct json *j, const char *schema)
{
	json_object(j, NULL);
	json_string(j, "schema", schema);
	json_number(j, "version", JSON_VERSION);
}

void json_array(struct json *j, const char *key)
{
	open_bracket(j, key, '[');
}

void json_end_array(struct json *j)
{
	close_bracket(j, ']');
}

void json_string(struct json *j, const char *key, const char *text)
{
	put_lead(j, key);
	put_text(j, text);
}

void json_number(struct json *j, const char *key, __u64 n)
{
	put_lead(j, key);
	fprintf(j->out, "%llu", n);
}

void json_nonzero(struct json *j, const char *key, __u64 n)
{
	if (n)
		json_number(j, key, n);
	else
		json_null(j, key);
}

void json_hundredths(struct json *j, const char *key, __u64 n)
{
	put_lead(j, key);
	fprintf(j->out, "%llu.%02llu", n / 100, n % 100);
}

void json_hex(struct json *j, const char *key, __u64 n)
{
	put_lead(j, key);
	fprintf(j->out, "\"0x%llx\"", n);
}

void json_bool(struct json *j, const char *key, bool b)
{
	put_lead(j, key);
	fputs(b ? "true" : "false", j->out);
}

void json_null(struct json *j, const char *key)
{
	put_lead(j, key);
	fputs("null", j->out);
}

void json_verbatim(struct json *j, const char *key, const char *text)
{
	put_lead(j, key);
	fputs(text, j->out);
}
