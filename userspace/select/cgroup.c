// SPDX-License-Identifier: GPL-2.0
/*
 * The directories of cgroups are asked, not /proc/PID/cgroup: what stands there is
 * as seen from the reader's cgroup namespace, and differs between the versions.
 */
#include <errno.h>
#include <fts.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "cgroup.h"
#include "choice.h"
#include "commands.h"
#include "grow.h"
#include "libcowinspect.h"
#include "safe.h"

#define CGROUPS	"/sys/fs/cgroup"

static int by_number(const void *a, const void *b)
{
	const pid_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static int add(struct cgroup *g, pid_t pid)
{
	pid_t *grown = grow(g->pid, g->nr, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	g->pid = grown;
	g->pid[g->nr++] = pid;
	return 0;
}

static int read_procs(const char *dir, struct cgroup *g)
{
	char path[PATH_MAX];
	FILE *file;
	int err = 0;
	pid_t pid;

	snprintf(path, sizeof(path), "%s/cgroup.procs", dir);
	file = fopen(path, "re");
	/* ENODEV: it is being removed (kernfs_fop_open()). */
	if (!file)
		return errno == ENOENT || errno == ENODEV ? -COWI_ECGROUP : -errno;
	/* 0 is one of another pid namespace. A threaded cgroup gives EOPNOTSUPP:
	 * its processes are listed where the threads of it begin, above.
	 */
	while (!err && fscanf(file, "%d", &pid) == 1) {
		if (pid)
			err = add(g, pid);
	}
	fclose(file);
	return err;
}

static int read_tree(FTS *tree, const char *top, struct cgroup *g)
{
	FTSENT *entry;
	int err = 0;

	while (!err && (entry = fts_read(tree))) {
		if (entry->fts_info != FTS_D)
			continue;
		err = read_procs(entry->fts_path, g);
		/* One below that is removed meanwhile has nobody in it. */
		if (err == -COWI_ECGROUP && strcmp(entry->fts_path, top))
			err = 0;
	}
	return err;
}

int cgroup_read(const char *path, struct cgroup *g)
{
	char *top = strdup(path), *paths[] = { top, NULL };
	FTS *tree;
	int err;

	memset(g, 0, sizeof(*g));
	if (!top)
		return -ENOMEM;
	if (access(top, X_OK)) {
		err = errno == ENOENT || errno == ENOTDIR ? -COWI_ECGROUP :
							    -errno;
		free(top);
		return err;
	}
	tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	err = tree ? read_tree(tree, top, g) : -errno;
	if (tree)
		fts_close(tree);
	free(top);
	if (g->nr)
		qsort(g->pid, g->nr, sizeof(*g->pid), by_number);
	return err;
}

void cgroup_release(struct cgroup *g)
{
	free(g->pid);
}

bool cgroup_has(const struct cgroup *g, pid_t pid)
{
	return g->nr && bsearch(&pid, g->pid, g->nr, sizeof(pid), by_number);
}

/*
 * "0::PATH" is of version 2, which is mounted below if version 1 is there as well;
 * "N:memory:PATH" is of version 1 alone.
 */
static int cgroup_of(pid_t pid, char **path)
{
	char file_name[32], line[PATH_MAX], *at;
	const char *below = NULL;
	FILE *file;
	int n = 0;

	snprintf(file_name, sizeof(file_name), "/proc/%d/cgroup", pid);
	file = fopen(file_name, "re");
	if (!file)
		return errno == ENOENT ? -COWI_ENOPROC : -errno;
	while (!below && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		at = strchr(line, ':');
		if (at && !strncmp(at, "::", 2))
			below = access(CGROUPS "/unified", F_OK) ? "" : "/unified";
		else if (at && !strncmp(at, ":memory:", 8) &&
			 !access(CGROUPS "/memory", F_OK))
			below = "/memory";
	}
	fclose(file);
	if (below)
		n = asprintf(path, CGROUPS "%s%s", below,
			     strchr(strchr(line, ':') + 1, ':') + 1);
	return n < 0 ? -ENOMEM : below ? 0 : -COWI_ECGROUP;
}

int choice_cgroup(const struct choice *c, char **path)
{
	if (c->cgroup_of)
		return cgroup_of(c->cgroup_of, path);
	if (asprintf(path, "%s%s", c->cgroup[0] == '/' ? "" : CGROUPS "/",
		     c->cgroup) < 0)
		return -ENOMEM;
	return 0;
}

/* Whether the file system with that device has the controller, by its options. */
static bool has_controller(dev_t dev, const char *controller)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	unsigned int major, minor;
	char *line = NULL, *at;
	bool has = false;
	size_t size = 0;

	while (file && !has && getline(&line, &size, file) > 0) {
		if (sscanf(line, "%*d %*d %u:%u", &major, &minor) != 2 ||
		    makedev(major, minor) != dev)
			continue;
		at = strstr(line, " - ");
		for (at = at ? strtok(at, " ,\n") : NULL; at && !has;
		     at = strtok(NULL, " ,\n"))
			has = !strcmp(at, controller);
	}
	if (file)
		fclose(file);
	free(line);
	return has;
}

int cgroup_check_perf(const char *path, const char *name)
{
	struct statfs fs;
	struct stat st;

	if (statfs(path, &fs) || fs.f_type != CGROUP_SUPER_MAGIC ||
	    stat(path, &st) || has_controller(st.st_dev, "perf_event"))
		return EXIT_OK;
	fputs("cowinspect: ", stderr);
	put_safe(stderr, name);
	fputs(": of this cgroup of version 1 perf does not know, and so nobody can listen to it: ",
	      stderr);
	fputs("give the one below " CGROUPS "/perf_event, if it is there, or ",
	      stderr);
	fputs("--user, --name, or the processes in ", stderr);
	put_safe(stderr, path);
	fputs("/cgroup.procs\n", stderr);
	return EXIT_FAILED;
}
