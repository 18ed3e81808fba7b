#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The figure of --html in a real browser: who holds frames, many pages, and for whom it
# can be read. figure.py does the tests, this prepares for them.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

here=$ROOT/tests/host
O=$(realpath -m "${O:-$BUILD/user}")
mkdir -p "$O"
"$ROOT/tests/deps" browser
exec 9>"$O/.test.lock"
flock 9
make -s -C "$ROOT/userspace" O="$O" ${CC:+CC="$CC"} ${SAN:+SAN="$SAN"} \
	"$O/tests/make-page" >&2
exec 9>&-

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
for kind in fork scattered held cached bodies eight kinds; do
	"$O/tests/make-page" $kind "$tmp/$kind.html"
done
python3 -B "$here/figure.py" "$tmp"
