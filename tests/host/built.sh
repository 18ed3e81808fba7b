# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # the variables are for those who source this
# What tests of the host stand on. Source it with the programs that are to be there:
#
#	. "$(dirname "$0")/built.sh" cowinspect tests/make-page
#
# Sets here, the directory of these tests; O, where the programs were built; tmp, a
# directory that is gone in the end. O, CC and SAN may be set already: where to build,
# by which compiler, and with which sanitizers.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
O=$(realpath -m "${O:-$here/../../build/user}")
mkdir -p "$O"
# Others that run beside this one want the same.
exec 9>"$O/.test.lock"
flock 9
make -s -C "$here/../../userspace" O="$O" ${CC:+CC="$CC"} ${SAN:+SAN="$SAN"} \
	"${@/#/$O/}" >&2 || exit 1
exec 9>&-

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
