// SPDX-License-Identifier: GPL-2.0
/* A lab run as JSON. */
#include <string.h>

#include "report.h"

void report_json_begin(struct lab_run *r)
{
	struct json *j = &r->json;

	json_object(j, NULL);
	json_string(j, "lab", r->lab->name);
	json_string(j, "id", r->lab->id);
	json_string(j, "question", r->lab->question);
	json_string(j, "kernel", r->status->kernel);
	json_string(j, "rules", r->status->rules);
	json_number(j, "page_size", r->status->page_size);
	json_number(j, "pages", r->size);
	json_number(j, "seed", r->options.seed);
	json_array(j, "steps");
}

static void json_frame(struct json *j, const char *key, __u64 pfn)
{
	if (pfn == COWINSPECT_NO_PFN)
		json_null(j, key);
	else
		json_number(j, key, pfn);
}

static void json_page(struct json *j, const struct lab_run *r, __u64 page,
		      const struct page_view *v)
{
	const struct cowinspect_page *rec = &v->rec;

	json_object(j, NULL);
	json_number(j, "page", page);
	json_hex(j, "addr", lab_addr(r, page));
	json_bool(j, "mapped", v->mapped);
	if (v->mapped) {
		json_frame(j, "pfn", v->pfn);
		json_string(j, "kind", cowi_kind_name(rec->kind));
		json_number(j, "mapcount", rec->mapcount);
		json_string(j, "counts", cowi_counts_name(rec->counts));
		json_number(j, "refcount", rec->refcount);
		if (r->status->exclusive == COWI_COUNT_ABSENT)
			json_null(j, "exclusive");
		else
			json_bool(j, "exclusive",
				  rec->flags & COWI_F_EXCLUSIVE);
		json_bool(j, "write", rec->flags & COWI_F_WRITE);
		json_bool(j, "lru", rec->flags & COWI_F_LRU);
		json_string(j, "next", cowi_outcome_name(rec->outcome));
		json_string(j, "confidence",
			    cowi_confidence_name(rec->confidence));
	}
	json_end_object(j);
}

static void json_actors(struct json *j, const struct lab_run *r)
{
	size_t i, k;

	json_array(j, "actors");
	for (i = 0; i < r->cast.nr; i++) {
		const struct snapshot *s = &r->view[i];

		json_object(j, NULL);
		json_string(j, "name", r->cast.actor[i].name);
		json_number(j, "pid", r->cast.actor[i].pid);
		json_bool(j, "running", r->cast.actor[i].sock >= 0);
		json_array(j, "pages");
		for (k = 0; k < s->nr; k++)
			json_page(j, r, k, &s->page[k]);
		json_end_array(j);
		json_end_object(j);
	}
	json_end_array(j);
}

static void json_writes(struct json *j, const struct lab_run *r)
{
	size_t i;

	json_array(j, "writes");
	for (i = 0; i < r->nr_writes; i++) {
		const struct lab_write *w = &r->writes[i];

		json_object(j, NULL);
		json_number(j, "question", w->number);
		json_string(j, "actor", w->actor->name);
		json_number(j, "page", w->page);
		json_string(j, "predicted", cowi_outcome_name(w->predicted));
		json_string(j, "confidence",
			    cowi_confidence_name(w->confidence));
		json_string(j, "happened", happened_name(w->happened));
		json_bool(j, "inferred", w->inferred);
		json_number(j, "faults", w->faults);
		json_frame(j, "pfn_before", w->pfn_before);
		json_frame(j, "pfn_after", w->pfn_after);
		json_end_object(j);
	}
	json_end_array(j);
}

static void json_regions(struct json *j, const struct lab_run *r)
{
	size_t i;

	json_array(j, "regions");
	for (i = 0; i < r->nr_regions; i++) {
		json_object(j, NULL);
		json_string(j, "name", r->region[i].name ?
			    r->region[i].name : "");
		json_hex(j, "start", r->region[i].start);
		json_number(j, "first_page", r->region[i].first);
		json_number(j, "pages", r->region[i].pages);
		json_end_object(j);
	}
	json_end_array(j);
}

static void json_notes(struct json *j, const char *notes)
{
	char line[512];

	json_array(j, "notes");
	for (; notes && *notes; notes += strcspn(notes, "\n") + 1) {
		snprintf(line, sizeof(line), "%.*s",
			 (int)strcspn(notes, "\n"), notes);
		json_string(j, NULL, line);
	}
	json_end_array(j);
}

void report_json_step(struct lab_run *r)
{
	struct json *j = &r->json;
	size_t i;

	json_object(j, NULL);
	json_number(j, "step", r->step);
	json_string(j, "title", r->title);
	json_string(j, "text", r->text);
	json_writes(j, r);
	if (r->looked && !r->err) {
		json_regions(j, r);
		json_number(j, "frames", lab_frames(r));
		json_actors(j, r);
	}
	json_notes(j, r->notes);
	json_array(j, "checks");
	for (i = 0; i < r->nr_checks; i++) {
		json_object(j, NULL);
		json_bool(j, "ok", r->checks[i].ok);
		json_string(j, "text", r->checks[i].text);
		if (!r->checks[i].ok)
			json_string(j, "why", r->checks[i].why);
		json_end_object(j);
	}
	json_end_array(j);
	json_end_object(j);
}

void report_json_end(struct lab_run *r)
{
	struct json *j = &r->json;

	json_end_array(j);
	json_number(j, "passed", r->passed);
	json_number(j, "failed", r->failed);
	if (r->skip[0]) {
		json_string(j, "skipped", r->skip);
	} else if (r->err) {
		json_string(j, "what", r->what);
		json_string(j, "error", cowi_strerror(r->err));
	}
	json_bool(j, "held", !r->failed && !r->err);
	json_string(j, "answer", r->failed || r->err ? "" : r->lab->answer);
	json_end_object(j);
}
