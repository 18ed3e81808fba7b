#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# libcowinspect as it is installed: what it exports is what its headers declare, the
# manual describes, and a program of somebody else's can use.
# shellcheck disable=SC2154 # built.sh sets O and tmp
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$ROOT/tests/tap.sh"
. "$(dirname "$0")/built.sh" tests/make-recording

user=$ROOT/userspace
prefix=$tmp/usr
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
headers=("$prefix/include/libcowinspect.h" "$prefix/include/libcowinspect_stream.h")
pages=("$prefix/share/man/man3/libcowinspect.3" \
	"$prefix/share/man/man3/libcowinspect_stream.3")

installs()
{
	with_lock "$O/.test.lock" make -s -C "$user" O="$O" PREFIX="$prefix" \
		${CC:+CC="$CC"} ${SAN:+SAN="$SAN"} install
}

exported() { nm -D --defined-only "$prefix/lib/libcowinspect.so" | awk '$2 != "A" { print $3 }' | sort; }

# What the headers declare, each on one line, as it stands there.
declared()
{
	cat "${headers[@]}" | grep -v '^[ /]\*' | tr -s '\n\t ' ' ' | tr ';' '\n' |
		grep -oE '(extern )?(const )?(struct )?[a-z_0-9]+ \*?cowi_[a-z_]+(\(.*\)|\[[A-Z_]+\])$'
}

names() { grep -oE 'cowi_[a-z_]+[([]' | tr -d '([' | sort; }

# The prototypes of the manual, in which a line is a macro and its text.
described()
{
	sed -n '/^\.SH SYNOPSIS/,/^\.SH DESCRIPTION/p' "${pages[@]}" |
		sed -n 's/^\.B "\(.*\)"$/\1/p' | tr -s '\n ' ' ' | tr ';' '\n' |
		sed 's/^ //; /^$/d'
}

exports_what_is_declared()
{
	diff -U 0 <(exported | sed 's/@.*//') <(declared | names)
}

has_versions() { ! exported | grep -v '@@COWINSPECT_[0-9.]*$'; }

is_described() { diff -U 0 <(declared | sort) <(described | sort); }

# Under its own name, and in the line that whatis shows.
has_a_page()
{
	local name page
	for name in $(declared | names); do
		page=$prefix/share/man/man3/$name.3
		sed -n '/^\.SH NAME/,/ \\- /p' "$page" | grep -qE "^$name(,| )" ||
			{ echo "$name: not in the NAME of $page"; return 1; }
	done
}

is_called()
{
	objdump -p "$prefix/lib/libcowinspect.so" | grep -w SONAME &&
		[ "$(readlink "$prefix/lib/libcowinspect.so.0")" = \
		"libcowinspect.so.$(pkg-config --modversion libcowinspect)" ]
}

cat >"$tmp/present.c" <<'END'
#include <stdio.h>
#include <libcowinspect.h>
#include <libcowinspect_stream.h>

int main(int argc, char **argv)
{
	struct cowi_totals sum;
	struct cowi_target *t;
	struct cowi *c;
	int err;

	err = cowi_open(argc > 1 ? argv[1] : NULL, &c);
	if (!err)
		err = cowi_target_open(c, 77, &t);
	if (!err)
		err = cowi_summary(t, &sum);
	if (err < 0) {
		puts(cowi_strerror(err));
		return 1;
	}
	printf("%s %llu\n", cowi_total_info[COWI_TOTAL_present].name,
	       (unsigned long long)sum.value[COWI_TOTAL_present]);
	cowi_target_close(t);
	cowi_close(c);
	return 0;
}
END

# A program that knows nothing but what pkg-config says.
serves()
{
	local words
	read -ra words < <(pkg-config --cflags --libs libcowinspect)
	${CC:-cc} -Wall -Werror ${SAN:+-fsanitize=address,undefined} -o "$tmp/present" \
		"$tmp/present.c" "${words[@]}" &&
		[ "$(LD_LIBRARY_PATH=$prefix/lib "$tmp/present" "$tmp/small")" = "present 17" ] &&
		objdump -p "$tmp/present" | grep -w libcowinspect.so.0
}

# What the command itself uses of it, others cannot.
hides_the_rest()
{
	local words
	read -ra words < <(pkg-config --cflags --libs libcowinspect)
	echo 'extern int cowi_parse_record(void); int main(void) { return cowi_parse_record(); }' \
		>"$tmp/private.c"
	! ${CC:-cc} -o "$tmp/private" "$tmp/private.c" "${words[@]}" 2>"$tmp/said" &&
		grep -q 'undefined reference.*cowi_parse_record\|undefined symbol: cowi_parse_record' "$tmp/said"
}

"$ROOT/tests/deps" build
mkdir -p "$O" "$tmp/small"
plan 8
check "it installs" installs
"$O/tests/make-recording" "$tmp/small" 16
check "it exports what its headers declare" exports_what_is_declared
check "each symbol has a version" has_versions
check "it has a soname, and pkg-config knows its version" is_called
check "the manual has each prototype as it is" is_described
check "each name is that of a page" has_a_page
check "a program is built with it and works" serves
check "nothing else can be linked to" hides_the_rest
