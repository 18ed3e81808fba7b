#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Completion in bash, zsh and fish, of all commands and options that --help has.
# shellcheck disable=SC2154 # built.sh sets O and tmp
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$ROOT/tests/tap.sh"

"$ROOT/tests/deps" build shells
. "$(dirname "$0")/built.sh" cowinspect
share=$tmp/share
from=$ROOT/userspace/completion
install -D -t "$share/bash-completion/completions" "$from/cowinspect"
install -D -t "$share/cowinspect" "$from/complete"
install -D -t "$share/zsh/site-functions" "$from/_cowinspect"
install -D -t "$share/fish/vendor_completions.d" "$from/cowinspect.fish"
PATH=$O:$PATH
export HOME=$tmp LC_ALL=C.UTF-8

# SHELL_words WORD...: what the last of them can be

bash_words()
{
	bash -c '. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
		compopt() { :; }
		_cowinspect; printf "%s\n" "${COMPREPLY[@]}"' \
		"$share/bash-completion/completions/cowinspect" "$@"
}

# Its own part of completion stands still without a terminal: this is what it is given.
zsh_words()
{
	zsh -fc 'compadd() { print -l -- "${(@P)argv[3]}" }
		_files() { print files }
		file=$1; shift; words=("$@"); CURRENT=$#
		complete_it() { . $file }; complete_it' zsh \
		"$share/zsh/site-functions/_cowinspect" "$@"
}

fish_words()
{
	# shellcheck disable=SC2016 # fish expands it
	fish --no-config -c 'source $argv[1]; complete -C "$argv[2]"' \
		"$share/fish/vendor_completions.d/cowinspect.fish" "$*"
}

# first_words SHELL WORD...: without what they mean
first_words()
{
	local shell=$1
	shift
	"${shell}_words" "$@" | awk '{ print $1 }'
}

commands() { cowinspect --help | awk '/^Commands:/ { on = 1; next } !NF { on = 0 } on && /^  [a-z]/ { print $1 }'; }

options() { cowinspect "$1" --help | grep -oE '^ +(-[a-zA-Z], )?--[a-z-]+' | grep -oE -- '--[a-z-]+'; }

# has_all SHELL WORDS... = WANTED...
has_all()
{
	local shell=$1 words=() found
	shift
	while [ "$1" != = ]; do
		words+=("$1")
		shift
	done
	shift
	found=$(first_words "$shell" "${words[@]}")
	[ $# -gt 1 ] || { echo "nothing is wanted"; return 1; }
	for word; do
		grep -qxF -e "$word" <<<"$found" ||
			{ echo "${words[*]}: no $word in: ${found//$'\n'/ }"; return 1; }
	done
}

knows_commands()
{
	local all
	mapfile -t all < <(commands)
	has_all "$1" cowinspect '' = "${all[@]}"
}

knows_options()
{
	local command all
	for command in $(commands); do
		# What argp adds to all of them, and nobody types.
		mapfile -t all < <(options "$command" | grep -vx -e --usage -e --version)
		has_all "$1" cowinspect "$command" -- = "${all[@]}" || return
	done
}

knows_columns()
{
	has_all "$1" cowinspect ps -c pid,pre = pid,present pid,present
}

# Under its id, whoever it is: ours has a name that we know.
names_processes()
{
	local pid status=0
	cp "$(command -v sleep)" "$tmp/name-of-mine"
	"$tmp/name-of-mine" 1000 &
	pid=$!
	"$1_words" cowinspect show "$pid" | grep -E "^${pid}[[:space:]]+name-of-mine$" || status=1
	kill $pid
	return $status
}

offers_files()
{
	touch "$tmp/answers.txt"
	(cd "$tmp" && "$1_words" cowinspect lab --answers answ | grep -E "^(files|answers.txt)")
}

plan 13
for shell in bash zsh fish; do
	check "$shell: commands" knows_commands $shell
	check "$shell: options of each" knows_options $shell
	check "$shell: columns, behind others" knows_columns $shell
done
for shell in zsh fish; do
	check "$shell: processes have their names" names_processes $shell
	check "$shell: files, where they are wanted" offers_files $shell
done
