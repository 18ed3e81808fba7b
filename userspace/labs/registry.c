// SPDX-License-Identifier: GPL-2.0
/* All labs, in the order of lab --list. A new lab adds a line here and one in labs.h. */
#include "labs.h"

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
	&count_lab,
	&untouched_lab,
	&lastsharer_lab,
	&zeropage_lab,
	&file_lab,
	&shared_lab,
	&thp_lab,
	&hugetlb_lab,
	&ksm_lab,
	&swap_lab,
	&pinned_lab,
	&generations_lab,
	&vfork_lab,
	&madvise_lab,
	&userfaultfd_lab,
	&debugger_lab,
	&snapshot_lab,
	NULL
};
