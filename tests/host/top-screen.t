#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The screen of top on a terminal of pyte's: see make-top.c and top.py.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
O=${O:-$here/../../build/user}
mkdir -p "$O"
O=$(realpath "$O")
exec 9>"$O/.test.lock"
flock 9
make -s -C "$here/../../userspace" O="$O" ${CC:+CC="$CC"} ${SAN:+SAN="$SAN"} \
	"$O/tests/make-top" >&2
flock -u 9
# Debian's, which has Debian's pyte.
exec /usr/bin/python3 -B "$here/top.py" "$O/tests/make-top"
