#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# checkpatch has nothing to say about our C files, one test for each.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$ROOT/tests/tap.sh"

# The types of findings that make no sense here: type, files, reason.
exceptions()
{
	cat <<-'EOF'
	LINUX_VERSION_CODE	module/compat.h		# what that file is for
	CONSTANT_COMPARISON	module/compat.h		# takes KERNEL_VERSION() for a variable
	NEW_TYPEDEFS		module/compat.h		# gives old kernels the types of new ones
	IS_ENABLED_CONFIG	module/compat.h		# those options are make's, not Kconfig's
	BIT_MACRO		module/uapi/*		# user space has no BIT_ULL()
	COMPLEX_MACRO		module/uapi/*		# a list of X(...) has no brackets around it
	COMPLEX_MACRO		tests/guest/totals.c	# the same
	COMPLEX_MACRO		tests/guest/truth/*	# the same
	MACRO_ARG_REUSE		tests/guest/truth/*	# the same
	COMPLEX_MACRO		tests/guest/torture/*	# the same
	MACRO_ARG_REUSE		tests/guest/torture/*	# the same
	COMPLEX_MACRO		tests/guest/fuzz/*	# the same
	MACRO_ARG_REUSE		tests/guest/fuzz/*	# the same
	TRAILING_SEMICOLON	tests/guest/fuzz/*	# that list declares functions, too
	MACRO_ARG_REUSE		module/uapi/*		# that list uses X once for each line
	TRAILING_SEMICOLON	module/trace.h		# the macro is a list of declarations
	PARENTHESIS_ALIGNMENT	module/trace.h		# as all tracepoints are written
	OPEN_ENDED_LINE		module/trace.h		# the same
	UNCOMMENTED_DEFINITION	module/walk.c		# takes a pointer to a lock for a lock
	PREFER_KERNEL_TYPES	userspace/*		# user space has no u64
	PREFER_KERNEL_TYPES	tests/*			# the same
	MACRO_ARG_REUSE		tests/guest/events.h	# of a member and its name
	PREFER_DEFINED_ATTRIBUTE_MACRO	userspace/*	# user space has no __printf()
	PREFER_DEFINED_ATTRIBUTE_MACRO	tests/*		# the same
	BIT_MACRO		userspace/*		# user space has no BIT()
	BIT_MACRO		tests/*			# the same
	ARRAY_SIZE		userspace/*		# user space has no ARRAY_SIZE()
	ARRAY_SIZE		tests/*			# the same
	CAMELCASE		userspace/*		# PRIx64 and the like are C's own
	CAMELCASE		tests/*			# the same
	VOLATILE		userspace/lab/*		# memory is touched for its own sake
	VOLATILE		userspace/labs/*	# the same
	VOLATILE		userspace/whatif/*	# the same
	VOLATILE		tests/*			# the same
	ENOSYS			userspace/libcowinspect/*	# what perf_event_open() may say
	ENOSYS			tests/guest/refused.c	# it is made to say so
	SPLIT_STRING		userspace/*		# help texts have many lines
	STATIC_CONST_CHAR_ARRAY	tests/vm/init.c		# execvp() takes char *argv[]
	EMBEDDED_FUNCTION_NAME	tests/*			# names a file called as the function is
	EOF
}

# Sets ignored: for each file the types to ignore in it, separated by commas.
find_ignored()
{
	local type pattern file
	while read -r type pattern _; do
		for file in "${files[@]}"; do
			# shellcheck disable=SC2053 # the right side is a pattern
			[[ $file != $pattern ]] || ignored[$file]+=$type,
		done
	done < <(exceptions)
}

# checkpatch TYPES FILE...: a line for each finding but those of TYPES
checkpatch()
{
	local types=$1
	shift
	"$source/scripts/checkpatch.pl" --no-tree --root="$source" \
		--strict --terse \
		--show-types --no-summary --ignore "$types" \
		-f "${@/#/$ROOT/}" 2>&1 | sed "s#^$ROOT/##"
}

# To start it costs more than a small file does: once for all that are to be
# treated alike. It ends with 1 if it has found something.
checkpatch_all()
{
	local file types status
	local -A group=()
	for file; do
		group[:${ignored[$file]}]+=" $file"
	done
	for types in "${!group[@]}"; do
		status=0
		# shellcheck disable=SC2086 # one file per word
		checkpatch "${types#:}" ${group[$types]} || status=$?
		[ $status -le 1 ] || echo "checkpatch: status $status"
	done
}

# keys FILE...: a line for each, with all that decides what checkpatch says of it
keys()
{
	local tool sum file
	tool=$(cat "$source"/Makefile "$source"/scripts/{checkpatch.pl,*.checkpatch,spelling.txt} \
		"$(command -v perl)" | sha256sum)
	(cd "$ROOT" && sha256sum "$@") | while read -r sum file; do
		echo "$sum ${tool%% *} :${ignored[$file]} $file"
	done
}

# Sets found: what was found in each file, and under "none" the rest.
sort_findings()
{
	local line file
	while IFS= read -r line; do
		file=${line%%:*}
		[ -n "${ignored[${file:-none}]+known}" ] || file=none
		found[$file]+=$line$'\n'
	done <findings
}

nothing_of() { [ -z "${found[$1]-}" ] || { echo "${found[$1]}"; return 1; }; }

"$ROOT/tests/deps" static
source=$("$ROOT/tests/static/fetch-source")
mapfile -t files < <(repo_files '*.c' '*.h')
declare -A ignored=() found=()
for file in "${files[@]}"; do
	ignored[$file]=""
done
find_ignored
# checkpatch leaves a file of its own where it is run.
mkdir -p "$BUILD/checkpatch"
cd "$BUILD/checkpatch"
# What it found nothing in, in any checkout, and is the same, is not read again.
clean=$CACHE/source/checkpatch-clean
touch "$clean"
keys "${files[@]}" >now
grep -vxFf "$clean" now >new || [ $? = 1 ]
mapfile -t new < <(sed 's/.* //' new)
checkpatch_all "${new[@]}" >findings
sort_findings
plan $((${#files[@]} + 1))
echo "# ${#new[@]} files are new to it, or changed"
for file in "${files[@]}"; do
	check "$file" nothing_of "$file"
done
check "checkpatch itself came to its end" nothing_of none
if [ ! -s findings ]; then
	tail -n 3000 "$clean" | cat - new >"$clean.$$"
	mv "$clean.$$" "$clean"
fi
