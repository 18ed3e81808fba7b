#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What "make test" runs each script by: results and errors do not get in each other's way.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$ROOT/tests/tap.sh"

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# As if nothing ran this.
unset BEGAN
export KEEP=$dir dir

# script NAME: one test, of what is on standard input
script()
{
	{ printf '#!/bin/bash\necho 1..1\n' && cat; } >"$dir/$1.t"
	chmod +x "$dir/$1.t"
}

# Half an error, a result, and the other half.
in_parts()
{
	script parts <<-'EOF'
	printf 'cowinspect: ' >&2
	sleep 1
	echo ok 1
	sleep 1
	echo 'no such process' >&2
	EOF
	"$ROOT/tests/keep-output" "$dir/parts.t" >"$dir/shown" 2>&1 &&
		[ -z "$("$ROOT/tests/what-failed" "$dir/parts.t.tap")" ] &&
		grep -q 'no such process' "$dir/parts.t.log"
}

# Of three scripts two at a time, the first ends once the third has begun.
goes_on()
{
	script first <<-'EOF'
	sleep 1
	echo 'for that, much is needed' >&2
	for ((tenths = 0; tenths < 3000; tenths++)); do
		[ ! -e "$dir/began" ] || { echo ok 1; exit; }
		sleep 0.1
	done
	echo 'not ok 1 - waited five minutes for the third script'
	EOF
	script second <<<'sleep 3; echo ok 1'
	script third <<<"touch '$dir/began'; echo ok 1"
	prove --jobs 2 --exec "$ROOT/tests/keep-output" \
		"$dir"/{first,second,third}.t 4>"$dir/progress" &&
		grep -q 'much is needed' "$dir/progress"
}

leaves_open()
{
	script open <<-'EOF'
	ls -l /proc/$$/fd >"$dir/open"
	echo ok 1
	EOF
	"$ROOT/tests/keep-output" "$dir/open.t" 4>"$dir/progress" >"$dir/shown"
	[ -s "$dir/open" ] && ! grep "$dir/progress" "$dir/open"
}

plan 3
check "a result within an error that is written in parts is one" in_parts
check "who says what it does keeps no other script from beginning" goes_on
check "a script, which may leave somebody behind, has none of that open" leaves_open
