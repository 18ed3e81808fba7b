/* SPDX-License-Identifier: GPL-2.0 */
/* ps --prometheus */
#ifndef PS_PROMETHEUS_H
#define PS_PROMETHEUS_H

#include <stdio.h>

#include "read.h"

/**
 * prometheus_write - sums by command and of all, in Prometheus' text format
 * @r: the processes
 * @out: where to
 *
 * Return: 0 or -ENOMEM.
 */
int prometheus_write(const struct reading *r, FILE *out);

#endif /* PS_PROMETHEUS_H */
