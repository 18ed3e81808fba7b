/* SPDX-License-Identifier: GPL-2.0 */
#ifndef COWI_ARRAY_SIZE_H
#define COWI_ARRAY_SIZE_H

/* Number of elements of an array (not of a pointer). */
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif /* COWI_ARRAY_SIZE_H */
