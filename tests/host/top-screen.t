#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The screen of top on a terminal of pyte's: see make-top.c and top.py.
# shellcheck disable=SC2154 # built.sh sets here, O and tmp
set -eu
. "$(dirname "$0")/built.sh" tests/make-top
# Debian's, which has Debian's pyte.
/usr/bin/python3 -B "$here/top.py" "$O/tests/make-top"
