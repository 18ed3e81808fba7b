# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154 # the variables are of those who source this
# How a kernel is built from Debian's source. Source it after ../lib.sh and kernels.sh,
# and set
#
#	name		what it is called
#	source		where its source is to be unpacked
#	objects		where it is to be built, inside of that
#	log		the file that gets what make says
#	kernel_args	what make takes beside that, as an array
#	fragments	the files that configure it, as an array

# unpack_kernel SUITE PACKAGE [TAR ARGS...]: of drivers and the like only what
# configuring reads, and what a small PC has
unpack_kernel()
{
	local suite=$1 package=$2
	shift 2
	mkdir -p "$source"
	"$ROOT/tests/vm/unpack-source" "$suite" "$package" "$source" \
		--exclude='*/drivers/gpu/*.[chS]' \
		--exclude='*/drivers/net/*/*.[chS]' \
		--exclude='*/drivers/media/*.[chS]' \
		--exclude='*/drivers/staging/*.[chS]' \
		--exclude='*/sound/*.[chS]' --exclude='*/Documentation/*.*' \
		--exclude='*/selftests/*' --exclude='*.dts*' "$@"
}

kernel_make()
{
	make -C "$source" O="$objects" KBUILD_BUILD_TIMESTAMP=1970-01-01 \
		KBUILD_BUILD_USER=cowinspect KBUILD_BUILD_HOST=cowinspect \
		"${kernel_args[@]}" "$@"
}

# What is not named is off; what is named must come true, with all that it needs.
configure_kernel()
{
	local configured=$objects/configure.log
	mkdir -p "$objects"
	(cd "$source" && env "${kernel_args[@]}" scripts/kconfig/merge_config.sh -n \
		-O "$objects" "${fragments[@]}") >"$configured" 2>&1 ||
		{ cat "$configured" >&2; die "$name cannot be configured"; }
	! grep 'not in final' "$configured" >&2 ||
		die "$name would lack what its configuration asks for"
}

# Says every now and then how far it is.
progress()
{
	local line count=0
	while IFS= read -r line; do
		printf '%s\n' "$line"
		[[ $line =~ ^\ \ (CC|AS)\  ]] || continue
		count=$((count + 1))
		[ $((count % 250)) != 0 ] || say "$name: $count files compiled"
	done
}

# compile_kernel TARGET...
compile_kernel()
{
	mkdir -p "${log%/*}"
	kernel_make -j"$(nproc)" "$@" 2>&1 | progress >"$log" ||
		{ tail -n 40 "$log" >&2; die "$name does not build (see $log)"; }
}
