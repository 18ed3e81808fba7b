#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The files for others' programs, in these: exports.py does the tests.
# shellcheck disable=SC2154 # built.sh sets here, O and tmp
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/built.sh" tests/make-trace
"$ROOT/tests/deps" viewers

for kind in server large hostile; do
	"$O/tests/make-trace" $kind "$tmp/$kind.html" "$tmp/$kind.collapsed" \
		"$tmp/$kind.pprof" "$tmp/$kind.perfetto"
done
python3 -B "$here/exports.py" "$O/tests/make-trace" "$tmp"
