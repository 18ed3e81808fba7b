#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The tool builds without a warning, and its unit tests pass under gcc's address
# and undefined behaviour sanitizers.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$ROOT/tests/tap.sh"

"$ROOT/tests/deps" build
plan 1
check "unit tests pass under ASan and UBSan" \
	make -C "$ROOT/userspace" check SAN=1 O="$BUILD/user-sanitized"
