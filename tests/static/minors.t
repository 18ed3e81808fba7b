#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The module builds without a warning for upstream's kernels between those that are
# booted, and what it finds out about them is so.
#
# Debian's backports had them. Headers are gone from there when the next one comes, and
# upstream's archive some time later: what is in the cache stays. Archives are 150 MB each,
# and take some minutes: "make test" leaves them to "make test-long".
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$ROOT/tests/tap.sh"
. "$ROOT/tests/static/build.sh"
. "$ROOT/tests/static/prepare.sh"
. "$ROOT/tests/static/answers.sh"

# Debian's version, and how else than as module.config says it is configured, see
# prepare.sh: with a name for that.
minors()
{
	cat <<-'END'
	6.17.8-1~bpo13+1	everything
	6.18.15-1~bpo13+1	everything
	6.19.6-2~bpo13+1	everything
	7.1.13-1~bpo13+1	everything
	7.1.13-1~bpo13+1	no-page-mapcount	+NO_PAGE_MAPCOUNT
	END
}

# Why there is no source of a version, or nothing.
missing()
{
	local package=linux=$1 status=0
	"$ROOT/tests/static/fetch-source" "$package" trixie-backports >/dev/null || status=$?
	case $status in
	0) ;;
	3) echo "the mirror did not give its source" ;;
	*) die "$package cannot be fetched" ;;
	esac
}

# Without Module.symvers nothing is known of what is exported.
answers_truly()
{
	answers_are "$1" "$K_BUILD/$(built_in "$2")/module/cow_config.h" PFN_TO_ONLINE_PAGE
}

test_minor()
{
	local version=$1 name=$2 reason minor
	shift 2
	minor=$(cut -d. -f 1,2 <<<"$version")
	reason=$(missing "$version")
	if [ -n "$reason" ]; then
		skip "$minor: $name" "$reason"
		skip "$minor: $name is asked, and answers truly" "$reason"
		return
	fi
	source=$("$ROOT/tests/static/fetch-source" "linux=$version")
	# shellcheck disable=SC2034 # for prepare.sh
	prepared=$source-configurations
	check "$minor: $name${*:+: }$*" builds "$name" "$@"
	check "$minor: $name is asked, and answers truly" answers_truly "$minor" "$name"
}

if [ -n "${BEGAN:-}" ]; then
	echo "1..0 # SKIP it takes minutes: make test-long, or tests/static/minors.t"
	exit
fi
"$ROOT/tests/deps" static
plan $((2 * $(minors | wc -l)))
while read -r version name changes; do
	# shellcheck disable=SC2086 # one change per word
	test_minor "$version" "$name" $changes </dev/null
done < <(minors)
