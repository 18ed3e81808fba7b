/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LABS_DRAIN_H
#define LABS_DRAIN_H

/**
 * drain_lru_batches - make all CPUs put their batched pages onto the LRU lists
 *
 * Return: 0 or -errno. It fails on a kernel without migrate_pages(2), which
 * needs CONFIG_NUMA and CONFIG_MIGRATION.
 */
int drain_lru_batches(void);

#endif /* LABS_DRAIN_H */
