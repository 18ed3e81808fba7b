/* SPDX-License-Identifier: GPL-2.0 */
/* Functions that actors run, for several labs. See actor_fn. */
#ifndef LAB_MEMORY_H
#define LAB_MEMORY_H

#include <linux/types.h>

/** mem_map - mmap() private anonymous memory: bytes, flags, address, madvice */
int mem_map(const __u64 *arg, __u64 *result);

/** mem_map_shared - the same, shared: bytes */
int mem_map_shared(const __u64 *arg, __u64 *result);

/** mem_map_file - mmap() a file, private: fd, bytes, address or 0 */
int mem_map_file(const __u64 *arg, __u64 *result);

/** mem_unmap - address, bytes */
int mem_unmap(const __u64 *arg, __u64 *result);

/** mem_advise - madvise(): address, bytes, advice */
int mem_advise(const __u64 *arg, __u64 *result);

/** mem_protect - mprotect(): address, bytes, PROT_* */
int mem_protect(const __u64 *arg, __u64 *result);

/** mem_fill - memset(): address, bytes, value */
int mem_fill(const __u64 *arg, __u64 *result);

/** mem_hello - write "hello", without a final 0: address */
int mem_hello(const __u64 *arg, __u64 *result);

/** mem_write_byte - address, value */
int mem_write_byte(const __u64 *arg, __u64 *result);

/** mem_set_int - address, value */
int mem_set_int(const __u64 *arg, __u64 *result);

/**
 * mem_into_pipe - put a page into a pipe, which lives as long as the actor
 * @arg: address, bytes
 * @result: not set
 *
 * It is mapped as often as before, and has one reference more.
 */
int mem_into_pipe(const __u64 *arg, __u64 *result);

/** mem_touch - read a byte of each page: address, pages, page size */
int mem_touch(const __u64 *arg, __u64 *result);

/**
 * mem_alloc - malloc() of so many bytes
 * @arg: bytes
 * @result: the first address of a page
 *
 * Few bytes less are taken, so that the block and malloc's own note before it
 * fill the pages exactly.
 */
int mem_alloc(const __u64 *arg, __u64 *result);

/** mem_free - free() of what mem_alloc() gave */
int mem_free(const __u64 *arg, __u64 *result);

/** mem_want_thp - let huge pages be used, which actors are started without */
int mem_want_thp(const __u64 *arg, __u64 *result);

/** text_file - the runner's: a temporary file with this content; fd or -errno */
int text_file(const char *content, size_t size);

#endif /* LAB_MEMORY_H */
