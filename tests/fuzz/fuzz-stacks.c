// SPDX-License-Identifier: GPL-2.0
/*
 * Stacks under libFuzzer: the first byte says of what. "m": the others are a
 * perf-PID.map. "d" and "f": they are records of the kernel, with registers and a piece
 * of stack, and with return addresses. "u": they are registers and a stack; "c": the
 * same, but first come EPILOGUE_BYTES of the code that was made at run time.
 *
 * Addresses whose first two bytes are CODE or MADE are moved to where there is code:
 * else no stack would have more than one function.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "array_size.h"
#include "must.h"
#define assert_true	must
#include "../host/records.h"
#include "epilogue.h"
#include "perfmap.h"
#include "procfs.h"
#include "symbols.h"
#include "unwind.h"

#define CODE	0xc0deull
#define MADE	0x3adeull

/* The process of the stream, and a number that no process has. */
#define LISTENED	100
#define NOBODY		0

static struct objects objects;
static struct space *space;
static struct cowi_mapping code[64];
static size_t nr_code;
static struct cowi_vmas vmas;	/* names of code are there */
static unsigned char *made;

/* ---- perf-PID.map ---- */

static void look_up(const struct perfmap *map, __u64 addr)
{
	const char *name = perfmap_find(map, addr);
	size_t i;

	for (i = 0; name && i < map->nr; i++) {
		if (map->entry[i].name == name)
			break;
	}
	must(!name || (i < map->nr && addr >= map->entry[i].start &&
		       addr < map->entry[i].end && name[0]));
}

static void read_map(const uint8_t *data, size_t len)
{
	FILE *file = fdopen(memfd_create("map", 0), "w+");
	struct perfmap map = { 0 };
	size_t i;

	must(file && fwrite(data, 1, len, file) == len);
	rewind(file);
	must(!perfmap_read(&map, file));
	fclose(file);
	look_up(&map, 0);
	look_up(&map, UINT64_MAX);
	for (i = 0; i < map.nr; i++) {
		must(!i || map.entry[i].start >= map.entry[i - 1].start);
		must(perfmap_find(&map, map.entry[i].start));
		look_up(&map, map.entry[i].end - 1);
		look_up(&map, map.entry[i].end);
	}
	perfmap_release(&map);
}

/* ---- unwinding ---- */

static void open_space(void)
{
	size_t i;

	made = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(made != MAP_FAILED && !cowi_maps_read(getpid(), &vmas));
	for (i = 0; i < vmas.nr; i++) {
		const struct cowi_vma *v = &vmas.vma[i];

		if (v->perms[2] != 'x' || nr_code == ARRAY_SIZE(code))
			continue;
		code[nr_code++] = (struct cowi_mapping){
			.start = v->start, .end = v->end, .offset = v->offset,
			.inode = v->inode, .name = v->name,
		};
	}
	space = space_open(&objects, getpid(), code, nr_code);
	must(space && space_gap(space, (__u64)made));
}

static __u64 placed(__u64 word)
{
	const struct cowi_mapping *m = &code[word % nr_code];

	if (word >> 48 == MADE)
		return (__u64)made + word % EPILOGUE_BYTES;
	if (word >> 48 != CODE)
		return word;
	return m->start + (word >> 8) % (m->end - m->start);
}

/* With addresses that are in code, or near the stack. */
static void place_all(struct cowi_stack *s, __u64 *memory)
{
	size_t i;

	s->pc = placed(s->pc);
	for (i = 0; i < COWI_NR_REGS; i++)
		s->reg[i] = placed(s->reg[i]);
	for (i = 0; i < s->nr_bytes / 8; i++)
		memory[i] = placed(memory[i]);
	s->memory = memory;
}

static void unwind_it(const struct cowi_stack *s)
{
	struct unwound u;

	unwind(space, s, &u);
	must(u.nr <= UNWIND_MAX && u.end < NR_STACK_ENDS);
	must(u.end == STACK_UNMAPPED || u.end == STACK_EMPTY ||
	     u.end == STACK_NO_REGS || u.end == STACK_32BIT || u.nr);
}

/* Of exactly as many bytes as it has: what is behind them is not to be read. */
static void unwind_made_up(const uint8_t *data, size_t len, pid_t pid)
{
	struct cowi_stack s = { .how = COWI_STACKS_DWARF, .pid = pid,
				.has_regs = true, .comm = "" };
	size_t head = sizeof(s.pc) + sizeof(s.sp) + sizeof(s.reg);
	__u64 *memory;

	if (len < head)
		return;
	memcpy(&s.pc, data, sizeof(s.pc));
	memcpy(&s.sp, data + sizeof(s.pc), sizeof(s.sp));
	memcpy(s.reg, data + sizeof(s.pc) + sizeof(s.sp), sizeof(s.reg));
	s.nr_bytes = len - head;
	memory = malloc(s.nr_bytes + 1);
	must(memory);
	memcpy(memory, data + head, s.nr_bytes);
	place_all(&s, memory);
#ifndef __aarch64__
	s.reg[7] = s.sp;
	s.reg[16] = s.pc;
#else
	s.reg[31] = s.sp;
#endif
	unwind_it(&s);
	free(memory);
}

static void unwind_with_code(const uint8_t *data, size_t len)
{
	struct epilogue e;

	if (len < EPILOGUE_BYTES)
		return;
	memcpy(made, data, EPILOGUE_BYTES);
	if (epilogue_read(data, EPILOGUE_BYTES, &e))
		must(e.size % 8 == 0);
	unwind_made_up(data + EPILOGUE_BYTES, len - EPILOGUE_BYTES, getpid());
}

/* ---- records ---- */

static bool is_inside(const struct perf_event_header *record, const void *what,
		      size_t size)
{
	size_t at = (const char *)what - (const char *)record;

	return !size || (at <= record->size && size <= record->size - at);
}

static void take_record(struct cowi_stream *s,
			const struct perf_event_header *record)
{
	struct cowi_stack stack;
	struct cowi_event e;
	int got = cowi_stream_translate(s, record, &e);

	must(got == 0 || got == 1 || got == -COWI_EFORMAT);
	if (got != 1 || e.kind != COWI_EVENT_FAULT || !e.stack)
		return;
	stack = *e.stack;
	must(is_inside(record, stack.ip, stack.nr_ips * sizeof(*stack.ip)) &&
	     is_inside(record, stack.memory, stack.nr_bytes));
	stack.pid = NOBODY;
	stack.pc = placed(stack.pc);
	unwind_it(&stack);
}

/* The kernel's records have the size that they say, a multiple of 8; all else is free. */
static void take_records(const uint8_t *data, size_t len, enum cowi_stacks how)
{
	struct perf_event_header header, *record;
	void *s;

	must(!setup_stream(&s));
	((struct cowi_stream *)s)->stacks = how;
	((struct cowi_stream *)s)->rings.stacks = how;
	((struct cowi_stream *)s)->stack_outcomes = UINT32_MAX;
	while (len >= sizeof(header)) {
		memcpy(&header, data, sizeof(header));
		header.size &= ~7;
		if (header.size < sizeof(header) || header.size > len)
			header.size = len & ~7;
		record = malloc(header.size);
		must(record);
		memcpy(record, data, header.size);
		*record = header;
		take_record(s, record);
		free(record);
		data += header.size;
		len -= header.size;
	}
	teardown_stream(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!space)
		open_space();
	if (!size)
		return 0;
	switch (*data++) {
	case 'm':
		read_map(data, size - 1);
		break;
	case 'd':
		take_records(data, size - 1, COWI_STACKS_DWARF);
		break;
	case 'f':
		take_records(data, size - 1, COWI_STACKS_FP);
		break;
	case 'u':
		unwind_made_up(data, size - 1, NOBODY);
		break;
	case 'c':
		unwind_with_code(data, size - 1);
		break;
	}
	return 0;
}
