// SPDX-License-Identifier: GPL-2.0
/* Stacks: unwound from registers and memory of our own, and functions found. */
#include "test.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "data.h"
#include "epilogue.h"
#include "functions.h"
#include "perfmap.h"
#include "procfs.h"
#include "stacks.h"
#include "symbols.h"
#include "unwind.h"

/* A stack frame of its own, whatever the compiler would like. */
#define APART	__attribute__((noinline, noclone))

/* ---- our own stack ---- */

#define PIECE		8192
#define ALL		(1UL << 20)

/* A stack as a sample has it. */
struct captured {
	struct cowi_stack stack;
	char memory[ALL];
};

static struct captured captured;
static struct objects objects;
static __u64 stack_end;
static unsigned int line_of_call, line_of_inlined;

#ifdef __aarch64__
static APART void take_registers(struct cowi_stack *s, const ucontext_t *c)
{
	int i;

	for (i = 0; i < 31; i++)
		s->reg[i] = c->uc_mcontext.regs[i];
	s->reg[31] = c->uc_mcontext.sp;
	s->pc = c->uc_mcontext.pc;
	s->sp = c->uc_mcontext.sp;
}
#else
static APART void take_registers(struct cowi_stack *s, const ucontext_t *c)
{
	static const int order[] = {
		REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI, REG_RBP,
		REG_RSP, REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13,
		REG_R14, REG_R15, REG_RIP,
	};
	int i;

	for (i = 0; i < 17; i++)
		s->reg[i] = c->uc_mcontext.gregs[order[i]];
	s->pc = s->reg[16];
	s->sp = s->reg[7];
}
#endif

/* As it is, with what lies between variables. */
static void read_stack(struct captured *c)
{
	int fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(c->stack.nr_bytes,
			 pread(fd, c->memory, c->stack.nr_bytes, c->stack.sp));
	close(fd);
	c->stack.memory = c->memory;
}

/* What getcontext() says is true as long as its caller has not returned. */
static APART void innermost(size_t most)
{
	struct captured *c = &captured;
	ucontext_t context;

	memset(&c->stack, 0, sizeof(c->stack));
	getcontext(&context);
	take_registers(&c->stack, &context);
	c->stack.how = COWI_STACKS_DWARF;
	c->stack.has_regs = true;
	c->stack.comm = "test";
	c->stack.pid = getpid();
	c->stack.nr_bytes = stack_end - c->stack.sp;
	if (c->stack.nr_bytes > most)
		c->stack.nr_bytes = most;
	read_stack(c);
}

static inline __attribute__((always_inline)) void between(size_t most)
{
	line_of_call = __LINE__ + 1;
	innermost(most);
	asm volatile("" ::: "memory");
}

static APART void middle(size_t most)
{
	line_of_inlined = __LINE__ + 1;
	between(most);
	asm volatile("" ::: "memory");
}

/* Room, so that there is that much stack above whoever is called. */
static APART void outermost(size_t most)
{
	volatile char room[PIECE];

	room[0] = 1;
	middle(most);
	asm volatile("" ::: "memory");
	assert_int_equal(1, room[0]);
}

static int find_stack(void **state)
{
	struct cowi_vmas vmas;
	char *here = __builtin_frame_address(0);
	size_t i;

	(void)state;
	if (cowi_maps_read(getpid(), &vmas))
		return -1;
	for (i = 0; i < vmas.nr; i++) {
		if ((__u64)here >= vmas.vma[i].start &&
		    (__u64)here < vmas.vma[i].end)
			stack_end = vmas.vma[i].end;
	}
	cowi_vmas_free(&vmas);
	return stack_end ? 0 : -1;
}

static struct space *own_space(void)
{
	struct cowi_mapping list[256];
	struct cowi_vmas vmas;
	struct space *space;
	size_t i, nr = 0;

	assert_int_equal(0, cowi_maps_read(getpid(), &vmas));
	for (i = 0; i < vmas.nr; i++) {
		const struct cowi_vma *v = &vmas.vma[i];

		if (v->perms[2] != 'x')
			continue;
		assert_true(nr < 256);
		list[nr++] = (struct cowi_mapping){
			.start = v->start, .end = v->end, .offset = v->offset,
			.inode = v->inode, .name = v->name,
		};
	}
	space = space_open(&objects, getpid(), list, nr);
	assert_non_null(space);
	cowi_vmas_free(&vmas);
	return space;
}

static void close_space(struct space *space)
{
	space_close(space);
	/* It knows frames of what is released now. */
	objects_release(&objects);
}

/* The functions of a stack, innermost first; inlined ones as "(name)". */
static void names_of(struct space *space, struct calls *calls,
		     const struct unwound *u, char *text, size_t size)
{
	size_t frame[SYMBOLS_MAX], nr, used = 0, i, k;

	for (i = 0; i < u->nr; i++) {
		assert_int_equal(0, symbols_find(space, u->addr[i], NULL, calls,
						 frame, &nr));
		for (k = 0; k < nr && used < size; k++) {
			const struct calls_frame *f = &calls->frame[frame[k]];

			used += snprintf(text + used, size - used,
					 f->inlined ? "(%s) " : "%s ",
					 f->function);
		}
	}
}

static void whole(void **state)
{
	struct space *space = own_space();
	struct calls calls;
	char names[2000];
	struct unwound u;
	int round;

	(void)state;
	assert_int_equal(0, calls_init(&calls));
	outermost(ALL);
	/* The second time, what was found is found again. */
	for (round = 0; round < 2; round++) {
		unwind(space, &captured.stack, &u);
		names_of(space, &calls, &u, names, sizeof(names));
		assert_int_equal(STACK_WHOLE, u.end);
		assert_true(strstr(names,
				   "innermost (between) middle outermost whole ") ==
			    names);
		assert_non_null(strstr(names, " main "));
		assert_non_null(strstr(names, " _start "));
		assert_null(strchr(names, '@'));
	}
	calls_release(&calls);
	close_space(space);
}

/* What is above the piece of stack ends it; what is below is known. */
static void piece(void **state)
{
	struct space *space = own_space();
	struct calls calls;
	char names[2000];
	struct unwound u;

	(void)state;
	assert_int_equal(0, calls_init(&calls));
	outermost(PIECE);
	unwind(space, &captured.stack, &u);
	names_of(space, &calls, &u, names, sizeof(names));
	assert_int_equal(STACK_SHORT, u.end);
	assert_string_equal("innermost (between) middle outermost ", names);
	calls_release(&calls);
	close_space(space);
}

static void lines(void **state)
{
	struct space *space = own_space();
	size_t frame[SYMBOLS_MAX], nr;
	const struct calls_frame *f;
	struct calls calls;
	struct unwound u;

	(void)state;
	assert_int_equal(0, calls_init(&calls));
	outermost(PIECE);
	unwind(space, &captured.stack, &u);
	assert_int_equal(0, symbols_find(space, u.addr[1], NULL, &calls, frame,
					 &nr));
	assert_int_equal(2, nr);
	f = &calls.frame[frame[0]];
	assert_string_equal("between", f->function);
	assert_non_null(strstr(f->file, "test-stacks.c"));
	assert_string_equal("test-stacks", f->object);
	assert_int_equal(line_of_call, f->line);
	assert_false(calls.frame[frame[1]].inlined);
	assert_int_equal(line_of_inlined, calls.frame[frame[1]].line);
	calls_release(&calls);
	close_space(space);
}

/* ---- code made at run time ---- */

#ifdef __x86_64__

/* Calls a function, with no frame pointer meanwhile, as CPython's trampolines do. */
static const unsigned char trampoline[] = {
	0x55,				/* push %rbp */
	0x48, 0x83, 0xec, 0x10,		/* sub $16,%rsp */
	0xbd, 0x01, 0x00, 0x00, 0x00,	/* mov $1,%ebp */
	0x48, 0x87, 0xfe,		/* xchg %rdi,%rsi */
	0xff, 0xd6,			/* call *%rsi */
	0x48, 0x83, 0xc4, 0x10,		/* add $16,%rsp */
	0x5d,				/* pop %rbp */
	0xc3,				/* ret */
};

typedef void jump(void (*function)(size_t most), size_t most);

static APART void through(jump *jump, size_t most)
{
	volatile char room[64];

	room[0] = 1;
	jump(middle, most);
	asm volatile("" ::: "memory");
	assert_int_equal(1, room[0]);
}

/* What called it is found by what its code does next; without the code, it is not. */
static void trampolines(void **state)
{
	unsigned char *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE |
				   PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct space *space;
	struct calls calls;
	char names[2000];
	struct unwound u;

	(void)state;
	assert_true(code != MAP_FAILED);
	memcpy(code, trampoline, sizeof(trampoline));
	space = own_space();
	assert_int_equal(0, calls_init(&calls));
	through((jump *)code, ALL);
	unwind(space, &captured.stack, &u);
	names_of(space, &calls, &u, names, sizeof(names));
	assert_int_equal(STACK_WHOLE, u.end);
	assert_true(strstr(names, "innermost (between) middle  through trampolines ") ==
		    names);
	assert_non_null(strstr(names, " _start "));
	munmap(code, 4096);
	unwind(space, &captured.stack, &u);
	assert_int_equal(STACK_NO_OBJECT, u.end);
	assert_int_equal(3, u.nr);
	calls_release(&calls);
	close_space(space);
}

static void epilogues(void **state)
{
	/* pop %r12; add $0x100,%rsp; pop %rbx; ret */
	static const unsigned char good[] = { 0x41, 0x5c, 0x48, 0x81, 0xc4, 0,
					      1, 0, 0, 0x5b, 0xc3 };
	/* pop %rsp; less stack; a jump */
	static const unsigned char bad[][5] = {
		{ 0x5c, 0xc3 }, { 0x48, 0x83, 0xc4, 0xf8, 0xc3 }, { 0xeb, 0xfe },
	};
	struct epilogue e;
	size_t i;

	(void)state;
	assert_true(epilogue_read(good, sizeof(good), &e));
	assert_int_equal(0x110, e.size);
	assert_int_equal(1 << 12 | 1 << 3, e.restored);
	assert_int_equal(0, e.from[12]);
	assert_int_equal(0x108, e.from[3]);
	for (i = 0; i < sizeof(good); i++)
		assert_false(epilogue_read(good, i, &e));
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(epilogue_read(bad[i], sizeof(bad[i]), &e));
}

#endif

/* ---- functions without a name ---- */

/*
 * A function that no symbol names, and where in it its stack frame has changed; behind
 * one whose symbol has no size, which is not to be taken for that of both.
 */
extern const __u64 nameless[2], sizeless_at;

__asm__(".pushsection .text.nameless, \"ax\"\n"
	".cfi_startproc\n"
	".type sizeless, %function\n"
	".globl sizeless\n"
	"sizeless:\n"
	"	nop\n"
	"	nop\n"
	".cfi_endproc\n"
	".cfi_startproc\n"
	".Lnameless:\n"
	"	nop\n"
	".cfi_def_cfa_offset 64\n"
	".Lnameless_later:\n"
	"	nop\n"
	".cfi_endproc\n"
	".popsection\n"
	".pushsection .data\n"
	".balign 8\n"
	".globl nameless\n"
	"nameless:\n"
	"	.quad .Lnameless\n"
	"	.quad .Lnameless_later\n"
	".globl sizeless_at\n"
	"sizeless_at:\n"
	"	.quad sizeless\n"
	".popsection\n");

/* All of it is where it begins. */
static void without_name(void **state)
{
	struct space *space = own_space();
	size_t frame[SYMBOLS_MAX], nr, i;
	const struct calls_frame *f;
	struct calls calls;
	__u64 moved;

	(void)state;
	assert_int_equal(0, calls_init(&calls));
	assert_non_null(space_object(space, nameless[0], &moved));
	assert_true(nameless[0] < nameless[1]);
	for (i = 0; i < ARRAY_SIZE(nameless); i++) {
		assert_int_equal(0, symbols_find(space, nameless[i], NULL,
						 &calls, frame, &nr));
		f = &calls.frame[frame[nr - 1]];
		assert_string_equal("", f->function);
		assert_string_equal("test-stacks", f->object);
		assert_int_equal(nameless[0] - moved, f->offset);
	}
	assert_int_equal(0, symbols_find(space, sizeless_at + 1, NULL,
					 &calls, frame, &nr));
	assert_string_equal("sizeless", calls.frame[frame[nr - 1]].function);
	calls_release(&calls);
	close_space(space);
}

/* Two clones that the compiler made of a function are one. */
extern const __u64 clones[2];

__asm__(".pushsection .text.clones, \"ax\"\n"
	".type cloned.isra.0, %function\n"
	"cloned.isra.0:\n"
	"	nop\n"
	".size cloned.isra.0, . - cloned.isra.0\n"
	".type cloned.part.0.cold, %function\n"
	"cloned.part.0.cold:\n"
	"	nop\n"
	".size cloned.part.0.cold, . - cloned.part.0.cold\n"
	".popsection\n"
	".pushsection .data\n"
	".balign 8\n"
	".globl clones\n"
	"clones:\n"
	"	.quad cloned.isra.0\n"
	"	.quad cloned.part.0.cold\n"
	".popsection\n");

static void clones_are_one(void **state)
{
	struct space *space = own_space();
	struct calls_cost cost = { 1, 4096, 10 };
	struct calls_costs costs = { 0 };
	size_t frame[SYMBOLS_MAX], nr, i, path;
	struct functions f;
	struct calls calls;

	(void)state;
	assert_int_equal(0, calls_init(&calls));
	for (i = 0; i < ARRAY_SIZE(clones); i++) {
		assert_int_equal(0, symbols_find(space, clones[i], NULL, &calls,
						 frame, &nr));
		assert_int_equal(0, calls_path(&calls, CALLS_ROOT,
					       frame[nr - 1], &path));
		assert_int_equal(0, calls_count(&costs, path, &cost));
	}
	assert_int_equal(0, functions_of(&calls, &costs, &f));
	assert_int_equal(1, f.nr);
	assert_string_equal("cloned",
			    calls.frame[f.function[0].frame].function);
	assert_int_equal(2, f.function[0].total.faults);
	functions_release(&f);
	calls_costs_release(&costs);
	calls_release(&calls);
	close_space(space);
}

static void plain_names(void **state)
{
	static const struct {
		const char *name;
		const char *plain;
	} list[] = {
		{ "main", "main" },
		{ "f@@GLIBC_2.34", "f" },
		{ "f.isra.0@V", "f" },
		{ "f.lto_priv.0", "f" },
		{ "f.constprop.0.part.12.cold", "f" },
		{ "f.cold.1", "f" },
		/* Variables of functions, and names of other languages. */
		{ "buffer.0", "buffer.0" },
		{ "f.partly.0", "f.partly.0" },
		{ "f.isra.x", "f.isra.x" },
		{ "f.part.", "f.part." },
		{ "main.T.cold", "main.T.cold" },
		{ ".cold", ".cold" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(list); i++) {
		char *plain = symbols_plain_name(list[i].name);

		assert_string_equal(list[i].plain, plain);
		free(plain);
	}
	assert_null(symbols_plain_name("@@V"));
}

/* What cannot be unwound says why. */
static void ends(void **state)
{
	struct cowi_mapping gone = {
		.start = 0x1000, .end = 0x2000, .name = "/nonsense/gone",
	};
	struct cowi_mapping changed = {
		.start = 0x3000, .end = 0x4000, .name = "/proc/self/exe",
		.inode = 1,
	};
	struct cowi_mapping made = { .start = 0x5000, .end = 0x6000, .name = "" };
	struct cowi_mapping list[] = { gone, changed, made };
	struct cowi_stack s = { .how = COWI_STACKS_DWARF };
	struct space *space = own_space(), *other;
	struct unwound u;

	(void)state;
	unwind(space, &s, &u);
	assert_int_equal(STACK_NO_REGS, u.end);
	s.is_32bit = true;
	unwind(space, &s, &u);
	assert_int_equal(STACK_32BIT, u.end);
	s.is_32bit = false;
	s.has_regs = true;
	unwind(NULL, &s, &u);
	assert_int_equal(STACK_NO_MAPS, u.end);
	assert_int_equal(0, u.nr);
	other = space_open(&objects, 0, list, 3);
	assert_non_null(other);
	s.pc = 0x1800;
	unwind(other, &s, &u);
	assert_int_equal(STACK_NO_FILE, u.end);
	assert_int_equal(1, u.nr);
	s.pc = 0x3800;
	unwind(other, &s, &u);
	assert_int_equal(STACK_CHANGED, u.end);
	s.pc = 0x5800;
	unwind(other, &s, &u);
	assert_int_equal(STACK_NO_OBJECT, u.end);
	s.pc = 0x9000;
	unwind(space, &s, &u);
	assert_int_equal(STACK_UNMAPPED, u.end);
	assert_int_equal(0, u.nr);
	space_close(other);
	close_space(space);
}

/* Addresses that the kernel has found: marks between them are none. */
static void chain(void **state)
{
	__u64 here = (__u64)chain;
	__u64 ip[] = { (__u64)-512, here, 0x2000 };
	struct cowi_stack s = { .how = COWI_STACKS_FP, .nr_ips = 3, .ip = ip };
	struct space *space = own_space();
	struct unwound u;

	(void)state;
	unwind(space, &s, &u);
	assert_int_equal(STACK_WHOLE, u.end);
	assert_int_equal(2, u.nr);
	assert_true(u.addr[0] == here);
	assert_int_equal(0x1fff, u.addr[1]);
	s.nr_ips = 1;
	unwind(space, &s, &u);
	assert_int_equal(STACK_EMPTY, u.end);
	close_space(space);
}

/* ---- pages of files ---- */

#define PAGE	4096UL

static char in_data[2 * PAGE] = { 1 };
static char in_bss[2 * PAGE];

static void variables(void **state)
{
	struct space *space = own_space();
	struct stack_counts c = { 0 };
	struct object *object;
	const char *text;
	__u64 moved, addr;

	(void)state;
	addr = ((__u64)in_data + PAGE - 1) & ~(PAGE - 1);
	object = space_object(space, addr, &moved);
	assert_non_null(object);
	text = data_text(object, addr - moved, PAGE);
	assert_string_equal("test-stacks .data: in_data", text);
	assert_ptr_equal(text, data_text(object, addr - moved, PAGE));
	assert_int_equal(0, stack_counts_add_data(&c, addr, text));
	addr = ((__u64)in_bss + PAGE - 1) & ~(PAGE - 1);
	text = data_text(object, addr - moved, PAGE);
	assert_string_equal("test-stacks .bss: in_bss", text);
	assert_int_equal(0, stack_counts_add_data(&c, addr, text));
	assert_int_equal(0, stack_counts_add_data(&c, addr, "later"));
	assert_string_equal(text, stack_counts_data(&c, addr));
	assert_null(stack_counts_data(&c, addr + 1));
	assert_null(data_text(object, 1ull << 40, PAGE));
	/* Of the C library, and on x86-64 a copy of our own, with a version. */
	object = space_object(space, (__u64)&stdout, &moved);
	assert_non_null(object);
	text = data_text(object, (__u64)&stdout - moved, sizeof(stdout));
	assert_non_null(strstr(text, ": stdout"));
	assert_null(strchr(text, '@'));
	in_bss[0] = in_data[0];
	stack_counts_release(&c);
	close_space(space);
}

/* ---- functions made at run time ---- */

static void read_map(struct perfmap *map, const char *text)
{
	FILE *file = tmpfile();

	assert_non_null(file);
	fputs(text, file);
	rewind(file);
	assert_int_equal(0, perfmap_read(map, file));
	fclose(file);
}

static void made(void **state)
{
	struct perfmap map = { 0 };

	(void)state;
	read_map(&map, "2000 100 py::f:/a b.py\n1000 80 first\n1080 80 second\n");
	assert_string_equal("first", perfmap_find(&map, 0x1000));
	assert_string_equal("first", perfmap_find(&map, 0x107f));
	assert_string_equal("second", perfmap_find(&map, 0x1080));
	assert_string_equal("py::f:/a b.py", perfmap_find(&map, 0x20ff));
	assert_null(perfmap_find(&map, 0x2100));
	assert_null(perfmap_find(&map, 0xfff));
	/* Memory that was used again. */
	read_map(&map, "1000 80 old\n1000 80 new\n");
	assert_string_equal("new", perfmap_find(&map, 0x1010));
	perfmap_release(&map);
}

static void made_badly(void **state)
{
	struct perfmap map = { 0 };

	(void)state;
	read_map(&map, "");
	assert_null(perfmap_find(&map, 0));
	read_map(&map, "\n\nnonsense\n1000\n1000 10\n1000 0 none\n"
		 "ffffffffffffffff 10 over\nfffffffffffffffffff 1 long\n"
		 "0x20 10 good\n30 10 unfinished");
	assert_int_equal(1, map.nr);
	assert_string_equal("good", perfmap_find(&map, 0x20));
	assert_null(perfmap_find(&map, 0x30));
	perfmap_release(&map);
}

/* ---- functions added up ---- */

static size_t path_to(struct calls *c, size_t caller, const char *function,
		      const char *object, unsigned int line)
{
	struct calls_frame f = { .function = function, .object = object,
				 .file = "f.c", .line = line };
	size_t frame, path;

	assert_int_equal(0, calls_frame(c, &f, &frame));
	assert_int_equal(0, calls_path(c, caller, frame, &path));
	return path;
}

static const struct function_cost *cost_of(const struct calls *c,
					   const struct functions *f,
					   const char *name)
{
	size_t i;

	for (i = 0; i < f->nr; i++) {
		if (!strcmp(c->frame[f->function[i].frame].function, name))
			return &f->function[i];
	}
	return NULL;
}

/* The line of a function, and the path to it, where most was done. */
static void hottest_line(void **state)
{
	struct calls_cost small = { 1, 4096, 10 }, large = { 3, 12288, 30 };
	struct calls_costs costs = { 0 };
	const struct function_cost *cost;
	size_t main, one, two, deep;
	struct functions f;
	struct calls calls;

	(void)state;
	assert_int_equal(0, calls_init(&calls));
	main = path_to(&calls, CALLS_ROOT, "main", "a", 1);
	one = path_to(&calls, main, "f", "a", 10);
	two = path_to(&calls, main, "f", "a", 20);
	/* It calls itself, and counts once. */
	deep = path_to(&calls, two, "f", "a", 30);
	assert_int_equal(0, calls_count(&costs, one, &small));
	assert_int_equal(0, calls_count(&costs, deep, &large));
	path_to(&calls, main, "f", "b", 1);
	assert_int_equal(0, functions_of(&calls, &costs, &f));
	assert_int_equal(2, f.nr);
	cost = cost_of(&calls, &f, "main");
	assert_int_equal(0, cost->self.faults);
	assert_int_equal(CALLS_ROOT, cost->path);
	assert_int_equal(16384, cost->total.bytes);
	cost = cost_of(&calls, &f, "f");
	assert_ptr_equal(cost, &f.function[0]);
	assert_int_equal(4, cost->self.faults);
	assert_int_equal(4, cost->total.faults);
	assert_int_equal(30, calls.frame[cost->line].line);
	assert_int_equal(deep, cost->path);
	functions_release(&f);
	calls_costs_release(&costs);
	calls_release(&calls);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole),
		cmocka_unit_test(lines),
		cmocka_unit_test(piece),
#ifdef __x86_64__
		cmocka_unit_test(trampolines),
		cmocka_unit_test(epilogues),
#endif
		cmocka_unit_test(without_name),
		cmocka_unit_test(clones_are_one),
		cmocka_unit_test(plain_names),
		cmocka_unit_test(ends),
		cmocka_unit_test(chain),
		cmocka_unit_test(variables),
		cmocka_unit_test(made),
		cmocka_unit_test(made_badly),
		cmocka_unit_test(hottest_line),
	};

	return cmocka_run_group_tests(tests, find_stack, NULL);
}
