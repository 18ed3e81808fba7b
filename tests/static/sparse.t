#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The module builds without a warning, with the extra ones that W=1 enables, and
# sparse finds nothing in it: address spaces, lock balance, endianness.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$ROOT/tests/tap.sh"
. "$ROOT/tests/static/build.sh"

"$ROOT/tests/deps" static
plan 1
# Without -Wsparse-error make succeeds whatever sparse finds.
check "no warnings with W=1, and sparse has no findings" clean_build static-sparse "$K_NAME" \
	C=2 CF=-Wsparse-error
