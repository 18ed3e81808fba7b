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

"$ROOT/tests/deps" static
source=$("$ROOT/tests/static/fetch-source" linux-source-6.12)
prepared=$source-configurations

# The name, and how it differs from module.config: an option with a minus is off,
# one with a plus is on.
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

# fragment CHANGES...: module.config with these
fragment()
{
	local change without=()
	for change; do
		[[ $change != -* ]] || without+=(-e "CONFIG_${change#-}=y")
	done
	grep -vxF "${without[@]}" -e "" "$ROOT/tests/static/module.config"
	for change; do
		[[ $change != +* ]] || echo "CONFIG_${change#+}=y"
	done
}

# came_true CONFIG CHANGES...: what is asked for is there, and nothing turned on
# again what is not to be there
came_true()
{
	local config=$1 change
	shift
	! fragment "$@" | grep ^CONFIG | grep -vxFf "$config" || return 1
	for change; do
		[[ $change != -* ]] || ! grep -x "CONFIG_${change#-}=y" "$config" ||
			return 1
	done
}

kernel_make() { make -s -C "$source" O="$dir" "$@"; }

# What it takes to run while a module is built is the same for all.
prepare()
{
	local dir=$prepared/$1
	shift
	! cmp -s "$dir/complete" <(fragment "$@") || return 0
	rm -rf "$dir"
	mkdir -p "$prepared"
	if [ -e "$prepared/everything/complete" ]; then
		cp -r "$prepared/everything" "$dir"
		rm "$dir/complete"
	fi
	mkdir -p "$dir"
	fragment "$@" >"$dir/fragment"
	kernel_make KCONFIG_ALLCONFIG="$dir/fragment" allnoconfig &&
		came_true "$dir/.config" "$@" &&
		kernel_make -j"$(nproc)" modules_prepare &&
		mv "$dir/fragment" "$dir/complete"
}

builds()
{
	with_lock "$prepared.lock" prepare "$@" || return 1
	clean_build "static-$1" --kdir "$prepared/$1" "$K_NAME" \
		-j"$(nproc)" KBUILD_MODPOST_WARN=1
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

plan $(($(configurations | wc -l) + 6))
while read -r name changes; do
	# shellcheck disable=SC2086 # one change per word
	check "$name${changes:+: }$changes" builds "$name" $changes </dev/null
done < <(configurations)
check "32-bit kernels are refused" refuses_32_bit
check "Red Hat's kernels are refused" refuses RHEL "$K_NAME" \
	KCPPFLAGS=-DRHEL_RELEASE_CODE=2309
check "so are those that have what came after their version" refuses \
	"calls itself Linux 5.14, and has FOLIO.*COW_ALLOW_UNKNOWN" "$K_NAME" VERSION=5 PATCHLEVEL=14
check "so are those that are newer than what was tried" refuses "newer than 7.3" \
	--kdir "$(as_version 7 4)" "$K_NAME"
check "so is 5.18" refuses "5.18 are its own" --kdir "$(as_version 5 18)" "$K_NAME"
check "unless one asks for it" builds_a_guess
