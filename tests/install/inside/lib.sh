# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # the variables are for those who source this
# What the scripts that run in a fresh Debian share. Source it, do not run it.
#
# The commands of a check() are joined by &&: "set -e" does not hold in there.

. /mnt/checkout/tests/lib.sh
. "$ROOT/tests/tap.sh"
. "$ROOT/tests/install/source.sh"

release=$(release_name "$ROOT")
VERSION=${release#cowinspect-}

# The kernels that there are headers of; the one to upgrade to is the last.
mapfile -t kernels < <(ls -v /lib/modules)

# module_file KERNEL: where dkms has installed the module, or nothing
module_file() { find "/lib/modules/$1" -name 'cowinspect.ko*'; }

# The module is there for KERNEL, once, in dkms's place, and is what it should be.
module_installed()
{
	local file
	file=$(module_file "$1")
	[ "${file%.ko*}" = "/lib/modules/$1/updates/dkms/cowinspect" ] ||
		{ echo "found: '$file'"; return 1; }
	field_is "$file" name cowinspect &&
		field_is "$file" version "$VERSION" &&
		field_is "$file" license GPL &&
		field_is "$file" vermagic "$1" &&
		depmod_knows "$1"
}

# The first word is enough: after the release, vermagic lists options.
field_is()
{
	local value
	value=$(modinfo -F "$2" "$1")
	[ "${value%% *}" = "$3" ] || { echo "$2 of $1 is '$value', not $3"; return 1; }
}

# What modprobe would load.
depmod_knows()
{
	local command
	command=$(modprobe -S "$1" -D cowinspect) || return 1
	[[ $command == *updates/dkms/cowinspect.ko* ]] || { echo "$command"; return 1; }
}

no_module() { nothing_found module_file "$1"; }

# snapshot DIR...: every file below, but for what is not ours: the key that dkms
# makes when it first signs a module, depmod's index, logs and caches.
snapshot()
{
	find "$@" -xdev | sort | grep -vE \
		-e '^/var/lib/dkms/(mok\.(key|pub)|dkms_dbversion)$' \
		-e '^(/usr)?/lib/modules/[^/]+/modules\.[a-z.]+$' \
		-e '^/(tmp|var/tmp|var/log|var/cache|var/lib/apt/lists|mnt)/'
}

# unchanged_since BEFORE DIR...: BEFORE is what snapshot said of them then
unchanged_since()
{
	local before=$1
	shift
	diff -U 0 "$before" <(snapshot "$@")
}
