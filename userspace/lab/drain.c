// SPDX-License-Identifier: GPL-2.0
/*
 * A page that was just faulted in waits in a per-CPU batch for its place on an
 * LRU list, and the batch holds a reference: refcount is one more than the
 * mappings explain, and a write that would reuse the page may copy it. An
 * experiment that counts references must empty the batches of all CPUs first,
 * as the writer may have run on any of them.
 *
 * mlock() and madvise() empty the batches of the calling CPU only. Writing to
 * /proc/sys/vm/compact_memory empties all, but moves pages to other frames.
 * migrate_pages(2) empties all (lru_cache_disable(), migrate_prep() before
 * 5.14) before it looks for work, and there is none when pages shall move from
 * a node to the same node.
 */
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "drain.h"

int drain_lru_batches(void)
{
	unsigned long node = 1;

	if (syscall(SYS_migrate_pages, 0, sizeof(node) * 8, &node, &node) < 0)
		return -errno;
	return 0;
}
