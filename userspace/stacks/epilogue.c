// SPDX-License-Identifier: GPL-2.0
/* The few instructions of x86-64 that give a stack frame back: Intel's manual, volume 2. */
#include <string.h>

#include "epilogue.h"

#ifdef __x86_64__

#define REX_B		0x41
#define POP		0x58
#define RET		0xc3

/* One after the other, the stack pointer of DWARF's numbers left out. */
static const signed char number_of[EPILOGUE_REGS] = {
	0, 2, 1, 3, -1, 6, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15,
};

/* "pop": how many bytes it has, or 0. */
static size_t read_pop(const unsigned char *code, size_t nr,
		       struct epilogue *out)
{
	size_t prefix = nr > 1 && code[0] == REX_B;
	int number;

	if ((code[prefix] & ~7) != POP)
		return 0;
	number = number_of[(code[prefix] & 7) + 8 * prefix];
	if (number < 0)
		return 0;
	out->restored |= 1U << number;
	out->from[number] = out->size;
	out->size += 8;
	return prefix + 1;
}

/* "add" of a constant to the stack pointer: the same. */
static size_t read_add(const unsigned char *code, size_t nr,
		       struct epilogue *out)
{
	static const unsigned char small[] = { 0x48, 0x83, 0xc4 };
	static const unsigned char large[] = { 0x48, 0x81, 0xc4 };
	__s32 value;

	if (nr >= 4 && !memcmp(code, small, sizeof(small))) {
		value = (signed char)code[3];
		nr = 4;
	} else if (nr >= 7 && !memcmp(code, large, sizeof(large))) {
		memcpy(&value, code + 3, sizeof(value));
		nr = 7;
	} else {
		return 0;
	}
	if (value < 0 || value % 8)
		return 0;
	out->size += value;
	return nr;
}

bool epilogue_read(const unsigned char *code, size_t nr, struct epilogue *out)
{
	size_t at, size;

	memset(out, 0, sizeof(*out));
	if (nr > EPILOGUE_BYTES)
		nr = EPILOGUE_BYTES;
	for (at = 0; at < nr && code[at] != RET; at += size) {
		size = read_pop(code + at, nr - at, out);
		if (!size)
			size = read_add(code + at, nr - at, out);
		if (!size)
			return false;
	}
	return at < nr;
}

#else

bool epilogue_read(const unsigned char *code, size_t nr, struct epilogue *out)
{
	(void)code;
	(void)nr;
	(void)out;
	return false;
}

#endif
