/* SPDX-License-Identifier: GPL-2.0 */
/* The manifest of a snapshot: cowinspect-snapshot(5). No I/O, no trust. */
#ifndef COWI_SNAPSHOT_H
#define COWI_SNAPSHOT_H

#include "libcowinspect.h"

/** COWI_SNAPSHOT_FORMAT - the version that is written, and the latest one read */
#define COWI_SNAPSHOT_FORMAT	1

/**
 * cowi_parse_manifest - a manifest
 * @text: its content, NUL-terminated
 * @s: filled in; for cowi_snapshot_release(), also after an error
 *
 * Names that are not known are passed over.
 *
 * Return: 0; -COWI_ENEWER; -COWI_ESNAPSHOT for what cannot be understood; -ENOMEM.
 */
int cowi_parse_manifest(const char *text, struct cowi_snapshot *s);
void cowi_snapshot_release(struct cowi_snapshot *s);

#endif /* COWI_SNAPSHOT_H */
