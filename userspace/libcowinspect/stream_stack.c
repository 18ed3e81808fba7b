// SPDX-License-Identifier: GPL-2.0
/* The stacks that samples have. */
#include <errno.h>
#include <string.h>

#include "procfs.h"
#include "stream.h"

/*
 * Who writes to the memory of another process need not be listened to: what it has
 * mapped is in /proc, as long as it is there itself.
 */
static int find_writer(struct cowi_stream *s, pid_t pid)
{
	struct cowi_proc *proc;
	struct cowi_procstat st;
	int err;

	if (!s->own_procfs || cowi_procs_find(&s->procs, pid))
		return 0;
	proc = cowi_procs_find(&s->writers, pid);
	if (proc && cowi_stream_now() < proc->looked + STREAM_LOOK_PAUSE)
		return 0;
	if (cowi_procstat(pid, &st))
		return 0;
	proc = cowi_procs_add(&s->writers, pid, NULL);
	if (!proc)
		return -ENOMEM;
	memcpy(proc->comm, st.comm, sizeof(proc->comm));
	err = cowi_stream_look(s, proc);
	cowi_procs_end(&s->writers, proc);
	return err;
}

/* Where a register of DWARF's numbers is among those of a sample. */
static unsigned int place_of(unsigned int dwarf)
{
#if defined(__aarch64__) || defined(__riscv)
	/* Of riscv64, the first one is pc in place of the register that is always 0. */
	return dwarf;
#else
	/* rax, rdx, rcx, rbx, rsi, rdi, rbp, rsp, r8 to r15 */
	static const unsigned char bit[] = {
		PERF_REG_X86_AX, PERF_REG_X86_DX, PERF_REG_X86_CX,
		PERF_REG_X86_BX, PERF_REG_X86_SI, PERF_REG_X86_DI,
		PERF_REG_X86_BP, PERF_REG_X86_SP, PERF_REG_X86_R8,
		PERF_REG_X86_R9, PERF_REG_X86_R10, PERF_REG_X86_R11,
		PERF_REG_X86_R12, PERF_REG_X86_R13, PERF_REG_X86_R14,
		PERF_REG_X86_R15,
	};
	unsigned int place = dwarf < sizeof(bit) ? bit[dwarf] : PERF_REG_X86_IP;

	return __builtin_popcountll(COWI_REGS_MASK & ((1ULL << place) - 1));
#endif
}

#ifdef __aarch64__
#define PLACE_OF_PC	PERF_REG_ARM64_PC
#define PLACE_OF_SP	PERF_REG_ARM64_SP
#define NR_DWARF	32
#elif defined(__riscv)
#define PLACE_OF_PC	PERF_REG_RISCV_PC
#define PLACE_OF_SP	PERF_REG_RISCV_SP
#define NR_DWARF	32
#else
#define PLACE_OF_PC	place_of(16)
#define PLACE_OF_SP	place_of(7)
#define NR_DWARF	17
#endif

static void take_registers(struct cowi_stack *stack,
			   const struct cowi_sample *sample)
{
	unsigned int i;

	stack->is_32bit = sample->abi == PERF_SAMPLE_REGS_ABI_32;
	stack->has_regs = sample->abi == PERF_SAMPLE_REGS_ABI_64;
	if (!stack->has_regs)
		return;
	for (i = 0; i < NR_DWARF; i++)
		stack->reg[i] = sample->reg[place_of(i)];
	stack->pc = sample->reg[PLACE_OF_PC];
	stack->sp = sample->reg[PLACE_OF_SP];
	stack->nr_bytes = sample->nr_bytes;
	stack->memory = sample->memory;
}

int cowi_stream_take_stack(struct cowi_stream *s,
			   const struct cowi_sample *sample,
			   struct cowi_event *e)
{
	struct cowi_stack *stack = &s->stack;
	const struct cowi_proc *proc;
	int err;

	if (!s->stacks || e->outcome >= 32 ||
	    !(s->stack_outcomes & 1U << e->outcome))
		return 0;
	err = find_writer(s, sample->id->pid);
	if (err)
		return err;
	memset(stack, 0, sizeof(*stack));
	stack->pid = sample->id->pid;
	stack->tid = sample->id->tid;
	proc = cowi_stream_proc(s, stack->pid);
	stack->comm = proc ? proc->comm : "";
	stack->how = s->stacks;
	stack->nr_ips = sample->nr_ips;
	stack->ip = sample->ip;
	take_registers(stack, sample);
	e->stack = stack;
	return 0;
}
