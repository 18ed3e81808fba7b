// SPDX-License-Identifier: GPL-2.0
/* All labs, in the order of lab --list. A new lab adds two lines here. */
#include "lab.h"

extern const struct lab fork_lab;

const struct lab *const all_labs[] = {
	&fork_lab,
	NULL
};
