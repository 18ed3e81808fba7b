// SPDX-License-Identifier: GPL-2.0
/*
 * The pages file: a stream of records in which the file offset is a virtual
 * address. In a recording the records simply stand one after the other, so
 * that "cat" can make one; there the start is found by bisection.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"
#include "parse.h"

#define BUFFER_RECORDS	2048

/**
 * struct cowi_pages - a reader of one range
 * @file: the pages file
 * @recorded: @file is a recording: @offset counts bytes of it
 * @record_size: step in @buf
 * @page_size: base page, in bytes
 * @offset: where the next read starts: an address, unless @recorded
 * @seen: first address after the last entry returned
 * @end: first address that is not wanted
 * @used: bytes of @buf that are filled
 * @next: byte of @buf with the next record
 * @given: byte of @buf with the record that was returned
 * @buf: BUFFER_RECORDS records, and one of which but a part is returned
 */
struct cowi_pages {
	struct cowi_file file;
	bool recorded;
	size_t record_size;
	__u64 page_size;
	__u64 offset;
	__u64 seen;
	__u64 end;
	size_t used;
	size_t next;
	size_t given;
	char buf[];
};

/* @size bytes at most, from @offset on; never what is behind the file. */
static ssize_t read_at(struct cowi_pages *p, size_t size, __u64 offset)
{
	if (offset >= p->file.size)
		return 0;
	if (size > p->file.size - offset)
		size = p->file.size - offset;
	return pread(p->file.fd, p->buf, size, p->file.start + offset);
}

static int recorded_at(struct cowi_pages *p, __u64 i,
		       struct cowinspect_page *rec)
{
	ssize_t n = read_at(p, p->record_size, i * p->record_size);

	if (n < 0)
		return -errno;
	return cowi_parse_record(p->buf, n, p->page_size, rec);
}

/* Find the first record that ends after @start. */
static int recorded_seek(struct cowi_pages *p, __u64 start)
{
	__u64 low = 0, high = p->file.size / p->record_size;

	while (low < high) {
		__u64 mid = low + (high - low) / 2;
		struct cowinspect_page rec;
		int err = recorded_at(p, mid, &rec);

		if (err)
			return err;
		if (cowi_record_end(&rec, p->page_size) > start)
			high = mid;
		else
			low = mid + 1;
	}
	p->offset = low * p->record_size;
	return 0;
}

int cowi_pages_open(struct cowi_target *t, __u64 start, __u64 end,
		    struct cowi_pages **out)
{
	const struct cowi_status *st = &t->c->status;
	struct cowi_pages *p;
	int err;

	p = calloc(1, sizeof(*p) + (BUFFER_RECORDS + 1) * st->record_size);
	if (!p)
		return -ENOMEM;
	p->recorded = t->c->recorded;
	p->record_size = st->record_size;
	p->page_size = st->page_size;
	p->offset = start & ~(st->page_size - 1);
	p->end = end;
	err = cowi_target_file(t, "pages", &p->file);
	if (!err && p->recorded)
		err = recorded_seek(p, start);
	if (err) {
		cowi_pages_close(p);
		return err;
	}
	*out = p;
	return 0;
}

void cowi_pages_close(struct cowi_pages *p)
{
	if (!p)
		return;
	cowi_file_close(&p->file);
	free(p);
}

static int refill(struct cowi_pages *p)
{
	ssize_t n;

	/* Behind the last address there is nothing, and an off_t ends there. */
	if (p->offset > INT64_MAX)
		return 0;
	if (!p->recorded && p->offset >= p->end)
		return 0;

	n = read_at(p, BUFFER_RECORDS * p->record_size, p->offset);
	if (n < 0)
		return errno == ESRCH ? -COWI_EEXITED : -errno;
	if (n % p->record_size)
		return -COWI_EFORMAT;
	p->used = n;
	p->next = 0;
	if (p->recorded)
		p->offset += n;
	return n > 0;
}

/*
 * A table of which a part was read may become one huge entry before the rest is. That
 * begins before what was returned last; what is left of it is returned page by page, so
 * that each page comes once. All else that goes back would make a reader loop for ever.
 */
static int leave_rest(struct cowi_pages *p, struct cowinspect_page *rec)
{
	char *part = p->buf + BUFFER_RECORDS * p->record_size;

	if (cowi_record_end(rec, p->page_size) <= p->seen ||
	    rec->map_order > COWI_MAX_TABLE_ORDER)
		return -COWI_EFORMAT;
	if (rec->pfn != COWINSPECT_NO_PFN)
		rec->pfn += (p->seen - rec->addr) / p->page_size;
	rec->addr = p->seen;
	rec->map_order = 0;
	memcpy(part, p->buf + p->next, p->record_size);
	memcpy(part, rec, sizeof(*rec));
	p->given = part - p->buf;
	return 0;
}

int cowi_pages_next(struct cowi_pages *p, struct cowinspect_page *rec)
{
	__u64 end;
	int ret;

	if (p->next == p->used) {
		ret = refill(p);
		if (ret <= 0)
			return ret;
	}
	ret = cowi_parse_record(p->buf + p->next, p->record_size, p->page_size,
				rec);
	if (ret)
		return ret;
	p->given = p->next;
	end = cowi_record_end(rec, p->page_size);
	if (rec->addr < p->seen)
		ret = leave_rest(p, rec);
	if (ret)
		return ret;
	if (rec->addr >= p->end)
		return 0;
	p->seen = cowi_record_end(rec, p->page_size);
	if (p->seen == end)
		p->next += p->record_size;
	if (!p->recorded)
		p->offset = p->seen;
	return 1;
}

const void *cowi_pages_record(const struct cowi_pages *p)
{
	return p->buf + p->given;
}
