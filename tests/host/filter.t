#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# --filter, on a recording: expressions where the library has them, which Debian 13
# has, or else what is missing. tests/install runs it on both releases.
# shellcheck disable=SC2154 # built.sh sets here, O and tmp
set -u
. "$(dirname "$0")/built.sh" cowinspect tests/make-recording

mkdir "$tmp/small"
"$O/tests/make-recording" "$tmp/small" 16 || exit 1

n=0
# gives NAME STATUS OUTPUT ARG...: exit status and all that was written
gives()
{
	local name=$1 status=$2 want=$3 got
	shift 3
	n=$((n + 1))
	got=$("$O/cowinspect" --debugfs "$tmp/small" "$@" 2>&1 </dev/null |
		sed 's/within [^ ]*\.$/within some time./'
		echo "status ${PIPESTATUS[0]}")
	if [ "$got" = "${want:+$want
}status $status" ]; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		printf '# %s\n' "${got//$'\n'/$'\n'# }"
	fi
}

if "$O/cowinspect" --debugfs "$tmp/small" show 77 --filter 'name == ""' 2>&1 |
	grep -q 'has no expressions'
then
	version=$(sed -n 's/.*LIBSMARTCOLS_VERSION[^"]*"\(.*\)"/\1/p' \
		/usr/include/libsmartcols/libsmartcols.h)
	for command in show ps share; do
		gives "$command: what is missing is said, and what to do" 1 \
			"cowinspect: --filter: built with libsmartcols $version, which has no expressions: build with 2.40 or later (Debian 13), or use --json and jq" \
			"$command" 77 --filter 'name == ""'
	done
	echo "ok 4 # SKIP this libsmartcols, $version, has no expressions"
	echo 1..4
	exit
fi

raw=(--raw --noheadings)
gives "show: a text" 0 '[heap]' \
	show 77 "${raw[@]}" -o name --filter 'name =~ "^.hea"'
gives "sizes are bytes, and may have units" 0 '[heap]' \
	show 77 "${raw[@]}" -o name --filter 'present == 64K && present >= 65536'
gives "of a column that is not shown, in any case" 0 '[heap]' \
	show 77 "${raw[@]}" -o name --filter 'MAP_MEAN < 3'
gives "pages: yes and no" 0 '10001000 yes' \
	show 77 -P "${raw[@]}" -o addr,write --filter 'write == true'
gives "pages: either of two" 0 $'10000000\n10001000' \
	show 77 -P "${raw[@]}" -o addr \
	--filter 'addr == "10000000" || mapcount == 1'
gives "ps: who fits" 0 77 ps 77 79 "${raw[@]}" -o pid --filter 'pid == 77'
gives "the totals are of all, and how many fitted is said" 0 \
	'77 process 77
 - total of 2
--filter: 1 of 2 lines.
The total has each page frame once.
Read one after the other, within some time.
4K (~) is of large pages, whose mappings are counted on average.' \
	ps 77 79 --noheadings -o pid,name --filter 'pid == 77'
gives "share: sets of so many" 0 '16 2' \
	share 77 79 "${raw[@]}" --top 0 -o size,members --filter 'members == 2'
gives "share --pages: frames" 0 '1001 1' \
	share 77 79 --pages "${raw[@]}" -o frame,pages --filter 'frame == "1001"'
gives "nobody" 0 '' ps 77 79 "${raw[@]}" --filter 'pid == 1'
gives "no column" 2 \
	"cowinspect: --filter: 'nonsense' is no column: --list-columns shows them" \
	ps 77 --filter 'nonsense > 1'
echo 1..$n
