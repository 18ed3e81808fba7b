// SPDX-License-Identifier: GPL-2.0
/* From registers and a piece of stack to addresses of code. */
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "epilogue.h"
#include "unwind.h"

/* What is there, up to the first call and a jump. */
#define ENTRY_BYTES	64

/* libdw's numbers for the only thread that it is told of. */
#define THREAD	1

/**
 * struct work - a stack being unwound
 * @space: its code
 * @stack: what is known of it
 * @out: what comes out
 * @short_of: something above the piece of stack was asked for
 * @unreadable: something else that there is not was asked for
 * @above: libdw is to begin anew, above code that it knows nothing of
 * @pc: where: in the instruction that called
 * @known: registers that are known there, a bit each, by DWARF's numbers
 * @reg: of these
 */
struct work {
	struct space *space;
	const struct cowi_stack *stack;
	struct unwound *out;
	bool short_of;
	bool unreadable;
	bool above;
	__u64 pc;
	unsigned int known;
	__u64 reg[EPILOGUE_REGS];
};

/* The work that libdw is doing, which it has no argument for. */
static struct work *current;

static pid_t next_thread(Dwfl *dwfl, void *arg, void **thread_arg)
{
	(void)dwfl;
	(void)arg;
	if (*thread_arg)
		return 0;
	*thread_arg = current;
	return THREAD;
}

/* Memory that is never written to is as the file has it. */
static bool read_file(struct space *space, Dwarf_Addr addr, Dwarf_Word *word)
{
	GElf_Addr bias;
	__u64 moved;
	Dwfl_Module *module = space_module(space, addr, &moved);
	Elf *elf = module ? dwfl_module_getelf(module, &bias) : NULL;
	Elf_Data *data;
	GElf_Phdr ph;
	size_t nr = 0, i;

	if (!elf || elf_getphdrnum(elf, &nr))
		return false;
	addr -= bias;
	for (i = 0; i < nr; i++) {
		if (!gelf_getphdr(elf, i, &ph) || ph.p_type != PT_LOAD ||
		    ph.p_flags & PF_W || addr < ph.p_vaddr ||
		    addr - ph.p_vaddr + sizeof(*word) > ph.p_filesz)
			continue;
		data = elf_getdata_rawchunk(elf, addr - ph.p_vaddr + ph.p_offset,
					    sizeof(*word), ELF_T_BYTE);
		if (!data)
			return false;
		memcpy(word, data->d_buf, sizeof(*word));
		return true;
	}
	return false;
}

/* Else it is in memory that is no longer there, or no address of code at all. */
static bool is_code(const struct space *space, __u64 addr)
{
	return dwfl_addrmodule(space->dwfl, addr) || space_gap(space, addr);
}

#ifdef __aarch64__

/*
 * Functions may sign the address that they return to: then the bits that it does not
 * need have a code. How many these are depends on the kernel, and perf does not tell;
 * so does what else has bits there. It is one if there is code where it leads without
 * them: of addresses with 52, 48, 42 or 39 bits, as the architecture's kernels have.
 */
static Dwarf_Word without_code(const struct space *space, Dwarf_Word word)
{
	static const unsigned char bits[] = { 52, 48, 42, 39 };
	Dwarf_Word plain;
	size_t i;

	for (i = 0; i < sizeof(bits); i++) {
		plain = word & ((1ULL << bits[i]) - 1);
		if (plain != word && is_code(space, plain))
			return plain;
	}
	return word;
}

#else

static Dwarf_Word without_code(const struct space *space, Dwarf_Word word)
{
	(void)space;
	return word;
}

#endif

static bool read_word(struct work *work, __u64 addr, Dwarf_Word *word)
{
	const struct cowi_stack *stack = work->stack;
	__u64 at = addr - stack->sp;

	if (stack->nr_bytes >= sizeof(*word) &&
	    at <= stack->nr_bytes - sizeof(*word)) {
		memcpy(word, (const char *)stack->memory + at, sizeof(*word));
		*word = without_code(work->space, *word);
		return true;
	}
	if (read_file(work->space, addr, word))
		return true;
	if (addr >= stack->sp)
		work->short_of = true;
	else
		work->unreadable = true;
	return false;
}

static bool read_memory(Dwfl *dwfl, Dwarf_Addr addr, Dwarf_Word *word, void *arg)
{
	(void)dwfl;
	(void)arg;
	return read_word(current, addr, word);
}

/* ---- code that was made at run time ---- */

#ifdef __x86_64__

/* In /proc/PID/pagemap. */
#define PAGE_PRESENT	(1ULL << 63)

#define DWARF_SP	7
#define DWARF_RIP	16

static bool set_registers_above(Dwfl_Thread *thread)
{
	Dwarf_Word pc = current->pc, word;
	int i;

	for (i = 0; i < EPILOGUE_REGS; i++) {
		word = current->reg[i];
		if (current->known & 1U << i &&
		    !dwfl_thread_state_registers(thread, i, 1, &word))
			return false;
	}
	return dwfl_thread_state_registers(thread, DWARF_RIP, 1, &pc);
}

/* Of /proc/PID/NAME: how many bytes there are. */
static size_t read_at(pid_t pid, const char *name, __u64 at, void *to,
		      size_t size)
{
	char path[32];
	ssize_t nr = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		nr = pread(fd, to, size, at);
		close(fd);
	}
	return nr > 0 ? nr : 0;
}

/* To read what is not present would be a fault there, and change what we look at. */
static size_t read_code(pid_t pid, __u64 addr, unsigned char *code, size_t size)
{
	__u64 page = sysconf(_SC_PAGESIZE), entry;

	if (read_at(pid, "pagemap", addr / page * sizeof(entry), &entry,
		    sizeof(entry)) < sizeof(entry) || !(entry & PAGE_PRESENT))
		return 0;
	if (size > page - addr % page)
		size = page - addr % page;
	return read_at(pid, "mem", addr, code, size);
}

static void take_known(struct work *work, Dwfl_Frame *frame)
{
	Dwarf_Word word;
	int i;

	work->known = 0;
	for (i = 0; i < EPILOGUE_REGS; i++) {
		if (dwfl_frame_reg(frame, i, &word))
			continue;
		work->known |= 1U << i;
		work->reg[i] = word;
	}
}

/* Do what the code will do: then registers are as in its caller. */
static bool follow(struct work *work, const struct epilogue *e)
{
	__u64 sp = work->reg[DWARF_SP];
	Dwarf_Word word;
	int i;

	for (i = 0; i < EPILOGUE_REGS; i++) {
		if (!(e->restored & 1U << i))
			continue;
		if (!read_word(work, sp + e->from[i], &word))
			return false;
		work->reg[i] = word;
		work->known |= 1U << i;
	}
	if (!read_word(work, sp + e->size, &word))
		return false;
	work->reg[DWARF_SP] = sp + e->size + sizeof(word);
	work->pc = word - 1;
	return true;
}

/*
 * Whether libdw has to begin anew, in the caller of @frame, which is at @pc in code of no
 * file. If its end is not as simple as that, there may be a frame pointer, as libdw
 * thinks.
 */
static bool go_above(struct work *work, Dwfl_Frame *frame, __u64 pc)
{
	const struct space_gap *gap = space_gap(work->space, pc);
	unsigned char code[EPILOGUE_BYTES];
	struct epilogue e;
	size_t nr;

	if (!gap || gap->why != STACK_NO_OBJECT)
		return false;
	nr = read_code(work->stack->pid, pc, code, sizeof(code));
	if (!epilogue_read(code, nr, &e))
		return false;
	take_known(work, frame);
	/* With dwfl_frame_pc(), libdw has looked one further, by a guess. */
	work->short_of = false;
	work->unreadable = false;
	work->above = work->known & 1U << DWARF_SP && follow(work, &e);
	return work->above;
}

#else

static bool set_registers_above(Dwfl_Thread *thread)
{
	(void)thread;
	return false;
}

/* There, what is made at run time has frame pointers, which libdw follows. */
static bool go_above(struct work *work, Dwfl_Frame *frame, __u64 pc)
{
	(void)work;
	(void)frame;
	(void)pc;
	return false;
}

#endif

static bool set_registers(Dwfl_Thread *thread, void *arg)
{
	const struct cowi_stack *stack = current->stack;
	Dwarf_Word reg[COWI_NR_REGS];
	size_t i;

	(void)arg;
	if (current->above)
		return set_registers_above(thread);
	for (i = 0; i < COWI_NR_REGS; i++)
		reg[i] = without_code(current->space, stack->reg[i]);
#if defined(__aarch64__) || defined(__riscv)
	dwfl_thread_state_register_pc(thread, stack->pc);
	return dwfl_thread_state_registers(thread, 0, 32, reg);
#else
	/* The last one is rip. */
	return dwfl_thread_state_registers(thread, 0, 17, reg);
#endif
}

static int take_frame(Dwfl_Frame *frame, void *arg)
{
	struct unwound *out = current->out;
	bool activation;
	Dwarf_Addr pc;

	(void)arg;
	/* libdw would go on without it, by what may be no frame pointer at all. */
	if (current->short_of || current->unreadable ||
	    !dwfl_frame_pc(frame, &pc, &activation))
		return DWARF_CB_ABORT;
	if (out->nr == UNWIND_MAX) {
		out->end = STACK_DEEP;
		return DWARF_CB_ABORT;
	}
	/* Where we have libdw begin anew is a call, too: inside of it. */
	if (current->above) {
		activation = false;
		pc++;
	}
	/* A call may be the last instruction of its function. */
	out->addr[out->nr++] = activation ? pc : pc - 1;
	current->above = false;
	return go_above(current, frame, pc) ? DWARF_CB_ABORT : DWARF_CB_OK;
}

static bool attach(struct space *space)
{
	static const Dwfl_Thread_Callbacks callbacks = {
		.next_thread = next_thread,
		.memory_read = read_memory,
		.set_initial_registers = set_registers,
	};

	return dwfl_pid(space->dwfl) > 0 ||
	       dwfl_attach_state(space->dwfl, NULL, THREAD, &callbacks, NULL);
}

/* Where a program or the dynamic linker begins nothing has called it. */
static bool is_entry(const struct space *space, __u64 addr)
{
	Dwfl_Module *module;
	GElf_Addr bias;
	GElf_Ehdr header;
	__u64 moved;

	module = space_module(space, addr, &moved);
	return module && gelf_getehdr(dwfl_module_getelf(module, &bias),
				      &header) &&
	       addr - moved - header.e_entry < ENTRY_BYTES;
}

/* Why there was no next frame. */
static enum stack_end why(const struct work *work)
{
	const struct unwound *out = work->out;
	const struct space_gap *gap;
	__u64 last = out->nr ? out->addr[out->nr - 1] : work->stack->pc;

	if (work->short_of)
		return STACK_SHORT;
	/* There, whatever libdw has tried was a guess. */
	gap = space_gap(work->space, last);
	if (gap)
		return gap->why;
	if (work->unreadable)
		return STACK_UNREADABLE;
	return is_entry(work->space, last) ? STACK_WHOLE : STACK_NO_CFI;
}

/* Returns whether libdw took what it came to for the outermost function. */
static bool walk(struct work *work)
{
	size_t before;
	bool failed;

	do {
		before = work->out->nr;
		failed = dwfl_getthread_frames(work->space->dwfl, THREAD,
					       take_frame, NULL);
	} while (failed && work->above && work->out->nr > before);
	return !failed;
}

static void take_frames(struct space *space, const struct cowi_stack *stack,
			struct unwound *out)
{
	struct work work = { .space = space, .stack = stack, .out = out };
	bool failed;

	current = &work;
	failed = !attach(space) || !walk(&work);
	/* For libdw, a return address that cannot be read is the end, and no error. */
	if (out->end == STACK_WHOLE &&
	    (failed || work.short_of || work.unreadable))
		out->end = why(&work);
	current = NULL;
	/* Where it was is known even if nothing else is. */
	if (!out->nr)
		out->addr[out->nr++] = stack->pc;
}

static void take_chain(const struct cowi_stack *stack, struct unwound *out)
{
	size_t i;

	for (i = 0; i < stack->nr_ips; i++) {
		/* Marks of whose addresses follow. */
		if (stack->ip[i] >= PERF_CONTEXT_MAX)
			continue;
		if (out->nr == UNWIND_MAX) {
			out->end = STACK_DEEP;
			return;
		}
		out->addr[out->nr] = out->nr ? stack->ip[i] - 1 : stack->ip[i];
		out->nr++;
	}
	if (!out->nr)
		out->end = STACK_EMPTY;
}

/* Else it is what calls exec, as a rule. */
static bool is_mapped(const struct space *space, const struct cowi_stack *stack)
{
	__u64 addr = stack->pc;
	size_t i;

	if (stack->how == COWI_STACKS_DWARF && !stack->has_regs)
		return true;
	for (i = 0; stack->how == COWI_STACKS_FP && i < stack->nr_ips; i++) {
		addr = stack->ip[i];
		if (addr < PERF_CONTEXT_MAX)
			break;
	}
	if (stack->how == COWI_STACKS_FP && i == stack->nr_ips)
		return true;
	return is_code(space, addr);
}

void unwind(struct space *space, const struct cowi_stack *stack,
	    struct unwound *out)
{
	out->nr = 0;
	out->end = STACK_WHOLE;
	if (!space)
		out->end = STACK_NO_MAPS;
	else if (!is_mapped(space, stack))
		out->end = STACK_UNMAPPED;
	else if (stack->how == COWI_STACKS_FP)
		take_chain(stack, out);
	else if (stack->has_regs)
		take_frames(space, stack, out);
	else
		out->end = stack->is_32bit ? STACK_32BIT : STACK_NO_REGS;
}
