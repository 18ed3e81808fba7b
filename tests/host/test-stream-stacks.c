// SPDX-License-Identifier: GPL-2.0
/* Stacks in the stream of faults, on made-up records of the kernel. */
#include "test.h"

#include "records.h"

#define REGS	__builtin_popcountll(COWI_REGS_MASK)
#define STACK	64	/* bytes of a piece of stack */

static struct built pad(struct built b)
{
	while (b.size % 8)
		put(&b, "", 1);
	b.header.size = b.size;
	return b;
}

/* A fault with registers and a piece of stack, of which @used bytes were there. */
static struct built fault_dwarf(__u32 pid, __u8 outcome, __u64 abi, __u64 size,
				__u64 used)
{
	struct built b = pad(fault(pid, 0x5000, COWI_E_WRITE | COWI_E_USER,
				   outcome, COWI_VMA_ANON, 5));
	int i;

	put64(&b, abi);
	for (i = 0; abi && i < REGS; i++)
		put64(&b, 1000 + i);
	put64(&b, size);
	for (i = 0; i < (int)size / 8; i++)
		put64(&b, i);
	if (size)
		put64(&b, used);
	b.header.size = b.size;
	return b;
}

/* The same with return addresses, which stand before all else. */
static struct built fault_chain(__u32 pid, __u8 outcome, __u64 nr, int there)
{
	struct built plain = fault(pid, 0x5000, COWI_E_WRITE | COWI_E_USER,
				   outcome, COWI_VMA_ANON, 5), b;
	size_t before = sizeof(b.header) + sizeof(struct cowi_sample_id);
	int i;

	memset(&b, 0, sizeof(b));
	put(&b, plain.bytes, before);
	put64(&b, nr);
	for (i = 0; i < there; i++)
		put64(&b, 0x1000 * i);
	put(&b, plain.bytes + before, plain.size - before);
	return pad(b);
}

static void listen_for(struct cowi_stream *s, enum cowi_stacks stacks)
{
	s->stacks = stacks;
	s->rings.stacks = stacks;
	s->stack_outcomes = 1 << COWI_DID_COPIED;
}

static void registers(void **state)
{
	struct cowi_stream *s = *state;
	struct cowi_event e;

	listen_for(s, COWI_STACKS_DWARF);
	assert_int_equal(1, translate(s, fault_dwarf(100, COWI_DID_COPIED,
						     PERF_SAMPLE_REGS_ABI_64,
						     STACK, 48), &e));
	assert_non_null(e.stack);
	assert_int_equal(100, e.stack->pid);
	assert_int_equal(1100, e.stack->tid);
	assert_true(e.stack->has_regs && !e.stack->is_32bit);
#ifdef __aarch64__
	assert_int_equal(1000 + PERF_REG_ARM64_PC, e.stack->pc);
	assert_int_equal(1000 + PERF_REG_ARM64_SP, e.stack->sp);
	assert_int_equal(1029, e.stack->reg[29]);
#else
	/* Segments are left out between ss and r8. */
	assert_int_equal(1000 + PERF_REG_X86_IP, e.stack->pc);
	assert_int_equal(1000 + PERF_REG_X86_SP, e.stack->sp);
	assert_int_equal(1000 + PERF_REG_X86_DX, e.stack->reg[1]);
	assert_int_equal(1012, e.stack->reg[8]);
	assert_int_equal(1019, e.stack->reg[15]);
	assert_int_equal(e.stack->pc, e.stack->reg[16]);
#endif
	assert_int_equal(48, e.stack->nr_bytes);
	assert_int_equal(3, ((const __u64 *)e.stack->memory)[3]);
	/* Of a thread of the kernel, of a program of 32 bits, of no stack. */
	assert_int_equal(1, translate(s, fault_dwarf(100, COWI_DID_COPIED,
						     PERF_SAMPLE_REGS_ABI_NONE,
						     0, 0), &e));
	assert_true(e.stack && !e.stack->has_regs && !e.stack->is_32bit);
	assert_int_equal(1, translate(s, fault_dwarf(100, COWI_DID_COPIED,
						     PERF_SAMPLE_REGS_ABI_32,
						     STACK, 0), &e));
	assert_true(e.stack && !e.stack->has_regs && e.stack->is_32bit);
	/* Outcomes that have none. */
	assert_int_equal(1, translate(s, fault(100, 0x5000, 0, COWI_DID_REUSED,
					       COWI_VMA_ANON, 5), &e));
	assert_null(e.stack);
}

static void return_addresses(void **state)
{
	struct cowi_stream *s = *state;
	struct cowi_event e;

	listen_for(s, COWI_STACKS_FP);
	assert_int_equal(1, translate(s, fault_chain(100, COWI_DID_COPIED, 3, 3),
				      &e));
	assert_int_equal(0x5000, e.addr);
	assert_int_equal(3, e.stack->nr_ips);
	assert_int_equal(0x2000, e.stack->ip[2]);
	assert_false(e.stack->has_regs);
	assert_int_equal(1, translate(s, fault_chain(100, COWI_DID_REUSED, 0, 0),
				      &e));
	assert_null(e.stack);
}

static void assert_bad(enum cowi_stacks stacks, struct built b, size_t size)
{
	struct cowi_sample sample;

	b.header.size = size;
	assert_int_equal(-COWI_EFORMAT,
			 cowi_sample_take(&b.header, stacks, &sample));
}

/* Of a record that ends too early, or has a size that cannot be, nothing is taken. */
static void bad_stacks(void **state)
{
	struct built b = fault_dwarf(100, 0, PERF_SAMPLE_REGS_ABI_64, STACK, 48);
	size_t plain = pad(fault(100, 0, 0, 0, 0, 0)).size, size;
	struct cowi_sample sample;

	(void)state;
	assert_int_equal(0, cowi_sample_take(&b.header, COWI_STACKS_DWARF,
					     &sample));
	for (size = plain + 8; size < b.size; size += 8)
		assert_bad(COWI_STACKS_DWARF, b, size);
	b = fault_dwarf(100, 0, PERF_SAMPLE_REGS_ABI_64, STACK, STACK + 1);
	assert_bad(COWI_STACKS_DWARF, b, b.size);
	b = fault_dwarf(100, 0, PERF_SAMPLE_REGS_ABI_64, 8, 8);
	memset(b.bytes + b.size - 24, 0xff, 8);
	assert_bad(COWI_STACKS_DWARF, b, b.size);
	b.bytes[b.size - 24] = 0xf8;
	assert_bad(COWI_STACKS_DWARF, b, b.size);
	/* More addresses than there can be. */
	b = fault_chain(100, 0, (__u64)-1, 3);
	assert_bad(COWI_STACKS_FP, b, b.size);
	b = fault_chain(100, 0, 1ull << 61, 3);
	assert_bad(COWI_STACKS_FP, b, b.size);
	b = fault_chain(100, 0, 12, 3);
	assert_bad(COWI_STACKS_FP, b, b.size);
	for (size = sizeof(b.header); size < plain; size += 8)
		assert_bad(COWI_STACKS_NONE, fault(100, 0, 0, 0, 0, 0), size);
}

/* A number for the code that is mapped: the same for a child, another after a change. */
static void code(void **state)
{
	struct cowi_stream *s = *state;
	struct cowi_proc *proc = cowi_procs_find(&s->procs, 100), *child;
	struct cowi_mapping text = { .start = 0x1000, .end = 0x3000,
				     .offset = 0x4000, .inode = 7,
				     .perms = "r-xp", .name = "/a" };
	struct cowi_mapping data = { .start = 0x2000, .end = 0x2800,
				     .perms = "rw-p", .name = "" };
	const struct cowi_mapping *m;
	__u64 number;

	assert_true(!cowi_stream_code(s, 100));
	assert_int_equal(0, cowi_proc_map(proc, &text));
	number = cowi_stream_code(s, 100);
	assert_true(number != 0);
	child = cowi_procs_add(&s->procs, 101, proc);
	assert_non_null(child);
	assert_true(cowi_stream_code(s, 101) == number);
	/* Memory without code elsewhere changes nothing, in the middle of code it does. */
	data.start += 0x10000;
	data.end += 0x10000;
	assert_int_equal(0, cowi_proc_map(child, &data));
	assert_true(cowi_stream_code(s, 101) == number);
	data.start -= 0x10000;
	data.end -= 0x10000;
	assert_int_equal(0, cowi_proc_map(child, &data));
	assert_true(cowi_stream_code(s, 101) != number);
	assert_true(cowi_stream_code(s, 100) == number);
	/* What is behind it is further in the file. */
	m = cowi_stream_mapping(s, 101, 2);
	assert_non_null(m);
	assert_int_equal(0x2800, m->start);
	assert_int_equal(0x5800, m->offset);
	assert_int_equal(7, m->inode);
	assert_null(cowi_stream_mapping(s, 101, 4));
	assert_null(cowi_stream_mapping(s, 999, 0));
	assert_true(!cowi_stream_code(s, 999));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STREAM_TEST(registers),
		STREAM_TEST(return_addresses),
		cmocka_unit_test(bad_stacks),
		STREAM_TEST(code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
