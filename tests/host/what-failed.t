#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The last that "make test" says, if something failed: what, and how to repeat it.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$ROOT/tests/tap.sh"

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# says EXPECTED SCRIPT RESULTS
says()
{
	local got
	printf '%b' "$3" >"$dir/$2.t.tap"
	got=$("$ROOT/tests/what-failed" "$dir/$2.t.tap")
	[ "$got" = "$(printf '%b' "$1")" ] || { printf 'got: %s\n' "$got"; return 1; }
}

head='# 6.1-amd64, DEPTH=test SEED=7, LAYOUTS=3\n'
kernel="kernel-6.1-amd64"
again='DEPTH=test SEED=7 tests/vm/kernel-test 6.1-amd64'

plan 11
check "nothing where all passed" says "" parse '1..2\nok 1\n    not ok 1 - b\nok 2\n'
check "nothing where all was skipped" says "" parse '1..0 # SKIP no browser\n'
check "a script" says 'parse: of b\n\tprove tests/host/parse.t' parse \
	'1..2\nok 1\nnot ok 2 - of b\n# why\n'
check "a script whose name begins as those of kernels do" \
	says 'kernel-doc: of b\n\tprove tests/static/kernel-doc.t' kernel-doc \
	'1..1\nnot ok 1 - of b\n'
check "not what is known to fail" says "" parse '1..1\nnot ok 1 - b # TODO later\n'
check "a script that did not end" \
	says 'parse: ended early, after 1 tests\n\tprove tests/host/parse.t' parse \
	'1..2\nok 1\n'
check "a script that takes kernels, with the one that it failed on" \
	says 'cow: 6.1-arm64: it passes\n\tprove tests/selftests/cow.t :: 6.1-arm64' cow \
	'1..1\nnot ok 1 - 6.1-arm64: it passes\n'
check "a script that ended with a status, though all passed" \
	says 'parse: ended with status 3\n\tprove tests/host/parse.t' parse \
	'1..1\nok 1\n# ended with status 3\n'
check "a program in a kernel" \
	says "$kernel: faults: 1 failed\n\t$again faults" $kernel \
	"${head}ok 1 - a\nnot ok 2 - faults: 1 failed\n1..2\n"
check "truth, with the layout that failed" \
	says "$kernel: truth: 2 failed\n\t$again truth\n\ttests/vm/kernel-test 6.1-amd64 truth 1 9" \
	$kernel \
	"$head    # layout with seed 9 failed\nnot ok 1 - truth: 2 failed\n1..1\n"
check "what is no program, with all of them" \
	says "$kernel: kernel log is clean\n\t$again" $kernel \
	"${head}not ok 1 - kernel log is clean\n1..1\n"
