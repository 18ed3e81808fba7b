// SPDX-License-Identifier: GPL-2.0
/* The marking of answers. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "grade.h"
#include "lab.h"
#include "quiz.h"
#include "safe.h"

#define MAX_LABS	64

/**
 * struct paper - the answers of one hand-in
 * @path: the name of its file
 * @seed: of its questions; "" for none
 * @key: for each lab of all_labs the right answers
 * @given: those given; 0 for none
 * @taken: the labs that it has an answer for
 */
struct paper {
	const char *path;
	char seed[SEED_MAX + 1];
	char key[MAX_LABS][MAX_QUESTIONS + 1];
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

/*
 * "A1.2: copy"; "none" stands for no answer, so that a file may say what there is to
 * be answered. How many questions there are does not depend on the seed.
 */
static int take_answer(struct paper *p, const char *line)
{
	char name[32], word[32], key[MAX_QUESTIONS + 1];
	const struct lab *lab;
	unsigned int nr;

	if (sscanf(line, "%31[^.].%u : %31s", name, &nr, word) != 3)
		return -EINVAL;
	lab = lab_find(name);
	if (!lab)
		return -EINVAL;
	lab_key(lab, 0, key);
	if (!nr || nr > strlen(key) ||
	    (!quiz_letter_of(word) && strcasecmp(word, "none")))
		return -EINVAL;
	p->taken[lab_index(lab)] = true;
	p->given[lab_index(lab)][nr - 1] = quiz_letter_of(word);
	return 0;
}

/* "seed: anna" */
static bool take_seed(struct paper *p, const char *line)
{
	size_t len;

	if (sscanf(line, "seed : %63[^\n]", p->seed) != 1)
		return false;
	len = strlen(p->seed);
	while (len && (p->seed[len - 1] == ' ' || p->seed[len - 1] == '\t'))
		p->seed[--len] = '\0';
	return true;
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

static int read_paper(struct paper *p, const char *path)
{
	FILE *f = strcmp(path, "-") ? fopen(path, "r") : stdin;
	unsigned int number = 0;
	char line[256];

	p->path = path;
	if (!f)
		return -errno;
	while (fgets(line, sizeof(line), f)) {
		char *text = line + strspn(line, " \t");

		number++;
		text[strcspn(text, "#\r\n")] = '\0';
		if (*text && !take_seed(p, text) && take_answer(p, text))
			no_answer(p, number, text);
	}
	if (f != stdin)
		fclose(f);
	return 0;
}

static void find_keys(struct paper *p, const char *seed)
{
	int i;

	if (seed)
		snprintf(p->seed, sizeof(p->seed), "%s", seed);
	for (i = 0; all_labs[i]; i++)
		lab_key(all_labs[i], p->seed[0] ? lab_seed(p->seed) : 0,
			p->key[i]);
}

static unsigned int count_right(const struct paper *p, int i)
{
	unsigned int k, right = 0;

	for (k = 0; p->key[i][k]; k++)
		right += p->given[i][k] == p->key[i][k];
	return right;
}

/* All questions of the labs that it has an answer for, and those answered rightly. */
static void count(const struct paper *p, unsigned int *right, unsigned int *all)
{
	int i;

	*right = 0;
	*all = 0;
	for (i = 0; all_labs[i]; i++) {
		if (!p->taken[i])
			continue;
		*right += count_right(p, i);
		*all += strlen(p->key[i]);
	}
}

static void print_lab(const struct paper *p, int i)
{
	const char *id = all_labs[i]->id, *key = p->key[i];
	size_t k;

	printf("  %-4s %u of %zu", id, count_right(p, i), strlen(key));
	for (k = 0; key[k]; k++) {
		if (p->given[i][k] != key[k])
			printf("; %s.%zu: %s, not %s", id, k + 1,
			       quiz_word(key[k]), quiz_word(p->given[i][k]));
	}
	putchar('\n');
}

static void print_paper(const struct paper *p)
{
	unsigned int right, all;
	int i;

	count(p, &right, &all);
	put_safe(stdout, p->path);
	if (p->seed[0]) {
		fputs(" (seed ", stdout);
		put_safe(stdout, p->seed);
		putchar(')');
	}
	/* Rounded down: 100 is for those who have all of it. */
	printf(": %u/100 (%u of %u)\n", all ? right * 100 / all : 0, right, all);
	for (i = 0; all_labs[i]; i++) {
		if (p->taken[i])
			print_lab(p, i);
	}
}

int grade_text(const char *path, const char *seed)
{
	struct paper *p = calloc(1, sizeof(*p));
	int err;

	if (!p)
		return -ENOMEM;
	err = read_paper(p, path);
	find_keys(p, seed);
	if (!err)
		print_paper(p);
	free(p);
	return err;
}

static void json_question(struct json *j, const struct paper *p, int i, size_t k)
{
	bool right = p->given[i][k] == p->key[i][k];
	char name[128], output[64];

	snprintf(name, sizeof(name), "%s.%zu, lab %s", all_labs[i]->id, k + 1,
		 all_labs[i]->name);
	snprintf(output, sizeof(output), "%s: %s", quiz_word(p->given[i][k]),
		 right ? "right" : p->given[i][k] ? "not right" : "not answered");
	json_object(j, NULL);
	json_string(j, "name", name);
	json_number(j, "score", right);
	json_number(j, "max_score", 1);
	json_string(j, "status", right ? "passed" : "failed");
	json_string(j, "output", output);
	json_end_object(j);
}

static void print_results(const struct paper *p)
{
	struct json json = { .out = stdout }, *j = &json;
	unsigned int right, all;
	char output[128];
	size_t k;
	int i;

	count(p, &right, &all);
	if (all)
		snprintf(output, sizeof(output), "%u of %u answers are right.%s%s",
			 right, all, p->seed[0] ? " Seed: " : "", p->seed);
	else
		snprintf(output, sizeof(output), "There is no answer.");
	json_object(j, NULL);
	json_number(j, "score", right);
	json_string(j, "output", output);
	json_array(j, "tests");
	for (i = 0; all_labs[i]; i++) {
		for (k = 0; p->taken[i] && p->key[i][k]; k++)
			json_question(j, p, i, k);
	}
	json_end_array(j);
	json_end_object(j);
}

int grade_results(char *const *path, const char *seed, const char **failed)
{
	struct paper *p = calloc(1, sizeof(*p));
	int err = 0;

	*failed = "answers";
	if (!p)
		return -ENOMEM;
	for (; *path && !err; path++) {
		*failed = *path;
		err = read_paper(p, *path);
	}
	find_keys(p, seed);
	if (!err)
		print_results(p);
	free(p);
	return err;
}
