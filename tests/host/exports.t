#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The files for others' programs, in these: exports.py does the tests.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

here=$ROOT/tests/host
O=$(realpath -m "${O:-$BUILD/user}")
mkdir -p "$O"
"$ROOT/tests/deps" viewers
exec 9>"$O/.test.lock"
flock 9
make -s -C "$ROOT/userspace" O="$O" ${CC:+CC="$CC"} ${SAN:+SAN="$SAN"} \
	"$O/tests/make-trace" >&2
exec 9>&-

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
for kind in server large hostile; do
	"$O/tests/make-trace" $kind "$tmp/$kind.html" "$tmp/$kind.collapsed" \
		"$tmp/$kind.pprof" "$tmp/$kind.perfetto"
done
python3 -B "$here/exports.py" "$O/tests/make-trace" "$tmp"
