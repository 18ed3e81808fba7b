#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What the end of "make test" says of a script: what stands around each failed
# test, and nothing of those that passed.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$ROOT/tests/tap.sh"

# says EXPECTED LOG
says()
{
	local got
	got=$(printf '%b' "$2" | "$ROOT/tests/why-failed")
	[ "$got" = "$(printf '%b' "$1")" ] || { printf 'got: %s\n' "$got"; return 1; }
}

plan 5
check "nothing where all passed" \
	says "" '# a\nok 1\n    ok 1 - b\n# c\nok 2\n1..2\n'
check "what stands before and after" \
	says '  # why\n  not ok 2 - b\n  # at line 9' \
	'# a\nok 1\n# why\nnot ok 2 - b\n# at line 9\nok 3\n# c\nok 4\n'
check "one after the other" \
	says '  not ok 1\n  # x\n  not ok 2' 'not ok 1\n# x\nnot ok 2\nok 3\n'
check "of a subtest, and of what it is part of" \
	says '      # why\n      not ok 2 - y\n  not ok 1 - a: 1 failed' \
	'    ok 1 - x\n    # why\n    not ok 2 - y\nnot ok 1 - a: 1 failed\n'
check "what is known to fail is no reason" \
	says "" 'not ok 1 # TODO later\n# x\nok 2\n'
