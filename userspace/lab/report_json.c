// SPDX-License-Identifier: GPL-2.0
/* A lab run as JSON. */
#include <string.h>

#include "held.h"
#include "look.h"
#include "quiz.h"
#include "report.h"

void report_json_begin(struct lab_run *r)
{
	struct json *j = &r->json;

	json_document(j, "cowinspect-lab");
	json_string(j, "lab", r->lab->name);
	json_string(j, "id", r->lab->id);
	json_string(j, "question", r->lab->question);
	json_string(j, "kernel", r->status->kernel);
	json_string(j, "rules", r->status->rules);
	json_number(j, "page_size", r->status->page_size);
	json_number(j, "pages", r->size);
	json_number(j, "seed", r->options.seed);
	if (r->options.seed_text)
		json_string(j, "seed_text", r->options.seed_text);
	json_array(j, "steps");
}

static void json_frame(struct json *j, const char *key, __u64 pfn)
{
	if (pfn == COWINSPECT_NO_PFN)
		json_null(j, key);
	else
		json_number(j, key, pfn);
}

static void json_bytes(struct json *j, const struct lab_run *r, __u64 page,
		       const struct page_view *v)
{
	char text[2 * SHOWN_BYTES + 1] = "";
	unsigned int i;

	if (!v->nr_bytes)
		return;
	for (i = 0; i < v->nr_bytes; i++)
		sprintf(text + 2 * i, "%02x", v->bytes[i]);
	json_number(j, "offset", look_offset(r, page));
	json_string(j, "bytes", text);
}

static void json_page(struct json *j, const struct lab_run *r, size_t actor,
		      __u64 page)
{
	const struct page_view *v = &r->view[actor].page[page];
	const struct cowinspect_page *rec = &v->rec;
	char change[CHANGE_MAX];

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
		json_bytes(j, r, page, v);
	}
	words_change(r, actor, page, change, sizeof(change));
	if (change[0])
		json_string(j, "change", change);
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
			json_page(j, r, i, k);
		json_end_array(j);
		json_end_object(j);
	}
	json_end_array(j);
}

/* A record as a line, as it was read. */
static void json_record(struct json *j, const char *key,
			const struct lab_run *r, const struct page_view *v)
{
	const struct cowinspect_page *rec = &v->rec;
	char text[192];

	if (!v->mapped)
		snprintf(text, sizeof(text), "no entry");
	else
		snprintf(text, sizeof(text),
			 "pfn %llx %s mapcount %u (%s) refcount %u exclusive %s write %s next %s (%s)",
			 v->pfn, cowi_kind_name(rec->kind), rec->mapcount,
			 cowi_counts_name(rec->counts), rec->refcount,
			 r->status->exclusive == COWI_COUNT_ABSENT ? "unknown" :
			 rec->flags & COWI_F_EXCLUSIVE ? "yes" : "no",
			 rec->flags & COWI_F_WRITE ? "yes" : "no",
			 cowi_outcome_name(rec->outcome),
			 cowi_confidence_name(rec->confidence));
	json_string(j, key, text);
}

void report_json_writes(struct json *j, const struct lab_run *r)
{
	size_t i;

	json_array(j, "writes");
	for (i = 0; i < r->nr_writes; i++) {
		const struct lab_write *w = &r->writes[i];

		json_object(j, NULL);
		json_number(j, "question", w->number);
		json_string(j, "actor", w->actor->name);
		json_number(j, "page", w->page);
		json_string(j, "right", quiz_word(w->right));
		json_string(j, "why", w->why);
		if (w->number && r->given[w->number - 1])
			json_string(j, "given",
				    quiz_word(r->given[w->number - 1]));
		json_string(j, "predicted", cowi_outcome_name(w->predicted));
		json_string(j, "confidence",
			    cowi_confidence_name(w->confidence));
		json_string(j, "happened", happened_name(w->happened));
		json_bool(j, "inferred", w->inferred);
		json_number(j, "faults", w->faults);
		json_frame(j, "pfn_before", w->before.mapped ? w->before.pfn :
			   COWINSPECT_NO_PFN);
		json_frame(j, "pfn_after", w->after.mapped ? w->after.pfn :
			   COWINSPECT_NO_PFN);
		json_record(j, "before", r, &w->before);
		json_record(j, "after", r, &w->after);
		json_end_object(j);
	}
	json_end_array(j);
}

static void json_picks(struct json *j, const struct lab_run *r)
{
	size_t i;

	json_array(j, "choices");
	for (i = 0; i < r->nr_picks; i++) {
		const struct lab_pick *p = &r->picks[i];

		json_object(j, NULL);
		json_number(j, "question", p->number);
		json_string(j, "text", p->question);
		json_number(j, "first", p->first);
		json_number(j, "last", p->last);
		json_number(j, "right", p->right);
		json_string(j, "why", p->why);
		if (r->given[p->number - 1])
			json_string(j, "given",
				    quiz_word(r->given[p->number - 1]));
		json_end_object(j);
	}
	json_end_array(j);
}

static void json_held(struct json *j, const struct lab_run *r)
{
	struct lab_held h;
	unsigned int n;
	__u64 k;

	json_array(j, "held");
	for (k = 0; k < r->pages; k++) {
		for (n = 0; held_at(r, k, n, &h); n++) {
			json_object(j, NULL);
			json_number(j, "page", h.page);
			json_frame(j, "pfn", h.pfn);
			json_string(j, "by", h.by);
			json_end_object(j);
		}
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

void report_json_checks(struct json *j, const struct lab_run *r)
{
	size_t i;

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
}

void report_json_step(struct lab_run *r)
{
	char summary[SUMMARY_MAX], totals[SUMMARY_MAX];
	struct json *j = &r->json;

	words_summary(r, summary, sizeof(summary));
	words_totals(r, totals, sizeof(totals));
	json_object(j, NULL);
	json_number(j, "step", r->step);
	json_string(j, "title", r->title);
	json_string(j, "text", r->text);
	json_string(j, "summary", summary);
	json_string(j, "totals", totals);
	json_bool(j, "looked", words_looked(r));
	report_json_writes(j, r);
	json_picks(j, r);
	if (words_looked(r)) {
		json_regions(j, r);
		json_held(j, r);
		json_number(j, "frames", lab_frames(r));
		json_actors(j, r);
	}
	json_notes(j, r->notes);
	report_json_checks(j, r);
	json_end_object(j);
}

void report_json_end(struct lab_run *r)
{
	char verdict[sizeof(r->skip) + 16];
	struct json *j = &r->json;

	words_verdict(r, verdict, sizeof(verdict));
	json_end_array(j);
	json_string(j, "verdict", verdict);
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
	json_string(j, "alike", words_alike(r));
	json_end_object(j);
}
