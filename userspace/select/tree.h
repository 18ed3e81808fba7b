/* SPDX-License-Identifier: GPL-2.0 */
/* Processes as a tree. */
#ifndef SELECT_TREE_H
#define SELECT_TREE_H

#include <stddef.h>
#include <sys/types.h>

/**
 * struct tree_place - a process in the order of the tree
 * @pid: its id; like the next two, set before tree_order()
 * @parent: that of its parent
 * @index: whatever the caller knows it by
 * @depth: set to how many of its ancestors are there
 */
struct tree_place {
	pid_t pid;
	pid_t parent;
	size_t index;
	unsigned int depth;
};

/**
 * tree_order - behind each process its children, and theirs
 * @place: processes; those of one parent keep their order, and so do those whose
 *	parent is not there. Of a circle, which there can be when an id was used again
 *	between two looks at /proc, the first one is taken for one without a parent
 * @nr: how many
 *
 * Return: 0 or -ENOMEM.
 */
int tree_order(struct tree_place *place, size_t nr);

#endif /* SELECT_TREE_H */
