#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# "make fetch": what it has packed is all that "make demo" needs up to the machine's
# boot, in another place and without a network.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$ROOT/tests/tap.sh"
. "$ROOT/tests/vm/kernels.sh"

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
"$ROOT/tests/deps" build vm "$(host_arch)" >&2
here=$CACHE
kernel=$(default_kernel)
there=$tmp/there/cowinspect

# Whatever asks for a network fails at once.
no_network=(unshare -n)
[ "$(id -u)" = 0 ] || no_network=(unshare -rn)
if ! "${no_network[@]}" true; then
	echo "1..0 # SKIP no network namespace can be made here"
	exit 0
fi
alone() { "${no_network[@]}" env XDG_CACHE_HOME="$tmp/there" "$@"; }

prepare()
{
	alone "$ROOT/tests/vm/fetch-kernel" "$kernel" &&
		alone "$ROOT/tests/vm/build-module" --dir fetched "$kernel" &&
		alone "$ROOT/tests/vm/boot-image" "$kernel"
}

elsewhere()
{
	printf 'sid\nm68k\n/x\n' >"$tmp/made-in"
	tar -C "$tmp" -czf "$tmp/other" made-in
	! "$ROOT/tests/fetch" --from "$tmp/other" 2>"$tmp/said" &&
		grep -q "is of Debian sid (m68k), and this is" "$tmp/said"
}

plan 5
check "it is packed into one file" "$ROOT/tests/fetch" --to "$tmp/file" demo
check "which is unpacked elsewhere" \
	env XDG_CACHE_HOME="$tmp/there" "$ROOT/tests/fetch" --from "$tmp/file"
rm -rf "$tmp/file" "$ROOT/build/$kernel/fetched"
check "nothing there leads to where it was packed" \
	nothing_found grep -rlF "$here/" "$there/kernels" --include=Makefile \
	--include=.kernelvariables
check "kernel and module are made ready without a network" prepare
check "what is for another Debian is refused" elsewhere
