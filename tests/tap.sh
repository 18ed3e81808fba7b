# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# TAP for tests that are shell scripts. Source it after lib.sh.
#
#	plan 2
#	check "what should hold" COMMAND ARGS...
#
#	skip "what should hold" "why it cannot be seen here"
#
# A check passes if its command succeeds. What a failing command prints is shown
# as diagnostic lines.

tap_count=0

plan() { echo "1..$1"; }

diag() { sed 's/^/# /'; }

check()
{
	local name=$1 output
	shift
	tap_count=$((tap_count + 1))
	if output=$("$@" 2>&1); then
		echo "ok $tap_count - $name"
	else
		echo "not ok $tap_count - $name"
		diag <<<"$output"
	fi
}

skip()
{
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

# nothing_found COMMAND ARGS...: succeeds if the command prints nothing, as
# grep does; shows what it prints otherwise.
nothing_found()
{
	local found
	found=$("$@" || true)
	[ -z "$found" ] || { echo "$found"; return 1; }
}

# The files of the repository, new ones included, that are there.
repo_files()
{
	git -C "$ROOT" ls-files -co --exclude-standard -- "$@" |
		while IFS= read -r file; do
			[ ! -e "$ROOT/$file" ] || echo "$file"
		done
}
