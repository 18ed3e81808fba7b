/* SPDX-License-Identifier: GPL-2.0 */
/* How a lab run looks, as text, as JSON, and as a page for a browser. */
#ifndef LAB_REPORT_H
#define LAB_REPORT_H

#include "lab.h"

/** report_begin - the question, and the terms of the run */
void report_begin(struct lab_run *r);

/** report_step_begin - what will be done in the step that begins */
void report_step_begin(struct lab_run *r);

/** report_step - what was done in the step that ends, seen and checked */
void report_step(struct lab_run *r);

/** report_evidence - in a quiz, the table of the step, before a question about it */
void report_evidence(struct lab_run *r);

/** report_end - the answer, what went wrong, or what is missing */
void report_end(struct lab_run *r);

/* What is said in each of the three. */

#define SUMMARY_MAX	256

/** words_looked - whole snapshots were taken in this step */
bool words_looked(const struct lab_run *r);

/** words_summary - what has changed: "16 frames -> 20 frames, 4 copied" */
void words_summary(const struct lab_run *r, char *buf, size_t size);

/** words_totals - processes, pages and frames, what became of writes, and holders */
void words_totals(const struct lab_run *r, char *buf, size_t size);

/* Room for the text of change_text(). */
#define CHANGE_MAX	48

/** words_change - what was seen to have become of an actor's page; "" if nothing */
void words_change(const struct lab_run *r, size_t actor, __u64 page,
		  char *buf, size_t size);

/** words_verdict - how the run has ended: one line */
void words_verdict(const struct lab_run *r, char *buf, size_t size);

/** words_answer - the answer of the lab, if its checks held */
const char *words_answer(const struct lab_run *r);

/** words_alike - what else could look like that, if they held; or "" */
const char *words_alike(const struct lab_run *r);

/* What report.c makes these of. */

/** report_table - the pages; those that differ stand twice, as before and after */
void report_table(const struct lab_run *r);

/** report_json_begin - the question, the terms, and an open list of steps */
void report_json_begin(struct lab_run *r);

/** report_json_step - the step that ends */
void report_json_step(struct lab_run *r);

/** report_json_end - the end of the list, and the answer */
void report_json_end(struct lab_run *r);

/** report_json_writes - the writes of the step, as a list */
void report_json_writes(struct json *j, const struct lab_run *r);

/** report_json_checks - the checks of the step, as a list */
void report_json_checks(struct json *j, const struct lab_run *r);

/* What lab_options.evidence gets: the claim, and what it rests on. */

/** evidence_begin - what is claimed, and how it can be seen */
void evidence_begin(struct lab_run *r);

/** evidence_step - the step that ends */
void evidence_step(struct lab_run *r);

/** evidence_end - whether it held, and what it does not say */
void evidence_end(struct lab_run *r);

/** report_html_step - put the step that ends into r->options.html */
void report_html_step(const struct lab_run *r);

/** report_html_end - put the end of the run there */
void report_html_end(const struct lab_run *r);

#endif /* LAB_REPORT_H */
