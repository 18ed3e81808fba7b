/* SPDX-License-Identifier: GPL-2.0 */
/* A function of a library, which writes to a byte of each page. */
#ifndef COWINSPECT_TEST_SITES_LIBRARY_H
#define COWINSPECT_TEST_SITES_LIBRARY_H

/*
 * The end of a function that is one in a stack: what it calls last does not take its
 * place. With FRAMES, it has a frame pointer; GCC leaves that out where nothing is
 * called, whatever it is told. On riscv64 it leaves out the caller's address beside it,
 * where the kernel looks (user_backtrace() in arch/riscv/kernel, read in 6.12): without
 * that, frame pointers lead nowhere.
 */
static inline __attribute__((always_inline)) void stays(void)
{
#if defined(FRAMES) && defined(__riscv)
	asm volatile("" :: "r"(__builtin_frame_address(0)) : "memory", "ra");
#elif defined(FRAMES)
	asm volatile("" :: "r"(__builtin_frame_address(0)) : "memory");
#else
	asm volatile("" ::: "memory");
#endif
}

void library_writes(volatile char *at, int pages, long page);

#endif /* COWINSPECT_TEST_SITES_LIBRARY_H */
