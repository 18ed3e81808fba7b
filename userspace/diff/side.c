// SPDX-License-Identifier: GPL-2.0
/* Two lists of records, walked together. */
#include <errno.h>
#include <string.h>

#include "commands.h"
#include "parse.h"
#include "side.h"

static void next(struct side *s)
{
	s->more = interrupt_signal() ? -EINTR :
				       cowi_pages_next(s->pages, &s->rec);
}

int side_rewind(struct side *s)
{
	int err;

	s->at = 0;
	s->more = 0;
	if (!s->t)
		return 0;
	cowi_pages_close(s->pages);
	s->pages = NULL;
	err = cowi_pages_open(s->t, 0, UINT64_MAX, &s->pages);
	if (err)
		return err;
	next(s);
	return s->more < 0 ? s->more : 0;
}

int side_open(struct side *s, struct cowi *c, pid_t pid)
{
	int err;

	memset(s, 0, sizeof(*s));
	s->page_size = cowi_status(c)->page_size;
	if (!pid)
		return 0;
	err = cowi_target_open(c, pid, &s->t);
	if (!err)
		err = cowi_vmas(s->t, &s->vmas);
	return err;
}

void side_close(struct side *s)
{
	cowi_pages_close(s->pages);
	cowi_vmas_free(&s->vmas);
	cowi_target_close(s->t);
}

const char *side_name(struct side *s, __u64 addr)
{
	while (s->at < s->vmas.nr && s->vmas.vma[s->at].end <= addr)
		s->at++;
	if (s->at == s->vmas.nr || s->vmas.vma[s->at].start > addr)
		return "";
	return s->vmas.vma[s->at].name;
}

static void pass(struct side *s, __u64 done)
{
	while (s->more > 0 && cowi_record_end(&s->rec, s->page_size) <= done)
		next(s);
}

int sides_next(struct side s[2], __u64 done, struct stretch *st)
{
	__u64 end = UINT64_MAX, from, to;
	int i;

	*st = (struct stretch){ .start = UINT64_MAX };
	for (i = 0; i < 2; i++) {
		pass(&s[i], done);
		if (s[i].more < 0)
			return s[i].more;
		from = s[i].rec.addr > done ? s[i].rec.addr : done;
		if (s[i].more && from < st->start)
			st->start = from;
	}
	if (st->start == UINT64_MAX)
		return 0;
	for (i = 0; i < 2; i++) {
		if (!s[i].more)
			continue;
		to = s[i].rec.addr;
		if (to <= st->start) {
			st->rec[i] = &s[i].rec;
			st->skip[i] = (st->start - to) / s[i].page_size;
			to = cowi_record_end(&s[i].rec, s[i].page_size);
		}
		if (to < end)
			end = to;
	}
	st->pages = (end - st->start) / s[0].page_size;
	return 1;
}
