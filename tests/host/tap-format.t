#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What judges the test programs: would it see each way in which one can fail?
format=$(dirname "$0")/../vm/tap-format
tests=0
count=$(mktemp)
trap 'rm -f "$count"' EXIT

# expect WHAT RESULT INPUT: the one result line that comes of INPUT
expect()
{
	tests=$((tests + 1))
	got=$(printf '%b' "$3" | "$format" "$count" | grep -E '^(not )?ok')
	if [ "$got" = "$2" ]; then
		echo "ok $tests - $1"
	else
		echo "not ok $tests - $1"
		echo "# got: $got"
	fi
}

expect "passed" "ok 1 - a" '@begin a\n1..1\nok 1\n@end 0\n'
expect "a known failure does not count" "ok 1 - a" \
	'@begin a\n1..2\nok 1\nnot ok 2 # TODO x\n@end 0\n'
expect "skipped, with its reason" "ok 1 - a # SKIP no swap" \
	'@begin a\n1..0 # SKIP no swap\n@end 0\n'
expect "one failed" "not ok 1 - a: 1 failed" \
	'@begin a\n1..2\nok 1\nnot ok 2\n@end 0\n'
expect "status" "not ok 1 - a: ended with status 139" \
	'@begin a\n1..1\nok 1\n@end 139\n'
expect "fewer than planned" "not ok 1 - a: 2 planned, 1 made" \
	'@begin a\n1..2\nok 1\n@end 0\n'
expect "no plan" "not ok 1 - a: printed no plan" '@begin a\nok 1\n@end 0\n'
expect "the machine ended" \
	"not ok 1 - a: the machine ended in the middle of it" \
	'@begin a\n1..1\nok 1\n'
expect "each program has a line" "ok 1 - a
not ok 2 - b: printed no plan" \
	'@begin a\n1..1\nok 1\n@end 0\nnoise\n@begin b\n@end 0\n'
tests=$((tests + 1))
if [ "$(cat "$count")" = 2 ]; then
	echo "ok $tests - and they are counted"
else
	echo "not ok $tests - and they are counted"
fi
echo "1..$tests"
