#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Debian's perf, trace-cmd and bpftrace, and the kernel's own histograms, see each
# copy that a program is known to make, once and as what it is; and so do those who
# type in what docs/perf.md says, on the first of the kernels (with DEPTH=long, on all).
# There perf is also asked in other ways, which others would show no more by: to start it,
# or bpftrace, takes an emulated machine long.
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

# The page: commands, and what is shown of what they said, each in a file by number.
take_page_apart()
{
	mkdir -p "$out/page"
	awk -v dir="$out/page/" '
		/^```/ && file { file = ""; next }
		/^```sh$/ { n++; file = dir n ".sh"; next }
		/^```$/ { file = dir n ".shown"; next }
		file { print >file }' "$ROOT/docs/perf.md"
}

run_tracers()
{
	take_page_apart &&
	gcc -O2 -Wall -Wextra -Werror -static -fno-omit-frame-pointer \
		-o "$out/copies" "$here/copies.c" &&
		"$ROOT/tests/vm/run" --debian bookworm --timeout 3600 --mem 2G \
			--out "$out" --file "$out/copies" \
			--file "$here/inside:/tracers/inside" \
			--file "$out/page:/tracers/page" "$1" -- \
			sh /machine/tracers/inside "$filled" "${uses[@]}" || return
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

# no_fault_has EVENTS GREP_ARGS...: there are faults, and grep finds none of them
no_fault_has()
{
	local faults
	faults=$(grep 'cow_fault:' "$out/$1") || { echo "no fault in $1"; return 1; }
	nothing_found grep "${@:2}" <<<"$faults"
}

only_copies() { no_fault_has "$1" -v ' outcome=copied '; }

# No number in place of a name.
names_are_resolved()
{
	no_fault_has "$1" -E '(outcome|vma|kind|predicted|confidence)=[^a-z]|flags=[^ ]*[0-9]'
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

# apart_from_numbers: lines, with any number in place of each; so of bars
apart_from_numbers()
{
	sed -E 's/0x[0-9a-f]+|[0-9]+(\.[0-9]+)?/N/g; s/@* *\|$/|/; s/[[:space:]]+/ /g; s/^ | $//g'
}

# Each line that the page shows was said.
page_shows_it()
{
	[ -s "$out/page/$1.shown" ] &&
		nothing_found grep -vxFf <(apart_from_numbers <"$out/page-$1") \
			<(grep -vx '\.\.\.' "$out/page/$1.shown" | apart_from_numbers)
}

page_perf()
{
	cat "$out/page-1"
	program_ran page-1 && awk '$2 == "Samples:" { all = $3 }
		$NF == "write_pages" { part = $1 + 0 }
		END { exit !all || part != sprintf("%.2f", 8000 / all) + 0 }' "$out/page-1"
}

# From within write_pages(), as often as it wrote.
page_bpftrace()
{
	cat "$out/page-2"
	program_ran page-2 && diff <(said page-2 | awk '{ print $1, $4 }' | sort) \
		<(awk -v RS=@ '/^copies\[(copying|executed), / && NF > 4 {
			sub(/copies\[/, "", $1); sub(/,/, "", $1); print $1, $NF }' "$out/page-2" | sort)
}

# Each copy with a return address at least.
page_trace_cmd()
{
	copies_are_seen page-3 page-3 && grep -q user_stack "$out/page-3"
}

# What a child has beside, its stack for one, is in the same memory for "copying" only.
page_histogram()
{
	local name pid pages
	cat "$out/page-4"
	program_ran page-4 && said page-4 | while read -r name pid _ pages; do
		awk -v pid="$pid" -v vma="$([ "$name" = copying ] && echo 0 || echo 1)" -v pages="$pages" '
			{ gsub(/,/, "") }
			$3 == pid && $5 == vma { found = $8 >= pages && $8 < pages + 32 && $10 == $8 * 4096 }
			END { exit !found }' "$out/page-4" || return
	done
}

# All copies of a name are in its histogram; the program has forked twice.
page_snapshot()
{
	cat "$out/page-5"
	program_ran page-5 && [ "$(grep -c '^server stood still for [1-9]' "$out/page-5")" = 2 ] &&
		diff <(said page-5 | awk '{ print $1, $4 }' | sort) \
			<(awk '/^@ns\[/ { name = "" }
				/^@ns\[(copying|executed)\]/ { name = $1; gsub(/@ns\[|\]|:/, "", name) }
				/^\[/ && name { sub(/\|.*/, ""); n[name] += $NF }
				END { for (name in n) print name, n[name] }' "$out/page-5" | sort)
}

nobody_listens()
{
	local file
	for file in "$out"/*.status; do
		grep '^observer' "$file"
		[ "$(grep -cxE 'observer_(for: targets 0, perf 0, tracefs 0|armed: no)' "$file")" = 2 ] ||
			{ echo "above: ${file##*/}"; return 1; }
	done
}

# Those of the first kernel only.
test_other_ways()
{
	local block
	check "$1: perf record of a command: its children's copies, each once" \
		copies_are_seen perf-one perf-one.script
	check "$1: perf record of a command: each fork, once" \
		forks_are_seen perf-one perf-one.script
	check "$1: perf stat counts them" perf_counts perf-stat.counts
	check "$1: docs/perf.md: perf names the function that writes" page_perf
	check "$1: docs/perf.md: bpftrace counts by call path" page_bpftrace
	check "$1: docs/perf.md: trace-cmd: each copy, once" page_trace_cmd
	check "$1: docs/perf.md: a shell: a histogram by process and memory" page_histogram
	check "$1: docs/perf.md: bpftrace: forks, and how long copies took" page_snapshot
	for block in 1 2 3 4 5; do
		check "$1: docs/perf.md: what is shown of command $block" page_shows_it $block
	done
}

# test_kernel KERNEL USES...: besides those that are for all
test_kernel()
{
	uses=(perf trace_cmd histogram "${@:2}")
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
	check "$1: perf record -a: each fork, once" \
		forks_are_seen perf-all perf-all.script
	check "$1: perf record --filter: the copies are there" \
		copies_are_seen perf-copied perf-copied.script
	check "$1: and nothing else" only_copies perf-copied.script
	check "$1: perf record -g: the function that writes, and its callers" \
		stacks_name_the_writer perf-copied.script
	check "$1: trace-cmd: each copy, once" \
		copies_are_seen trace-cmd trace-cmd.report
	check "$1: trace-cmd has names for all numbers" \
		names_are_resolved trace-cmd.report
	check "$1: trace-cmd: each fork, once" \
		forks_are_seen trace-cmd trace-cmd.report
	check "$1: a histogram counts them" histogram_counts histogram.table
	if [ "$2" = perf_one ]; then
		test_other_ways "$1"
	else
		check "$1: bpftrace counts them, and each fork" bpftrace_counts
	fi
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
all=(perf_one page) others=(bpftrace) tests=14
if [ "${DEPTH:-test}" = long ]; then
	others=("${all[@]}") tests=26
fi
plan $((26 + tests * ($# - 1)))
test_kernel "$1" "${all[@]}"
shift
for kernel; do
	test_kernel "$kernel" "${others[@]}"
done
