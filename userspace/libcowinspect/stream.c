// SPDX-License-Identifier: GPL-2.0
/* A stream of faults: what it listens to, and its beginning and end. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"
#include "procfs.h"
#include "stream.h"

/* PROC_PID_INIT_INO in include/linux/proc_ns.h. */
#define INITIAL_PID_NS	0xEFFFFFFCU

#define CGROUPS		"/sys/fs/cgroup"

static const char *const fault_names[FAULT_NR] = {
	[FAULT_ADDR] = "addr",
	[FAULT_BYTES] = "bytes",
	[FAULT_COST] = "cost",
	[FAULT_PID] = "pid",
	[FAULT_FLAGS] = "flags",
	[FAULT_OUTCOME] = "outcome",
	[FAULT_OLD_KIND] = "old_kind",
	[FAULT_NEW_KIND] = "new_kind",
	[FAULT_OLD_ORDER] = "old_order",
	[FAULT_NEW_ORDER] = "new_order",
	[FAULT_VMA] = "vma",
	[FAULT_PREDICTED] = "predicted",
	[FAULT_CONFIDENCE] = "confidence",
};

static const char *const fork_names[FORK_NR] = {
	[FORK_PARENT] = "parent",
	[FORK_CHILD] = "child",
	[FORK_COST] = "cost",
	[FORK_TABLES] = "tables",
	[FORK_COPIED] = "copied",
	[FORK_ANON] = "anon",
	[FORK_FILE] = "file",
	[FORK_SHMEM] = "shmem",
	[FORK_SWAP] = "swap",
};

__u64 cowi_stream_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

bool cowi_stream_wants_name(const struct cowi_stream *s, const char *comm)
{
	return s->has_name && !regexec(&s->name, comm, 0, NULL, 0);
}

/* ---- processes that exist ---- */

int cowi_stream_look(struct cowi_stream *s, struct cowi_proc *proc)
{
	struct cowi_vmas vmas = { 0 };
	size_t i;
	int err;

	proc->looked = cowi_stream_now();
	err = s->own_procfs ? cowi_maps_read(proc->pid, &vmas) : -ESRCH;
	/* None: it is exiting, or exec is about to replace them. */
	if (!err && vmas.nr)
		cowi_proc_unmap_all(proc);
	for (i = 0; i < vmas.nr && !err; i++) {
		struct cowi_mapping mapping = {
			.start = vmas.vma[i].start,
			.end = vmas.vma[i].end,
			.offset = vmas.vma[i].offset,
			.inode = vmas.vma[i].inode,
			.name = vmas.vma[i].name,
		};

		memcpy(mapping.perms, vmas.vma[i].perms, 4);
		err = cowi_proc_map(proc, &mapping);
	}
	cowi_vmas_free(&vmas);
	return err == -ENOMEM ? err : 0;
}

int cowi_stream_adopt(struct cowi_stream *s, pid_t pid, struct cowi_proc **out)
{
	struct cowi_procstat st = { 0 };
	struct cowi_proc *proc;

	*out = NULL;
	if (s->own_procfs && cowi_procstat(pid, &st))
		return -ESRCH;
	proc = cowi_procs_add(&s->procs, pid, NULL);
	if (!proc)
		return -ENOMEM;
	memcpy(proc->comm, st.comm, sizeof(proc->comm));
	*out = proc;
	return cowi_stream_look(s, proc);
}

static bool is_wanted(const struct cowi_stream *s, pid_t pid,
		      const struct cowi_procstat *st)
{
	const struct cowi_proc *parent = cowi_procs_find(&s->procs, st->parent);

	if (st->flags & COWI_PF_KTHREAD || st->state == 'Z' || pid == getpid())
		return false;
	return (s->follow && parent && parent->running) ||
	       cowi_stream_wants_name(s, st->comm);
}

/* One look at all of /proc. Returns how many are new, or an error. */
static int find_some(struct cowi_stream *s, DIR *dir)
{
	struct cowi_procstat st;
	struct cowi_proc *proc;
	struct dirent *entry;
	int nr = 0, err;
	pid_t pid;

	rewinddir(dir);
	while ((entry = readdir(dir))) {
		pid = atoi(entry->d_name);
		if (pid <= 0)
			continue;
		proc = cowi_procs_find(&s->procs, pid);
		if ((proc && proc->running) || cowi_procstat(pid, &st) ||
		    !is_wanted(s, pid, &st))
			continue;
		err = cowi_stream_adopt(s, pid, &proc);
		if (err == -ENOMEM)
			return err;
		nr += !err;
	}
	return nr;
}

int cowi_stream_find_procs(struct cowi_stream *s)
{
	int nr;
	DIR *dir;

	if (!s->own_procfs || (!s->follow && !s->has_name))
		return 0;
	dir = opendir("/proc");
	if (!dir)
		return -errno;
	/* A child may stand before its parent. */
	do {
		nr = find_some(s, dir);
	} while (nr > 0);
	closedir(dir);
	return nr;
}

static int pidfd_failed(void)
{
	switch (errno) {
	case ESRCH:
		return -COWI_ENOPROC;
	/* Of a thread there is none: later kernels say the second. */
	case EINVAL:
	case ENOENT:
		return -COWI_EKTHREAD;
	default:
		return -errno;
	}
}

/* Those that were named have to exist. */
static int adopt_named(struct cowi_stream *s, pid_t pid)
{
	struct cowi_procstat st;
	struct cowi_proc *proc;
	int fd, err;

	fd = syscall(SYS_pidfd_open, pid, 0);
	if (fd < 0)
		return pidfd_failed();
	close(fd);
	if (s->own_procfs && !cowi_procstat(pid, &st)) {
		if (st.flags & COWI_PF_KTHREAD)
			return -COWI_EKTHREAD;
		if (st.state == 'Z' && st.threads <= 1)
			return -COWI_EZOMBIE;
	}
	err = cowi_stream_adopt(s, pid, &proc);
	return err == -ESRCH ? -COWI_ENOPROC : err;
}

static bool is_gone(int err)
{
	return err == -COWI_ENOPROC || err == -COWI_EZOMBIE;
}

/* ---- begin ---- */

static int read_tracepoints(struct cowi_stream *s)
{
	char *text;
	size_t i;
	int err;

	err = cowi_tracepoint_read("cow_fault", &text);
	if (err)
		return err;
	err = cowi_tracepoint_parse(text, fault_names, FAULT_NR, s->fault,
				    &s->fault_id);
	free(text);
	for (i = 0; i < FAULT_NR && !err; i++)
		err = s->fault[i].size ? 0 : -COWI_EFORMAT;
	if (err)
		return err;
	err = cowi_tracepoint_read("cow_fork", &text);
	/* Faults alone are worth it, too. */
	if (err)
		return err == -COWI_ENOTRACEPOINT ? 0 : err;
	err = cowi_tracepoint_parse(text, fork_names, FORK_NR, s->fork,
				    &s->fork_id);
	free(text);
	return err;
}

static int open_cgroup(struct cowi_stream *s, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s%s", name[0] == '/' ? "" : CGROUPS "/",
		 name);
	s->cgroup = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->cgroup >= 0)
		return 0;
	return errno == ENOENT || errno == ENOTDIR ? -COWI_ECGROUP : -errno;
}

static int take_options(struct cowi_stream *s,
			const struct cowi_stream_options *o)
{
	struct stat ns;

	s->follow = o->follow;
	s->all = o->all;
	s->outcomes = o->outcomes;
	s->stacks = o->stacks;
	s->rings.stacks = o->stacks;
	s->stack_outcomes = o->stack_outcomes ? o->stack_outcomes : UINT32_MAX;
	if (o->outcomes)
		s->stack_outcomes &= o->outcomes;
	s->stack_bytes = o->stack_bytes ? o->stack_bytes : COWI_STACK_BYTES;
	s->own_procfs = cowi_is_own_procfs();
	s->initial_ns = !stat("/proc/self/ns/pid", &ns) &&
			ns.st_ino == INITIAL_PID_NS;
	if (!o->all && !o->cgroup && !o->name && !o->nr_pids)
		return -EINVAL;
	if (s->stack_bytes % 8 || s->stack_bytes > COWI_STACK_BYTES_MAX)
		return -EINVAL;
	if (o->name) {
		if (regcomp(&s->name, o->name, REG_EXTENDED | REG_NOSUB))
			return -COWI_EREGEX;
		s->has_name = true;
	}
	return o->cgroup ? open_cgroup(s, o->cgroup) : 0;
}

/* What exists is looked at once we listen, so nothing comes in between. */
static int begin(struct cowi_stream *s, const struct cowi_stream_options *o)
{
	bool only_these = o->nr_pids && !o->follow && !o->all && !o->cgroup &&
			  !o->name;
	size_t i;
	int err;

	err = take_options(s, o);
	if (!err)
		err = read_tracepoints(s);
	if (!err)
		err = cowi_stream_listen(s, only_these ? o->pid : NULL,
					 o->nr_pids, o->ring_bytes);
	for (i = 0; i < o->nr_pids && !err; i++) {
		err = adopt_named(s, o->pid[i]);
		if (i + o->nr_gone >= o->nr_pids && is_gone(err))
			err = 0;
	}
	return err ? err : cowi_stream_find_procs(s);
}

int cowi_stream_open(const struct cowi_stream_options *o,
		     struct cowi_stream **out)
{
	struct cowi_stream *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return -ENOMEM;
	s->cgroup = -1;
	s->epoll = -1;
	err = begin(s, o);
	if (err) {
		cowi_stream_close(s);
		return err;
	}
	*out = s;
	return 0;
}

void cowi_stream_close(struct cowi_stream *s)
{
	if (!s)
		return;
	cowi_stream_deafen(s);
	cowi_rings_release(&s->rings);
	cowi_procs_release(&s->procs);
	cowi_procs_release(&s->writers);
	if (s->cgroup >= 0)
		close(s->cgroup);
	if (s->has_name)
		regfree(&s->name);
	free(s->pending);
	free(s);
}

/* ---- next ---- */

/* Of the last records that did not fit, no record tells. */
static int tell_rest(struct cowi_stream *s, struct cowi_event *e)
{
	__u64 events, lost;

	s->told = true;
	cowi_stream_count(s, &events, &lost);
	s->lost_faults = events - s->samples;
	if (lost < s->lost_faults)
		lost = s->lost_faults;
	if (lost <= s->lost)
		return 0;
	*e = (struct cowi_event){ .kind = COWI_EVENT_LOST, .comm = "",
				  .time = cowi_stream_now(),
				  .count = lost - s->lost };
	s->lost = lost;
	return 1;
}

int cowi_stream_next(struct cowi_stream *s, struct cowi_event *e)
{
	const struct perf_event_header *record;
	int ret;

	do {
		ret = cowi_rings_next(&s->rings, s->stopped ? UINT64_MAX :
				      cowi_stream_now(), &record);
		if (ret <= 0)
			break;
		ret = cowi_stream_translate(s, record, e);
	} while (!ret);
	if (!ret)
		ret = cowi_stream_pending(s, e);
	if (!ret && s->stopped && !s->told)
		ret = tell_rest(s, e);
	return ret;
}

const struct cowi_proc *cowi_stream_proc(const struct cowi_stream *s, pid_t pid)
{
	const struct cowi_proc *proc = cowi_procs_find(&s->procs, pid);

	return proc ? proc : cowi_procs_find(&s->writers, pid);
}

const struct cowi_mapping *cowi_stream_mapping(const struct cowi_stream *s,
					       pid_t pid, size_t i)
{
	const struct cowi_proc *proc = cowi_stream_proc(s, pid);

	return proc ? cowi_proc_mapping_at(proc, i) : NULL;
}

__u64 cowi_stream_code(const struct cowi_stream *s, pid_t pid)
{
	const struct cowi_proc *proc = cowi_stream_proc(s, pid);

	return proc ? cowi_proc_code(proc) : 0;
}

size_t cowi_stream_running(const struct cowi_stream *s)
{
	return s->procs.running;
}

void cowi_stream_lost(const struct cowi_stream *s,
		      struct cowi_stream_lost *lost)
{
	lost->faults = s->lost_faults;
	lost->records = s->lost;
}
