// SPDX-License-Identifier: GPL-2.0
/* Pages of files as what is in them. */
#include <elfutils/libdwfl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data.h"
#include "grow.h"
#include "symbols.h"

/* Variables that are named, those that have most of a piece first; and sections. */
#define MOST_VARIABLES	3
#define MOST_SECTIONS	3

/**
 * struct piece - a piece of a file
 * @start: first address, as the file has it
 * @end: first address after it
 */
struct piece {
	__u64 start;
	__u64 end;
};

/**
 * struct variable - something in it
 * @addr: where it begins
 * @bytes: of it, in the piece
 * @name: what it is called
 */
struct variable {
	__u64 addr;
	__u64 bytes;
	const char *name;
};

/* How many bytes of @addr and @size are in it. */
static __u64 overlap(const struct piece *piece, __u64 addr, __u64 size)
{
	__u64 start = addr > piece->start ? addr : piece->start;
	__u64 end = addr + size < piece->end ? addr + size : piece->end;

	return start < end ? end - start : 0;
}

static void put_sections(FILE *out, struct object *object,
			 const struct piece *piece, unsigned int *nr)
{
	GElf_Addr bias;
	Elf *elf = dwfl_module_getelf(object->module, &bias);
	Elf_Scn *section = NULL;
	size_t names;
	GElf_Shdr sh;

	if (!elf || elf_getshdrstrndx(elf, &names))
		return;
	while (*nr < MOST_SECTIONS && (section = elf_nextscn(elf, section))) {
		const char *name;

		/* Those of threads have addresses, and are not there. */
		if (!gelf_getshdr(section, &sh) || !(sh.sh_flags & SHF_ALLOC) ||
		    sh.sh_flags & SHF_TLS ||
		    !overlap(piece, sh.sh_addr, sh.sh_size))
			continue;
		name = elf_strptr(elf, names, sh.sh_name);
		if (name)
			fprintf(out, "%s%s", (*nr)++ ? " " : "", name);
	}
}

/* Into a list that is in order; one that has another name already is left out. */
static void add_variable(struct variable *list, size_t *nr,
			 const struct variable *new)
{
	size_t i, at = 0;

	for (i = 0; i < *nr; i++) {
		if (list[i].addr == new->addr)
			return;
		at += list[i].bytes >= new->bytes;
	}
	if (at == MOST_VARIABLES)
		return;
	if (*nr < MOST_VARIABLES)
		(*nr)++;
	memmove(&list[at + 1], &list[at], (*nr - 1 - at) * sizeof(*list));
	list[at] = *new;
}

static void put_variables(FILE *out, struct object *object,
			  const struct piece *piece)
{
	struct variable list[MOST_VARIABLES], v;
	int nr_symbols = dwfl_module_getsymtab(object->module), i;
	size_t nr = 0, k;
	GElf_Addr addr;
	GElf_Sym sym;

	for (i = 1; i < nr_symbols; i++) {
		v.name = dwfl_module_getsym_info(object->module, i, &sym, &addr,
						 NULL, NULL, NULL);
		if (!v.name || GELF_ST_TYPE(sym.st_info) != STT_OBJECT)
			continue;
		v.addr = addr - object->bias;
		v.bytes = overlap(piece, v.addr, sym.st_size);
		if (v.bytes)
			add_variable(list, &nr, &v);
	}
	for (k = 0; k < nr; k++) {
		char *plain = symbols_plain_name(list[k].name);

		fprintf(out, "%s%s", k ? ", " : ": ",
			plain ? plain : list[k].name);
		free(plain);
	}
}

static char *make_text(struct object *object, const struct piece *piece)
{
	const char *path = dwfl_module_info(object->module, NULL, NULL, NULL,
					    NULL, NULL, NULL, NULL);
	unsigned int sections = 0;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fprintf(out, "%s ", symbols_base_name(path));
	put_sections(out, object, piece, &sections);
	if (sections)
		put_variables(out, object, piece);
	if (fclose(out) || !sections) {
		free(text);
		return NULL;
	}
	return text;
}

const char *data_text(struct object *object, __u64 addr, __u64 size)
{
	struct piece piece = { .start = addr, .end = addr + size };
	struct object_data *grown;
	size_t i;

	for (i = 0; i < object->nr_data; i++) {
		if (object->data[i].addr == addr && object->data[i].size == size)
			return object->data[i].text;
	}
	grown = grow(object->data, object->nr_data, sizeof(*grown));
	if (!grown)
		return NULL;
	object->data = grown;
	grown[object->nr_data] = (struct object_data){
		.addr = addr, .size = size, .text = make_text(object, &piece),
	};
	return grown[object->nr_data++].text;
}
