// SPDX-License-Identifier: GPL-2.0
/* Frames by who has them, where they are, and what they are. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filter.h"
#include "share.h"

#define WHO_MAX	512

enum {
	COL_SIZE,
	COL_MEMBERS,
	COL_ALONE,
	COL_OUTSIDE,
	COL_ANON,
	COL_FILE,
	COL_SHMEM,
	COL_OTHER,
	COL_KIND,
	COL_MAPPING,
	COL_WHO,
	COL_PIDS,
	NR_COLUMNS
};

static struct column all[NR_COLUMNS] = {
	[COL_SIZE] = { .name = "size", .type = CELL_PAGES, .by_default = true,
		       .help = "frames, each in one line only" },
	[COL_MEMBERS] = { .name = "members", .type = CELL_COUNT, .drop = 1,
			  .help = "how many of the processes have them" },
	[COL_ALONE] = { .name = "alone", .type = CELL_PAGES, .drop = 3,
			.help = "mapped by one process and nobody else" },
	[COL_OUTSIDE] = { .name = "outside", .type = CELL_PAGES,
			  .by_default = true, .drop = 2,
			  .help = "mapped also by others than those chosen" },
	[COL_ANON] = { .name = "anon", .type = CELL_PAGES, .by_default = true,
		       .drop = 4, .help = "anonymous, KSM included" },
	[COL_FILE] = { .name = "file", .type = CELL_PAGES, .by_default = true,
		       .drop = 5, .help = "page cache of files" },
	[COL_SHMEM] = { .name = "shmem", .type = CELL_PAGES,
			.by_default = true, .drop = 6,
			.help = "shared memory, tmpfs, memfd" },
	[COL_OTHER] = { .name = "other", .type = CELL_PAGES,
			.help = "put there by the kernel or a driver" },
	[COL_KIND] = { .name = "kind", .help = "what they are" },
	[COL_MAPPING] = { .name = "mapping",
			  .help = "where they were seen first" },
	[COL_WHO] = { .name = "who", .help = "the processes" },
	[COL_PIDS] = { .name = "pids", .help = "the ids of all of them" },
};

/* The last column may be shortened: the name of the mapping, unless it is who. */
struct columns share_columns(unsigned int keys)
{
	bool sets = keys & FAMILY_BY_SET, kinds = keys & FAMILY_BY_KIND;
	struct columns c = { .all = all, .nr_all = NR_COLUMNS };

	all[COL_MEMBERS].by_default = sets;
	all[COL_WHO].by_default = sets;
	all[COL_ALONE].by_default = !sets;
	all[COL_MAPPING].by_default = keys & FAMILY_BY_MAPPING;
	all[COL_KIND].by_default = kinds;
	all[COL_ANON].by_default = !kinds;
	all[COL_FILE].by_default = !kinds;
	all[COL_SHMEM].by_default = !kinds;
	return c;
}

static const char *mapping_name(const struct reading *r, uint32_t mapping)
{
	const char *name = family_name(r->family, mapping);

	return name[0] ? name : "(anonymous)";
}

static void pids_text(const struct reading *r, const struct set *set,
		      uint32_t *members, char *text, size_t size)
{
	size_t used = 0, i;

	set_members(set, members);
	text[0] = '\0';
	for (i = 0; i < set->members && used < size; i++)
		used += snprintf(text + used, size - used, "%s%d",
				 i ? "," : "",
				 r->member[members[i]].target->pid);
}

/**
 * struct texts - room for those of a row
 * @who: some of the members
 * @members: as many as there are processes
 * @pids_size: bytes of @pids
 * @pids: all ids
 */
struct texts {
	char who[WHO_MAX];
	uint32_t *members;
	size_t pids_size;
	char *pids;
};

static void fill(const struct share *s, const struct family_group *g,
		 struct texts *t, struct cell *c)
{
	const char *note = g->about ? "~" : NULL;

	c[COL_SIZE].number = g->frames;
	c[COL_ALONE].number = g->alone;
	c[COL_ALONE].note = note;
	c[COL_OUTSIDE].number = g->outside;
	c[COL_OUTSIDE].note = note;
	c[COL_ANON].number = g->by_kind[COWI_KIND_ANON] +
			     g->by_kind[COWI_KIND_KSM];
	c[COL_FILE].number = g->by_kind[COWI_KIND_FILE];
	c[COL_SHMEM].number = g->by_kind[COWI_KIND_SHMEM];
	c[COL_OTHER].number = g->frames - c[COL_ANON].number -
			      c[COL_FILE].number - c[COL_SHMEM].number;
	c[COL_KIND].text = s->keys & FAMILY_BY_KIND ? cowi_kind_name(g->kind) :
						      "";
	c[COL_MAPPING].text = s->keys & FAMILY_BY_MAPPING ?
			      mapping_name(&s->r, g->mapping) : "";
	if (g->set) {
		c[COL_MEMBERS].number = g->set->members;
		share_who(&s->r, g->set, t->who, sizeof(t->who));
		pids_text(&s->r, g->set, t->members, t->pids, t->pids_size);
	} else {
		c[COL_MEMBERS].absent = true;
		snprintf(t->who, sizeof(t->who), "-");
		t->pids[0] = '\0';
	}
	c[COL_WHO].text = t->who;
	c[COL_PIDS].text = t->pids;
}

/* What a line of many groups has in the columns that tell groups apart. */
static int add_sum(const struct share *s, struct table *table,
		   const struct family_group *g, struct texts *t,
		   const char *word)
{
	unsigned int last = s->columns.shown[s->columns.nr_shown - 1];
	struct cell c[NR_COLUMNS] = { 0 };

	fill(s, g, t, c);
	c[COL_MEMBERS].absent = true;
	c[COL_KIND].text = "";
	c[COL_MAPPING].text = "";
	c[COL_WHO].text = "";
	if (all[last].type == CELL_TEXT)
		c[last].text = word;
	return table_row(table, c);
}

static bool is_shown(const struct share *s, const struct family_group *g,
		     struct texts *t, struct cell *cells)
{
	fill(s, g, t, cells);
	return filter_fits(s->columns.filter, cells, s->output.style.page_size);
}

/* Says in @hidden how many have nothing: the zero page, and memory of devices. */
static int write_groups(struct share *s, struct table *table,
			const struct family_group *g, size_t nr,
			struct texts *t, size_t *hidden)
{
	bool human = s->output.style.form == TABLE_HUMAN;
	struct family_group rest = { 0 }, sum = { 0 };
	size_t i, lines = 0, more = 0;
	char word[64];
	int err = 0;

	for (i = 0; i < nr && !err; i++) {
		struct cell cells[NR_COLUMNS] = { 0 };

		family_group_add(&sum, &g[i]);
		if (!is_shown(s, &g[i], t, cells))
			continue;
		if (!g[i].frames && s->output.style.hide_zero) {
			++*hidden;
			continue;
		}
		if (s->top && lines == s->top) {
			family_group_add(&rest, &g[i]);
			more++;
			continue;
		}
		lines++;
		err = table_row(table, cells);
	}
	snprintf(word, sizeof(word), "(%zu more)", more);
	if (more && !err)
		err = add_sum(s, table, &rest, t, word);
	snprintf(word, sizeof(word), "total of %zu processes", s->r.nr);
	if (human && !err)
		err = add_sum(s, table, &sum, t, word);
	return err;
}

static int table_of(struct share *s, const struct family_group *g, size_t nr,
		    struct texts *t)
{
	struct table *table = table_open(&s->output.style, &s->columns, "");
	size_t hidden = 0;
	int err, closed;

	if (!table)
		return -ENOMEM;
	err = write_groups(s, table, g, nr, t, &hidden);
	closed = table_close(table);
	if (hidden && s->output.style.form == TABLE_HUMAN)
		fprintf(s->output.style.out,
			"%zu more ha%s zero pages or devices only: --all-rows shows %s.\n",
			hidden, hidden == 1 ? "s" : "ve",
			hidden == 1 ? "it" : "them");
	return err ? err : closed;
}

static int json_group(struct share *s, const struct family_group *g)
{
	__u64 page = s->output.style.page_size;
	struct json *j = &s->json;
	int err = 0, i;

	json_object(j, NULL);
	if (s->keys & FAMILY_BY_SET)
		err = share_json_pids(s, g->set);
	if (s->keys & FAMILY_BY_MAPPING)
		json_string(j, "mapping", family_name(s->r.family, g->mapping));
	if (s->keys & FAMILY_BY_KIND)
		json_string(j, "kind", cowi_kind_name(g->kind));
	json_number(j, "bytes", g->frames * page);
	json_number(j, "alone_bytes", g->alone * page);
	json_number(j, "outside_bytes", g->outside * page);
	json_number(j, "about_bytes", g->about * page);
	json_number(j, "uncounted_bytes", g->uncounted * page);
	for (i = 0; i < COWI_NR_KINDS; i++) {
		char name[40];

		if (!g->by_kind[i])
			continue;
		snprintf(name, sizeof(name), "%s_bytes", cowi_kind_name(i));
		json_number(j, name, g->by_kind[i] * page);
	}
	json_end_object(j);
	return err;
}

static int json_of(struct share *s, const struct family_group *g, size_t nr,
		   struct texts *t)
{
	int err = 0;
	size_t i;

	json_array(&s->json, s->keys == FAMILY_BY_SET ? "sets" : "groups");
	for (i = 0; i < nr && !err; i++) {
		struct cell cells[NR_COLUMNS] = { 0 };

		/* Without a filter also what is no memory, as zero pages. */
		if (!s->columns.filter ||
		    (g[i].frames && is_shown(s, &g[i], t, cells)))
			err = json_group(s, &g[i]);
	}
	json_end_array(&s->json);
	return err;
}

int share_groups(struct share *s)
{
	struct texts t = { .pids_size = s->r.nr * 12 + 1 };
	struct family_group *g = NULL;
	size_t nr;
	int err;

	err = family_groups(s->r.family, s->keys, &g, &nr);
	t.members = calloc(s->r.nr, sizeof(*t.members));
	t.pids = calloc(t.pids_size, 1);
	if (!err && (!t.members || !t.pids))
		err = -ENOMEM;
	if (!err) {
		share_begin(s);
		if (s->output.style.form == TABLE_JSON)
			err = json_of(s, g, nr, &t);
		else
			err = table_of(s, g, nr, &t);
		share_end(s);
	}
	free(t.members);
	free(t.pids);
	free(g);
	return err;
}
