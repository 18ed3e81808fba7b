#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Our scripts pass shellcheck, one test for each.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$ROOT/tests/tap.sh"

# Not from the name: most scripts have none that tells.
scripts()
{
	repo_files | xargs awk '/^#!.*\/(ba)?sh/ { print FILENAME } { nextfile }'
	repo_files '*.sh'
}

# SC1091: that sourced files are found is seen when the scripts run.
lint() { shellcheck --exclude=SC1091 "$1"; }

"$ROOT/tests/deps" static
cd "$ROOT"
mapfile -t files < <(scripts)
plan ${#files[@]}
for file in "${files[@]}"; do
	check "$file" lint "$file"
done
