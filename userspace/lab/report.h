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

/** report_end - the answer, what went wrong, or what is missing */
void report_end(struct lab_run *r);

/* What report.c makes these of. */

/** report_table - the pages; those that differ stand twice, as before and after */
void report_table(const struct lab_run *r);

/** report_json_begin - the question, the terms, and an open list of steps */
void report_json_begin(struct lab_run *r);

/** report_json_step - the step that ends */
void report_json_step(struct lab_run *r);

/** report_json_end - the end of the list, and the answer */
void report_json_end(struct lab_run *r);

/** report_html_step - put the step that ends into r->options.html */
void report_html_step(const struct lab_run *r);

#endif /* LAB_REPORT_H */
