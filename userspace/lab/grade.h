/* SPDX-License-Identifier: GPL-2.0 */
/* The marking of answers. */
#ifndef LAB_GRADE_H
#define LAB_GRADE_H

/**
 * grade_text - mark a file of answers and print the result
 * @path: the file; "-" for standard input
 * @seed: of its questions, whatever the file says; NULL for what it says
 *
 * Return: 0, or -errno.
 */
int grade_text(const char *path, const char *seed);

/**
 * grade_results - mark a hand-in, and print that as Gradescope wants it
 * @path: files, which are one hand-in together; ends with NULL
 * @seed: as for grade_text()
 * @failed: set to the file that could not be read
 *
 * The format is that of a results.json, by Gradescope's "Autograder
 * Specifications": a test for each question. The right answer to what was answered
 * wrong is not in it, as students see it, and may hand in again.
 *
 * Return: 0, or -errno.
 */
int grade_results(char *const *path, const char *seed, const char **failed);

#endif /* LAB_GRADE_H */
