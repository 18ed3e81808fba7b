#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# "make vm" as a student uses it: what is written to /out in the machine is on the host
# when the machine has been left, and can be graded there.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$ROOT/tests/tap.sh"
. "$ROOT/tests/class/console.sh"
. "$ROOT/tests/vm/kernels.sh"

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
tool=$("$ROOT/tests/vm/build-tool")
"$ROOT/tests/deps" vm "$(host_arch)"

# shellcheck disable=SC2317 # called by at_prompt
answers()
{
	printf '%s\n' 'printf "c\nc\nr\n" | cowinspect lab generations --answers /out/anna.txt; exit'
}

plan 3
check "a lab is answered in make vm, which is left with exit" \
	at_prompt "$tmp/said" answers env OUT="$tmp/out" "$ROOT/tests/vm/shell"
check "its score is shown" grep -q "Score: 3 of 3" "$tmp/said"
check "the file of answers is on the host, and is graded" \
	grep -q ": 100/100 (3 of 3)" <("$tool" lab --grade "$tmp/out/anna.txt" 2>&1)
