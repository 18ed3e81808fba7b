#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The tool builds without a warning, and its unit tests pass under gcc's address
# and undefined behaviour sanitizers.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$ROOT/tests/tap.sh"

# Those that are built with SAN. For the others nothing would be different.
mapfile -t tests < <(grep -lwE 'run-c|built\.sh|SAN' "$ROOT"/tests/host/*.t)

"$ROOT/tests/deps" build
# They take four times as long here: a quarter of those that are made up anew each time.
[ "${DEPTH:-test}" = long ] || export FAMILIES=10
plan 1
check "${#tests[@]} unit tests pass under ASan and UBSan" \
	make -C "$ROOT/userspace" check SAN=1 O="$BUILD/user-sanitized" \
		TESTS="${tests[*]}"
