// SPDX-License-Identifier: GPL-2.0
/* Files with code, each of them once. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "object.h"

/* Files come from us. */
static int no_elf(Dwfl_Module *module, void **data, const char *name,
		  Dwarf_Addr base, char **file, Elf **elf)
{
	(void)module;
	(void)data;
	(void)name;
	(void)base;
	(void)file;
	(void)elf;
	return -1;
}

Dwfl *object_dwfl(void)
{
	static const Dwfl_Callbacks callbacks = {
		.find_elf = no_elf,
		.find_debuginfo = dwfl_standard_find_debuginfo,
	};

	return dwfl_begin(&callbacks);
}

static void close_object(struct object *object)
{
	if (object->dwfl)
		dwfl_end(object->dwfl);
	free(object->symbol);
	free(object->frame);
	while (object->nr_data)
		free(object->data[--object->nr_data].text);
	free(object->data);
	free(object);
}

static struct object *open_object(int fd, const char *name)
{
	struct object *object = calloc(1, sizeof(*object));
	GElf_Addr bias = 0;
	int copy;

	if (!object)
		return NULL;
	object->dwfl = object_dwfl();
	copy = object->dwfl ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;
	if (copy >= 0) {
		dwfl_report_begin(object->dwfl);
		/* Which takes the descriptor over. */
		object->module = dwfl_report_elf(object->dwfl, name, name, copy,
						 0, true);
		dwfl_report_end(object->dwfl, NULL, NULL);
	}
	if (!object->module || !dwfl_module_getelf(object->module, &bias)) {
		if (copy >= 0 && !object->module)
			close(copy);
		close_object(object);
		return NULL;
	}
	object->bias = bias;
	return object;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	       a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static void close_old(struct objects *objects)
{
	struct lru *old;

	if (objects->nr < OBJECTS_MAX)
		return;
	old = lru_take_oldest(&objects->first);
	if (!old)
		return;
	close_object((struct object *)old);
	objects->nr--;
}

struct object *object_get(struct objects *objects, int fd, const char *name)
{
	struct lru **at = &objects->first;
	struct stat file = { 0 };
	struct object *object;

	if (name[0] != '[' && fstat(fd, &file))
		return NULL;
	while (*at && !is_same(&((struct object *)*at)->file, &file))
		at = &(*at)->next;
	object = (struct object *)*at;
	if (object) {
		*at = object->lru.next;
	} else {
		close_old(objects);
		object = open_object(fd, name);
		if (!object)
			return NULL;
		object->file = file;
		objects->nr++;
	}
	lru_front(&objects->first, &object->lru);
	object->lru.users++;
	return object;
}

void object_put(struct object *object)
{
	if (object)
		object->lru.users--;
}

void objects_release(struct objects *objects)
{
	struct lru *object;

	while ((object = objects->first)) {
		objects->first = object->next;
		close_object((struct object *)object);
	}
	objects->nr = 0;
}
