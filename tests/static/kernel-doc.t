#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The kernel's own tool for it finds every parameter and member documented.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$ROOT/tests/tap.sh"

"$ROOT/tests/deps" static
source=$("$ROOT/tests/static/fetch-source")
mapfile -t files < <(repo_files 'module/*.[ch]' 'module/uapi/*.h' \
	'userspace/*/*.[ch]')

# Files without any are for others to complain about.
findings()
{
	(cd "$ROOT" && "$source/scripts/kernel-doc" -none "${files[@]}" 2>&1) |
		grep -v 'no structured comments found' || true
}

plan 1
check "kernel-doc has nothing to say about ${#files[@]} files" \
	nothing_found findings
