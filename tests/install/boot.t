#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What DKMS builds on Debian 12 loads there: built in a fresh Debian, for the
# default kernel of tests/vm/kernels, and loaded in a throwaway machine.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$ROOT/tests/tap.sh"
. "$ROOT/tests/vm/kernels.sh"
. "$ROOT/tests/install/source.sh"

module=$BUILD/install/bookworm-boot/mnt/cowinspect.ko

# The headers are those of the kernel that boots, whatever the suite has today.
dkms_builds()
{
	BIND=$K_CACHE "$ROOT/tests/install/session" bookworm boot \
		"$(cat "$K_CACHE/release")" "$K_CACHE/headers"
}

# The version shows that it is the module that answers, and which one.
status_in_machine()
{
	local tool output
	tool=$("$ROOT/tests/vm/build-tool") &&
		output=$("$ROOT/tests/vm/run" --module "$module" \
			--file "$tool:/bin/cowinspect" "$K_NAME" -- \
			cowinspect status) || return 1
	grep -E "^module +${release#cowinspect-}," <<<"$output" ||
		{ echo "$output"; return 1; }
}

kernel_lookup "$(default_kernel)"
"$ROOT/tests/vm/fetch-kernel" "$K_NAME" >/dev/null
release=$(release_name "$ROOT")
plan 2
check "dkms builds for the kernel that boots" dkms_builds
check "the module loads and answers cowinspect status" status_in_machine
