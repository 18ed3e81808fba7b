#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The module builds with clang without a warning.
#
# Debian's headers are prepared for gcc and build with gcc whatever is asked
# for, so this builds against a source tree that was prepared with clang.
# Symbols are not resolved there: nothing of that kernel is ever built.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$ROOT/tests/tap.sh"
. "$ROOT/tests/static/build.sh"

prepared=$CACHE/source/clang-prepared

prepare()
{
	local source
	[ ! -e "$prepared/complete" ] || return 0
	source=$("$ROOT/tests/static/fetch-source")
	rm -rf "$prepared"
	mkdir -p "$prepared"
	say "preparing the kernel source for clang"
	if ! make -C "$source" O="$prepared" LLVM=1 -j"$(nproc)" \
	     defconfig modules_prepare >"$prepared/log" 2>&1; then
		tail -n 30 "$prepared/log" >&2
		die "the kernel source cannot be prepared for clang"
	fi
	touch "$prepared/complete"
}

clang_build()
{
	with_lock "$prepared.lock" prepare || return 1
	clean_build static-clang --kdir "$prepared" "$K_NAME" \
		LLVM=1 KBUILD_MODPOST_WARN=1
}

"$ROOT/tests/deps" static
plan 1
check "clang has no warnings with W=1" clang_build
