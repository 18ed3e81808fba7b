#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# "make dist", and "make install" and "make uninstall" from what it makes.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$ROOT/tests/tap.sh"
. "$ROOT/tests/vm/kernels.sh"
. "$ROOT/tests/install/source.sh"

# "make test" says where this tree is built, and with what; that is not for the
# trees that are unpacked here.
unset O CC SAN PREFIX DESTDIR MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES

work=$BUILD/install/make
stage=$work/stage

# The commands of a check() are joined by &&: "set -e" does not hold in there.

# Bytes 4 to 7 of a gzip file are a date. Compared with another file made in the
# same second, a date would not show.
has_no_date()
{
	[ "$(od -An -tu4 -j4 -N4 "$1" | tr -d ' ')" = 0 ] ||
		{ echo "gzip has put a date into $1"; return 1; }
}

# The same commit gives the same bytes to somebody else, elsewhere.
reproducible()
{
	checkout "$work/one" && make -s -C "$work/one" dist || return 1
	(
		umask 077
		export TZ=Asia/Kathmandu
		checkout "$work/elsewhere/two" &&
			make -s -C "$work/elsewhere/two" dist
	) && cmp "$work/one/build/$release.tar.gz" \
		"$work/elsewhere/two/build/$release.tar.gz" &&
		has_no_date "$work/one/build/$release.tar.gz"
}

has_all_files()
{
	diff -U 0 <(git -C "$work/one" ls-files | sort) \
		<(cd "$tree" && find . ! -type d -printf '%P\n' | sort)
}

dist_wants_git()
{
	local output
	! output=$(make -C "$tree" dist 2>&1) || { echo "it made one"; return 1; }
	[[ $output == *"make dist needs a git checkout"* ]] ||
		{ echo "$output"; return 1; }
}

# Type information takes pahole, which headers of Debian 13 depend on; ours are only unpacked.
in_tree()
{
	make -C "$tree" KDIR="$kdir" DESTDIR="$stage" CONFIG_DEBUG_INFO_BTF_MODULES= "$@"
}

builds()
{
	in_tree &&
		[ "$(modinfo -F version "$tree/cowinspect.ko")" = "$version" ] &&
		[ "$("$tree/build/user/cowinspect" --version)" = "cowinspect $version" ]
}

# files_are: those below stage are the ones on standard input
files_are()
{
	diff -U 0 <(sort) <(cd "$stage" && find . ! -type d -printf '%P\n' | sort)
}

# user_files PREFIX
user_files()
{
	# Which schemas there are is not to be said again.
	(cd "$tree/userspace" && printf "$1/share/cowinspect/%s\n" schema/*)
	printf "$1/%s\n" bin/cowinspect include/cowinspect.h \
		include/libcowinspect.h include/libcowinspect_stream.h \
		lib/libcowinspect.a lib/libcowinspect.so \
		lib/libcowinspect.so.0 "lib/libcowinspect.so.$version" \
		lib/pkgconfig/libcowinspect.pc \
		share/bash-completion/completions/cowinspect \
		share/cowinspect/complete \
		share/fish/vendor_completions.d/cowinspect.fish \
		share/zsh/site-functions/_cowinspect \
		share/doc/cowinspect/debugfs-cowinspect \
		share/man/man1/cowinspect.1 share/man/man5/cowinspect-snapshot.5 \
		share/man/man3/libcowinspect.3 \
		share/man/man3/libcowinspect_stream.3
	sed -n "s|^\t\t\(cowi_.*\);|$1/share/man/man3/\1.3|p" \
		"$tree/userspace/libcowinspect/libcowinspect.map"
}

# 7.3 of Debian 13 wants all modules compressed.
module_path()
{
	local xz=.xz
	grep -qx CONFIG_MODULE_COMPRESS_ALL=y "$kdir/include/config/auto.conf" || xz=""
	echo "lib/modules/$kernel/updates/cowinspect.ko$xz"
}

installs()
{
	in_tree install &&
		{ user_files usr/local; module_path; } | files_are
}

uninstalls() { in_tree uninstall && files_are </dev/null; }

installs_elsewhere()
{
	in_tree PREFIX=/usr install &&
		{ user_files usr; module_path; } | files_are &&
		in_tree PREFIX=/usr uninstall && files_are </dev/null
}

installs_without_headers()
{
	in_tree KDIR="$work/nothing" install && user_files usr/local | files_are
}

# What others installed in the same places stays; so does what dkms did.
others_files()
{
	cat <<-EOF2
	lib/modules/$kernel/updates/cowinspector.ko
	lib/modules/$kernel/updates/dkms/cowinspect.ko
	usr/local/bin/cow
	usr/local/share/doc/cow/README
	usr/local/share/man/man1/cowinspector.1
	EOF2
}

# A module may have been compressed, or be there for a kernel of the past.
spares_others()
{
	local old=$stage/lib/modules/5.10.0-past/updates
	(cd "$stage" && others_files | xargs -n 1 dirname | xargs mkdir -p &&
		others_files | xargs touch) &&
		in_tree install &&
		mkdir -p "$old" && touch "$old/cowinspect.ko.xz" &&
		in_tree uninstall && others_files | files_are
}

"$ROOT/tests/deps" test build
kernel_lookup "$(native_kernel)"
kdir=$("$ROOT/tests/vm/fetch-kernel" "$K_NAME")/headers
kernel=$(cat "$K_CACHE/release")
release=$(release_name "$ROOT")
version=${release#cowinspect-}
tree=$work/$release
rm -rf "$work"
mkdir -p "$stage"

plan 9
check "make dist is reproducible" reproducible
tar -C "$work" -xzf "$work/one/build/$release.tar.gz"
check "the tarball has every file" has_all_files
check "without git, make dist says what it needs" dist_wants_git
check "the tarball builds, and knows its version" builds
check "make install installs these files" installs
check "make uninstall leaves none" uninstalls
check "the same in another PREFIX" installs_elsewhere
check "without headers, everything but the module" installs_without_headers
check "make uninstall leaves what is not ours" spares_others
