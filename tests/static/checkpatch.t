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
	BIT_MACRO		module/uapi/*		# user space has no BIT_ULL()
	COMPLEX_MACRO		module/uapi/*		# a list of X(...) has no brackets around it
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
	MACRO_ARG_REUSE		tests/guest/listen.c	# of a member and its name
	PREFER_DEFINED_ATTRIBUTE_MACRO	userspace/*	# user space has no __printf()
	PREFER_DEFINED_ATTRIBUTE_MACRO	tests/*		# the same
	BIT_MACRO		tests/*			# user space has no BIT_ULL()
	ARRAY_SIZE		userspace/*		# user space has no ARRAY_SIZE()
	ARRAY_SIZE		tests/*			# the same
	CAMELCASE		userspace/*		# PRIx64 and the like are C's own
	CAMELCASE		tests/*			# the same
	VOLATILE		userspace/labs/*	# memory is touched for its own sake
	VOLATILE		tests/guest/*		# the same
	VOLATILE		tests/vm/detectors/*	# so are mistakes made
	ENOSYS			userspace/libcowinspect/*	# what perf_event_open() may say
	SPLIT_STRING		userspace/*		# help texts have many lines
	STATIC_CONST_CHAR_ARRAY	tests/vm/init.c		# execvp() takes char *argv[]
	EMBEDDED_FUNCTION_NAME	tests/*			# names a file called as the function is
	EOF
}

# The types to ignore in one file, separated by commas.
ignored()
{
	local type files
	exceptions | while read -r type files _; do
		# shellcheck disable=SC2053 # the right side is a pattern
		if [[ $1 == $files ]]; then
			echo "$type"
		fi
	done | paste -sd,
}

checkpatch()
{
	"$source/scripts/checkpatch.pl" --no-tree --root="$source" \
		--strict --terse \
		--show-types --no-summary --ignore "$(ignored "$1")" \
		-f "$ROOT/$1" | sed "s#^$ROOT/##"
}

"$ROOT/tests/deps" static
source=$("$ROOT/tests/static/fetch-source")
mapfile -t files < <(repo_files '*.c' '*.h')
# checkpatch leaves a file of its own where it is run.
mkdir -p "$BUILD/checkpatch"
cd "$BUILD/checkpatch"
plan ${#files[@]}
for file in "${files[@]}"; do
	check "$file" checkpatch "$file"
done
