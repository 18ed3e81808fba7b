#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The module builds without a warning, with the extra ones that W=1 enables.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$ROOT/tests/tap.sh"
. "$ROOT/tests/static/build.sh"

plan 1
check "no warnings with W=1" clean_build static-gcc "$K_NAME"
