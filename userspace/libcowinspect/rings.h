/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Records out of the rings that perf_event_open() has for each CPU, in the order
 * of time.
 *
 * A ring is in the order of time, but what comes next may be in any of them, and
 * in one that has been looked at already. So a clock is read first, then all that
 * the rings have is copied; what is not younger than that clock is in order: who
 * caused a record had written its own before.
 */
#ifndef COWI_RINGS_H
#define COWI_RINGS_H

#include <asm/perf_regs.h>
#include <linux/perf_event.h>
#include <stdbool.h>
#include <stddef.h>

#include "libcowinspect_stream.h"

/*
 * What struct perf_event_attr's sample_type is to be. With COWI_STACKS_FP, all events
 * of a ring have PERF_SAMPLE_CALLCHAIN as well, where there may be nothing in it; with
 * COWI_STACKS_DWARF, those that have a stack have PERF_SAMPLE_REGS_USER and
 * PERF_SAMPLE_STACK_USER, of which the others have nothing.
 */
#define COWI_SAMPLE_TYPE \
	(PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_RAW)

/* The registers that are asked for: those of a program, but for segments. */
#ifdef __aarch64__
#define COWI_REGS_MASK	((1ULL << PERF_REG_ARM64_MAX) - 1)
#elif defined(__riscv)
#define COWI_REGS_MASK	((1ULL << PERF_REG_RISCV_MAX) - 1)
#else
#define COWI_REGS_MASK	((1ULL << PERF_REG_X86_64_MAX) - 1 - \
			 (0xfULL << PERF_REG_X86_DS))
#endif

/**
 * struct cowi_sample_id - what each record that is no sample ends with
 * @pid: process that made it
 * @tid: its thread
 * @time: CLOCK_MONOTONIC, in nanoseconds
 */
struct cowi_sample_id {
	__u32 pid;
	__u32 tid;
	__u64 time;
};

/**
 * struct cowi_sample - a sample, taken apart; it points into its record
 * @id: as above
 * @nr_ips: entries in @ip
 * @ip: its call chain
 * @raw_size: bytes of @raw
 * @raw: the tracepoint's record
 * @abi: enum perf_sample_regs_abi
 * @reg: as many as COWI_REGS_MASK has bits, unless @abi is that for none
 * @nr_bytes: of @memory
 * @memory: a piece of stack
 */
struct cowi_sample {
	const struct cowi_sample_id *id;
	size_t nr_ips;
	const __u64 *ip;
	size_t raw_size;
	const char *raw;
	__u64 abi;
	const __u64 *reg;
	size_t nr_bytes;
	const void *memory;
};

/**
 * struct cowi_ring - one of the rings
 * @page: shared with the kernel; NULL for none
 * @data: behind it: the records
 * @size: bytes of @data, a power of two
 * @last: time of the last record that was read
 */
struct cowi_ring {
	struct perf_event_mmap_page *page;
	const char *data;
	size_t size;
	__u64 last;
};

/**
 * struct cowi_queued - a record that was read
 * @time: of it
 * @offset: in the memory of struct cowi_rings
 */
struct cowi_queued {
	__u64 time;
	size_t offset;
};

/**
 * struct cowi_rings - all of them
 * @stacks: what samples have
 * @nr: entries in @ring
 * @ring: one for each CPU
 * @memory: records that were read, each aligned to 8 bytes
 * @used: bytes of @memory
 * @room: bytes that @memory has
 * @nr_queued: entries in @queue
 * @next: of @queue, the one to be handed out
 * @queue_room: entries that @queue has room for
 * @queue: records of @memory, in order once they are handed out
 * @horizon: records up to this time are in order
 */
struct cowi_rings {
	enum cowi_stacks stacks;
	size_t nr;
	struct cowi_ring *ring;
	char *memory;
	size_t used;
	size_t room;
	size_t nr_queued;
	size_t next;
	size_t queue_room;
	struct cowi_queued *queue;
	__u64 horizon;
};

/**
 * cowi_rings_next - the next record
 * @r: rings
 * @now: the clock as it is now, or UINT64_MAX once no more are written
 * @record: set to it; valid until the next call
 *
 * Return: 1; 0 if there is none that is in order; -COWI_EFORMAT for a ring that
 * makes no sense; -ENOMEM.
 */
int cowi_rings_next(struct cowi_rings *r, __u64 now,
		    const struct perf_event_header **record);

/** cowi_rings_release - free what cowi_rings_next() has allocated */
void cowi_rings_release(struct cowi_rings *r);

/**
 * cowi_sample_take - take a sample apart
 * @record: of type PERF_RECORD_SAMPLE
 * @stacks: what it has
 * @sample: filled in
 *
 * Return: 0, or -COWI_EFORMAT if it is not as long as what it says it has.
 */
int cowi_sample_take(const struct perf_event_header *record,
		     enum cowi_stacks stacks, struct cowi_sample *sample);

/** cowi_sample_id - the end of a record that is no sample */
const struct cowi_sample_id *
cowi_sample_id(const struct perf_event_header *record);

#endif /* COWI_RINGS_H */
