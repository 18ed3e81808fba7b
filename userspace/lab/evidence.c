// SPDX-License-Identifier: GPL-2.0
/* What a run has shown and by what, for those who ask for proof. */
#include "report.h"

void evidence_begin(struct lab_run *r)
{
	struct json *j = &r->evidence;

	json_document(j, "cowinspect-evidence");
	json_string(j, "lab", r->lab->name);
	json_string(j, "id", r->lab->id);
	json_string(j, "question", r->lab->question);
	json_string(j, "claim", r->lab->answer);
	json_string(j, "command", r->options.command);
	json_string(j, "kernel", r->status->kernel);
	json_string(j, "rules", r->status->rules);
	json_number(j, "seed", r->options.seed);
	if (r->options.seed_text)
		json_string(j, "seed_text", r->options.seed_text);
	json_array(j, "steps");
}

void evidence_step(struct lab_run *r)
{
	char summary[SUMMARY_MAX], totals[SUMMARY_MAX];
	struct json *j = &r->evidence;

	words_summary(r, summary, sizeof(summary));
	words_totals(r, totals, sizeof(totals));
	json_object(j, NULL);
	json_number(j, "step", r->step);
	json_string(j, "title", r->title);
	json_string(j, "summary", summary);
	json_string(j, "totals", totals);
	report_json_writes(j, r);
	report_json_checks(j, r);
	json_end_object(j);
}

/* What no run can show, and what this one could not. */
static void limits(struct json *j, const struct lab_run *r)
{
	json_array(j, "limits");
	json_string(j, NULL,
		    "One run on one kernel: others may do otherwise, as docs/predictions.md says.");
	json_string(j, NULL,
		    "Page tables were read between the steps, while all processes stood still.");
	json_string(j, NULL,
		    "Frame numbers name memory of this run, and are others in the next.");
	if (r->status->exclusive == COWI_COUNT_ABSENT)
		json_string(j, NULL,
			    "This kernel does not mark pages as exclusive.");
	if (r->deaf[0]) {
		json_string(j, NULL,
			    "Of writes marked as inferred, only the entries before and after were seen. The reason:");
		json_string(j, NULL, r->deaf);
	}
	json_string(j, NULL, r->lab->alike);
	json_end_array(j);
}

void evidence_end(struct lab_run *r)
{
	char verdict[sizeof(r->skip) + 16];
	struct json *j = &r->evidence;

	words_verdict(r, verdict, sizeof(verdict));
	json_end_array(j);
	json_string(j, "verdict", verdict);
	json_bool(j, "held", !r->failed && !r->err);
	limits(j, r);
	json_end_object(j);
}
