# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What is installed in these tests. Source it after lib.sh and tap.sh.

# copy_tree DIR: the files of this tree as they are now, committed or not
copy_tree()
{
	mkdir -p "$1" && (cd "$ROOT" && repo_files | tar -c -T -) | tar -x -C "$1"
}

# checkout DIR: a git checkout of them. The commit is the same wherever and
# whenever it is made.
checkout()
{
	local git=(git -C "$1" -c user.name=test -c user.email=test@example.org
		-c commit.gpgsign=false)
	copy_tree "$1" && git -C "$1" init -q && git -C "$1" add -A &&
		GIT_AUTHOR_DATE='2026-01-01T00:00:00Z' \
			GIT_COMMITTER_DATE='2026-01-01T00:00:00Z' \
			"${git[@]}" commit -q --no-verify -m test
}

# release_name TREE: the name of that tree's tarball, without .tar.gz
release_name()
{
	echo "cowinspect-$(make -s --no-print-directory -C "$1/userspace" print-version)"
}
