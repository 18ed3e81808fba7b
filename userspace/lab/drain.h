/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LAB_DRAIN_H
#define LAB_DRAIN_H

/**
 * drain_lru_batches - make all CPUs put their batched pages onto the LRU lists
 *
 * Return: 0 or -errno. It fails on a kernel without migrate_pages(2), which
 * needs CONFIG_NUMA and CONFIG_MIGRATION.
 */
int drain_lru_batches(void);

#endif /* LAB_DRAIN_H */
