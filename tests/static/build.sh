# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What the checks that build the module share. Source it after lib.sh.

. "$ROOT/tests/vm/kernels.sh"
kernel_lookup "$(native_kernel)"

# clean_build DIR [build-module's options and arguments]: builds from scratch,
# and fails if anything was said about our own files.
clean_build()
{
	local dir=$1
	shift
	rm -rf "${K_BUILD:?}/$dir"
	"$ROOT/tests/vm/build-module" --dir "$dir" "$@" >/dev/null || return 1
	nothing_found findings "$K_BUILD/$dir.log"
}

# Later kernels say that they were built with another pahole, or compiler.
findings()
{
	grep -E '(warning|error|sparse):' "$1" |
		grep -v '^warning: .* differs from the one used to build the kernel'
}
