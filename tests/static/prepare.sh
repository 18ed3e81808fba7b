# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154 # the variables are of those who source this
# Kernels that are configured and prepared, for the module to be built for, and never
# built themselves; so symbols are not resolved. Source it after build.sh, and set
#
#	source		the kernel's source
#	prepared	where those that are made of it are kept
#	kernel_args	what make takes beside that, if anything, as an array
#
# How one differs from module.config is said by CHANGES: an option with a minus is off,
# one with a plus is on.

kernel_args=()

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

kernel_make() { make -s -C "$source" O="$dir" "${kernel_args[@]}" "$@"; }

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

# built_in NAME: the directory of the build, below K_BUILD
built_in() { echo "static-${source##*/}-$1"; }

# builds NAME CHANGES...: the module, without a warning
builds()
{
	with_lock "$prepared.lock" prepare "$@" || return 1
	clean_build "$(built_in "$1")" --kdir "$prepared/$1" "$K_NAME" \
		-j"$(nproc)" "${kernel_args[@]}" KBUILD_MODPOST_WARN=1
}
