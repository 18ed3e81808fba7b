#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What DKMS builds loads: built in a fresh Debian of this machine's suite, for the first
# kernel of it in tests/vm/kernels, and loaded in a throwaway machine.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$ROOT/tests/tap.sh"
. "$ROOT/tests/vm/kernels.sh"
. "$ROOT/tests/install/source.sh"

suite=$(host_suite)
module=$BUILD/install/$suite-boot/mnt/cowinspect.ko

# The headers are those of the kernel that boots, whatever the suite has today.
dkms_builds()
{
	BIND=$K_CACHE "$ROOT/tests/install/session" "$suite" boot \
		"$(cat "$K_CACHE/release")" "$K_CACHE/headers"
}

# As autopkgtest would run it, in a machine of its own. The version shows that it is the
# module that answers, and which one.
module_test_agrees()
{
	local tool output
	tool=$("$ROOT/tests/vm/build-tool") &&
		output=$("$ROOT/tests/vm/run" --no-module --file "$module" \
			--file "$tool:/bin/cowinspect" \
			--file "$ROOT/debian/tests/module:/bin/module-test" "$K_NAME" -- \
			sh -c 'insmod /bin/cowinspect.ko && module-test') || return 1
	grep -E "^module +${release#cowinspect-}," <<<"$output" ||
		{ echo "$output"; return 1; }
}

kernel_lookup "$(native_kernel)"
"$ROOT/tests/vm/fetch-kernel" "$K_NAME" >/dev/null
release=$(release_name "$ROOT")
plan 2
check "dkms builds for the kernel that boots" dkms_builds
check "the module loads, answers, says what happens, and is gone again" module_test_agrees
