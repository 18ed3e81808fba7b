// SPDX-License-Identifier: GPL-2.0
/* Questions before writes, and the marking of answers. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "array_size.h"
#include "quiz.h"
#include "safe.h"

static const struct {
	char letter;
	const char *word;
} answers[] = {
	{ 'c', "copy" },
	{ 'r', "reuse" },
	{ 'n', "neither" },
};

static const char *word_of(char letter)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(answers); i++) {
		if (answers[i].letter == letter)
			return answers[i].word;
	}
	return "none";
}

/* "copy", "c", "COPY" and the like; 0 for anything else. */
static char letter_of(const char *word)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(answers); i++) {
		if (!strcasecmp(word, answers[i].word) ||
		    (tolower((unsigned char)word[0]) == answers[i].letter &&
		     !word[1]))
			return answers[i].letter;
	}
	return 0;
}

char quiz_letter(enum cowinspect_outcome outcome)
{
	switch (outcome) {
	case COWI_NEXT_COPY:
		return 'c';
	case COWI_NEXT_REUSE:
		return 'r';
	default:
		return 'n';
	}
}

int quiz_read_line(char *line, size_t size)
{
	size_t len = 0;
	ssize_t got;
	char c;

	/* By bytes: what comes after the line belongs to others. */
	while ((got = read(STDIN_FILENO, &c, 1)) == 1 && c != '\n') {
		if (len + 1 < size)
			line[len++] = c;
	}
	line[len] = '\0';
	return got == 1 || len ? 0 : -ENODATA;
}

static void describe(const struct lab_run *r, const struct page_view *v)
{
	const struct cowinspect_page *rec = &v->rec;

	if (!v->mapped) {
		printf("there is no entry");
		return;
	}
	printf("%s, ", cowi_kind_name(rec->kind));
	if (rec->flags & COWI_F_PRESENT)
		printf("mapcount %u, refcount %u, ", rec->mapcount,
		       rec->refcount);
	if (r->status->exclusive != COWI_COUNT_ABSENT)
		printf("%sexclusive, ",
		       rec->flags & COWI_F_EXCLUSIVE ? "" : "not ");
	printf("%s", rec->flags & COWI_F_WRITE ? "writable" :
	       "write-protected");
}

static char ask(struct lab_run *r, const struct actor *a, __u64 page,
		const struct page_view *before)
{
	char line[64], given;

	printf("\n  ?  %s.%u  The %s will write to page %llu: ", r->lab->id,
	       r->questions, a->name, page);
	describe(r, before);
	do {
		printf("\n     copy, reuse, or neither? ");
		fflush(stdout);
		if (quiz_read_line(line, sizeof(line))) {
			printf("\n     No answer: going on without questions.\n");
			r->options.quiz = false;
			return 0;
		}
		line[strcspn(line, " \t\r")] = '\0';
		given = letter_of(line);
	} while (!given && !lab_stopped(r));
	return given;
}

static void mark(struct lab_run *r, char given, char right,
		 const struct page_view *before)
{
	char why[160];

	r->asked++;
	r->right += given == right;
	explain(before, why, sizeof(why));
	printf("     %s: %s.\n", given == right ? "Right" : "No", why);
	if (given != right)
		printf("     The answer is: %s.\n", word_of(right));
	if (r->options.answers)
		fprintf(r->options.answers, "%s.%u: %s\n", r->lab->id,
			r->questions, word_of(given));
}

void quiz_question(struct lab_run *r, const struct actor *a, __u64 page,
		   const struct page_view *before,
		   enum cowinspect_outcome expected)
{
	char right = quiz_letter(expected), given;

	if (lab_stopped(r))
		return;
	if (r->questions == MAX_QUESTIONS) {
		lab_fail(r, -ENOSPC, "ask: too many questions");
		return;
	}
	r->key[r->questions++] = right;
	if (!r->options.quiz || r->options.json)
		return;
	given = ask(r, a, page, before);
	if (given)
		mark(r, given, right, before);
}

/* Grading. */

#define MAX_LABS	64

/**
 * struct paper - the answers of one file
 * @path: its name
 * @given: for each lab of all_labs the letters given; 0 for none
 * @taken: the labs that the file has an answer for
 */
struct paper {
	const char *path;
	char given[MAX_LABS][MAX_QUESTIONS];
	bool taken[MAX_LABS];
};

static int lab_index(const struct lab *lab)
{
	int i = 0;

	while (all_labs[i] != lab)
		i++;
	return i;
}

/* "A1.2: copy" */
static int take_line(struct paper *p, char *line)
{
	char name[32], word[32];
	const struct lab *lab;
	unsigned int nr;

	if (sscanf(line, "%31[^.].%u : %31s", name, &nr, word) != 3)
		return -EINVAL;
	lab = lab_find(name);
	if (!lab || !nr || nr > strlen(lab->key) || !letter_of(word))
		return -EINVAL;
	p->taken[lab_index(lab)] = true;
	p->given[lab_index(lab)][nr - 1] = letter_of(word);
	return 0;
}

static void no_answer(const struct paper *p, unsigned int line,
		      const char *text)
{
	fputs("cowinspect: ", stderr);
	put_safe(stderr, p->path);
	fprintf(stderr, ":%u: '", line);
	put_safe(stderr, text);
	fputs("' is no answer: they look like \"A1.1: copy\"\n", stderr);
}

static int read_paper(struct paper *p)
{
	FILE *f = strcmp(p->path, "-") ? fopen(p->path, "r") : stdin;
	unsigned int number = 0;
	char line[256];

	if (!f)
		return -errno;
	while (fgets(line, sizeof(line), f)) {
		char *text = line + strspn(line, " \t");

		number++;
		text[strcspn(text, "#\r\n")] = '\0';
		if (*text && take_line(p, text))
			no_answer(p, number, text);
	}
	if (f != stdin)
		fclose(f);
	return 0;
}

static unsigned int count_right(const struct paper *p, int i)
{
	const char *key = all_labs[i]->key;
	unsigned int k, right = 0;

	for (k = 0; key[k]; k++)
		right += p->given[i][k] == key[k];
	return right;
}

static void print_lab(const struct paper *p, int i)
{
	const struct lab *lab = all_labs[i];
	size_t k;

	printf("  %-4s %u of %zu", lab->id, count_right(p, i),
	       strlen(lab->key));
	for (k = 0; lab->key[k]; k++) {
		if (p->given[i][k] != lab->key[k])
			printf("; %s.%zu: %s, not %s", lab->id, k + 1,
			       word_of(lab->key[k]), word_of(p->given[i][k]));
	}
	putchar('\n');
}

int quiz_grade(const char *path)
{
	struct paper *p = calloc(1, sizeof(*p));
	unsigned int right = 0, all = 0;
	int i, err;

	if (!p)
		return -ENOMEM;
	p->path = path;
	err = read_paper(p);
	for (i = 0; all_labs[i] && !err; i++) {
		if (!p->taken[i])
			continue;
		right += count_right(p, i);
		all += strlen(all_labs[i]->key);
	}
	/* Rounded down: 100 is for those who have all of it. */
	if (!err) {
		put_safe(stdout, path);
		printf(": %u/100 (%u of %u)\n", all ? right * 100 / all : 0,
		       right, all);
	}
	for (i = 0; all_labs[i] && !err; i++) {
		if (p->taken[i])
			print_lab(p, i);
	}
	free(p);
	return err;
}
