#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What kernels print when something is wrong is taken for a complaint, and what
# they print otherwise is not.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$ROOT/tests/tap.sh"

log=$(mktemp)
trap 'rm -f "$log"' EXIT

complaints()
{
	cat <<-'EOF'
	BUG: KASAN: slab-use-after-free in use_after_free+0x7f/0x90 [cowinspect]
	BUG: sleeping function called from invalid context at mm/slab.c:1
	BUG: Bad page state in process insmod  pfn:07f0c
	BUG kmalloc-64 (Tainted: G           O      ): Poison overwritten
	BUG kmalloc-64 (Not tainted): Redzone overwritten
	BUG: MAX_LOCKDEP_ENTRIES too low!
	page dumped because: non-NULL mapping
	WARNING: possible circular locking dependency detected
	WARNING: possible recursive locking detected
	WARNING: suspicious RCU usage
	[ BUG: Invalid wait context ]
	INFO: trying to register non-static key.
	turning off the locking correctness validator.
	Disabling lock debugging due to kernel taint
	ODEBUG: free active (active state 0) object: 0000000012345678
	UBSAN: shift-out-of-bounds in module/walk.c:84:2
	kmemleak: 10 new suspected memory leaks (see /sys/kernel/debug/kmemleak)
	kmemleak: Kernel memory leak detector disabled
	list_del corruption. prev->next should be ffff, but was fffe.
	kernel BUG at mm/page_table_check.c:107!
	rcu: INFO: rcu_preempt self-detected stall on CPU
	Call Trace:
	Call trace:
	EOF
}

harmless()
{
	cat <<-'EOF'
	cowinspect: loading out-of-tree module taints kernel.
	kasan: KernelAddressSanitizer initialized
	kmemleak: Kernel memory leak detector initialized (mem pool available: 30000)
	kmemleak: Automatic memory scanning thread started
	Lock dependency validator: Copyright (c) 2006 Red Hat, Inc., Ingo Molnar
	kcsan: enabled early
	kcsan: selftest: 4/4 tests passed
	Kernel command line: console=ttyS0 slub_debug=P oops=panic page_poison=1 WARNING:
	traps: a.out[123] general protection fault ip:1 sp:2 error:0
	EOF
}

# race LINE...: a report of KCSAN as it looks on the console, with this stack.
race()
{
	cat <<-EOF
	[    2.0] ==================================================================
	[    2.0] BUG: KCSAN: data-race in do_this / do_that
	[    2.0] write to 0xffff888007c0d2c8 of 8 bytes by task 12 on cpu 0:
	$(printf '[    2.0]  %s\n' "$@")
	[    2.0] ==================================================================
	[    2.1] all is well
	EOF
}

# out_of_memory WORD [LINE...]: a report of that as it looks on the console, and
# what follows it.
out_of_memory()
{
	cat <<-EOF
	[    3.0] torture invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0
	[    3.0] Call $1:
	[    3.0]  out_of_memory+0x224/0x5b0
	EOF
	printf '%s\n' "${@:2}"
}

complains() { ! "$ROOT/tests/vm/check-log" "$log"; }
is_quiet() { "$ROOT/tests/vm/check-log" "$log"; }

every()
{
	local verdict=$1 line status=0
	while IFS= read -r line; do
		printf '[    1.234567] %s\r\n' "$line" >"$log"
		$verdict 2>/dev/null || { echo "$line"; status=1; }
	done
	return $status
}

# check_log VERDICT COMMAND ARGS...: of a log that the command writes.
check_log()
{
	"${@:2}" >"$log"
	"$1"
}

plan 11
check "complaints are heard" every complains < <(complaints)
check "what is none is not" every is_quiet < <(harmless)
check "a race of the module counts" \
	check_log complains race "cow_walk_next+0x1/0x2 [cowinspect]"
check "one in what it calls does" check_log complains race \
	"__list_add_valid+0x1/0x2" "cow_target_born+0x1/0x2 [cowinspect]"
check "one of the kernel with itself does not" \
	check_log is_quiet race "task_tick+0x1/0x2"
check "also if that did what the module asked for" check_log is_quiet race \
	"lru_add+0x1/0x2" "exit_mmap+0x1/0x2" "mmput+0x1/0x2" \
	"cow_walk_next+0x1/0x2 [cowinspect]"
check "another complaint in the middle of it does" check_log complains race "WARNING: CPU: 0"
check "where memory ran out is no complaint" check_log is_quiet out_of_memory Trace
check "on arm64 neither" check_log is_quiet out_of_memory trace
check "what comes after that is" check_log complains out_of_memory trace "[    3.1] Call trace:"
rm "$log"
check "no log, no praise" complains
