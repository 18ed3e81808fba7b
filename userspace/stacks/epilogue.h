/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Code that was made at run time has no unwind information, and need not keep frame
 * pointers: CPython's trampolines do neither. What it does until it returns can be read
 * from the code itself, where that is nothing but giving back its stack frame.
 */
#ifndef STACKS_EPILOGUE_H
#define STACKS_EPILOGUE_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/types.h>

/* Of DWARF's numbers for x86-64: rax to r15. */
#define EPILOGUE_REGS	16

/* As long as it may be. */
#define EPILOGUE_BYTES	48

/**
 * struct epilogue - what is taken from the stack
 * @size: bytes up to the return address
 * @restored: registers, a bit each, by DWARF's numbers
 * @from: where each of these is, in bytes from where the stack pointer was
 */
struct epilogue {
	__u64 size;
	unsigned int restored;
	__u64 from[EPILOGUE_REGS];
};

/**
 * epilogue_read - what code does from where a function that it called returns to
 * @code: from there on
 * @nr: bytes of it, of which EPILOGUE_BYTES are looked at
 * @out: filled in
 *
 * Return: whether it adds to the stack pointer, pops and returns, and nothing else;
 * always false on other machines than x86-64.
 */
bool epilogue_read(const unsigned char *code, size_t nr, struct epilogue *out);

#endif /* STACKS_EPILOGUE_H */
