#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The whole command, on a recording: no module, no root.
# shellcheck disable=SC2154 # built.sh sets here, O and tmp
set -u
. "$(dirname "$0")/built.sh" cowinspect tests/make-recording tests/make-trace

"$here/../deps" schema >&2 || exit 1
mkdir "$tmp/small" "$tmp/large" "$tmp/json"
documents=0
"$O/tests/make-recording" "$tmp/small" 16 || exit 1
"$O/tests/make-recording" "$tmp/large" 100000 || exit 1

n=0
ok()
{
	n=$((n + 1))
	echo "ok $n - $1"
}

not_ok()
{
	n=$((n + 1))
	echo "not ok $n - $1"
	sed 's/^/# /' "$tmp/out" "$tmp/err"
}

# run STATUS ARG...: what it wrote is in $tmp/out and $tmp/err
run()
{
	local want=$1 got=0
	shift
	"$O/cowinspect" --debugfs "$tmp/small" "$@" \
		>"$tmp/out" 2>"$tmp/err" </dev/null || got=$?
	# That of --grade is for Gradescope, which has a specification of its own.
	case $(head -c 1 "$tmp/out")"$*" in
	"{"*--grade*) ;;
	"{"*) cp "$tmp/out" "$tmp/json/$((documents++))" ;;
	esac
	[ $got = "$want" ]
}

# gives NAME STATUS PATTERN ARG...: exit status and a line of the output
gives()
{
	local name=$1 status=$2 pattern=$3
	shift 3
	if run "$status" "$@" && cat "$tmp/out" "$tmp/err" | grep -qE -- "$pattern"
	then ok "$name"; else not_ok "$name"; fi
}

# lacks_err NAME PATTERN: nothing in the last errors matches
lacks_err()
{
	if grep -qP -- "$2" "$tmp/err"; then not_ok "$1"; else ok "$1"; fi
}

# is_safe NAME FILE...: not a byte in them that a terminal would obey
is_safe()
{
	local name=$1
	shift
	# A line that is no valid UTF-8 matches nothing, so it is looked for apart.
	if cat "$@" | iconv -f UTF-8 -t UTF-8 >/dev/null 2>&1 &&
	   ! cat "$@" | grep -qP '[\x00-\x08\x0b-\x1f\x7f\x{80}-\x{9f}]'
	then ok "$name"; else not_ok "$name"; fi
}

# reads NAME MOST ARG...: the command reads at most so many bytes
reads()
{
	local name=$1 most=$2 bytes
	shift 2
	# What a child has read is counted for its parent once it has ended.
	bytes=$(bash -c '"$@" >/dev/null
		awk "/rchar/ { print \$2 }" /proc/$$/io' reads \
		"$O/cowinspect" --debugfs "$tmp/large" "$@")
	echo "$bytes bytes, not $most" >"$tmp/out"
	if [ "$bytes" -le "$most" ]; then ok "$name"; else not_ok "$name"; fi
}

# lacks NAME PATTERN: nothing in the last output matches
lacks()
{
	if grep -qP -- "$2" "$tmp/out"; then not_ok "$1"; else ok "$1"; fi
}

# json NAME PYTHON ARG...: the output is one document d, and PYTHON is true
json()
{
	local name=$1 test=$2
	shift 2
	if run 0 "$@" && python3 - "$tmp/out" "$test" 2>>"$tmp/err" <<-'EOF'
		import json, sys
		d = json.load(open(sys.argv[1], encoding="utf-8"))
		sys.exit(not eval(sys.argv[2]))
		EOF
	then ok "$name"; else not_ok "$name"; fi
}

gives "--help shows the commands" 0 '^ *lab NAME' --help
gives "--version" 0 '^cowinspect [0-9]' --version
for command in show map ps share snapshot diff trace status detach lab; do
	gives "$command --help has examples" 0 'Examples:' "$command" --help
done
gives "-h is --help" 0 '^ *lab NAME' -h
gives "help is --help" 0 '^ *lab NAME' help
for command in show map ps share snapshot diff trace status detach lab; do
	gives "$command -h" 0 'Examples:' "$command" -h
	cp "$tmp/out" "$tmp/want"
	if run 0 help "$command" && cmp "$tmp/out" "$tmp/want" >>"$tmp/err"
	then ok "help $command is the same"
	else not_ok "help $command is the same"; fi
done
gives "help of no command is wrong usage" 2 'no command' help frobnicate
gives "no command is wrong usage" 2 'Usage'
gives "an unknown command is wrong usage" 2 'no command' frobnicate
gives "an unknown option is wrong usage" 2 'unrecognized' show --frobnicate
for command in show map ps share; do
	gives "$command without a process is wrong usage" 2 'which process' $command
	gives "$command of a copy by a name is wrong usage" 2 'has ids only' \
		$command --name x
done
gives "two names are wrong usage" 2 'only once' show --name x --name y
gives "no limit is wrong usage" 2 'no number of processes' ps --all --limit 0
gives "two cgroups are wrong usage" 2 'give either' ps --cgroup x --cgroup-of 1
gives "no key is wrong usage" 2 "'nonsense' is not set" share 77 --by set,nonsense
gives "a matrix of frames is wrong usage" 2 'give either' share 77 --matrix -P
gives "no column to sort by is wrong usage" 2 "'nonsense' is no column" \
	ps 77 --sort nonsense
gives "a copy cannot be stopped" 2 'stands still' share 77 --stop
gives "trace of nothing is wrong usage" 2 'give a COMMAND' trace
gives "trace of two things is wrong usage" 2 'give either' trace -p 1 true
gives "trace of no number is wrong usage" 2 'no process id' trace -p x
gives "trace's options end where the command begins" 1 \
	'^cowinspect: (process|trace)' trace ls --frobnicate
gives "options of trace are options of trace" 2 'unrecognized' \
	trace --frobnicate ls
gives "show with a bad process is wrong usage" 2 'no process id' show 12x
gives "an unknown column is wrong usage" 2 "'nonsense' is no column" \
	show 77 -c range,nonsense
gives "a bad range is wrong usage" 2 'is not START-END' show 77 --range 5-
gives "a range that ends before it begins is wrong usage" 2 'START below END' \
	map 77 --range 5-5
gives "detach of nothing is wrong usage" 2 'which process' detach
gives "detach of too much is wrong usage" 2 'either' detach --all 77
gives "a bad width is wrong usage" 2 'not 1 to 4096' map 77 --width 0
gives "an unknown lab is wrong usage" 2 'is no lab' lab frobnicate
gives "an unknown process is a failure" 1 'no such process' show 78
gives "labs are listed" 0 '^fork ' lab --list

gives "ids of labs are listed" 0 '^snapshot +E15 ' lab --list
gives "a lab is found by its id" 77 '^SKIP: ' --debugfs /nonexistent lab c5
gives "questions and JSON do not go together" 2 'asks no questions' \
	lab fork --quiz --json
printf '%s\n' '# anna' 'A1.1: copy' 'heap.2: R' 'B1.1: neither' >"$tmp/anna"
printf '%s\n' 'A1.1: copy' 'A1.1: neither' 'A1.3: copy' 'nonsense' >"$tmp/ben"
: >"$tmp/empty"
gives "answers are graded" 0 'anna: 50/100 \(2 of 4\)' lab --grade "$tmp/anna"
gives "what is missing is wrong" 0 'B1 +0 of 2; B1.1: copy, not neither; B1.2: reuse, not none' \
	lab --grade "$tmp/anna"
gives "the last answer counts" 0 'ben: 0/100 \(0 of 2\)' lab --grade "$tmp/ben"
gives "what is no answer is said" 0 "ben:4: 'nonsense' is no answer" \
	lab --grade "$tmp/ben"
gives "an answer too many is said" 0 "ben:3: 'A1.3: copy' is no answer" \
	lab --grade "$tmp/ben"
gives "several files are graded" 0 'empty: 0/100 \(0 of 0\)' \
	lab --grade "$tmp/anna" "$tmp/empty"
gives "a file that is not there is a failure" 1 'No such file' \
	lab --grade "$tmp/anna" "$tmp/nobody"
printf '%s\n' 'A1.1: none' 'E1.2: none' >"$tmp/assignment"
printf '%s\n' 'seed: anna b ' 'F1.1: copy' >"$tmp/seeded"
gives "what is to be answered and is not costs its points" 0 \
	'seed anna\): 0/100 \(0 of 4\)' lab --grade "$tmp/assignment" --seed anna
json "a results.json is as Gradescope's specification has it" '(
	set(d) <= {"score", "output", "tests", "execution_time", "visibility",
		   "stdout_visibility", "extra_data", "output_format",
		   "test_output_format", "test_name_format", "leaderboard"} and
	d["score"] == 2 == sum(t["score"] for t in d["tests"]) and
	[t["name"][:4] for t in d["tests"]] ==
		["A1.1", "A1.2", "B1.1", "B1.2", "E1.1", "E1.2"] and
	all(set(t) <= {"score", "max_score", "status", "name", "name_format",
		       "number", "output", "output_format", "tags",
		       "visibility", "extra_data"} and
	    t["max_score"] == 1 and t["score"] in (0, 1) and
	    t["status"] == ("passed" if t["score"] else "failed") and
	    type(t["name"]) is type(t["output"]) is str for t in d["tests"]))' \
	lab --grade --json "$tmp/assignment" "$tmp/anna"
lacks "what would have been right is not in it" '[BE]1\.\d.*(copy|reuse)'
json "nothing handed in is 0 for Gradescope" \
	'd["score"] == 0 and d["tests"] == []' lab --grade --json "$tmp/empty"
gives "a hand-in that is not there is a failure for Gradescope, too" 1 \
	'No such file' lab --grade --json "$tmp/anna" "$tmp/nobody"
gives "the seed of a file is its own" 0 'seeded \(seed anna b\): ' \
	lab --grade "$tmp/seeded"
gives "and may be said by the teacher" 0 'seeded \(seed ben\): ' \
	lab --grade --seed ben "$tmp/seeded"
gives "no seed is no seed" 2 'a number, or a name' lab fork --seed ''
gives "no seed is what would be a comment" 2 'without #' lab fork --seed 'a#'
gives "--grade without a file is wrong usage" 2 'which files' lab --grade

gives "status says what it can tell" 0 '^exclusive +exact' status
gives "status says that it cannot observe, and why" 0 \
	'does not work here: No such file' status
gives "status says how long locks were held" 0 '^  mmap +1234 ns, of 8 holds' status
lacks "what the module does not tell is not said" 'ARMED|TESTED'
json "nor in JSON" 'd["observer_armed"] is None and d["kernel_tested"] is None' \
	status --json
cp "$tmp/small/status" "$tmp/status"
sed -i 's/^observer_error: .*/observer_error: 0/' "$tmp/small/status"
printf '%s\n' 'observer_armed: no' 'kernel_tested: no' \
	'observer_for: targets 0, perf 1, tracefs 0' >>"$tmp/small/status"
gives "status says for whom faults are observed" 0 \
	'^ +for targets 0, perf 1, tracefs 0$' status
gives "status says that faults go by unseen, and what to look at" 0 \
	'sysctl kernel.ftrace_enabled' status
gives "and that nobody has tested this kernel" 0 'NOT TESTED' status
gives "an older module does not say how it chose its rules" 0 'as of Linux 5\.19$' status
echo 'rules_by: probe' >>"$tmp/small/status"
gives "status says that what the kernel has chose the rules" 0 '5\.19, told by what it has$' status
sed -i 's/^rules_by: .*/rules_by: guess/' "$tmp/small/status"
gives "and that they are a guess" 0 'A GUESS: the module' status
json "and in JSON, how" 'd["rules_by"] == "guess"' status --json
json "and in JSON" 'd["observer_armed"] is False and d["kernel_tested"] is False' \
	status --json
sed -i 's/: no$/: yes/' "$tmp/small/status"
run 0 status
lacks "nothing of that if all is well" 'ARMED|TESTED'
cp "$tmp/status" "$tmp/small/status"
json "status --json has the holds" '(d["holds"][0] == {"lock": "mmap", "max_ns": 1234,
	"histogram": [{"ns": 0, "count": 1}, {"ns": 1024, "count": 7}]})' status --json
json "status --json" 'd["abi"] == 2 and d["targets"][0] == {"pid": 77, "running": True}' \
	status --json

gives "show has human sizes and the name" 0 \
	'^10000000-10010000 +rw-p +64K .* \[heap\]$' show 77
lacks "no colour in a pipe" '\x1b'
gives "show has totals below" 0 '^total +68K' show 77
gives "unknown totals are a dash" 0 '^total +- *$' show 77 -c range,pss
gives "totals are called so in any column" 0 '^total +68K$' show 77 -c perms,present
gives "and where there are only numbers" 0 '^ *total 68K +2.10$' show 77 -c present,map_mean
gives "show --bytes" 0 '^10000000-10010000 +65536$' show 77 -b -c range,present
gives "show --raw" 0 '^10000000-10010000 16 1.99$' show 77 -r \
	-c range,present,map_mean
gives "show --columns +COL" 0 'NAME +PAGES$' show 77 -c +pages
gives "letters from before are understood: -o" 0 'NAME +PAGES$' show 77 -o +pages
gives "--output-all" 0 ' MAYBE_SHARED ' show 77 --output-all
gives "-p is a process" 0 '^total +68K' show -p 77
gives "which pages are not" 2 "'rn' is no process id" diff a b -prn
gives "show --noheadings" 0 '^10000000' show 77 -n -c range
lacks "--noheadings has none" RANGE
gives "show --list-columns explains" 0 'cow_pending +cow +.*write-protected' \
	show --list-columns
gives "show --range leaves others out" 0 '^7f0000000000' \
	show 77 --range 7f0000000000 -c range
lacks "--range left them out" '^10000000|^total'
json "show --json is in bytes" '((d["schema"], d["version"]) == ("cowinspect-show", 1) and
	(p := d["processes"][0])["vmas"][0]["present"] == 16 * 4096 and p["vmas"][1]["map_mean"] == 30 and
	p["summary"]["present"] == 17 * 4096 and p["summary"]["pss"] is None and
	p["vmas"][1]["name"] == "/lib/\"od\\134d\" ä name.so")' \
	show 77 --json
json "show --json --all-columns" 'len(d["processes"][0]["vmas"][0]) > 60' \
	show 77 --json --all-columns

for command in "show" "show --pages" "map"; do
	# shellcheck disable=SC2086
	gives "$command of an empty range says so" 1 \
		'^cowinspect: process 77: no (mapping|mapped page) in 0-1000$' \
		$command 77 --range 10
	[ "$command" = map ] && continue
	# shellcheck disable=SC2086
	run 1 $command 77 --range 10 --json
	if python3 -m json.tool "$tmp/out" >>"$tmp/err" 2>&1
	then ok "and writes a JSON document"; else not_ok "and writes a JSON document"; fi
done

gives "show --pages" 0 '^10001000 +4K 1001 +anon +1 +1 yes +yes +nofault +sure' \
	show 77 --pages
gives "a mapcount that is not exact is marked" 0 '^7f0000000000 .* ~30 +31 ' \
	show 77 --pages
json "show --pages --json" 'len(p := d["processes"][0]["pages"]) == 17 and p[1]["exclusive"] is True and p[0]["next"] == "copy" and p[0]["pfn"] == 0x1000' \
	show 77 --pages --json
gives "show of two processes: a table for each" 0 '^process 79:$' show 77 79
json "show of two processes as JSON" '[p["pid"] for p in d["processes"]] == [79, 77] and d["processes"][1]["summary"]["present"] == 17 * 4096 and d["page_size"] == 4096 and len(d["processes"][0]["vmas"]) == 2' \
	show 79 77 79 --json
json "JSON of a process and its children has the same shape" '[len(p["pages"]) for p in d["processes"]] == [17]' \
	show --follow 77 --pages --json
gives "one of several that is not there is a failure" 1 'process 78: no such' show 77 78
gives "map of two processes" 0 '^process 79:$' map 77 79
gives "show of one that exits: who it was" 1 '^cowinspect: process 81: ' \
	show 77 81 79 --pages
lacks "no heading without a table" '^process 81'
gives "the others are shown" 1 '^process 79:' show 77 81 79 --pages
gives "the same for map" 1 '^cowinspect: process 81: ' map 77 81 79
lacks "no heading without a picture" '^process 81'
gives "map of two processes" 0 '^process 79:$' map 77 79
if [ "$(grep -c '^  C  ' "$tmp/out")" = 1 ]; then ok "with one legend"; else not_ok "with one legend"; fi
json "show --pages --range" '[p["addr"] for p in d["processes"][0]["pages"]] == ["0x10001000", "0x10002000"]' \
	show 77 --pages --json --range 10001000-10003000
json "100000 pages are one document" 'len(d["processes"][0]["pages"]) == 100001' \
	--debugfs "$tmp/large" show 77 --pages --json

run 0 --debugfs "$tmp/large" show 77 --pages
if [ "$(grep -c ADDR "$tmp/out")" = 1 ] &&
   [ "$(grep -c '' "$tmp/out")" = 100002 ] &&
   [ "$(awk '/^1/ { print index($0, "anon") }' "$tmp/out" | sort -u | wc -l)" = 1 ]
then ok "chunks line up under one line of headings"
else head -n 3 "$tmp/out" >"$tmp/err"; : >"$tmp/out"
	not_ok "chunks line up under one line of headings"; fi

kb=$(python3 - "$O/cowinspect" "$tmp/large" <<'EOF'
import resource, subprocess, sys
subprocess.run([sys.argv[1], "--debugfs", sys.argv[2], "show", "77", "-P"],
               stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
EOF
)
if [ -n "${SAN:-}" ]; then ok "memory does not grow with the process # SKIP sanitizer"
elif [ "$kb" -lt 16000 ]; then ok "memory does not grow with the process"
else echo "$kb KiB" >"$tmp/err"; not_ok "memory does not grow with the process"; fi

# A second's work; two hundred times as much when each row was looked for from the
# first one on.
(ulimit -t 100 && run 0 --debugfs "$tmp/large" show 80)
if [ "$(grep -c '' "$tmp/out")" = 100002 ]; then ok "100000 mappings are no more work each"
else : >"$tmp/out"; not_ok "100000 mappings are no more work each"; fi

# A mapping with a name for the terminal, through all that has names.
for locale in C.UTF-8 C; do
	for command in "show 80" "show 80 --raw" "show 80 --json" \
		"show 80 77" "map 80" "map 80 77" "map 80 --all-rows"; do
		# shellcheck disable=SC2086
		LC_ALL=$locale run 0 $command --html "$tmp/page.html"
		is_safe "$command: a name is no command to the terminal ($locale)" \
			"$tmp/out" "$tmp/err" "$tmp/page.html"
		if grep -qF 'tmp/' "$tmp/out"; then ok "but it is there"
		else not_ok "but it is there"; fi
	done
done
if grep -q '</script>[^ ]*</script>' "$tmp/page.html"
then not_ok "nor one to a browser"; else ok "nor one to a browser"; fi
printf 'A1.1: \033[41m\302\2331m\233\n' >"$tmp/escape"
run 0 lab --grade "$tmp/escape"
is_safe "nor is what stands in a file of answers" "$tmp/out" "$tmp/err"
run 1 lab --grade "$tmp/"$'\033[41m'
is_safe "nor the name of a file" "$tmp/out" "$tmp/err"

# 100,000 records of 56 bytes and as many lines: read once, and not 2048 of them
# for each mapping.
reads "map reads all pages once" 12000000 map 80
reads "show reads all pages once" 12000000 show 80 --pages

# Of 77 and 79: 15 pages of both, one of each, and one that others have as well.
gives "ps: parts of a process" 0 '^ 77 +68K +~4K +~60K +~4K +60K +~34.1K process' ps 77 79
gives "columns of nothing are named" 0 '^All 0: OBJECTS, SWAP \(--all-rows' ps 77 79
gives "ps --all-rows has them" 0 '^ 77 +68K +~4K +~60K +~4K +0 +0 +60K ' ps 77 79 --all-rows
lacks_err "and does not say what is not left out" 'All 0'
run 0 ps 77 79 -c swap,pid
lacks_err "nor does who has asked for them" 'All 0'
mkdir "$tmp/small/82"
sed 's/^task: 77$/task: 82/; s/^pid: 77$/pid: 82/' "$tmp/small/77/summary" >"$tmp/small/82/summary"
: >"$tmp/small/82/pages"
grep -v '^[0-9]' "$tmp/small/77/vmas" >"$tmp/small/82/vmas"
gives "ps: who has nothing is counted" 0 '^1 of them has no memory: --all-rows shows it' ps 77 82
lacks "and not shown" '^ 82 '
gives "ps --all-rows shows who has nothing" 0 '^ 82 +0 +0 ' ps 77 82 --all-rows
gives "JSON has all" 0 '"pid": 82' ps 77 82 --json
rm -r "$tmp/small/82"
gives "ps: each frame once in the totals" 0 '^  - +72K +~8K +~60K +~4K' ps 77 79
json "ps --json is in bytes" '((d["schema"], d["version"]) == ("cowinspect-ps", 1) and
	d["processes"][0]["within"] == 15 * 4096 and d["totals"]["present"] == 18 * 4096 and
	d["processes"][0]["about"] and d["totals"]["about"])' \
	ps 77 79 --json
gives "ps --sort" 0 '^79$' ps 77 79 --sort pid --raw -n -c pid
if [ "$(head -n 1 "$tmp/out")" = 79 ]; then ok "from the greatest on"
else not_ok "from the greatest on"; fi
gives "ps --all is who is in the copy" 0 'total of 2$' ps --all
gives "ps of one that exits says so" 0 '^1 exited while' ps 77 81
# What is in it is what ps --json has: of both, of one command, of which a copy has no name.
if run 0 ps 77 79 --prometheus && /usr/bin/python3 - "$tmp/out" 2>>"$tmp/err" <<-'EOF'
	import sys
	from prometheus_client.parser import text_string_to_metric_families as parse
	families = list(parse(open(sys.argv[1], encoding="utf-8").read()))
	assert all(f.type == "gauge" and f.documentation and f.samples for f in families)
	told = {(s.name, s.labels.get("command")): s.value
	        for f in families for s in f.samples}
	assert len(told) == len(families) == 21
	for name, each, of_all in (("processes", 2, 2), ("present_bytes", 34, 18),
	                           ("own_bytes", 2, 2), ("outside_bytes", 2, 1)):
	    scale = 4096 if name.endswith("bytes") else 1
	    assert told[f"cowinspect_{name}", "unknown"] == each * scale, name
	    assert told[f"cowinspect_set_{name}", None] == of_all * scale, name
	EOF
then ok "ps --prometheus is what its parser understands"
else not_ok "ps --prometheus is what its parser understands"; fi
gives "ps is either for Prometheus or JSON" 2 'give either' ps 77 --prometheus --json
gives "share: sets by size" 0 '^ 64K +2 +~4K +60K +4K all 2$' share 77 79
gives "share: columns of nothing are named" 0 '^All 0: SHMEM \(--all-rows' share 77 79
gives "share: what one has alone" 0 '^  4K +1 +0 +4K +0 +0 process 79' share 77 79 --all-rows
gives "share: the total is that of ps" 0 '^ 72K ' share 77 79
gives "share --top adds up the rest" 0 '^  8K .*\(2 more\)$' share 77 79 --top 1
gives "share --by mapping" 0 '^ 68K +8K +0 +68K +0 \[heap\]$' share 77 79 --by mapping
gives "share --matrix" 0 '^ 79 64K 68K process 79$' share 77 79 --matrix
gives "share --pages" 0 '^1002 +14 anon +2 +0 \[heap\] +all 2$' share 77 79 --pages
json "share --json" '(d["schema"] == "cowinspect-share" and
	[s["pids"] for s in d["sets"]] == [[77, 79], [77], [79]] and
	sum(s["bytes"] for s in d["sets"]) == d["totals"]["bytes"] == 18 * 4096)' \
	share 77 79 --json
json "share --json --matrix" 'd["common_bytes"][0][1] == 16 * 4096' \
	share 77 79 --json --matrix
json "share --json --pages" '(sum(f["pages"] for f in d["frames"]), d["frames"][0]["outside"],
	d["frames"][0]["about"]) == (18, 28, True)' share 77 79 --json --pages

# fits WIDTH ARG...: on a terminal of that width no line is wider
fits()
{
	local width=$1
	shift
	python3 - "$width" "$O/cowinspect" --debugfs "$tmp/small" "$@" >"$tmp/out" 2>"$tmp/err" <<-'EOF'
		import fcntl, os, pty, struct, subprocess, sys, termios
		ours, theirs = pty.openpty()
		width = int(sys.argv[1])
		fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, width, 0, 0))
		tool = subprocess.Popen(sys.argv[2:], stdout=theirs, stderr=subprocess.PIPE)
		os.close(theirs)
		text = b""
		try:
		    while piece := os.read(ours, 65536):
		        text += piece
		except OSError:
		    pass
		said = tool.stderr.read().decode()
		lines = text.decode().splitlines()
		print(*lines, said, sep="\n")
		# What stands below a table is text.
		table = lines[:([line[:4] for line in lines] + ["Read"]).index("Read")]
		sys.exit(max(map(len, table)) > width)
		EOF
}
for width in 80 50 40; do
	for command in "ps 77 79 80" "share 77 79 80" "share 77 79 --by set,mapping"; do
		# shellcheck disable=SC2086
		if fits $width $command; then ok "$command fits into $width columns"
		else not_ok "$command fits into $width columns"; fi
	done
done
for command in "show 77" "show 77 79 80" "map --color never 77 80"; do
	# shellcheck disable=SC2086
	if fits 80 $command; then ok "$command fits into 80 columns"
	else not_ok "$command fits into 80 columns"; fi
done
if fits 80 show 77 && grep -qE '^7f0000000000-7f0000002000 .* /lib/"od.134d" .* name' "$tmp/out"
then ok "a name keeps 20 columns, a range all of them"
else not_ok "a name keeps 20 columns, a range all of them"; fi
cp "$tmp/small/77/vmas" "$tmp/vmas"
echo '7f1000000000-7f1000001000 rw-p anon 1 0 0 0 0 0.00 0 0 0 x [empty]' >>"$tmp/small/77/vmas"
gives "show --all-rows has what is empty as well" 0 '^7f1000000000-7f1000001000 ' show 77 --all-rows
gives "which is counted otherwise" 0 '^Of 1 mapping more nothing is present' show 77
lacks "and not shown" '^7f1000000000'
cp "$tmp/vmas" "$tmp/small/77/vmas"
if fits 40 ps 77 79 && grep -q '^No room for PSS, OUTSIDE: --columns chooses' "$tmp/out"
then ok "what there is no room for is said"
else not_ok "what there is no room for is said"; fi
if fits 40 share 77 79 80 && grep -q 'process 77 .*\.\.\..*(79)$' "$tmp/out"
then ok "names are shortened in their middle"
else not_ok "names are shortened in their middle"; fi
if fits 50 ps 77 79 -c pid,present,own,within,outside,objects,swap,copy,pss,name
then not_ok "what was asked for stays"; else ok "what was asked for stays"; fi

# What a trace reports, of events that are made up: no table of it is wider, and a name
# has 20 characters at least, of whatever alphabet.
plain=/usr/lib/x86_64-linux-gnu/a-long-name/libsomething.so.1.2.3
umlauts=/usr/lib/größe/gefäße-für-übergroße-übungen/libäöüß.so.1.2.3
for width in 80 100; do
	for kind in server large one umlauts; do
		long=$plain name=$kind
		[ $kind != umlauts ] || long=$umlauts name=server
		if REPORT=$long LC_ALL=C.UTF-8 python3 - $width "$O/tests/make-trace" $name \
			"$tmp/page.html" >"$tmp/out" 2>"$tmp/err" <<-'EOF'
			import fcntl, os, pty, re, struct, subprocess, sys, termios
			ours, theirs = pty.openpty()
			width = int(sys.argv[1])
			fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, width, 0, 0))
			made = subprocess.Popen(sys.argv[2:], stdout=theirs)
			os.close(theirs)
			text = b""
			try:
			    while piece := os.read(ours, 65536):
			        text += piece
			except OSError:
			    pass
			lines = text.decode().splitlines()
			print(*lines, sep="\n")
			tables, left, at, names = 0, 0, None, 0
			for line in lines:
			    if not at and re.fullmatch(r"[A-Z_0-9]+( +[A-Z_0-9]+)+", line):
			        tables, at = tables + 1, line
			    elif not line:
			        at = None
			    if at and len(line) > width:
			        sys.exit(f"too wide: {line}")
			    if at and line != at and re.search(r" NAME$", at):
			        names += 1
			        name = line[at.index("NAME"):]
			        if not re.fullmatch(r"/usr/.*\.\.\..*2\.3|/usr/.*2\.3|/lib/libc.so.6", name) \
			           or len(name) < 20 and name[1] == "u":
			            sys.exit(f"a short name: {line}")
			    left |= line.startswith("Columns for which there was no room:")
			sys.exit(made.wait() or tables < 2 or not names or (width == 80) > left)
			EOF
		then ok "trace: tables of $kind fit into $width columns, and names have 20"
		else not_ok "trace: tables of $kind fit into $width columns, and names have 20"; fi
	done
done

if "$O/cowinspect" --debugfs "$tmp/large" show 77 -P 2>"$tmp/err" | head -n 1 |
	grep -q ADDR && ! [ -s "$tmp/err" ]
then ok "a reader that leaves is no failure"
else not_ok "a reader that leaves is no failure"; fi

if "$O/cowinspect" --debugfs "$tmp/small" show 77 >/dev/full 2>"$tmp/err"
then not_ok "a full disk is a failure"
else ok "a full disk is a failure"; fi

gives "map draws a letter per page" 0 '^  COCCCCCCCCCCCCCC$' map 77 --width 64
gives "map explains letters" 0 '^  C  copy-on-write pending' map 77
lacks "the legend has only what occurs" '^  [KXZ]  '
gives "map --range" 0 '^  CC$' map 77 --range 10002000-10004000
gives "map groups pages, mixed in lower case" 0 '^  cCCC' \
	--debugfs "$tmp/large" map 77 --width 16
gives "map --color=always is coloured" 0 $'\033' --color always map 77
gives "--color may stand behind the command" 0 $'\033' map 77 --color always
gives "a bad --color is wrong usage anywhere" 2 'none of auto' map 77 --color x
NO_COLOR=1 gives "map in a pipe is not" 0 'copy-on-write' map 77
lacks "no escape sequences" '\x1b'

# other_abi VERSION ABI WORD: such a module is WORD than the tool, all commands say
other_abi()
{
	printf '%s\n' "version: $1" "abi: $2" >"$tmp/small/status"
	for command in 'show 77' 'map 77' 'trace -- true' status 'detach 77' 'lab fork'; do
		# shellcheck disable=SC2086 # words of a command
		gives "$command: a module of version $1 is $3, and that is said" 1 \
			"the module \(version $1, ABI $2\) is $3 than this program \(version $version, ABI 2\)" \
			$command
	done
}
version=$(make -s -C "$here/../../userspace" print-version)
other_abi 0.1.0 1 older
other_abi 9.0.0 3 newer
echo 'nonsense' >"$tmp/small/status"
gives "nonsense is said so" 1 'cannot be understood' status
rm "$tmp/small/status"
gives "a lab without the module is skipped" 77 '^SKIP: ' lab fork

echo "$documents documents" >"$tmp/err"
if [ "$documents" -gt 15 ] && "$here/schema.py" "$tmp"/json/* >"$tmp/out" 2>&1
then ok "all JSON is as its schemas say"; else not_ok "all JSON is as its schemas say"; fi

echo "1..$n"
