#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# docs/gallery against what the tool makes now: kept.py compares.
# GALLERY=DIR takes what tests/gallery --kept has made there.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
new=${GALLERY:-$tmp/gallery}
[ -n "${GALLERY:-}" ] || "$ROOT/tests/gallery" --kept "$new" >&2
PYTHONPATH=$ROOT/tests/host python3 -B "$ROOT/tests/pages/kept.py" \
	"$ROOT/docs/gallery" "$new"
