#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# --html in a real browser: html.py does the tests, this prepares for them.
# shellcheck disable=SC2154 # built.sh sets here, O and tmp
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/built.sh" cowinspect tests/make-page tests/make-trace \
	tests/make-recording
"$ROOT/tests/deps" browser

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
