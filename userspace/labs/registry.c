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
extern const struct lab count_lab;
extern const struct lab untouched_lab;
extern const struct lab lastsharer_lab;
extern const struct lab zeropage_lab;
extern const struct lab file_lab;
extern const struct lab shared_lab;
extern const struct lab thp_lab;
extern const struct lab hugetlb_lab;
extern const struct lab ksm_lab;
extern const struct lab swap_lab;
extern const struct lab pinned_lab;
extern const struct lab generations_lab;
extern const struct lab vfork_lab;
extern const struct lab madvise_lab;
extern const struct lab userfaultfd_lab;
extern const struct lab debugger_lab;
extern const struct lab snapshot_lab;

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
