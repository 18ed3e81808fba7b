#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The archive for a class, as a student uses it: unpacked, started, a lab answered at
# the one console and gdb asked at the other, left; and then graded. Both machines, both
# emulated. IMAGE=FILE takes an archive that tests/vm/image has made.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$ROOT/tests/tap.sh"
. "$ROOT/tests/class/console.sh"

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
tool=$("$ROOT/tests/vm/build-tool")
image=${IMAGE:-} archs=(amd64 arm64)
[ -n "$image" ] || image=$("$ROOT/tests/vm/image" --to "$tmp" "${archs[@]}")
tar -C "$tmp" -xf "$image"
class=$(dirname "$tmp"/cowinspect-class-*/start.sh)
export COWINSPECT_ACCEL=tcg
# None of those that whoever connects to something is given, as the tests in browsers are
# for each thing that they ask of one.
export COWINSPECT_PORT=$((20000 + RANDOM % 12000))

# What is done at the second console is done before the first one is left.
# shellcheck disable=SC2317 # called by at_prompt
use_both()
{
	local line fd
	exec {fd}<>"/dev/tcp/127.0.0.1/$COWINSPECT_PORT"
	printf '\ngdb --batch -p $$ -ex "info registers" >/out/gdb; echo the-%s\n' end >&"$fd"
	while IFS= read -r line <&"$fd"; do
		printf '%s\n' "$line" >>"$tmp/second"
		[[ $line != the-end* ]] || break
	done
	exec {fd}>&-
	printf '%s\n' 'printf "c\nc\nr\n" | cowinspect lab generations --answers /out/anna.txt; exit'
}

plan $((4 * ${#archs[@]} + 1))
for arch in "${archs[@]}"; do
	rm -rf "${class:?}/out" "$tmp/second"
	mkdir "$class/out"
	check "$arch: it is started, worked with at two consoles, and left" \
		at_prompt "$tmp/said" use_both "$class/start.sh" "$arch"
	check "$arch: its score is shown" grep -q "Score: 3 of 3" "$tmp/said"
	check "$arch: what was in /out has come out, and is graded" \
		grep -q ": 100/100 (3 of 3)" \
		<("$tool" lab --grade "$class/out/anna.txt" 2>&1)
	check "$arch: gdb has looked at the shell of the second console" \
		grep -qE '^(rip|pc) ' "$class/out/gdb"
done
check "the handbook is there" test -e "$class/docs/labs.md"
