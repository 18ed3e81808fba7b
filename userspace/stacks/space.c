// SPDX-License-Identifier: GPL-2.0
/* The files whose code is mapped. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "grow.h"
#include "space.h"

/* ---- files ---- */

/*
 * The file that a mapping is of, or -1. Whatever a path leads to now must not make us
 * wait, nor be something else than what was mapped.
 */
static int open_same(const char *path, const struct cowi_mapping *m,
		     enum stack_end *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0)
		return -1;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) &&
	    (!m->inode || st.st_ino == m->inode))
		return fd;
	close(fd);
	*why = STACK_CHANGED;
	return -1;
}

/*
 * As long as the process is there, the kernel has the file itself, even if its name
 * is another's now; and its own root, which need not be ours.
 */
static int open_mapped(pid_t pid, const struct cowi_mapping *m,
		       enum stack_end *why)
{
	char path[4200];
	int fd;

	*why = STACK_NO_FILE;
	snprintf(path, sizeof(path), "/proc/%d/map_files/%llx-%llx", pid,
		 m->start, m->end);
	fd = open_same(path, m, why);
	if (fd >= 0)
		return fd;
	snprintf(path, sizeof(path), "/proc/%d/root%s", pid, m->name);
	fd = open_same(path, m, why);
	return fd >= 0 ? fd : open_same(m->name, m, why);
}

/* The kernel has the same one for all processes of our architecture. */
static int open_vdso(void)
{
	const char *vdso = (const char *)getauxval(AT_SYSINFO_EHDR);
	const Elf64_Ehdr *header = (const void *)vdso;
	ssize_t size;
	int fd;

	if (!vdso)
		return -1;
	/* The table of sections stands at its end. */
	size = header->e_shoff + header->e_shnum * (size_t)header->e_shentsize;
	fd = memfd_create("vdso", MFD_CLOEXEC);
	if (fd >= 0 && write(fd, vdso, size) != size) {
		close(fd);
		return -1;
	}
	return fd;
}

/* How far from the addresses in the file it is mapped. */
static bool find_bias(int fd, const struct cowi_mapping *m, __u64 *bias)
{
	Elf *elf = elf_begin(fd, ELF_C_READ, NULL);
	size_t nr = 0, i;
	bool found = false;
	GElf_Phdr ph;

	if (elf && elf_kind(elf) == ELF_K_ELF)
		elf_getphdrnum(elf, &nr);
	for (i = 0; i < nr && !found; i++) {
		if (!gelf_getphdr(elf, i, &ph) || ph.p_type != PT_LOAD ||
		    !(ph.p_flags & PF_X) ||
		    ph.p_offset >= m->offset + (m->end - m->start) ||
		    ph.p_offset + ph.p_filesz <= m->offset)
			continue;
		*bias = m->start - m->offset + ph.p_offset - ph.p_vaddr;
		found = true;
	}
	elf_end(elf);
	return found;
}

/* ---- a space ---- */

static int add_gap(struct space *space, const struct cowi_mapping *m,
		   enum stack_end why)
{
	struct space_gap *grown = grow(space->gap, space->nr_gaps,
				       sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	space->gap = grown;
	grown += space->nr_gaps;
	*grown = (struct space_gap){ .start = m->start, .end = m->end,
				     .offset = m->offset, .why = why,
				     .name = strdup(m->name) };
	if (!grown->name)
		return -ENOMEM;
	space->nr_gaps++;
	return 0;
}

/* Returns whether it is one; then the descriptor is libdw's. */
static bool add_file(struct space *space, struct objects *objects, int fd,
		     const struct cowi_mapping *m)
{
	struct object *object;
	Dwfl_Module *module;
	void **data;
	__u64 bias;

	object = find_bias(fd, m, &bias) ? object_get(objects, fd, m->name) :
					   NULL;
	if (!object)
		return false;
	module = dwfl_report_elf(space->dwfl, m->name, m->name, fd, bias, true);
	if (!module) {
		object_put(object);
		return false;
	}
	dwfl_module_info(module, &data, NULL, NULL, NULL, NULL, NULL, NULL);
	*data = object;
	return true;
}

static int add_mapping(struct space *space, struct objects *objects, pid_t pid,
		       const struct cowi_mapping *m)
{
	bool is_vdso = !strcmp(m->name, "[vdso]");
	enum stack_end why = STACK_NO_OBJECT;
	int fd;

	/* A file may have two such mappings. */
	if (dwfl_addrmodule(space->dwfl, m->start))
		return 0;
	if (!is_vdso && m->name[0] != '/')
		return add_gap(space, m, why);
	fd = is_vdso ? open_vdso() : open_mapped(pid, m, &why);
	if (fd < 0)
		return add_gap(space, m, why);
	if (add_file(space, objects, fd, m))
		return 0;
	close(fd);
	return add_gap(space, m, STACK_NO_OBJECT);
}

struct space *space_open(struct objects *objects, pid_t pid,
			 const struct cowi_mapping *mapping, size_t nr)
{
	struct space *space = calloc(1, sizeof(*space));
	size_t i;
	int err = 0;

	if (!space)
		return NULL;
	elf_version(EV_CURRENT);
	space->dwfl = object_dwfl();
	if (!space->dwfl)
		err = -ENOMEM;
	for (i = 0; i < nr && !err; i++) {
		/* What was reported before is only found once it is complete. */
		dwfl_report_begin_add(space->dwfl);
		err = add_mapping(space, objects, pid, &mapping[i]);
		dwfl_report_end(space->dwfl, NULL, NULL);
	}
	if (err) {
		space_close(space);
		return NULL;
	}
	return space;
}

static int put_object(Dwfl_Module *module, void **data, const char *name,
		      Dwarf_Addr start, void *arg)
{
	(void)module;
	(void)name;
	(void)start;
	(void)arg;
	object_put(*data);
	return DWARF_CB_OK;
}

void space_close(struct space *space)
{
	if (!space)
		return;
	if (space->dwfl) {
		dwfl_getmodules(space->dwfl, put_object, NULL, 0);
		dwfl_end(space->dwfl);
	}
	while (space->nr_gaps)
		free(space->gap[--space->nr_gaps].name);
	free(space->gap);
	free(space);
}

Dwfl_Module *space_module(const struct space *space, __u64 addr, __u64 *bias)
{
	Dwfl_Module *module = dwfl_addrmodule(space->dwfl, addr);
	GElf_Addr moved = 0;

	if (module && !dwfl_module_getelf(module, &moved))
		return NULL;
	*bias = moved;
	return module;
}

struct object *space_object(const struct space *space, __u64 addr, __u64 *bias)
{
	Dwfl_Module *module = space_module(space, addr, bias);
	void **data;

	if (!module)
		return NULL;
	dwfl_module_info(module, &data, NULL, NULL, NULL, NULL, NULL, NULL);
	return *data;
}

const struct space_gap *space_gap(const struct space *space, __u64 addr)
{
	size_t i;

	for (i = 0; i < space->nr_gaps; i++) {
		if (addr >= space->gap[i].start && addr < space->gap[i].end)
			return &space->gap[i];
	}
	return NULL;
}

/* ---- all of them ---- */

static void close_old(struct spaces *spaces)
{
	struct lru *old;

	if (spaces->nr < SPACES_MAX)
		return;
	old = lru_take_oldest(&spaces->first);
	if (!old)
		return;
	space_close((struct space *)old);
	spaces->nr--;
}

static struct space *find(struct spaces *spaces, __u64 code)
{
	struct lru **at = &spaces->first, *found;

	while (*at && ((struct space *)*at)->code != code)
		at = &(*at)->next;
	found = *at;
	if (found) {
		*at = found->next;
		lru_front(&spaces->first, found);
	}
	return (struct space *)found;
}

static int code_of(const struct cowi_stream *stream, pid_t pid,
		   struct cowi_mapping **out, size_t *nr)
{
	const struct cowi_mapping *m;
	struct cowi_mapping *grown;
	size_t i;

	*out = NULL;
	*nr = 0;
	for (i = 0; (m = cowi_stream_mapping(stream, pid, i)); i++) {
		if (m->perms[2] != 'x')
			continue;
		grown = grow(*out, *nr, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		*out = grown;
		grown[(*nr)++] = *m;
	}
	return 0;
}

int spaces_get(struct spaces *spaces, const struct cowi_stream *stream,
	       pid_t pid, struct space **out)
{
	__u64 code = cowi_stream_code(stream, pid);
	struct cowi_mapping *mapping;
	size_t nr;
	int err;

	*out = code ? find(spaces, code) : NULL;
	if (*out || !code)
		return 0;
	err = code_of(stream, pid, &mapping, &nr);
	if (!err) {
		close_old(spaces);
		*out = space_open(&spaces->objects, pid, mapping, nr);
	}
	free(mapping);
	if (!*out)
		return -ENOMEM;
	(*out)->code = code;
	lru_front(&spaces->first, &(*out)->lru);
	spaces->nr++;
	return 0;
}

void spaces_release(struct spaces *spaces)
{
	struct lru *space;

	while ((space = spaces->first)) {
		spaces->first = space->next;
		space_close((struct space *)space);
	}
	spaces->nr = 0;
	objects_release(&spaces->objects);
}
