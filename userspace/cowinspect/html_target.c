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

static int put_target(struct html *h, unsigned int id,
		      const struct target *target, const struct range *range)
{
	struct cowi_vmas vmas;
	int err;

	err = cowi_vmas(target->t, &vmas);
	if (!err) {
		html_process(h, id, target->pid, target->parent, target->name);
		html_table(h, id);
		put_vmas(h, &vmas, range);
		err = put_pages(h, target->t, range);
	}
	cowi_vmas_free(&vmas);
	return err;
}

/* One that cannot be read, having exited, does not keep the others away. */
static int put_targets(struct html *h, const struct targets *ts,
		       const struct range *range)
{
	int status = EXIT_OK, err;
	char what[48];
	size_t i;

	html_step(h, "", "");
	for (i = 0; i < ts->nr && !interrupt_signal(); i++) {
		err = put_target(h, i, &ts->target[i], range);
		if (err)
			status = report(target_text(&ts->target[i], what,
						    sizeof(what)), err);
	}
	return status;
}

int html_targets(const char *path, const struct targets *ts,
		 const struct range *range)
{
	struct html_about about = {
		.text = "What is mapped, who shares it, and what the next "
			"write to each page would do.",
		.status = cowi_status(ts->c),
	};
	char title[80], first[48];
	struct html *h;
	int err, status;

	target_text(&ts->target[0], first, sizeof(first));
	if (ts->nr == 1)
		snprintf(title, sizeof(title), "%s", first);
	else
		snprintf(title, sizeof(title), "%s and %zu more", first,
			 ts->nr - 1);
	about.title = title;
	err = html_open(path, &about, &h);
	if (err)
		return report(path, err);
	status = put_targets(h, ts, range);
	err = html_close(h);
	return err && !status ? report(path, err) : status;
}
