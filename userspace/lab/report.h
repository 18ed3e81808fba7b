/* SPDX-License-Identifier: GPL-2.0 */
/* How a lab run looks, as text or as JSON. */
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

#endif /* LAB_REPORT_H */
