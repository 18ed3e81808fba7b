#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The version and the range of kernels are the same wherever they stand.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$ROOT/tests/tap.sh"
. "$ROOT/tests/vm/kernels.sh"

cd "$ROOT"

# dkms_conf KERNEL COMMAND...: runs COMMAND with what dkms.conf sets for KERNEL
dkms_conf()
{
	# shellcheck disable=SC2034 # dkms.conf reads the variables
	local kernelver=$1 dkms_tree=/tree kernel_source_dir=/source
	shift
	(. ./dkms.conf; "$@")
}

# shellcheck disable=SC2016 # for eval to expand
dkms_version() { dkms_conf 6.1.0 eval 'echo "$PACKAGE_VERSION"'; }

accepts()
{
	# shellcheck disable=SC2016 # for eval to expand
	dkms_conf "$1" eval '[[ $kernelver =~ $BUILD_EXCLUSIVE_KERNEL ]]'
}

# The newest entry of the changelog is the first.
deb_version() { sed -n '1s/^cowinspect (\(.*\)) .*/\1/p' debian/changelog; }

tool_version() { make -s --no-print-directory -C userspace print-version; }

# README's commands name the version too: those that are not ours.
other_versions_in_readme()
{
	grep -oE 'cowinspect[/_-][0-9]+\.[0-9.]*[0-9]' README.md |
		grep -vxF -e "cowinspect/$version" -e "cowinspect-$version"
}

# The versions in the table, one a line, in order.
tested_versions() { kernel_names | sed 's/-.*//' | sort -Vu; }

# "5.10 to 7.3"
tested_range() { tested_versions | sed -n '1p;$p' | paste -sd_ | sed 's/_/ to /'; }

# "5.10, 6.1, 6.12, 7.2 and 7.3"
tested_list()
{
	tested_versions | paste -sd, | sed 's/,/, /g; s/, \([^ ]*\)$/ and \1/'
}

readme_names_versions()
{
	grep -F "Booted and tested are $1," README.md ||
		{ echo "README.md does not say '$1'"; return 1; }
}

# same NAME VALUE EXPECTED
same() { [ "$2" = "$3" ] || { echo "$1 has '$2', not '$3'"; return 1; }; }

is_a_version()
{
	[[ $1 =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || { echo "'$1' is no version"; return 1; }
}

# Whoever repeats the range repeats it right; each of these must do so.
range_is_named()
{
	local file
	for file in dkms.conf debian/control README.md; do
		grep -qF "$1" "$file" || { echo "$file does not say '$1'"; return 1; }
	done
}

all_accepted()
{
	local kernel
	for kernel; do
		accepts "$kernel" || return 1
	done
}

all_refused()
{
	local kernel
	for kernel; do
		if accepts "$kernel" 2>/dev/null; then
			echo "$kernel is accepted"
			return 1
		fi
	done
}

# all_told RANGE KERNEL...
all_told()
{
	local range=$1 kernel output
	shift
	for kernel; do
		output=$(dkms_conf "$kernel" true 2>&1)
		[ "$output" = "cowinspect supports Linux $range, except 5.18 and Red Hat's: not $kernel" ] ||
			{ echo "of $kernel it says: $output"; return 1; }
	done
}

# As they are called: by Debian, Ubuntu, Fedora, Arch, and out of Linus' hands.
inside=(5.10.0-36-amd64 5.10.0 5.17.15 5.15.0-100-generic 5.19.17 6.0.1 6.1.0-56-amd64
	6.9.9 6.12.117+deb12-amd64 6.19.0 7.0.0-arch1-1 7.1.3-200.fc44.x86_64
	7.2-rc1 7.2.4+deb14-amd64 7.2 7.3.4+deb13-arm64
	6.12.1-1.el9.elrepo.x86_64 6.12.0-1.23.3.2.el9uek.x86_64)
outside=(5.18.0-1-amd64 5.18.19 3.10.0 4.19.0-27-amd64 5.0.0 5.1.21 5.4.0-1-amd64 5.9.16 5.100.1 7.4-rc1
	7.4.0 7.10.1 7.20.0 7.30.0 8.0.0 9.0.0 15.10.0 16.1.0 17.2.0)
redhat=(5.14.0-427.13.1.el9_4.x86_64 5.14.0-611.el9.aarch64+64k
	5.14.0-570.12.1.el9_6.x86_64+rt 6.12.0-55.el10.x86_64)

mapfile -t tested < <(kernel_names | sed 's/-.*/.0-1-amd64/')
newest=$(tested_versions | tail -n 1)
version=$(sed -n 's/^#define COW_VERSION[^"]*"\(.*\)"/\1/p' module/cow.h)
plan 14
check "module/cow.h has the version" is_a_version "$version"
check "the tool has the same" same userspace/Makefile "$(tool_version)" "$version"
check "dkms.conf has the same" same dkms.conf "$(dkms_version)" "$version"
check "debian/changelog has the same" same debian/changelog "$(deb_version)" "$version"
check "README.md has no other" nothing_found other_versions_in_readme
range=$(tested_range)
check "the kernels that are tested are named as the range" range_is_named "$range"
check "README.md names those that were booted" \
	readme_names_versions "$(tested_list)"
check "dkms.conf accepts the kernels that are tested" \
	all_accepted "${tested[@]}"
check "dkms.conf accepts these kernels inside the range" all_accepted "${inside[@]}"
check "dkms.conf refuses these outside of it" all_refused "${outside[@]}"
check "dkms.conf refuses Red Hat's" all_refused "${redhat[@]}"
check "the module refuses what is newer" grep -F "COW_SINCE(${newest%.*}, $((${newest#*.} + 1)))" \
	module/compat.h
check "and says so" grep -F "newer than $newest," module/compat.h
check "dkms.conf says which range it is" all_told "$range" 9.0.0 "${redhat[0]}"
