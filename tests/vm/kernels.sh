# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # the variables are for those who source this
# Reads the table of kernels. Source it after ../lib.sh.

KERNELS_FILE=$ROOT/tests/vm/kernels

# By Debian's name of an architecture: what the compiler for it is called, and what the
# kernel calls it.
declare -A COMPILERS=([amd64]=x86_64-linux-gnu- [arm64]=aarch64-linux-gnu-
	[riscv64]=riscv64-linux-gnu-)
declare -A KERNEL_ARCHS=([amd64]=x86_64 [arm64]=arm64 [riscv64]=riscv)

# host_arch: of this machine; a test may say that it is another one
host_arch() { echo "${COWINSPECT_HOST_ARCH:-$(dpkg --print-architecture)}"; }

# host_suite: the Debian suite, or whatever it is called elsewhere, that this machine has
host_suite()
{
	# shellcheck source=/dev/null
	(. /etc/os-release && echo "${COWINSPECT_HOST_SUITE:-${VERSION_CODENAME:-}}")
}

# kernel_names: all of them, in the order of the table
kernel_names()
{
	sed 's/#.*//' "$KERNELS_FILE" | awk 'NF { print $1 }'
}

# stock_kernel_names: those that Debian built, and that need not be named
stock_kernel_names()
{
	local name
	while read -r name; do
		(kernel_lookup "$name" && { kernel_has_flag built || kernel_has_flag named; }) ||
			echo "$name"
	done < <(kernel_names)
}

# What names begin with of kernels that are on this machine, and in no table: see
# installed-kernel, which makes their entry of the cache.
INSTALLED=installed-

# kernel_line NAME: its line of the table, or one like it
kernel_line()
{
	case $1 in
	"$INSTALLED"*) echo "$1 $(host_arch) - - installed" ;;
	*) sed 's/#.*//' "$KERNELS_FILE" | awk -v n="$1" '$1 == n' ;;
	esac
}

# kernel_lookup NAME: sets K_NAME, K_ARCH, K_SUITE, K_IMAGE, K_FLAGS, the places
# of what is made from it, how to compile for it: the prefix K_CROSS of the
# compiler, which is empty if it is for machines like this one; the groups K_DEPS of
# tests/deps that it takes beyond the usual ones; and K_CPU, the CPU that its machine
# has, or nothing for the usual one.
kernel_lookup()
{
	local line
	line=$(kernel_line "$1")
	[ -n "$line" ] ||
		die "no kernel '$1' in tests/vm/kernels; known: $(kernel_names | xargs)"
	read -r K_NAME K_ARCH K_SUITE K_IMAGE K_FLAGS <<<"$line"
	K_CACHE=$CACHE/kernels/$K_NAME		# downloaded, shared by all clones
	K_BUILD=$BUILD/$K_NAME			# built from this tree
	K_CROSS="" K_DEPS=("$K_ARCH")
	K_CPU=$(kernel_flag_value cpu)
	# Another name for the same kernel: that without the suffix.
	if kernel_has_flag fallbacks || [ -n "$K_CPU" ]; then
		K_CACHE=${K_CACHE%-*}
	fi
	[ "$K_ARCH" = "$(host_arch)" ] || K_CROSS=${COMPILERS[$K_ARCH]}
}

# default_kernel: the first that is for machines like this one, which may have KVM; the
# first of all where there is none
default_kernel()
{
	local kernel
	kernel=$(kernel_of "$(host_arch)")
	[ -n "$kernel" ] || kernel=$(kernel_names | head -n 1)
	echo "$kernel"
}

# kernel_of ARCH: the first of an architecture, which is the default there
kernel_of()
{
	kernel_names | while read -r kernel; do
		kernel_lookup "$kernel"
		[ "$K_ARCH" != "$1" ] || { echo "$kernel"; break; }
	done
}

kernel_has_flag()
{
	case ,$K_FLAGS, in
	*,"$1",*) return 0 ;;
	esac
	return 1
}

# kernel_has_root: is it compiled for in a minimal root of its own suite? Its headers want
# the compiler of that one, which machines of another need not have.
kernel_has_root()
{
	! kernel_has_flag built && ! kernel_has_flag installed &&
		[ "${K_SUITE%-backports}" != "$(host_suite)" ]
}

# native_kernel: the first that this machine's own compiler builds the module for, and so
# whatever else is installed here
native_kernel()
{
	kernel_names | while read -r kernel; do
		kernel_lookup "$kernel"
		if [ -z "$K_CROSS" ] && ! kernel_has_flag built && ! kernel_has_root; then
			echo "$kernel"
			break
		fi
	done
}

# kernel_flag_value FLAG: what stands behind "FLAG=", or nothing
kernel_flag_value() { sed -n "s/.*,$1=\([^,]*\),.*/\1/p" <<<",$K_FLAGS,"; }

# kernel_fragments: of a kernel that we build, which is called VERSION-KIND, the
# files that configure it
kernel_fragments()
{
	printf "$ROOT/tests/vm/debug/%s.config\n" common "${K_NAME%-*}" \
		"${K_NAME#*-}"
}

# kernel_has_option OPTION: is it a kernel that we build, with CONFIG_OPTION?
kernel_has_option()
{
	kernel_has_flag built && kernel_fragments | xargs grep -qx "CONFIG_$1=y"
}
