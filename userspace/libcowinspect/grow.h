/* SPDX-License-Identifier: GPL-2.0 */
#ifndef COWI_GROW_H
#define COWI_GROW_H

#include <stdlib.h>

/**
 * grow - room for one more element
 * @array: from here, or NULL
 * @nr: elements that it has; some may have been taken away
 * @size: bytes of one
 *
 * Return: the array, doubled whenever @nr is a power of two; NULL without memory,
 * when @array is as it was.
 */
static inline void *grow(void *array, size_t nr, size_t size)
{
	if (nr & (nr - 1) || (!nr && array))
		return array;
	return reallocarray(array, nr ? nr * 2 : 1, size);
}

#endif /* COWI_GROW_H */
