// SPDX-License-Identifier: GPL-2.0
/* Addresses as functions. */
#include <dlfcn.h>
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array_size.h"
#include "grow.h"
#include "symbols.h"

const char *symbols_base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return path[0] == '/' && slash[1] ? slash + 1 : path;
}

/* ---- what debug information tells ---- */

/* Where the functions of a unit were called that are inlined. */
static void take_call_site(Dwarf_Die *unit, Dwarf_Die *inlined,
			   struct calls_frame *frame)
{
	Dwarf_Attribute attr;
	Dwarf_Files *files;
	Dwarf_Word number;
	const char *file;
	size_t nr;

	frame->file = "";
	frame->line = 0;
	if (!dwarf_formudata(dwarf_attr(inlined, DW_AT_call_line, &attr),
			     &number))
		frame->line = number;
	if (dwarf_formudata(dwarf_attr(inlined, DW_AT_call_file, &attr),
			    &number) ||
	    dwarf_getsrcfiles(unit, &files, &nr) || number >= nr)
		return;
	file = dwarf_filesrc(files, number, NULL, NULL);
	if (file)
		frame->file = file;
}

static const char *name_of(Dwarf_Die *die)
{
	Dwarf_Attribute attr;
	const char *name;

	name = dwarf_formstring(dwarf_attr_integrate(die, DW_AT_linkage_name,
						     &attr));
	if (!name)
		name = dwarf_diename(die);
	return name ? name : "";
}

/* What has no addresses of its own, and may have functions in it. */
static bool is_space(int tag)
{
	return tag == DW_TAG_namespace || tag == DW_TAG_module ||
	       tag == DW_TAG_class_type || tag == DW_TAG_structure_type ||
	       tag == DW_TAG_union_type;
}

/* A step inwards: what is in @around and has an address. */
static bool step_in(Dwarf_Die *around, Dwarf_Addr addr, Dwarf_Die *in)
{
	Dwarf_Die die;

	if (dwarf_child(around, &die))
		return false;
	do {
		if (dwarf_haspc(&die, addr) > 0) {
			*in = die;
			return true;
		}
		if (is_space(dwarf_tag(&die)) && step_in(&die, addr, in))
			return true;
	} while (!dwarf_siblingof(&die, &die));
	return false;
}

/* The innermost @max functions that are inlined at an address, outermost first. */
static size_t find_inlined(Dwarf_Die *unit, Dwarf_Addr addr, Dwarf_Die *inlined,
			   size_t max)
{
	Dwarf_Die die = *unit;
	size_t nr = 0;

	while (step_in(&die, addr, &die)) {
		int tag = dwarf_tag(&die);

		if (tag == DW_TAG_subprogram)
			nr = 0;
		if (tag != DW_TAG_inlined_subroutine)
			continue;
		if (nr == max)
			memmove(inlined, inlined + 1, --nr * sizeof(*inlined));
		inlined[nr++] = die;
	}
	return nr;
}

/*
 * Inlined functions at an address, innermost first; @frame has the place of that, and
 * then the place of the innermost call that made a frame of its own. It goes from the
 * unit inwards, as dwarf_getscopes() of libdw 0.188 finds nothing in the unit that
 * link-time optimisation makes.
 */
static size_t take_inlined(Dwfl_Module *module, __u64 addr,
			   struct calls_frame *frame)
{
	Dwarf_Die *unit, inlined[SYMBOLS_MAX - 1];
	Dwarf_Addr bias;
	size_t nr, i;

	unit = dwfl_module_addrdie(module, addr, &bias);
	if (!unit)
		return 0;
	nr = find_inlined(unit, addr - bias, inlined, SYMBOLS_MAX - 1);
	for (i = 0; i < nr; i++) {
		Dwarf_Die *die = &inlined[nr - 1 - i];

		frame[i].function = name_of(die);
		frame[i].inlined = true;
		frame[i + 1] = (struct calls_frame){ .function = "",
						     .object = frame[0].object };
		take_call_site(unit, die, &frame[i + 1]);
	}
	return nr;
}

static void take_line(Dwfl_Module *module, __u64 addr, struct calls_frame *frame)
{
	Dwfl_Line *line = dwfl_module_getsrc(module, addr);
	const char *file = NULL;
	int number = 0;

	if (line)
		file = dwfl_lineinfo(line, NULL, &number, NULL, NULL, NULL);
	frame->file = file ? file : "";
	frame->line = file ? number : 0;
}

/*
 * .eh_frame_hdr as linkers write it (Linux Standard Base, 10.6.2): the start of each
 * function, in order, as its distance from the header.
 */
struct starts {
	__u8 version;
	__u8 frame_encoding;
	__u8 nr_encoding;
	__u8 encoding;
	__s32 frame;
	__u32 nr;
	struct {
		__s32 start;
		__s32 entry;
	} row[];
};

/* NULL if there is none, or it is written in another way; sets where it is. */
static const struct starts *find_starts(Elf *elf, __u64 *addr)
{
	const struct starts *s;
	GElf_Phdr ph = { 0 };
	Elf_Data *data;
	size_t nr, i;

	if (!elf || elf_getphdrnum(elf, &nr))
		return NULL;
	for (i = 0; i < nr && ph.p_type != PT_GNU_EH_FRAME; i++) {
		if (!gelf_getphdr(elf, i, &ph))
			return NULL;
	}
	if (ph.p_type != PT_GNU_EH_FRAME || ph.p_offset % __alignof__(*s))
		return NULL;
	data = elf_getdata_rawchunk(elf, ph.p_offset, ph.p_filesz, ELF_T_BYTE);
	if (!data || data->d_size < sizeof(*s))
		return NULL;
	s = data->d_buf;
	if (s->version != 1 ||
	    s->frame_encoding != (DW_EH_PE_pcrel | DW_EH_PE_sdata4) ||
	    s->nr_encoding != DW_EH_PE_udata4 ||
	    s->encoding != (DW_EH_PE_datarel | DW_EH_PE_sdata4) ||
	    s->nr > (data->d_size - sizeof(*s)) / sizeof(s->row[0]))
		return NULL;
	*addr = ph.p_vaddr;
	return s;
}

/* Whether a function is there: something says how to unwind it. */
static bool is_unwound(Dwfl_Module *module, __u64 addr)
{
	Dwarf_Addr bias = 0;
	Dwarf_CFI *cfi = dwfl_module_eh_cfi(module, &bias);
	Dwarf_Frame *frame = NULL;

	if (!cfi || dwarf_cfi_addrframe(cfi, addr - bias, &frame))
		return false;
	free(frame);
	return true;
}

/*
 * Where a function begins of which nothing has the name: what is there to unwind it
 * tells. Without, it is only the address, as the file has it.
 */
static __u64 find_start(Dwfl_Module *module, __u64 addr)
{
	GElf_Addr moved = 0;
	Elf *elf = dwfl_module_getelf(module, &moved);
	size_t low = 0, high, mid;
	const struct starts *s;
	__u64 base = 0;

	s = is_unwound(module, addr) ? find_starts(elf, &base) : NULL;
	addr -= moved;
	high = s ? s->nr : 0;
	while (low < high) {
		mid = low + (high - low) / 2;
		if (base + s->row[mid].start <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low ? base + s->row[low - 1].start : addr;
}

/*
 * Whether a name is of this function, @offset bytes behind its symbol: libdw takes a
 * symbol without a size to be of all that follows, whatever else begins there.
 */
static bool is_named(Dwfl_Module *module, __u64 addr, GElf_Off offset,
		     const GElf_Sym *sym)
{
	GElf_Addr moved = 0;

	if (sym->st_size || !offset)
		return true;
	dwfl_module_getelf(module, &moved);
	return find_start(module, addr) == addr - moved - offset;
}

/* Returns how many frames there are. */
static size_t take_module(Dwfl_Module *module, __u64 addr,
			  struct calls_frame *frame)
{
	const char *name;
	GElf_Off offset;
	GElf_Sym sym;
	size_t nr;

	name = dwfl_module_info(module, NULL, NULL, NULL, NULL, NULL, NULL,
				NULL);
	frame[0].object = symbols_base_name(name);
	name = dwfl_module_addrinfo(module, addr, &offset, &sym, NULL, NULL,
				    NULL);
	take_line(module, addr, frame);
	nr = take_inlined(module, addr, frame);
	if (name && is_named(module, addr, offset, &sym))
		frame[nr].function = name;
	else
		frame[nr].offset = find_start(module, addr);
	return nr + 1;
}

/* ---- names ---- */

static char *(*cxa_demangle)(const char *name, char *buf, size_t *size,
			     int *status);

/* Whoever has programs in C++ has its library; we do without it. */
static bool has_demangler(void)
{
	static bool looked;
	void *library;

	if (!looked) {
		looked = true;
		library = dlopen("libstdc++.so.6", RTLD_NOW | RTLD_LOCAL);
		if (library)
			*(void **)&cxa_demangle = dlsym(library,
							"__cxa_demangle");
	}
	return cxa_demangle;
}

/* One of the words that GCC puts behind names of what it makes of a function. */
static bool is_word(const char *text, size_t len)
{
	static const char *const words[] = {
		"cold", "constprop", "isra", "lto_priv", "part",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++) {
		if (strlen(words[i]) == len && !strncmp(text, words[i], len))
			return true;
	}
	return false;
}

/* Such words, with numbers or without, and nothing else: ".part.0.cold". */
static bool is_clone(const char *suffix)
{
	bool worded = false;

	while (*suffix == '.') {
		size_t len = strcspn(++suffix, ".");

		if (is_word(suffix, len))
			worded = true;
		else if (!worded || !len || strspn(suffix, "0123456789") < len)
			return false;
		suffix += len;
	}
	return worded;
}

char *symbols_plain_name(const char *name)
{
	size_t len = strcspn(name, "@");
	char *plain, *cut = len ? strndup(name, len) : NULL;
	int status;

	if (!cut)
		return NULL;
	/* From the first dot on: a name with one of its own is no C. */
	len = strcspn(cut, ".");
	if (len && is_clone(cut + len))
		cut[len] = '\0';
	if (cut[0] != '_' || cut[1] != 'Z' || !has_demangler())
		return cut;
	plain = cxa_demangle(cut, NULL, NULL, &status);
	if (!plain)
		return cut;
	free(cut);
	return plain;
}

/* ---- what was found ---- */

static struct object_symbol *slot(struct object_symbol *table, size_t room,
				  __u64 addr)
{
	/* Multiplicative hashing: 2^64 by the golden ratio, upper bits. */
	size_t i = (addr * 0x9e3779b97f4a7c15ull) >> 32;

	for (i &= room - 1; table[i].addr; i = (i + 1) & (room - 1)) {
		if (table[i].addr == addr)
			break;
	}
	return &table[i];
}

/* At most half of the places are used. */
static int make_room(struct object *object)
{
	size_t room = object->symbol_room ? object->symbol_room * 2 : 256, i;
	struct object_symbol *table;

	if (object->nr_symbols * 2 < object->symbol_room)
		return 0;
	table = calloc(room, sizeof(*table));
	if (!table)
		return -ENOMEM;
	for (i = 0; i < object->symbol_room; i++) {
		const struct object_symbol *old = &object->symbol[i];

		if (old->addr)
			*slot(table, room, old->addr) = *old;
	}
	free(object->symbol);
	object->symbol = table;
	object->symbol_room = room;
	return 0;
}

/* What is in no file. */
static int find_made(struct space *space, __u64 addr, const char *made,
		     struct calls *calls, size_t *frame)
{
	const struct space_gap *gap = space_gap(space, addr);
	struct calls_frame f = { .function = "", .object = "", .file = "" };

	if (made) {
		f.function = made;
		f.object = "[jit]";
	} else if (gap && gap->name[0]) {
		f.object = symbols_base_name(gap->name);
		f.offset = addr - gap->start + gap->offset;
	} else {
		f.object = "[no file]";
		f.offset = addr;
	}
	return calls_frame(calls, &f, frame);
}

/* Also into the table, where @symbol is its place. */
static int find_frames(struct object *object, struct object_symbol *symbol,
		       __u64 addr, struct calls *calls)
{
	struct calls_frame list[SYMBOLS_MAX] = {
		{ .function = "", .object = "", .file = "" },
	};
	size_t first = object->nr_frames, nr, i;
	int err = 0;

	nr = take_module(object->module, addr + object->bias, list);
	for (i = 0; i < nr && !err; i++) {
		size_t *grown = grow(object->frame, object->nr_frames,
				     sizeof(*grown));
		char *plain;

		if (!grown)
			return -ENOMEM;
		object->frame = grown;
		plain = symbols_plain_name(list[i].function);
		if (plain)
			list[i].function = plain;
		err = calls_frame(calls, &list[i], &grown[object->nr_frames]);
		object->nr_frames += !err;
		free(plain);
	}
	if (err)
		return err;
	*symbol = (struct object_symbol){ .addr = addr, .first = first,
					  .nr = nr };
	object->nr_symbols++;
	return 0;
}

bool symbols_are_made(const struct space *space, __u64 addr)
{
	const struct space_gap *gap = space_gap(space, addr);

	return gap && gap->why == STACK_NO_OBJECT && gap->name[0] != '/' &&
	       !dwfl_addrmodule(space->dwfl, addr);
}

int symbols_find(struct space *space, __u64 addr, const char *made,
		 struct calls *calls, size_t *frame, size_t *nr)
{
	struct object_symbol *symbol;
	struct object *object;
	__u64 moved;
	int err;

	object = space_object(space, addr, &moved);
	*nr = 1;
	if (!object)
		return find_made(space, addr, made, calls, frame);
	if (make_room(object))
		return -ENOMEM;
	addr -= moved;
	symbol = slot(object->symbol, object->symbol_room, addr);
	if (symbol->addr != addr || !addr) {
		err = find_frames(object, symbol, addr, calls);
		if (err)
			return err;
	}
	*nr = symbol->nr;
	memcpy(frame, object->frame + symbol->first, *nr * sizeof(*frame));
	return 0;
}
