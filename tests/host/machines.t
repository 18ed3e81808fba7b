#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Which kernel is the default, who compiles for which, and where KVM is tried: on this
# kind of machine and on others, which COWINSPECT_HOST_ARCH says that it is.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$ROOT/tests/vm/kernels.sh"
. "$ROOT/tests/vm/qemu.sh"
. "$ROOT/tests/tap.sh"

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

is() { [ "$2" = "$1" ] || { echo "'$2', and not '$1'"; return 1; }; }

# on ARCH FUNCTION ARGS...: as a machine of that kind has it
on()
{
	local COWINSPECT_HOST_ARCH=$1
	export COWINSPECT_HOST_ARCH
	"${@:2}"
}

# $TABLE in place of our kernels
with_table() { KERNELS_FILE=$tmp/table "$@"; }

# roots SUITE KERNEL...: those of them that are compiled for in a root, on a machine with
# that suite
roots()
{
	local COWINSPECT_HOST_SUITE=$1
	export COWINSPECT_HOST_SUITE
	shift
	for kernel; do
		kernel_lookup "$kernel"
		! kernel_has_root || echo "$kernel"
	done | xargs
}

# native SUITE: the first kernel of a machine with that suite
native()
{
	local COWINSPECT_HOST_SUITE=$1
	export COWINSPECT_HOST_SUITE
	native_kernel
}

compiler() { kernel_lookup "$1"; echo "${K_CROSS:-own}"; }

packages() { "$ROOT/tests/deps" --list "$@" | xargs; }

names() { packages "$1" | grep -qw -e "$2"; }
names_not() { ! names "$@"; }

makes() { make -s -n -C "$ROOT" "$1" | tail -n 1; }

# Where KVM is said to work: what QEMU gets.
# shellcheck disable=SC2034,SC2317 # qemu.sh asks for it, and calls it
with_kvm()
{
	kernel_lookup "$1"
	K_CACHE=$tmp
	kvm_probe() { true; }
	accelerate
	echo "$QEMU $ACCEL $MACHINE $CPU"
}

# What is asked whether KVM works, in place of QEMU; no more than that is tried.
# shellcheck disable=SC2034,SC2317 # the same
asked()
{
	kernel_lookup "$1"
	K_CACHE=$tmp
	kvm_probe()
	{
		machine_for_kvm
		echo "$QEMU" >"$tmp/asked"
		false
	}
	rm -f "$tmp/asked"
	accelerate
	cat "$tmp/asked" 2>/dev/null || echo nobody
	echo "$ACCEL"
}

printf '%s\n' 'a-riscv64 riscv64 sid i -' 'b-arm64 arm64 sid i -' \
	'c-amd64 amd64 sid i -' 'd-arm64 arm64 sid i -' >"$tmp/table"

# A machine's kernel as its distribution has it, in a root of its own: the file, what
# its name or its header says, and where its headers are.
release=6.8.0-45-generic
root()
{
	rm -rf "$tmp/root"
	mkdir -p "$tmp/root/$(dirname "$1")" "$tmp/root/${3:-lib/modules}/$release" \
		"$tmp/root/$2"
	touch "$tmp/root/$2/Makefile" \
		"$tmp/root/${3:-lib/modules}/$release"/modules.{order,builtin,builtin.modinfo}
	kernel_file >"$tmp/root/$1"
}

# Of an x86 kernel the part that tells its release.
kernel_file()
{
	head -c 514 /dev/zero
	printf 'HdrS'
	head -c 8 /dev/zero
	printf '\x00\x01'
	head -c 240 /dev/zero
	printf '%s (who@where) #1' "$release"
	head -c 256 /dev/zero
}

installed()
{
	root "$@"
	XDG_CACHE_HOME=$tmp "$ROOT/tests/vm/installed-kernel" "$tmp/root/$1"
}

entry() { readlink "$tmp/cowinspect/kernels/installed-$release/$1"; }

without()
{
	root "boot/vmlinuz-$release" usr/src/other
	! XDG_CACHE_HOME=$tmp "$ROOT/tests/vm/installed-kernel" "$tmp/root/$1" \
		>"$tmp/said" 2>&1 || return
	grep -q -e "$2" "$tmp/said" || { cat "$tmp/said"; return 1; }
}

plan 41
check "the default is of the machine's kind" \
	is c-amd64 "$(on amd64 with_table default_kernel)"
check "of several the first" is b-arm64 "$(on arm64 with_table default_kernel)"
check "the first of all where there is none" \
	is a-riscv64 "$(on ppc64el with_table default_kernel)"
check "our default on amd64" is 6.1-amd64 "$(on amd64 default_kernel)"
check "our default on arm64" is 6.1-arm64 "$(on arm64 default_kernel)"
check "make vm boots it" is "tests/vm/shell 6.1-arm64" "$(on arm64 makes vm)"
check "make check tests it" is "tests/run --quick 6.1-arm64" "$(on arm64 makes check)"

check "amd64 compiles its own" is own "$(on amd64 compiler 6.1-amd64)"
check "and crosses to arm64" is aarch64-linux-gnu- "$(on amd64 compiler 6.1-arm64)"
check "arm64 compiles its own" is own "$(on arm64 compiler 6.1-arm64)"
check "and crosses to amd64" is x86_64-linux-gnu- "$(on arm64 compiler 6.1-amd64)"
check "both cross to riscv64" is riscv64-linux-gnu- "$(on arm64 compiler 6.12-riscv64)"
check "what is of another suite is compiled for in a root of that" \
	is "5.10-amd64 7.3-amd64 7.2-arm64" "$(roots bookworm 6.1-amd64 6.12-arm64 \
		5.10-amd64 7.3-amd64 7.2-arm64 6.12-kasan 7.3-kasan)"
check "on Debian 13 that is another" is "6.1-amd64 7.2-amd64" \
	"$(roots trixie 6.1-amd64 7.3-amd64 7.2-amd64 6.12-kasan)"
check "and elsewhere, anything" is "6.1-amd64 7.3-amd64" \
	"$(roots noble 6.1-amd64 7.3-amd64)"
check "what is checked with what is installed is of Debian 12 there" \
	is 6.1-amd64 "$(on amd64 native bookworm)"
check "and of Debian 13 there" is 7.3-amd64 "$(on amd64 native trixie)"
check "and of the machine's kind" is 7.3-arm64 "$(on arm64 native trixie)"
check "elsewhere there is none" is "" "$(on amd64 native noble)"
check "on amd64, no compiler for amd64 is installed" \
	on amd64 names_not amd64 gcc-x86-64-linux-gnu
check "on arm64 one is" on arm64 names amd64 gcc-x86-64-linux-gnu
check "with its library" on arm64 names amd64 libc6-dev-amd64-cross
check "and there, none for arm64" on arm64 names_not arm64 gcc-aarch64-linux-gnu

check "KVM for amd64" is "qemu-system-x86_64 kvm q35 max,-erms,-fsrm" \
	"$(on amd64 with_kvm 6.1-amd64)"
check "KVM for arm64: the host's CPU and interrupt controller" \
	is "qemu-system-aarch64 kvm virt,gic-version=host host" \
	"$(on arm64 with_kvm 6.1-arm64)"
check "without KVM, an emulated one" \
	is "qemu-system-aarch64 tcg,thread=single" "$(on arm64 asked 6.1-arm64 | xargs)"
check "nobody asks for KVM for another kind of machine" \
	is "nobody tcg,thread=single" "$(on arm64 asked 6.1-amd64 | xargs)"
check "nor the other way round" \
	is "nobody tcg,thread=single" "$(on amd64 asked 6.1-arm64 | xargs)"
check "nor for a CPU that is to be another one than the host's" \
	is "nobody tcg,thread=single" "$(on arm64 asked 6.1-arm64-a72 | xargs)"

name=installed-$release
check "Debian's and Ubuntu's" is "$name" \
	"$(installed "boot/vmlinuz-$release" "usr/src/linux-headers-$release")"
check "its modules are those of its root" is "$tmp/root" "$(entry modules)"
check "and its headers" is "$tmp/root/usr/src/linux-headers-$release" "$(entry headers)"
check "Fedora's headers" is "$name" \
	"$(installed "boot/vmlinuz-$release" "usr/src/kernels/$release")"
check "Arch's, in the directory of its modules" is "$name" \
	"$(installed "lib/modules/$release/vmlinuz" "lib/modules/$release/build")"
check "a package of Debian 13 that is unpacked, and not installed" is "$name" \
	"$(installed "boot/vmlinuz-$release" "usr/src/linux-headers-$release" usr/lib/modules)"
check "its modules are beside no /lib" is "$tmp/root/usr" "$(entry modules)"
check "they are found as installed ones are" \
	test -e "$tmp/root/usr/lib/modules/$release/modules.dep"
check "a name that says nothing: the file does" is "$name" \
	"$(installed boot/vmlinuz-linux "lib/modules/$release/build")"
check "it is of this machine's kind" is own "$(compiler "$name")"
check "without headers, what to install is said" \
	without "boot/vmlinuz-$release" "install linux-headers-$release"
check "without modules, where they were looked for" \
	without boot/../usr/src/other/Makefile "no modules of it in"
