#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The page of every lab in a browser, against the same run's JSON: compare.py does
# the tests, this runs the labs in a throwaway machine. PAGES=DIR takes pages that
# tests/every-lab --pages has made before.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$ROOT/tests/vm/kernels.sh"

"$ROOT/tests/deps" browser >&2
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
pages=${PAGES:-$tmp/pages}
if [ -z "${PAGES:-}" ]; then
	kernel=$(default_kernel)
	tool=$("$ROOT/tests/vm/build-tool" "$kernel")
	"$ROOT/tests/vm/run" --try-modules zram --out "$pages" --timeout 1500 \
		--file "$tool:/bin/cowinspect" --file "$ROOT/tests/every-lab" \
		"$kernel" -- sh /bin/every-lab --pages >&2
fi
# Their JSON is what the pages are compared with.
"$ROOT/tests/deps" schema >&2
find "$pages" -type f ! -name '*.*' -exec "$ROOT/tests/host/schema.py" {} +
PYTHONPATH=$ROOT/tests/host python3 -B "$ROOT/tests/pages/compare.py" "$pages" \
	"$tmp/profile"
