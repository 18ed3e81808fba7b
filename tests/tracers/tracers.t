#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Debian's perf, trace-cmd and bpftrace, and the kernel's own histograms, see each
# copy that a program is known to make, once and as what it is.
#
#	tests/tracers/tracers.t [KERNEL...]
#
# Without a KERNEL, those of $TEST_KERNELS (or of all) that have the flag "tracers".
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$ROOT/tests/vm/kernels.sh"
. "$ROOT/tests/tap.sh"

here=$ROOT/tests/tracers
# As in copies.c: what is filled, and then copied.
filled="addr >= 0x500000000 && addr < 0x500040000"

run_tracers()
{
	local system
	system=$("$here/make-root") &&
		gcc -O2 -Wall -Wextra -Werror -static -fno-omit-frame-pointer \
			-o "$out/copies" "$here/copies.c" &&
		"$ROOT/tests/vm/run" --timeout 1800 --mem 2G --out "$out" \
			--file "$system:/tracers" \
			--file "$out/copies:/tracers/copies" \
			--file "$here/inside:/bin/tracers-inside" "$1" -- \
			sh /bin/tracers-inside "$filled" || return
	[ ! -e "$out/failed" ] || { cd "$out" && grep -H . failed ./*.err; return 1; }
}

# said OUTPUT: what copies.c said among what a tracer did, as "NAME PID WHERE PAGES"
said() { grep -E '^(copying|executed) [0-9]+ 0x[0-9a-f]+ [0-9]+$' "$out/$1"; }

program_ran()
{
	[ "$(said "$1" | wc -l)" = 2 ] || { echo "the program did not run"; return 1; }
}

# known OUTPUT: "PID ADDRESS OUTCOME" of each copy that has to be seen
known()
{
	local pid where pages i
	said "$1" | while read -r _ pid where pages; do
		for ((i = 0; i < pages; i++)); do
			printf '%d 0x%x copied\n' "$pid" $((where + i * 4096))
		done
	done | sort
}

# seen OUTPUT EVENTS: the same of each fault of these processes in these pages
seen()
{
	local pid where pages
	said "$1" | while read -r _ pid where pages; do
		sed -n "s/.*cow_fault: *pid=$pid addr=\(0x[0-9a-f]*\) outcome=\([^ ]*\) .*/\1 \2/p" "$out/$2" |
			while read -r addr outcome; do
				((addr < where || addr >= where + pages * 4096)) ||
					echo "$pid $addr $outcome"
			done
	done | sort
}

copies_are_seen()
{
	program_ran "$1" && diff <(known "$1") <(seen "$1" "$2")
}

# What the program named itself was in the record of the moment. With that name it
# makes no other copies.
copies_have_names()
{
	local name pages
	program_ran "$1" || return
	said "$1" | while read -r name _ _ pages; do
		[ "$(grep -cE "^ *$name .* outcome=copied " "$out/$2")" = "$pages" ] ||
			{ echo "not $pages copies by $name"; return 1; }
	done
}

only_copies()
{
	nothing_found grep -v -e ' outcome=copied ' <(grep 'cow_fault:' "$out/$1")
}

# No number in place of a name.
names_are_resolved()
{
	nothing_found grep -E '(outcome|vma|kind|predicted|confidence)=[^a-z]|flags=[^ ]*[0-9]' \
		<(grep 'cow_fault:' "$out/$1")
}

parent_of() { sed -n 's/^parent //p' "$out/$1"; }

# forks_are_seen OUTPUT EVENTS: each fork of the program, once
forks_are_seen()
{
	local parent
	parent=$(parent_of "$1")
	program_ran "$1" && diff <(said "$1" | awk -v p="$parent" '{ print p, $2 }') \
		<(sed -n "s/.*cow_fork: *parent=\($parent\) child=\([0-9]*\) .*/\1 \2/p" "$out/$2")
}

# A paragraph is an event, with its stack from the inside out.
stacks_name_the_writer()
{
	awk -v RS= '/^ *(copying|executed) .* outcome=copied / && / write_pages\n.* main(\n|$)/ { n++ }
		END { print n, "of 80"; exit n != 80 }' "$out/$1"
}

perf_counts() { cat "$out/$1"; grep -q '^64,,cowinspect:cow_fault,' "$out/$1"; }

# Filled in the parent, and copied in the child.
histogram_counts()
{
	local copied
	copied=$(<"$out/copied")
	cat "$out/$1"
	grep -qE "^\{ outcome: +$copied \} hitcount: +64\$" "$out/$1" &&
		grep -qx ' *Hits: 128' "$out/$1"
}

bpftrace_counts()
{
	local parent
	parent=$(parent_of bpftrace)
	program_ran bpftrace && diff <(said bpftrace | awk '{ print "@copied[" $1 "]: " $4 }' | sort) \
		<(grep -E '^@copied\[(copying|executed)\]' "$out/bpftrace" | sort) &&
		diff <(said bpftrace | awk -v p="$parent" '{ print "fork", p, $2 }') \
			<(grep "^fork $parent " "$out/bpftrace")
}

nobody_listens()
{
	local file
	for file in "$out"/{perf,trace-cmd,histogram,bpftrace}.status; do
		grep '^observer' "$file"
		[ "$(grep -cxE 'observer_(for: targets 0, perf 0, tracefs 0|armed: no)' "$file")" = 2 ] ||
			{ echo "above: ${file##*/}"; return 1; }
	done
}

test_kernel()
{
	out=$BUILD/tracers/$1
	rm -rf "$out"
	mkdir -p "$out"
	check "$1: all run, the module is unloaded after each; the kernel log is clean" \
		run_tracers "$1"
	check "$1: perf record -a: each copy after fork and after exec, once" \
		copies_are_seen perf-all perf-all.script
	check "$1: by the name that the process had" \
		copies_have_names perf-all perf-all.script
	check "$1: perf has names for all numbers" names_are_resolved perf-all.script
	check "$1: perf record of a command: its children's copies, each once" \
		copies_are_seen perf-one perf-one.script
	check "$1: perf record -a: each fork, once" \
		forks_are_seen perf-all perf-all.script
	check "$1: perf record of a command: each fork, once" \
		forks_are_seen perf-one perf-one.script
	check "$1: perf record --filter: the copies are there" \
		copies_are_seen perf-copied perf-copied.script
	check "$1: and nothing else" only_copies perf-copied.script
	check "$1: perf record -g: the function that writes, and its callers" \
		stacks_name_the_writer perf-copied.script
	check "$1: perf stat counts them" perf_counts perf-stat.counts
	check "$1: trace-cmd: each copy, once" \
		copies_are_seen trace-cmd trace-cmd.report
	check "$1: trace-cmd has names for all numbers" \
		names_are_resolved trace-cmd.report
	check "$1: trace-cmd: each fork, once" \
		forks_are_seen trace-cmd trace-cmd.report
	check "$1: a histogram counts them" histogram_counts histogram.table
	check "$1: bpftrace counts them, and each fork" bpftrace_counts
	check "$1: after each, nobody listens and nothing is hooked" nobody_listens
}

if [ $# = 0 ]; then
	for name in ${TEST_KERNELS:-$(kernel_names)}; do
		kernel_lookup "$name"
		! kernel_has_flag tracers || set -- "$@" "$name"
	done
fi
if [ $# = 0 ]; then
	echo "1..0 # SKIP it is not run on $TEST_KERNELS"
	exit
fi
"$ROOT/tests/deps" build
plan $((17 * $#))
for kernel; do
	test_kernel "$kernel"
done
