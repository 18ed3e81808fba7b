/* SPDX-License-Identifier: GPL-2.0 */
/*
 * libcowinspect: reads what the cowinspect module tells about processes.
 *
 *	struct cowi *c;
 *	struct cowi_target *t;
 *	struct cowi_totals sum;
 *	int err;
 *
 *	err = cowi_open(NULL, &c);
 *	if (!err)
 *		err = cowi_target_open(c, pid, &t);
 *	if (!err)
 *		err = cowi_summary(t, &sum);
 *	if (err < 0)
 *		fprintf(stderr, "%s\n", cowi_strerror(err));
 *
 * Functions that can fail return 0 (or a documented positive value) on success
 * and a negative number otherwise: -errno, or one of the COWI_E* below negated.
 * cowi_strerror() explains all of them and says what to do next.
 *
 * A directory with copies of the module's files ("cat pages > copy/123/pages"
 * and so on) can be opened in place of the real one: a recording. So can a tar file
 * of that, such as "cowinspect snapshot" writes, if it is not compressed.
 *
 * Handles are not locked: use one per thread.
 */
#ifndef LIBCOWINSPECT_H
#define LIBCOWINSPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "cowinspect.h"

#define COWI_DEFAULT_ROOT	"/sys/kernel/debug/cowinspect"

/**
 * enum cowi_error - failures that errno has no word for
 * @COWI_ENOTMOUNTED: debugfs is not mounted
 * @COWI_ENOTLOADED: debugfs is there, the module is not
 * @COWI_EPRIV: the caller lacks the right to look
 * @COWI_ELOCKDOWN: root was refused: the kernel is locked down
 * @COWI_ENOPROC: there is no such process
 * @COWI_EEXITED: the process exited while it was being looked at
 * @COWI_EKTHREAD: a kernel thread, or a thread id that is not a process id
 * @COWI_ELIMIT: the module's max_targets processes are attached
 * @COWI_EABI: the module speaks an ABI that this library does not know
 * @COWI_EFORMAT: the module's answer cannot be understood
 * @COWI_EZOMBIE: the process has exited, and its parent has not noticed yet
 * @COWI_ENOTRACEFS: tracefs is not mounted
 * @COWI_ENOTRACEPOINT: the module is there, its tracepoints are not
 * @COWI_ENOPERF: the kernel has no perf_event_open()
 * @COWI_EFILES: more files are open than may be
 * @COWI_ECGROUP: there is no such cgroup, or not one that perf knows
 * @COWI_EREGEX: the regular expression is none
 * @COWI_ERINGS: the kernel does not give that much memory for events
 * @COWI_ESNAPSHOT: the file is no snapshot, or is damaged
 * @COWI_ETRUNCATED: the snapshot's end is missing
 * @COWI_ENEWER: the snapshot has a format that this library does not know yet
 */
enum cowi_error {
	COWI_ENOTMOUNTED = 1000,
	COWI_ENOTLOADED,
	COWI_EPRIV,
	COWI_ELOCKDOWN,
	COWI_ENOPROC,
	COWI_EEXITED,
	COWI_EKTHREAD,
	COWI_ELIMIT,
	COWI_EABI,
	COWI_EFORMAT,
	COWI_EZOMBIE,
	COWI_ENOTRACEFS,
	COWI_ENOTRACEPOINT,
	COWI_ENOPERF,
	COWI_EFILES,
	COWI_ECGROUP,
	COWI_EREGEX,
	COWI_ERINGS,
	COWI_ESNAPSHOT,
	COWI_ETRUNCATED,
	COWI_ENEWER,
};

/**
 * cowi_strerror - explain a failure
 * @err: what a function of this library returned; the sign does not matter
 *
 * Return: one line without a newline, never NULL; valid until the next call.
 */
const char *cowi_strerror(int err);

/* Totals of a VMA or of a task */

/** enum cowi_unit - the unit of a total: the first letter of its word */
enum cowi_unit {
	COWI_UNIT_PAGES = 'p',	/* base pages of page_size bytes */
	COWI_UNIT_BYTES = 'b',
	COWI_UNIT_COUNT = 'c',
	COWI_UNIT_MEAN = 'm',	/* stored in hundredths */
};

/** enum cowi_total - names for the places in struct cowi_totals */
enum cowi_total {
#define COWI_TOTAL_ID(name, unit, meaning) COWI_TOTAL_##name,
	COWINSPECT_TOTALS(COWI_TOTAL_ID)
#undef COWI_TOTAL_ID
	COWI_NR_TOTALS
};

/**
 * struct cowi_total_info - what a total is
 * @name: as in the module's files
 * @meaning: one line for people
 * @unit: of the number
 */
struct cowi_total_info {
	const char *name;
	const char *meaning;
	enum cowi_unit unit;
};

extern const struct cowi_total_info cowi_total_info[COWI_NR_TOTALS];

/**
 * struct cowi_totals - one set of totals
 * @value: indexed by enum cowi_total; means are in hundredths
 * @known: whether the module reported it; where false, @value is 0
 */
struct cowi_totals {
	__u64 value[COWI_NR_TOTALS];
	bool known[COWI_NR_TOTALS];
};

/**
 * struct cowi_vma - one line of the vmas file
 * @start: first address, in bytes
 * @end: first address after it
 * @offset: of @start in its file, in bytes; 0 if the module reports it
 * @inode: number of its file; the same
 * @perms: "rwxp" and the like
 * @kind: anon, file, shmem, hugetlb, device, or a word of a newer module
 * @totals: of this VMA
 * @name: path or [name], "" for none
 */
struct cowi_vma {
	__u64 start;
	__u64 end;
	__u64 offset;
	__u64 inode;
	char perms[8];
	char kind[16];
	struct cowi_totals totals;
	char *name;
};

/**
 * struct cowi_vmas - the VMAs of a task, ascending
 * @nr: how many
 * @vma: @nr of them
 */
struct cowi_vmas {
	size_t nr;
	struct cowi_vma *vma;
};

/* What faults did */

/** enum cowi_fault - names for the places in struct cowi_faults */
enum cowi_fault {
#define COWI_FAULT_ID(name, unit, meaning) COWI_FAULT_##name,
	COWINSPECT_FAULTS(COWI_FAULT_ID)
#undef COWI_FAULT_ID
	COWI_NR_FAULTS
};

/**
 * struct cowi_fault_info - what a counter of faults is
 * @name: as in the module's file
 * @meaning: one line for people
 * @unit: "faults", "bytes", "pages" or "forks"
 */
struct cowi_fault_info {
	const char *name;
	const char *meaning;
	const char *unit;
};

extern const struct cowi_fault_info cowi_fault_info[COWI_NR_FAULTS];

/**
 * struct cowi_faults - the faults file
 * @total: indexed by enum cowi_fault
 * @by_vma: the same for each enum cowinspect_vma
 * @known: whether the module reported it; where false, the numbers are 0
 */
struct cowi_faults {
	__u64 total[COWI_NR_FAULTS];
	__u64 by_vma[COWI_NR_FAULTS][COWI_NR_VMAS];
	bool known[COWI_NR_FAULTS];
};

/* What the module says about itself */

/**
 * struct cowi_target_state - an attached process
 * @pid: its id, and the name of its directory
 * @running: false once it has exited
 */
struct cowi_target_state {
	pid_t pid;
	bool running;
};

/**
 * enum cowi_lock - locks whose holds the module measures
 * @COWI_LOCK_MMAP: of an address space that is walked
 * @COWI_LOCK_TABLE: of a page table that is walked
 * @COWI_LOCK_TARGETS: of the list of targets
 * @COWI_NR_LOCKS: how many there are; not a lock
 */
enum cowi_lock {
	COWI_LOCK_MMAP,
	COWI_LOCK_TABLE,
	COWI_LOCK_TARGETS,
	COWI_NR_LOCKS
};

#define COWI_HOLD_BUCKETS	64

/**
 * struct cowi_hold - how long a lock was held
 * @max: the longest hold, in nanoseconds
 * @holds: how many there were
 * @count: how many of them took from 2^N up to 2^(N+1) - 1 nanoseconds
 */
struct cowi_hold {
	__u64 max;
	__u64 holds;
	__u64 count[COWI_HOLD_BUCKETS];
};

/** enum cowi_answer - what the module says to a question */
enum cowi_answer {
	COWI_ANSWER_NONE,	/* it does not know the question */
	COWI_ANSWER_NO,
	COWI_ANSWER_YES,
};

/**
 * struct cowi_status - the status file
 * @version: of the module
 * @kernel: release of the kernel it runs on
 * @rules: first kernel version of the copy-on-write rules it predicts by
 * @rules_by: how it chose them: "probe", by what the kernel has; "version"; "guess",
 *	by these on a kernel that it does not support
 * @observed_for: for whom faults are observed: "targets 1, perf 0, tracefs 0"
 * @abi: ABI number
 * @observer: how it observes faults: "kretprobe"; "none" or "" if it cannot
 * @record_size: of a record of the pages file, in bytes
 * @page_size: the base page, in bytes
 * @max_targets: limit on attached processes
 * @targets_held: how many targets are in memory, attached or not
 * @lock_hold_max: longest hold of an address space's lock, in nanoseconds
 * @hold: how long locks were held: enum cowi_lock
 * @observer_error: 0, or why faults are not observed, as a negative errno
 * @observer_missed: faults, of any process, that were missed
 * @observer_armed: whether faults are observed at this moment
 * @kernel_tested: whether the module was tested on kernels of this version
 * @observer_remote: whether faults by other processes are observed
 * @max_inflight: limit on observed faults in progress
 * @mapcount: what this kernel can tell: enum cowinspect_counts, like the next
 * @refcount: see @mapcount
 * @folio_mapcount: see @mapcount
 * @exclusive: see @mapcount
 * @soft_dirty: see @mapcount
 * @uffd_wp: see @mapcount
 * @uffd_async: see @mapcount
 * @nr_targets: entries in @target
 * @target: the attached processes
 *
 * Quantities that the module does not mention are COWI_COUNT_ABSENT; other
 * missing texts are "", missing numbers 0.
 */
struct cowi_status {
	char version[32];
	char kernel[96];
	char rules[16];
	char rules_by[16];
	char observer[16];
	char observed_for[64];
	unsigned int abi;
	size_t record_size;
	__u64 page_size;
	__u64 max_targets;
	__u64 targets_held;
	__u64 lock_hold_max;
	struct cowi_hold hold[COWI_NR_LOCKS];
	__s64 observer_error;
	__u64 observer_missed;
	enum cowi_answer observer_armed;
	enum cowi_answer kernel_tested;
	enum cowinspect_counts observer_remote;
	__u64 max_inflight;
	enum cowinspect_counts mapcount;
	enum cowinspect_counts refcount;
	enum cowinspect_counts folio_mapcount;
	enum cowinspect_counts exclusive;
	enum cowinspect_counts soft_dirty;
	enum cowinspect_counts uffd_wp;
	enum cowinspect_counts uffd_async;
	size_t nr_targets;
	struct cowi_target_state *target;
};

/* Sessions */

struct cowi;
struct cowi_target;
struct cowi_pages;

/**
 * cowi_open - connect to the module, or to a recording of its files
 * @root: directory with the status file, or a tar file; NULL for COWI_DEFAULT_ROOT
 * @out: set on success; to be given to cowi_close()
 *
 * Return: 0; -COWI_ENOTMOUNTED, -COWI_ENOTLOADED, -COWI_EPRIV,
 * -COWI_ELOCKDOWN, -COWI_EABI, -COWI_EFORMAT, -COWI_ESNAPSHOT, -COWI_ETRUNCATED,
 * -COWI_ENEWER or -errno.
 */
int cowi_open(const char *root, struct cowi **out);

/**
 * cowi_close - end a session
 * @c: from cowi_open(), or NULL; its targets must be closed
 */
void cowi_close(struct cowi *c);

/**
 * cowi_status - what the module said when the session was opened
 * @c: session
 *
 * Return: a struct that belongs to the session.
 */
const struct cowi_status *cowi_status(const struct cowi *c);

/**
 * cowi_status_refresh - have the module say it anew
 * @c: session; what cowi_status() has returned is changed
 *
 * Return: 0; errors as for cowi_open().
 */
int cowi_status_refresh(struct cowi *c);

/**
 * struct cowi_recorded - a process of a snapshot
 * @pid: its id
 * @parent: that of its parent
 * @start: when it began, in clock ticks since boot: field 22 of /proc/PID/stat
 * @comm: command name; "" if it was left out
 * @title: what it called itself; "" if that was left out
 */
struct cowi_recorded {
	pid_t pid;
	pid_t parent;
	__u64 start;
	char comm[16];
	char *title;
};

/**
 * struct cowi_snapshot - what a snapshot says of itself
 * @taken: when, as people write it
 * @taken_ns: when the first process was begun, in nanoseconds of the epoch
 * @read_ns: from then until the last one was done
 * @boot: the machine's boot_id
 * @has_ids: frame numbers are replaced by ids
 * @key: ids of snapshots with the same one are comparable
 * @anonymous: names and paths are left out
 * @exited: how many exited before their turn, or while they were read
 * @nr: entries in @process
 * @process: in the order in which they were read
 */
struct cowi_snapshot {
	char taken[32];
	__u64 taken_ns;
	__u64 read_ns;
	char boot[40];
	bool has_ids;
	char key[20];
	bool anonymous;
	__u64 exited;
	size_t nr;
	struct cowi_recorded *process;
};

/** cowi_snapshot - what it says of itself; NULL if @c is none */
const struct cowi_snapshot *cowi_snapshot(const struct cowi *c);

/** cowi_is_recorded - whether @c is a recording, not the module */
bool cowi_is_recorded(const struct cowi *c);

/**
 * cowi_is_running - whether a process is attached and has not exited
 * @st: what the module says
 * @pid: the process, by the name of its directory
 */
bool cowi_is_running(const struct cowi_status *st, pid_t pid);

/**
 * cowi_attach - have a process inspected
 * @c: session
 * @pid: its id, in the caller's pid namespace
 *
 * Return: 1 if this call attached it, 0 if it was attached before;
 * -COWI_ENOPROC, -COWI_EZOMBIE, -COWI_EKTHREAD, -COWI_ELIMIT or -errno.
 */
int cowi_attach(struct cowi *c, pid_t pid);

/**
 * cowi_detach - end the inspection of a process, whoever began it
 * @c: session
 * @pid: its id
 *
 * Return: 0; -COWI_ENOPROC if it is not attached, or -errno.
 */
int cowi_detach(struct cowi *c, pid_t pid);

/**
 * cowi_detach_all - end all inspections, whoever began them
 * @c: session
 *
 * Return: 0 or -errno.
 */
int cowi_detach_all(struct cowi *c);

/**
 * cowi_target_open - a process to look at; attaches it if nobody has
 * @c: session
 * @pid: its id
 * @out: set on success; to be given to cowi_target_close()
 *
 * Return: 0; errors as for cowi_attach().
 */
int cowi_target_open(struct cowi *c, pid_t pid, struct cowi_target **out);

/**
 * cowi_target_close - stop looking
 * @t: from cowi_target_open(), or NULL
 *
 * Detaches the process if cowi_target_open() attached it.
 */
void cowi_target_close(struct cowi_target *t);

/** cowi_target_session - the session that a target belongs to */
struct cowi *cowi_target_session(const struct cowi_target *t);

/**
 * cowi_summary - totals over all VMAs
 * @t: target
 * @sum: filled in
 *
 * Return: 0; -COWI_EEXITED, -COWI_EFORMAT or -errno (-EINTR after a signal).
 */
int cowi_summary(struct cowi_target *t, struct cowi_totals *sum);

/**
 * cowi_vmas - all VMAs with their totals
 * @t: target
 * @vmas: filled in; to be given to cowi_vmas_free(), also after an error
 *
 * Return: as cowi_summary().
 */
int cowi_vmas(struct cowi_target *t, struct cowi_vmas *vmas);

/**
 * cowi_vmas_free - give the memory back; @vmas is empty then
 * @vmas: list
 */
void cowi_vmas_free(struct cowi_vmas *vmas);

/**
 * cowi_pages_open - start to read the mapped entries of a range
 * @t: target
 * @start: first address, in bytes
 * @end: first address after it; UINT64_MAX for no limit
 * @out: set on success; to be given to cowi_pages_close()
 *
 * Binds to the address space of this moment: after an exec the entries end.
 * An entry that covers @start but begins before it is included.
 *
 * Return: 0; -COWI_EEXITED or -errno.
 */
int cowi_pages_open(struct cowi_target *t, __u64 start, __u64 end,
		    struct cowi_pages **out);

/**
 * cowi_pages_next - the next entry, ascending by address
 * @p: from cowi_pages_open()
 * @rec: filled in
 *
 * Return: 1, or 0 after the last entry; -COWI_EEXITED, -COWI_EFORMAT or
 * -errno (-EINTR after a signal: it may be called again).
 */
int cowi_pages_next(struct cowi_pages *p, struct cowinspect_page *rec);

/**
 * cowi_pages_record - what cowi_pages_next() has returned last, as it was read
 * @p: from cowi_pages_open()
 *
 * Return: record_size bytes, valid until the next call.
 */
const void *cowi_pages_record(const struct cowi_pages *p);

/**
 * cowi_pages_close - done
 * @p: from cowi_pages_open(), or NULL
 */
void cowi_pages_close(struct cowi_pages *p);

/**
 * cowi_faults - what the faults of a process did since it was attached
 * @t: target; it may have exited
 * @faults: filled in
 *
 * Return: 0; -COWI_EFORMAT or -errno.
 */
int cowi_faults(struct cowi_target *t, struct cowi_faults *faults);

/* Words for the numbers of the ABI; "?" for one that is not known. */

/** cowi_kind_name - e.g. "anon", "swap" */
const char *cowi_kind_name(unsigned int kind);
/** cowi_outcome_name - e.g. "reuse", "copy" */
const char *cowi_outcome_name(unsigned int outcome);
/** cowi_confidence_name - "none", "likely" or "sure" */
const char *cowi_confidence_name(unsigned int confidence);
/** cowi_counts_name - "exact", "average", "estimate" or "absent" */
const char *cowi_counts_name(unsigned int counts);

/** cowi_did_name - e.g. "copied", as in the faults file */
const char *cowi_did_name(unsigned int did);
/** cowi_vma_name - "anon", "file", "shmem", "hugetlb" or "special" */
const char *cowi_vma_name(unsigned int vma);

/**
 * cowi_event_flag_name - walk the names of the COWI_E_* bits
 * @i: 0, 1, ...
 * @mask: set to the bit
 *
 * Return: its name, or NULL after the last one.
 */
const char *cowi_event_flag_name(unsigned int i, __u32 *mask);

/**
 * cowi_flag_name - walk the names of the COWI_F_* bits
 * @i: 0, 1, ...
 * @mask: set to the bit
 *
 * Return: its name, or NULL after the last one.
 */
const char *cowi_flag_name(unsigned int i, __u64 *mask);

#endif /* LIBCOWINSPECT_H */
