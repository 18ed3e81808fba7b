// SPDX-License-Identifier: GPL-2.0
/* Words for the numbers of the ABI, and sentences for errors. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "array_size.h"
#include "internal.h"
#include "libcowinspect.h"

const struct cowi_total_info cowi_total_info[COWI_NR_TOTALS] = {
#define TOTAL_INFO(name, unit, meaning) { #name, meaning, (unit)[0] },
	COWINSPECT_TOTALS(TOTAL_INFO)
#undef TOTAL_INFO
};

const struct cowi_fault_info cowi_fault_info[COWI_NR_FAULTS] = {
#define FAULT_INFO(name, unit, meaning) { #name, meaning, unit },
	COWINSPECT_FAULTS(FAULT_INFO)
#undef FAULT_INFO
};

#define NAME(id, name, ...) \
	[id] = name,

static const char *const kind_names[COWI_NR_KINDS] = {
	COWINSPECT_KINDS(NAME, NAME)
};

static const char *const outcome_names[COWI_NR_OUTCOMES] = {
	COWINSPECT_OUTCOMES(NAME, NAME)
};

static const char *const did_names[COWI_NR_DID] = {
	COWINSPECT_DID(NAME, NAME)
};

static const char *const vma_names[COWI_NR_VMAS] = {
	COWINSPECT_VMAS(NAME, NAME)
};

static const struct {
	__u32 mask;
	const char *name;
} event_flag_names[] = {
#define FLAG(flag, name) { flag, name },
	COWINSPECT_EVENT_FLAGS(FLAG, FLAG)
#undef FLAG
};

static const char *const confidence_names[] = {
	COWINSPECT_CONFIDENCES(NAME, NAME)
};

static const char *const counts_names[] = {
	[COWI_COUNT_EXACT] = "exact",
	[COWI_COUNT_AVERAGE] = "average",
	[COWI_COUNT_ESTIMATE] = "estimate",
	[COWI_COUNT_ABSENT] = "absent",
};

static const struct {
	__u64 mask;
	const char *name;
} flag_names[] = {
	{ COWI_F_PRESENT, "present" },
	{ COWI_F_WRITE, "write" },
	{ COWI_F_DIRTY, "dirty" },
	{ COWI_F_YOUNG, "young" },
	{ COWI_F_SOFT_DIRTY, "soft-dirty" },
	{ COWI_F_UFFD_WP, "uffd-wp" },
	{ COWI_F_PROTNONE, "protnone" },
	{ COWI_F_EXCLUSIVE, "exclusive" },
	{ COWI_F_LARGE, "large" },
	{ COWI_F_HUGETLB, "hugetlb" },
	{ COWI_F_DEVICE, "device" },
	{ COWI_F_LRU, "lru" },
	{ COWI_F_LOCKED, "locked" },
	{ COWI_F_PAGE_DIRTY, "page-dirty" },
	{ COWI_F_REFERENCED, "referenced" },
	{ COWI_F_WRITEBACK, "writeback" },
	{ COWI_F_SWAPCACHE, "swapcache" },
	{ COWI_F_SWAPBACKED, "swapbacked" },
	{ COWI_F_MLOCKED, "mlocked" },
	{ COWI_F_MAYBE_PINNED, "maybe-pinned" },
	{ COWI_F_VMA_WRITE, "vma-write" },
	{ COWI_F_VMA_SHARED, "vma-shared" },
	{ COWI_F_VMA_UFFD_WP, "vma-uffd-wp" },
	{ COWI_F_VMA_UFFD_ASYNC, "vma-uffd-async" },
	{ COWI_F_VMA_UFFD_RWP, "vma-uffd-rwp" },
	{ COWI_F_VMA_KEYED, "vma-keyed" },
	{ COWI_F_VMA_SHADOW_STACK, "vma-shadow-stack" },
	{ COWI_F_SPLIT, "split" },
};

static const char *const error_texts[] = {
	[COWI_ENOTMOUNTED - COWI_ENOTMOUNTED] =
		"debugfs is not mounted: sudo mount -t debugfs none /sys/kernel/debug",
	[COWI_ENOTLOADED - COWI_ENOTMOUNTED] =
		"the module is not loaded: sudo insmod cowinspect.ko",
	[COWI_EPRIV - COWI_ENOTMOUNTED] =
		"this needs root: try sudo",
	[COWI_ELOCKDOWN - COWI_ENOTMOUNTED] =
		"the kernel refuses, though you are root: it is locked down (see /sys/kernel/security/lockdown), or CAP_SYS_ADMIN is missing",
	[COWI_ENOPROC - COWI_ENOTMOUNTED] =
		"no such process: look for its id with ps or pgrep",
	[COWI_EEXITED - COWI_ENOTMOUNTED] =
		"the process exited while it was being looked at",
	[COWI_EKTHREAD - COWI_ENOTMOUNTED] =
		"not a process with memory of its own: give the id of a process, not of a kernel thread or of a single thread",
	[COWI_ELIMIT - COWI_ENOTMOUNTED] =
		"the module inspects as many processes as it may: detach some (cowinspect status lists them; cowinspect detach), or raise the module parameter max_targets",
	/* COWI_EABI is made up by foreign_abi_text(). */
	[COWI_EFORMAT - COWI_ENOTMOUNTED] =
		"the module's answer cannot be understood: build and load both from the same version, and report it if that does not help",
	[COWI_EZOMBIE - COWI_ENOTMOUNTED] =
		"the process has exited and its memory is gone: it is a zombie until its parent takes note",
	[COWI_ENOTRACEFS - COWI_ENOTMOUNTED] =
		"tracefs is not mounted: sudo mount -t tracefs none /sys/kernel/tracing",
	[COWI_ENOTRACEPOINT - COWI_ENOTMOUNTED] =
		"the module has no tracepoints: this kernel may not let its modules have them (CONFIG_TRACEPOINTS, CONFIG_PERF_EVENTS), or the module is older than this program",
	[COWI_ENOPERF - COWI_ENOTMOUNTED] =
		"this kernel has no perf_event_open(): it needs CONFIG_PERF_EVENTS and CONFIG_EVENT_TRACING",
	/* COWI_EFILES is made up by files_text(). */
	[COWI_ECGROUP - COWI_ENOTMOUNTED] =
		"no such cgroup, or this kernel cannot trace by cgroup (CONFIG_CGROUP_PERF): systemd-cgls lists those of this machine",
	[COWI_EREGEX - COWI_ENOTMOUNTED] =
		"not a regular expression: see regex(7)",
	[COWI_ERINGS - COWI_ENOTMOUNTED] =
		"the kernel does not give that much memory for events: ask for less (--buffer 256K); who lacks CAP_IPC_LOCK may have more by ulimit -l and the sysctl kernel.perf_event_mlock_kb",
	[COWI_ESNAPSHOT - COWI_ENOTMOUNTED] =
		"no snapshot, or one that is damaged: 'cowinspect snapshot -o FILE' writes them",
	[COWI_ETRUNCATED - COWI_ENOTMOUNTED] =
		"the end of the snapshot is missing: copy it again, or take a new one",
	[COWI_ENEWER - COWI_ENOTMOUNTED] =
		"the snapshot was written by a newer cowinspect: read it with that one",
};

/* What the module speaks that was met last, if it is not ours. */
struct foreign {
	unsigned int abi;
	char version[32];
};

static __thread struct foreign foreign;

void cowi_note_foreign_abi(unsigned int abi, const char *version)
{
	/* A recording may hold anything: a version has none but these. */
	int len = strspn(version, "0123456789.+-~_abcdefghijklmnopqrstuvwxyz");

	foreign.abi = abi;
	snprintf(foreign.version, sizeof(foreign.version), "%.*s", len,
		 version);
	if (!len)
		strcpy(foreign.version, "?");
}

static const char *foreign_abi_text(void)
{
	static __thread char text[256];
	bool older = foreign.abi < COWINSPECT_ABI;

	snprintf(text, sizeof(text),
		 "the module (version %s, ABI %u) is %s than this program (version %s, ABI %u): install %s of version %s%s",
		 foreign.version, foreign.abi, older ? "older" : "newer",
		 COWINSPECT_VERSION, COWINSPECT_ABI,
		 older ? "the module" : "the program",
		 older ? COWINSPECT_VERSION : foreign.version,
		 older ? ", sudo rmmod cowinspect, and load that one" : "");
	return text;
}

/* Beside those of the CPUs there are some of a program's own. */
#define FILES_BESIDE	32

static const char *files_text(void)
{
	static __thread char text[192];
	long cpus = sysconf(_SC_NPROCESSORS_CONF);
	struct rlimit limit = { 0 };

	getrlimit(RLIMIT_NOFILE, &limit);
	snprintf(text, sizeof(text),
		 "too many open files, of which %lu are allowed: a trace needs 2 for each of %ld CPUs, and some more; raise the limit (ulimit -n %ld)",
		 (unsigned long)limit.rlim_cur, cpus, 2 * cpus + FILES_BESIDE);
	return text;
}

const char *cowi_strerror(int err)
{
	if (err < 0)
		err = -err;
	if (err == COWI_EABI)
		return foreign_abi_text();
	if (err == COWI_EFILES || err == EMFILE)
		return files_text();
	if (err >= COWI_ENOTMOUNTED && err <= COWI_ENEWER)
		return error_texts[err - COWI_ENOTMOUNTED];
	return strerror(err);
}

static const char *word(const char *const *words, size_t nr, unsigned int i)
{
	return i < nr && words[i] ? words[i] : "?";
}

const char *cowi_kind_name(unsigned int kind)
{
	if (kind == COWI_KIND_NONE)
		return "none";
	return word(kind_names, ARRAY_SIZE(kind_names), kind);
}

const char *cowi_outcome_name(unsigned int outcome)
{
	return word(outcome_names, ARRAY_SIZE(outcome_names), outcome);
}

const char *cowi_confidence_name(unsigned int confidence)
{
	return word(confidence_names, ARRAY_SIZE(confidence_names), confidence);
}

const char *cowi_counts_name(unsigned int counts)
{
	return word(counts_names, ARRAY_SIZE(counts_names), counts);
}

const char *cowi_did_name(unsigned int did)
{
	return word(did_names, ARRAY_SIZE(did_names), did);
}

const char *cowi_vma_name(unsigned int vma)
{
	return word(vma_names, ARRAY_SIZE(vma_names), vma);
}

const char *cowi_event_flag_name(unsigned int i, __u32 *mask)
{
	if (i >= ARRAY_SIZE(event_flag_names))
		return NULL;
	*mask = event_flag_names[i].mask;
	return event_flag_names[i].name;
}

const char *cowi_flag_name(unsigned int i, __u64 *mask)
{
	if (i >= ARRAY_SIZE(flag_names))
		return NULL;
	*mask = flag_names[i].mask;
	return flag_names[i].name;
}
