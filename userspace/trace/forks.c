// SPDX-License-Identifier: GPL-2.0
/* What forks cost, and what was copied after them. */
#include <string.h>

#include "forks.h"

void forks_release(struct forks *f)
{
	unsigned int side;

	for (side = 0; side < NR_FORK_SIDES; side++)
		hist_release(&f->after[side].cost);
	memset(f, 0, sizeof(*f));
}

void forks_add(struct forks *f, const struct cowi_event *e)
{
	f->nr++;
	/* Not known without kprobes, or if many fork at the same time. */
	f->timed += !!e->cost;
	f->ns += e->cost;
	if (e->cost > f->longest)
		f->longest = e->cost;
	f->tables += e->tables;
	f->copied += e->copied;
	f->anon += e->anon;
	f->file += e->file;
	f->shmem += e->shmem;
	f->swap += e->swap;
}

int forks_copy(struct forks_after *after, const struct cowi_event *e,
	       unsigned int facts)
{
	unsigned int i;

	after->bytes += e->bytes;
	for (i = 0; i < NR_COPY_FACTS; i++)
		after->fact[i] += facts >> i & 1;
	return hist_add(&after->cost, e->cost);
}

static int merge_after(struct forks_after *after,
		       const struct forks_after *other)
{
	unsigned int i;

	after->bytes += other->bytes;
	for (i = 0; i < NR_COPY_FACTS; i++)
		after->fact[i] += other->fact[i];
	return hist_merge(&after->cost, &other->cost);
}

int forks_merge(struct forks *f, const struct forks *other)
{
	unsigned int side;
	int err = 0;

	f->nr += other->nr;
	f->timed += other->timed;
	f->ns += other->ns;
	if (other->longest > f->longest)
		f->longest = other->longest;
	f->tables += other->tables;
	f->copied += other->copied;
	f->anon += other->anon;
	f->file += other->file;
	f->shmem += other->shmem;
	f->swap += other->swap;
	for (side = 0; side < NR_FORK_SIDES && !err; side++)
		err = merge_after(&f->after[side], &other->after[side]);
	return err;
}
