#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# cowinspect snapshot and what reads one, made of a recording: no module, no root.
# shellcheck disable=SC2154 # built.sh sets here, O and tmp
set -u
. "$(dirname "$0")/built.sh" cowinspect tests/make-recording
"$here/../deps" schema >&2 || exit 1

export TMPDIR=$tmp/spool
mkdir "$tmp/copy" "$tmp/out" "$tmp/spool"
"$O/tests/make-recording" "$tmp/copy" 2000 || exit 1
cd "$tmp" || exit 1

n=0
# check NAME COMMAND...
check()
{
	local name=$1
	shift
	n=$((n + 1))
	if "$@" >said 2>&1; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		tail -n 20 said | sed 's/^/# /'
	fi
}

tool() { "$O/cowinspect" "$@" </dev/null; }
copy() { tool --debugfs copy "$@"; }
take() { copy snapshot --frames "$@"; }

# fails STATUS PATTERN COMMAND...
fails()
{
	local status=$1 pattern=$2 got=0
	shift 2
	"$@" >failed 2>&1 || got=$?
	cat failed
	[ "$got" = "$status" ] && grep -qE -- "$pattern" failed
}

# same OPTIONS: from the file what is from the copy
same()
{
	# shellcheck disable=SC2086 # several words
	copy ${1/FILE/} >want && tool ${1/FILE/out/all.cow} >got &&
		cmp want got && [ -s got ]
}

# python CONDITION COMMAND...: true of what it writes as JSON, d
python()
{
	local condition=$1
	shift
	"$@" >json && python3 -c "import json, sys
d = json.load(open('json'))
sys.exit(not ($condition))"
}

check "a snapshot" take 77 79 80 -o out/all.cow
check "only its owner may read it" [ "$(stat -c %a out/all.cow)" = 600 ]
check "nothing else is there" [ "$(ls out)" = all.cow ]
for words in "show FILE 77" "show FILE 77 79 80" "show FILE 77 --pages" \
	"show FILE 77 --range 10001000+8K --pages --json" "map FILE 77" \
	"show FILE 77 79 --json" "ps FILE 77 79 80 --raw" "share FILE 77 79 80 --raw" \
	"share FILE 77 79 80 --pages --raw"; do
	check "$words is that of the copy" same "$words"
done
page() { same "show FILE 77 --html page-FILE.html" || [ -s page-.html ] &&
	tool show out/all.cow 77 --html page.html && [ -s page.html ]; }
check "a page for a browser" page
check "without an id, all that are in it" \
	python "len(d['processes']) == 3" tool ps out/all.cow --json
check "by name" fails 1 'no process fits' tool ps out/all.cow --name nobody
check "not by user" fails 2 'ids only, names' tool ps out/all.cow --user root
check "nobody who is not in it" fails 1 'no such process' tool show out/all.cow 78
check "nothing to be stopped" fails 2 'stands still' tool ps out/all.cow --stop
check "one at a time" fails 2 'one snapshot' tool show out/all.cow out/all.cow
check "what is no file and no number" fails 2 'no process id, and no file' \
	tool show out/nothing.cow

check "one who exits meanwhile is left out" fails 0 '^1 exited' \
	take 77 81 -o out/exits.cow
check "and counted" python "d['exited'] == 1 and len(d['processes']) == 1" \
	tool ps out/exits.cow --json
only_exits() { fails 1 'have exited' take 81 -o out/nobody.cow &&
	[ ! -e out/nobody.cow ]; }
check "nobody is left: no file" only_exits
rm -f out/exits.cow
no_room()
(
	trap '' XFSZ
	ulimit -f 1
	fails 1 'File too large' take 77 79 80 -o out/large.cow
)
check "no room" no_room
check "which leaves nothing" [ "$(ls out spool)" = "$(printf 'out:\nall.cow\n\nspool:')" ]
check "a directory that is not there" fails 1 'No such file' take 77 -o none/x.cow

# ---- damaged, strange and newer ones ----

head -c 600 out/all.cow >cut.cow
check "cut off" fails 1 'end of the snapshot is missing' tool show cut.cow
zstd -qdc out/all.cow >plain.cow
check "not compressed" tool show plain.cow 77
head -c 5000 plain.cow >cut-plain.cow
check "cut off, not compressed" fails 1 'end of the snapshot is missing' \
	tool show cut-plain.cow
{ head -c 700 out/all.cow; printf XXXX; tail -c +705 out/all.cow; } >bad.cow
check "a byte is wrong" fails 1 'damaged|missing' tool show bad.cow
check "no snapshot at all" fails 1 'no snapshot' tool show "$here/recording.h"
mkdir tree
check "tar(1) unpacks it" tar -C tree --zstd -xf out/all.cow
stripped() { (cd tree && tar --format=ustar -cf ../tree.cow status 77 79 80 manifest); }
again() { stripped && tool show tree.cow 77 >got && tool show out/all.cow 77 | cmp - got; }
check "and what tar(1) packs is one" again
check "so is the directory" fails 0 'total' tool --debugfs tree show 77
sed -i '1s/1$/2/' tree/manifest
newer() { stripped && fails 1 'newer cowinspect' tool show tree.cow; }
check "a newer one" newer
sed -i '1s/2$/1/' tree/manifest
rm tree/status
incomplete() { (cd tree && tar --format=ustar -cf ../tree.cow 77 79 80 manifest) &&
	fails 1 'no snapshot, or one that is damaged' tool show tree.cow; }
check "one without the module's status" incomplete

# ---- what it tells ----

anonymous() { tool snapshot out/all.cow --anonymous --frames -o anonymous.cow &&
	zstd -qdc anonymous.cow >text && ! grep -aE 'lib/|name\.so|command|process.77' text; }
check "--anonymous: no names" anonymous
check "but mappings are told apart" fails 0 'file-[0-9a-f]{8}' \
	tool show anonymous.cow 77
fewer() { tool snapshot out/all.cow 79 -o fewer.cow &&
	python "[p['pid'] for p in d['processes']] == [79]" tool ps fewer.cow --json; }
check "a snapshot of some of a snapshot" fewer
check "which has ids now" fails 0 'ids here' tool show fewer.cow -P
check "ids do not become numbers again" fails 1 'has ids already' \
	tool snapshot fewer.cow --frames -o x.cow
check "where to is needed" fails 2 'where to' tool snapshot 1

# ---- diff ----

check "diff of one with itself: nothing" fails 0 '3 without a change' \
	tool diff out/all.cow out/all.cow
check "and no addresses" [ -z "$(tool diff out/all.cow out/all.cow -Prn)" ]
take 77 80 -o one.cow >/dev/null
take 79 80 -o other.cow >/dev/null
check "who is there only once" python "
	[p['state'] for p in d['processes']] == ['before', 'both', 'after'] and
	d['schema'] == 'cowinspect-diff' and d['version'] == 1" \
	tool diff one.cow other.cow --json
adds_up="
	d['totals']['before'] == sum(c['before'] for c in d['changes']) > 0 and
	all(c['before'] == c['kept'] + c['copied'] + c['replaced'] + c['away'] +
	c['out'] + c['freed'] and c['after'] == c['kept'] + c['copied'] +
	c['replaced'] + c['moved'] + c['in'] + c['new'] for c in d['changes'])"
for keys in process mapping process,mapping; do
	check "--by $keys adds up" python "$adds_up" \
		tool diff one.cow other.cow --json --all-columns --by $keys
done
# as_schema COMMAND...
as_schema()
{
	"$@" >document || return
	"$here/schema.py" document
}
for keys in process mapping process,mapping; do
	check "JSON --by $keys is as its schema says" as_schema \
		tool diff one.cow other.cow --json --all-columns --by $keys
done
check "and that of --pages" as_schema \
	tool diff one.cow other.cow --json --all-columns --pages
check "ids and numbers" fails 1 'cannot be compared' tool diff out/all.cow fewer.cow
check "top of one" fails 2 'of one moment' tool top one.cow
check "diff of one" fails 2 'what shall be compared' tool diff out/all.cow
check "diff of nothing" fails 2 'what shall be compared' tool diff
check "diff of three" fails 2 'two snapshots at most' \
	tool diff one.cow other.cow one.cow
check "diff of two and a process" fails 2 'give either' \
	tool diff one.cow other.cow 1
check "--every of files" fails 2 'that run' tool diff --every 1 one.cow
check "no time" fails 2 'no number of seconds' tool diff --every x 1
check "no key" fails 2 'is not process, mapping' tool diff --by x one.cow other.cow
check "nothing is left in TMPDIR" [ -z "$(ls spool)" ]
echo "1..$n"
