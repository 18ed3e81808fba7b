#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The module builds without a warning for kernels that lack what others have, and
# where it would be wrong it says why it does not.
#
# All are configured and prepared from one source tree, and kept in the cache.
# Symbols are not resolved there: nothing of these kernels is ever built.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$ROOT/tests/tap.sh"
. "$ROOT/tests/static/build.sh"

prepared=$CACHE/source/configurations

# The name, and how it differs from module.config: an option with a minus is off,
# one with a plus is on.
configurations()
{
	cat <<-'END'
	everything
	no-kprobes	-KPROBES -KPROBE_EVENTS
	no-fprobe	-FPROBE
	no-hook		-KPROBES -KPROBE_EVENTS -FPROBE
	no-thp		-TRANSPARENT_HUGEPAGE
	no-hugetlb	-HUGETLBFS
	no-swap		-SWAP
	no-memcg	-MEMCG
	no-uffd		-USERFAULTFD
	no-ksm		-KSM
	no-numa		-NUMA -X86_64_ACPI_NUMA
	no-smp		-SMP -NUMA -X86_64_ACPI_NUMA
	rt		-PREEMPT +PREEMPT_RT
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

"$ROOT/tests/deps" static
source=$("$ROOT/tests/static/fetch-source")
plan "$(configurations | wc -l)"
while read -r name changes; do
	# shellcheck disable=SC2086 # one change per word
	check "$name${changes:+: }$changes" builds "$name" $changes </dev/null
done < <(configurations)
