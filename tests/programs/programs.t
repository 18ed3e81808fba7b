#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Programs that Debian has are traced as those who run them would: what was counted is
# what the kernel says of their memory, and call paths name what copies.
#
#	tests/programs/programs.t [PROGRAM...]
#
# PROGRAM is one of inside/: by default those that take the least time; with
# DEPTH=long, all. "python-perf" is run in a later Debian, whose Python can tell who
# it is: in a machine of its own; so is "redis-load", REDIS_SECONDS (600) of load, whose
# clock is the host's. With HOWTO=1, build/programs has the reports as well as people
# read them: docs/howto-*.md has its output from there.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$ROOT/tests/vm/kernels.sh"

here=$ROOT/tests/programs

programs=("$@")
if [ $# = 0 ]; then
	programs=(redis python containers)
	[ "${DEPTH:-test}" = test ] ||
		programs+=(postgresql ruby php python-perf redis-load)
fi

# machine_of PROGRAM: "SUITE CLOCK"
machine_of()
{
	case $1 in
	python-perf) echo trixie icount ;;
	redis-load) echo bookworm host ;;
	*) echo bookworm icount ;;
	esac
}

# Those of the programs that are for MACHINE.
programs_of()
{
	local program
	for program in "${programs[@]}"; do
		[ "$(machine_of "$program")" != "$1" ] || echo "$program"
	done
}

# By "icount", time there is instructions, so that a server whose clock ticks a busy
# host's time away does as much as on an idle one, and who sleeps takes none.
run_machine()
{
	local suite=$1 clock=() tool
	[ "$2" != icount ] || clock=(--icount)
	shift 2
	tool=$("$ROOT/tests/vm/build-tool" --debian "$suite")
	"$ROOT/tests/vm/run" --debian "$suite" "${clock[@]}" --mem 2G --timeout 2400 \
		--modules overlay \
		--out "$BUILD/programs" --file "$tool:/bin/cowinspect" \
		--file "$here/inside:/programs/inside" \
		--file "$here/examples:/programs/examples" \
		"$kernel" -- env ${HOWTO:+HOWTO=1} \
		${REDIS_SECONDS:+"REDIS_SECONDS=$REDIS_SECONDS"} \
		sh /machine/programs/inside/all "$@"
}

# What others left there was judged by them.
is_as_schemas_say()
{
	"$ROOT/tests/deps" schema >&2 && find "$BUILD/programs" -name '*.json' \
		-newer "$BUILD/programs.began" -exec "$ROOT/tests/host/schema.py" {} + |
		sed 's/^/# /'
}

kernel=$(default_kernel)
count_file=$BUILD/programs.count
mkdir -p "$BUILD"
tests=0
for machine in "bookworm icount" "trixie icount" "bookworm host"; do
	mapfile -t names < <(programs_of "$machine")
	[ ${#names[@]} != 0 ] || continue
	status=0
	touch "$BUILD/programs.began"
	# shellcheck disable=SC2086 # its two words
	run_machine $machine "${names[@]}" |
		"$ROOT/tests/vm/tap-format" "$count_file" "$tests" || status=$?
	tests=$(($(<"$count_file") + 1))
	if [ $status = 0 ]; then
		echo "ok $tests - $machine: the kernel log is clean, the machine came back"
	else
		echo "not ok $tests - $machine: the machine ended with status $status"
	fi
	tests=$((tests + 1))
	if is_as_schemas_say; then
		echo "ok $tests - $machine: all JSON is as its schemas say"
	else
		echo "not ok $tests - $machine: all JSON is as its schemas say"
	fi
done
echo "1..$tests"
