/* SPDX-License-Identifier: GPL-2.0 */
/* A lab run as a page for a browser. */
#ifndef LAB_REPORT_HTML_H
#define LAB_REPORT_HTML_H

#include "lab.h"

/** report_html_step - put the step that ends into r->options.html */
void report_html_step(const struct lab_run *r);

#endif /* LAB_REPORT_HTML_H */
