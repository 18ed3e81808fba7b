// SPDX-License-Identifier: GPL-2.0
/*
 * The tool's parsers under libFuzzer. The first byte of the input is a letter
 * that chooses one, see parsers[]; the others are what it gets. None may crash or
 * read what is not there, which the sanitizers judge; and what is accepted has to
 * be sound, which is checked here.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "array_size.h"
#include "commands.h"
#include "grade.h"
#include "must.h"
#include "parse.h"
#include "procfs.h"
#include "trace.h"

static void status(const char *text, size_t len)
{
	struct cowi_status st;

	(void)len;
	if (!cowi_parse_status(text, &st)) {
		must(st.abi == COWINSPECT_ABI);
		must(st.record_size >= sizeof(struct cowinspect_page));
		must(st.page_size && !(st.page_size & (st.page_size - 1)));
		must(memchr(st.version, 0, sizeof(st.version)));
	}
	cowi_status_release(&st);
}

static void summary(const char *text, size_t len)
{
	struct cowi_totals sum;
	int i;

	(void)len;
	if (cowi_parse_summary(text, &sum))
		return;
	for (i = 0; i < COWI_NR_TOTALS; i++)
		must(sum.known[i] || !sum.value[i]);
}

static void vmas(const char *text, size_t len)
{
	struct cowi_vmas list;
	__u64 end = 0;
	size_t i;

	(void)len;
	if (!cowi_parse_vmas(text, &list)) {
		for (i = 0; i < list.nr; i++) {
			must(list.vma[i].start >= end);
			must(list.vma[i].end > list.vma[i].start);
			must(list.vma[i].name && strlen(list.vma[i].perms) < 8);
			end = list.vma[i].end;
		}
	}
	cowi_vmas_free(&list);
}

static void faults(const char *text, size_t len)
{
	struct cowi_faults counters;

	(void)len;
	cowi_parse_faults(text, &counters);
}

static void record(const char *text, size_t len)
{
	struct cowinspect_page rec;

	if (cowi_parse_record(text, len, 4096, &rec))
		return;
	must(cowi_record_end(&rec, 4096) > rec.addr);
	must(*cowi_kind_name(rec.kind) && *cowi_outcome_name(rec.outcome));
	must(*cowi_confidence_name(rec.confidence) &&
	     *cowi_counts_name(rec.counts));
}

static void range(const char *text, size_t len)
{
	struct range r;

	(void)len;
	if (parse_range(text, 4096, &r))
		return;
	must(r.start < r.end && !(r.start & 4095) && !(r.end & 4095));
}

static void size(const char *text, size_t len)
{
	__u64 bytes;

	(void)len;
	parse_size(text, &bytes);
}

static void pid(const char *text, size_t len)
{
	pid_t nr = 0;

	(void)len;
	must(parse_pid(text, &nr) || nr > 0);
}

static void maps(const char *text, size_t len)
{
	FILE *file = len ? fmemopen((void *)text, len, "r") : NULL;
	struct cowi_vmas list;
	size_t i;

	if (!file)
		return;
	cowi_maps_parse(file, &list);
	for (i = 0; i < list.nr; i++)
		must(list.vma[i].name && strlen(list.vma[i].perms) == 4);
	cowi_vmas_free(&list);
	fclose(file);
}

/* Papers to be marked come as files. */
static void answers(const char *text, size_t len)
{
	static int fd = -1;
	char path[32], *papers[] = { path, NULL };
	const char *failed;

	if (fd < 0)
		fd = memfd_create("answers", 0);
	if (ftruncate(fd, 0) || pwrite(fd, text, len, 0) != (ssize_t)len)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	grade_text(path, NULL);
	grade_results(papers, "a name", &failed);
}

static const struct {
	char letter;
	void (*parse)(const char *text, size_t len);
} parsers[] = {
	{ 's', status },
	{ 'u', summary },
	{ 'v', vmas },
	{ 'f', faults },
	{ 'r', record },
	{ 'g', range },
	{ 'z', size },
	{ 'p', pid },
	{ 'm', maps },
	{ 'a', answers },
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;
	size_t i;

	if (!size)
		return 0;
	/* Of just this length, so that a byte too many is noticed. */
	text = malloc(size);
	must(text);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	for (i = 0; i < ARRAY_SIZE(parsers); i++) {
		if (parsers[i].letter == data[0])
			parsers[i].parse(text, size - 1);
	}
	free(text);
	return 0;
}
