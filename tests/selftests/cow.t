#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The kernel's own test of copy-on-write comes to the same while the observer
# looks on, on kernels that Debian built: with each hook, on both architectures.
#
#	tests/selftests/cow.t [KERNEL...]
#
# Without a KERNEL, those of $TEST_KERNELS (or of all) that have the flag "cow";
# with DEPTH=long, those that are Debian's.
#
# Alone it runs without us: what it came to is kept in the cache, for the same kernel,
# test, machine and emulator, once the test that was observed has come to the same.
# DEPTH=long runs it anew.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$ROOT/tests/vm/kernels.sh"
. "$ROOT/tests/vm/qemu.sh"
. "$ROOT/tests/tap.sh"

here=$ROOT/tests/selftests

# Where what it came to alone on that kernel is kept.
alone_of()
{
	local key
	kernel_lookup "$1"
	machine_for_arch
	"$ROOT/tests/deps" vm "${K_DEPS[@]}" &&
		"$ROOT/tests/vm/fetch-kernel" "$1" >/dev/null || return
	key=$({ cat "$K_CACHE/vmlinuz" "$2" "$here"/cow{.t,-inside} "$ROOT/tests/vm/qemu.sh"
		"$QEMU" --version; } | sha256sum)
	echo "$CACHE/cow-alone/${key%% *}"
}

# Most tests fork, and each child is a target for a moment.
run_both()
{
	local cow tool known=()
	cow=$("$here/build-cow" "$1") || return
	alone_of "$1" "$cow" >"$out/kept" || return
	if [ -e "$(<"$out/kept")" ] && [ "${DEPTH:-test}" != long ]; then
		known=(--file "$(<"$out/kept"):/cow-alone")
	fi
	tool=$("$ROOT/tests/vm/build-tool" "$1")
	"$ROOT/tests/vm/run" --try-modules zram --timeout 3600 \
		--module-params "max_targets=1024" --out "$out" --mem 2G \
		--file "$cow:/bin/mm-cow" --file "${cow%/*}/fork-loses" \
		--file "$here/cow-inside" "${known[@]}" \
		--file "$tool:/bin/cowinspect" "$1" -- sh /bin/cow-inside
}

# 5.10 fails some of them: what pins a page there may lose it at the next write,
# and what vmsplice took shows what is written later. It has to fail in the same
# tests when observed, as others have to pass; that is asked below.
may_fail() { [[ $1 = 5.10-* ]]; }

# ends KERNEL RUN: it came to its end, and there were tests. Nothing failed, or
# this would prove little; unless the kernel is to blame.
ends()
{
	local totals='^# Totals: pass:[1-9][0-9]* fail:0 .* error:0$' status=0
	if may_fail "$1"; then
		totals='^# Totals: pass:[1-9][0-9]* fail:[1-9].* error:0$' status=1
	fi
	grep -E '^(not ok|# Totals|status)' "$out/results.$2"
	grep -q "$totals" "$out/results.$2" &&
		grep -qx "status $status" "$out/results.$2"
}

# comparable RUN: its tests, one a line. Where a fork may lose a hugetlb page, chance
# decides whether there is one that vmsplice() lets a process see that must not see
# it, as is expected of hugetlb: for these sizes, leave out what was expected.
comparable()
{
	local size known=()
	while read -r size; do
		known+=(-e "/vmsplice.* hugetlb ($size kB)\$/s/ # XFAIL / /")
	done <"$out/lost" || return
	sed -e '/^# Totals/d' "${known[@]}" "$out/results.$1"
}

keep_alone()
{
	local kept
	kept=$(<"$out/kept")
	mkdir -p "${kept%/*}"
	cp "$out/alone" "$kept.$$"
	mv "$kept.$$" "$kept"
}

# That which was kept may be what chance has made of it once: what it comes to alone on
# the same machine counts for more.
is_kept_odd()
{
	[ -e "$(<"$out/kept")" ] && [ "${DEPTH:-test}" != long ] &&
		diff "$out/tests.again" "$out/tests.traced" || return
	rm "$(<"$out/kept")"
	echo "what it had come to alone in an earlier run was another thing, and is forgotten" >>"$out/note"
}

# same_results KERNEL: of a difference it says whether it is there without us, too.
same_results()
{
	comparable alone >"$out/tests.alone" || return
	comparable traced >"$out/tests.traced" || return
	if diff "$out/tests.alone" "$out/tests.traced"; then
		! ends "$1" alone >/dev/null || keep_alone
		return 0
	fi
	comparable again >"$out/tests.again" || return
	! is_kept_odd || return 0
	if diff "$out/tests.alone" "$out/tests.again"; then
		echo "alone it came to the same twice: it is the observer's doing"
	else
		echo "above: alone, it differs from itself as well"
	fi
	return 1
}

# trace_says PYTHON: of the document d, its processes p, and the pids that the
# kernel's own list of forks has: some 20 on -rt, which has no huge pages to test
trace_says()
{
	python3 - "$out/trace.json" "$1" "$out/forks" <<-'EOF'
	import json, sys
	forks = sorted(map(int, open(sys.argv[3])))
	d = json.load(open(sys.argv[1], encoding="utf-8"))
	p = d["processes"]
	sum_of = lambda name: sum(x[name] or 0 for x in p)
	children = sorted(x["pid"] for x in p if x["parent"])
	print(len(children), "children of", len(forks), "forked,", {
	      name: sum_of(name) for name in ("observed", "copied", "reused",
	      "fork_copied", "unknown")}, d["lost_events"], "lost")
	sys.exit(not eval("(" + sys.argv[2] + ")"))
	EOF
}

loses() { sed 's/.*/# a fork of this kernel may lose a hugetlb page of & kB/' "$out/lost"; }
counts() { sed -n 's/^# Totals: //p' "$out/results.traced"; }

test_kernel()
{
	local passes="it passes"
	! may_fail "$1" || passes="it ends, failing where this kernel is at fault,"
	out=$BUILD/selftests/$1
	rm -rf "$out"
	mkdir -p "$out"
	check "$1: mm/cow runs, alone and traced; the kernel log is clean" \
		run_both "$1"
	check "$1: $passes alone" ends "$1" alone
	check "$1: $passes while it is observed" ends "$1" traced
	check "$1: each of its tests comes to the same" same_results "$1"
	echo "# $(counts)"
	[ ! -e "$out/note" ] || diag <"$out/note"
	[ ! -e "$out/lost" ] || loses
	check "$1: its children were observed, each of them" \
		trace_says 'len(forks) > 15 and children == forks'
	check "$1: no fault was missed" \
		trace_says 'd["missed"] == 0 and not d["unarmed"] and
			sum_of("copied") > 100'
	{ trace_says True || true; } | diag
}

# One a line.
wanted()
{
	local name
	for name in ${TEST_KERNELS:-$(stock_kernel_names)}; do
		kernel_lookup "$name"
		if kernel_has_flag cow || [ "${DEPTH:-test}" = long ]; then
			echo "$name"
		fi
	done
}

if [ $# -gt 0 ]; then
	kernels=("$@")
else
	mapfile -t kernels < <(stock_kernel_names |
		{ grep -Fxf <(wanted) || [ $? = 1 ]; })
fi
if [ ${#kernels[@]} = 0 ]; then
	echo "1..0 # SKIP it is not run on $TEST_KERNELS, or only by make test-long"
	exit
fi
plan $((6 * ${#kernels[@]}))
for kernel in "${kernels[@]}"; do
	test_kernel "$kernel"
done
