# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What module/probes has to find out about kernels. Source it.

# As read in the headers and the Module.symvers of these releases, of those between 6.12
# and 7.2 in upstream's source.
known()
{
	cat <<-'END'
	CONTROL_YES		5.10	6.1	6.12	6.17	6.18	6.19	7.1	7.2	7.3
	FOLIO			-	6.1	6.12	6.17	6.18	6.19	7.1	7.2	7.3
	ANON_EXCLUSIVE		-	6.1	6.12	6.17	6.18	6.19	7.1	7.2	7.3
	FAULT_VMA_LOCK		-	-	6.12	6.17	6.18	6.19	7.1	7.2	7.3
	PTE_MKWRITE_VMA		-	-	6.12	6.17	6.18	6.19	7.1	7.2	7.3
	FOLIO_MOVE_ANON_RMAP	-	-	6.12	6.17	6.18	6.19	7.1	7.2	7.3
	FOLIO_LARGE_MAPCOUNT	-	-	6.12	6.17	6.18	6.19	7.1	7.2	7.3
	PMD_SPECIAL		-	-	6.12	6.17	6.18	6.19	7.1	7.2	7.3
	MARKER_GUARD		-	-	-	6.17	6.18	6.19	7.1	7.2	7.3
	MAYBE_MAPPED_SHARED	-	-	-	6.17	6.18	6.19	7.1	7.2	7.3
	WRAPPED_PAGE_FLAGS	-	-	-	-	6.18	6.19	7.1	7.2	7.3
	PTE_UFFD		-	-	-	-	-	-	-	-	7.3
	ENTIRE_MAPCOUNT		-	-	6.12	6.17	6.18	6.19	7.1	7.2	7.3
	DOUBLE_MAP		5.10	6.1	-	-	-	-	-	-	-
	LEAFOPS			-	-	-	-	-	6.19	7.1	7.2	7.3
	DEVICE_EXCLUSIVE_ENTRY	-	6.1	6.12	6.17	6.18	-	-	-	-
	PTEP_GET_LOCKLESS	-	6.1	6.12	6.17	6.18	6.19	7.1	7.2	7.3
	PMDP_GET_LOCKLESS	-	-	6.12	6.17	6.18	6.19	7.1	7.2	7.3
	DEVMAP			5.10	6.1	6.12	-	-	-	-	-	-
	VMA_IS_INITIAL_HEAP	-	-	6.12	6.17	6.18	6.19	7.1	7.2	7.3
	GET_KRETPROBE		-	6.1	6.12	6.17	6.18	6.19	7.1	7.2	7.3
	EXIT_TELLS_LAST		-	-	-	6.17	6.18	6.19	7.1	7.2	7.3
	PERCPU_RSS		-	-	6.12	6.17	6.18	6.19	7.1	7.2	7.3
	ONE_PERF_CONTEXT	-	-	6.12	6.17	6.18	6.19	7.1	7.2	7.3
	MM_FLAGS_TEST		-	-	-	-	6.18	6.19	7.1	7.2	7.3
	FAULT_UNSHARE		-	6.1	6.12	6.17	6.18	6.19	7.1	7.2	7.3
	FAULT_COMPLETED		-	6.1	6.12	6.17	6.18	6.19	7.1	7.2	7.3
	UFFD_MINOR		-	6.1	6.12	6.17	6.18	6.19	7.1	7.2	7.3
	UFFD_FEATURES		-	-	6.12	6.17	6.18	6.19	7.1	7.2	7.3
	CONTROL_NO		-	-	-	-	-	-	-	-	-
	PFN_TO_ONLINE_PAGE	-	6.1	6.12	6.17	6.18	6.19	7.1	7.2	7.3
	END
}

# answers_are RELEASE FILE [EXCEPT]: as known, and nothing about the version is wrong
answers_are()
{
	diff <(known | awk -v release="$1" '{ has = 0; for (i = 2; i <= NF; i++)
			has = has || $i == release; print "#define COW_HAVE_" $1, has }' |
			grep -vx "#define COW_HAVE_${3:-} [01]") \
		<(grep '^#define' "$2" | grep -vx "#define COW_HAVE_${3:-} [01]")
}
