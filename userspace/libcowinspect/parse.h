/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Text and records of the module to structs. Nothing here does I/O, so all of
 * it can be fed made-up input.
 */
#ifndef COWI_PARSE_H
#define COWI_PARSE_H

#include "libcowinspect.h"

/**
 * cowi_parse_status - the status file
 * @text: its content, NUL-terminated
 * @st: filled in; release with cowi_status_release(), also after an error
 *
 * Unknown names are ignored, so a newer module can say more.
 *
 * Return: 0; -COWI_EABI; -COWI_EFORMAT if what records depend on (abi,
 * record_size, page_size) is missing or cannot be; -ENOMEM.
 */
int cowi_parse_status(const char *text, struct cowi_status *st);

/** cowi_status_release - free what cowi_parse_status() allocated */
void cowi_status_release(struct cowi_status *st);

/**
 * cowi_parse_summary - the summary file
 * @text: its content, NUL-terminated
 * @sum: filled in; totals that are not mentioned are not known
 *
 * Return: 0, or -COWI_EFORMAT for a line or number that cannot be read.
 */
int cowi_parse_summary(const char *text, struct cowi_totals *sum);

/**
 * cowi_parse_vmas - the vmas file
 * @text: its content, NUL-terminated
 * @vmas: filled in; for cowi_vmas_free(), also after an error
 *
 * Columns are found by the names in the header line.
 *
 * Return: 0; -COWI_EFORMAT; -ENOMEM.
 */
int cowi_parse_vmas(const char *text, struct cowi_vmas *vmas);

/**
 * cowi_parse_record - one record of the pages file
 * @buf: @size bytes; bytes that are not known yet are ignored
 * @size: record_size of the status file, at least sizeof(*rec)
 * @page_size: of the status file
 * @rec: filled in
 *
 * Return: 0, or -COWI_EFORMAT if the record cannot be true.
 */
int cowi_parse_record(const void *buf, size_t size, __u64 page_size,
		      struct cowinspect_page *rec);

/**
 * cowi_parse_faults - the faults file
 * @text: its content, NUL-terminated
 * @faults: filled in; counters that are not mentioned are not known
 *
 * Columns are found by the names in the header line.
 *
 * Return: 0, or -COWI_EFORMAT.
 */
int cowi_parse_faults(const char *text, struct cowi_faults *faults);

/* Base pages that one page table maps at most, as a power of two: with 64 KiB pages. */
#define COWI_MAX_TABLE_ORDER	13

/** cowi_record_end - first address after an entry, in bytes */
__u64 cowi_record_end(const struct cowinspect_page *rec, __u64 page_size);

#endif /* COWI_PARSE_H */
