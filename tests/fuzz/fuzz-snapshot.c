// SPDX-License-Identifier: GPL-2.0
/*
 * A snapshot that somebody else has made, under libFuzzer: compressed or not, opened, and
 * all its processes read. None may crash or read what is not there, which the sanitizers
 * judge; what is accepted is sound, which is checked here.
 */
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"
#include "must.h"
#include "unpack.h"
#include "ustar.h"

static void read_pages(struct cowi_target *t)
{
	__u64 page_size = cowi_status(cowi_target_session(t))->page_size;
	struct cowinspect_page rec;
	struct cowi_pages *pages;
	__u64 last = 0;

	if (cowi_pages_open(t, 0, UINT64_MAX, &pages))
		return;
	while (cowi_pages_next(pages, &rec) > 0) {
		must(rec.addr >= last && !(rec.addr & (page_size - 1)));
		must(!memcmp(cowi_pages_record(pages), &rec, sizeof(rec)));
		last = rec.addr;
	}
	cowi_pages_close(pages);
}

static void read_process(struct cowi *c, const struct cowi_recorded *p)
{
	struct cowi_totals sum;
	struct cowi_target *t;
	struct cowi_vmas vmas;

	must(p->pid > 0 && memchr(p->comm, 0, sizeof(p->comm)) && p->title);
	if (cowi_target_open(c, p->pid, &t))
		return;
	cowi_summary(t, &sum);
	cowi_vmas(t, &vmas);
	cowi_vmas_free(&vmas);
	read_pages(t);
	cowi_target_close(t);
}

static void read_all(struct cowi *c)
{
	const struct cowi_snapshot *s = cowi_snapshot(c);
	size_t i;

	must(s);
	for (i = 0; i < s->nr; i++)
		read_process(c, &s->process[i]);
	cowi_close(c);
}

/* What is made up has no right sum but by chance, and nothing else would be reached. */
static void mend_sums(uint8_t *data, size_t size)
{
	struct ustar h;
	char sum[8];
	size_t at;

	for (at = 0; at + sizeof(h) <= size; at += USTAR_BLOCK) {
		memcpy(&h, data + at, sizeof(h));
		if (memcmp(h.magic, "ustar", 5))
			continue;
		snprintf(sum, sizeof(sum), "%06o", ustar_sum(&h));
		memcpy(data + at + offsetof(struct ustar, sum), sum,
		       sizeof(sum));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	uint8_t copy[4096];
	struct cowi *c;
	int plain;

	if (size > sizeof(copy))
		return 0;
	memcpy(copy, data, size);
	mend_sums(copy, size);
	if (fd < 0)
		fd = memfd_create("snapshot", 0);
	must(!ftruncate(fd, 0) && pwrite(fd, copy, size, 0) == (ssize_t)size);
	plain = snapshot_unpack(fd);
	if (plain >= 0 && !cowi_open_fd(plain, &c))
		read_all(c);
	return 0;
}
