// SPDX-License-Identifier: GPL-2.0
/* Sets of processes in words, and what surrounds all that share prints. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "share.h"

/* How many of a set are named at most. */
#define NAMED		6

static const struct read_member *member(const struct reading *r, uint32_t i)
{
	return &r->member[i];
}

static bool same_title(const struct reading *r, const uint32_t *members,
		       size_t nr)
{
	size_t i;

	for (i = 1; i < nr; i++) {
		if (strcmp(member(r, members[i])->title,
			   member(r, members[0])->title))
			return false;
	}
	return true;
}

/* One is called as it calls itself. Of several that would be too long a list. */
static const char *name_of(const struct read_member *m, bool by_title)
{
	return by_title || !m->target->name[0] ? m->title : m->target->name;
}

/* "worker (94 95), sh (99) and 3 more" */
static void put_named(const struct reading *r, const uint32_t *members,
		      size_t nr, char *buf, size_t size)
{
	size_t used = 0, i, shown = nr <= NAMED + 1 ? nr : NAMED;
	bool by_title = same_title(r, members, nr);
	const char *name, *before = "";

	for (i = 0; i < shown && used < size; i++) {
		const struct read_member *m = member(r, members[i]);

		name = name_of(m, by_title);
		if (strcmp(name, before))
			used += snprintf(buf + used, size - used, "%s%s (%d",
					 i ? "), " : "", name, m->target->pid);
		else
			used += snprintf(buf + used, size - used, " %d",
					 m->target->pid);
		before = name;
	}
	if (used < size)
		used += snprintf(buf + used, size - used, ")");
	if (shown < nr && used < size)
		snprintf(buf + used, size - used, " and %zu more", nr - shown);
}

/* Those who are not in it; they are fewer. */
static size_t missing(const struct reading *r, const struct set *set,
		      uint32_t *members)
{
	size_t i, n = 0;

	for (i = 0; i < r->nr; i++) {
		if (!set_has(set, i))
			members[n++] = i;
	}
	return n;
}

void share_who(const struct reading *r, const struct set *set, char *buf,
	       size_t size)
{
	uint32_t *members = calloc(r->nr, sizeof(*members));
	size_t used;

	if (!members) {
		snprintf(buf, size, "%u of them", set->members);
		return;
	}
	set_members(set, members);
	if (r->nr > 1 && set->members == r->nr) {
		snprintf(buf, size, "all %zu", r->nr);
	} else if (r->nr > 3 && set->members * 2 > r->nr) {
		used = snprintf(buf, size, "all but ");
		put_named(r, members, missing(r, set, members), buf + used,
			  size - used);
	} else {
		put_named(r, members, set->members, buf, size);
	}
	free(members);
}

int share_json_pids(struct share *s, const struct set *set)
{
	uint32_t *members = calloc(set->members, sizeof(*members)), i;

	if (!members)
		return -ENOMEM;
	set_members(set, members);
	json_array(&s->json, "pids");
	for (i = 0; i < set->members; i++)
		json_number(&s->json, NULL,
			    member(&s->r, members[i])->target->pid);
	json_end_array(&s->json);
	free(members);
	return 0;
}

static void json_processes(struct share *s)
{
	size_t i;

	json_array(&s->json, "processes");
	for (i = 0; i < s->r.nr; i++) {
		const struct read_member *m = member(&s->r, i);

		json_object(&s->json, NULL);
		json_number(&s->json, "pid", m->target->pid);
		json_nonzero(&s->json, "parent", m->target->parent);
		json_string(&s->json, "command", m->target->name);
		json_string(&s->json, "name", m->title);
		json_end_object(&s->json);
	}
	json_end_array(&s->json);
}

static void json_totals(struct share *s)
{
	__u64 page = s->output.style.page_size;
	struct json *j = &s->json;
	struct family_totals t;

	family_totals(s->r.family, &t);
	json_object(j, "totals");
	json_number(j, "bytes", t.frames * page);
	json_number(j, "shared_bytes", t.shared * page);
	json_number(j, "outside_bytes", t.outside * page);
	json_number(j, "objects_bytes", t.objects * page);
	json_number(j, "about_bytes", t.about * page);
	json_number(j, "unsteady_bytes", t.unsteady * page);
	json_number(j, "uncounted_bytes", t.uncounted * page);
	json_end_object(j);
}

void share_begin(struct share *s)
{
	if (s->output.style.form != TABLE_JSON)
		return;
	reading_json(&s->r, &s->json, "cowinspect-share");
	json_processes(s);
}

void share_end(struct share *s)
{
	if (s->output.style.form == TABLE_JSON) {
		json_totals(s);
		json_end_object(&s->json);
	} else if (s->output.style.form == TABLE_HUMAN) {
		reading_about(&s->r, stdout);
	}
}
