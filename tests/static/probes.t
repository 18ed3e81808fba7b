#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What module/probes finds out about kernels is so; what cannot be asked fails the
# build with a sentence, and no answer is made up; it is asked only once.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$ROOT/tests/tap.sh"
. "$ROOT/tests/static/build.sh"
. "$ROOT/tests/static/answers.sh"

# What Debian built, each architecture and configuration of it once.
kernels()
{
	stock_kernel_names | while read -r name; do
		(kernel_lookup "$name"; kernel_has_flag fallbacks || [ -n "$K_CPU" ]) ||
			echo "$name"
	done
}

# answers_of KERNEL: the build that its tests are made with is the one that is looked at
answers_of()
{
	local module
	module=$("$ROOT/tests/vm/build-module" "$1") &&
		answers_are "${1%%-*}" "${module%/*}/module/cow_config.h"
}

test_kernel()
{
	if "$ROOT/tests/vm/fetch-kernel" --check "$1"; then
		check "$1 is asked, and answers truly" answers_of "$1"
	else
		skip "$1 is asked, and answers truly" "it was not fetched yet"
	fi
}

# ask_again VERSION [FLAGS...]: as Kbuild has asked the default kernel, but under
# another version, and with flags that break something
ask_again()
{
	local version=$1 command
	shift
	# shellcheck disable=SC2016 # as make has written them
	command=$(sed -nE 's/^(saved)?cmd_[^ ]+ := //p' "$built/module/.cow_config.h.cmd" |
		sed 's/\$(pound)/#/g; s/\$\$/$/g')
	command=${command/ "$seen/module/cow_config.h" / "$seen/answers/config.h" }
	command=${command/ ${K_NAME%%-*} / $version }
	rm -f "$answers/config.h"
	in_headers "$command \"\$@\"" sh "$@"
}

# in_headers COMMAND NAME ARGS...: as sh -c does, where the module is built from
in_headers()
{
	if kernel_has_root; then
		"$ROOT/tests/vm/in-root" "$K_CACHE/buildroot" "$built" sh -c \
			"cd /usr/src/linux-headers-$(<"$K_CACHE/release") && $1" "${@:2}"
	else
		(cd "$K_CACHE/headers" && sh -c "$@")
	fi
}

# faked WORDS VERSION LINES: these words stand in the answers of headers with these lines
faked()
{
	with_lines "$3" "$2" || return 1
	grep -E "$1" "$answers/config.h" || { cat "$answers/config.h"; return 1; }
}

# with_lines LINES VERSION
with_lines()
{
	printf '%s\n' '#include <linux/hugetlb.h>' '#include <linux/rmap.h>' "$1" >"$answers/fake.h"
	ask_again "$2" -include "$seen/answers/fake.h"
}

# unlike WORDS VERSION [LINES]
unlike()
{
	faked "^#define COW_UNLIKE_ITS_VERSION \"it calls itself Linux $2, and $1" "$2" "${3:-}"
}

# One function more: it is used, and is no reason to refuse.
helper_ported_back()
{
	faked '^#define COW_HAVE_PMDP_GET_LOCKLESS 1' "${K_NAME%%-*}" \
		'#define pmdp_get_lockless(pmdp) (*(pmdp))' &&
		! grep COW_UNLIKE "$answers/config.h"
}

same_again()
{
	ask_again "${K_NAME%%-*}" && cmp "$answers/config.h" "$built/module/cow_config.h"
}

# fails SENTENCE COMMAND...: with it, and without answers
fails()
{
	local sentence=$1 output
	shift
	! output=$("$@" 2>&1) || { echo "it does not fail"; return 1; }
	[ ! -e "$answers/config.h" ] || { echo "it answers"; return 1; }
	grep -E "^cowinspect: .*$sentence" <<<"$output" || { echo "$output"; return 1; }
}

# ask SYMVERS COMPILER...
ask()
{
	rm -f "$answers/config.h"
	sh "$ROOT/module/probes/ask" "$answers/config.h" "$ROOT/module/probes/questions.c" \
		"${K_NAME%%-*}" "$@"
}

other_symvers()
{
	echo "$1" >"$answers/symvers"
	rm -f "$answers/config.h"
	sed -i "s# [^ ]*Module.symvers # $seen/answers/symvers #" "$built/module/.cow_config.h.cmd" &&
		ask_again "${K_NAME%%-*}"
}

not_exported()
{
	other_symvers $'0x0\tget_task_mm\tvmlinux\tEXPORT_SYMBOL_GPL' &&
		grep -x '#define COW_HAVE_PFN_TO_ONLINE_PAGE 0' "$answers/config.h"
}

# probes TIMES [MAKE ARGS...]: in a build that has been there before
probes()
{
	local times=$1
	shift
	"$ROOT/tests/vm/build-module" --dir static-probes "$K_NAME" "$@" || return 1
	[ "$(grep -c PROBE "$K_BUILD/static-probes.log")" = "$times" ] ||
		{ cat "$K_BUILD/static-probes.log"; return 1; }
}

cleans()
{
	in_headers "make M=$seen clean" &&
		nothing_found find "$built" -name '*cow_config*'
}

"$ROOT/tests/deps" static
mapfile -t names < <(kernels)
# The answers below are those of 6.1, whatever suite this machine has.
kernel_lookup "$(default_kernel)"
built=$K_BUILD/static-probes
answers=$built/answers
# In a root, it is under another name.
seen=$built
! kernel_has_root || seen=/mnt
rm -rf "$built"
mkdir -p "$answers"

plan $((${#names[@]} + 17))
for name in "${names[@]}"; do
	test_kernel "$name"
done
check "a build with many processes asks once" probes 1 -j4
check "the next asks nothing" probes 0
check "with other flags, it is asked again" probes 1 KCPPFLAGS=-DCOW_OTHER
check "asked in the same way, it answers the same" same_again
check "a kernel with parts of later ones is told from its version" unlike \
	'has FOLIO \(Linux 5.16\), has ANON_EXCLUSIVE \(Linux 5.19\)"' 5.14
check "so is one that lacks what its version has" unlike \
	'lacks FAULT_VMA_LOCK \(Linux 6.4\), .*lacks PMD_SPECIAL \(Linux 6.12\)"' 6.12
check "so is one with a single part, as RHEL 9 has it" unlike \
	'has PTE_MKWRITE_VMA \(Linux 6.6\)"' "${K_NAME%%-*}" '#define pte_mkwrite(pte, vma) (pte)'
check "what is ported back and changes no rule is used" helper_ported_back
check "headers with an error are no answer" fails "headers do not compile" \
	with_lines '#error broken' "${K_NAME%%-*}"
check "nor are headers that are not there" fails "headers do not compile" \
	with_lines '#include <not/there.h>' "${K_NAME%%-*}"
check "nor is a compiler that takes everything" fails CONTROL_NO ask /dev/null true
check "nor one that stops early" fails CONTROL_NO ask_again "${K_NAME%%-*}" -fmax-errors=1
check "nor one that finds what is always there wrong" fails CONTROL_YES \
	with_lines '#define page_ref_count(a, b) 0' "${K_NAME%%-*}"
check "nor is there one without a compiler" fails . ask /dev/null "$answers/no-compiler"
check "a symbol that is not exported is not used" not_exported
check "exported symbols in a form that nobody knows are no answer" fails 'cannot be read' \
	other_symvers 'get_task_mm = 0x0'
check "make clean leaves nothing of it" cleans
