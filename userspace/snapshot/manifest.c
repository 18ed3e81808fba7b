// SPDX-License-Identifier: GPL-2.0
/* The texts of a snapshot that are not the module's own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot.h"
#include "span.h"
#include "write.h"

/* What would end a word, or a line, is "\ooo"; no text is "-". */
static void put_word(FILE *out, const char *text, bool blanks)
{
	const unsigned char *c;

	if (!text[0] || !strcmp(text, "-"))
		fputs(text[0] ? "\\055" : "-", out);
	else
		for (c = (const unsigned char *)text; *c; c++)
			if (*c < ' ' || *c == 127 || *c == '\\' ||
			    (*c == ' ' && !blanks))
				fprintf(out, "\\%03o", *c);
			else
				putc(*c, out);
}

void manifest_process(struct manifest *m, const struct cowi_recorded *p)
{
	if (!m->out)
		m->out = open_memstream(&m->text, &m->size);
	if (!m->out)
		return;
	fprintf(m->out, "process: %d %d %llu ", p->pid, p->parent, p->start);
	put_word(m->out, p->comm, false);
	putc(' ', m->out);
	put_word(m->out, p->title, false);
	putc('\n', m->out);
}

static void put_head(FILE *out, const struct cowi_snapshot *s,
		     const char *command)
{
	fprintf(out, "cowinspect-snapshot: %d\n", COWI_SNAPSHOT_FORMAT);
	fprintf(out, "version: %s\n", COWINSPECT_VERSION);
	if (command) {
		fputs("command: ", out);
		put_word(out, command, true);
		putc('\n', out);
	}
	fprintf(out, "taken: %s\ntaken_ns: %llu\nread_ns: %llu\nboot: %s\n",
		s->taken, s->taken_ns, s->read_ns, s->boot);
	fprintf(out, "frames: %s\n", s->has_ids ? "ids" : "numbers");
	if (s->key[0])
		fprintf(out, "key: %s\n", s->key);
	fprintf(out, "anonymous: %s\nexited: %llu\n",
		s->anonymous ? "yes" : "no", s->exited);
}

char *manifest_text(struct manifest *m, const struct cowi_snapshot *s,
		    const char *command)
{
	size_t size = 0;
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);
	bool whole = out && m->out && !fclose(m->out);

	m->out = NULL;
	if (whole) {
		put_head(out, s, command);
		fputs(m->text, out);
	}
	if (out && fclose(out))
		whole = false;
	free(m->text);
	m->text = NULL;
	if (whole)
		return text;
	free(text);
	return NULL;
}

/* ---- names ---- */

/* "[heap]" and so on. */
static bool is_kernels(struct span name)
{
	size_t i;

	if (name.len < 2 || name.p[0] != '[' || name.p[name.len - 1] != ']')
		return false;
	for (i = 1; i < name.len - 1; i++) {
		if (name.p[i] != '_' && (name.p[i] < 'a' || name.p[i] > 'z'))
			return false;
	}
	return true;
}

/* "[anon:NAME]" and "[anon_shmem:NAME]" are a program's. */
static void put_hidden(FILE *out, struct span name, const struct ids *ids)
{
	struct span rest = name, kind = span_cut(&rest, ':');

	if (!name.len || is_kernels(name))
		fprintf(out, "%.*s", (int)name.len, name.p);
	else if (span_is(kind, "[anon") || span_is(kind, "[anon_shmem"))
		fprintf(out, "%.*s:%08x]", (int)kind.len, kind.p,
			ids_name(ids, name.p, name.len));
	else
		fprintf(out, "file-%08x", ids_name(ids, name.p, name.len));
}

static size_t count_words(struct span line)
{
	size_t n = 0;

	for (; line.len; n++)
		span_cut(&line, ' ');
	return n;
}

/* The name is the last column, and the rest of the line. */
char *hide_names(const char *vmas, const struct ids *ids)
{
	struct span rest = { vmas, strlen(vmas) }, line = span_cut(&rest, '\n');
	size_t words = count_words(line), size = 0, i;
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fprintf(out, "%.*s\n", (int)line.len, line.p);
	while (rest.len) {
		struct span name = span_cut(&rest, '\n');

		line = name;
		for (i = 1; i < words; i++)
			span_cut(&name, ' ');
		fprintf(out, "%.*s", (int)(line.len - name.len), line.p);
		put_hidden(out, name, ids);
		putc('\n', out);
	}
	if (!fclose(out))
		return text;
	free(text);
	return NULL;
}
