// SPDX-License-Identifier: GPL-2.0
/* What keys do, and what is at the cursor. The lines are made in lines.c. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "view.h"

/* ---- the cursor ---- */

static bool is_at_cursor(const struct view *v, const struct model_item *item)
{
	return item->by == v->on && item->pid == v->on_pid &&
	       (item->by != MODEL_COMMANDS || !strcmp(item->comm, v->on_comm));
}

/* Remember what is at the cursor: items may go. */
static void note_item(struct view *v)
{
	const struct model_item *item = v->at < v->nr ? v->items[v->at] : NULL;

	if (!item)
		return;
	v->on = item->by;
	v->on_pid = item->pid;
	memcpy(v->on_comm, item->comm, sizeof(v->on_comm));
}

static void put_cursor(struct view *v)
{
	size_t i;

	for (i = 0; i < v->nr && v->follow; i++) {
		if (is_at_cursor(v, v->items[i])) {
			v->at = i;
			break;
		}
	}
	if (v->at >= v->nr)
		v->at = v->nr ? v->nr - 1 : 0;
	if (!v->follow)
		note_item(v);
}

int view_update(struct view *v, struct model *m)
{
	free(v->items);
	v->items = NULL;
	if (model_items(m, v->by, v->filter, v->sort, &v->items, &v->nr))
		return -ENOMEM;
	put_cursor(v);
	return 0;
}

static void move(struct view *v, long by)
{
	if (by < 0 && v->at < (size_t)-by)
		v->at = 0;
	else
		v->at += by;
	if (v->at >= v->nr)
		v->at = v->nr ? v->nr - 1 : 0;
	note_item(v);
}

/* ---- keys ---- */

static void close_process(struct view *v)
{
	size_t i;

	for (i = 0; i < v->nr_places; i++)
		free(v->place[i].vma.name);
	free(v->place);
	v->place = NULL;
	v->nr_places = 0;
	v->place_read = 0;
	v->opened = 0;
}

/* Of a group, who is in it. */
static void open_item(struct view *v)
{
	const struct model_item *item = v->at < v->nr ? v->items[v->at] : NULL;

	if (!item || v->opened)
		return;
	note_item(v);
	if (item->by == MODEL_PROCESSES)
		v->opened = item->exited ? 0 : item->pid;
	else
		v->by = MODEL_PROCESSES;
	if (item->by == MODEL_COMMANDS)
		memcpy(v->filter, item->comm, sizeof(item->comm));
	v->top = 0;
}

static void type(struct view *v, int key)
{
	size_t len = strlen(v->filter);

	if (key == VIEW_ENTER) {
		v->typing = false;
	} else if (key == VIEW_ESCAPE) {
		v->typing = false;
		v->filter[0] = '\0';
	} else if (key == VIEW_ERASE && len) {
		v->filter[len - 1] = '\0';
	} else if (key < 0x80 && isprint(key) && len + 1 < sizeof(v->filter)) {
		v->filter[len] = key;
		v->filter[len + 1] = '\0';
	}
}

/* What is shown on top of the items is left, then the filter. */
static void leave(struct view *v)
{
	if (v->help)
		v->help = false;
	else if (v->opened)
		close_process(v);
	else
		v->filter[0] = '\0';
	v->top = 0;
}

static void move_by_key(struct view *v, int key)
{
	/* Of mappings, there is no cursor: they are turned over. */
	size_t *at = v->opened ? &v->top : &v->at;
	long page = v->lines ? v->lines : 1;
	long by = key == VIEW_UP ? -1 : key == VIEW_DOWN ? 1 :
		  key == VIEW_PAGE_UP ? -page : key == VIEW_PAGE_DOWN ? page : 0;

	if (key == VIEW_HOME)
		*at = 0;
	else if (key == VIEW_END)
		*at = v->opened ? v->nr_places : v->nr;
	else if (v->opened)
		*at = by < 0 && *at < (size_t)-by ? 0 : *at + by;
	if (!v->opened)
		move(v, by);
}

static void command(struct view *v, int key)
{
	switch (key) {
	case 'q':
		v->quit = true;
		break;
	case 'h':
	case '?':
		v->help = true;
		break;
	case 's':
		v->sort = (v->sort + 1) % MODEL_NR_SORTS;
		break;
	case 'S':
		v->sort = (v->sort + MODEL_NR_SORTS - 1) % MODEL_NR_SORTS;
		break;
	case 'g':
		v->by = (v->by + 1) % MODEL_NR_BY;
		break;
	case '/':
		v->typing = true;
		break;
	case 'f':
		v->follow = !v->follow;
		break;
	case ' ':
		v->paused = !v->paused;
		break;
	case VIEW_ENTER:
		open_item(v);
		break;
	case VIEW_ESCAPE:
		leave(v);
		break;
	default:
		move_by_key(v, key);
		break;
	}
}

void view_key(struct view *v, int key)
{
	if (v->typing)
		type(v, key);
	else if (v->help && key != 'q')
		v->help = false;
	else
		command(v, key);
}

/* ---- the process that is open ---- */

static struct view_place *place_of(const struct view *v, __u64 addr)
{
	size_t low = 0, high = v->nr_places;

	while (low < high) {
		size_t middle = (low + high) / 2;
		struct view_place *place = &v->place[middle];

		if (addr < place->vma.start)
			high = middle;
		else if (addr >= place->vma.end)
			low = middle + 1;
		else
			return place;
	}
	return NULL;
}

void view_fault(struct view *v, const struct cowi_event *e)
{
	struct view_place *place;

	if (!v->opened || e->pid != v->opened ||
	    (e->outcome != COWI_DID_COPIED &&
	     e->outcome != COWI_DID_SWAPIN_COPIED))
		return;
	place = place_of(v, e->addr);
	if (place)
		place->copies++;
}

int view_places(struct view *v, struct cowi_vmas *vmas, __u64 now)
{
	struct view_place *places = calloc(vmas->nr + 1, sizeof(*places)), *old;
	pid_t opened = v->opened;
	size_t i;

	if (!places)
		return -ENOMEM;
	for (i = 0; i < vmas->nr; i++) {
		places[i].vma = vmas->vma[i];
		/* A mapping that has grown is the same. */
		old = place_of(v, vmas->vma[i].start);
		if (!old)
			old = place_of(v, vmas->vma[i].end - 1);
		places[i].copies = old ? old->copies : 0;
		vmas->vma[i].name = NULL;
	}
	close_process(v);
	v->opened = opened;
	v->place = places;
	v->nr_places = vmas->nr;
	v->place_read = now;
	cowi_vmas_free(vmas);
	return 0;
}

void view_release(struct view *v)
{
	close_process(v);
	free(v->items);
	v->items = NULL;
}
