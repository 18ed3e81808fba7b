#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Rules of the repository that a text search can hold up.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$ROOT/tests/tap.sh"
. "$ROOT/tests/vm/kernels.sh"

cd "$ROOT"

# Kernel differences are met in one place.
version_conditionals()
{
	repo_files 'module/*' Kbuild | grep -v '^module/compat' |
		xargs grep -nE 'LINUX_VERSION_CODE|KERNEL_VERSION\('
}

# Where packages come from is for the machine at hand to say.
package_hosts()
{
	local hosts
	# shellcheck disable=SC2016 # apt expands it
	hosts=$(apt-get indextargets --format '$(SITE)' |
		sed 's#.*://##; s#/.*##' | sort -u)
	[ -n "$hosts" ] || return 0
	repo_files | xargs grep -nIF "$hosts"
}

# A path below someone's home works on one machine only.
home_paths() { repo_files | grep -v '^tests/static/guard\.t$' |
	xargs grep -nIE '(^|[[:space:]=:(])/(home/[a-z]+|root)/'; }

sources() { repo_files '*.[ch]' '*.sh' '*.t' Makefile '*/Makefile' Kbuild; }
with_spdx()
{
	sources | xargs awk '/SPDX-License-Identifier/ { print FILENAME; nextfile }
		FNR == 3 { nextfile }'
}
missing_spdx() { sources | grep -vxFf <(with_spdx); }

# Supported is what is tested: README has the kernels of the list, in its order.
kernels_of_readme()
{
	diff <(sed -n '/kernels: begin/,/kernels: end/s/^| \([^ ]*-[^ ]*\) .*/\1/p' README.md) \
		<(stock_kernel_names)
}

# The same for the results of the truth test.
kernels_of_truth()
{
	diff <(sed -n '/totals: begin/,/totals: end/s/^| \([^ ]*-[^ ]*\) .*/\1/p' docs/truth.md) \
		<(stock_kernel_names)
}

# What a script said, and how long it took, is kept by its name alone.
same_names() { repo_files 'tests/*.t' | sed 's#.*/##' | sort | uniq -d; }

plan 7
check "version conditionals only in module/compat.h" \
	nothing_found version_conditionals
check "no package host is named" nothing_found package_hosts
check "no home directory is named" nothing_found home_paths
check "README lists the kernels that are tested" kernels_of_readme
check "docs/truth.md has results of the same kernels" kernels_of_truth
check "each source file names its licence" nothing_found missing_spdx
check "no two scripts have the same name" nothing_found same_names
