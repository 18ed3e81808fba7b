// SPDX-License-Identifier: GPL-2.0
/* The VMAs of a traced process and their names, from /proc/PID/maps. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trace.h"

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* As the module has it, in vma_kind(). */
static bool is_anon(const struct cowi_vma *vma, __u64 inode)
{
	const char *name = vma->name;

	/* Private, it is anonymous memory that has a file all the same. */
	if (inode)
		return vma->perms[3] == 'p' && !strcmp(name, "/dev/zero");
	/* Others in brackets are put there by the kernel: [vdso] and so on. */
	return name[0] != '[' || begins(name, "[heap]") ||
	       begins(name, "[stack") || begins(name, "[anon");
}

/* "START-END PERMS OFFSET DEVICE INODE NAME" */
static int parse_line(char *line, struct cowi_vma *vma)
{
	__u64 inode;
	int at = 0;

	line[strcspn(line, "\n")] = '\0';
	if (sscanf(line, "%llx-%llx %4s %*x %*x:%*x %llu %n", &vma->start,
		   &vma->end, vma->perms, &inode, &at) != 4 || !at ||
	    strlen(vma->perms) != 4 || vma->start >= vma->end)
		return -EINVAL;
	vma->name = strdup(line + at);
	if (!vma->name)
		return -ENOMEM;
	strcpy(vma->kind, is_anon(vma, inode) ? "anon" : "file");
	return 0;
}

static int add_line(struct cowi_vmas *vmas, char *line)
{
	struct cowi_vma *grown;
	int err;

	grown = reallocarray(vmas->vma, vmas->nr + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	vmas->vma = grown;
	memset(&grown[vmas->nr], 0, sizeof(*grown));
	err = parse_line(line, &grown[vmas->nr]);
	/* x86 lists a page there that no process has. */
	if (!err && !strcmp(grown[vmas->nr].name, "[vsyscall]"))
		free(grown[vmas->nr].name);
	else if (!err)
		vmas->nr++;
	return err;
}

int trace_maps_parse(FILE *file, struct cowi_vmas *vmas)
{
	char *line = NULL;
	size_t size = 0;
	int err = 0;

	memset(vmas, 0, sizeof(*vmas));
	while (!err && getline(&line, &size, file) > 0)
		err = add_line(vmas, line);
	if (!err && ferror(file))
		err = -errno;
	free(line);
	return err;
}

int trace_maps(pid_t pid, struct cowi_vmas *vmas)
{
	char path[32];
	FILE *file;
	int err;

	memset(vmas, 0, sizeof(*vmas));
	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	file = fopen(path, "re");
	if (!file)
		return -errno;
	err = trace_maps_parse(file, vmas);
	fclose(file);
	return err;
}
