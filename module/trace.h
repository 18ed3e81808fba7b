/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tracepoints, which perf, ftrace and BPF know without further ado. Their
 * fields are part of the ABI: Documentation/ABI/testing/debugfs-cowinspect.
 *
 * Only scalars, since macros for anything else have changed; no frame numbers and
 * no addresses of the kernel, since others than root may be let at them.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM cowinspect

#if !defined(_COW_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _COW_TRACE_H

#include <linux/sched.h>
#include <linux/tracepoint.h>

#include "cow.h"

/* So that programs that read the format know the numbers behind the names. */
#define COW_ENUM(id, name, ...)	TRACE_DEFINE_ENUM(id);
#define COW_NAME(id, name, ...)	{ id, name },
#define COW_LAST(id, name, ...)	{ id, name }

COWINSPECT_KINDS(COW_ENUM, COW_ENUM)
COWINSPECT_OUTCOMES(COW_ENUM, COW_ENUM)
COWINSPECT_CONFIDENCES(COW_ENUM, COW_ENUM)
COWINSPECT_DID(COW_ENUM, COW_ENUM)
COWINSPECT_VMAS(COW_ENUM, COW_ENUM)

#define cow_show_kind(kind)						\
	__print_symbolic(kind, COWINSPECT_KINDS(COW_NAME, COW_NAME)	\
			 { COWI_KIND_NONE, "none" })

/*
 * A class, since perf is to look at the events of @task as well if that is not the
 * current one, and in TRACE_EVENT() there is no place to say so. Call it with
 * interrupts off: perf takes a lock of that task's events that others take with
 * interrupts off (perf_tp_event(), read in 7.2.13).
 */
DECLARE_EVENT_CLASS(cow_fault_class,
	TP_PROTO(const struct cow_fault *fault, struct task_struct *task),
	TP_ARGS(fault, __perf_task(task)),
	TP_STRUCT__entry(
		__field(u64, addr)
		__field(u64, bytes)
		__field(u64, cost)
		__field(u32, pid)
		__field(u32, flags)
		__field(u8, outcome)
		__field(u8, old_kind)
		__field(u8, new_kind)
		__field(u8, old_order)
		__field(u8, new_order)
		__field(u8, vma)
		__field(u8, predicted)
		__field(u8, confidence)
	),
	TP_fast_assign(
		__entry->addr = fault->addr;
		__entry->bytes = fault->bytes;
		__entry->cost = fault->cost;
		__entry->pid = fault->pid;
		__entry->flags = fault->flags;
		__entry->outcome = fault->outcome;
		__entry->old_kind = fault->old_kind;
		__entry->new_kind = fault->new_kind;
		__entry->old_order = fault->old_order;
		__entry->new_order = fault->new_order;
		__entry->vma = fault->vma;
		__entry->predicted = fault->predicted;
		__entry->confidence = fault->confidence;
	),
	TP_printk("pid=%u addr=0x%llx outcome=%s bytes=%llu cost=%llu flags=%s vma=%s old_kind=%s old_order=%u new_kind=%s new_order=%u predicted=%s confidence=%s",
		  __entry->pid, __entry->addr,
		  __print_symbolic(__entry->outcome,
				   COWINSPECT_DID(COW_NAME, COW_LAST)),
		  __entry->bytes, __entry->cost,
		  __print_flags(__entry->flags, "|",
				COWINSPECT_EVENT_FLAGS(COW_NAME, COW_LAST)),
		  __print_symbolic(__entry->vma,
				   COWINSPECT_VMAS(COW_NAME, COW_LAST)),
		  cow_show_kind(__entry->old_kind), __entry->old_order,
		  cow_show_kind(__entry->new_kind), __entry->new_order,
		  __print_symbolic(__entry->predicted,
				   COWINSPECT_OUTCOMES(COW_NAME, COW_LAST)),
		  __print_symbolic(__entry->confidence,
				   COWINSPECT_CONFIDENCES(COW_NAME, COW_LAST)))
);

DEFINE_EVENT(cow_fault_class, cow_fault,
	TP_PROTO(const struct cow_fault *fault, struct task_struct *task),
	TP_ARGS(fault, task)
);

TRACE_EVENT(cow_fork,
	TP_PROTO(const struct cow_fork *fork),
	TP_ARGS(fork),
	TP_STRUCT__entry(
		__field(u32, parent)
		__field(u32, child)
		__field(u64, cost)
		__field(u64, tables)
		__field(u64, copied)
		__field(u64, anon)
		__field(u64, file)
		__field(u64, shmem)
		__field(u64, swap)
	),
	TP_fast_assign(
		__entry->parent = fork->parent;
		__entry->child = fork->child;
		__entry->cost = fork->cost;
		__entry->tables = fork->tables;
		__entry->copied = fork->copied;
		__entry->anon = fork->anon;
		__entry->file = fork->file;
		__entry->shmem = fork->shmem;
		__entry->swap = fork->swap;
	),
	TP_printk("parent=%u child=%u cost=%llu tables=%llu copied=%llu anon=%llu file=%llu shmem=%llu swap=%llu",
		  __entry->parent, __entry->child, __entry->cost,
		  __entry->tables, __entry->copied, __entry->anon,
		  __entry->file, __entry->shmem, __entry->swap)
);

#endif /* _COW_TRACE_H */

/* Not where it is: in an absolute path "linux" is a macro. */
#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
