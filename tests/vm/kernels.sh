# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # the variables are for those who source this
# Reads the table of kernels. Source it after ../lib.sh.

KERNELS_FILE=$ROOT/tests/vm/kernels

# kernel_names: all of them, in the order of the table
kernel_names()
{
	sed 's/#.*//' "$KERNELS_FILE" | awk 'NF { print $1 }'
}

# stock_kernel_names: those that Debian built
stock_kernel_names()
{
	local name
	while read -r name; do
		(kernel_lookup "$name" && kernel_has_flag built) || echo "$name"
	done < <(kernel_names)
}

# kernel_lookup NAME: sets K_NAME, K_ARCH, K_SUITE, K_IMAGE, K_FLAGS, the places
# of what is made from it, how to compile for it: the prefix K_CROSS of the
# compiler, and the groups K_DEPS of tests/deps beyond the usual ones (both are
# empty if it is for machines like this one); and K_CPU, the CPU that its machine
# has, or nothing for the usual one.
kernel_lookup()
{
	local line
	line=$(sed 's/#.*//' "$KERNELS_FILE" | awk -v n="$1" '$1 == n')
	[ -n "$line" ] ||
		die "no kernel '$1' in tests/vm/kernels; known: $(kernel_names | xargs)"
	read -r K_NAME K_ARCH K_SUITE K_IMAGE K_FLAGS <<<"$line"
	K_CACHE=$CACHE/kernels/$K_NAME		# downloaded, shared by all clones
	K_BUILD=$BUILD/$K_NAME			# built from this tree
	K_CROSS="" K_DEPS=()
	K_CPU=$(kernel_flag_value cpu)
	# Another name for the same kernel: that without the suffix.
	if kernel_has_flag fallbacks || [ -n "$K_CPU" ]; then
		K_CACHE=${K_CACHE%-*}
	fi
	if [ "$K_ARCH" = arm64 ]; then
		K_CROSS=aarch64-linux-gnu-
		K_DEPS=(arm64)
	fi
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
