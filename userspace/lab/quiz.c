// SPDX-License-Identifier: GPL-2.0
/* Questions: before writes, and of which of several it is. */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "array_size.h"
#include "quiz.h"
#include "report.h"

static const struct {
	char letter;
	const char *word;
} answers[] = {
	{ 'c', "copy" },
	{ 'r', "reuse" },
	{ 'n', "neither" },
	{ '0', "0" }, { '1', "1" }, { '2', "2" }, { '3', "3" }, { '4', "4" }, { '5', "5" },
	{ '6', "6" }, { '7', "7" }, { '8', "8" }, { '9', "9" },
};

const char *quiz_word(char letter)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(answers); i++) {
		if (answers[i].letter == letter)
			return answers[i].word;
	}
	return "none";
}

char quiz_letter_of(const char *word)
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

static void explain_question(const struct lab_run *r)
{
	printf("     copy: the writer gets a frame of its own, with the bytes of this one.\n"
	       "     reuse: the writer keeps the frame; its entry becomes writable.\n"
	       "     neither: no fault at all, a fresh page of zeros, or a signal, ...\n"
	       "     mapcount: entries that map the frame; refcount: all who hold it.\n");
	if (r->status->exclusive != COWI_COUNT_ABSENT)
		printf("     exclusive: the kernel knows that the page is this mapping's alone.\n");
	printf("     Answer with a word or its first letter.\n");
}

/* A line of the input as an answer; those that begin with others are no answer. */
static char read_answer(struct lab_run *r, const char *allowed)
{
	char line[64], given;

	fflush(stdout);
	if (quiz_read_line(line, sizeof(line))) {
		printf("\n     No answer: going on without questions.\n");
		r->given_up = true;
		return 0;
	}
	line[strcspn(line, " \t\r")] = '\0';
	given = quiz_letter_of(line);
	return given && strchr(allowed, given) ? given : 0;
}

static char ask(struct lab_run *r, const struct actor *a, __u64 page,
		const struct page_view *before)
{
	char given = 0;

	printf("\n  ?  %s.%u  The %s will write to page %llu: ", r->lab->id,
	       r->questions, a->name, page);
	describe(r, before);
	while (!lab_stopped(r)) {
		printf("\n     copy, reuse, or neither? (? explains) ");
		given = read_answer(r, "crn");
		if (given || r->given_up)
			break;
		explain_question(r);
	}
	return given;
}

static void mark(struct lab_run *r, char given, char right, const char *why)
{
	r->right += given == right;
	r->given[r->questions - 1] = given;
	printf("     %s: %s.\n", given == right ? "Right" : "No", why);
	if (given != right)
		printf("     The answer is: %s.\n", quiz_word(right));
	if (r->options.answers)
		fprintf(r->options.answers, "%s.%u: %s\n", r->lab->id,
			r->questions, quiz_word(given));
}

/* Another page of which all is known that was known of the last: no new question. */
static bool is_asked_again(const struct lab_run *r, const struct actor *a,
			   __u64 page, const struct page_view *before,
			   char right)
{
	const struct lab_question *last = &r->last;
	struct cowinspect_page rec = last->before.rec;

	if (!r->questions || last->step != r->step || last->actor != a ||
	    last->region != lab_region_of(r, page) ||
	    r->key[r->questions - 1] != right)
		return false;
	rec.addr = before->rec.addr;
	rec.pfn = before->rec.pfn;
	return last->before.mapped == before->mapped &&
	       last->before.hole == before->hole &&
	       !memcmp(&rec, &before->rec, sizeof(rec));
}

/* One more question; whether it is to be asked. */
static bool is_asked(struct lab_run *r, char right)
{
	if (r->questions == MAX_QUESTIONS) {
		lab_fail(r, -ENOSPC, "ask: too many questions");
		return false;
	}
	r->key[r->questions++] = right;
	return r->options.quiz && !r->options.json && !r->given_up;
}

void quiz_question(struct lab_run *r, const struct actor *a, __u64 page,
		   const struct page_view *before,
		   enum cowinspect_outcome expected)
{
	char right = quiz_letter(expected), given, why[160];

	if (lab_stopped(r) || is_asked_again(r, a, page, before, right))
		return;
	r->last = (struct lab_question){
		.step = r->step, .actor = a, .before = *before,
		.region = lab_region_of(r, page),
	};
	if (!is_asked(r, right))
		return;
	given = ask(r, a, page, before);
	explain(before, why, sizeof(why));
	if (given)
		mark(r, given, right, why);
}

void lab_choice(struct lab_run *r, const char *question, unsigned int first,
		unsigned int last, unsigned int right, const char *why)
{
	char given = 0, allowed[] = "0123456789";
	bool asked;

	allowed[last + 1] = '\0';
	if (lab_stopped(r))
		return;
	asked = is_asked(r, '0' + right);
	if (r->nr_picks == MAX_PICKS)
		lab_fail(r, -ENOSPC, "ask: too many questions about one step");
	if (lab_stopped(r))
		return;
	r->picks[r->nr_picks++] = (struct lab_pick){
		.number = r->questions, .question = question, .first = first,
		.last = last, .right = right, .why = why,
	};
	if (!asked)
		return;
	report_evidence(r);
	printf("\n  ?  %s.%u  %s\n", r->lab->id, r->questions, question);
	while (!given && !r->given_up && !lab_stopped(r)) {
		printf("     %u to %u? ", first, last);
		given = read_answer(r, allowed + first);
	}
	if (given)
		mark(r, given, '0' + right, why);
}
