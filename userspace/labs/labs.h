/* SPDX-License-Identifier: GPL-2.0 */
/* Every lab: each is defined in a file of its own name. */
#ifndef LABS_LABS_H
#define LABS_LABS_H

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
extern const struct lab dontneed_lab;
extern const struct lab readinto_lab;
extern const struct lab aligned_lab;
extern const struct lab threads_lab;
extern const struct lab yours_lab;
extern const struct lab lie_lab;

#endif /* LABS_LABS_H */
