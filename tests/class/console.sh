# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# A machine that is used as a student would: by what is typed at its prompt. Source it.

# at_prompt FILE FUNCTION COMMAND...: start a machine by COMMAND, call FUNCTION once
# its shell has said how it is left, and type what that prints; the machine's console
# goes to FILE. Ends as COMMAND does, which has 25 minutes: what hangs is ended.
at_prompt()
{
	local file=$1 function=$2 text="" char in out pid
	shift 2
	coproc timeout -k 10 1500 "$@" 2>&1
	# Its own ends of the pipes are closed by bash as soon as COMMAND has ended, also
	# if there is something left to read.
	exec {in}>&"${COPROC[1]}" {out}<&"${COPROC[0]}"
	pid=$COPROC_PID
	# It is in a process group of its own, which Ctrl-C does not reach. This is for the
	# subshell that check() has made.
	trap 'kill "$pid" 2>/dev/null || true' EXIT
	until [[ $text = *"powers the machine off"*"# " ]]; do
		IFS= read -r -N 1 char <&"$out" ||
			{ printf '%s\n' "$text"; return 1; }
		text+=$char
	done
	"$function" >&"$in"
	{ printf '%s' "$text"; cat <&"$out"; } >"$file"
	trap - EXIT
	wait "$pid"
}
