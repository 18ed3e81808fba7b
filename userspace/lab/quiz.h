/* SPDX-License-Identifier: GPL-2.0 */
/* Questions: before writes, and of which of several it is. */
#ifndef LAB_QUIZ_H
#define LAB_QUIZ_H

#include "lab.h"

/**
 * quiz_question - before a write: count the question, and ask if asked to
 * @r: run
 * @a: who will write
 * @page: where
 * @before: the page as it is
 * @expected: the right answer
 */
void quiz_question(struct lab_run *r, const struct actor *a, __u64 page,
		   const struct page_view *before,
		   enum cowinspect_outcome expected);

/** quiz_letter - of an outcome, as in lab.key: c copy, r reuse, n neither */
char quiz_letter(enum cowinspect_outcome outcome);

/** quiz_letter_of - "copy", "c", "COPY" and the like; 0 for what is no answer */
char quiz_letter_of(const char *word);

/** quiz_word - of such a letter: "copy", "reuse", "neither", "1", ... */
const char *quiz_word(char letter);

/**
 * quiz_read_line - a line of standard input, without its newline
 * @line: result; what does not fit is lost
 * @size: bytes of @line
 *
 * Return: 0, or -ENODATA at the end of the input or after a signal.
 */
int quiz_read_line(char *line, size_t size);

#endif /* LAB_QUIZ_H */
