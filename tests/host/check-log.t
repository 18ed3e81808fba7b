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

# A report of KCSAN as it looks on the console, with LINE in its middle.
race()
{
	cat <<-EOF
	[    2.0] ==================================================================
	[    2.0] BUG: KCSAN: data-race in do_this / do_that
	[    2.0] write to 0xffff888007c0d2c8 of 8 bytes by task 12 on cpu 0:
	[    2.0] $1
	[    2.0] ==================================================================
	[    2.1] all is well
	EOF
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

check_race()
{
	race "$2" >"$log"
	"$1"
}

plan 6
check "complaints are heard" every complains < <(complaints)
check "what is none is not" every is_quiet < <(harmless)
check "a race of the module counts" check_race complains " cow_walk_next+0x1/0x2 [cowinspect]"
check "one of the kernel with itself does not" check_race is_quiet " task_tick+0x1/0x2"
check "another complaint in the middle of it does" check_race complains "WARNING: CPU: 0"
rm "$log"
check "no log, no praise" complains
