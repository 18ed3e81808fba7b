// SPDX-License-Identifier: GPL-2.0
/* What /proc says of a process. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "procfs.h"

int cowi_procstat(pid_t pid, struct cowi_procstat *st)
{
	char path[32], text[512], *name, *end;
	size_t len;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return -ESRCH;
	text[n] = '\0';
	memset(st, 0, sizeof(*st));
	/* "PID (NAME) STATE ...", where the name may be anything. */
	name = strchr(text, '(');
	end = strrchr(text, ')');
	if (!name || !end ||
	    sscanf(end,
		   ") %c %d %*d %*d %*d %*d %u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %ld %*d %llu",
		   &st->state, &st->parent, &st->flags, &st->threads,
		   &st->start) != 5)
		return -EINVAL;
	len = end - name - 1;
	if (len >= sizeof(st->comm))
		len = sizeof(st->comm) - 1;
	memcpy(st->comm, name + 1, len);
	return 0;
}

bool cowi_is_own_procfs(void)
{
	char self[16] = "";

	return readlink("/proc/self", self, sizeof(self) - 1) > 0 &&
	       atoi(self) == getpid();
}

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* As the module has it, in vma_kind(). */
bool cowi_is_anon_mapping(const char *name, const char *perms)
{
	/* Private, it is anonymous memory that has a file all the same. */
	if (!strcmp(name, "/dev/zero"))
		return perms[3] == 'p';
	/* Others in brackets are put there by the kernel: [vdso] and so on. */
	return !name[0] || begins(name, "[heap]") || begins(name, "[stack") ||
	       begins(name, "[anon");
}

/* "START-END PERMS OFFSET DEVICE INODE NAME" */
static int parse_line(char *line, struct cowi_vma *vma)
{
	int at = 0;

	line[strcspn(line, "\n")] = '\0';
	if (sscanf(line, "%llx-%llx %4s %llx %*x:%*x %llu %n", &vma->start,
		   &vma->end, vma->perms, &vma->offset, &vma->inode,
		   &at) != 5 || !at ||
	    strlen(vma->perms) != 4 || vma->start >= vma->end)
		return -EINVAL;
	vma->name = strdup(line + at);
	if (!vma->name)
		return -ENOMEM;
	strcpy(vma->kind, cowi_is_anon_mapping(vma->name, vma->perms) ?
			  "anon" : "file");
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

int cowi_maps_parse(FILE *file, struct cowi_vmas *vmas)
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

int cowi_maps_read(pid_t pid, struct cowi_vmas *vmas)
{
	char path[32];
	FILE *file;
	int err;

	memset(vmas, 0, sizeof(*vmas));
	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	file = fopen(path, "re");
	if (!file)
		return -errno;
	err = cowi_maps_parse(file, vmas);
	fclose(file);
	return err;
}
