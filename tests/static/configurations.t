#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The module builds without a warning for kernels that lack what others have, and
# where it would be wrong it says why it does not.
#
# All are configured and prepared from one source tree, and kept in the cache: that
# of 6.12, which has both ways to hook. Symbols are not resolved there: nothing of
# these kernels is ever built.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$ROOT/tests/tap.sh"
. "$ROOT/tests/static/build.sh"
. "$ROOT/tests/static/prepare.sh"

"$ROOT/tests/deps" static arm64
source=$("$ROOT/tests/static/fetch-source" linux-source-6.12)
prepared=$source-configurations

# The name, and how it differs from module.config, see prepare.sh.
configurations()
{
	cat <<-'END'
	everything
	no-kprobes	-KPROBES -KPROBE_EVENTS
	no-thp		-TRANSPARENT_HUGEPAGE
	no-hugetlb	-HUGETLBFS
	no-swap		-SWAP
	no-memcg	-MEMCG
	no-uffd		-USERFAULTFD
	no-ksm		-KSM
	no-numa		-NUMA -X86_64_ACPI_NUMA
	no-smp		-SMP -NUMA -X86_64_ACPI_NUMA
	no-protection	-X86_INTEL_MEMORY_PROTECTION_KEYS -X86_USER_SHADOW_STACK
	rt		-PREEMPT +PREEMPT_RT -TRANSPARENT_HUGEPAGE
	END
}

# One PMD maps 512 MiB there.
builds_for_64k()
{
	# shellcheck disable=SC2034 # for prepare.sh
	local kernel_args=(ARCH=arm64 "CROSS_COMPILE=${COMPILERS[arm64]}")
	builds arm64-64k +ARM64_64K_PAGES -ACPI -X86_64_ACPI_NUMA -MEM_SOFT_DIRTY \
		-X86_INTEL_MEMORY_PROTECTION_KEYS -X86_USER_SHADOW_STACK -X86_MCE \
		-X86_MCE_INTEL -UNWINDER_FRAME_POINTER
}

prepare_32_bit()
{
	local dir=$prepared/32-bit
	[ ! -e "$dir/complete" ] || return 0
	rm -rf "$dir"
	mkdir -p "$dir"
	echo CONFIG_MODULES=y >"$dir/fragment"
	kernel_make ARCH=i386 KCONFIG_ALLCONFIG="$dir/fragment" allnoconfig &&
		kernel_make ARCH=i386 -j"$(nproc)" modules_prepare &&
		touch "$dir/complete"
}

# refuses WORDS [build-module's options and arguments]: a sentence of ours, with
# these words, and not only what the compiler makes of it
refuses()
{
	local words=$1
	shift
	if "$ROOT/tests/vm/build-module" --dir static-refused "$@" >/dev/null 2>&1; then
		echo "it builds"
		return 1
	fi
	grep -E "error: (#error|static assertion failed:) \"cowinspect .*$words" \
		"$K_BUILD/static-refused.log" ||
		{ cat "$K_BUILD/static-refused.log"; return 1; }
}

refuses_32_bit()
{
	with_lock "$prepared.lock" prepare_32_bit &&
		refuses 64-bit --kdir "$prepared/32-bit" "$K_NAME" ARCH=i386 \
			KBUILD_MODPOST_WARN=1
}

# as_version MAJOR MINOR: the same headers, but for LINUX_VERSION_CODE
as_version()
{
	local dir=$BUILD/as-$1.$2 file=include/generated/uapi/linux/version.h
	rm -rf "$dir"
	cp -rs "$(readlink -f "$K_CACHE/headers")" "$dir"
	rm "$dir/$file"
	sed "s/LINUX_VERSION_CODE .*/LINUX_VERSION_CODE KERNEL_VERSION($1, $2, 1)/" \
		"$K_CACHE/headers/$file" >"$dir/$file"
	echo "$dir"
}

# Who asks for it gets it, and status says what it is.
builds_a_guess()
{
	local module
	module=$("$ROOT/tests/vm/build-module" --dir static-guess "$K_NAME" \
		COW_ALLOW_UNKNOWN=1 VERSION=5 PATCHLEVEL=14) &&
		grep -a guess "$module" >/dev/null
}

plan $(($(configurations | wc -l) + 7))
while read -r name changes; do
	# shellcheck disable=SC2086 # one change per word
	check "$name${changes:+: }$changes" builds "$name" $changes </dev/null
done < <(configurations)
check "arm64 with pages of 64 KiB" builds_for_64k
check "32-bit kernels are refused" refuses_32_bit
check "Red Hat's kernels are refused" refuses RHEL "$K_NAME" \
	KCPPFLAGS=-DRHEL_RELEASE_CODE=2309
check "so are those that have what came after their version" refuses \
	"calls itself Linux 5.14, and has FOLIO.*COW_ALLOW_UNKNOWN" "$K_NAME" VERSION=5 PATCHLEVEL=14
check "so are those that are newer than what was tried" refuses "newer than 7.3" \
	--kdir "$(as_version 7 4)" "$K_NAME"
check "so is 5.18" refuses "5.18 are its own" --kdir "$(as_version 5 18)" "$K_NAME"
check "unless one asks for it" builds_a_guess
