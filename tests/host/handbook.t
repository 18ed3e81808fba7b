#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The handbook against the tool: every lab has its section, every command that
# the pages name exists, and the teacher's key is the one that the tool grades by.
# shellcheck disable=SC2154 # built.sh sets here, O and tmp
set -u
. "$(dirname "$0")/built.sh" cowinspect
docs=$here/../../docs

"$O/cowinspect" lab --list >"$tmp/list"
cut -d' ' -f1 "$tmp/list" | sort >"$tmp/names"

n=0
# empty NAME COMMAND...: passes if the command prints nothing
empty()
{
	local name=$1 found
	shift
	found=$("$@" 2>&1)
	n=$((n + 1))
	if [ -z "$found" ]; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		printf '# %s\n' "$found"
	fi
}

# The number and order of ids is that of the experiments, and of the pages.
missing_ids()
{
	local id
	for id in A{1..4} B{1..3} C{1..5} D{1..2} E{1..19} F{1..2}; do
		awk -v id="$id" '$2 == id { found = 1 } END { exit !found }' \
			"$tmp/list" || echo "no lab $id"
	done
}

missing_sections()
{
	local name id
	while read -r name id _; do
		grep -q "^## $id $name: " "$docs"/labs-[a-f].md ||
			echo "no section '## $id $name: '"
		grep -q "^## $id $name\$" "$docs/labs-key.md" ||
			echo "no key '## $id $name'"
		grep -qF "| $id | \`$name\`: " "$docs/labs.md" ||
			echo "not in the list of labs.md: $id"
		grep -q "^<!-- output: $name [0-9]" "$docs"/labs-[a-f].md ||
			echo "no output of $name"
	done <"$tmp/list"
}

# "lab NAME" in a command or in code; ids are names, too.
unknown_labs()
{
	grep -hoE '(`|cowinspect )lab [a-zA-Z]+[a-zA-Z0-9]*' "$docs"/labs*.md |
		awk '{ print $NF }' | sort -u | comm -23 - "$tmp/names"
}

empty_outputs()
{
	awk '/^<!-- output/ { line = $0; getline; getline
		if ($0 == "```") print FILENAME ": " line }' "$docs"/labs*.md
}

# All questions of all labs, and all of them right.
key_is_not_perfect()
{
	local questions
	grep -hE '^[A-F][0-9]+\.[0-9]+: ' "$docs/labs-key.md" >"$tmp/key"
	"$O/cowinspect" lab --grade "$tmp/key" >"$tmp/graded" 2>&1
	questions=$(wc -l <"$tmp/key")
	grep -q ": 100/100 ($questions of $questions)" "$tmp/graded" ||
		cat "$tmp/graded"
	[ "$(grep -c ' of ' "$tmp/graded")" = $(($(wc -l <"$tmp/names") + 1)) ] ||
		echo "a lab is missing"
}

dead_links()
{
	local target
	grep -hoE '\]\([^)#]+' "$docs"/labs*.md | sed 's/](//' | sort -u |
		while read -r target; do
			[ -e "$docs/$target" ] || echo "$target"
		done
}

empty "every experiment is a lab" missing_ids
empty "every lab has its place in the handbook" missing_sections
empty "every lab that the handbook names exists" unknown_labs
empty "all output is there" empty_outputs
empty "the teacher's key is that of the tool" key_is_not_perfect
empty "links lead somewhere" dead_links
echo "1..$n"
