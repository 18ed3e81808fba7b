#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The figure of --html in a real browser: who holds frames, many pages, and for whom it
# can be read. figure.py does the tests, this prepares for them.
# shellcheck disable=SC2154 # built.sh sets here, O and tmp
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/built.sh" tests/make-page
"$ROOT/tests/deps" browser

for kind in fork scattered held cached bodies eight kinds; do
	"$O/tests/make-page" $kind "$tmp/$kind.html"
done
python3 -B "$here/figure.py" "$tmp"
