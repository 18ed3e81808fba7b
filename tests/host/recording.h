/* SPDX-License-Identifier: GPL-2.0 */
/* Makes directories that look like copies of the module's files. */
#ifndef TESTS_HOST_RECORDING_H
#define TESTS_HOST_RECORDING_H

#include <stdio.h>
#include <sys/stat.h>

#include "libcowinspect.h"

static inline FILE *recording_file(const char *dir, const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return fopen(path, "w");
}

static inline void recording_text(const char *dir, const char *name,
				  const char *text)
{
	FILE *f = recording_file(dir, name);

	fputs(text, f);
	fclose(f);
}

static inline void recording_status(const char *dir, size_t record_size)
{
	FILE *f = recording_file(dir, "status");

	fprintf(f,
		"version: 9.9\nabi: %d\nrecord_size: %zu\npage_size: 4096\n"
		"kernel: 6.1.0-test\nrules: 5.19\nmapcount: exact\n"
		"refcount: exact\nfolio_mapcount: absent\nexclusive: exact\n"
		"soft_dirty: exact\nuffd_wp: exact\nmax_targets: 256\n"
		"targets: 2\ntargets_held: 2\nlock_hold_max: 1234\n"
		"hold_mmap: 1234 0:1 10:7\nobserver: kretprobe\n"
		"observer_error: -2\n"
		"target: 77 running\ntarget: 79 running\n",
		COWINSPECT_ABI, record_size);
	fclose(f);
}

/* The next record; what is longer than we know is filled with rubbish. */
static inline void recording_page(FILE *f, size_t record_size,
				  const struct cowinspect_page *rec)
{
	size_t i;

	fwrite(rec, sizeof(*rec), 1, f);
	for (i = sizeof(*rec); i < record_size; i++)
		fputc(0xa5, f);
}

#endif /* TESTS_HOST_RECORDING_H */
