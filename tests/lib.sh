# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What all scripts of the test suite share. Source it, do not run it.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=$ROOT/build
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/cowinspect
export ROOT BUILD CACHE

# No script ends without a word: where "set -e" ends one, this names the place.
set -E
trap 'printf "%s:%s: failed: %s\n" "${BASH_SOURCE[0]##*/}" "$LINENO" "$BASH_COMMAND" >&2' ERR

# /sbin holds depmod, modprobe and insmod, and is not in every user's PATH.
PATH=$PATH:/usr/sbin:/sbin

# Most of what a run compiles an earlier one has compiled, with the same compiler: it
# is known by all that went into it, what the preprocessor made of headers included.
# Where a compiler was run is no part of what it made.
export CCACHE_DIR=${CCACHE_DIR:-$CACHE/ccache} CCACHE_NOHASHDIR=1
[ ! -d /usr/lib/ccache ] || PATH=/usr/lib/ccache:$PATH

# Standard output belongs to results; progress goes to standard error.
say() { printf '%s\n' "$*" >&2; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# is_too_late MINUTES: whether so many are over of a "make test" that began at BEGAN, in
# seconds of the epoch; never where that is not set
is_too_late()
{
	[ -n "${BEGAN:-}" ] && [ "$(date +%s)" -ge $((BEGAN + $1 * 60)) ]
}

# as_root COMMAND...: for installing packages, the one thing that needs root.
as_root()
{
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "this needs root, and sudo is not there: $*"
	fi
}

# system_apt_update: fetch the machine's own package lists, if it has none.
# A fresh Debian container has none, and then does not even know its mirror. Of scripts
# that run side by side apt lets only one in, and the others would know some mirrors only.
system_apt_update() { with_lock "$CACHE/apt-lists.lock" update_if_no_lists; }

update_if_no_lists()
{
	[ -z "$(debian_mirrors)" ] || return 0
	say "fetching the package lists (apt-get update): this machine has none yet"
	as_root apt-get -qq update >&2
}

# debian_mirrors: "LABEL URI" of the archives the machine itself uses.
debian_mirrors()
{
	# shellcheck disable=SC2016 # apt expands it
	apt-get indextargets --format '$(ORIGIN)|$(LABEL) $(REPO_URI)' \
		'Created-By: Packages' | sed -n 's/^Debian|//p' | sort -u
}

# root_apt_settings: for the apt that fills a minimal Debian: how this machine's
# apt reaches the mirror, and that it may write to a cache that only the caller
# can enter (root's apt would drop its rights for downloads).
root_apt_settings()
{
	apt-config dump --format '%F "%v";%n' Acquire |
		grep -E '^Acquire::(http|https|ftp)::' || true
	echo 'APT::Sandbox::User "root";'
}

# Options of mmdebstrap for all of them: what nobody reads there is left out.
# shellcheck disable=SC2034 # for those who source this
ROOT_OPTIONS=(--variant=apt --dpkgopt=force-unsafe-io
	--dpkgopt='path-exclude=/usr/share/doc/*'
	--dpkgopt='path-exclude=/usr/share/man/*'
	--dpkgopt='path-exclude=/usr/share/locale/*')

# replace_table NAME FILE DOCUMENT: put FILE between the marks of that name.
replace_table()
{
	awk -v name="$1" -v table="$2" '
		index($0, "<!-- " name ": end -->") { inside = 0 }
		!inside { print }
		index($0, "<!-- " name ": begin") {
			inside = 1
			while ((getline line <table) > 0)
				print line
		}' "$3" >"$2.new"
	mv "$2.new" "$3"
}

# with_lock FILE COMMAND...: several kernels may be prepared at the same time.
with_lock()
{
	local file=$1 fd
	shift
	mkdir -p "$(dirname "$file")"
	exec {fd}>"$file"
	if ! flock -n "$fd"; then
		say "waiting for another run that holds $file"
		flock "$fd"
	fi
	# A child that stays behind must not keep the lock.
	( exec {fd}>&-; "$@" )
	local status=$?
	exec {fd}>&-
	return $status
}
