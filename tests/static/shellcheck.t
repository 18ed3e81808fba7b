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

# key FILE: all that decides what it says
key() { echo "$version $(sha256sum "$1")"; }

# What it found nothing in, in any checkout, and is the same, is not read again.
# SC1091: that sourced files are found is seen when the scripts run.
lint()
{
	! grep -qxF "$(key "$1")" "$clean" || return 0
	shellcheck --exclude=SC1091 "$1" && key "$1" >>"$clean"
}

"$ROOT/tests/deps" static
cd "$ROOT"
mapfile -t files < <(scripts)
version=$(shellcheck --version | sed -n 's/^version: //p')
clean=$CACHE/source/shellcheck-clean
mkdir -p "${clean%/*}"
touch "$clean"
plan ${#files[@]}
for file in "${files[@]}"; do
	check "$file" lint "$file"
done
tail -n 3000 "$clean" >"$clean.$$"
mv "$clean.$$" "$clean"
