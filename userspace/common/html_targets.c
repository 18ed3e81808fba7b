// SPDX-License-Identifier: GPL-2.0
/* --html of the commands that look at processes once. */
#include <errno.h>
#include <stdio.h>

#include "html.h"
#include "targets.h"

static void put_vmas(struct html *h, const struct cowi_vmas *vmas,
		     const struct range *range)
{
	size_t i;

	for (i = 0; i < vmas->nr; i++) {
		const struct cowi_vma *v = &vmas->vma[i];
		__u64 start = v->start > range->start ? v->start : range->start;
		__u64 end = v->end < range->end ? v->end : range->end;

		if (start < end)
			html_vma(h, start, end, v->perms, v->name);
	}
}

static int put_pages(struct html *h, struct cowi_target *t,
		     const struct range *range)
{
	struct cowinspect_page rec;
	struct cowi_pages *pages;
	int err;

	err = cowi_pages_open(t, range->start, range->end, &pages);
	if (err)
		return err;
	while ((err = cowi_pages_next(pages, &rec)) > 0) {
		html_page(h, &rec);
		if (interrupt_signal()) {
			err = -EINTR;
			break;
		}
	}
	cowi_pages_close(pages);
	return err;
}

/**
 * struct pages - a page that is being written
 * @html: it
 * @ts: of all processes
 */
struct pages {
	struct html *html;
	const struct targets *ts;
};

static int put_target(const struct target *target, void *arg)
{
	const struct pages *p = arg;
	unsigned int id = target - p->ts->list.target;
	struct cowi_vmas vmas;
	int err;

	err = cowi_vmas(target->t, &vmas);
	if (!err) {
		html_process(p->html, id, target->pid, target->parent,
			     target->name);
		html_table(p->html, id);
		put_vmas(p->html, &vmas, &p->ts->range);
		err = put_pages(p->html, target->t, &p->ts->range);
	}
	cowi_vmas_free(&vmas);
	return err;
}

int html_targets(const char *path, struct targets *ts)
{
	struct pages p = { .ts = ts };
	struct html_about about = {
		.text = "What is mapped, who shares it, and what the next "
			"write to each page would do.",
		.status = cowi_status(ts->c),
	};
	char title[80], first[48];
	int err, status;

	if (!path)
		return EXIT_OK;
	target_text(&ts->list.target[0], first, sizeof(first));
	if (ts->list.nr == 1)
		snprintf(title, sizeof(title), "%s", first);
	else
		snprintf(title, sizeof(title), "%s and %zu more", first,
			 ts->list.nr - 1);
	about.title = title;
	err = html_open(path, &about, &p.html);
	if (err)
		return report(path, err);
	targets_note_ids(ts);
	html_step(p.html, "", "");
	status = targets_each(ts, put_target, &p);
	err = html_close(p.html);
	return err && !status ? report(path, err) : status;
}
