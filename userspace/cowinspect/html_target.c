// SPDX-License-Identifier: GPL-2.0
/* --html of the commands that look at one process once. */
#include <errno.h>
#include <stdio.h>

#include "commands.h"
#include "html.h"

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

static int put_target(struct html *h, struct cowi_target *t, pid_t pid,
		      const struct range *range)
{
	struct cowi_vmas vmas;
	int err;

	err = cowi_vmas(t, &vmas);
	if (!err) {
		html_process(h, 0, pid, 0, "");
		html_step(h, "", "");
		html_table(h, 0);
		put_vmas(h, &vmas, range);
		err = put_pages(h, t, range);
	}
	cowi_vmas_free(&vmas);
	return err;
}

int html_target(const char *path, struct cowi_target *t, pid_t pid,
		const struct range *range)
{
	struct html_about about = {
		.text = "What is mapped, who shares it, and what the next "
			"write to each page would do.",
		.status = cowi_status(cowi_target_session(t)),
	};
	char title[32];
	struct html *h;
	int err, closed;

	snprintf(title, sizeof(title), "process %d", pid);
	about.title = title;
	err = html_open(path, &about, &h);
	if (err)
		return report(path, err);
	err = put_target(h, t, pid, range);
	closed = html_close(h);
	if (err)
		return report(title, err);
	return closed ? report(path, closed) : EXIT_OK;
}
