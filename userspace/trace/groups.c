// SPDX-License-Identifier: GPL-2.0
/* Processes that are alike, added up. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "groups.h"
#include "grow.h"

void group_release(struct proc_group *group)
{
	forks_release(&group->forks);
	calls_costs_release(&group->calls);
}

void groups_release(struct groups *g)
{
	size_t i;

	for (i = 0; i < g->nr; i++)
		group_release(&g->group[i]);
	free(g->group);
	memset(g, 0, sizeof(*g));
}

static bool is_alike(const struct proc_group *x, const struct proc_group *y)
{
	return x->rest == y->rest && x->parent == y->parent &&
	       !strcmp(x->comm, y->comm);
}

static struct proc_group empty_group(const struct tally_proc *p)
{
	struct proc_group group = { .parent = p->like_parent ? p->parent : 0 };

	memcpy(group.comm, p->comm, sizeof(group.comm));
	return group;
}

static const struct proc_group no_name = { .rest = true };

static struct proc_group *find(const struct groups *g,
			       const struct proc_group *like)
{
	size_t i;

	for (i = 0; i < g->nr; i++) {
		if (is_alike(&g->group[i], like))
			return &g->group[i];
	}
	return NULL;
}

const struct proc_group *groups_find(const struct groups *g,
				     const struct tally_proc *p)
{
	struct proc_group like = empty_group(p);
	const struct proc_group *group = find(g, &like);

	return group ? group : find(g, &no_name);
}

/* The group for such processes, which may be new. */
static struct proc_group *group_like(struct groups *g,
				     const struct proc_group *like)
{
	struct proc_group *group = find(g, like), *grown;

	if (!group && g->nr >= GROUPS_MAX) {
		like = &no_name;
		group = find(g, like);
	}
	if (group)
		return group;
	grown = grow(g->group, g->nr, sizeof(*grown));
	if (!grown)
		return NULL;
	g->group = grown;
	g->group[g->nr] = *like;
	return &g->group[g->nr++];
}

int group_merge(struct proc_group *into, const struct proc_group *group)
{
	unsigned int i;
	int err;

	into->procs += group->procs;
	for (i = 0; i < NR_GROUP_SUMS; i++) {
		into->sum[i] += group->sum[i];
		if (group->most[i] > into->most[i])
			into->most[i] = group->most[i];
	}
	into->parents += group->parents;
	err = forks_merge(&into->forks, &group->forks);
	return err ? err : calls_merge(&into->calls, &group->calls);
}

int group_add(struct proc_group *into, const struct tally_proc *p)
{
	/* Its own forks and calls stay its own: they are only read. */
	struct proc_group alone = { .procs = 1, .parents = !!p->forks.nr,
			       .forks = p->forks, .calls = p->stacks.costs };

	alone.sum[GROUP_FAULTS] = tally_faults(&p->counts);
	alone.sum[GROUP_COPIES] = tally_copied(&p->counts);
	alone.sum[GROUP_BYTES] = p->counts.copied_bytes;
	alone.sum[GROUP_NS] = p->counts.ns;
	memcpy(alone.most, alone.sum, sizeof(alone.most));
	return group_merge(into, &alone);
}

int groups_add(struct groups *g, const struct tally_proc *p)
{
	struct proc_group like = empty_group(p);
	struct proc_group *group = group_like(g, &like);

	return group ? group_add(group, p) : -ENOMEM;
}

/* For qsort() */
static int busier(const void *a, const void *b)
{
	const struct proc_group *x = a, *y = b;

	if (x->sum[GROUP_BYTES] != y->sum[GROUP_BYTES])
		return x->sum[GROUP_BYTES] < y->sum[GROUP_BYTES] ? 1 : -1;
	if (x->sum[GROUP_FAULTS] != y->sum[GROUP_FAULTS])
		return x->sum[GROUP_FAULTS] < y->sum[GROUP_FAULTS] ? 1 : -1;
	return x->parent < y->parent ? -1 : x->parent > y->parent;
}

void groups_sort(struct groups *g)
{
	if (g->nr)
		qsort(g->group, g->nr, sizeof(*g->group), busier);
}
