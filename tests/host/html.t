#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# --html in a real browser: html.py does the tests, this prepares for them.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

here=$ROOT/tests/host
O=$(realpath -m "${O:-$BUILD/user}")
mkdir -p "$O"
"$ROOT/tests/deps" browser
exec 9>"$O/.test.lock"
flock 9
make -s -C "$ROOT/userspace" O="$O" ${CC:+CC="$CC"} ${SAN:+SAN="$SAN"} \
	"$O/cowinspect" "$O/tests/make-page" "$O/tests/make-trace" \
	"$O/tests/make-recording" >&2
exec 9>&-

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/small" "$tmp/large"
for kind in fork crowd large scattered scenes kinds hostile empty; do
	"$O/tests/make-page" $kind "$tmp/$kind.html"
done
for kind in server large one hostile nobody; do
	"$O/tests/make-trace" $kind "$tmp/trace-$kind.html"
done
"$O/tests/make-recording" "$tmp/small" 16
"$O/tests/make-recording" "$tmp/large" 100000
python3 -B "$here/html.py" "$O/cowinspect" "$tmp"
