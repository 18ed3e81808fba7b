// SPDX-License-Identifier: GPL-2.0
/* All labs, in the order of lab --list. A new lab adds two lines here. */
#include "lab.h"

extern const struct lab fork_lab;
extern const struct lab heap_lab;
extern const struct lab stack_lab;
extern const struct lab freefirst_lab;
extern const struct lab refill_lab;
extern const struct lab variables_lab;
extern const struct lab segments_lab;
extern const struct lab descriptor_lab;
extern const struct lab address_lab;
extern const struct lab notebooks_lab;
extern const struct lab printtwice_lab;
extern const struct lab forkreturns_lab;
extern const struct lab readwrite_lab;

const struct lab *const all_labs[] = {
	&fork_lab,
	&heap_lab,
	&stack_lab,
	&freefirst_lab,
	&refill_lab,
	&variables_lab,
	&segments_lab,
	&descriptor_lab,
	&address_lab,
	&notebooks_lab,
	&printtwice_lab,
	&forkreturns_lab,
	&readwrite_lab,
	NULL
};
