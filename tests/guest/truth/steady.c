// SPDX-License-Identifier: GPL-2.0
/*
 * A hundred inspections change nothing: what the kernel's own files say of a
 * member, and the module's records with their predictions, are the same to the
 * byte before and after.
 */
#include "truth.h"

#define ROUNDS	100

struct state {
	uint64_t records, page_counts, page_flags, pagemap, smaps, status, stat;
};

/* FNV-1a, 64 bits. */
static uint64_t hash(uint64_t h, const void *data, size_t len)
{
	const unsigned char *at = data;

	while (len--)
		h = (h ^ *at++) * 0x100000001b3;
	return h;
}

static uint64_t hash_file(const char *file)
{
	char *text = slurp_proc(view.pid, file);
	uint64_t h = hash(0, text, strlen(text));

	free(text);
	return h;
}

/* All flags: accessed (referenced, active) and idle, where there is one. */
static uint64_t hash_page_flags(void)
{
	uint64_t h = 0, k;
	int i;

	for (i = 0; i < view.nr; i++) {
		if (!is_counted(&view.records[i]))
			continue;
		k = u64_at("/proc/kpageflags", view.records[i].pfn);
		h = hash(h, &k, sizeof(k));
	}
	return h;
}

static uint64_t hash_pagemap(void)
{
	uint64_t h = 0, entry;
	int i;

	for (i = 0; i < view.nr; i++) {
		entry = pagemap_of(view.pid, (void *)view.records[i].addr);
		h = hash(h, &entry, sizeof(entry));
	}
	return h;
}

static struct state take(void)
{
	view_member(view.pid);
	return (struct state) {
		.records = hash(0, view.records,
				view.nr * sizeof(*view.records)),
		.page_counts = hash(0, view.page_counts,
				    view.nr * sizeof(*view.page_counts)),
		.page_flags = hash_page_flags(),
		.pagemap = hash_pagemap(),
		.smaps = hash_file("smaps"),
		.status = hash_file("status"),
		.stat = hash_file("stat"),
	};
}

static void inspect(void)
{
	static struct cowinspect_page some[512];
	int fd = must_open(view.pid, "pages"), i;

	for (i = 0; i < ROUNDS; i++) {
		free(slurp_target(view.pid, "summary"));
		free(slurp_target(view.pid, "vmas"));
		lseek(fd, 0, SEEK_SET);
		while (read(fd, some, sizeof(some)) > 0)
			;
	}
	close(fd);
}

static struct cowinspect_page *kept;

static void keep_records(void)
{
	if (!kept)
		kept = not_inherited(MAX_RECORDS * sizeof(*kept));
	memcpy(kept, view.records, view.nr * sizeof(*kept));
}

static void say_changed_records(void)
{
	const struct cowinspect_page *a, *b;
	int i;

	for (i = 0; i < view.nr; i++) {
		a = &kept[i];
		b = &view.records[i];
		if (memcmp(a, b, sizeof(*a)))
			differs("%llx: %s became %llx: %s", a->addr,
				record_text(a), b->addr, record_text(b));
	}
}

static void same(const char *what, uint64_t before, uint64_t after)
{
	if (before != after)
		differs("%d inspections changed %s", ROUNDS, what);
}

/**
 * check_steady - inspect the member viewed last, and compare
 */
void check_steady(void)
{
	struct state before = take(), after;

	keep_records();
	inspect();
	after = take();
	same("records", before.records, after.records);
	if (before.records != after.records)
		say_changed_records();
	same("kpagecount", before.page_counts, after.page_counts);
	same("kpageflags", before.page_flags, after.page_flags);
	same("pagemap", before.pagemap, after.pagemap);
	same("smaps", before.smaps, after.smaps);
	same("status", before.status, after.status);
	same("stat: faults, times", before.stat, after.stat);
}
