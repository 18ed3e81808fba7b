#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The kernel's own test of copy-on-write comes to the same while the observer
# looks on, with the hook that 6.12 has and with the one of older kernels.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$ROOT/tests/tap.sh"

kernels=(6.12-amd64 6.12-amd64-fallbacks)
here=$ROOT/tests/selftests

# Each test forks, and each child is a target for a moment.
run_both()
{
	"$ROOT/tests/vm/run" --try-modules zram --timeout 1200 \
		--module-params "max_targets=1024" --out "$out" --mem 2G \
		--file "$cow:/bin/mm-cow" --file "$here/cow-inside" \
		--file "$("$ROOT/tests/vm/build-tool" "$1"):/bin/cowinspect" \
		"$1" -- sh /bin/cow-inside
}

# What it says of its tests, without what is only for people.
results() { grep -E '^(ok|not ok|status|# Totals|1\.\.)' "$out/$1"; }

# Nothing failed, or this would prove little; and there were tests.
passes()
{
	results "$1" | grep -E '^(# Totals|status)'
	results "$1" | grep -q '^# Totals: pass:[1-9][0-9]* fail:0 .* error:0$' &&
		results "$1" | grep -q '^status 0$'
}

same_results() { diff <(results alone) <(results traced); }

# trace_says PYTHON: of the document d, and its processes p
trace_says()
{
	python3 - "$out/trace.json" "$1" <<-'EOF'
	import json, sys
	d = json.load(open(sys.argv[1], encoding="utf-8"))
	p = d["processes"]
	sum_of = lambda name: sum(x[name] or 0 for x in p)
	print(len(p), "processes,", {name: sum_of(name) for name in
	      ("observed", "copied", "reused", "lost", "fork_lost",
	       "fork_copied", "unknown")}, d["lost_events"])
	sys.exit(not eval(sys.argv[2]))
	EOF
}

counts() { sed -n 's/^# Totals: //p' "$out/traced"; }

test_kernel()
{
	out=$BUILD/selftests/$1
	rm -rf "$out"
	mkdir -p "$out"
	check "$1: mm/cow runs, alone and traced; the kernel log is clean" \
		run_both "$1"
	check "$1: it passes alone" passes alone
	check "$1: it passes while it is observed" passes traced
	check "$1: each of its tests comes to the same" same_results
	echo "# $(counts)"
	check "$1: its children were observed, each of them" \
		trace_says 'len(p) > 100 and sum_of("fork_lost") == 0'
	check "$1: no fault was missed" \
		trace_says 'sum_of("lost") == 0 and sum_of("copied") > 100'
	trace_says True | diag
}

plan $((6 * ${#kernels[@]}))
cow=$("$here/build-cow")
for kernel in "${kernels[@]}"; do
	test_kernel "$kernel"
done
