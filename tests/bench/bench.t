#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Reading, and being observed, costs no more than it did: instructions are counted
# (make bench), and may be 3 % more than those in tests/bench/expected.
#
#	tests/bench/bench.t [record]
#
# Counts are those of one kernel and compiler; with others there is nothing to compare
# with. record makes expected anew, to be committed with what has changed them.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$ROOT/tests/tap.sh"
. "$ROOT/tests/vm/kernels.sh"

expected=$ROOT/tests/bench/expected
kernel=$(kernel_of amd64)
kernel_lookup "$kernel"

identity()
{
	echo "of $(cat "$K_CACHE/release"), gcc $(gcc -dumpversion)"
}

# NAME COUNT of all that is ours, in what bench.c has printed.
ours()
{
	awk 'NF == 4 && $2 ~ /^(summary|vmas|pages)$/ { print $1 "-" $2, $4 }
		$1 == "hold" && $2 == "huge" { print "hold", $3 }
		$1 == "fault" && $3 != "unhooked" { print $1 "-" $2 "-" $3, $5 }' \
		"$BUILD/bench.out"
}

# is_no_dearer NAME COUNT
is_no_dearer()
{
	local now
	now=$(ours | awk -v name="$1" '$1 == name { print $2 }')
	[ -n "$now" ] || { echo "nothing was counted"; return 1; }
	[ $((now * 100)) -le $(($2 * 103)) ] ||
		{ echo "$now instructions, not $2"; return 1; }
}

"$ROOT/tests/vm/fetch-kernel" "$kernel" >/dev/null
if [ "${1:-}" != record ] && [ "# $(identity)" != "$(head -n 1 "$expected")" ]; then
	echo "1..0 # SKIP expected is $(head -n 1 "$expected" | cut -c 3-), and what" \
		"is here $(identity)"
	exit
fi
mkdir -p "$BUILD"
"$ROOT/tests/bench/run" >"$BUILD/bench.table"
if [ "${1:-}" = record ]; then
	{ echo "# $(identity)"; ours; } >"$expected"
	exit
fi
plan "$(grep -c '^[^#]' "$expected")"
while read -r name count; do
	check "$name: no dearer than $count instructions by more than 3 %" \
		is_no_dearer "$name" "$count"
done < <(grep '^[^#]' "$expected")
